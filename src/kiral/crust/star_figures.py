"""Figures of a star and of its crust, from the datasets of `star`, `crust-profile` and `mass-radius`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kiral.report import style
from kiral.report.style import BLACK, BLUE, COLORS, GREEN, GREY, ORANGE, PURPLE, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

RADIUS = "radius  [km]"
DENSITY = r"density $\rho$  [g cm$^{-3}$]"
CAP_PER_KM = 600.0  # of |k5| in the simulations of Dehman & Pons (2024)


def structure(data: xarray.Dataset) -> Drawing | None:
    """Density, enclosed mass and metric of the whole star, and the density of the crust, from a result of `star`."""
    r, crust = _values(data, "r_star"), _values(data, "r")
    edges = tuple(Mark(text, float(data[k])) for text, k in (("core", "core_radius_km"),))
    metric = (
        Curve(r"lapse $e^\nu$", r, _values(data, "lapse_star"), BLUE),
        Curve(r"stretch $e^\lambda$", r, _values(data, "stretch_star"), ORANGE),
    )
    panels = (
        _linear(RADIUS, DENSITY, (Curve(r"$\rho$", r, _values(data, "density_star")),), "star", edges, y_scale="log"),
        _linear(RADIUS, r"mass inside  [$M_\odot$]", (Curve("$m(r)$", r, _values(data, "mass_inside_star")),), "mass", edges),
        _linear(RADIUS, "[1]", metric, "metric", edges),
        _linear(RADIUS, DENSITY, (Curve(r"$\rho$", crust, _values(data, "density")),), "crust", y_scale="log"),
    )
    mass, radius, eos = float(data["mass"]), float(data["radius_km"]), data.attrs.get("eos", "")
    caption = f"A star of {mass:.4g} solar masses with the equation of state {eos}: radius {radius:.5g} km."
    return style.draw("crust_structure", "Structure of the star", caption, panels, columns=2)


def composition(data: xarray.Dataset) -> Drawing | None:
    """Nuclei and electrons of the crust against density, from a result of `star` or `crust-profile`."""
    rho = _values(data, "density")
    nuclei = (
        Curve("$Z$", rho, _values(data, "charge_number"), BLUE),
        Curve("$A$", rho, _values(data, "mass_number"), ORANGE),
        Curve(r"$A_\mathrm{cell}$", rho, _values(data, "cell_mass_number"), GREEN),
    )
    n_b = 1e39 * _values(data, "baryon_density")
    shares = (
        Curve("electrons per baryon", rho, _values(data, "electron_density") / n_b, BLUE),
        Curve("share of free neutrons", rho, _values(data, "free_neutrons"), ORANGE),
        Curve("nucleus over cell, radii", rho, _values(data, "nuclear_size"), GREEN),
    )
    mu_e = (Curve(r"$\mu_e$", rho, _values(data, "electron_chemical_potential")),)
    panels = (
        Panel(DENSITY, "[1]", nuclei, "nuclei"),
        Panel(DENSITY, "[1]", shares, "shares", decades=4),
        Panel(DENSITY, r"$n_e$  [cm$^{-3}$]", (Curve("$n_e$", rho, _values(data, "electron_density")),), "electrons"),
        Panel(DENSITY, r"$\mu_e$  [MeV]", mu_e, "their chemical potential"),
    )
    caption = f"Composition of the crust. {data.attrs.get('composition', '')}."
    return style.draw("crust_composition", "Composition of the crust", caption, panels, columns=2)


def chirality(data: xarray.Dataset) -> Drawing | None:
    """n5/n_e, mu5 and λ5 against density at the temperatures, with the band of the formulas: Fig. 1 of D24."""
    billion = (Mark("one in a billion", 1e-9),)
    cap = (Mark(rf"$k_5$ = {CAP_PER_KM:g} km$^{{-1}}$, the cap", 2 * np.pi / CAP_PER_KM),)
    names = (
        ("fraction", r"$n_5/n_e=\Gamma_w^\mathrm{eff}/\Gamma_f$  [1]", "chirality", billion),
        ("mu5", r"$\mu_5$  [MeV]", "chemical potential", ()),
        ("wavelength", r"$\lambda_5=2\pi/k_5$  [km]", "wavelength", cap),
    )
    panels = []
    for name, label, title, marks in names:
        panels.append(Panel(DENSITY, label, _over_temperature(data, name, band=True), title, decades=16, horizontal=marks))
    caption = (
        "Quasi-steady chirality of the electrons, to be compared with Fig. 1 of Dehman & Pons (2024). Lines: their formulas. "
        "Bands: flips averaged as Mott scattering flips the helicity, nuclei as points, the measured axial coupling. Not in "
        "the bands: captures on nuclei whose channels are closed."
    )
    return style.draw("crust_chirality", "Chirality through the crust", caption, tuple(panels), columns=3)


def transport(data: xarray.Dataset) -> Drawing | None:
    """Conductivity, rates and the state of the ions against density, from a result of `crust-profile`."""
    rates = []
    for name, symbol, dash in (("flip_rate", r"$\Gamma_f$", "-"), ("capture_rate", r"$\Gamma_w$", "--")):
        rates += [replace(c, label=f"{symbol}, {c.label}", dash=dash) for c in _over_temperature(data, name)]
    panels = (
        Panel(DENSITY, r"$\sigma$  [s$^{-1}$]", _over_temperature(data, "conductivity"), "conductivity"),
        Panel(DENSITY, r"rate  [s$^{-1}$]", tuple(rates), "rates", decades=18),
        Panel(DENSITY, r"$\Gamma$  [1]", _over_temperature(data, "coupling"), "coupling of the ions",
              horizontal=(Mark("crystal above 175", 175.0),)),
        Panel(DENSITY, r"$T/T_p$  [1]", _over_temperature(data, "quantum"), "quantum effects below 1"),
    )  # fmt: skip
    caption = "Conductivity of the electrons, captures and spin flips, and the state of the ions."
    return style.draw("crust_transport", "Transport through the crust", caption, panels, columns=2)


def mass_radius(data: xarray.Dataset) -> Drawing | None:
    """Mass against radius, from a result of `mass-radius`."""
    names = data["eos"].attrs["flag_meanings"].split()
    curves = []
    for i, (name, color) in enumerate(zip(names, COLORS, strict=False)):
        label = rf"{name}, at most {float(data['maximum_mass'][i]):.4g} $M_\odot$"
        curves.append(Curve(label, _values(data.isel(eos=i), "radius"), _values(data.isel(eos=i), "mass"), color))
    panel = Panel(RADIUS, r"mass  [$M_\odot$]", tuple(curves), "", "linear", y_scale="linear")
    caption = "Masses and radii of stable stars, each line up to its heaviest star."
    return style.draw("crust_mass_radius", "Masses and radii", caption, (panel,))


def _over_temperature(data: xarray.Dataset, name: str, band: bool = False) -> tuple[Curve, ...]:
    """One curve per temperature against density."""
    colors = (BLUE, ORANGE, GREEN, PURPLE, BLACK, GREY)
    curves = []
    for i, (t, color) in enumerate(zip(_values(data, "temperature"), colors, strict=False)):
        row = data.isel(temperature=i)
        edges = np.stack([_values(row, f"{name}_{end}") for end in ("low", "high")]) if band else None
        curves.append(Curve(_kelvin(t), _values(data, "density"), _values(row, name), color, band=edges))
    return tuple(curves)


def _linear(x, y, curves, title, marks=(), y_scale="linear") -> Panel:
    return Panel(x, y, curves, title, "linear", y_scale=y_scale, vertical=marks)


def _kelvin(t: float) -> str:
    return f"{style.short_number(float(t))} K"


def _values(data: xarray.Dataset, name: str) -> np.ndarray:
    return np.asarray(data[name], dtype=float)
