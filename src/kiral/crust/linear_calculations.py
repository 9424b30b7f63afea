"""Calculations of the linear chiral magnetic instability in a crust: growth, amplification, resolution. Imports no jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from kiral.config.base import Count, NonNegative, Number, Positive
from kiral.config.calculation import Calculation
from kiral.crust import config as cfg
from kiral.crust.coefficients import ERG
from kiral.crust.star_calculations import table_checksums

if TYPE_CHECKING:
    import xarray

    from kiral.crust.induction import Induction

Degree = Annotated[Count, Field(le=1000)]


class _OfCrust(Calculation):
    """The crust, its chiral current and the radial grid."""

    temperature: Positive = Field(default=1e9, description="temperature of the crust [K]")
    k5_max: Positive = Field(default=600.0, description="cap of the chiral wave number [1/km]")
    gr: bool = Field(default=True, description="metric of the star; false: flat space")
    impurity: NonNegative = Field(default=0.0, description="impurity parameter Q of the lattice [1]")
    form_factor: NonNegative = Field(default=1.0, description="factor of the nuclei's radii in the conductivity; 0: points [1]")
    weak_rate_factor: NonNegative = Field(default=1.0, description="factor of the captures' rate [1]")
    mass: Positive = Field(default=1.4, description="gravitational mass [Msun]")
    eos: str = Field(default="BSk24", description="equation of state: BSk24, SLy4, or the folder of a CompOSE table")
    outer_density: Positive = Field(default=1e10, description="density at the outer boundary [g/cm^3]")
    n_r: Annotated[Count, Field(ge=16)] = Field(default=240, description="intervals between points along the radius")
    order: Annotated[Count, Field(ge=1, le=24)] = Field(default=8, description="degree of the polynomials of an element")
    finer: Annotated[Positive, Field(ge=1)] = Field(
        default=6.0, description="how much finer elements are where growth is fastest"
    )

    def depends_on(self) -> dict[str, Any]:
        """The content of a table's files."""
        return table_checksums(self.eos)

    def model(self, delta_mu: float) -> cfg.CrustLinear:
        """The section [model] of a run with these coefficients."""
        names = ("temperature", "k5_max", "gr", "impurity", "form_factor", "weak_rate_factor")
        return cfg.CrustLinear(kind="crust_linear", delta_mu=delta_mu, **{name: getattr(self, name) for name in names})

    def grid(self, **changes: Any) -> cfg.RadialGrid:
        """The section [geometry]."""
        return cfg.RadialGrid(**{"n_r": self.n_r, "order": self.order, "finer": self.finer} | changes)

    @model_validator(mode="after")
    def _grid_exists(self) -> _OfCrust:
        self.grid()
        return self

    def induction(self, delta_mu: float, degrees: Any, **grid: Any) -> Induction:
        """The operator at the temperature."""
        from kiral.crust import linear_build as build

        model, section = self.model(delta_mu), self.grid(**grid)
        star = build.cached_star(self.mass, self.eos, self.outer_density)
        matter = build.crust_matter(star, model, section, self.temperature)
        return build.crust_induction(matter, model, section, self.temperature, np.asarray(degrees))


class CrustGrowth(_OfCrust):
    """Growth rates of the chiral magnetic instability by degree, the fastest mode, and the time to amplify a dipole."""

    title: ClassVar[str] = "chiral magnetic instability in a crust: growth rates by degree, modes, amplification time"
    delta_mu: Number = Field(default=1e-2, description="departure from beta equilibrium over kT, delta mu/kT [1]")
    degrees: Annotated[tuple[Degree, ...], Field(min_length=1)] = Field(
        default=(1, 2, 3, 5, 10, 20, 50, 100, 200), description="degrees l"
    )
    modes: Annotated[Count, Field(le=12)] = Field(default=3, description="modes per degree, the fastest growing first")
    b_from: Positive = Field(default=3e12, description="mean field at the start, a poloidal decay mode of the first degree [G]")
    b_to: Positive = Field(default=1e15, description="mean field to reach [G]")
    time_max: Positive = Field(default=2e4, description="time after which it is given up [yr]")

    def compute(self) -> xarray.Dataset:
        """Rates over (l, mode); the fastest mode of the first degree and coefficients over r; amplification over t."""
        import xarray

        from kiral.crust.modes import fastest_modes

        with _double():
            induction = self.induction(self.delta_mu, self.degrees)
            found = [fastest_modes(induction, i, self.modes) for i in range(len(self.degrees))]
            run = amplified(self, self.delta_mu, self.degrees[0], self.b_from, self.b_to, self.time_max)
        rates = np.stack([one.rates for one in found])
        c = induction.coefficients
        variables = {
            "growth_rate": (("l", "mode"), np.real(rates), _label("1/yr", "growth rate of the field")),
            "frequency": (("l", "mode"), np.imag(rates), _label("1/yr", "angular frequency; comes in pairs +-")),
            "eta": ("r", c.eta, _label("km^2/yr", "magnetic diffusivity")),
            "k5": ("r", c.k5, _label("1/km", "chiral wave number")),
            "local_rate": ("r", c.lapse * c.eta * c.k5**2 / 4, _label("1/yr", "N eta k5^2/4, the bound of growth")),
        }
        for name, values, unit in (("f", found[0].f[0], "km^2"), ("g", found[0].g[0], "km")):
            for part in ("real", "imag"):
                text = f"{part} part of {name} of the fastest mode of the first degree, energy 1"
                variables[f"{name}_{part}"] = ("r", getattr(values, part), _label(unit, text))
        coords = {
            "l": ("l", np.array(self.degrees), _label("1", "degree of the spherical harmonic")),
            "mode": ("mode", np.arange(self.modes), _label("1", "number of the mode, 0 the fastest growing")),
            "r": ("r", c.r, _label("km", "areal radius")),
        }
        return xarray.Dataset(variables | _amplification(run), coords)

    def figures(self, data: xarray.Dataset) -> tuple:
        """Growth against degree; the fastest mode in the crust; amplification."""
        from kiral.crust import linear_figures as figures

        return figures.growth(data), figures.mode(data), figures.amplification(data)


class CrustAmplification(_OfCrust):
    """Times to amplify a dipole for several departures from beta equilibrium, in an isothermal crust and in a cooling one."""

    title: ClassVar[str] = "chiral magnetic instability in a crust: amplification times against delta mu/kT, with cooling"
    delta_mu: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        default=(1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5), description="departures from beta equilibrium over kT [1]"
    )
    degree: Degree = Field(default=1, description="degree l")
    b_from: Positive = Field(default=3e12, description="mean field at the start [G]")
    b_to: Positive = Field(default=1e15, description="mean field to reach [G]")
    time_max: Positive = Field(default=3e4, description="time after which it is given up [yr]")
    cooling_start: Positive = Field(default=100.0, description="time from which the temperature falls [yr]")
    cooling_exponent: NonNegative = Field(default=0.35, description="of T ~ t^-exponent after that [1]")

    def compute(self) -> xarray.Dataset:
        """Amplification times and rates over delta_mu, isothermal and cooling."""
        import xarray

        laws = {"isothermal": None, "cooling": (self.cooling_start, self.cooling_exponent)}
        ends = (self.degree, self.b_from, self.b_to, self.time_max)
        with _double():
            rows = {name: [amplified(self, one, *ends, law) for one in self.delta_mu] for name, law in laws.items()}
        variables = {}
        for name, runs in rows.items():
            for what, unit, text in (
                ("time", "yr", "from b_from to b_to; NaN: not within time_max"),
                ("field_rate", "1/yr", "d ln B/dt over the last e-folding"),
                ("energy_rate", "1/yr", "d ln E/dt over the same time"),
            ):
                values = np.array([getattr(run, what) for run in runs])
                variables[f"{what}_{name}"] = ("delta_mu", values, _label(unit, f"{name} crust: {text}"))
        axis = ("delta_mu", np.array(self.delta_mu), _label("1", "departure from beta equilibrium over kT"))
        return xarray.Dataset(variables, {"delta_mu": axis})

    def figures(self, data: xarray.Dataset) -> tuple:
        """Times against delta mu/kT beside those of Dehman & Pons (2024)."""
        from kiral.crust import linear_figures as figures

        return (figures.times(data),)


class CrustResolution(_OfCrust):
    """Growth rate against the number of radial points: linear elements on an even grid, a second-order method, and ours."""

    title: ClassVar[str] = "chiral magnetic instability in a crust: how many radial points it needs"
    delta_mu: Number = Field(default=1e-2, description="departure from beta equilibrium over kT, delta mu/kT [1]")
    degree: Degree = Field(default=1, description="degree l")
    points: Annotated[tuple[Annotated[Count, Field(ge=16)], ...], Field(min_length=1)] = Field(
        default=(32, 40, 80, 160, 320, 640), description="numbers of intervals; multiples of 8"
    )
    reference: Annotated[Count, Field(ge=64)] = Field(default=960, description="intervals of the grid that counts as converged")

    def compute(self) -> xarray.Dataset:
        """Rates over n_r of three grids, and of the reference."""
        import xarray

        grids = {
            "second_order": (self.points, {"order": 1, "finer": 1.0}, "linear elements, even grid: second order"),
            "even": (tuple(n for n in self.points if n >= 64), {"order": 8, "finer": 1.0}, "order 8, even grid"),
            "refined": (tuple(n for n in self.points if n >= 64), {"order": 8}, "order 8, finer at the fastest growth"),
        }
        variables = {}
        for name, (points, options, text) in grids.items():
            rates = [self.rate(n_r=n, **options) if n in points else np.nan for n in self.points]
            variables[f"rate_{name}"] = ("n_r", np.array(rates), _label("1/yr", f"largest growth rate, {text}"))
        best = self.rate(n_r=self.reference, order=8)
        variables["rate_reference"] = ((), best, _label("1/yr", "largest growth rate on the finest grid"))
        return xarray.Dataset(variables, {"n_r": ("n_r", np.array(self.points), _label("1", "radial intervals"))})

    def rate(self, **grid: Any) -> float:
        """Largest growth rate on one grid."""
        from kiral.crust.modes import fastest_modes

        with _double():
            return float(fastest_modes(self.induction(self.delta_mu, [self.degree], **grid), 0, 1).rates[0].real)

    def figures(self, data: xarray.Dataset) -> tuple:
        """Rates over the converged one."""
        from kiral.crust import linear_figures as figures

        return (figures.resolution(data),)


def amplified(
    what: _OfCrust, delta_mu: float, degree: int, b_from: float, b_to: float, t_max: float, cooling: tuple | None = None
) -> Any:
    """`kiral.crust.amplification.amplify` for one crust. cooling: (begin [yr], exponent); None: isothermal."""
    from kiral.crust import linear_build as build
    from kiral.crust.amplification import amplify
    from kiral.crust.linear import initial_state, make_equation
    from kiral.crust.material import power_law

    model, grid = what.model(delta_mu), what.grid()
    star = build.cached_star(what.mass, what.eos, what.outer_density)
    matter = build.crust_matter(star, model, grid, what.temperature)
    induction = build.crust_induction(matter, model, grid, what.temperature, np.array([degree]))
    material = None
    if cooling is not None:
        material = build.cooling(matter, model, power_law(what.temperature, *cooling))
    state = initial_state(*build.seed(induction, cfg.DecayMode(b_mean=b_from), grid))
    return amplify(make_equation(induction, material), state, b_to, t_max=t_max)


def _amplification(run: Any) -> dict[str, Any]:
    """Variables of an `Amplification`."""
    return {
        "amplification_time": ((), run.time, _label("yr", "from b_from to b_to; NaN: not within time_max")),
        "field_rate": ((), run.field_rate, _label("1/yr", "d ln B/dt of the mean field over its last e-folding")),
        "energy_rate": ((), run.energy_rate, _label("1/yr", "d ln E/dt of the crust's field over the same time")),
        "b_mean": ("t", run.b_mean, _label("G", "root mean square field in the crust")),
        "energy_poloidal": ("t", ERG * run.poloidal, _label("erg", "poloidal energy in the crust")),
        "energy_toroidal": ("t", ERG * run.toroidal, _label("erg", "toroidal energy in the crust")),
        "t": ("t", run.t, _label("yr", "time")),
    }


def _double() -> Any:
    """Context: float64 whatever the caller's settings of jax are."""
    import jax

    return jax.enable_x64(True)


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
