"""The case file of chiral magnetohydrodynamics, `kind = "chiral_mhd"`: the sections [model], [geometry] and [initial].

Code units of Gurgenidze et al. (2025), "G25": lengths in l*, times in t*, energies in E*, c = 1, Heaviside-Lorentz.
Nothing here imports jax.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from kiral.config.base import Count, Integer, IntegerTriple, NonNegative, Number, Positive, PositiveTriple, Section
from kiral.config.table import TableConfig

RUN_A_SPACING = 2 * math.pi / (500 * 256)
"""Grid spacing of run A of G25 [l*]: the one at which its white noise has the given amplitude per point."""

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


def _number_or_table(value: Any) -> str:
    return "table" if isinstance(value, dict | TableConfig) else "number"


NumberOrTable = Annotated[
    Annotated[Number, Tag("number")] | Annotated[TableConfig, Tag("table")], Discriminator(_number_or_table)
]


class ChiralMHD(Section):
    """Coefficients and choices of the equations, G25 Eq. (7)."""

    kind: Literal["chiral_mhd"]
    magnetic_diffusivity: NonNegative = Field(description="eta [l*^2/t*]")
    viscosity: NonNegative = Field(description="kinematic viscosity nu [l*^2/t*]")
    chiral_diffusivity: NonNegative = Field(description="diffusivity D5 of mu5 [l*^2/t*]")
    chiral_feedback: NonNegative = Field(description="feedback lambda of the field on mu5; 0: none [l*/E*]")
    flipping_rate: NonNegative = Field(default=0.0, description="washout Gamma5 of mu5 by chirality flips [1/t*]")
    form: Literal["brandenburg1996"] = Field(
        default="brandenburg1996", description="form of the relativistic fluid's equations"
    )
    heating: Literal["paper", "consistent", "none"] = Field(
        default="paper",
        description="heat in the fluid: paper: eta J^2; consistent: eta |J - mu5 B|^2, which conserves energy; none",
    )
    flow: Literal["relativistic", "none"] = Field(
        default="relativistic", description="fluid with p = rho/3, or no motion at all"
    )
    xi: NumberOrTable = Field(
        default=0.0, description="external chiral conductivity, added to mu5 in the current; number or table [1/l*]"
    )
    source: Source = Field(default=NoSource(), description="source S5(t) of chirality [1/(l* t*)]")

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
        found = {"model.xi": self.xi} if isinstance(self.xi, TableConfig) else {}
        return found | ({"model.source.table": self.source.table} if isinstance(self.source, TableSource) else {})


class BoxSection(Section):
    """A periodic box; a direction with one point is ignorable (2-D, 1-D)."""

    exclusive: ClassVar[tuple[str, ...]] = ("k_min", "length")
    kind: Literal["box"] = "box"
    n: IntegerTriple = Field(description="grid points: one number or [nx, ny, nz]; 1 makes a direction ignorable")
    k_min: PositiveTriple | None = Field(
        default=None, description="smallest wave number, 2 pi/length; one or three [1/l*]"
    )
    length: PositiveTriple | None = Field(default=None, description="side length; one or three [l*]")

    @field_validator("n")
    @classmethod
    def _enough_points(cls, n: tuple[int, int, int]) -> tuple[int, int, int]:
        if any(value < 4 and value != 1 for value in n) or max(n) == 1:
            raise ValueError(f"each must be at least 4, or 1 for an ignorable direction (not all three); got {list(n)}")
        return n

    @property
    def lengths(self) -> tuple[float, float, float]:
        """Side lengths [l*]."""
        if self.length is not None:
            return self.length
        kx, ky, kz = self.k_min or (1.0, 1.0, 1.0)
        return (2 * math.pi / kx, 2 * math.pi / ky, 2 * math.pi / kz)

    @property
    def wave_numbers_min(self) -> tuple[float, float, float]:
        """Smallest wave numbers [1/l*]."""
        lx, ly, lz = self.lengths
        return self.k_min or (2 * math.pi / lx, 2 * math.pi / ly, 2 * math.pi / lz)


class _Initial(Section):
    mu5: Number = Field(
        default=0.0, description="initial uniform mu5 (with a file: used where the file has none) [1/l*]"
    )


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


def check_mode_fits(initial: HelicalMode, box: BoxSection) -> str | None:
    """What is wrong with the mode in this box (beyond the sphere |k| <= k_max, or along an ignorable direction), or None."""
    units = box.wave_numbers_min
    numbers = [component * initial.wave_number for component in initial.direction]
    for axis, points, number in zip("xyz", box.n, numbers, strict=True):
        if points == 1 and number:
            return f"initial.direction points along {axis}, which has one grid point only"
    k = math.hypot(*(number * unit for number, unit in zip(numbers, units, strict=True)))
    k_max = min((points - 1) // 3 * unit for points, unit in zip(box.n, units, strict=True) if points > 1)
    if k > k_max * (1 + 1e-12):
        return (
            f"initial.wave_number: the mode {numbers} has |k| = {k:.6g}, beyond k_max = {k_max:.6g} of this grid "
            "(2/3 rule); take a smaller wave number or a larger geometry.n"
        )
    return None
