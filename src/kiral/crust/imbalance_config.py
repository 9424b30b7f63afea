"""The section [model.imbalance] of a crust: what drives it out of beta equilibrium. Nothing here imports jax."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from kiral.config.base import Number, Positive, Section
from kiral.config.table import TableConfig, number_or_table


class SpinDown(Section):
    """The star slows down, its centrifugal force weakens, its crust is compressed: dOmega/dt = -A Omega^n."""

    exclusive: ClassVar[tuple[str, ...]] = ("period_derivative", "dipole")
    kind: Literal["spin_down"] = "spin_down"
    period: Positive = Field(description="rotation period at t = 0 [s]")
    period_derivative: Positive | None = Field(default=None, description="its growth at t = 0 [s/s]")
    dipole: Positive | None = Field(
        default=None, description="instead: polar field of a dipole that brakes as in vacuum, at a right angle to the axis [G]"
    )
    braking_index: Annotated[Number, Field(ge=1)] = Field(default=3.0, description="n, at least 1; 3: a dipole [1]")

    def tables(self) -> dict[str, TableConfig]:
        """Tables in time, by key."""
        return {}


Rate = Annotated[Annotated[Number, Tag("number")] | Annotated[TableConfig, Tag("table")], Discriminator(number_or_table)]


class Compression(Section):
    """The whole crust is compressed at a prescribed rate."""

    kind: Literal["compression"]
    rate: Rate = Field(description="d ln(n_b)/dt of all matter, a number or a table in time; positive: compression [1/yr]")

    def tables(self) -> dict[str, TableConfig]:
        """Tables in time, by key."""
        return {"rate": self.rate} if isinstance(self.rate, TableConfig) else {}


Imbalance = Annotated[SpinDown | Compression, Field(discriminator="kind")]
