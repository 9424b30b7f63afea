"""The page of a run: figures/*.png and report.html in its folder, from what is stored there.

The page is one static file: pictures are inside it, it needs no server and no script, and it reads on a desk and on a
phone. Whatever comes from the run is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from kiral.core.files import atomic_write
from kiral.core.folder import open_run
from kiral.mhd import figures
from kiral.mhd.analysis import equations
from kiral.report import style, tables

STATUS_WORDS = {
    "created": "created, not started",
    "running": "still running: the page shows what is stored so far",
    "finished": "reached its end time",
    "stopped": "stopped before its end, can be resumed",
    "failed": "failed",
}
SOURCE = "Gurgenidze, Long, Roper Pol, Brandenburg, Kahniashvili, “Primordial magnetic field from chiral plasma \
instability with sourcing” (2025), called G25 here."

CSS = """
:root { color-scheme: light; --ink: #1c2024; --soft: #5b6570; --line: #dfe3e8; --paper: #ffffff; --wash: #f5f7f9;
  --accent: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--wash); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; overflow-wrap: anywhere; }
main, header > div { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
header { background: var(--paper); border-bottom: 1px solid var(--line); padding: 22px 0 16px; }
h1 { margin: 0 0 8px; font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 34px 0 10px; font-size: 1.25rem; }
p { margin: 8px 0; }
a { color: var(--accent); }
nav a { margin-right: 14px; white-space: nowrap; }
.status { display: inline-block; padding: 1px 10px; border-radius: 12px; font-weight: 600; color: #fff;
  background: #5b6570; }
.status.finished { background: #00734f; } .status.failed { background: #b03a00; }
.status.running, .status.stopped { background: #8a5a00; }
.soft { color: var(--soft); }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.note { border-left: 4px solid #d55e00; margin: 8px 0; }
pre { margin: 0; overflow-x: auto; font: 14px/1.6 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; background: var(--paper); font-size: 0.93rem; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
td.n, th.n { white-space: nowrap; font-variant-numeric: tabular-nums; }
td:first-child { font-weight: 600; }
details > summary { cursor: pointer; color: var(--accent); padding: 4px 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); gap: 16px; }
figure { margin: 0; }
figure h3 { margin: 0 0 6px; font-size: 1.02rem; }
figure img { display: block; width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: 0.9rem; margin-top: 6px; }
@media (max-width: 760px) {
  main, header > div { padding: 0 12px; }
  h1 { font-size: 1.35rem; }
  .card { padding: 10px 10px; }
  table.stack thead { display: none; }
  table.stack, table.stack tbody, table.stack tr, table.stack td { display: block; width: 100%; }
  table.stack tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  table.stack td { border: 0; padding: 1px 4px; white-space: normal; }
  table.stack td.empty { display: none; }
  table.stack td[data-label]:not(:first-child)::before { content: attr(data-label) ": "; color: var(--soft); }
}
@media print { body { background: #fff; } .card, figure { break-inside: avoid; } }
"""


def write_figures(run_dir: str | Path) -> list[Path]:
    """Draw every figure that makes sense for the run, and an overview, into figures/*.png. Returns the files.

    Each file is replaced at once. Raises RunFolderError for a folder that is no run, or that cannot be written.
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
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – kiral</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f"{_header(run, title)}\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _write_drawings(run: Any) -> Iterator[tuple[Path, style.Drawing]]:
    """Draw and write one figure after the other; the data of a figure are freed with it."""
    for drawing in figures.draw_all(run):
        yield _write_png(run.path, drawing, style.DPI), drawing
    if (drawing := figures.overview(run)) is not None:
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
    menu = "".join(f'<a href="#{name}">{text}</a>' for name, text in links)
    return (
        f'<header><div><h1>{escape(title)}</h1>\n<p><span class="status {escape(word)}">{escape(word)}</span> '
        f"{escape(STATUS_WORDS.get(word, ''))}{escape(reason)}</p>\n"
        f'<p class="soft">{escape(_summary(run))}</p>\n<nav>{menu}</nav></div></header>'
    )


def _summary(run: Any) -> str:
    """One line: how far, how large, how long."""
    status, config = run.status, run.config
    parts = ["Chiral magnetohydrodynamics", " × ".join(str(n) for n in config["geometry"]["n"]) + " points"]
    parts.append(config["devices"]["precision"])
    if status.get("t") is not None:
        end = status.get("t_end", config["time"]["t_end"])
        parts.append(f"t = {tables.number(status['t'])} of {tables.number(end)} t*")
    if status.get("step") is not None:
        parts.append(f"{status['step']} steps ({status.get('rejected', 0)} rejected)")
    if status.get("wall_s") is not None:
        compilation = _duration(status.get("compile_s") or 0.0)
        parts.append(f"{_duration(status['wall_s'])} wall time (compilation {compilation})")
    return " · ".join(parts)


def _sections(run: Any, drawn: Sequence[tuple[style.Drawing, bytes]]) -> Iterator[str]:
    notes = [*(_warning(w) for w in run.status.get("warnings", [])), *tables.remarks(run)]
    if notes:
        yield _section("notes", "To know before using the numbers", "".join(_note(text) for text in notes))
    cells = [tables.estimate_cells(row) for row in tables.estimate_table(run)]
    source = f'<p class="soft">{escape(SOURCE)} Estimates in code units; G² Mpc with a = 1 today.</p>'
    yield _section("estimates", "Estimates and what was measured", source + _table(tables.ESTIMATE_HEADER, cells))
    yield _section("equations", "What was solved", _equations(run.config))
    gallery = "".join(_figure(drawing, png) for drawing, png in drawn) or "<p>Nothing is stored yet.</p>"
    yield _section("figures", "Figures", f'<div class="figures">{gallery}</div>')
    cells = [tables.budget_cells(row) for row in tables.budget_table(run)]
    text = "<p>A total changes by its booked production only. Drift: what is left, over the largest sum of terms.</p>"
    yield _section("budgets", "Budgets", text + _table(tables.BUDGET_HEADER, cells))
    yield _section("case", "Case", _case(run))
    yield _section("provenance", "Provenance", _table(("what", "value"), _provenance(run)))
    yield _section("data", "The data", _data(run))


def _equations(config: dict[str, Any]) -> str:
    lines = escape("\n".join(equations(config)))
    return (
        f'<div class="card"><pre>{lines}</pre></div><p class="soft">Comoving quantities, conformal time, '
        "Heaviside–Lorentz units with c = 1; lengths in l*, times in t*, energies in E*. μ5 is the chiral chemical "
        "potential as a wave number. Periodic box, Fourier pseudo-spectral, 2/3 rule.</p>"
    )


def _case(run: Any) -> str:
    parameters = _table(("key", "value"), tables.parameter_table(run.config))
    values = _table(("series", "meaning", "last value", "unit"), tables.last_values(run))
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
    yield "wall time", _duration(run.status.get("wall_s") or 0.0)


def _data(run: Any) -> str:
    folder = repr(str(run.path))
    code = (
        "import xarray\n"
        f"folder = {folder}\n"
        'tree = xarray.open_datatree(folder + "/series.zarr", engine="zarr", consolidated=False)\n'
        'tree["scalars"].b_rms    # numbers in time, with units in .attrs\n'
        'tree["spectra"].energy_spectrum\n\n'
        "import kiral\nrun = kiral.open_run(folder)    # run.series, run.spectra, run.snapshots"
    )
    return (
        f"<p>In <code>{escape(str(run.path))}</code>: <code>series.zarr</code> (numbers in time and spectra), "
        "<code>snapshots.zarr</code> (fields), <code>figures/</code>, <code>config.json</code>, "
        f'<code>provenance.json</code>, <code>log.txt</code>.</p><div class="card"><pre>{escape(code)}</pre></div>'
    )


def _section(name: str, title: str, body: str) -> str:
    return f'<section id="{name}">\n<h2>{escape(title)}</h2>\n{body}\n</section>\n'


def _note(text: str) -> str:
    return f'<p class="card note">{escape(text)}</p>'


def _warning(warning: Any) -> str:
    return str(warning.get("message", warning)) if isinstance(warning, dict) else str(warning)


def _figure(drawing: style.Drawing, png: bytes) -> str:
    data = base64.b64encode(png).decode()
    return (
        f'<figure class="card" id="figure-{escape(drawing.name)}"><h3>{escape(drawing.title)}</h3>'
        f'<img alt="{escape(drawing.caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(drawing.caption)}</figcaption></figure>\n"
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that turns into a list of labelled values where the screen is narrow."""
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    body = "".join(f"<tr>{''.join(_cell(*pair) for pair in zip(header, row, strict=True))}</tr>\n" for row in rows)
    return f'<table class="stack"><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n'


def _cell(label: str, text: str) -> str:
    kind = "empty" if text in ("", "–") else "n" if len(text) < 22 else ""
    return f'<td class="{kind}" data-label="{escape(label)}">{escape(text)}</td>'


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
