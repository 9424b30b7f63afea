"""Turns pydantic's validation errors into sentences: key, what was given, what is allowed, what to do."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeGuard

from pydantic import Tag, ValidationError

from kiral.config.base import Section


def nearest(name: str, names: Iterable[str]) -> str:
    """The hint "(did you mean 'x'?)" where a name is close, else empty."""
    names = list(names)
    found = get_close_matches(str(name).lower(), [n.lower() for n in names], n=1, cutoff=0.6)
    close = [n for n in names if found and n.lower() == found[0]]
    return f" (did you mean '{close[0]}'?)" if close else ""


def members(annotation: Any) -> dict[str, Any]:
    """Choices of a union, {tag: annotation}; a tag is a Tag or the `kind` of a section. Empty where it is no union."""
    annotation = bare(annotation)
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return {}
    found = {}
    for member in typing.get_args(annotation):
        tags = [extra.tag for extra in getattr(member, "__metadata__", ()) if isinstance(extra, Tag)]
        for tag in tags or kinds(bare(member)):
            found[tag] = bare(member)
    return found


def bare(annotation: Any) -> Any:
    """The annotation without `Annotated` and without `| None` around one thing."""
    if typing.get_origin(annotation) is typing.Annotated:
        return bare(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        others = [a for a in typing.get_args(annotation) if a is not type(None)]
        if len(others) == 1:
            return bare(others[0])
    return annotation


def is_section(annotation: Any) -> TypeGuard[type[Section]]:
    """Whether the annotation is a table of the case file."""
    return isinstance(annotation, type) and issubclass(annotation, Section)


def kinds(annotation: Any) -> tuple[str, ...]:
    """Allowed values of the `kind` of a section; empty for anything else."""
    if is_section(annotation) and "kind" in annotation.model_fields:
        return typing.get_args(annotation.model_fields["kind"].annotation)
    return ()


def place(root: type[Section], loc: tuple) -> tuple[str, Any, dict[str, Any]]:
    """(dotted key, section class that holds it, its sister kinds) of an error's location, which has union tags too."""
    key, here, holder, sisters = "", root, root, {}
    for part in loc:
        choices = members(here)
        if part in choices:
            here, sisters = choices[part], choices
            holder = here
            continue
        if is_section(here):
            holder = here
            field = here.model_fields.get(part)
            sisters = sisters if here in sisters.values() else {}
            here = field.annotation if field else None
            here = here if members(here) else bare(here)
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    return key, holder, sisters


def shown(value: Any) -> str:
    """The value as the user wrote it, with its type where that is the trouble."""
    text = repr(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    names = {bool: "a boolean", str: "a text", dict: "a table", list: "a list", tuple: "a list", float: "a number"}
    return f"{text} ({names[type(value)]})" if type(value) in names else text


def _unknown_key(error: dict, holder: Any, sisters: dict) -> str:
    name, allowed = error["loc"][-1], list(holder.model_fields)
    owners = [tag for tag, cls in sisters.items() if is_section(cls) and name in cls.model_fields]
    if owners:
        return f"belongs to kind = {' or '.join(repr(o) for o in owners)} only; allowed here: {', '.join(allowed)}"
    return f"unknown key{nearest(name, allowed)}; allowed: {', '.join(allowed)}"


def _choice(given: Any, allowed: Iterable[Any]) -> str:
    allowed = list(allowed)
    guess = nearest(given, allowed) if isinstance(given, str) else ""
    return f"got {given!r}{guess}; allowed: {', '.join(str(a) for a in allowed)}"


LIMITS = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", ">="),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "<="),
}
TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": 'a text in quotes, "..."',
    "tuple_type": "a list [..., ...]",
    "model_type": "a table of keys",
    "model_attributes_type": "a table of keys",
    "dict_type": "a table of keys",
    "bool_type": "true or false",
}


def _sentence(error: dict, holder: Any, sisters: dict) -> tuple[str, str]:
    """(suffix of the key, sentence) for one pydantic error."""
    kind, given, ctx = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "extra_forbidden":
        return "", _unknown_key(error, holder, sisters)
    if kind == "missing":
        name = error["loc"][-1]
        return "", f"is missing; give {holder.model_fields[name].description or f'a section [{name}]'}"
    if kind == "union_tag_not_found":
        return ".kind", f"is missing; allowed: {ctx.get('expected_tags', _tags(error, holder)).replace(chr(39), '')}"
    if kind == "union_tag_invalid":
        return ".kind", _choice(ctx["tag"], ctx["expected_tags"].replace("'", "").split(", "))
    if kind == "literal_error":
        return "", _choice(given, typing.get_args(bare(holder.model_fields[error["loc"][-1]].annotation)))
    if kind == "value_error":
        message = str(ctx["error"])
        return "", message if isinstance(given, dict) or "got " in message else f"{message}; got {shown(given)}"
    if kind in LIMITS:
        name, sign = LIMITS[kind]
        return "", f"must be {sign} {ctx[name]:g}, got {given!r}"
    if kind == "finite_number":
        return "", f"must be a finite number, got {given!r}"
    if kind in TYPES:
        return "", f"must be {TYPES[kind]}, got {shown(given)}"
    return "", f"{error['msg'][0].lower()}{error['msg'][1:]}; got {shown(given)}"


def _tags(error: dict, holder: Any) -> str:
    field = holder.model_fields.get(error["loc"][-1])
    return ", ".join(members(field.annotation)) if field else ""


def explain(failure: ValidationError, root: type[Section]) -> list[str]:
    """One line per problem, `dotted.key: sentence`."""
    lines: list[str] = []
    for error in failure.errors(include_url=False):
        key, holder, sisters = place(root, error["loc"])
        suffix, sentence = _sentence(typing.cast(dict, error), holder, sisters)
        line = f"{key}{suffix}: {sentence}" if key else sentence
        lines.append(line)
    return _merged(lines)


def _merged(lines: list[str]) -> list[str]:
    """One line instead of three where one value was given for all three directions."""
    result: list[str] = []
    for line in lines:
        whole = re.sub(r"^([\w.]+)\[\d\]: ", r"\1: ", line)
        everywhere = all(whole.replace(": ", f"[{i}]: ", 1) in lines for i in range(3))
        if (line := whole if everywhere else line) not in result:
            result.append(line)
    return result
