"""Writing into a run folder: files that appear whole or not at all, and disk errors that say what to do."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiral.errors import RunFolderError

PARTIAL = ".partial-"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EROFS, errno.EACCES, errno.EPERM}


def write_bytes(path: Path, pieces: Iterable[bytes | memoryview], *, sync: bool) -> None:
    """Write the pieces to `path`. The one place where file contents leave kiral for a run folder."""
    with open(path, "wb") as file:
        for piece in pieces:
            file.write(piece)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def atomic_write(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Replace `path` by `data` at once: whoever is killed or reads meanwhile has the old file or the new one.

    The partial name is fixed: a run folder has one writer (its lock), and a leftover is overwritten. Raises RunFolderError.
    """
    partial = path.with_name(PARTIAL + path.name)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_bytes(partial, [data], sync=sync)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        os.replace(partial, path)
        if sync:
            sync_directory(path.parent)


def write_json(path: Path, value: Any, *, sync: bool = False) -> None:
    """`value` as JSON. Floats are written with `repr`, so that they read back bit for bit."""
    atomic_write(path, (json.dumps(value, indent=1) + "\n").encode(), sync=sync)


def read_json(path: Path) -> Any:
    """The JSON file `path`; RunFolderError where it is missing or no JSON."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RunFolderError(f"cannot read {path}: {error}") from error


def sync_file(path: Path) -> None:
    """Make the contents of a file survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power cut."""
    sync_file(path)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, a write protection and the like into a RunFolderError that says what is safe and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise RunFolderError(_full_message(path, error)) from error
        if error.errno in _DENIED:
            raise RunFolderError(
                f"cannot write {path}: {error.strerror}. Change its permissions, or choose another folder with --out."
            ) from error
        raise RunFolderError(f"cannot write {path}: {error.strerror or error}. Choose another folder.") from error


def _full_message(path: Path, error: OSError) -> str:
    root = _run_root(path)
    if root is None:
        return f"disk full while writing {path} ({error.strerror}): free space, or choose another disk with --out."
    checkpoints = sorted(p.name for p in (root / "checkpoints").glob("step_*"))
    kept = f"the last checkpoint, {checkpoints[-1]}, is intact" if checkpoints else "there is no checkpoint yet"
    return f"disk full while writing {path} ({error.strerror}): {kept}; free space and `kiral resume {root}`."


def _run_root(path: Path) -> Path | None:
    return next((parent for parent in path.parents if (parent / "config.json").exists()), None)
