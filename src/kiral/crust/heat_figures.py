"""Figures of the heat of a crust, from its run folder: maps of the temperature, powers, temperatures over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kiral.crust.emhd_figures import chosen_times, has_times, moment, radius_label, time_label, unit
from kiral.crust.emhd_map_figures import ANGLES, LATITUDE, LAYER_LINES, MOST_TIMES, RADII, RECTANGLES, SHARE, levels
from kiral.crust.emhd_maps import axisymmetric, drawable, flux_function, stored_field, where_it_is
from kiral.report import maps, style
from kiral.report.maps import Contour, Map
from kiral.report.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, Curve, Drawing, Panel


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures of this module that the run has data for."""
    if has_times(run.series, 2) and "photon_luminosity" in run.series:
        yield from filter(None, (powers(run), temperatures(run)))
    if drawable(run) and "temperature" in run.snapshots and (drawing := temperature_map(run)) is not None:
        yield drawing


def powers(run: Any) -> Drawing | None:
    """Where the heat comes from and goes to."""
    data = run.series
    t, joule, neutrinos, photons, core = (
        np.asarray(data[name], float)
        for name in ("t", "joule_power", "neutrino_luminosity", "photon_luminosity", "core_luminosity")
    )
    curves = (
        Curve("currents", t, joule, ORANGE),
        Curve("neutrinos", t, neutrinos, PURPLE),
        Curve("photons", t, photons, BLUE),
        Curve("from the core", t, core, GREEN, "-."),
    )
    label = f"power  {unit(data['joule_power'])}"
    panel = Panel(time_label(data), label, curves, x_scale="linear", decades=6)
    caption = (
        "Powers at infinity: heat of the currents, neutrinos and photons that leave, heat from the core (dashed: into it)."
    )
    return style.draw("powers", "Heating and cooling", caption, (panel,))


def temperatures(run: Any) -> Drawing | None:
    """Highest, mean and lowest temperature of the crust, and those of its outer boundary."""
    data = run.series
    names = (
        ("temperature_max", "highest", ORANGE, "-"),
        ("temperature_mean", "mean", BLACK, "-"),
        ("temperature_min", "lowest", BLUE, "-"),
        ("edge_temperature_max", "highest at the outer boundary", PURPLE, "--"),
        ("edge_temperature_min", "lowest at the outer boundary", GREEN, ":"),
    )
    t = np.asarray(data["t"], float)
    curves = tuple(Curve(label, t, np.asarray(data[name], float), color, dash) for name, label, color, dash in names)
    label = f"temperature  {unit(data['temperature_max'])}"
    panel = Panel(time_label(data), label, curves, x_scale="linear", y_scale="linear")
    return style.draw("temperatures", "Temperatures", "Temperatures of local observers.", (panel,))


def temperature_map(run: Any) -> Drawing | None:
    """T over latitude and radius with poloidal lines; of a 3-D run at longitude 0, with the mean field's lines."""
    data, theta = run.snapshots, np.linspace(np.pi, 0, ANGLES)
    found = []
    for i in chosen_times(data.sizes["t"], MOST_TIMES):
        mean = axisymmetric(stored_field(run, i))
        low, high = where_it_is(mean, SHARE)
        r = np.linspace(max(2 * low - high, mean.radii[0]), min(2 * high - low, mean.radii[1]), RADII)
        flux = flux_function(mean, r, theta).T
        lines = Contour("poloidal lines", tuple(levels(flux, LAYER_LINES)), of=flux)
        values = stored_temperature(run, i, r, theta)
        label = rf"$T$  {unit(data['temperature'])}"
        found.append(
            Map(LATITUDE, radius_label(data), label, 90 - np.degrees(theta), r, values.T, moment(data, i), contours=(lines,))
        )
    caption = (
        f"Temperature and poloidal lines over latitude and radius: three times the thickness that holds {SHARE:.0%} of the "
        "field's energy, or all of the crust. Every time has colours of its own."
    )
    return maps.draw_sheet("temperature", "Temperature of the crust", caption, found, RECTANGLES)


def stored_temperature(run: Any, index: int, r: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """T [K] at stored time `index` on the meridian of longitude 0, (theta, r): linear between the stored angles."""
    data = run.snapshots["temperature"].isel(t=index, phi=0).transpose("theta", "r")
    values = np.asarray(data, float) @ stored_field(run, index).shell.interpolation(r).T
    angles = np.asarray(run.snapshots["theta"], float)
    return np.stack([np.interp(theta, angles, column) for column in values.T], axis=1)
