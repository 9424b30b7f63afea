"""Quadratures over directions and families of angular distributions, shared by the solver and by linear stability.

Normalisation: v = v_z in [-1, 1], a distribution g(v) is per dv and averaged over the azimuth, so the weights of every
quadrature add up to 2, those on the full sphere too. The families are normalised to ∫ g dv = 1. Only numpy is needed.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kiral.errors import ConfigError

Quadrature = Literal["gauss", "midpoint"]
Array = NDArray[np.float64]


# --- Quadratures -----------------------------------------------------------------------------------------------------


def gauss_legendre(n: int) -> tuple[Array, Array]:
    """Velocities (n,), increasing, and weights (n,) of the Gauss–Legendre rule: exact for polynomials up to degree 2n-1."""
    return np.polynomial.legendre.leggauss(_count("n", n))


def midpoint(n: int) -> tuple[Array, Array]:
    """Velocities (n,) in the middle of n equal bins of [-1, 1], weights 2/n: second order."""
    n = _count("n", n)
    return (2 * np.arange(n) + 1) / n - 1, np.full(n, 2 / n)


def quadrature(kind: Quadrature, n: int) -> tuple[Array, Array]:
    """`gauss_legendre` or `midpoint` by name. ConfigError for another name."""
    if kind not in ("gauss", "midpoint"):
        raise ConfigError(f"quadrature: {kind!r} given; allowed: gauss, midpoint")
    return (gauss_legendre if kind == "gauss" else midpoint)(n)


def sphere(n_polar: int, n_azimuth: int, kind: Quadrature = "gauss") -> tuple[Array, Array]:
    """Unit vectors (N, 3) and weights (N,), which add up to 2, of the product rule in v_z and the azimuth.

    N = n_polar n_azimuth. Uniform azimuths (2j+1)π/n_azimuth integrate Fourier modes |m| < n_azimuth exactly.
    """
    v, weight = quadrature(kind, n_polar)
    phi = (2 * np.arange(_count("n_azimuth", n_azimuth)) + 1) * np.pi / n_azimuth
    across = np.sqrt(1 - v**2)[:, None]
    directions = np.stack([across * np.cos(phi), across * np.sin(phi), np.broadcast_to(v[:, None], (v.size, phi.size))], -1)
    return directions.reshape(-1, 3), np.repeat(weight / n_azimuth, n_azimuth)


def _count(name: str, n: int) -> int:
    if n < 1:
        raise ConfigError(f"{name}: {n!r} given; allowed: at least 1")
    return int(n)


# --- Families, at velocities of any shape -----------------------------------------------------------------------------


def gaussian(v: Any, sigma: float) -> Any:
    """exp(-(v-1)²/(2σ²)) normalised to 1 on [-1, 1]: peaked forward. The family of the one-dimensional fast-flavor tests."""
    from scipy.special import erf

    v = np.asarray(v, dtype=float)
    norm = sigma * np.sqrt(np.pi / 2) * erf(np.sqrt(2) / sigma)
    return np.exp(-0.5 * ((v - 1) / sigma) ** 2) / norm


def exponential(v: Any, flux_factor: float) -> Any:
    """exp(a + b v) of mean velocity `flux_factor`, normalised to 1: maximum entropy for few particles (Minerbo 1978)."""
    from kiral.flavor.closures import inverse_langevin

    b = float(inverse_langevin(flux_factor))
    v = np.asarray(v, dtype=float) if b >= 0 else -np.asarray(v, dtype=float)
    b = abs(b)
    norm = 0.5 if b == 0 else b / -np.expm1(-2 * b)
    return norm * np.exp(b * (v - 1))


def fermi(v: Any, flux_factor: float, mean_occupation: float) -> Any:
    """1/(exp(-(α + β v)) + 1) of that mean over directions and mean velocity, normalised to 1: maximum entropy for fermions.

    ConfigError outside 0 < mean_occupation < 1, |flux_factor| < 1 - mean_occupation (the forward cone is then full).
    """
    from scipy.special import expit

    from kiral.flavor.closures import fermi_parameters

    alpha, beta = fermi_parameters(flux_factor, mean_occupation)
    return expit(alpha + beta * np.asarray(v, dtype=float)) / (2 * mean_occupation)


def levermore(v: Any, flux_factor: float) -> Any:
    """(1 - β v)^-4, isotropic in a moving frame, of mean velocity `flux_factor` = 4β/(3+β²), normalised to 1.

    Its Eddington factor is (3 + 4f²)/(5 + 2√(4 - 3f²)): Levermore (1984), J. Quant. Spectrosc. Radiat. Transf. 31, 149.
    """
    from kiral.flavor.closures import check_flux_factor

    check_flux_factor(flux_factor)
    beta = 3 * flux_factor / (2 + np.sqrt(4 - 3 * flux_factor**2))
    norm = 3 * (1 - beta**2) ** 3 / (6 + 2 * beta**2)
    return norm / (1 - beta * np.asarray(v, dtype=float)) ** 4


def table(v: Any, points: Any, values: Any) -> Any:
    """Piecewise linear through (points, values), as they are (not normalised). ConfigError where v lies outside the points."""
    v, points, values = (np.asarray(a, dtype=float) for a in (v, points, values))
    check_points(points, values)
    if v.size and (v.min() < points[0] or v.max() > points[-1]):
        raise ConfigError(f"table: velocities from {points[0]:g} to {points[-1]:g}; needed from {v.min():g} to {v.max():g}")
    return np.interp(v, points, values)


def check_points(points: Array, values: Array) -> None:
    """ConfigError unless the points increase within [-1, 1] and there is one finite value for each of at least two."""
    if points.ndim != 1 or points.shape != values.shape or points.size < 2:
        raise ConfigError(f"table: shapes {points.shape} and {values.shape} given; allowed: (n,) twice, n >= 2")
    if not (np.isfinite(points).all() and np.isfinite(values).all()):
        raise ConfigError("table: velocities and values must be finite numbers")
    if np.any(np.diff(points) <= 0) or points[0] < -1 or points[-1] > 1:
        raise ConfigError("table: velocities must increase and lie within [-1, 1]. Sort the table")
