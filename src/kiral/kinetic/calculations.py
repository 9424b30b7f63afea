"""Calculations of chiral kinetic theory without time (`kiral calc currents`). Nothing here imports jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from kiral.config.base import NonNegative, Number, NumberTriple, Positive, as_three
from kiral.config.calculation import Calculation
from kiral.errors import ConfigError

if TYPE_CHECKING:
    import xarray

Vector = Annotated[NumberTriple, BeforeValidator(as_three)]
Matrix = tuple[Vector, Vector, Vector]
ZERO = (0.0, 0.0, 0.0)
NO_GRADIENT = (ZERO, ZERO, ZERO)
CURRENT, RATE = "1/(length^2 time)", "energy/time"
SMALL = 0.1
"""A parameter of the expansion above this is warned of."""


class Currents(Calculation):
    """Every current of a local state of an inhomogeneous chiral plasma in closed form (Gorbar et al. 2016, corrected).

    Any system of units with hbar = 1, Gaussian fields: charge, fields and c as given. Gradients are lists of rows, the first
    index that of the derivative.
    """

    title: ClassVar[str] = "currents of an inhomogeneous chiral plasma, term by term, with and without a drift"
    regime: Literal["drag", "drifting"] = Field(
        default="drag", description="drag: a background holds the plasma; drifting: it moves with c E x B/B^2"
    )
    temperature: Positive = Field(default=1.0, description="temperature [energy]")
    mu: Number = Field(default=0.2, description="chemical potential of the charge [energy]")
    mu5: Number = Field(default=0.05, description="axial one: right-handed have mu + mu5, left-handed mu - mu5 [energy]")
    tau: NonNegative = Field(default=2.0, description="relaxation time [time]")
    charge: Positive = Field(default=0.3, description="charge e of the particles, Gaussian [(energy length)^(1/2)]")
    c: Positive = Field(default=1.0, description="speed of light [length/time]")
    electric_field: Vector = Field(default=(0.01, 0.02, -0.03), description="E [energy/(length e)]")
    magnetic_field: Vector = Field(default=(0.05, -0.04, 0.1), description="B [energy/(length e)]")
    grad_mu: Vector = Field(default=(0.003, -0.002, 0.001), description="gradient of mu [energy/length]")
    grad_mu5: Vector = Field(default=(-0.001, 0.004, 0.002), description="gradient of mu5 [energy/length]")
    dt_electric_field: Vector = Field(default=ZERO, description="dE/dt [energy/(length e time)]")
    dt_magnetic_field: Vector = Field(default=ZERO, description="dB/dt = -c curl E [energy/(length e time)]")
    grad_electric_field: Matrix = Field(default=NO_GRADIENT, description="rows dE/dx, dE/dy, dE/dz [energy/(length^2 e)]")
    grad_magnetic_field: Matrix = Field(
        default=NO_GRADIENT, description="drifting: rows dB/dx, dB/dy, dB/dz [energy/(length^2 e)]"
    )
    laplacian_mu: Number = Field(default=0.0, description="drag, for the rates: Laplacian of mu [energy/length^2]")
    laplacian_mu5: Number = Field(default=0.0, description="drag, for the rates: that of mu5 [energy/length^2]")
    points: Annotated[int, Field(strict=True, ge=2, le=100000)] = Field(
        default=121, description="points of the curves: fields times 0.01 to 100 (drag), or beta (drifting)"
    )

    @model_validator(mode="after")
    def _regime_exists(self) -> Currents:
        if self.regime == "drag" and np.any(self.grad_magnetic_field):
            raise ValueError("grad_magnetic_field goes with regime = 'drifting'; got regime = 'drag'")
        if self.regime == "drifting":
            if self.laplacian_mu or self.laplacian_mu5:
                raise ValueError("laplacian_mu, laplacian_mu5 go with regime = 'drag'; got regime = 'drifting'")
            try:
                self._drifting()
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return self

    def compute(self) -> xarray.Dataset:
        """Densities, coefficients, rates; each term as a vector over `component`, and its size over the points of a curve."""
        import xarray

        variables = self._numbers() | self._vectors(self._terms())
        along, label, curves = self._along_field() if self.regime == "drag" else self._along_beta()
        for name, values in curves.items():
            size = np.broadcast_to(np.sqrt(np.sum(np.asarray(values) ** 2, axis=0)), along.shape)
            variables[f"{name}_size"] = (label[0], size, _label(CURRENT, f"size of {name.replace('_', ' ')}"))
        coordinates = {label[0]: (label[0], along, _label("1", label[1]))}
        return xarray.Dataset(variables, coordinates, {"regime": self.regime, "warning": self._warning()})

    def figures(self, data: xarray.Dataset) -> tuple:
        """Sizes of the terms against the fields (drag) or the speed of the drift."""
        from kiral.kinetic import figures

        return (figures.terms(data),)

    def _state(self) -> dict[str, Any]:
        names = ("temperature", "mu", "mu5", "tau", "charge", "c", "electric_field", "magnetic_field", "grad_mu", "grad_mu5",
                 "dt_electric_field", "dt_magnetic_field")  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def _drifting(self, **changes: Any) -> dict[str, Any]:
        """Terms by name, the axial ones with axial_ before it, and totals."""
        from kiral.kinetic.drifting import drifting_currents

        gradients = {"grad_electric_field": self.grad_electric_field, "grad_magnetic_field": self.grad_magnetic_field}
        found = drifting_currents(**self._state() | gradients | changes)
        axial = {f"axial_{name}": value for name, value in found.axial_terms._asdict().items()}
        return found.electric_terms._asdict() | axial | {"electric": found.electric, "axial": found.axial}

    def _drag(self, **changes: Any) -> dict[str, Any]:
        from kiral.kinetic.transport import currents

        found = currents(**self._state() | changes)
        return found._asdict() | {"electric": found.electric, "axial": found.axial}

    def _terms(self, **changes: Any) -> dict[str, Any]:
        return self._drag(**changes) if self.regime == "drag" else self._drifting(**changes)

    def _vectors(self, terms: dict[str, Any]) -> dict[str, tuple]:
        found = {}
        for name, value in terms.items():
            text = f"{name} number current" if name in ("electric", "axial") else f"number current: {name.replace('_', ' ')}"
            found[name] = ("component", np.asarray(value), _label(CURRENT, text))
        return found

    def _along_field(self) -> tuple[np.ndarray, tuple[str, str], dict[str, Any]]:
        """Both fields and their time derivatives times a factor."""
        factor = np.geomspace(0.01, 100.0, self.points)
        names = ("electric_field", "magnetic_field", "dt_electric_field", "dt_magnetic_field")
        scaled = {name: np.asarray(getattr(self, name))[:, None] * factor for name in names}
        return factor, ("factor", "factor of both fields and of their time derivatives"), self._drag(**scaled)

    def _along_beta(self) -> tuple[np.ndarray, tuple[str, str], dict[str, Any]]:
        """The electric field across B times a factor, so that the drift goes from rest to 0.98 c."""
        electric, b = np.asarray(self.electric_field), np.asarray(self.magnetic_field)
        parallel = b * (electric @ b) / (b @ b)
        across = electric - parallel
        size = np.linalg.norm(across)
        direction = across / size if size else np.zeros(3)
        beta = np.linspace(0.0, 0.98, self.points)
        field = parallel[:, None] + direction[:, None] * beta * np.linalg.norm(b)
        return beta, ("beta", "speed of the drift over c, by the size of E across B"), self._drifting(electric_field=field)

    def _numbers(self) -> dict[str, tuple]:
        from kiral.kinetic import drag, drifting, equilibrium

        t, mu, mu5, tau, e, c = self.temperature, self.mu, self.mu5, self.tau, self.charge, self.c
        fields = {"electric_field": self.electric_field, "magnetic_field": self.magnetic_field}
        if self.regime == "drag":
            n = equilibrium.densities(t, mu, mu5, c)
            rates = drag.chemical_potential_rates(
                temperature=t, mu=mu, mu5=mu5, tau=tau, charge=e, c=c, **fields, grad_mu=self.grad_mu, grad_mu5=self.grad_mu5,
                div_electric_field=float(np.trace(self.grad_electric_field)), laplacian_mu=self.laplacian_mu,
                laplacian_mu5=self.laplacian_mu5,
            )  # fmt: skip
        else:
            n = drifting.drifting_densities(temperature=t, mu=mu, mu5=mu5, c=c, **fields)
            state = {name: value for name, value in self._state().items() if name != "tau"}
            rates = drifting.drifting_rates(
                **state, grad_electric_field=self.grad_electric_field, grad_magnetic_field=self.grad_magnetic_field
            )
        source = drag.anomaly(self.electric_field, self.magnetic_field, e, c)
        values = {
            "number_density": (n.number, "1/length^3", "net number density"),
            "axial_density": (n.axial, "1/length^3", "axial density, right-handed less left-handed"),
            "dmu_dt": (rates.dmu_dt, RATE, "rate of change of mu"),
            "dmu5_dt": (rates.dmu5_dt, RATE, "rate of change of mu5"),
            "anomaly": (source, "1/(length^3 time)", "source of axial density by E.B"),
        }
        values |= self._coefficients() if self.regime == "drag" else {"beta_given": (self._beta(), "1", "drift speed over c")}
        for name, (value, text) in self._parameters().items():
            values[name] = (value, "1", text)
        return {name: ((), float(value), _label(unit, text)) for name, (value, unit, text) in values.items()}

    def _coefficients(self) -> dict[str, tuple[Any, str, str]]:
        from kiral.kinetic import equilibrium

        state = (self.temperature, self.mu, self.mu5)
        chi, cross = equilibrium.susceptibilities(*state, self.c)
        sigma = equilibrium.conductivity(*state, self.tau, self.charge, self.c)
        b = float(np.linalg.norm(self.magnetic_field))
        wave = equilibrium.wave_speed(self.temperature, b, self.charge, self.c)
        return {
            "susceptibility": (chi, "1/(energy length^3)", "dn/dmu"),
            "cross_susceptibility": (cross, "1/(energy length^3)", "dn/dmu5"),
            "conductivity": (sigma, "1/time", "electric conductivity, Gaussian"),
            "diffusion_constant": (equilibrium.diffusion_constant(self.tau, self.c), "length^2/time", "diffusion constant"),
            "wave_speed": (wave, "length/time", "speed of the chiral magnetic wave along B at mu = mu5 = 0, E = 0"),
            "permittivity": (equilibrium.permittivity(*state, self.tau, self.charge, self.c), "1", "1 - 4 pi sigma tau"),
        }

    def _beta(self) -> float:
        b = np.asarray(self.magnetic_field)
        return float(np.linalg.norm(np.cross(self.electric_field, b)) / (b @ b))

    def _parameters(self) -> dict[str, tuple[float, str]]:
        """What has to be small."""
        e, b = np.asarray(self.electric_field), np.asarray(self.magnetic_field)
        if self.regime == "drifting":
            e = b * (e @ b) / (b @ b)
        gradient = np.linalg.norm([self.grad_mu, self.grad_mu5], axis=1).max()
        t, tau, c = self.temperature, self.tau, self.c
        found = {
            "electric_parameter": (c * self.charge * np.linalg.norm(e) * tau / t, "c e E tau/T (drifting: E along B)"),
            "quantum_parameter": (self.charge * np.linalg.norm(b) * c / t**2, "e B c/T^2, field over thermal momentum squared"),
            "gradient_parameter": (c * tau * gradient / t, "c tau |grad mu|/T, the larger one"),
        }
        if self.regime == "drag":
            found["magnetic_parameter"] = (
                self.charge * np.linalg.norm(b) * c * tau / t,
                "e B c tau/T, turning",
            )
        return found

    def _warning(self) -> str:
        large = [f"{text.split(',')[0]} = {value:.2g}" for value, text in self._parameters().values() if value > SMALL]
        what = "the expansion in fields and derivatives is not small"
        return f"{what}: {'; '.join(large)}; errors are of that order or its square" if large else ""


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
