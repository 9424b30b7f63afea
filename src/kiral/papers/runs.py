"""The runs of a paper: what runs.toml defines, run into folders of their own, or read from there when done before.

runs.toml: [sizes.SIZE] note, and overrides of case.toml for all runs of a size; [runs.NAME] sizes, note, set, and set_SIZE.
Later ones win: size, set, set_SIZE. A run of another subject names a case file of its own; then the size's overrides are not
for it. A folder's name ends in the configuration's hash, so that a changed case is a new run.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from kiral.config.base import Section
from kiral.config.load import LoadedCase, apply_overrides, check_inputs, read_toml, validate
from kiral.config.messages import explain, nearest
from kiral.core.files import disk_errors
from kiral.core.folder import Run, config_hash, open_run
from kiral.core.lock import is_locked
from kiral.core.progress import make_reporter
from kiral.errors import ConfigError, KiralError, NumericalError, RunFolderError
from kiral.papers import paper_folder
from kiral.papers.claims import SIZES

NAME = re.compile(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*")
FOLDER = re.compile(rf"{NAME.pattern}-[0-9a-f]{{8}}")


class Interrupted(KiralError):
    """A run was stopped before its end; the same command goes on."""

    exit_code = 130


class RunEntry(Section):
    """One [runs.NAME] of runs.toml."""

    sizes: tuple[str, ...] = Field(min_length=1, description="sizes at which the run is defined")
    note: str = Field(default="", description="what the run is, one line")
    case: str | None = Field(default=None, description="case file of the paper's folder in place of case.toml")
    set: dict[str, Any] = Field(default={}, description="overrides of the case by dotted key")
    set_ci: dict[str, Any] = Field(default={}, description="overrides at the size ci only")
    set_laptop: dict[str, Any] = Field(default={}, description="overrides at the size laptop only")
    set_paper: dict[str, Any] = Field(default={}, description="overrides at the size paper only")


@dataclass(frozen=True)
class PaperRun:
    """A run at one size: its validated case, what it is, and in what it differs from case.toml."""

    name: str
    note: str
    case: LoadedCase
    overrides: dict[str, Any]

    @property
    def folder(self) -> str:
        """Name of its folder."""
        return f"{self.name}-{self.case.config.config_hash()[:8]}"


@dataclass(frozen=True)
class RunTable:
    """What is run for a paper at one size: `overrides` are those of all runs, `paper` is the configuration of case.toml."""

    size: str
    note: str
    runs: dict[str, PaperRun]
    paper: dict[str, Any]
    overrides: dict[str, Any]


def paper_sizes(key: str) -> list[str]:
    """Sizes that a paper's runs.toml defines, smallest first; the smallest for a paper without simulations."""
    folder = paper_folder(key)
    return list(_read(folder / "runs.toml")[0]) if _has_simulations(folder) else list(SIZES[:1])


def _has_simulations(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("case.toml", "runs.toml"))


def load_runs(key: str, size: str) -> RunTable:
    """The runs of a paper at a size, all of them validated. ConfigError: unknown size, wrong runs.toml, wrong case."""
    folder, known = paper_folder(key), paper_sizes(key)
    if size not in known:
        raise ConfigError(f"--size {size!r}{nearest(size, known)}: {key} has the sizes {', '.join(known)}")
    if not _has_simulations(folder):
        note = "There are no simulations: all claims are judged by formulas, integrals and computations of seconds."
        return RunTable(size, note, {}, {}, {})
    path = folder / "runs.toml"
    sizes, entries = _read(path)
    text, values = read_toml(folder / "case.toml")
    paper = validate(values, str(folder / "case.toml"))
    overrides = dict(sizes[size])
    note = overrides.pop("note", "")
    common = apply_overrides(values, overrides)
    runs = {}
    for name, entry in entries.items():
        if size in entry.sizes:
            own = getattr(entry, f"set_{size}")
            where = f"{path}: runs.{name} at size {size}"
            source, start = read_toml(folder / entry.case) if entry.case else (text, common)
            config = validate(apply_overrides(apply_overrides(start, entry.set), own), where)
            check_inputs(config, folder, where)
            runs[name] = PaperRun(name, entry.note, LoadedCase(config, source, name, folder), {**entry.set, **own})
    return RunTable(size, note, runs, paper.as_dict(), overrides)


def obtain(run: PaperRun, runs_folder: Path, progress: bool) -> Run:
    """The finished run: read where it is there, resumed where it was interrupted, run otherwise.

    Errors: Interrupted where it is stopped again, NumericalError where it fails or has failed, RunFolderError.
    """
    path = runs_folder / run.folder
    if (path / "config.json").is_file():
        found = _existing(run, path, progress)
    else:
        from kiral.api import run_loaded

        reporter = make_reporter(quiet=not progress)
        reporter.message(f"run {run.name}: {run.note}")
        found = run_loaded(run.case, path, reporter)
    status = found.status
    if status["status"] == "failed":
        raise NumericalError(f"run {run.name} failed: {status.get('reason')} (in {path}; --fresh runs it again)")
    if status["status"] != "finished":
        raise Interrupted(f"run {run.name} is {status['status']} ({status.get('reason')}); the same command goes on")
    return found


def _existing(run: PaperRun, path: Path, progress: bool) -> Run:
    found = open_run(path)
    if config_hash(found.config) != run.case.config.config_hash():
        raise RunFolderError(f"{path} holds another configuration than run {run.name}; --fresh runs it again")
    if found.status["status"] in ("finished", "failed"):
        return found
    from kiral.api import resume

    make_reporter(quiet=not progress).message(f"run {run.name}: was interrupted, goes on")
    return resume(path, progress=progress)


def remove_runs(runs_folder: Path) -> list[Path]:
    """Delete the run folders of one paper and size; what is not recognisably one of kiral's runs stays. Returns them.

    Errors: RunFolderError where one is being written, or cannot be deleted; then none that is being written is touched.
    """
    found = [path for path in sorted(runs_folder.glob("*")) if _is_own_run(path)]
    for path in found:
        if is_locked(path):
            raise RunFolderError(f"{path} is being written by another process; wait for it or stop it")
    for path in found:
        with disk_errors(path):
            shutil.rmtree(path)
    return found


def _is_own_run(path: Path) -> bool:
    files = ("config.json", "provenance.json", "status.json", "case.toml")
    return FOLDER.fullmatch(path.name) is not None and not path.is_symlink() and all((path / f).is_file() for f in files)


def _read(path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, RunEntry]]:
    """(note and overrides by size, smallest first; entries by run name) of a runs.toml."""
    _, values = read_toml(path)
    unknown = sorted(set(values) - {"sizes", "runs"})
    if unknown:
        raise ConfigError(f"{path}: {unknown[0]}: unknown table{nearest(unknown[0], ('sizes', 'runs'))}; allowed: sizes, runs")
    sizes = _tables(path, values, "sizes")
    for size, overrides in sizes.items():
        if size not in SIZES:
            raise ConfigError(f"{path}: sizes.{size}: unknown size{nearest(size, SIZES)}; allowed: {', '.join(SIZES)}")
        if not isinstance(overrides.get("note", ""), str):
            raise ConfigError(f"{path}: sizes.{size}.note: must be a text, got {overrides['note']!r}")
        _check_keys(path, f"sizes.{size}", overrides)
    entries = {name: _entry(path, name, entry, list(sizes)) for name, entry in _tables(path, values, "runs").items()}
    return {size: sizes[size] for size in SIZES if size in sizes}, entries


def _tables(path: Path, values: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    tables = values.get(name)
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"{path}: {name}: must be tables [{name}.NAME]")
    return tables


def _entry(path: Path, name: str, values: dict[str, Any], sizes: list[str]) -> RunEntry:
    where = f"runs.{name}"
    if not NAME.fullmatch(name):
        raise ConfigError(f"{path}: {where}: a run's name has letters, digits, _ and single - only")
    try:
        entry = RunEntry.model_validate(values)
    except ValidationError as failure:
        raise ConfigError(f"{path}: " + "\n  ".join(f"{where}.{line}" for line in explain(failure, RunEntry))) from None
    for size in entry.sizes:
        if size not in sizes:
            raise ConfigError(f"{path}: {where}.sizes: got {size!r}{nearest(size, sizes)}; allowed: {', '.join(sizes)}")
    for key in ("set", *(f"set_{size}" for size in SIZES)):
        _check_keys(path, f"{where}.{key}", getattr(entry, key))
    return entry


def _check_keys(path: Path, where: str, overrides: Mapping[str, Any]) -> None:
    """`geometry.n = 16` without quotes is a table in TOML, which would replace the section."""
    for key, value in overrides.items():
        if "." not in key and isinstance(value, dict):
            raise ConfigError(f'{path}: {where}.{key}: is a table; write dotted keys in quotes, "{key}.NAME" = VALUE')
