"""Words for a step that went wrong: which field, which rate."""

from __future__ import annotations

import re
from collections.abc import Mapping

import jax
import numpy as np

from kiral.core.equation import PyTree, Rate


def what_failed(state: PyTree, *, collapsed: bool) -> str:
    """Names the fields of an attempted step that are not finite, else the largest. `collapsed`: the step size was free."""
    leaves = jax.tree_util.tree_flatten_with_path(state)[0]
    largest: dict[str, float] = {}
    for path, leaf in leaves:
        name = re.sub(r"\[\d+\]", "", jax.tree_util.keystr(path).lstrip("."))
        largest[name] = max(largest.get(name, 0.0), float(np.max(np.abs(leaf), initial=0.0)), key=_with_nan_first)
    bad = [name for name, value in largest.items() if not np.isfinite(value)]
    if bad:
        return f"non-finite {', '.join(bad)}"
    name = max(largest, key=largest.__getitem__)
    what = "the step size collapsed" if collapsed else "overflow in the error of the step"
    return f"{what} (largest field: {name}, up to {largest[name]:.3g})"


def _with_nan_first(value: float) -> float:
    return np.inf if np.isnan(value) else value


def fastest(rates: Mapping[str, Rate]) -> str:
    """The rate that asks for the smallest step, at the last good state: it says why a fixed step was too large."""
    steps = {name: float(rate.limit) / float(rate.rate) for name, rate in rates.items() if float(rate.rate) > 0}
    if not steps:
        return ""
    name = min(steps, key=steps.__getitem__)
    return f" (fastest rate: {name}, dt <= {steps[name]:.3g})"
