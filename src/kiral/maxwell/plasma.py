"""A uniform chiral plasma at rest, and the numbers that follow from it. Gaussian, ħ = 1, any c; nothing here imports jax.

G16 = Gorbar et al. 2016 (arXiv:1603.03442). Coefficients are those of the relaxation-time approximation
(`kiral.kinetic.equilibrium`); a chirality l = ±1 has mu_l = mu + l mu5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kiral.kinetic import equilibrium

CHIRALITIES = (1, -1)


@dataclass(frozen=True)
class Plasma:
    """temperature, mu, mu5 [energy], tau [time], charge e of the particles [(energy length)^½], c [length/time]."""

    temperature: float = 1.0
    tau: float = 1.0
    charge: float = 1.0
    c: float = 1.0
    mu: float = 0.0
    mu5: float = 0.0

    def potential(self, chirality: int) -> float:
        """mu_l [energy]."""
        return self.mu + chirality * self.mu5

    def density(self, chirality: int) -> float:
        """n_l [1/length³]."""
        return float(equilibrium.density(self.temperature, self.potential(chirality), self.c))

    def susceptibility(self, chirality: int) -> float:
        """chi_l = dn_l/dmu_l [1/(energy length³)]."""
        return float(equilibrium.susceptibility(self.temperature, self.potential(chirality), self.c))

    def chirality_conductivity(self, chirality: int) -> float:
        """sigma_l [1/time]: e J_l = sigma_l E."""
        return float(
            equilibrium.chirality_conductivity(self.temperature, self.potential(chirality), self.tau, self.charge, self.c)
        )

    @property
    def chi(self) -> float:
        """dn/dmu of both chiralities [1/(energy length³)]."""
        return sum(map(self.susceptibility, CHIRALITIES))

    @property
    def sigma(self) -> float:
        """Electric conductivity [1/time], G16 (68)."""
        return sum(map(self.chirality_conductivity, CHIRALITIES))

    @property
    def ohmic_rate(self) -> float:
        """Γ = 4π sigma [1/time]: the electric field relaxes with it."""
        return 4 * math.pi * self.sigma

    @property
    def diffusion(self) -> float:
        """D = c² tau/3 [length²/time]."""
        return float(equilibrium.diffusion_constant(self.tau, self.c))

    @property
    def debye(self) -> float:
        """k_D = (4π e² chi)^½, inverse screening length [1/length]; Γ = D k_D²."""
        return math.sqrt(4 * math.pi * self.charge**2 * self.chi)

    @property
    def chiral_wavenumber(self) -> float:
        """k_mu = 2 e² mu5/(π c²) [1/length]: the chiral magnetic current is (c/4π) k_mu B, helical modes grow below |k_mu|."""
        return 2 * self.charge**2 * self.mu5 / (math.pi * self.c**2)

    @property
    def diffusivity(self) -> float:
        """eta = c²/(4π sigma) [length²/time] of the resistive limit."""
        return self.c**2 / self.ohmic_rate

    @property
    def permittivity(self) -> float:
        """1 - 4π sigma tau, that of the electric relaxation term: the second order fails where it is not positive."""
        return 1 - self.ohmic_rate * self.tau

    def wave_speed(self, magnetic_field: float) -> float:
        """v = e B/(2π² c chi) [length/time], of the chiral magnetic wave at E = 0; G16 (66) at mu = mu5 = 0."""
        return self.charge * magnetic_field / (2 * math.pi**2 * self.c * self.chi)


def critical_tau(temperature: float, charge: float, c: float = 1.0, mu: float = 0.0, mu5: float = 0.0) -> float:
    """Relaxation time beyond which 1 - 4π sigma tau < 0 [time].

    At mu = mu5 = 0 and c = 1: charge tau T = 3/(2√π) = 0.846284.
    """
    per_tau = Plasma(temperature, 1.0, charge, c, mu, mu5).ohmic_rate
    return 1 / math.sqrt(per_tau)


def ill_posed_wavenumber(plasma: Plasma, *, drude: bool = False) -> float:
    """k* [1/length] beyond which the magnetization current makes waves of helicity h mu5 < 0 grow without end; inf at mu5 = 0.

    With Ohm's law k* = 3 sigma/(c kappa tau), kappa = e² |mu5|/(2π² c), whatever the permittivity. With a Drude current the
    conductivity falls as 1/(1 + (c k tau)²) and k* is lower: the positive root of g (1 + tau Γ - tau g + tau² W) = Γ with
    g = c² k |k_mu| tau/3, W = c² k (k + |k_mu|), which is Routh's condition for the cubic of `cpi_polynomial`.
    """
    g = plasma.c**2 * abs(plasma.chiral_wavenumber) * plasma.tau / 3
    gamma, tau = plasma.ohmic_rate, plasma.tau
    if g == 0:
        return math.inf
    if not drude:
        return gamma / g
    k_mu = abs(plasma.chiral_wavenumber)
    square = tau**2 * plasma.c**2 * k_mu - tau * g
    roots = np.roots([g * tau**2 * plasma.c**2, g * square, g * (1 + tau * gamma), -gamma])
    return float(min(r.real for r in roots if abs(r.imag) < 1e-9 * abs(r) and r.real > 0))
