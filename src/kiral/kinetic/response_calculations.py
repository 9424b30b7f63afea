"""Calculation of waves to all orders in k (`kiral calc kinetic-dispersion`). Nothing here imports jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from kiral.config.base import Number, Positive
from kiral.config.calculation import Calculation
from kiral.errors import ConfigError

if TYPE_CHECKING:
    import xarray

    from kiral.kinetic.dispersion import Waves

SETS = {
    "first_order": "closed set of first order",
    "second_order": "closed set of second order",
    "drude": "closed set with a relaxing Ohmic current",
}


class KineticDispersion(Calculation):
    """Waves exp(ikz + st) from the kinetic equation, every order in k, beside those of the closed sets."""

    title: ClassVar[str] = "waves and relaxation to all orders in k: diffusion, chiral magnetic wave, plasma oscillation, CPI"
    wave: Literal["longitudinal", "right_handed", "left_handed"] = Field(
        default="longitudinal", description="longitudinal: k along B; right_handed, left_handed: fields across k, curl = +k, -k"
    )
    field: Literal["dynamic", "held"] = Field(
        default="dynamic", description="dynamic: E obeys Maxwell's equations; held: E = 0, as in Eq. (65) (longitudinal only)"
    )
    temperature: Positive = Field(default=1.0, description="temperature [energy]")
    mu: Number = Field(default=0.0, description="chemical potential of the charge [energy]")
    mu5: Number = Field(default=0.0, description="axial one: right-handed have mu + mu5, left-handed mu - mu5 [energy]")
    tau: Positive = Field(default=2.0, description="relaxation time [time]")
    charge: Positive = Field(default=0.3, description="charge e of the particles, Gaussian [(energy length)^(1/2)]")
    c: Positive = Field(default=1.0, description="speed of light [length/time]")
    magnetic_field: Number = Field(default=0.0, description="uniform B along k [energy/(length e)]")
    k_from: Positive = Field(default=0.05, description="smallest wave number, as c k tau [1]")
    k_to: Positive = Field(default=2.0, description="largest wave number, as c k tau [1]")
    points: Annotated[int, Field(strict=True, ge=2, le=1000)] = Field(default=40, description="wave numbers, equal ratios")
    ordinates: Annotated[int, Field(strict=True, ge=8, le=128)] = Field(
        default=24, description="directions of the matrix whose eigenvalues start the search"
    )

    @model_validator(mode="after")
    def _exists(self) -> KineticDispersion:
        if self.k_to <= self.k_from:
            raise ValueError(f"k_to must be greater than k_from; got {self.k_to:g} and {self.k_from:g}")
        try:
            self.waves()
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return self

    def waves(self) -> Waves:
        """The plasma and the kind of wave."""
        from kiral.kinetic.dispersion import Waves
        from kiral.kinetic.homogeneous import Plasma

        plasma = Plasma(self.temperature, self.mu, self.mu5, self.tau, self.charge, self.c)
        return Waves(plasma, self.wave, self.field, self.magnetic_field)

    def compute(self) -> xarray.Dataset:
        """Roots s τ against ckτ: `exact`, largest real part first, NaN where they have entered the continuum; closed sets."""
        import xarray

        from kiral.kinetic.dispersion import closed_roots, stacked, tracked

        waves, x = self.waves(), np.geomspace(self.k_from, self.k_to, self.points)
        k = x / (self.c * self.tau)
        exact = self.tau * stacked([waves.roots(float(one), self.ordinates) for one in k])
        counted = np.array([waves.count(float(one)) for one in k])
        closed = [closed_roots(waves, float(one)) for one in k]
        tables = {name: self.tau * tracked(stacked([found[name] for found in closed])) for name in closed[0]}
        text = "roots clear of the continuum, counted with multiplicity by a contour integral"
        variables = {"waves": ("k", counted, _label("1", text))}
        for name, table in {"exact": exact, **tables}.items():
            text = SETS.get(name, "kinetic equation")
            for part, values in (("rate", table.real), ("frequency", table.imag)):
                dims = (f"root_{name}", "k")
                variables[f"{part}_{name}"] = (dims, values, _label("1/tau", f"{part}, Re or Im of s tau: {text}"))
            if name != "exact":
                text = f"relative error of the slowest wave: {text}"
                variables[f"error_{name}"] = ("k", _error(exact, table), _label("1", text))
        attrs = {"wave": self.wave, "field": self.field}
        return xarray.Dataset(variables, {"k": ("k", x, _label("1", "c k tau"))}, attrs)

    def figures(self, data: xarray.Dataset) -> tuple:
        """Rates, frequencies and errors of the closed sets."""
        from kiral.kinetic import response_figures as figures

        return (figures.dispersion(data),)


def _error(exact: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """|s - s'|/|s| of the exact root with the largest real part and the closed one nearest to it."""
    slowest = exact[0]
    return np.abs(closed - slowest).min(axis=0) / np.abs(slowest)


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
