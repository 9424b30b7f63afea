"""Figures of runs for G16: the chiral magnetic wave with and without its electric field, and the inverse cascade."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kiral.kinetic.dispersion import dispersion_roots
from kiral.maxwell import dispersion
from kiral.papers.context import Context
from kiral.papers.gorbar2016.values_cascade import SEEDS, series, smallest
from kiral.papers.gorbar2016.values_runs import field, growth_error, places, plasma, profile, running_rates, slow_rates
from kiral.report import maps, style
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Curve, Drawing, Panel

MODELS = {"mean": ("homogeneous mu5", GREY), "local": ("local mu5, resistive", BLUE), "full": ("all currents", ORANGE)}
STARTS = {"uniform": "uniform", "mixed": "mean and fluctuations", "zero": "zero mean"}
TIME = "time  [1/T]"


def pulses(context: Context) -> Drawing | None:
    """mu5 and mu of a pulse at t = 60, and rates of its waves: runs with E = 0 and with E, (65), Gauss, kinetic theory."""
    z, length = places(context, "given")
    z = z - length / 2
    panels = []
    for name, label in (("mu5", r"$\mu_5$  [$10^{-3}\,T$]"), ("mu", r"$\mu$  [$10^{-3}\,T$]")):
        curves = (
            Curve("start", z, 1e3 * profile(context, "given", name, 0.0), GREY, "--"),
            Curve("run, $E=0$", z, 1e3 * profile(context, "given", name, 60.0), GREEN),
            Curve("run, Maxwell's $E$", z, 1e3 * profile(context, "dynamic", name, 60.0), BLUE),
        )
        panels.append(Panel("$z$  [$1/T$]", label, curves, f"{name} at t = 60/T", x_scale="linear", y_scale="linear"))
    k, running = running_rates(context)
    slow = slow_rates(context)[1]
    p, b = plasma(context, "given"), field(context)
    x = np.geomspace(k[0], k[-1], 30)
    given = {"temperature": p.temperature, "tau": p.tau, "charge": p.charge, "magnetic_field": b}
    held = dispersion_roots(x, field="held", **given)[0]
    own = dispersion_roots(x, **given)[0]
    slowest = np.max(dispersion.longitudinal_roots(p, x, b).real, axis=0)
    label = r"$k$  [$T$]"
    frequency = Panel(label, r"$|\mathrm{Re}\,\omega|$  [$T$]", (
        Curve("Eq. (65)", x, p.wave_speed(b) * x, ORANGE, "--"), Curve("kinetic, $E=0$", x, np.abs(held.imag), BLACK, ":"),
        Curve("run, $E=0$", k, np.abs(running.imag), GREEN, "", marker="o"),
    ), "frequency")  # fmt: skip
    damping = Panel(label, r"damping $-\mathrm{Im}\,\omega$  [$T$]", (
        Curve("Eq. (65)", x, p.diffusion * x**2, ORANGE, "--"), Curve("kinetic, $E=0$", x, -held.real, BLACK, ":"),
        Curve("run, $E=0$", k, -running.real, GREEN, "", marker="o"),
        Curve("Gauss's law, slow mode", x, -slowest, BLUE), Curve("kinetic, Maxwell's $E$", x, -own.real, BLACK, "-."),
        Curve("run, Maxwell's $E$", k[:12], -slow, BLUE, "", marker="s"),
    ), "damping")  # fmt: skip
    caption = (
        "A weak pulse of mu5 along B = T², e = 0.3, tau T = 2. With E held at zero mu5 + mu and mu5 - mu run apart as (65) "
        "says, and spread. By Maxwell's equations charge is screened and the pulse stays: mu5 drains, without a frequency."
    )
    return style.draw("pulses", "Chiral magnetic wave in runs", caption, (*panels, frequency, damping), columns=2)


def _over_seeds(context: Context, start: str, model: str, quantity: str, seeds: tuple[int, ...]) -> Curve:
    """Mean over the seeds as a curve with the range between them, in units of the box for wave numbers."""
    label, color = MODELS[model]
    runs = [series(context, f"{start}-{model}-{seed}", quantity) for seed in seeds]
    k = smallest(context, f"{start}-{model}-1")
    t = np.geomspace(10.0, min(run[0][-1] for run in runs), 160)
    values = np.stack([np.interp(t, *run) for run in runs])
    values = {"k_peak": values / k, "k_integral": k / values}.get(quantity, values)
    return Curve(label, t, values.mean(axis=0), color, band=np.stack([values.min(axis=0), values.max(axis=0)]))


def cascade(context: Context) -> Drawing | None:
    """Peak wave number, helicity and integral scale against time: three starts, three models."""
    if not context.has("uniform-full-1"):
        return None
    panels = []
    quantities = {
        "k_peak": (r"$k_p/k_{\min}$  [1]", "peak"),
        "magnetic_helicity": (r"$\langle A\cdot B\rangle$  [$T^3/e^2$]", "helicity"),
        "k_integral": (r"$k_{\min}/k_I$  [1]", "integral scale"),
    }
    for start, name in STARTS.items():
        for quantity, (label, title) in quantities.items():
            curves = tuple(
                _over_seeds(context, start, m, quantity, SEEDS if (start, m) != ("zero", "mean") else SEEDS[:1]) for m in MODELS
            )
            panels.append(Panel(TIME, label, curves, f"{name}: {title}", y_scale="linear"))
    caption = (
        "From above: uniform mu5, random mu5 with fluctuations of twice its mean, the fluctuations alone. Lines are means over "
        "three seeds, bands reach from the smallest to the largest. From zero mean the average of mu5 makes nothing grow (one "
        "seed: the noise decays)."
    )
    return style.draw("cascade", "Inverse cascade with inhomogeneous mu5", caption, tuple(panels), columns=3)


def spreading(context: Context) -> Drawing | None:
    """Field, mean of mu5 and its fluctuations against time, for all starts and both local models."""
    if not context.has("uniform-full-1"):
        return None
    panels = []
    for start, name in STARTS.items():
        curves = []
        for model in ("local", "full"):
            t, mean, rms = series(context, f"{start}-{model}-1", "mu5_mean", "mu5_rms")
            spread, dash = np.sqrt(np.maximum(rms**2 - mean**2, 0)), "-" if model == "full" else "--"
            kept = t > 1
            curves += [Curve(f"rms fluctuation, {model}", t[kept], spread[kept], BLUE, dash)]
            if start != "zero":
                curves += [Curve(f"mean, {model}", t[kept], mean[kept], BLACK, dash)]
        if start == "zero":
            t, mean, rms = series(context, "fine-full-1", "mu5_mean", "mu5_rms")
            curves.append(Curve("half the correlation length, full", t[t > 1], rms[t > 1], GREEN))
        panels.append(Panel(TIME, r"$\mu_5$  [$T$]", tuple(curves), name, decades=3))
    fields = []
    for name, color in (("uniform-full-1", BLACK), ("mixed-full-1", BLUE), ("zero-full-1", ORANGE), ("fine-full-1", GREEN)):
        t, b = series(context, name, "b_rms")
        fields.append(Curve(name.split("-")[0], t[t > 1], b[t > 1], color))
    panels.append(Panel(TIME, r"$B_{\rm rms}$  [$T^2/e$]", tuple(fields), "field, all currents", decades=3))
    caption = (
        "Seed 1. The field makes a uniform mu5 uneven, and an uneven one even: fluctuations fall below the mean. Without a "
        "mean the field ends with them."
    )
    return style.draw("spreading", "Fluctuations of mu5", caption, tuple(panels), columns=2)


def slices(context: Context) -> Drawing | None:
    """mu5 in a plane at four times, random start, local model and all currents."""
    if not context.has("mixed-full-1"):
        return None
    shown = []
    for model in ("local", "full"):
        found = context.run(f"mixed-{model}-1").snapshots
        x, y = (np.asarray(found[axis], dtype=float) for axis in "xy")
        for t in (0.0, 300.0, 1000.0, 4000.0):
            plane = np.asarray(found["mu5"].sel(t=t, method="nearest").isel(z=0), dtype=float).T
            shown.append(maps.Map("$x$  [$1/T$]", "$y$  [$1/T$]", r"$\mu_5$  [$T$]", x, y, plane,
                                  title=f"{MODELS[model][0]}, t = {t:g}", z_scale="signed", equal=True))  # fmt: skip
    caption = "mu5 in the plane z = 0 of the random start with a mean, seed 1; each map has its own scale."
    return maps.draw("mu5-slices", "mu5 during the cascade", caption, tuple(shown), columns=4)


def growth(context: Context) -> Drawing | None:
    """Growth rate of the chiral plasma instability: the closed sets over kinetic theory, against tau."""
    tau = np.geomspace(0.2, 20.0, 25)
    sets = dict(dispersion.VARIANTS) | {"drude, magnetization": dispersion.Terms(magnetization=True, drude=True)}
    error = {name: np.array([growth_error(float(one), terms) for one in tau]) for name, terms in sets.items()}
    colors = (GREY, BLUE, GREEN, ORANGE, BLACK, PURPLE)
    curves = tuple(Curve(name.replace("_", " "), tau, error[name], color) for name, color in zip(sets, colors, strict=True))
    panel = Panel(r"$\tau T$  [1]", "relative error of the growth rate  [1]", curves, decades=10)
    caption = (
        "Fastest mode of the chiral plasma instability at mu5 = 0.3 T, e = 0.3: the closed sets against kinetic theory to all "
        "orders in k and in the rate. The set of second order ends where 4π sigma τ = 1."
    )
    return style.draw("growth", "Growth of helical fields", caption, (panel,))


FIGURES: dict[str, Callable[[Context], Drawing | None]] = {
    "pulses": pulses, "growth": growth, "cascade": cascade, "spreading": spreading, "mu5-slices": slices,
}  # fmt: skip
