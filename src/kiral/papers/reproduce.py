"""A paper reproduced: run what its claims need, judge every claim, draw the figures, write the report.

Everything is kept below <out>/<size>: runs/, figures/, report.html, verdicts.json, log.txt. Started again, finished runs
are read and the interrupted one goes on.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiral.citations import PAPERS
from kiral.config.messages import nearest
from kiral.core import provenance
from kiral.core.files import atomic_write, disk_errors, write_json
from kiral.core.folder import Run
from kiral.core.lock import RunLock
from kiral.core.progress import make_reporter
from kiral.errors import ConfigError
from kiral.papers import paper_folder, paper_names
from kiral.papers.claims import SIZES, VERDICTS, Claim, Verdict, check_names, load_claims
from kiral.papers.context import Context
from kiral.papers.judge import ABORT, Log, Result, judge, said
from kiral.papers.runs import RunTable, load_runs, paper_sizes, remove_runs
from kiral.report.style import Drawing, png_bytes
from kiral.summary import jsonable

DPI = 120


@dataclass(frozen=True)
class FigureResult:
    """A figure of the report: its drawing and PNG, or why there is none."""

    name: str
    drawing: Drawing | None = None
    png: bytes = b""
    reason: str = ""
    failed: bool = False
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reproduction:
    """All of a reproduction. `runs` are those that were used, `failures` the figures that could not be drawn."""

    key: str
    citation: str
    table: RunTable = field(repr=False)
    folder: Path
    results: tuple[Result, ...] = field(repr=False)
    figures: tuple[FigureResult, ...] = field(repr=False)
    runs: dict[str, Run] = field(repr=False)
    provenance: dict[str, Any] = field(repr=False)
    wall_s: float

    @property
    def size(self) -> str:
        return self.table.size

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"

    @property
    def command(self) -> str:
        """The command that does it again."""
        out = "" if self.folder == Path("runs") / self.key / self.size else f" --out {self.folder.parent}"
        return f"kiral reproduce {self.key} --size {self.size}{out}"

    @property
    def counts(self) -> dict[Verdict, int]:
        """Number of claims by verdict."""
        return {name: sum(result.verdict == name for result in self.results) for name in VERDICTS}

    @property
    def failures(self) -> tuple[FigureResult, ...]:
        """Figures whose function raised."""
        return tuple(figure for figure in self.figures if figure.failed)

    def as_dict(self) -> dict[str, Any]:
        """The content of verdicts.json."""
        return {
            "paper": self.key,
            "citation": self.citation,
            "size": self.size,
            "command": self.command,
            "provenance": self.provenance,
            "wall_s": self.wall_s,
            "counts": self.counts,
            "claims": [self._claim(result) for result in self.results],
            "figures": [
                {"name": f.name, "file": f"figures/{f.name}.png" if f.png else None, "reason": f.reason, "runs": list(f.runs)}
                for f in self.figures
            ],
            "runs": {name: run_facts(run, self.folder) for name, run in self.runs.items()},
        }

    def _claim(self, result: Result) -> dict[str, Any]:
        return result.claim.model_dump() | {
            "ours": result.ours,
            "verdict": result.verdict,
            "relative_difference": result.difference,
            "reason": result.reason,
            "how": result.how,
            "runs": {name: f"runs/{self.table.runs[name].folder}" for name in result.runs if name in self.table.runs},
        }


def reproduce(
    key: str, size: str = "ci", fresh: bool = False, out: str | Path | None = None, progress: bool = True
) -> Reproduction:
    """Reproduce a paper and write <out>/<size>/report.html, verdicts.json and figures/.

    Args: key - of `paper_names()`; size - "ci", "laptop" or "paper"; fresh - delete this paper's runs of this size first;
        out - folder, by default runs/<key>; progress - show it on stderr.
    Errors: ConfigError (unknown paper or size, malformed files of the paper) before anything runs; Interrupted where a run
        is stopped, the same call goes on; RunFolderError (disk full, folder in use). A value that fails is no error here:
        its claim's verdict is "differs" and the reason says why.
    """
    began = time.monotonic()
    table, claims, values, figures = load_paper(key, size)
    folder = Path(out if out is not None else Path("runs") / key) / size
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = RunLock(folder)
    try:
        if fresh:
            remove_runs(folder / "runs")
        reporter = make_reporter(quiet=not progress)
        log = Log(folder / "log.txt", reporter)
        context = Context(table, folder / "runs", progress)
        reporter.message(f"{key} at size {size}: {len(claims)} claims, {len(figures)} figures")
        results = tuple(judge(claim, values[claim.value], context, log) for claim in claims)
        reporter.message("drawing the figures ...")
        drawn = tuple(_figure(name, function, context, folder, log) for name, function in figures.items())
        record = provenance.collect() | {"finished": provenance.now()}
        wall = time.monotonic() - began
        found = Reproduction(key, PAPERS[key], table, folder, results, drawn, context.finished, record, wall)
        _write(found)
    finally:
        lock.release()
    return found


def load_paper(
    key: str, size: str
) -> tuple[RunTable, tuple[Claim, ...], dict[str, Callable[[Context], Any]], dict[str, Callable[[Context], Drawing | None]]]:
    """(runs, claims, VALUES, FIGURES) of a paper, all checked. ConfigError: unknown paper or size, malformed file."""
    folder = paper_folder(key)
    if size not in SIZES:
        raise ConfigError(f"--size {size!r}{nearest(size, SIZES)}; allowed: {', '.join(SIZES)}")
    table, claims = load_runs(key, size), load_claims(key)
    values = importlib.import_module(f"kiral.papers.{key}.values").VALUES
    figures = importlib.import_module(f"kiral.papers.{key}.figures").FIGURES
    check_names(folder / "claims.toml", claims, values, figures)
    return table, claims, values, figures


def papers() -> list[tuple[str, str, list[str], int]]:
    """(key, citation, sizes, number of claims) of every paper, from its files; runs nothing."""
    return [(key, PAPERS[key], paper_sizes(key), len(load_claims(key))) for key in paper_names()]


def _figure(name: str, function: Callable[[Context], Drawing | None], context: Context, folder: Path, log: Log) -> FigureResult:
    """Draw a figure and write its PNG; None from its function means that this size has no data for it."""
    used: set[str] = set()
    try:
        with context.noting() as used:
            drawing = function(context)
        if drawing is None:
            return FigureResult(name, reason=f"there are no data for it at the size {context.size!r}")
        png = png_bytes(drawing.figure, DPI)
    except ABORT:
        raise
    except Exception as error:
        log.error(f"figure {name}", error)
        return FigureResult(name, reason=f"could not be drawn: {said(error)}", failed=True, runs=tuple(sorted(used)))
    atomic_write(folder / "figures" / f"{name}.png", png)
    return FigureResult(name, drawing, png, runs=tuple(sorted(used)))


def _write(found: Reproduction) -> None:
    from kiral.papers.report import render

    write_json(found.folder / "verdicts.json", jsonable(found.as_dict()))
    atomic_write(found.report, render(found).encode())


def run_facts(run: Run, folder: Path) -> dict[str, Any]:
    """Where a run is and what made it: folder (relative to `folder`), configuration, git state, command, time, drifts."""
    record, status = run.provenance, run.status
    return {
        "folder": str(run.path.relative_to(folder)),
        "config_hash": record.get("config_hash"),
        "git": record.get("git"),
        "command": record.get("command"),
        "started": record.get("started"),
        "steps": status.get("step"),
        "wall_s": status.get("wall_s"),
        "drift": run.drift,
        "warnings": status.get("warnings", []),
    }
