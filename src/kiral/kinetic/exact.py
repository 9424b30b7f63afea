"""Exact results of the homogeneous chiral kinetic equation in relaxation-time approximation, as quadratures.

Without Berry curvature the steady state in constant E follows along the characteristics,

    F(p) = ∫₀^∞ e^{-u} f_eq(p - e E τ u) du ,        f_eq = 1/(exp((c|p| - mu_l)/T) + 1),

to every order in E; to first order in E it is known to every order in B. All functions are for one chirality l with
mu_l = mu + l mu5, particles and antiparticles together, and give number currents j (the electric current is e j).
Units: ħ = 1, Gaussian, c explicit; temperature and mu_l are energies, tau a time. Errors stated are those of the quadrature.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import exp1, expit

_GAUSS = np.polynomial.legendre.leggauss(16)
_SMALL, _RATIO = 1e-14, 1.6
_RANGE = 45.0  # e^-45 = 3e-20: nothing is left beyond 45 T or 45 relaxation times


def _panels(*edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights of all panels between the sorted edges."""
    merged = np.unique(np.concatenate(edges))
    half, middle = np.diff(merged) / 2, (merged[1:] + merged[:-1]) / 2
    return (middle[:, None] + half[:, None] * _GAUSS[0]).ravel(), (half[:, None] * _GAUSS[1]).ravel()


def _integral(function: Callable[[np.ndarray], np.ndarray], potential: float, scale: float = 1.0) -> float:
    """∫₀^∞ function(x) dx for functions of momentum x in units of T/c that end with the Fermi functions of ±potential.

    The panels are geometric about 0 and about |potential|, where the Fermi function turns, so that log x at 0, any `scale`
    on which the rest varies, and a degenerate plasma are all resolved.
    """
    top, surface = _RANGE + abs(potential), abs(potential)
    geometric = _SMALL * min(scale, 1.0) * _RATIO ** np.arange(200)
    near = np.concatenate([surface - np.linspace(0, _RANGE, 91), surface + np.linspace(0, _RANGE, 91)])
    edges = np.concatenate([[0.0, top], geometric, near])
    nodes, weights = _panels(edges[(edges >= 0) & (edges <= top)])
    return float(function(nodes) @ weights)


def _reduced(charge: float, c: float, temperature: float, tau: float, field: np.ndarray | float) -> np.ndarray | float:
    """c e τ (E or B) / T: momentum gained in one τ, in units of the thermal momentum T/c."""
    return c * charge * tau * field / temperature


def ohm_current(
    *, electric_field: float, mu_l: float, temperature: float = 1.0, tau: float = 1.0, charge: float = 1.0, c: float = 1.0
) -> float:
    """Number current along E without B and Berry curvature, to every order in E; number per area and time, error 1e-13.

    j = ∫₀^∞ e^{-u} G(e E τ u) du with G(a) = (c/2π²) Σ ∫ p² f w dp, w = 2a/3p (p > a), 1 - p²/3a² (p < a): the mean of the
    direction cosine of p + a over a sphere. The integral over u is done in closed form, with x = p/(e E τ):
    W(x) = (2/3x)(1 - e^{-x}(1 + x)) + e^{-x}(1 - x/3) + x² E₁(x)/3.
    Limits: (3 mu_l² + π²T²) e E τ/(18 π² c) for weak E, c (n + n̄) for c e E τ ≫ T.
    """
    a = float(_reduced(charge, c, temperature, tau, electric_field))
    if a == 0.0:
        return 0.0
    m = mu_l / temperature

    def integrand(x: np.ndarray) -> np.ndarray:
        return x**2 * (expit(m - x) + expit(-m - x)) * _drift_fraction(x / abs(a))

    return float(np.sign(a) * temperature**3 / (2 * np.pi**2 * c**2) * _integral(integrand, m, abs(a)))


def _drift_fraction(x: np.ndarray) -> np.ndarray:
    """W(x) of `ohm_current`; x/3·(...) for small x, 2/3x for large x."""
    tail = np.where(x < 700.0, exp1(np.minimum(x, 700.0)), 0.0)
    return 2 / (3 * x) * (-np.expm1(-x) - x * np.exp(-x)) + np.exp(-x) * (1 - x / 3) + np.where(x < 700.0, x**2 * tail / 3, 0.0)


def ohm_transient(
    *,
    time: float,
    electric_field: float,
    mu_l: float,
    temperature: float = 1.0,
    tau: float = 1.0,
    charge: float = 1.0,
    c: float = 1.0,
) -> float:
    """Number current along E at `time` after E was switched on in equilibrium, to every order in E (no B, no Berry curvature).

    j(t) = ∫₀^{t/τ} e^{-u} G(e E τ u) du + e^{-t/τ} G(e E t), G as in `ohm_current`. Error 1e-13 up to
    c e E τ/T = 3, 1e-10 at 20.
    """
    a, m = float(_reduced(charge, c, temperature, tau, electric_field)), mu_l / temperature
    if a == 0.0 or time <= 0.0:
        return 0.0

    def free(u: float) -> float:
        """G after the momentum e E τ u, in units of T³/(2π²c²)."""
        shift = abs(a) * u

        def integrand(x: np.ndarray) -> np.ndarray:
            mean = np.where(x > shift, 2 * shift / (3 * np.maximum(x, shift)), 1 - x**2 / (3 * shift**2))
            return x**2 * (expit(m - x) + expit(-m - x)) * mean

        return _split_integral(integrand, m, shift)

    u, w = _panels(np.linspace(0.0, time / tau, 3 + int(time / tau)))
    total = sum(wi * np.exp(-ui) * free(ui) for ui, wi in zip(u, w, strict=True)) + np.exp(-time / tau) * free(time / tau)
    return float(np.sign(a) * temperature**3 / (2 * np.pi**2 * c**2) * total)


def _split_integral(function: Callable[[np.ndarray], np.ndarray], potential: float, kink: float) -> float:
    """As `_integral` on uniform panels, for a function that is smooth on both sides of one kink."""
    top = _RANGE + abs(potential)
    nodes, weights = _panels(np.linspace(0.0, top, int(top)), np.array([min(kink, top)]))
    return float(function(nodes) @ weights)


def hall_current(
    *,
    electric_field: np.ndarray,
    magnetic_field: np.ndarray,
    mu_l: float,
    temperature: float = 1.0,
    tau: float = 1.0,
    charge: float = 1.0,
    c: float = 1.0,
) -> np.ndarray:
    """Number current (3,), first order in E and every order in B, without Berry curvature; error 1e-12.

    j = (c² e τ/3T)(1/2π²) Σ_s ∫ p² f_s(1 - f_s) [E + (s/p) E×b + (b.E) b/p²]/(1 + b²/p²) dp, with b = e τ B and s = ±1 for
    particles and antiparticles: the stationary velocity of a charge that turns by b/p radians per relaxation time.
    """
    field, b = np.asarray(electric_field, float), np.asarray(_reduced(charge, c, temperature, tau, np.asarray(magnetic_field)))
    m, strength = mu_l / temperature, float(np.linalg.norm(b))

    def moment(power: int, sign: int) -> float:
        def integrand(x: np.ndarray) -> np.ndarray:
            thermal = _derivative(x - m) + sign * _derivative(x + m)
            return x ** (4 - power) * thermal / (x**2 + strength**2)

        return _integral(integrand, m, strength or 1.0)

    along, turned = moment(0, 1) * field + moment(2, 1) * (b @ field) * b, moment(1, -1) * np.cross(field, b)
    return charge * tau * temperature**2 / (6 * np.pi**2 * c) * (along + turned)


def _derivative(x: np.ndarray) -> np.ndarray:
    """f(1 - f) of the Fermi function f = 1/(e^x + 1)."""
    return expit(x) * expit(-x)


def anomaly_factor(
    *, electric_field: float, mu_l: float, temperature: float = 1.0, tau: float = 1.0, charge: float = 1.0, c: float = 1.0
) -> float:
    """A in dn_l/dt = A l e² E.B/(4π²c) for the steady state in E ∥ B; error 1e-13.

    A = F(p=0) + F̄(p=0) = ∫₀^∞ e^{-u} [f_eq + f̄_eq](|e E τ| u) du: the anomaly of the collisionless theory, A = 1, needs the
    occupations of particles and antiparticles at p = 0 to add up to one. The driven state breaks that:
    A = 1 - (c |e E| τ/2T) sech²(mu_l/2T) + … , not analytic in E.
    """
    a, m = abs(float(_reduced(charge, c, temperature, tau, electric_field))), mu_l / temperature
    turn = abs(m) / a if a else 0.0
    width = 1.0 / max(a, 1.0)
    steps = np.concatenate([turn + width * np.linspace(-_RANGE, _RANGE, 181), width * np.linspace(0, _RANGE, 91)])
    edges = np.concatenate([np.linspace(0, _RANGE, 91), steps])
    u, w = _panels(edges[(edges >= 0) & (edges <= _RANGE)])
    return float((np.exp(-u) * (expit(m - a * u) + expit(-m - a * u))) @ w)
