"""The case file of flavor kinetics, `kind` = flavor_beams, flavor_angles or flavor_sphere: [model], [geometry], [initial].

Natural units: c = 1, and rates in units of a chosen one, 1/t*, lengths in l* = c t*. With mu = 1 the unit is √2 G_F n of unit
density. Nothing here imports jax.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, field_validator, model_validator

from kiral.config.base import Count, Integer, NonNegative, Number, Positive, Section
from kiral.flavor.directions import Directions, axial_directions, beams, sphere_directions
from kiral.flavor.distributions import Quadrature, gaussian
from kiral.flavor.terms_config import DENSITIES, Collisions, Densities, Distributions, Energies, Vacuum, evaluated


def _as_velocity(value: Any) -> Any:
    return _three(value, (0.0, 0.0, value))


def _three(value: Any, otherwise: tuple) -> Any:
    """A list of three as it is; what else is given stands for `otherwise`."""
    if not isinstance(value, list | tuple):
        return otherwise
    if len(value) != 3:
        raise ValueError("must be one value or a list of three, [x, y, z]")
    return tuple(value)


Velocity = Annotated[tuple[Number, Number, Number], BeforeValidator(_as_velocity)]


class Model(Section):
    """What all sets of directions share."""

    mu: NonNegative = Field(default=1.0, description="interaction strength sqrt(2) G_F n of unit density [1/t*]")
    vacuum: Vacuum | None = Field(default=None, description="masses and mixing; none where not given")
    energies: Energies = Field(default=Energies(), description="bins of energy, for the vacuum term")
    matter: Number = Field(default=0.0, description="uniform matter term sqrt(2) G_F n_e [1/t*]")
    matter_file: str | None = Field(
        default=None, description=".npz with one array (nx, ny, nz), added to `matter`; relative to the case [1/t*]"
    )
    collisions: Collisions | None = Field(default=None, description="emission and absorption; none where not given")

    @model_validator(mode="after")
    def _same_flavors_everywhere(self) -> Model:
        parts = {"vacuum.angles": self.vacuum and (2 if len(self.vacuum.angles) == 1 else 3)}
        parts["collisions"] = self.collisions and len(self.collisions.nu)
        for name, count in parts.items():
            if count and count != self.flavors:
                raise ValueError(f"{name}: stands for {count} flavors, but the densities are given for {self.flavors}")
        return self

    @property
    def flavors(self) -> int:
        """2 or 3."""
        raise NotImplementedError

    def directions(self) -> Directions:
        """The directions and their weights."""
        raise NotImplementedError

    def densities(self) -> np.ndarray:
        """Densities by species (neutrinos, antineutrinos), direction and flavor, (2, D, N): per dv, or of each beam."""
        raise NotImplementedError


class Beam(Section):
    """A beam: its velocity and the densities of its flavors."""

    velocity: Velocity = Field(description="v_z, or [vx, vy, vz]; its length is 1 for light-like beams along the axes [c]")
    nu: Densities = Field(default=(0.0, 0.0), description=f"densities of neutrinos, {DENSITIES} [n*]")
    nubar: Densities = Field(default=(0.0, 0.0), description=f"densities of antineutrinos, {DENSITIES} [n*]")

    @field_validator("velocity")
    @classmethod
    def _not_faster_than_light(cls, velocity: tuple[float, float, float]) -> tuple[float, float, float]:
        if np.hypot(np.hypot(velocity[0], velocity[1]), velocity[2]) > 1 + 1e-12:
            raise ValueError("a velocity is at most 1, the speed of light")
        return velocity


class Beams(Model):
    """Discrete beams."""

    kind: Literal["flavor_beams"]
    beams: Annotated[tuple[Beam, ...], Field(min_length=1)] = Field(description="list of beams")

    @model_validator(mode="after")
    def _same_number_of_flavors(self) -> Beams:
        if any(any(n) and len(n) != self.flavors for beam in self.beams for n in (beam.nu, beam.nubar)):
            raise ValueError("beams: give every beam the same number of flavors, 2 or 3")
        return self

    @property
    def flavors(self) -> int:
        """2 or 3."""
        return max(len(n) for beam in self.beams for n in (beam.nu, beam.nubar))

    def directions(self) -> Directions:
        """The beams' velocities; axial where all are along z."""
        velocity = np.array([beam.velocity for beam in self.beams])
        return beams(velocity if np.any(velocity[:, :2]) else velocity[:, 2])

    def densities(self) -> np.ndarray:
        """(2, D, N)."""
        fill = [[(*n, 0.0)[: self.flavors] for n in (beam.nu, beam.nubar)] for beam in self.beams]
        return np.swapaxes(np.array(fill, float), 0, 1)


class Angles(Model):
    """Directions over v_z in [-1, 1], axially symmetric.

    Either electron neutrinos and antineutrinos only, Gaussians about v_z = 1 (sigma_nu, sigma_nubar, asymmetry), or any
    distributions (nu, nubar).
    """

    kind: Literal["flavor_angles"]
    n_angles: Count = Field(description="number of directions")
    quadrature: Quadrature = Field(default="gauss", description="rule over v_z: Gauss-Legendre, or the middle of equal cells")
    sigma_nu: Positive | None = Field(default=None, description="width of exp(-(v - 1)^2 / 2 sigma^2), neutrinos")
    sigma_nubar: Positive | None = Field(default=None, description="the same of the antineutrinos")
    asymmetry: NonNegative | None = Field(default=None, description="antineutrinos per neutrino")
    nu: Distributions = Field(default=(), description=f"distributions of neutrinos, {DENSITIES}")
    nubar: Distributions = Field(default=(), description=f"distributions of antineutrinos, {DENSITIES}")

    @model_validator(mode="after")
    def _one_way(self) -> Angles:
        short = [x is not None for x in (self.sigma_nu, self.sigma_nubar, self.asymmetry)]
        if any(short) == bool(self.nu or self.nubar) or any(short) != all(short):
            raise ValueError("give sigma_nu, sigma_nubar and asymmetry, or distributions nu and nubar")
        if any(d.axis[:2] != (0.0, 0.0) for d in (*self.nu, *self.nubar)):
            raise ValueError('axis: axial symmetry needs axes along z; take kind = "flavor_sphere" for others')
        return self

    @property
    def flavors(self) -> int:
        """2 or 3."""
        return max(2, len(self.nu), len(self.nubar))

    def directions(self) -> Directions:
        """Nodes of the quadrature."""
        return axial_directions(self.n_angles, self.quadrature)

    def densities(self) -> np.ndarray:
        """(2, D, N), per dv."""
        velocity = self.directions().velocity
        if self.sigma_nu is None or self.sigma_nubar is None or self.asymmetry is None:
            return _densities(self.nu, self.nubar, self.directions(), self.flavors)
        found = np.zeros((2, len(velocity), 2))
        found[0, :, 0] = gaussian(velocity[:, 2], self.sigma_nu)
        found[1, :, 0] = self.asymmetry * gaussian(velocity[:, 2], self.sigma_nubar)
        return found


class Sphere(Model):
    """Directions over the full sphere."""

    kind: Literal["flavor_sphere"]
    n_polar: Count = Field(description="number of v_z")
    n_azimuth: Count = Field(description="number of azimuths")
    quadrature: Quadrature = Field(default="gauss", description="rule over v_z: Gauss-Legendre, or the middle of equal cells")
    nu: Distributions = Field(default=(), description=f"distributions of neutrinos, {DENSITIES}")
    nubar: Distributions = Field(default=(), description=f"distributions of antineutrinos, {DENSITIES}")

    @property
    def flavors(self) -> int:
        """2 or 3."""
        return max(2, len(self.nu), len(self.nubar))

    def directions(self) -> Directions:
        """Nodes of the product rule."""
        return sphere_directions(self.n_polar, self.n_azimuth, self.quadrature)

    def densities(self) -> np.ndarray:
        """(2, D, N), per dv and dφ/2π."""
        return _densities(self.nu, self.nubar, self.directions(), self.flavors)


def _densities(nu: tuple, nubar: tuple, directions: Directions, flavors: int) -> np.ndarray:
    return np.stack([evaluated(given, directions.velocity, flavors) for given in (nu, nubar)])


def _as_box(value: Any) -> Any:
    return _three(value, (1, 1, value))


def _as_lengths(value: Any) -> Any:
    return _three(value, (value, value, value))


class Geometry(Section):
    """A periodic box, each side from -length/2 to length/2, or none: homogeneous."""

    kind: Literal["box"] = "box"
    n: Annotated[tuple[Integer, Integer, Integer], BeforeValidator(_as_box)] = Field(
        description="grid points: one number, along z, or [nx, ny, nz]; 1 makes a direction ignorable, all three: homogeneous"
    )
    length: Annotated[tuple[Positive, Positive, Positive], BeforeValidator(_as_lengths)] = Field(
        default=(1.0, 1.0, 1.0), description="side length; one or three [l*]"
    )

    @field_validator("n")
    @classmethod
    def _enough_points(cls, n: tuple[int, int, int]) -> tuple[int, int, int]:
        if any(value < 1 or (value != 1 and (value < 4 or value % 2)) for value in n):
            raise ValueError(f"each must be even and at least 4, or 1 for an ignorable direction; got {list(n)}")
        return n

    @property
    def axes(self) -> tuple[int, ...]:
        """Directions in which fields vary."""
        return tuple(i for i in range(3) if self.n[i] > 1)


class _Initial(Section):
    """What all perturbations share."""


class _Coherence(_Initial):
    """Coherence psi = Px + i Py, in units of density, the same for every direction, or in proportion to |Pz| of each."""

    relative: bool = Field(default=False, description="whether amplitudes are multiples of each direction's |Pz|")
    keep: Literal["pz", "length"] = Field(
        default="pz", description="what the perturbation leaves as it was: Pz exactly, or the length |P|"
    )


class Modes(_Coherence):
    """A sum of plane waves, psi = sum of amplitude exp(2 pi i n z / length)."""

    kind: Literal["modes"]
    modes: tuple[tuple[Integer, Number], ...] = Field(description="list of [n, amplitude]: mode number along z, and amplitude")


class Random(_Coherence):
    """Independent random Px and Py of every direction, with the same variance for each mode."""

    kind: Literal["random"]
    n_max: Count = Field(default=100, description="largest mode number")
    amplitude: NonNegative = Field(default=1e-4, description="standard deviation of the amplitude of every mode")


class GaussianSeed(_Initial):
    """A seed about one point, in proportion to each density: Re rho_ex/rho_ee = amplitude exp(-r^2/2 width^2)."""

    kind: Literal["gaussian"]
    amplitude: NonNegative = Field(description="ratio of coherence to density in the middle")
    width: Positive = Field(description="standard deviation of the Gaussian [l*]")
    centre: Number = Field(default=0.0, description="its place along z [l*]")


class FlavorStates(_Initial):
    """Flavor states without any coherence: what the vacuum term turns."""

    kind: Literal["flavor_states"] = "flavor_states"


class StateFile(_Initial):
    """Polarization vectors from a file."""

    kind: Literal["file"]
    path: str = Field(
        description=".npz with nu and/or nubar (directions, components, nx, ny, nz), relative to |Pz| = Tr rho = 1 of each "
        "direction's particles; 3 or 8 components (Pauli, Gell-Mann); relative to the case"
    )


Initial = Annotated[Modes | Random | GaussianSeed | FlavorStates | StateFile, Field(discriminator="kind")]


def check_seed(start: Initial, geometry: Geometry) -> str | None:
    """What is wrong with the perturbation in this box, or None."""
    if isinstance(start, Modes):
        if geometry.n[2] == 1 and any(number for number, _ in start.modes):
            return "initial.modes: the box has no extent along z; give geometry.n, or modes with n = 0 only"
        largest = max((abs(number) for number, _ in start.modes), default=0)
        if geometry.n[2] > 1 and 2 * largest >= geometry.n[2]:
            return f"initial.modes: mode {largest} needs more than {2 * largest} points; geometry.n gives {geometry.n[2]}"
    if isinstance(start, Random):
        fewest = min((geometry.n[i] for i in geometry.axes), default=None)
        if fewest is not None and 2 * start.n_max >= fewest:
            return f"initial.n_max: {start.n_max} modes need more than {2 * start.n_max} points; geometry.n gives {fewest}"
    return None
