"""What the commands print: tables and lines, from plain values. Imports rich, not jax."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from kiral.core.estimate import in_bytes, in_time

if TYPE_CHECKING:
    from pathlib import Path

    from kiral.calc import Result
    from kiral.core.estimate import Range
    from kiral.core.folder import Run
    from kiral.papers.reproduce import Reproduction
    from kiral.papers.runs import PaperRun
    from kiral.resources import Resources


def console() -> Console:
    """Standard output; wide enough for tables where it is not a terminal."""
    return Console(width=None if sys.stdout.isatty() else 150, highlight=False, soft_wrap=not sys.stdout.isatty())


def number(value: Any) -> str:
    """A number in four digits; a dash where there is none; yes or no."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:.4g}"


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> None:
    """One table; `right` lists the columns of numbers."""
    table = Table(title=title or None, box=box.SIMPLE, title_justify="left", title_style="bold")
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(number(cell) for cell in row))
    console().print(table)


def print_cases(cases: Iterable[tuple[str, str, str, str]]) -> None:
    """Name, title, cost of the cases, and the sizes that they have beside their own."""
    print_table("", ("case", "what it shows", "cost", "--size"), cases)


def print_estimates(name: str, found: Mapping[str, Any]) -> None:
    """All of `kiral estimate`: the case's estimates, their validity, and the paper's tables recomputed."""
    physical = any(r.physical is not None for r in found["records"])
    records = [
        (r.name, r.title, r.value, r.code_unit, *((r.physical, r.physical_unit) if physical else ()), r.equation)
        for r in found["records"]
        if r.value is not None
    ]
    columns = ("name", "estimate", "code units", "", *(("physical (comoving)", "") if physical else ()), "equation")
    print_table(f"Estimates for {name}", columns, records, right=(2, 4) if physical else (2,))
    validity = [
        (v.meaning, v.value, v.limit, {True: "yes", False: "no", None: "-"}[v.holds]) for v in found["validity"]
    ]
    if validity:
        print_table("Where they hold", ("condition", "value", "limit", "holds"), validity, right=(1, 2))
    if found["table1"]:
        _print_paper_tables(found)


def _print_paper_tables(found: Mapping[str, Any]) -> None:
    """Tables 1 and 2 and the fiducial values of Gurgenidze et al. (2025), printed and recomputed."""
    rows = [(r["name"], r["symbol"], r["relation"], r["printed"], r["value"], r["unit"]) for r in found["table1"]]
    print_table("Units (Gurgenidze et al. 2025, Table 1)", ("", "", "", "paper", "here", "unit"), rows, right=(3, 4))
    names = (
        "label",
        "eta",
        "lam",
        "gamma5",
        "amplitude",
        "t_phi",
        "n",
        "k_min",
        "k_max",
        "t_cross",
        "k_cross",
        "k_phi",
    )
    names += ("helicity", "helicity_gauss2_mpc")
    rows = [[row[key] for key in names] for row in found["table2"]]
    titles = ["run", *names[1:-1], "helicity [G² Mpc]"]
    print_table("The paper's runs (Table 2) and what follows from them", titles, rows, right=range(1, len(names)))
    rows = [(r["equation"], r["name"], r["printed"], r["value"], r["unit"], r["note"]) for r in found["fiducial"]]
    print_table("Fiducial values", ("equation", "", "paper", "here", "unit", "note"), rows, right=(2, 3))


def print_resources(name: str, found: Resources) -> None:
    """All of `kiral estimate --resources`: memory, steps and what limits them, wall time, disk."""
    needs, each = found.needs, "" if found.devices == 1 else " on each device"
    rows = [(part, in_bytes(size)) for part, size in found.memory.items()]
    rows += [(f"together{each}", in_bytes(found.device_memory))]
    rows += [("with Python, jax and compiler, on a processor", in_bytes(found.host_memory))]
    rows += [("free on this machine", in_bytes(found.free))] if found.free is not None else []
    print_table(f"Memory of {name}", ("what for", "bytes"), rows, right=(1,))
    limits = sorted(needs.limits, key=lambda limit: limit.narrowest)
    print_table("What limits the step", ("", "longest step", "shortest step"),
                [limit[:3] for limit in limits if math.isfinite(limit.narrowest)], right=(1, 2))  # fmt: skip
    points = f"{needs.points} points, {found.devices} device{'s' if found.devices > 1 else ''}"
    rows = [(f"steps ({needs.evaluations} right-hand sides each)", *needs.steps, "rates at their slowest and fastest")]
    rows += [("ns per point and right-hand side", *needs.seconds.times(1e9 * found.devices / needs.points), needs.measured)]
    rows += [("wall time", *map(in_time, found.wall), f"{points}; these two together")]
    rows += [("wall time, bound on a GPU", *map(in_time, found.gpu), f"bytes over bandwidth of {found.gpu_name}, not measured")]
    rows += [(f"disk: {part}", *map(in_bytes, size), _rows(found.rows.get(part))) for part, size in found.disk.items()]
    rows += [("disk, together", *map(in_bytes, found.disk_total), "without figures")]
    print_table("Time and disk", ("", "at least", "at most", "from"), rows, right=(1, 2))
    if needs.unknown:
        print(f"left out, since not known: {', '.join(needs.unknown)}")


def print_cases_written(written: Iterable[tuple[Path, PaperRun, Resources | None]]) -> None:
    """Case files of a paper's runs, with what each will need."""
    rows = [(str(path), run.note, *(("-",) * 4 if found is None else found.brief())) for path, run, found in written]
    print_table("", ("case file", "run", "memory", "steps", "wall time on a processor", "disk"), rows)


def _rows(count: Range | None) -> str:
    if count is None:
        return "those kept, and the one being written"
    return f"{count.low:.0f} rows" if count.low == count.high else f"{count.low:.0f} to {count.high:.0f} rows"


def print_result(result: Result) -> None:
    """The numbers of a calculation and where all of it is stored."""
    rows = []
    for name, values in result.data.variables.items():
        shown = f"{values.size} values" if values.ndim else number(values.item())
        rows.append((str(name), shown, values.attrs.get("units", ""), values.attrs.get("long_name", "")))
    print_table("", ("name", "value", "unit", ""), rows, right=(1,))
    if warning := result.data.attrs.get("warning"):
        print(f"warning: {warning}")
    print(f"{'computed before' if result.cached else 'stored'}: {result.path}")


def print_end(run: Run) -> None:
    """The end of `kiral run`: estimates beside what was measured, drift of the budgets, where everything is."""
    from kiral.report.subjects import subject

    if run.series.sizes.get("t"):
        found = subject(run.config)
        shown = found.estimate_columns
        rows = [cells[:shown] for cells in found.estimates(run)]
        print_table("Estimates and what was measured", found.estimate_header[:shown], rows, right=range(2, shown))
    print_drift(run.drift)
    figures = sorted(path.name for path in (run.path / "figures").glob("*.png"))
    print(f"run folder: {run.path}")
    if figures:
        print(f"figures:    {run.path / 'figures'} ({', '.join(figures)})")
    if (run.path / "report.html").exists():
        print(f"page:       {run.path / 'report.html'}")
    status = run.status
    if status["status"] == "failed":
        print(f"failed: {status['reason']}")
    elif status["status"] == "running":
        print(f"still running: t = {number(status['t'])} of {number(status['t_end'])}")
    elif status["status"] != "finished":
        print(f"not finished ({status['status']}); go on with: kiral resume {run.path}")


def print_reproduction(found: Reproduction) -> None:
    """Verdicts of a paper's claims: how many, which differ and why, which need more, and where the page is."""
    print_table(f"{found.key} at size {found.size}", ("verdict", "claims"), list(found.counts.items()), right=(1,))
    for word in ("corrected", "larger"):
        names = [result.claim.id for result in found.results if result.verdict == word]
        if names:
            print(f"{word}: {', '.join(names)}")
    for result in found.results:
        if result.verdict == "differs":
            ours = "" if result.ours is None else f"ours {number(result.ours)}, printed {result.claim.printed}; "
            print(f"differs: {result.claim.id} ({result.claim.where}): {ours}{result.reason}")
    for figure in found.failures:
        print(f"figure {figure.name} {figure.reason}")
    print(f"page: {found.report}")


def print_show(found: Mapping[str, Any]) -> None:
    """State, final values and drift of a run, from `kiral.summary.summary`."""
    for key in ("folder", "status", "reason", "t", "t_end", "step", "wall_s"):
        if found.get(key) not in (None, ""):
            print(f"{key:10s} {number(found[key])}")
    rows = [(name, value, found["units"][name]) for name, value in found["series"].items()]
    print_table("", ("series", "final value", "unit"), rows, right=(1,))
    print_drift(found["drift"])
    for warning in found["warnings"]:
        print(f"warning: {warning}")


def print_drift(drift: Mapping[str, float]) -> None:
    """The budgets' drift, one line."""
    if drift:
        print("budgets: " + ", ".join(f"{name} drift {value:.1e}" for name, value in drift.items()))
