"""Figures of the homogeneous phase-space solver, from the datasets of `kiral calc kinetic-ohm` and `kinetic-anomaly`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.report import style
from kiral.report.style import BLACK, BLUE, COLORS, ORANGE, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

FIELD = r"$c\,eE\tau/T$  [1]"
SHOWN = 6  # harmonics drawn


def ohm(data: xarray.Dataset) -> Drawing | None:
    """Current over that of Ohm's law, error against the exact one, and the current in time."""
    x, law = data["field"].values, data["ohm_current"].values
    time = data["time"].values
    largest = f"at {x[-1]:.3g}"
    panels = (
        Panel(FIELD, r"$j\,/\,j_{\rm Ohm}$  [1]", (
            Curve("exact", x, data["exact_current"].values / law, BLACK),
            Curve("from f(p)", x, data["current"].values / law, BLUE, "", marker="o"),
        ), "steady current", y_scale="linear", horizontal=(Mark("", 1.0),)),
        Panel(FIELD, "relative error  [1]", (Curve("from f(p)", x, data["error"].values, BLUE, marker="o"),), "solver"),
        Panel(r"$t/\tau$  [1]", r"$j\,/\,j(\infty)$  [1]", (
            Curve("exact", time, data["exact_history"].values / data["exact_current"].values[-1], BLACK),
            Curve("from f(p)", time, data["history"].values / data["exact_current"].values[-1], BLUE, "", marker="."),
        ), f"field switched on, {largest}", "linear", y_scale="linear", horizontal=(Mark("", 1.0),)),
    )  # fmt: skip
    caption = "Number current along E, no magnetic field, to every order in E: phase-space solver and exact result."
    return style.draw("kinetic_ohm", "Current in a strong electric field", caption, panels, columns=3)


def harmonics(data: xarray.Dataset) -> Drawing | None:
    """f_l(|p|) of right-handed particles in the largest field."""
    p, f = data["momentum"].values, data["harmonics"].values
    top = f.max()
    shown = np.abs(f).max(axis=1) > 1e-8 * top
    p, f = p[shown], f[shown]
    curves = [Curve(f"$l={i}$", p, f[:, i], COLORS[i]) for i in range(min(SHOWN, f.shape[1]))]
    panel = Panel("$c|p|/T$  [1]", "$f_l$  [1]", tuple(curves), x_scale="linear", decades=8.0, y_limits=(1e-8 * top, 3 * top))
    caption = (
        f"Occupation f = sum of f_l P_l(cos) of right-handed particles, angle from E, at c e E tau/T = "
        f"{data['field'].values[-1]:.3g}; dashed where negative."
    )
    return style.draw("kinetic_harmonics", "Harmonics of the distribution", caption, (panel,))


def anomaly(data: xarray.Dataset) -> Drawing | None:
    """Anomaly factors of both chiralities, their error, and the axial density in time."""
    x, time = data["field"].values, data["time"].values
    factor, exact = data["factor"].values, data["exact_factor"].values
    same = np.allclose(exact[:, 0], exact[:, 1], rtol=1e-12)
    names = (("both chiralities", BLUE),) if same else (("right", BLUE), ("left", ORANGE))
    curves = []
    for i, (name, color) in enumerate(names):
        curves.append(Curve(f"{name}, exact", x, exact[:, i], BLACK if same else color))
        curves.append(Curve(f"{name}, from f(p)", x, factor[:, i], color, "", marker="o"))
    label = r"$\dot n_l\,/\,(l\,e^2 E\cdot B/4\pi^2c)$  [1]"
    panels = (
        Panel(FIELD, label, tuple(curves), "production", y_scale="linear", horizontal=(Mark("", 1.0),)),
        Panel(FIELD, "relative error  [1]", (Curve("larger of both", x, data["error"].values, BLUE, marker="o"),), "solver"),
        Panel(r"$t/\tau$  [1]", r"$n_5(t)-n_5(0)$  [1/length$^3$]", (
            Curve("collisionless", time, data["collisionless_gain"].values, BLACK, "--"),
            Curve("from f(p)", time, data["axial_gain"].values, BLUE),
        ), f"field switched on, at {x[-1]:.3g}", "linear", y_scale="linear"),
    )  # fmt: skip
    caption = (
        "Charge of one chirality made in E parallel to B: the factor is the occupation of particles and antiparticles at "
        "p = 0, which collisions and a strong field take below one."
    )
    return style.draw("kinetic_anomaly", "The anomaly of a driven plasma", caption, panels, columns=3)
