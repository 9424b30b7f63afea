"""Initial states of the anomalous Maxwell equations. Random numbers are keyed by mode: the same large scales on any grid."""

from __future__ import annotations

import zlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from kiral.errors import ConfigError
from kiral.geometry.box import Box, Grid, Modes, VectorModes
from kiral.geometry.fft import to_grid, to_modes
from kiral.geometry.random import normal_modes
from kiral.kinetic.drift import drift_speed
from kiral.kinetic.vectors import check_drift
from kiral.maxwell import initial_config as cfg
from kiral.maxwell.linear import longitudinal
from kiral.maxwell.matter import Matter
from kiral.maxwell.state import State, empty_ledger

_IMAGES = 2  # periodic images of a pulse on either side


def state_from(
    box: Box, matter: Matter, *, b: VectorModes, e: VectorModes, n: tuple[Modes, Modes], current: bool = False
) -> State:
    """A State from its fields: B made divergence-free, the longitudinal E that of the charge, Drude currents zero."""
    along = longitudinal(box, matter.charge, n[0] + n[1])
    e = tuple(f + a for f, a in zip(box.transverse(e), along, strict=True))
    zero = tuple(jnp.zeros(box.shape, jnp.complex128) for _ in range(3))
    return State(e, box.transverse(b), n, empty_ledger(), (zero, zero) if current else None)


def densities(start: cfg.Uniform, box: Box, matter: Matter, seed: int, fields: dict[str, np.ndarray]) -> tuple[Modes, Modes]:
    """Modes of n₊ and n₋ of the initial mu and mu5."""
    mu, mu5 = (potential(start, name, box, seed, fields) for name in ("mu", "mu5"))
    return to_modes(box, tuple(jnp.broadcast_to(matter.density(mu + sign * mu5), box.n) for sign in (1, -1)))


def dressed(box: Box, matter: Matter, n: tuple[Modes, Modes], e: VectorModes, b: VectorModes) -> tuple[Modes, Modes]:
    """Densities at rest as those of a plasma with the same mu that drifts in the fields given: over (1 - beta²)², G16 (19)."""
    electric, magnetic = (jnp.stack(to_grid(box, f)) for f in (e, b))
    rest = drift_speed(electric, magnetic, matter.c)[2]
    return to_modes(box, tuple(f / rest**2 for f in to_grid(box, n)))


def check_drifts(box: Box, e: VectorModes, b: VectorModes) -> None:
    """ConfigError where |E_perp| >= |B|."""
    check_drift(*(np.stack(to_grid(box, f)) for f in (e, b)))


def potential(start: cfg.Uniform, name: str, box: Box, seed: int, fields: dict[str, np.ndarray]) -> Grid:
    """mu or mu5 on the grid."""
    value = getattr(start, name)
    if name in fields:
        return jnp.asarray(fields[name], jnp.float64)
    if isinstance(value, cfg.RandomScalar):
        modes = random_scalar(box, seed, name, value.rms, value.correlation_length)
        return value.mean + to_grid(box, (modes,))[0]
    if isinstance(value, cfg.WaveScalar):
        phase = sum(2 * jnp.pi * m * x / length for m, x, length in zip(value.mode, positions(box), box.length, strict=True))
        return value.mean + value.amplitude * jnp.cos(phase)
    shape = _shape(start, box) if getattr(start, "of", None) == name else 0.0
    return jnp.broadcast_to(value + shape, box.n)


def positions(box: Box) -> tuple[Array, Array, Array]:
    """Coordinates of the points along each direction, shaped to broadcast."""
    shapes = ((-1, 1, 1), (1, -1, 1), (1, 1, -1))
    return tuple((jnp.arange(n) * length / n).reshape(s) for n, length, s in zip(box.n, box.length, shapes, strict=True))


def _shape(start: cfg.Pulse | cfg.Step, box: Box) -> Array:
    """A pulse, repeated with the box, or a step with two edges, periodic but for exp(-2 distance to the boundary/width)."""
    axis = max(i for i in range(3) if box.n[i] > 1) if start.axis is None else "xyz".index(start.axis)
    z, length = positions(box)[axis], box.length[axis]
    if isinstance(start, cfg.Pulse):
        centre = length / 2 if start.centre is None else start.centre
        images = [i * length for i in range(-_IMAGES, _IMAGES + 1)]
        return start.amplitude * sum(jnp.exp(-(((z - centre - i) / start.width) ** 2) / 2) for i in images)
    first, second = (length / 4, 3 * length / 4) if start.edges is None else start.edges
    return start.amplitude * (jnp.tanh((z - first) / start.width) - jnp.tanh((z - second) / start.width))


def random_scalar(box: Box, seed: int, name: str, rms: float, correlation_length: float) -> Modes:
    """A Gaussian random field of zero mean and exact rms with the correlation exp(-r²/2l²). `name` keys the numbers."""
    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))
    field = jnp.exp(-box.k2 * correlation_length**2 / 4) * normal_modes(box, key)
    power = box.mean_product(field, field)
    return rms / jnp.sqrt(jnp.where(power > 0, power, 1.0)) * field


def noise(box: Box, seed: int, amplitude: float, k_range: tuple[float, float] | None) -> VectorModes:
    """A divergence-free Gaussian field of rms `amplitude`, the same power in all modes of a range of |k|."""
    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(b"magnetic field"))
    low, high = k_range or (0.0, jnp.inf)
    keep = (box.k2 >= low**2 * (1 - 1e-12)) & (box.k2 <= high**2 * (1 + 1e-12))
    field = box.transverse(tuple(jnp.where(keep, normal_modes(box, jax.random.fold_in(key, i)), 0) for i in range(3)))
    power = box.mean_dot(field, field)
    return tuple(amplitude / jnp.sqrt(jnp.where(power > 0, power, 1.0)) * f for f in field)


def helical_mode(box: Box, amplitude: float, index: tuple[int, int, int], helicity: int) -> VectorModes:
    """B = amplitude (e1 cos k·x - helicity e2 sin k·x) with e1, e2, k/|k| right-handed: ∇×B = helicity |k| B, |B| uniform.

    e1 is x for k along z, y for k along x, z for k along y.
    """
    k = 2 * jnp.pi * jnp.asarray(index) / box.length
    k_hat = k / jnp.linalg.norm(k)
    first = jnp.roll(jnp.eye(3)[np.argmax(np.abs(index))], 1)
    e1 = first - k_hat * (k_hat @ first)
    e1 = e1 / jnp.linalg.norm(e1)
    vector = (e1 + 1j * helicity * jnp.cross(k_hat, e1)) * amplitude / 2
    modes = jnp.zeros((3, *box.shape), jnp.complex128)
    for numbers, part in ((index, vector), (tuple(-i for i in index), vector.conj())):
        if numbers[2] >= 0:
            modes = modes.at[(slice(None), *box.index(numbers))].set(part)
    return tuple(modes)


def uniform(box: Box, value: float | Array) -> Modes:
    """A uniform field."""
    return box.add_mean(jnp.zeros(box.shape, jnp.complex128), value)


def uniform_vector(box: Box, values: tuple[float, float, float]) -> VectorModes:
    """A uniform vector field."""
    return tuple(uniform(box, v) for v in values)


def magnetic_field(start: cfg.Uniform, box: Box, seed: int, geometry, fields: dict[str, np.ndarray]) -> VectorModes:
    """B of the initial state, the background field included."""
    b = uniform_vector(box, start.background_field)
    if isinstance(start, cfg.HelicalMode):
        b = _sum(b, helical_mode(box, start.amplitude, cfg.numbers(start, geometry), start.helicity))
    if isinstance(start, cfg.Noise):
        b = _sum(b, noise(box, seed, start.amplitude, start.k_range))
    if "B" in fields:
        b = _sum(b, to_modes(box, tuple(jnp.asarray(f, jnp.float64) for f in fields["B"])))
    return b


def electric_field(start: cfg.Uniform, box: Box, fields: dict[str, np.ndarray]) -> VectorModes:
    """E of the initial state; only its transverse part and mean count."""
    e = uniform_vector(box, start.electric_field)
    return _sum(e, to_modes(box, tuple(jnp.asarray(f, jnp.float64) for f in fields["E"]))) if "E" in fields else e


def _sum(a: VectorModes, b: VectorModes) -> VectorModes:
    return tuple(f + g for f, g in zip(a, b, strict=True))


def read_fields(path: Path, n: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Arrays of an .npz file: some of B, E (3, nx, ny, nz), mu, mu5 (nx, ny, nz).

    Raises ConfigError (initial.path) for a missing or unreadable file, unknown names, wrong shapes, numbers not finite.
    """
    shapes = {"B": (3, *n), "E": (3, *n), "mu": n, "mu5": n}
    try:
        with np.load(path, allow_pickle=False) as archive:
            fields = {name: np.asarray(archive[name]) for name in archive.files}
    except OSError as error:
        raise ConfigError(f"initial.path: cannot read {path}: {error}; give an .npz file") from None
    except Exception:  # zipfile and numpy raise many kinds, and numpy's words advise to unpickle
        raise ConfigError(f"initial.path: {path} is no .npz file of plain numbers; write one with numpy.savez") from None
    if not fields or set(fields) - set(shapes):
        raise ConfigError(f"initial.path: {path} has {sorted(fields)}; allowed: some of B, E, mu, mu5")
    for name, value in fields.items():
        if value.shape != shapes[name]:
            raise ConfigError(
                f"initial.path: {name} in {path} has shape {value.shape}, but geometry.n asks for {shapes[name]}; "
                "set geometry.n to the file's grid"
            )
        if not np.issubdtype(value.dtype, np.number) or np.iscomplexobj(value) or not np.all(np.isfinite(value)):
            raise ConfigError(f"initial.path: {name} in {path} must hold finite real numbers")
    return fields
