"""Eqs. (26) and (27) of G25: what they say, what they assume, and where they hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kiral.mhd import estimates
from kiral.mhd.mean_field_calculations import Eq27Map
from kiral.papers.context import Context, Measured
from kiral.papers.gurgenidze2025.common import RATES, RUN_A
from kiral.papers.gurgenidze2025.values_theory import mu5_exact

ESTIMATE = estimates.final_helicity(**RATES, chiral_feedback=RUN_A["lam"])
MAP_POINTS = 17
PLANES = ("feedback-source", "washout-onset")


def first_term(context: Context) -> Measured:
    """Whether the first term of (26) is new, or the (2/lam) mu5(1/Γ5) that the second one takes away."""
    early = estimates.mu5_early(1 / RUN_A["gamma5"], amplitude=RUN_A["amplitude"], t_phi=RUN_A["t_phi"])
    ratio = 2 / RUN_A["lam"] * float(early) / ESTIMATE
    return Measured("corrected" if math.isclose(ratio, 1, rel_tol=1e-12) else "printed", f"their ratio is {ratio:.12g}")


def assumed_equal(context: Context) -> Measured:
    """mu5(t_sat = 0.15) over mu5(1/Γ5) in run A, exact without a field, of which the paper says that it is about 1."""
    late, early = float(mu5_exact(0.15)), float(mu5_exact(1 / RUN_A["gamma5"]))
    ratio = late / early
    word = "printed" if 0.5 < ratio < 2 else "corrected" if 4 < ratio < 6 else "neither"
    return Measured(word, f"μ5 = {early:.4g} at 1/Γ5, {late:.4g} at 0.15: ratio {ratio:.2f}")


def second_form(context: Context) -> bool:
    """√e S5bar/(lam t_phi Γ5²) = [√e/(2 t_phi Γ5)] × 2 S5bar/(lam Γ5)."""
    fraction = math.sqrt(math.e) / (2 * RUN_A["t_phi"] * RUN_A["gamma5"])
    largest = -estimates.helicity_from_chirality(
        delta_mu5=estimates.mu5_peak(amplitude=RUN_A["amplitude"], flipping_rate=RUN_A["gamma5"]), chiral_feedback=RUN_A["lam"]
    )
    return math.isclose(ESTIMATE, fraction * largest, rel_tol=1e-12)


def planes(context: Context) -> list[Any]:
    """Maps of h/(27) without flow: around run A, and in pure numbers (datasets of `kiral calc eq27-map`)."""
    return context.cached("maps", lambda: [Eq27Map(plane=plane, points=MAP_POINTS).compute() for plane in PLANES])


def where_it_holds(context: Context) -> Measured:
    """Share of the plane around run A (lam 1e6 to 1e14, S5bar 2.5e7 to 1e8) where (27) is within a factor of 2."""
    ratio = planes(context)[0]["ratio"].to_numpy()
    share = float(np.mean((ratio > 0.5) & (ratio < 2)))
    word = "printed" if share > 0.5 else "corrected" if share < 0.1 else "neither"
    text = f"without flow, h_M/(27) runs from {ratio.min():.0e} to {ratio.max():.0e}; within a factor of 2: {100 * share:.1f} %"
    return Measured(word, text)


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq26-first-term": first_term,
    "eq26-assumption": assumed_equal,
    "eq27-second-form": second_form,
    "eq27-map": where_it_holds,
}
