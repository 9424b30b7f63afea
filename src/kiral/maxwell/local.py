"""The plasma at the points of the grid: chemical potentials, conductivities, number currents and rates. All pointwise.

Functions take the equation (its coefficients) and the fields on some planes of the grid. `i` is 0 for chirality +, 1 for -.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from kiral.core.equation import Rate, rate_limit
from kiral.core.table import at_time
from kiral.geometry.box import Grid, VectorGrid, cross, dot
from kiral.maxwell.limits import DAMPING_LIMIT, EXACT_LIMIT, WAVE_LIMIT
from kiral.maxwell.matter import CHIRALITIES
from kiral.maxwell.state import GridFields

if TYPE_CHECKING:
    from kiral.maxwell.equations import AnomalousMaxwell

Pair = tuple[VectorGrid, VectorGrid]


class Local(NamedTuple):
    """mu_l, sigma_l, E with the field from outside, and, where gradients are at hand, ∇mu_l and E_l = E - ∇mu_l/e."""

    mu: tuple[Grid, Grid]
    sigma: tuple[Grid, Grid]
    e: VectorGrid
    grad_mu: Pair | None
    force: Pair | None


def local(eq: AnomalousMaxwell, t, g: GridFields) -> Local:
    """What follows from the fields at a point."""
    m = eq.matter
    mu = tuple(m.potential(n) for n in g.n)
    e = g.e
    if eq.external_field is not None:
        e = tuple(f + at_time(x, t) for f, x in zip(e, eq.external_field, strict=True))
    sigma = tuple(m.conductivity(x) for x in mu)
    if g.grad_n is None:
        return Local(mu, sigma, e, None, None)
    per_chi = [6 * jnp.pi**2 * m.c**3 / m.slope(x) for x in mu]
    grad_mu = tuple(tuple(p * f for f in grad) for p, grad in zip(per_chi, g.grad_n, strict=True))
    force = tuple(tuple(f - d / m.charge for f, d in zip(e, grad, strict=True)) for grad in grad_mu)
    return Local(mu, sigma, e, grad_mu, force)


def anomalous(eq: AnomalousMaxwell, i: int, g: GridFields, here: Local) -> VectorGrid:
    """l e mu_l B/(4π²c), and Hall and magnetization currents where they are taken; G16 (50), (51)."""
    chiral = CHIRALITIES[i] * eq.matter.topological * here.mu[i]
    j = tuple(chiral * b for b in g.b)
    if "hall" in eq.terms:
        j = add(j, hall(eq, i, g, here))
    return add(j, magnetization(eq, i, g, here)) if "magnetization" in eq.terms else j


def hall(eq: AnomalousMaxwell, i: int, g: GridFields, here: Local) -> VectorGrid:
    """-e² tau² mu_l B×E_l/(6π²)."""
    factor = (eq.matter.charge * eq.matter.tau) ** 2 / (6 * jnp.pi**2) * here.mu[i]
    return tuple(factor * f for f in cross(here.force[i], g.b))


def magnetization(eq: AnomalousMaxwell, i: int, g: GridFields, here: Local) -> VectorGrid:
    """∇×(l e tau mu_l E/(12π²)) = (l e tau/12π²) (∇mu_l×E + mu_l ∇×E)."""
    factor = CHIRALITIES[i] * eq.matter.charge * eq.matter.tau / (12 * jnp.pi**2)
    turned = cross(here.grad_mu[i], here.e)
    return tuple(factor * (f + here.mu[i] * c) for f, c in zip(turned, g.curl_e, strict=True))


def excess_ohmic(eq: AnomalousMaxwell, i: int, g: GridFields, here: Local) -> VectorGrid:
    """(sigma_l E - sigma_l0 E)/e: Ohm's current beyond that of `linear`; the first E with the field from outside."""
    e = eq.matter.charge
    return tuple((here.sigma[i] * f - eq.sigma[i] * f0) / e for f, f0 in zip(here.e, g.e, strict=True))


def ohmic(eq: AnomalousMaxwell, i: int, here: Local) -> VectorGrid:
    """(sigma_l/e) E_l, diffusion included."""
    return tuple(here.sigma[i] / eq.matter.charge * f for f in here.force[i])


def electric_rate(eq: AnomalousMaxwell, t, g: GridFields, here: Local, total: VectorGrid) -> VectorGrid:
    """∂t E from (1 - 4π sigma tau) ∂t E = c ∇×B - 4π e Σ J_l - 4π j_ext, sigma being the local one."""
    m = eq.matter
    eps = 1 - 4 * jnp.pi * m.tau * (here.sigma[0] + here.sigma[1])
    right = tuple(m.c * c - 4 * jnp.pi * m.charge * j for c, j in zip(g.curl_b, total, strict=True))
    if eq.external_current is not None:
        right = tuple(f - 4 * jnp.pi * at_time(j, t) for f, j in zip(right, eq.external_current, strict=True))
    return tuple(f / eps for f in right)


def step_rates(eq: AnomalousMaxwell, g: GridFields, here: Local) -> dict[str, Rate]:
    """Rates that explicit products limit; what is exact has wide limits, which give the first step its size."""
    m, k = eq.matter, eq.box.k_max
    gamma, eps = 4 * jnp.pi * jnp.sum(eq.sigma), jnp.ones(())
    if eq.relaxes:
        eps = jnp.min(1 - 4 * jnp.pi * m.tau * (here.sigma[0] + here.sigma[1]))
    b, mu5 = jnp.sqrt(jnp.max(dot(g.b, g.b))), jnp.max(jnp.abs(here.mu[0] - here.mu[1])) / 2
    excess = jnp.max(sum(jnp.abs(s - s0) for s, s0 in zip(here.sigma, eq.sigma, strict=True)))
    chiral = m.c**2 * k * (2 * m.charge**2 / (jnp.pi * m.c**2)) * mu5
    rates = {
        "light": rate_limit(m.c * k / jnp.sqrt(eps), EXACT_LIMIT),
        "Ohmic relaxation": rate_limit(gamma / eps, EXACT_LIMIT),
        "conductivity": rate_limit(4 * jnp.pi * excess / eps, DAMPING_LIMIT),
        "chiral magnetic effect": rate_limit(growing(gamma / eps, chiral / eps), DAMPING_LIMIT),
    }
    if not eq.uniform:
        rates["chiral magnetic waves"] = rate_limit(wave_rate(eq, b, here, gamma / eps, eps), WAVE_LIMIT)
    if "hall" in eq.terms:
        size = sum(jnp.max(jnp.abs(mu)) for mu in here.mu) * b
        rates["Hall"] = rate_limit(2 * m.charge**3 * m.tau**2 / (3 * jnp.pi) * size / eps, WAVE_LIMIT)
    if "magnetization" in eq.terms:
        rates["magnetization"] = rate_limit(2 * m.charge**2 * m.tau / (3 * jnp.pi) * mu5 * k / eps, DAMPING_LIMIT)
    return rates


def wave_rate(eq: AnomalousMaxwell, b: Array, here: Local, gamma: Array, eps: Array) -> Array:
    """Of chiral magnetic waves: k v and, through E, what v² k_D² makes beside the relaxation of E."""
    m = eq.matter
    chi = jnp.minimum(*(jnp.min(m.slope(mu)) for mu in here.mu)) / (6 * jnp.pi**2 * m.c**3)
    speed = m.topological * b / chi
    return eq.box.k_max * speed + growing(gamma, 8 * jnp.pi * m.charge**2 * chi * speed**2 / eps)


def growing(gamma: Array, frequency_squared: Array) -> Array:
    """The growing root of s² + gamma s = frequency²."""
    return (jnp.sqrt(gamma**2 + 4 * frequency_squared) - gamma) / 2


def add(a: VectorGrid, b: VectorGrid) -> VectorGrid:
    """Sum of two vectors."""
    return tuple(f + g for f, g in zip(a, b, strict=True))
