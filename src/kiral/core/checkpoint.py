"""Checkpoints: the carry of a run and the loop's own numbers, written so that a kill or a power cut never leaves half of one.

`checkpoints/step_<10 digits>/` holds one .npy file per leaf of the carry (logical, global arrays: readable on any number of
devices), `manifest.json` with their paths, shapes and sha256 and the host's numbers, and the manifest's own sha256. All of
it is written under a temporary name, synced, renamed. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kiral.core import files
from kiral.core.files import disk_errors, sync_directory
from kiral.errors import CheckpointError

PyTree = Any
FORMAT = 1
_TEMPORARY = ".new-"


class _Damaged(Exception):
    """This checkpoint cannot be used; the one before may."""


def checkpoint_names(folder: Path) -> list[str]:
    """Names of the checkpoints in `folder`, oldest first."""
    return sorted(path.name for path in folder.glob("step_*")) if folder.is_dir() else []


def write_checkpoint(folder: Path, carry: PyTree, host: dict[str, Any], *, step: int, run_hash: str, keep: int = 2) -> str:
    """Write the checkpoint of `step` and keep the newest `keep`. Returns its name. Raises RunFolderError.

    `host` is JSON-able; its floats come back bit for bit.
    """
    name = f"step_{step:010d}"
    temporary = folder / (_TEMPORARY + name)
    with disk_errors(temporary):
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        temporary.mkdir()
        try:
            _write_contents(temporary, carry, host, step, run_hash)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _remove(folder, name)
        os.rename(temporary, folder / name)
        sync_directory(folder)
        for old in checkpoint_names(folder)[:-keep]:
            _remove(folder, old)
    return name


def load_checkpoint(
    folder: Path, template: PyTree, run_hash: str, warn: Callable[[str], None]
) -> tuple[PyTree, dict[str, Any], str] | None:
    """(carry, host numbers, name) of the newest good checkpoint; None where none was ever written.

    `template` has the structure, shapes and dtypes of the carry. A damaged checkpoint is named through `warn`, removed, and
    the one before is taken. Raises CheckpointError when all are damaged or when one belongs to another case.
    """
    names = checkpoint_names(folder)
    damaged = []
    for name in reversed(names):
        try:
            carry, host = _load_one(folder / name, template, run_hash)
        except _Damaged as error:
            damaged.append(name)
            warn(f"checkpoint {name} is damaged ({error}); trying the one before")
            continue
        for bad in damaged:
            _remove(folder, bad)
        return carry, host, name
    if names:
        raise CheckpointError(
            f"every checkpoint in {folder} is damaged ({', '.join(names)}). Run the case again into another folder with --out."
        )
    return None


def _write_contents(folder: Path, carry: PyTree, host: dict[str, Any], step: int, run_hash: str) -> None:
    leaves = []
    for index, (path, leaf) in enumerate(jax.tree_util.tree_flatten_with_path(carry)[0]):
        leaves.append(_write_leaf(folder, f"leaf_{index:03d}.npy", jax.tree_util.keystr(path), np.asarray(leaf)))
    manifest = {"format": FORMAT, "run": run_hash, "step": step, "leaves": leaves, "host": host}
    text = json.dumps(manifest, indent=1).encode()
    files.write_bytes(folder / "manifest.json", [text], sync=True)
    files.write_bytes(folder / "manifest.sha256", [hashlib.sha256(text).hexdigest().encode()], sync=True)
    sync_directory(folder)


def _write_leaf(folder: Path, file: str, path: str, array: np.ndarray) -> dict[str, Any]:
    header = io.BytesIO()
    array = np.asarray(array, order="C")
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    pieces = [header.getvalue(), array.reshape(-1).view(np.uint8).data]
    files.write_bytes(folder / file, pieces, sync=True)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return {"path": path, "file": file, "shape": array.shape, "dtype": str(array.dtype), "sha256": digest.hexdigest()}


def _load_one(folder: Path, template: PyTree, run_hash: str) -> tuple[PyTree, dict[str, Any]]:
    manifest = _read_manifest(folder)
    if manifest["run"] != run_hash:
        raise CheckpointError(f"{folder} belongs to another case (run {manifest['run'][:12]}, this is {run_hash[:12]})")
    expected, structure = jax.tree_util.tree_flatten_with_path(template)
    stored = {leaf["path"]: leaf for leaf in manifest["leaves"]}
    _compare_layout(folder, expected, stored)
    leaves = [_read_leaf(folder, stored[jax.tree_util.keystr(path)]) for path, _ in expected]
    return jax.tree_util.tree_unflatten(structure, leaves), manifest["host"]


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        text = (folder / "manifest.json").read_bytes()
        checksum = (folder / "manifest.sha256").read_text()
    except OSError as error:
        raise _Damaged(f"{Path(error.filename).name} is missing") from error
    if hashlib.sha256(text).hexdigest() != checksum:
        raise _Damaged("manifest.json has been altered")
    manifest = json.loads(text)
    if manifest["format"] != FORMAT:
        raise CheckpointError(f"{folder} has the format {manifest['format']}; this version of kiral reads {FORMAT}")
    return manifest


def _compare_layout(folder: Path, expected: list[tuple[Any, Any]], stored: dict[str, Any]) -> None:
    """The carry of this version and case must be the stored one: same leaves, shapes and dtypes."""
    wanted = {jax.tree_util.keystr(path): (tuple(leaf.shape), str(leaf.dtype)) for path, leaf in expected}
    found = {path: (tuple(leaf["shape"]), leaf["dtype"]) for path, leaf in stored.items()}
    for path in sorted(wanted.keys() | found.keys()):
        if wanted.get(path) != found.get(path):
            raise CheckpointError(
                f"{folder} does not fit this case or version of kiral: {path} is stored as {found.get(path)}, "
                f"needed as {wanted.get(path)}"
            )


def _read_leaf(folder: Path, leaf: dict[str, Any]) -> jax.Array:
    path = folder / leaf["file"]
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _Damaged(f"{leaf['file']} is missing") from error
    if digest != leaf["sha256"]:
        raise _Damaged(f"{leaf['file']} ({leaf['path']}) has been altered or cut short")
    return jnp.array(np.load(path, allow_pickle=False), copy=True)


def _remove(folder: Path, name: str) -> None:
    """Remove a checkpoint: renamed first, so that a kill meanwhile leaves no half of one under a good name."""
    if (folder / name).exists():
        gone = folder / (_TEMPORARY + "removed-" + name)
        shutil.rmtree(gone, ignore_errors=True)
        os.rename(folder / name, gone)
        shutil.rmtree(gone)


def _remove_leftovers(folder: Path) -> None:
    for path in folder.glob(_TEMPORARY + "*"):
        shutil.rmtree(path)
