"""Parameter sweeps: one run folder per point, one after the other, and one index file. Started again, a sweep goes on.

`index.json` names every point with its values, folder and state; it is replaced at once after every point.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kiral.config.load import LoadedCase, load_case, parse_value, plain
from kiral.core.files import disk_errors, read_json, write_json
from kiral.core.folder import open_run
from kiral.core.lock import LOCK_NAME, RunLock
from kiral.errors import ConfigError, KiralError, RunFolderError

INDEX = "index.json"


@dataclass(frozen=True)
class Point:
    """One point of a sweep. `status` is that of its run, or "pending"; `reason` says why it failed."""

    folder: str
    values: dict[str, Any]
    config_hash: str
    status: str = "pending"
    reason: str = ""


def parse_over(texts: Sequence[str]) -> dict[str, list[Any]]:
    """{key: values} of "KEY=V1,V2"; values are read as TOML, bare words as texts."""
    found: dict[str, list[Any]] = {}
    for text in texts:
        key, sign, values = (part.strip() for part in text.partition("="))
        if not sign or not key or not values:
            raise ConfigError(f"--over {text!r}: expected KEY=V1,V2, for example model.viscosity=1e-6,1e-5")
        if key in found:
            raise ConfigError(f"--over {key}: given twice")
        found[key] = _values(values)
    return found


def _values(text: str) -> list[Any]:
    try:
        return tomllib.loads(f"values = [{text}]")["values"]
    except tomllib.TOMLDecodeError:
        return [parse_value(part) for part in text.split(",")]


def sweep(
    case: str | Path,
    over: Mapping[str, Sequence[Any]],
    out: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> list[Point]:
    """Run a case at every combination of the given values, one run folder each below `out`.

    A point that is finished is left alone, one that was stopped is resumed, one that fails does not stop the others.
    Args: over - {key: values}; overrides - further keys for all points. Returns all points with their states.
    Errors: ConfigError before anything runs if any point is wrong; RunFolderError if `out` holds another sweep.
    """
    over = {key: [plain(value) for value in values] for key, values in over.items()}
    loaded = dict(_points(case, over, overrides or {}))
    out = Path(out)
    points = [_known(out, name, values, point.config.config_hash()) for name, (values, point) in loaded.items()]
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    _check_index(out, points)
    lock = RunLock(out)
    try:
        _write_index(out, case, over, points)
        for index, point in enumerate(points):
            _announce(point, index, len(points), progress)
            points[index] = _run_point(out / point.folder, point, loaded[point.folder][1], progress)
            _write_index(out, case, over, points)
            if points[index].status == "stopped":
                break
    finally:
        lock.release()
    return points


def _points(
    case: str | Path, over: Mapping[str, Sequence[Any]], overrides: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[dict[str, Any], LoadedCase]]]:
    """(folder name, (values, loaded case)) of every combination."""
    if not over:
        raise ConfigError("a sweep needs at least one --over KEY=V1,V2")
    for number, combination in enumerate(itertools.product(*over.values())):
        values = dict(zip(over, combination, strict=True))
        yield f"point_{number:04d}", (values, load_case(case, {**overrides, **values}))


def _known(out: Path, name: str, values: dict[str, Any], config_hash: str) -> Point:
    """The point with the status that its folder has by now."""
    status = open_run(out / name).status if (out / name / "config.json").exists() else {}
    return Point(name, values, config_hash, status.get("status", "pending"), status.get("reason") or "")


def _check_index(out: Path, points: list[Point]) -> None:
    if not (out / INDEX).exists():
        strangers = sorted(path.name for path in out.iterdir() if path.name != LOCK_NAME)
        if strangers:
            raise RunFolderError(f"{out} is not empty and holds no sweep ({strangers[0]}, ...); choose another --out")
        return
    stored = {point["folder"]: point for point in read_json(out / INDEX)["points"]}
    if len(stored) > len(points):
        raise RunFolderError(f"{out} holds a larger sweep, of {len(stored)} points; choose another folder with --out")
    for point in points:
        other = stored.get(point.folder)
        if other is None or other["config_hash"] != point.config_hash:
            there = "nothing" if other is None else other["values"]
            raise RunFolderError(
                f"{out} holds another sweep: {point.folder} is {point.values} here, {there} there "
                "(or the case itself has changed). Choose another folder with --out."
            )


def _announce(point: Point, index: int, number: int, progress: bool) -> None:
    from kiral.core.progress import make_reporter

    values = ", ".join(f"{key} = {value}" for key, value in point.values.items())
    before = f" (already {point.status})" if point.status in ("finished", "failed") else ""
    make_reporter(quiet=not progress).message(f"point {index + 1} of {number}: {values}{before}")


def _run_point(path: Path, point: Point, loaded: LoadedCase, progress: bool) -> Point:
    """The point after its run. Its own failures are noted; a full disk and the like end the sweep."""
    from kiral.api import resume, run_loaded
    from kiral.core.progress import make_reporter

    try:
        if not (path / "config.json").exists():
            status = run_loaded(loaded, path, make_reporter(quiet=not progress)).status
        elif (status := open_run(path).status)["status"] not in ("finished", "failed"):
            status = resume(path, progress=progress).status
    except RunFolderError:
        raise
    except KiralError as error:
        status = {"status": "failed", "reason": str(error)}
    return Point(point.folder, point.values, point.config_hash, status["status"], status.get("reason") or "")


def _write_index(out: Path, case: str | Path, over: Mapping[str, Sequence[Any]], points: list[Point]) -> None:
    content = {"case": str(case), "over": {key: list(values) for key, values in over.items()}}
    write_json(out / INDEX, content | {"points": [asdict(point) for point in points]})
