"""How ours is computed for every claim of Dehman & Pons (2024): name in claims.toml → function of the context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiral.papers.context import Context
from kiral.papers.dehmanpons2024 import values_energy, values_late, values_linear, values_micro, values_nonlinear

MODULES = (values_micro, values_linear, values_energy, values_nonlinear, values_late)
VALUES: dict[str, Callable[[Context], Any]] = {name: value for module in MODULES for name, value in module.VALUES.items()}
