"""Pieces of a static HTML page: one file, no script, no server, nothing loaded from elsewhere; reads on desk and phone.

Whatever is put in as text is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from kiral.report.style import Drawing

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
th { color: var(--soft); font-weight: 600; overflow-wrap: normal; }
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


def page(title: str, header: str, body: str, css: str = "") -> str:
    """A whole page; `header` and `body` are HTML, `css` is added to the shared look."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – kiral</title>\n<style>{CSS}{css}</style>\n</head>\n<body>\n"
        f"<header><div>{header}</div></header>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def section(name: str, title: str, body: str) -> str:
    """A titled part of the page; `body` is HTML, `name` its anchor."""
    return f'<section id="{name}">\n<h2>{escape(title)}</h2>\n{body}\n</section>\n'


def menu(links: Iterable[tuple[str, str]]) -> str:
    """Links to (anchor, text) on this page."""
    return "<nav>" + "".join(f'<a href="#{name}">{escape(text)}</a>' for name, text in links) + "</nav>"


def note(text: str) -> str:
    """A remark that must not be missed."""
    return f'<p class="card note">{escape(text)}</p>'


def figure(drawing: Drawing, png: bytes, below: str = "") -> str:
    """A drawing with its picture inside the page; `below` is HTML after the caption."""
    data = base64.b64encode(png).decode()
    return (
        f'<figure class="card" id="figure-{escape(drawing.name)}"><h3>{escape(drawing.title)}</h3>'
        f'<img alt="{escape(drawing.caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(drawing.caption)}</figcaption>{below}</figure>\n"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that turns into a list of labelled values where the screen is narrow."""
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    body = "".join(f"<tr>{''.join(_cell(*pair) for pair in zip(header, row, strict=True))}</tr>\n" for row in rows)
    return f'<table class="stack"><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n'


def _cell(label: str, text: str) -> str:
    kind = "empty" if text in ("", "–") else "n" if len(text) < 22 else ""
    return f'<td class="{kind}" data-label="{escape(label)}">{escape(text)}</td>'


def duration(seconds: float) -> str:
    """Seconds to read: 3.2 s, 4 min 7 s, 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
