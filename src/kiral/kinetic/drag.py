"""Regime with drag: one chirality's density and current to second order in fields and derivatives, and how mu, mu5 evolve.

A background (gluons, a lattice) keeps the plasma from drifting; E, B, gradients and rates are small, each counted as one
order: c |eE| τ/T, (ħ) e c |B|/T², c τ k, τ ω all well below 1. Relaxation-time approximation, T fixed. G16 = Gorbar et al.
2016, corrected as the page on currents says. ħ = 1, Gaussian; vectors have their component on the FIRST axis, (3, *S).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kiral.core.arrays import check
from kiral.errors import ConfigError
from kiral.kinetic.equilibrium import PI2, density, slope, susceptibility
from kiral.kinetic.vectors import aligned, check_matter, cross, dot


class ChiralityCurrents(NamedTuple):
    """Number current of one chirality [1/(length² time)], by the terms of G16 (50), (51); each (3, *S)."""

    magnetic: Any  # along B: chiral magnetic and separation effects
    ohmic: Any
    diffusion: Any
    electric_relaxation: Any  # -τ ∂t of the Ohmic current
    hall: Any
    hall_diffusion: Any
    magnetization: Any  # the part with ∂t B
    anomalous_hall: Any  # the part with E × ∇mu

    @property
    def total(self) -> Any:
        """Their sum."""
        return sum(self)


class Rates(NamedTuple):
    """dmu/dt and dmu5/dt [energy/time]."""

    dmu_dt: Any
    dmu5_dt: Any


class Residuals(NamedTuple):
    """Left sides of two equations, zero where they hold."""

    number: Any
    axial: Any


def chirality_currents(
    *, chirality: int, temperature: Any, mu: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any = None,
    magnetic_field: Any = None, grad_mu: Any = None, dt_electric_field: Any = None, dt_magnetic_field: Any = None,
) -> ChiralityCurrents:  # fmt: skip
    """Number current of the chirality +1 or -1, whose chemical potential and gradient are given. G16 (50), (51).

    Inputs as in `kiral.kinetic.currents`, but mu and grad_mu are mu_λ = mu + λ mu5 and ∇mu_λ.
    """
    if chirality not in (1, -1):
        raise ConfigError(f"chirality: {chirality!r} given; allowed: 1 (right-handed), -1 (left-handed)")
    check_matter(temperature=temperature, tau=tau, c=c)
    i = aligned(
        {"temperature": temperature, "mu": mu, "tau": tau, "charge": charge, "c": c},
        {"electric_field": electric_field, "magnetic_field": magnetic_field, "grad_mu": grad_mu,
         "dt_electric_field": dt_electric_field, "dt_magnetic_field": dt_magnetic_field},
    )  # fmt: skip
    e, tau, c, mu, b, electric = i["charge"], i["tau"], i["c"], i["mu"], i["magnetic_field"], i["electric_field"]
    ohm = tau * slope(mu, i["temperature"]) / (18 * PI2 * c)  # sigma_λ/e²
    hall, curl = tau**2 * e * mu / (6 * PI2), chirality * e * tau / (12 * PI2)
    return ChiralityCurrents(
        magnetic=chirality * e * mu / (4 * PI2 * c) * b,
        ohmic=ohm * e * electric,
        diffusion=-ohm * i["grad_mu"],
        electric_relaxation=-tau * ohm * e * i["dt_electric_field"],
        hall=hall * e * cross(electric, b),
        hall_diffusion=hall * cross(b, i["grad_mu"]),
        magnetization=-curl * mu / c * i["dt_magnetic_field"],
        anomalous_hall=-curl * cross(electric, i["grad_mu"]),
    )


def chirality_density(
    *, chirality: int, temperature: Any, mu: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any = None,
    magnetic_field: Any = None, grad_mu: Any = None, dt_mu: Any = 0.0, div_electric_field: Any = 0.0, laplacian_mu: Any = 0.0,
) -> Any:  # fmt: skip
    """n_λ by G16 (49), for any dt_mu. Where mu obeys (52), all corrections cancel and it is n⁰ = `equilibrium.density`."""
    i = _one(temperature, mu, tau, charge, c, electric_field, magnetic_field, grad_mu, div_electric_field, laplacian_mu)
    n = density(i["temperature"], i["mu"], i["c"])
    return n - i["tau"] * (susceptibility(i["temperature"], i["mu"], i["c"]) * dt_mu - _source(i, chirality))


def chirality_rate(
    *, chirality: int, temperature: Any, mu: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any = None,
    magnetic_field: Any = None, grad_mu: Any = None, div_electric_field: Any = 0.0, laplacian_mu: Any = 0.0,
) -> Any:  # fmt: skip
    """dmu_λ/dt of one chirality, G16 (52)."""
    i = _one(temperature, mu, tau, charge, c, electric_field, magnetic_field, grad_mu, div_electric_field, laplacian_mu)
    return _source(i, chirality) / susceptibility(i["temperature"], i["mu"], i["c"])


def chemical_potential_rates(
    *, temperature: Any, mu: Any, mu5: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any = None,
    magnetic_field: Any = None, grad_mu: Any = None, grad_mu5: Any = None, div_electric_field: Any = 0.0,
    laplacian_mu: Any = 0.0, laplacian_mu5: Any = 0.0,
) -> Rates:  # fmt: skip
    """dmu/dt and dmu5/dt in the regime with drag: G16 (52), the same as (53) and the corrected (54).

    Args: scalars broadcast to S, vectors (3, *S). div_electric_field is ∇·E = 4π e n, laplacian_* are ∇²mu, ∇²mu5.
    They include anomaly, diffusion and the chiral magnetic wave. Third order is left out: next to Ampère's law with the
    current of second order, integrate the densities instead, which keeps Gauss's law.
    """
    check_matter(temperature=temperature, tau=tau, c=c)
    i = aligned(
        {"temperature": temperature, "mu": mu, "mu5": mu5, "tau": tau, "charge": charge, "c": c, "div": div_electric_field,
         "laplacian_mu": laplacian_mu, "laplacian_mu5": laplacian_mu5},
        {"electric_field": electric_field, "magnetic_field": magnetic_field, "grad_mu": grad_mu, "grad_mu5": grad_mu5},
    )  # fmt: skip
    found = []
    for sign in (1, -1):
        own = {"mu": i["mu"] + sign * i["mu5"], "grad_mu": i["grad_mu"] + sign * i["grad_mu5"],
               "laplacian_mu": i["laplacian_mu"] + sign * i["laplacian_mu5"]}  # fmt: skip
        one = i | own
        found.append(_source(one, sign) / susceptibility(one["temperature"], one["mu"], one["c"]))
    right, left = found
    return Rates((right + left) / 2, (right - left) / 2)


def coupled_residuals(
    *, dmu_dt: Any, dmu5_dt: Any, temperature: Any, mu: Any, mu5: Any, tau: Any, charge: Any, c: Any = 1.0,
    electric_field: Any = None, magnetic_field: Any = None, grad_mu: Any = None, grad_mu5: Any = None,
    div_electric_field: Any = 0.0, laplacian_mu: Any = 0.0, laplacian_mu5: Any = 0.0,
) -> Residuals:  # fmt: skip
    """Left sides of G16 (53) and of (54) as corrected: - (3/2) e c² B·(eE - ∇mu) for + (3/2) e c² B·∇mu."""
    i = aligned(
        {"t": temperature, "mu": mu, "mu5": mu5, "tau": tau, "e": charge, "c": c, "div": div_electric_field,
         "lap": laplacian_mu, "lap5": laplacian_mu5, "dt": dmu_dt, "dt5": dmu5_dt},
        {"electric_field": electric_field, "b": magnetic_field, "g": grad_mu, "g5": grad_mu5},
    )  # fmt: skip
    e, c2, mu, mu5, g, g5, tau = i["e"], i["c"] ** 2, i["mu"], i["mu5"], i["g"], i["g5"], i["tau"]
    force = e * i["electric_field"]
    diagonal, off = 3 * mu**2 + 3 * mu5**2 + PI2 * i["t"] ** 2, 6 * mu * mu5
    change = i["dt"] - tau * c2 / 3 * (i["lap"] - e * i["div"])
    change5 = i["dt5"] - tau * c2 / 3 * i["lap5"]
    same = dot(force, g) - dot(g, g) - dot(g5, g5)
    mixed = dot(force, g5) - 2 * dot(g, g5)
    number = diagonal * change + off * change5 + 1.5 * e * c2 * dot(i["b"], g5) + 2 * tau * c2 * (mu * same + mu5 * mixed)
    axial = diagonal * change5 + off * change - 1.5 * e * c2 * dot(i["b"], force - g) + 2 * tau * c2 * (mu5 * same + mu * mixed)
    return Residuals(number, axial)


def _one(t: Any, mu: Any, tau: Any, charge: Any, c: Any, e: Any, b: Any, grad: Any, div: Any, laplacian: Any) -> dict[str, Any]:
    check_matter(temperature=t, tau=tau, c=c)
    check("mu", mu)
    scalars = {"temperature": t, "mu": mu, "tau": tau, "charge": charge, "c": c, "div": div, "laplacian_mu": laplacian}
    return aligned(scalars, {"electric_field": e, "magnetic_field": b, "grad_mu": grad})


def _source(i: dict[str, Any], chirality: int) -> Any:
    """chi dmu/dt of one chirality by (52): anomaly less the divergence of the Ohmic and diffusion currents."""
    e, tau, c, mu = i["charge"], i["tau"], i["c"], i["mu"]
    force = e * i["electric_field"] - i["grad_mu"]  # e E_λ
    anomaly = chirality * e * dot(force, i["magnetic_field"]) / (4 * PI2 * c)
    spread = tau * slope(mu, i["temperature"]) / (18 * PI2 * c) * (e * i["div"] - i["laplacian_mu"])
    return anomaly - spread - tau * mu / (3 * PI2 * c) * dot(force, i["grad_mu"])


def anomaly(electric_field: Any, magnetic_field: Any, charge: Any, c: Any = 1.0) -> Any:
    """∂t n5 + ∇·j5 = e² E·B/(2π²c) [1/(length³ time)]; a quarter of e²E·B/π²c, of either sign, for each chirality. G16 (8)."""
    i = aligned({"e": charge, "c": c}, {"electric_field": electric_field, "magnetic_field": magnetic_field})
    return i["e"] ** 2 * dot(i["electric_field"], i["magnetic_field"]) / (2 * math.pi**2 * i["c"])
