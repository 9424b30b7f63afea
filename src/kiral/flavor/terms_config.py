"""Parts of the case file of flavor kinetics: vacuum term, energies, collisions, angular distributions, units. No jax here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from kiral import constants as const
from kiral.config.base import NonNegative, Number, NumberTriple, Positive, Section
from kiral.errors import ConfigError
from kiral.flavor import distributions
from kiral.flavor.closures import check_flux_factor

DENSITIES = "one per flavor, electron first"
Densities = Annotated[tuple[NonNegative, ...], Field(min_length=2, max_length=3)]


class NaturalUnits(Section):
    """c = 1, rates in units of a chosen one."""

    kind: Literal["natural"] = "natural"


class PhysicalUnits(Section):
    """Densities in `density`; t* = hbar/(sqrt(2) G_F density), so that mu = 1; energies in MeV, squared masses in eV^2."""

    kind: Literal["neutrinos"]
    density: Positive = Field(description="unit n* of the densities [cm^-3]")

    @property
    def energy_ev(self) -> float:
        """sqrt(2) G_F n* [eV]."""
        return math.sqrt(2) * const.FERMI_GEV_2 * 1e-18 * const.HBAR_C_EV_CM**3 * self.density

    @property
    def time_s(self) -> float:
        """t* [s]."""
        return const.HBAR_EV_S / self.energy_ev

    @property
    def length_cm(self) -> float:
        """l* = c t* [cm]."""
        return const.SPEED_OF_LIGHT_CM_S * self.time_s


FlavorUnits = Annotated[NaturalUnits | PhysicalUnits, Field(discriminator="kind")]


class Vacuum(Section):
    """The vacuum term U diag(m^2/2E) U^dagger with U = R23 U13(cp_phase) R12; antineutrinos see its complex conjugate."""

    exclusive: ClassVar[tuple[str, ...]] = ("levels", "mass_squared")
    levels: tuple[Number, ...] | None = Field(
        default=None, description="m^2/2E of every mass state at energy 1; [0, w] is normal, [w, 0] inverted order [1/t*]"
    )
    mass_squared: tuple[Number, ...] | None = Field(
        default=None, description='squared masses, differences count; needs units.kind = "neutrinos", energies in MeV [eV^2]'
    )
    angles: tuple[Number, ...] = Field(description="mixing angles: [theta], or [theta12, theta13, theta23] [rad]")
    cp_phase: Number = Field(default=0.0, description="CP phase, three flavors only [rad]")

    @model_validator(mode="after")
    def _sizes_agree(self) -> Vacuum:
        states = len(self.levels or self.mass_squared or ())
        if (states, len(self.angles)) not in ((2, 1), (3, 3)):
            given = f"got {states} and {len(self.angles)}"
            raise ValueError(f"two flavors take 2 mass states and 1 mixing angle, three flavors 3 and 3; {given}")
        return self

    def hamiltonian(self, units: NaturalUnits | PhysicalUnits) -> np.ndarray:
        """Hermitian (N, N) at energy 1 [1/t*]."""
        if self.levels is not None:
            levels = np.asarray(self.levels)
        elif isinstance(units, PhysicalUnits):
            levels = np.asarray(self.mass_squared) / (2e6 * units.energy_ev)
        else:
            raise ConfigError('model.vacuum.mass_squared needs [units] kind = "neutrinos"; give that, or levels in 1/t*')
        u = mixing_matrix(self.angles, self.cp_phase)
        return (u * levels) @ u.conj().T


def mixing_matrix(angles: Sequence[float], cp_phase: float = 0.0) -> np.ndarray:
    """U (N, N) with flavor = Σ U mass: one angle, or θ12, θ13, θ23 in the convention of the Particle Data Group."""
    c, s = np.cos(np.asarray(angles, float)), np.sin(np.asarray(angles, float))
    if len(c) == 1:
        return np.array([[c[0], s[0]], [-s[0], c[0]]])
    phase = np.exp(-1j * cp_phase)
    r12 = np.array([[c[0], s[0], 0], [-s[0], c[0], 0], [0, 0, 1]])
    u13 = np.array([[c[1], 0, s[1] * phase], [0, 1, 0], [-s[1] * np.conj(phase), 0, c[1]]])
    r23 = np.array([[1, 0, 0], [0, c[2], s[2]], [0, -s[2], c[2]]])
    return r23 @ u13 @ r12


class Energies(Section):
    """Bins of energy, for the vacuum term; every direction and flavor has the same spectrum."""

    values: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        default=(1.0,), description='energies, in units of that of vacuum.levels, or MeV with units.kind = "neutrinos" [E*]'
    )
    nu: tuple[NonNegative, ...] = Field(default=(1.0,), description="share of the neutrinos in every bin")
    nubar: tuple[NonNegative, ...] | None = Field(default=None, description="the same of the antineutrinos; as `nu` by default")

    @model_validator(mode="after")
    def _shares_of_every_bin(self) -> Energies:
        for name, shares in (("nu", self.nu), ("nubar", self.nubar or self.nu)):
            if len(shares) != len(self.values) or abs(sum(shares) - 1) > 1e-9:
                raise ValueError(f"{name}: {len(self.values)} shares that sum to 1 are needed; got {list(shares)}")
        return self

    @property
    def shares(self) -> np.ndarray:
        """(2, E), neutrinos and antineutrinos."""
        return np.array([self.nu, self.nubar or self.nu])


class Collisions(Section):
    """Emission and absorption, d rho/dt = {Gamma, rho_eq - rho} with Gamma = diag(kappa)/2: isotropic, the same everywhere."""

    nu: Densities = Field(description=f"rates kappa of neutrinos, {DENSITIES} [1/t*]")
    nubar: Densities = Field(description=f"rates kappa of antineutrinos, {DENSITIES} [1/t*]")
    equilibrium_nu: Densities = Field(description=f"equilibrium density of neutrinos, {DENSITIES}, per dv or beam [n*]")
    equilibrium_nubar: Densities = Field(description=f"the same of the antineutrinos, {DENSITIES} [n*]")

    @model_validator(mode="after")
    def _same_number_of_flavors(self) -> Collisions:
        if len({len(x) for x in (self.nu, self.nubar, self.equilibrium_nu, self.equilibrium_nubar)}) > 1:
            raise ValueError("give all four lists for the same number of flavors")
        return self


class _Distribution(Section):
    """An angular distribution about an axis."""

    density: NonNegative = Field(description="number of particles, the integral over all directions [n*]")
    axis: NumberTriple = Field(default=(0.0, 0.0, 1.0), description="direction of the flux; need not have length 1")

    @field_validator("axis")
    @classmethod
    def _not_zero(cls, axis: tuple[float, float, float]) -> tuple[float, float, float]:
        if not any(axis):
            raise ValueError("one of the three numbers must differ from 0")
        return axis

    def shape(self, v: np.ndarray) -> np.ndarray:
        """Per dv, integral 1."""
        raise NotImplementedError

    def at(self, velocity: np.ndarray) -> np.ndarray:
        """Values at unit vectors (D, 3)."""
        axis = np.asarray(self.axis)
        v = velocity @ (axis / np.linalg.norm(axis))
        return self.density * self.shape(np.clip(v, -1.0, 1.0))


class Isotropic(_Distribution):
    """The same in all directions."""

    kind: Literal["isotropic"]

    def shape(self, v: np.ndarray) -> np.ndarray:
        """1/2."""
        return np.full_like(v, 0.5)


class Gaussian(_Distribution):
    """exp(-(v - 1)^2/2 sigma^2)."""

    kind: Literal["gaussian"]
    sigma: Positive = Field(description="width")

    def shape(self, v: np.ndarray) -> np.ndarray:
        """Normalised on [-1, 1]."""
        return distributions.gaussian(v, self.sigma)


class _Flux(_Distribution):
    """A distribution given by its mean velocity."""

    flux_factor: Number = Field(description="mean velocity along the axis, -1 to 1 [c]")

    @field_validator("flux_factor")
    @classmethod
    def _possible(cls, flux_factor: float) -> float:
        return _checked(flux_factor)


class Exponential(_Flux):
    """exp(a + b v): maximum entropy of a dilute gas, from its mean velocity (Minerbo 1978)."""

    kind: Literal["exponential"]

    def shape(self, v: np.ndarray) -> np.ndarray:
        """Normalised on [-1, 1]."""
        return distributions.exponential(v, self.flux_factor)


class Levermore(_Flux):
    """(1 - beta v)^-4: isotropic in a moving frame (Levermore 1984)."""

    kind: Literal["levermore"]

    def shape(self, v: np.ndarray) -> np.ndarray:
        """Normalised on [-1, 1]."""
        return distributions.levermore(v, self.flux_factor)


class Fermi(_Distribution):
    """1/(exp(-(alpha + beta v)) + 1): maximum entropy of fermions, from mean velocity and mean occupation."""

    kind: Literal["fermi"]
    flux_factor: Number = Field(description="mean velocity along the axis, -1 to 1 [c]")
    mean_occupation: Positive = Field(description="mean over directions of the occupation number, below 1 - |flux_factor|")

    @model_validator(mode="after")
    def _possible(self) -> Fermi:
        if not self.mean_occupation < 1 - abs(self.flux_factor):
            raise ValueError(f"mean_occupation: must be below 1 - |flux_factor|; got {self.mean_occupation:g}")
        return self

    def shape(self, v: np.ndarray) -> np.ndarray:
        """Normalised on [-1, 1]."""
        return distributions.fermi(v, self.flux_factor, self.mean_occupation)


class TableOfAngles(_Distribution):
    """Any function of v as a table, linear between its points; scaled to `density`."""

    kind: Literal["table"]
    v: Annotated[tuple[Number, ...], Field(min_length=2)] = Field(description="cosines with the axis, increasing from -1 to 1")
    value: tuple[NonNegative, ...] = Field(description="relative values there")

    @model_validator(mode="after")
    def _covers_all(self) -> TableOfAngles:
        if len(self.v) != len(self.value) or self.v[0] != -1 or self.v[-1] != 1 or np.any(np.diff(self.v) <= 0):
            raise ValueError("v must increase from -1 to 1, with one value for each point")
        if self._integral() <= 0:
            raise ValueError("value: one of the values must be greater than 0")
        return self

    def _integral(self) -> float:
        return float(np.sum(np.diff(self.v) * (np.asarray(self.value)[1:] + np.asarray(self.value)[:-1]) / 2))

    def shape(self, v: np.ndarray) -> np.ndarray:
        """Normalised on [-1, 1]."""
        return distributions.table(v, self.v, self.value) / self._integral()


def _checked(flux_factor: float) -> float:
    try:
        check_flux_factor(flux_factor)
    except ConfigError as error:
        raise ValueError(str(error).partition(": ")[2] or str(error)) from None
    return flux_factor


Distribution = Annotated[
    Isotropic | Gaussian | Exponential | Levermore | Fermi | TableOfAngles, Field(discriminator="kind")
]
Distributions = Annotated[tuple[Distribution, ...], Field(max_length=3)]


def evaluated(given: tuple[Any, ...], velocity: np.ndarray, flavors: int) -> np.ndarray:
    """Densities per dv (D, N) of the distributions of one species, those not given 0."""
    found = np.zeros((len(velocity), flavors))
    for flavor, distribution in enumerate(given):
        found[:, flavor] = distribution.at(velocity)
    return found
