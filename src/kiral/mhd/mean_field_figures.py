"""Figures of the model without flow (`kiral.mhd.mean_field`), from the datasets of its calculations.

G25 = Gurgenidze et al. (2025). Code units.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kiral.mhd.eq27 import groups
from kiral.mhd.mean_field import Plasma
from kiral.mhd.panels import MU5_UNIT, TIME
from kiral.mhd.paper_tables import table2
from kiral.report import maps, style
from kiral.report.maps import Contour, Map, Point
from kiral.report.style import BLACK, COLORS, GREY, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

RATIO = r"largest $h_M$ over Eq. (27)  [1]"
RATIO_LIMITS = (1e-4, 1e4)
LABELS = {
    "chiral_feedback": r"feedback $\lambda$  $[l_\ast\,E_\ast^{-1}]$",
    "amplitude": r"source $\bar S_5$  $[l_\ast^{-1}\,t_\ast^{-1}]$",
    "washout": r"washout $\Gamma_5 t_\phi$  [1]",
    "onset": r"onset $t_\mathrm{cross}/t_\phi$  [1]",
}
TITLES = {
    "chiral_feedback": "around run A",
    "washout": "in pure numbers",
}
MARKED = ("A", "B", "C", "D")


def eq27_map(*planes: xarray.Dataset) -> Drawing | None:
    """Where Eq. (27) holds, one map for each dataset of the calculation `eq27-map`; runs of G25's Table 2 are marked."""
    caption = (
        "Largest magnetic helicity in time, without flow, over the estimate of Eq. (27) (G25). Letters: runs of Table 2. "
        "Beyond the dotted line the field's feedback on μ5 exceeds the washout; left of the dash-dotted one washout is "
        "slower than the onset."
    )
    return maps.draw("eq27_map", "Where Eq. (27) holds", caption, tuple(map(_plane, planes)), columns=2)


def _plane(data: xarray.Dataset) -> Map:
    y_name, x_name = data["ratio"].dims
    x, y, ratio = (np.asarray(data[name], dtype=float) for name in (x_name, y_name, "ratio"))
    contours = (
        Contour("within 30 %", (1 / 1.3, 1.3)),
        Contour("within a factor of 2", (0.5, 2.0), "--"),
        Contour(r"$\lambda\eta B^2=\Gamma_5$", (1.0,), ":", GREY, of=np.asarray(data["cme_ratio"], dtype=float)),
    )
    curves, points = (), ()
    if x_name == "washout":
        curves = (Curve(r"$\Gamma_5 t_\mathrm{cross}=1$", x, 1 / x, BLACK, "-.", 1.3),)
    points = tuple(Point(label, *position) for label, position in _runs(str(x_name)).items())
    return Map(LABELS[str(x_name)], LABELS[str(y_name)], RATIO, x, y, ratio, TITLES[str(x_name)], "log", "log", "ratio",
               RATIO_LIMITS, contours=contours, curves=curves, points=points)  # fmt: skip


def _runs(x_name: str) -> dict[str, tuple[float, float]]:
    """Positions of the paper's runs in a plane. In pure numbers B, C, D differ from A in the third one only."""
    rows = {row["label"]: row for row in table2()}
    if x_name == "chiral_feedback":
        return {label: (rows[label]["lam"], rows[label]["amplitude"]) for label in MARKED}
    run = rows["A"]
    found = groups(Plasma(*(run[key] for key in ("eta", "lam", "gamma5", "amplitude", "t_phi"))), 0.0)
    return {"A": (float(found.washout), float(found.onset))}


def evolution(runs: Mapping[str, xarray.Dataset], t_max: float = 0.3) -> Drawing | None:
    """mu5 and h over Eq. (27) of several results of `mean-field` that have this estimate, by their names, up to t_max."""
    unit_free = {name: data["magnetic_helicity"] / abs(data["estimate_27"]) for name, data in runs.items()}
    chirality = _curves({name: data["mu5_mean"] for name, data in runs.items()}, t_max)
    panels = (
        Panel(TIME, f"chiral chemical potential  {MU5_UNIT}", chirality, "chirality", "linear", y_scale="linear"),
        Panel(TIME, r"$h_M$ over Eq. (27)  [1]", _curves(unit_free, t_max), "helicity", "linear", decades=9,
              horizontal=(Mark("Eq. (27)", 1.0),)),
    )  # fmt: skip
    caption = "Mean μ5, and magnetic helicity over the estimate of Eq. (27) (G25), without flow."
    return style.draw("mean_field", "The instability without flow", caption, panels, columns=2)


def _curves(values: Mapping[str, xarray.DataArray], t_max: float) -> tuple[Curve, ...]:
    shown = {label: v.where(v["t"] <= t_max, drop=True) for label, v in values.items()}
    return tuple(
        Curve(label, np.asarray(v["t"], float), np.asarray(v, float), color)
        for (label, v), color in zip(shown.items(), itertools.cycle(COLORS), strict=False)
    )
