"""An exact solution of the nonlinear anomalous Maxwell equations: one helical mode of uniform strength.

With ∇×h = k h and |h| = 1 everywhere, for example h = (cos kz, -sin kz, 0), the fields E = E(t) h and B = B(t) h have uniform
E·B, so that mu5 stays uniform, and mu = 0, since nothing diverges: three (four) ordinary equations are left. Gaussian, ħ = 1.

    dB/dt = -c k E,    eps dE/dt = c k B - 4π (J + e² mu5 B/(2π² c) + e² tau mu5 k E/(6π²)),    dn5/dt = e² E B/(2π² c)

J = sigma(mu5) E, or with a Drude current tau dJ/dt = sigma E - J; eps = 1 - 4π sigma(mu5) tau and the term with k E by choice.
Hall currents vanish, as E is along B. Resistive limit: sigma E = (c k/4π) B - e² mu5 B/(2π² c) in place of the second one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kiral.errors import ConfigError
from kiral.kinetic import equilibrium
from kiral.maxwell.dispersion import FIRST, Terms
from kiral.maxwell.plasma import Plasma
from kiral.maxwell.solutions import integrate

Array = NDArray[np.float64]


class Mode(NamedTuple):
    """B, E [energy/(length charge)], mu5 [energy], n5 [1/length³], electric current J [charge/(length² time)], (times,)."""

    magnetic: Array
    electric: Array
    mu5: Array
    axial_density: Array
    current: Array


def solve(
    plasma: Plasma,
    k: float,
    times: ArrayLike,
    *,
    magnetic_field: float,
    electric_field: float = 0.0,
    terms: Terms | None = FIRST,
) -> Mode:
    """The mode with ∇×B = k B (k of either sign) at `times`, from B, E and plasma.mu5 at t = 0; a Drude current starts at 0.

    terms None: resistive limit. Relative error 1e-12, by DOP853 at 1e-13. ConfigError where magnetic_field is 0.
    """
    if magnetic_field == 0:
        raise ConfigError("magnetic_field = 0: a mode needs a seed; give any other value")
    e, c, tau = plasma.charge, plasma.c, plasma.tau
    thermal = (math.pi * plasma.temperature) ** 2

    # Unknowns ln B, E/B, mu5, J/B: of order one from the first seed to the end. dmu5/dt = (dn5/dt)/chi needs no inversion.
    def rate(_: float, y: Array) -> list[float]:
        log_b, ratio, mu5, flow = y
        slope = 3 * mu5**2 + thermal
        sigma = e**2 * tau * slope / (9 * math.pi**2 * c)
        chiral = e**2 * mu5 / (2 * math.pi**2 * c)
        if terms is None:
            ratio = (c * k / (4 * math.pi) - chiral) / sigma
        grow = -c * k * ratio
        removal = 3 * e**2 * c**2 * ratio * math.exp(2 * log_b) / (2 * slope)
        if terms is None:
            return [grow, 0.0, removal, 0.0]
        current = chiral + (flow if terms.drude else sigma * ratio)
        if terms.magnetization:
            current += e**2 * tau * mu5 * k * ratio / (6 * math.pi**2)
        eps = 1 - 4 * math.pi * sigma * tau if terms.relaxation else 1.0
        lag = (sigma * ratio - flow) / tau - grow * flow if terms.drude else 0.0
        return [grow, (c * k - 4 * math.pi * current) / eps - grow * ratio, removal, lag]

    start = [math.log(abs(magnetic_field)), electric_field / magnetic_field, plasma.mu5, 0.0]
    log_b, ratio, mu5, flow = integrate(rate, start, times, [1.0, 1.0, plasma.mu5, plasma.sigma]).T
    b = math.copysign(1, magnetic_field) * np.exp(log_b)
    field_e, flow = ratio * b, flow * b
    sigma = equilibrium.conductivity(plasma.temperature, 0.0, mu5, tau, e, c)
    if terms is None:
        field_e = (c * k / (4 * math.pi) - e**2 * mu5 / (2 * math.pi**2 * c)) * b / sigma
    axial = equilibrium.densities(plasma.temperature, 0.0, mu5, c).axial
    return Mode(b, field_e, mu5, np.asarray(axial), flow if terms is not None and terms.drude else sigma * field_e)


def helicity_total(plasma: Plasma, k: float, mode: Mode) -> Array:
    """n5 + e² A·B/(4π² c²) with A = B/k [1/length³]: constant."""
    return mode.axial_density + plasma.charge**2 * mode.magnetic**2 / (4 * math.pi**2 * plasma.c**2 * k)


def helical_field(k: float, z: ArrayLike) -> Array:
    """h = (cos kz, -sin kz, 0) at z (n,): ∇×h = k h; (3, n)."""
    z = np.asarray(z, float)
    return np.stack([np.cos(k * z), -np.sin(k * z), np.zeros_like(z)])
