"""Figures and page of a run of kind "shell_emhd", from its run folder only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kiral.crust.linear_figures import DEGREE, energies_and_field
from kiral.report import style
from kiral.report.style import Curve, Drawing, Panel

TIME = r"$t$  [$t_*$]"
ESTIMATE_HEADER = ("quantity", "unit", "expected", "measured", "how measured")
SOURCE = "The equations, with their feedback, are those of Dehman and Pons (2024) in flat space and without units."
CONVENTIONS = (
    "Outer radius 1. B = L f/r² Y r̂ + f'/r ∇Y + g/r ∇Y × r̂, L = l(l+1), Y orthonormal. Perfect conductor inside, potential "
    "field outside. Energies are integrals of B²/8π."
)

UNRESOLVED = 1e-3
"""Energy of the last degrees over that of the largest, from which the page says so."""


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures that the run has data for."""
    for drawing in (energies(run), degrees(run)):
        if drawing is not None:
            yield drawing


def overview(run: Any) -> Drawing | None:
    """Energies and fields on one sheet."""
    panels = _series_panels(run)
    return style.draw("overview", "Overview", "", panels, columns=2) if panels else None


def energies(run: Any) -> Drawing | None:
    """Energies, mean field and surface dipole in time."""
    panels = _series_panels(run)
    caption = "Energy of the field by kind; its mean and its dipole."
    return style.draw("energies", "Energies", caption, panels, columns=2) if panels else None


def _series_panels(run: Any) -> tuple[Panel, ...]:
    return energies_and_field(run, TIME, r"energy  [$B^2R^3$]", r"magnetic field  [$B$]", decades=8)


def degrees(run: Any) -> Drawing | None:
    """Energy by degree at the stored times; None for a single degree."""
    data = run.spectra
    if data is None or data.sizes.get("t", 0) < 1 or data.sizes.get("l", 2) < 3:
        return None
    l, times = np.asarray(data["l"], float)[1:], np.asarray(data["t"], float)
    rows = np.asarray(data["energy_l"], float)[:, 1:]
    curves = tuple(Curve("", l, row, value=float(t)) for row, t in zip(rows, times, strict=True))
    panel = Panel(DEGREE, r"energy  [$B^2R^3$]", curves, "spectrum", color_label=TIME, decades=14)
    return style.draw("degrees", "Energy by degree", "Energy of every degree, that outside included.", (panel,), columns=1)


def equations(config: Mapping[str, Any]) -> Sequence[str]:
    """What was solved."""
    model = config["model"]
    ohm = "η (∇×B − k5 B)" if model["chiral"] else "η ∇×B"
    lines = [f"∂t B = −∇×[{ohm}{' + f (∇×B)×B' if model['hall'] else ''}]"]
    if model["feedback"]:
        lines.append("k5 = (k5w + b B·∇×B)/(1 + b B²)")
    numbers = f"η = {model['magnetic_diffusivity']:g}" + (f", f = {model['hall_coefficient']:g}" if model["hall"] else "")
    return (*lines, numbers)


def estimate_rows(run: Any) -> list[Sequence[str]]:
    """Nothing is predicted of a nonlinear run but what `kiral estimate` gives."""
    return []


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know."""
    data = run.spectra
    if data is None or data.sizes.get("t", 0) == 0:
        return []
    last = np.asarray(data["energy_l"], float)[-1]
    share = last[-2:].max() / last.max()
    if share < UNRESOLVED:
        return []
    return [f"The two largest degrees hold {share:.1e} of the largest one's energy: not resolved in angle."]
