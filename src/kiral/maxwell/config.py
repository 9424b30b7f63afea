"""The case file of the anomalous Maxwell equations, `kind = "anomalous_maxwell"`: the sections [model] and [geometry].

Natural units, ħ = 1, Gaussian fields, any speed of light: charge² and c fix what a unit of length and energy is. Of Gorbar et
al. 2016, "G16", as corrected on the page on currents. Nothing here imports jax.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from kiral.config.base import NonNegative, Number, NumberTriple, Positive, Section
from kiral.config.box import PeriodicBox
from kiral.config.table import TableConfig
from kiral.maxwell.plasma import Plasma

SAFE_PERMITTIVITY = 0.2
"""1 - 4π sigma tau up to which the Drude current is the default: Ohm's law relaxes as fast as the collisions themselves."""

SECOND_ORDER = ("hall", "magnetization", "electric_relaxation")


def _number_or_table(value: Any) -> str:
    return "table" if isinstance(value, dict | TableConfig) else "number"


NumberOrTable = Annotated[
    Annotated[Number, Tag("number")] | Annotated[TableConfig, Tag("table")], Discriminator(_number_or_table)
]


def _as_three(value: Any) -> Any:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError("must be a list of three, [x, y, z], each a number or a table in time")
    return tuple(value)


Imposed = Annotated[tuple[NumberOrTable, NumberOrTable, NumberOrTable], BeforeValidator(_as_three)]


class AnomalousMaxwell(Section):
    """The plasma, and which of its currents are taken."""

    kind: Literal["anomalous_maxwell"]
    charge: Positive = Field(description="charge e of the particles, Gaussian [(energy length)^(1/2)]")
    temperature: Positive = Field(default=1.0, description="temperature of the bath [energy]")
    relaxation_time: NonNegative = Field(description="time tau in which collisions restore equilibrium [time]")
    light_speed: Positive = Field(default=1.0, description="speed of light c [length/time]")
    order: Literal[1, 2] = Field(
        default=1, description="order of the currents in fields and gradients; 2: Hall, magnetization, electric relaxation too"
    )
    terms: tuple[Literal["hall", "magnetization", "electric_relaxation"], ...] | None = Field(
        default=None, description="which terms of second order are taken; all where not given"
    )
    current: Literal["ohm", "drude"] | None = Field(
        default=None,
        description="ohm: in step with the field; drude: relaxes to it in tau, the default where 1 - 4 pi sigma tau <= 0.2",
    )
    regime: Literal["drag", "drifting"] = Field(
        default="drag", description="drag: a background holds the plasma; drifting: it moves with c E x B/B^2"
    )
    limit: Literal["none", "resistive"] = Field(
        default="none", description="resistive: no displacement current and no charge, B and the axial density alone"
    )
    electric_field_off: bool = Field(
        default=False, description="E = 0 and B as it is: chiral magnetic waves as in G16 (65), against Gauss's law"
    )
    anomaly: Literal["local", "mean"] = Field(
        default="local", description="mean: densities are uniform and change by the mean of E.B, as in a homogeneous plasma"
    )
    equation_of_state: Literal["fermi", "linear"] = Field(
        default="fermi", description="fermi: free massless fermions; linear: density and conductivity for |mu| << pi T"
    )
    filter: Positive | None = Field(
        default=None, description="modes beyond this wave number are dropped; those of the grid are kept without it [1/length]"
    )
    external_current: Imposed = Field(
        default=(0.0, 0.0, 0.0), description="uniform electric current density imposed from outside, each a number or a table"
    )
    external_electric_field: Imposed = Field(
        default=(0.0, 0.0, 0.0), description="uniform electric field imposed from outside, each a number or a table in time"
    )

    @field_validator("order", mode="before")
    @classmethod
    def _no_boolean(cls, order: Any) -> Any:
        if isinstance(order, bool):  # equal to 1 in Python
            raise ValueError("allowed: 1, 2")
        return order

    @model_validator(mode="after")
    def _choices_fit(self) -> AnomalousMaxwell:
        if self.terms is not None and self.order == 1:
            raise ValueError("terms are of second order; set order = 2, or leave terms out")
        if self.terms is not None and self.current == "drude" and "electric_relaxation" in self.terms:
            raise ValueError('terms: "electric_relaxation" is what current = "drude" replaces; remove one of the two')
        if self.relaxation_time == 0 and (self.regime, self.limit) != ("drifting", "none"):
            raise ValueError('relaxation_time = 0 leaves no conductivity; give one > 0, or set regime = "drifting"')
        special = {
            'limit = "resistive"': self.limit == "resistive",
            'regime = "drifting"': self.regime == "drifting",
            "electric_field_off": self.electric_field_off,
            'anomaly = "mean"': self.anomaly == "mean",
        }
        chosen = [name for name, on in special.items() if on]
        if len(chosen) > 1:
            raise ValueError(f"{' and '.join(chosen)} exclude each other; choose one")
        if chosen and chosen != ['anomaly = "mean"'] and (self.order == 2 or self.current == "drude"):
            raise ValueError(f'{chosen[0]} goes with order = 1 and current = "ohm"')
        imposed = ("external_current", "external_electric_field")
        outside = [name for name in imposed if any(v != 0.0 for v in getattr(self, name))]
        possible = {'anomaly = "mean"': outside, 'regime = "drifting"': ["external_current"]}
        for name in outside:
            if chosen and name not in possible.get(chosen[0], []):
                raise ValueError(f"{chosen[0]} goes without {name}")
        return self

    def second_order(self, current: str) -> tuple[str, ...]:
        """The terms of second order with this current."""
        if self.order == 1:
            return ()
        chosen = SECOND_ORDER if self.terms is None else self.terms
        return tuple(name for name in SECOND_ORDER if name in chosen and (current, name) != ("drude", "electric_relaxation"))

    def plasma(self, mu: float = 0.0, mu5: float = 0.0) -> Plasma:
        """The numbers of a uniform plasma with these coefficients."""
        if self.equation_of_state == "linear":
            mu, mu5 = 0.0, 0.0
        return Plasma(self.temperature, self.relaxation_time, self.charge, self.light_speed, mu, mu5)

    def chosen_current(self, permittivity: float) -> Literal["ohm", "drude"]:
        """The current: the one given, or by the rule. permittivity: 1 - 4π sigma tau, the smallest."""
        if self.current is not None:
            return self.current
        plain = self.limit == "none" and self.regime == "drag" and not self.electric_field_off
        wanted = self.terms is not None and "electric_relaxation" in self.terms
        return "drude" if plain and not wanted and permittivity <= SAFE_PERMITTIVITY else "ohm"

    def check_permittivity(self, plasma: Plasma) -> str | None:
        """Why the term of electric relaxation cannot be had in this plasma; None where it can."""
        current = self.chosen_current(plasma.permittivity)
        if "electric_relaxation" not in self.second_order(current) or plasma.permittivity > 0:
            return None
        return no_permittivity(self.relaxation_time, plasma.permittivity)

    def tables(self) -> dict[str, TableConfig]:
        """The tables in time, by dotted key."""
        found = {}
        for name in ("external_current", "external_electric_field"):
            for axis, value in zip("xyz", getattr(self, name), strict=True):
                if isinstance(value, TableConfig):
                    found[f"model.{name}.{axis}"] = value
        return found


class Box(PeriodicBox):
    """The box of these equations."""

    @property
    def k_max(self) -> float:
        """Largest wave number kept, by the 2/3 rule [1/length]."""
        return min((points - 1) // 3 * unit for points, unit in zip(self.n, self.wave_numbers_min, strict=True) if points > 1)

    @property
    def axis(self) -> int:
        """The last direction that is not ignorable."""
        return max(i for i in range(3) if self.n[i] > 1)


def no_permittivity(tau: float, permittivity: float) -> str:
    """The refusal of eps = 1 - 4π sigma tau <= 0; sigma is proportional to tau."""
    return (
        f"model.relaxation_time = {tau:g}: 1 - 4 pi sigma tau = {permittivity:.6g}, and electric fields grow without bound "
        f"where it is not positive; allowed: relaxation_time < {tau / math.sqrt(1 - permittivity):.6g}; set current = "
        '"drude", which needs no such bound, or leave "electric_relaxation" out of terms'
    )


def background(value: NumberTriple) -> float:
    """Size of a uniform field."""
    return math.hypot(*value)
