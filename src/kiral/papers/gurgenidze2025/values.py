"""How ours is computed for every claim of Gurgenidze et al. (2025): name in claims.toml → function of the context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiral.papers.context import Context
from kiral.papers.gurgenidze2025 import (
    values_eq27,
    values_runs,
    values_source,
    values_spectra,
    values_theory,
    values_units,
)

VALUES: dict[str, Callable[[Context], Any]] = (
    values_units.VALUES
    | values_source.VALUES
    | values_theory.VALUES
    | values_eq27.VALUES
    | values_runs.VALUES
    | values_spectra.VALUES
)
