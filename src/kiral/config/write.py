"""A resolved configuration as a case file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(values: Mapping[str, Any]) -> str:
    """TOML of plain values (numbers, texts, lists, tables; None is left out) that reads back as the same."""
    return "\n".join(_table(values, "")).strip() + "\n"


def _table(values: Mapping[str, Any], name: str) -> list[str]:
    plain = {key: value for key, value in values.items() if value is not None and not isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    inner = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    if name and (lines or not inner):
        lines = ["", f"[{name}]", *lines]
    for key, value in inner.items():
        lines += _table(value, f"{name}.{_key(key)}" if name else _key(key))
    return lines


def _key(key: str) -> str:
    return key if key and all(c.isascii() and (c.isalnum() or c in "_-") for c in key) else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)  # the escapes of JSON are TOML's too
    return repr(value)
