"""Legendre functions on the sphere and Gauss-Legendre quadrature, as numpy arrays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def legendre(l_max: int, m_max: int, x: np.ndarray) -> np.ndarray:
    """P_lm(x) e^{im phi} orthonormal on the sphere, Condon-Shortley phase: (l_max + 1, m_max + 1, points); 0 for m > l.

    Three-term recurrence upwards in l from l = m, stable for |x| <= 1. Values below the smallest double become 0.
    """
    sine = np.sqrt((1 - x) * (1 + x))
    table = np.zeros((l_max + 1, m_max + 1, x.size))
    diagonal = np.full_like(x, 1 / np.sqrt(4 * np.pi))
    for m in range(m_max + 1):
        if m > 0:
            diagonal = -np.sqrt((2 * m + 1) / (2 * m)) * sine * diagonal
        table[m, m] = diagonal
        for l in range(m + 1, l_max + 1):
            scale = np.sqrt((4 * l**2 - 1) / (l**2 - m**2))
            before = np.sqrt(((l - 1) ** 2 - m**2) / (4 * (l - 1) ** 2 - 1)) if l > m + 1 else 0.0
            table[l, m] = scale * (x * table[l - 1, m] - before * table[l - 2, m])
    return table


@lru_cache
def gauss(n: int) -> tuple[np.ndarray, np.ndarray]:
    """(points, weights) of Gauss-Legendre quadrature, n even, points decreasing: cos theta from the north pole on.

    Newton's method in extended precision where the machine has it: near the poles weights from double precision (numpy's too)
    are wrong by 1e-12 for n = 90 and 3e-10 for n = 390, and transforms there and back with them.
    """
    x = np.cos(np.pi * (np.arange(n // 2) + 0.75) / (n + 0.5)).astype(np.longdouble)
    for _ in range(6):
        value, slope = _polynomial(n, x)
        x = x - value / slope
    w = 2 / ((1 - x) * (1 + x) * _polynomial(n, x)[1] ** 2)
    return np.concatenate([x, -x[::-1]]).astype(float), np.concatenate([w, w[::-1]]).astype(float)


def _polynomial(n: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Legendre's P_n and its derivative."""
    before, value = np.ones_like(x), x
    for l in range(2, n + 1):
        before, value = value, ((2 * l - 1) * x * value - (l - 1) * before) / l
    return value, n * (before - x * value) / ((1 - x) * (1 + x))
