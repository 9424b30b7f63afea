"""Calculations of chiral MHD without time (`kiral calc`). Nothing here imports jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from kiral.config.base import Count, IntegerTriple, NonNegative, Number, Positive, PositiveTriple
from kiral.config.calculation import Calculation
from kiral.config.units import Units

if TYPE_CHECKING:
    import xarray


class Estimates(Calculation):
    """What theory says about a sourced chiral plasma; run A of Gurgenidze et al. (2025) by default."""

    title: ClassVar[str] = "analytic estimates of a sourced chiral plasma, in code units"
    magnetic_diffusivity: NonNegative = Field(default=1e-6, description="eta [l*^2/t*]")
    chiral_feedback: NonNegative = Field(default=1e8, description="feedback lambda [l*/E*]")
    flipping_rate: NonNegative = Field(default=1e3, description="washout Gamma5 [1/t*]")
    amplitude: Number = Field(default=4e7, description="source S5 at t_phi [1/(l* t*)]")
    t_phi: Positive = Field(default=0.05, description="time of the decay [t*]")
    mu5: Number = Field(default=0.0, description="initial uniform mu5 [1/l*]")
    n: IntegerTriple = Field(default=(256, 256, 256), description="grid points")
    k_min: PositiveTriple = Field(default=(500.0, 500.0, 500.0), description="smallest wave number [1/l*]")
    units: Units = Units()

    def compute(self) -> xarray.Dataset:
        """One variable per estimate; those that do not apply are left out."""
        import xarray

        from kiral.mhd.estimates import scenario

        found = scenario(
            eta=self.magnetic_diffusivity,
            lam=self.chiral_feedback,
            gamma5=self.flipping_rate,
            amplitude=self.amplitude,
            t_phi=self.t_phi,
            mu5=self.mu5,
            n=self.n,
            k_min=self.k_min,
            temperature_eV=1e9 * self.units.temperature,
            g_energy=self.units.g_energy,
            g_entropy=self.units.g_entropy,
        )
        variables = {
            record.name: ((), record.value, {"units": record.code_unit or "1", "long_name": record.title})
            for record in found["records"]
            if record.value is not None
        }
        return xarray.Dataset(variables)


class Growth(Calculation):
    """Growth rates of both helicities, eta k (±mu5 - k), for uniform mu5, no flow (Gurgenidze et al. 2025, Eq. 12)."""

    title: ClassVar[str] = "growth rate of helical modes in a uniform mu5"
    magnetic_diffusivity: Positive = Field(default=1e-6, description="eta [l*^2/t*]")
    mu5: Number = Field(default=4e4, description="uniform mu5 [1/l*]")
    k_max: Positive | None = Field(default=None, description="largest wave number; 1.5 |mu5| where not given [1/l*]")
    points: Count = Field(default=201, description="number of wave numbers")

    def compute(self) -> xarray.Dataset:
        """growth_rate(helicity, k), and of the growing helicity the fastest mode, its rate, and the end of the band."""
        import xarray

        k_max = self.k_max if self.k_max is not None else 1.5 * abs(self.mu5) or 1.0
        k, sign = np.linspace(0.0, k_max, self.points), np.array([1, -1])
        rate = self.magnetic_diffusivity * k * (sign[:, None] * self.mu5 - k)
        k_fastest = abs(self.mu5) / 2
        return xarray.Dataset(
            {
                "growth_rate": (("helicity", "k"), rate, label("1/t*", "growth rate of the amplitude")),
                "k_fastest": ((), k_fastest, label("1/l*", "wave number of the fastest mode")),
                "rate_max": ((), self.magnetic_diffusivity * k_fastest**2, label("1/t*", "largest growth rate")),
                "k_unstable": ((), abs(self.mu5), label("1/l*", "unstable below this wave number")),
            },
            coords={
                "k": ("k", k, label("1/l*", "wave number")),
                "helicity": ("helicity", sign, label("1", "sign of the helicity")),
            },
        )


def label(unit: str, text: str) -> dict[str, str]:
    """Attributes of a variable."""
    return {"units": unit, "long_name": text}
