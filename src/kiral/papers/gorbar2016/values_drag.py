"""G16, Sec. IV A, B, Eqs. (41)–(43), (49)–(58): with drag, densities, currents, chemical potentials."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.kinetic import drag as closed
from kiral.kinetic import printed
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016 import direct
from kiral.papers.gorbar2016.common import (
    CHARGE,
    MU,
    MU5,
    PI2,
    TAU,
    TEMPERATURE,
    C,
    State,
    at_rest,
    curl_of,
    current,
    density,
    derivative,
    driving,
    general,
    inputs,
    moments,
    percent,
    plasma,
    rate,
    rates,
    ratio,
    slope,
    summed,
    which,
)
from kiral.papers.gorbar2016.direct import Moments

RIGHT = 1
E_FIELD, B_FIELD = np.array([0.03, -0.05, 0.08]), np.array([0.3, 0.5, -0.4])
GRADIENT = np.array([0.04, 0.02, -0.06])
MOMENTUM = np.array([0.9, -0.7, 1.6])
FOUND = "sum over momenta, operator of (12) by automatic differentiation"


def x_right() -> float:
    """X_λ of the right-handed matter."""
    return slope(at_rest(), RIGHT)


def state_of(context: Context) -> Moments:
    """Sums over momenta of the general state, right-handed."""
    return context.cached("drag", lambda: moments(general(), RIGHT))


def one(**drivers: Any) -> Moments:
    """Sums over momenta for the given drivers alone, right-handed."""
    return moments(at_rest(**drivers), RIGHT)


def coefficient(found: Any, unit: Any, text: str = FOUND) -> Measured:
    """The number N in found = unit/N; nan where, as vectors, they are not parallel."""
    return Measured(1 / ratio(found, unit), text)


# --- first order, (41)–(43) ------------------------------------------------------------------------------------------


def mu_right() -> float:
    """mu_λ, right-handed."""
    return MU + MU5


def zeroth_density(context: Context) -> Measured:
    """First 6 of (41)."""
    mu = mu_right()
    return coefficient(one().n_zeroth, mu * (mu**2 + PI2 * TEMPERATURE**2) / (PI2 * C**3))


def density_of_rate(context: Context) -> Measured:
    """Second 6 of (41), 6 of the second term of (49)."""
    return coefficient(one(dt_mu=0.07).n_second, -TAU * x_right() * 0.07 / (PI2 * C**3))


def magnetic_current(context: Context) -> Measured:
    """The 4 of (42) and (50)."""
    return coefficient(one(b=B_FIELD).current, CHARGE * B_FIELD * mu_right() / (PI2 * C))


def ohmic_current(context: Context) -> Measured:
    """The 18 of (42) and (50), with E and ∇mu."""
    force = CHARGE * E_FIELD - GRADIENT
    found = one(e=E_FIELD, grad_mu=GRADIENT)
    return coefficient(found.j_first, TAU * force * x_right() / (PI2 * C))


def no_magnetization(context: Context) -> Measured:
    """∫ ε Ω f_eq over that of its radial part: the equilibrium (2) is isotropic."""
    p, weights = direct.momenta(TEMPERATURE, C, np.zeros(3))
    f = direct.occupations(plasma(at_rest(), RIGHT), p, 1.0).zeroth
    moment, size = p / np.sum(p**2, axis=0) @ (weights * f), 1 / np.sqrt(np.sum(p**2, axis=0)) @ (weights * f)
    return Measured(bool(np.linalg.norm(moment) < 1e-12 * size), f"{np.linalg.norm(moment) / size:.0e} of its radial part")


def order_of_rate(context: Context) -> Measured:
    """Power of the size of all fields and gradients in ∂t mu_λ by conservation in collisions."""

    def scaled(size: float) -> float:
        state = general()
        first = {name: size * state[name] for name in ("e", "b", "grad_mu", "grad_mu5")}
        second = {name: size**2 * state[name] for name in ("hessian_mu", "hessian_mu5", "grad_e")}
        return rate(state | first | second, RIGHT)

    return Measured(math.log2(abs(scaled(1.0) / scaled(0.5))), "each derivative counts as one power; fields halved")


# --- second order, (49)–(52) -----------------------------------------------------------------------------------------


def density_of_divergence(context: Context) -> Measured:
    """The 18 of (49)."""
    found = one(grad_e=0.1 * np.diag([1.0, 2.0, -0.5]), hessian_mu=0.1 * np.eye(3))
    divergence = 0.25 - 0.3 / CHARGE
    return coefficient(found.n_second, -CHARGE * TAU**2 * x_right() / (PI2 * C) * divergence)


def density_of_anomaly(context: Context) -> Measured:
    """The 4 of (49)."""
    found = one(e=E_FIELD, b=B_FIELD)
    return coefficient(found.density - found.n_zeroth, CHARGE**2 * TAU * (E_FIELD @ B_FIELD) / (PI2 * C))


def density_of_gradient(context: Context) -> Measured:
    """The 3 of (49)."""
    found = one(e=E_FIELD, grad_mu=GRADIENT)
    work = (CHARGE * E_FIELD - GRADIENT) @ GRADIENT
    return coefficient(found.density - found.n_zeroth, -(TAU**2) * mu_right() / (PI2 * C) * work)


def whole_density(context: Context) -> Measured:
    """n_λ of all drivers less n⁰, over that of (49)."""
    found, state = state_of(context), general()
    given = _own(state)
    formula = closed.chirality_density(chirality=RIGHT, **given)
    return Measured((found.density - found.n_zeroth) / float(formula - found.n_zeroth), FOUND)


def _own(state: State, *names: str) -> dict[str, Any]:
    """Arguments of the closed forms of one chirality."""
    given = inputs(state)
    basic = ("temperature", "tau", "charge", "c", "electric_field", "magnetic_field")
    for name in ("mu", "grad_mu", "dt_mu", "laplacian_mu"):
        given[name] = given[name] + given[f"{name}5"]
    chosen = names or ("mu", "grad_mu", "dt_mu", "laplacian_mu", "div_electric_field")
    return {name: given[name] for name in (*basic, *chosen)}


def current_of_rate(context: Context) -> Measured:
    """The second 18 of (50)."""
    found = one(dt_e=E_FIELD)
    return coefficient(found.current, -CHARGE * TAU**2 * x_right() / (PI2 * C) * E_FIELD)


def hall_current(context: Context) -> Measured:
    """The 6 of (50): what is odd in B of the current along B × E_λ."""
    here, there = (one(e=E_FIELD, grad_mu=GRADIENT, b=sign * B_FIELD).current for sign in (1, -1))
    force = CHARGE * E_FIELD - GRADIENT
    odd = (here - there) / 2 - CHARGE * B_FIELD * mu_right() / (4 * PI2 * C)
    return coefficient(odd, -CHARGE * TAU**2 * mu_right() / PI2 * np.cross(B_FIELD, force))


def curl_current(context: Context) -> Measured:
    """The 12 of (50): what is odd in chirality, for a curl of E and a gradient of mu."""
    drivers = {"e": E_FIELD, "grad_mu": GRADIENT, "grad_e": curl_of(E_FIELD + GRADIENT)}
    right, left = (moments(at_rest(mu=mu_right(), mu5=0.0, **drivers), sign).current for sign in (1, -1))
    curl = mu_right() * (E_FIELD + GRADIENT) + np.cross(GRADIENT, E_FIELD)
    return coefficient((right - left) / 2, CHARGE * TAU / PI2 * curl)


def whole_current(context: Context) -> Measured:
    """j_λ of all drivers over (50)."""
    formula = closed.chirality_currents(chirality=RIGHT, **_with_rates(general())).total
    return Measured(ratio(state_of(context).current, formula), FOUND)


def _with_rates(state: State) -> dict[str, Any]:
    rates_of = {"dt_electric_field": state["dt_e"], "dt_magnetic_field": state["dt_b"]}
    return _own(state, "mu", "grad_mu") | rates_of


def curl_rewritten(context: Context) -> Measured:
    """∇ × (mu E) by differentiation over the last form of (51), with curl E from Faraday's law."""
    s = plasma(general(), RIGHT)

    def product(x: Any, i: int) -> Any:
        return (s.mu + s.grad_mu @ x) * (s.e + x @ s.grad_e)[i]

    gradient = np.array([[float(derivative(lambda x, j=j: product(x, j), (np.zeros(3),), (axis,))) for j in range(3)]
                         for axis in np.eye(3)])  # fmt: skip
    curl = np.array([gradient[1, 2] - gradient[2, 1], gradient[2, 0] - gradient[0, 2], gradient[0, 1] - gradient[1, 0]])
    formula = -s.mu / C * s.dt_b - np.cross(s.e, s.grad_mu)
    return Measured(ratio(curl, formula), "automatic differentiation")


def rate_52(context: Context) -> Measured:
    """dmu_λ/dt by conservation in collisions over that of (52), both chiralities."""
    names = ("mu", "grad_mu", "laplacian_mu", "div_electric_field")
    formulas = [closed.chirality_rate(chirality=RIGHT, **_own(general(), *names))]
    left = general() | {name: -general()[name] for name in ("mu5", "grad_mu5", "hessian_mu5")}
    formulas.append(closed.chirality_rate(chirality=-1, **_own(left, *names)))
    found = [rate(general(), chirality) for chirality in (1, -1)]
    return Measured(ratio(found, [float(f) for f in formulas]), "sum over momenta of f - f_eq is zero")


def on_shell(context: Context) -> Measured:
    """n_λ/n⁰ - 1 by sums over momenta where mu_λ obeys (52)."""
    given = _own(general(), "mu", "grad_mu", "laplacian_mu", "div_electric_field")
    there = float(closed.chirality_rate(chirality=RIGHT, **given))
    found = moments(general() | {"dt_mu": there, "dt_mu5": 0.0}, RIGHT)
    off, before = (abs(m.density / m.n_zeroth - 1) for m in (found, state_of(context)))
    return Measured(which(off > 1e-6, off < 1e-10), f"n/n⁰ - 1 is {off:.0e} on (52), {percent(before)} for another ∂t mu")


# --- both chiralities, (53)–(58) -------------------------------------------------------------------------------------


def found_rates(context: Context) -> tuple[float, float]:
    """(dmu/dt, dmu5/dt) of the general state by conservation in collisions."""
    return context.cached("drag rates", lambda: rates(general()))


def _residuals(context: Context, form: Callable[..., closed.Residuals]) -> closed.Residuals:
    dmu, dmu5 = found_rates(context)
    state = general()
    given = inputs(state, "dt_mu", "dt_mu5", "dt_electric_field", "dt_magnetic_field", "grad_electric_field",
                   "grad_magnetic_field")  # fmt: skip
    return form(dmu_dt=dmu, dmu5_dt=dmu5, **given)


def electric_potential(context: Context) -> Measured:
    """-(terms of (53) without rates)/(terms with rates)."""
    found = _residuals(context, printed.coupled_equations).number
    dmu, dmu5 = found_rates(context)
    x = 3 * MU**2 + 3 * MU5**2 + PI2 * TEMPERATURE**2
    with_rates = x * dmu + 6 * MU * MU5 * dmu5
    return Measured(1 - float(found) / with_rates, "rates by conservation in collisions")


def axial_potential(context: Context) -> Measured:
    """What (54) as printed lacks on its right side, over e²c² E·B."""
    found, right = (_residuals(context, form).axial for form in (printed.coupled_equations, closed.coupled_residuals))
    state = general()
    source = CHARGE**2 * C**2 * (state["e"] @ state["b"])
    dmu, dmu5 = found_rates(context)
    x = 3 * MU**2 + 3 * MU5**2 + PI2 * TEMPERATURE**2
    scale = abs(x * dmu5 + 6 * MU * MU5 * dmu)
    wrong, left = abs(float(found)) / scale, abs(float(right)) / scale
    text = f"with rates by conservation in collisions (54) is off by {percent(wrong)} of its rate terms, corrected {left:.0e}"
    return Measured(float(found) / source if left < 1e-9 else math.nan, text)


def both(part: Callable[[Moments], Any], axial: bool) -> Callable[[Context], Measured]:
    """Sum or difference over chiralities of n less n⁰ or of j, over (55)–(58)."""

    def value(context: Context) -> Measured:
        found = summed(general(), lambda m: part(m) - (m.n_zeroth if part is density else 0.0))[axial]
        formula = (_density_formula if part is density else _current_formula)(general(), axial)
        return Measured(ratio(found, formula), FOUND)

    return value


def _signed(axial: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """(λ, weight)."""
    return (1, 1), (-1, -1 if axial else 1)


def _current_formula(state: State, axial: bool) -> np.ndarray:
    """(55) or (56), written out."""
    total = CHARGE * state["b"] * state["mu" if axial else "mu5"] / (2 * PI2 * C)
    for chirality, weight in _signed(axial):
        s = plasma(state, chirality)
        x, e_l = slope(state, chirality), driving(s)
        ohmic = TAU * CHARGE * x / (18 * PI2 * C)
        curl = -s.mu / C * s.dt_b - np.cross(s.e, s.grad_mu)
        hall = CHARGE**2 * TAU**2 * s.mu / (6 * PI2) * np.cross(s.b, e_l)
        total = total + weight * (ohmic * (e_l - TAU * s.dt_e) - hall + chirality * CHARGE * TAU / (12 * PI2) * curl)
    return total


def _density_formula(state: State, axial: bool) -> float:
    """(57) or (58) without their first terms, written out."""
    unit = CHARGE * TAU / (2 * PI2 * C)
    anomaly = CHARGE * state["e"] - state["grad_mu"] if axial else -state["grad_mu5"]
    total = unit * float(anomaly @ state["b"])
    for chirality, weight in _signed(axial):
        s = plasma(state, chirality)
        x, e_l = slope(state, chirality), driving(s)
        divergence = np.trace(s.grad_e) - np.trace(s.hessian_mu) / CHARGE
        own = TAU * x / (6 * PI2 * C**3) * s.dt_mu + CHARGE * TAU**2 * x / (18 * PI2 * C) * divergence
        total -= weight * (own + CHARGE * TAU**2 * s.mu / (3 * PI2 * C) * float(e_l @ s.grad_mu))
    return total


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq41": zeroth_density,
    "eq41-rate": density_of_rate,
    "eq42": magnetic_current,
    "eq42-ohm": ohmic_current,
    "eq42-curl": no_magnetization,
    "eq43": order_of_rate,
    "eq49": whole_density,
    "eq49-divergence": density_of_divergence,
    "eq49-anomaly": density_of_anomaly,
    "eq49-gradient": density_of_gradient,
    "eq49-on-shell": on_shell,
    "eq50": whole_current,
    "eq50-rate": current_of_rate,
    "eq50-hall": hall_current,
    "eq50-curl": curl_current,
    "eq51": curl_rewritten,
    "eq52": rate_52,
    "eq53": electric_potential,
    "eq54": axial_potential,
    "eq55": both(current, axial=False),
    "eq56": both(current, axial=True),
    "eq57": both(density, axial=False),
    "eq58": both(density, axial=True),
}
