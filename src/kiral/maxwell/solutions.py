"""Exact solutions of the anomalous Maxwell equations, shared by tests and documentation. Gaussian, ħ = 1; no jax.

The nonlinear solution with one helicity is in `kiral.maxwell.single_helicity`, linear modes are in `kiral.maxwell.dispersion`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kiral.errors import ConfigError
from kiral.kinetic import equilibrium
from kiral.maxwell.dispersion import FIRST, Terms, evolve, linear_matrix
from kiral.maxwell.plasma import Plasma

Array = NDArray[np.float64]


class Wave(NamedTuple):
    """mu5, mu [energy] and the field E along B [energy/(length charge)] at the given places."""

    mu5: Array
    mu: Array
    electric: Array


# --- chiral magnetic waves -------------------------------------------------------------------------------------------


def given_field_pulse(
    plasma: Plasma, z: ArrayLike, t: float, *, field: float, amplitude: float, width: float
) -> tuple[Array, Array]:
    """(mu5, mu) [energy] at z (n,) and time t of a Gaussian pulse of mu5, where E is held at zero; B along z, mu = mu5 = 0.

    mu5(z, 0) = amplitude exp(-z²/2 width²) parts into two pulses mu5 ± mu that run with ± v and spread with D:
    amplitude w/√(w² + 2 D t) exp(-(z ∓ v t)²/(2 (w² + 2 D t))). Exact for small amplitudes. Solves G16 (63), (64) at E = 0.
    """
    z, spread = np.asarray(z, float), width**2 + 2 * plasma.diffusion * t
    shift = plasma.wave_speed(field) * t
    right, left = (
        amplitude * width / math.sqrt(spread) * np.exp(-((z - sign * shift) ** 2) / (2 * spread)) for sign in (1, -1)
    )
    return (right + left) / 2, (right - left) / 2


def dynamic_field_pulse(
    plasma: Plasma, z: ArrayLike, t: float, *, field: float, amplitude: float, width: float, length: float | None = None
) -> Wave:
    """The same pulse with E from Maxwell's equations, first order, E = 0 at the start; at z (n,) and time t.

    With q = Γ/2 + D k², R = (Γ²/4 - v² (k² + k_D²))^½:  mu5_k = e^{-qt} (cosh Rt + (Γ/2R) sinh Rt),
    mu_k = -i k v e^{-qt} sinh(Rt)/R, E_k = -4π e chi v e^{-qt} sinh(Rt)/R, times that of the start.
    length: period of the box; None: unlimited space. Error 1e-14 of the amplitude, plus the square of it for the equations.
    """
    z = np.asarray(z, float)
    v, gamma, diffusion = plasma.wave_speed(field), plasma.ohmic_rate, plasma.diffusion
    # Sums over k are exact but for images at multiples of 2π/dk, which unlimited space takes to be out of reach.
    reach = np.abs(z).max(initial=0.0) + 12 * math.sqrt(width**2 + 2 * diffusion * t) + 2 * v * t
    spacing = 2 * math.pi / (length or 2 * reach)
    k = spacing * np.arange(1 + int(9.0 / (width * spacing)))
    start = amplitude * width * spacing / math.sqrt(2 * math.pi) * np.exp(-((k * width) ** 2) / 2) * np.where(k > 0, 2, 1)
    root = np.sqrt(gamma**2 / 4 - v**2 * (k**2 + plasma.debye**2) + 0j)
    root = np.where(abs(root) * t < 1e-9, 1e-9 / max(t, 1e-300), root)
    decay = -gamma / 2 - diffusion * k**2
    # exp(decay t) cosh(root t) as a sum of decaying exponentials: neither factor can overflow.
    rise, fall = np.exp((decay + root) * t), np.exp((decay - root) * t)
    cosh, sinh = ((rise + fall) / 2).real, ((rise - fall) / (2 * root)).real
    phase = np.multiply.outer(z, k)
    return Wave(
        np.cos(phase) @ (start * (cosh + gamma / 2 * sinh)),
        np.sin(phase) @ (start * k * v * sinh),
        np.cos(phase) @ (start * -4 * math.pi * plasma.charge * plasma.chi * v * sinh),
    )


def plane_wave(
    plasma: Plasma, k: ArrayLike, magnetic_field: ArrayLike, start: ArrayLike, t: float, terms: Terms = FIRST
) -> NDArray[np.complex128]:
    """Amplitudes (8,) or (14,) after the time t of a plane wave exp(i k·x) of any direction, as in `linear_matrix`."""
    return evolve(linear_matrix(plasma, k, magnetic_field, terms), start, t)[0]


# --- saturation ------------------------------------------------------------------------------------------------------


class Saturated(NamedTuple):
    """Where a helical mode ends: mu5 [energy], its n5 [1/length³], and |B| [energy/(length charge)]."""

    mu5: float
    axial_density: float
    magnetic_field: float


def saturation(plasma: Plasma, k: float, *, magnetic_field: float = 0.0) -> Saturated:
    """The end of the instability of one helical mode ∇×B = k B of uniform |B|, at mu = 0; plasma.mu5 is that of the start.

    mu5 = π c² k/(2 e²), E = 0, B² = B(0)² + (4π² c² k/e²) (n5(0) - n5(end)) from the conservation of n5 + e² A·B/(4π² c²).
    ConfigError where |mu5| is below that already or of the other sign: such a mode decays.
    """
    if plasma.mu:
        raise ConfigError(f"closed form for mu = 0; got mu = {plasma.mu:g}")
    end = math.pi * plasma.c**2 * k / (2 * plasma.charge**2)
    if plasma.mu5 * end <= 0 or abs(plasma.mu5) <= abs(end):
        raise ConfigError(f"the mode k = {k:g} grows where mu5 lies beyond {end:g}; got mu5 = {plasma.mu5:g}")
    first, last = (equilibrium.densities(plasma.temperature, 0.0, mu5, plasma.c).axial for mu5 in (plasma.mu5, end))
    square = magnetic_field**2 + 4 * math.pi**2 * plasma.c**2 * k / plasma.charge**2 * (first - last)
    return Saturated(end, float(last), math.sqrt(square))


# --- homogeneous relaxation ------------------------------------------------------------------------------------------


class Relaxation(NamedTuple):
    """E along B [energy/(length charge)], mu5 and mu [energy] at the times given."""

    electric: Array
    mu5: Array
    mu: Array


def linear_relaxation(plasma: Plasma, times: ArrayLike, *, field: float, mu5: float, electric: float = 0.0) -> Relaxation:
    """Uniform E ∥ B = `field` and mu5(0) = `mu5` with sigma and chi those of `plasma`, in closed form.

    dE/dt = -Γ E - (2 e²/(π c)) B mu5, dmu5/dt = (e²/(2π² c chi)) B E: the chiral magnetic current drives E, which takes mu5
    away by the anomaly. Exact to first order in mu5; Γ, chi of mu = mu5 = 0 make the linear equation of state.
    """
    e, c = plasma.charge, plasma.c
    matrix = [
        [-plasma.ohmic_rate, -2 * e**2 * field / (math.pi * c)],
        [e**2 * field / (2 * math.pi**2 * c * plasma.chi), 0.0],
    ]
    found = np.real(evolve(matrix, [electric, mu5], times))
    return Relaxation(found[:, 0], found[:, 1], np.zeros(len(found)))


def relaxation(plasma: Plasma, times: ArrayLike, *, field: float, electric: float = 0.0, terms: Terms = FIRST) -> Relaxation:
    """The same with the full equation of state and sigma(mu, mu5); plasma.mu, .mu5 are those of the start.

    n is constant, dn5/dt = e² E B/(2π² c). terms: relaxation or drude; Hall and magnetization have no part. Error 1e-11.
    """
    e, c, tau = plasma.charge, plasma.c, plasma.tau
    source = e**2 * field / (4 * math.pi**2 * c)
    thermal, density = (math.pi * plasma.temperature) ** 2, 6 * math.pi**2 * c**3

    # mu_l as unknowns, dmu_l/dt = l e² E B/(4π² c chi_l): no equation of state to invert.
    def rate(_: float, y: Any) -> list[float]:
        field_e, right, left, ohmic = y
        slopes = 3 * right**2 + thermal, 3 * left**2 + thermal
        sigma = e**2 * tau * sum(slopes) / (18 * math.pi**2 * c)
        magnetic = e**2 * (right - left) * field / (4 * math.pi**2 * c)
        flow = ohmic if terms.drude else sigma * field_e
        eps = 1 - 4 * math.pi * sigma * tau if terms.relaxation else 1.0
        lag = (sigma * field_e - ohmic) / tau if terms.drude else 0.0
        made = source * field_e * density
        return [-4 * math.pi * (flow + magnetic) / eps, made / slopes[0], -made / slopes[1], lag]

    start = [electric, plasma.potential(1), plasma.potential(-1), 0.0]
    driven = abs(electric) + abs(e**2 * plasma.mu5 * field / (2 * math.pi**2 * c)) / plasma.sigma
    found = integrate(rate, start, times, [driven, *start[1:3], plasma.sigma * driven])
    return Relaxation(found[:, 0], (found[:, 1] - found[:, 2]) / 2, (found[:, 1] + found[:, 2]) / 2)


# --- anomalous Hall currents at a step of mu5 ------------------------------------------------------------------------


def step_hall_charge(plasma: Plasma, electric_field: float, mu5_step: float) -> float:
    """∫j_y dz [1/(length time)] of the number current (e tau/6π²) E_x dmu5/dz across a step of mu5 along z, at given E_x.

    From the magnetization term ∇×(e tau mu5 E/6π²): whatever the shape of the step.
    """
    return plasma.charge * plasma.tau / (6 * math.pi**2) * electric_field * mu5_step


def integrate(rate: Any, start: ArrayLike, times: ArrayLike, scale: ArrayLike) -> Array:
    """Solution (times, n) of a small ODE by DOP853 at 1e-13; `times` rise, and the start is at t = 0.

    scale (n,): errors are relative to the values, but for those below 1e-2 of it. Each time ends a step: interpolation inside
    a step would be of lower order.
    """
    from scipy.integrate import solve_ivp

    atol = 1e-15 * np.maximum(np.abs(np.asarray(scale, float)), 1e-280)
    y, now, found = np.asarray(start, float), 0.0, []
    for t in np.atleast_1d(np.asarray(times, float)):
        if t > now:
            y, now = solve_ivp(rate, (now, float(t)), y, "DOP853", rtol=1e-13, atol=atol).y[:, -1], float(t)
        found.append(y)
    return np.stack(found)
