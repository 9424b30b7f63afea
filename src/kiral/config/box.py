"""The section [geometry] of the subjects that live in a periodic box. No jax."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from kiral.config.base import IntegerTriple, PositiveTriple, Section


class PeriodicBox(Section):
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
