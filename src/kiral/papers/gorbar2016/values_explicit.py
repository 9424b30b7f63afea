"""G16, Sec. IV D–F, Eqs. (67)–(80), and the conclusions: the currents term by term."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.constants import FINE_STRUCTURE
from kiral.kinetic import equilibrium, printed, transport
from kiral.kinetic.exact import hall_current
from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016.common import (
    CHARGE,
    MU,
    MU5,
    PI2,
    TAU,
    TEMPERATURE,
    ZERO,
    C,
    State,
    at_rest,
    curl_of,
    current,
    derivative,
    general,
    inputs,
    judged,
    moments,
    plasma,
    rate,
    ratio,
    same,
    slope,
    summed,
    which,
)
from kiral.units import inverse_mev_to_cm

E_FIELD, B_FIELD = np.array([0.03, -0.05, 0.08]), np.array([0.3, 0.5, -0.4])
G, G5 = np.array([0.04, 0.02, -0.06]), np.array([-0.03, 0.07, 0.01])
FOUND = "sums over momenta for these drivers alone"
QGP_MEV, QGP_SIGMA = 240.0, 0.37
"""Temperature [MeV] and conductivity over T of (71)."""


def j(state: State) -> np.ndarray:
    """Electric (number) current by sums over momenta."""
    return summed(state, current)[0]


def j5(state: State) -> np.ndarray:
    """Axial current by sums over momenta."""
    return summed(state, current)[1]


def mixed(which_current: Callable[[State], np.ndarray], first: str, second: str, **changes: Any) -> np.ndarray:
    """What is linear in each of two drivers."""
    drivers = {"e": E_FIELD, "b": B_FIELD, "grad_mu": G, "grad_mu5": G5}
    cases = [{}, {first}, {second}, {first, second}]
    none, one, other, both = (which_current(at_rest(**changes, **{name: drivers[name] for name in case})) for case in cases)
    return both - one - other + none


def alone(which_current: Callable[[State], np.ndarray], **drivers: Any) -> np.ndarray:
    """Current of the given drivers less that without any."""
    return which_current(at_rest(**drivers)) - which_current(at_rest())


def forms(context: Context) -> transport.Currents:
    """The closed forms in the general state."""
    left_out = ("dt_mu", "dt_mu5", "grad_electric_field", "grad_magnetic_field", "div_electric_field", "laplacian_mu",
                "laplacian_mu5")  # fmt: skip
    return context.cached("currents", lambda: transport.currents(**inputs(general(), *left_out)))


def whole_electric(context: Context) -> Measured:
    """j of all drivers against (67) as printed and without the stray e."""
    made = forms(context)
    return Measured(*judged(j(general()), printed.electric(made, CHARGE), made.electric))


def whole_axial(context: Context) -> Measured:
    """j5 of all drivers against (72) as printed and without the stray e."""
    made = forms(context)
    return Measured(*judged(j5(general()), printed.axial(made, CHARGE), made.axial))


def power_of_charge(which_current: Callable[[State], np.ndarray], **drivers: Any) -> Callable[[Context], Measured]:
    """Power of e in e j or e j5 for the given drivers."""

    def value(context: Context) -> Measured:
        sizes = [float(np.linalg.norm(e * alone(which_current, charge=e, **drivers))) for e in (CHARGE, 2 * CHARGE)]
        return Measured(math.log2(sizes[1] / sizes[0]), f"e doubled; {FOUND}")

    return value


def number_of_new_terms(context: Context) -> Measured:
    """How many of the drivers of (67) after the Hall current give a current each."""
    found = {
        "∇mu5": alone(j, grad_mu5=G5), "B×∇mu": mixed(j, "b", "grad_mu"), "B×∇mu5": mixed(j, "b", "grad_mu5"),
        "∂t E": alone(j, dt_e=E_FIELD), "∂t B": alone(j, dt_b=B_FIELD), "E×∇mu5": mixed(j, "e", "grad_mu5"),
    }  # fmt: skip
    there = [name for name, value in found.items() if np.linalg.norm(value) > 1e-9]
    return Measured(float(len(there)), f"sums over momenta: {', '.join(there)}")


# --- coefficients, (68)–(71) -----------------------------------------------------------------------------------------


def conductivity(context: Context) -> Measured:
    """e j/E over (68), with chi⁰ by sums over momenta."""
    sigma = CHARGE * ratio(alone(j, e=E_FIELD), E_FIELD)
    return Measured(sigma / (CHARGE**2 * C**2 * TAU / 3 * _susceptibility()), FOUND)


def _susceptibility() -> float:
    """dn⁰/dmu: -δn/(tau ∂t mu) for a rate of mu."""
    moved, still = (summed(at_rest(dt_mu=value), lambda m: m.density)[0] for value in (1.0, 0.0))
    return -(moved - still) / TAU


def susceptibility(context: Context) -> Measured:
    """dn⁰/dmu over (69)."""
    formula = (3 * MU**2 + 3 * MU5**2 + PI2 * TEMPERATURE**2) / (3 * PI2 * C**3)
    return Measured(_susceptibility() / formula, "sum over momenta of D/T")


def number_density(context: Context) -> Measured:
    """n⁰ over the last form of (70)."""
    formula = MU * (MU**2 + 3 * MU5**2 + PI2 * TEMPERATURE**2) / (3 * PI2 * C**3)
    return Measured(summed(at_rest(), lambda m: m.n_zeroth)[0] / formula, "sum over momenta of f_p - f_a")


def _quark_gluon() -> tuple[float, float]:
    """tau T and e, where sigma = 0.37 T at mu = mu5 = 0."""
    charge = math.sqrt(FINE_STRUCTURE)
    return float(equilibrium.relaxation_time(1.0, 0.0, 0.0, QGP_SIGMA, charge)), charge


def relaxation_time(context: Context) -> Measured:
    """(71) [fm/c] at 240 MeV: (68) solved for tau."""
    reduced, _ = _quark_gluon()
    found = reduced * float(inverse_mev_to_cm(1 / QGP_MEV)) * 1e13
    return Measured(found, f"(68) solved for tau with sigma = 0.37 T, e² = alpha; tau T = {reduced:.4g}")


def with_ampere(context: Context) -> Measured:
    """4π sigma tau: (75) over the displacement current, for the tau of (71)."""
    reduced, charge = _quark_gluon()
    left = float(equilibrium.permittivity(1.0, 0.0, 0.0, reduced, charge))
    return Measured(which(left > 0.9, left <= 0), f"4π sigma tau = {1 - left:.4g}: permittivity {left:.4g}")


def estimated_tau(context: Context) -> Measured:
    """Least 4π sigma tau over e < 1 for tau = 1/(e⁴ T ln(1/e)), mu = mu5 = 0."""
    e = np.linspace(0.01, 0.99, 981)
    tau = 1 / (e**4 * np.log(1 / e))
    left = equilibrium.permittivity(1.0, 0.0, 0.0, tau, e)
    text = f"4π sigma tau is least at e = {e[np.argmax(left)]:.2f} (Gaussian), {1 - left.max():.3g}"
    return Measured(which(bool(left.min() > 0.9), bool(left.max() < 0)), text)


# --- Hall ------------------------------------------------------------------------------------------------------------


def power_of_tau(context: Context) -> Measured:
    """Power of tau in the current along E × B."""
    sizes = [float(np.linalg.norm(mixed(j, "e", "b", tau=tau))) for tau in (TAU, 2 * TAU)]
    return Measured(math.log2(sizes[1] / sizes[0]), f"tau doubled; {FOUND}")


def _no_transverse(mu: float, tau: float, field: float) -> float:
    """j_x mu B/E_y where j_y = 0, with T = c = e = 1, mu5 = 0, exact in B."""
    b = np.array([0.0, 0.0, field])
    columns = [2 * hall_current(electric_field=axis, magnetic_field=b, mu_l=mu, tau=tau)[:2] for axis in np.eye(3)[:2]]
    sigma = np.array(columns).T
    e_x = -sigma[1, 1] / sigma[1, 0]  # for E_y = 1
    return abs(float(sigma[0, 0] * e_x + sigma[0, 1])) * mu * field


def measured_hall(context: Context) -> Measured:
    """Whether j_x mu B/E_y follows n² or chi⁰² from mu = 0.3 to 3 T."""
    mus, field = (0.3, 1.0, 3.0), 1e-4
    found = np.array([_no_transverse(mu, 1.0, field) for mu in mus])
    n = np.array([float(equilibrium.densities(1.0, mu, 0.0).number) for mu in mus])
    chi = np.array([float(equilibrium.susceptibilities(1.0, mu, 0.0).diagonal) for mu in mus])
    said = found / (printed.hall_relation(n, mu=np.array(mus), magnetic_field=field) * np.array(mus) * field)
    right = found / (PI2 / 3 * chi**2)
    word = which(np.ptp(said) < 0.01 * said.mean(), bool(np.all(np.abs(right - 1) < 1e-4)))
    times, ends = said.max() / said.min(), f"{right.min():.6f} to {right.max():.6f}"
    return Measured(word, f"exact in B, mu from 0.3 to 3 T: over n² it changes {times:.3g} times, over π²c⁴χ²/3 it is {ends}")


def independent_of_tau(context: Context) -> Measured:
    """Change of j_x/E_y when tau is doubled, and when B is halved as well."""
    off = [abs(_no_transverse(1.0, 2 * tau, b) / _no_transverse(1.0, tau, b) - 1) for tau, b in ((1.0, 0.02), (1.0, 0.01))]
    holds = off[0] < 1e-2 and abs(off[0] / off[1] / 4 - 1) < 0.05
    return Measured(holds, f"tau doubled: {off[0]:.1e} at c e B tau/T = 0.02, {off[1]:.1e} at half the field")


# --- new electric terms, (73)–(76) -----------------------------------------------------------------------------------


def direction(context: Context) -> Measured:
    """Sign of j·∇mu5 at mu mu5 > 0."""
    cosine = ratio(alone(j, grad_mu5=G5), G5)
    return Measured(which(cosine > 0, cosine < 0), f"j = {cosine:.4f} ∇mu5 at mu mu5 > 0; {FOUND}")


def hall_diffusion(context: Context) -> Measured:
    """Parts along B × ∇mu and B × ∇mu5 over (74)."""
    found = mixed(j, "b", "grad_mu") + mixed(j, "b", "grad_mu5")
    return Measured(ratio(found, CHARGE * TAU**2 / (3 * PI2) * np.cross(B_FIELD, MU * G + MU5 * G5)), FOUND)


def without_field(context: Context) -> Measured:
    """(73) and (74) with E = 0."""
    found = [alone(j, grad_mu5=G5), mixed(j, "b", "grad_mu"), mixed(j, "b", "grad_mu5")]
    return Measured(min(float(np.linalg.norm(v)) for v in found) > 1e-6, f"E = 0 in all of them; {FOUND}")


def electric_relaxation(context: Context) -> Measured:
    """Current of ∂t E over (75)."""
    x = 1 + 3 * (MU**2 + MU5**2) / (PI2 * TEMPERATURE**2)
    return Measured(ratio(alone(j, dt_e=E_FIELD), -CHARGE * TAU**2 * TEMPERATURE**2 / (9 * C) * x * E_FIELD), FOUND)


def magnetization(
    which_current: Callable[[State], np.ndarray], gradient: str, potential: float
) -> Callable[[Context], Measured]:
    """Current of ∂t B and of E × ∇mu5 (or ∇mu) over (76) or (80)."""

    def value(context: Context) -> Measured:
        drive = {"grad_mu": G, "grad_mu5": G5}[gradient]
        found = np.r_[alone(which_current, dt_b=B_FIELD), mixed(which_current, "e", gradient)]
        formula = -CHARGE * TAU / (6 * PI2) * np.r_[potential / C * B_FIELD, np.cross(E_FIELD, drive)]
        return Measured(ratio(found, formula), FOUND)

    return value


def perpendicular(context: Context) -> Measured:
    """Cosines of the anomalous chiral Hall current with E and ∇mu5, in no magnetic field."""
    found = mixed(j, "e", "grad_mu5")
    cosines = [abs(float(found @ v)) / np.linalg.norm(found) / np.linalg.norm(v) for v in (E_FIELD, G5)]
    return Measured(max(cosines) < 1e-9, f"cosines {cosines[0]:.0e}, {cosines[1]:.0e}; B = 0")


# --- new axial terms, (77)–(80) --------------------------------------------------------------------------------------


def chiral_hall(context: Context) -> Measured:
    """Axial current along E × B over (77)."""
    formula = CHARGE**2 * TAU**2 * MU5 / (3 * PI2) * np.cross(E_FIELD, B_FIELD)
    return Measured(ratio(mixed(j5, "e", "b"), formula), FOUND)


def sign_of_chirality(context: Context) -> Measured:
    """Whether (77) turns around with mu5."""
    right, left = (mixed(j5, "e", "b", mu5=sign * MU5) for sign in (1, -1))
    return Measured(same(right, -left), FOUND)


def axial_hall_diffusion(context: Context) -> Measured:
    """Axial parts along B × ∇mu and B × ∇mu5 over (78)."""
    found = mixed(j5, "b", "grad_mu") + mixed(j5, "b", "grad_mu5")
    return Measured(ratio(found, CHARGE * TAU**2 / (3 * PI2) * np.cross(B_FIELD, MU5 * G + MU * G5)), FOUND)


def vanishes(context: Context) -> Measured:
    """Axial currents of ∇mu and ∂t E at mu = 0 and at mu5 = 0, over those with both."""
    size = np.linalg.norm(alone(j5, grad_mu=G, dt_e=E_FIELD))
    left = []
    for name in ("mu", "mu5"):
        without = {name: 0.0}
        change = j5(at_rest(grad_mu=G, dt_e=E_FIELD, **without)) - j5(at_rest(**without))
        left.append(float(np.linalg.norm(change) / size))
    return Measured(max(left) < 1e-9, f"{left[0]:.0e} at mu = 0, {left[1]:.0e} at mu5 = 0, of that with both")


def matching(context: Context) -> Measured:
    """-(coefficient of ∂t E)/(tau × coefficient of E) in the axial current."""
    unit = np.array([0.0, 0.0, 0.1])
    separation, relaxation = alone(j5, e=unit), alone(j5, dt_e=unit)
    other = -ratio(alone(j5, grad_mu=unit), separation) * CHARGE
    return Measured(-ratio(relaxation, separation) / TAU, f"of ∇mu, over that of e E: {other:.9f}; {FOUND}")


def in_symmetric_plasma(context: Context) -> Measured:
    """Axial current along E × ∇mu at mu5 = 0, and its part across both."""
    found = mixed(j5, "e", "grad_mu", mu5=0.0)
    along = np.cross(E_FIELD, G)
    return Measured(bool(np.linalg.norm(found) > 1e-9 and same(found, along * (found @ along) / (along @ along))), FOUND)


# --- conclusions -----------------------------------------------------------------------------------------------------


def continuity(context: Context) -> Measured:
    """∂t n + ∇·j less the anomaly, for the current of first order and rates by conservation in collisions."""
    state, worst = general(), 0.0
    for chirality in (1, -1):
        s = plasma(state, chirality)

        def flux(x: Any, i: int, s: Any = s, chirality: int = chirality) -> Any:
            mu = s.mu + s.grad_mu @ x + x @ s.hessian_mu @ x / 2
            force = s.charge * (s.e + x @ s.grad_e) - s.grad_mu - s.hessian_mu @ x
            magnetic = chirality * s.charge * mu * (s.b + x @ s.grad_b) / (4 * PI2 * C)
            return (magnetic + TAU * (3 * mu**2 + PI2 * TEMPERATURE**2) / (18 * PI2 * C) * force)[i]

        outflow = sum(float(derivative(lambda x, i=i, f=flux: f(x, i), (ZERO,), (axis,))) for i, axis in enumerate(np.eye(3)))
        made = chirality * CHARGE**2 * float(s.e @ s.b) / (4 * PI2 * C)
        change = slope(state, chirality) / (6 * PI2 * C**3) * rate(state, chirality)
        worst = max(worst, abs(change + outflow - made) / max(abs(change), abs(made)))
    return Measured(worst < 1e-9, f"both chiralities: {worst:.0e} of the larger of its terms")


def independent_terms(context: Context) -> Measured:
    """Currents of gradients that do not change with tau: drifting, and with drag."""
    curl = curl_of(np.array([0.1, -0.2, 0.05]))
    moving = at_rest(b=B_FIELD, e=0.3 * np.cross(B_FIELD, G) / np.linalg.norm(G), grad_e=curl)
    kept = [moments(moving | {"tau": tau}, 1, drifting=True).j_curl for tau in (TAU, 3 * TAU)]
    state = general() | {"b": ZERO}
    short = float(np.linalg.norm(j(state | {"tau": 1e-9})) / np.linalg.norm(j(state)))
    holds = same(*kept) and bool(np.linalg.norm(kept[0]) > 1e-9)
    return Measured(holds, f"drifting, (26) is; with drag none is: j without B falls to {short:.0e} of itself at tau = 1e-9")


VALUES: dict[str, Callable[[Context], Any]] = {
    "new-terms-tau": independent_terms,
    "eq67": whole_electric,
    "eq67-charge": power_of_charge(j, grad_mu5=G5),
    "eq67-count": number_of_new_terms,
    "eq68": conductivity,
    "eq69": susceptibility,
    "eq70": number_density,
    "eq71": relaxation_time,
    "eq71-ampere": with_ampere,
    "tau-estimate": estimated_tau,
    "hall-tau": power_of_tau,
    "hall-relation": measured_hall,
    "hall-leading": independent_of_tau,
    "eq72": whole_axial,
    "eq72-diffusion": power_of_charge(j5, grad_mu5=G5),
    "eq72-separation": power_of_charge(j5, e=E_FIELD),
    "eq72-cross": power_of_charge(j5, grad_mu=G),
    "eq73-direction": direction,
    "eq74": hall_diffusion,
    "eq74-no-field": without_field,
    "eq75": electric_relaxation,
    "eq76": magnetization(j, "grad_mu5", MU5),
    "eq76-perpendicular": perpendicular,
    "eq77": chiral_hall,
    "eq77-sign": sign_of_chirality,
    "eq78": axial_hall_diffusion,
    "eq79-vanishes": vanishes,
    "eq79-match": matching,
    "eq80": magnetization(j5, "grad_mu", MU),
    "eq80-symmetric": in_symmetric_plasma,
    "conclusion-continuity": continuity,
}
