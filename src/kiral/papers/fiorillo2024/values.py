"""How ours is computed for every claim of F24: name in claims.toml → function of the context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiral.papers.context import Context
from kiral.papers.fiorillo2024 import values_beams, values_energy, values_gradients, values_runs

VALUES: dict[str, Callable[[Context], Any]] = (
    values_energy.VALUES | values_beams.VALUES | values_gradients.VALUES | values_runs.VALUES
)
