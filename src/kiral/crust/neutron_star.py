"""A neutron star of a given mass and its crust: structure (TOV), composition and electrons, as xarray with units.

Lengths in km, ρ in g cm⁻³, n_b in fm⁻³, chemical potentials in MeV. The metric is -e^{2ν} dt² + e^{2λ} dr² + r² dΩ².
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kiral.crust.composition import FM3_CM3
from kiral.crust.conductivity import electron_chemical_potential
from kiral.crust.eos import EquationOfState, equation_of_state
from kiral.errors import ConfigError

if TYPE_CHECKING:
    import xarray

LOWEST_CENTRE = 3.0e14  # g cm⁻³: stars of lower central density are not looked for
POINTS = 1200  # along lg ρ, from the centre to the surface; closer at the centre, where r goes as the root of what ρ falls
LABELS = {
    "mass_inside": ("Msun", "gravitational mass inside r"),
    "density": ("g/cm^3", "mass density, energy density over c^2"),
    "pressure": ("dyn/cm^2", "pressure"),
    "baryon_density": ("1/fm^3", "baryon density"),
    "lapse": ("1", "e^nu, lapse"),
    "stretch": ("1", "e^lambda, proper radial length per areal radius"),
    "gravity": ("cm/s^2", "local gravitational acceleration"),
    "charge_number": ("1", "Z, charge number of the nuclei"),
    "mass_number": ("1", "A, baryons in a nucleus"),
    "cell_mass_number": ("1", "A_cell, baryons per nucleus with the free neutrons"),
    "electron_density": ("1/cm^3", "electrons per volume"),
    "ion_density": ("1/cm^3", "nuclei per volume"),
    "nuclear_size": ("1", "radius of a nucleus over that of its cell"),
    "electron_chemical_potential": ("MeV", "electron chemical potential with rest mass"),
}


@dataclass(frozen=True)
class Star:
    """A star. Build with `star`.

    mass [Msun], radius_km at `surface_density`; `profile` over the whole star, `crust` from the core to `outer_density` with
    the composition, both over `r` [km]; `at_radius` gives the crust anywhere. Attributes of the datasets repeat the numbers,
    name the EOS, and say where the composition is from.
    """

    eos: EquationOfState
    mass: float
    radius_km: float
    central_density: float
    surface_density: float
    outer_density: float
    core_radius_km: float
    outer_radius_km: float
    profile: xarray.Dataset
    crust: xarray.Dataset

    @property
    def crust_thickness_km(self) -> float:
        """From the core to `outer_density`, areal radii [km]."""
        return self.outer_radius_km - self.core_radius_km

    def at_radius(self, r_km: Any) -> xarray.Dataset:
        """The crust at these areal radii [km] (points,), between core_radius_km and outer_radius_km. ConfigError outside."""
        r = np.atleast_1d(np.asarray(r_km, float))
        slack = 1e-9 * self.radius_km
        if r.min() < self.core_radius_km - slack or r.max() > self.outer_radius_km + slack:
            raise ConfigError(
                f"r: {r.min():g} to {r.max():g} km given; the crust of this star reaches from {self.core_radius_km:.6g} to "
                f"{self.outer_radius_km:.6g} km"
            )
        return _crust(self.eos, self.profile, r)


def star(
    mass: float | None = 1.4,
    eos: str | Path | EquationOfState = "BSk24",
    *,
    central_density: float | None = None,
    surface_density: float = 1e6,
    outer_density: float = 1e10,
    points: int = 401,
) -> Star:
    """The stable star of a gravitational mass [Msun], or with a central density [g/cm³] instead of the mass.

    Args: eos: "BSk24", "SLy4", or the folder of a CompOSE table. surface_density: where the star ends, its radius.
        outer_density: outer end of the crust's profile (D24: 1e10 g/cm³). points: radii of the crust's profile, equally spaced.
    Errors: ConfigError for a mass above the maximum of the EOS or below its lightest star here, densities outside its range.
    """
    matter = equation_of_state(eos)
    _check_densities(matter, surface_density, outer_density, central_density)
    if central_density is None:
        if mass is None:
            raise ConfigError("star: give a mass, or a central density")
        central_density = _central_density(matter, float(mass), surface_density)
    found = _solve(matter, _grid(central_density, surface_density))
    whole = _whole(matter, found)
    core = _radius_at(whole, matter.density_of(matter.crust_core))
    outer = _radius_at(whole, outer_density)
    numbers = {
        "mass": float(found.mass[-1]),
        "radius_km": float(found.radius[-1]),
        "central_density": float(central_density),
        "surface_density": surface_density,
        "outer_density": outer_density,
        "core_radius_km": core,
        "outer_radius_km": outer,
    }
    whole = whole.assign_attrs({"eos": matter.name, "composition": matter.composition_source} | numbers)
    return Star(eos=matter, profile=whole, crust=_crust(matter, whole, np.linspace(core, outer, points)), **numbers)


def mass_radius(
    eos: str | Path | EquationOfState, central_density: NDArray, surface_density: float = 1e6
) -> tuple[NDArray, NDArray]:
    """(mass [Msun], radius [km]) of stars with these central densities [g/cm³] (stars,)."""
    matter = equation_of_state(eos)
    found = [_solve(matter, _grid(rho, surface_density)) for rho in np.asarray(central_density, float)]
    return np.array([float(s.mass[-1]) for s in found]), np.array([float(s.radius[-1]) for s in found])


def maximum_mass(eos: str | Path | EquationOfState = "BSk24", surface_density: float = 1e6) -> tuple[float, float]:
    """(largest mass [Msun], its central density [g/cm³]) of the EOS, or of what of it is known."""
    from scipy.optimize import minimize_scalar

    matter = equation_of_state(eos)
    low, high = np.log10(LOWEST_CENTRE), np.log10(matter.density_range[1])

    def negative(xi: float) -> float:
        return -float(mass_radius(matter, np.array([10.0**xi]), surface_density)[0][0])

    found = minimize_scalar(negative, bounds=(low, high), method="bounded", options={"xatol": 1e-5})
    return -float(found.fun), float(10.0**found.x)


def _central_density(matter: EquationOfState, mass: float, surface_density: float) -> float:
    from scipy.optimize import root_scalar

    def excess(xi: float) -> float:
        return float(mass_radius(matter, np.array([10.0**xi]), surface_density)[0][0]) - mass

    low = np.log10(LOWEST_CENTRE)
    lightest = excess(low) + mass
    most, densest = maximum_mass(matter, surface_density)
    if mass > most or mass < lightest:
        raise ConfigError(
            f"mass: {mass:g} solar masses given; {matter.name} has stable stars of {lightest:.4g} (central density "
            f"{LOWEST_CENTRE:g} g/cm^3) to {most:.4g}; choose a mass between, or another eos"
        )
    return float(10.0 ** root_scalar(excess, bracket=(low, np.log10(densest)), method="brentq", xtol=1e-13).root)


def _check_densities(matter: EquationOfState, surface: float, outer: float, central: float | None) -> None:
    low, high = matter.density_range
    edge = matter.density_of(matter.crust_core)
    for name, value, least, most in (
        ("surface_density", surface, low, edge),
        ("outer_density", outer, surface, edge),
        ("central_density", central, LOWEST_CENTRE, high),
    ):
        if value is not None and not (least * (1 - 1e-12) <= value <= most):
            raise ConfigError(f"{name}: {value:g} g/cm^3 given; {matter.name} allows {least:.4g} to {most:.4g} here")


def _grid(central_density: float, surface_density: float) -> NDArray:
    """ξ from the centre to the surface: always as many, so that one compiled program serves a whole search."""
    high, low = np.log10(central_density), np.log10(surface_density)
    return high - (high - low) * np.linspace(0.0, 1.0, POINTS) ** 2


def _solve(matter: EquationOfState, xi: NDArray) -> Any:
    """The structure with numpy arrays; float64 whatever the caller's settings of jax are."""
    import jax

    from kiral.crust.tov import compiled_structure

    with jax.enable_x64(True):
        found = compiled_structure(jax.tree.map(jax.numpy.asarray, matter.barotrope), jax.numpy.asarray(xi))
        return jax.tree.map(np.asarray, found)


def _whole(matter: EquationOfState, found: Any) -> xarray.Dataset:
    """Dataset over r of the whole star."""
    import jax
    import xarray

    from kiral.crust.tov import lapse, stretch

    with jax.enable_x64(True):
        metric = {"lapse": np.asarray(lapse(found)), "stretch": np.asarray(stretch(found))}
    rho = 10.0**found.xi
    values = {"mass_inside": found.mass, "density": rho, "pressure": 10.0 ** matter.barotrope.log_pressure(found.xi)}
    values |= {"baryon_density": matter.baryon_density(rho)} | metric
    variables = {name: ("r", value, _attributes(name)) for name, value in values.items()}
    variables["lg_density_slope"] = ("r", 1 / found.radius_slope, {"units": "1/km", "long_name": "d lg(density)/dr"})
    return xarray.Dataset(variables, {"r": ("r", found.radius, {"units": "km", "long_name": "areal radius"})})


def _interpolate(whole: xarray.Dataset, r: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """(lg ρ, mass, lapse) at radii: cubic Hermite pieces with the slopes that the equations give."""
    from scipy.interpolate import CubicHermiteSpline, CubicSpline

    near = whole.isel(r=slice(1, None))
    xi = CubicHermiteSpline(near["r"].values, np.log10(near["density"].values), near["lg_density_slope"].values)(r)
    mass, log_lapse = (CubicSpline(near["r"].values, v)(r) for v in (near["mass_inside"].values, np.log(near["lapse"].values)))
    return xi, mass, np.exp(log_lapse)


def _radius_at(whole: xarray.Dataset, density: float) -> float:
    """r [km] where the density has that value, by inverting the same interpolation as `at_radius` uses."""
    from scipy.optimize import root_scalar

    r, rho = whole["r"].values, whole["density"].values
    after = int(np.searchsorted(-rho, -density))
    low, high = r[max(after - 1, 1)], r[min(after, r.size - 1)]
    if low == high:
        return float(high)

    def excess(x: float) -> float:
        return float(_interpolate(whole, np.array([x]))[0][0]) - np.log10(density)

    return float(root_scalar(excess, bracket=(low, high), method="brentq", xtol=1e-13).root)


def _crust(matter: EquationOfState, whole: xarray.Dataset, r: NDArray) -> xarray.Dataset:
    """Dataset over r of the crust; attributes of the whole star."""
    import xarray

    from kiral.constants import SPEED_OF_LIGHT_CM_S
    from kiral.crust.tov import SUN_KM

    xi, mass, lapse = _interpolate(whole, r)
    rho = 10.0**xi
    n = matter.baryon_density(rho)
    found = matter.composed(rho, n)
    stretch = (1 - 2 * SUN_KM * mass / r) ** -0.5
    gravity = SPEED_OF_LIGHT_CM_S**2 * SUN_KM * mass / r**2 * stretch * 1e-5
    values = {"mass_inside": mass, "density": rho, "pressure": matter.pressure(rho), "baryon_density": n}
    values |= {"lapse": lapse, "stretch": stretch, "gravity": gravity} | found._asdict()
    values["electron_chemical_potential"] = electron_chemical_potential(found.electron_density)
    variables = {name: ("r", np.asarray(value), _attributes(name)) for name, value in values.items()}
    free = 1 - found.mass_number * found.ion_density / (n * FM3_CM3)
    text = {"units": "1", "long_name": "share of the baryons that are free neutrons"}
    variables["free_neutrons"] = ("r", np.clip(free, 0.0, 1.0), text)
    return xarray.Dataset(variables, {"r": ("r", r, {"units": "km", "long_name": "areal radius"})}, whole.attrs)


def _attributes(name: str) -> dict[str, str]:
    return dict(zip(("units", "long_name"), LABELS[name], strict=True))
