"""What the values and figures of F24 share: matrices, the linear two-beam system, a second solver of Eq. (8).

Units of F24: √2 G_F absorbed, so that Eq. (8) has the factor 2. Needs no jax.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kiral.papers.context import Context, Measured

KEY = "fiorillo2024"
LENGTH, ZETA = 100.0, 0.5
"""The paper's box, and P^z = ±ZETA of its beams."""
PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
UNIT = np.eye(2)
RANDOM = 20240709
"""Seed of the arbitrary vectors at which identities are tried."""


def density_matrix(p0: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Eq. (4): (P⁰ + P·σ)/2 of p0 (...) and p (3, ...), as (..., 2, 2)."""
    return (np.asarray(p0)[..., None, None] * UNIT + np.einsum("c...,cij->...ij", p, PAULI)) / 2


def generator() -> np.random.Generator:
    """Always the same arbitrary numbers."""
    return np.random.default_rng(RANDOM)


def arbitrary(*shape: int) -> np.ndarray:
    """Arbitrary numbers of order one."""
    return generator().normal(size=shape)


def smooth(beams: int, n: int = 32, modes: int = 6, seed: int = RANDOM) -> np.ndarray:
    """Arbitrary smooth periodic fields (beams, 3, n)."""
    random = np.random.default_rng(seed)
    coefficients = random.normal(size=(beams, 3, n // 2 + 1)) + 1j * random.normal(size=(beams, 3, n // 2 + 1))
    coefficients[..., modes:] = 0
    return np.fft.irfft(coefficients, n=n) * n / modes


def close(a: Any, b: Any, tolerance: float = 1e-10) -> bool:
    """Whether two arrays agree, relative to the largest of them."""
    a, b = np.asarray(a), np.asarray(b)
    return bool(np.max(np.abs(a - b)) <= tolerance * max(np.max(np.abs(a)), np.max(np.abs(b))))


def word(printed: Any, corrected: Any) -> str:
    """The value of a statement with a corrected one, from two truths."""
    return "printed" if printed else "corrected" if corrected else "neither"


def number(value: float, text: str = "") -> Callable[[Context], Measured]:
    """A value that is there already."""
    return lambda context: Measured(value, text)


# --- the linear two-beam system, Eqs. (9)–(11) -----------------------------------------------------------------------


def linear_matrix(k: float, plus: float = ZETA, minus: float = -ZETA) -> np.ndarray:
    """A of dψ/dt = A ψ for mode k of Eq. (9), ζ_± = plus, minus."""
    return 1j * np.array([[2 * minus - k, -2 * plus], [-2 * minus, 2 * plus + k]])


def growth(k: float, plus: float = ZETA, minus: float = -ZETA) -> complex:
    """γ_k = sqrt((k - k1)(k2 - k)) as printed below Eq. (9)."""
    middle, half = minus - plus, 2 * np.sqrt(complex(-minus * plus))
    return complex(np.sqrt(complex((k - middle + half) * (middle + half - k))))


def growing_amplitude(k: float, psi_plus: complex, psi_minus: complex, plus: float = ZETA, minus: float = -ZETA) -> complex:
    """α_k of Eq. (11)."""
    gamma, omega = growth(k, plus, minus), -minus - plus
    return ((gamma + 1j * omega) * (psi_plus + psi_minus) - 1j * k * (psi_plus - psi_minus)) / (4 * k * gamma)


def energy_change(k: np.ndarray, alpha: np.ndarray, t: float, length: float = LENGTH) -> float:
    """The change of U_osc at second order in the seeds, 2 L Σ k² |α_k|² exp(2 γ_k t): what Eq. (12) should be."""
    gamma = np.array([growth(x).real for x in np.atleast_1d(k)])
    return float(2 * length * np.sum(np.atleast_1d(k) ** 2 * np.abs(alpha) ** 2 * np.exp(2 * gamma * t)))


def printed_energy_change(k: np.ndarray, alpha: np.ndarray, t: float, length: float = LENGTH) -> float:
    """Eq. (12) as printed: L Σ 2k (k - k̄) |α_k|² exp(2 γ_k t), with k̄ = -1."""
    k = np.atleast_1d(k)
    gamma = np.array([growth(x).real for x in k])
    return float(length * np.sum(2 * k * (k + 1) * np.abs(alpha) ** 2 * np.exp(2 * gamma * t)))


# --- a second solver of Eq. (8) --------------------------------------------------------------------------------------


def seed(modes: tuple[tuple[int, float], ...], n: int, length: float, keep_length: bool = False) -> np.ndarray:
    """P± as (2, 3, n): ψ± = Σ amplitude exp(2πi m z/L) with P^z = ±1/2, or |P| = 1/2."""
    z = length * (np.arange(n) / n - 0.5)
    psi = sum((a * np.exp(2j * np.pi * m * z / length) for m, a in modes), np.zeros(n, complex))
    along = np.sqrt(ZETA**2 - np.abs(psi) ** 2) if keep_length else np.full(n, ZETA)
    return np.stack([np.stack([psi.real, psi.imag, sign * along]) for sign in (1, -1)])


def evolve(p: np.ndarray, length: float, t: float, dt: float) -> np.ndarray:
    """Eq. (8) by NumPy: RK4 for the modes in the frame of free motion (Lawson). |P| is kept to the order of the steps only."""
    n = p.shape[-1]
    k = 2 * np.pi / length * np.arange(n // 2 + 1)
    steps = max(1, round(t / dt))
    dt = t / steps
    half = np.exp(-0.5j * dt * k * np.array([1, -1])[:, None, None])
    y = np.fft.rfft(p)
    for _ in range(steps):
        k1 = _rotation(y, n)
        moved = half * y
        k2 = _rotation(moved + dt / 2 * half * k1, n)
        k3 = _rotation(moved + dt / 2 * k2, n)
        k4 = _rotation(half * (moved + dt * k3), n)
        y = half * (moved + dt / 6 * half * k1 + dt / 3 * (k2 + k3)) + dt / 6 * k4
    return np.fft.irfft(y, n=n)


def _rotation(modes: np.ndarray, n: int) -> np.ndarray:
    values = np.fft.irfft(modes, n=n)
    return np.fft.rfft(2 * np.cross(values[::-1], values, axis=1))


def overlap(p: np.ndarray, length: float, components: slice = slice(None)) -> float:
    """∫ P_+·P_- dz of the chosen components."""
    return float((p[0, components] * p[1, components]).sum() * length / p.shape[-1])


@cache
def single_mode(t: float, k: float = -1.0, amplitude: float = 1e-6) -> np.ndarray:
    """P± at time t from a seed in one mode, k of which is the box's first: 16 points are enough in the linear regime."""
    length = 2 * np.pi / abs(k)
    return evolve(seed(((round(np.sign(k)), amplitude),), 16, length), length, t, 0.01)
