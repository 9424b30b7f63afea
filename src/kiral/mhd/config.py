"""The case file of chiral magnetohydrodynamics, `kind = "chiral_mhd"`: the sections [model], [geometry] and [initial].

Code units of Gurgenidze et al. (2025), "G25": lengths in l*, times in t*, energies in E*, c = 1, Heaviside-Lorentz.
Nothing here imports jax.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from kiral.config.base import (
    Count,
    Integer,
    NonNegative,
    Number,
    NumberTriple,
    Positive,
    Section,
    number_or_kind,
)
from kiral.config.box import PeriodicBox
from kiral.config.table import TableConfig, number_or_table

RUN_A_SPACING = 2 * math.pi / (500 * 256)
"""Grid spacing of run A of G25 [l*]: the one at which its white noise has the given amplitude per point."""

FLOAT32_TOLERANCE = 1e-6
"""Smallest relative error per step that the control may ask of float32 fields, which round by 6e-8 several times a step."""

AMPLITUDE = "strength of the source; of a decaying one at t = t_phi [1/(l* t*)]"


class NoSource(Section):
    """No source of chirality."""

    kind: Literal["none"] = "none"


class ConstantSource(Section):
    """S5(t) = amplitude."""

    kind: Literal["constant"]
    amplitude: Number = Field(description=AMPLITUDE)


class DecaySource(Section):
    """S5(t) = amplitude (t/t_phi) exp(-(t^2 - t_phi^2)/(2 t_phi^2)), G25 Eq. (9): decay of a heavy scalar."""

    kind: Literal["decay"]
    amplitude: Number = Field(description=AMPLITUDE)
    t_phi: Positive = Field(description="time of the decay [t*]")


class TableSource(Section):
    """S5(t) from a table in time."""

    kind: Literal["table"]
    table: TableConfig = Field(description="S5 in time [1/(l* t*)]")


Source = Annotated[NoSource | ConstantSource | DecaySource | TableSource, Field(discriminator="kind")]


NumberOrTable = Annotated[
    Annotated[Number, Tag("number")] | Annotated[TableConfig, Tag("table")], Discriminator(number_or_table)
]


class FieldInSpace(Section):
    """A field on the grid, times a number or a table in time: xi(t, x) = factor(t) shape(x)."""

    path: str = Field(description=".npz with one array (nx, ny, nz) on the run's grid [1/l*]; relative to the case")
    factor: NumberOrTable = Field(default=1.0, description="number or table in time that multiplies it [1]")


def _xi_kind(value: Any) -> str:
    if isinstance(value, FieldInSpace) or (isinstance(value, dict) and "path" in value):
        return "field"
    return number_or_table(value)


Conductivity = Annotated[
    Annotated[Number, Tag("number")] | Annotated[TableConfig, Tag("table")] | Annotated[FieldInSpace, Tag("field")],
    Discriminator(_xi_kind),
]
NonNegativeOrTable = Annotated[
    Annotated[NonNegative, Tag("number")] | Annotated[TableConfig, Tag("table")], Discriminator(number_or_table)
]


class Charge(Section):
    """The electric chemical potential mu, coupled to mu5 along B: chiral magnetic waves of frequency sqrt(C5 Cmu) k.B0."""

    separation: Number = Field(description="chiral separation effect C5: flux C5 mu B of mu5 [l*^5/2 t*^-1 E*^-1/2]")
    magnetic: Number = Field(description="chiral magnetic effect Cmu: flux Cmu mu5 B of mu [l*^5/2 t*^-1 E*^-1/2]")
    diffusivity: NonNegative = Field(description="diffusivity Dmu of mu [l*^2/t*]")


class Forcing(Section):
    """A random divergence-free force at one scale, keyed by the seed: smooth in time, the same on any grid."""

    kind: Literal["helical"] = "helical"
    amplitude: NonNegative = Field(description="rms of the force density [E*/l*^4]")
    wave_number: Positive = Field(description="centre of the shell of forced modes [1/l*]")
    width: Positive | None = Field(
        default=None, description="width of the shell; the box's smallest k where not given [1/l*]"
    )
    helicity: Annotated[Number, Field(ge=-1, le=1)] = Field(default=0.0, description="fractional helicity, -1 to 1")
    correlation_time: Positive | None = Field(
        default=None, description="time in which the force becomes another one; constant where not given [t*]"
    )


class ChiralMHD(Section):
    """Coefficients and choices of the equations, G25 Eq. (7)."""

    kind: Literal["chiral_mhd"]
    magnetic_diffusivity: NonNegativeOrTable = Field(description="eta; number or table in time [l*^2/t*]")
    viscosity: NonNegative = Field(description="kinematic viscosity nu [l*^2/t*]")
    chiral_diffusivity: NonNegative = Field(description="diffusivity D5 of mu5 [l*^2/t*]")
    chiral_feedback: NonNegative = Field(description="feedback lambda of the field on mu5; 0: none [l*/E*]")
    flipping_rate: NonNegativeOrTable = Field(
        default=0.0, description="washout Gamma5 of mu5 by chirality flips; number or table in time [1/t*]"
    )
    form: Literal["brandenburg1996", "roperpol2025"] = Field(
        default="brandenburg1996",
        description="relativistic fluid: brandenburg1996: conserves rho; roperpol2025: with its missing terms of order u^2",
    )
    heating: Literal["paper", "consistent", "none"] = Field(
        default="paper",
        description="heat in the relativistic fluid: paper: eta J^2; consistent: eta |J - mu5 B|^2, conserves energy; none",
    )
    flow: Literal["relativistic", "incompressible", "none"] = Field(
        default="relativistic", description="fluid with p = rho/3, incompressible fluid, or no motion at all"
    )
    enthalpy: Positive = Field(
        default=4 / 3, description="enthalpy density (inertia) of an incompressible fluid; 4/3: radiation of rho = 1 [E*/l*^3]"
    )
    background_field: NumberTriple = Field(
        default=(0.0, 0.0, 0.0), description="uniform field B0, three components [E*^1/2 l*^-3/2]"
    )
    xi: Conductivity = Field(
        default=0.0, description="external chiral conductivity, added to mu5 in the current; number, table or field [1/l*]"
    )
    source: Source = Field(default=NoSource(), description="source S5(t) of chirality [1/(l* t*)]")
    charge: Charge | None = Field(default=None, description="couples the electric chemical potential mu; none where not given")
    relaxation_time: Positive | None = Field(
        default=None, description="mean free time of the charges, for warnings alone; that of eta where not given [t*]"
    )
    forcing: Forcing | None = Field(default=None, description="stirs the fluid; none where not given")

    @model_validator(mode="after")
    def _force_needs_flow(self) -> ChiralMHD:
        if self.forcing is not None and self.flow == "none":
            raise ValueError('model.forcing needs a flow; set flow = "relativistic" or "incompressible", or remove the force')
        return self

    @model_validator(mode="after")
    def _form_of_relativistic_flow(self) -> ChiralMHD:
        if self.form != "brandenburg1996" and self.flow != "relativistic":
            advice = 'set flow = "relativistic", or leave form out'
            raise ValueError(f'form = "{self.form}" is of the relativistic fluid; {advice}')
        return self

    @field_validator("magnetic_diffusivity", "flipping_rate")
    @classmethod
    def _not_negative(cls, value: Any) -> Any:
        if isinstance(value, TableConfig) and value.value is not None and min(value.value) < 0:
            raise ValueError(f"every value of the table must be >= 0; got {min(value.value):g}")
        return value

    @model_validator(mode="after")
    def _consistent_heating(self) -> ChiralMHD:
        if self.heating == "consistent" and self.chiral_feedback == 0:
            raise ValueError(
                'heating = "consistent" needs chiral_feedback > 0 (the chiral energy is mu5^2 / (2 chiral_feedback)); '
                'give chiral_feedback, or set heating = "paper" or "none"'
            )
        return self

    def tables(self) -> dict[str, TableConfig]:
        """The tables in time, by dotted key."""
        names = ("xi", "magnetic_diffusivity", "flipping_rate")
        found = {f"model.{name}": getattr(self, name) for name in names if isinstance(getattr(self, name), TableConfig)}
        if isinstance(self.xi, FieldInSpace) and isinstance(self.xi.factor, TableConfig):
            found["model.xi.factor"] = self.xi.factor
        return found | ({"model.source.table": self.source.table} if isinstance(self.source, TableSource) else {})


def at_start(value: float | TableConfig, t_start: float) -> float | None:
    """A coefficient's value at the start, for estimates; None for a table in a file."""
    if isinstance(value, TableConfig):
        return None if value.t is None else float(np.interp(t_start, value.t, value.value))
    return value


def typical(value: float | RandomScalar | WaveScalar) -> float:
    """The size of an initial scalar: its uniform part, or where there is none the rms or amplitude of the rest."""
    if isinstance(value, RandomScalar):
        return value.mean or value.rms
    return value if isinstance(value, float) else value.mean or value.amplitude


class Coarsen(Section):
    """Go on with a coarser grid once the tails of the spectra are empty, and with a finer one when they fill again."""

    tail: Annotated[Positive, Field(le=1e-2)] = Field(
        default=1e-8, description="largest share of any field's power beyond 0.9 k_max of a coarser grid [1]"
    )
    n_min: Annotated[int, Field(strict=True, ge=6)] = Field(
        default=16, description="no grid has fewer points than this along its longest side"
    )
    every_steps: Count = Field(default=10, description="accepted steps between two looks at the spectra")


class BoxSection(PeriodicBox):
    """The box, and coarser grids."""

    coarsen: Coarsen | None = Field(default=None, description="coarser grids at late times; none where not given")


class RandomScalar(Section):
    """A uniform value plus a Gaussian random field with a broken power law around the peak."""

    kind: Literal["random"]
    mean: Number = Field(default=0.0, description="uniform part [1/l*]")
    rms: NonNegative = Field(description="root mean square of the random part [1/l*]")
    peak: Positive = Field(description="wave number of the spectrum's peak [1/l*]")
    slope_low: Number = Field(default=2.0, description="slope of the spectrum below the peak")
    slope_high: Number = Field(default=-2.0, description="slope of the spectrum above the peak")


class WaveScalar(Section):
    """A uniform value plus one cosine."""

    kind: Literal["wave"]
    mean: Number = Field(default=0.0, description="uniform part [1/l*]")
    amplitude: Number = Field(description="amplitude of the cosine [1/l*]")
    wave_number: Count = Field(default=1, description="wave number along `direction`, in units of the box's smallest")
    direction: tuple[Integer, Integer, Integer] = Field(default=(1, 0, 0), description="direction, three whole numbers")


Scalar = Annotated[
    Annotated[Number, Tag("number")] | Annotated[RandomScalar, Tag("random")] | Annotated[WaveScalar, Tag("wave")],
    Discriminator(number_or_kind),
]


class _Initial(Section):
    mu5: Scalar = Field(
        default=0.0, description="initial mu5: uniform, random or a wave (with a file: used where the file has none) [1/l*]"
    )
    mu: Scalar = Field(default=0.0, description="initial mu, likewise; only with model.charge [1/l*]")


class WhiteNoise(_Initial):
    """White noise in each component of A, G25 Eq. (34); the noise density is kept when the grid changes."""

    kind: Literal["white_noise"]
    amplitude: NonNegative = Field(
        default=1e-12, description="standard deviation of each component of A per point [E*^1/2 l*^-1/2]"
    )
    reference_spacing: Positive = Field(
        default=RUN_A_SPACING, description="grid spacing to which the amplitude refers [l*]"
    )


class HelicalMode(_Initial):
    """One circularly polarised (Beltrami) mode."""

    kind: Literal["helical_mode"]
    amplitude: NonNegative = Field(description="rms of B [E*^1/2 l*^-3/2]")
    wave_number: Count = Field(default=1, description="wave number along `direction`, in units of the box's smallest")
    direction: tuple[Integer, Integer, Integer] = Field(default=(1, 0, 0), description="direction, three whole numbers")
    helicity: Literal[1, -1] = Field(default=1, description="sign of the helicity: 1 or -1")

    @field_validator("helicity", mode="before")
    @classmethod
    def _no_boolean(cls, helicity: Any) -> Any:
        if isinstance(helicity, bool):  # equal to 1 in Python
            raise ValueError("allowed: 1, -1")
        return helicity

    @field_validator("direction")
    @classmethod
    def _not_zero(cls, direction: tuple[int, int, int]) -> tuple[int, int, int]:
        if not any(direction):
            raise ValueError("one of the three numbers must differ from 0")
        return direction


class Spectrum(_Initial):
    """A Gaussian random field with a broken power law E(k) ~ k^slope_low, k^slope_high around the peak."""

    kind: Literal["spectrum"]
    b_rms: NonNegative = Field(description="rms of B [E*^1/2 l*^-3/2]")
    peak: Positive = Field(description="wave number of the peak [1/l*]")
    helicity: Annotated[Number, Field(ge=-1, le=1)] = Field(default=0.0, description="fractional helicity, -1 to 1")
    slope_low: Number = Field(default=4.0, description="slope of E(k) below the peak")
    slope_high: Number = Field(default=-2.0, description="slope of E(k) above the peak")


class FieldFile(_Initial):
    """Fields from a file."""

    kind: Literal["file"]
    path: str = Field(
        description=".npz with A (3, nx, ny, nz), optionally u, lnrho, mu5, in code units; relative to the case"
    )


Initial = Annotated[WhiteNoise | HelicalMode | Spectrum | FieldFile, Field(discriminator="kind")]


def check_mode_fits(initial: HelicalMode | WaveScalar, box: BoxSection, key: str = "initial") -> str | None:
    """What is wrong with the mode in this box (beyond the sphere |k| <= k_max, or along an ignorable direction), or None."""
    if not any(initial.direction):
        return f"{key}.direction: one of the three numbers must differ from 0"
    units = box.wave_numbers_min
    numbers = [component * initial.wave_number for component in initial.direction]
    for axis, points, number in zip("xyz", box.n, numbers, strict=True):
        if points == 1 and number:
            return f"{key}.direction points along {axis}, which has one grid point only"
    k = math.hypot(*(number * unit for number, unit in zip(numbers, units, strict=True)))
    k_max = min((points - 1) // 3 * unit for points, unit in zip(box.n, units, strict=True) if points > 1)
    if k > k_max * (1 + 1e-12):
        return (
            f"{key}.wave_number: the mode {numbers} has |k| = {k:.6g}, beyond k_max = {k_max:.6g} of this grid "
            "(2/3 rule); take a smaller wave number or a larger geometry.n"
        )
    return None
