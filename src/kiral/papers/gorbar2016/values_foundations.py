"""G16, Secs. I, II and Eqs. (1)–(14): kinetic equation, Berry curvature, anomaly, Maxwell's equations, drift."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import expit

from kiral.kinetic import integrals, printed
from kiral.kinetic.exact import anomaly_factor
from kiral.kinetic.homogeneous import steady_state
from kiral.kinetic.vlasov import Resolution
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016 import direct
from kiral.papers.gorbar2016.common import (
    CHARGE,
    MU,
    PI2,
    TAU,
    TEMPERATURE,
    C,
    at_rest,
    current,
    derivative,
    general,
    moments,
    plasma,
    rate,
    summed,
)

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
MOMENTUM, FIELD = np.array([0.9, -0.7, 1.6]), np.array([0.3, 0.5, -0.4])
STRENGTH = 0.1
"""c e E τ/T of the driven state whose anomaly is computed."""


# --- the introduction ------------------------------------------------------------------------------------------------


def effect(potential: str, axial: bool) -> Callable[[Context], Measured]:
    """e mu5 B/(π²c j), or the same of the other pair."""

    def value(context: Context) -> Measured:
        state = at_rest(mu=0.0, mu5=0.0, b=FIELD) | {potential: MU}
        found = summed(state, current)[axial]
        return Measured(float(CHARGE * MU * FIELD @ FIELD / (PI2 * C * (found @ FIELD))), "sum over momenta of (9)")

    return value


# --- Eq. (1) ---------------------------------------------------------------------------------------------------------


def _flow(t: Any, x: Any, p: Any, i: int) -> Any:
    """√G, √G ẋ, √G ṗ of Eq. (1) for right-handed particles in the fields of the general state, component i of seven."""
    s = general()
    e_field, b = s["e"] + s["dt_e"] * t + x @ s["grad_e"], s["b"] + s["dt_b"] * t + x @ s["grad_b"]
    size = np.sqrt(p @ p)
    v, omega, e, c = C * p / size, p / (2 * size**3), CHARGE, C
    first = [1 + e / c * (b @ omega)]
    place = v + e * np.cross(e_field, omega) + e / c * (v @ omega) * b
    force = e * e_field + e / c * np.cross(v, b) + e**2 / c * (e_field @ b) * omega
    return [*first, *place, *force][i]


def liouville(context: Context) -> Measured:
    """∂t √G + ∇·(√G ẋ) + ∂·(√G ṗ)/∂p, relative to its largest part."""
    unit = np.eye(7)
    parts = [
        float(derivative(lambda t, x, p, i=i: _flow(t, x, p, i), (0.0, np.zeros(3), MOMENTUM), (u[0], u[1:4], u[4:])))
        for i, u in enumerate(unit)
    ]
    error = abs(sum(parts)) / max(map(abs, parts))
    return Measured(error < 1e-12, f"divergence in phase space over its largest part: {error:.0e}; curl E = -∂t B/c, div B = 0")


def berry_flux(context: Context) -> Measured:
    """Flux of the curvature of positive-energy states of σ·p through a sphere, from overlaps of neighbouring states, over π."""
    theta, phi = np.linspace(0, np.pi, 13), np.linspace(0, 2 * np.pi, 25)
    circle = np.stack([np.cos(phi), np.sin(phi), 0 * phi], axis=-1)
    grid = np.sin(theta)[:, None, None] * circle + np.cos(theta)[:, None, None] * np.array([0.0, 0.0, 1.0])
    states = np.linalg.eigh(np.einsum("abi,ijk->abjk", grid, PAULI))[1][..., 1]
    link = [np.einsum("abj,abj->ab", states.conj(), np.roll(states, -1, axis)) for axis in (0, 1)]
    loops = link[0][:-1, :-1] * link[1][1:, :-1] * link[0][:-1, 1:].conj() * link[1][:-1, :-1].conj()
    return Measured(abs(float(np.angle(loops).sum())) / np.pi, "overlaps on a sphere of 12 × 24 plaquettes")


def energy_shift(context: Context) -> Measured:
    """Coefficient of -λ e p·B/p² in the energy: from (σ·π)² = π² - (e/c) σ·B for the state of helicity +1."""
    size = float(np.linalg.norm(MOMENTUM))
    spinor = np.linalg.eigh(np.einsum("i,ijk->jk", MOMENTUM, PAULI))[1][:, 1]
    h = 1e-6

    def energy(strength: float) -> float:
        zeeman = float(np.real(spinor.conj() @ np.einsum("i,ijk->jk", FIELD, PAULI) @ spinor))
        return C * math.sqrt(size**2 - strength * CHARGE / C * zeeman)

    shift = (energy(h) - energy(-h)) / (2 * h)
    return Measured(-shift / (CHARGE * MOMENTUM @ FIELD / size**2), "first order in B of c √(π² - (e/c) σ·B)")


def _speed_coefficient(half: float) -> float:
    """k in v² = c² (1 + k e B·Ω/c) for ε = c p - half λ e p·B/p² (2 × 1/2 is as printed)."""
    b, h = FIELD, 1e-6

    def energy(p: Any, strength: float) -> Any:
        full = printed.energy(p, strength * b, chirality=1, charge=CHARGE, c=C)
        return C * np.sqrt(p @ p) * (1 - half) + half * full

    def squared(strength: float) -> float:
        v = [float(derivative(lambda p: energy(p, strength), (MOMENTUM,), (axis,))) for axis in np.eye(3)]
        return float(np.dot(v, v))

    omega = MOMENTUM / (2 * np.linalg.norm(MOMENTUM) ** 3)
    return (squared(h) - squared(-h)) / (2 * h) / (C**2 * CHARGE / C * b @ omega)


def group_velocity(context: Context) -> Measured:
    """Coefficient in the printed group velocity, from the corrected energy."""
    text = f"from c p - λ e p·B/(2 p²); the printed energy gives {_speed_coefficient(1.0):.4f}"
    return Measured(_speed_coefficient(0.5), text)


def superluminal(context: Context) -> Measured:
    """Whether the speed exceeds c exactly where B·Ω > 0."""
    return Measured(_speed_coefficient(0.5) > 0, "sign of the coefficient of e B·Ω")


# --- Eqs. (3)–(10) ---------------------------------------------------------------------------------------------------


def maxwell(context: Context) -> Measured:
    """(3)–(6) for plane waves of any current: charge is conserved, and div B stays zero."""
    r = np.random.default_rng(2)
    k, e_field, j, b = r.normal(size=(4, 3))
    b = b - k * (k @ b) / (k @ k)
    dt_e = C * np.cross(1j * k, b) - 4 * np.pi * CHARGE * j
    dt_n = 1j * (k @ dt_e) / (4 * np.pi * CHARGE)
    dt_b = -C * np.cross(1j * k, e_field)
    error = max(abs(dt_n + 1j * (k @ j)) / abs(k @ j), abs(k @ dt_b) / np.linalg.norm(dt_b))
    return Measured(error < 1e-12, f"∂t n + ∇·j over its parts, k·∂t B: {error:.0e}")


def phase_space(context: Context) -> Measured:
    """(∂mu/∂t) dn/dmu over the anomaly of one chirality; collisions conserve (7)."""
    state = at_rest(e=0.1 * FIELD, b=FIELD)
    found, moving = (moments(state | {"dt_mu": value}, 1) for value in (0.0, 1.0))
    chi = -(moving.density - found.density) / TAU
    anomaly = CHARGE**2 * 0.1 * FIELD @ FIELD / (4 * PI2 * C)
    bare = (found.density - found.n_zeroth - found.n_phase) / TAU
    text = f"sum over momenta of f - f_eq is zero; without the factor the anomaly is {bare / anomaly:.4f} of it"
    return Measured(chi * rate(state, 1) / anomaly, text)


def anomaly_flux(context: Context) -> Measured:
    """f(0)/(-π² ∫ Ω·∇f d³p/(2π)³) of particles."""
    p, weights = direct.momenta(TEMPERATURE, C, np.zeros(3))
    omega = p / (2 * np.sum(p**2, axis=0) ** 1.5)

    def occupation(p: Any) -> Any:
        return 1 / (np.exp((C * np.sqrt(np.sum(p**2, axis=0)) - MU) / TEMPERATURE) + 1)

    flux = derivative(occupation, (p,), (omega,)) @ weights
    return Measured(float(-occupation(np.zeros((3, 1)))[0] / (PI2 * flux)), "quadrature over momenta")


def occupied_at_rest(context: Context) -> Measured:
    """f_p(0) + f_a(0) of the equilibrium (2)."""
    state, p = plasma(at_rest(), 1), 1e-14 * direct.momenta(TEMPERATURE, C, np.zeros(3))[0]
    total = sum(float(direct.occupations(state, p, sign).zeroth[0]) for sign in direct.SPECIES)
    return Measured(total, "occupations of both species at p = 1e-14 T/c")


def driven_anomaly(context: Context) -> Measured:
    """dn_λ/dt over the anomaly in a steady state with E ∥ B, by the phase-space solver."""
    e_field = STRENGTH * TEMPERATURE / (C * CHARGE * TAU)
    b = 1e-3
    found = steady_state(
        temperature=TEMPERATURE, mu=0.0, tau=TAU, charge=CHARGE, c=C, electric_field=(0, 0, e_field), magnetic_field=(0, 0, b),
        resolution=Resolution(elements=14, nodes=8, l_max=11),
    )  # fmt: skip
    exact = anomaly_factor(electric_field=e_field, mu_l=0.0, temperature=TEMPERATURE, tau=TAU, charge=CHARGE, c=C)
    made = float(found.production[0]) / (CHARGE**2 * e_field * b / (4 * PI2 * C))
    return Measured(made, f"phase-space solver at c e E τ/T = {STRENGTH}; along characteristics {exact:.6f}")


def particles_alone(context: Context) -> Measured:
    """f_p(0) at mu/T = 10."""
    return Measured(bool(expit(10.0) > 0.9999), f"share of particles at mu = 10 T: {expit(10.0):.6f}")


def electric_charge(context: Context) -> Measured:
    """Sum over chiralities of (dn/dmu) dmu/dt in E ∥ B with mu and mu5."""
    state = at_rest(e=0.1 * FIELD, b=FIELD)
    made = [_production(state, chirality) for chirality in (1, -1)]
    error = abs(sum(made)) / abs(made[0])
    return Measured(error < 1e-9, f"net charge made over that of one chirality: {error:.0e}")


def _production(state: dict[str, Any], chirality: int) -> float:
    still, moving = (moments(state | {"dt_mu": value, "dt_mu5": 0.0}, chirality).density for value in (0.0, 1.0))
    return -(moving - still) / TAU * rate(state, chirality)


def _trial(x: Any, p: Any) -> Any:
    """A distribution with gradients and no symmetry."""
    size = np.sqrt(np.sum(p * p, axis=0))
    tilt = 1 + 0.3 * np.tensordot(np.array([1.0, -0.5, 0.4]), p, 1) / (1 + size)
    slope = np.tensordot(np.array([0.2, -0.3, 0.1]), x, 1) + 0.4 * x[0] * x[1] + 0.2 * x[2] * p[0]
    return tilt * np.exp(-size + slope)


def by_parts(context: Context) -> Measured:
    """(9) with (10) against the current of its Ref. [36], -∫[ε ∂f/∂p + (e/c) Ω·∂f/∂p ε B + ε Ω×∂f/∂x] + e E×∫Ωf."""
    p, weights = direct.momenta(1.0, 1.0, np.zeros(3), cosines=24, azimuths=24)
    size, e, b = np.sqrt(np.sum(p**2, axis=0)), 0.7, FIELD
    x, v, omega = np.array([[0.3], [-0.2], [0.5]]) + 0 * p, p / size, p / (2 * size**3)
    slopes = np.stack([derivative(_trial, (x, p), (0 * p, axis[:, None] + 0 * p)) for axis in np.eye(3)])
    gradient = np.stack([derivative(_trial, (x, p), (axis[:, None] + 0 * p, 0 * p)) for axis in np.eye(3)])
    f = _trial(x, p)
    ours = (v * f + e * np.sum(v * omega, axis=0) * b[:, None] * f + np.cross(gradient, size * omega, axis=0)) @ weights
    other = -(slopes * size + e * np.sum(omega * slopes, axis=0) * size * b[:, None] + np.cross(omega, gradient, axis=0) * size)
    other = other @ weights
    error = float(np.linalg.norm(ours - other) / np.linalg.norm(ours))
    return Measured(error < 1e-8, f"for an f without symmetry, by quadrature: relative difference {error:.0e}")


def curl_conserves(context: Context) -> Measured:
    """∇·(∇ × ∫ f ε Ω) by second differences of the quadrature."""
    p, weights = direct.momenta(1.0, 1.0, np.zeros(3), cosines=12, azimuths=12)
    size = np.sqrt(np.sum(p**2, axis=0))
    moment = p / (2 * size**2) * weights

    def curl(x: np.ndarray) -> np.ndarray:
        at = x[:, None] + 0 * p
        gradient = np.stack([derivative(_trial, (at, p), (axis[:, None] + 0 * p, 0 * p)) for axis in np.eye(3)])
        return np.cross(gradient, moment, axis=0).sum(axis=1)

    x, h = np.array([0.3, -0.2, 0.5]), 1e-4
    parts = [(curl(x + h * axis) - curl(x - h * axis))[i] / (2 * h) for i, axis in enumerate(np.eye(3))]
    error = abs(sum(parts)) / max(map(abs, parts))
    return Measured(error < 1e-6, f"divergence over its largest part: {error:.0e}")


def doubled(context: Context) -> Measured:
    """Conductivity of particles and antiparticles over that of particles at mu/T = 1e-6, from (84)."""
    mu = 1e-6
    particles = integrals.derivative_integral(2, mu, 1.0)
    both = particles + integrals.derivative_integral(2, -mu, 1.0)
    return Measured(float(both / particles), "sums over momenta of D at mu = 1e-6 T")


def nearly_neutral(context: Context) -> Measured:
    """(n_p - n_a)/(n_p + n_a) falls in proportion to mu/T."""
    shares = []
    for mu in (1e-2, 1e-3):
        up, down = (float(integrals.occupation_integral(2, sign * mu, 1.0)) for sign in (1, -1))
        shares.append((up - down) / (up + down))
    proportional = math.isclose(shares[0] / shares[1], 10, rel_tol=1e-3)
    return Measured(shares[1] < 1e-2 and proportional, f"(n_p - n_a)/(n_p + n_a) = {shares[1]:.2g} at mu = 1e-3 T")


# --- Eqs. (11)–(14) --------------------------------------------------------------------------------------------------


def drift_of_orbits(context: Context) -> Measured:
    """Mean velocity of orbits in E ⊥ B over one turn, for charges of either sign and masses, against (11)."""
    b = np.array([0.4, -0.3, 1.1])
    e_field = 0.5 * np.cross(b, (0.3, 0.8, -0.2))
    expected = np.cross(e_field, b) / (b @ b)
    worst = 0.0
    for charge, mass in ((0.8, 0.0), (-1.7, 0.6), (2.3, 3.0)):

        def motion(_: float, y: np.ndarray, q: float = charge, m: float = mass) -> np.ndarray:
            v = y[3:] / math.sqrt(y[3:] @ y[3:] + m**2)
            return np.r_[v, q * (e_field + np.cross(v, b))]

        def turned(_: float, y: np.ndarray) -> float:
            return float(y[3:] @ e_field)  # the momentum along E passes zero

        start = np.r_[0, 0, 0, 0.7 * np.cross(e_field, b) + 0.9 * e_field]
        turned.direction, turned.terminal = 1.0, 2  # type: ignore[attr-defined]
        found = solve_ivp(motion, (0, 80 * (1 + mass)), start, "DOP853", events=turned, rtol=1e-9, atol=1e-10)
        times, states = found.t_events[0], found.y_events[0]
        mean = (states[1, :3] - states[0, :3]) / (times[1] - times[0])
        worst = max(worst, float(np.linalg.norm(mean - expected) / np.linalg.norm(expected)))
    return Measured(worst < 1e-6, f"three orbits, charges of both signs, masses 0, 0.6, 3: largest difference {worst:.0e}")


def frame(context: Context) -> Measured:
    """E in the frame moving with (11), over B there; only with |E_perp| < |B| is there such a frame."""
    b = np.array([0.4, -0.3, 1.1])
    across = 0.6 * np.cross(b, (0.3, 0.8, -0.2))
    boosted, magnetic = boost_fields(across, b, np.cross(across, b) / (b @ b))
    error = float(np.linalg.norm(boosted) / np.linalg.norm(magnetic))
    return Measured(error < 1e-12 and np.linalg.norm(across) < np.linalg.norm(b), f"|E'|/|B'| = {error:.0e} by a Lorentz boost")


def boost_fields(e_field: np.ndarray, b: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(E', B') in the frame moving with v, c = 1, from F' = Λ F Λᵀ."""
    tensor = np.zeros((4, 4))
    tensor[1:, 0], tensor[0, 1:] = e_field, -e_field
    tensor[1:, 1:] = -np.cross(np.eye(3), b).T  # F^{ij} = -ε_{ijk} B_k
    turned = boost(v) @ tensor @ boost(v).T
    return turned[1:, 0], np.array([turned[3, 2], turned[1, 3], turned[2, 1]])


def boost(v: np.ndarray) -> np.ndarray:
    """Λ to the frame moving with v, c = 1."""
    gamma, v2 = 1 / math.sqrt(1 - v @ v), v @ v
    found = np.eye(4)
    found[0, 0], found[0, 1:], found[1:, 0] = gamma, -gamma * v, -gamma * v
    found[1:, 1:] += (gamma - 1) * np.outer(v, v) / v2
    return found


def stationary(context: Context) -> Measured:
    """|operator on (14)| over the size of its parts in uniform E ⊥ B."""
    b = np.array([0.4, -0.3, 1.1])
    state = at_rest(b=b, e=0.5 * np.cross(b, (0.3, 0.8, -0.2)))
    p, _ = direct.momenta(TEMPERATURE, C, np.zeros(3), cosines=direct.COSINES)
    found = direct.occupations(plasma(state, 1), p, 1.0, drifting=True)
    part = CHARGE * TAU * C / TEMPERATURE * np.linalg.norm(state["e"]) * np.max(found.zeroth * (1 - found.zeroth))
    error = float(np.max(np.abs(found.first)) / part)
    return Measured(error < 1e-12, f"{error:.0e} of the force of E alone; terms with Ω vanish with E·B and gradients")


def boosted_exponent(context: Context) -> Measured:
    """(p'·u' - mu')/T' of (13) against (ε - p·v - mu)/T of (14), by a Lorentz boost."""
    v, temperature, mu = np.array([0.3, -0.5, 0.4]), 1.3, 0.45
    rest = math.sqrt(1 - v @ v)
    primed = boost(v) @ np.r_[np.linalg.norm(MOMENTUM), MOMENTUM]
    there = (primed[0] - mu / rest) / (temperature / rest)
    here = (np.linalg.norm(MOMENTUM) - MOMENTUM @ v - mu) / temperature
    return Measured(bool(abs(there / here - 1) < 1e-13), f"relative difference {abs(there / here - 1):.0e}")


VALUES: dict[str, Callable[[Context], Any]] = {
    "intro-magnetic": effect("mu5", axial=False),
    "intro-separation": effect("mu", axial=True),
    "eq1": liouville,
    "eq1-berry": berry_flux,
    "energy": energy_shift,
    "group-velocity": group_velocity,
    "superluminal": superluminal,
    "eq3": maxwell,
    "eq7": phase_space,
    "eq8": anomaly_flux,
    "eq8-identity": occupied_at_rest,
    "eq8-driven": driven_anomaly,
    "eq8-cold": particles_alone,
    "eq8-electric": electric_charge,
    "eq9": by_parts,
    "eq10": curl_conserves,
    "hot-doubles": doubled,
    "hot-neutral": nearly_neutral,
    "eq11": drift_of_orbits,
    "eq11-frame": frame,
    "eq13": boosted_exponent,
    "eq14": stationary,
}
