"""A periodic box: wave numbers, spectral derivatives and means of fields held as Fourier modes.

Layout. A scalar field is an array of complex modes f_hat[kx, ky, kz] of shape (2 mx + 1, 2 my + 1, mz + 1) with
f(x) = Σ f_hat exp(i k·x); kx and ky run 0..m, -m..-1, kz only 0..m (f is real). m = (n - 1)//3, the 2/3 rule, so that a
product of two fields is free of aliasing; modes outside the sphere |k| ≤ k_max are zero. The amplitudes do not depend
on the grid: the same mode has the same value at any n. A vector field is a tuple of three scalars (x, y, z). A direction
with n = 1 is ignorable: 2-D and 1-D boxes are 3-D boxes with one or two such directions.

Several devices. On a mesh of devices the modes are cut into slabs along the second direction that is not ignorable
(padded with zeros to a multiple of the devices), the grid along the first one; see geometry/fft.py. All else is written
for whole arrays and divided by the compiler. `logical_shape` is the shape without padding: what is stored.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Complex, Float

Modes = Complex[Array, "kx ky kz"]
Grid = Float[Array, "nx ny nz"]
VectorModes = tuple[Modes, Modes, Modes]
VectorGrid = tuple[Grid, Grid, Grid]

SLABS = "slabs"
"""Name of the one axis of a mesh of devices."""


class Box(eqx.Module):
    """Periodic box of `n` points (static) and side lengths `length` (3,), an array, so that a new size never recompiles.

    mesh: the devices that share its fields, a 1-D mesh with the axis SLABS; None: one device.
    """

    n: tuple[int, int, int] = eqx.field(static=True)
    length: Float[Array, "3"]
    mesh: Mesh | None = eqx.field(static=True, default=None)

    @property
    def m(self) -> tuple[int, int, int]:
        """Largest mode number kept in each direction."""
        return tuple((n - 1) // 3 for n in self.n)

    @property
    def logical_shape(self) -> tuple[int, int, int]:
        """Shape of an array of modes without padding."""
        mx, my, mz = self.m
        return (2 * mx + 1, 2 * my + 1, mz + 1)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an array of modes."""
        shape = list(self.logical_shape)
        if self.mesh is not None:
            axis, slabs = self.split[1], self.mesh.size
            shape[axis] = -(-shape[axis] // slabs) * slabs
        return tuple(shape)

    @property
    def split(self) -> tuple[int, int]:
        """The directions along which the slabs of the grid and of the modes lie: the first two that are not ignorable."""
        return self._active[0], self._active[1]

    @property
    def sharding(self) -> NamedSharding | None:
        """Where an array of modes lies; None on one device."""
        return None if self.mesh is None else NamedSharding(self.mesh, self.spec(self.split[1]))

    @property
    def grid_sharding(self) -> NamedSharding | None:
        """Where an array of grid values lies; None on one device."""
        return None if self.mesh is None else NamedSharding(self.mesh, self.spec(self.split[0]))

    @staticmethod
    def spec(axis: int) -> PartitionSpec:
        """Slabs along `axis`."""
        return PartitionSpec(*(SLABS if i == axis else None for i in range(3)))

    @property
    def points(self) -> int:
        """Number of grid points."""
        return self.n[0] * self.n[1] * self.n[2]

    @property
    def dimensions(self) -> int:
        """Number of directions that are not ignorable."""
        return sum(n > 1 for n in self.n)

    @cached_property
    def numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Signed integer mode numbers along each direction, shaped to broadcast.

        What is padded has the number m + 1: beyond the sphere of modes kept.
        """
        mx, my, mz = self.m
        signed = [np.r_[0 : mx + 1, -mx:0], np.r_[0 : my + 1, -my:0], np.arange(mz + 1)]
        padded = [np.r_[s, np.full(n - len(s), m + 1)] for s, n, m in zip(signed, self.shape, self.m, strict=True)]
        return padded[0][:, None, None], padded[1][None, :, None], padded[2][None, None, :]

    @property
    def k(self) -> tuple[Array, Array, Array]:
        """Wave numbers along each direction [1/length], shaped to broadcast."""
        unit = 2 * jnp.pi / self.length
        return tuple(unit[i] * self.numbers[i] for i in range(3))

    @property
    def k2(self) -> Float[Array, "kx ky kz"]:
        """|k|² of every mode."""
        kx, ky, kz = self.k
        return kx**2 + ky**2 + kz**2

    @property
    def k_unit(self) -> Float[Array, ""]:
        """Smallest wave number of the box (over directions that are not ignorable): the width of a spectral shell."""
        return jnp.min(jnp.stack([2 * jnp.pi / self.length[i] for i in self._active]))

    @property
    def k_max(self) -> Float[Array, ""]:
        """Radius of the sphere of modes kept."""
        return jnp.min(jnp.stack([2 * jnp.pi / self.length[i] * self.m[i] for i in self._active]))

    @property
    def _active(self) -> list[int]:
        return [i for i in range(3) if self.n[i] > 1]

    @property
    def mask(self) -> Array:
        """True for modes inside the sphere |k| ≤ k_max (with room for round-off)."""
        return self.k2 <= self.k_max**2 * (1 + 1e-12)

    def index(self, numbers: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        """Where the mode with these signed numbers (or arrays of them) stands."""
        return tuple(number % size for number, size in zip(numbers, self.logical_shape, strict=True))

    @cached_property
    def weight(self) -> np.ndarray:
        """Multiplicity of the stored modes: kz > 0 stands for its conjugate too."""
        return np.where(self.numbers[2] > 0, 2.0, 1.0)

    def mean(self, f: Modes) -> Float[Array, ""]:
        """⟨f⟩, the mode k = 0, in float64."""
        if self.mesh is None:
            return f[0, 0, 0].real.astype(jnp.float64)

        def first(block):
            mine = jnp.where(lax.axis_index(SLABS) == 0, block[0, 0, 0].real, 0).astype(jnp.float64)
            return lax.psum(mine, SLABS)

        return jax.shard_map(first, mesh=self.mesh, in_specs=self.sharding.spec, out_specs=PartitionSpec())(f)

    def add_mean(self, f: Modes, value: Array | float) -> Modes:
        """f plus the uniform real `value`."""
        value = jnp.asarray(value).astype(f.real.dtype)
        if self.mesh is None:
            return f.at[0, 0, 0].add(value)

        def add(block, number):
            return block.at[0, 0, 0].add(jnp.where(lax.axis_index(SLABS) == 0, number, 0))

        spec = self.sharding.spec
        return jax.shard_map(add, mesh=self.mesh, in_specs=(spec, PartitionSpec()), out_specs=spec)(f, value)

    def mean_product(self, f: Modes, g: Modes) -> Float[Array, ""]:
        """⟨f g⟩ over the box (Parseval), in float64."""
        product = f.real * g.real + f.imag * g.imag
        return jnp.sum(self.weight * product, dtype=jnp.float64)

    def mean_dot(self, f: VectorModes, g: VectorModes) -> Float[Array, ""]:
        """⟨f·g⟩ over the box."""
        return sum(self.mean_product(a, b) for a, b in zip(f, g, strict=True))

    def curl(self, f: VectorModes) -> VectorModes:
        """∇×f."""
        return cross(tuple(1j * k for k in self.k), f)

    def gradient(self, f: Modes) -> VectorModes:
        """∇f."""
        return tuple(1j * k * f for k in self.k)

    def divergence(self, f: VectorModes) -> Modes:
        """∇·f."""
        kx, ky, kz = self.k
        return 1j * (kx * f[0] + ky * f[1] + kz * f[2])

    def transverse(self, f: VectorModes) -> VectorModes:
        """The divergence-free part of f; k = 0 stays."""
        kx, ky, kz = self.k
        k2 = self.k2
        longitudinal = (kx * f[0] + ky * f[1] + kz * f[2]) / jnp.where(k2 > 0, k2, 1.0)
        return (f[0] - kx * longitudinal, f[1] - ky * longitudinal, f[2] - kz * longitudinal)


def cross(a, b):
    """a × b of two tuples of three."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def dot(a, b):
    """a·b of two tuples of three."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
