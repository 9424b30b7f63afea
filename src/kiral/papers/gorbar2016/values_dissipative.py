"""G16, Eqs. (27)–(30): the current of a drifting plasma that is proportional to tau, and the functions of the drift's speed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.kinetic import drifting as closed
from kiral.kinetic import printed
from kiral.kinetic.drift import drift_functions
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016.common import (
    MU,
    PI2,
    TAU,
    TEMPERATURE,
    C,
    State,
    apart,
    curl_of,
    general,
    inputs,
    judged,
    moments,
    percent,
    plasma,
    ratio,
    slope,
    which,
)
from kiral.papers.gorbar2016.values_drifting import FIELD, RIGHT, SECOND, flow, one, state_of, uniform

BETA = 0.5
REPAIRS = ("powers", "rate", "along")
WITHOUT_C = {"a": REPAIRS[1:], "b": ("powers", "along"), "c": REPAIRS[:2]}
"""What is repaired where one of the errors is left in."""


def dissipative(repairs: tuple[str, ...] = ()) -> np.ndarray:
    """(27) as printed but for what is repaired, in the general drifting state."""
    s, v = one(), flow()
    parallel = s.b * (s.e @ s.b) / (s.b @ s.b)
    return np.asarray(printed.dissipative_current(
        v, temperature=s.temperature, mu=s.mu, tau=s.tau, charge=s.charge, c=s.c, parallel_field=parallel, grad_mu=s.grad_mu,
        dt_mu=s.dt_mu, repairs=repairs,
    ))  # fmt: skip


def whole(context: Context) -> Measured:
    """(27) as printed and repaired against ∫ v δf¹, and against the compact conservative form."""
    found = state_of(context).j_first
    word, sizes = judged(found, dissipative(), dissipative(REPAIRS))
    terms = closed.drifting_currents(**inputs(general(True), *SECOND)).right
    compact = terms.ohmic + terms.diffusion + terms.viscous + terms.relaxation
    left = ", ".join(f"({name}) {percent(apart(found, dissipative(kept)))}" for name, kept in WITHOUT_C.items())
    return Measured(word, f"{sizes}, compact form by {apart(found, compact):.0e}; with one error left: {left}")


def _dissipative_part(state: State) -> np.ndarray:
    return moments(state, RIGHT, drifting=True).j_first


def power_of_ohm(context: Context) -> Measured:
    """k in c^k before g0, from j of E_par at c and at 2 c with the same β."""
    low, high = (float(np.linalg.norm(_dissipative_part(uniform(BETA, 0.1, c=c)))) for c in (C, 2 * C))
    return Measured(math.log2(high / low), "∫ v δf¹ with c doubled at the same β and X")


def power_of_gradients(context: Context) -> Measured:
    """k in c^k before g1 and g2: j of a gradient of the drift, over c, which the gradient has."""
    shear = np.array([[0.2, -0.1, 0.3], [0.1, 0.4, -0.2], [-0.3, 0.2, 0.1]])
    low, high = (
        float(np.linalg.norm(_dissipative_part(uniform(BETA, 0.0, c=c, grad_e=shear) | {"b": FIELD}))) for c in (C, 2 * C)
    )
    return Measured(math.log2(high / low) - 1, "∫ v δf¹ with c doubled, gradient of E held")


def rate_term(context: Context) -> Measured:
    """Coefficient of -tau (dn⁰/dmu) v ∂t mu."""
    state = uniform(BETA, 0.0, dt_mu=0.07)
    v = C * np.cross(state["e"], state["b"]) / (state["b"] @ state["b"])
    chi = slope(state, RIGHT) / (6 * PI2 * C**3 * (1 - BETA**2) ** 2)
    return Measured(ratio(_dissipative_part(state), -TAU * chi * v * 0.07), "∫ v δf¹ for ∂t mu alone")


def along_term(context: Context) -> Measured:
    """Coefficient of -tau X/(12π²c) (gL - g0) v̂ (v̂·∇mu)."""
    state = uniform(BETA, 0.0)
    v = np.cross(state["e"], state["b"])
    unit = v / np.linalg.norm(v)
    found = _dissipative_part(state | {"grad_mu": 0.1 * unit})
    stress = -TAU * slope(state, RIGHT) / (12 * PI2 * C) * 0.1
    g = drift_functions(BETA)
    across = np.cross(unit, state["b"] / np.linalg.norm(state["b"]))
    transverse = ratio(_dissipative_part(state | {"grad_mu": 0.1 * across}), stress * across)
    text = f"∇mu along the drift at β = {BETA}: gL = {g.gL:.4f}; across it {transverse:.4f} = g0"
    return Measured(float((found @ unit / stress - transverse) / (g.gL - g.g0)), text)


def time_terms(context: Context) -> Measured:
    """Terms of (27) with ∂t v over those of ∫ v δf¹."""
    state = uniform(BETA, 0.0, dt_e=(0.03, -0.05, 0.02))
    e_field, b = state["e"], state["b"]
    v, dt_v = (C * np.cross(field, b) / (b @ b) for field in (e_field, state["dt_e"]))
    s, w, speed2 = plasma(state, RIGHT), C**2 * (1 - BETA**2), float(v @ v)
    p = s.mu**3 + PI2 * TEMPERATURE**2 * s.mu
    bracket = 2 / (3 * w**2) * dt_v + 8 * v / (3 * w**3) * (v @ dt_v)
    text = f"∂t E alone at β = {math.sqrt(speed2) / C:.2f}"
    return Measured(ratio(_dissipative_part(state), -C * TAU * p / (4 * PI2) * bracket), text)


def ohm_along_b(context: Context) -> Measured:
    """Part across B of the dissipative current in uniform, constant fields."""
    found = _dissipative_part(uniform(BETA, 0.1))
    across = float(np.linalg.norm(np.cross(found, FIELD)) / np.linalg.norm(FIELD) / np.linalg.norm(found))
    return Measured(across < 1e-12, f"{across:.0e} of it is across B")


def viscous(context: Context) -> Measured:
    """The currents of gradients of the drift at mu_λ = 0, where the shear viscosity is not zero."""
    shear = curl_of(np.array([0.1, 0.3, -0.2])) + np.diag([0.2, -0.1, 0.3])
    state = uniform(BETA, 0.0, grad_e=shear)
    there, none = (float(np.linalg.norm(_dissipative_part(state | {"mu": mu, "mu5": 0.0}))) for mu in (MU, 0.0))
    pressure = 7 * PI2 * TEMPERATURE**4 / (360 * C**3)
    text = f"at mu = 0 {none / there:.0e} of that at mu = {MU}; the viscosity 4/5 P tau there is {0.8 * pressure * TAU:.3g}"
    return Measured(which(none > 1e-3 * there, none < 1e-12 * there and pressure > 0), text)


# --- Eqs. (28)–(30) --------------------------------------------------------------------------------------------------


def integral(name: str, beta: float) -> float:
    """g0, g1 or g2 by Gauss-Legendre quadrature of its definition, c = 1."""
    xi, w = np.polynomial.legendre.leggauss(80)
    b = 1 - beta * xi
    weight = {"g0": (1 - xi**2) / b**3, "g1": xi * (1 - xi**2) / b**4, "g2": xi * (5 * xi**2 - 3) / b**4}
    return float(w @ weight[name]) / 2


def _closed_parts(beta: float) -> float:
    return math.log((1 + beta) / (1 - beta))


def eq28(context: Context) -> Measured:
    """Integral over closed form."""
    form = (BETA / (1 - BETA**2) - _closed_parts(BETA) / 2) / BETA**3
    return Measured(integral("g0", BETA) / form, f"80 Gauss-Legendre nodes at β = {BETA}")


def eq29(context: Context) -> Measured:
    """Integral over closed form."""
    form = (BETA * (5 * BETA**2 - 3) / (1 - BETA**2) ** 2 + 1.5 * _closed_parts(BETA)) / (3 * BETA**4)
    return Measured(integral("g1", BETA) / form, f"80 Gauss-Legendre nodes at β = {BETA}")


def eq30(context: Context) -> Measured:
    """Coefficient of the logarithm that the integral asks for."""
    rational = BETA * (15 - 40 * BETA**2 + 33 * BETA**4) / (1 - BETA**2) ** 3
    exact = integral("g2", BETA)
    found = (3 * BETA**4 * exact - rational) / _closed_parts(BETA)
    times = [float(printed.g2(beta)) / integral("g2", beta) for beta in (BETA, 0.1)]
    text = f"from the integral at β = {BETA}; as printed g2 is {times[0]:.4g} times too large, {times[1]:.3g} at 0.1"
    return Measured(found, text)


def at_zero(context: Context) -> Measured:
    """g0 by its integral at β = 1e-5."""
    return Measured(integral("g0", 1e-5), "integral at β = 1e-5")


def order(name: str) -> Callable[[Context], Measured]:
    """Power of β with which the function begins."""

    def value(context: Context) -> Measured:
        small = [float(getattr(drift_functions(beta), name)) for beta in (1e-4, 5e-5)]
        check = integral(name, 0.3) / float(getattr(drift_functions(0.3), name)) - 1
        text = f"power series; it is the integral at β = 0.3 within {max(abs(check), 1e-16):.0e}"
        return Measured(math.log2(small[0] / small[1]), text)

    return value


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq27": whole,
    "eq27-ohm-c": power_of_ohm,
    "eq27-gradients-c": power_of_gradients,
    "eq27-rate": rate_term,
    "eq27-along": along_term,
    "eq27-time": time_terms,
    "eq27-ohm": ohm_along_b,
    "eq27-viscosity": viscous,
    "eq28": eq28,
    "eq29": eq29,
    "eq30": eq30,
    "eq30-g0": at_zero,
    "eq30-g1": order("g1"),
    "eq30-g2": order("g2"),
}
