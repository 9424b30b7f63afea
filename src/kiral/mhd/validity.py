"""Where Ohm's law and diffusion of a run leave the range of the kinetic theory behind them. No jax.

Known at the start: k_B T, from the units, and the relaxation time of the charges: `model.relaxation_time`, or where it is not
given the one that the run's own eta implies, eta = c²/(4π sigma) with sigma of Gorbar et al. 2016 (68) at mu, mu5 ≪ T,

    τ = 9 (ħ c)²/(4π α (k_B T)² eta)      (one charged Dirac fermion; natural units: 9/(4π α T² eta))

Comoving units: k/T, τ T and e B/T² are those of the physical plasma. In units of matter T is not the energy of the charges
(degenerate electrons), so that nothing is said unless the relaxation time is given, and then with mu = 0. The limits in
c k τ and c e B τ/T are those of `kiral.kinetic.validity`. The resistive field has c e E τ/T = (9/4π α)(e B/T²)(ħ c k/T), which
is small where k is no thermal wave number, and is not watched.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kiral import constants as const
from kiral.core.problem import Monitor
from kiral.kinetic import validity
from kiral.mhd.config import ChiralMHD, at_start
from kiral.units import Matter, charge_times_field_mev2

if TYPE_CHECKING:
    from kiral.units import ComovingRadiation

TERMS = ("ohmic", "diffusion")
"""What a run takes from the closed forms; its chiral magnetic current is exact in k, and holds at any B."""


def relaxation_time(model: ChiralMHD, units: ComovingRadiation | Matter, t_start: float) -> float | None:
    """τ [t*] of the plasma's charges; None where it is not known: units of matter, no resistivity, eta from a file."""
    if model.relaxation_time is not None:
        return model.relaxation_time
    eta = at_start(model.magnetic_diffusivity, t_start)
    if isinstance(units, Matter) or not eta:
        return None
    thermal = const.HBAR_C_EV_CM / units.temperature_ev / units.length_cm  # ħ c/T [l*]
    return 9 * thermal**2 / (4 * math.pi * const.FINE_STRUCTURE * eta)


def turning_per_field(units: ComovingRadiation | Matter, tau: float) -> float:
    """c e B τ/T for B of one code unit and τ [t*]."""
    force = 1e12 * charge_times_field_mev2(units.field_gauss)  # eV²
    return force * tau * units.length_cm / const.HBAR_C_EV_CM / units.temperature_ev


def monitors(model: ChiralMHD, units: ComovingRadiation | Matter, t_start: float, k_max: float) -> list[Monitor]:
    """Warnings of a run: at once if the largest wave number kept is too short for the mean free path, later if B is too strong.

    Each says the number, what it means and what to do, once; they stay in the run's status.
    """
    tau = relaxation_time(model, units, t_start)
    if tau is None:
        return []
    origin = "model.relaxation_time" if model.relaxation_time is not None else "the relaxation time that eta implies"
    found = validity.from_parameters(gradient=k_max * tau)
    said = validity.messages(found, terms=TERMS, where=f"with {origin}, {tau:.3g} t*, and the largest wave number kept, ")
    limit = min(validity.largest(term, "magnetic") for term in TERMS)
    strong = (
        f"with {origin}, {tau:.3g} t*, c e B tau/T exceeds {limit:.2g}: charges turn between collisions; across B Ohm's law "
        f"is off by more than {100 * validity.GOOD:g} %; the plasma of this tau needs the kinetic equation, or a weaker field"
    )
    gradient = [Monitor("b_rms", 0.0, text) for text in said]
    return [*gradient, Monitor("b_max", limit / turning_per_field(units, tau), strong)]
