"""Linear stability of continuous angular distributions: the integral dispersion relation on the half-plane Im Ω > 0.

With D_s = ω + G0 - δ_s - (k + G1) v in the denominators (symbols as in `kiral.flavor.linear`), I_n = Σ_s ∫ G_s vⁿ/D_s dv:

    axial modes                 (1 - I0)(1 + I2) + I1² = 0
    modes that break the axis   1 + ½ (I0 - I2) = 0

The integrals as written hold for growing modes, Im ω > 0; their conjugates solve the same relation and decay. What damps
by phase mixing alone (Landau damping) is no root of it on this sheet. Roots are counted by the argument principle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kiral.errors import ConfigError
from kiral.flavor.angular import AngularDistribution
from kiral.flavor.contour import Rectangle, roots

Branch = Literal["axial", "breaking"]


@dataclass(frozen=True, eq=False)
class Continuum:
    """Species (and energies) with continuous angles; `detuning` δ of each as in `kiral.flavor.linear`, 0 where not given."""

    species: tuple[AngularDistribution, ...]
    detuning: tuple[complex, ...] = ()

    def __post_init__(self) -> None:
        if not self.species or (self.detuning and len(self.detuning) != len(self.species)):
            raise ConfigError(f"detuning: {len(self.detuning)} values for {len(self.species)} distributions; give one for each")
        if any(complex(d).imag > 0 for d in self.detuning):
            raise ConfigError("detuning: its imaginary part is minus the damping; allowed: at most 0")

    @classmethod
    def of(cls, given: Continuum | AngularDistribution) -> Continuum:
        """One distribution of lepton number, or itself."""
        return given if isinstance(given, Continuum) else cls((given,))

    @cached_property
    def moments(self) -> NDArray[np.float64]:
        """Σ_s ∫ G_s vⁿ dv, n = 0 … 3."""
        return np.sum([s.moments for s in self.species], axis=0)

    @cached_property
    def scale(self) -> float:
        """Σ_s ∫ |G_s| dv, in which growth rates are small or large."""
        return sum(s.magnitude for s in self.species)

    @cached_property
    def shifts(self) -> NDArray[np.complex128]:
        """δ_s."""
        return np.array(self.detuning or (0.0,) * len(self.species), dtype=complex)

    def integrals(self, omega: Any, k: Any) -> tuple[NDArray, NDArray]:
        """I_n and M_n = -∂I_n/∂ω, (4, *S) each; ∂I_n/∂k = M_n+1."""
        pole, wave = np.asarray(omega) + self.moments[0], np.asarray(k) + self.moments[1]
        parts = [s.integrals(pole - d, wave) for s, d in zip(self.species, self.shifts, strict=True)]
        first, second = parts[0]
        for other, square in parts[1:]:
            first, second = first + other, second + square
        return first, second

    def determinant(self, omega: Any, k: Any, branch: Branch = "axial") -> NDArray[np.complex128]:
        """The left-hand side of the dispersion relation; 1 for |ω| → ∞."""
        return _determinant(self.integrals(omega, k)[0], branch)

    def group_velocity(self, omega: complex, k: float, branch: Branch = "axial") -> complex:
        """dω/dk of a mode."""
        i, m = self.integrals(omega, k)
        along_omega, along_k = -m[:3], m[1:4]
        if branch == "breaking":
            return complex(-(along_k[0] - along_k[2]) / (along_omega[0] - along_omega[2]))
        gradient = np.array([-(1 + i[2]), 2 * i[1], 1 - i[0]])
        return complex(-(gradient @ along_k) / (gradient @ along_omega))


def unstable_modes(
    given: Continuum | AngularDistribution,
    k: float,
    *,
    branch: Branch = "axial",
    smallest: float = 1e-7,
    guesses: Sequence[complex] = (),
) -> list[complex]:
    """All growing frequencies ω at a real wave number k with Im ω > smallest · ∫|G|, the fastest first; √2 G_F = 1.

    Counted by the argument principle on a region that holds all of them: the coupling's norm, 2 ∫|G| dv, bounds how far ω
    lies from the beams' own frequencies. `guesses` (from a neighbouring k) save the search where they suffice.
    """
    found = Continuum.of(given)
    g0, g1 = found.moments[:2]
    reach = 2.1 * found.scale
    centre = found.shifts.real - g0
    low = complex(centre.min() - abs(k + g1) - reach, smallest * found.scale)
    high = complex(centre.max() + abs(k + g1) + reach, reach)

    def f(omega: NDArray) -> NDArray:
        return found.determinant(omega, k, branch)

    cuts = np.unique(centre)[:, None] + abs(k + g1) * np.array([-1.0, 0.0, 1.0])
    return roots(f, Rectangle(low, high), tuple(guesses), cuts.ravel())


def spatial_modes(
    given: Continuum | AngularDistribution, omega: float, *, branch: Branch = "axial", smallest: float = 1e-7
) -> list[complex]:
    """All complex wave numbers k with Im k > smallest · ∫|G| at a real frequency ω; their conjugates are the others.

    Without damping, which would move the cut off the real axis. |k + G1| is searched up to 40 times the largest |G|.
    ConfigError: a damped species, or a species that is at rest with ω (ω + G0 - δ = 0), whose integrals diverge at v = 0.
    """
    found = Continuum.of(given)
    if found.shifts.imag.any():
        raise ConfigError("detuning: damped; the branches in space are found for undamped species only")
    if np.any(np.abs(omega + found.moments[0] - found.shifts) < 1e-12 * found.scale):
        raise ConfigError(f"omega: {omega:g} given, where beams across the axis resonate; give another frequency")
    reach = 40 * sum(np.abs(s.coefficients).sum(axis=1).max() for s in found.species)
    g1 = found.moments[1]

    def f(k: NDArray) -> NDArray:
        return found.determinant(omega, k, branch)

    resonances = np.abs(omega + found.moments[0] - np.unique(found.shifts.real))[:, None]  # there the cut |Ω| < |K| begins
    knots = resonances * np.exp2(np.arange(1 + max(0.0, np.log2(reach / resonances.min()))))
    box = Rectangle(complex(-g1 - reach, smallest * found.scale), complex(-g1 + 1.01 * reach, reach))
    return roots(f, box, (), -g1 + np.concatenate([-knots.ravel(), knots.ravel()]))


def _determinant(i: NDArray, branch: Branch) -> NDArray[np.complex128]:
    return 1 + 0.5 * (i[0] - i[2]) if branch == "breaking" else (1 - i[0]) * (1 + i[2]) + i[1] ** 2

