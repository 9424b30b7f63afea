"""A run in a few plain values, for `kiral show` and for scripts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiral.core.folder import Run


def summary(run: Run) -> dict[str, Any]:
    """State, final value of every series, and drift of every budget.

    Keys: folder, those of status.json (status, reason, t, t_end, step, wall_s, drift, warnings, ...), and
    series {name: final value}, units {name: unit}.
    """
    data = run.series
    names = ["t", *map(str, data.data_vars)] if data.sizes.get("t") else []
    empty = {"drift": {}, "warnings": []}
    return {"folder": str(run.path), **empty, **run.status} | {
        "series": {name: float(data[name][-1]) for name in names},
        "units": {name: data[name].attrs.get("units", "") for name in names},
    }


def jsonable(value: Any) -> Any:
    """Plain values for JSON; numbers that JSON cannot hold (nan, inf) become null."""
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
