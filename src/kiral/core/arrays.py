"""What lets the same formulas run on numpy and on jax arrays: with numbers they need no jax, traced they are differentiable.

Inputs broadcast against each other to a shape S; `column` adds a last axis behind it, for energies. float64
throughout; under jax that takes `jax_enable_x64`, which `kiral.api.setup_jax` sets.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from kiral.errors import ConfigError


def namespace(*values: Any) -> Any:
    """jax.numpy where one of the values is a jax array or is being traced, else numpy."""
    for value in values:
        if hasattr(value, "__array_namespace__") and not isinstance(value, np.ndarray | np.generic):
            return value.__array_namespace__()
    return np


def traced(*values: Any) -> bool:
    """Whether one of the values is being traced by jax, so that it has no number to check."""
    jax = sys.modules.get("jax")
    return jax is not None and any(isinstance(value, jax.core.Tracer) for value in values)


def column(value: Any) -> Any:
    """The value with a last axis of length 1, for the energies."""
    return namespace(value).asarray(value)[..., None]


def check(
    where: str, value: Any, *, above: float | None = None, below: float | None = None, least: float | None = None
) -> None:
    """ConfigError unless all numbers are finite and above < value < below, value >= least. Traced values pass."""
    if traced(value):
        return
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ConfigError(f"{where}: {value!r} given; allowed: numbers") from None
    limits = [f"> {above:g}"] if above is not None else []
    limits += [f">= {least:g}"] if least is not None else []
    limits += [f"< {below:g}"] if below is not None else []
    good = np.isfinite(numbers)
    good &= (numbers > above) if above is not None else True
    good &= (numbers >= least) if least is not None else True
    good &= (numbers < below) if below is not None else True
    if not np.all(good):
        first = numbers[~good].flat[0]
        raise ConfigError(f"{where}: {first!s} given; allowed: finite numbers {' and '.join(limits)}".rstrip())
