"""Figures of the neighbouring problems: inverse cascade, growth in uniform and in random mu5, chiral magnetic waves.

A run is any object with `config`, `series` and `spectra` (see `kiral.mhd.figures`). Every function returns a Drawing, or None
where a run has nothing of the kind to show. Nothing here writes files. Code units: lengths in l*, times in t*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kiral.mhd import cascade, chiral_dynamo
from kiral.mhd.chiral_wave import wave_amplitudes
from kiral.mhd.panels import DENSITY_UNIT, FIELD_UNIT, MU5_UNIT, TIME, WAVE_NUMBER, over_time, series, spectrum_panel, times
from kiral.mhd.solutions import growth_rate
from kiral.report import style
from kiral.report.style import BLACK, BLUE, COLORS, GREEN, GREY, ORANGE, SKY, Curve, Drawing, Panel


def draw_all(run: Any) -> Iterator[Drawing]:
    """The figures that make sense for this run, one after the other."""
    for figure in (decay_laws, envelope, shell_growth, helical_halves, chiral_wave):
        if (drawing := figure(run)) is not None:
            yield drawing


def decay_laws(*runs: Any) -> Drawing | None:
    """Energy and integral scale of the inverse cascade with the fitted laws; several runs differ in their seed only.

    Time counts from each run's fitted origin, so that a power law is a straight line.
    """
    found = [(run, decay) for run in runs if (decay := cascade.decay(run)) is not None]
    if not found:
        return None
    laws = [decay for _, decay in found]
    p, q = (np.mean([abs(law.exponent) for law in group]) for group in ([d.energy for d in laws], [d.scale for d in laws]))
    title = f"fitted: $E\\propto t^{{-{p:.2f}}}$,  $\\xi\\propto t^{{{q:.2f}}}$"
    fits = "; dashed: the fits" if len(found) == 1 else ""
    caption = (
        f"Thick: the samples to which the laws are fitted{fits}; grey: −2/3 and 2/3, what follows if helicity is conserved."
        " Before, the field adjusts itself; later it feels the box."
    )
    energy = _law_panel("Magnetic energy", found, "energy_magnetic", rf"$E$  {DENSITY_UNIT}", -cascade.FAST)
    scale = _law_panel("Integral scale", found, "k_integral", r"$\xi$  $[l_\ast]$", cascade.FAST)
    return style.draw("decay_laws", f"Inverse cascade, {title}", caption, (energy, scale), columns=2)


def _law_panel(title: str, found: list[tuple[Any, cascade.Decay]], name: str, symbol: str, slope: float) -> Panel:
    """E or xi over the time since the fitted origin: all samples, those of the fit, the fit, and the theory's slope."""
    curves: list[Curve] = []
    for i, (run, decay) in enumerate(found):
        t, values, law = times(run), series(run, name), decay.scale if name == "k_integral" else decay.energy
        if values is None:
            continue
        values, age, color = values if law is decay.energy else 1 / values, t - law.origin, COLORS[i]
        label, fitted = f"${law.exponent:.2f}\\pm{law.error:.2f}$", age[decay.samples]
        curves.append(Curve("", age, values, color, width=0.9))
        several = f"{label}, seed {run.config['seed']}" if len(found) > 1 else ""
        curves.append(Curve(several, fitted, values[decay.samples], color, width=3.0))
        if len(found) == 1:
            curves.append(Curve(label, fitted, law(t[decay.samples]), BLACK, "--", 1.3))
    ends = np.array([curves[1].x[0], curves[1].x[-1]])
    middle = np.sqrt(ends.prod())
    height = np.exp(np.interp(np.log(middle), np.log(curves[1].x), np.log(curves[1].y)))
    shift = 1.35 if slope < 0 else 0.75
    curves.append(Curve(f"${'-' if slope < 0 else ''}2/3$", ends, shift * height * (ends / middle) ** slope, GREY, "-", 2.2))
    return Panel(r"time since the fitted origin, $t-t_0$  $[t_\ast]$", f"{title.lower()} {symbol}", tuple(curves), title)


def envelope(run: Any) -> Drawing | None:
    """k E(k) at the stored times below the line k h/2 on which its peak moves while the helicity h is conserved.

    Where the run is an inverse cascade, or a field grown out of a uniform mu5 without loss of chirality.
    """
    panel = spectrum_panel(run, "energy_spectrum", rf"$k\,E(k)$  {DENSITY_UNIT}")
    if panel is None or (found := cascade.conserved_helicity(run)) is None:
        return None
    total, first, last = found
    t, k, height = cascade.spectral_peaks(run)
    inside = (t >= first) & (t <= last)
    line = np.array([panel.curves[0].x[0], panel.curves[0].x[-1]])
    curves = (
        *panel.curves,
        Curve("k h/2", line, total * line / 2, BLACK, "--", 1.2),
        Curve("peaks", k[inside], height[inside], ORANGE, "", marker="o"),
    )
    caption = (
        "Magnetic energy per logarithmic wave number. Dashed: the energy k h/2 that the helicity"
        f" h = {total:.3g} E*/l*² has at one wave number; as long as it is conserved the peak (dots, t = {first:.3g} to"
        f" {last:.3g}) moves along that line."
    )
    drawn = Panel(WAVE_NUMBER, panel.y_label, curves, decades=6, color_label=panel.color_label)
    return style.draw("envelope", "Envelope of the spectra", caption, (drawn,))


def shell_growth(run: Any) -> Drawing | None:
    """Growth rate of every shell in a uniform mu5 beside eta k (mu5 - k)."""
    if (found := chiral_dynamo.shell_growth(run)) is None:
        return None
    k, rate, first, last = found
    mu5, eta = abs(run.config["initial"]["mu5"]), run.config["model"]["magnetic_diffusivity"]
    smooth = np.linspace(0.0, mu5, 200)
    curves = (
        Curve(r"theory, $\eta k(\mu_5-k)$", smooth, growth_rate(smooth, mu5, eta), BLACK),
        Curve(f"measured, t = {first:.3g} to {last:.3g}", k, rate, ORANGE, "", marker="o"),
    )
    label = r"growth rate of $B$  $[t_\ast^{-1}]$"
    panel = Panel(WAVE_NUMBER, label, curves, x_scale="linear", y_scale="linear")
    caption = "Half the growth rate of the energy in every shell while μ5 is still that of the start."
    return style.draw("shell_growth", "Growth in a uniform μ5", caption, (panel,))


def helical_halves(run: Any) -> Drawing | None:
    """The parts of the field with positive and negative helicity in a mu5 of zero mean, and what mean mu5 they leave."""
    start = run.config["initial"]["mu5"]
    if not isinstance(start, Mapping) or start["kind"] != "random" or start["mean"] or "energy_spectrum" not in run.spectra:
        return None
    t, positive, negative = chiral_dynamo.helical_halves(run)
    halves = (
        Curve(r"positive helicity, $B_+$", t, positive, BLUE, marker="."),
        Curve(r"negative helicity, $B_-$", t, negative, ORANGE, marker="."),
        over_time(run, r"$u_\mathrm{rms}$", series(run, "u_rms"), GREEN, dash="-."),
    )
    potentials = (
        over_time(run, r"$\mu_{5,\mathrm{rms}}$", series(run, "mu5_rms"), GREY),
        over_time(run, r"$\langle\mu_5\rangle$", series(run, "mu5_mean"), BLACK),
    )
    panels = (
        Panel(TIME, rf"rms  {FIELD_UNIT}", _present(halves), "Field", "linear", decades=8),
        Panel(TIME, f"chiral chemical potential  {MU5_UNIT}", _present(potentials), "Chirality", "linear", decades=9),
    )
    caption = (
        "Left: the two helical parts of the field, which grow around the maxima and the minima of μ5. Right: fluctuations of"
        " μ5 and the mean that appears because the two parts are not equal: ⟨μ5⟩ = −(λ/2)⟨A·B⟩."
    )
    return style.draw("helical_halves", "Growth in a μ5 of zero mean", caption, panels, columns=2)


def _present(curves: Sequence[Curve | None]) -> tuple[Curve, ...]:
    return tuple(curve for curve in curves if curve is not None)


def chiral_wave(run: Any) -> Drawing | None:
    """Amplitudes of mu5 and mu of a chiral magnetic wave beside the closed form."""
    t = times(run)
    fine = np.linspace(t[0], t[-1], 800) if t.size else t
    exact, smooth = wave_amplitudes(run.config, t), wave_amplitudes(run.config, fine)
    if not t.size or exact is None or smooth is None:
        return None
    curves, off = [], 0.0
    for i, (name, symbol, color) in enumerate((("mu5_rms", r"\mu_5", ORANGE), ("mu_rms", r"\mu", BLUE))):
        if (rms := series(run, name)) is None:
            return None
        off = max(off, float(np.max(np.abs(np.sqrt(2) * rms - np.abs(exact[i])))))
        curves.append(Curve(f"${symbol}$, run", t, np.sqrt(2) * rms, color, "", marker="."))
        curves.append(Curve(f"${symbol}$, closed form", fine, np.abs(smooth[i]), SKY if i else BLACK))
    panel = Panel(TIME, f"amplitude of the wave  {MU5_UNIT}", tuple(curves), x_scale="linear", y_scale="linear")
    caption = (
        "Amplitudes of the waves of μ5 and μ (√2 times their rms), at every stored time, over the solution of the linear"
        f" equations. Largest difference: {off:.1e} of an initial {np.max(np.abs(exact[:, 0])):.3g}."
    )
    return style.draw("chiral_wave", "Chiral magnetic wave", caption, (panel,))


def growth_against_strength(rates: Sequence[tuple[float, float, float]], peak: float, eta: float) -> Drawing | None:
    """Growth rates measured in random mu5 of one shape and several strengths, beside the exact ones in layers.

    rates: (rms, largest |mu5|, rate) of each run. Rates over eta mu5²/4 with the largest mu5, against that over the wave
    number `peak` of mu5: only where mu5 is larger than its own wave number does anything grow.
    """
    if not rates:
        return None
    rms, largest, rate = np.array(sorted(rates)).T
    ratio = np.geomspace(1.0, 10.0, 19)
    layers = np.array([chiral_dynamo.fastest_growth_rate(r, 1.0) for r in ratio]) / (ratio**2 / 4)
    across = np.array([chiral_dynamo.layered_growth_rate(r, 1.0).real for r in ratio]) / (ratio**2 / 4)
    curves = (
        Curve("layers, exact", ratio, layers, BLACK),
        Curve("layers, across only", ratio, across, GREY, "--"),
        Curve("random, runs", largest / peak, rate / (eta * largest**2 / 4), ORANGE, "", marker="o"),
    )
    lowest = min(0.0, float(curves[-1].y.min())) - 0.05
    label = r"growth rate over $\eta\mu_{5,\max}^2/4$  [1]"
    panel = Panel(r"largest $|\mu_5|$ over its wave number  [1]", label, curves, y_scale="linear", y_limits=(lowest, 1.02))
    caption = (
        "Growth of a weak field at rest in μ5 that varies in space, over the rate in a uniform μ5 as large as its maximum."
        " Lines: μ5 = M cos(qx), for fields that vary along the layers as grows fastest, and for those that vary across them"
        f" only. Dots: random μ5 with rms {rms[0]:.3g} to {rms[-1]:.3g} and its energy around k = {peak:.3g}."
    )
    return style.draw("growth_against_strength", "Where a fluctuating μ5 grows a field", caption, (panel,))
