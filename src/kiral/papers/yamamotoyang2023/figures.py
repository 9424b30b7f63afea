"""The sketch of Y23 as a computed picture of occupations, and what we found beyond it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kiral.papers.context import Context
from kiral.papers.yamamotoyang2023.common import FIELD, INPUTS, KAPPA_TOTAL, TIME, answer, zone
from kiral.report import style
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Curve, Drawing, Mark, Panel
from kiral.units import seconds_to_inverse_mev
from kiral.weak import figures as weak
from kiral.weak.bounded import bounded_change
from kiral.weak.calculations import Weak, WeakMap
from kiral.weak.kick import kick_velocity

ENERGY = "energy $q$  [MeV]"
Q = np.linspace(0.2, 60.0, 300)
TIMES = ((1e-4, "0.1 ms", PURPLE), (1e-3, "1 ms", GREEN), (1e-2, "10 ms", BLUE), (TIME, "0.1 s", BLACK))
POINTS = 41


def occupations_of_chiralities(context: Context) -> Drawing | None:
    """Fig. 1: occupations before and during radiation, exact, and the changes of the linear answer."""
    parts = (("electrons", "left", "right"), ("positrons", "right", "left"))
    exact, linear = [], []
    for (particles, driven, still), channel in zip(parts, zone().channels(Q), strict=True):
        f, symbol = channel.thermal, "f" if particles == "electrons" else r"\bar f"
        curves = [Curve(f"{still}-handed, always", Q, f, ORANGE, "--", 2.2)]
        bounds = (
            Curve("beyond: more than 1", Q, 1 - f, GREY, ":", fill="above"),
            Curve("beyond: less than 0", Q, -f, GREY, "-.", fill="below"),
        )
        changes = list(bounds)
        for t, label, color in TIMES:
            x0 = float(seconds_to_inverse_mev(t))
            curves.append(Curve(f"{driven}-handed, {label}", Q, f + bounded_change(channel.drive, channel.rate, x0)[0], color))
            change = channel.drive * x0
            changes.append(Curve(label, Q, np.where(change >= -9, change, np.nan), color))
        title = f"(b) {particles} in radiation"
        exact.append(Panel(ENERGY, f"occupation ${symbol}$  [1]", tuple(curves), title, "linear", y_scale="linear"))
        title = f"{driven}-handed {particles}, linear"
        linear.append(
            Panel(ENERGY, rf"$\delta {symbol}$ by Eq. (26)  [1]", tuple(changes), title, "linear", y_scale="linear",
                  y_limits=(-2.0, 1.02))
        )  # fmt: skip
    caption = (
        "The paper sketches how neutrinos change the left-handed electrons only. Top, solved exactly: in equilibrium both "
        "chiralities have the dashed occupation and their currents cancel (a); capture then takes left-handed electrons and "
        "right-handed positrons away (b). Bottom: the linear change. In the shaded range an occupation would be negative or "
        "above 1; at 10 ms and 0.1 s most of the curves lie outside of the axes."
    )
    return style.draw("fig1", "Fig. 1: occupations by chirality", caption, (*exact, *linear), columns=2)


def _weak(context: Context) -> Weak:
    return Weak(**INPUTS, alpha=2.65, mean_energy=13.05, time=TIME, points=POINTS)


def _of_weak(draw: Callable) -> Callable[[Context], Drawing | None]:
    """A figure of `kiral.weak.figures` for the printed inputs."""
    return lambda context: draw(context.cached("weak", lambda: _weak(context).compute()))


def sign_map(context: Context) -> Drawing | None:
    """Sign of ξ_tot over (Ye, T)."""
    plane = WeakMap(**INPUTS, alpha=2.65, mean_energy=13.05, time=TIME, points=POINTS)
    return weak.sign_map(context.cached("plane", plane.compute))


def kicks(context: Context) -> Drawing | None:
    """Speed by (31) against B for the printed, linear and exact κ_tot, and as printed."""
    b = np.geomspace(1e12, 1e17, 60)
    found = answer()
    linear, bounded = float(found.kappa_b_total), float(found.bounded.kappa_b_total)
    curves = (
        Curve("(31) as printed, upper end", b, b / 1e13, GREY, ":"),
        Curve("(31) as printed, lower end", b, b / 1e14, GREY, "--"),
        Curve(r"$\kappa_B^\mathrm{tot}$ = 780 MeV$^2$", b, kick_velocity(KAPPA_TOTAL, b), BLUE),
        Curve(r"$\kappa_B^\mathrm{tot}$ by (22), linear", b, kick_velocity(linear, b), ORANGE),
        Curve(r"$\kappa_B^\mathrm{tot}$ by (22), Pauli-bounded", b, kick_velocity(bounded, b), BLACK),
    )
    mark = (Mark("$10^{16}$ G", FIELD),)
    pulsars = (Mark("100 km/s", 100.0), Mark("1000 km/s", 1000.0))
    panel = Panel("magnetic field  [G]", "speed of the star  [km/s]", curves, decades=12, vertical=mark, horizontal=pulsars)
    caption = "Speed of the star by Eq. (31) at 0.1 s. As printed: 1 km/s for 1e13 to 1e14 G. Pulsars have 100 to 1000 km/s."
    return style.draw("kick", "Kick of the star", caption, (panel,))


FIGURES: dict[str, Callable[[Context], Drawing | None]] = {
    "fig1": occupations_of_chiralities,
    "occupations": _of_weak(weak.occupations),
    "conductivities": _of_weak(weak.conductivities),
    "collision-terms": _of_weak(weak.collision_terms),
    "sign-map": sign_map,
    "kick": kicks,
}
