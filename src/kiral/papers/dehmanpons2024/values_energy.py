"""D24: energies, reservoirs, and what keeps δmu up."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.constants import ATOMIC_MASS_EV, EV_ERG, SOLAR_MASS_G, SPEED_OF_LIGHT_CM_S, YEAR_S
from kiral.crust.imbalance import moment_of_inertia
from kiral.crust.tov import SUN_KM
from kiral.papers.context import Context, Measured
from kiral.papers.dehmanpons2024 import common
from kiral.papers.dehmanpons2024.common import CUTOFF, DELTA_MU, KT_MEV, crust, over_crust, which

MEV_ERG = 1e6 * EV_ERG
TRANSFERRED = 1e50
"""Chemical energy that becomes magnetic, as printed [erg]."""
HALF_DECADE = math.sqrt(10)
"""What "of the order" allows."""
SATURATED = 3e16
"""For "a few 1e16 G"."""


def binding_energy() -> float:
    """(M_b - M) c² with baryons of one atomic mass unit [erg]."""
    star = common.star()
    profile = star.profile
    baryons = 4 * math.pi * profile["r"] ** 2 * profile["stretch"] * profile["baryon_density"] * 1e54
    grams = float(baryons.integrate("r")) * ATOMIC_MASS_EV * EV_ERG / SPEED_OF_LIGHT_CM_S**2
    return (grams - star.mass * SOLAR_MASS_G) * SPEED_OF_LIGHT_CM_S**2


def contraction_energy(metres: float) -> float:
    """G M²/R² times a change of the radius: the gravitational energy is M²/R with a factor below 1 [erg]."""
    star = common.star()
    half_radius = SUN_KM * star.mass / star.radius_km  # GM/(R c²)
    return half_radius * star.mass * SOLAR_MASS_G * SPEED_OF_LIGHT_CM_S**2 * metres / (1e3 * star.radius_km)


def rotational_energy(period: float) -> float:
    """I Ω²/2 [erg] of a period [s]."""
    star = common.star()
    return 0.5 * moment_of_inertia(star.mass, star.radius_km) * (2 * math.pi / period) ** 2


def captures_power() -> float:
    """Chemical energy that net captures spend, ∫ n_e Γw_eff δmu dV [erg/s]."""
    found, chiral, _ = crust()
    return over_crust(found["electron_density"].values * chiral.effective_rate) * DELTA_MU * KT_MEV * MEV_ERG


def chiral_power() -> float:
    """Energy that spin flips take from the chirality under the cutoff, ∫ n5 Γf mu5 dV [erg/s]."""
    found, chiral, _ = crust()
    cap = np.minimum(1.0, CUTOFF / chiral.k5)
    flips = chiral.fraction * found["electron_density"].values * chiral.flip_rate
    return over_crust(flips * chiral.mu5 * cap**2) * MEV_ERG


def magnetic_energy(mean_field: float) -> float:
    """B²/8π over the crust [erg]."""
    return mean_field**2 / (8 * math.pi) * over_crust(np.ones(crust()[0].sizes["r"]))


def transferred(context: Context) -> Measured:
    """Magnetic energy of the crust at a few 1e16 G, against 1e50 erg."""
    energy = magnetic_energy(SATURATED)
    held = 1 / HALF_DECADE < energy / TRANSFERRED < HALF_DECADE
    return Measured(held, f"{energy:.2g} erg at 3e16 G in {over_crust(np.ones(crust()[0].sizes['r'])):.3g} cm³")


def gravitational(context: Context) -> Measured:
    """Binding energy against 1e53 erg."""
    energy = binding_energy()
    return Measured(1 / HALF_DECADE < energy / 1e53 < HALF_DECADE, f"{energy:.2g} erg, baryonic less gravitational mass")


def rotation(context: Context) -> Measured:
    """Rotational energies of periods of 2 and 5 ms."""
    fast, slow = rotational_energy(2e-3), rotational_energy(5e-3)
    held = slow > 1e51 / HALF_DECADE and fast < 1e52 * HALF_DECADE
    return Measured(held, f"{slow:.1g} erg at 5 ms, {fast:.1g} erg at 2 ms")


def one_metre(context: Context) -> Measured:
    """Energy that a contraction by one metre sets free, against 1e50 erg."""
    energy = contraction_energy(1.0)
    text = f"at most G M² ΔR/R² = {energy:.2g} erg per metre, {TRANSFERRED / energy:.2g} m for 1e50 erg"
    return Measured(which(energy > TRANSFERRED, energy < TRANSFERRED / 2), text)


def sustained(context: Context) -> Measured:
    """Time in which net captures use up δmu, captures per electron and energy spent, with (12) over 75 yr."""
    found, chiral, _ = crust()
    i = int(np.argmin(abs(found["r"].values - common.growing_layer()[0])))
    effective, mu = float(chiral.effective_rate[i]), float(found["electron_chemical_potential"].values[i])
    span = common.evolution().time * YEAR_S
    relaxation = 3 * DELTA_MU * KT_MEV / mu / effective  # the share of electrons whose loss lowers mu_e by δmu
    per_metre = mu * 1e-3 / common.star().radius_km / KT_MEV  # d mu_e = mu_e/3 · 3 ΔR/R
    spent = captures_power() * span
    years = common.evolution().time
    text = (
        f"one metre gives δmu/kT = {per_metre:.1g} once, and captures undo it in {relaxation:.1g} s; "
        f"{years:.0f} yr take {effective * span:.0e} captures per electron and {spent:.0e} erg, "
        f"{spent / binding_energy():.0e} of the binding energy"
    )
    return Measured(which(relaxation > span and spent < binding_energy(), relaxation < 1 and spent > binding_energy()), text)


def small_draw(context: Context) -> Measured:
    """1e50 erg against binding and rotation."""
    share = TRANSFERRED / binding_energy(), TRANSFERRED / rotational_energy(5e-3)
    text = f"{share[0]:.1g} of the binding energy, {share[1]:.1g} of the rotational energy at 5 ms; flips take as much, "
    text += f"{chiral_power() * common.evolution().time * YEAR_S:.1g} erg in {common.evolution().time:.0f} yr"
    return Measured(max(share) < 0.1, text)


VALUES: dict[str, Callable[[Context], Any]] = {
    "energy-transferred": transferred,
    "energy-gravitational": gravitational,
    "energy-rotational": rotation,
    "energy-small": small_draw,
    "one-metre": one_metre,
    "sustained": sustained,
}
