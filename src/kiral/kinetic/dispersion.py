"""Waves and relaxation of a chiral plasma to all orders in k: roots s(k) of the linear kinetic equation, exp(ikz + st).

Two methods that share no formula but the equation: eigenvalues of the discrete-ordinates matrix (`ordinates`) say where
the roots are, and secant steps on the scalar dispersion function, whose angular integrals are logarithms, sharpen them to
round-off; a contour integral of that function counts them. Beside them the roots of the closed sets.

Longitudinal waves (k ∥ B): diffusion, chiral magnetic wave, plasma oscillation. Transverse ones of one helicity (no B): light,
magnetic diffusion, chiral plasma instability. Units: ħ = 1, Gaussian, c explicit. G16 = Gorbar et al. 2016 (arXiv:1603.03442).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from kiral.core.arrays import check
from kiral.errors import ConfigError
from kiral.kinetic import equilibrium
from kiral.kinetic.homogeneous import Plasma
from kiral.kinetic.ordinates import longitudinal_matrix, transverse_matrix
from kiral.kinetic.response import Chirality, chirality_response, moments, refuse_drain, screening_wave_number

CLEAR = 0.02
"""Roots nearer to the continuum than this, relative to 1/τ + ck, are not looked for."""
_WAVES = {"longitudinal": 0, "right_handed": 1, "left_handed": -1}


@dataclass(frozen=True)
class Waves:
    """One plasma and one kind of wave; s may be an array in its methods, k is a number there.

    wave – longitudinal: k ∥ B; right_handed, left_handed: fields across k with curl = +k, -k, no B. field – dynamic: E obeys
    Maxwell's equations; held: E = 0 (longitudinal only). magnetic_field – uniform B along k.
    """

    plasma: Plasma
    wave: str = "longitudinal"
    field: str = "dynamic"
    magnetic_field: float = 0.0

    def __post_init__(self) -> None:
        check("magnetic_field", self.magnetic_field)
        for name, value, allowed in (("wave", self.wave, tuple(_WAVES)), ("field", self.field, ("dynamic", "held"))):
            if value not in allowed:
                raise ConfigError(f"{name}: {value!r} given; allowed: {', '.join(allowed)}")
        if self.helicity and (self.magnetic_field or self.field == "held"):
            raise ConfigError(f"wave: {self.wave!r} given; allowed with a magnetic_field or a held field: longitudinal")
        if self.field == "dynamic":
            refuse_drain(self.plasma.mu5, self.magnetic_field)

    @property
    def helicity(self) -> int:
        """Sign of the curl across k; 0 for longitudinal waves."""
        return _WAVES[self.wave]

    @property
    def relaxation(self) -> float:
        """Γ = 4π sigma [1/time]."""
        p = self.plasma
        return 4 * math.pi * equilibrium.conductivity(p.temperature, p.mu, p.mu5, p.tau, p.charge, p.c)

    @property
    def chiral_wave_number(self) -> float:
        """k_mu = 2e²mu5/(πc²) [1/length]: c curl B = k_mu c B balances the chiral magnetic current."""
        return 2 * self.plasma.charge**2 * self.plasma.mu5 / (math.pi * self.plasma.c**2)

    def function(self, s: np.ndarray | complex, k: float) -> Any:
        """The dispersion function: analytic for Re s > -1/τ, zero at the waves.

        Held: D_R D_L. Dynamic: D_R D_L - (4πe²c/ik)(χ_R C_R D_L + χ_L C_L D_R), Gauss's law (C, D: `chirality_response`).
        Across k: s² + c²k² + (3Γ/τ) s I - h c² k k_mu (1 - s I), I = ⟨(1 - ξ²)/2/(s + 1/τ + ickξ)⟩.
        """
        p = self.plasma
        if self.helicity:
            i = moments(s + 1 / p.tau, p.c * k).across
            chiral = self.helicity * p.c**2 * k * self.chiral_wave_number * (1 - s * i)
            return s**2 + (p.c * k) ** 2 + 3 * self.relaxation / p.tau * s * i - chiral
        one, two = (self._chirality(s, k, sign) for sign in (1, -1))
        free = one.dispersion * two.dispersion
        if self.field == "held":
            return free
        gauss = 4 * math.pi * p.charge**2 * p.c / (1j * k)
        charged = one.susceptibility * one.source * two.dispersion + two.susceptibility * two.source * one.dispersion
        return free - gauss * charged

    def _chirality(self, s: Any, k: float, sign: int) -> Chirality:
        p = self.plasma
        shared = {"temperature": p.temperature, "tau": p.tau, "charge": p.charge, "c": p.c}
        return chirality_response(s, k, sign=sign, mu=p.mu + sign * p.mu5, magnetic_field=self.magnetic_field, **shared)

    def _factors(self, k: float) -> list[Callable[[Any], Any]]:
        """Functions with simple zeros whose product the dispersion function is."""
        if self.field == "held":
            return [lambda s: self._chirality(s, k, 1).dispersion, lambda s: self._chirality(s, k, -1).dispersion]
        return [lambda s: self.function(s, k)]

    def matrix(self, k: float, ordinates: int) -> np.ndarray:
        """The discrete-ordinates matrix, of which s are the eigenvalues."""
        if self.helicity:
            return transverse_matrix(self.plasma, k, self.helicity, ordinates)
        return longitudinal_matrix(self.plasma, k, self.magnetic_field, ordinates, dynamic=self.field == "dynamic")

    def eigenvalues(self, k: float, ordinates: int = 24, clear: float = CLEAR) -> np.ndarray:
        """Eigenvalues clear of the continuum, from the largest real part down; with multiplicity."""
        found = np.linalg.eigvals(self.matrix(k, ordinates))
        return _ordered(found[self.clear(found, k, clear)])

    def clear(self, s: np.ndarray | complex, k: float, clear: float = CLEAR) -> np.ndarray:
        """Whether s is to the right of the continuum by more than `clear` of 1/τ + ck."""
        rate = 1 / self.plasma.tau
        return np.real(s) + rate > clear * (rate + self.plasma.c * abs(k))

    def roots(self, k: float, ordinates: int = 24) -> np.ndarray:
        """The waves of wave number k, from the largest real part down: eigenvalues, then secant steps to round-off.

        What the steps do not confirm is left out. Where two chiralities have the same root it is given once.
        """
        starts = self.eigenvalues(k, ordinates, CLEAR / 4)
        found: list[complex] = []
        for factor in self._factors(k):
            roots = secant(factor, starts, self.plasma.tau)
            near = np.abs(roots - starts) < 0.3 * (np.abs(starts) + 1 / self.plasma.tau)
            for root in roots[near & self.clear(roots, k)]:
                if all(abs(root - other) > 1e-6 * abs(root) + 1e-15 / self.plasma.tau for other in found):
                    found.append(root)
        return _ordered(np.array(found, dtype=complex))

    def count(self, k: float, points: int = 500) -> int:
        """Zeros of the dispersion function clear of the continuum, with multiplicity, by the argument principle.

        The contour is the line that `clear` draws and a half circle beyond every rate; points are added until the phase turns
        by less than a third of a turn between two of them.
        """
        rate, light = 1 / self.plasma.tau, self.plasma.c * abs(k)
        clear = CLEAR * (rate + light)
        radius = 4 * (rate + light + self.relaxation + light**2 / rate + abs(self.plasma.c * self.chiral_wave_number))
        while True:
            # from -i∞ to i∞ on the line, dense near the cut's ends, and back around
            t = np.sinh(np.linspace(-1, 1, points) * math.asinh(radius / clear)) * clear
            arc = radius * np.exp(1j * np.linspace(math.pi / 2, -math.pi / 2, points))
            s = np.concatenate([1j * t, arc]) + clear - rate
            phase = np.angle(self.function(s, k))
            turns = np.diff(np.concatenate([phase, phase[:1]]))
            turns -= 2 * math.pi * np.round(turns / (2 * math.pi))
            if np.abs(turns).max() < 2 * math.pi / 3 or points > 10**6:
                return -round(float(turns.sum()) / (2 * math.pi))
            points *= 4


def secant(function: Callable[[np.ndarray], np.ndarray], start: np.ndarray, tau: float, steps: int = 40) -> np.ndarray:
    """Zeros of an analytic function from starts (n,), by secant steps to round-off; NaN where they do not settle."""
    one, two = start, start * (1 + 1e-6) + 1e-9 / tau
    f_one, f_two = function(one), function(two)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            step = f_two * (two - one) / (f_two - f_one)
            step = np.where(f_two == f_one, 0.0, step)
            one, f_one, two = two, f_two, two - step
            f_two = function(two)
            if np.all((np.abs(step) <= 4e-16 * np.abs(two)) | ~np.isfinite(two)):
                break
        return np.where(np.abs(step) <= 1e-11 * np.abs(two), two, complex(np.nan, np.nan))


def dispersion_roots(
    k: Any, *, wave: str = "longitudinal", field: str = "dynamic", temperature: float, mu: float = 0.0, mu5: float = 0.0,
    tau: float, charge: float, c: float = 1.0, magnetic_field: float = 0.0, ordinates: int = 24,
) -> np.ndarray:  # fmt: skip
    """Every wave exp(ikz + st) clear of the continuum of free streaming: s [1/time], (roots, *S), NaN where k has fewer.

    Args: k – > 0, any shape S [1/length]; wave, field, magnetic_field – `Waves`; ordinates – directions of the matrix.
    From the largest real part down, and from negative to positive frequency. Relative error 1e-14 unless two roots nearly
    meet. Diffusion and the slower wave enter the continuum near ckτ = π/2.
    Errors: ConfigError for k <= 0, T, tau, c <= 0, unknown names, and mu5 with a magnetic field where E is dynamic.
    """
    check("k", k, above=0.0)
    if not isinstance(ordinates, int) or ordinates < 4:
        raise ConfigError(f"ordinates: {ordinates!r} given; allowed: a whole number of at least 4")
    waves = Waves(Plasma(temperature, mu, mu5, tau, charge, c), wave, field, float(magnetic_field))
    k = np.asarray(k, dtype=float)
    return stacked([waves.roots(float(one), ordinates) for one in k.ravel()]).reshape(-1, *k.shape)


def stacked(roots: list[np.ndarray]) -> np.ndarray:
    """Lists of roots of different lengths as columns (roots, n), NaN where there are none."""
    table = np.full((max(len(r) for r in roots), len(roots)), complex(np.nan, np.nan))
    for i, r in enumerate(roots):
        table[: len(r), i] = r
    return table


def tracked(table: np.ndarray) -> np.ndarray:
    """Columns (roots, n) of few finite roots reordered so that each row is continuous in n."""
    found = table.copy()
    for i in range(1, table.shape[1]):
        orders = [list(order) for order in permutations(range(len(table)))]
        found[:, i] = found[min(orders, key=lambda order: float(np.abs(found[order, i] - found[:, i - 1]).sum())), i]
    return found


def _ordered(s: np.ndarray) -> np.ndarray:
    """By real part, largest first, then by imaginary part; pairs that differ by rounding only count as equal."""
    size = np.abs(s).max(initial=0.0) or 1.0
    return s[np.lexsort((s.imag, -np.round(s.real / size, 9)))]


# --- the closed sets -------------------------------------------------------------------------------------------------


def closed_roots(waves: Waves, k: float) -> dict[str, np.ndarray]:
    """Roots of the closed sets for the same wave, by name; polynomials in s.

    held: second_order – s = -Dk² ∓ ivk, G16 (65). dynamic, along k, with D = c²τ/3, Γ = 4π sigma, k_D² = 4πe²chi:
    [s eps + Dk² + Γ](s + Dk²) + v²(k² + k_D²) = 0, eps = 1 (first_order), 1 - Γτ (second_order); Γ → Γ/(1 + sτ) (drude).
    Across k: s² eps + s(Γ + h c²k k_mu τ/3 [second_order]) + c²k² - h c²k k_mu = 0, and drude the same with Γ → Γ/(1 + sτ).
    The common speed v is that of mu; for mu5 ≠ 0 and a held field each chirality has its own.
    """
    p, gamma, tau = waves.plasma, waves.relaxation, waves.plasma.tau
    diffusion = equilibrium.diffusion_constant(tau, p.c) * k**2
    if waves.helicity:
        chiral = waves.helicity * p.c**2 * k * waves.chiral_wave_number
        w = (p.c * k) ** 2 - chiral
        return _roots_of(
            first_order=[1, gamma, w], second_order=[1 - gamma * tau, gamma + chiral * tau / 3, w],
            drude=[tau, 1, gamma + tau * w, w],
        )  # fmt: skip
    speeds = [equilibrium.wave_speed(p.temperature, waves.magnetic_field, p.charge, p.c, p.mu + i * p.mu5) for i in (1, -1)]
    if waves.field == "held":
        return {"second_order": _ordered(np.array([-diffusion - 1j * speeds[0] * k, -diffusion + 1j * speeds[1] * k]))}
    k_d = screening_wave_number(p.temperature, p.mu, p.mu5, p.charge, p.c)
    wave = speeds[0] ** 2 * (k**2 + k_d**2)
    slow = np.array([1, diffusion])
    relaxing = np.polyadd(np.polymul([1, diffusion], [tau, 1]), [gamma])
    return _roots_of(
        first_order=np.polyadd(np.polymul([1, diffusion + gamma], slow), [wave]),
        second_order=np.polyadd(np.polymul([1 - gamma * tau, diffusion + gamma], slow), [wave]),
        drude=np.polyadd(np.polymul(relaxing, slow), wave * np.array([tau, 1])),
    )


def _roots_of(**polynomials: Any) -> dict[str, np.ndarray]:
    return {name: _ordered(np.roots(coefficients).astype(complex)) for name, coefficients in polynomials.items()}
