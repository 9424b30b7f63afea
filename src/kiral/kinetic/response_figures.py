"""Figures of waves to all orders in k, from the dataset of `kiral calc kinetic-dispersion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.report import style
from kiral.report.style import BLACK, BLUE, GREEN, ORANGE, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

WAVE_NUMBER = r"$c\,k\,\tau$  [1]"
STYLES = {
    "first_order": ("first order", GREEN, ":"),
    "second_order": ("second order", ORANGE, "--"),
    "drude": ("Drude", BLUE, "-"),
}


def dispersion(data: xarray.Dataset) -> Drawing | None:
    """Rates and frequencies of all waves, exact and of the closed sets, and the sets' errors for the slowest wave."""
    x = data["k"].values
    unstable = bool(np.nanmax(data["rate_exact"].values) > 1e-12)
    sets = {name: style_ for name, style_ in STYLES.items() if f"rate_{name}" in data}
    if data.attrs["field"] == "held":
        sets = {"second_order": ("Eq. (65)", ORANGE, "--")}
    rates = [_curve(label, x, _shown(data, n, unstable), color, dash) for n, (label, color, dash) in sets.items()]
    rates.append(_curve("exact", x, _shown(data, "exact", unstable), BLACK, ""))
    turns = [_curve(lb, x, _upper(data, n), color, dash) for n, (lb, color, dash) in sets.items()]
    turns.append(_curve("exact", x, _upper(data, "exact"), BLACK, ""))
    errors = [_curve(lb, x, data[f"error_{n}"].values[None], color, dash) for n, (lb, color, dash) in sets.items()]
    limits = (Mark("1 %", 0.01), Mark("10 %", 0.1))
    panels = (
        Panel(WAVE_NUMBER, r"growth, $\tau\,$Re$\,s$  [1]" if unstable else r"damping, $-\tau\,$Re$\,s$  [1]", tuple(rates),
              "growth" if unstable else "damping", decades=8, horizontal=() if unstable else (Mark("continuum", 1.0),)),
        Panel(WAVE_NUMBER, r"$\tau\,$Im$\,s$  [1]", tuple(turns), "frequency", y_scale="linear"),
        Panel(WAVE_NUMBER, "relative error  [1]", tuple(errors), "slowest wave", decades=8, horizontal=limits),
    )  # fmt: skip
    across = {"right_handed": "fields across k, curl = +k", "left_handed": "fields across k, curl = -k"}
    what = {"longitudinal": "k along B"} | across
    field = "E by Maxwell's equations" if data.attrs["field"] == "dynamic" else "E = 0"
    caption = (
        f"Waves exp(ikz + st), {what[data.attrs['wave']]}, {field}: the kinetic equation to all orders in k (points) and the "
        "closed sets (lines). At Re s = -1/tau lies the continuum of free streaming, into which waves of large k vanish."
    )
    return style.draw("kinetic_dispersion", "Waves of the kinetic equation", caption, panels, columns=3)


def _shown(data: xarray.Dataset, name: str, unstable: bool) -> np.ndarray:
    """Growth rates alone where a wave grows, else damping rates."""
    rate = data[f"rate_{name}"].values
    return np.where(rate > 0, rate, np.nan) if unstable else -rate


def _upper(data: xarray.Dataset, name: str) -> np.ndarray:
    """Frequencies >= 0; those of real roots, zero to rounding, are left out."""
    values = data[f"frequency_{name}"].values
    return np.where(values > 1e-9, values, np.nan)


def _curve(label: str, x: np.ndarray, rows: np.ndarray, color: str, dash: str) -> Curve:
    """All rows as one curve, with gaps between them."""
    gap = np.full((len(rows), 1), np.nan)
    xs = np.hstack([np.broadcast_to(x, rows.shape), gap]).ravel()
    return Curve(label, xs, np.hstack([rows, gap]).ravel(), color, dash, marker="" if dash else ".")
