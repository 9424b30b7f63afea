"""Initial fields of chiral MHD. Random numbers are keyed by mode, so that a finer grid starts from the same large scales."""

from __future__ import annotations

import zlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from kiral.errors import ConfigError
from kiral.geometry.box import Box, Modes, VectorModes
from kiral.geometry.fft import to_modes
from kiral.geometry.random import normal_modes
from kiral.mhd.state import NO_FLOW, RELATIVISTIC, State, empty_ledger

LARGEST_LNRHO = 300.0
"""So that rho and its square are finite numbers."""


def state_from(box: Box, a: VectorModes, mu5: Modes, *, flow: str, u_momentum=None, rho=None, mu=None) -> State:
    """A State from its fields; fluid at rest with rho = 1 where not given, ledger empty.

    The momentum of an incompressible flow is projected on ∇·m = 0.
    """
    ledger = empty_ledger()
    if flow == NO_FLOW:
        return State(box.transverse(a), None, None, mu5, ledger, mu)
    empty = jnp.zeros(box.shape, jnp.complex128)
    momentum = u_momentum or (empty, empty, empty)
    if flow != RELATIVISTIC:
        return State(box.transverse(a), box.transverse(momentum), None, mu5, ledger, mu)
    rho = box.add_mean(empty, 1.0) if rho is None else rho
    return State(box.transverse(a), momentum, rho, mu5, ledger, mu)


def uniform(box: Box, value: float) -> Modes:
    """Modes of a uniform field."""
    return box.add_mean(jnp.zeros(box.shape, jnp.complex128), value)


def _random_vector(box: Box, seed: int) -> VectorModes:
    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(b"vector potential"))
    return tuple(normal_modes(box, jax.random.fold_in(key, i)) for i in range(3))


def white_noise(box: Box, seed: int, amplitude: float, reference_spacing: float) -> VectorModes:
    """A with each component white noise of standard deviation `amplitude` per point of spacing `reference_spacing`.

    G25 Eq. (34a). What is kept from grid to grid is the noise density amplitude² spacing^d: the mode variance is that
    over the box's volume (d: number of directions that are not ignorable). [E*^1/2 l*^-1/2]
    """
    volume = jnp.prod(jnp.stack([box.length[i] for i in range(3) if box.n[i] > 1]))
    scale = amplitude * jnp.sqrt(reference_spacing**box.dimensions / volume)
    return tuple(scale * f for f in _random_vector(box, seed))


def helical_mode(box: Box, amplitude: float, index: tuple[int, int, int], helicity: int) -> VectorModes:
    """One Beltrami mode ∇×A = helicity |k| A with mode numbers `index` and rms B = amplitude [E*^1/2 l*^-3/2].

    For unit vectors e1, e2, k/|k| (right-handed), i k×(e1 + iσ e2) = σ |k| (e1 + iσ e2).
    """
    k = 2 * jnp.pi * jnp.asarray(index) / box.length
    k_abs = jnp.linalg.norm(k)
    e1 = jnp.cross(k, jnp.eye(3)[np.argmin(np.abs(index))])
    e1 = e1 / jnp.linalg.norm(e1)
    polarisation = (e1 + 1j * helicity * jnp.cross(k / k_abs, e1)) * amplitude / (2 * k_abs)
    modes = jnp.zeros((3, *box.shape), jnp.complex128)
    for numbers, vector in ((index, polarisation), (tuple(-i for i in index), polarisation.conj())):
        if numbers[2] >= 0:
            modes = modes.at[(slice(None), *box.index(numbers))].set(vector)
    return tuple(modes)


def spectrum(
    box: Box, seed: int, b_rms: float, *, peak: float, slope_low: float, slope_high: float, helicity: float
) -> VectorModes:
    """Gaussian A with E(k) ∝ (k/peak)^slope_low below and ^slope_high above the peak, exact b_rms and helicity.

    The two helical parts of each mode are independent; each part is scaled as a whole so that the energies of the
    positive and negative helicity are (1 ± helicity)/2 of b_rms²/2.
    """
    k = jnp.sqrt(box.k2)
    k_safe = jnp.where(k > 0, k, 1.0)
    shape = _power_law(box, peak, slope_low, slope_high) / k_safe
    a = box.transverse(tuple(shape * f for f in _random_vector(box, seed)))
    turned = tuple(c / k_safe for c in box.curl(a))
    total = tuple(jnp.zeros(box.shape, jnp.complex128) for _ in range(3))
    for sign in (1, -1):
        part = tuple((f + sign * g) / 2 for f, g in zip(a, turned, strict=True))
        power = box.mean_dot(part, tuple(box.k2 * p for p in part))
        factor = b_rms * jnp.sqrt((1 + sign * helicity) / 2 / jnp.where(power > 0, power, 1.0))
        total = tuple(t + factor * p for t, p in zip(total, part, strict=True))
    return total


def random_scalar(
    box: Box, seed: int, name: str, rms: float, *, peak: float, slope_low: float, slope_high: float
) -> Modes:
    """A Gaussian random field of zero mean and exact rms; its spectrum (Σ over shells = rms²) is a broken power law.

    `name` keys the random numbers beside the seed: fields of other names are independent.
    """
    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))
    field = _power_law(box, peak, slope_low, slope_high) * normal_modes(box, key)
    power = box.mean_product(field, field)
    return rms / jnp.sqrt(jnp.where(power > 0, power, 1.0)) * field


def _power_law(box: Box, peak: float, slope_low: float, slope_high: float) -> Array:
    """Square root of the mean power per mode for a spectrum (k/peak)^slope_low below, ^slope_high above the peak."""
    k = jnp.sqrt(box.k2)
    k_safe = jnp.where(k > 0, k, 1.0)
    x = k_safe / peak
    spectrum = jnp.where(x < 1, x**slope_low, x**slope_high)
    return jnp.where(k > 0, jnp.sqrt(spectrum / k_safe ** (box.dimensions - 1)), 0.0)


def cosine(box: Box, amplitude: float, index: tuple[int, int, int]) -> Modes:
    """amplitude cos(k·x) with the mode numbers `index`."""
    modes = jnp.zeros(box.shape, jnp.complex128)
    for numbers in (index, tuple(-i for i in index)):
        if numbers[2] >= 0:
            modes = modes.at[box.index(numbers)].add(amplitude / 2)
    return modes


def read_fields(path: Path, box: Box) -> dict[str, np.ndarray]:
    """Arrays of an .npz file: A (3, nx, ny, nz) and optionally u, lnrho, mu5 in code units.

    Raises ConfigError (initial.path) for a missing or unreadable file, unknown names, wrong shapes, numbers not finite.
    """
    vector, scalar = (3, *box.n), box.n
    shapes = {"A": vector, "u": vector, "lnrho": scalar, "mu5": scalar}
    fields = _read_npz(path, "initial.path")
    if "A" not in fields or set(fields) - set(shapes):
        raise ConfigError(f"initial.path: {path} has {sorted(fields)}; needed: A; allowed besides: u, lnrho, mu5")
    for name, value in fields.items():
        _check_array(value, shapes[name], f"initial.path: {name} in {path}")
    if "lnrho" in fields and np.max(np.abs(fields["lnrho"])) > LARGEST_LNRHO:
        raise ConfigError(f"initial.path: lnrho in {path}, the natural logarithm of rho, must lie within ±{LARGEST_LNRHO:g}")
    return fields


def read_scalar(path: Path, box: Box, key: str) -> np.ndarray:
    """The one array (nx, ny, nz) of an .npz file; `key` is named in errors. Raises ConfigError."""
    fields = _read_npz(path, key)
    if len(fields) != 1:
        raise ConfigError(f"{key}: {path} has {sorted(fields)}; needed: exactly one array")
    (name, value), *_ = fields.items()
    _check_array(value, box.n, f"{key}: {name} in {path}")
    return value


def _read_npz(path: Path, key: str) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in archive.files}
    except OSError as error:
        raise ConfigError(f"{key}: cannot read {path}: {error}; give an .npz file") from None
    except Exception:  # zipfile and numpy raise many kinds, and numpy's words advise to unpickle
        raise ConfigError(f"{key}: {path} is no .npz file of plain numbers; write one with numpy.savez") from None


def _check_array(value: np.ndarray, shape: tuple[int, ...], what: str) -> None:
    """A finite real array of the grid's shape, or ConfigError."""
    if value.shape != shape:
        raise ConfigError(f"{what} has shape {value.shape}, but geometry.n asks for {shape}; set geometry.n to the file's grid")
    if not np.issubdtype(value.dtype, np.number) or np.iscomplexobj(value) or not np.all(np.isfinite(value)):
        raise ConfigError(f"{what} must hold finite real numbers")


def from_fields(
    box: Box, fields: dict[str, np.ndarray], mu5: Modes, *, flow: str, enthalpy: float = 4 / 3, mu: Modes | None = None
) -> State:
    """State from grid arrays as `read_fields` gives them: projected on |k| ≤ k_max, ∇·A = 0.

    `mu5` is taken where the file has none; `enthalpy` is the inertia of an incompressible flow, whose lnrho is not used.
    """
    grids = _unknowns(box, fields, flow, enthalpy)
    modes = {name: to_modes(box, tuple(jnp.asarray(v, jnp.float64) for v in values)) for name, values in grids.items()}
    a = tuple(box.add_mean(f, -box.mean(f)) for f in modes["A"])
    chirality = modes["mu5"][0] if "mu5" in modes else mu5
    rho = modes["rho"][0] if "rho" in modes else None
    return state_from(box, a, chirality, flow=flow, u_momentum=modes.get("momentum"), rho=rho, mu=mu)


def _unknowns(box: Box, fields: dict[str, np.ndarray], flow: str, enthalpy: float) -> dict[str, np.ndarray]:
    """The unknowns that the fields of a file determine, each an array (components, nx, ny, nz)."""
    found = {"A": fields["A"]} | ({"mu5": fields["mu5"][None]} if "mu5" in fields else {})
    velocity = fields.get("u", np.zeros((3, *box.n)))
    if flow == RELATIVISTIC:
        rho = np.exp(fields["lnrho"]) if "lnrho" in fields else np.ones(box.n)
        found |= {"rho": rho[None], "momentum": 4 / 3 * rho * velocity}
    elif flow != NO_FLOW:
        found["momentum"] = enthalpy * velocity
    return found


def cut_shares(box: Box, fields: dict[str, np.ndarray], *, flow: str, enthalpy: float = 4 / 3) -> list[str]:
    """What the projection on |k| ≤ k_max takes from the fields of a file, in words for the user."""
    inside = _inside_sphere(box)
    remarks = []
    for name, values in _unknowns(box, fields, flow, enthalpy).items():
        power = np.abs(np.fft.fftn(values, axes=(1, 2, 3))) ** 2
        whole = float(np.sum(power))
        cut = float(np.sum(power, where=~inside)) / whole if whole > 0 else 0.0
        remarks.append(f"initial.path: {name}: a share {cut:.1e} of its power lies beyond |k| = k_max and was cut")
    return remarks


def _inside_sphere(box: Box) -> np.ndarray:
    """True for the modes kept, in numpy's order of the full transform."""
    k = [2 * np.pi * np.fft.fftfreq(n) * n / float(length) for n, length in zip(box.n, box.length, strict=True)]
    k2 = k[0][:, None, None] ** 2 + k[1][None, :, None] ** 2 + k[2][None, None, :] ** 2
    return k2 <= float(box.k_max) ** 2 * (1 + 1e-12)
