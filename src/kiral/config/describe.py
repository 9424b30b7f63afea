"""The table of all configuration keys, generated from the models for the documentation."""

from __future__ import annotations

import re
import typing
from typing import Any, NamedTuple

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from kiral.config.base import Section, as_three, as_triple
from kiral.config.messages import bare, is_section, members
from kiral.config.run import RUNS


class ConfigRow(NamedTuple):
    """One key of the case file. `kind` says to which kind of its section the key belongs (empty: to all)."""

    key: str
    kind: str
    type: str
    default: str
    unit: str
    description: str


def config_table(model_kind: str = "chiral_mhd") -> list[ConfigRow]:
    """All keys of a case of this `[model] kind`, in the order of the file."""
    merged: dict[tuple, list[ConfigRow]] = {}
    for row in _rows(RUNS[model_kind], "", ""):
        same = (row.key,) if row.key.endswith(".kind") else (row.key, *row[2:])
        merged.setdefault(same, []).append(row)
    return [_merge(rows) for rows in merged.values()]


def _merge(rows: list[ConfigRow]) -> ConfigRow:
    """One row of the same key in several kinds of its section."""
    first = rows[0]
    if not first.key.endswith(".kind"):
        return first._replace(kind=", ".join(row.kind for row in rows))
    default = next((row.default for row in rows if row.default != "required"), "required")
    return first._replace(kind="", type=", ".join(row.type for row in rows), default=default)


def _rows(section: type[Section], prefix: str, kind: str) -> list[ConfigRow]:
    rows: list[ConfigRow] = []
    for name, field in section.model_fields.items():
        key, inner = f"{prefix}{name}", bare(field.annotation)
        sections = {tag: cls for tag, cls in members(field.annotation).items() if is_section(cls)}
        if field.description or not (sections or is_section(inner)):
            rows.append(_row(key, kind, field, sections))
        for tag, cls in (sections or {"": inner}).items():
            rows += _rows(cls, f"{key}.", tag if len(sections) > 1 else kind) if is_section(cls) else []
    return rows


def _row(key: str, kind: str, field: FieldInfo, sections: dict[str, Any]) -> ConfigRow:
    match = re.fullmatch(
        r"(.*?)\s*(?:\[([^\[\]]*)\])?", field.description or "which kind of section this is", re.DOTALL
    )
    text, unit = (match[1], match[2] or "") if match else (field.description or "", "")
    mixed = "number" in members(field.annotation)
    type_text = "number or table" if mixed else "table" if sections else type_name(field)
    return ConfigRow(key, kind, type_text, _default(field), unit, text)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.default
    if isinstance(default, Section):
        shown = ", ".join(f"{key} = {_toml(value)}" for key, value in default.model_dump(exclude_none=True).items())
        return f"{{ {shown} }}"
    return "" if default is None else _toml(default)


def _toml(value: Any) -> str:
    return repr(list(value) if isinstance(value, tuple) else value).replace("'", '"')


def type_name(field: FieldInfo) -> str:
    """A reader's name of the type of a field."""
    readers = [m.func for m in _metadata(field.annotation, field.metadata) if isinstance(m, BeforeValidator)]
    if as_three in readers:
        return "list of three numbers"
    if as_triple in readers:
        return f"{_name(typing.get_args(bare(field.annotation))[0])}, or three"
    if readers:
        return "number or text"
    return _name(field.annotation)


def _metadata(annotation: Any, outer: list[Any]) -> list[Any]:
    """All metadata of an annotation, also inside `| None`."""
    found = list(outer) + list(getattr(annotation, "__metadata__", ()))
    for argument in typing.get_args(annotation):
        if typing.get_origin(argument) is typing.Annotated:
            found += argument.__metadata__
    return found


def _name(annotation: Any) -> str:
    annotation = bare(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(str(a) for a in arguments)
    if origin is tuple:
        return f"list of {_name(arguments[0])}s"
    names = {float: "number", int: "whole number", str: "text", bool: "true or false"}
    return names.get(annotation, "table")
