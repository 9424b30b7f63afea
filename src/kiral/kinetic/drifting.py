"""Regime of a drifting plasma: currents to first order in E_parallel and derivatives, exact in the drift v = c E×B/B².

No background drags on the charges. The distribution is the boosted one of G16 (14), T and mu are those of the rest frame over
gamma. It needs |E_perp| < |B|. There is no perpendicular Ohmic current and no inertia of the plasma: momentum and energy are
not unknowns, so there are no Alfvén waves. G16 = Gorbar et al. 2016, with (27) and (30) corrected as the page on currents says.
ħ = 1, Gaussian; vectors have their component on the FIRST axis, (3, *S), gradients of fields G[i, j] = ∂_i F_j, (3, 3, *S).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kiral.kinetic.drag import Rates
from kiral.kinetic.drift import Drift, drift, drift_speed, shapes
from kiral.kinetic.equilibrium import PI2, Densities, densities, polynomial, slope
from kiral.kinetic.vectors import aligned, check_drift, check_matter, cross, curl, divergence, dot


class DriftingTerms(NamedTuple):
    """One number current [1/(length² time)], by terms; each (3, *S)."""

    hall: Any  # n v, (21), (31), (32)
    chiral_magnetic: Any  # along B, (24)
    transverse: Any  # along E_perp, (25), (33), (34)
    magnetization: Any  # a curl, (26)
    ohmic: Any  # along B; from here on the terms of (27), proportional to tau
    diffusion: Any
    viscous: Any  # from ∂_i v_j
    relaxation: Any  # from ∂t mu and ∂t v

    @property
    def total(self) -> Any:
        """Their sum."""
        return sum(self)


class DriftingCurrents(NamedTuple):
    """Terms of the electric (number) current and of the axial current."""

    electric_terms: DriftingTerms
    axial_terms: DriftingTerms

    @property
    def electric(self) -> Any:
        """j; the electric current is e j. The chiral magnetic term is its part along B."""
        return self.electric_terms.total

    @property
    def axial(self) -> Any:
        """j5. Its term `chiral_magnetic` is the chiral separation effect."""
        return self.axial_terms.total

    @property
    def right(self) -> DriftingTerms:
        """Terms of chirality +1, (j + j5)/2."""
        return DriftingTerms(*((j + j5) / 2 for j, j5 in zip(*self, strict=True)))

    @property
    def left(self) -> DriftingTerms:
        """Terms of chirality -1, (j - j5)/2."""
        return DriftingTerms(*((j - j5) / 2 for j, j5 in zip(*self, strict=True)))


class _Parts(NamedTuple):
    """What a current depends on: sums over λ for the electric one, sums with λ for the axial one, without loss of digits."""

    p: Any  # Σ mu_λ³ + π²T² mu_λ
    x: Any  # Σ X_λ
    x_grad: Any  # Σ X_λ ∇mu_λ
    x_dt: Any  # Σ X_λ ∂t mu_λ
    odd_mu: Any  # Σ λ mu_λ
    odd_x: Any  # Σ λ X_λ
    odd_mu_grad: Any  # Σ λ mu_λ ∇mu_λ


def drifting_currents(
    *, temperature: Any, mu: Any, mu5: Any, tau: Any, charge: Any, c: Any = 1.0, electric_field: Any, magnetic_field: Any,
    grad_mu: Any = None, grad_mu5: Any = None, grad_electric_field: Any = None, grad_magnetic_field: Any = None,
    dt_electric_field: Any = None, dt_magnetic_field: Any = None, dt_mu: Any = None, dt_mu5: Any = None,
) -> DriftingCurrents:  # fmt: skip
    """Every current of the drifting plasma, G16 (20)-(27), (31)-(34): (27) in its corrected, compact form.

    j3_i = -τ [∂t(n v_i) + ∂_j Π_ij - e E_par,j dΠ_ij/dmu], Π_ij = (mu³ + π²T²mu)/(12π²c) [g0 (δ_ij - v̂_i v̂_j) + gL v̂_i v̂_j].

    Args: as in `kiral.kinetic.currents`, and the gradients of both fields G[i, j] = ∂_i F_j, which give those of the drift.
      dt_mu, dt_mu5 - where not both given, those of the continuity equation (35) of first order.
    Errors: ConfigError for wrong shapes and where |E_perp| >= |B|. Traced values are not checked and give nan there.
    """
    rates = {} if dt_mu is None or dt_mu5 is None else {"dt_mu": dt_mu, "dt_mu5": dt_mu5}
    i = _inputs(temperature, mu, mu5, tau, charge, c, electric_field, magnetic_field, grad_mu, grad_mu5,
                grad_electric_field, grad_magnetic_field, dt_electric_field, dt_magnetic_field, rates)  # fmt: skip
    flow = _flow(i)
    if not rates:
        i["dt_mu"], i["dt_mu5"] = _rates(i, flow, anomaly=False)
    even, odd = _parts(i)
    return DriftingCurrents(_terms(i, flow, even), _terms(i, flow, odd))


def drifting_rates(
    *, temperature: Any, mu: Any, mu5: Any, charge: Any, c: Any = 1.0, electric_field: Any, magnetic_field: Any,
    grad_mu: Any = None, grad_mu5: Any = None, grad_electric_field: Any = None, grad_magnetic_field: Any = None,
    dt_electric_field: Any = None, dt_magnetic_field: Any = None, anomaly: bool = True,
) -> Rates:  # fmt: skip
    """dmu/dt, dmu5/dt of the drifting plasma, G16 (35)-(37). anomaly adds λ e² E·B/(4π²c), of second order and not in (35).

    Without it the axial charge is wrong wherever E·B is not zero.
    """
    i = _inputs(temperature, mu, mu5, 0.0, charge, c, electric_field, magnetic_field, grad_mu, grad_mu5,
                grad_electric_field, grad_magnetic_field, dt_electric_field, dt_magnetic_field, {})  # fmt: skip
    return _rates(i, _flow(i), anomaly)


def drifting_densities(
    *, temperature: Any, mu: Any, mu5: Any, c: Any = 1.0, electric_field: Any, magnetic_field: Any
) -> Densities:
    """n⁰ and n5⁰ of the drifting plasma, G16 (19): those at rest over (1 - beta²)²."""
    i = aligned(
        {"t": temperature, "mu": mu, "mu5": mu5, "c": c}, {"electric_field": electric_field, "magnetic_field": magnetic_field}
    )
    check_drift(i["electric_field"], i["magnetic_field"])
    _, _, rest = drift_speed(i["electric_field"], i["magnetic_field"], i["c"])
    found = densities(i["t"], i["mu"], i["mu5"], i["c"])
    return Densities(found.number / rest**2, found.axial / rest**2)


def _inputs(t: Any, mu: Any, mu5: Any, tau: Any, e: Any, c: Any, electric: Any, b: Any, g: Any, g5: Any, grad_e: Any,
            grad_b: Any, dt_e: Any, dt_b: Any, rates: dict[str, Any]) -> dict[str, Any]:  # fmt: skip
    check_matter(temperature=t, tau=tau, c=c)
    return aligned(
        {"temperature": t, "mu": mu, "mu5": mu5, "tau": tau, "charge": e, "c": c, **rates},
        {"electric_field": electric, "magnetic_field": b, "grad_mu": g, "grad_mu5": g5, "dt_electric_field": dt_e,
         "dt_magnetic_field": dt_b},
        {"grad_electric_field": grad_e, "grad_magnetic_field": grad_b},
    )  # fmt: skip


def _flow(i: dict[str, Any]) -> Drift:
    check_drift(i["electric_field"], i["magnetic_field"])
    return drift(i["electric_field"], i["magnetic_field"], i["c"], i["grad_electric_field"], i["grad_magnetic_field"],
                 i["dt_electric_field"], i["dt_magnetic_field"])  # fmt: skip


def _rates(i: dict[str, Any], flow: Drift, anomaly: bool) -> Rates:
    """(35) of either chirality, divided by dn⁰/dmu."""
    v, c = flow.velocity, i["c"]
    steepening = 4 * (dot(v, flow.dt) + dot(v, dot(v, flow.gradient))) / (c**2 * flow.rest)
    compression = steepening + divergence(flow.gradient)
    source = 1.5 * c**2 * i["charge"] ** 2 * dot(i["electric_field"], i["magnetic_field"]) * flow.rest**2 if anomaly else 0.0
    found = []
    for sign in (1, -1):
        mu, g = i["mu"] + sign * i["mu5"], i["grad_mu"] + sign * i["grad_mu5"]
        x = slope(mu, i["temperature"])
        found.append((sign * source - polynomial(mu, i["temperature"]) * compression) / x - dot(v, g))
    right, left = found
    return Rates((right + left) / 2, (right - left) / 2)


def _parts(i: dict[str, Any]) -> tuple[_Parts, _Parts]:
    mu, mu5, g, g5, dt, dt5 = (i[name] for name in ("mu", "mu5", "grad_mu", "grad_mu5", "dt_mu", "dt_mu5"))
    t2 = PI2 * i["temperature"] ** 2
    p, p5 = 2 * mu * (mu**2 + 3 * mu5**2 + t2), 2 * mu5 * (mu5**2 + 3 * mu**2 + t2)
    x, x5 = 2 * (3 * mu**2 + 3 * mu5**2 + t2), 12 * mu * mu5
    along, across = x * g + x5 * g5, x5 * g + x * g5
    even = _Parts(p, x, along, x * dt + x5 * dt5, 2 * mu5, x5, 2 * (mu5 * g + mu * g5))
    odd = _Parts(p5, x5, across, x5 * dt + x * dt5, 2 * mu, x, 2 * (mu * g + mu5 * g5))
    return even, odd


def _terms(i: dict[str, Any], flow: Drift, part: _Parts) -> DriftingTerms:
    e, tau, c, electric, b = i["charge"], i["tau"], i["c"], i["electric_field"], i["magnetic_field"]
    v, gradient, rest = flow.velocity, flow.gradient, flow.rest
    g0, rise, bend, perpendicular = shapes(flow.beta2, rest)
    topological, stress = e * part.odd_mu / (4 * PI2 * c), tau / (12 * PI2 * c)
    eb_over_b2 = dot(electric, b) / dot(b, b)
    parallel = eb_over_b2 * b
    n = part.p / (6 * PI2 * c**3 * rest**2)
    grad_x = 2 * dot_second(v, gradient) / c**2  # of beta²
    # ∇(X g0) × v + X g0 ∇ × v, with dg0/dx = rise/2
    curl_m = cross(6 * part.odd_mu_grad * g0 + part.odd_x * rise / 2 * grad_x, v) + part.odd_x * g0 * curl(gradient)
    along = v / c**2
    # ∂_j of g0 δ_ij + rise v_i v_j/c²
    bending = bend * dot(v, grad_x) * along + rise * (along * divergence(gradient) + dot(v, gradient) / c**2)
    dt_n = (part.x_dt + 4 * part.p * dot(v, flow.dt) / (c**2 * rest)) / (6 * PI2 * c**3 * rest**2)
    return DriftingTerms(
        hall=n * v,
        chiral_magnetic=topological * b,
        transverse=topological * eb_over_b2 * perpendicular * (electric - parallel),
        magnetization=curl_m / (24 * PI2 * c**2),
        ohmic=stress * part.x * g0 * e * parallel,
        diffusion=-stress * (g0 * part.x_grad + rise * along * dot(v, part.x_grad)),
        viscous=-stress * part.p * (rise / 2 * grad_x + bending),
        relaxation=-tau * (dt_n * v + n * flow.dt),
    )


def dot_second(v: Any, gradient: Any) -> Any:
    """v_j ∂_i v_j, a vector in i."""
    return gradient[:, 0] * v[0] + gradient[:, 1] * v[1] + gradient[:, 2] * v[2]
