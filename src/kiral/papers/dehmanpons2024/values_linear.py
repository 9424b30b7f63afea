"""D24: growth, amplification times, degrees and resolution of the linear stage."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.crust.coefficients import of_matter
from kiral.crust.induction import Induction
from kiral.crust.modes import ohmic_modes
from kiral.papers.context import Context, Measured
from kiral.papers.dehmanpons2024 import common
from kiral.papers.dehmanpons2024.common import CELLS, CUTOFF, DELTA_MU, TEMPERATURE, evolution, mode, rate, which

DEGREES = (1, 2, 3, 5, 10, 20, 40, 60)
FINE = 320  # radial intervals where the cutoff is larger
LATE = 0.1  # what counts as "comparable": within 10 %
STRONG = 1e14
"""Dipoles of magnetars [G]."""


# --- Growth ----------------------------------------------------------------------------------------------------------


def field_rate(context: Context) -> Measured:
    """Largest growth rate of l = 1."""
    last = evolution()
    stepped = math.log(last.b_mean[-1] / last.b_mean[common.LAST]) / (last.t[-1] - last.t[common.LAST])
    return Measured(rate(), f"largest eigenvalue of the operator, with the star's metric; evolved to 1e15 G: {stepped:.4f}")


def energy_rate(context: Context) -> Measured:
    """Growth rate of the energy at the end of the evolution to 1e15 G."""
    last = evolution()
    energy = last.poloidal + last.toroidal
    grown = math.log(energy[-1] / energy[common.LAST])
    return Measured(grown / float(last.t[-1] - last.t[common.LAST]), "last e-folding before 1e15 G")


def toroidal_power(context: Context) -> Measured:
    """d ln E_tor/d ln t at the beginning."""
    run = evolution()
    early = (run.t > 0) & (run.t < 5)
    power = float(np.polyfit(np.log(run.t[early]), np.log(run.toroidal[early]), 1)[0])
    later = math.log(run.at(22, "toroidal") / run.at(18, "toroidal")) / math.log(22 / 18)
    return Measured(power, f"slope over the first 5 yr; at 20 yr it is {later:.1f}")


def poloidal_waits(context: Context) -> Measured:
    """Change of the poloidal energy while the toroidal one is below a tenth of it."""
    run = evolution()
    first = run.toroidal < 0.1 * run.poloidal
    change = float(np.max(np.abs(run.poloidal[first] / run.poloidal[0] - 1)))
    return Measured(change < 0.2, f"changes by {100 * change:.2g} % until {run.t[first][-1]:.0f} yr, where E_tor is E_pol/10")


def second_stage(context: Context) -> Measured:
    """E_tor/E_pol at 35 and at 50 yr."""
    run = evolution()
    ratio = {t: run.at(t, "toroidal") / run.at(t, "poloidal") for t in (35, 50)}
    held = ratio[35] < 1 / 3 and abs(ratio[50] - 1) < LATE
    return Measured(held, f"E_tor/E_pol is {ratio[35]:.2g} at 35 yr, {ratio[50]:.2g} at 50 yr")


def equipartition(context: Context) -> Measured:
    """E_tor/E_pol of the growing mode."""
    energies = common.induction().energies(mode().f[:1], mode().g[:1])
    ratio = float(energies[1][0] / energies[0][0])
    return Measured(abs(ratio - 1) < LATE, f"E_tor/E_pol = {ratio:.5f} in the fastest mode")


def from_a_few_gauss(context: Context) -> Measured:
    """Growth rates from 3 G and from 3e12 G."""
    rates = []
    for run in (evolution(), evolution(b_from=3.0)):
        rates.append(math.log(run.b_mean[-1] / run.b_mean[common.LAST]) / (run.t[-1] - run.t[common.LAST]))
    text = f"{rates[1]:.4f}/yr from 3 G, {rates[0]:.4f}/yr from 3e12 G; 1e15 G after {evolution(b_from=3.0).time:.0f} yr"
    return Measured(abs(rates[1] / rates[0] - 1) < 0.02, text)


def chemical_energy(context: Context) -> Measured:
    """What of the chiral current's work becomes field in the growing mode."""
    made = common.induction().productions(np.real(mode().f[:1]), np.real(mode().g[:1]))
    share = float((made.work[0] - made.joule[0]) / made.work[0])
    held = made.work[0] > 0 and 0 < share < 1
    return Measured(bool(held), f"{100 * share:.0f} % of the chiral current's work becomes field, the rest heat")


def helicity(context: Context) -> Measured:
    """Helicity of the growing mode over that of a fully helical field, 8πE/(N k) with k = k5/2."""
    operator, found = common.induction(), mode()
    made = float(operator.helicity(found.f[:1], found.g[:1])[0])
    lapse = float(np.interp(common.growing_layer()[0], operator.shell.r, operator.coefficients.lapse))
    share = made / (8 * math.pi / (lapse * CUTOFF / 2))
    return Measured(share > 0.9, f"H/H_max = {share:.3f} in the fastest mode, with k = {CUTOFF / 2:g}/km")


def toroidal_dipole(context: Context) -> Measured:
    """∂t g of l = 1 from the seed, with and without the chiral current."""
    with_k5 = common.induction()
    without = with_k5.coefficients._replace(k5=0 * with_k5.coefficients.k5)
    bare = Induction(with_k5.shell, without, with_k5.degrees, with_k5.outside, with_k5.inner)
    seed = common.seed_field()
    made, nothing = (float(np.abs(operator.tendency(*seed)[1]).max()) for operator in (with_k5, bare))
    return Measured(made > 0 and nothing == 0, "the seed's dipole makes toroidal l = 1 by k5; none where k5 = 0")


# --- Times -----------------------------------------------------------------------------------------------------------


def time_to(delta_mu: float, cooling: bool = False) -> Callable[[Context], Measured]:
    """Time from 3e12 G to 1e15 G."""

    def value(context: Context) -> Measured:
        text = "linear evolution at a constant 1e9 K"
        if cooling:
            begin, exponent = common.COOLING
            text += f"; with T ∝ t^-{exponent} from {begin:g} yr on: {evolution(delta_mu, cooling=True).time:.0f} yr"
        return Measured(evolution(delta_mu).time, text)

    return value


def young_enough(context: Context) -> Measured:
    """Times at the smallest δmu/kT, against the ages of magnetars."""
    times = evolution(1e-5).time, evolution(1e-5, cooling=True).time
    return Measured(max(times) < 2e4, f"{times[0]:.0f} yr at 1e9 K, {times[1]:.2g} yr where the crust cools")


def seed_ratio(context: Context) -> Measured:
    """Mean field over the polar field of the seed."""
    operator = common.induction()
    ratio = 1e12 / common.polar_field(operator, common.seed_field(1e12)[0][0])
    return Measured(2 <= ratio < 10, f"slowest decay mode: mean field {ratio:.2g}e12 G where the pole has 1e12 G")


# --- Scales ----------------------------------------------------------------------------------------------------------


def dipole_share(context: Context) -> Measured:
    """Growth rates of degrees up to 60, and what a dipole gains on them from 3e12 to 1e15 G."""
    rates = np.array([rate(degree=degree) for degree in DEGREES])
    gain = math.exp(2 * (rates[0] - rates.min()) * evolution().time)
    text = f"l = 1 to 60 grow at {rates.min():.5f} to {rates.max():.5f}/yr; by 1e15 G l = 1 has gained a factor {gain:.4f}"
    return Measured(which(gain > 2, abs(gain - 1) < 0.01 and np.ptp(rates) < 0.01 * rates[0]), text)


def surface(context: Context) -> Measured:
    """Polar field outside when the mean field is 1e15 G, in the linear evolution."""
    run, (_, width, density) = evolution(), common.growing_layer()
    pole = float(run.pole[-1])
    text = f"{pole:.2g} G at the pole when the mean is 1e15 G, {run.pole[0]:.2g} G in the seed; the fastest mode sits at "
    text += f"{density:.2g} g/cm³, {2e3 * width:.0f} m thick"
    return Measured(which(pole > STRONG, abs(pole / run.pole[0] - 1) < LATE), text)


def deeper_scales(context: Context) -> Measured:
    """Growth rates of l = 1 with larger cutoffs."""
    rates = [rate(k5_max=cap, n_r=FINE) for cap in (CUTOFF, 2 * CUTOFF, 4 * CUTOFF)]
    text = f"{rates[0]:.3g}, {rates[1]:.3g}, {rates[2]:.3g}/yr with a cutoff of 600, 1200, 2400/km"
    return Measured(which(abs(rates[1] / rates[0] - 1) < 0.1, rates[1] > 2 * rates[0]), text)


def conservative(context: Context) -> Measured:
    """Whether a larger cutoff grows faster."""
    rates = [rate(k5_max=cap, n_r=FINE) for cap in (CUTOFF, 2 * CUTOFF)]
    return Measured(rates[1] > rates[0], f"{rates[0]:.3g} and {rates[1]:.3g}/yr with a cutoff of 600 and 1200/km")


def resolved(context: Context) -> Measured:
    """Growth rate with 40 intervals of a second-order method over the converged one."""
    share = rate(n_r=CELLS, order=1, finer=1.0) / rate()
    wave, cell = 2e3 * math.pi / (CUTOFF / 2), 1e3 * common.star().crust_thickness_km / CELLS
    text = f"second order, 40 cells: {100 * share:.0f} % of the rate; the mode has {wave:.0f} m per wave, a cell {cell:.0f} m"
    return Measured(which(abs(share - 1) < 0.1, share < 0.5 and wave < 2 * cell), text)


def tens_of_metres(context: Context) -> Measured:
    """Cell of the radial grid."""
    cell = 1e3 * common.star().crust_thickness_km / CELLS
    return Measured(10 < cell < 50, f"{cell:.0f} m, {1e3 * common.star().crust_thickness_km:.1f} m in 40 cells")


def few_metres(context: Context) -> Measured:
    """Cell with 100 cells."""
    cell = 1e3 * common.star().crust_thickness_km / 100
    return Measured(2 <= cell < 10, f"{cell:.2g} m per cell; a wave takes several cells")


def centimetre_cells(context: Context) -> Measured:
    """Cells of 1 cm in the crust."""
    cells = 1e5 * common.star().crust_thickness_km
    return Measured(1e4 < cells < 1e5, f"{cells:.2g} cells of 1 cm")


def catalysed(context: Context) -> Measured:
    """Bound of growth, max N η k5²/4, where captures have the threshold of β equilibrium, for the δmu/kT of the text."""
    matter, best = common.matter(DELTA_MU), 0.0
    for xi in (1e-5, 1e-4, DELTA_MU, 1.0):
        factor = common.blocked(xi)(np.asarray(matter.mu_e))
        c = of_matter(matter, TEMPERATURE, xi, k5_max=math.inf, weak_rate_factor=factor)
        best = max(best, float(np.max(c.lapse * c.eta * c.k5**2)) / 4)
    decay = -float(ohmic_modes(common.induction()).rates[0].real)
    text = f"growth is below {best:.0e}/yr for δmu/kT from 1e-5 to 1, without any cutoff; the slowest decay is {decay:.0e}/yr"
    return Measured(which(best > 0.01, best < decay), text)


VALUES: dict[str, Callable[[Context], Any]] = {
    "field-rate": field_rate,
    "energy-rate": energy_rate,
    "toroidal-power": toroidal_power,
    "poloidal-waits": poloidal_waits,
    "second-stage": second_stage,
    "equipartition": equipartition,
    "hundred-years": lambda context: Measured(evolution().time, "time to a mean field of 1e15 G"),
    "time-22": time_to(1.0),
    "time-75": time_to(DELTA_MU),
    "time-400": time_to(1e-4, cooling=True),
    "time-6000": time_to(1e-5, cooling=True),
    "magnetar-ages": young_enough,
    "seed": seed_ratio,
    "few-gauss": from_a_few_gauss,
    "chemical-energy": chemical_energy,
    "helicity": helicity,
    "toroidal-dipole": toroidal_dipole,
    "dipole-share": dipole_share,
    "surface-dipole": surface,
    "conservative": conservative,
    "smaller-scales": deeper_scales,
    "resolved": resolved,
    "cells-40": tens_of_metres,
    "cells-100": few_metres,
    "cells-centimetre": centimetre_cells,
    "catalysed": catalysed,
}
