"""Bounds on the magnetic field in intergalactic space, as cited data: `bounds.toml`. No jax."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from kiral.config.base import Count, NonNegative, Number, Positive, Section
from kiral.errors import ConfigError


class Bound(Section):
    """One bound on B against the correlation length λ: a power law with at most one break. Comoving, a = 1 today."""

    name: str = Field(description="short name")
    label: str = Field(description="a few words for a figure's legend")
    title: str = Field(description="what gives the bound")
    kind: Literal["lower", "upper", "line"] = Field(description="the field is stronger, weaker, or on the line")
    field_gauss: Positive = Field(description="B at the pivot [G]")
    pivot_mpc: Positive = Field(description="λ of the pivot, where the power may change [Mpc]")
    slope_below: Number = Field(description="power of λ below the pivot")
    slope_above: Number = Field(description="power of λ above the pivot")
    from_mpc: NonNegative = Field(default=0.0, description="smallest λ [Mpc]")
    to_mpc: Positive | None = Field(default=None, description="largest λ; none where not given [Mpc]")
    source: str = Field(description="authors and journal")
    arxiv: str = Field(description="arXiv identifier")
    year: Count = Field(description="year of the arXiv paper or of the journal")
    read: str = Field(description="where in the source the number stands")
    assumes: str = Field(description="what the bound rests on")

    def field(self, length_mpc: ArrayLike) -> NDArray[np.float64]:
        """B [G] of the bound at correlation lengths λ [Mpc], of the same shape; NaN where the bound says nothing."""
        length = np.asarray(length_mpc, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = length / self.pivot_mpc
            value = self.field_gauss * np.where(ratio < 1, ratio**self.slope_below, ratio**self.slope_above)
        inside = (length > 0) & (length >= self.from_mpc) & (length <= (np.inf if self.to_mpc is None else self.to_mpc))
        return np.where(inside, value, np.nan)

    @property
    def formula(self) -> str:
        """The bound as text, "B > 1e-16 G (λ/1 Mpc)^-0.5"."""
        sign = {"lower": ">", "upper": "<", "line": "="}[self.kind]
        below, above = (
            f" (λ/{self.pivot_mpc:g} Mpc)^{slope:g}" if slope else "" for slope in (self.slope_below, self.slope_above)
        )
        broken = f"; λ < {self.pivot_mpc:g} Mpc: × {below.strip() or 1}" if below != above else ""
        start = f", λ ≥ {self.from_mpc:g} Mpc" if self.from_mpc else ""
        return f"B {sign} {self.field_gauss:g} G{above}{start}{broken}"

    @property
    def citation(self) -> str:
        """Source and arXiv identifier on one line."""
        return f"{self.source}, arXiv:{self.arxiv}"


@cache
def load_bounds() -> tuple[Bound, ...]:
    """All bounds of `bounds.toml`, in its order."""
    data = tomllib.loads((files("kiral.mhd") / "bounds.toml").read_text(encoding="utf-8"))
    return tuple(Bound.model_validate(entry) for entry in data["bound"])


def bound(name: str) -> Bound:
    """One bound by name. ConfigError for an unknown one."""
    for found in load_bounds():
        if found.name == name:
            return found
    raise ConfigError(f"no bound {name!r}; allowed: {', '.join(b.name for b in load_bounds())}")
