"""Figs. 1–7 of Gurgenidze et al. (2025), G25, from our runs in the paper's axes, and what we found beyond them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from kiral.mhd import estimates, mean_field
from kiral.mhd import figures as mhd
from kiral.mhd.mean_field_figures import eq27_map
from kiral.mhd.panels import DENSITY_UNIT, FIELD_UNIT, HELICITY_UNIT, MU5_UNIT, SPEED_UNIT, TIME, time_marks
from kiral.papers.context import Context
from kiral.papers.gurgenidze2025.common import DENSITY, RATES, plasma, printed_run
from kiral.papers.gurgenidze2025.values_eq27 import ESTIMATE, planes
from kiral.papers.gurgenidze2025.values_runs import LAMBDA_RUNS, helicity_max, main_run, reference_run, series
from kiral.report import style
from kiral.report.style import BLUE, COLORS, GREY, ORANGE, Curve, Drawing, Mark, Panel, short_number

SEEDS = ("seed-5e-13", "seed-2e-13", "seed-5e-14")
BOXES = ("A", "box", "box-small")
MODEL_SEEDS = np.geomspace(2e-14, 2e-12, 25)
MODEL_TIMES = np.linspace(1e-5, 0.4, 400)
START = 0.05  # where linear axes of time begin: the field is a seed before
LAST = r"largest $h_M$  " + HELICITY_UNIT
LAMBDA = r"feedback $\lambda$  $[l_\ast\,E_\ast^{-1}]$"


def _of_main(name: str, number: int) -> Callable[[Context], Drawing | None]:
    """A figure of `kiral.mhd.figures` for the run that stands for run A*."""

    def draw(context: Context) -> Drawing | None:
        spec, run = mhd.FIGURES[name], main_run(context)
        panel = spec.panel(context.run(run))
        title, caption = f"Fig. {number}: {spec.title.lower()}", f"{spec.caption} Run {run}."
        return panel and style.draw(f"fig{number}", title, caption, (panel,))

    return draw


def _over_time(context: Context, names: Iterable[str], quantity: str, label: Callable[[str], str]) -> tuple[Curve, ...]:
    """A series of several runs, one colour each."""
    return tuple(
        Curve(label(name), *series(context, name, quantity), color)
        for name, color in zip((n for n in names if context.has(n)), COLORS, strict=False)
    )


def _to_common_end(curves: tuple[Curve, ...]) -> tuple[Curve, ...]:
    """The curves up to where the shortest ends."""
    end = min(float(curve.x[-1]) for curve in curves) * (1 + 1e-9)
    return tuple(replace(curve, x=curve.x[curve.x <= end], y=curve.y[curve.x <= end]) for curve in curves)


def _name_and_feedback(name: str) -> str:
    return rf"{name}: $\lambda$ = {short_number(printed_run(name)['lam'])}"


def feedback(context: Context) -> Drawing | None:
    """Fig. 7: mu5, B, h and u of runs A to D."""
    quantities = {
        "mu5_mean": (rf"$\langle\mu_5\rangle$  {MU5_UNIT}", 6),
        "b_rms": (rf"$B_\mathrm{{rms}}$  {FIELD_UNIT}", 10),
        "magnetic_helicity": (rf"$h_M$  {HELICITY_UNIT}", 14),
        "u_rms": (rf"$u_\mathrm{{rms}}$  {SPEED_UNIT}", 10),
    }
    marks = time_marks(context.run("A"))
    panels = []
    for quantity, (label, decades) in quantities.items():
        curves = _over_time(context, LAMBDA_RUNS, quantity, _name_and_feedback)
        panels.append(Panel(TIME, label, curves, quantity, x_min=1e-2, decades=decades, vertical=marks))
    titled = tuple(replace(p, title=p.y_label.split("  ")[0]) for p in panels)
    caption = (
        "Volume averages for the four values of the feedback λ. The paper draws them in one pair of axes; here each quantity "
        "has its own."
    )
    return style.draw("fig7", "Fig. 7: dependence on the feedback", caption, titled, columns=2)


def _model_helicity(lam: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Largest h of the model without flow for arrays of lam and noise density."""
    run = replace(plasma("A"), lam=lam)
    noise = mean_field.Noise(density, 6.4e4)
    return mean_field.peak(mean_field.solve(run, noise, MODEL_TIMES), run.eta).h


def helicity_over_lambda(context: Context) -> Drawing | None:
    """Largest h_M against lam: runs A to D, the model without flow, Eq. (27)."""
    lam = np.geomspace(1e7, 1e13, 25)
    estimate = np.array([estimates.final_helicity(**RATES, chiral_feedback=x) for x in lam])
    model = context.cached("h over lam", lambda: _model_helicity(lam, np.full(lam.shape, DENSITY)))
    ours = np.array([[printed_run(name)["lam"], helicity_max(context, name)] for name in LAMBDA_RUNS]).T
    curves = (
        Curve("Eq. (27)", lam, estimate, GREY, "--"),
        Curve("without flow", lam, model, BLUE),
        Curve("runs A, B, C, D", *ours, ORANGE, "", marker="o"),
    )
    caption = (
        "Eq. (27) falls as 1/λ. What grows out of the noise does not: with weak feedback the end of the source limits it "
        "(and, in 3-D, the flow and the size of the box), with strong feedback its own effect on μ5. Blue: the model "
        "without flow, with uniform μ5, in unlimited space."
    )
    return style.draw("eq27-lambda", "Helicity and feedback", caption, (Panel(LAMBDA, LAST, curves, decades=9),))


def seeds(context: Context) -> Drawing | None:
    """h_M for noise of different amplitude: in time, and its maximum."""
    names = {reference_run(context): 1e-12} | {name: float(name.removeprefix("seed-")) for name in SEEDS if context.has(name)}
    in_time = _over_time(context, names, "magnetic_helicity", lambda name: rf"$\sigma$ = {short_number(names[name])}")
    model = context.cached("h over seed", lambda: _model_helicity(
        np.full(MODEL_SEEDS.shape, printed_run("A")["lam"]), DENSITY * (MODEL_SEEDS / 1e-12) ** 2
    ))  # fmt: skip
    tops = np.array([[sigma, helicity_max(context, name)] for name, sigma in names.items()]).T
    over_seed = (
        Curve("Eq. (27)", MODEL_SEEDS, np.full(MODEL_SEEDS.shape, ESTIMATE), GREY, "--"),
        Curve("without flow", MODEL_SEEDS, model, BLUE),
        Curve("3-D runs", *tops, ORANGE, "", marker="o"),
    )
    x_label = r"noise per component and point of run A's grid  $[E_\ast^{1/2}\,l_\ast^{-1/2}]$"
    panels = (
        Panel(TIME, rf"$h_M$  {HELICITY_UNIT}", in_time, "in time", "linear", START, decades=12),
        Panel(x_label, LAST, over_seed, "largest", decades=9),
    )
    caption = (
        "The helicity that results depends on the noise that it starts from, which Eq. (27) does not contain. The paper's "
        "runs A and A* have the same σ per grid point, and so noise densities that differ by 4.1."
    )
    return style.draw("seed", "Dependence on the initial noise", caption, panels, columns=2)


def boxes(context: Context) -> Drawing | None:
    """h_M and the field's wave number in boxes of different size; None where there is one only."""
    if not context.has(BOXES[1]):
        return None

    def label(name: str) -> str:
        return rf"$k_\mathrm{{min}}$ = {short_number(context.run(name).config['geometry']['k_min'][0])}"

    helicity, scale = (_over_time(context, BOXES, quantity, label) for quantity in ("magnetic_helicity", "k_integral"))
    panels = (
        Panel(TIME, rf"$h_M$  {HELICITY_UNIT}", helicity, "helicity", "linear", START, decades=9),
        Panel(TIME, r"integral wave number  $[l_\ast^{-1}]$", scale, "scale", "linear", START),
    )
    caption = (
        "Once the field fills the box its helicity is B²/k_min, and decays as exp(-2 η k_min² t): a plateau needs "
        "k_min of 500 or less."
    )
    return style.draw("box", "Dependence on the box", caption, panels, columns=2)


def heatings(context: Context) -> Drawing | None:
    """Mean energy density and helicity with the printed, the consistent, and no heating; None where there is one only."""
    if not context.has("consistent"):
        return None
    names = {reference_run(context): r"printed: $\eta J^2$", "consistent": r"consistent: $\eta|J-\mu_5B|^2$", "none": "none"}
    density, helicity = (
        _to_common_end(_over_time(context, names, quantity, lambda name: names[name]))
        for quantity in ("rho_mean", "magnetic_helicity")
    )
    rise = tuple(replace(curve, y=curve.y - curve.y[0]) for curve in density)
    label = rf"$\langle\rho\rangle-\langle\rho\rangle(t_i)$  {DENSITY_UNIT}"
    start = (Mark(r"$\rho$ at the start", 1.0),)
    panels = (
        Panel(TIME, label, rise, "energy density", "linear", START, decades=6, horizontal=start),
        Panel(TIME, rf"$h_M$  {HELICITY_UNIT}", helicity, "helicity", "linear", START, decades=9),
    )
    caption = (
        "With the printed heating the fluid gains energy that nothing pays for. With the consistent one it comes from the "
        "chiral reservoir μ5²/2λ, which with this λ (21 orders of magnitude below the fiducial one) exceeds ρ. The field "
        "hardly notices."
    )
    return style.draw("heating", "Printed, consistent and no heating", caption, panels, columns=2)


FIGURES: dict[str, Callable[[Context], Drawing | None]] = {
    "fig1": _of_main("source", 1),
    "fig2": _of_main("chirality", 2),
    "fig3": _of_main("field_and_flow", 3),
    "fig4": _of_main("helicity", 4),
    "fig5": _of_main("magnetic_spectrum", 5),
    "fig6": _of_main("helicity_fraction", 6),
    "fig7": feedback,
    "eq27-map": lambda context: eq27_map(*planes(context)),
    "eq27-lambda": helicity_over_lambda,
    "seed": seeds,
    "box": boxes,
    "heating": heatings,
}
