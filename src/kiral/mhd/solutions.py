"""Exact solutions of chiral MHD, shared by tests and documentation. Plain numbers and numpy arrays; code units.

G25: Gurgenidze et al. (2025). Waves are those of its Eqs. (7c, 7d) linearised about a uniform fluid at rest: the inertia
is that of radiation, w = (4/3) rho, and time dependence is exp(s t).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.integrate import quad
from scipy.special import erfc, erfcx

SOUND_SPEED = 3**-0.5
"""Speed of sound of radiation, p = rho/3."""


def growth_rate(k, mu5, eta, helicity=1):
    """Rate of a helical mode in a uniform mu5 (with xi: their sum) without flow: eta k (±mu5 - k) [1/t*].

    helicity is +1 where ∇×B = k B, -1 where ∇×B = -k B. The fastest mode has k = |mu5|/2 and the rate eta mu5²/4.
    """
    return eta * k * (helicity * mu5 - k)


def ohmic_decay(k, eta, t):
    """Factor exp(-eta k² t) of a mode of wave number k after the time t, without chirality and flow."""
    return np.exp(-eta * k**2 * t)


def chirality_without_field(
    t: float, source: Callable[[float], float], flipping_rate: float, *, t_start: float = 0.0, mu5_start: float = 0.0
) -> float:
    """mu5(t) = mu5(t0) e^{-gamma5 (t - t0)} + ∫ S5(s) e^{-gamma5 (t - s)} ds, from t0 = t_start [1/l*].

    By adaptive quadrature over pieces that the response to the past resolves; relative error below 1e-12 for smooth S5.
    """
    edges = [t_start, t]
    if flipping_rate > 0:
        edges += [t - x / flipping_rate for x in (1, 3, 8, 20, 45)]
    edges = sorted({e for e in edges if t_start <= e <= t})
    pieces = [
        quad(lambda s: source(s) * np.exp(-flipping_rate * (t - s)), a, b, epsabs=0.0, epsrel=1e-13, limit=200)[0]
        for a, b in pairwise(edges)
    ]
    return mu5_start * np.exp(-flipping_rate * (t - t_start)) + sum(pieces)


def chirality_from_decay(t, amplitude: float, t_phi: float, flipping_rate: float, *, t_start: float = 0.0):
    """The same in closed form for the decaying source G25 (9), from mu5(t_start) = 0 [1/l*].

    With a = t_phi and x(s) = (gamma5 a² - s)/(√2 a), F(s) = e^{-s²/2a²} [gamma5 a √(π/2) erfcx(x) - 1]:
    mu5 = S5bar √e a [F(t) - e^{-gamma5 (t - t_start)} F(t_start)]. Early times lose a factor gamma5 a²/t in precision.
    """
    decayed = np.exp(-flipping_rate * (np.asarray(t) - t_start))
    end, begin = (_decay_antiderivative(np.asarray(s, float), t_phi, flipping_rate) for s in (t, t_start))
    return amplitude * np.sqrt(np.e) * t_phi * (end - decayed * begin)


def _decay_antiderivative(s, a, gamma):
    x = (gamma * a**2 - s) / (np.sqrt(2) * a)
    gauss = np.exp(-(s**2) / (2 * a**2))
    # e^{-s²/2a²} erfcx(x) = e^{(gamma a)²/2 - gamma s} erfc(x), the better form where x < 0.
    ahead = gauss * erfcx(np.maximum(x, 0.0))
    behind = np.exp(np.where(x < 0, (gamma * a) ** 2 / 2 - gamma * s, 0.0)) * erfc(np.minimum(x, 0.0))
    return -gauss + gamma * a * np.sqrt(np.pi / 2) * np.where(x < 0, behind, ahead)


def alfven_speed(b0, rho=1.0):
    """B0/√((4/3) rho): speed of an Alfvén wave along a uniform field B0 in radiation [l*/t*]."""
    return b0 / np.sqrt(4 * rho / 3)


def fast_speed(b0, rho=1.0):
    """√(1/3 + v_A²): speed of the compressional wave across a uniform field B0 [l*/t*]."""
    return np.sqrt(SOUND_SPEED**2 + alfven_speed(b0, rho) ** 2)


def sound_wave_rates(k, nu):
    """The two roots s of s² + (4/3) nu k² s + k²/3 = 0 [1/t*]: sound of speed 1/√3 damped at (2/3) nu k²; overdamped
    where nu k > √3/2."""
    centre = -(2 / 3) * nu * k**2
    root = np.sqrt(centre**2 - k**2 / 3 + 0j)
    return centre + root, centre - root


def alfven_wave_rates(k, k_along, b0, rho=1.0, eta=0.0, nu=0.0):
    """The two roots of (s + eta k²)(s + nu k²) + (k_along v_A)² = 0 [1/t*]; k_along is the wave number along B0."""
    centre, half = -(eta + nu) * k**2 / 2, (eta - nu) * k**2 / 2
    root = np.sqrt(half**2 - (k_along * alfven_speed(b0, rho)) ** 2 + 0j)
    return centre + root, centre - root


def chiral_magnetic_wave_rates(k, k_along, b0, separation, magnetic, *, damping_mu5=0.0, damping_mu=0.0, eta=0.0, lam=0.0):
    """Small mu, mu5 and A about a uniform B0 at rest, without mean mu5 and mu: (rates s (3,) [1/t*], eigenvectors (3, 3)).

    The columns of the eigenvectors are amplitudes of (mu5, mu, α).

    With α = A·B0⊥ (⊥: across k), k_along the wave number along B0, E·B = -eta (mu5 B0² - k² α):
        s mu5 = -i k_along B0 C5 mu - (D5 k² + gamma5) mu5 - lam eta (B0² mu5 - k² α)
        s mu  = -i k_along B0 Cmu mu5 - Dmu k² mu
        s α   = eta B0⊥² mu5 - eta k² α
    damping_mu5 = D5 k² + gamma5, damping_mu = Dmu k². Along the field α decouples: the frequency is √(C5 Cmu) k B0, damped
    at half the sum of both dampings (damping_mu5 + lam eta B0² and damping_mu), less a second-order correction.
    """
    across = b0**2 * (1 - (k_along / k) ** 2)
    matrix = np.array(
        [
            [-damping_mu5 - lam * eta * b0**2, -1j * k_along * b0 * separation, lam * eta * k**2],
            [-1j * k_along * b0 * magnetic, -damping_mu, 0.0],
            [eta * across, 0.0, -eta * k**2],
        ]
    )
    return np.linalg.eig(matrix)

