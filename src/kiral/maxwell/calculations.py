"""Calculations with the linear modes (`kiral calc cmw-dispersion`, `maxwell-growth`). Nothing here imports jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from kiral.config.base import Number, Positive
from kiral.config.calculation import Calculation
from kiral.maxwell import dispersion
from kiral.maxwell.plasma import Plasma, ill_posed_wavenumber

if TYPE_CHECKING:
    import xarray

RATE, WAVENUMBER = "1/time", "1/length"
WIDE = {
    "magnetization": dispersion.VARIANTS["magnetization"],
    "second_order": dispersion.VARIANTS["second_order"],
    "drude_magnetization": dispersion.Terms(magnetization=True, drude=True),
}
Forms = dict[str, dispersion.Terms | None]
Points = Annotated[int, Field(strict=True, ge=2, le=10000)]


class _Matter(Calculation):
    """The plasma. Any units with hbar = 1, Gaussian fields."""

    temperature: Positive = Field(default=1.0, description="temperature [energy]")
    tau: Positive = Field(default=2.0, description="relaxation time [time]")
    charge: Positive = Field(default=0.3, description="charge e of the particles, Gaussian [(energy length)^(1/2)]")
    c: Positive = Field(default=1.0, description="speed of light [length/time]")


class CmwDispersion(_Matter):
    """Rates exp(st) of chiral magnetic waves along B at mu = mu5 = 0: E = 0, E by Maxwell's equations, kinetic theory."""

    title: ClassVar[str] = "chiral magnetic waves: rates with E = 0, with dynamical E (overdamped or gapped), and kinetic ones"
    magnetic_field: Positive = Field(default=1.0, description="uniform B, the waves run along it [energy/(length e)]")
    k_min: Positive = Field(default=1e-3, description="smallest wave number [1/length]")
    k_max: Positive = Field(default=1.0, description="largest wave number [1/length]")
    points: Points = Field(default=241, description="wave numbers of the curves")
    kinetic_points: Points = Field(default=13, description="wave numbers with roots of kinetic theory")

    @model_validator(mode="after")
    def _in_order(self) -> CmwDispersion:
        if self.k_max <= self.k_min:
            raise ValueError(f"k_max must be larger than k_min = {self.k_min:g}; got {self.k_max:g}")
        return self

    def compute(self) -> xarray.Dataset:
        """Real and imaginary parts of all rates over k, those of kinetic theory over kinetic_k; numbers that sort them."""
        import xarray

        plasma, b = self._plasma(), self.magnetic_field
        k = np.geomspace(self.k_min, self.k_max, self.points)
        few = np.geomspace(self.k_min, self.k_max, self.kinetic_points)
        rates = {
            "given_field": (("sign", "k"), dispersion.given_field_roots(plasma, k, b), "E = 0, Gorbar et al. (65)"),
            "dynamic": (("root", "k"), dispersion.longitudinal_roots(plasma, k, b), "dynamical E, Ohm's law"),
            "drude": (
                ("drude_root", "k"),
                dispersion.longitudinal_roots(plasma, k, b, dispersion.DRUDE),
                "dynamical E, Drude current",
            ),
            "kinetic_given_field": (("kinetic_held", "kinetic_k"), self._kinetic(few, "held"), "E = 0, kinetic theory"),
            "kinetic": (("kinetic_root", "kinetic_k"), self._kinetic(few, "dynamic"), "dynamical E, kinetic theory"),
        }
        variables: dict[str, tuple] = {}
        for name, (dims, values, text) in rates.items():
            variables[f"{name}_rate"] = (dims, np.real(values), _label(RATE, f"Re s: {text}"))
            variables[f"{name}_frequency"] = (dims, np.imag(values), _label(RATE, f"Im s: {text}"))
        for name, (value, unit, text) in self._numbers(plasma).items():
            variables[name] = ((), float(value), _label(unit, text))
        coordinates = {
            "k": ("k", k, _label(WAVENUMBER, "wave number along B")),
            "kinetic_k": ("kinetic_k", few, _label(WAVENUMBER, "wave number along B")),
        }
        return xarray.Dataset(variables, coordinates, {"regime": self._regime(plasma)})

    def figures(self, data: xarray.Dataset) -> tuple:
        """Damping and frequency against k."""
        from kiral.maxwell.mode_figures import cmw_dispersion

        return (cmw_dispersion(data),)

    def _plasma(self) -> Plasma:
        return Plasma(self.temperature, self.tau, self.charge, self.c)

    def _kinetic(self, k: np.ndarray, field: Any) -> np.ndarray:
        """Roots of kinetic theory clear of the continuum, (roots, k), NaN where there are fewer."""
        from kiral.kinetic.dispersion import dispersion_roots

        matter: dict[str, Any] = {"temperature": self.temperature, "tau": self.tau, "charge": self.charge, "c": self.c}
        return dispersion_roots(k, field=field, magnetic_field=self.magnetic_field, ordinates=20, **matter)

    def _regime(self, plasma: Plasma) -> str:
        return "gapped" if self.magnetic_field > dispersion.propagation_field(plasma) else "overdamped"

    def _numbers(self, plasma: Plasma) -> dict[str, tuple[Any, str, str]]:
        v = plasma.wave_speed(self.magnetic_field)
        return {
            "wave_speed": (v, "length/time", "v, speed of the wave at E = 0"),
            "ohmic_rate": (plasma.ohmic_rate, RATE, "4 pi sigma, relaxation rate of E"),
            "debye_wavenumber": (plasma.debye, WAVENUMBER, "k_D, inverse screening length"),
            "diffusion_constant": (plasma.diffusion, "length^2/time", "D"),
            "propagation_field": (
                dispersion.propagation_field(plasma),
                "energy/(length e)",
                "B above which long waves propagate with Ohm's law: v k_D = 2 pi sigma",
            ),
            "drain_rate": (v**2 / plasma.diffusion, RATE, "v^2/D: slow rate of long waves where v k_D << 4 pi sigma"),
        }


class MaxwellGrowth(_Matter):
    """Growth rates of helical modes in a uniform mu5, in the resistive limit and with each form of the current."""

    title: ClassVar[str] = "chiral plasma instability: growth rates with displacement current, second order, Drude current"
    tau: Positive = Field(default=1.5, description="relaxation time [time]")
    mu: Number = Field(default=0.0, description="chemical potential of the charge [energy]")
    mu5: Number = Field(default=0.3, description="uniform axial chemical potential [energy]")
    k_max: Positive | None = Field(default=None, description="largest wave number; 1.5 |k_mu| where not given [1/length]")
    points: Points = Field(default=241, description="wave numbers")

    @model_validator(mode="after")
    def _is_chiral(self) -> MaxwellGrowth:
        if self.mu5 == 0 and self.k_max is None:
            raise ValueError("with mu5 = 0 nothing grows and there is no scale: give k_max")
        return self

    def compute(self) -> xarray.Dataset:
        """growth_<variant>(helicity, k), those of the other helicity up to and beyond k* over wide_k, and numbers.

        What has electric relaxation is left out where 1 - 4π sigma tau is not positive.
        """
        import xarray

        plasma = Plasma(self.temperature, self.tau, self.charge, self.c, self.mu, self.mu5)
        k_mu = abs(plasma.chiral_wavenumber)
        k = np.linspace(0.0, self.k_max or 1.5 * k_mu, self.points)
        helicities = np.array([1, -1])
        variables: dict[str, tuple] = {}
        for name, terms in _allowed(plasma, dispersion.VARIANTS).items():
            rates = np.array([dispersion.cpi_growth(plasma, k, int(h), terms) for h in helicities])
            variables[f"growth_{name}"] = (("helicity", "k"), rates, _label(RATE, f"largest Re s: {name.replace('_', ' ')}"))
        coordinates = {
            "helicity": ("helicity", helicities, _label("1", "sign of the helicity")),
            "k": ("k", k, _label(WAVENUMBER, "wave number")),
        }
        if self.mu5:
            wide = np.geomspace(0.1 * ill_posed_wavenumber(plasma, drude=True), 4 * ill_posed_wavenumber(plasma), self.points)
            opposite = -int(np.sign(self.mu5))
            for name, terms in _allowed(plasma, WIDE).items():
                values = dispersion.cpi_growth(plasma, wide, opposite, terms)
                variables[f"{name}_wide"] = ("wide_k", values, _label(RATE, f"Re s of the other helicity: {name}"))
            coordinates["wide_k"] = ("wide_k", wide, _label(WAVENUMBER, "wave number"))
        for name, (value, unit, text) in _growth_numbers(plasma).items():
            variables[name] = ((), float(value), _label(unit, text))
        return xarray.Dataset(variables, coordinates, {"warning": _growth_warning(plasma)})

    def figures(self, data: xarray.Dataset) -> tuple:
        """Rates, what they differ by, and where the truncation fails."""
        from kiral.maxwell.mode_figures import growth

        return (growth(data),)


def _allowed(plasma: Plasma, forms: Forms) -> Forms:
    """Without those whose permittivity is not positive."""
    return {name: t for name, t in forms.items() if t is None or not t.relaxation or plasma.permittivity > 0}


def _growth_numbers(plasma: Plasma) -> dict[str, tuple[Any, str, str]]:
    return {
        "chiral_wavenumber": (plasma.chiral_wavenumber, WAVENUMBER, "k_mu: modes of its sign grow below |k_mu|"),
        "fastest_growth": (dispersion.fastest_growth(plasma), RATE, "largest growth rate, Ohm's law, at |k_mu|/2"),
        "conductivity": (plasma.sigma, RATE, "electric conductivity, Gaussian"),
        "permittivity": (plasma.permittivity, "1", "1 - 4 pi sigma tau of the electric relaxation"),
        "ill_posed_wavenumber": (ill_posed_wavenumber(plasma), WAVENUMBER, "k*: the magnetization current fails beyond"),
        "drude_ill_posed_wavenumber": (
            ill_posed_wavenumber(plasma, drude=True),
            WAVENUMBER,
            "the same with a Drude current and the magnetization current left instantaneous",
        ),
    }


def _growth_warning(plasma: Plasma) -> str:
    if plasma.permittivity > 0:
        return ""
    return f"1 - 4 pi sigma tau = {plasma.permittivity:.3g} is not positive: the second order fails; use a Drude current"


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
