"""Writes the tables of configuration keys and of observables into the pages, from the code that defines them.

`python docs/generate.py` rewrites what stands between the marks of each page; `--check` only compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from kiral.config.describe import ConfigRow, config_table

DOCS = Path(__file__).parent
SECTIONS = {
    "": "Top level",
    "model": "`[model]`: equations and coefficients",
    "geometry": "`[geometry]`: the box",
    "initial": "`[initial]`: the initial field",
    "time": "`[time]`: span and steps",
    "output": "`[output]`: what is written, and when",
    "devices": "`[devices]`",
    "units": "`[units]`: what code units mean",
}
SUBJECTS = {
    "flavor": ("flavor_beams", "flavor_angles", "flavor_sphere", "flavor_energy"),
    "kinetic": ("chiral_kinetic",),
    "maxwell": ("anomalous_maxwell",),
    "crust": ("crust_linear", "crust_emhd", "shell_emhd"),
}
"""Other subjects, with the kinds of model whose keys their pages list."""
COMMON = ("", "time", "output", "devices", "units")
"""Sections described with chiral MHD that are the same, but for the choice of schemes, everywhere."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def text(value: str) -> str:
    """Plain text, safe in a cell; code in it stays as it is."""
    return re.sub(r"`[^`]*`|[|*_<]", _escaped, value)


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    return found if found.startswith("`") else {"<": "&lt;"}.get(found, f"\\{found}")


def code(value: str) -> str:
    """Code, safe in a cell; empty where there is nothing."""
    return f"`{value}`".replace("|", r"\|") if value else ""


def configuration() -> str:
    """All keys, a table per section."""
    rows = merged(config_table())
    parts = []
    for section, title in SECTIONS.items():
        chosen = [cells for key, cells in rows if (key.split(".")[0] if "." in key else "") == section]
        parts.append(f"## {title}\n\n" + table(["key", "value", "default", "unit", "meaning"], chosen))
    return "\n\n".join(parts)


def subject_keys(kinds: Sequence[str]) -> str:
    """The keys of a subject's own sections, for each kind of its model; what an earlier kind has too is not repeated."""
    parts, known = [], set()
    for kind in kinds:
        for section in dict.fromkeys(row.key.split(".")[0] for row in config_table(kind) if "." in row.key):
            rows = [row for row in config_table(kind) if row.key.startswith(f"{section}.")]
            new = [cells for _, cells in merged([row for row in rows if row not in known])]
            if section not in COMMON and new:
                more = ", besides what is listed above" if len(new) < len(merged(rows)) else ""
                header = ["key", "value", "default", "unit", "meaning"]
                parts.append(f'## `[{section}]` of `kind = "{kind}"`{more}\n\n' + table(header, new))
            known.update(rows)
    return "\n\n".join(parts)


def merged(rows: list[ConfigRow]) -> list[tuple[str, list[str]]]:
    """(key, cells) of all keys but the same ones under several parents (schedules, tables), which are shown once."""
    groups: dict[tuple, list[ConfigRow]] = {}
    for row in rows:
        parent, _, name = row.key.rpartition(".")
        groups.setdefault((name, *row[2:]) if parent.count(".") else (row.key, *row[1:]), []).append(row)
    return [(group[0].key, cells(group)) for group in groups.values()]


def cells(group: list[ConfigRow]) -> list[str]:
    """The cells of one row of the table."""
    row = group[0]
    meaning = text(row.description)
    if row.kind:
        meaning = f"*{text(row.kind)}:* {meaning}"
    if len(group) > 1:
        meaning += "; likewise in " + ", ".join(code(other.key.rpartition(".")[0]) for other in group[1:])
    default = "**required**" if row.default == "required" else code(row.default)
    return [code(row.key), text(row.type), default, code(row.unit), meaning]


def observables() -> str:
    """Series, spectra and fields of chiral MHD."""
    from kiral.mhd.observables import FIELDS, SERIES, SPECTRA
    from kiral.mhd.precision import FLOAT32_RANGE

    parts = []
    for title, group in (("Series", (*SERIES, FLOAT32_RANGE)), ("Spectra", SPECTRA), ("Fields", FIELDS)):
        rows = [[code(o.name), code(o.unit), code(", ".join(o.dims)), text(o.long_name)] for o in group]
        parts.append(f"## {title}\n\n" + table(["name", "unit", "dimensions", "meaning"], rows))
    return "\n\n".join(parts)


def bounds() -> str:
    """The cited bounds on relic fields."""
    from kiral.mhd.bounds import load_bounds

    rows = [
        [code(b.name), text(b.title), code(b.formula), f"{text(b.source)}, [arXiv:{b.arxiv}](https://arxiv.org/abs/{b.arxiv})",
         text(b.assumes), text(b.read)]
        for b in load_bounds()
    ]  # fmt: skip
    return table(["name", "from", "bound", "source", "assumes", "read in"], rows)


def paper_resources() -> str:
    """What the runs of Gurgenidze et al. (2025) need at the paper's size."""
    from kiral.core.estimate import in_bytes, in_time
    from kiral.papers.runs import load_runs
    from kiral.resources import GPU, resources

    rows = []
    for name, run in load_runs("gurgenidze2025", "paper").runs.items():
        found = resources(run.case.config)
        steps, gpu = found.needs.steps, found.gpu
        memory, _, wall, disk = found.brief()
        grid = f"{run.case.config.geometry.n[0]}³"
        rows.append([code(name), grid, memory, f"{steps.low:.2g} to {steps.high:.2g}", wall,
                     f"{in_time(gpu.low)} to {in_time(gpu.high)}", in_bytes(found.disk["checkpoints"].high), disk])  # fmt: skip
    header = ["run", "points", "memory", "steps", "wall time, processor", f"bound, {GPU}", "checkpoints", "disk"]
    return table(header, rows)


def page_with(name: str, content: str) -> tuple[Path, str, str]:
    """(path, text as it is, text as it should be) of a page."""
    path = DOCS / f"{name}.md"
    old = path.read_text(encoding="utf-8")
    begin, end = f"<!-- generated: {name} -->", "<!-- end of generated -->"
    head, tail = old.split(begin)[0], old.split(end)[1]
    return path, old, f"{head}{begin}\n\n{content}\n\n{end}{tail}"


def main(check: bool) -> int:
    """0, or 1 when `check` and a page is out of date."""
    stale = 0
    pages = {"configuration": configuration, "observables": observables, "mhd/relic": bounds}
    keys = {f"{subject}/keys": partial(subject_keys, kinds) for subject, kinds in SUBJECTS.items()}
    for name, make in (pages | keys | {"how-to/resources": paper_resources}).items():
        content = make()
        path, old, new = page_with(name, content)
        if old != new and check:
            print(f"docs/{path.name} is out of date with the code: run `make docs`", file=sys.stderr)
            stale = 1
        elif old != new:
            path.write_text(new, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
