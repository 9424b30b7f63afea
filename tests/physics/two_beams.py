"""Two beams, Eq. (8) of Fiorillo, Raffelt & Sigl (2024), by another method than kiral's: NumPy, RK4, complex ψ and P^z.

Lawson's form: the modes are turned by exp(∓ikt), which is all that kiral's solvers share with it.
"""

from __future__ import annotations

import numpy as np


def modes_seed(modes, n: int, length: float, keep: str = "pz") -> np.ndarray:
    """(2 beams, 3, n): ψ± = Σ amplitude exp(2πi m z/length), P^z = ±1/2, or |P| = 1/2 with keep = "length"."""
    z = length * (np.arange(n) / n - 0.5)
    psi = sum(a * np.exp(2j * np.pi * m * z / length) for m, a in modes)
    along = np.full(n, 0.5) if keep == "pz" else np.sqrt(0.25 - np.abs(psi) ** 2)
    return np.stack([np.stack([psi.real, psi.imag, sign * along]) for sign in (1, -1)])


def evolve(p: np.ndarray, length: float, t: float, dt: float) -> np.ndarray:
    """The beams at time t (dt divides it)."""
    n = p.shape[-1]
    k = 2 * np.pi / length * np.arange(n // 2 + 1)
    half = np.exp(-0.5j * dt * k * np.array([1, -1])[:, None, None])

    def rate(modes):
        values = np.fft.irfft(modes, n=n)
        return np.fft.rfft(2 * np.cross(values[::-1], values, axis=1))

    y = np.fft.rfft(p)
    for _ in range(round(t / dt)):
        k1 = rate(y)
        moved = half * y
        k2 = rate(moved + dt / 2 * half * k1)
        k3 = rate(moved + dt / 2 * k2)
        k4 = rate(half * (moved + dt * k3))
        y = half * (moved + dt / 6 * half * k1 + dt / 3 * (k2 + k3)) + dt / 6 * k4
    return np.fft.irfft(y, n=n)


def oscillation_energy(p: np.ndarray, length: float) -> float:
    """∫ P_+·P_- dz."""
    return float((p[0] * p[1]).sum() * length / p.shape[-1])
