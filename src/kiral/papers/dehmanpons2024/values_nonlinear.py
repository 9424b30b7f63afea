"""D24: the nonlinear run. Stages of Fig. 2, what ends the exponential one, saturation; all measured in runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.papers.context import Context, Measured
from kiral.papers.dehmanpons2024 import common
from kiral.papers.dehmanpons2024.common import TARGET, which

STRONG = 10**15.5
"""Half a decade below 1e16 G, which is what "of the order of 1e16 G" allows."""
LATE = 0.1  # what counts as "near" and as "the same": within a tenth


# --- what is read from runs ------------------------------------------------------------------------------------------


def series(context: Context, name: str, *quantities: str) -> tuple[np.ndarray, ...]:
    """(t [yr], values, ...) of a run."""
    found = context.run(name).series
    return tuple(np.asarray(found[q], dtype=float) for q in ("t", *quantities))


def at(context: Context, name: str, quantity: str, t: float) -> float:
    """A positive quantity of a run at a time, interpolated in its logarithm; NaN beyond the run."""
    times, values = series(context, name, quantity)
    with np.errstate(divide="ignore"):
        return float(np.exp(np.interp(t, times, np.log(values), right=math.nan)))


def rate_at(context: Context, name: str, t: float) -> float:
    """Growth rate of the energy of a run at a time [1/yr]."""
    times, rate = series(context, name, "growth_rate")
    return float(np.interp(t, times, rate))


def reached(context: Context, name: str, field: float) -> float:
    """When the mean field first is `field` [G], interpolated in its logarithm; NaN where it never is."""
    t, b = series(context, name, "b_mean")
    above = np.flatnonzero(b >= field)
    if not above.size or above[0] == 0:
        return math.nan
    i = slice(above[0] - 1, above[0] + 1)
    return float(np.interp(math.log(field), np.log(b[i]), t[i]))


def energy(context: Context, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(t, energy in the crust [erg])."""
    t, poloidal, toroidal = series(context, name, "energy_poloidal", "energy_toroidal")
    return t, poloidal + toroidal


def degrees(context: Context, name: str, t: float, quantity: str = "energy_l") -> np.ndarray:
    """A spectrum at the stored time nearest to t: (l,) from l = 0."""
    return np.asarray(context.run(name).spectra[quantity].sel(t=t, method="nearest"), dtype=float)


def share(context: Context, name: str, t: float, degree: int = 1) -> float:
    """Part of a degree in the energy at a time of the spectra."""
    found = degrees(context, name, t)
    return float(found[degree] / found.sum())


def even_share(context: Context, name: str, t: float) -> float:
    """Part of even degrees at a time of the spectra."""
    found = degrees(context, name, t)
    return float(found[2::2].sum() / found.sum())


def halved(context: Context, name: str = "crust") -> tuple[float, float, float]:
    """(t, mean field) where the growth of the energy has fallen to half of its largest rate, and that rate [1/yr]."""
    t, rate, b = series(context, name, "growth_rate", "b_mean")
    top = int(np.argmax(rate))
    below = np.flatnonzero(rate[top:] < rate[top] / 2)
    if not below.size:
        return math.nan, math.inf, float(rate[top])
    i = slice(top + below[0] - 1, top + below[0] + 1)
    when = float(np.interp(-rate[top] / 2, -rate[i], t[i]))
    return when, float(np.exp(np.interp(when, t[i], np.log(b[i])))), float(rate[top])


# --- Fig. 2 until the exponential stage ends -------------------------------------------------------------------------


def first_stage(context: Context) -> Measured:
    """Power of t of the toroidal energy up to 5 yr."""
    t, toroidal = series(context, "crust", "energy_toroidal")
    early, later = ((t > 0) & (t <= 5)), ((t >= 10) & (t <= 20))
    power, next_one = (float(np.polyfit(np.log(t[part]), np.log(toroidal[part]), 1)[0]) for part in (early, later))
    return Measured(power, f"up to 5 yr; {next_one:.2g} between 10 and 20 yr, where the growing modes come in")


def largest_rate(context: Context) -> Measured:
    """Largest growth rate of the energy in the run."""
    when, _, rate = halved(context)
    t = series(context, "crust", "growth_rate")
    top = float(t[0][np.argmax(t[1])])
    text = f"largest, at {top:.0f} yr; half of it at {when:.0f} yr; flat space: {halved(context, 'flat')[2]:.3f}/yr"
    return Measured(rate, text)


def three_stages(context: Context) -> Measured:
    """Slopes of the three regimes."""
    power, (when, _, rate) = first_stage(context).value, halved(context)
    t, total = energy(context, "crust")
    folds = math.log(np.interp(when, t, total) / total[0])
    late = float(series(context, "crust", "growth_rate")[1][-1])
    held = abs(power - 2) < LATE and folds > 3 and late < rate / 3
    text = f"E_tor ∝ t^{power:.2f}; {folds:.1f} e-foldings of energy at up to {rate:.3f}/yr; {late:.2g}/yr at {t[-1]:.0f} yr"
    return Measured(held, text)


def comparable(context: Context) -> Measured:
    """E_tor/E_pol at 35 and 50 yr."""
    ratio = {t: at(context, "crust", "energy_toroidal", t) / at(context, "crust", "energy_poloidal", t) for t in (35, 50)}
    held = ratio[35] < 1 / 3 and abs(ratio[50] - 1) < LATE
    return Measured(held, f"E_tor/E_pol is {ratio[35]:.2g} at 35 yr, {ratio[50]:.2g} at 50 yr")


def equal_parts(context: Context) -> Measured:
    """E_tor/E_pol from 60 to 100 yr."""
    t, poloidal, toroidal = series(context, "crust", "energy_poloidal", "energy_toroidal")
    chosen = (toroidal / poloidal)[(t >= 60) & (t <= 100)]
    held = bool(np.all(abs(chosen - 1) < LATE))
    return Measured(held, f"E_tor/E_pol between {chosen.min():.3f} and {chosen.max():.3f} from 60 to 100 yr")


def time_to_target(context: Context) -> Measured:
    """Time to 1e15 G with Hall drift and feedback."""
    text = f"{common.evolution().time:.1f} yr without either; {reached(context, 'flat', TARGET):.1f} yr with both in flat space"
    return Measured(reached(context, "crust", TARGET), text)


def exponential_until(context: Context) -> Measured:
    """Mean field where the growth has fallen to half of its largest rate."""
    when, field, rate = halved(context)
    now = rate_at(context, "crust", reached(context, "crust", TARGET))
    text = f"half of the largest rate at {when:.0f} yr and {field:.2g} G; {now / rate:.2f} of it at 1e15 G, "
    text += f"{at(context, 'crust', 'b_mean', 100):.2g} G at 100 yr"
    return Measured(which(field > STRONG, field < 2 * TARGET), text)


# --- which term does what --------------------------------------------------------------------------------------------


def cause(context: Context) -> Measured:
    """Mean field at 100 yr without Hall drift, and when it is 1e16 G without feedback."""
    both, no_hall = (at(context, name, "b_mean", 100) for name in ("crust", "no-hall"))
    _, _, rate = halved(context, "no-feedback")
    strong, end = reached(context, "no-feedback", 1e16), float(series(context, "no-feedback", "b_mean")[1][-1])
    text = f"100 yr: {both:.3g} G with both, {no_hall:.3g} G without Hall drift. Without feedback 1e16 G at {strong:.0f} yr; "
    text += f"Hall drift then ends the growth, {end:.1g} G at the run's end"
    same, on = abs(no_hall / both - 1) < LATE, rate_at(context, "no-feedback", strong) > 0.8 * rate
    return Measured(which(no_hall > 2 * both, same and on), text, runs=("crust", "no-hall", "no-feedback"))


def chiral_parity(context: Context) -> Measured:
    """Even degrees without Hall drift."""
    t, even = series(context, "no-hall", "even_share")
    return Measured(bool(even.max() < 1e-20), f"at most {even.max():.0e} of the energy until {t[-1]:.0f} yr without Hall drift")


def hall_parity(context: Context) -> Measured:
    """Odd degrees of the toroidal field that Hall drift makes of a dipole, no chiral current."""
    found = context.run("hall-only").spectra["energy_toroidal_l"]
    toroidal = np.asarray(found, dtype=float)[1:]
    odd, even = toroidal[:, 1::2].sum(axis=1), toroidal[:, 2::2].sum(axis=1)
    largest = float((odd / even).max())
    return Measured(bool(even.min() > 0 and largest < 1e-20), f"odd over even toroidal energy: at most {largest:.0e}")


# --- degrees ---------------------------------------------------------------------------------------------------------


def dipole_part(context: Context) -> Measured:
    """E_1/E at 100 yr."""
    early = share(context, "crust", 70)
    flat = ", ".join(f"{share(context, 'flat', t):.3f}" for t in (70, 85, 100))
    return Measured(share(context, "crust", 100), f"at 100 yr; {early:.3f} at 70 yr; flat space: {flat} at 70, 85, 100 yr")


def even_degrees(context: Context) -> Measured:
    """Even degrees in the exponential stage."""
    found = {t: even_share(context, "crust", t) for t in (70, 85, 100)}
    text = "even degrees hold " + ", ".join(f"{value:.1e} at {t} yr" for t, value in found.items())
    return Measured(max(found.values()) < 0.01, text)


def every_degree(context: Context) -> Measured:
    """E_pol/E_tor of every degree at 70 and 100 yr, and of those with 1e-4 of the energy or more."""
    text, even, main = [], True, True
    for t in (70, 100):
        poloidal, toroidal = (degrees(context, "crust", t, f"energy_{part}_l")[1:] for part in ("poloidal", "toroidal"))
        ratio, total = poloidal / toroidal, poloidal + toroidal
        large = ratio[total > 1e-4 * total.sum()]
        even, main = even and 0.5 < ratio.min() < ratio.max() < 2, main and abs(large - 1).max() < LATE
        text.append(f"{large.min():.2f} to {large.max():.2f} ({ratio.min():.2f} to {ratio.max():.2g}) at {t} yr")
    held = which(even, main)
    return Measured(held, f"E_pol/E_tor of degrees with 1e-4 of the energy or more (of all): {'; '.join(text)}")


def toroidal_dipole(context: Context) -> Measured:
    """Toroidal energy of l = 1 over all energy at 100 yr."""
    toroidal, total = degrees(context, "crust", 100, "energy_toroidal_l")[1], degrees(context, "crust", 100).sum()
    return Measured(bool(toroidal > 0.4 * total), f"E_tor of l = 1 is {100 * toroidal / total:.0f} % of the energy at 100 yr")


def helical(context: Context) -> Measured:
    """Helicity at 100 yr over that of a fully helical field with k = k5max/2, 8πE/(N k)."""
    t, made = series(context, "crust", "helicity")
    total = energy(context, "crust")[1]
    lapse = float(np.interp(common.growing_layer()[0], *_lapse()))
    k = common.CUTOFF / 2
    part = float(np.interp(100, t, made) * lapse * k / (8e-15 * math.pi * np.interp(100, t, total)))
    return Measured(part > 0.5, f"H N k/(8πE) = {part:.2f} at 100 yr with k = {k:g}/km; feedback lowers k")


def _lapse() -> tuple[np.ndarray, np.ndarray]:
    operator = common.induction()
    return np.asarray(operator.shell.r), np.asarray(operator.coefficients.lapse)


def pole(context: Context) -> Measured:
    """Field of the dipole at the pole outside, at the start and at the end."""
    t, outside = series(context, "crust", "surface_dipole")
    b = at(context, "crust", "b_mean", t[-1])
    text = f"{outside[0]:.3g} G at the start, {outside[-1]:.3g} G at {t[-1]:.0f} yr, where the mean field is {b:.2g} G"
    return Measured(which(outside[-1] > 1e14, abs(outside[-1] / outside[0] - 1) < LATE), text)


VALUES: dict[str, Callable[[Context], Any]] = {
    "run-first-stage": first_stage,
    "run-energy-rate": largest_rate,
    "run-stages": three_stages,
    "run-second-stage": comparable,
    "run-equipartition": equal_parts,
    "run-time-75": time_to_target,
    "exponential-end": exponential_until,
    "third-stage-cause": cause,
    "parity-chiral": chiral_parity,
    "parity-hall": hall_parity,
    "run-dipole-share": dipole_part,
    "even-degrees": even_degrees,
    "equipartition-degrees": every_degree,
    "run-toroidal-dipole": toroidal_dipole,
    "run-helicity": helical,
    "run-surface": pole,
}
