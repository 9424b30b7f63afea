"""The `[units]` section: what 1 in code units means. Comoving Hubble units of an epoch, or a local box of matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from kiral.config.base import Positive, Section
from kiral.errors import ConfigError
from kiral.quantity import parse_quantity
from kiral.units import ComovingRadiation, Matter, comoving_radiation, matter_units


def quantity(unit: str) -> Callable[[Any], Any]:
    """Reader of a number in `unit` or of a text with a unit."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return parse_quantity(value, unit, "quantity")
        except ConfigError as error:
            raise ValueError(str(error).removeprefix("quantity: ")) from None

    return read


class Units(Section):
    """What code units mean: the epoch at which a = 1 and lengths are comoving Hubble lengths."""

    kind: Literal["comoving"] = "comoving"
    temperature: Annotated[Positive, BeforeValidator(quantity("GeV"))] = Field(
        default=100.0, description='k_B T at the reference epoch: a number in GeV or a text like "100 GeV" [GeV]'
    )
    g_energy: Positive = Field(default=106.75, description="relativistic degrees of freedom of the energy density")
    g_entropy: Positive = Field(default=106.75, description="relativistic degrees of freedom of the entropy density")

    @model_validator(mode="after")
    def _within_validity(self) -> Units:
        try:
            self.system()
        except ConfigError as error:
            raise ValueError(str(error).removeprefix("units.")) from None
        return self

    def system(self) -> ComovingRadiation:
        """The unit system: what 1 in code units means."""
        return comoving_radiation(1e9 * self.temperature, self.g_energy, self.g_entropy)


class MatterUnits(Section):
    """A local box of dense matter, not expanding: lengths in `length`, c = 1, energy densities in `density` c^2."""

    kind: Literal["matter"]
    length: Annotated[Positive, BeforeValidator(quantity("cm"))] = Field(
        description='unit of length: a number in cm or a text like "1e-9 cm" [cm]'
    )
    density: Annotated[Positive, BeforeValidator(quantity("g/cm^3"))] = Field(
        description='density: a number in g/cm^3 or a text like "1e10 g/cm^3"; its rho c^2 is the unit of energy [g/cm^3]'
    )
    temperature: Annotated[Positive, BeforeValidator(quantity("MeV"))] = Field(
        description='k_B T: a number in MeV or a text like "8.6 MeV" [MeV]'
    )

    def system(self) -> Matter:
        """The unit system: what 1 in code units means."""
        return matter_units(self.length, self.density, 1e6 * self.temperature)


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("kind", "comoving"))
    return str(getattr(value, "kind", "comoving"))


AnyUnits = Annotated[Annotated[Units, Tag("comoving")] | Annotated[MatterUnits, Tag("matter")], Discriminator(_kind)]


def unit_system(units: Mapping[str, Any]) -> ComovingRadiation | Matter:
    """The unit system of the section `units` of a resolved case (config.json)."""
    if units.get("kind") == "matter":
        return MatterUnits(**units).system()
    return Units(**units).system()
