"""Figures of the validity map, from the dataset of `kiral calc kinetic-validity`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.report import maps, style
from kiral.report.maps import Contour, Map
from kiral.report.style import BLACK, BLUE, GREEN, ORANGE, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

ERROR = "relative error  [1]"
LIMITS = (Mark("1 %", 0.01), Mark("10 %", 0.1))
ELECTRIC, MAGNETIC = r"$c\,eE\tau/T$  [1]", r"$c\,eB\tau/T$  [1]"


def plane(data: xarray.Dataset) -> Drawing | None:
    """Errors of the current along E and of the Hall current in the plane of the fields, E across B."""
    x, y = data["electric"].values, data["magnetic"].values
    lines = (Contour("1 %", (0.01,), "-"), Contour("10 %", (0.1,), "--"))
    shown = {"ohmic": "current along E", "hall": "Hall current"}
    panels = tuple(
        Map(ELECTRIC, MAGNETIC, ERROR, x, y, data[name].values.T, title=title, x_scale="log", y_scale="log", z_scale="log",
            z_limits=(1e-4, 1.0), contours=lines)
        for name, title in shown.items()
    )  # fmt: skip
    caption = (
        "Errors of the closed forms against the phase-space solver, electric field across the magnetic field; below and to the "
        "left of the lines they hold to 1 % and 10 %."
    )
    return maps.draw("kinetic_validity", "Where the closed-form currents hold", caption, panels, columns=2)


def lines(data: xarray.Dataset) -> Drawing | None:
    """Errors along E ∥ B, k and omega, and the table's prediction where it was not made."""
    from kiral.kinetic.validity import from_parameters

    parallel, wave, frequency = (data[name].values for name in ("parallel", "wave", "frequency"))
    expected = from_parameters(electric=data["check_electric"].values, magnetic=data["check_magnetic"].values).errors["ohmic"]
    found = data["check_current"].values
    order = np.argsort(expected)
    diagonal = np.array([expected.min(), expected.max()])
    panels = (
        Panel(r"$c\,eE\tau/T$, E along B  [1]", ERROR, (
            Curve("anomaly", parallel, data["anomaly"].values, ORANGE),
            Curve("Ohmic", parallel, data["ohmic_parallel"].values, BLUE),
            Curve("chiral magnetic", parallel, data["chiral_magnetic"].values, GREEN),
        ), "electric field along B", decades=8, horizontal=LIMITS),
        Panel(r"$c\,k\,\tau$  [1]", ERROR, (
            Curve("Hall", wave, data["hall_wave"].values, ORANGE), Curve("Ohmic", wave, data["ohmic_wave"].values, BLUE),
            Curve("diffusion", wave, data["diffusion"].values, GREEN),
        ), "wave number", decades=8, horizontal=LIMITS),
        Panel(r"$\omega\tau$  [1]", ERROR, (
            Curve("Hall", frequency, data["hall_frequency"].values, ORANGE),
            Curve("Ohmic", frequency, data["ohmic_frequency"].values, BLUE),
            Curve("chiral magnetic", frequency, data["chiral_magnetic_frequency"].values, GREEN),
        ), "frequency", decades=8, horizontal=LIMITS),
        Panel("error expected from the table  [1]", "error found  [1]", (
            Curve("other mu, other angle", expected[order], found[order], BLUE, "", marker="o"),
            Curve("equal", diagonal, diagonal, BLACK, ":"),
        ), "checks", decades=6),
    )  # fmt: skip
    caption = (
        "Errors of the closed forms along E (parallel to B), wave number and frequency; last: the error of the current at "
        "other chemical potentials and other angles between E and B than the table was made with."
    )
    return style.draw("kinetic_validity_lines", "Where the closed forms hold, line by line", caption, panels, columns=2)
