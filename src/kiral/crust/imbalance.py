"""The imbalance of a crust, δmu = mu_e + mu_p - mu_n, evolved: compression makes it, electron captures undo it.

With x = δmu/kT at each radius, t at infinity and N the lapse,

    dx/dt = s - k (1 - e^-x),     s = (κ y/kT) d ln n_b/dt,     k = N κ Γw/kT,     κ = ∂δmu/∂ln Y_e,

and y = -d ln Y_e/d ln n_b along equilibrium. A net capture takes one electron of n_e; matter that stays in equilibrium while it
is compressed has to lose y d ln n_b of its electrons, which makes ∂δmu/∂ln n_b at constant Y_e κ y, whatever the nuclei are.
In v = e^x - 1 it is linear, dv/dt = s (1 + v) - k v; net captures are Γw v/(1 + v) per electron and second. With k far above s
that is y (d ln n_b/dt)/N: the captures' rate drops out.

κ: electrons give ∂mu_e/∂ln n_e = p² c²/(3 mu_e). Outer crust: nuclei keep A, so that a capture also costs Z ∂²E/∂Z² of a
nucleus, 8 a_sym Z/A + 2 a_C Z/A^(1/3) (Weizsäcker; 70 to 90 MeV, far above the electrons' part); density does not change
nuclei, so that κ y is the electrons' part. Inner crust: y from the composition, κ the electrons' part alone: nuclei exchange
neutrons with the gas, which leaves Coulomb, surface and gas terms, 0.1 to 1 of it, out; they make κ larger.

Energies: e = n_e δmu²/(2κ) is stored per volume, n_e δmu y d ln n_b/dt put in by compression, n_e Γw_eff δmu released.
Numbers or arrays of numpy. Nothing here imports jax.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiral.constants import BOLTZMANN_EV_K, EV_ERG, SOLAR_MASS_G, SPEED_OF_LIGHT_CM_S, YEAR_S
from kiral.crust.imbalance_config import Compression, SpinDown
from kiral.crust.rates import ELECTRON_MEV
from kiral.errors import ConfigError

if TYPE_CHECKING:
    from kiral.crust.neutron_star import Star

MEV_ERG = 1e6 * EV_ERG
MEV_K = 1e-6 * BOLTZMANN_EV_K
"""kT in MeV per kelvin."""
DIFFERENCE = 0.02  # relative step in density of the derivatives of P, n_b and Y_e: fits of them are smooth on it
MOST_COMPRESSED = 1.0
"""Largest change of ln n_b: composition and structure stay those of the star."""
SYMMETRY_MEV, COULOMB_MEV = 23.7, 0.711
"""a_sym and a_C of the semi-empirical mass formula (J. W. Rohlf, Modern Physics from α to Z0, 1994)."""


class ImbalanceMatter(NamedTuple):
    """What δmu needs of the crust, at radii, all of one shape.

    electron_density [1/cm³]; kappa: ∂δmu/∂ln Y_e [MeV]; fewer: y = -d ln Y_e/d ln n_b [1]; response: d ln n_b/d(Ω²) [s²];
    lapse [1]; volume: proper volume around a radius [cm³].
    """

    electron_density: NDArray
    kappa: NDArray
    fewer: NDArray
    response: NDArray
    lapse: NDArray
    volume: NDArray


def imbalance_matter(
    star: Star, r: NDArray | None = None, weights: NDArray | None = None, *, gr: bool = True
) -> ImbalanceMatter:
    """Of a star's crust at radii r [km], those of its profile where not given; weights of ∫ dℓ [km], trapezoids by default."""
    found = star.crust if r is None else star.at_radius(r)
    names = ("r", "density", "baryon_density", "gravity", "lapse", "stretch", "charge_number", "mass_number")
    r, rho, n, gravity, lapse, stretch, charge, nucleons = (found[name].values for name in names)
    electrons, mu = found["electron_density"].values, found["electron_chemical_potential"].values
    if not gr:
        lapse = stretch = np.ones_like(r)
    stiffness, fewer = slopes(star, rho)
    electronic, outer = (mu**2 - ELECTRON_MEV**2) / (3 * mu), n < star.eos.drip
    kappa = electronic + np.where(outer, nuclear_part(charge, nucleons), 0.0)
    fewer = np.where(outer, electronic / kappa, fewer)
    response = centrifugal_response(1e5 * r, gravity, stiffness, lapse)
    lengths = stretch * np.gradient(r) * np.where((r == r[0]) | (r == r[-1]), 0.5, 1.0) if weights is None else weights
    return ImbalanceMatter(electrons, kappa, fewer, response, lapse, 4e15 * math.pi * r**2 * lengths)


def slopes(star: Star, density: NDArray) -> tuple[NDArray, NDArray]:
    """(Γ = d ln P/d ln n_b, y = -d ln Y_e/d ln n_b) of matter in equilibrium, at densities of the crust [g/cm³].

    y is that of the inner crust's smooth composition; between the outer crust's nuclides, which come in steps, it is 0.
    """
    eos = star.eos
    drip, core = eos.density_of(eos.drip), eos.density_of(eos.crust_core)
    low = np.maximum(density * (1 - DIFFERENCE), np.where(density < drip, 0.0, drip))
    high = np.minimum(density * (1 + DIFFERENCE), core)
    span = np.log(eos.baryon_density(high) / eos.baryon_density(low))
    ratio = np.log(_electrons_per_baryon(star, high) / _electrons_per_baryon(star, low))
    return np.log(eos.pressure(high) / eos.pressure(low)) / span, -ratio / span


def nuclear_part(charge: Any, nucleons: Any) -> Any:
    """Z ∂²E/∂Z² at constant A [MeV] of a nucleus, E = a_sym (A - 2Z)²/A + a_C Z²/A^(1/3): the nuclei's part of κ."""
    return charge * (8 * SYMMETRY_MEV / nucleons + 2 * COULOMB_MEV / nucleons ** (1 / 3))


def _electrons_per_baryon(star: Star, density: NDArray) -> NDArray:
    n = star.eos.baryon_density(density)
    return star.eos.composed(density, n).electron_density / (1e39 * n)


def centrifugal_response(r: Any, gravity: Any, stiffness: Any, lapse: Any = 1.0) -> Any:
    """d ln n_b/d(Ω²) = -(2/3) r/(N² g Γ) [s²], shells of constant mass in a thin crust, averaged over angles.

    Args: r [cm]; gravity: local [cm/s²]; stiffness: Γ = d ln P/d ln n_b; lapse N, which takes Ω to local observers.
    The pressure below a given mass is proportional to gravity less (2/3) Ω² r. Left out: frames are dragged (Ω² less by about
    0.7), and the whole star contracts, which adds 4 d ln r to d ln P: by the virial theorem δr/r = IΩ²/((3Γ - 4)|W|), about
    as much again. Valid for Ω² r well below g.
    """
    return -2 / 3 * r / (lapse**2 * gravity * stiffness)


# --- rotation ----------------------------------------------------------------------------------------------------------------


def spin(t: Any, period: float, period_derivative: float, braking_index: float = 3.0) -> tuple[Any, Any]:
    """(Ω² [1/s²], dΩ²/dt [1/(s² yr)]) at t [yr] of dΩ/dt = -A Ω^n, from P [s] and dP/dt [1] at t = 0.

    Ω = Ω0 (1 + (n - 1) t/τ)^(-1/(n - 1)), τ = P/(dP/dt); exponential where n = 1. NaN before its beginning.
    """
    t = np.asarray(t, float)
    first, time, m = (2 * math.pi / period) ** 2, period / period_derivative / YEAR_S, braking_index - 1
    grown = 1 + m * t / time
    grown = np.where(grown > 0, grown, np.nan)
    squared = first * (np.exp(-2 * t / time) if m == 0 else grown ** (-2 / m))
    return squared, -2 * squared / (time * grown)


def dipole_period_derivative(period: Any, field: Any, radius_km: float, inertia: float) -> Any:
    """dP/dt [1] of a dipole in vacuum at a right angle to the axis, B [G] at its pole: P dP/dt = 2π² B² R⁶/(3 I c³)."""
    return 2 * math.pi**2 * field**2 * (1e5 * radius_km) ** 6 / (3 * inertia * SPEED_OF_LIGHT_CM_S**3 * period)


def moment_of_inertia(mass: float, radius_km: float) -> float:
    """I [g cm²] of a mass [Msun] and radius, Lattimer & Schutz (2005), Eq. (16); for masses above 1, within some percent."""
    ratio = mass / radius_km
    return 0.237 * mass * SOLAR_MASS_G * (1e5 * radius_km) ** 2 * (1 + 4.2 * ratio + 90 * ratio**4)


def rotation(section: SpinDown, star: Star) -> tuple[float, float, float]:
    """(P [s], dP/dt [1], n) of a section. ConfigError: faster than the star can rotate."""
    from kiral.crust.tov import SUN_KM

    orbit = math.sqrt(star.radius_km / (SUN_KM * star.mass))  # c over the speed of a Newtonian orbit at the surface
    shortest = 2 * math.pi * orbit * 1e5 * star.radius_km / SPEED_OF_LIGHT_CM_S
    if section.period <= shortest:
        raise ConfigError(
            f"imbalance.period: {section.period:g} s given; a star of {star.mass:g} solar masses and {star.radius_km:.4g} km "
            f"breaks up at {shortest:.3g} s; choose a longer period"
        )
    derivative = section.period_derivative
    if section.dipole is not None:
        inertia = moment_of_inertia(star.mass, star.radius_km)
        derivative = float(dipole_period_derivative(section.period, section.dipole, star.radius_km, inertia))
    assert derivative is not None
    return section.period, derivative, section.braking_index


Compressed = Callable[[NDArray], tuple[NDArray, NDArray]]


def compression(section: SpinDown | Compression, star: Star, matter: ImbalanceMatter, directory: Any = ".") -> Compressed:
    """t [yr] (times,) → (ln n_b but for a constant, its rate [1/yr]), each (times, radii)."""
    if isinstance(section, SpinDown):
        law = rotation(section, star)
        begin = spin(0.0, *law)[0]

        def slowed(t: NDArray) -> tuple[NDArray, NDArray]:
            squared, rate = spin(t, *law)
            return np.multiply.outer(squared - begin, matter.response), np.multiply.outer(rate, matter.response)

        return slowed
    ones = np.ones_like(matter.response)
    if isinstance(section.rate, float | int):
        rate = float(section.rate)
        return lambda t: (np.multiply.outer(rate * np.asarray(t), ones), rate * np.ones_like(np.multiply.outer(t, ones)))
    from scipy.interpolate import CubicSpline, PPoly

    times, values = section.rate.load(directory)
    linear = section.rate.interpolation == "linear"
    law = PPoly(np.stack([np.diff(values) / np.diff(times), values[:-1]]), times) if linear else CubicSpline(times, values)
    whole = law.antiderivative()
    return lambda t: (np.multiply.outer(whole(t), ones), np.multiply.outer(law(t), ones))


def check_compressed(law: Compressed, begin: float, end: float) -> None:
    """ConfigError where density changes by more than a factor of e: coefficients are those of the star as it is."""
    change = law(np.linspace(begin, end, 65))[0]
    largest = float(np.abs(change - change[0]).max())
    if not np.isfinite(largest):
        raise ConfigError(f"imbalance: the star did not rotate yet at {begin:g} yr by this law; choose a later time.t_start")
    if largest > MOST_COMPRESSED:
        raise ConfigError(
            f"imbalance: ln(density) would change by {largest:.3g} until {end:g} yr; allowed: at most {MOST_COMPRESSED:g}, "
            "since the star is kept as it is; choose a smaller rate or a shorter time"
        )


# --- evolution ---------------------------------------------------------------------------------------------------------------


def relaxation_rate(kappa: Any, capture_rate: Any, temperature: Any, lapse: Any = 1.0) -> Any:
    """k = N κ Γw/kT [1/yr] of κ [MeV], Γw [1/s], T [K]: δmu well below kT falls as e^-kt."""
    return YEAR_S * lapse * kappa * capture_rate / (MEV_K * temperature)


def advanced(x: Any, driven: Any, source: tuple[Any, Any], rate: tuple[Any, Any], h: Any) -> Any:
    """x after a time h of dx/dt = s - k (1 - e^-x): exact where s and k are constant, second order where they change.

    Args: x: δmu/kT. driven: ∫ s dt over the step. source, rate: s and k [1/yr] at its beginning and end. h: [yr].
    With a = ∫ (s - k) dt: v → v e^a + h (s0 (φ1 - φ2) + s1 φ2)(a); 1 + v itself where |x| is large, so that nothing overflows.
    As k h grows it goes to the quasi-steady v = s/(k - s) of the end.
    """
    begin, end = _weights(driven - h * (rate[0] + rate[1]) / 2)
    k = (begin * rate[0] + end * rate[1]) / (begin + end)
    a = driven - h * k
    begin, end = _weights(a)
    small = np.clip(x, -1.0, 1.0)
    with np.errstate(divide="ignore"):
        new = np.exp(np.minimum(a, 50.0)) * np.expm1(small) + h * (begin * source[0] + end * source[1])
        large = np.logaddexp(x + a, np.log(h * k * (begin + end)))
        return np.where((np.abs(x) < 1) & (a < 1) & (new > -0.5), np.log1p(np.maximum(new, -0.5)), large)


def _weights(a: Any) -> tuple[Any, Any]:
    """(φ1 - φ2, φ2) of a: weights of the two ends in ∫ e^(a (1 - τ)) f dτ over 0..1, f linear."""
    safe = np.where(np.abs(a) < 1e-2, 1.0, np.minimum(a, 700.0))
    whole = np.expm1(safe) / safe
    end = (whole - 1) / safe
    series = 1 / 2 + a / 6 * (1 + a / 4 * (1 + a / 5 * (1 + a / 6)))
    near = np.abs(a) < 1e-2
    whole = np.where(near, 1 + a * series, whole)
    end = np.where(near, series, end)
    return whole - end, end


def quasi_steady(source: Any, rate: Any) -> Any:
    """x that s and k leave unchanged, -ln(1 - s/k): δmu/kT while compression and captures balance; inf where s >= k."""
    ratio = np.asarray(source) / np.where(np.asarray(rate) > 0, rate, 1.0)
    good = (np.asarray(rate) > 0) & (ratio < 1)
    return np.where(good, -np.log1p(-np.where(good, ratio, 0.0)), np.inf)


def constant_solution(t: Any, x: Any, source: Any, rate: Any) -> Any:
    """x at t [yr] from x at 0 with constant s and k [1/yr], k > 0 and s < k: v = v∞ + (v0 - v∞) e^((s - k) t)."""
    grown = (source - rate) * t
    return np.log1p(np.expm1(x) * np.exp(grown) - source / (rate - source) * np.expm1(grown))


class Evolution(NamedTuple):
    """Of every time and radius, (times, radii).

    x: δmu/kT. net: net captures per electron and proper second, over Γw: 1 - e^-x. rate: d ln n_b/dt [1/yr].
    """

    x: NDArray
    net: NDArray
    rate: NDArray


def evolve(
    t: NDArray, x: NDArray, matter: ImbalanceMatter, compressed: Compressed, temperature: NDArray, relaxation: NDArray
) -> Evolution:
    """δmu/kT over all times t [yr] (times,) from x (radii,) at t[0].

    Args: temperature: [K] (times,). relaxation: k of `relaxation_rate` [1/yr] (times, radii). δmu itself is what a change of
    the temperature leaves as it is. Second order in the steps of t; quasi-steady states are exact however long they are.
    """
    density, rate = compressed(np.asarray(t, float))
    kt = MEV_K * np.asarray(temperature, float)
    driving = matter.kappa * matter.fewer
    rows = [np.asarray(x, float) * np.ones_like(matter.kappa)]
    for i in range(1, len(t)):
        before = rows[-1] * kt[i - 1] / kt[i]
        scale = driving / kt[i]
        source = (scale * rate[i - 1], scale * rate[i])
        pair = (relaxation[i - 1], relaxation[i])
        rows.append(advanced(before, scale * (density[i] - density[i - 1]), source, pair, t[i] - t[i - 1]))
    found = np.array(rows)
    return Evolution(found, -np.expm1(-found), rate)


# --- energies ----------------------------------------------------------------------------------------------------------------


class Reservoir(NamedTuple):
    """Energies of δmu per volume [erg/cm³] and their rates [erg/(cm³ yr)], local, by the time at infinity."""

    stored: Any
    put_in: Any
    released: Any


def reservoir(x: Any, matter: ImbalanceMatter, temperature: Any, rate: Any, relaxation: Any) -> Reservoir:
    """Energy stored in δmu, put in by compression, released by captures: d(stored)/dt = put_in - released at constant n_e.

    x (..., radii); temperature [K]; rate: d ln n_b/dt [1/yr]; relaxation: k [1/yr].
    """
    kt = MEV_K * temperature
    delta = kt * x
    density = MEV_ERG * matter.electron_density
    captured = relaxation * kt / matter.kappa * -np.expm1(-x)  # per electron and year at infinity
    return Reservoir(density * delta**2 / (2 * matter.kappa), density * delta * matter.fewer * rate, density * captured * delta)


def e_foldings_of_release(x: Any, growth: Any, relaxation: Any) -> Any:
    """∫ N eta k5²/4 dt while δmu/kT = x falls to 0 by captures alone: growth/k (x - 1 + e^-x).

    growth: N eta k5²/4 with all captures and no inverse [1/yr], without cap; relaxation: k [1/yr]. Both are proportional to the
    factor of the captures, once and twice: slower captures make it smaller.
    """
    return growth / relaxation * (x + np.expm1(-x))


def e_foldings_of_balance(k5_per_capture: Any, diffusivity: Any, matter: ImbalanceMatter, squares: Any) -> Any:
    """∫ N eta k5²/4 dt while captures keep up with compression, whatever their rate: (eta/4N) (K y)² ∫ (d ln n_b/dt)² dt.

    k5_per_capture: K = k5/Γw_eff [yr/km], diffusivity: eta [km²/yr], squares: ∫ (d ln n_b/dt)² dt [1/yr].
    """
    return diffusivity / (4 * matter.lapse) * (k5_per_capture * matter.fewer) ** 2 * squares
