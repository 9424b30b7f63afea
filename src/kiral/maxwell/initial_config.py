"""The section [initial] of the anomalous Maxwell equations: what the fields and chemical potentials are at the start. No jax.

Every kind has a uniform mu and mu5 (or a random one), uniform fields, and what makes it a kind on top. The longitudinal E
follows from the charge, by Gauss's law; a mean charge is taken to be neutralised by a rigid background.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator

from kiral.config.base import Count, Integer, NonNegative, Number, NumberTriple, Positive, Section, number_or_kind
from kiral.maxwell.config import Box

ZERO = (0.0, 0.0, 0.0)


class RandomScalar(Section):
    """A uniform value plus a Gaussian random field, exp(-r^2/2 l^2) being its correlation over the distance r."""

    kind: Literal["random"]
    mean: Number = Field(default=0.0, description="uniform part [energy]")
    rms: NonNegative = Field(description="root mean square of the random part, which has no mean [energy]")
    correlation_length: Positive = Field(description="correlation length l [length]")


class WaveScalar(Section):
    """A uniform value plus one cosine."""

    kind: Literal["wave"]
    mean: Number = Field(default=0.0, description="uniform part [energy]")
    amplitude: Number = Field(description="amplitude of the cosine [energy]")
    mode: tuple[Integer, Integer, Integer] = Field(description="mode numbers, three whole numbers")


Scalar = Annotated[
    Annotated[Number, Tag("number")] | Annotated[RandomScalar, Tag("random")] | Annotated[WaveScalar, Tag("wave")],
    Discriminator(number_or_kind),
]


class Uniform(Section):
    """Uniform fields, and uniform or random chemical potentials."""

    kind: Literal["uniform"] = "uniform"
    mu5: Scalar = Field(default=0.0, description="axial chemical potential: a number, a random field or a wave [energy]")
    mu: Scalar = Field(default=0.0, description="chemical potential of the charge, likewise [energy]")
    background_field: NumberTriple = Field(default=ZERO, description="uniform magnetic field, which stays [energy/(length e)]")
    electric_field: NumberTriple = Field(default=ZERO, description="uniform electric field at the start [energy/(length e)]")

    def largest(self, name: str) -> float:
        """An upper estimate of |mu| or |mu5|."""
        value = getattr(self, name)
        if isinstance(value, RandomScalar):
            return abs(value.mean) + 4 * value.rms
        return abs(value) if isinstance(value, float) else abs(value.mean) + abs(value.amplitude)

    def mean(self, name: str) -> float:
        """The uniform part of mu or mu5."""
        value = getattr(self, name)
        return value if isinstance(value, float) else value.mean


def _mode(value: Any) -> Any:
    if isinstance(value, list | tuple):
        if len(value) != 3:
            raise ValueError("must be one whole number, or a list of three mode numbers")
        return tuple(value)
    return value


class HelicalMode(Uniform):
    """One circularly polarised (Beltrami) mode of B, curl B = helicity |k| B; along z (cos kz, -helicity sin kz, 0)."""

    kind: Literal["helical_mode"]
    mode: Annotated[Count | tuple[Integer, Integer, Integer], BeforeValidator(_mode)] = Field(
        default=1, description="mode number along the last direction that has points, or three mode numbers"
    )
    amplitude: NonNegative = Field(description="|B|, the same everywhere [energy/(length e)]")
    helicity: Literal[1, -1] = Field(default=1, description="sign of the helicity: 1 or -1")

    @field_validator("helicity", mode="before")
    @classmethod
    def _no_boolean(cls, helicity: Any) -> Any:
        if isinstance(helicity, bool):  # equal to 1 in Python
            raise ValueError("allowed: 1, -1")
        return helicity


class Noise(Uniform):
    """A random magnetic field: Gaussian, divergence-free, the same power in every mode of a range of wave numbers."""

    kind: Literal["noise"]
    amplitude: NonNegative = Field(description="rms of B [energy/(length e)]")
    k_range: tuple[NonNegative, Positive] | None = Field(
        default=None, description="smallest and largest wave number of the field; all of the grid's where not given [1/length]"
    )


class _Shaped(Uniform):
    amplitude: Number = Field(description="height above the uniform part [energy]")
    width: Positive = Field(description="width [length]")
    of: Literal["mu5", "mu"] = Field(default="mu5", description="which chemical potential: mu5 or mu")
    axis: Literal["x", "y", "z"] | None = Field(
        default=None, description="direction along which it varies; the last one that has points where not given"
    )


class Pulse(_Shaped):
    """A Gaussian pulse, amplitude exp(-(z - centre)^2/(2 width^2)), repeated with the box."""

    kind: Literal["pulse"]
    centre: Number | None = Field(default=None, description="where it is; the middle of the box where not given [length]")


class Step(_Shaped):
    """A step up and one down, amplitude [tanh((z - first)/width) - tanh((z - second)/width)], twice the amplitude between."""

    kind: Literal["step"]
    edges: tuple[Number, Number] | None = Field(
        default=None, description="where they are; a quarter and three quarters of the box where not given [length]"
    )


class FieldFile(Uniform):
    """Fields on the grid from a file; what it does not hold is uniform."""

    kind: Literal["file"]
    path: str = Field(
        description=".npz with some of B, E (3, nx, ny, nz), mu, mu5 (nx, ny, nz) on the run's grid; relative to the case"
    )


Initial = Annotated[Uniform | HelicalMode | Noise | Pulse | Step | FieldFile, Field(discriminator="kind")]


def numbers(start: HelicalMode, box: Box) -> tuple[int, int, int]:
    """The three mode numbers of a helical mode."""
    if isinstance(start.mode, tuple):
        return start.mode
    return tuple(start.mode if i == box.axis else 0 for i in range(3))


def check_start(start: Uniform, box: Box) -> str | None:
    """What of the initial state does not fit into this box, or None."""
    for name in ("mu5", "mu"):
        value = getattr(start, name)
        if isinstance(value, WaveScalar) and (problem := _check_mode(value.mode, box, f"initial.{name}")):
            return problem
    if isinstance(start, HelicalMode):
        return _check_mode(numbers(start, box), box, "initial")
    if isinstance(start, Noise) and start.k_range is not None and start.k_range[0] > min(start.k_range[1], box.k_max):
        low, high = start.k_range
        return f"initial.k_range = [{low:g}, {high:g}]: holds no mode of this grid, whose k_max is {box.k_max:.6g}"
    if isinstance(start, _Shaped) and start.axis is not None and box.n["xyz".index(start.axis)] == 1:
        return f"initial.axis = {start.axis!r}: this direction has one grid point only"
    return None


def _check_mode(mode: tuple[int, int, int], box: Box, key: str) -> str | None:
    if not any(mode):
        return f"{key}.mode: one of the three numbers must differ from 0"
    for axis, points, number in zip("xyz", box.n, mode, strict=True):
        if points == 1 and number:
            return f"{key}.mode = {list(mode)} varies along {axis}, which has one grid point only"
    k = math.hypot(*(number * unit for number, unit in zip(mode, box.wave_numbers_min, strict=True)))
    if k > box.k_max * (1 + 1e-12):
        return (
            f"{key}.mode = {list(mode)} has |k| = {k:.6g}, beyond k_max = {box.k_max:.6g} of this grid (2/3 rule); "
            "take a smaller one or a larger geometry.n"
        )
    return None
