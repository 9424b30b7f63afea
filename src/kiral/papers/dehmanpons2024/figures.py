"""Fig. 1 of D24 from our data, and what the linear stage adds to its words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kiral.constants import YEAR_S
from kiral.crust import star_figures
from kiral.crust.coefficients import of_matter
from kiral.crust.linear_figures import PAPER_TIMES
from kiral.crust.modes import ohmic_modes
from kiral.crust.rates import capture_rate, chiral_wavenumber
from kiral.papers.context import Context
from kiral.papers.dehmanpons2024 import common, figures_nonlinear, values_energy
from kiral.papers.dehmanpons2024.common import CUTOFF, DELTA_MU, TARGET, TEMPERATURE, evolution, mode, rate
from kiral.papers.dehmanpons2024.values_linear import DEGREES, FINE
from kiral.report import style
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Curve, Drawing, Mark, Panel

DENSITY = star_figures.DENSITY
TIME, DELTA, RATE = "time  [yr]", r"$\delta\mu/kT$  [1]", "growth rate of the field  [1/yr]"
CUTOFFS = (200.0, 300.0, 600.0, 1200.0, 2354.28, 4800.0)
FIGURE = 320  # radial intervals of what is drawn over the radius
INTERVALS = (24, 40, 80, 160, 320, 640)


def chirality(context: Context) -> Drawing | None:
    """Fig. 1: n5/n_e, mu5, λ5 over density."""
    drawing = star_figures.chirality(common.fig1())
    return drawing and replace(drawing, title="Fig. 1: chirality through the crust")


def transport(context: Context) -> Drawing | None:
    """Conductivity and the rates behind Fig. 1."""
    drawing = star_figures.transport(common.fig1())
    return drawing and replace(drawing, title="Rates behind Fig. 1")


def captures(context: Context) -> Drawing | None:
    """Γw and the bound of growth with both thresholds."""
    matter = common.matter(DELTA_MU)
    rho = common.star().at_radius(matter.r)["density"].values
    with_gap = np.asarray(capture_rate(matter.mu_e, TEMPERATURE))
    rates, growth = [Curve(r"$w = m_n - m_p$ (D24)", rho, with_gap, ORANGE)], []
    for xi, color in ((DELTA_MU, BLUE), (1.0, GREEN)):
        factor = common.blocked(xi)(matter.mu_e)
        label = rf"$w = \mu_e - \delta\mu$, $\delta\mu/kT$ = {xi:g}"
        rates.append(Curve(label, rho, with_gap * factor, color, "--" if xi == 1 else "-"))
        for how, scale, dash in ((r"$w = m_n - m_p$", 1.0, "-"), (r"$w = \mu_e - \delta\mu$", factor, "--")):
            c = of_matter(matter, TEMPERATURE, xi, k5_max=math.inf, weak_rate_factor=scale)
            growth.append(Curve(f"{how}, {xi:g}", rho, c.lapse * c.eta * c.k5**2 / 4, color, dash))
    decay = (Mark("slowest decay", -float(ohmic_modes(common.induction()).rates[0].real)),)
    panels = (
        Panel(DENSITY, r"$\Gamma_w$ at $10^9$ K  [1/s]", tuple(rates), "captures", decades=14),
        Panel(DENSITY, r"$N\eta k_5^2/4$  [1/yr]", tuple(growth), "bound of growth, no cutoff", decades=40, horizontal=decay),
    )
    caption = (
        "Left: captures by all electrons above m_n - m_p as in (10, 11), and by those that energy conservation allows near "
        "equilibrium. Right: what each lets grow, for δmu/kT = 0.01 and 1."
    )
    return style.draw("captures", "Captures and the threshold", caption, panels, columns=2)


def growth(context: Context) -> Drawing | None:
    """Growth rate of l = 1 over the cutoff."""
    rates = np.array([rate(k5_max=cap, n_r=FINE) for cap in CUTOFFS])
    curves = (
        Curve("ours, l = 1", np.array(CUTOFFS), rates, BLUE, marker="o"),
        Curve("D24, text", np.array([CUTOFF]), np.array([0.15]), BLACK, "", marker="s"),
    )
    marks = (Mark("stated 600/km", CUTOFF), Mark(r"stated $\mu_5$", float(chiral_wavenumber(1e-10))))
    panel = Panel(r"cutoff $k_5^\mathrm{max}$  [km$^{-1}$]", RATE, curves, vertical=marks)
    caption = "δmu/kT = 0.01, 1e9 K. The paper's 1e-10 MeV and 600/km are two cutoffs; its growth is that of the second."
    return style.draw("growth", "Growth rate and cutoff", caption, (panel,))


def degrees(context: Context) -> Drawing | None:
    """Growth rates of degrees."""
    rates = np.array([rate(degree=degree) for degree in DEGREES])
    curve = Curve("fastest mode", np.array(DEGREES, float), rates, BLUE, marker="o")
    panel = Panel(r"degree $\ell$  [1]", RATE, (curve,), y_scale="linear", y_limits=(0.0, 0.2))
    caption = "No degree grows faster than another: δmu/kT = 0.01, 1e9 K."
    return style.draw("degrees", "Growth rate by degree", caption, (panel,))


def fastest(context: Context) -> Drawing | None:
    """The fastest mode: its layer, and how it falls off towards the surface."""
    operator, found = common.induction(n_r=FIGURE), mode(n_r=FIGURE)
    r, g = operator.shell.r, np.abs(found.g[0])
    mean, width, _ = common.growing_layer()
    near = np.abs(r - mean) < 6 * width
    turned = np.real(found.g[0] * np.exp(-1j * np.angle(found.g[0][np.argmax(g)])))
    scale = TARGET / math.sqrt(float(operator.mean_squares(found.f[:1], found.g[:1])[0]))
    layer = (
        Curve(r"$|B_\mathrm{tor}|$", r[near], g[near] / g.max(), ORANGE),
        Curve(r"$B_\mathrm{tor}$", r[near], turned[near] / g.max(), GREY, width=1.0),
    )
    seed = common.seed_field(n_r=FIGURE)[0][0]
    whole = (
        Curve(r"$|B_r|$ of the fastest mode", r, 2 * scale * np.abs(found.f[0]) / r**2, BLUE),
        Curve(r"$|B_r|$ of the seed", r, 2 * np.abs(seed) / r**2, GREEN, "--"),
    )
    radius = "areal radius  [km]"
    panels = (
        Panel(radius, "over its largest value  [1]", layer, "where it grows", "linear", y_scale="linear"),
        Panel(radius, r"radial field over $Y_1$  [G]", whole, r"at $\langle B\rangle = 10^{15}$ G", "linear", decades=12),
    )
    caption = (
        "The fastest mode of l = 1, δmu/kT = 0.01, 1e9 K: metres thick, at 8e12 g/cm³. It falls by twelve decades on its way "
        "to the surface, and further."
    )
    return style.draw("mode", "The fastest mode", caption, panels, columns=2)


def energies(context: Context) -> Drawing | None:
    """Poloidal, toroidal and total energy in time: the linear stage of Fig. 2."""
    run = evolution()
    total = run.poloidal + run.toroidal
    first = run.t > 0
    squares = run.toroidal[1] * (run.t / run.t[1]) ** 2
    exponential = total[-1] * np.exp(0.3 * (run.t - run.t[-1]))
    curves = (
        Curve("total", run.t[first], total[first], ORANGE),
        Curve("poloidal", run.t[first], run.poloidal[first], BLACK, "-."),
        Curve("toroidal", run.t[first], run.toroidal[first], BLUE, "--"),
        Curve(r"$\propto t^2$", run.t[first], squares[first], GREY, ":"),
        Curve(r"$\propto e^{0.3 t/\mathrm{yr}}$", run.t[run.t > 30], exponential[run.t > 30], PURPLE, ":"),
    )
    label = "energy in the crust  [erg]"
    panels = (
        Panel(TIME, label, curves, "linear time", "linear", decades=9),
        Panel(TIME, label, curves, "both logarithmic", decades=9),
    )
    caption = "The linear stage of Fig. 2, 3e12 G to 1e15 G: δmu/kT = 0.01, 1e9 K, no Hall term or feedback."
    return style.draw("evolution", "Energies in the linear stage", caption, panels, columns=2)


def times(context: Context) -> Drawing | None:
    """Amplification times over δmu/kT."""
    x = np.array(sorted(PAPER_TIMES))
    cooled = x[x < 1e-3]
    curves = (
        Curve(r"ours, $10^9$ K", x, np.array([evolution(one).time for one in x]), BLUE, marker="o"),
        Curve(r"ours, $T\propto t^{-0.35}$ from 100 yr", cooled,
              np.array([evolution(one, cooling=True).time for one in cooled]), ORANGE, "--", marker="o"),
        Curve("D24, text", x, np.array([PAPER_TIMES[one] for one in x]), BLACK, "", marker="s"),
    )  # fmt: skip
    panel = Panel(DELTA, r"from $3\times10^{12}$ G to $10^{15}$ G  [yr]", curves, decades=4)
    caption = "Time until the mean field is 1e15 G. The paper's 6000 yr need cooling; with it, its 400 yr are too short."
    return style.draw("times", "Amplification times", caption, (panel,))


def resolution(context: Context) -> Drawing | None:
    """Growth rate of a second-order method over the number of radial intervals."""
    share = np.array([rate(n_r=n, order=1, finer=1.0) for n in INTERVALS]) / rate()
    curve = Curve("linear elements, even grid", np.array(INTERVALS, float), share, ORANGE, marker="o")
    panel = Panel(
        "radial intervals  [1]", "growth rate over the converged one  [1]", (curve,), y_scale="linear", y_limits=(0.0, 1.3),
        vertical=(Mark(r"$N_r$ of D24", float(common.CELLS)),), horizontal=(Mark("order 8, refined", 1.0),),
    )  # fmt: skip
    return style.draw("resolution", "Radial resolution", "Largest growth rate, δmu/kT = 0.01, 1e9 K, cutoff 600/km.", (panel,))


def reservoirs(context: Context) -> Drawing | None:
    """Energies spent by captures and by flips, and that of the field, against what there is."""
    run = evolution()
    seconds = run.t[1:] * YEAR_S
    curves = (
        Curve("spent by net captures, (12)", run.t[1:], values_energy.captures_power() * seconds, ORANGE),
        Curve("spent by spin flips, under the cutoff", run.t[1:], values_energy.chiral_power() * seconds, BLUE),
        Curve("magnetic, linear stage", run.t[1:], (run.poloidal + run.toroidal)[1:], GREEN),
    )
    marks = (
        Mark("gravitational", values_energy.binding_energy()), Mark("rotation, 3 ms", values_energy.rotational_energy(3e-3)),
        Mark("contraction by 1 m", values_energy.contraction_energy(1.0)),
    )  # fmt: skip
    panel = Panel(TIME, "energy  [erg]", curves, decades=20, y_limits=(1e41, 1e61), horizontal=marks)
    caption = (
        "δmu/kT = 0.01 in the whole crust at 1e9 K. Captures at the rate that (6) and (12) say would spend the star's binding "
        "energy within the hour."
    )
    return style.draw("reservoirs", "Energies and reservoirs", caption, (panel,))


FIGURES: dict[str, Callable[[Context], Drawing | None]] = {
    "fig1": chirality,
    **figures_nonlinear.FIGURES,
    "rates": transport,
    "captures": captures,
    "growth": growth,
    "degrees": degrees,
    "mode": fastest,
    "evolution": energies,
    "times": times,
    "resolution": resolution,
    "reservoirs": reservoirs,
}
