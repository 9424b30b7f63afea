"""Densities and currents of one chirality straight from the kinetic equation: the operator by autodiff, momenta by quadrature.

An independent check of the closed forms: nothing of kiral is used, and neither is any integral of the paper, only its kinetic
equation (12), the density (7) and the current (9), (10), over particles and antiparticles. Fields are Taylor polynomials
about t = 0, x = 0.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Plasma(NamedTuple):
    """A local state: values at the origin and derivatives; gradients G[i, j] = ∂_i F_j, hessian of mu."""

    temperature: float
    mu: float
    tau: float
    charge: float
    c: float
    chirality: int
    e: np.ndarray
    b: np.ndarray
    grad_mu: np.ndarray
    dt_mu: float
    hessian_mu: np.ndarray
    grad_e: np.ndarray
    grad_b: np.ndarray
    dt_e: np.ndarray
    dt_b: np.ndarray

    def mu_at(self, t, x):
        return self.mu + self.dt_mu * t + self.grad_mu @ x + x @ self.hessian_mu @ x / 2

    def e_at(self, t, x):
        return self.e + self.dt_e * t + x @ self.grad_e

    def b_at(self, t, x):
        return self.b + self.dt_b * t + x @ self.grad_b

    def drift_at(self, t, x):
        b = self.b_at(t, x)
        return self.c * jnp.cross(self.e_at(t, x), b) / (b @ b)


def momenta(temperature, c, drift, cosines=8, panels=10, nodes=16, width=4.0):
    """(p, weights of d³p/(2π)³): Gauss-Legendre in ξ = cos(p, v) and in c p (1 - beta ξ)/T, even in azimuth."""
    beta = np.linalg.norm(drift) / c
    axis = drift / np.linalg.norm(drift) if beta else np.array([0.0, 0.0, 1.0])
    side = np.cross(axis, np.eye(3)[np.argmin(abs(axis))])
    side /= np.linalg.norm(side)
    xi, w_xi = np.polynomial.legendre.leggauss(cosines)
    phi = 2 * np.pi * (np.arange(8) + 0.5) / 8
    u, w_u = np.polynomial.legendre.leggauss(nodes)
    u = (width * (np.arange(panels)[:, None] + (u + 1) / 2)).ravel()
    w_u = np.tile(w_u * width / 2, panels)
    xi, phi, u = (a.ravel() for a in np.meshgrid(xi, phi, u, indexing="ij"))
    weights = (w_xi[:, None, None] * np.full((8, 1), 2 * np.pi / 8) * w_u).ravel()
    scale = temperature / (c * (1 - beta * xi))
    across = np.cos(phi)[:, None] * side + np.sin(phi)[:, None] * np.cross(axis, side)
    unit = xi[:, None] * axis + np.sqrt(1 - xi**2)[:, None] * across
    return unit * (scale * u)[:, None], weights * scale**3 * u**2 / (2 * np.pi) ** 3


def with_drag(plasma: Plasma):
    """(n, j) of second order: f0 at rest, then twice the operator, the orders of the expansion kept apart."""
    return _net(_of_second_order, plasma, *momenta(plasma.temperature, plasma.c, np.zeros(3)))


def drifting(plasma: Plasma):
    """(n, j) of first order about the boosted distribution (14)."""
    drift = plasma.c * np.cross(plasma.e, plasma.b) / (plasma.b @ plasma.b)
    return _net(_of_first_order, plasma, *momenta(plasma.temperature, plasma.c, drift, cosines=44))


@partial(jax.jit, static_argnums=0)
def _sums(integrand, plasma, p, weights):
    """Sums over momenta and, with their sign, over particles and antiparticles."""
    signs = jnp.array([1.0, -1.0])
    each = jax.vmap(jax.vmap(integrand, (None, 0, None)), (None, None, 0))(plasma, p, signs)
    return tuple(jnp.einsum("s,p,sp...->...", signs, weights, part) for part in each)


def _net(integrand, plasma, p, weights):
    n, j = _sums(integrand, plasma, p, weights)
    return float(n), np.asarray(j)


def _of_second_order(s: Plasma, p, sign):
    e, origin = sign * s.charge, jnp.zeros(3)
    c, tau, energy = s.c, s.tau, s.c * jnp.linalg.norm(p)
    v, omega = _velocity(s, p), _berry(s, p, sign)
    field, b = s.e, s.b

    def f0(t, x, p):
        return jax.nn.sigmoid((sign * s.mu_at(t, x) - c * jnp.linalg.norm(p)) / s.temperature)

    def f1(t, x, p):
        # ∂t mu is of second order: it stays out of here and joins f2
        still = s._replace(dt_mu=0.0)
        at_rest = lambda x, p: jax.nn.sigmoid((sign * still.mu_at(0.0, x) - c * jnp.linalg.norm(p)) / s.temperature)  # noqa: E731
        return -tau * (_velocity(s, p) @ jax.grad(at_rest)(x, p) + e * s.e_at(t, x) @ jax.grad(at_rest, 1)(x, p))

    f0_t, f0_x, f0_p = jax.grad(f0, (0, 1, 2))(0.0, origin, p)
    f1_t, f1_x, f1_p = jax.grad(f1, (0, 1, 2))(0.0, origin, p)
    lorentz = e * field + e / c * jnp.cross(v, b)
    anomalous = e * jnp.cross(field, omega) + e / c * (v @ omega) * b
    streaming = f0_t + f1_t + v @ f1_x + lorentz @ f1_p + e**2 / c * (field @ b) * (omega @ f0_p) + anomalous @ f0_x
    first = f1(0.0, origin, p)
    phase = e / c * (b @ omega)
    second = -tau * streaming - phase * first
    f = f0(0.0, origin, p)
    n = f + first + second + phase * (f + first)
    return n, v * (f + first + second) + anomalous * (f + first) + jnp.cross(f0_x + f1_x, energy * omega)


def _of_first_order(s: Plasma, p, sign):
    e, origin = sign * s.charge, jnp.zeros(3)
    v, omega = _velocity(s, p), _berry(s, p, sign)

    def f0(t, x, p):
        return jax.nn.sigmoid((sign * s.mu_at(t, x) + p @ s.drift_at(t, x) - s.c * jnp.linalg.norm(p)) / s.temperature)

    f0_t, f0_x, f0_p = jax.grad(f0, (0, 1, 2))(0.0, origin, p)
    force = e * s.e + e / s.c * jnp.cross(v, s.b)
    first = -s.tau * (f0_t + v @ f0_x + force @ f0_p)
    f = f0(0.0, origin, p)
    anomalous = e * jnp.cross(s.e, omega) + e / s.c * (v @ omega) * s.b
    n = f + first + e / s.c * (s.b @ omega) * f
    return n, v * (f + first) + anomalous * f + jnp.cross(f0_x, s.c * jnp.linalg.norm(p) * omega)


def _velocity(s: Plasma, p):
    return s.c * p / jnp.linalg.norm(p)


def _berry(s: Plasma, p, sign):
    """Ω of particles; antiparticles have the opposite one."""
    return sign * s.chirality * p / (2 * jnp.linalg.norm(p) ** 3)
