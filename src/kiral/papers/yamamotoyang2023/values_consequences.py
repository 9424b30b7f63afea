"""Y23: where the linear answer ends, collisions and flips, the instability and its field, Eq. (31), abstract and summary."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.constants import FINE_STRUCTURE, SPEED_OF_LIGHT_CM_S
from kiral.papers.context import Context, Measured
from kiral.papers.yamamotoyang2023.common import (
    FIELD,
    FLIPS,
    KAPPA_TOTAL,
    TEMPERATURE,
    TIME,
    XI_TOTAL,
    answer,
    collision_time,
    matter,
    number_of_left_handed,
    printed_form,
    zone,
)
from kiral.papers.yamamotoyang2023.values_kinetic import which
from kiral.units import chiral_wavenumber_from_conductivity, inverse_mev_to_cm, inverse_mev_to_seconds, seconds_to_inverse_mev
from kiral.weak.bounded import bounded_change
from kiral.weak.kick import kick_velocity
from kiral.weak.retarded import x_eff_radial
from kiral.weak.scales import (
    chirality_for_field,
    equipartition_field,
    field_of_helicity,
    helicity_density,
    instability_scales,
    pair_plasma_conductivity,
)
from kiral.weak.solutions import pauli_limits_xi
from kiral.weak.thermal import thermal_answer

LARGEST_WAVE_NUMBER = chiral_wavenumber_from_conductivity(XI_TOTAL)
"""Largest unstable k of the printed ξ_tot [1/cm]; half of it grows fastest."""
CORE_S = 10.0
"""Order of the time for which a protoneutron star shines neutrinos [s]."""

GAIN_REGION_CM = 1e7
"""Order of the radius of the gain region."""


# --- where the linear answer ends ------------------------------------------------------------------------------------


def breakdown(name: str) -> Callable[[Context], Measured]:
    """Time [s] at which the largest linear |δf| is 1."""

    def value(context: Context) -> Measured:
        largest = float(getattr(printed_form(), f"max_delta_f_{name}"))
        return Measured(TIME / largest, f"largest |δf| of {name} at 0.1 s: {largest:.4g}")

    return value


def smallness(context: Context) -> Measured:
    """Largest |δf| for the quoted values."""
    found = printed_form()
    return Measured(float(found.max_delta_f), "largest |x0 F_W/q| over energies, electrons and positrons, at 0.1 s")


def power_counting(context: Context) -> Measured:
    """What multiplies ε⁴ G_F² in δf: the time x0, in units of 1/ε."""
    ratio = float(seconds_to_inverse_mev(TIME)) * TEMPERATURE
    small = float(printed_form().max_delta_f)
    return Measured(which(small < 0.1, small > 1), f"x0 T = {ratio:.1e}; with it δf reaches {small:.3g}")


def pauli_xi(context: Context) -> Measured:
    """ξ_B [MeV] with every left-handed electron removed."""
    reached = float(answer().bounded.xi_b)
    limit = float(pauli_limits_xi(TEMPERATURE, matter().mu_e))
    return Measured(limit, f"(e²/4π²) T ln(1 + e^(mu/T)); the exact ξ_B at 0.1 s is {reached:.4g} MeV")


def largest_xi_total(context: Context) -> Measured:
    """Largest |ξ_tot| [MeV] in the first second: electrons that fly freely within the Pauli bound, or thermal ones."""
    t = np.geomspace(1e-7, 1.0, 141)
    free = answer(time=t).bounded.xi_b_total
    thermal = thermal_answer(zone(), t).xi_b_total
    largest = [float(np.max(np.abs(xi))) for xi in (free, thermal)]
    here = f"{float(answer().bounded.xi_b_total):+.2e} and {float(np.interp(TIME, t, thermal)):+.2e}"
    text = f"free electrons reach {largest[0]:.2e} MeV, those in fast collisions that keep chirality {largest[1]:.2e} MeV"
    return Measured(max(largest), f"{text}; at 0.1 s {here} MeV")


def pauli_kappa_total(context: Context) -> Measured:
    """κ_tot [MeV²] with all left-handed electrons and right-handed positrons removed, (1/4π²) ∫ q (f + f̄) dq."""
    here = zone()
    mesh = here.mesh()
    f, f_bar = (channel.thermal for channel in here.channels(mesh.q))
    value = float(mesh.integral(mesh.q * (f + f_bar))[0]) / (4 * math.pi**2)
    reached = float(answer().bounded.kappa_b_total)
    return Measured(value, f"π²T²/6 + mu²/2 over 4π²; the exact κ_tot at 0.1 s is {reached:.3g} MeV²")


def free_flight(context: Context) -> Measured:
    """x_eff over c x0 of electrons in free flight, in neutrinos that shine within some 100 km (a Gaussian, at its radius)."""
    flown = SPEED_OF_LIGHT_CM_S * TIME / GAIN_REGION_CM
    found = x_eff_radial(lambda r, t: np.exp(-(r**2)), 1.0, flown, longest=8.0)
    ratio = max(found.radial, found.tangential) / flown
    text = f"c x0 = {flown * GAIN_REGION_CM / 1e5:.0f} km; x_eff/(c x0) = {ratio:.1e} at the edge of a source of 100 km"
    return Measured(which(ratio > 0.5, ratio < 0.05), text)


# --- collisions and flips --------------------------------------------------------------------------------------------


def collisions(context: Context) -> Measured:
    """What fast collisions that keep chirality make of ξ_tot at 0.1 s; and how many of them there are in that time."""
    thermal = float(thermal_answer(zone(), [TIME]).xi_b_total[0])
    linear, number = float(printed_form().xi_b_total), TIME / float(inverse_mev_to_seconds(collision_time()))
    text = f"{number:.0e} collision times in 0.1 s; thermal electrons have ξ_tot = {thermal:.2e} MeV, linear {linear:.2g}"
    return Measured(which(abs(thermal / linear - 1) < 0.1, number > 1 and abs(thermal / linear) < 0.1), text)


def flips_half(context: Context) -> Measured:
    """ξ_tot when half of what left-handed electrons lost is taken over by right-handed ones, over that without flips."""
    fast = answer(time=1e-6, flipping_rate=FLIPS)
    ratio = float(fast.bounded.xi_b_total / fast.xi_b_total)
    here = zone()
    mesh = here.mesh()
    channel = here.channels(mesh.q)[0]
    left, right = bounded_change(channel.drive, channel.rate, float(seconds_to_inverse_mev(1e-6)), 0.0, 1e-3)
    equal = float(np.max(np.abs(left - right)) / np.max(np.abs(left)))
    text = f"δf_L - δf_R over δf_L: {equal:.0e}; at 1 µs ξ_tot with flips over that without: {ratio:.0e}"
    return Measured(which(ratio > 0.5, ratio < 1e-6 and equal < 1e-3), text)


def appears_with_flips(context: Context) -> Measured:
    """ξ_tot [MeV] with flips at α m_e²/T, at 10 µs, and the linear one."""
    found = answer(time=1e-5, flipping_rate=FLIPS)
    with_flips, without = float(found.bounded.xi_b_total), float(found.bounded.xi_b_total / found.xi_b_total)
    text = f"flips at {FLIPS:.1e} per second leave {with_flips:.1e} MeV at 10 µs, {abs(without):.0e} of the linear answer"
    return Measured(which(abs(without) > 0.1, with_flips != 0 and abs(without) < 1e-6), text)


# --- instability -----------------------------------------------------------------------------------------------------


def field_from_helicity(context: Context) -> Measured:
    """B [G] of the largest quoted helicity (10 MeV)³ at the largest unstable k of the printed ξ_tot."""
    low = field_of_helicity(1.0, LARGEST_WAVE_NUMBER)
    return Measured(float(field_of_helicity(1e3, LARGEST_WAVE_NUMBER)), f"√(h k) at k = ξ_tot; {low:.1e} G for (1 MeV)³")


def helicity_of_field(context: Context) -> Measured:
    """Cube root [MeV] of the helicity of 1e16 G at the largest unstable k of the printed ξ_tot."""
    size = float(helicity_density(FIELD, LARGEST_WAVE_NUMBER)) ** (1 / 3)
    return Measured(size, "(B²/k)^(1/3) at k = ξ_tot; more at smaller k")


def field_of_supply(context: Context) -> Measured:
    """Helical field [G] at the fastest k of the printed ξ_tot that takes the chirality of all left-handed electrons."""
    available, needed = number_of_left_handed(), float(chirality_for_field(FIELD, LARGEST_WAVE_NUMBER / 2))
    text = f"all left-handed electrons are {available:.3g} MeV³, 1e16 G at the fastest k takes {needed:.3g} MeV³"
    return Measured(FIELD * math.sqrt(available / needed), text)


def equipartition(context: Context) -> Measured:
    """Energy density of 1e16 G over the thermal one."""
    field = float(equipartition_field(matter()))
    return Measured((FIELD / field) ** 2, f"equipartition with photons, pairs and nucleons is {field:.3g} G")


def field_of_instability(context: Context) -> Measured:
    """Field [G] at most, from the chirality and the fastest k of the exact answer at 0.1 s without flips."""
    here = zone()
    mesh = here.mesh()
    made = [bounded_change(c.drive, c.rate, float(seconds_to_inverse_mev(TIME)))[0] for c in here.channels(mesh.q)]
    chirality = abs(float(mesh.integral(mesh.q**2 * (made[0] - made[1]))[0])) / (2 * math.pi**2)
    k = abs(chiral_wavenumber_from_conductivity(float(answer().bounded.xi_b_total))) / 2
    helicity = math.pi / FINE_STRUCTURE * chirality
    field = float(field_of_helicity(helicity, k))
    size = helicity ** (1 / 3)
    text = f"{chirality:.2g} MeV³ of chirality make at most {field:.1e} G and ({size:.2g} MeV)³ at the fastest k = {k:.2g}/cm"
    return Measured(which(0.3 * FIELD < field < 3 * FIELD, field < 0.3 * FIELD), text)


def cascade(context: Context) -> Measured:
    """Growth time [s] of the instability: linear, bounded, and with flips."""
    sigma = pair_plasma_conductivity(TEMPERATURE)
    fast = answer(time=1e-5, flipping_rate=FLIPS)
    cases = (printed_form().xi_b_total, answer().bounded.xi_b_total, fast.bounded.xi_b_total)
    linear, bounded, flipped = (float(instability_scales(float(xi), sigma).growth_time_s) for xi in cases)
    text = f"growth times: linear {linear:.0e} s, bounded {bounded:.0e} s, bounded with flips {flipped:.0e} s"
    return Measured(which(flipped < CORE_S, flipped > 1e6 * CORE_S), text)


def unstable_length(context: Context) -> Measured:
    """Wavelength of the fastest mode of the printed ξ_tot against the path between collisions 1/(α² T)."""
    k = LARGEST_WAVE_NUMBER / 2
    path = float(inverse_mev_to_cm(collision_time()))
    return Measured(which(k * path < 0.1, k * path > 1), f"k × path between collisions = {k * path:.2g}, path {path:.1e} cm")


# --- kick ------------------------------------------------------------------------------------------------------------


def field_for_1_km_s(context: Context) -> Measured:
    """B [G] that gives 1 km/s by (31) with the printed κ_tot."""
    with_22 = 1 / float(kick_velocity(float(answer().kappa_b_total), 1.0))
    return Measured(1 / float(kick_velocity(KAPPA_TOTAL, 1.0)), f"κ_tot = 780 MeV²; with κ_tot by (22), {with_22:.2e} G")


def kick_with_780(context: Context) -> Measured:
    """Speed [km/s] at 1e16 G by (31) with the printed κ_tot."""
    with_22 = float(kick_velocity(float(answer().kappa_b_total), FIELD))
    return Measured(float(kick_velocity(KAPPA_TOTAL, FIELD)), f"κ_tot = 780 MeV²; with κ_tot by (22), {with_22:.3g} km/s")


def kick_arithmetic(end: float) -> Callable[[Context], Measured]:
    """Speed [km/s] at 1e16 G if `end` [G] gives 1 km/s."""
    return lambda context: Measured(FIELD / end, f"1e16 G over {end:g} G")


def kick_bounded(context: Context) -> Measured:
    """Speed [km/s] at 1e16 G with the exact κ_tot at 0.1 s."""
    kappa = float(answer().bounded.kappa_b_total)
    return Measured(float(kick_velocity(kappa, FIELD)), f"κ_tot = {kappa:.3g} MeV² within the Pauli bound, without flips")


VALUES: dict[str, Callable[[Context], Any]] = {
    "breakdown": breakdown("electrons"),
    "breakdown-positrons": breakdown("positrons"),
    "small-delta-f": smallness,
    "power-counting": power_counting,
    "eq26-homogeneous": free_flight,
    "upper-bound-xi": pauli_xi,
    "upper-bound-xi-total": largest_xi_total,
    "upper-bound-kappa-total": pauli_kappa_total,
    "eq15": collisions,
    "flips-do-not-matter": flips_half,
    "summary-flips": appears_with_flips,
    "cpi-field": field_from_helicity,
    "cpi-helicity": helicity_of_field,
    "cpi-supply": field_of_supply,
    "cpi-energy": equipartition,
    "cpi-computable": field_of_instability,
    "cpi-hydrodynamic": unstable_length,
    "inverse-cascade": cascade,
    "eq31": field_for_1_km_s,
    "eq31-arithmetic-low": kick_arithmetic(1e14),
    "eq31-arithmetic-high": kick_arithmetic(1e13),
    "kick": kick_with_780,
    "kick-bounded": kick_bounded,
}
