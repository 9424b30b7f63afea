"""The crust of a neutron star: its structure, its electrons, and the chiral magnetic instability (Dehman & Pons 2024).

Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiral.crust.conductivity import electron_conductivity
    from kiral.crust.modes import decay_modes, growth_rates
    from kiral.crust.neutron_star import Star, star

_HOMES = {
    "Star": "neutron_star", "decay_modes": "modes", "electron_conductivity": "conductivity", "growth_rates": "modes",
    "star": "neutron_star",
}  # fmt: skip
__all__ = ["Star", "decay_modes", "electron_conductivity", "growth_rates", "star"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kiral.crust' has no attribute {name!r}")
    return getattr(import_module(f"kiral.crust.{_HOMES[name]}"), name)
