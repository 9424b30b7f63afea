"""What the values and figures of G25 share: its units and parameters, powers of formulas, the runs as printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from kiral.mhd.mean_field import Plasma
from kiral.mhd.paper_tables import table2
from kiral.units import ComovingRadiation, comoving_radiation

KEY = "gurgenidze2025"
UNITS = comoving_radiation(1e11)
"""Table 1: the epoch of k_B T = 100 GeV."""
H_PRINTED = 2.89e-5
"""h_M at the end of run A* as Sec. VII prints it [E*/l*²]."""


@cache
def printed_run(label: str) -> Mapping[str, Any]:
    """A row of Table 2 as printed: eta, lam, gamma5, amplitude, t_phi; n and k_min."""
    row = next(row for row in table2() if row["label"] == label)
    return {"n": row["n"], "k_min": row["k_min"]} | row["printed"]


RUN_A = printed_run("A")
RATES = {"amplitude": RUN_A["amplitude"], "t_phi": RUN_A["t_phi"], "flipping_rate": RUN_A["gamma5"]}
ONSET = RATES | {"magnetic_diffusivity": RUN_A["eta"]}
DENSITY = 1e-24 * (2 * math.pi / (RUN_A["n"] * RUN_A["k_min"])) ** 3
"""Density of the noise of run A, Eq. (34a): σ² per point times δx³ [E* l*²]."""


def plasma(label: str) -> Plasma:
    """Coefficients of a row of Table 2, for the model without flow."""
    row = printed_run(label)
    return Plasma(*(row[name] for name in ("eta", "lam", "gamma5", "amplitude", "t_phi")))


def power(function: Callable[[float], float], at: float) -> float:
    """Exponent of a power law: d ln f/d ln x between `at` and 2 `at`."""
    return math.log(function(2 * at) / function(at)) / math.log(2)


def powers_hold(cases: Mapping[str, tuple[Callable[[float], float], float, float]]) -> bool:
    """Whether every (function, at, exponent) is that power law, to 1e-9."""
    return all(abs(power(function, at) - exponent) < 1e-9 for function, at, exponent in cases.values())


def radiation(**changed: float) -> ComovingRadiation:
    """The units of Table 1 with another temperature_ev, g_energy or g_entropy."""
    return comoving_radiation(**{"temperature_ev": 1e11, **changed})
