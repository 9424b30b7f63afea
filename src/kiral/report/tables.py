"""Tables about a run: estimates beside what was measured, budgets, parameters. Plain records; the printer decides how.

A run is any object with `config` and `series` (see `kiral.mhd.figures`). No jax, no files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kiral.mhd.analysis import Measured, Scales, measure, scales, smallest_wave_number

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
BUDGETS = {
    "helicity_chirality": "⟨A·B⟩ + (2/λ)⟨μ5⟩ against (2/λ)∫(S5 − Γ5⟨μ5⟩)dt (Eq. 22)",
    "energy": "total energy against the work and heat booked for it",
    "momentum": "total momentum against what the force gives it (largest component)",
    "charge": "mean charge, constant",
    "helicity": "⟨n5⟩ + (e²/4π²c²)⟨A·B⟩ against what fields from outside make",
    "free_energy": "free energy of fields and plasma against the Joule heat",
    "field_energy": "energy of the fields against their work on the plasma (Poynting)",
    "crust_energy": "energy of the field in the crust against work, heat and the flux through its outer boundary",
    "toroidal_flux": "toroidal flux through half a meridional plane against E along its edges",
    "chirality": "chirality from captures against spin flips, the cap, and what the anomaly makes helicity of",
    "gauss": "∇·E − 4π e n, the largest value",
}


@dataclass(frozen=True)
class EstimateRow:
    """One estimate of G25 beside its measurement, in code units; helicities also in physical units. None: not there."""

    name: str
    unit: str
    equation: str
    estimate: float | None
    measured: float | None
    how: str
    estimate_physical: float | None = None
    measured_physical: float | None = None
    physical_unit: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured over estimated."""
        return None if self.measured is None or not self.estimate else self.measured / self.estimate


@dataclass(frozen=True)
class BudgetRow:
    """How well one budget closed: the largest |drift| of all samples, and the last one."""

    name: str
    meaning: str
    largest: float
    last: float


ESTIMATE_HEADER = ("scale", "unit", "estimate", "measured", "ratio", "estimate, physical", "measured, physical",
                   "how measured")  # fmt: skip
BUDGET_HEADER = ("budget", "largest drift", "last drift", "what must balance")


def estimate_cells(row: EstimateRow) -> tuple[str, ...]:
    """The row as text, in the order of ESTIMATE_HEADER."""
    name = f"{row.name} ({row.equation})" if row.equation else row.name
    estimate, measured, ratio = (number(value) for value in (row.estimate, row.measured, row.ratio))
    physical = (
        number(value) if value is None else f"{number(value)} {row.physical_unit}"
        for value in (row.estimate_physical, row.measured_physical)
    )
    return name, row.unit, estimate, measured, ratio, *physical, row.how


def budget_cells(row: BudgetRow) -> tuple[str, ...]:
    """The row as text, in the order of BUDGET_HEADER."""
    return row.name.replace("_", " + "), number(row.largest), number(row.last), row.meaning


def estimate_table(run: Any) -> list[EstimateRow]:
    """The estimates that apply to this run beside what it measured. Always ends with the helicity."""
    expected, measured = scales(run.config, run.series), measure(run)
    rows: list[EstimateRow] = []
    if expected.source_peak is not None:
        rows += _sourced_rows(expected, measured)
    if expected.t_cpi is not None:
        rows += _unsourced_rows(expected, measured)
    rows += _helicity_rows(run, expected, measured)
    return rows


def budget_table(run: Any) -> list[BudgetRow]:
    """Drift of each budget over the stored series."""
    stored = [str(name).removeprefix("drift_") for name in run.series.data_vars if str(name).startswith("drift_")]
    rows = []
    for name in sorted(stored, key=lambda name: (list(BUDGETS).index(name) if name in BUDGETS else len(BUDGETS), name)):
        drift = np.abs(np.asarray(run.series[f"drift_{name}"], dtype=float))
        if drift.size:
            rows.append(BudgetRow(name, BUDGETS.get(name, ""), float(drift.max()), float(drift[-1])))
    return rows


def parameter_table(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(dotted key, value) of the resolved case; keys that were not given and have no default are left out."""
    return [(key, _text(value)) for key, value in _flatten(config) if value is not None]


def last_values(run: Any) -> list[tuple[str, str, str, str]]:
    """(name, long name, last value, unit) of every stored series that is one number per row."""
    rows = []
    for name, variable in run.series.variables.items():
        if variable.size and variable.dims == ("t",):
            attrs = variable.attrs
            rows.append((str(name), attrs.get("long_name", ""), number(float(variable[-1])), attrs.get("units", "")))
    return rows


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know about this run, from its case and its series."""
    found = []
    heating = run.config["model"]["heating"]
    ratio, gain = _unpaid_energy(run)
    if heating != "consistent" and ratio is not None and ratio > 0.1:
        found.append(
            f"The chiral energy μ5²/(2λ) reached {number(ratio, 2)} times the energy of the fluid, and with "
            f'heating = "{heating}" it is not booked: fluid and field together gained {number(100 * gain, 2)} % of ⟨ρ⟩ '
            'from work that nobody pays for. heating = "consistent" closes this balance.'
        )
    expected = scales(run.config, run.series)
    if expected.varying:
        symbols = {"magnetic_diffusivity": "η", "flipping_rate": "Γ5"}
        names = " and ".join(symbols[name] for name in expected.varying)
        found.append(f"The estimates take the value at the start of what varies in time: {names}.")
    if expected.helicity_equation == "Eq. 27" and expected.helicity is not None:
        found.append(
            "Eq. 27 balances source and washout only. What a run keeps is set by nonlinear magnetohydrodynamics while "
            "the source fades, by the seed field and by the size of the box; agreement within a factor of a few does "
            "not test the formula."
        )
    return found


def _unpaid_energy(run: Any) -> tuple[float | None, float]:
    """(largest chiral over fluid energy, what fluid and field gained over the fluid's first value)."""
    needed = ("chiral_energy_ratio", "rho_mean", "energy_magnetic")
    if any(name not in run.series or not run.series[name].size for name in needed):
        return None, 0.0
    ratio, rho, magnetic = (np.asarray(run.series[name], dtype=float) for name in needed)
    total = rho + magnetic
    return float(ratio.max()), float((total[-1] - total[0]) / rho[0])


def number(value: float | None, digits: int = 4) -> str:
    """A number to read: 0.0184, 40000, 1.319×10⁻⁵; "–" for None."""
    if value is None:
        return "–"
    if value == 0 or not math.isfinite(value) or 1e-3 <= abs(value) < 1e5:
        return f"{value:.{digits}g}" if abs(value) < 1e4 or not math.isfinite(value) else f"{value:.0f}"
    factor, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{factor}×10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def _sourced_rows(expected: Scales, measured: Measured) -> Iterator[EstimateRow]:
    """Onset and scales of the instability under a source, G25 Eqs. (18)-(20)."""
    if expected.t_cross is not None:
        root = f"Eq. 18 drops √e of its own source; with it {number(expected.t_cross_consistent)}"
        how = f"first t with t = 4/(η⟨μ5⟩²), which defines it. {root}"
        yield EstimateRow("t_cross, defined", "t*", "Eq. 18", expected.t_cross, measured.t_cross, how)
        how = f"smallest B_rms before it grows; samples {number(measured.spacing, 2)} apart"
        yield EstimateRow("t_cross, growth of B", "t*", "Eq. 18", expected.t_cross, measured.t_growth, how)
        root = f"with √e {number(expected.k_cross_consistent)}"
        how = f"|⟨μ5⟩|/2 where t = 4/(η⟨μ5⟩²) (Eq. 19: {root})"
        yield EstimateRow("k_cross", "1/l*", "Eq. 19", expected.k_cross, _half(measured.mu5_cross), how)
    if expected.k_phi is not None:
        how = "largest |⟨μ5⟩|/2"
        yield EstimateRow("k_phi", "1/l*", "Eq. 20", expected.k_phi, _half(measured.mu5_max), how)


def _unsourced_rows(expected: Scales, measured: Measured) -> Iterator[EstimateRow]:
    """Growth from a uniform initial mu5, G25 below Eq. (12)."""
    rate = 1 / expected.t_cpi if expected.t_cpi else None
    how = "largest d ln B_rms/dt; the fastest mode's rate once it dominates and while μ5 is not used up"
    yield EstimateRow("growth rate", "1/t*", "Eq. 12", rate, measured.growth_rate, how)
    how = "largest |⟨μ5⟩|/2"
    yield EstimateRow("k of fastest growth", "1/l*", "Eq. 12", expected.k_cpi, _half(measured.mu5_max), how)


def _helicity_rows(run: Any, expected: Scales, measured: Measured) -> Iterator[EstimateRow]:
    """Largest and last magnetic helicity against the one estimate, with what sets them apart."""
    estimate, unit, length = expected.helicity, expected.helicity_scale, expected.helicity_length
    equation = "" if estimate is None else expected.helicity_equation
    largest = f"largest |⟨A·B⟩|, at t = {number(measured.t_helicity_max)}"
    last = f"at the end of the series, t = {number(measured.t_end)}{_box_note(run)}"
    if equation == "Eq. 27":
        last += ". Eq. 27 has no hydrodynamics; in G25 it is low by a factor of 2.2"
    found = (("h_M, largest", measured.helicity_max, largest), ("h_M, last", measured.helicity_end, last))
    for name, value, how in found:
        if value is None:
            yield EstimateRow(name, "E*/l*²", equation, estimate, None, "not stored in this run")
            continue
        how = f"{_as_square(value * unit, length)}, {how}"
        expected_physical = None if estimate is None else estimate * unit
        physical = (expected_physical, value * unit, f"G² {length}")
        yield EstimateRow(name, "E*/l*²", equation, estimate, value, how, *physical)


def _box_note(run: Any) -> str:
    """Says so where the field has grown to the size of the box, which then sets how much helicity is left."""
    if "k_integral" not in run.series or run.series["k_integral"].size == 0:
        return ""
    ratio = float(run.series["k_integral"][-1]) / smallest_wave_number(run.config)
    return f"; the field fills the box (integral k {number(ratio, 2)} k_min)" if ratio < 2 else ""


def _as_square(helicity: float, length: str) -> str:
    sign = "−" if helicity < 0 else ""
    return f"{sign}({number(math.sqrt(abs(helicity)), 3)} G)² {length}"


def _half(value: float | None) -> float | None:
    return None if value is None else value / 2


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value[:8]) + (f", … ({len(value)} values)" if len(value) > 8 else "")
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)
