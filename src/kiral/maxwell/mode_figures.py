"""Figures of the linear modes, from the datasets of `kiral calc cmw-dispersion` and `maxwell-growth`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.report import style
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

K = r"$k$  [1/length]"
VARIANTS = {
    "resistive": ("resistive limit", BLACK, "-"),
    "ohm": ("Ohm", BLUE, "-"),
    "magnetization": ("+ magnetization", GREEN, "--"),
    "second_order": ("+ electric relaxation", PURPLE, "-."),
    "drude": ("Drude", ORANGE, ":"),
}
WIDE = {
    "magnetization_wide": ("Ohm + magnetization", GREEN, "-"),
    "second_order_wide": ("+ electric relaxation", PURPLE, "-."),
    "drude_magnetization_wide": ("Drude + magnetization", ORANGE, "--"),
}


def cmw_dispersion(data: xarray.Dataset) -> Drawing | None:
    """Damping and frequency of longitudinal modes along B."""
    scale = 1e-9 * float(data["ohmic_rate"])
    panels = []
    for part, sign, title in (("rate", -1.0, "damping"), ("frequency", 1.0, "frequency")):
        label = r"$-\mathrm{Re}\,s$  [1/time]" if part == "rate" else r"$|\mathrm{Im}\,s|$  [1/time]"
        curves = [_one(data, "given_field", part, sign, "$E=0$, Eq. (65)", GREY, "--", scale)]
        curves += _several(data, "dynamic", part, sign, "Ohm", BLUE, "-", "", scale)
        curves += _several(data, "drude", part, sign, "Drude", ORANGE, "-.", "", scale)
        curves += _several(data, "kinetic_given_field", part, sign, "$E=0$, kinetic", GREY, "", "s", scale)
        curves += _several(data, "kinetic", part, sign, "kinetic", BLACK, "", "o", scale)
        limits = _limits(curves)
        marks = (Mark(r"$k_D$", float(data["debye_wavenumber"])),)
        panels.append(Panel(K, label, tuple(curves), title, y_limits=limits, vertical=marks))
    caption = (
        "Modes exp(ikz + st) along B at mu = mu5 = 0. Broken grey: electric field held at zero, Gorbar et al. (2016) Eq. (65). "
        f"With an electric field that obeys Maxwell's equations the long wave is {data.attrs['regime']} here. "
        "Symbols: kinetic theory to all orders in k; it ends where the modes enter the continuum of free streaming."
    )
    return style.draw("cmw_dispersion", "Chiral magnetic waves", caption, tuple(panels), columns=2)


def _one(data: xarray.Dataset, name: str, part: str, sign: float, label: str, color: str, dash: str, scale: float) -> Curve:
    y = sign * data[f"{name}_{part}"].values[0]
    return Curve(label, data["k"].values, _clean(y, part, scale), color, dash)


def _several(
    data: xarray.Dataset, name: str, part: str, sign: float, label: str, color: str, dash: str, marker: str, scale: float
) -> list[Curve]:
    """A curve for each root, the first one named; of a conjugate pair only one is left."""
    x = data["kinetic_k" if name.startswith("kinetic") else "k"].values
    values = data[f"{name}_{part}"].values
    if part == "frequency":
        values = np.where(values > 0, values, np.nan)
    falling = -np.sort(-values, axis=0)  # sorted, a row is continuous in k
    rows = [_clean(sign * row, part, scale) for row in falling]
    rows = [row for row in rows if np.isfinite(row).any()]
    return [Curve(label if i == 0 else "", x, row, color, dash, marker=marker) for i, row in enumerate(rows)]


def _clean(y: np.ndarray, part: str, scale: float) -> np.ndarray:
    """Without what is zero but for rounding; frequencies without sign."""
    y = np.abs(y) if part == "frequency" else y
    return np.where(np.abs(y) > scale, y, np.nan)


def _limits(curves: list[Curve]) -> tuple[float, float]:
    values = np.concatenate([np.abs(c.y[np.isfinite(c.y)]) for c in curves])
    return max(values.min() / 1.5, 1e-8 * values.max()), 1.5 * values.max()


def growth(data: xarray.Dataset) -> Drawing | None:
    """Growth rates, their distance from the resistive limit, and the other helicity at wave numbers up to k*."""
    k, k_mu = data["k"].values, float(data["chiral_wavenumber"])
    growing = 1 if k_mu >= 0 else -1
    limit = rates_of(data, "resistive", growing)
    curves, differences = [], []
    for name, (text, color, dash) in VARIANTS.items():
        if f"growth_{name}" not in data:
            continue
        values = rates_of(data, name, growing)
        curves.append(Curve(text, k, values, color, dash))
        if name != "resistive":
            relative = np.divide(values, limit, out=np.full(k.shape, np.nan), where=np.abs(limit) > 0) - 1
            differences.append(Curve(text, k, relative, color, dash))
    curves.append(Curve("Ohm, other helicity", k, rates_of(data, "ohm", -growing), SKY))
    marks = (Mark(r"$k_\mu$", abs(k_mu)),) if k_mu else ()
    top = float(np.nanmax(limit)) or float(np.abs(limit).max())
    panels = [
        Panel(K, r"$\mathrm{Re}\,s$  [1/time]", tuple(curves), "growth", "linear", y_scale="linear",
              y_limits=(-1.2 * top, 1.3 * top), vertical=marks, horizontal=(Mark("", 0.0),)),
        Panel(K, "relative to the resistive limit  [1]", tuple(differences), "difference", "linear", y_scale="linear",
              vertical=marks, horizontal=(Mark("", 0.0),)),
    ]  # fmt: skip
    if "wide_k" in data:
        x = data["wide_k"].values
        shown = {name: look for name, look in WIDE.items() if name in data}
        wide = tuple(Curve(text, x, data[name].values, color, dash) for name, (text, color, dash) in shown.items())
        lines = (Mark(r"$k_\ast$", float(data["ill_posed_wavenumber"])),
                 Mark(r"$k_\ast$, Drude", float(data["drude_ill_posed_wavenumber"])))  # fmt: skip
        height = max(float(np.nanmax(np.abs(c.y))) for c in wide)
        panels.append(Panel(K, r"$\mathrm{Re}\,s$  [1/time]", wide, "other helicity, short waves", y_scale="linear",
                            y_limits=(-height, height), vertical=lines, horizontal=(Mark("", 0.0),)))  # fmt: skip
    caption = (
        "Helical modes in a uniform mu5. Left and middle: the helicity that grows, with each form of the current. Right: the "
        "other one; beyond k* the magnetization current makes it grow, the faster the shorter it is: k* must not be resolved."
    )
    return style.draw("maxwell_growth", "Chiral plasma instability", caption, tuple(panels), columns=3)


def rates_of(data: xarray.Dataset, variant: str, helicity: int) -> np.ndarray:
    """Growth rates (k,) of one form of the current and one helicity."""
    return data[f"growth_{variant}"].sel(helicity=helicity).values
