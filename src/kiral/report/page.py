"""The page of a run: figures/*.png and report.html in its folder, from what is stored there.

The page is one static file: pictures are inside it, it needs no server and no script, and it reads on a desk and on a
phone. Whatever comes from the run is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from kiral.core.files import atomic_write
from kiral.core.folder import open_run
from kiral.report import html, style, tables
from kiral.report.subjects import Subject, subject

STATUS_WORDS = {
    "created": "created, not started",
    "running": "still running: the page shows what is stored so far",
    "finished": "reached its end time",
    "stopped": "stopped before its end, can be resumed",
    "failed": "failed",
}


def write_figures(run_dir: str | Path) -> list[Path]:
    """Draw every figure that makes sense for the run, and an overview, into figures/*.png. Returns the files.

    Each file is replaced at once. Raises RunFolderError for a folder that is no run, is damaged, or cannot be written.
    """
    return [path for path, _ in _write_drawings(open_run(run_dir))]


def write_report(run_dir: str | Path) -> Path:
    """Draw the figures (as `write_figures` does) and write report.html beside them. Returns the page's path."""
    run = open_run(run_dir)
    drawn = [(drawing, path.read_bytes()) for path, drawing in _write_drawings(run)]
    path = run.path / "report.html"
    atomic_write(path, render(run, drawn).encode())
    return path


def render(run: Any, drawn: Sequence[tuple[style.Drawing, bytes]]) -> str:
    """The page's HTML; `drawn` are the drawings with their PNG bytes. The overview stays a file of its own."""
    title = run.config["title"] or run.path.name
    body = "".join(_sections(run, [(drawing, png) for drawing, png in drawn if drawing.name != "overview"]))
    return html.page(title, _header(run, title), body)


def _write_drawings(run: Any) -> Iterator[tuple[Path, style.Drawing]]:
    """Draw and write one figure after the other; the data of a figure are freed with it."""
    found = subject(run.config)
    with run.reading():
        for drawing in found.draw_all(run):
            yield _write_png(run.path, drawing, style.DPI), drawing
        if (drawing := found.overview(run)) is not None:
            yield _write_png(run.path, drawing, style.OVERVIEW_DPI), drawing


def _write_png(run_path: Path, drawing: style.Drawing, dpi: int) -> Path:
    path = run_path / "figures" / f"{drawing.name}.png"
    atomic_write(path, style.png_bytes(drawing.figure, dpi))
    return path


def _header(run: Any, title: str) -> str:
    status = run.status
    word = str(status.get("status", "unknown"))
    reason = f" – {status['reason']}" if status.get("reason") else ""
    links = (("estimates", "Estimates"), ("figures", "Figures"), ("budgets", "Budgets"), ("case", "Case"),
             ("provenance", "Provenance"), ("data", "Data"))  # fmt: skip
    return (
        f'<h1>{escape(title)}</h1>\n<p><span class="status {escape(word)}">{escape(word)}</span> '
        f"{escape(STATUS_WORDS.get(word, ''))}{escape(reason)}</p>\n"
        f'<p class="soft">{escape(_summary(run))}</p>\n{html.menu(links)}'
    )


def _summary(run: Any) -> str:
    """One line: how far, how large, how long."""
    status, config = run.status, run.config
    parts = [subject(config).name, _points(config["geometry"])]
    parts.append(config["devices"]["precision"])
    if status.get("t") is not None:
        end = status.get("t_end", config["time"]["t_end"])
        unit = run.series["t"].attrs.get("units", "")
        parts.append(f"t = {tables.number(status['t'])} of {tables.number(end)} {unit}".rstrip())
    if status.get("step") is not None:
        parts.append(f"{status['step']} steps ({status.get('rejected', 0)} rejected)")
    if status.get("wall_s") is not None:
        compilation = html.duration(status.get("compile_s") or 0.0)
        parts.append(f"{html.duration(status['wall_s'])} wall time (compilation {compilation})")
    return " · ".join(parts)


def _points(geometry: dict[str, Any]) -> str:
    """Size of the grid: of a box, or of a shell with degrees."""
    if "n_r" in geometry:
        return f"{geometry['n_r']} radial intervals, degrees to {geometry['l_max']}"
    return " × ".join(str(n) for n in geometry["n"]) + " points"


def _sections(run: Any, drawn: Sequence[tuple[style.Drawing, bytes]]) -> Iterator[str]:
    found = subject(run.config)
    notes = [*(_warning(w) for w in run.status.get("warnings", [])), *found.remarks(run)]
    if notes:
        yield html.section("notes", "To know before using the numbers", "".join(html.note(text) for text in notes))
    source = f'<p class="soft">{escape(found.source)}</p>'
    estimates = html.table(found.estimate_header, found.estimates(run))
    yield html.section("estimates", "Estimates and what was measured", source + estimates)
    yield html.section("equations", "What was solved", _equations(found, run.config))
    gallery = "".join(html.figure(drawing, png) for drawing, png in drawn) or "<p>Nothing is stored yet.</p>"
    yield html.section("figures", "Figures", f'<div class="figures">{gallery}</div>')
    cells = [tables.budget_cells(row) for row in tables.budget_table(run)]
    text = "<p>A total changes by its booked production only. Drift: what is left, over the largest sum of terms.</p>"
    yield html.section("budgets", "Budgets", text + html.table(tables.BUDGET_HEADER, cells))
    yield html.section("case", "Case", _case(run))
    yield html.section("provenance", "Provenance", html.table(("what", "value"), _provenance(run)))
    yield html.section("data", "The data", _data(run))


def _equations(found: Subject, config: dict[str, Any]) -> str:
    lines = escape("\n".join(found.equations(config)))
    return f'<div class="card"><pre>{lines}</pre></div><p class="soft">{escape(found.conventions)}</p>'


def _case(run: Any) -> str:
    parameters = html.table(("key", "value"), tables.parameter_table(run.config))
    values = html.table(("series", "meaning", "last value", "unit"), tables.last_values(run))
    return (
        f"<details><summary>All parameters</summary>{parameters}</details>"
        f"<details><summary>Last value of every series</summary>{values}</details>"
    )


def _provenance(run: Any) -> Iterator[tuple[str, str]]:
    """What made the run, readable; the rest is in provenance.json."""
    record = run.provenance
    git, versions = record.get("git") or {}, record.get("versions") or {}
    command = record.get("command", "")
    facts = {
        "command": command if isinstance(command, str) else " ".join(map(str, command)),
        "git": f"{git.get('hash')}{' with local changes' if git.get('dirty') else ''}" if git.get("hash") else None,
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items() if version),
        "device": ", ".join(f"{key} {value}" for key, value in (record.get("device") or {}).items()),
        "processor": record.get("cpu"),
        "precision": run.config["devices"]["precision"],
        "seed": run.config["seed"],
        "configuration (sha256)": record.get("config_hash"),
        "started": record.get("started"),
        "ended": record.get("ended"),
        "resumed": f"{len(record.get('resumed') or [])} times",
    }
    for key, value in facts.items():
        if value not in (None, ""):
            yield key, str(value)
    yield "wall time", html.duration(run.status.get("wall_s") or 0.0)


def _data(run: Any) -> str:
    folder = repr(str(run.path))
    code = (
        "import xarray\n"
        f"folder = {folder}\n"
        'tree = xarray.open_datatree(folder + "/series.zarr", engine="zarr", consolidated=False)\n'
        f'tree["scalars"].{_example(run.series, "b_rms", "b_mean")}    # numbers in time, with units in .attrs\n'
        f'tree["spectra"].{_example(run.spectra, "energy_spectrum", "energy_l")}\n\n'
        "import kiral\nrun = kiral.open_run(folder)    # run.series, run.spectra, run.snapshots"
    )
    return (
        f"<p>In <code>{escape(str(run.path))}</code>: <code>series.zarr</code> (numbers in time and spectra), "
        "<code>snapshots.zarr</code> (fields), <code>figures/</code>, <code>config.json</code>, "
        f'<code>provenance.json</code>, <code>log.txt</code>.</p><div class="card"><pre>{escape(code)}</pre></div>'
    )


def _example(data: Any, *names: str) -> str:
    """The first of the names that is stored, else whatever is."""
    stored = [] if data is None else [str(name) for name in data.data_vars]
    return next((name for name in (*names, *stored) if name in stored), names[0])


def _warning(warning: Any) -> str:
    return str(warning.get("message", warning)) if isinstance(warning, dict) else str(warning)
