"""Exchange of refractive and kinetic energy along z: Eqs. (5), (7), (21), (22) of Fiorillo, Raffelt & Sigl (2024), F24.

For beams with velocities v and weights w (beams of one particle number density have w = 1), P of shape (beams, 3, z) at even
points of a periodic box; mu = √2 G_F. Derivatives are spectral. NumPy, float64.

    U_osc = (mu/4) ∫dz (P_0² - P_1²),      P_n = Σ w vⁿ P                                                        (5)
    dU_osc/dt = -(mu/2) ∫dz (P_0·∂z P_1 - P_1·∂z P_2)                                                             (7)
    dK/dt = ∫dz Σ w v F_v,   F_v = (mu/2) Σ' w' (1 - v v') P_v'·∂z P_v                                       (21, 22)
    dU_osc/dt = -(mu/2) L Σ_k Σ_v,v' w w' k v (1 - v v') i P_v(k)·P_v'*(k)

The last one is the sum over modes below (12), with the prime that the paper lost at the second vector.
"""

from __future__ import annotations

import numpy as np

Polarizations = np.ndarray
"""(beams, 3, z)."""


def derivative(p: np.ndarray, length: float) -> np.ndarray:
    """∂z of a real array whose last axis is z."""
    n = p.shape[-1]
    k = 2 * np.pi / length * np.arange(n // 2 + 1)
    if n % 2 == 0:
        k[-1] = 0.0
    return np.fft.irfft(1j * k * np.fft.rfft(p), n=n)


def oscillation_energy(p: Polarizations, velocities, weights, length: float, mu: float = 1.0) -> float:
    """U_osc, Eq. (5)."""
    p0, p1 = (_moment(p, velocities, weights, n) for n in (0, 1))
    return mu / 4 * _integral(p0**2 - p1**2, length)


def oscillation_energy_rate(p: Polarizations, velocities, weights, length: float, mu: float = 1.0) -> float:
    """dU_osc/dt, Eq. (7)."""
    p0, p1, p2 = (_moment(p, velocities, weights, n) for n in range(3))
    return -mu / 2 * _integral(p0 * derivative(p1, length) - p1 * derivative(p2, length), length)


def oscillation_energy_rate_of_modes(p: Polarizations, velocities, weights, length: float, mu: float = 1.0) -> np.ndarray:
    """dU_osc/dt mode by mode, (z,) in the order of numpy.fft.fftfreq; its sum is Eq. (7)."""
    n, v, w = p.shape[-1], np.asarray(velocities, float), np.asarray(weights, float)
    k = 2 * np.pi / length * np.fft.fftfreq(n, 1 / n)
    if n % 2 == 0:
        k[n // 2] = 0.0
    modes = np.fft.fft(p) / n
    factor = w[:, None] * w * v[:, None] * (1 - v[:, None] * v)
    products = 1j * np.einsum("ab,acz,bcz->z", factor, modes, modes.conj())
    return -mu / 2 * length * k * products.real


def kinetic_energy_rate(p: Polarizations, velocities, weights, length: float, mu: float = 1.0) -> float:
    """dK/dt by the force of Eq. (21) in Eq. (22), its part of the polarization vectors."""
    v, w = np.asarray(velocities, float), np.asarray(weights, float)
    others = np.einsum("ab,b,bcz->acz", 1 - v[:, None] * v, w, p)
    force = mu / 2 * np.sum(others * derivative(p, length), axis=1)
    return _integral(((w * v)[:, None] * force), length)


def _moment(p: Polarizations, velocities, weights, n: int) -> np.ndarray:
    return np.einsum("a,acz->cz", np.asarray(weights, float) * np.asarray(velocities, float) ** n, p)


def _integral(values: np.ndarray, length: float) -> float:
    """∫dz of the sum over all but z."""
    return float(values.sum() * length / values.shape[-1])
