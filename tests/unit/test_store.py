"""Rows along t: what xarray reads, what a resumed run keeps, what a kill or a full disk leaves."""

import errno

import numpy as np
import pytest
import xarray

from kiral.core import files
from kiral.core.folder import _open_rows
from kiral.core.problem import Coordinate
from kiral.core.store import Archive, Variable
from kiral.errors import CheckpointError, RunFolderError

VARIABLES = (
    Variable("t", (), "t*", "time"),
    Variable("b", (), "G", "field"),
    Variable("n", (), "1", "count"),
    Variable("e", ("k",), "1", "spectrum"),
)
K = Coordinate("k", np.arange(3.0), "1/l*", "wave number")


def archive(tmp_path):
    return Archive(tmp_path / "series.zarr", "scalars", VARIABLES, [K])


def row(i):
    return {"t": np.float64(i), "b": np.float64(i**2), "n": np.int64(i), "e": np.arange(3.0) + i}


def fill(rows, start, stop, flush_every=37):
    for i in range(start, stop):
        rows.append(row(i))
        if i % flush_every == 0:
            rows.flush()
    rows.flush(sync=True)


def read(tmp_path):
    return _open_rows(tmp_path, "series.zarr", "scalars").load()


def contents(tmp_path):
    return {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}


def test_xarray_reads_rows_with_units_and_coordinates(tmp_path):
    fill(archive(tmp_path), 0, 600)
    tree = xarray.open_datatree(tmp_path / "series.zarr", engine="zarr", consolidated=False)
    data = tree["scalars"].to_dataset()
    assert data["b"].dims == ("t",)
    assert data["e"].dims == ("t", "k")
    assert data["b"].attrs == {"units": "G", "long_name": "field"}
    assert data["n"].dtype == np.int64
    np.testing.assert_array_equal(data["t"], np.arange(600.0))
    np.testing.assert_array_equal(data["e"].sel(t=599.0), np.arange(3.0) + 599)
    np.testing.assert_array_equal(data["k"], K.values)


@pytest.mark.parametrize("keep", [0, 1, 255, 256, 257, 599, 600])
def test_restored_rows_go_on_as_if_nothing_had_happened(tmp_path, keep):
    straight, resumed = tmp_path / "a", tmp_path / "b"
    fill(archive(straight), 0, 700)
    fill(archive(resumed), 0, 600)
    rows = archive(resumed)
    rows.restore(keep)
    assert rows.count == keep
    fill(rows, keep, 700, flush_every=41)
    assert contents(straight) == contents(resumed)


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it."""


def test_a_kill_at_any_write_leaves_the_earlier_rows_and_a_readable_group(tmp_path, monkeypatch):
    fill(archive(tmp_path), 0, 300)
    real, before = files.write_bytes, 300
    for killed_at in range(9):
        rows = archive(tmp_path)
        rows.restore(before)
        writes = []

        def killed(path, pieces, *, sync, writes=writes, killed_at=killed_at):
            writes.append(path)
            if len(writes) > killed_at:
                real(path, [b"half"], sync=sync)
                raise Killed
            real(path, pieces, sync=sync)

        monkeypatch.setattr(files, "write_bytes", killed)
        rows.append(row(300))
        if killed_at < 8:
            with pytest.raises(Killed):
                rows.flush()
        else:
            rows.flush()
        monkeypatch.setattr(files, "write_bytes", real)
        data = read(tmp_path)
        assert data.sizes["t"] in (300, 301)
        np.testing.assert_array_equal(data["b"], np.arange(float(data.sizes["t"])) ** 2)
    assert data.sizes["t"] == 301


def test_damage_before_the_checkpoint_is_told(tmp_path):
    fill(archive(tmp_path), 0, 300)
    chunk = tmp_path / "series.zarr/scalars/b/c/0"
    chunk.write_bytes(chunk.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="damaged: 100 bytes instead of 2048"):
        archive(tmp_path).restore(300)
    with pytest.raises(CheckpointError, match="holds 300 rows, the checkpoint counts 301"):
        archive(tmp_path).restore(301)


@pytest.mark.parametrize(("number", "says"), [(errno.ENOSPC, "disk full"), (errno.EROFS, "cannot write")])
def test_disk_errors_are_clear(tmp_path, monkeypatch, number, says):
    rows = archive(tmp_path)
    fill(rows, 0, 10)
    rows.append(row(10))

    def broken(path, pieces, *, sync):
        raise OSError(number, "the system's words")

    monkeypatch.setattr(files, "write_bytes", broken)
    with pytest.raises(RunFolderError, match=says):
        rows.flush()
    assert read(tmp_path).sizes["t"] == 10
