"""How ours is computed for every claim of Gorbar et al. (2016): name in claims.toml → function of the context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiral.papers.context import Context
from kiral.papers.gorbar2016 import (
    values_cascade,
    values_dissipative,
    values_distribution,
    values_drag,
    values_drifting,
    values_explicit,
    values_foundations,
    values_integrals,
    values_limits,
    values_runs,
)

MODULES = (
    values_foundations, values_drifting, values_dissipative, values_distribution, values_drag, values_limits,
    values_explicit, values_integrals, values_runs, values_cascade,
)  # fmt: skip
VALUES: dict[str, Callable[[Context], Any]] = {name: value for module in MODULES for name, value in module.VALUES.items()}
