"""Linear modes of the anomalous Maxwell equations about a uniform plasma: closed forms, and the whole matrix.

Time dependence exp(s t), space dependence exp(i k·x); Gaussian, ħ = 1. The background is `Plasma` with E = 0 and a uniform
B0; where mu5 B0 ≠ 0 its uniform chiral magnetic current is taken to be cancelled from outside. Written by hand from the
equations of docs/maxwell/theory.md, and apart from the solver, whose runs are tested against it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kiral.errors import ConfigError
from kiral.maxwell.plasma import CHIRALITIES, Plasma

Complex = np.ndarray


class Terms(NamedTuple):
    """What the current has beside the first order. `drude`: J_D as an unknown, which excludes `relaxation`."""

    hall: bool = False
    magnetization: bool = False
    relaxation: bool = False
    drude: bool = False


FIRST, SECOND, DRUDE = Terms(), Terms(True, True, True), Terms(drude=True)
VARIANTS: dict[str, Terms | None] = {
    "resistive": None,
    "ohm": FIRST,
    "magnetization": Terms(magnetization=True),
    "second_order": Terms(magnetization=True, relaxation=True),
    "drude": DRUDE,
}
"""The five variants of the chiral plasma instability (Hall currents have no part in it)."""


# --- chiral magnetic waves -------------------------------------------------------------------------------------------


def given_field_roots(plasma: Plasma, k: ArrayLike, field: float, cosine: float = 1.0) -> Complex:
    """(2, ...) rates s = -D k² ∓ i v k cosine [1/time] of chiral magnetic waves where E is held at zero.

    G16 (65) with omega = i s, mu = mu5 = 0; cosine is that of the angle between k and B.
    """
    k = np.asarray(k, float)
    centre, phase = -plasma.diffusion * k**2, 1j * plasma.wave_speed(field) * cosine * k
    return np.stack([centre - phase, centre + phase])


def longitudinal_polynomial(plasma: Plasma, k: float, field: float, terms: Terms = FIRST) -> np.ndarray:
    """Polynomial in s, highest power first, of longitudinal modes along B at mu = mu5 = 0 with E from Maxwell's equations.

        (eps s + R (Γ + D k²)) (s + R D k²) + v² (k² + k_D²) = 0

    with R = 1/(1 + tau s) for a Drude current, else 1; eps = 1 - 4π sigma tau with the relaxation term, else 1.
    First order: s² + s (Γ + 2 D k²) + D k² (Γ + D k²) + v² (k² + k_D²) = 0. ConfigError where mu or mu5 is not 0.
    """
    if plasma.mu or plasma.mu5:
        raise ConfigError(f"closed form for mu = mu5 = 0; got mu = {plasma.mu:g}, mu5 = {plasma.mu5:g}; use linear_matrix")
    _check(plasma, terms)
    damping = plasma.diffusion * k**2
    screening = plasma.wave_speed(field) ** 2 * (k**2 + plasma.debye**2)
    if terms.drude:
        lag = np.array([plasma.tau, 1.0])
        charge = np.array([plasma.tau, 1.0, plasma.ohmic_rate + damping])
        axial = np.array([plasma.tau, 1.0, damping])
        return np.polyadd(np.polymul(charge, axial), screening * np.polymul(lag, lag))
    eps = plasma.permittivity if terms.relaxation else 1.0
    return np.polyadd(np.polymul([eps, plasma.ohmic_rate + damping], [1.0, damping]), [screening])


def longitudinal_roots(plasma: Plasma, k: ArrayLike, field: float, terms: Terms = FIRST) -> Complex:
    """(2, ...) rates of `longitudinal_polynomial`, with a Drude current (4, ...); the slowest decaying first [1/time].

    First order: s = -(Γ/2 + D k²) ± (Γ²/4 - v² (k² + k_D²))^½. Below v k_D = Γ/2 both are real as k → 0, the slow one
    tends to -v²/D for v k_D ≪ Γ; above, a wave with a gap.
    """
    return _along(k, lambda x: polynomial_roots(longitudinal_polynomial(plasma, x, field, terms)))


def propagation_field(plasma: Plasma) -> float:
    """|B| above which a long chiral magnetic wave propagates although E is dynamical: v k_D = Γ/2, first order.

    2.24 tau T³ at mu = mu5 = 0 and c = 1, for any charge.
    """
    return plasma.ohmic_rate / (2 * plasma.debye * plasma.wave_speed(1.0))


# --- chiral plasma instability ---------------------------------------------------------------------------------------


def cpi_polynomial(plasma: Plasma, k: float, helicity: int = 1, terms: Terms | None = FIRST) -> np.ndarray:
    """Polynomial in s, highest power first, of a transverse mode with ∇×B = helicity k B at B0 = 0.

    With W = c² k (k - helicity k_mu), g = helicity c² k k_mu tau/3 (magnetization, else 0), eps as in
    `longitudinal_polynomial`: eps s² + s (Γ + g) + W = 0, Drude tau s³ + (1 + tau g) s² + s (Γ + g + tau W) + W = 0,
    resistive limit (terms None) Γ s + W = 0.
    """
    k_mu, tau = plasma.chiral_wavenumber, plasma.tau
    drive = plasma.c**2 * k * (k - helicity * k_mu)
    if terms is None:
        return np.array([plasma.ohmic_rate, drive])
    _check(plasma, terms)
    g = helicity * plasma.c**2 * k * k_mu * tau / 3 if terms.magnetization else 0.0
    if terms.drude:
        return np.array([tau, 1 + tau * g, plasma.ohmic_rate + g + tau * drive, drive])
    return np.array([plasma.permittivity if terms.relaxation else 1.0, plasma.ohmic_rate + g, drive])


def cpi_growth(plasma: Plasma, k: ArrayLike, helicity: int = 1, terms: Terms | None = FIRST) -> Any:
    """Largest real part of the roots of `cpi_polynomial` [1/time], relative error 1e-14; k of any shape."""
    return np.real(_along(k, lambda x: polynomial_roots(cpi_polynomial(plasma, x, helicity, terms))[:1]))[0]


def fastest_growth(plasma: Plasma) -> float:
    """2π sigma ((1 + (c k_mu/4π sigma)²)^½ - 1) [1/time], first order, reached at k = |k_mu|/2."""
    x = (plasma.c * plasma.chiral_wavenumber / plasma.ohmic_rate) ** 2
    return plasma.ohmic_rate / 2 * x / (math.sqrt(1 + x) + 1)


# --- any direction ---------------------------------------------------------------------------------------------------


def linear_matrix(plasma: Plasma, k: ArrayLike, magnetic_field: ArrayLike, terms: Terms = FIRST) -> Complex:
    """M of dy/dt = M y for y = (E, B, n_+, n_-), (8, 8), with a Drude current and (J_+, J_-) after it (14, 14) [1/time].

    k, magnetic_field: (3,) vectors in any directions. With G_l = i k n_l/chi_l, the force E_l = E - G_l/e, and B0:

        J_l = l e (mu_l B + B0 n_l/chi_l)/(4π² c) + (sigma_l/e) E_l - (e² tau² mu_l/6π²) B0 × E_l + (l e tau mu_l/12π²) i k × E
        dB/dt = -i c k × E,      eps dE/dt = i c k × B - 4π e Σ J_l
        dn_l/dt = -i k·(J_l - (sigma_l tau/e) dE/dt) + l e² E·B0/(4π² c)
        Drude: J_D,l stands for (sigma_l/e) E_l, tau dJ_D,l/dt = (sigma_l/e) E_l - J_D,l; no dE/dt in the current.
    """
    _check(plasma, terms)
    k, b0 = np.asarray(k, float), np.asarray(magnetic_field, float)
    e, c, tau = plasma.charge, plasma.c, plasma.tau
    curl, unit = 1j * cross_matrix(k), np.eye(14 if terms.drude else 8, dtype=complex)
    electric, magnetic, drude = unit[:3], unit[3:6], (unit[8:11], unit[11:14])
    # sigma_l E_l/e of both chiralities, and what flows: the same, or what relaxes towards it.
    driven = [plasma.chirality_conductivity(x) / e * _force(plasma, k, unit, x) for x in CHIRALITIES]
    ohmic = drude if terms.drude else driven
    currents = [flow + _other_currents(plasma, k, b0, unit, x, terms) for flow, x in zip(ohmic, CHIRALITIES, strict=True)]
    eps = plasma.permittivity if terms.relaxation else 1.0
    rate = (c * curl @ magnetic - 4 * math.pi * e * sum(currents)) / eps
    rows = [rate, -c * curl @ electric]
    for chirality, current in zip(CHIRALITIES, currents, strict=True):
        if terms.relaxation:
            current = current - plasma.chirality_conductivity(chirality) * tau / e * rate
        rows.append(_continuity(plasma, k, b0, unit, chirality, current))
    if terms.drude:
        rows += [(target - flow) / tau for target, flow in zip(driven, drude, strict=True)]
    return np.concatenate(rows)


def _force(plasma: Plasma, k: NDArray, unit: Complex, chirality: int) -> Complex:
    """E_l = E - i k n_l/(e chi_l)."""
    shift = unit[7 - (chirality + 1) // 2] / plasma.susceptibility(chirality)
    return unit[:3] - 1j * np.outer(k, shift) / plasma.charge


def _other_currents(plasma: Plasma, k: NDArray, b0: NDArray, unit: Complex, chirality: int, terms: Terms) -> Complex:
    """J_l without the Ohmic and the relaxation current."""
    e, c, tau, mu = plasma.charge, plasma.c, plasma.tau, plasma.potential(chirality)
    shift = unit[7 - (chirality + 1) // 2] / plasma.susceptibility(chirality)
    current = chirality * e / (4 * math.pi**2 * c) * (mu * unit[3:6] + np.outer(b0, shift))
    if terms.hall:
        hall = e**2 * tau**2 * mu / (6 * math.pi**2) * cross_matrix(b0)
        current = current - hall @ _force(plasma, k, unit, chirality)
    if terms.magnetization:
        current = current + chirality * e * tau * mu / (12 * math.pi**2) * 1j * cross_matrix(k) @ unit[:3]
    return current


def _continuity(plasma: Plasma, k: NDArray, b0: NDArray, unit: Complex, chirality: int, current: Complex) -> Complex:
    """dn_l/dt (1, n) from a current: -i k·J_l + l e² E·B0/(4π² c)."""
    source = chirality * plasma.charge**2 / (4 * math.pi**2 * plasma.c) * b0 @ unit[:3]
    return (source - 1j * k @ current)[None]


def drifting_matrix(plasma: Plasma, k: ArrayLike, magnetic_field: ArrayLike, *, acceleration: bool = True) -> Complex:
    """M of y = (E, B, n_+, n_-), (8, 8), in the drifting regime at rest (E = 0), G16 Sec. III with (27) corrected [1/time].

    With w = c E × B0/B0² and E_∥ along B0:

        J_l = n_l w + l e (mu_l B + B0 n_l'/chi_l)/(4π² c) + (l X_l/36π² c²) i k × w - i k D n_l' + sigma_l E_∥/e
              - tau n_l dw/dt

    with X_l = 3 mu_l² + π²T²; n_l without prime is that of the background. acceleration: the last term, the plasma's answer
    to dE/dt (that to dB/dt is of second order, as w is of first). ConfigError where B0 = 0.
    """
    k, b0 = np.asarray(k, float), np.asarray(magnetic_field, float)
    e, c, unit = plasma.charge, plasma.c, np.eye(8, dtype=complex)
    square = float(b0 @ b0)
    if not square:
        raise ConfigError("the drift c E x B/B^2 needs a field: give magnetic_field other than 0")
    curl, drift = 1j * cross_matrix(k), -c / square * cross_matrix(b0)
    along = np.outer(b0, b0) / square
    static, inertia = [], []
    for i, chirality in enumerate(CHIRALITIES):
        mu, n, slope = plasma.potential(chirality), plasma.density(chirality), 6 * math.pi**2 * c**3
        x = slope * plasma.susceptibility(chirality)
        moment = chirality * x / (36 * math.pi**2 * c**2)
        shift = unit[6 + i] / plasma.susceptibility(chirality)
        current = (n * np.eye(3) + moment * curl) @ drift @ unit[:3] - 1j * plasma.diffusion * np.outer(k, unit[6 + i])
        current += chirality * e / (4 * math.pi**2 * c) * (mu * unit[3:6] + np.outer(b0, shift))
        static.append(current + plasma.chirality_conductivity(chirality) / e * along @ unit[:3])
        inertia.append(plasma.tau * n * drift if acceleration else np.zeros((3, 3)))
    forced = c * curl @ unit[3:6] - 4 * math.pi * e * sum(static)
    rate = np.linalg.solve(np.eye(3) - 4 * math.pi * e * sum(inertia), forced)
    rows = [rate, -c * curl @ unit[:3]]
    for chirality, current, heavy in zip(CHIRALITIES, static, inertia, strict=True):
        rows.append(_continuity(plasma, k, b0, unit, chirality, current - heavy @ rate))
    return np.concatenate(rows)


def resistive_matrix(plasma: Plasma, k: ArrayLike, magnetic_field: ArrayLike) -> Complex:
    """M of dy/dt = M y for y = (B, n5), (4, 4), in the resistive limit at mu = 0: no displacement current, no charge.

    E = (c/4π sigma)(i k × B - k_mu B - k_mu' B0), dB/dt = -i c k × E, dn5/dt = -D k² n5 + e² E·B0/(2π² c): the gradient of
    mu drops out of both. ConfigError where mu is not 0.
    """
    if plasma.mu:
        raise ConfigError(f"the resistive limit has mu = 0; got mu = {plasma.mu:g}")
    k, b0 = np.asarray(k, float), np.asarray(magnetic_field, float)
    e, c, unit = plasma.charge, plasma.c, np.eye(4, dtype=complex)
    curl, magnetic, axial = 1j * cross_matrix(k), unit[:3], unit[3]
    shift = 2 * e**2 / (math.pi * c**2) * axial / plasma.chi
    electric = c / plasma.ohmic_rate * (curl @ magnetic - plasma.chiral_wavenumber * magnetic - np.outer(b0, shift))
    density = -plasma.diffusion * (k @ k) * axial + e**2 / (2 * math.pi**2 * c) * b0 @ electric
    return np.concatenate([-c * curl @ electric, density[None]])


def evolve(matrix: ArrayLike, start: ArrayLike, times: ArrayLike) -> Complex:
    """exp(M t) start, (times, n), by scaling and squaring: exact to 1e-13 also where eigenvectors nearly coincide."""
    from scipy.linalg import expm

    matrix, start = np.asarray(matrix, complex), np.asarray(start, complex)
    return np.stack([expm(matrix * t) @ start for t in np.atleast_1d(np.asarray(times, float))])


def gauss_residual(plasma: Plasma, k: ArrayLike, state: ArrayLike) -> float:
    """|i k·E - 4π e (n_+ + n_-)| of mode amplitudes (8,) or (14,): zero for data that obey Gauss's law."""
    y = np.asarray(state, complex)
    return float(abs(1j * np.asarray(k, float) @ y[:3] - 4 * math.pi * plasma.charge * (y[6] + y[7])))


def cross_matrix(vector: ArrayLike) -> NDArray[np.float64]:
    """[v]× with [v]× u = v × u, (3, 3)."""
    x, y, z = np.asarray(vector, float)
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


def polynomial_roots(coefficients: ArrayLike) -> Complex:
    """Roots, largest real part first, each improved by Newton steps so that small ones keep their digits."""
    p = np.trim_zeros(np.asarray(coefficients, float), "f")
    slope, roots = np.polyder(p), np.roots(p).astype(complex)
    for _ in range(2):
        steep = np.polyval(slope, roots)
        roots = roots - np.divide(np.polyval(p, roots), steep, out=np.zeros_like(roots), where=steep != 0)
    return roots[np.lexsort((-np.imag(roots), -np.real(roots)))]


def _along(k: ArrayLike, function: Any) -> Complex:
    """function(k) (n,) for each k of an array: (n, ...)."""
    k = np.asarray(k, float)
    found = np.stack([function(x) for x in k.ravel()], axis=-1)
    return found.reshape(found.shape[0], *k.shape)


def _check(plasma: Plasma, terms: Terms) -> None:
    """Terms that go together, and eps > 0."""
    if terms.drude and terms.relaxation:
        raise ConfigError("a Drude current holds the electric relaxation already; give either drude or relaxation")
    if terms.relaxation and plasma.permittivity <= 0:
        raise ConfigError(
            f"1 - 4 pi sigma tau = {plasma.permittivity:.3g} must be positive with electric relaxation: give a smaller tau, "
            "or a Drude current"
        )
