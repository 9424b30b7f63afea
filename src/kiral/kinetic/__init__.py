"""Chiral kinetic theory: equilibrium, and every transport current of an inhomogeneous chiral plasma in closed form.

Gorbar et al. 2016 (arXiv:1603.03442), as corrected in docs/kinetic/corrections.md. Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiral.kinetic.dispersion import dispersion_roots
    from kiral.kinetic.drag import chemical_potential_rates
    from kiral.kinetic.drift import drift_functions
    from kiral.kinetic.drifting import drifting_currents, drifting_rates
    from kiral.kinetic.equilibrium import chemical_potentials, densities
    from kiral.kinetic.homogeneous import evolve, steady_state
    from kiral.kinetic.response import linear_response
    from kiral.kinetic.transport import Currents, currents
    from kiral.kinetic.validity import expected_errors

_HOMES = {
    "Currents": "transport",
    "chemical_potential_rates": "drag",
    "chemical_potentials": "equilibrium",
    "currents": "transport",
    "densities": "equilibrium",
    "dispersion_roots": "dispersion",
    "drift_functions": "drift",
    "drifting_currents": "drifting",
    "drifting_rates": "drifting",
    "evolve": "homogeneous",
    "expected_errors": "validity",
    "linear_response": "response",
    "steady_state": "homogeneous",
}
__all__ = [
    "Currents", "chemical_potential_rates", "chemical_potentials", "currents", "densities", "dispersion_roots",
    "drift_functions", "drifting_currents", "drifting_rates", "evolve", "expected_errors", "linear_response", "steady_state",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kiral.kinetic' has no attribute {name!r}")
    return getattr(import_module(f"kiral.kinetic.{_HOMES[name]}"), name)
