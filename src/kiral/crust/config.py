"""The case file of a neutron star's crust: the sections [model] of kind "crust_linear", [star], [geometry], [initial].

`kiral.crust.emhd_config` has those of kind "crust_emhd".
Times in years, lengths in km, fields in G, temperatures in K. Nothing here imports jax.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from kiral.config.base import Count, NonNegative, Number, Positive, Section
from kiral.config.table import TableConfig, number_or_table

SHORTEST = 8
"""Fewest elements along the radius."""


class CrustUnits(Section):
    """Years, kilometres, gauss, kelvin."""

    kind: Literal["crust"] = "crust"


Temperature = Annotated[
    Annotated[Positive, Tag("number")] | Annotated[TableConfig, Tag("table")], Discriminator(number_or_table)
]


class CrustPhysics(Section):
    """What the coefficients of a crust are made of, beside its star."""

    temperature: Temperature = Field(default=1e9, description="temperature of the crust: a number or a table in time [K]")
    k5_max: Positive = Field(default=600.0, description="cap of the chiral wave number, both signs [1/km]")
    gr: bool = Field(default=True, description="metric of the star: redshifted rates, proper lengths; false: flat space")
    impurity: NonNegative = Field(default=0.0, description="impurity parameter Q of the lattice [1]")
    form_factor: NonNegative = Field(default=1.0, description="factor of the nuclei's radii in the conductivity; 0: points [1]")
    weak_rate_factor: NonNegative = Field(default=1.0, description="factor of the captures' rate; 0: no chiral current [1]")

    @model_validator(mode="after")
    def _warm(self) -> CrustPhysics:
        table = self.temperature
        if isinstance(table, TableConfig) and table.value is not None and min(table.value) <= 0:
            raise ValueError(f"temperature: values must be positive; got {min(table.value):g} K")
        return self

    def tables(self) -> dict[str, TableConfig]:
        """Tables in time, by dotted key."""
        return {"model.temperature": self.temperature} if isinstance(self.temperature, TableConfig) else {}

    @property
    def options(self) -> dict[str, float]:
        """What `kiral.crust.coefficients.of_matter` takes beside temperature and delta_mu."""
        names = ("k5_max", "impurity", "form_factor", "weak_rate_factor")
        return {name: getattr(self, name) for name in names}


class CrustLinear(CrustPhysics):
    """The chiral magnetic instability while the field is weak: Ohm's law and the chiral current, no Hall term, no feedback."""

    kind: Literal["crust_linear"]
    delta_mu: Number = Field(description="departure from beta equilibrium over kT, delta mu/kT; captures where positive [1]")


class StarSection(Section):
    """The star that the crust belongs to."""

    mass: Positive = Field(default=1.4, description="gravitational mass [Msun]")
    eos: str = Field(default="BSk24", description="equation of state: BSk24, SLy4, or the folder of a CompOSE table")
    outer_density: Positive = Field(default=1e10, description="density at the outer boundary of the crust [g/cm^3]")


class RadialGrid(Section):
    """Points along the radius, in spectral elements, and degrees l = 1..l_max."""

    n_r: Annotated[Count, Field(ge=16)] = Field(default=160, description="intervals between points along the radius")
    order: Annotated[Count, Field(ge=1, le=24)] = Field(
        default=8, description="degree of the polynomials of an element; 1: second order, for comparisons"
    )
    l_max: Annotated[Count, Field(le=256)] = Field(default=1, description="largest degree; all from 1 on are evolved")
    finer: Annotated[Positive, Field(ge=1)] = Field(
        default=6.0, description="how much finer the elements are where the instability grows fastest; 1: all equal"
    )
    finer_width: Positive = Field(default=0.05, description="half-width of the finer region [km]")
    finer_at: Positive | None = Field(
        default=None, description="its radius; where not given, that of the largest eta k5^2 at the start [km]"
    )

    @model_validator(mode="after")
    def _whole_elements(self) -> RadialGrid:
        if self.n_r % self.order or self.n_r < SHORTEST * self.order:
            near = max(SHORTEST, round(self.n_r / self.order)) * self.order
            raise ValueError(
                f"n_r must be a multiple of order = {self.order}, {SHORTEST * self.order} or more; got {self.n_r}, try {near}"
            )
        return self


class DecayMode(Section):
    """The slowest poloidal decay mode of each degree in a crust of uniform conductivity (Bessel functions in flat space)."""

    kind: Literal["decay_mode"] = "decay_mode"
    b_mean: Positive = Field(default=3e12, description="root mean square field in the crust [G]")
    shares: tuple[NonNegative, ...] | None = Field(
        default=None, description="parts of the mean square field in l = 1, 2, ...; all degrees alike where not given [1]"
    )


def check_sections(geometry: RadialGrid, initial: DecayMode) -> str | None:
    """What does not fit, or None."""
    if initial.shares is None:
        return None
    if len(initial.shares) > geometry.l_max or not any(initial.shares):
        given = f"geometry.l_max = {geometry.l_max}, not all 0; got {list(initial.shares)}"
        return f"initial.shares: at most one number per degree up to {given}"
    return None


def shares(geometry: RadialGrid, initial: DecayMode) -> list[float]:
    """Part of every degree in the mean square of the seed: (l_max,), sum 1."""
    given = list(initial.shares) if initial.shares is not None else [1.0] * geometry.l_max
    total = sum(given)
    return [part / total for part in given] + [0.0] * (geometry.l_max - len(given))
