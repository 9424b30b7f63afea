"""Figures of the closed forms, from the datasets of `kiral calc currents`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.report import style
from kiral.report.style import COLORS, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

ELECTRIC = {
    "chiral_magnetic": "chiral magnetic",
    "ohmic": "Ohmic",
    "diffusion": "diffusion",
    "chiral_diffusion": r"diffusion, $\nabla\mu_5$",
    "hall": "Hall",
    "hall_diffusion": r"$B\times\nabla\mu$",
    "electric_relaxation": r"$\partial_t E$",
    "magnetization": r"$\partial_t B$",
    "anomalous_chiral_hall": r"$E\times\nabla\mu_5$",
}
AXIAL = {
    "chiral_separation": "chiral separation",
    "chiral_electric_separation": "electric separation",
    "axial_diffusion": "diffusion",
    "axial_cross_diffusion": r"diffusion, $\nabla\mu$",
    "chiral_hall": "chiral Hall",
    "axial_hall_diffusion": r"$B\times\nabla\mu$",
    "axial_electric_relaxation": r"$\partial_t E$",
    "axial_magnetization": r"$\partial_t B$",
    "axial_anomalous_hall": r"$E\times\nabla\mu$",
}
DRIFTING = {
    "hall": "drift, $n v$",
    "chiral_magnetic": "along $B$, chiral",
    "transverse": r"along $E_\perp$, chiral",
    "magnetization": "magnetization",
    "ohmic": "Ohmic",
    "diffusion": "diffusion",
    "viscous": "gradients of the drift",
    "relaxation": "rates of change",
}
BROKEN = {4: "--", 5: "-.", 6: "--", 7: "-.", 8: ":"}  # the terms of second order, by rank
Y_LABEL = r"$|j|$  [1/(length$^2$ time)]"


def terms(data: xarray.Dataset) -> Drawing | None:
    """Sizes of all terms of both currents, with drag against a factor of the fields, drifting against the drift's speed."""
    drag = data.attrs["regime"] == "drag"
    electric = ELECTRIC if drag else DRIFTING
    axial = AXIAL if drag else {f"axial_{name}": text for name, text in DRIFTING.items()}
    panels = (_panel(data, electric, "electric", drag), _panel(data, axial, "axial", drag))
    if drag:
        caption = (
            "Number currents when both fields and their rates are multiplied by a factor, gradients held. Solid: first order "
            "in fields and gradients; broken: second order. Where broken curves reach the solid ones the expansion ends."
        )
        return style.draw("kinetic_terms", "Currents with drag", caption, panels, columns=2)
    caption = "Number currents of the drifting plasma against its speed; T and mu are those of the rest frame over gamma."
    return style.draw("kinetic_terms", "Currents of a drifting plasma", caption, panels, columns=2)


def _panel(data: xarray.Dataset, texts: dict[str, str], title: str, drag: bool) -> Panel:
    x = np.asarray(data["factor" if drag else "beta"])
    curves = []
    for rank, (name, text) in enumerate(texts.items()):
        y = np.asarray(data[f"{name}_size"])
        curves.append(Curve(text, x, y, COLORS[rank % len(COLORS)], BROKEN.get(rank, "-") if drag else "-"))
    if drag:
        return Panel("factor of the fields  [1]", Y_LABEL, tuple(curves), title, decades=10, vertical=(Mark("", 1.0),))
    marks = (Mark("given", float(data["beta_given"])),)
    return Panel(r"drift $\beta=v/c$  [1]", Y_LABEL, tuple(curves), title, "linear", decades=10, vertical=marks)
