"""G16, Sec. V: does an inhomogeneous mu5 quench the inverse cascade? Measured in the runs of the study, at laptop.

Starts: "uniform" mu5; "mixed", random with fluctuations of twice the mean; "zero", the same fluctuations alone; "fine", these
with half the correlation length; "diffusive", uniform with five times the tau, so that D = η. Models: "mean", one mu5 for the
box, changed by the mean anomaly; "local", mu5(x) in the resistive limit; "full", all currents of second order. Each with the
seeds 1, 2, 3 where not said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kiral.papers.context import Context, Measured
from kiral.papers.gorbar2016.common import which

SEEDS = (1, 2, 3)
LOCAL = ("local", "full")
HALF, LARGEST = 0.5, 1.5
"""Share of the largest value; integral wave number, over the box's smallest, from which on the field is of the box's size."""


class Outcome(NamedTuple):
    """What a run comes to: times [time], wave numbers in units of the box's smallest, helicity [energy].

    half: the helicity reaches half of its largest value; arrival: the integral wave number falls to `LARGEST`; peak, integral:
    wave numbers at the end; spread: rms of mu5 about its mean, over the mean, at the end; largest_spread: the same over the
    initial mean, largest over time.
    """

    half: float
    arrival: float
    peak: float
    integral: float
    helicity: float
    spread: float
    largest_spread: float


class Ratio(NamedTuple):
    """Mean over the seeds and standard deviation between them."""

    mean: float
    spread: float

    def __str__(self) -> str:
        digits = max(0, -math.floor(math.log10(max(self.spread, 1e-3))))
        return f"{self.mean:.{digits}f} ± {self.spread:.{digits}f}"


def series(context: Context, name: str, *quantities: str) -> tuple[np.ndarray, ...]:
    """(t, values, ...) of a run."""
    found = context.run(name).series
    return tuple(np.asarray(found[q], dtype=float) for q in ("t", *quantities))


def smallest(context: Context, name: str) -> float:
    """Smallest wave number of a run's box [1/length]."""
    return float(context.run(name).config["geometry"]["k_min"][0])


def reached(t: np.ndarray, values: np.ndarray, level: float) -> float:
    """When rising values first reach a level, linear between samples; nan where they do not."""
    above = np.flatnonzero(values >= level)
    if not above.size or above[0] == 0:
        return math.nan
    i = slice(above[0] - 1, above[0] + 1)
    return float(np.interp(level, values[i], t[i]))


def outcome(context: Context, name: str) -> Outcome:
    """What the run `name` comes to."""
    t, helicity, peak, integral, mean, rms = series(
        context, name, "magnetic_helicity", "k_peak", "k_integral", "mu5_mean", "mu5_rms"
    )
    spread = np.sqrt(np.maximum(rms**2 - mean**2, 0.0))
    k = smallest(context, name)
    return Outcome(
        reached(t, helicity, HALF * helicity.max()), reached(t, -integral, -LARGEST * k), peak[-1] / k, integral[-1] / k,
        float(helicity[-1]), float(spread[-1] / abs(mean[-1])), float(spread.max() / abs(mean[0])),
    )  # fmt: skip


def ratio(context: Context, start: str, model: str, quantity: str) -> Ratio:
    """A quantity of `Outcome` over that of the model "mean" with the same seed."""
    own, usual = (
        np.array([getattr(outcome(context, f"{start}-{m}-{seed}"), quantity) for seed in SEEDS]) for m in (model, "mean")
    )
    found = own / usual
    return Ratio(float(np.mean(found)), float(np.std(found, ddof=1)))


def average(context: Context, start: str, model: str, quantity: str) -> Ratio:
    """A quantity of `Outcome`, over seeds."""
    found = [getattr(outcome(context, f"{start}-{model}-{seed}"), quantity) for seed in SEEDS]
    return Ratio(float(np.mean(found)), float(np.std(found, ddof=1)))


def quenched(context: Context) -> Measured:
    """Whether the inverse cascade ends early in models with local mu5, from starts with a mean; how much later it arrives."""
    text, early = [], []
    for start in ("uniform", "mixed"):
        for model in LOCAL:
            integral, peak = ratio(context, start, model, "integral"), ratio(context, start, model, "peak")
            early.append(max(integral.mean, peak.mean) > LARGEST)
            text.append(f"{start}, {model}: {integral} (peak {peak.mean:.2f})")
    late = {m: ratio(context, "uniform", m, "arrival") for m in LOCAL}
    times = [outcome(context, f"diffusive-{m}-1").arrival for m in ("mean", "local")]
    how = (
        f"integral wave number at the end over that with homogeneous mu5: {'; '.join(text)}. Time to reach the box from the "
        f"uniform start: {late['local']} (local), {late['full']} (full) times that with homogeneous mu5; where mu5 diffuses as "
        f"fast as the field, {times[1] / times[0]:.2f} (local)"
    )
    arrived = not any(early) and all(math.isfinite(r.mean) for r in late.values())
    return Measured(which(all(early), arrived), how)


def averaged(context: Context) -> Measured:
    """Whether the average of mu5 misses something: times to half of the helicity over those of homogeneous mu5."""
    found = {(s, m): ratio(context, s, m, "half") for s in ("uniform", "mixed") for m in LOCAL}
    misses = any(abs(r.mean - 1) > max(0.5, 2 * r.spread) for r in found.values())
    text = "; ".join(f"{s}, {m}: {r}" for (s, m), r in found.items())
    return Measured(misses, f"time to half of the helicity over that with homogeneous mu5: {text}")


def widening(context: Context) -> Measured:
    """Whether the fluctuations of mu5 grow on and on: from a uniform start, and from a random one."""
    made = {m: average(context, "uniform", m, "largest_spread") for m in LOCAL}
    left = {m: average(context, "mixed", m, "spread") for m in LOCAL}
    grows = any(r.mean > 1 for r in (*made.values(), *left.values()))
    text = (
        f"uniform start: fluctuations reach {made['local']} (local) and {made['full']} (full) of the initial mu5; random start "
        f"with twice the mean: {left['local']} and {left['full']} of the mean are left"
    )
    return Measured(which(grows, not grows), text)


def without_mean(context: Context) -> Measured:
    """Whether a field grows from mu5 of zero mean: with the space average, and with local mu5."""
    growth = {}
    for name in ("zero-mean-1", *(f"zero-{m}-{s}" for m in LOCAL for s in SEEDS)):
        _, b = series(context, name, "b_rms")
        growth[name] = float(b.max() / b[0])
    local = [value for name, value in growth.items() if name != "zero-mean-1"]
    text = f"B grows {min(local):.0f} to {max(local):.0f} times with local mu5, by {growth['zero-mean-1']:.1f} with its average"
    return Measured(growth["zero-mean-1"] <= 1 + 1e-9 and min(local) > 3, text)


def resolved(context: Context) -> Measured:
    """Whether 64 points a side change times and wave numbers by less than seeds do: half of the helicity, and t = 400.

    Half is that of the coarse run of the same seed, which is longer.
    """
    worst, text = 0.0, []
    for model in LOCAL:
        runs = {name: series(context, name, "magnetic_helicity", "k_integral") for name in
                (f"grid-{model}-1", *(f"mixed-{model}-{seed}" for seed in SEEDS))}  # fmt: skip
        level = HALF * runs[f"mixed-{model}-1"][1].max()
        found = {"half": [], "integral": []}
        for name, (t, helicity, k) in runs.items():
            found["half"].append(reached(t, helicity, level if name.endswith("-1") else HALF * helicity.max()))
            found["integral"].append(float(np.interp(400.0, t, k)) / smallest(context, name))
        for quantity, (fine, *coarse) in found.items():
            spread = float(np.std(coarse, ddof=1))
            worst = max(worst, abs(fine - coarse[0]) / spread)
            text.append(f"{model}, {quantity}: {coarse[0]:.4g} becomes {fine:.4g}, seeds spread by {spread:.2g}")
    return Measured(worst < 1, "; ".join(text))


VALUES: dict[str, Callable[[Context], Any]] = {
    "cascade-quenched": quenched,
    "cascade-average": averaged,
    "cascade-widening": widening,
    "cascade-zero-mean": without_mean,
    "cascade-resolved": resolved,
}
