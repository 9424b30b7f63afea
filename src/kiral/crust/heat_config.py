"""The section [model.heat] of a crust: a temperature that evolves. Temperatures in K. Nothing here imports jax."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from kiral.config.base import Positive, Section
from kiral.config.table import TableConfig


class Heat(Section):
    """Conduction along and across the field, Joule heat, neutrinos, the envelope; `temperature` is that of the core below."""

    anisotropic: bool = Field(default=True, description="conduction across the field is weaker; false: as along it")
    joule: bool = Field(default=True, description="currents heat the crust")
    neutrinos: bool = Field(default=True, description="neutrino losses")
    surface: Literal["envelope", "insulated"] = Field(
        default="envelope", description="outer boundary: an iron envelope that radiates, or no flux"
    )
    lowest: Positive = Field(default=3e7, description="lower end of the tables in temperature; below, all stays as there [K]")
    highest: Positive = Field(default=5e9, description="upper end of the tables in temperature [K]")

    @model_validator(mode="after")
    def _ordered(self) -> Heat:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest must be below highest; got {self.lowest:g} and {self.highest:g} K")
        return self

    def complaint(self, temperature: float | TableConfig) -> str | None:
        """What is wrong with the core's temperature, or None. A table in a file is looked at when it is loaded."""
        values = (temperature.value or ()) if isinstance(temperature, TableConfig) else (temperature,)
        outside = [value for value in values if not self.lowest <= value <= self.highest]
        if not outside:
            return None
        ends = f"heat.lowest = {self.lowest:g} and heat.highest = {self.highest:g} K"
        return f"temperature, with heat that of the core, must be between {ends}; got {outside[0]:g} K"
