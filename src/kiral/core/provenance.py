"""Where a run comes from: versions, git state, device, command and times. Kept in provenance.json of the run folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiral.core.files import read_json, write_json

PACKAGES = ("kiral", "jax", "jaxlib", "equinox", "numpy", "zarr", "xarray")


def collect() -> dict[str, Any]:
    """What can be said about this process without knowing its run and without importing jax."""
    return {
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "git": git_state(Path(__file__).parents[1]),
        "command": sys.argv,
        "working_directory": os.getcwd(),
        "host": socket.gethostname(),
        "cpu": cpu_name(),
        "cpu_count": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def device_facts() -> dict[str, Any]:
    """Kind and number of the devices that jax uses."""
    import jax

    devices = jax.devices()
    return {"platform": devices[0].platform, "kind": devices[0].device_kind, "count": len(devices)}


def write(folder: Path, facts: Mapping[str, Any]) -> None:
    """The provenance of a new run: the process, the facts given, and an empty history of sessions."""
    write_json(folder / "provenance.json", {**facts, **collect(), "started": now(), "sessions": [], "resumed": []})


def add_session(folder: Path) -> None:
    """Record that a loop starts here: its time, device and command."""
    record = read_json(folder / "provenance.json")
    record["device"] = device_facts()
    record["sessions"].append({"start": now(), "device": record["device"], "command": sys.argv})
    write_json(folder / "provenance.json", record)


def end_session(folder: Path, status: str) -> None:
    """Record when and how the loop ended."""
    record = read_json(folder / "provenance.json")
    record["ended"] = now()
    record["sessions"][-1] |= {"end": record["ended"], "status": status}
    write_json(folder / "provenance.json", record)


def add_resume(folder: Path, changes: Mapping[str, Any], config_hash: str) -> None:
    """Record that a run goes on, in what process, which configuration keys changed (key: [old, new]), the hash now."""
    record = read_json(folder / "provenance.json")
    record["resumed"].append({"time": now(), "changes": dict(changes), "config_hash": config_hash, **collect()})
    write_json(folder / "provenance.json", record)


def file_checksum(path: str | Path) -> str:
    """sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_state(package: Path) -> dict[str, Any] | None:
    """Hash and dirty flag of the checkout that `package` is the source of; None when it is installed elsewhere."""
    top = _git(package, "rev-parse", "--show-toplevel")
    if top is None or Path(top) / "src" / package.name != package:
        return None
    changes = _git(package, "status", "--porcelain", "--untracked-files=no")
    return {"hash": _git(package, "rev-parse", "HEAD"), "dirty": bool(changes)}


def cpu_name() -> str:
    """The processor's model name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def now() -> str:
    """Local time with its offset from UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
