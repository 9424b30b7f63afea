"""Angular distributions from their first moments, by maximum entropy: parameters from density and flux.

Flux factor f = ∫ v g dv / ∫ g dv; Eddington factor χ = ∫ v² g dv / ∫ g dv. M78 = Minerbo, J. Quant. Spectrosc. Radiat. Transf.
20, 541 (1978); CB94 = Cernohorsky & Bludman, Astrophys. J. 433, 250 (1994).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kiral.errors import ConfigError


def langevin(b: Any) -> Any:
    """coth b - 1/b, the flux factor of exp(b v)."""
    b = np.asarray(b, dtype=float)
    small = np.abs(b) < 0.05
    safe = np.where(small, 1.0, b)
    # The series is good to 1e-17 below 0.05; above, coth b - 1/b loses no more than two digits.
    series = b * (1 / 3 - b**2 * (1 / 45 - b**2 * (2 / 945 - b**2 * (1 / 4725 - b**2 * 2 / 93555))))
    return np.where(small, series, 1 / np.tanh(safe) - 1 / safe)


def inverse_langevin(flux_factor: Any) -> Any:
    """b with coth b - 1/b = f, for |f| < 1, any shape, relative error below 2e-13, also as f → 1, b → 1/(1 - f).

    ConfigError for |f| >= 1.
    """
    f = np.asarray(flux_factor, dtype=float)
    check_flux_factor(f)
    size = np.abs(f)
    b = size * (3 - size**2) / (1 - size**2)  # within 5 %: Cohen, Rheol. Acta 30, 270 (1991), exact at both ends
    for _ in range(6):
        slope = _langevin_slope(b)
        step = np.where(slope > 0, (langevin(b) - size) / np.where(slope > 0, slope, 1.0), 0.0)
        b = np.maximum(b - step, 0.5 * b)
    with np.errstate(over="ignore"):
        # For b > 20 the equation is 1 - f = 1/b to round-off, and 1 - f has all its digits.
        return np.sign(f) * np.where(size > 0.95, np.where(b > 20, 1 / (1 - size), b), b)


def _langevin_slope(b: Any) -> Any:
    small = np.abs(b) < 0.05
    safe = np.where(small, 1.0, b)
    with np.errstate(over="ignore"):
        return np.where(small, 1 / 3 - b**2 / 15, 1 / safe**2 - 1 / np.sinh(safe) ** 2)


def minerbo_eddington(flux_factor: Any) -> Any:
    """χ of the exponential distribution, 1 - 2 f/b (M78)."""
    f, b = np.asarray(flux_factor, dtype=float), inverse_langevin(flux_factor)
    near = np.abs(b) < 1e-3
    return np.where(near, 1 / 3 + 2 * f**2 / 5, 1 - 2 * f / np.where(near, 1.0, b))


def levermore_eddington(flux_factor: Any) -> Any:
    """χ = (3 + 4f²)/(5 + 2√(4 - 3f²)), Levermore (1984)."""
    f = np.asarray(flux_factor, dtype=float)
    return (3 + 4 * f**2) / (5 + 2 * np.sqrt(4 - 3 * f**2))


def fermi_parameters(flux_factor: float, mean_occupation: float) -> tuple[float, float]:
    """(α, β) of 1/(exp(-(α + β v)) + 1) with mean e over directions and flux factor f (CB94).

    For given β, α follows from e in closed form, and f grows with β from 0 to 1 - e, where the forward cone is full.
    ConfigError outside 0 < e < 1 and |f| < 1 - e. Above 0.9999 (1 - e), where the edge of the cone is sharper than 1e-4,
    it is refused as well.
    """
    from scipy.optimize import brentq

    e, f = float(mean_occupation), float(flux_factor)
    if not 0 < e < 1:
        raise ConfigError(f"mean_occupation: {e:g} given; allowed: between 0 and 1 (Pauli)")
    check_flux_factor(f)
    if abs(f) > 0.9999 * (1 - e):
        raise ConfigError(
            f"flux_factor: {f:g} given with a mean occupation of {e:g}; allowed: up to {0.9999 * (1 - e):.6g} (Pauli). "
            "Give a smaller flux, fewer particles, or the exponential closure"
        )
    if f == 0:
        return float(np.log(e / (1 - e))), 0.0

    def excess(log_beta: float) -> float:
        beta = np.exp(log_beta)
        return _fermi_flux(_fermi_alpha(beta, e), beta, e) - abs(f)

    log_beta: Any = brentq(excess, np.log(1e-9), np.log(1e9), xtol=1e-14)
    beta = float(np.exp(log_beta))
    return _fermi_alpha(beta, e), float(np.sign(f)) * beta


def _fermi_alpha(beta: float, e: float) -> float:
    """α from the mean occupation: ln[(e^{2βe} - 1)/(e^β - e^{2βe - β})] = βe·2 - β + ln[(1-e^{-2βe})/(1-e^{-2β(1-e)})]."""
    return float(2 * beta * e - beta + np.log(-np.expm1(-2 * beta * e)) - np.log(-np.expm1(-2 * beta * (1 - e))))


def _fermi_flux(alpha: float, beta: float, e: float) -> float:
    """Flux factor of given parameters, β > 0.

    Small β by Gauss–Legendre. Else from the edge v0 = -α/β: a full cone, and what the soft edge moves across it, with
    ∫ 1/(e^{|x|}+1)-integrals in dilogarithms.
    """
    if beta < 20:
        from scipy.special import expit

        v, w = np.polynomial.legendre.leggauss(48)
        return float(np.sum(w * v * expit(alpha + beta * v)) / (2 * e))
    ends = np.array([alpha - beta, alpha + beta])
    # ∫ v s(α+βv) dv = [v S1/β - S2/β²], S1 = ln(1+e^x), S2 = ∫ S1 = -Li2(-e^x)
    s1, s2 = np.logaddexp(0, ends), _minus_dilog(ends)
    total = (s1[1] + s1[0]) / beta - (s2[1] - s2[0]) / beta**2
    return float(total / (2 * e))


def _minus_dilog(x: Any) -> Any:
    """-Li2(-e^x) for any x."""
    from scipy.special import spence

    small = -spence(1 + np.exp(-np.abs(x)))
    return np.where(x <= 0, small, x**2 / 2 + np.pi**2 / 6 - small)


def check_flux_factor(flux_factor: Any) -> None:
    """ConfigError unless -1 < f < 1."""
    f = np.asarray(flux_factor, dtype=float)
    if not np.all(np.abs(f) < 1):
        raise ConfigError(f"flux_factor: {np.max(np.abs(f)):g} given; allowed: above -1 and below 1 (a beam has 1)")
