"""Figures of a crust's imbalance in time, from datasets of `crust-imbalance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.report import style
from kiral.report.style import AMBER, BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

TIME = "time $t$  [yr]"
FACTOR_COLORS = (BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY, BLACK, GREY)
SECOND = 3.17e-8  # yr


def evolution(data: xarray.Dataset) -> Drawing | None:
    """δμ/kT, the largest k5 and the e-foldings in time, one curve per factor of the captures' rate."""
    thick = float(data["r"].values[-1] - data["r"].values[0])
    second = (Mark("1 s", SECOND),)
    panels = (
        Panel(TIME, r"$\delta\mu/kT$  [1]", _curves(data, "delta_mu"), "imbalance", vertical=second, decades=28),
        Panel(
            TIME, r"$|k_5|$, largest  [1/km]", _curves(data, "k5"), "chiral wave number", vertical=second, decades=28,
            horizontal=(Mark(r"$4\pi$/thickness", 4 * np.pi / thick),),
        ),
        Panel(
            TIME, r"$\int N\eta k_5^2/4\,dt$, largest  [1]", _curves(data, "e_foldings"), "e-foldings", vertical=second,
            decades=36, horizontal=(Mark("one e-folding", 1.0),),
        ),
    )  # fmt: skip
    caption = (
        "Imbalance in the layer that would grow fastest at the start, the largest chiral wave number, and the most e-foldings "
        "of the crust. A field grows where waves are shorter than the crust is thick, and after an e-folding. Dashed: negative."
    )
    return style.draw("crust_imbalance", "How long the imbalance lives", caption, panels, columns=3)


def energies(data: xarray.Dataset) -> Drawing | None:
    """Energies of δμ in time with the first factor, beside the rotational energy."""
    t = data["t"].values
    names = (
        ("put_in", "put in by compression", BLUE, "-"),
        ("released", "released by captures", ORANGE, "--"),
        ("stored", r"stored in $\delta\mu$", GREEN, "-."),
        ("drawn", "most that a field can draw", PURPLE, ":"),
    )
    curves = tuple(Curve(label, t, data[name].values[0], color, dash) for name, label, color, dash in names)
    if "rotational_energy" in data:
        curves += (Curve("rotation", t, data["rotational_energy"].values, BLACK),)
    wanted = (Mark(r"$10^{50}$ erg", 1e50),)
    panel = Panel(TIME, "energy  [erg]", curves, "energies", horizontal=wanted, decades=45)
    caption = (
        f"Captures' rate times {float(data['weak_rate_factor'].values[0]):g}. Compression puts energy into the imbalance, "
        "captures release it; a field can take mu5 of each capture, the rest is heat and neutrinos."
    )
    return style.draw("crust_imbalance_energies", "Energies of the imbalance", caption, (panel,))


def _curves(data: xarray.Dataset, name: str) -> tuple[Curve, ...]:
    t = data["t"].values
    found = []
    for i, factor in enumerate(data["weak_rate_factor"].values):
        label = rf"$\Gamma_w \times$ {factor:g}"
        found.append(Curve(label, t, data[name].values[i], FACTOR_COLORS[i % len(FACTOR_COLORS)]))
    return tuple(found)
