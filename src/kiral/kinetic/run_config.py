"""The case file of a run of chiral kinetic theory, `kind = "chiral_kinetic"`: the sections [model], [geometry], [initial].

Any consistent units with ħ = 1 and Gaussian fields, c and e as given: times in t*, lengths in l*, energies in E*. No jax here.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, field_validator

from kiral.config.base import Count, Integer, Number, NumberTriple, Positive, Section
from kiral.config.table import TableConfig

PARALLEL = 1e-12


class NaturalUnits(Section):
    """hbar = 1; everything else as the numbers of the case have it."""

    kind: Literal["natural"] = "natural"


class ChiralKineticModel(Section):
    """Massless fermions of both chiralities that relax to local equilibrium of a fixed temperature, in E and B."""

    kind: Literal["chiral_kinetic"]
    temperature: Positive = Field(default=1.0, description="temperature, a fixed bath [E*]")
    tau: Positive = Field(default=1.0, description="relaxation time [t*]")
    charge: Positive = Field(default=1.0, description="charge e of the particles, Gaussian [(E* l*)^1/2]")
    c: Positive = Field(default=1.0, description="speed of light [l*/t*]")
    electric_field: NumberTriple = Field(default=(0.0, 0.0, 0.0), description="prescribed E, uniform [(E*/l*^3)^1/2]")
    electric_profile: TableConfig | None = Field(default=None, description="table in time that multiplies electric_field [1]")
    magnetic_field: NumberTriple = Field(default=(0.0, 0.0, 0.0), description="B, uniform [(E*/l*^3)^1/2]")
    magnetic_profile: TableConfig | None = Field(default=None, description="table in time that multiplies magnetic_field [1]")
    ampere: Literal["none", "full", "without_mean"] = Field(
        default="none",
        description="whether E along the axis also follows the plasma, dE/dt = -4 pi e j: none, full: all of j, "
        "without_mean: j without its mean over the box, as if a return current cancelled it",
    )

    def tables(self) -> dict[str, TableConfig]:
        """Tables in time, by dotted key."""
        given = {f"model.{name}": getattr(self, name) for name in ("electric_profile", "magnetic_profile")}
        return {key: table for key, table in given.items() if table is not None}

    @property
    def axis(self) -> np.ndarray:
        """Unit vector (3,) of the harmonics' axis in a homogeneous plasma: E, else B, else z."""
        for given in (self.electric_field, self.magnetic_field):
            if any(given):
                return np.asarray(given) / np.linalg.norm(given)
        return np.array([0.0, 0.0, 1.0])


def as_points(value: Any) -> Any:
    """A number of points, or a list with it."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


class KineticGrid(Section):
    """Points along z, periodic, and the grid of momenta."""

    n: Annotated[tuple[Integer], BeforeValidator(as_points)] = Field(
        default=(1,), description="points along z: even and at least 4, or 1 for a homogeneous plasma"
    )
    length: Positive = Field(default=1.0, description="length of the box; z from -length/2 to length/2 [l*]")
    elements: Count = Field(default=12, description="elements in |p|, of growing size")
    nodes: Annotated[Count, Field(ge=2)] = Field(default=8, description="Gauss nodes in each")
    l_max: Count | None = Field(
        default=None, description="highest spherical harmonic; by default 11 where E and B have one axis, else 5"
    )
    first_element: Positive | None = Field(
        default=None, description="first element; by default a fifth of c e E tau/T within 1e-5 and 0.5 [T/c]"
    )

    @field_validator("n")
    @classmethod
    def _enough_points(cls, n: tuple[int]) -> tuple[int]:
        if n[0] != 1 and (n[0] < 4 or n[0] % 2):
            raise ValueError(f"must be even and at least 4, or 1 for a homogeneous plasma; got {n[0]}")
        return n


class Pulse(Section):
    """amplitude exp(-(z - centre)^2 / 2 width^2)."""

    amplitude: Number = Field(description="height [E*]")
    width: Positive = Field(description="standard deviation [l*]")
    centre: Number = Field(default=0.0, description="place [l*]")


Wave = tuple[Integer, Number, Number]
WAVES = "list of [n, a, b]: a cos(2 pi n z/length) + b sin(2 pi n z/length)"


class LocalEquilibrium(Section):
    """Fermi functions of mu(z) + mu5(z) and mu(z) - mu5(z)."""

    kind: Literal["equilibrium"] = "equilibrium"
    mu: Number = Field(default=0.0, description="chemical potential [E*]")
    mu5: Number = Field(default=0.0, description="axial one: right-handed have mu + mu5, left-handed mu - mu5 [E*]")
    mu_waves: tuple[Wave, ...] = Field(default=(), description=f"added to mu, {WAVES} [E*]")
    mu5_waves: tuple[Wave, ...] = Field(default=(), description=f"added to mu5, {WAVES} [E*]")
    mu_pulse: Pulse | None = Field(default=None, description="added to mu")
    mu5_pulse: Pulse | None = Field(default=None, description="added to mu5")

    @property
    def uniform(self) -> bool:
        """Whether nothing depends on z."""
        return not (self.mu_waves or self.mu5_waves or self.mu_pulse or self.mu5_pulse)

    @property
    def mode(self) -> int:
        """Number of the first wave that is seeded; 1 where none is."""
        return next((abs(n) for n, *_ in (*self.mu5_waves, *self.mu_waves) if n), 1)

    def potentials(self, z: np.ndarray, length: float) -> np.ndarray:
        """mu_λ (2, z), right then left."""
        mu, mu5 = (self._profile(name, z, length) for name in ("mu", "mu5"))
        return np.array([mu + mu5, mu - mu5])

    def _profile(self, name: str, z: np.ndarray, length: float) -> np.ndarray:
        values = np.full(z.shape, getattr(self, name))
        for n, a, b in getattr(self, f"{name}_waves"):
            values = values + a * np.cos(2 * np.pi * n * z / length) + b * np.sin(2 * np.pi * n * z / length)
        pulse: Pulse | None = getattr(self, f"{name}_pulse")
        if pulse is None:
            return values
        away = (z - pulse.centre + length / 2) % length - length / 2
        return values + pulse.amplitude * np.exp(-((away / pulse.width) ** 2) / 2)


def across(vector: Any, axis: np.ndarray) -> bool:
    """Whether a vector has a component across an axis."""
    return bool(np.linalg.norm(np.cross(vector, axis)) > PARALLEL * np.linalg.norm(vector))


def one_axis(model: ChiralKineticModel) -> bool:
    """Whether E and B share their axis, so that f is symmetric about it."""
    return not across(model.magnetic_field, model.axis)


def check_sections(model: ChiralKineticModel, geometry: KineticGrid, initial: LocalEquilibrium) -> str | None:
    """What is wrong with the sections together, or None."""
    points, z = geometry.n[0], np.array([0.0, 0.0, 1.0])
    if points == 1 and not initial.uniform:
        return "initial: waves and pulses need geometry.n of at least 4 points; got n = 1"
    if points > 1 and across(model.electric_field, z):
        given = list(model.electric_field)
        return f"model.electric_field: must be along z where the plasma varies along z, [0, 0, E]; got {given}"
    axis = z if points > 1 else model.axis
    if model.ampere != "none" and across(model.magnetic_field, axis):
        return (
            f"model.ampere: only the field along the axis is followed, so magnetic_field must be parallel to {axis.tolist()}; "
            f'got {list(model.magnetic_field)}; turn it, or set ampere = "none"'
        )
    if points == 1 and model.ampere == "without_mean":
        return 'model.ampere: a homogeneous plasma has no current but its mean; set ampere = "full" or "none"'
    largest = max((abs(n) for n, *_ in (*initial.mu_waves, *initial.mu5_waves)), default=0)
    if 2 * largest >= points > 1:
        return f"initial: wave number {largest} needs more than {2 * largest} points; geometry.n gives {points}"
    if geometry.first_element is not None and geometry.first_element >= 45:
        return f"geometry.first_element: must be below 45, the largest momentum; got {geometry.first_element:g}"
    return None


def largest(field: Any, table: TableConfig | None, directory: Any) -> float:
    """Largest |field| in time."""
    factor = 1.0 if table is None else float(np.abs(table.load(directory)[1]).max())
    return math.sqrt(sum(component**2 for component in field)) * factor
