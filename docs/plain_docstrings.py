"""Docstrings are plain text: shown as they stand in the code, not read as Markdown (l*, <case>, indented equations)."""

from __future__ import annotations

import re
from typing import Any

import griffe

_SPECIAL = re.compile(r"`[^`]*`|[<>*_\[\]|]")


class PlainDocstrings(griffe.Extension):
    """Escapes what Markdown would read, and keeps line breaks; indented paragraphs stay code."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for every module, class, function and attribute."""
        if obj.docstring is not None:
            paragraphs = obj.docstring.value.split("\n\n")
            obj.docstring.value = "\n\n".join(p if p.startswith("    ") else _as_markdown(p) for p in paragraphs)


def _as_markdown(paragraph: str) -> str:
    lines = (_SPECIAL.sub(_escaped, line.strip()) for line in paragraph.splitlines())
    return "  \n".join(lines)


def _escaped(match: re.Match[str]) -> str:
    text = match[0]
    return text if text.startswith("`") else {"<": "&lt;", ">": "&gt;"}.get(text, f"\\{text}")
