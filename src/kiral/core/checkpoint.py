"""Checkpoints: the carry of a run and the loop's own numbers, written so that a kill or a power cut never leaves half of one.

`checkpoints/step_<10 digits>/` holds the leaves of the carry as .npy files, one per leaf and slab, each written by the
process that has it; `manifest.json` with their paths, shapes, places in the leaf and sha256 and the host's numbers, and the
manifest's own sha256. All of it is written under a temporary name, synced, renamed. Leaves are in logical, global order:
any number of devices reads what any other number wrote. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from kiral.core import files, processes
from kiral.core.files import disk_errors, sync_directory
from kiral.core.layout import Index, Layout, assemble
from kiral.errors import CheckpointError, RunFolderError

PyTree = Any
Template = Callable[[dict[str, Any]], tuple[PyTree, Layout | None]]
FORMAT = 2
_TEMPORARY = ".new-"


class _Damaged(Exception):
    """This checkpoint cannot be used; the one before may."""


def checkpoint_names(folder: Path) -> list[str]:
    """Names of the checkpoints in `folder`, oldest first."""
    return sorted(path.name for path in folder.glob("step_*")) if folder.is_dir() else []


def write_checkpoint(
    folder: Path,
    carry: PyTree,
    host: dict[str, Any],
    *,
    step: int,
    run_hash: str,
    keep: int = 2,
    layout: Layout | None = None,
) -> str:
    """Write the checkpoint of `step` and keep the newest `keep`. Returns its name. Raises RunFolderError.

    `host` is JSON-able; its floats come back bit for bit. All processes of a run call it and see the same folder.
    """
    name = f"step_{step:010d}"
    temporary = folder / (_TEMPORARY + name)
    processes.by_first(lambda: _begin(folder, temporary))
    leaves, failure = [], None
    try:
        with disk_errors(temporary):
            leaves = _write_leaves(temporary, carry, layout)
    except RunFolderError as error:
        failure = str(error)
    told = processes.gathered({"leaves": leaves, "failure": failure})

    def finish() -> None:
        if failed := next((said["failure"] for said in told if said["failure"]), None):
            shutil.rmtree(temporary, ignore_errors=True)
            raise RunFolderError(failed)
        manifest = {"format": FORMAT, "run": run_hash, "step": step, "leaves": _merged(told), "host": host}
        with disk_errors(temporary):
            _write_manifest(temporary, manifest)
            _remove(folder, name)
            os.rename(temporary, folder / name)
            sync_directory(folder)
            for old in checkpoint_names(folder)[:-keep]:
                _remove(folder, old)

    processes.by_first(finish)
    return name


def _begin(folder: Path, temporary: Path) -> None:
    with disk_errors(temporary):
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        temporary.mkdir()


def load_checkpoint(
    folder: Path, template: Template, run_hash: str, warn: Callable[[str], None]
) -> tuple[PyTree, dict[str, Any], str] | None:
    """(carry, host numbers, name) of the newest good checkpoint; None where none was ever written.

    `template` gives the structure, shapes and dtypes of the carry that belongs to host numbers, and how it lies on devices.
    A damaged checkpoint is named through `warn`, removed, and the one before is taken. Raises CheckpointError when all are
    damaged or when one belongs to another case.
    """
    names = processes.agreed(checkpoint_names(folder))
    damaged: list[str] = []
    for name in reversed(names):
        carry, host, damage = None, {}, None
        try:
            carry, host = _load_one(folder / name, template, run_hash)
        except _Damaged as error:
            damage = str(error)
        if said := next((d for d in processes.gathered(damage) if d), None):
            damaged.append(name)
            warn(f"checkpoint {name} is damaged ({said}); trying the one before")
            continue
        processes.by_first(lambda: [_remove(folder, bad) for bad in damaged])
        return carry, host, name
    if names:
        raise CheckpointError(
            f"every checkpoint in {folder} is damaged ({', '.join(names)}). Run the case again into another folder with --out."
        )
    return None


def _write_leaves(folder: Path, carry: PyTree, layout: Layout | None) -> list[dict[str, Any]]:
    """Write what this process has to write; returns what the manifest says about it."""
    leaves = []
    for number, (path, leaf) in enumerate(jax.tree_util.tree_flatten_with_path(carry)[0]):
        logical = leaf.shape if layout is None else layout.logical(leaf.shape)
        parts = [_write_part(folder, number, start, data) for start, data in _pieces(leaf, logical)]
        facts = {"path": jax.tree_util.keystr(path), "shape": logical, "dtype": str(leaf.dtype)}
        leaves.append(facts | {"parts": parts})
    sync_directory(folder)
    return leaves


def _pieces(leaf: Any, logical: tuple[int, ...]) -> Iterator[tuple[list[int], np.ndarray]]:
    """(first index, data) of every piece of a leaf that this process is to write, without padding."""
    if not isinstance(leaf, jax.Array):
        if processes.is_first():
            yield [0] * len(logical), np.asarray(leaf)
        return
    for shard in leaf.addressable_shards:
        start = [s.indices(n)[0] for s, n in zip(shard.index, leaf.shape, strict=True)]
        if shard.replica_id == 0 and all(first < n or n == 0 for first, n in zip(start, logical, strict=True)):
            data = tuple(slice(0, n - first) for n, first in zip(logical, start, strict=True))
            yield start, np.asarray(np.asarray(shard.data)[data])


def _write_part(folder: Path, number: int, start: list[int], array: np.ndarray) -> dict[str, Any]:
    file = f"leaf_{number:03d}" + ("_at_" + "_".join(map(str, start)) if any(start) else "") + ".npy"
    header = io.BytesIO()
    array = np.asarray(array, order="C")
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    pieces = [header.getvalue(), array.reshape(-1).view(np.uint8).data]
    files.write_bytes(folder / file, pieces, sync=True)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return {"file": file, "start": start, "shape": array.shape, "sha256": digest.hexdigest()}


def _merged(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The leaves with the parts of all processes."""
    lists = [said["leaves"] for said in told]
    return [leaf | {"parts": [part for leaves in lists for part in leaves[i]["parts"]]} for i, leaf in enumerate(lists[0])]


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    text = json.dumps(manifest, indent=1).encode()
    files.write_bytes(folder / "manifest.json", [text], sync=True)
    files.write_bytes(folder / "manifest.sha256", [hashlib.sha256(text).hexdigest().encode()], sync=True)
    sync_directory(folder)


def _load_one(folder: Path, template: Template, run_hash: str) -> tuple[PyTree, dict[str, Any]]:
    manifest = _read_manifest(folder)
    if manifest["run"] != run_hash:
        raise CheckpointError(f"{folder} belongs to another case (run {manifest['run'][:12]}, this is {run_hash[:12]})")
    carry, layout = template(manifest["host"])
    expected, structure = jax.tree_util.tree_flatten_with_path(carry)
    stored = {leaf["path"]: leaf for leaf in manifest["leaves"]}
    _compare_leaves(folder, expected, stored, layout)
    leaves = [_read_leaf(folder, stored[jax.tree_util.keystr(path)], leaf, layout) for path, leaf in expected]
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


def _compare_leaves(folder: Path, expected: list[tuple[Any, Any]], stored: dict[str, Any], layout: Layout | None) -> None:
    """The carry of this version and case must be the stored one: same leaves, logical shapes and dtypes."""

    def facts(leaf: Any) -> tuple[tuple[int, ...], str]:
        return (tuple(leaf.shape) if layout is None else layout.logical(leaf.shape), str(leaf.dtype))

    wanted = {jax.tree_util.keystr(path): facts(leaf) for path, leaf in expected}
    found = {path: (tuple(leaf["shape"]), leaf["dtype"]) for path, leaf in stored.items()}
    for path in sorted(wanted.keys() | found.keys()):
        if wanted.get(path) != found.get(path):
            raise CheckpointError(
                f"{folder} does not fit this case or version of kiral: {path} is stored as {found.get(path)}, "
                f"needed as {wanted.get(path)}"
            )


def _read_leaf(folder: Path, leaf: dict[str, Any], wanted: Any, layout: Layout | None) -> jax.Array:
    """The leaf on its devices: every process reads the parts that it needs, and checks those."""
    checked: dict[str, np.ndarray] = {}

    def read(index: Index) -> np.ndarray:
        values = np.zeros([s.stop - s.start for s in index], wanted.dtype)
        for part in leaf["parts"]:
            overlap = [_overlap(s, first, n) for s, first, n in zip(index, part["start"], part["shape"], strict=True)]
            if None in overlap:
                continue
            if part["file"] not in checked:
                checked[part["file"]] = _read_part(folder, leaf["path"], part)
            values[tuple(to for to, _ in overlap)] = checked[part["file"]][tuple(of for _, of in overlap)]
        return values

    return assemble(wanted.shape, wanted.dtype, read, layout)


def _overlap(wanted: slice, first: int, count: int) -> tuple[slice, slice] | None:
    """Where a part of `count` from `first` lies in the range wanted, and where that is in the part; None: nowhere."""
    low, high = max(wanted.start, first), min(wanted.stop, first + count)
    return None if low >= high else (slice(low - wanted.start, high - wanted.start), slice(low - first, high - first))


def _read_part(folder: Path, leaf: str, part: dict[str, Any]) -> np.ndarray:
    path = folder / part["file"]
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _Damaged(f"{part['file']} is missing") from error
    if digest != part["sha256"]:
        raise _Damaged(f"{part['file']} ({leaf}) has been altered or cut short")
    return np.load(path, mmap_mode="r" if math.prod(part["shape"]) else None, allow_pickle=False)


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
