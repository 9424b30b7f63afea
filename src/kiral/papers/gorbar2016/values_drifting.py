"""G16, Sec. III, Eqs. (15)–(26), (31)–(37): density, rates and the currents of a drifting plasma that do not depend on tau."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.kinetic import drifting as closed
from kiral.kinetic import printed
from kiral.kinetic.drift import Drift, drift, perpendicular_function, shapes
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016 import direct
from kiral.papers.gorbar2016.common import (
    CHARGE,
    PI2,
    TAU,
    TEMPERATURE,
    C,
    State,
    at_rest,
    curl_of,
    general,
    inputs,
    judged,
    moments,
    percent,
    plasma,
    rates,
    ratio,
    same,
    slope,
    summed,
    which,
)
from kiral.papers.gorbar2016.direct import Moments, Plasma
from kiral.papers.gorbar2016.values_foundations import boost, boost_fields

RIGHT = 1
FIELD = np.array([0.4, -0.3, 1.1])
SIDE = np.array([0.3, 0.8, -0.2])


def state_of(context: Context) -> Moments:
    """Sums over momenta of the general drifting state, right-handed."""
    return context.cached("drifting", lambda: moments(general(drifting=True), RIGHT, drifting=True))


def one() -> Plasma:
    """The general drifting state of right-handed fermions."""
    return plasma(general(drifting=True), RIGHT)


def flow() -> Drift:
    """Its drift."""
    p = one()
    return drift(p.e, p.b, p.c, p.grad_e, p.grad_b, p.dt_e, p.dt_b)


def uniform(beta: float, parallel: float, **drivers: Any) -> State:
    """Uniform fields with a drift of β c and E along B, and the given drivers."""
    across = np.cross(FIELD, SIDE)
    size = float(np.linalg.norm(FIELD))
    return at_rest(b=FIELD, e=beta * size * across / np.linalg.norm(across) + parallel * FIELD, **drivers)


def polynomial(p: Plasma) -> float:
    """mu³ + π²T² mu."""
    return p.mu**3 + PI2 * p.temperature**2 * p.mu


# --- Eqs. (15)–(19) --------------------------------------------------------------------------------------------------


def first_correction(context: Context) -> Measured:
    """δf¹ by the operator over (17), at all momenta."""
    s, v = one(), flow()
    p, _ = direct.momenta(s.temperature, s.c, v.velocity, cosines=direct.COSINES)
    found = direct.occupations(s, p, 1.0, drifting=True)
    d, unit = found.zeroth * (1 - found.zeroth), p / np.sqrt(np.sum(p**2, axis=0))
    along = CHARGE * (s.e @ s.b) * C * (s.b @ unit) / (s.b @ s.b)
    space = C * np.einsum("in,in->n", unit, s.grad_mu[:, None] + np.einsum("ij,jn->in", v.gradient, p))
    formula = TAU * d / TEMPERATURE * (along - space - s.dt_mu - v.dt @ p)
    return Measured(ratio(found.first, formula), "operator of (12) by automatic differentiation at 20160 momenta")


def _zeroth_density(s: Plasma) -> float:
    return polynomial(s) / (6 * PI2 * s.c**3 * flow().rest ** 2)


def density_18(factor: float) -> float:
    """(18) with `factor` for its 4."""
    s, v = one(), flow()
    n, chi = _zeroth_density(s), slope(general(True), RIGHT) / (6 * PI2 * C**3 * v.rest**2)
    speed2 = v.velocity @ v.velocity
    steep = factor / (C**2 - speed2) * (v.velocity @ v.gradient @ v.velocity + v.velocity @ v.dt)
    return n - TAU * chi * (v.velocity @ s.grad_mu + s.dt_mu) - TAU * n * (np.trace(v.gradient) + steep)


def density_coefficient(context: Context) -> Measured:
    """The 4 of (18), from the sum over momenta."""
    low, high = density_18(0.0), density_18(1.0)
    return Measured((state_of(context).density - low) / (high - low), "n by quadrature; v in v·∂v/∂x is the speed")


def rest_density(context: Context) -> Measured:
    """The 6 of (19)."""
    n = state_of(context).n_zeroth
    return Measured(6 * _zeroth_density(one()) / n, "∫ of (14) over both species at β = 0.55")


def on_shell(context: Context) -> Measured:
    """n of (18) less n⁰ where mu obeys (35), over n⁰."""
    state = general(True)
    dt_mu, dt_mu5 = closed.drifting_rates(**inputs(state, "tau", "dt_mu", "dt_mu5", *SECOND), anomaly=False)
    found = moments(state | {"dt_mu": dt_mu, "dt_mu5": dt_mu5}, RIGHT, drifting=True)
    off = abs(found.density / found.n_zeroth - 1)
    before = abs(state_of(context).density / found.n_zeroth - 1)
    word = which(off > 1e-6, off < 1e-10)
    return Measured(word, f"n/n⁰ - 1 is {off:.0e} on (35); {percent(before)} for other rates")


SECOND = ("div_electric_field", "laplacian_mu", "laplacian_mu5")

# --- Eqs. (20)–(26) --------------------------------------------------------------------------------------------------


def magnetization(context: Context) -> Measured:
    """∫ ε Ω f of both species against the curl term of (20) and against (26)."""
    s, v = one(), flow()
    p, weights = direct.momenta(s.temperature, s.c, v.velocity, cosines=direct.COSINES)
    total = np.zeros(3)
    for sign in direct.SPECIES:
        f = direct.occupations(s, p, sign, drifting=True).zeroth
        total += (p * (f * weights / np.sum(p**2, axis=0))).sum(axis=1) * C / 2 * RIGHT  # sign² = 1: charge times Ω
    wrong = printed.magnetization(v.velocity, chirality=RIGHT, temperature=s.temperature, mu=s.mu, c=s.c)
    return Measured(*judged(total, wrong, _moment(s.mu, v.velocity)))


def _moment(mu: float, v: np.ndarray) -> np.ndarray:
    """M of (26), right-handed."""
    beta2 = float(v @ v) / C**2
    g0 = shapes(np.float64(beta2), np.float64(1 - beta2)).g0
    return (3 * mu**2 + PI2 * TEMPERATURE**2) * g0 * v / (24 * PI2 * C**2)


def hall(context: Context) -> Measured:
    """∫ v f over (21)."""
    s = one()
    formula = C * _zeroth_density(s) * np.cross(s.e, s.b) / (s.b @ s.b)
    return Measured(ratio(state_of(context).j_zeroth, formula), "quadrature over momenta")


def _logarithm(speed: float) -> float:
    return C / 2 * math.log((C + speed) / (C - speed))


def electric(context: Context) -> Measured:
    """e E × ∫ Ω f over (22)."""
    s, v = one(), flow().velocity
    speed = float(np.linalg.norm(v))
    formula = CHARGE * s.mu / (4 * PI2 * speed**3) * np.cross(s.e, v) * (_logarithm(speed) - speed)
    return Measured(ratio(state_of(context).j_electric, formula), "quadrature over momenta")


def magnetic(context: Context) -> Measured:
    """(e/c) B ∫ (v·Ω) f over (23)."""
    s, speed = one(), float(np.linalg.norm(flow().velocity))
    formula = CHARGE * s.mu / (8 * PI2 * speed) * s.b * (2 / C * _logarithm(speed))
    return Measured(ratio(state_of(context).j_magnetic, formula), "quadrature over momenta")


def _topological(context: Context) -> np.ndarray:
    return state_of(context).j_electric + state_of(context).j_magnetic


def chiral_magnetic(context: Context) -> Measured:
    """The 4 of (24), from the part of both along B."""
    s = one()
    along = float(_topological(context) @ s.b / (s.b @ s.b))
    return Measured(CHARGE * s.mu / (PI2 * C * along), "part of (22) + (23) along B at β = 0.55")


def transverse(context: Context) -> Measured:
    """Part of both across B over (25)."""
    s = one()
    parallel = s.b * (s.e @ s.b) / (s.b @ s.b)
    across = s.e - parallel
    found = _topological(context)
    found = found - s.b * (found @ s.b) / (s.b @ s.b)
    speed = float(np.linalg.norm(flow().velocity))
    formula = CHARGE * s.mu / (4 * PI2 * C) * across * (s.e @ s.b) / (across @ across) * (_logarithm(speed) / speed - 1)
    return Measured(ratio(found, formula), "part of (22) + (23) across B")


def covariance(context: Context) -> Measured:
    """The chiral magnetic current of the drifting frame, boosted to the laboratory: its part along E_perp."""
    s = one()
    b, e_field, v = s.b, s.e, flow().velocity / C
    gamma2 = 1 / (1 - v @ v)
    _, b_there = boost_fields(e_field, b, v)
    there = np.r_[0.0, CHARGE * s.mu * math.sqrt(gamma2) / (4 * PI2 * C) * b_there]
    here = (boost(-v) @ there)[1:]
    parallel = b * (e_field @ b) / (b @ b)
    unit = CHARGE * s.mu / (4 * PI2 * C) * (e_field - parallel) * (e_field @ b) / (b @ b)
    boosted = ratio(here - b * (here @ b) / (b @ b), unit)
    h = float(perpendicular_function(math.sqrt(v @ v)))
    along = float(here @ b / (b @ b)) / (CHARGE * s.mu / (4 * PI2 * C))
    word = which(abs(boosted) < 1e-9, abs(boosted / gamma2 - 1) < 1e-9 and abs(along - 1) < 1e-9)
    text = f"over e mu E_perp (E·B)/(4π²c B²) at β = 0.55: boosted {boosted:.4f} = γ², (25) {h:.4f}; along B both have (24)"
    return Measured(word, text)


def curl(context: Context) -> Measured:
    """∇ × ∫ ε Ω f over (26)."""
    terms = closed.drifting_currents(**inputs(general(True), *SECOND)).right
    return Measured(ratio(state_of(context).j_curl, terms.magnetization), "quadrature, automatic differentiation")


def needs_both(context: Context) -> Measured:
    """Electric magnetization of both chiralities at mu5 ≠ 0, with and without mu."""
    v = np.array([0.3, -0.5, 0.4])
    with_mu, without = (_moment(mu + 0.2, v) - _moment(mu - 0.2, v) for mu in (0.45, 0.0))
    size = float(np.linalg.norm(with_mu))
    zero = float(np.linalg.norm(without)) < 1e-12 * size
    return Measured(size > 0, f"Σ λ X_λ = 12 mu mu5: {'none at mu = 0' if zero else 'also at mu = 0'}, for any mu5")


def vortical(context: Context) -> Measured:
    """Part of the chiral vortical current X ω/(12π²c²) that (26) has in slow rigid rotation."""
    e_field, spin = np.zeros(3), np.array([0.0, 0.0, 1e-6])
    # v = ω × x: with B uniform along z, E = -v × B/c
    gradient = curl_of(2 * spin)
    grad_e = np.stack([-np.cross(gradient[i], (0, 0, 1.0)) / C for i in range(3)])
    state = at_rest(b=np.array([0.0, 0.0, 1.0]), e=e_field, grad_e=grad_e)
    found = moments(state, RIGHT, drifting=True).j_curl
    full = slope(state, RIGHT) / (12 * PI2 * C**2) * spin
    part, rest = ratio(found, full), _spin_part(state)
    text = f"(26) has {part:.4f} of X ω/(12π²c²); the coupling of spin to ω in f_eq, which (14) leaves out, has {rest:.4f}"
    return Measured(which(rest < 1e-9, abs(part + rest - 1) < 1e-9 and abs(part - 2 / 3) < 1e-9), text)


def _spin_part(state: State) -> float:
    """∫ v δf for f(ε - λ p̂·ω/2), over X ω/(12π²c²)."""
    s = plasma(state, RIGHT)
    p, weights = direct.momenta(s.temperature, s.c, np.zeros(3), cosines=direct.COSINES)
    unit_z, total = p[2] / np.sqrt(np.sum(p**2, axis=0)), 0.0
    for sign in direct.SPECIES:
        f = direct.occupations(s._replace(b=FIELD, e=np.zeros(3)), p, sign, drifting=True).zeroth
        # antiparticles have the opposite helicity and count with the opposite sign
        total += float(weights @ (C * unit_z * f * (1 - f) / s.temperature * unit_z / 2))
    return total / (slope(state, RIGHT) / (12 * PI2 * C**2))


# --- Eqs. (31)–(34) --------------------------------------------------------------------------------------------------


def hall_of_both(axial: bool) -> Callable[[Context], Measured]:
    """Sum of ∫ v f over chiralities over (31), or the difference over (32)."""

    def value(context: Context) -> Measured:
        state = general(True)
        mu, mu5 = (state["mu5"], state["mu"]) if axial else (state["mu"], state["mu5"])
        e_field, b = state["e"], state["b"]
        numerator = mu * (mu**2 + 3 * mu5**2 + PI2 * TEMPERATURE**2)
        formula = numerator / (3 * PI2 * C**2 * flow().rest ** 2) * np.cross(e_field, b) / (b @ b)
        return Measured(ratio(summed(state, lambda m: m.j_zeroth, True)[axial], formula), "quadrature over momenta")

    return value


def transverse_of_both(axial: bool) -> Callable[[Context], Measured]:
    """The 6 of the limit of (33), (34): both chiralities at β = 1e-3."""

    def value(context: Context) -> Measured:
        beta = 1e-3
        state = uniform(beta, 0.1)
        e_field, b = state["e"], state["b"]
        across = e_field - b * (e_field @ b) / (b @ b)
        found = summed(state, lambda m: m.j_electric + m.j_magnetic, True)[axial]
        mu = state["mu"] if axial else state["mu5"]
        along = float(found @ across / (across @ across)) / (CHARGE * mu / (PI2 * C) * (e_field @ b) / (b @ b))
        return Measured(1 / along, f"at β = {beta:g}; corrections are of order β²")

    return value


def _sideways(state: State) -> np.ndarray:
    """Topological current across B, right-handed."""
    found = moments(state, RIGHT, drifting=True)
    total = found.j_electric + found.j_magnetic
    return total - state["b"] * (total @ state["b"]) / (state["b"] @ state["b"])


def topological(context: Context) -> Measured:
    """Whether the current (25) stays when T and tau change."""
    state = uniform(0.4, 0.1)
    base = _sideways(state)
    return Measured(same(base, _sideways(state | {"temperature": 2.9, "tau": 0.1})), "T 1.3 → 2.9, tau 0.6 → 0.1")


def order_in_fields(context: Context) -> Measured:
    """Power of the size of both fields in the current (25)."""
    state = uniform(0.4, 0.1)
    half = state | {name: state[name] / 2 for name in ("e", "b")}
    return Measured(math.log2(float(np.linalg.norm(_sideways(state)) / np.linalg.norm(_sideways(half)))), "both fields halved")


def both_components(context: Context) -> Measured:
    """Whether it vanishes without E_par and without E_perp."""
    size = np.linalg.norm(_sideways(uniform(0.4, 0.1)))
    left = [float(np.linalg.norm(_sideways(uniform(*case))) / size) for case in ((0.4, 0.0), (1e-12, 0.1))]
    return Measured(max(left) < 1e-10, f"{left[0]:.0e} without E_par, {left[1]:.0e} at β = 1e-12, of it with both")


# --- Eqs. (35)–(37) --------------------------------------------------------------------------------------------------


def _homogeneous_matrix(state: State) -> tuple[np.ndarray, np.ndarray]:
    """A, b of A (dmu/dt, dmu5/dt) = b: Eqs. (36), (37)."""
    mu, mu5, t2 = state["mu"], state["mu5"], PI2 * TEMPERATURE**2
    v = flow()
    speed2 = v.velocity @ v.velocity
    bracket = 4 / (C**2 - speed2) * (v.velocity @ v.dt + v.velocity @ v.gradient @ v.velocity) + np.trace(v.gradient)
    same_kind, other = 3 * (mu**2 + mu5**2) / t2 + 1, 6 * mu * mu5 / t2
    a = np.array([[same_kind, other], [other, same_kind]])
    carried = a @ np.array([v.velocity @ state["grad_mu"], v.velocity @ state["grad_mu5"]])
    source = np.array([mu * ((mu**2 + 3 * mu5**2) / t2 + 1), mu5 * ((mu5**2 + 3 * mu**2) / t2 + 1)]) * bracket
    return a, -carried - source


def _rates(context: Context) -> tuple[float, float]:
    """dmu/dt and dmu5/dt of the general drifting state by conservation in collisions."""
    return context.cached("drifting rates", lambda: rates(general(True), drifting=True))


def rate_35(context: Context) -> Measured:
    """dmu_λ/dt by conservation in collisions over that of (35), both chiralities."""
    found = _rates(context)
    formula = closed.drifting_rates(**inputs(general(True), "tau", "dt_mu", "dt_mu5", *SECOND), anomaly=False)
    return Measured(ratio(found, tuple(formula)), "sum over momenta of f - f_eq is zero")


def coupled(row: int) -> Callable[[Context], Measured]:
    """Terms with rates of (36) or (37) over the other terms, with rates by conservation in collisions."""

    def value(context: Context) -> Measured:
        a, b = _homogeneous_matrix(general(True))
        return Measured(float((a @ np.array(_rates(context)))[row] / b[row]), "rates from sums over momenta")

    return value


def axial_charge(context: Context) -> Measured:
    """dn5/dt of (37) in uniform fields with E·B ≠ 0 over the anomaly."""
    state = uniform(0.4, 0.1)
    given = inputs(state, "tau", "dt_mu", "dt_mu5", *SECOND)
    chi = 2 * PI2 * TEMPERATURE**2 / (6 * PI2 * C**3 * (1 - 0.4**2) ** 2)
    at_zero = given | {"mu": 0.0, "mu5": 0.0}
    anomaly = CHARGE**2 * (state["e"] @ state["b"]) / (2 * PI2 * C)
    shares = [chi * float(closed.drifting_rates(**at_zero, anomaly=kept).dmu5_dt) / anomaly for kept in (False, True)]
    word = which(abs(shares[0] - 1) < 1e-9, shares[0] == 0 and abs(shares[1] - 1) < 1e-9)
    return Measured(word, f"dn5/dt over e²E·B/(2π²c): {shares[0]:.3g} as printed, {shares[1]:.6f} with the anomaly")


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq17": first_correction,
    "eq18": density_coefficient,
    "eq18-on-shell": on_shell,
    "eq19": rest_density,
    "eq20": magnetization,
    "eq21": hall,
    "eq22": electric,
    "eq23": magnetic,
    "eq24": chiral_magnetic,
    "eq25": transverse,
    "eq25-boost": covariance,
    "eq26": curl,
    "eq26-moment": needs_both,
    "eq26-vortical": vortical,
    "eq31": hall_of_both(axial=False),
    "eq32": hall_of_both(axial=True),
    "eq33": transverse_of_both(axial=False),
    "eq34": transverse_of_both(axial=True),
    "eq34-topological": topological,
    "eq34-order": order_in_fields,
    "eq34-both": both_components,
    "eq35": rate_35,
    "eq36": coupled(0),
    "eq37": coupled(1),
    "eq37-anomaly": axial_charge,
}
