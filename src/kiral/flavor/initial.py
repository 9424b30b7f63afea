"""Initial polarization vectors: flavor states by direction, and the perturbations that instabilities grow from.

Every function gives tuples of components (directions, bins, nx, ny, nz) of p; a bin's P is content · p.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from kiral.errors import ConfigError
from kiral.flavor import config as cfg
from kiral.flavor.groups import GROUPS


def coordinates(n: tuple[int, int, int], length: tuple[float, float, float]) -> tuple[np.ndarray, ...]:
    """Positions along each side, from -length/2; 0 along an ignorable one."""
    return tuple(side * (np.arange(m) / m - 0.5) if m > 1 else np.zeros(1) for m, side in zip(n, length, strict=True))


def perturbed(start: cfg.Initial, p: np.ndarray, content: np.ndarray, geometry: cfg.Geometry, seed: int) -> np.ndarray:
    """Components (C, D, B, nx, ny, nz) of the perturbed state; p (C, D, B): flavor states, content (D, B): P = content p."""
    uniform = np.broadcast_to(p[..., None, None, None], (*p.shape, *geometry.n)).copy()
    if isinstance(start, cfg.GaussianSeed):
        return _tilted(uniform, _gaussian(start, geometry))
    if isinstance(start, cfg.FlavorStates):
        return uniform
    psi = _psi(start, content, geometry, seed)
    return _with_coherence(uniform, psi, start.keep)


def from_file(path: Path, p: np.ndarray, species: tuple[int, ...], geometry: cfg.Geometry) -> np.ndarray:
    """Components (C, D, B, nx, ny, nz) from an .npz file with nu, nubar (D, C, nx, ny, nz), the same for all energies.

    The file has antineutrinos as ρ̄, the state has ρ̄*: components of imaginary matrices change sign. Raises ConfigError
    (initial.path) for a missing or unreadable file, missing or unknown names, wrong shapes, and |P| above Tr ρ.
    """
    found = read_npz(path, "initial.path")
    needed = {("nu", "nubar")[s] for s in species}
    if set(found) != needed:
        raise ConfigError(f"initial.path: {path} has {sorted(found)}; needed for this model: {sorted(needed)}")
    components, directions = p.shape[:2]
    shape = (directions, components, *geometry.n)
    group = GROUPS[{3: 2, 8: 3}[components]]
    conjugate = np.where(np.abs(group.matrices.imag).any(axis=(1, 2)), -1.0, 1.0)[:, None, None, None, None]
    parts = []
    for s in species:
        values = np.moveaxis(check_array(found[("nu", "nubar")[s]], shape, f"initial.path: {('nu', 'nubar')[s]}"), 1, 0)
        if np.max(np.sum(values**2, axis=0)) > (2 - 2 / group.flavors) * (1 + 1e-9):
            raise ConfigError(f"initial.path: {('nu', 'nubar')[s]}: |P| exceeds that of a pure state, so rho is not positive")
        parts.append(values if s == 0 else conjugate * values)
    return np.stack(parts, axis=2)


def read_profile(path: Path, n: tuple[int, int, int]) -> np.ndarray:
    """The one array (nx, ny, nz) of an .npz file. Raises ConfigError (model.matter_file)."""
    found = read_npz(path, "model.matter_file")
    if len(found) != 1:
        raise ConfigError(f"model.matter_file: {path} has {sorted(found)}; needed: exactly one array")
    return check_array(next(iter(found.values())), n, "model.matter_file")


def read_npz(path: Path, key: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz file. Raises ConfigError."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in archive.files}
    except OSError as error:
        raise ConfigError(f"{key}: cannot read {path}: {error}; give an .npz file") from None
    except Exception:  # zipfile and numpy raise many kinds, and numpy's words advise to unpickle
        raise ConfigError(f"{key}: {path} is no .npz file of plain numbers; write one with numpy.savez") from None


def check_array(value: np.ndarray, shape: tuple[int, ...], what: str) -> np.ndarray:
    """The array as float64, or ConfigError unless it has the shape and finite real numbers."""
    if value.shape != shape:
        raise ConfigError(f"{what}: has shape {value.shape}; needed for this model and grid: {shape}")
    if not np.issubdtype(value.dtype, np.number) or np.iscomplexobj(value) or not np.all(np.isfinite(value)):
        raise ConfigError(f"{what}: must hold finite real numbers")
    return value.astype(np.float64)


def _psi(start: cfg.Modes | cfg.Random, content: np.ndarray, geometry: cfg.Geometry, seed: int) -> np.ndarray:
    """(Px + i Py)/content of every direction and bin, 0 where a bin is empty."""
    if isinstance(start, cfg.Modes):
        _, _, z = coordinates(geometry.n, geometry.length)
        wave = sum((a * np.exp(2j * np.pi * m * z / geometry.length[2]) for m, a in start.modes), np.zeros(z.size, complex))
        psi = np.broadcast_to(wave, (*content.shape, *geometry.n))
    else:
        keys = np.ndindex(content.shape)
        psi = np.reshape([_random_pair(start, geometry, (seed, *key)) for key in keys], (*content.shape, *geometry.n))
    if start.relative:
        return psi
    scale = np.divide(1.0, content, out=np.zeros_like(content), where=content != 0)
    return scale[..., None, None, None] * psi


def _random_pair(start: cfg.Random, geometry: cfg.Geometry, key: tuple[int, ...]) -> np.ndarray:
    """fx + i fy of two real random functions, F24 Eq. (13): Σ c_n exp(i φ_n + i k_n·x) over |n_i| ≤ n_max.

    c_n = c_-n is normal, φ_n = -φ_-n uniform, φ_0 = 0. The numbers belong to the key and the modes: the same on any grid.
    """
    generator = np.random.default_rng(key)
    numbers = [range(-start.n_max, start.n_max + 1) if m > 1 else (0,) for m in geometry.n]
    half = np.array([m for m in itertools.product(*numbers) if m >= (0, 0, 0)])
    parts = []
    for _ in range(2):
        c = start.amplitude * generator.standard_normal(len(half))
        phase = np.where(half.any(axis=1), generator.uniform(0, 2 * np.pi, len(half)), 0.0)
        # The grid begins at -length/2.
        value = c * np.exp(1j * (phase - np.pi * half[:, list(geometry.axes)].sum(axis=1)))
        modes = np.zeros(geometry.n, complex)
        modes[tuple(half.T)] = value
        modes[tuple(-half.T)] = value.conj()
        parts.append(np.fft.ifftn(modes, norm="forward").real)
    return parts[0] + 1j * parts[1]


def _gaussian(start: cfg.GaussianSeed, geometry: cfg.Geometry) -> np.ndarray:
    """amplitude exp(-r²/2 width²), r along the varying directions."""
    x, y, z = coordinates(geometry.n, geometry.length)
    r2 = x[:, None, None] ** 2 + y[None, :, None] ** 2 + (z[None, None, :] - start.centre) ** 2
    return start.amplitude * np.exp(-r2 / (2 * start.width**2))


def _tilted(p: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Flavor states turned from e toward x by the angle 2 atan(ratio): Re ρ_ex/ρ_ee = ratio for a pure e state."""
    cos, sin = (1 - ratio**2) / (1 + ratio**2), 2 * ratio / (1 + ratio**2)
    tilted = p.copy()
    tilted[0], tilted[2] = sin * p[2], cos * p[2]
    return tilted


def _with_coherence(p: np.ndarray, psi: np.ndarray, keep: str) -> np.ndarray:
    """p with p_x + i p_y = psi between the first two flavors, and p_z as it was or shortened to keep the length."""
    found = p.copy()
    found[0], found[1] = psi.real, psi.imag
    if keep == "length":
        room = p[2] ** 2 - np.abs(psi) ** 2
        found[2] = np.sign(p[2]) * np.sqrt(np.maximum(room, 0.0))
    return found
