"""The run folder: one case, one writer, files that other tools open. Reading one needs no jax.

case.toml (verbatim), config.json (resolved), provenance.json, status.json, log.txt, series.zarr/{scalars,spectra},
snapshots.zarr, checkpoints/, run.lock. `config.json` is written last when a folder is made: with it the folder is a run.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiral.core import provenance
from kiral.core.files import PARTIAL, atomic_write, disk_errors, read_json, write_json
from kiral.core.lock import LOCK_NAME, RunLock, is_locked
from kiral.errors import RunFolderError

if TYPE_CHECKING:
    import xarray

_OURS_BEFORE_CONFIG = {LOCK_NAME, "case.toml", "provenance.json", "status.json", "log.txt"}


def config_hash(config: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON of a resolved configuration, but for options that are not set (None).

    An option that a later version adds, and that is not set, leaves a case the same: its runs are found again.
    """
    return _sha256(_without_none(config))


def _sha256(config: Any) -> str:
    return hashlib.sha256(json.dumps(config, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(entry) for key, entry in value.items() if entry is not None}
    return [_without_none(entry) for entry in value] if isinstance(value, list | tuple) else value


def differing_keys(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> dict[str, tuple[Any, Any]]:
    """Dotted key → (old, new) for everything in which two configurations differ; a missing key counts as None."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found |= differing_keys(before, after, f"{prefix}{key}.")
        elif before != after:
            found[prefix + key] = (before, after)
    return found


class RunFolder:
    """A run folder opened for writing, locked until `close` (or the end of the process). Use as a context manager."""

    def __init__(self, path: Path, lock: RunLock | None) -> None:
        self.path, self._lock = path, lock
        self.config: dict[str, Any] = {}

    @classmethod
    def create(
        cls, path: str | Path, case_text: str, config: Mapping[str, Any], facts: Mapping[str, Any] | None = None
    ) -> RunFolder:
        """A new run folder. `facts` (seed, precision, tables' checksums, …) go to the provenance as they are.

        Raises RunFolderError when the folder holds another case (naming the keys), the same case (finished or not), other
        files, is written by another process, or cannot be written.
        """
        path, config = Path(path), _as_json(config)
        with disk_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        _refuse_strangers(path)
        folder = cls(path, RunLock(path))
        try:
            folder._refuse_used(config)
            folder._write_identity(case_text, config, facts or {})
        except BaseException:
            folder.close()
            raise
        return folder

    @classmethod
    def open(cls, path: str | Path, config: Mapping[str, Any] | None = None, changeable: Iterable[str] = ()) -> RunFolder:
        """An existing run folder, to resume it; with `config`, under changed settings.

        Only keys that start with one of `changeable` (such as "time.t_end", "output.") may differ from the stored ones;
        the change is recorded in the provenance. Raises RunFolderError.
        """
        path = _existing_run(path)
        folder = cls(path, RunLock(path))
        try:
            folder.config = read_json(path / "config.json")
            folder._check_untouched()
            folder._change_config(None if config is None else _as_json(config), tuple(changeable))
        except BaseException:
            folder.close()
            raise
        return folder

    @classmethod
    def join(cls, path: str | Path) -> RunFolder:
        """The folder that the first of several processes has opened: to read; what would be written is not."""
        return cls(_existing_run(path), None)

    @property
    def writes(self) -> bool:
        """Is this the process that writes?"""
        return self._lock is not None

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others write the folder."""
        if self._lock is not None:
            self._lock.release()

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def run_hash(self) -> str:
        """Identity of the run: the hash of the configuration it was created with. Checkpoints carry it."""
        return read_json(self.path / "provenance.json")["config_hash"]

    def status(self) -> dict[str, Any]:
        """The stored status."""
        return read_json(self.path / "status.json")

    def write_status(self, status: Mapping[str, Any]) -> None:
        """Replace status.json."""
        if self.writes:
            write_json(self.path / "status.json", dict(status))

    def begin_session(self) -> None:
        """Record that a loop starts here: time, device, command."""
        if self.writes:
            provenance.add_session(self.path)

    def end_session(self, status: str) -> None:
        """Record when and how the loop ended."""
        if self.writes:
            provenance.end_session(self.path, status)

    def log(self, text: str) -> None:
        """Add lines to log.txt."""
        if not self.writes:
            return
        path = self.path / "log.txt"
        stamp = time.strftime("%Y-%m-%d %H:%M:%S ")
        with disk_errors(path), open(path, "a") as file:
            file.writelines(f"{stamp}{line}\n" for line in text.splitlines())

    def _write_identity(self, case_text: str, config: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        atomic_write(self.path / "case.toml", case_text.encode())
        record = {"config_hash": config_hash(config), **facts}
        provenance.write(self.path, record)
        self.write_status({"status": "created", "reason": ""})
        write_json(self.path / "config.json", config, sync=True)
        self.config = dict(config)

    def _refuse_used(self, config: Mapping[str, Any]) -> None:
        """A folder that is a run already is not started again."""
        if not (self.path / "config.json").exists():
            return
        differences = differing_keys(read_json(self.path / "config.json"), config)
        if differences:
            raise RunFolderError(f"{self.path} holds another case: {_listed(differences)}. Choose another with --out.")
        raise RunFolderError(_same_case_message(self.path))

    def _check_untouched(self) -> None:
        """config.json is what kiral wrote: at the start, or when a resume changed it."""
        record = read_json(self.path / "provenance.json")
        known = {record["config_hash"], *(resumed["config_hash"] for resumed in record["resumed"])}
        if not known & {config_hash(self.config), _sha256(self.config)}:  # older folders hashed options that are not set too
            raise RunFolderError(
                f"{self.path / 'config.json'} has been altered since the run began: that would be another run. "
                "Restore it, or start the other run with `kiral run` and --out."
            )

    def _change_config(self, config: Mapping[str, Any] | None, changeable: tuple[str, ...]) -> None:
        differences = differing_keys(self.config, config) if config is not None else {}
        refused = {key: pair for key, pair in differences.items() if not key.startswith(changeable)}
        if refused:
            raise RunFolderError(
                f"{self.path} cannot be resumed with {_listed(refused)}: that would be another run. "
                "Start it with `kiral run` and --out."
            )
        changes = {key: list(pair) for key, pair in differences.items()}
        provenance.add_resume(self.path, changes, config_hash(self.config if config is None else config))
        if config is not None and differences:
            write_json(self.path / "config.json", config, sync=True)
            self.config = dict(config)


class Run:
    """A run folder opened for reading; the data are loaded when they are asked for. Use `open_run`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"<kiral run {self.path}: {self.status.get('status')}>"

    @property
    def status(self) -> dict[str, Any]:
        """status.json; a run whose process ended without a word is reported as stopped."""
        status = read_json(self.path / "status.json")
        if status.get("status") in ("created", "running") and not is_locked(self.path):
            status |= {"status": "stopped", "reason": f"the process ended; resume with: kiral resume {self.path}"}
        return status

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved configuration."""
        return read_json(self.path / "config.json")

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, device, command, times and the like."""
        return read_json(self.path / "provenance.json")

    @property
    def drift(self) -> dict[str, float]:
        """Largest drift of each budget so far."""
        return self.status.get("drift", {})

    @cached_property
    def series(self) -> xarray.Dataset:
        """Numbers in time (dim t), with units."""
        return _read_rows(self.path, "series.zarr", "scalars")

    @cached_property
    def spectra(self) -> xarray.Dataset:
        """Spectra (dims t, k), with units."""
        return _read_rows(self.path, "series.zarr", "spectra")

    @cached_property
    def snapshots(self) -> xarray.Dataset:
        """Fields (dims t, and space), read lazily."""
        return _open_rows(self.path, "snapshots.zarr", "")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Of what reads snapshots, which are read where they are used: where it fails, RunFolderError if they are damaged."""
        try:
            yield
        except Exception:
            self._check_snapshots()
            raise

    def _check_snapshots(self) -> None:
        try:
            data = self.snapshots
        except (OSError, ValueError, KeyError) as error:
            raise RunFolderError(f"cannot read {self.path / 'snapshots.zarr'}, it is damaged: {error}") from error
        for name, i in ((name, i) for name in data.data_vars for i in range(data.sizes.get("t", 0))):
            try:
                data[name].isel(t=i).load()
            except (OSError, ValueError, RuntimeError) as error:
                raise RunFolderError(
                    f"cannot read {self.path / 'snapshots.zarr' / str(name)}, row {i}: it is damaged ({error}). To plot "
                    "the rest, move the folder snapshots.zarr away; or run the case again into another folder"
                ) from error


def open_run(path: str | Path) -> Run:
    """The run in the folder `path`, finished or not, for reading. Raises RunFolderError when it is no run folder."""
    return Run(_existing_run(path))


def _refuse_strangers(path: Path) -> None:
    """Only an empty folder, a run, or one where a start was cut short before it became a run; looked at before locking."""
    names = {p.name for p in path.iterdir() if not p.name.startswith(PARTIAL)}
    strangers = sorted(names - _OURS_BEFORE_CONFIG)
    if strangers and "config.json" not in names:
        raise RunFolderError(
            f"{path} is not empty and no run folder (it holds {', '.join(strangers[:3])}). "
            "Choose another folder with --out."
        )


def _existing_run(path: str | Path) -> Path:
    path = Path(path)
    if not path.exists():
        raise RunFolderError(f"no run folder {path}. `kiral list` shows the runs; `kiral run CASE --out {path}` makes one.")
    if not (path / "config.json").is_file():
        raise RunFolderError(f"{path} is no run folder (it has no config.json). `kiral list` shows the runs.")
    return path


def _read_rows(path: Path, store: str, group: str) -> xarray.Dataset:
    """One group, in memory. RunFolderError where it is damaged."""
    try:
        return _open_rows(path, store, group).load()
    except (OSError, ValueError, KeyError) as error:
        raise RunFolderError(f"cannot read {path / store / group}, it is damaged: {error}") from error


def _open_rows(path: Path, store: str, group: str) -> xarray.Dataset:
    """One group as a dataset. While a run writes, arrays may differ in length for a moment: the common rows are taken."""
    import xarray

    folder = path / store / group
    if not (folder / "zarr.json").exists():
        return xarray.Dataset()
    names = sorted(p.parent.name for p in folder.glob("*/zarr.json"))
    shapes = {name: read_json(folder / name / "zarr.json") for name in names}
    rows = [meta["shape"][0] for meta in shapes.values() if meta["dimension_names"][0] == "t"]
    options: dict[str, Any] = {
        "consolidated": False, "zarr_format": 3, "chunks": None, "decode_times": False, "decode_timedelta": False
    }  # fmt: skip
    if len(set(rows)) <= 1:
        return _sorted(xarray.open_zarr(folder, **options))
    single = [xarray.open_zarr(folder, drop_variables=[n for n in names if n != name], **options) for name in names]
    return _sorted(xarray.merge([p.isel(t=slice(0, min(rows))) if "t" in p.dims else p for p in single]))


def _sorted(data: xarray.Dataset) -> xarray.Dataset:
    """The variables by name: the store lists them in the order of the file system."""
    return data[sorted(map(str, data.data_vars))]


def _as_json(config: Mapping[str, Any]) -> dict[str, Any]:
    """As it reads back from config.json (tuples are lists there)."""
    return json.loads(json.dumps(config))


def _same_case_message(path: Path) -> str:
    status = Run(path).status
    if status.get("status") == "finished":
        return (
            f"{path} holds this case, finished. Look at it with `kiral show {path}`, extend it with "
            f"`kiral resume {path} --set time.t_end=…`, or run it again into another folder with --out."
        )
    if status.get("status") == "failed":
        return f"{path} holds this case, failed ({status.get('reason')}). Change the case, or use another folder with --out."
    return f"{path} holds this case, not finished. Go on with `kiral resume {path}`, or use another folder with --out."


def _listed(differences: Mapping[str, tuple[Any, Any]], most: int = 6) -> str:
    parts = [f"{key} = {new!r} (there: {old!r})" for key, (old, new) in list(differences.items())[:most]]
    more = len(differences) - len(parts)
    return ", ".join(parts) + (f" and {more} more" if more else "")
