"""The limit of fast electromagnetic collisions that keep chirality: left- and right-handed electrons stay thermal.

Collisions refill what neutrinos take from one energy by electrons of others, at once, so that no occupation is ever used up;
what bounds the current is that capture stops in beta equilibrium with the given neutrinos. Each chirality (electrons and their
antiparticles) keeps T and has its own mu. Natural units, MeV; Q_L is the number of left-handed electrons less that of the
right-handed positrons:

    Q_i = mu_i (mu_i² + π²T²)/(6π²)
    dQ_L/dt = -∫ q dq/(2π²) [F_W - F̃_W] + (g/2)(Q_R - Q_L),   dQ_R/dt = (g/2)(Q_L - Q_R)
    ξ_tot = (e²/4π²) (mu_R - mu_L),   κ_tot = (mu_R² - mu_L²)/(8π²)

F_W, F̃_W at the present mu_L; g is the rate of flips. The matter (T, n_n, n_p) is held fixed, as in the rest of this package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiral.core.arrays import check
from kiral.errors import ConfigError, NumericalError
from kiral.units import per_second_to_mev, seconds_to_inverse_mev
from kiral.weak.composition import electron_chemical_potential
from kiral.weak.currents import E_SQUARED
from kiral.weak.effective import Zone
from kiral.weak.spectra import fermi


class ThermalAnswer(NamedTuple):
    """Over the times asked for: chemical potentials of both chiralities [MeV], ξ_tot [MeV], κ_tot [MeV²]."""

    mu_l: NDArray
    mu_r: NDArray
    xi_b_total: NDArray
    kappa_b_total: NDArray


def thermal_answer(zone: Zone, times: Sequence[float] | NDArray, flipping_rate: float = 0.0) -> ThermalAnswer:
    """The currents at increasing times [s] since the neutrinos began to shine, in one zone; flipping_rate in 1/s.

    ConfigError: times negative or not increasing. NumericalError where the integration fails.
    """
    from scipy.integrate import solve_ivp

    times = np.atleast_1d(np.asarray(times, dtype=float))
    check("times", times, least=0)
    if np.any(np.diff(times) < 0):
        raise ConfigError("times: must increase; sort them")
    check("flipping_rate", flipping_rate, least=0)
    capture, mu = _Capture(zone), float(zone.matter.mu_e)
    flips = per_second_to_mev(flipping_rate)
    start = _charge(mu, zone)

    def rates(_: float, y: NDArray) -> list[float]:
        change, difference = y  # of Q_L + Q_R since the start, and Q_R - Q_L
        captured = capture(start + (change - difference) / 2)
        return [captured, -captured - flips * difference]

    t = seconds_to_inverse_mev(times)
    end = max(t.max(), 1.0)
    expected = abs(capture(start)) / (flips + 1 / end)  # size of Q_R - Q_L, small where flips are fast
    small = [1e-12 * float(zone.matter.temperature) ** 3, 1e-10 * expected + 1e-300]
    found = solve_ivp(rates, (0.0, end), [0.0, 0.0], "Radau", t, rtol=1e-9, atol=small)
    if not found.success:
        raise NumericalError(f"thermal answer: {found.message}")
    change, difference = found.y
    mu_l = _potential(start + (change - difference) / 2, zone)
    mu_r = _potential(start + (change + difference) / 2, zone)
    # mu_R - mu_L from Q_R - Q_L, without the cancellation.
    width = mu_r**2 + mu_r * mu_l + mu_l**2 + (math.pi * float(zone.matter.temperature)) ** 2
    apart = 6 * math.pi**2 * difference / width
    return ThermalAnswer(mu_l, mu_r, E_SQUARED / (4 * math.pi**2) * apart, apart * (mu_r + mu_l) / (8 * math.pi**2))


def equilibrium_mu_l(zone: Zone) -> float:
    """mu_L [MeV] at which capture and its inverse balance: the end without flips."""
    from scipy.optimize import brentq

    capture, wide = _Capture(zone), 10 * (float(zone.matter.temperature) + abs(float(zone.matter.mu_e)))
    while capture(_charge(-wide, zone)) * capture(_charge(wide, zone)) > 0:
        wide *= 2
    root: Any = brentq(lambda mu: capture(_charge(mu, zone)), -wide, wide, xtol=1e-13)
    return float(root)


def _charge(mu: Any, zone: Zone) -> Any:
    return mu * (mu**2 + (math.pi * float(zone.matter.temperature)) ** 2) / (6 * math.pi**2)


def _potential(charge: Any, zone: Zone) -> Any:
    return electron_chemical_potential(2 * charge, zone.matter.temperature)


class _Capture:
    """dQ_L/dt [MeV⁴] by the weak interaction, as a function of Q_L."""

    def __init__(self, zone: Zone) -> None:
        self.zone, mesh = zone, zone.mesh()
        self.q, self.weight = mesh.q, mesh.q**2 * mesh.weight / (2 * math.pi**2)
        electrons, positrons = zone.channels(mesh.q)
        self.gains = electrons.gain - positrons.gain
        self.rates = electrons.rate, positrons.rate

    def __call__(self, charge: float) -> float:
        mu, temperature = _potential(charge, self.zone), self.zone.matter.temperature
        lost = self.rates[0] * fermi((self.q - mu) / temperature) - self.rates[1] * fermi((self.q + mu) / temperature)
        return float(np.sum(self.weight * (self.gains - lost)))
