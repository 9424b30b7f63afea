"""The `kiral` command. What is heavy is imported inside the commands: help, list, check, estimate start without jax."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter

from kiral import __version__
from kiral.errors import ConfigError, KiralError, RunFolderError

if TYPE_CHECKING:
    from kiral.core.folder import Run

app = App(
    name="kiral",
    help="Chiral matter on JAX: chiral magnetohydrodynamics and the magnetic fields it grows.",
    version=__version__,
    result_action="return_value",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)

Settings = Annotated[
    list[str] | None,
    Parameter(name="--set", negative="", help="KEY=VALUE, for example model.viscosity=1e-5; repeatable."),
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
RunDir = Annotated[Path, Parameter(help="Run folder.")]
Case = Annotated[str, Parameter(help="Name of a case (see `kiral list`) or a case file (.toml).")]


@app.command
def run(
    case: Case,
    /,
    *,
    settings: Settings = None,
    out: Annotated[Path | None, Parameter(help="Run folder; runs/<case>-<hash> by default.")] = None,
    report: Annotated[bool, Parameter(negative="--no-report", help="Draw the figures and write report.html.")] = True,
) -> int:
    """Run a case: equations, figures, and a page about the run."""
    from kiral.api import run as start

    return _finish(start(case, _overrides(settings), out=out), report)


@app.command
def resume(
    directory: RunDir,
    /,
    *,
    settings: Settings = None,
    report: Annotated[bool, Parameter(negative="--no-report", help="Draw the figures and write report.html.")] = True,
) -> int:
    """Go on with a stopped or killed run; only time.t_end, time.wall_limit and output.* may be --set."""
    from kiral.api import resume as go_on

    return _finish(go_on(directory, _overrides(settings)), report)


@app.command(name="list")
def list_cases(*, runs: Annotated[Path, Parameter(help="Folder of the runs.")] = Path("runs")) -> int:
    """The cases that come with kiral, and the runs that are there."""
    from kiral import console
    from kiral.config.load import case_names, load_case

    cases = [load_case(name) for name in case_names()]
    console.print_cases((case.name, case.config.title, _cost(case.text)) for case in cases)
    found = sorted(path.parent for path in runs.glob("*/config.json")) if runs.is_dir() else []
    if found:
        states = [(path, _status(path)) for path in found]
        rows = [(str(path), state.get("status"), state.get("t"), state.get("t_end")) for path, state in states]
        console.print_table("", ("run", "status", "t", "t_end"), rows, right=(2, 3))
    return 0


@app.command
def show(directory: RunDir, /, *, as_json: AsJson = False) -> int:
    """State of a run: final values of all series, drift of the budgets."""
    from kiral import console
    from kiral.core.folder import open_run
    from kiral.summary import summary

    found = summary(open_run(directory))
    if as_json:
        _print_json(found)
    else:
        console.print_show(found)
    return 0


@app.command
def copy(case: Case, file: Annotated[Path, Parameter(help="New case file.")], /) -> int:
    """Copy a case into a file of your own, with its comments, to edit it."""
    from kiral.config.load import find_case

    text = find_case(case).read_text(encoding="utf-8")
    try:
        with open(file, "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise ConfigError(f"{file} exists; kiral overwrites nothing. Give another name.") from None
    except OSError as error:
        raise ConfigError(f"cannot write {file}: {error.strerror}") from None
    print(f"{file}: edit it, then `kiral check {file}`, `kiral run {file}`")
    return 0


@app.command
def check(case: Case, /, *, settings: Settings = None) -> int:
    """Validate a case without running it."""
    from kiral.config.load import load_case

    loaded = load_case(case, _overrides(settings))
    print(f"ok: {loaded.config.title or loaded.name} (configuration {loaded.config.config_hash()[:8]})")
    return 0


@app.command
def estimate(case: Case, /, *, settings: Settings = None, as_json: AsJson = False) -> int:
    """What theory expects of a case, in code and physical units, before anything runs."""
    from kiral import console
    from kiral.config.load import load_case

    loaded = load_case(case, _overrides(settings))
    found = loaded.config.estimates()
    if as_json:
        _print_json(found["flat"])
    else:
        console.print_estimates(loaded.name, found)
    return 0


@app.command
def calc(
    name: Annotated[str | None, Parameter(help="Name of the calculation; none: list them.")] = None,
    /,
    *,
    settings: Settings = None,
    out: Annotated[Path | None, Parameter(help="Folder; runs/calc-<name>-<hash> by default.")] = None,
    figures: Annotated[bool, Parameter(negative="", help="Draw its figures into the folder.")] = False,
    as_json: AsJson = False,
) -> int:
    """A calculation without time, stored in a folder of its own and read from there the next time."""
    from kiral import console
    from kiral.calc import CALCULATIONS, calculate, draw_figures

    if name is None:
        rows = [(key, cls.title, ", ".join(cls.model_fields)) for key, cls in CALCULATIONS.items()]
        console.print_table("", ("calculation", "what", "keys"), rows)
        return 0
    result = calculate(name, _overrides(settings), out)
    drawn = [str(path) for path in draw_figures(name, _overrides(settings), result)] if figures else []
    if as_json:
        _print_json({"figures": drawn, "folder": str(result.path), "cached": result.cached} | result.flat())
    else:
        console.print_result(result)
        if figures:
            print(f"figures: {', '.join(drawn) or 'this calculation has none'}")
    return 0


@app.command
def sweep(
    case: Case,
    /,
    *,
    over: Annotated[list[str], Parameter(negative="", help="KEY=V1,V2; repeatable: all combinations.")],
    out: Annotated[Path, Parameter(help="Folder of the sweep.")],
    settings: Settings = None,
) -> int:
    """Run a case at several values, one run folder each; the same command goes on where it was stopped."""
    from kiral import console
    from kiral.sweep import parse_over
    from kiral.sweep import sweep as run_all

    points = run_all(case, parse_over(over), out, overrides=_overrides(settings))
    rows = [(p.folder, ", ".join(f"{k}={v}" for k, v in p.values.items()), p.status, p.reason) for p in points]
    console.print_table(f"Sweep in {out}", ("folder", "values", "status", "reason"), rows)
    failed = [p for p in points if p.status == "failed"]
    if failed:
        first = f"{failed[0].folder}: {failed[0].reason}"
        print(f"error: {len(failed)} of {len(points)} points failed; {first}", file=sys.stderr)
    elif any(p.status != "finished" for p in points):
        print("stopped; the same command goes on")
    return 4 if failed else 0


@app.command
def reproduce(
    key: Annotated[str | None, Parameter(help="Key of a paper; none: list them.")] = None,
    /,
    *,
    size: Annotated[str, Parameter(help="ci, laptop or paper.")] = "ci",
    fresh: Annotated[bool, Parameter(negative="", help="Delete this paper's runs of this size, and run them again.")] = False,
    out: Annotated[Path | None, Parameter(help="Folder; runs/<key> by default.")] = None,
    as_json: AsJson = False,
) -> int:
    """Reproduce a paper: run what its claims need, judge each of them, and write a page with its figures."""
    from kiral import console
    from kiral.papers.reproduce import papers
    from kiral.papers.reproduce import reproduce as start

    if key is None:
        rows = [(name, title, ", ".join(sizes), count) for name, title, sizes, count in papers()]
        console.print_table("", ("paper", "what", "sizes", "claims"), rows, right=(3,))
        return 0
    found = start(key, size, fresh, out)
    if as_json:
        _print_json(found.as_dict())
    else:
        console.print_reproduction(found)
    return 1 if found.counts["differs"] or found.failures else 0


@app.command
def plot(directory: RunDir, /) -> int:
    """Draw a run's figures and write its page, from what is stored."""
    from kiral.core.folder import open_run

    return _finish(open_run(directory), report=True)


@app.command
def render(
    directory: RunDir,
    /,
    *,
    field: Annotated[str, Parameter(help="Stored field: b, u, mu5, rho, mu.")] = "b",
    time: Annotated[float | None, Parameter(help="Time of the snapshot; the last one by default.")] = None,
    to: Annotated[Path | None, Parameter(help="New PNG file; figures/view_<field>.png of the run by default.")] = None,
) -> int:
    """Draw a stored field in 3-D: surfaces, field lines, box; needs pyvista (kiral[render])."""
    from kiral.core.folder import open_run
    from kiral.report.render import write_view

    path, drawing = write_view(open_run(directory), field, time, to)
    print(f"{path}: {drawing.caption}")
    return 0


@app.command
def export(
    directory: RunDir,
    /,
    *,
    to: Annotated[Path, Parameter(help="New file: .nc (NetCDF); with --as relic also .csv.")],
    form: Annotated[
        Literal["run", "relic"],
        Parameter(name="--as", help="run: all of it; relic: magnetic spectra per log k, comoving gauss and Mpc, a = 1 today."),
    ] = "run",
) -> int:
    """Write a run's series, spectra and snapshots, or its magnetic field as a primordial one, into one file."""
    from kiral import export as files
    from kiral.core.folder import open_run

    if form == "relic":
        files.export_relic(open_run(directory), to)
        print(f"{to}: magnetic spectra as those of a primordial field")
    else:
        files.export_netcdf(open_run(directory), to)
        print(f"{to}: groups scalars, spectra, snapshots")
    return 0


@app.command
def cite(directory: RunDir, /) -> int:
    """What to cite for a run: kiral, and the papers whose equations and methods it used."""
    from kiral.citations import citations
    from kiral.core.folder import open_run

    found = open_run(directory)
    version = found.provenance.get("versions", {}).get("kiral") or __version__
    print("\n".join(citations(found.config, version)))
    return 0


def _overrides(settings: Sequence[str] | None) -> dict[str, Any]:
    from kiral.config.load import parse_overrides

    return parse_overrides(list(settings or []))


def _status(path: Path) -> dict[str, Any]:
    """State of a run for the list, which a damaged folder does not end."""
    from kiral.core.folder import open_run

    try:
        return open_run(path).status
    except RunFolderError:
        return {"status": "unreadable"}


def _cost(text: str) -> str:
    lines = (line.removeprefix("# cost:").strip() for line in text.splitlines() if line.startswith("# cost:"))
    return next(lines, "")


def _finish(finished: Run, report: bool) -> int:
    """What a run leaves behind: page, figures, estimates beside what was measured, drift."""
    from kiral import console

    if report:
        from kiral.report.page import write_report

        print("drawing the figures ...", file=sys.stderr)
        write_report(finished.path)
    console.print_end(finished)
    return 0


def _print_json(value: Any) -> None:
    from kiral.summary import jsonable

    print(json.dumps(jsonable(value), indent=1))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors that a user can act on are one message, never a traceback."""
    try:
        status = app(arguments, exit_on_error=False, print_error=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except KiralError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except CycloptsError as error:
        print(f"error: {error}", file=sys.stderr)
        return ConfigError.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        print(f"error: {error}", file=sys.stderr)
        return RunFolderError.exit_code


def _drop_output() -> None:
    """What is still to be printed can't be: keep Python from trying again when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
