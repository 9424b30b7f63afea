"""What compares the points of a sweep, in its folder: points.csv, points.zarr, figures/overview.png, report.html."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from kiral.core.files import atomic_write
from kiral.core.folder import open_run
from kiral.sweeps.points import Point
from kiral.sweeps.table import Table, make_table, write_csv, write_zarr


def write_comparison(out: Path, points: Sequence[Point], *, report: bool) -> None:
    """The table of all points; with `report` its figures and the page too. Raises RunFolderError."""
    table = make_table(out, points)
    write_csv(out / "points.csv", table)
    write_zarr(out / "points.zarr", table)
    if report and any(point.status == "finished" for point in points):
        _write_page(out, points, table)


def _write_page(out: Path, points: Sequence[Point], table: Table) -> None:
    from kiral.report import html, style
    from kiral.report.subjects import subject
    from kiral.sweeps.figures import draw_overview

    config = open_run(out / next(point.folder for point in points if point.status == "finished")).config
    names = subject(config).compare
    pictures = ""
    if (drawing := draw_overview(table, names)) is not None:
        png = style.png_bytes(drawing.figure)
        atomic_write(out / "figures" / "overview.png", png)
        pictures = html.section("figures", "Final values", html.figure(drawing, png))
    title = f"Sweep: {config['title'] or out.name}"
    states = Counter(point.status for point in points)
    counts = ", ".join(f"{count} {status}" for status, count in states.items())
    header = f"<h1>{escape(title)}</h1>\n<p class=\"soft\">{escape(f'{len(points)} points: {counts}')}</p>"
    body = pictures + html.section("points", "Points", html.table(*_cells(table, names)) + _where())
    atomic_write(out / "report.html", html.page(title, header, body).encode())


def _cells(table: Table, names: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the page's table: a few columns of all."""
    wanted = ["point", *(c.name for c in table.of("swept")), "status", *names, *(c.name for c in table.of("drift")), "wall_s"]
    columns = [table.columns[name] for name in wanted if name in table.columns]
    header = [f"{c.name} [{c.unit}]" if c.unit not in ("", "1") else c.name for c in columns]
    rows = zip(*([_text(value) for value in column.values] for column in columns), strict=True)
    return header, [list(row) for row in rows]


def _text(value: Any) -> str:
    from kiral.report.tables import number

    return str(value) if isinstance(value, str | bool | list | int) else number(value)


def _where() -> str:
    return (
        "<p>All columns, with all digits: <code>points.csv</code>, and <code>points.zarr</code> "
        "(<code>xarray.open_zarr(…, consolidated=False)</code>, with units). Each point is a run folder: "
        "<code>kiral plot</code> draws it.</p>"
    )
