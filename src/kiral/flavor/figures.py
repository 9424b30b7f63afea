"""Figures of a run of flavor kinetics, drawn from its run folder only.

A run is any object with `config`, `series`, `spectra` and, where it has fields, `snapshots` (xarray). A figure function gives a
Drawing, or None where the run has nothing to show there. Nothing here writes files. Units: l*, t* = l*/c, densities n*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from kiral.report import maps, style
from kiral.report.style import BLACK, BLUE, COLORS, GREEN, GREY, ORANGE, PURPLE, Curve, Drawing, Panel

TIME, PLACE, WAVE = r"time $t$  $[t_\ast]$", r"$z$  $[\ell_\ast]$", r"wave number $k$  $[1/\ell_\ast]$"
_MOST_TIMES = 9


def _series(run: Any, name: str) -> np.ndarray | None:
    data = run.series
    return np.asarray(data[name], float) if name in data and data.sizes.get("t", 0) > 1 else None


def _over_time(run: Any, curves: list[tuple[str, str, np.ndarray | None, str]], label: str, **options: Any) -> Panel | None:
    """A panel over t of (label, colour, values, dash); values None are left out."""
    t = np.asarray(run.series["t"], float)
    found = tuple(Curve(name, t, values, color, dash) for name, color, values, dash in curves if values is not None)
    options = {"x_scale": "linear", "y_scale": "linear"} | options
    return Panel(TIME, label, found, **options) if found else None


def energies(run: Any) -> Panel | None:
    """U_osc, K and their sum, over |U_osc(0)|."""
    u, k = _series(run, "u_osc"), _series(run, "kinetic_energy")
    if u is None or k is None or u[0] == 0:
        return None
    unit = abs(u[0])
    total = None if run.config["model"].get("vacuum") or run.config["model"].get("matter") else (u + k) / unit
    curves = [
        (r"$U_\mathrm{osc}+\Delta K$", BLACK, total, "--"),
        (r"$U_\mathrm{osc}$", BLUE, u / unit, "-"),
        (r"$\Delta K$ (Eqs. 21, 22)", ORANGE, k / unit, "-"),
    ]
    return _over_time(run, curves, r"energy over $|U_\mathrm{osc}(0)|$  [1]")


def survival(run: Any) -> Panel | None:
    """Mean survival probabilities, and the share of other flavors in what began as ν_e."""
    curves = [
        (r"$\nu_e$ survival", BLUE, _series(run, "survival_nue"), "-"),
        (r"$\bar\nu_e$ survival", ORANGE, _series(run, "survival_nuebar"), "--"),
        (r"$\nu_x$ in what began as $\nu_e$", GREEN, _series(run, "nux_content"), "-"),
    ]
    return _over_time(run, [*curves, *_closed_form(run)], "share  [1]")


def _closed_form(run: Any) -> list[tuple[str, str, np.ndarray | None, str]]:
    """Oscillations in uniform matter without interaction among neutrinos, two flavors and one energy."""
    from kiral.flavor.estimates import survival_in_matter

    model = run.config["model"]
    vacuum = model.get("vacuum") or {}
    alone = not model.get("mu") and not model.get("collisions") and not model.get("matter_file")
    if not alone or len(vacuum.get("levels") or ()) != 2 or model["energies"]["values"] != [1.0]:
        return []
    t = np.asarray(run.series["t"], float)
    expected = [survival_in_matter(vacuum["levels"], vacuum["angles"][0], s * model["matter"], t - t[0]) for s in (1, -1)]
    symbols = (r"$\nu_e$, closed form", r"$\bar\nu_e$, closed form")
    return [(symbol, BLACK, value, ":") for symbol, value in zip(symbols, expected, strict=True)]


def growth(run: Any) -> Panel | None:
    """The coherence, with its growth."""
    return _over_time(run, [("", BLUE, _series(run, "coherence"), "-")], r"rms coherence $|p_{ex}|$  [1]", y_scale="log")


def angles(run: Any) -> tuple[Panel, ...]:
    """Densities by direction before and after, and survival by direction."""
    spectra = run.spectra
    if "nue_v" not in spectra or spectra.sizes.get("t", 0) < 2 or run.config["model"]["kind"] == "flavor_beams":
        return ()
    v = np.asarray(spectra["velocity"], float)[0]
    first, after = [], []
    for name, color, symbol in (("nue", BLUE, r"$\nu_e$"), ("nuebar", ORANGE, r"$\bar\nu_e$")):
        if f"{name}_v" in spectra:
            density, chance = _ByVelocity(v, spectra[f"{name}_v"]), _ByVelocity(v, spectra[f"survival_{name}_v"])
            first += [Curve(f"{symbol} at the start", density.x, density.start, color, "--")]
            first += [Curve(f"{symbol} at the end", density.x, density.end, color)]
            after += [Curve(symbol, chance.x, chance.end, color, "-" if name == "nue" else "--")]
    linear = {"x_scale": "linear", "y_scale": "linear"}
    before = Panel("$v_z$  [c]", r"density per $dv_z$  $[n_\ast]$", tuple(first), title="densities", **linear)
    linear |= {"title": "survival", "y_limits": (0, 1.05)}
    return before, Panel("$v_z$  [c]", "survival probability  [1]", tuple(after), **linear)


class _ByVelocity:
    """First and last row of a variable over directions, averaged over those of equal v_z, increasing."""

    def __init__(self, v: np.ndarray, rows: Any) -> None:
        self.x, group = np.unique(np.round(v, 12), return_inverse=True)
        count = np.bincount(group)
        self.start, self.end = (np.bincount(group, np.asarray(rows[i], float)) / count for i in (0, -1))


def coherence_spectra(run: Any) -> Panel | None:
    """Power of the coherence by wave number at stored times."""
    if "psi_power" not in run.spectra or not run.spectra.sizes.get("t", 0):
        return None
    k = np.asarray(run.spectra["k"], float)
    times = np.asarray(run.spectra["t"], float)
    chosen = np.unique(np.linspace(0, len(times) - 1, min(len(times), _MOST_TIMES)).round().astype(int))
    power = np.asarray(run.spectra["psi_power"], float)
    curves = tuple(Curve("", k, power[i], value=float(times[i])) for i in chosen)
    return Panel(WAVE, r"$|\psi_k|^2$, mean of all directions  [1]", curves, x_scale="linear", decades=34, color_label=TIME)


def numerics(run: Any) -> Panel | None:
    """What should be zero: drifts of the budgets, change of |P|, the finest modes."""
    names = [str(name) for name in run.series.data_vars if str(name).startswith("drift_")]
    drifts = [(f"budget {name.removeprefix('drift_')}", _nonzero(_series(run, name))) for name in names]
    curves = [(label, COLORS[i % len(COLORS)], drift, "-") for i, (label, drift) in enumerate(drifts)]
    curves += [(r"$|P|$, largest change", PURPLE, _nonzero(_series(run, "norm_drift")), "--")]
    curves += [("finest third of the modes", GREY, _nonzero(_series(run, "spectral_tail")), ":")]
    return _over_time(run, curves, "relative error  [1]", y_scale="log", decades=16)


def _nonzero(values: np.ndarray | None) -> np.ndarray | None:
    return values if values is not None and np.any(values) else None


def step_size(run: Any) -> Panel | None:
    """The step, and the turning time of the fastest polarization vector."""
    dt, rate = _series(run, "dt"), _series(run, "rate_precession")
    slowest = None if rate is None else np.divide(1.0, rate, out=np.full_like(rate, np.nan), where=rate > 0)
    curves = [(r"step $\Delta t$", BLACK, dt, "-"), ("1/rate: precession", BLUE, slowest, "--")]
    return _over_time(run, curves, r"time  $[t_\ast]$", y_scale="log")


def content_map(run: Any) -> Drawing | None:
    """Share of other flavors in what began as ν_e, over z and t, in a 1-D box."""
    snapshots = getattr(run, "snapshots", None)
    if snapshots is None or "nux" not in snapshots or snapshots.sizes.get("t", 0) < 2:
        return None
    if snapshots.sizes["x"] > 1 or snapshots.sizes["y"] > 1:
        return None
    values = np.clip(np.asarray(snapshots["nux"], float)[:, 0, 0], 0.0, 1.0)  # round-off
    z, t = np.asarray(snapshots["z"], float), np.asarray(snapshots["t"], float)
    shown = maps.Map(PLACE, TIME, r"$\nu_x$ in what began as $\nu_e$  [1]", z, t, values, z_limits=(0.0, 1.0))
    return maps.draw("nux", "Flavor in space and time", "Share of other flavors in the neutrinos that began as ν_e.", (shown,))


def slices(run: Any) -> Drawing | None:
    """The same in a plane of a 2-D or 3-D box, at the last stored time."""
    snapshots = getattr(run, "snapshots", None)
    if snapshots is None or "nux" not in snapshots or not snapshots.sizes.get("t", 0):
        return None
    long = [axis for axis in "xyz" if snapshots.sizes[axis] > 1]
    if len(long) < 2:
        return None
    across, up = long[-2:]
    plane = snapshots["nux"].isel(t=-1, **{axis: 0 for axis in "xyz" if axis not in (across, up)}).transpose(up, across)
    labels = [rf"${axis}$  $[\ell_\ast]$" for axis in (across, up)]
    x, y = (np.asarray(snapshots[axis], float) for axis in (across, up))
    bar = r"$\nu_x$ in what began as $\nu_e$  [1]"
    shown = maps.Map(*labels, bar, x, y, np.asarray(plane, float), equal=True)
    title = f"Flavor in a plane at t = {float(snapshots['t'][-1]):.4g}"
    return maps.draw("nux", title, "Share of other flavors in the neutrinos that began as ν_e.", (shown,))


_PANELS: dict[str, tuple[str, str, Callable[[Any], Panel | None]]] = {
    "energies": ("Energies", "Oscillation energy of the interaction and the kinetic energy that it is traded with.", energies),
    "survival": ("Flavor content", "Means over the box and all directions.", survival),
    "growth": ("Coherence", "Root mean square of the off-diagonal part of the polarization vectors.", growth),
    "coherence_spectra": ("Coherence by wave number", "Instabilities fill a band; what they cascade to must stay resolved.",
                          coherence_spectra),
    "numerics": ("What is conserved", "Errors of conserved quantities, and the share of the finest third of all modes.",
                 numerics),
    "step": ("Time step", "The step and what it resolves.", step_size),
}  # fmt: skip


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures that the run has data for."""
    for name, (title, caption, panel) in _PANELS.items():
        found = panel(run)
        if found is not None and (drawing := style.draw(name, title, caption, (found,))) is not None:
            yield drawing
    if (panels := angles(run)) and (drawing := style.draw("angles", "Directions", _ANGLES, panels, columns=2)) is not None:
        yield drawing
    for draw in (content_map, slices):
        if (drawing := draw(run)) is not None:
            yield drawing


_ANGLES = "Densities of electron neutrinos and antineutrinos by direction before and after, and what survived of them."


def overview(run: Any) -> Drawing | None:
    """Energies, flavor content, coherence and conservation on one sheet."""
    titled = ((title, panel(run)) for title, _, panel in (_PANELS[n] for n in ("energies", "survival", "growth", "numerics")))
    panels = tuple(replace(panel, title=title) for title, panel in titled if panel is not None)
    return style.draw("overview", "Overview", "The run at a glance.", panels, columns=2)

