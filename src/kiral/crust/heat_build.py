"""From a star and the section [model.heat] to the heat equation of its crust."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from kiral.constants import SPEED_OF_LIGHT_CM_S
from kiral.core.table import TimeTable
from kiral.crust.coefficients import KM2_YEAR, CrustMatter, of_matter
from kiral.crust.conductivity import scattering
from kiral.crust.heat import CrustHeat, Neutrinos, Surface
from kiral.crust.heat_config import Heat
from kiral.crust.heat_emhd import Thermal, ThermalEMHD
from kiral.crust.heat_matter import Conduction, conduction, heat_capacity
from kiral.crust.heat_tables import HeatTables, make_tables
from kiral.crust.tov import SUN_KM
from kiral.geometry.shell import Shell
from kiral.geometry.sphere import GridSize, Sphere, make_sphere

if TYPE_CHECKING:
    from kiral.crust.emhd import ShellEMHD
    from kiral.crust.emhd_config import CrustEMHD
    from kiral.crust.neutron_star import Star


def crust_heat(
    section: Heat,
    found: Star,
    matter: CrustMatter,
    shell: Shell,
    sphere: Sphere,
    core: float | TimeTable,
    options: dict[str, float],
    gr: bool,
) -> CrustHeat:
    """The heat equation of a crust.

    Args: matter: at the nodes. shell, sphere: those of the field. core: temperature below. options: of `of_matter`, of which
        impurity, form_factor, weak_rate_factor count. gr: is the metric that of the star.
    """
    neutrinos = None
    if section.neutrinos:
        density = found.at_radius(np.asarray(matter.r))["density"].values
        neutrinos = Neutrinos(jnp.asarray(density), jnp.asarray(matter.electron_density))
    surface = _surface(found, matter, gr) if section.surface == "envelope" else None
    tables = crust_tables(section, matter, options)
    core = core if isinstance(core, TimeTable) else jnp.asarray(core, jnp.float64)
    compiled = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), shell)
    lapse = jnp.asarray(matter.lapse, jnp.float64)
    return CrustHeat(compiled, grid_sphere(sphere), lapse, tables, core, surface, neutrinos, section.anisotropic)


def grid_sphere(sphere: Sphere) -> Sphere:
    """All harmonics that the grid of a sphere has room for."""
    l_max = sphere.n_theta - 1
    m_max = min(l_max, (sphere.n_phi - 1) // 2)
    return make_sphere(l_max, m_max, GridSize(sphere.n_theta, sphere.n_phi))


def crust_tables(section: Heat, matter: CrustMatter, options: dict[str, float]) -> HeatTables:
    """Tables of a crust: "conductivity" and "gyration" of heat, "diffusivity" [km²/yr] and "captures", |k5| [1/km] of
    captures without their inverse and without cap, where there are any."""
    kinds = {name: options[name] for name in ("impurity", "form_factor", "weak_rate_factor")}

    def heat(t: np.ndarray) -> Conduction:
        size = kinds["form_factor"] * matter.nuclear_size
        nuclei = (matter.charge_number, matter.mass_number, matter.ion_density)
        electrons = scattering(None, t, *nuclei, nuclear_size=size, impurity=kinds["impurity"])
        return conduction(electrons, t, matter.charge_number, matter.electron_density, size, kinds["impurity"])

    def coefficients(t: np.ndarray) -> Any:
        return of_matter(matter, t, np.inf, k5_max=np.inf, **kinds)

    functions = {
        "conductivity": lambda t: KM2_YEAR * heat(t).conductivity,
        "gyration": lambda t: heat(t).gyration,
        "diffusivity": lambda t: coefficients(t).eta,
    }
    if kinds["weak_rate_factor"] > 0:
        functions["captures"] = lambda t: coefficients(t).k5

    def capacity(t: np.ndarray) -> Any:
        return heat_capacity(t, matter.charge_number, matter.mass_number, matter.ion_density)

    return make_tables(capacity, functions, low=section.lowest, high=section.highest)


def _surface(found: Star, matter: CrustMatter, gr: bool) -> Surface:
    """The envelope between the outer boundary and the star's surface."""
    whole = found.profile.isel(r=-1)
    radius, lapse = float(whole["r"]), float(whole["lapse"]) if gr else 1.0
    gravity = SPEED_OF_LIGHT_CM_S**2 * SUN_KM * found.mass / radius**2 * float(whole["stretch"]) * 1e-5
    area = (radius * lapse / (float(matter.r[-1]) * float(matter.lapse[-1]))) ** 2
    return Surface(jnp.asarray(gravity), jnp.asarray(area))


def thermal(equation: ShellEMHD, found: Star, matter: CrustMatter, model: CrustEMHD, core: float | TimeTable) -> ThermalEMHD:
    """The equation with a temperature that evolves above a core of temperature `core`."""
    shell = equation.shell
    options = model.options if model.chiral else model.options | {"weak_rate_factor": 0.0}
    heat = crust_heat(model.heat, found, matter, shell, equation.sphere, core, options, model.gr)
    drive = -np.expm1(-(model.delta_mu or 0.0))
    values = (jnp.asarray(x, jnp.float64) for x in (drive, model.k5_max))
    material = Thermal(heat, equation.induction.coefficients, *values)
    parts = {field.name: getattr(equation, field.name) for field in fields(equation)} | {"material": material}
    return ThermalEMHD(**parts, heated=model.heat.joule)
