"""The points of a sweep, and the index file that names each with its values, folder and state."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kiral.config.load import LoadedCase, load_case, parse_value
from kiral.core.files import read_json, write_json
from kiral.core.folder import open_run
from kiral.core.lock import LOCK_NAME
from kiral.errors import ConfigError, RunFolderError

INDEX = "index.json"
OURS = (INDEX, LOCK_NAME, "points.csv", "points.zarr", "figures", "report.html")
ENDED = ("finished", "failed")


@dataclass(frozen=True)
class Point:
    """One point of a sweep. `status` is that of its run, or "pending"; `reason` says why it failed."""

    folder: str
    values: dict[str, Any]
    config_hash: str
    status: str = "pending"
    reason: str = ""

    @property
    def label(self) -> str:
        """Its values, to read."""
        return ", ".join(f"{key} = {value}" for key, value in self.values.items())

    def now(self, out: Path) -> Point:
        """The point with the state that its folder has by now; one without a folder is as it was."""
        if not (out / self.folder / "config.json").exists():
            return self
        status = open_run(out / self.folder).status
        return replace(self, status=status.get("status", "pending"), reason=status.get("reason") or "")


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


def load_points(
    case: str | Path, over: Mapping[str, Sequence[Any]], overrides: Mapping[str, Any]
) -> list[tuple[Point, LoadedCase]]:
    """Every combination of the values, validated, in the order of the values; the last key varies fastest.

    Errors: ConfigError for a wrong value at any point, and for two points that are the same case.
    """
    if not over:
        raise ConfigError("a sweep needs at least one --over KEY=V1,V2")
    found: list[tuple[Point, LoadedCase]] = []
    known: dict[str, Point] = {}
    for number, combination in enumerate(itertools.product(*over.values())):
        values = dict(zip(over, combination, strict=True))
        loaded = load_case(case, {**overrides, **values})
        point = Point(f"point_{number:04d}", values, loaded.config.config_hash())
        if (other := known.setdefault(point.config_hash, point)) is not point:
            raise ConfigError(
                f"--over: two points are the same case, ({other.label}) and ({point.label}); give every value once"
            )
        found.append((point, loaded))
    return found


def check_index(out: Path, points: Sequence[Point]) -> None:
    """The folder is empty or holds this sweep, or the beginning of it. Raises RunFolderError."""
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


def write_index(out: Path, case: str | Path, over: Mapping[str, Sequence[Any]], points: Sequence[Point]) -> None:
    """Replace the index."""
    content = {"case": str(case), "over": {key: list(values) for key, values in over.items()}}
    write_json(out / INDEX, content | {"points": [asdict(point) for point in points]})
