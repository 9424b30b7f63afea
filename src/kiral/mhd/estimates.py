"""What theory expects of a sourced chiral plasma before anything runs: formulas, one scenario, the paper's tables.

The formulas live in `decay_source` (particle physics), `cpi_formulas` (instability) and `paper_tables`, and are offered
here too. `scenario` is `kiral estimate`. G25 = Gurgenidze et al. (2025). No jax: it answers in well under a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kiral.mhd.cpi_formulas import (
    Variant,
    chiral_energy_ratio,
    crossing_time,
    crossing_wave_number,
    feedback_prefactor,
    feedback_ratio,
    fiducial_amplitude,
    fiducial_diffusivity,
    fiducial_feedback,
    fiducial_feedback_ratio,
    fiducial_flipping_rate,
    fiducial_helicity_gauss2_mpc,
    final_helicity,
    helicity_from_chirality,
    helicity_from_chirality_gauss2_mpc,
    instability_time,
    largest_wave_number,
    mu5_balanced,
    mu5_early,
    mu5_late,
    mu5_over_temperature,
    mu5_peak,
    peak_wave_number,
    resolved_wave_number,
    sourced_helicity_gauss2_mpc,
    total_helicity_early,
)
from kiral.mhd.decay_source import (
    decay_rates,
    lifetime_from_source_time,
    number_source,
    number_source_amplitude,
    rescaled_source,
    source,
    source_amplitude,
    source_from_lifetime,
    source_time,
)
from kiral.mhd.paper_tables import fiducial_equations, table1, table2
from kiral.units import ComovingRadiation, Matter, UnitSystem, comoving_radiation

__all__ = [
    "Record",
    "Validity",
    "Variant",
    "chiral_energy_ratio",
    "crossing_time",
    "crossing_wave_number",
    "decay_rates",
    "feedback_prefactor",
    "feedback_ratio",
    "fiducial_amplitude",
    "fiducial_diffusivity",
    "fiducial_equations",
    "fiducial_feedback",
    "fiducial_feedback_ratio",
    "fiducial_flipping_rate",
    "fiducial_helicity_gauss2_mpc",
    "final_helicity",
    "helicity_from_chirality",
    "helicity_from_chirality_gauss2_mpc",
    "instability_time",
    "largest_wave_number",
    "lifetime_from_source_time",
    "mu5_balanced",
    "mu5_early",
    "mu5_late",
    "mu5_over_temperature",
    "mu5_peak",
    "number_source",
    "number_source_amplitude",
    "peak_wave_number",
    "rescaled_source",
    "resolved_wave_number",
    "scenario",
    "source",
    "source_amplitude",
    "source_from_lifetime",
    "source_time",
    "sourced_helicity_gauss2_mpc",
    "table1",
    "table2",
    "total_helicity_early",
]


# --- One scenario ----------------------------------------------------------------------------------------------------


class Record(NamedTuple):
    """One line of `kiral estimate`: a value in code and in physical units; None where the estimate does not apply."""

    name: str
    title: str
    value: float | None
    code_unit: str
    physical: float | None
    physical_unit: str
    equation: str


class Validity(NamedTuple):
    """One condition of validity, `value` below `limit`; `holds` is None where the value is undefined."""

    name: str
    value: float | None
    limit: float
    holds: bool | None
    meaning: str


# Kind of quantity: (code unit, physical unit, scale from code to physical).
_QUANTITIES: dict[str, tuple[str, str, Callable[[UnitSystem], float]]] = {
    "number": ("", "", lambda units: 1.0),
    "time": ("t*", "s", lambda units: units.time_s),
    "rate": ("1/t*", "1/s", lambda units: 1 / units.time_s),
    "wave_number": ("1/l*", "1/cm", lambda units: 1 / units.length_cm),
    "diffusivity": ("l*²/t*", "cm²/s", lambda units: units.length_cm**2 / units.time_s),
    "feedback": ("l*/E*", "cm/eV", lambda units: units.length_cm / units.energy_ev),
    "source": ("1/(l* t*)", "1/(cm s)", lambda units: 1 / (units.length_cm * units.time_s)),
    "helicity": ("E*/l*²", "G² Mpc", lambda units: units.helicity_gauss2_mpc),
    "inverse_energy_density": ("l*³/E*", "G⁻²", lambda units: units.field_gauss**-2),
}

# name: (what it is, kind of quantity, equation of G25)
_RECORDS: dict[str, tuple[str, str, str]] = {
    "eta": ("magnetic diffusivity", "diffusivity", "(7a)"),
    "lam": ("chiral feedback λ", "feedback", "(10)"),
    "gamma5": ("flipping rate Γ5", "rate", "(7b)"),
    "amplitude": ("maximum of the source S5", "source", "(9), (31)"),
    "gamma5_time": ("washout time 1/Γ5", "time", "(32a)"),
    "t_cross": ("onset of the instability, the paper's form", "time", "(18), (32b)"),
    "t_cross_consistent": ("onset of the instability, with the source's √e", "time", "(18)"),
    "t_phi": ("maximum of the source", "time", "(32c)"),
    "k_min": ("smallest wave number of the box", "wave_number", "(33a)"),
    "k_cross": ("fastest mode at onset, the paper's form", "wave_number", "(19), (33b)"),
    "k_cross_consistent": ("fastest mode at onset, with the source's √e", "wave_number", "(19)"),
    "k_phi": ("fastest mode at t_phi", "wave_number", "(20), (33c)"),
    "k_resolved": ("largest wave number inside the 2/3 rule", "wave_number", ""),
    "k_max": ("largest wave number of the grid, N k_min/2", "wave_number", "(33d)"),
    "mu5_max": ("maximum of mu5, S5/Γ5", "wave_number", "(17)"),
    "mu5_over_kt": ("mu5 at its maximum over k_B T", "number", "(28)"),
    "feedback_per_b2": ("λ η/Γ5: late mu5 over J·B, feedback per B²", "inverse_energy_density", "(21), (29)"),
    "helicity": ("magnetic helicity left", "helicity", "(27), (30)"),
    "helicity_without_washout": ("magnetic helicity if all of the maximal mu5 became helicity", "helicity", "(15)"),
    "t_cpi": ("growth time from the initial mu5, without source", "time", "below (12)"),
    "k_cpi": ("fastest mode of the initial mu5, without source", "wave_number", "below (12)"),
    "helicity_from_mu5": ("magnetic helicity if all of the initial mu5 became helicity", "helicity", "(15)"),
    "helicity_fiducial": ("magnetic helicity with all fiducial coefficients", "helicity", "(38)"),
}


def scenario(*, eta: float, lam: float, gamma5: float, amplitude: float, t_phi: float | None,
             k_min: float | Sequence[float] | None = None, n: int | Sequence[int] | None = None, temperature_eV: float = 1e11,
             g_energy: float = 106.75, g_entropy: float = 106.75, mu5: float = 0.0,
             units: ComovingRadiation | Matter | None = None) -> dict[str, Any]:  # fmt: skip
    """Everything that theory says about one case. All coefficients in code units; `temperature_eV` is k_B T*.

    `units` stands for `temperature_eV` and the two g where it is given. In matter the fiducial values do not apply.

    `amplitude` and `t_phi` describe the source of Eq. (9): 0 and None without one; t_phi None for a constant source.
    `mu5` is the uniform initial value. `k_min` and `n` are one number, or one per direction (n = 1: ignorable); None: no grid.
    Returns "records": list of Record in printing order; "flat": {name: value in code units} plus `helicity_gauss2_mpc`
    and the unit table, for --json; "validity": list of Validity; "units": the unit system; "table1", "table2",
    "fiducial": lists of dicts. Estimates that do not apply (no source, no washout) are None.
    """
    units = units or comoving_radiation(temperature_eV, g_energy, g_entropy)
    early = isinstance(units, ComovingRadiation)
    values: dict[str, float | None] = {"eta": eta, "lam": lam, "gamma5": gamma5, "amplitude": amplitude, "t_phi": t_phi}
    values |= _grid(n, k_min) | _sourced(eta, lam, gamma5, amplitude, t_phi, units) | _unsourced(eta, lam, mu5)
    fiducial = fiducial_helicity_gauss2_mpc(units) / units.helicity_gauss2_mpc if early else None
    values["helicity_fiducial"] = fiducial
    records = [_record(name, values[name], units) for name in _RECORDS]
    physical = {record.name: record.physical for record in records}
    flat = {name: values[name] for name in _RECORDS} | {"helicity_gauss2_mpc": physical["helicity"]} | units.table()
    return {
        "records": records,
        "flat": flat,
        "validity": _validity(values),
        "units": units,
        "table1": table1(units.temperature_physical_ev, units.g_energy, units.g_entropy) if early else [],
        "table2": table2() if early else [],
        "fiducial": fiducial_equations() if early else [],
    }


def _applied(function: Callable[..., Any], **inputs: Any) -> float | None:
    """The formula's value; None where an input is absent or zero, or the value leaves the finite numbers."""
    if any(value is None or value == 0 for value in inputs.values()):
        return None
    try:
        value = float(function(**inputs))
    except (ZeroDivisionError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _grid(n: int | Sequence[int] | None, k_min: float | Sequence[float] | None) -> dict[str, float | None]:
    """Smallest and largest wave numbers over the directions that are not ignorable."""
    if n is None or k_min is None:
        return dict.fromkeys(("k_min", "k_max", "k_resolved"))
    sizes = [n] * 3 if isinstance(n, int) else list(n)
    smallest = list(k_min) if isinstance(k_min, Sequence) else [k_min] * len(sizes)
    active = [(size, k) for size, k in zip(sizes, smallest, strict=True) if size > 1]
    return {
        "k_min": min(k for _, k in active),
        "k_max": min(largest_wave_number(size, k) for size, k in active),
        "k_resolved": min(resolved_wave_number(size, k) for size, k in active),
    }


def _sourced(eta: float, lam: float, gamma5: float, amplitude: float, t_phi: float | None,
             units: ComovingRadiation | Matter) -> dict[str, float | None]:  # fmt: skip
    """The estimates of Sec. V."""
    rates = {"amplitude": amplitude, "flipping_rate": gamma5}
    onset = {**rates, "t_phi": t_phi, "magnetic_diffusivity": eta}
    mu5 = _applied(mu5_peak, **rates)
    coupling = {"chiral_feedback": lam, "magnetic_diffusivity": eta, "flipping_rate": gamma5}
    return {
        "gamma5_time": _applied(lambda flipping_rate: 1 / flipping_rate, flipping_rate=gamma5),
        "t_cross": _applied(crossing_time, **onset),
        "t_cross_consistent": _applied(crossing_time, **onset, variant="consistent"),
        "k_cross": _applied(crossing_wave_number, **onset),
        "k_cross_consistent": _applied(crossing_wave_number, **onset, variant="consistent"),
        "k_phi": _applied(peak_wave_number, **rates),
        "mu5_max": mu5,
        "mu5_over_kt": _applied(mu5_over_temperature, units=units, mu5=mu5),
        "feedback_per_b2": _applied(feedback_ratio, b2=1.0, **coupling),
        "helicity": _applied(final_helicity, **rates, t_phi=t_phi, chiral_feedback=lam),
        "helicity_without_washout": _left_by(mu5, lam),
    }


def _unsourced(eta: float, lam: float, mu5: float) -> dict[str, float | None]:
    """The estimates of Sec. IV for an initial mu5."""
    return {
        "t_cpi": _applied(instability_time, mu5=mu5, magnetic_diffusivity=eta),
        "k_cpi": _applied(lambda mu5: abs(mu5) / 2, mu5=mu5),
        "helicity_from_mu5": _left_by(mu5, lam),
    }


def _left_by(mu5: float | None, lam: float) -> float | None:
    """Magnetic helicity if all of mu5 is converted, Eq. (15a)."""
    spent = None if mu5 is None else -mu5
    return _applied(helicity_from_chirality, delta_mu5=spent, chiral_feedback=lam)


def _record(name: str, value: float | None, units: UnitSystem) -> Record:
    title, kind, equation = _RECORDS[name]
    code_unit, physical_unit, scale = _QUANTITIES[kind]
    physical = None if value is None else value * scale(units)
    return Record(name, title, value, code_unit, physical, physical_unit, equation)


def _validity(values: dict[str, float | None]) -> list[Validity]:
    """The conditions under which the equations, the estimates and the grid are good."""

    def ratio(top: str, bottom: str) -> float | None:
        return _applied(lambda a, b: abs(a) / b, a=values[top], b=values[bottom])

    def condition(name: str, value: float | None, limit: float, meaning: str) -> Validity:
        size = None if value is None else abs(value)
        return Validity(name, size, limit, None if size is None else size < limit, meaning)

    energy = _applied(chiral_energy_ratio, mu5=values["mu5_max"], chiral_feedback=values["lam"])
    inputs = {"per_b2": values["feedback_per_b2"], "h": values["helicity"], "k": values["k_phi"]}
    feedback = _applied(lambda per_b2, h, k: per_b2 * abs(h) * k, **inputs)
    return [
        condition("mu5_over_kt", values["mu5_over_kt"], 0.1, "mu5 ≪ k_B T: linear chirality, Eq. (28)"),
        condition("chiral_energy_ratio", energy, 0.1, "chiral energy mu5²/(2λ) ≪ rho: heating is sound"),
        condition("feedback_ratio", feedback, 0.1, "λ η B²/Γ5 ≪ 1 with B² = k_phi h_M: Eqs. (21, 27)"),
        condition("washout_before_onset", ratio("gamma5_time", "t_cross"), 1.0, "1/Γ5 < t_cross: Eqs. (17, 18)"),
        condition("onset_before_peak", ratio("t_cross", "t_phi"), 1.0, "t_cross < t_phi: the source lasts"),
        condition("box_holds_onset", ratio("k_min", "k_cross"), 1.0, "k_min < k_cross: the box holds the onset"),
        condition("grid_holds_mu5", ratio("mu5_max", "k_resolved"), 1.0, "mu5 < k_resolved: the grid is fine enough"),
    ]
