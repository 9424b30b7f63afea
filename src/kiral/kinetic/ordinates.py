"""Discrete ordinates: the linear kinetic equation of `kiral.kinetic.response` at N directions, as a matrix d/dt y = M y.

Directions are Gauss-Legendre nodes, whose averages of polynomials are exact, so that the matrix conserves particles. Its
eigenvalues off the continuum Re s = -1/τ, |Im s| <= ck converge exponentially to the waves, the faster the farther they are
from it; those on it are free streaming and depend on N.
"""

from __future__ import annotations

import math

import numpy as np

from kiral.kinetic.equilibrium import PI2, slope, susceptibility
from kiral.kinetic.homogeneous import Plasma


def longitudinal_matrix(plasma: Plasma, k: float, magnetic_field: float, ordinates: int, *, dynamic: bool) -> np.ndarray:
    """(4N, 4N) for fields along k ∥ B; unknowns φ0, φ1 of right-handed, then of left-handed particles. Rates in 1/time.

    dynamic – E from Gauss's law, ikE = 4πe Σ χ dmu, so that no mode violates it (k ≠ 0); else E = 0.
    """
    xi, w = _nodes(ordinates)
    n, kappa = ordinates, plasma.c * k
    matrix = np.zeros((4 * n, 4 * n), dtype=complex)
    streaming = np.diag(-1j * kappa * xi - 1 / plasma.tau)
    gauss = np.zeros(4 * n, dtype=complex)  # c e E
    for i, sign in enumerate((1, -1)):
        mu = plasma.mu + sign * plasma.mu5
        epsilon = sign * 3 * plasma.c * plasma.charge * magnetic_field / (2 * slope(mu, plasma.temperature))
        zero, one = slice(2 * i * n, (2 * i + 1) * n), slice((2 * i + 1) * n, (2 * i + 2) * n)
        dmu = np.zeros(4 * n)
        dmu[zero], dmu[one] = w * (1 + epsilon * xi), epsilon * w
        matrix[zero, zero] += streaming
        matrix[one, one] += streaming
        matrix[one, zero] -= np.diag(1j * kappa * (1 - xi**2))
        matrix[zero] += dmu / plasma.tau
        chi = susceptibility(plasma.temperature, mu, plasma.c)
        gauss += 4 * math.pi * plasma.charge**2 * plasma.c / (1j * k) * chi * dmu if dynamic else 0.0
    shape = np.concatenate([xi, 1 - xi**2, xi, 1 - xi**2])
    return matrix + shape[:, None] * gauss


def transverse_matrix(plasma: Plasma, k: float, helicity: int, ordinates: int) -> np.ndarray:
    """(N + 2, N + 2) for fields of one helicity across k, curl = helicity·k; unknowns φ, ceE, B. B0 = 0. Rates in 1/time."""
    xi, w = _nodes(ordinates)
    n, p = ordinates, plasma
    chi = sum(susceptibility(p.temperature, p.mu + sign * p.mu5, p.c) for sign in (1, -1))
    matrix = np.zeros((n + 2, n + 2), dtype=complex)
    matrix[:n, :n] = np.diag(-1j * p.c * k * xi - 1 / p.tau)
    matrix[:n, n] = 1.0
    curl, chiral = helicity * k, p.charge**2 * p.mu5 / (2 * PI2 * p.c)
    # e j = (e c χ + chiral/e · curl) ⟨(1 - ξ²)/2 φ⟩ + chiral B: Ohm, magnetization, chiral magnetic
    e_ce = p.charge * p.c
    matrix[n, :n] = -4 * math.pi * e_ce * (p.charge * p.c * chi + chiral / p.charge * curl) * w * (1 - xi**2) / 2
    matrix[n, n + 1] = e_ce * (p.c * curl - 4 * math.pi * chiral)
    matrix[n + 1, n] = -p.c * curl / e_ce
    return matrix


def _nodes(ordinates: int) -> tuple[np.ndarray, np.ndarray]:
    xi, w = np.polynomial.legendre.leggauss(ordinates)
    return xi, w / 2
