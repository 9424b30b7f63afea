"""Figures of a run of chiral kinetic theory, drawn from its run folder only (see `kiral.flavor.figures` for what a run is)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from kiral.kinetic import run_estimates as theory
from kiral.kinetic.run_page import measured_wave, wave_amplitudes
from kiral.report import maps, style
from kiral.report.style import BLACK, BLUE, COLORS, GREEN, GREY, ORANGE, Curve, Drawing, Mark, Panel

TIME, PLACE = r"time $t$  $[t_\ast]$", r"$z$  $[\ell_\ast]$"
CURRENT = r"number current  $[\ell_\ast^{-2}t_\ast^{-1}]$"
LINEAR = {"x_scale": "linear", "y_scale": "linear"}
_SHOWN, _POINTS = 6, 60


def _series(run: Any, name: str) -> np.ndarray | None:
    return np.asarray(run.series[name], float) if name in run.series and run.series.sizes.get("t", 0) > 1 else None


def _over_time(run: Any, curves: list[tuple[str, str, np.ndarray | None, str]], label: str, **options: Any) -> Panel | None:
    """A panel over t of (label, colour, values, dash); values None and those that are zero throughout are left out."""
    t = np.asarray(run.series["t"], float)
    found = tuple(Curve(n, t, y, color, dash) for n, color, y, dash in curves if y is not None and np.any(y))
    return Panel(TIME, label, found, **(LINEAR | options)) if found else None


def current(run: Any) -> Panel | None:
    """Number currents in time, with the exact one after switching on where there is no B."""
    case = theory.sections(run.config)
    names = [(axis, color) for axis, color in zip("xyz", (ORANGE, GREEN, BLUE), strict=True)]
    curves = [(f"$j_{axis}$", color, _series(run, f"current_{axis}"), "-") for axis, color in names]
    curves += [(f"$j_{{5{axis}}}$", color, _series(run, f"axial_current_{axis}"), "--") for axis, color in names]
    largest = max((np.abs(y).max() for _, _, y, _ in curves if y is not None), default=0.0)
    curves = [c for c in curves if c[2] is not None and np.abs(c[2]).max() > 1e-9 * largest]
    panel = _over_time(run, curves, CURRENT)
    steady = theory.ohm_current(case)
    if panel is None or steady is None or case.model.axis[2] != 1.0:
        return panel
    t = np.asarray(run.series["t"], float)
    rows = np.unique(np.linspace(0, t.size - 1, min(t.size, _POINTS)).round().astype(int))
    expected = np.array([theory.ohm_current(case, x - t[0]) for x in t[rows]])
    known = Curve("exact", t[rows], expected, BLACK, "", marker=".")
    marks = (Mark("exact, steady", steady), Mark("Ohm's law", theory.ohms_law(case)))
    return replace(panel, curves=(*panel.curves, known), horizontal=marks)


def anomaly(run: Any) -> Panel | None:
    """dn5/dt over the collisionless anomaly, with the exact factor of the steady state."""
    factor = _series(run, "anomaly_factor")
    if factor is None or not np.isfinite(factor).any():
        return None
    case = theory.sections(run.config)
    panel = _over_time(run, [("from f(p)", BLUE, factor, "-")], r"$\dot n_5\,/\,(e^2E\cdot B/2\pi^2c)$  [1]")
    expected = theory.anomaly_factor(case, float(run.series["mu"][-1]), float(run.series["mu5"][-1]))
    if panel is None or expected is None:
        return panel
    return replace(panel, horizontal=(Mark("exact, steady state", expected),))


def made(run: Any) -> Panel | None:
    """Axial number and mu5 in time."""
    axial = _series(run, "axial_number")
    case = theory.sections(run.config).model
    if axial is None or np.abs(axial - axial[0]).max() < 1e-12 * (case.temperature / case.c) ** 3:  # round-off
        return None
    return _over_time(run, [("", BLUE, axial - axial[0], "-")], r"$n_5(t)-n_5(0)$  $[\ell_\ast^{-3}]$")


def energies(run: Any) -> Panel | None:
    """Energy of the particles, work of E, heat of the bath."""
    energy = _series(run, "plasma_energy")
    curves = [
        ("work of E", BLUE, _series(run, "work"), "-"),
        ("heat to the bath", ORANGE, _series(run, "heat"), "-"),
        ("gain of the particles", GREEN, None if energy is None else energy - energy[0], "--"),
    ]
    return _over_time(run, curves, r"energy density  $[E_\ast\ell_\ast^{-3}]$")


def wave(run: Any) -> Panel | None:
    """Amplitudes of the seeded wave, with the slowest root of linear theory laid through the middle of the last part."""
    if "mu5_wave_re" not in run.series or run.series.sizes.get("t", 0) < 3:
        return None
    mu, mu5, electric = wave_amplitudes(run)
    t = np.asarray(run.series["t"], float)
    curves = [(r"$\mu$", ORANGE, np.abs(mu), "-"), (r"$\mu_5$", BLUE, np.abs(mu5), "-")]
    field = np.abs(electric) * run.config["model"]["charge"] * run.config["geometry"]["length"] / (2 * np.pi)
    curves += [("$eE/k$", GREEN, field, "-")] if np.any(field) else []
    panel = _over_time(run, curves, r"amplitude of the wave  $[E_\ast]$", y_scale="log", decades=8)
    roots = theory.wave_roots(theory.sections(run.config))
    if panel is None or not roots.size:
        return panel
    found = measured_wave(run, roots)
    s = roots[0] if found is None else roots[np.argmin(np.abs(roots - found[0]))]
    start = t.size // 2
    size = max(np.abs(mu5[start:]).max(), np.abs(mu[start:]).max())
    slope = Curve(f"kinetic root, Re s = {s.real:.4g}", t, size * np.exp(s.real * (t - t[start])), BLACK, ":")
    return replace(panel, curves=(*panel.curves, slope))


def numerics(run: Any) -> Panel | None:
    """What should be zero: drifts of the budgets, Gauss's law, tails of the expansions."""
    names = [str(name) for name in run.series.data_vars if str(name).startswith("drift_")]
    curves = [(f"budget {n.removeprefix('drift_')}", COLORS[i], _series(run, n), "-") for i, n in enumerate(names)]
    curves += [
        ("Gauss's law", COLORS[4], _series(run, "gauss_residual"), "-"),
        ("highest degree", GREY, _series(run, "angular_tail"), ":"),
        ("largest momentum", GREY, _series(run, "edge_content"), "--"),
        ("finest waves", BLACK, _series(run, "spectral_tail"), ":"),
    ]
    return _over_time(run, curves, "relative error, or share  [1]", y_scale="log", decades=18)


def step_size(run: Any) -> Panel | None:
    """The time step."""
    return _over_time(run, [("", BLACK, _series(run, "dt"), "-")], r"step $\Delta t$  $[t_\ast]$", y_scale="log")


def harmonics(run: Any) -> Drawing | None:
    """f_l(|p|) of right-handed particles and antiparticles in the last snapshot."""
    data = getattr(run, "snapshots", None)
    if data is None or "f_right" not in data or not data.sizes.get("t", 0):
        return None
    p = np.asarray(data["momentum"], float)
    panels = []
    for name, title in (("f_right", "right-handed particles"), ("f_anti_right", "their antiparticles")):
        f = np.asarray(data[name][-1], float)
        top = np.abs(f).max()
        shown = np.abs(f).max(axis=0) > 1e-8 * top
        floor = [i for i in range(min(_SHOWN, f.shape[0])) if np.abs(f[i, shown]).max() > 1e-8 * top]
        curves = tuple(Curve(f"$l={i}$", p[shown], f[i, shown], COLORS[i]) for i in floor)
        limits = (1e-8 * top, 3 * top)
        label = r"$|p|$  $[E_\ast t_\ast/\ell_\ast]$"
        panels.append(Panel(label, "$f_l$  [1]", curves, title, "linear", decades=8.0, y_limits=limits))
    t = float(data["t"][-1])
    caption = f"Occupations f = sum of f_l P_l(cos) about the axis at t = {t:.4g}, mean over the box; dashed where negative."
    return style.draw("harmonics", "Harmonics of the distribution", caption, tuple(panels), columns=2)


def in_space(run: Any) -> Drawing | None:
    """mu5, mu and E over z and t."""
    data = run.spectra
    if "mu5_z" not in data or data.sizes.get("t", 0) < 2:
        return None
    z, t = np.asarray(data["z"], float), np.asarray(data["t"], float)
    shown = (
        ("mu5_z", r"$\mu_5$  $[E_\ast]$", "axial chemical potential"),
        ("mu_z", r"$\mu$  $[E_\ast]$", "chemical potential"),
        ("electric_z", r"$E$  $[E_\ast^{1/2}\ell_\ast^{-3/2}]$", "electric field"),
    )
    found = []
    for name, label, title in shown:
        values = np.asarray(data[name], float)
        if np.ptp(values) > 0:
            top = float(np.abs(values).max())
            found.append(maps.Map(PLACE, TIME, label, z, t, values, title=title, z_scale="signed", z_limits=(-top, top)))
    if not found:
        return None
    caption = "Chemical potentials and the field over z and t."
    return maps.draw("waves", "Waves in space and time", caption, tuple(found), columns=3)


_PANELS = {
    "current": ("Currents", "Number currents, mean over the box; e times them is the electric current.", current),
    "anomaly": ("Anomaly", "Axial number made, over what the collisionless theory makes.", anomaly),
    "axial_number": ("Axial number", "Axial number density gained, mean over the box.", made),
    "wave": ("Seeded wave", "Amplitudes of the first seeded wave, beside linear theory.", wave),
    "energy": ("Energy", "Work of E on the particles, what the bath took, and what the particles kept.", energies),
    "numerics": ("What is conserved", "Errors of the budgets and shares of what is least resolved.", numerics),
    "step": ("Time step", "The accepted step.", step_size),
}


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures that the run has data for."""
    for name, (title, caption, panel) in _PANELS.items():
        found = panel(run)
        if found is not None and (drawing := style.draw(name, title, caption, (found,))) is not None:
            yield drawing
    for draw in (harmonics, in_space):
        if (drawing := draw(run)) is not None:
            yield drawing


def overview(run: Any) -> Drawing | None:
    """Currents, anomaly, wave, energy and conservation on one sheet."""
    titled = ((title, panel(run)) for title, _, panel in (_PANELS[n] for n in ("current", "anomaly", "wave", "numerics")))
    panels = tuple(replace(panel, title=title) for title, panel in titled if panel is not None)
    return style.draw("overview", "Overview", "The run at a glance.", panels, columns=2) if panels else None
