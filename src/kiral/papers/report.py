"""The page of a reproduction: claims with verdicts, figures in the paper's axes, runs. One static file (see report.html)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

from kiral.papers.claims import VERDICTS, Claim, Verdict
from kiral.papers.judge import Result
from kiral.report import html
from kiral.report.tables import SUPERSCRIPTS, number

if TYPE_CHECKING:
    from kiral.papers.reproduce import FigureResult, Reproduction

WORDS: dict[Verdict, tuple[str, str, str]] = {
    "printed": ("✓", "as printed", "ours agrees with the paper"),
    "corrected": ("≠", "as corrected", "ours agrees with the corrected value only; the reason says where the paper errs"),
    "larger": ("…", "larger size", "this size cannot judge it"),
    "differs": ("✗", "differs", "ours agrees with neither"),
}
"""Symbol, word and meaning of the verdicts."""
PLACES = {"Table": "Tables", "Eq": "Equations", "Fig": "Figures", "": "Text"}
"""Title of a group of claims by the first of these words in `where`."""
MINUS = "−"
HEADER = ("where", "claim", "printed", "corrected", "ours", "difference", "verdict")
RUN_HEADER = ("run", "what", "folder", "configuration", "code", "steps", "wall time", "largest drift of the budgets", "command")

CSS = """
.verdict { display: inline-block; padding: 1px 9px; border-radius: 11px; font-weight: 600; color: #fff; font-size: 0.85rem;
  white-space: nowrap; }
.printed { background: #00734f; } .corrected { background: #0b5c94; } .larger { background: #5b6570; }
.differs { background: #b03a00; }
h3 { margin: 22px 0 8px; font-size: 1.05rem; }
.card > h3 { margin-top: 0; }
th { overflow-wrap: normal; }
.counts { display: grid; grid-template-columns: max-content max-content 1fr; gap: 6px 14px; align-items: baseline; }
.counts b { text-align: right; font-variant-numeric: tabular-nums; }
.ids a { margin-right: 10px; display: inline-block; }
table.claims { table-layout: fixed; }
table.claims td { overflow-wrap: anywhere; }
table.claims .detail { display: block; color: var(--soft); font-size: 0.86rem; margin-top: 3px; }
table.claims .unit { color: var(--soft); font-size: 0.86rem; }
table.claims tr:target { background: #fff6d8; }
.figures .wide { grid-column: 1 / -1; }
.figures { grid-auto-flow: dense; }
figure > div { font-size: 0.9rem; margin-top: 6px; }
@media (max-width: 760px) {
  .counts { grid-template-columns: max-content 1fr; }
  .counts span.soft { grid-column: 1 / -1; margin-bottom: 6px; }
  table.claims colgroup { display: none; }
  table.stack.claims tr { display: flex; flex-direction: column; }
  table.claims td:first-child { font-size: 1rem; order: -2; }
  table.claims td:last-child { order: -1; }
  .figures .wide figure { overflow-x: auto; }
  .figures .wide img { width: 760px; max-width: none; }
}
"""
WIDTHS = (10, 33, 11, 11, 11, 10, 14)


def render(found: Reproduction) -> str:
    """The page's HTML."""
    links = [("summary", "Summary"), ("computed", "As computed"), ("claims", "Claims"), ("figures", "Figures"),
             ("runs", "Runs"), ("provenance", "Provenance")]  # fmt: skip
    git = _git(found.provenance.get("git"))
    line = " · ".join((f"size {found.size}", f"kiral {found.provenance['versions']['kiral']} ({git})",
                       str(found.provenance["finished"]), html.duration(found.wall_s)))  # fmt: skip
    header = (
        f"<h1>{escape(found.key)}, reproduced</h1>\n<p>{escape(found.citation)}</p>\n"
        f'<p class="soft">{escape(line)}</p>\n{html.menu(links)}'
    )
    return html.page(f"{found.key}, reproduced", header, "".join(_sections(found)), CSS)


def _sections(found: Reproduction) -> Iterator[str]:
    yield html.section("summary", "Summary", _summary(found))
    yield html.section("computed", "As computed", _computed(found))
    yield html.section("claims", "Claims", "".join(_groups(found)))
    figures = "".join(_figure(found, figure) for figure in found.figures)
    yield html.section("figures", "Figures", f'<div class="figures">{figures}</div>' if figures else "<p>None.</p>")
    yield html.section("runs", "Runs", _runs(found))
    yield html.section("provenance", "Provenance", html.table(("what", "value"), _provenance(found)))


# --- summary ---------------------------------------------------------------------------------------------------------


def _summary(found: Reproduction) -> str:
    counts = "".join(
        f'<b>{count}</b>{_badge(name)}<span class="soft">{escape(WORDS[name][2])}</span>'
        for name, count in found.counts.items()
    )
    lists = "".join(_ids(f"{WORDS[name][1]}:", found, name) for name in VERDICTS if name != "printed")
    failed = "".join(html.note(f"Figure {figure.name} {figure.reason}") for figure in found.failures)
    return f'<div class="card"><div class="counts">{counts}</div>{lists}</div>{failed}'


def _ids(title: str, found: Reproduction, word: Verdict) -> str:
    links = [_claim_link(result.claim.id) for result in found.results if result.verdict == word]
    return f'<p class="ids"><span class="soft">{escape(title)}</span> {"".join(links)}</p>' if links else ""


def _badge(word: Verdict) -> str:
    symbol, text, meaning = WORDS[word]
    return f'<span><span class="verdict {word}" title="{escape(meaning)}">{symbol} {escape(text)}</span></span>'


def _claim_link(name: str) -> str:
    return f'<a href="#claim-{escape(name)}">{escape(name)}</a>'


def _computed(found: Reproduction) -> str:
    """In what the runs of this size differ from the paper's set-up, and where stored runs are of other code."""
    parts = [f"<p>{escape(found.table.note)}</p>"] if found.table.note else []
    rows = [(key, _text(_at(found.table.paper, key)), _text(value)) for key, value in found.table.overrides.items()]
    if rows:
        parts.append(f"<p>All runs of the size {escape(found.size)} differ from the paper's set-up (case.toml) in:</p>")
        parts.append(html.table(("key", "paper", "here"), rows))
    own = [(name, f"{key} = {_text(value)}") for name, run in found.table.runs.items() if name in found.runs
           for key, value in run.overrides.items()]  # fmt: skip
    if own:
        merged = [(name, ", ".join(text for run, text in own if run == name)) for name in dict.fromkeys(n for n, _ in own)]
        parts.append("<p>Each run sets, beside that:</p>" + html.table(("run", "set"), merged))
    here = found.provenance.get("git")
    others = [name for name, run in found.runs.items() if run.provenance.get("git") != here]
    if others:
        text = "These runs were made by other code than this page's (see Runs), and read again; --fresh runs them anew: "
        parts.append(html.note(text + ", ".join(others)))
    return "".join(parts) or "<p>As in the paper.</p>"


def _at(config: Mapping[str, Any], key: str) -> Any:
    value: Any = config
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        if len(value) == 3 and len(set(value)) == 1:  # the same in all three directions
            return _text(value[0])
        return ", ".join(map(_text, value[:6])) + (f", … ({len(value)} values)" if len(value) > 6 else "")
    return f"{value:.6g}" if isinstance(value, float) else str(value)


# --- claims ----------------------------------------------------------------------------------------------------------


def _groups(found: Reproduction) -> Iterator[str]:
    """One table per kind of place, in the order of the file within each."""
    groups: dict[str, list[Result]] = {title: [] for title in PLACES.values()}
    for result in found.results:
        word = re.search(r"Table|Eq|Fig", result.claim.where)
        groups[PLACES[word[0] if word else ""]].append(result)
    groups = {title: results for title, results in groups.items() if results}
    yield html.menu((f"claims-{title.lower()}", f"{title} ({len(results)})") for title, results in groups.items())
    for title, results in groups.items():
        yield f'<h3 id="claims-{title.lower()}">{title}</h3>{_claims_table(found, results)}'


def _claims_table(found: Reproduction, results: Sequence[Result]) -> str:
    columns = "".join(f'<col style="width:{width}%">' for width in WIDTHS)
    head = "".join(f"<th>{name}</th>" for name in HEADER)
    rows = "".join(_claim_row(found, result) for result in results)
    return (
        f'<table class="stack claims"><colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody></table>\n"
    )


def _claim_row(found: Reproduction, result: Result) -> str:
    claim = result.claim
    cells = {"where": escape(claim.where), "claim": f"{escape(claim.statement)}{_details(found, result)}"}
    if claim.kind == "statement":
        cells |= {"printed": _words(claim), "ours": _ours(result)}
    else:
        cells |= {
            "printed": _number(result, claim.printed),
            "corrected": _number(result, claim.corrected) if claim.corrected else "",
            "ours": _ours(result),
            "difference": _percent(result.difference),
        }
    cells["verdict"] = _badge(result.verdict)
    span = {"printed": ' colspan="2"', "ours": ' colspan="2"'} if claim.kind == "statement" else {}
    row = "".join(
        f'<td class="{"" if cell else "empty"}" data-label="{label}"{span.get(label, "")}>{cell}</td>'
        for label, cell in cells.items()
    )
    return f'<tr id="claim-{escape(claim.id)}">{row}</tr>\n'


def _percent(difference: float | None) -> str:
    """A relative difference: +1.3 %, −0.02 %, < 0.01 %."""
    if difference is None:
        return ""
    if abs(difference) < 1e-4:
        return "&lt; 0.01 %"
    digits = f"{100 * difference:+.2g}" if abs(difference) < 1 else f"{100 * difference:+.0f}"
    return digits.replace("-", MINUS) + " %"


def _details(found: Reproduction, result: Result) -> str:
    """Reason, way of computing, runs and figure, in small lines below the statement."""
    lines = [("Why", escape(result.reason)), ("Computed", escape(result.how)), ("Runs", _run_links(found, result.runs))]
    if result.verdict != "corrected" and result.claim.derivation:
        lines.append(("Correction", escape(result.claim.derivation)))
    if any(figure.name == result.claim.figure for figure in found.figures):
        name = escape(result.claim.figure or "")
        lines.append(("Figure", f'<a href="#figure-{name}">{name}</a>'))
    return "".join(f'<span class="detail">{title}: {text}</span>' for title, text in lines if text)


def _run_links(found: Reproduction, names: Iterable[str]) -> str:
    runs = found.table.runs
    return ", ".join(f'<a href="runs/{escape(runs[n].folder)}/">{escape(n)}</a>' for n in names if n in runs)


def _words(claim: Claim) -> str:
    """What the paper says, and below it what is right where that is not."""
    right = claim.corrected_statement
    return escape(claim.printed) + (f'<span class="detail">Corrected: {escape(right)}</span>' if right else "")


def _number(result: Result, text: str) -> str:
    """A number of the paper, or its correction, with its digits."""
    sign = f"{result.claim.relation} " if result.claim.kind == "bound" else ""
    return escape(sign + pretty(text)) + _unit(result)


def _ours(result: Result) -> str:
    if result.ours is None:
        return ""
    if isinstance(result.ours, bool):
        return "holds" if result.ours else "does not hold"
    if isinstance(result.ours, str):
        return {"printed": "holds as printed", "corrected": "holds as corrected"}.get(result.ours, "neither holds")
    digits = max(len(Decimal(text).as_tuple().digits) for text in (result.claim.printed, result.claim.corrected) if text)
    return escape(number(result.ours, max(4, digits + 2)).replace("-", MINUS)) + _unit(result)


def _unit(result: Result) -> str:
    """The unit, with its powers raised."""
    unit = re.sub(r"\^(-?[\d/.]+|\([^)]*\))", lambda found: f"<sup>{found[1].strip('()')}</sup>", escape(result.claim.unit))
    return f' <span class="unit">{unit}</span>' if unit else ""


def pretty(text: str) -> str:
    """A decimal number as text, with its digits kept: 1.06e-18 → 1.06×10⁻¹⁸."""
    factor, _, exponent = text.lower().partition("e")
    factor = factor.replace("-", MINUS)
    return f"{factor}×10{str(int(exponent)).translate(SUPERSCRIPTS)}" if exponent else factor


# --- figures, runs, provenance ---------------------------------------------------------------------------------------


def _figure(found: Reproduction, figure: FigureResult) -> str:
    links = [_claim_link(result.claim.id) for result in found.results if result.claim.figure == figure.name]
    runs = _run_links(found, figure.runs)
    below = f'<div class="ids"><span class="soft">Claims:</span> {"".join(links)}</div>' if links else ""
    below += f'<div><span class="soft">Runs:</span> {runs}</div>' if runs else ""
    if figure.drawing is None:
        return (
            f'<div class="card" id="figure-{escape(figure.name)}"><h3>{escape(figure.name)}</h3>'
            f"<p>{escape(figure.reason[:1].upper() + figure.reason[1:])}.</p>{below}</div>\n"
        )
    wide = figure.drawing.figure.get_figwidth() > 8
    shown = html.figure(figure.drawing, figure.png, below)
    return f'<div class="wide">{shown}</div>' if wide else shown


def _runs(found: Reproduction) -> str:
    if not found.runs:
        return "<p>None.</p>"
    table = html.table(RUN_HEADER, (_run_cells(found, name) for name in found.runs))
    warnings = [(name, _warning(warning)) for name, run in found.runs.items() for warning in run.status.get("warnings", [])]
    title = f"<summary>Warnings of the runs ({len(warnings)})</summary>"
    return table + (f"<details>{title}{html.table(('run', 'warning'), warnings)}</details>" if warnings else "")


def _warning(warning: Any) -> str:
    return str(warning.get("message", warning)) if isinstance(warning, Mapping) else str(warning)


def _run_cells(found: Reproduction, name: str) -> tuple[str, ...]:
    from kiral.papers.reproduce import run_facts

    facts = run_facts(found.runs[name], found.folder)
    drifts = ", ".join(f"{key} {number(abs(value), 2)}" for key, value in facts["drift"].items())
    command = facts["command"]
    return (
        name, found.table.runs[name].note, facts["folder"], str(facts["config_hash"])[:12], _git(facts["git"]),
        str(facts["steps"] or ""), html.duration(facts["wall_s"] or 0.0), drifts,
        shlex.join(command) if isinstance(command, list) else str(command),
    )  # fmt: skip


def _provenance(found: Reproduction) -> Iterator[tuple[str, str]]:
    record = found.provenance
    yield "to do it again", found.command
    yield "command", shlex.join(record["command"])
    yield "code", _git(record.get("git"), whole=True)
    yield "versions", ", ".join(f"{name} {version}" for name, version in record["versions"].items() if version)
    yield "processor", f"{record['cpu']}, {record['cpu_count']} cores used"
    yield "finished", str(record["finished"])
    yield "wall time", f"{html.duration(found.wall_s)}, runs that were read again not counted"
    yield "folder", str(found.folder)


def _git(state: Mapping[str, Any] | None, whole: bool = False) -> str:
    if not state or not state.get("hash"):
        return "installed, no git checkout"
    name = state["hash"] if whole else state["hash"][:10]
    return f"git {name}{' with local changes' if state.get('dirty') else ''}"
