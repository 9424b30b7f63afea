"""A periodic box seen along rays x + v s: transforms, and the phases between the rays and the common frame."""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float, Int


class Rays(eqx.Module):
    """Periodic box of n points (static) and side lengths; a direction with one point is ignorable. s = t - start.

    Modes are f(x) = Σ f_k exp(i k·x), of real fields half of them: the last varying axis runs over 0..n/2.
    """

    n: tuple[int, int, int] = eqx.field(static=True)
    length: Float[Array, "3"]
    start: Float[Array, ""]

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes along which fields vary."""
        return tuple(i for i in range(3) if self.n[i] > 1)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the modes."""
        last = self.axes[-1] if self.axes else -1
        return tuple(n // 2 + 1 if i == last else n for i, n in enumerate(self.n))

    @property
    def volume(self) -> Float[Array, ""]:
        """Product of the varying sides; 1 without any."""
        volume = jnp.ones((), jnp.float64)
        for i in self.axes:
            volume = volume * self.length[i]
        return volume

    def numbers(self, axis: int) -> np.ndarray:
        """Signed mode numbers along an axis (1-D)."""
        n = self.n[axis]
        if self.shape[axis] != n:
            return np.arange(n // 2 + 1)
        return np.round(np.fft.fftfreq(n, 1 / n)).astype(int) if n > 1 else np.zeros(1, int)

    @property
    def k(self) -> tuple[Array, ...]:
        """Wave numbers along each axis, shaped to broadcast; a Nyquist mode has none, it cannot be differentiated."""
        found = []
        for axis in range(3):
            numbers = self.numbers(axis)
            numbers = np.where(2 * np.abs(numbers) == self.n[axis], 0, numbers)
            shape = [1, 1, 1]
            shape[axis] = -1
            found.append((2 * jnp.pi / self.length[axis] * numbers).reshape(shape))
        return tuple(found)

    @property
    def points(self) -> int:
        """Number of grid points."""
        return self.n[0] * self.n[1] * self.n[2]

    def to_modes(self, field: Array, *, scaled: bool = True) -> Array:
        """Modes of real fields (..., nx, ny, nz); times the number of points where not scaled, which saves a pass."""
        if not self.axes:
            return field
        return jnp.fft.rfftn(field, axes=[i - 3 for i in self.axes], norm="forward" if scaled else "backward")

    def to_grid(self, modes: Array, *, scaled: bool = True) -> Array:
        """Fields of modes; of modes times the number of points where not scaled."""
        if not self.axes:
            return modes
        sides, axes = [self.n[i] for i in self.axes], [i - 3 for i in self.axes]
        return jnp.fft.irfftn(modes, s=sides, axes=axes, norm="forward" if scaled else "backward")

    def phases(self, t: Array, velocity: Float[Array, "D 3"]) -> Array:
        """exp(i k·v s) (D, kx, ky, kz), complex128; 1 (D, 1, 1, 1), real, without a varying axis."""
        if not self.axes:
            return jnp.ones((len(velocity), 1, 1, 1))
        tables = tuple(self._tables(axis, t, velocity) for axis in self.axes)
        # In two halves, one loop: what a loop gives is computed once, all else is computed anew by whatever uses it.
        halves = 2 if len(velocity) % 2 == 0 else 1
        cut = jax.tree.map(lambda x: x.reshape(halves, -1, x.shape[-1]), tables)
        return lax.map(self._products, cut).reshape(len(velocity), *self.shape)

    def _tables(self, axis: int, t: Array, velocity: Float[Array, "D 3"]) -> tuple[Array, Array]:
        """Two short tables whose products are exp(i n angle), n = 0, 1, ...: few sines and cosines for many modes."""
        angle = 2 * jnp.pi / self.length[axis] * (t - self.start) * velocity[:, axis]
        top = int(np.max(np.abs(self.numbers(axis)))) + 1
        size = 2 ** math.ceil(math.log2(top) / 2)
        coarse, fine = lax.map(_phase, (jnp.stack([size * angle, angle]), jnp.arange(size)[None].repeat(2, axis=0)))
        return coarse[:, : -(-top // size)], fine

    def _products(self, tables: tuple[tuple[Array, Array], ...]) -> Complex[Array, "D kx ky kz"]:
        """The phases of some directions from their tables."""
        total = None
        for axis, (coarse, fine) in zip(self.axes, tables, strict=True):
            powers = (coarse[:, :, None] * fine[:, None, :]).reshape(len(fine), -1)
            numbers, shape = self.numbers(axis), [len(fine), 1, 1, 1]
            along = powers[:, : np.sum(numbers >= 0)]
            if numbers.min() < 0:
                along = jnp.concatenate([along, jnp.conj(powers[:, -numbers.min() : 0 : -1])], axis=1)
            shape[axis + 1] = -1
            total = along.reshape(shape) if total is None else total * along.reshape(shape)
        return total

    @property
    def multiplicity(self) -> np.ndarray:
        """How many modes a stored one stands for: 2 where its conjugate is not stored."""
        weight = np.ones(self.shape)
        if self.axes:
            axis = self.axes[-1]
            inner = [slice(None)] * 3
            inner[axis] = slice(1, (self.n[axis] + 1) // 2)
            weight[tuple(inner)] = 2.0
        return weight

    @property
    def top_third(self) -> np.ndarray:
        """1 for modes whose number along any direction is above two thirds of the largest, else 0."""
        top = np.zeros(self.shape)
        for axis in self.axes:
            shape = [1, 1, 1]
            shape[axis] = -1
            top = np.maximum(top, (3 * np.abs(self.numbers(axis)) > self.n[axis]).reshape(shape))
        return top

    def integral(self, f: Array, g: Array) -> Float[Array, ""]:
        """∫ Σ f g over the box (Parseval), summed over all leading axes (float64)."""
        return jnp.sum(self.integrals(f, g))

    def integrals(self, f: Array, g: Array) -> Float[Array, "first"]:
        """The same without the sum over the first axis."""
        product = f.real * g.real + f.imag * g.imag
        return self.volume * jnp.sum(self.multiplicity * product, axis=range(1, product.ndim), dtype=jnp.float64)


def _phase(given: tuple[Float[Array, "D"], Int[Array, "n"]]) -> Complex[Array, "D n"]:
    """exp(i n angle)."""
    angle, numbers = given
    product = angle[:, None] * numbers
    return lax.complex(jnp.cos(product), jnp.sin(product))
