"""Calculations with the homogeneous phase-space solver (`kiral calc kinetic-ohm`, `kinetic-anomaly`). Nothing imports jax.

Both hold one plasma in fields of growing size, solve for its f(p), and lay the exact result beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from kiral.config.base import Number, Positive
from kiral.config.calculation import Calculation

if TYPE_CHECKING:
    import xarray

    from kiral.kinetic.homogeneous import Resolution

CURRENT, DENSITY = "1/(length^2 time)", "1/length^3"
Small = Annotated[int, Field(strict=True, ge=2, le=64)]
Z = np.array([0.0, 0.0, 1.0])


class Driven(Calculation):
    """A plasma driven by E along one axis: what both calculations share."""

    temperature: Positive = Field(default=1.0, description="temperature, a fixed bath [energy]")
    mu: Number = Field(default=0.5, description="chemical potential of the charge [energy]")
    mu5: Number = Field(default=0.0, description="axial one: right-handed have mu + mu5, left-handed mu - mu5 [energy]")
    tau: Positive = Field(default=1.0, description="relaxation time [time]")
    charge: Positive = Field(default=0.3, description="charge e of the particles, Gaussian [(energy length)^(1/2)]")
    c: Positive = Field(default=1.0, description="speed of light [length/time]")
    field_from: Positive = Field(default=0.01, description="smallest field, as c e E tau/T [1]")
    field_to: Positive = Field(default=3.0, description="largest field, as c e E tau/T; histories and f(p) are of this one [1]")
    points: Small = Field(default=25, description="number of fields, equal ratios")
    time_end: Positive = Field(default=6.0, description="end of the history after switching the field on [tau]")
    steps: Annotated[int, Field(strict=True, ge=2, le=1000)] = Field(default=60, description="time steps of the history")
    elements: Small = Field(default=16, description="elements in |p|")
    nodes: Small = Field(default=8, description="Gauss nodes per element")
    l_max: Annotated[int, Field(strict=True, ge=1, le=63)] = Field(default=21, description="highest Legendre polynomial")

    @model_validator(mode="after")
    def _increases(self) -> Driven:
        if self.field_to <= self.field_from:
            raise ValueError(f"field_to must be greater than field_from; got {self.field_to:g} and {self.field_from:g}")
        return self

    def plasma(self) -> dict[str, float]:
        """Arguments of the solver."""
        return {name: getattr(self, name) for name in ("temperature", "mu", "mu5", "tau", "charge", "c")}

    def resolution(self) -> Resolution:
        """Size of the grid."""
        from kiral.kinetic.homogeneous import Resolution

        return Resolution(self.elements, self.nodes, self.l_max)

    def parameters(self) -> np.ndarray:
        """c e E τ/T (points,)."""
        return np.geomspace(self.field_from, self.field_to, self.points)

    def field(self, parameter: np.ndarray | float) -> Any:
        """E for c e E τ/T."""
        return parameter * self.temperature / (self.c * self.charge * self.tau)

    def exact(self, function: Any, **fields: float) -> np.ndarray:
        """A function of `kiral.kinetic.exact` for both chiralities (2,)."""
        shared = {name: getattr(self, name) for name in ("temperature", "tau", "charge", "c")}
        return np.array([function(mu_l=self.mu + sign * self.mu5, **shared, **fields) for sign in (1, -1)])


class KineticOhm(Driven):
    """The current along E, without B, from f(p) to every order in E; with the exact current and with Ohm's law."""

    title: ClassVar[str] = "Ohmic current beyond Ohm's law: f(p) in a strong electric field, and its approach"

    def compute(self) -> xarray.Dataset:
        """Currents against the field, and in time; harmonics f_l(|p|) of right-handed particles in the largest field."""
        import xarray

        from kiral.kinetic import currents, exact
        from kiral.kinetic.homogeneous import evolve, steady_state

        a = self.parameters()
        solved = [steady_state(**self.plasma(), electric_field=self.field(x) * Z, resolution=self.resolution()) for x in a]
        current = np.array([s.electric[2] for s in solved])
        expected = np.array([self.exact(exact.ohm_current, electric_field=self.field(x)).sum() for x in a])
        ohm = np.array([currents(**self.plasma(), electric_field=self.field(x) * Z).electric[2] for x in a])
        time = {"t_end": self.time_end * self.tau, "steps": self.steps}
        history = evolve(**self.plasma(), electric_field=self.field(a[-1]) * Z, **time, resolution=self.resolution())
        transient = [self.exact(exact.ohm_transient, electric_field=self.field(a[-1]), time=t).sum() for t in history.time]
        f = solved[-1].distribution
        # f = Σ f_l P_l(cos θ): Y_l0 = sqrt((2l + 1)/4π) P_l
        harmonics = f.vlasov[0, 0] * np.sqrt((2 * f.degree + 1) / (4 * np.pi))
        return xarray.Dataset(
            {
                "current": ("field", current, _label(CURRENT, "number current along E, from f(p)")),
                "exact_current": ("field", expected, _label(CURRENT, "number current along E, exact")),
                "ohm_current": ("field", ohm, _label(CURRENT, "number current along E, Ohm's law")),
                "error": ("field", np.abs(current / expected - 1), _label("1", "relative error of the current from f(p)")),
                "history": ("time", history.electric[2], _label(CURRENT, "number current after E was switched on")),
                "exact_history": (
                    "time",
                    np.array(transient),
                    _label(CURRENT, "number current after E was switched on, exact"),
                ),
                "harmonics": (("momentum", "degree"), harmonics, _label("1", "f_l of right-handed particles, f = sum f_l P_l")),
            },
            {
                "field": ("field", a, _label("1", "c e E tau/T")),
                "time": ("time", history.time / self.tau, _label("tau", "time")),
                "momentum": ("momentum", f.momentum * self.c / self.temperature, _label("T/c", "momentum")),
                "degree": ("degree", f.degree, _label("1", "degree of the Legendre polynomial")),
            },
        )

    def figures(self, data: xarray.Dataset) -> tuple:
        """Currents against the field and in time, with errors; harmonics of f."""
        from kiral.kinetic import homogeneous_figures as figures

        return figures.ohm(data), figures.harmonics(data)


class KineticAnomaly(Driven):
    """dn/dt of both chiralities in E ∥ B, against l e² E.B/4π²c and against the exact factor of the driven state."""

    title: ClassVar[str] = "chiral anomaly of a driven plasma: charge made in E parallel to B, from f(p)"
    berry: Positive = Field(default=1e-3, le=0.1, description="e c B/T^2, to first order of which the solver works [1]")

    def compute(self) -> xarray.Dataset:
        """Production against the field, over that of the collisionless theory; axial density in time for the largest field."""
        import xarray

        from kiral.kinetic import exact
        from kiral.kinetic.homogeneous import evolve, steady_state

        a, magnetic = self.parameters(), self.berry * self.temperature**2 / (self.charge * self.c) * Z
        unit = self.charge**2 * self.field(a) * magnetic[2] / (4 * np.pi**2 * self.c)
        made = []
        for x in a:
            fields = {"electric_field": self.field(x) * Z, "magnetic_field": magnetic}
            made.append(steady_state(**self.plasma(), **fields, resolution=self.resolution()).production)
        factor = np.array(made) * np.array([1, -1]) / unit[:, None]
        expected = np.array([self.exact(exact.anomaly_factor, electric_field=self.field(x)) for x in a])
        time = {"t_end": self.time_end * self.tau, "steps": self.steps}
        fields = {"electric_field": self.field(a[-1]) * Z, "magnetic_field": magnetic}
        history = evolve(**self.plasma(), **fields, **time, resolution=self.resolution())
        axial = history.density[0] - history.density[1]
        text = "dn/dt over l e^2 E.B/(4 pi^2 c)"
        return xarray.Dataset(
            {
                "factor": (("field", "chirality"), factor, _label("1", f"{text}, from f(p)")),
                "exact_factor": (("field", "chirality"), expected, _label("1", f"{text}, exact")),
                "error": ("field", np.abs(factor / expected - 1).max(axis=1), _label("1", "relative error of the factor")),
                "axial_gain": ("time", axial - axial[0], _label(DENSITY, "axial density made since E was switched on")),
                "collisionless_gain": ("time", 2 * unit[-1] * history.time, _label(DENSITY, "the same with factor 1")),
                "charge_gain": ("time", history.density.sum(axis=0) - history.density.sum(axis=0)[0],
                                _label(DENSITY, "number density made: the two factors differ where mu5 is not 0")),
            },
            {
                "field": ("field", a, _label("1", "c e E tau/T")),
                "chirality": ("chirality", np.array([1, -1]), _label("1", "chirality")),
                "time": ("time", history.time / self.tau, _label("tau", "time")),
            },
        )  # fmt: skip

    def figures(self, data: xarray.Dataset) -> tuple:
        """Factor against the field, its error, and the axial density in time."""
        from kiral.kinetic import homogeneous_figures as figures

        return (figures.anomaly(data),)


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
