"""Rows along t in zarr 3: the series, the spectra and the snapshots of a run.

zarr makes the groups and the arrays; rows are appended here, because three things matter that zarr's own append does not
give: chunks are written before any array grows (a reader or a kill never meets a row without its data), every write can be
made to survive a power cut, and it is ten times faster for many small arrays. Chunks are raw little-endian numbers, so a
chunk file holds the bytes of its rows and, up to the chunk's end, the fill value.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from kiral.core.files import atomic_write, disk_errors, sync_directory, sync_file
from kiral.core.problem import Coordinate
from kiral.errors import CheckpointError

CHUNK_BYTES = 128 * 1024
CHUNK_ROWS = 256
_AGAIN = "Restore it from a copy, or run the case again into another folder with --out."


@dataclass(frozen=True)
class Variable:
    """What is stored about one quantity besides its values. dims are without t."""

    name: str
    dims: tuple[str, ...]
    unit: str
    long_name: str


class Archive:
    """The rows of one zarr group. `append` buffers, `flush` writes; `count` rows have been appended."""

    def __init__(self, root: Path, group: str, variables: Iterable[Variable], coordinates: Iterable[Coordinate]) -> None:
        self.root, self.group = root, group
        self.folder = root / group if group else root
        self.variables = {variable.name: variable for variable in variables}
        self.coordinates = {coordinate.name: coordinate for coordinate in coordinates}
        self.columns: dict[str, Column] = {}
        self.count = 0
        self._unsynced: set[Path] = set()

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one row, a value for every variable; the first one fixes shapes and dtypes."""
        values = {name: np.asarray(value) for name, value in row.items()}
        if not self.columns:
            self._create(values)
        if values.keys() != self.columns.keys():
            odd = ", ".join(sorted(values.keys() ^ self.columns.keys()))
            raise CheckpointError(
                f"{self.folder} was begun with other quantities ({odd} differ), by another version of kiral. Resume with "
                "that version, or run the case again into another folder with --out."
            )
        for name, column in self.columns.items():
            column.append(values[name])
        self.count += 1

    def flush(self, *, sync: bool = False) -> None:
        """Write the buffered rows; with `sync` they survive a power cut."""
        for write in (Column.write_chunks, Column.write_shape):
            for column in self.columns.values():
                self._unsynced.update(write(column))
        if sync:
            for path in self._unsynced:
                sync_file(path)
            for parent in {parent for path in self._unsynced for parent in path.relative_to(self.root).parents}:
                sync_directory(self.root / parent)
            self._unsynced.clear()

    def restore(self, count: int) -> None:
        """Keep the first `count` rows of what is on disk and append after them. CheckpointError when they are not there."""
        self.columns, self.count = {}, count
        if count == 0:
            if self.folder.exists():
                with disk_errors(self.folder):
                    shutil.rmtree(self.folder)
            return
        for path in sorted(self.folder.glob("*/zarr.json")):
            if path.parent.name not in self.coordinates:
                self.columns[path.parent.name] = Column(path.parent)
        if not self.columns:
            raise CheckpointError(f"{self.folder} has no rows, but the checkpoint counts {count}: was it deleted? {_AGAIN}")
        for column in self.columns.values():
            self._unsynced.update(column.truncate(count))

    def _create(self, values: Mapping[str, np.ndarray]) -> None:
        with disk_errors(self.folder):
            zarr.open_group(self.root, mode="a", zarr_format=3)
            group = zarr.open_group(self.folder, mode="a", zarr_format=3)
            used = {dim for name in values for dim in self.variables[name].dims}
            for name in sorted(used & self.coordinates.keys()):
                _create_coordinate(group, self.coordinates[name])
            for name, value in values.items():
                _create_column(group, self.variables[name], value)
        self.columns = {name: Column(self.folder / name) for name in values}
        self._unsynced.update(path for path in self.root.rglob("*") if path.is_file())


class Elsewhere(Archive):
    """The rows of a group that another process writes: only counted."""

    def append(self, row: Mapping[str, Any]) -> None:
        """Count."""
        self.count += 1

    def flush(self, *, sync: bool = False) -> None:
        """Nothing to write."""

    def restore(self, count: int) -> None:
        """Count from here."""
        self.count = count


class Column:
    """One array along t. Rows from the last chunk boundary on are held in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.meta = json.loads((folder / "zarr.json").read_text())
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{folder / 'zarr.json'} is damaged ({error}); its rows are lost. {_AGAIN}") from error
        self.chunk: int = self.meta["chunk_grid"]["configuration"]["chunk_shape"][0]
        self.tail = tuple(self.meta["shape"][1:])
        self.dtype = np.dtype(self.meta["data_type"])
        self.fill = np.array(self.meta["fill_value"]).astype(self.dtype)
        self.base, self.rows, self.written = 0, [], 0

    @property
    def count(self) -> int:
        return self.base + len(self.rows)

    def append(self, value: np.ndarray) -> None:
        if value.shape != self.tail:
            raise ValueError(f"{self.folder}: rows have the shape {self.tail}, got {value.shape}")
        self.rows.append(value.astype(self.dtype))

    def write_chunks(self) -> list[Path]:
        """Write every chunk that has new rows, beyond the array's present end. Returns the paths."""
        paths = []
        for start in range(0, len(self.rows), self.chunk):
            block = self.rows[start : start + self.chunk]
            if self.base + start + len(block) <= self.written:
                continue
            path = self._chunk_path((self.base + start) // self.chunk)
            atomic_write(path, self._filled(block).tobytes())
            paths.append(path)
        full = len(self.rows) // self.chunk * self.chunk
        self.written = self.count
        self.base, self.rows = self.base + full, self.rows[full:]
        return paths

    def write_shape(self) -> list[Path]:
        """Let the array grow over the chunks written before, or shrink."""
        if self.meta["shape"][0] == self.count:
            return []
        self.meta["shape"][0] = self.count
        path = self.folder / "zarr.json"
        atomic_write(path, json.dumps(self.meta, indent=1).encode())
        return [path]

    def truncate(self, count: int) -> list[Path]:
        """Keep the first `count` rows. Raises CheckpointError when the stored array is shorter or a chunk is damaged."""
        if self.meta["shape"][0] < count:
            raise CheckpointError(f"{self.folder} holds {self.meta['shape'][0]} rows, the checkpoint counts {count}. {_AGAIN}")
        for index in range(math.ceil(count / self.chunk)):
            self._check_chunk(self._chunk_path(index))
        self.base = count // self.chunk * self.chunk
        self.rows = self._read_rows(count - self.base)
        self.written = count
        paths = self.write_shape()
        self._drop_chunks_from(math.ceil(count / self.chunk))
        return paths

    def _read_rows(self, number: int) -> list[np.ndarray]:
        if number == 0:
            return []
        data = np.fromfile(self._chunk_path(self.base // self.chunk), dtype=self.dtype)
        return [np.asarray(row) for row in data.reshape(self.chunk, *self.tail)[:number]]

    def _check_chunk(self, path: Path) -> None:
        expected = self.chunk * math.prod(self.tail) * self.dtype.itemsize
        found = path.stat().st_size if path.exists() else 0
        if found != expected:
            raise CheckpointError(f"{path} is damaged: {found} bytes instead of {expected}; its rows are lost. {_AGAIN}")

    def _drop_chunks_from(self, index: int) -> None:
        while (path := self._chunk_path(index)).exists():
            with disk_errors(path):
                path.unlink()
            index += 1

    def _filled(self, block: list[np.ndarray]) -> np.ndarray:
        data = np.full((self.chunk, *self.tail), self.fill, self.dtype)
        data[: len(block)] = block
        return data

    def _chunk_path(self, index: int) -> Path:
        return self.folder.joinpath("c", str(index), *("0" for _ in self.tail))


def _create_column(group: zarr.Group, variable: Variable, value: np.ndarray) -> None:
    """An empty array, its chunks as many whole rows as CHUNK_BYTES hold (at most CHUNK_ROWS, at least 1)."""
    rows = int(np.clip(CHUNK_BYTES // max(1, value.nbytes), 1, CHUNK_ROWS))
    group.create_array(
        variable.name,
        shape=(0, *value.shape),
        chunks=(rows, *value.shape),
        dtype=value.dtype,
        compressors=None,
        filters=None,
        fill_value=np.nan if value.dtype.kind == "f" else 0,
        dimension_names=("t", *variable.dims),
        attributes={"units": variable.unit, "long_name": variable.long_name},
        overwrite=True,
    )


def _create_coordinate(group: zarr.Group, coordinate: Coordinate) -> None:
    array = group.create_array(
        coordinate.name,
        data=np.asarray(coordinate.values),
        compressors=None,
        dimension_names=(coordinate.name,),
        attributes={"units": coordinate.unit, "long_name": coordinate.long_name},
        overwrite=True,
    )
    assert array.shape == np.shape(coordinate.values)
