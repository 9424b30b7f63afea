"""How ours is computed for every claim of Dehman & Pons (2024): name in claims.toml → function of the context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiral.papers.context import Context
from kiral.papers.dehmanpons2024 import values_energy, values_linear, values_micro

VALUES: dict[str, Callable[[Context], Any]] = values_micro.VALUES | values_linear.VALUES | values_energy.VALUES
