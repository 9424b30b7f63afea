"""One writer per run folder: an flock that dies with its process, however that ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path

from kiral.core.files import disk_errors
from kiral.errors import RunFolderError

LOCK_NAME = "run.lock"


class RunLock:
    """Holds `run.lock` of a folder until `release`. Raises RunFolderError naming the holder when it is taken."""

    def __init__(self, folder: Path) -> None:
        path = folder / LOCK_NAME
        with disk_errors(path):
            self._file = open(path, "a+")  # noqa: SIM115 (held open: closing it releases the lock)
        if not self._take():
            self._file.seek(0)
            holder = _describe(self._file.read())
            self._file.close()
            raise RunFolderError(
                f"{folder} is being written by {holder}. Wait for it, stop it, or choose another folder with --out."
            )
        self._write_holder()

    def _take(self) -> bool:
        """A few tries, since a reader that looks whether the folder is locked holds it for a moment."""
        for _ in range(5):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                time.sleep(0.02)
        return False

    def _write_holder(self) -> None:
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        self._file.truncate(0)
        with disk_errors(Path(self._file.name)):
            self._file.write(json.dumps(holder))
            self._file.flush()

    def release(self) -> None:
        """Give the folder free. The file stays: removing it would let two processes lock two different files."""
        self._file.close()


def is_locked(folder: Path) -> bool:
    """True while some process writes this run folder."""
    try:
        with open(folder / LOCK_NAME) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _describe(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} on {holder['host']} (since {holder['since']})"
    except (ValueError, KeyError):
        return "another process"
