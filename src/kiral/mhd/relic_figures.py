"""The plane of correlation length and field strength: bounds, a run's track in time, and its way until today. No jax.

Everything is comoving with a = 1 today, so that a field that does not decay stays where it is. Drawn from stored series,
from `kiral.relic_field`, and from the cited bounds of `kiral.mhd.bounds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kiral.mhd.analysis import scales
from kiral.mhd.bounds import bound
from kiral.mhd.relic import correlation_length_mpc, field_of_helicity, has_track, relic_track, units_of
from kiral.mhd.relic_scenario import relic_field, today_of
from kiral.report import style
from kiral.report.style import AMBER, BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, Curve, Drawing, Panel

if TYPE_CHECKING:
    import xarray

LENGTH = r"correlation length $\lambda_B=2\pi/k_I$  [Mpc, comoving]"
FIELD = r"field $B_\mathrm{rms}$  [G, comoving]"
LARGEST_MPC = 1e4
TOP_GAUSS = 1e-4
SHOWN = {
    "kawasaki2012": PURPLE,
    "planck2015-helical": SKY,
    "jedamzik2019": GREEN,
    "magic2022": ORANGE,
    "neronov2010": AMBER,
    "eddies": GREY,
}
"""The bounds in the figure and their colours: of those on the CMB the ones for helical and for causal fields."""


def relic_panel(run: Any) -> Panel | None:
    """A run's track from its start to its end and on to today, with the estimate for its coefficients and G25 (38).

    None where the run is no epoch of the Universe, stores no track, never has a field, or has no helicity to be followed.
    """
    if run.config["units"].get("kind") == "matter" or not has_track(run):
        return None
    track = relic_track(run)
    if not track.sizes["t"] or not float(track["helicity"][-1]):
        return None
    units, known = units_of(run.config), scales(run.config, run.series)
    curves = []
    k = known.k_phi or known.k_cpi
    if known.helicity is not None and k:
        field = np.sqrt(k * abs(known.helicity)) * units.field_gauss
        start = (float(correlation_length_mpc(k, units)), field)
        label = f"estimate, {known.helicity_equation}"
        curves.append(_way(label, known.helicity * units.helicity_gauss2_mpc, start, BLUE, "s"))
    fiducial = relic_field(temperature=units.temperature_physical_ev / 1e9, g_energy=units.g_energy, g_entropy=units.g_entropy)
    return _panel([*curves, _scenario_curve("fiducial values, Eq. 38", fiducial, BLUE, "D"), *_run_curves(track)])


def draw_relic_fields(found: Mapping[str, xarray.Dataset]) -> Drawing | None:
    """What `kiral.relic_field` answered for several scenarios, by label, in one figure. ValueError: more than five."""
    looks = tuple(zip((BLACK, BLUE, BLACK, BLUE, BLACK), "Dsov^", strict=True))
    if len(found) > len(looks):
        raise ValueError(f"{len(found)} scenarios given; a figure holds {len(looks)}")
    curves = [_scenario_curve(label, data, *look) for (label, data), look in zip(found.items(), looks, strict=False)]
    return style.draw("relic", "Relic fields", CAPTION, (_panel(curves),))


CAPTION = (
    "Comoving field strength against correlation length. Shaded: what observations exclude, for the field today (for the "
    "field at its time: nucleosynthesis), so that only the end of a dashed line compares with them. A helical field decays "
    "along B² λ_B = const to the line of the largest eddies, where recombination stops it."
)


def _run_curves(track: xarray.Dataset) -> list[Curve]:
    """The track, its end, and the way on to today."""
    t, length, field = (np.asarray(track[name]) for name in ("t", "lambda_b", "b_rms"))
    helicity = float(track["helicity"][-1])
    way = _way("run until today", helicity, (length[-1], field[-1]), BLACK, "*")
    return [
        Curve(f"run, t = {t[0]:.2g} to {t[-1]:.2g}", length, field, BLACK, width=2.4),
        Curve("end of the run", length[-1:], field[-1:], BLACK),
        way,
    ]


def _way(label: str, helicity: float, start: tuple[float, float], color: str, marker: str) -> Curve:
    """From (λ_B, B) of the start until today: B² λ_B = 2π|h| where the eddies turn over, nothing where they do not."""
    field, length, cascades = today_of(helicity, start[1], start[0])
    begin = float(field_of_helicity(helicity, start[0])) if cascades else start[1]
    return Curve(label, np.array([start[0], length]), np.array([begin, field]), color, "--", marker=marker)


def _scenario_curve(label: str, data: xarray.Dataset, color: str, marker: str) -> Curve:
    """The way of a scenario; its end alone where only a helicity was given."""
    if "field_start" in data:
        start = (float(data["length_start"]), float(data["field_start"]))
        return _way(label, float(data["helicity"]), start, color, marker)
    return Curve(label, np.atleast_1d(data["length_today"]), np.atleast_1d(data["field_today"]), color, "--", marker=marker)


def _panel(curves: list[Curve]) -> Panel:
    """The bounds under the curves, over all lengths and strengths that these need."""
    shortest = min(float(np.min(curve.x)) for curve in curves)
    weakest, strongest = (float(f([f(curve.y) for curve in curves])) for f in (np.min, np.max))
    length = np.geomspace(shortest / 10, LARGEST_MPC, 240)
    limits = (min(weakest, 1e-18) / 10, max(10 * strongest, TOP_GAUSS))
    return Panel(LENGTH, FIELD, (*_bound_curves(length, limits), *curves), decades=80, y_limits=limits)


def _bound_curves(length: np.ndarray, limits: tuple[float, float]) -> list[Curve]:
    sides: dict[str, Literal["", "above", "below"]] = {"lower": "below", "upper": "above", "line": ""}
    found = []
    for name, color in SHOWN.items():
        known = bound(name)
        field = known.field(length)
        field[(field < limits[0]) | (field > limits[1])] = np.nan
        dash = ":" if known.kind == "line" else "-"
        found.append(Curve(known.label, length, field, color, dash, 1.2, fill=sides[known.kind]))
    return found
