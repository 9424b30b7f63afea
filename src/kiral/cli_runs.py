"""The commands that check, run and compute. What is heavy is imported inside them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kiral.cli_common import (
    AsJson,
    Case,
    Coordinator,
    Processes,
    ProcessId,
    RunDir,
    Settings,
    Size,
    finish,
    overrides,
    print_json,
)
from kiral.errors import ConfigError, RunFolderError

if TYPE_CHECKING:
    from kiral.config.load import LoadedCase

LAUNCHED = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"}
"""What launchers tell each process of a parallel run about the number of processes."""


def run(
    case: Case,
    /,
    *,
    size: Size = None,
    settings: Settings = None,
    out: Annotated[Path | None, Parameter(help="Run folder; runs/<case>-<hash> by default.")] = None,
    report: Annotated[bool, Parameter(negative="--no-report", help="Draw the figures and write report.html.")] = True,
    coordinator: Coordinator = None,
    processes: Processes = None,
    process_id: ProcessId = None,
) -> int:
    """Run a case: equations, figures, and a page about the run."""
    from kiral.api import run as start

    _connect(coordinator, processes, process_id)
    return finish(start(case, overrides(settings), size=size, out=out), report)


def resume(
    directory: RunDir,
    /,
    *,
    settings: Settings = None,
    report: Annotated[bool, Parameter(negative="--no-report", help="Draw the figures and write report.html.")] = True,
    coordinator: Coordinator = None,
    processes: Processes = None,
    process_id: ProcessId = None,
) -> int:
    """Go on with a stopped or killed run; only time.t_end, time.wall_limit and output.* may be --set."""
    from kiral.api import resume as go_on

    _connect(coordinator, processes, process_id)
    return finish(go_on(directory, overrides(settings)), report)


def list_cases(*, runs: Annotated[Path, Parameter(help="Folder of the runs.")] = Path("runs")) -> int:
    """The cases that come with kiral, and the runs that are there."""
    from kiral import console
    from kiral.config.load import case_names, case_sizes, load_case

    cases = [load_case(name) for name in case_names()]
    console.print_cases((case.name, case.config.title, _cost(case.text), ", ".join(case_sizes(case.name))) for case in cases)
    found = sorted(path.parent for path in runs.glob("*/config.json")) if runs.is_dir() else []
    if found:
        states = [(path, _status(path)) for path in found]
        rows = [(str(path), state.get("status"), state.get("t"), state.get("t_end")) for path, state in states]
        console.print_table("", ("run", "status", "t", "t_end"), rows, right=(2, 3))
    return 0


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


def check(case: Case, /, *, size: Size = None, settings: Settings = None) -> int:
    """Validate a case without running it."""
    from kiral.config.load import load_case

    loaded = load_case(case, overrides(settings), size=size)
    print(f"ok: {loaded.config.title or loaded.name} (configuration {loaded.config.config_hash()[:8]})")
    return 0


def estimate(
    case: Case,
    /,
    *,
    size: Size = None,
    settings: Settings = None,
    resources: Annotated[bool, Parameter(negative="", help="Memory, steps, wall time and disk instead of theory.")] = False,
    devices: Annotated[int, Parameter(help="Number of devices that share the box, for --resources.")] = 1,
    measure: Annotated[bool, Parameter(negative="", help="With --resources: time a few steps on this machine first.")] = False,
    as_json: AsJson = False,
) -> int:
    """What theory expects of a case, in code and physical units, before anything runs; or what the run will need."""
    from kiral import console
    from kiral.config.load import load_case

    loaded = load_case(case, overrides(settings), size=size)
    if resources:
        return _resources(loaded, devices, measure, as_json)
    found = loaded.config.estimates()
    if as_json:
        print_json(found["flat"])
    else:
        console.print_estimates(loaded.name, found)
    return 0


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
    result = calculate(name, overrides(settings), out)
    drawn = [str(path) for path in draw_figures(name, overrides(settings), result)] if figures else []
    if as_json:
        print_json({"figures": drawn, "folder": str(result.path), "cached": result.cached} | result.flat())
    else:
        console.print_result(result)
        if figures:
            print(f"figures: {', '.join(drawn) or 'this calculation has none'}")
    return 0


def sweep(
    case: Case,
    /,
    *,
    over: Annotated[list[str], Parameter(negative="", help="KEY=V1,V2; repeatable: all combinations.")],
    out: Annotated[Path, Parameter(help="Folder of the sweep.")],
    settings: Settings = None,
    batch: Annotated[str, Parameter(help="Points advanced together: auto (where it pays), off, or a number.")] = "auto",
    workers: Annotated[int | None, Parameter(help="Processes on this machine; 0: this one. One per core by default.")] = None,
    scheduler: Annotated[str | None, Parameter(help="Address of a Dask scheduler to use instead.")] = None,
    report: Annotated[bool, Parameter(negative="--no-report", help="Draw the overview and write report.html.")] = True,
) -> int:
    """Run a case at several values, one run folder each; the same command goes on where it was stopped."""
    from kiral import console
    from kiral.sweeps import parse_over
    from kiral.sweeps import sweep as run_all
    from kiral.sweeps.plan import parse_batch

    where = {"batch": parse_batch(batch), "workers": workers, "scheduler": scheduler}
    points = run_all(case, parse_over(over), out, overrides=overrides(settings), report=report, **where)
    rows = [(p.folder, ", ".join(f"{k}={v}" for k, v in p.values.items()), p.status, p.reason) for p in points]
    console.print_table(f"Sweep in {out}", ("folder", "values", "status", "reason"), rows)
    failed = [p for p in points if p.status == "failed"]
    if failed:
        first = f"{failed[0].folder}: {failed[0].reason}"
        print(f"error: {len(failed)} of {len(points)} points failed; {first}", file=sys.stderr)
    elif any(p.status != "finished" for p in points):
        print("stopped; the same command goes on")
    print(f"table: {out / 'points.csv'}" + (f", page: {out / 'report.html'}" if (out / "report.html").exists() else ""))
    return 4 if failed else 0


def reproduce(
    key: Annotated[str | None, Parameter(help="Key of a paper; none: list them.")] = None,
    /,
    *,
    size: Annotated[str, Parameter(help="ci, laptop or paper.")] = "ci",
    fresh: Annotated[bool, Parameter(negative="", help="Delete this paper's runs of this size, and run them again.")] = False,
    out: Annotated[Path | None, Parameter(help="Folder; runs/<key> by default.")] = None,
    cases: Annotated[Path | None, Parameter(help="Only write the size's runs as case files into this folder.")] = None,
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
    if cases is not None:
        from kiral.papers.cases import write_cases

        console.print_cases_written(write_cases(key, size, cases))
        return 0
    found = start(key, size, fresh, out)
    if as_json:
        print_json(found.as_dict())
    else:
        console.print_reproduction(found)
    return 1 if found.counts["differs"] or found.failures else 0


def _connect(coordinator: str | None, number: int | None, index: int | None) -> None:
    """Join the other processes of the run, where there are any."""
    if coordinator is number is index is None and not LAUNCHED & os.environ.keys():
        return
    from kiral.devices import connect

    connect(coordinator, number, index)


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


def _resources(loaded: LoadedCase, devices: int, measure: bool, as_json: bool) -> int:
    from kiral import console
    from kiral.measure import estimated

    found = estimated(loaded, devices, measure)
    if as_json:
        print_json(found.flat())
    else:
        console.print_resources(loaded.name, found)
    return 0
