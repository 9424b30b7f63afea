"""Y23, Eqs. (10)–(12), (21), (22), (26)–(30), Fig. 1, and the numbers of the section on supernovae up to kappa_B,tot."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from kiral.constants import BOLTZMANN_EV_K
from kiral.papers.context import Context, Measured
from kiral.papers.yamamotoyang2023.common import (
    ENERGIES,
    INPUTS,
    MU_E,
    MU_N_MINUS_MU_P,
    SPECTRUM,
    TEMPERATURE,
    TIME,
    answer,
    linear_currents,
    matter,
    printed_form,
    zone,
)
from kiral.papers.yamamotoyang2023.values_kinetic import which
from kiral.units import seconds_to_inverse_mev
from kiral.weak.collision import electrons, f_w, f_w_tilde, with_potentials
from kiral.weak.composition import composition
from kiral.weak.currents import E_SQUARED, currents, direct_currents

EDGES = (*range(1, 40, 3), *range(40, 500, 20))
"""Ends of the panels for the integrals over momentum [MeV]."""
CONSTANTS = "e² = 4πα, g_A = 1.27, M = 940 MeV"


# --- Eqs. (10)–(12): equilibrium -------------------------------------------------------------------------------------


@cache
def _lowest_level(mu: float) -> tuple[float, float]:
    """(ξ, κ) of one right-handed chirality from the lowest Landau level: eB/2π states, ∫dp/2π of charge and of momentum.

    The higher levels come in pairs of opposite velocity and carry nothing along B.
    """
    ends = [quad(lambda p, s=s, n=n: p**n / (math.exp((p - s * mu) / TEMPERATURE) + 1), 0, 60 * TEMPERATURE)[0]
            for n in (0, 1) for s in (1, -1)]  # fmt: skip
    return E_SQUARED * (ends[0] - ends[1]) / (4 * math.pi**2), (ends[2] + ends[3]) / (4 * math.pi**2)


@cache
def _thermal(mu: float) -> tuple[float, float, float]:
    """(ξ, κ consistent, κ printed) by `currents` of a right-handed thermal chirality, all of it as an excess."""
    mesh = zone().mesh()
    f, f_bar = (1 / (np.exp((mesh.q - s * mu) / TEMPERATURE) + 1) for s in (1, -1))
    consistent, printed = (currents(mesh, -f, -f_bar, form)[0] for form in ("consistent", "printed"))
    return float(consistent.xi_b_total), float(consistent.kappa_b_total), float(printed.kappa_b_total)


def equilibrium_cme(context: Context) -> Measured:
    """ξ of a thermal chirality against the lowest Landau level and e² mu/4π²."""
    ours, level = _thermal(5.0)[0], _lowest_level(5.0)[0]
    holds = math.isclose(ours, level, rel_tol=1e-9) and math.isclose(ours, E_SQUARED * 5 / (4 * math.pi**2), rel_tol=1e-9)
    return Measured(holds, f"mu = 5 MeV: ours over lowest Landau level {ours / level:.10f}")


def cancel(context: Context) -> Measured:
    """Right- plus left-handed thermal currents at equal mu, over one of them; and ours for δf = 0."""
    mu = float(matter().mu_e)
    one = _lowest_level(mu)[0]
    still = answer(time=0.0)
    both = max(abs(one + (-1) * _thermal(mu)[0]) / one, abs(float(still.xi_b_total)), abs(float(still.kappa_b_total)))
    return Measured(both < 1e-9, f"sum over one of them {both:.0e}; 0 without radiation")


def appears(context: Context) -> Measured:
    """ξ_tot and κ_tot at 1 µs, where all |δf| < 0.1: linear and exact ones are not 0, and agree."""
    found = answer(time=1e-6)
    ratios = [float(found.bounded.xi_b_total / found.xi_b_total), float(found.bounded.kappa_b_total / found.kappa_b_total)]
    holds = found.max_delta_f < 0.1 and found.xi_b_total != 0 and all(abs(r - 1) < 0.1 for r in ratios)
    text = f"at 1 µs ξ_tot = {found.xi_b_total:.2e} MeV, κ_tot = {found.kappa_b_total:.2e} MeV², bounded over linear "
    return Measured(bool(holds), text + " and ".join(f"{r:.2f}" for r in ratios))


# --- Eqs. (21), (22), (26)–(30) --------------------------------------------------------------------------------------


@cache
def _direct(continuation: str) -> tuple[float, float]:
    """(ξ, κ) of the linear δf of the printed inputs by (21), (22)."""
    t = seconds_to_inverse_mev(TIME)
    return direct_currents(lambda q: electrons(q, matter(), SPECTRUM).drive * t, EDGES, continuation)


def from_21(context: Context) -> Measured:
    """(21) over (27)."""
    ratio = _direct("q0")[0] / float(printed_form().xi_b)
    other = _direct("q")[0] / float(printed_form().xi_b)
    return Measured(ratio, f"(21) by integration over momentum; {other:.6f} where δf is continued as a function of |q|")


def from_22(context: Context) -> Measured:
    """(22) over (29)."""
    return Measured(_direct("q0")[1] / float(printed_form().kappa_b), "(22) by integration over momentum, over (29)")


def prefactor_30(context: Context) -> Measured:
    """C in κ = C ∫ q (f + f̄) dq for a thermal chirality, from the lowest Landau level."""
    mu = 5.0
    integral = 4 * math.pi**2 * _thermal(mu)[1]
    return Measured(_lowest_level(mu)[1] / integral, "lowest Landau level: momentum ∫ p (f + f̄) dp/2π of eB/2π states")


def power_of_time(context: Context) -> Measured:
    """Exponent of x0 in ξ_B by (26), (27)."""
    ratio = float(answer(time=0.2).xi_b / printed_form().xi_b)
    return Measured(math.log2(ratio), "from 0.1 to 0.2 s, linear answer")


def secular(context: Context) -> Measured:
    """Growth of ξ_B from 0.01 to 0.1 s, linear and bounded."""
    late, early = answer(time=0.1), answer(time=0.01)
    linear, bounded = float(late.xi_b / early.xi_b), float(late.bounded.xi_b / early.bounded.xi_b)
    text = f"from 0.01 to 0.1 s ξ_B grows {linear:.3g} times in the linear answer, {bounded:.3g} times in the exact one"
    return Measured(which(bounded > 9, 1 <= bounded < 2), text)


def surface_terms(context: Context) -> Measured:
    """F_W at the ends of the integral over its largest value."""
    largest = float(np.max(f_w(ENERGIES, matter(), SPECTRUM)))
    ends = np.abs(f_w(np.array([1e-4, 500.0]), matter(), SPECTRUM)) / largest
    return Measured(bool(np.all(ends < 1e-9)), f"F_W at 1e-4 and 500 MeV over its largest: {ends[0]:.0e}, {ends[1]:.0e}")


def positrons_enter(context: Context) -> Measured:
    """n ↔ p, mu_e → -mu_e exchanges electrons and positrons: ξ_tot changes its sign, κ_tot does not; parts add up."""
    m = matter()
    here = linear_currents(m)
    mirror = linear_currents(m._replace(n_p=m.n_n, n_n=m.n_p, mu_e=-m.mu_e, mu_n=m.mu_p, mu_p=m.mu_n))
    holds = (
        math.isclose(here.xi_b_total, -mirror.xi_b_total, rel_tol=1e-12)
        and math.isclose(here.kappa_b_total, mirror.kappa_b_total, rel_tol=1e-12)
        and math.isclose(here.xi_b_total, here.xi_b - mirror.xi_b, rel_tol=1e-9)
        and math.isclose(here.kappa_b_total, here.kappa_b + mirror.kappa_b, rel_tol=1e-9)
    )
    return Measured(holds, "matter and antimatter exchanged")


def keeps_sign(context: Context) -> Measured:
    """Whether the total current keeps growing while F_W - F̃_W stays as it is: |ξ_tot| at 1 ms, 10 ms, 0.1 s, exact."""
    t = np.array([1e-3, 1e-2, 0.1])
    sign = np.sign(np.sum((f_w(ENERGIES, matter(), SPECTRUM) - f_w_tilde(ENERGIES, matter(), SPECTRUM)) / ENERGIES))
    xi = answer(time=t).bounded.xi_b_total
    kept = bool(np.all(np.sign(xi) == sign) and np.all(np.diff(np.abs(xi)) > 0))
    text = "exact ξ_tot at 1 ms, 10 ms, 0.1 s: " + ", ".join(f"{x:.2e}" for x in xi) + " MeV"
    return Measured(which(kept, bool(np.sign(xi[-1]) != sign)), text)


# --- numbers ---------------------------------------------------------------------------------------------------------


def _mass_from_mu_n(context: Context) -> Measured:
    """Nucleon mass [GeV] at which mu_n is the printed 870 MeV."""
    mass = brentq(lambda m: float(composition(**INPUTS, nucleon_mass=m).mu_n) - 870, 500, 1500)
    return Measured(1e-3 * mass, "mass for which the ideal gas has mu_n = 870 MeV")


def _ours(name: str, form: str = "printed") -> Callable[[Context], Measured]:
    """A field of the answer; κ as (29, 30) print it, or as (22)."""

    def value(context: Context) -> Measured:
        found = printed_form() if form == "printed" else answer(energy_current=form)
        return Measured(float(getattr(found, name)), "ideal gases, ρ/M nucleons" if name.startswith("mu") else CONSTANTS)

    return value


def _put_in(name: str) -> Callable[[Context], Measured]:
    """A current with the printed, rounded chemical potentials put into Eq. (13)."""

    def value(context: Context) -> Measured:
        m = with_potentials(matter()._replace(mu_e=MU_E), MU_N_MINUS_MU_P)
        return Measured(float(getattr(linear_currents(m), name)), "mu_e = 0.79 MeV, mu_n - mu_p = 3 MeV put into (13)")

    return value


def sign_at_zero(context: Context) -> Measured:
    """Sign of ξ_tot against that of mu_p - mu_n with mu_e = 0, for Ye and T of a wide range."""
    signs = []
    for fraction in (0.05, 0.3, 0.49, 0.51, 0.9):
        for temperature in (2.0, 8.6, 20.0):
            m = composition(1e10, temperature, fraction)._replace(mu_e=0.0)
            signs.append(float(np.sign(linear_currents(m).xi_b_total)) == float(np.sign(m.mu_p - m.mu_n)))
    return Measured(all(signs), "mu_e = 0; Ye from 0.05 to 0.9, T from 2 to 20 MeV")


def flip(context: Context) -> Measured:
    """Ye at which ξ_tot vanishes with the electrons' own potential, all else as printed."""
    root = brentq(lambda ye: float(answer(electron_fraction=ye).xi_b_total), 0.4, 0.499, xtol=1e-10)
    m = composition(1e10, TEMPERATURE, root)
    return Measured(root, f"root in Ye; there mu_p - mu_n = {m.mu_p - m.mu_n:.3g} MeV, mu_e/T = {m.mu_e / TEMPERATURE:.2g}")


def scale(context: Context) -> Measured:
    """Powers of ξ_tot in x0 and in density at the same mu_p - mu_n (and mu_e = 0)."""

    def xi(density: float, time: float) -> float:
        return float(linear_currents(composition(density, TEMPERATURE, 0.4)._replace(mu_e=0.0), time=time).xi_b_total)

    powers = math.log2(xi(2e10, TIME) / xi(1e10, TIME)), math.log2(xi(1e10, 2 * TIME) / xi(1e10, TIME))
    free = all(abs(power - 1) < 1e-9 for power in powers)
    text = f"at the same mu_p - mu_n, ξ_tot ∝ ρ^{powers[0]:.3g} x0^{powers[1]:.3g}"
    return Measured(which(all(abs(p) < 0.1 for p in powers), free), text)


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq10": equilibrium_cme,
    "fig1-a": cancel,
    "fig1-b": appears,
    "eq21": from_21,
    "eq22": from_22,
    "eq26": power_of_time,
    "secular": secular,
    "eq27-surface": surface_terms,
    "eq28": positrons_enter,
    "eq28-grows": keeps_sign,
    "eq30": prefactor_30,
    "temperature": lambda context: Measured(1e-6 * BOLTZMANN_EV_K * 1e11, "k_B × 1e11 K"),
    "nucleon-mass": _mass_from_mu_n,
    "mu-e": _ours("mu_e"),
    "mu-n": _ours("mu_n"),
    "mu-p": _ours("mu_p"),
    "mu-e-small": lambda context: Measured(float(matter().mu_e) / TEMPERATURE, "with mu_e as it follows from the inputs"),
    "mu-difference": lambda context: Measured(float(matter().mu_p - matter().mu_n), "T ln(n_p/n_n)"),
    "xi-b": _ours("xi_b"),
    "xi-b-total": _ours("xi_b_total"),
    "kappa-b": _ours("kappa_b"),
    "kappa-b-total": _ours("kappa_b_total"),
    "kappa-b-eq22": _ours("kappa_b", "consistent"),
    "kappa-b-total-eq22": _ours("kappa_b_total", "consistent"),
    "xi-b-rounded": _put_in("xi_b"),
    "xi-b-total-rounded": _put_in("xi_b_total"),
    "kappa-b-rounded": _put_in("kappa_b"),
    "kappa-b-total-rounded": _put_in("kappa_b_total"),
    "sign-at-zero": sign_at_zero,
    "sign-flip": flip,
    "scale": scale,
}
