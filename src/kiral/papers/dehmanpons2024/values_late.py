"""D24: the nonlinear run after 100 yr, its energies, other seeds and departures from equilibrium, and the resolution."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.papers.context import Context, Measured
from kiral.papers.dehmanpons2024 import common
from kiral.papers.dehmanpons2024.common import TARGET, which
from kiral.papers.dehmanpons2024.values_energy import HALF_DECADE, TRANSFERRED
from kiral.papers.dehmanpons2024.values_nonlinear import (
    LATE,
    at,
    degrees,
    energy,
    even_share,
    halved,
    reached,
    series,
    share,
)

ROUGHLY = 0.2
"""What "roughly the same" allows."""
RESOLUTION = {"radius": "radius", "degrees": "degrees", "steps": "steps", "round": "three dimensions"}
"""Runs that test the resolution, and what they change."""


def saturation(context: Context) -> Measured:
    """Mean field at 200 and 300 yr."""
    early, late = (at(context, "crust", "b_mean", t) for t in (200, 300))
    warm, cool = (at(context, name, "b_mean", 150) for name in ("crust", "cooling"))
    text = f"{early:.2g} G at 200 yr, {late:.2g} G at 300 yr, with degrees up to {_largest(context)}; "
    text += f"{warm:.2g} G at 150 yr, {cool:.2g} G in a crust that cools"
    return Measured(which(2e16 <= early < 1e17, 3e15 < early < 2e16), text)


def saturates(context: Context) -> Measured:
    """Growth at the end over the largest, and the mean field."""
    t, b = series(context, "crust", "b_mean")
    late = math.log(b[-1] / at(context, "crust", "b_mean", t[-1] - 50)) / 25  # of the energy, over the last 50 yr
    text = f"over the last 50 yr the energy grows at {late:.2g}/yr, {late / halved(context)[2]:.2g} of the largest rate"
    return Measured(bool(late < 0.1 * halved(context)[2] and 1e15 < b[-1] < 1e17), text)


def what_limits(context: Context) -> Measured:
    """Mean fields with and without Hall drift at 150 and 300 yr."""
    with_hall, without = ([at(context, name, "b_mean", t) for t in (150, 300)] for name in ("crust", "no-hall"))
    text = f"{with_hall[0]:.2g} G with Hall drift and {without[0]:.2g} G without at 150 yr, "
    text += f"{with_hall[1]:.2g} G and {without[1]:.2g} G at 300 yr"
    return Measured(bool(abs(without[0] / with_hall[0] - 1) < LATE and without[1] > 1.2 * with_hall[1]), text)


def oscillations(context: Context) -> Measured:
    """Swings of E_tor/E_pol before and after 150 yr."""
    t, poloidal, toroidal = series(context, "crust", "energy_poloidal", "energy_toroidal")
    ratio = toroidal / poloidal
    before, after = ratio[(t > 60) & (t < 140)], ratio[t > 200]
    turns = int(np.count_nonzero(np.diff(np.sign(np.diff(after)))))
    text = f"E_tor/E_pol stays within {np.ptp(before):.2g} until 140 yr; {after.min():.2f} to {after.max():.2f} after 200 yr, "
    text += f"{turns} turns"
    return Measured(bool(np.ptp(before) < LATE < np.ptp(after) and turns >= 2), text)


def transfer(context: Context) -> Measured:
    """Even degrees and degrees above 8 at 100, 200 and 300 yr."""
    even = [even_share(context, "crust", t) for t in (100, 200, 300)]
    small = [float(degrees(context, "crust", t)[9:].sum() / degrees(context, "crust", t).sum()) for t in (100, 200, 300)]
    text = "even degrees {:.2g}, {:.2g}, {:.2g}".format(*even) + "; l > 8 {:.2g}, {:.2g}, {:.2g}".format(*small)
    return Measured(bool(even[0] < 0.01 and small[0] < 0.01 and min(even[2], small[2]) > LATE), f"{text} at 100, 200, 300 yr")


def onset(context: Context) -> Measured:
    """When even degrees hold a tenth of the energy, for two largest degrees."""
    when = {}
    for name in ("crust", "degrees"):
        t, even = series(context, name, "even_share")
        above = np.flatnonzero(even > LATE)
        when[_largest(context, name)] = float(t[above[0]]) if above.size else math.inf
    text = "even degrees hold a tenth from " + ", ".join(f"{t:.0f} yr on with l up to {l}" for l, t in when.items())
    few, many = when.values()
    return Measured(which(abs(few - many) < LATE * few and few > 150, many < (1 - LATE) * few), text)


def spectral_slope(context: Context) -> Measured:
    """Power of l of the spectrum at 300 yr, from l = 2 to two thirds of the largest, and what the last degrees hold."""
    found = degrees(context, "crust", 300)
    last = 2 * _largest(context) // 3
    l = np.arange(2, last + 1)
    slope = float(np.polyfit(np.log(l), np.log(found[2 : last + 1]), 1)[0])
    end = float(found[last + 1 :].sum() / found.sum())
    text = f"l^{slope:.1f} from l = 2 to {last} at 300 yr; degrees above hold {100 * end:.0f} % of the energy"
    return Measured(which(abs(slope + 2) < 0.3 and end < LATE, slope > -1.5 and end > LATE), text)


def transferred(context: Context) -> Measured:
    """Work of the chiral current and the field's energy at the end."""
    t, work, heat = series(context, "crust", "chiral_work", "joule_heat")
    field = energy(context, "crust")[1][-1]
    text = f"{field:.2g} erg of field at {t[-1]:.0f} yr; {work[-1]:.2g} erg of work by the chiral current, {heat[-1]:.2g} heat"
    return Measured(which(field > TRANSFERRED / HALF_DECADE, field < 0.2 * TRANSFERRED), text)


def weak_seed(context: Context) -> Measured:
    """From 3 G: the same rate, and the same field the same time after 1e15 G."""
    rates = [halved(context, name)[2] for name in ("crust", "seed-gauss")]
    start = {name: reached(context, name, TARGET) for name in ("crust", "seed-gauss")}
    later = [at(context, name, "b_mean", begin + 50) for name, begin in start.items()]
    text = f"largest rates {rates[0]:.3f} and {rates[1]:.3f}/yr; 50 yr after 1e15 G {later[0]:.2g} and {later[1]:.2g} G; "
    text += f"1e15 G at {start['seed-gauss']:.0f} yr from 3 G"
    return Measured(bool(abs(rates[1] / rates[0] - 1) < 0.05 and abs(later[1] / later[0] - 1) < ROUGHLY), text)


def time_to(name: str, delta_mu: float) -> Callable[[Context], Measured]:
    """Time to 1e15 G in a run with Hall drift and feedback."""

    def value(context: Context) -> Measured:
        return Measured(reached(context, name, TARGET), f"{common.evolution(delta_mu).time:.4g} yr in the linear stage alone")

    return value


def alike(context: Context) -> Measured:
    """Stages with δmu/kT = 1."""
    ratio = at(context, "delta-one", "energy_toroidal", 30) / at(context, "delta-one", "energy_poloidal", 30)
    when, field, rate = halved(context, "delta-one")
    text = f"largest rate {rate:.2f}/yr, half of it at {when:.0f} yr and {field:.2g} G; E_tor/E_pol = {ratio:.2f} at 30 yr"
    return Measured(bool(abs(ratio - 1) < LATE and math.isfinite(when)), text)


def resolution(context: Context) -> Measured:
    """Mean field and the dipole's share at 100 yr on other grids."""
    b, part = at(context, "crust", "b_mean", 100), share(context, "crust", 100)
    worst, text = 0.0, [f"{b:.4g} G and {part:.4f} at 100 yr"]
    for name, what in RESOLUTION.items():
        other, own = at(context, name, "b_mean", 100) / b - 1, share(context, name, 100)
        worst = max(worst, abs(other), abs(own - part))
        text.append(f"{what}: {100 * other:+.2g} %, {own:.4f}")
    return Measured(worst < 0.02, "; ".join(text))


def few_cells(context: Context) -> Measured:
    """The field at 100 yr on 40 even cells of second order."""
    b, fine = (at(context, name, "b_mean", 100) for name in ("cells-40", "crust"))
    when, rate = reached(context, "cells-40", TARGET), halved(context, "cells-40")[2]
    text = f"second order, 40 cells: {b:.2g} G at 100 yr, resolved {fine:.2g} G; largest rate {rate:.2g}/yr, 1e15 G "
    text += "not within 300 yr" if math.isnan(when) else f"at {when:.0f} yr"
    return Measured(which(b > 0.5 * fine, b < 0.1 * fine), text)


def _largest(context: Context, name: str = "crust") -> int:
    return context.run(name).config["geometry"]["l_max"]


VALUES: dict[str, Callable[[Context], Any]] = {
    "run-saturation": saturation,
    "run-saturates": saturates,
    "run-late-hall": what_limits,
    "run-oscillations": oscillations,
    "run-transfer": transfer,
    "run-onset": onset,
    "run-slope": spectral_slope,
    "run-energy": transferred,
    "run-seed": weak_seed,
    "run-time-22": time_to("delta-one", 1.0),
    "run-time-400": time_to("delta-small", 1e-4),
    "run-alike": alike,
    "run-resolved": resolution,
    "run-cells-40": few_cells,
}
