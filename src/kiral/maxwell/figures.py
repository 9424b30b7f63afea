"""Figures of a run of the anomalous Maxwell equations, drawn from its run folder only.

A run is any object with `config`, `series`, `spectra` and, where it has fields, `snapshots` (xarray). A figure function gives a
Panel, or None where the run has nothing to show there. Nothing here writes files. Natural units, Gaussian fields.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from kiral.maxwell.field_figures import DRAWINGS
from kiral.report import style
from kiral.report.style import BLACK, BLUE, COLORS, GREEN, GREY, ORANGE, PURPLE, SKY, Curve, Drawing, Panel

TIME, WAVE = "time $t$", "wave number $k$"
_MOST_TIMES = 9
_NO_POWER = 1e-26
_ROUND_OFF = 1e-14
"""Amounts below this, relative to the largest of their figure, are rounding errors."""

Line = tuple[str, str, "np.ndarray | None", str]


def series(run: Any, name: str) -> np.ndarray | None:
    """The values of a series; None where it is not stored or has one row only."""
    data = run.series
    return np.asarray(data[name], float) if name in data and data.sizes.get("t", 0) > 1 else None


def over_time(run: Any, lines: list[Line], label: str, **options: Any) -> Panel | None:
    """A panel over t of (label, colour, values, dash); values None, and those that are zero but for rounding, are left out."""
    t = np.asarray(run.series["t"], float)
    known = [line for line in lines if line[2] is not None]
    largest = max((float(np.nanmax(np.abs(values), initial=0.0)) for _, _, values, _ in known), default=0.0)
    shown = [line for line in known if np.nanmax(np.abs(line[2]), initial=0.0) > _ROUND_OFF * largest]
    curves = tuple(Curve(name, t, values, color, dash) for name, color, values, dash in shown)
    options = {"x_scale": "linear", "y_scale": "linear"} | options
    return Panel(TIME, label, curves, **options) if curves else None


def fields(run: Any) -> Panel | None:
    """Root mean squares of both fields, without the uniform B."""
    lines = [
        (r"$|\mathbf{B}-\mathbf{B}_0|_\mathrm{rms}$", BLUE, series(run, "b_fluctuation"), "-"),
        (r"$E_\mathrm{rms}$", ORANGE, series(run, "e_rms"), "-"),
    ]
    return over_time(run, lines, "fields  [energy/(length e)]", y_scale="log")


def energies(run: Any) -> Panel | None:
    """Free energy without that of the background field, its parts, and the heat that it becomes."""
    free, heat, fluctuation = series(run, "free_energy"), series(run, "joule_heat"), series(run, "b_fluctuation")
    if free is None or heat is None or fluctuation is None:
        return None
    uniform = math.hypot(*run.config["initial"]["background_field"]) ** 2 / (8 * math.pi)
    magnetic, electric = fluctuation**2 / (8 * math.pi), series(run, "energy_electric")
    left = free - uniform
    lines = [
        ("free energy + heat", BLACK, left + heat, "--"),
        ("free energy", GREY, left, "-"),
        ("plasma", GREEN, left - magnetic - electric, "-"),
        (r"magnetic $\langle|\mathbf{B}-\mathbf{B}_0|^2\rangle/8\pi$", BLUE, magnetic, "-"),
        (r"electric $\langle E^2\rangle/8\pi$", ORANGE, electric, "-"),
        (r"heat $\int\sum\langle\sigma_\lambda E_\lambda^2\rangle dt$", PURPLE, heat, "-"),
    ]
    return over_time(run, lines, "energy density  [energy/length³]", y_scale="log")


def helicity(run: Any) -> Panel | None:
    """Axial density, and what helicity is worth."""
    axial, linked = series(run, "axial_charge"), series(run, "magnetic_helicity")
    if axial is None or linked is None:
        return None
    model = run.config["model"]
    linked = model["charge"] ** 2 / (4 * math.pi**2 * model["light_speed"] ** 2) * linked
    lines = [
        (r"$\langle n_5\rangle+(e^2/4\pi^2c^2)\,\mathcal{H}$", BLACK, axial + linked, "--"),
        (r"axial density $\langle n_5\rangle$", GREEN, axial, "-"),
        (r"helicity $(e^2/4\pi^2c^2)\,\mathcal{H}$", BLUE, linked, "-"),
    ]
    return over_time(run, lines, "number density  [1/length³]")


def potentials(run: Any) -> Panel | None:
    """Mean, rms and largest mu5, rms mu."""
    lines = [
        (r"largest $|\mu_5|$", SKY, series(run, "mu5_max"), ":"),
        (r"$\mu_{5,\mathrm{rms}}$", BLUE, series(run, "mu5_rms"), "--"),
        (r"$\langle\mu_5\rangle$", BLACK, series(run, "mu5_mean"), "-"),
        (r"$\mu_\mathrm{rms}$", ORANGE, series(run, "mu_rms"), "-"),
    ]
    return over_time(run, lines, "chemical potential  [energy]")


def wave_numbers(run: Any) -> Panel | None:
    """Peak and integral wave number of B."""
    lines = [
        ("peak of the spectrum", BLUE, _positive(series(run, "k_peak")), "-"),
        (r"integral, $\int E\,dk/\int E\,k^{-1}dk$", ORANGE, _positive(series(run, "k_integral")), "-"),
    ]
    return over_time(run, lines, "wave number of $B$  [1/length]", y_scale="log")


def _positive(values: np.ndarray | None) -> np.ndarray | None:
    return None if values is None or not np.any(values > 0) else values


def _spectrum(run: Any, name: str, label: str, **options: Any) -> Panel | None:
    """k times a spectrum at stored times."""
    if name not in run.spectra or not run.spectra.sizes.get("t", 0) or run.spectra.sizes["k"] < 3:
        return None
    k, t, power = (np.asarray(run.spectra[v], float) for v in ("k", "t", name))
    if np.count_nonzero(power.max(axis=0) > _NO_POWER * power.max()) < 3:
        return None  # a single mode
    chosen = np.unique(np.linspace(0, len(t) - 1, min(len(t), _MOST_TIMES)).round().astype(int))
    curves = tuple(Curve("", k, k * power[i], value=float(t[i])) for i in chosen)
    return Panel(f"{WAVE}  [1/length]", label, curves, color_label=TIME, **options)


def magnetic_spectrum(run: Any) -> Panel | None:
    """k E(k)."""
    return _spectrum(run, "energy_spectrum", r"$k\,E_B(k)$  [energy/length³]", decades=16)


def axial_spectrum(run: Any) -> Panel | None:
    """k times the spectrum of n5."""
    return _spectrum(run, "axial_spectrum", r"$k$ times the spectrum of $n_5$  [1/length⁶]", decades=16)


def numerics(run: Any) -> Panel | None:
    """What should be zero: drifts of the budgets, the finest modes."""
    names = [str(name) for name in run.series.data_vars if str(name).startswith("drift_")]
    drifts = [(f"budget {name.removeprefix('drift_').replace('_', ' ')}", series(run, name)) for name in sorted(names)]
    lines = [(label, COLORS[i % len(COLORS)], drift, "-") for i, (label, drift) in enumerate(drifts)]
    lines += [(r"$B$ above $0.9\,k_\mathrm{max}$", GREY, series(run, "tail_magnetic"), ":")]
    lines += [(r"$n_5$ above $0.9\,k_\mathrm{max}$", GREY, series(run, "tail_axial"), "--")]
    t = np.asarray(run.series["t"], float)
    shown = [line for line in lines if _positive(line[2]) is not None]
    curves = tuple(Curve(label, t, values, color, dash) for label, color, values, dash in shown)
    return Panel(TIME, "relative error  [1]", curves, x_scale="linear", decades=18) if curves else None


def step_size(run: Any) -> Panel | None:
    """The step, and the times that limit it."""
    lines: list[Line] = [(r"step $\Delta t$", BLACK, series(run, "dt"), "-")]
    names = [str(name) for name in run.series.data_vars if str(name).startswith("rate_")]
    span = run.config["time"]["t_end"] - run.config["time"]["t_start"]
    for i, name in enumerate(sorted(names)):
        rate = series(run, name)
        if rate is not None and np.any(rate > 0):
            slowest = np.divide(1.0, rate, out=np.full_like(rate, np.nan), where=rate * span > 1)
            lines.append((f"1/rate: {name.removeprefix('rate_').replace('_', ' ')}", COLORS[i % len(COLORS)], slowest, "--"))
    t = np.asarray(run.series["t"], float)
    curves = tuple(Curve(label, t, values, color, dash) for label, color, values, dash in lines if values is not None)
    return Panel(TIME, "time", curves, x_scale="linear") if curves else None


_PANELS: dict[str, tuple[str, str, Callable[[Any], Panel | None]]] = {
    "fields": ("Fields", "Root mean squares over the box; a uniform background field is left out.", fields),
    "energies": (
        "Energies",
        "Free energy of fields and plasma (above mu = mu5 = 0, without the background field) becomes heat; the sum changes by "
        "what acts from outside only.",
        energies,
    ),
    "helicity": ("Helicity and axial charge", "Means over the box; the anomaly trades one for the other.", helicity),
    "potentials": ("Chemical potentials", "Of axial charge and of charge.", potentials),
    "wave_numbers": ("Scale of the magnetic field", "Peak and integral wave number.", wave_numbers),
    "magnetic_spectrum": ("Magnetic spectrum", "Magnetic energy per logarithm of k; the background field is left out.",
                          magnetic_spectrum),
    "axial_spectrum": ("Spectrum of the axial density", "Power of what is not uniform, per logarithm of k.", axial_spectrum),
    "numerics": ("What is conserved", "Relative errors of the budgets, and the share of the finest tenth of wave numbers.",
                 numerics),
    "step": ("Time step", "The step and what it resolves; what is exact has no bound of its own.", step_size),
}  # fmt: skip


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures that the run has data for."""
    for name, (title, caption, panel) in _PANELS.items():
        found = panel(run)
        if found is not None and (drawing := style.draw(name, title, caption, (found,))) is not None:
            yield drawing
    for draw in DRAWINGS:
        if (drawing := draw(run)) is not None:
            yield drawing


def overview(run: Any) -> Drawing | None:
    """Fields, helicity, chemical potentials and conservation on one sheet."""
    titled = ((title, panel(run)) for title, _, panel in (_PANELS[n] for n in ("fields", "helicity", "potentials", "numerics")))
    panels = tuple(replace(panel, title=title) for title, panel in titled if panel is not None)
    return style.draw("overview", "Overview", "The run at a glance.", panels, columns=2)
