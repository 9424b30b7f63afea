"""Building blocks of all configuration: the frozen base class and the kinds of values that a key takes.

Numbers are numbers: a string, a boolean, nan or inf is refused. Every field has a description that ends with its unit
in brackets, from which the documentation's table is generated.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

DURATION = re.compile(r"\s*(\d+\.?\d*(?:e[+-]?\d+)?)\s*(s|sec|min|h|d)\s*", re.IGNORECASE)
SECONDS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class Section(BaseModel):
    """One table of a case file: frozen, without unknown keys. `exclusive` names keys of which exactly one is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    exclusive: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _exactly_one_given(self) -> Section:
        given = [name for name in self.exclusive if getattr(self, name) is not None]
        if self.exclusive and len(given) != 1:
            names = ", ".join(self.exclusive)
            raise ValueError(f"give exactly one of {names}; given: {', '.join(given) or 'none'}")
        return self


def as_seconds(value: Any) -> float:
    """Seconds of a number or of a text such as "90 s", "10 min", "2 h"."""
    if isinstance(value, str):
        match = DURATION.fullmatch(value)
        if match is None:
            raise ValueError('must be seconds or a text like "90 s", "10 min", "2 h"')
        return float(match[1]) * SECONDS[match[2].lower()]
    return value


def as_triple(value: Any) -> Any:
    """One value for all three directions, or a list of three."""
    if isinstance(value, list | tuple):
        if len(value) != 3:
            raise ValueError("must be one value or a list of three, [x, y, z]")
        return tuple(value)
    return (value, value, value)


def as_three(value: Any) -> Any:
    """A list of three."""
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError("must be a list of three, [x, y, z]")
    return tuple(value)


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
NonNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Integer = Annotated[int, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1)]
Duration = Annotated[Positive, BeforeValidator(as_seconds)]
PositiveTriple = Annotated[tuple[Positive, Positive, Positive], BeforeValidator(as_triple)]
NumberTriple = Annotated[tuple[Number, Number, Number], BeforeValidator(as_three)]
IntegerTriple = Annotated[tuple[Integer, Integer, Integer], BeforeValidator(as_triple)]


def number_or_kind(value: Any) -> str:
    """The tag of a value that is a number or a section with a `kind`."""
    if isinstance(value, Section):
        return str(getattr(value, "kind", None))
    return str(value.get("kind")) if isinstance(value, dict) else "number"
