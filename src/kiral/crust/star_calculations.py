"""Calculations of a star and its crust's microphysics (`kiral calc star`, `crust-profile`, `mass-radius`). Imports no jax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from kiral.config.base import Number, Positive
from kiral.config.calculation import Calculation
from kiral.core.provenance import file_checksum

if TYPE_CHECKING:
    import xarray

    from kiral.crust.neutron_star import Star

Points = Annotated[int, Field(strict=True, ge=11, le=20001)]
WHOLE_STEP = 4  # every fourth point of the whole star is kept
MEASURED_AXIAL_COUPLING = 1.2754
"""g_A of the neutron's decay (Particle Data Group 2022)."""
OVER_RADIUS = {
    "conductivity": ("1/s", "electric conductivity of the electrons"),
    "diffusivity": ("cm^2/s", "magnetic diffusivity c^2/(4 pi sigma)"),
    "coupling": ("1", "Coulomb coupling parameter of the ions"),
    "quantum": ("1", "temperature over the plasma temperature of the ions"),
    "capture_rate": ("1/s", "electron captures without their inverse, Gamma_w"),
    "effective_rate": ("1/s", "net captures, Gamma_w (1 - exp(-delta_mu/kT))"),
    "flip_rate": ("1/s", "spin flips, Gamma_f"),
    "fraction": ("1", "n5/n_e in the quasi-steady state"),
    "mu5": ("MeV", "chiral chemical potential"),
    "k5": ("1/km", "chiral wave number, without a cap"),
    "wavelength": ("km", "chiral wavelength 2 pi/k5"),
}
BANDS = ("fraction", "mu5", "wavelength")


class _OfStar(Calculation):
    """Which star."""

    mass: Positive | None = Field(default=None, description="gravitational mass; 1.4 where no central density is given [Msun]")
    central_density: Positive | None = Field(default=None, description="central density instead of the mass [g/cm^3]")
    eos: str = Field(default="BSk24", description="equation of state: BSk24, SLy4, or the folder of a CompOSE table")
    surface_density: Positive = Field(default=1e6, description="density at which the star ends [g/cm^3]")
    outer_density: Positive = Field(default=1e10, description="density at the outer end of the crust's profile [g/cm^3]")
    points: Points = Field(default=401, description="radii of the crust's profile, equally spaced")

    @model_validator(mode="after")
    def _one_of_two(self) -> _OfStar:
        if self.mass is not None and self.central_density is not None:
            raise ValueError("give the mass or the central_density, not both")
        return self

    def depends_on(self) -> dict[str, Any]:
        """The content of a table's files."""
        return table_checksums(self.eos)

    def star(self) -> Star:
        """The star."""
        from kiral.crust.neutron_star import star

        mass = 1.4 if self.mass is None and self.central_density is None else self.mass
        return star(
            mass,
            self.eos,
            central_density=self.central_density,
            surface_density=self.surface_density,
            outer_density=self.outer_density,
            points=self.points,
        )


class CrustStar(_OfStar):
    """A neutron star: its numbers, its structure over `r_star` and its crust over `r`."""

    title: ClassVar[str] = "a neutron star by its equation of state: radius, crust, composition, metric"

    def compute(self) -> xarray.Dataset:
        """Numbers of the star and the largest mass of its EOS; the crust over `r`; the whole star over `r_star`."""
        from kiral.crust.neutron_star import maximum_mass

        found = self.star()
        most, densest = maximum_mass(found.eos, self.surface_density)
        numbers = {
            "mass": (found.mass, "Msun", "gravitational mass"),
            "radius_km": (found.radius_km, "km", "areal radius at surface_density"),
            "central_density": (found.central_density, "g/cm^3", "density at the centre"),
            "core_radius_km": (found.core_radius_km, "km", "radius of the core"),
            "outer_radius_km": (found.outer_radius_km, "km", "radius at outer_density"),
            "crust_thickness_km": (found.crust_thickness_km, "km", "from the core to outer_density, areal radii"),
            "crust_mass": (float(found.crust["mass_inside"][-1] - found.crust["mass_inside"][0]), "Msun", "mass between them"),
            "maximum_mass": (most, "Msun", "largest mass of the equation of state"),
            "central_density_of_maximum": (densest, "g/cm^3", "density at its centre"),
        }
        whole = found.profile.isel(r=slice(None, None, WHOLE_STEP)).rename(r="r_star")
        whole = whole.rename({name: f"{name}_star" for name in whole.data_vars}).drop_vars("lg_density_slope_star")
        result = found.crust.merge(whole)
        return result.assign({name: ((), value, _label(unit, text)) for name, (value, unit, text) in numbers.items()})

    def figures(self, data: xarray.Dataset) -> tuple:
        """Structure and composition."""
        from kiral.crust import star_figures

        return star_figures.structure(data), star_figures.composition(data)


class CrustProfile(_OfStar):
    """Rates and chirality through the crust, isothermal at each temperature; Fig. 1 of Dehman & Pons (2024) by default.

    `*_low` and `*_high` span what the formulas leave open: nuclei as points or with their size, flips averaged as Mott
    scattering flips them or with the weight of momentum loss (D24), g_A = 1.25 (D24) or 1.2754.
    """

    title: ClassVar[str] = "electrons of a neutron-star crust: conductivity, captures, spin flips, n5, mu5, k5"
    temperatures: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        default=(1e8, 1e9, 1e10), description="temperatures of the crust [K]"
    )
    delta_mu: Number | None = Field(
        default=None, description="departure from beta equilibrium over kT; captures without their inverse where not given"
    )
    impurity: Annotated[float, Field(strict=True, ge=0)] = Field(default=0.0, description="impurity parameter Q")
    weak_rate_factor: Positive = Field(default=1.0, description="multiplies the captures; closed channels of nuclei: below 1")

    def compute(self) -> xarray.Dataset:
        """The crust over `r`, rates and chirality over (temperature, r)."""
        crust = self.star().crust
        rows = [self.row(crust, t) for t in self.temperatures]
        variables = {}
        for name, (unit, text) in OVER_RADIUS.items():
            variables[name] = (("temperature", "r"), np.stack([row[name] for row in rows]), _label(unit, text))
        for name in BANDS:
            unit, text = OVER_RADIUS[name]
            for end in ("low", "high"):
                values = np.stack([row[f"{name}_{end}"] for row in rows])
                variables[f"{name}_{end}"] = (("temperature", "r"), values, _label(unit, f"{text}, {end} end of the formulas"))
        axis = ("temperature", np.array(self.temperatures), _label("K", "temperature"))
        return crust.assign(variables).assign_coords(temperature=axis)

    def row(self, crust: xarray.Dataset, temperature: float) -> dict[str, np.ndarray]:
        """Everything at one temperature, over r."""
        from kiral.crust.conductivity import magnetic_diffusivity, scattering
        from kiral.crust.rates import AXIAL_COUPLING_D24, chirality, flip_factor

        z, a, ions, size = (crust[k].values for k in ("charge_number", "mass_number", "ion_density", "nuclear_size"))
        mu_e = crust["electron_chemical_potential"].values
        over_kt = np.inf if self.delta_mu is None else self.delta_mu
        found, points = (scattering(None, temperature, z, a, ions, x, self.impurity) for x in (size, 0.0))

        def chain(electrons: Any, flips: Any, axial_coupling: float) -> Any:
            options = {"weak_rate_factor": self.weak_rate_factor, "flip_factor": flips, "axial_coupling": axial_coupling}
            return chirality(mu_e, electrons.conductivity, temperature, over_kt, **options)

        nominal = chain(found, 1.0, AXIAL_COUPLING_D24)
        others = [
            chain(electrons, flips, coupling)
            for electrons in (found, points)
            for flips in (1.0, flip_factor(electrons.flip_logarithm, electrons.logarithm))
            for coupling in (AXIAL_COUPLING_D24, MEASURED_AXIAL_COUPLING)
        ]
        row = {"conductivity": found.conductivity, "diffusivity": magnetic_diffusivity(found.conductivity)}
        row |= {name: getattr(found, name) for name in ("coupling", "quantum")} | nominal._asdict()
        for name in BANDS:
            values = np.stack([getattr(other, name) for other in others])
            row |= {f"{name}_low": values.min(0), f"{name}_high": values.max(0)}
        return row

    def figures(self, data: xarray.Dataset) -> tuple:
        """Fig. 1 of D24, and the rates behind it."""
        from kiral.crust import star_figures

        return star_figures.chirality(data), star_figures.transport(data)


class MassRadius(Calculation):
    """Masses and radii of stars up to the heaviest one, for several equations of state."""

    title: ClassVar[str] = "masses and radii of neutron stars for several equations of state"
    eos: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default=("BSk24", "SLy4"), description="equations of state: BSk24, SLy4, or folders of CompOSE tables"
    )
    surface_density: Positive = Field(default=1e6, description="density at which a star ends [g/cm^3]")
    points: Annotated[int, Field(strict=True, ge=3, le=400)] = Field(default=41, description="stars per equation of state")

    def compute(self) -> xarray.Dataset:
        """mass and radius over (eos, star), with their central densities; the largest mass over eos."""
        import xarray

        from kiral.crust.neutron_star import LOWEST_CENTRE, mass_radius, maximum_mass

        rows, names = [], []
        for eos in self.eos:
            most, densest = maximum_mass(eos, self.surface_density)
            centre = np.geomspace(LOWEST_CENTRE, densest, self.points)
            rows.append((*mass_radius(eos, centre, self.surface_density), centre, most))
            names.append(Path(eos).name)
        over = {
            "mass": ("Msun", "gravitational mass"),
            "radius": ("km", "areal radius"),
            "central_density": ("g/cm^3", "density at the centre"),
        }
        variables: dict[str, Any] = {
            name: (("eos", "star"), np.stack([row[k] for row in rows]), _label(*over[name])) for k, name in enumerate(over)
        }
        variables["maximum_mass"] = ("eos", np.array([row[3] for row in rows]), _label("Msun", "largest mass"))
        named = {"units": "1", "long_name": "equation of state", "flag_meanings": " ".join(names)}
        return xarray.Dataset(variables, {"eos": ("eos", np.arange(len(names)), named)})

    def figures(self, data: xarray.Dataset) -> tuple:
        """Mass against radius."""
        from kiral.crust import star_figures

        return (star_figures.mass_radius(data),)

    def depends_on(self) -> dict[str, Any]:
        """The content of the tables' files."""
        found = {}
        for eos in self.eos:
            found |= {f"{eos}:{key}": value for key, value in table_checksums(eos).items()}
        return found


def table_checksums(eos: str) -> dict[str, Any]:
    """sha256 of the files of a CompOSE folder; nothing for a named EOS."""
    folder = Path(eos)
    if not folder.is_dir():
        return {}
    return {"eos_sha256": {path.name: file_checksum(path) for path in sorted(folder.glob("eos.*")) if path.is_file()}}


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
