"""The case file of electron magnetohydrodynamics in a shell, `kind = "shell_emhd"`: [model], [geometry], [initial].

Unit-free: the outer radius is 1; diffusivity, Hall coefficient and fields in any consistent units. Nothing here imports jax.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from kiral.config.base import Count, NonNegative, Number, Positive, Section

FEWEST = 2
"""Fewest elements along the radius."""


class ShellUnits(Section):
    """Lengths in the outer radius; time and field as the coefficients have them."""

    kind: Literal["shell"] = "shell"


class RadialTable(Section):
    """Values at radii, `{ r = [...], value = [...] }`; between them a curve without new extrema (PCHIP)."""

    r: tuple[Number, ...] = Field(description="radii, increasing, from the inner one to 1")
    value: tuple[Number, ...] = Field(description="values there")

    @model_validator(mode="after")
    def _rows(self) -> RadialTable:
        if len(self.r) != len(self.value) or len(self.r) < 2 or any(b <= a for a, b in pairwise(self.r)):
            raise ValueError(f"r must increase, value be as long, 2 rows or more; got {len(self.r)} and {len(self.value)}")
        return self


def _number_or_table(value: Any) -> str:
    return "table" if isinstance(value, dict | RadialTable) else "number"


Profile = Annotated[Annotated[Number, Tag("number")] | Annotated[RadialTable, Tag("table")], Discriminator(_number_or_table)]


class Filter(Section):
    """Damps degree l at rate (l/l_max)^power; what it takes is in the energy's budget."""

    rate: Positive = Field(description="damping rate of the fields of degree l_max [1/t* or 1/yr]")
    power: Positive = Field(default=8.0, description="power of l/l_max")

    def damping(self, l_max: int) -> list[float]:
        """Rates of l = 0..l_max."""
        return [self.rate * (l / l_max) ** self.power for l in range(l_max + 1)]


class ShellModel(Section):
    """Ohm's law, Hall drift and the chiral current: E = eta (curl B - k5 B) + hall_coefficient (curl B) x B."""

    kind: Literal["shell_emhd"]
    magnetic_diffusivity: NonNegative = Field(default=1.0, description="eta [R^2/t*]")
    hall: bool = Field(default=True, description="Hall drift")
    hall_coefficient: Number = Field(default=1.0, description="c/(4 pi e n_e) [R^2/(t* B)]")
    chiral: bool = Field(default=False, description="the chiral current")
    k5: Profile = Field(default=0.0, description="chiral wave number: a number, or a table in r [1/R]")
    feedback: bool = Field(default=False, description="k5 = (k5 + b B.curl B)/(1 + b B^2): what the anomaly takes back")
    feedback_coefficient: NonNegative = Field(default=1.0, description="b [1/B^2]")
    k5_max: Positive | None = Field(default=None, description="cap of the chiral wave number, both signs, after feedback [1/R]")
    n5_rate: Positive | None = Field(
        default=None, description="n5 with its own equation, relaxing at this rate; not given: quasi-steady, at once [1/t*]"
    )
    filter: Filter | None = Field(default=None, description="damping of high degrees; none where not given")

    @model_validator(mode="after")
    def _terms(self) -> ShellModel:
        if self.feedback and not self.chiral:
            raise ValueError("feedback = true needs chiral = true: it changes the chiral current")
        if self.n5_rate is not None and not self.feedback:
            raise ValueError("n5_rate is given, but feedback = false: n5 reacts through the anomaly; set feedback = true")
        if not self.chiral and self.k5 != 0.0:
            raise ValueError("k5 is given, but chiral = false; set chiral = true, or remove k5")
        return self


class ShellGrid(Section):
    """Degrees and orders of the harmonics, points along the radius."""

    inner: Annotated[Positive, Field(lt=1)] = Field(default=0.5, description="radius of the perfect conductor inside [R]")
    n_r: Annotated[Count, Field(ge=4)] = Field(default=64, description="intervals between points along the radius")
    order: Annotated[Count, Field(ge=2, le=16)] = Field(
        default=4, description="degree of the polynomials of an element; high orders have points closer together: shorter steps"
    )
    l_max: Annotated[Count, Field(le=256)] = Field(description="largest degree")
    m_max: Annotated[int, Field(strict=True, ge=0)] = Field(default=0, description="largest order; 0: axisymmetric")

    @model_validator(mode="after")
    def _fits(self) -> ShellGrid:
        if self.n_r % self.order or self.n_r < FEWEST * self.order:
            near = max(FEWEST, round(self.n_r / self.order)) * self.order
            raise ValueError(f"n_r must be a multiple of order = {self.order}, {FEWEST} times it or more; try {near}")
        if self.m_max > self.l_max:
            raise ValueError(f"m_max must be at most l_max = {self.l_max}; got {self.m_max}")
        return self


class ShellDecayMode(Section):
    """The slowest Ohmic decay mode of one harmonic, of uniform diffusivity."""

    kind: Literal["decay_mode"] = "decay_mode"
    b_mean: Positive = Field(default=1.0, description="root mean square field in the shell [B]")
    degree: Count = Field(default=1, description="l")
    order: Annotated[int, Field(strict=True, ge=0)] = Field(default=0, description="m")
    part: Literal["poloidal", "toroidal"] = Field(default="poloidal", description="poloidal or toroidal")
    noise: NonNegative = Field(default=0.0, description="root mean square of a random field that is added, over b_mean [1]")
    noise_degree: Count = Field(default=4, description="largest degree of that field")


class TiltedDipole(Section):
    """The slowest poloidal mode of degree 1 about an axis in the plane phi = 0."""

    kind: Literal["dipole"]
    b_mean: Positive = Field(default=1.0, description="root mean square field in the shell [B]")
    tilt: Number = Field(default=0.0, description="angle from the grid's axis [degrees]")


class RandomField(Section):
    """Slowest poloidal and toroidal modes of all harmonics up to a degree, random amplitudes, equal mean squares per degree."""

    kind: Literal["random"]
    b_mean: Positive = Field(default=1.0, description="root mean square field in the shell [B]")
    degree: Count = Field(default=4, description="largest degree")


Initial = Annotated[ShellDecayMode | TiltedDipole | RandomField, Field(discriminator="kind")]


def check_sections(model: ShellModel, geometry: ShellGrid, initial: Any) -> str | None:
    """What does not fit, or None."""
    table = model.k5
    if isinstance(table, RadialTable) and (table.r[0] > geometry.inner or table.r[-1] < 1.0):
        return f"model.k5: the table must reach from r = {geometry.inner:g} to 1; it has {table.r[0]:g} to {table.r[-1]:g}"
    return check_initial(geometry, initial)


def check_initial(geometry: Any, initial: Any) -> str | None:
    """What of the initial field the grid has no harmonics for, or None."""
    if not isinstance(initial, TiltedDipole) and initial.degree > geometry.l_max:
        return f"initial.degree must be at most geometry.l_max = {geometry.l_max}; got {initial.degree}"
    if isinstance(initial, ShellDecayMode) and initial.order > min(initial.degree, geometry.m_max):
        return f"initial.order must be at most degree and geometry.m_max = {geometry.m_max}; got {initial.order}"
    if isinstance(initial, ShellDecayMode) and initial.noise > 0 and initial.noise_degree > geometry.l_max:
        return f"initial.noise_degree must be at most geometry.l_max = {geometry.l_max}; got {initial.noise_degree}"
    if isinstance(initial, TiltedDipole) and initial.tilt % 180 and geometry.m_max == 0:
        return f"initial.tilt = {initial.tilt:g} needs geometry.m_max of 1 or more; got 0"
    return None
