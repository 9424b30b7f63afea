"""Numbers of G25 that follow from its units and parameters: Table 1, Sec. VI, Eqs. (28)–(38). No run.

Every function takes the context, which it does not need; G25 = Gurgenidze et al. (2025).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from kiral import constants as const
from kiral.mhd import estimates
from kiral.mhd.bounds import bound
from kiral.mhd.cpi_formulas import FIDUCIAL_T_PHI
from kiral.mhd.paper_tables import table2
from kiral.mhd.relic import field_today
from kiral.papers.context import Context, Measured
from kiral.papers.gurgenidze2025.common import (
    H_PRINTED,
    KEY,
    ONSET,
    RATES,
    RUN_A,
    UNITS,
    power,
    powers_hold,
    printed_run,
    radiation,
)
from kiral.units import GAUSS_SQUARED_EV_CM3

ROWS = {
    "physical-temperature": ("temperature_physical_ev", 1e9, ()),
    "temperature": ("temperature_ev", 1, ()),
    "scale-factor": ("scale_factor", 1, ("t", "gs")),
    "cosmic-time": ("cosmic_time_s", 1, ("t", "ge")),
    "conformal-time": ("time_s", 1, ("t", "ge", "gs")),
    "physical-length": ("length_physical_cm", 1, ("t", "ge")),
    "comoving-length": ("length_cm", 1, ("t", "ge", "gs")),
    "physical-energy": ("energy_physical_ev", 1, ("t", "ge")),
    "comoving-energy": ("energy_ev", 1, ("t", "ge", "gs")),
}
"""Rows of Table 1: their names in claims.toml; name in `kiral.units.ComovingRadiation`, unit, variables that are printed."""
VARIABLES = {"t": ("temperature_ev", 1e11), "ge": ("g_energy", 106.75), "gs": ("g_entropy", 106.75)}
RUN_NAMES = {"A": "A", "A*": "A-star", "B": "B", "C": "C", "D": "D"}
"""Labels of Table 2 and the names in runs.toml."""


def _of_units(attribute: str, unit: float) -> Callable[[Context], float]:
    return lambda context: getattr(UNITS, attribute) / unit


def _power_of_units(attribute: str, variable: str) -> Callable[[Context], float]:
    name, at = VARIABLES[variable]
    return lambda context: power(lambda x: getattr(radiation(**{name: x}), attribute), at)


def table1_temperature_scaling(context: Context) -> Measured:
    """Which degrees of freedom the comoving temperature follows."""
    found = {v: round(_power_of_units("temperature_ev", v)(context), 9) for v in ("ge", "gs")}
    words = {(-0.333333333, 0.0): "printed", (0.0, -0.333333333): "corrected"}
    text = f"powers of gE and gS: {found['ge']:.3g}, {found['gs']:.3g}"
    return Measured(words.get((found["ge"], found["gs"]), "neither"), text)


# --- Introduction and Sec. II ----------------------------------------------------------------------------------------


def erasure_temperature(context: Context) -> Measured:
    """k_B T [TeV] at which the flipping rate equals the Hubble rate, Γ5,phys = 1.3e-2 y_e² k_B T/ħ = H."""
    hubble_over_t2 = math.pi * math.sqrt(106.75 / 90) / const.REDUCED_PLANCK_MASS_EV
    flipping_over_t = estimates.fiducial_flipping_rate(UNITS) * const.HBAR_EV_S / UNITS.time_s / UNITS.temperature_ev
    return Measured(flipping_over_t / hubble_over_t2 / 1e12, "Γ5 = H with the Γ5 of Sec. VI")


def standard_model_freedom(context: Context) -> float:
    """Above the electroweak scale: 12 massless gauge bosons, a Higgs doublet, 15 Weyl fermions in 3 generations."""
    return 12 * 2 + 4 + 7 / 8 * (3 * 15 * 2)


def freedom_at_1_gev(context: Context) -> float:
    """Photon and 8 gluons; u, d, s quarks, e, μ, and 3 neutrinos."""
    return 9 * 2 + 7 / 8 * (3 * 3 * 4 + 2 * 4 + 3 * 2)


def electron_yukawa(context: Context) -> float:
    """y_e = √2 m_e/v with v = (√2 G_F)^(-1/2)."""
    vacuum_ev = (math.sqrt(2) * const.FERMI_GEV_2) ** -0.5 * 1e9
    return math.sqrt(2) * const.ELECTRON_MASS_EV / vacuum_ev


def planck_mass_kg(context: Context) -> float:
    return const.REDUCED_PLANCK_MASS_EV * const.EV_ERG / const.SPEED_OF_LIGHT_CM_S**2 * 1e-3


# --- Sec. VI: fiducial parameters ------------------------------------------------------------------------------------


def fiducial(name: str) -> Callable[[Context], float]:
    """A value of the first row of Table 2, recomputed."""
    return lambda context: next(row for row in table2() if row["label"] == "Fiducial")[name]


def table2_row(label: str) -> Callable[[Context], bool]:
    """Whether our run of size "paper" has the coefficients, grid, times and noise that the paper prints for it."""

    def compare(context: Context) -> bool:
        from kiral.papers.runs import load_runs

        config = load_runs(KEY, "paper").runs[RUN_NAMES[label]].case.config
        model, box, printed = config.model, config.geometry, printed_run(label)
        spacing = box.lengths[0] / box.n[0]
        ours = (model.magnetic_diffusivity, model.viscosity, model.chiral_diffusivity, model.chiral_feedback,
                model.flipping_rate, model.source.amplitude, model.source.t_phi, *box.n, *box.wave_numbers_min,
                config.time.t_start, config.time.t_end, config.initial.amplitude, config.initial.mu5)  # fmt: skip
        theirs = (*[printed["eta"]] * 3, printed["lam"], printed["gamma5"], printed["amplitude"], printed["t_phi"],
                  *[printed["n"]] * 3, *[printed["k_min"]] * 3, 1e-5, 2.0, 1e-12, 0.0)  # fmt: skip
        return ours == theirs and math.isclose(config.initial.reference_spacing, spacing, rel_tol=1e-9)

    return compare


def table2_k_max(label: str) -> Callable[[Context], float]:
    row = printed_run(label)
    return lambda context: estimates.largest_wave_number(row["n"], row["k_min"])


def resolved(context: Context) -> str:
    """Whether k_phi lies inside the grid with the printed k_max of run A, or with N k_min/2."""
    k_phi = estimates.peak_wave_number(amplitude=RUN_A["amplitude"], flipping_rate=RUN_A["gamma5"])
    if k_phi < RUN_A["k_max"]:
        return "printed"
    return "corrected" if k_phi < estimates.largest_wave_number(RUN_A["n"], RUN_A["k_min"]) else "neither"


def time_order(context: Context) -> bool:
    """t_i, 1/Γ5, t_phi, t_f of run A, each at least ten times the one before."""
    times = (1e-5, 1 / RUN_A["gamma5"], RUN_A["t_phi"], 2.0)
    return all(later > 10 * earlier for earlier, later in pairwise(times))


# --- Eqs. (15b), (28)–(31) -------------------------------------------------------------------------------------------


def gauss(helicity_gauss2_mpc: float) -> float:
    """√|h| [G √Mpc], as the paper quotes helicities."""
    return math.sqrt(abs(helicity_gauss2_mpc))


def _code_gauss(helicity: float) -> float:
    return gauss(helicity * UNITS.helicity_gauss2_mpc)


def _eq15b(units: Any = UNITS, mu5: float = 1.0, feedback: float = 1.0) -> float:
    return estimates.helicity_from_chirality_gauss2_mpc(units, delta_mu5_over_kt=-mu5, feedback_ratio=feedback)


def eq15b_powers(context: Context) -> bool:
    return powers_hold({
        "λ": (lambda x: _eq15b(feedback=x), 1.0, -1),
        "μ5": (lambda x: _eq15b(mu5=x), 0.01, 1),
        "gS": (lambda x: _eq15b(radiation(g_entropy=x)), 106.75, -1),
    })  # fmt: skip


def eq28_powers(context: Context) -> bool:
    ratio = estimates.mu5_over_temperature
    return powers_hold({
        "μ5": (lambda x: ratio(UNITS, x), 1.0, 1),
        "T": (lambda x: ratio(radiation(temperature_ev=x), 1.0), 1e11, 1),
        "gE": (lambda x: ratio(radiation(g_energy=x), 1.0), 106.75, 0.5),
        "gS": (lambda x: ratio(radiation(g_entropy=x), 1.0), 106.75, 0),
    })  # fmt: skip


def eq29_powers(context: Context) -> bool:
    return powers_hold({"gE": (lambda x: estimates.fiducial_feedback_ratio(radiation(g_energy=x), 1.0), 106.75, 1)})


def _eq30(units: Any = UNITS, mu5: float = 1.0, t_phi: float = 0.05, flipping: float = 1.0, feedback: float = 1.0) -> float:
    rate = flipping * estimates.fiducial_flipping_rate(UNITS)
    return estimates.sourced_helicity_gauss2_mpc(units, mu5_over_kt=mu5, t_phi=t_phi, flipping_rate=rate,
                                                 feedback_ratio=feedback)  # fmt: skip


def eq30_powers(context: Context) -> bool:
    return powers_hold({
        "t_phi": (lambda x: _eq30(t_phi=x), 0.05, -1),
        "Γ5": (lambda x: _eq30(flipping=x), 1.0, -1),
        "λ": (lambda x: _eq30(feedback=x), 1.0, -1),
        "μ5": (lambda x: _eq30(mu5=x), 0.01, 1),
        "gS": (lambda x: _eq30(radiation(g_entropy=x)), 106.75, -1),
    })  # fmt: skip


def slightly_smaller(context: Context) -> Measured:
    """Whether (30) is less than a factor of 2 below (15b) in h, or more than 10."""
    ratio = _eq15b() / _eq30()
    word = "printed" if 1 < ratio < 2 else "corrected" if ratio > 10 else "neither"
    return Measured(word, f"(15b) is {ratio:.1f} times (30) in h, {math.sqrt(ratio):.1f} times in G")


def _source(**changed: float) -> float:
    known = {"mass_ev": 1e11, "t_phi": 0.05, "asymmetry": 1e-5, "g_energy": 106.75}
    return estimates.source_amplitude(**(known | changed))


def eq31_powers(context: Context) -> bool:
    return powers_hold({
        "gE": (lambda x: _source(g_energy=x), 106.75, 0.5),
        "asymmetry": (lambda x: _source(asymmetry=x), 1e-5, 1),
        "mass": (lambda x: _source(mass_ev=x), 1e11, -1),
        "t_phi": (lambda x: _source(t_phi=x), 0.05, -2),
    })  # fmt: skip


def largest_mu5(context: Context) -> float:
    """mu5 [1/l*] that equals k_B T."""
    return 1 / estimates.mu5_over_temperature(UNITS, 1.0)


def largest_source(context: Context) -> float:
    return largest_mu5(context) * estimates.fiducial_flipping_rate(UNITS)


# --- Eqs. (32), (33), (35), (38) -------------------------------------------------------------------------------------


def _fiducial_onset(formula: Callable[..., float], **factors: float) -> float:
    """A formula of Sec. V with fiducial values, each times its factor."""
    values = {
        "amplitude": estimates.fiducial_amplitude(UNITS),
        "t_phi": FIDUCIAL_T_PHI,
        "flipping_rate": estimates.fiducial_flipping_rate(UNITS),
        "magnetic_diffusivity": estimates.fiducial_diffusivity(UNITS),
    }
    return formula(**{name: value * factors.get(name, 1.0) for name, value in values.items()})


def onset_powers(formula: Callable[..., float], **exponents: float) -> Callable[[Context], bool]:
    """Whether a formula of Sec. V is the printed product of powers."""

    def hold(context: Context) -> bool:
        return powers_hold({
            name: (lambda x, name=name: _fiducial_onset(formula, **{name: x}), 1.0, exponent)
            for name, exponent in exponents.items()
        })  # fmt: skip

    return hold


def _k_phi(*, amplitude: float, flipping_rate: float, **_: float) -> float:
    return estimates.peak_wave_number(amplitude=amplitude, flipping_rate=flipping_rate)


def agreement(context: Context) -> Measured:
    """Ratio of the two helicities that the paper calls an excellent agreement."""
    ratio = H_PRINTED / estimates.final_helicity(**RATES, chiral_feedback=RUN_A["lam"])
    word = "printed" if abs(ratio - 1) < 0.1 else "corrected" if 2.1 < ratio < 2.3 else "neither"
    return Measured(word, f"2.89e-5 over (27) is {ratio:.2f}, and {math.sqrt(ratio):.2f} in G")


def _eq38(units: Any = UNITS, **factors: float) -> float:
    return estimates.fiducial_helicity_gauss2_mpc(units, **factors)


def eq38_powers(context: Context) -> bool:
    return powers_hold({
        "asymmetry": (lambda x: _eq38(asymmetry=x), 1e-5, 1),
        "mass": (lambda x: _eq38(mass_ev=x), 1e11, -1),
        "t_phi": (lambda x: _eq38(t_phi=x), 0.05, -3),
        "Γ5": (lambda x: _eq38(flipping_ratio=x), 1.0, -2),
        "λ": (lambda x: _eq38(feedback_ratio=x), 1.0, -1),
    })  # fmt: skip


def white_noise_start(context: Context) -> Measured:
    """B_rms of Eq. (34a) on the grid of run A*: σ √(2 ⟨k²⟩), ⟨k²⟩ = k_min² (N² + 2)/4 over the cube of its wave numbers."""
    row = printed_run("A*")
    mean_k2 = row["k_min"] ** 2 * (row["n"] ** 2 + 2) / 4
    return Measured(1e-12 * math.sqrt(2 * mean_k2), "⟨|k×A|²⟩ over all modes of the grid of run A*")


def seed_of_galaxies(context: Context) -> Measured:
    """B today of the helicity of (38), conserved while the field cascades to the largest processed eddies."""
    field, length = field_today(_eq38(), bound("eddies"))
    return Measured(field, f"correlation length {length:.1e} Mpc, by Banerjee & Jedamzik (2004)")


TABLE1: dict[str, Callable[[Context], Any]] = {
    **{f"table1-{row}": _of_units(attribute, unit) for row, (attribute, unit, _) in ROWS.items()},
    **{f"table1-{row}-{v}": _power_of_units(attribute, v) for row, (attribute, _, printed) in ROWS.items() for v in printed},
    "table1-temperature-scaling": table1_temperature_scaling,
}

VALUES: dict[str, Callable[[Context], Any]] = TABLE1 | {
    "erasure-temperature": erasure_temperature,
    "erasure-age": lambda context: radiation(temperature_ev=1e12 * erasure_temperature(context).value).cosmic_time_s,
    "sm-freedom": standard_model_freedom,
    "qcd-freedom": freedom_at_1_gev,
    "fine-structure": lambda context: 1 / const.FINE_STRUCTURE,
    "planck-mass": planck_mass_kg,
    "electron-yukawa": electron_yukawa,
    "gauss-squared": lambda context: GAUSS_SQUARED_EV_CM3 / 2 / 1e9,
    "helicity-unit": lambda context: UNITS.helicity_gauss2_mpc,
    "lam-prefactor": lambda context: 12 * const.FINE_STRUCTURE**2 / math.pi**2,
    "fiducial-eta": fiducial("eta"),
    "fiducial-lam": fiducial("lam"),
    "fiducial-gamma5": fiducial("gamma5"),
    "fiducial-source": fiducial("amplitude"),
    "fiducial-t-phi": fiducial("t_phi"),
    **{f"table2-{name.lower()}": table2_row(label) for label, name in RUN_NAMES.items()},
    "k-max": table2_k_max("A"),
    "k-max-star": table2_k_max("A*"),
    "resolved": resolved,
    "time-order": time_order,
    "eq15b": lambda context: gauss(_eq15b()),
    "eq15b-powers": eq15b_powers,
    "eq28": lambda context: estimates.mu5_over_temperature(UNITS, 1.0),
    "eq28-powers": eq28_powers,
    "largest-mu5": largest_mu5,
    "largest-source": largest_source,
    "largest-asymmetry": lambda context: 1e-5 * largest_source(context) / estimates.fiducial_amplitude(UNITS),
    "eq29-prefactor": lambda context: estimates.feedback_prefactor(),
    "eq29": lambda context: estimates.fiducial_feedback_ratio(UNITS, 1.0),
    "eq29-powers": eq29_powers,
    "eq30": lambda context: gauss(_eq30()),
    "eq30-powers": eq30_powers,
    "eq30-slightly": slightly_smaller,
    "eq31": lambda context: estimates.fiducial_amplitude(UNITS),
    "eq31-powers": eq31_powers,
    "eq31-t-phi": lambda context: power(lambda x: _source(t_phi=x), 0.05),
    "eq32a": lambda context: 1 / estimates.fiducial_flipping_rate(UNITS),
    "eq32b": lambda context: _fiducial_onset(estimates.crossing_time),
    "eq32b-powers": onset_powers(estimates.crossing_time, t_phi=2 / 3, flipping_rate=2 / 3, magnetic_diffusivity=-1 / 3,
                                 amplitude=-2 / 3),
    "eq33b": lambda context: _fiducial_onset(estimates.crossing_wave_number),
    "eq33b-powers": onset_powers(estimates.crossing_wave_number, t_phi=-1 / 3, flipping_rate=-1 / 3,
                                 magnetic_diffusivity=-1 / 3, amplitude=1 / 3),
    "eq33c": lambda context: _fiducial_onset(_k_phi),
    "eq33c-powers": onset_powers(_k_phi, flipping_rate=-1, amplitude=1),
    "t-cross-a": lambda context: estimates.crossing_time(**ONSET),
    "k-cross-a": lambda context: estimates.crossing_wave_number(**ONSET),
    "k-phi-a": lambda context: _k_phi(**ONSET),
    "feedback-ratio-a": lambda context: estimates.feedback_ratio(
        1.0, chiral_feedback=RUN_A["lam"], magnetic_diffusivity=RUN_A["eta"], flipping_rate=RUN_A["gamma5"]
    ),
    "starting-field": white_noise_start,
    "ohmic-time": lambda context: 1 / (RUN_A["eta"] * table2_k_max("A*")(context) ** 2),
    "eq35-conversion": lambda context: _code_gauss(H_PRINTED),
    "eq35-by-15": lambda context: _code_gauss(
        estimates.helicity_from_chirality(delta_mu5=-4e4, chiral_feedback=RUN_A["lam"])
    ),
    "eq35-by-15-ratio": lambda context: -estimates.helicity_from_chirality(
        delta_mu5=RUN_A["amplitude"] / RUN_A["gamma5"], chiral_feedback=RUN_A["lam"]
    ) / H_PRINTED,
    "eq35-by-27": lambda context: _code_gauss(estimates.final_helicity(**RATES, chiral_feedback=RUN_A["lam"])),
    "eq35-agreement": agreement,
    "eq38": lambda context: gauss(_eq38()),
    "eq38-powers": eq38_powers,
    "eq38-temperature": lambda context: power(lambda x: _eq38(radiation(temperature_ev=x)), 1e11),
    "seed-of-galaxies": seed_of_galaxies,
}  # fmt: skip
