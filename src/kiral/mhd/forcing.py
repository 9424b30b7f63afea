"""A random helical force that stirs the fluid at one scale: smooth enough in time for any step, the same on any grid."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int

from kiral.geometry.box import Box, VectorModes, cross


class HelicalForcing(eqx.Module):
    """f(t, x) [E*/l*⁴], divergence-free, on the given modes.

    Pattern i is a Gaussian random field of exact rms `amplitude` and fractional helicity `helicity`, keyed by `seed` and
    i. Between i τ and (i + 1) τ, τ = correlation_time, the force turns from pattern i into i + 1 as cos(π s/2) F_i +
    sin(π s/2) F_{i+1}, which keeps its variance; it is continuous and its memory ends after 2 τ. τ = ∞: pattern 0 for ever.
    """

    numbers: Int[Array, "modes 3"]
    amplitude: Float[Array, ""]
    helicity: Float[Array, ""]
    correlation_time: Float[Array, ""]
    seed: Int[Array, ""]

    def __call__(self, t: Float[Array, ""], box: Box) -> VectorModes:
        """The force's modes at time t."""
        phase = t / self.correlation_time
        i = jnp.floor(phase)
        angle = (phase - i) * jnp.pi / 2
        values = jnp.cos(angle) * self._pattern(i, box) + jnp.sin(angle) * self._pattern(i + 1, box)
        return _scatter(box, self.numbers, values)

    def _pattern(self, i: Float[Array, ""], box: Box) -> Complex[Array, "modes 3"]:
        """Amplitudes of pattern i: both helical parts of random complex weights, each scaled to its exact share."""
        key = jax.random.fold_in(jax.random.key(self.seed), i.astype(jnp.uint32))
        weights = jax.random.normal(key, (2, 2, self.numbers.shape[0]))
        k = 2 * jnp.pi * self.numbers / box.length
        total = jnp.zeros((self.numbers.shape[0], 3), jnp.complex128)
        for sign, (re, im) in zip((1, -1), weights, strict=True):
            part = (re + 1j * im)[:, None] * _beltrami(k, sign)
            # Every mode stands for its conjugate too, hence the factor 2 in the mean square.
            power = 2 * jnp.sum(jnp.abs(part) ** 2)
            total = total + self.amplitude * jnp.sqrt((1 + sign * self.helicity) / 2 / power) * part
        return total


def _beltrami(k: Float[Array, "modes 3"], sign: int) -> Complex[Array, "modes 3"]:
    """Unit polarisation vectors (e1 + iσ e2)/√2 with i k×e = σ |k| e, for right-handed e1, e2, k/|k|."""
    unit = k / jnp.linalg.norm(k, axis=1, keepdims=True)
    helper = jnp.eye(3)[jnp.argmin(jnp.abs(unit), axis=1)]
    e1 = jnp.stack(cross(tuple(unit.T), tuple(helper.T)), axis=1)
    e1 = e1 / jnp.linalg.norm(e1, axis=1, keepdims=True)
    e2 = jnp.stack(cross(tuple(unit.T), tuple(e1.T)), axis=1)
    return (e1 + 1j * sign * e2) / jnp.sqrt(2.0)


def _scatter(box: Box, numbers: Int[Array, "modes 3"], values: Complex[Array, "modes 3"]) -> VectorModes:
    """Modes with the given amplitudes; those with kz = 0 get their conjugate partner, which is stored there too."""
    x, y, z = numbers.T
    partner = jnp.where(z == 0, 1.0, 0.0)[:, None] * values.conj()
    empty = jnp.zeros(box.shape, jnp.complex128)
    here, there = box.index((x, y, z)), box.index((-x, -y, jnp.zeros_like(z)))
    return tuple(empty.at[here].add(values[:, i]).at[there].add(partner[:, i]) for i in range(3))


def modes_in_shell(box: Box, wave_number: float, width: float) -> np.ndarray:
    """Mode numbers (modes, 3) with wave_number - width/2 ≤ |k| ≤ wave_number + width/2, one of each pair ±k."""
    unit = 2 * np.pi / np.asarray(box.length)
    ranges = [np.arange(-m, m + 1) for m in box.m]
    numbers = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    k = np.sqrt(np.sum((numbers * unit) ** 2, axis=1))
    x, y, z = numbers.T
    one_of_two = (z > 0) | ((z == 0) & ((y > 0) | ((y == 0) & (x > 0))))
    inside = (np.abs(k - wave_number) <= width / 2) & (k <= float(box.k_max) * (1 + 1e-12))
    return numbers[one_of_two & inside]
