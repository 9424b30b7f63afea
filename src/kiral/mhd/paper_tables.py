"""The tables and numbers of Gurgenidze et al. (2025), "G25", as printed, beside the same recomputed.

Where the two differ by more than rounding, the row says why.
"""

from __future__ import annotations

import math
from typing import Any

from kiral.mhd.cpi_formulas import (
    FIDUCIAL_T_PHI,
    crossing_time,
    crossing_wave_number,
    feedback_prefactor,
    fiducial_amplitude,
    fiducial_diffusivity,
    fiducial_feedback,
    fiducial_feedback_ratio,
    fiducial_flipping_rate,
    fiducial_helicity_gauss2_mpc,
    final_helicity,
    helicity_from_chirality_gauss2_mpc,
    largest_wave_number,
    mu5_over_temperature,
    peak_wave_number,
    sourced_helicity_gauss2_mpc,
)
from kiral.units import ComovingRadiation, comoving_radiation

# name, symbol, relation, attribute of ComovingRadiation, unit, printed value,
# printed powers of T*/100 GeV, gE/106.75, gS/106.75 (those of the text's helicity unit follow from E* and l*)
_TABLE1 = [
    ("comoving temperature", "T*", "a* T_phys*", "temperature_ev", "eV", 7.77e-5, (0, -1 / 3, 0)),  # should be gS
    ("scale factor", "a*", "(gS0/gS*)^⅓ T0/T_phys*", "scale_factor", "", 7.77e-16, (-1, 0, -1 / 3)),
    ("cosmic time", "t_c*", "1/(2 H*)", "cosmic_time_s", "s", 2.34e-11, (-2, -1 / 2, 0)),
    ("conformal time", "t*", "2 t_c*/a*", "time_s", "s", 6.03e4, (-1, -1 / 2, 1 / 3)),
    ("physical length", "l_phys*", "c/H*", "length_physical_cm", "cm", 1.40, (-2, -1 / 2, 0)),
    ("comoving length", "l*", "l_phys*/a*", "length_cm", "cm", 1.81e15, (-1, -1 / 2, 1 / 3)),
    ("physical energy", "E_phys*", "rho* l_phys*³", "energy_physical_ev", "eV", 1.27e60, (-2, -1 / 2, 0)),
    ("comoving energy", "E*", "a* E_phys*", "energy_ev", "eV", 9.84e44, (-3, -1 / 2, -1 / 3)),
    ("helicity unit (text)", "E*/l*²", "", "helicity_gauss2_mpc", "G² Mpc", 1.97e-21, (-1, 1 / 2, -1)),
]


def table1(temperature_eV: float = 1e11, g_energy: float = 106.75, g_entropy: float = 106.75) -> list[dict[str, Any]]:
    """G25 Table 1: name, symbol, relation, unit, `printed` (with its scalings) and `value` (ours, a = 1 today)."""
    units = comoving_radiation(temperature_eV, g_energy, g_entropy)
    base = (temperature_eV / 1e11, g_energy / 106.75, g_entropy / 106.75)
    rows = []
    for name, symbol, relation, attribute, unit, printed, powers in _TABLE1:
        scaled = printed * math.prod(b**p for b, p in zip(base, powers, strict=True))
        row = {"name": name, "symbol": symbol, "relation": relation, "unit": unit}
        rows.append(row | {"printed": scaled, "value": getattr(units, attribute)})
    return rows


# label, eta = nu = D5, lam, gamma5, S5bar, t_phi as printed; N, k_min, printed k_max
_TABLE2 = [
    ("Fiducial", 1.4e-18, 1.2e29, 8.0e2, 1.6e13, 0.05, None, None, None),
    ("A", 1e-6, 1e8, 1e3, 4e7, 0.05, 256, 500.0, 5.0e3),
    ("A*", 1e-6, 1e8, 1e3, 4e7, 0.05, 1024, 200.0, 1.0e5),
    ("B", 1e-6, 1.6e9, 1e3, 4e7, 0.05, 256, 500.0, 5.0e3),
    ("C", 1e-6, 1.6e10, 1e3, 4e7, 0.05, 256, 500.0, 5.0e3),
    ("D", 1e-6, 1e12, 1e3, 4e7, 0.05, 256, 500.0, 5.0e3),
]
_COEFFICIENTS = ("eta", "lam", "gamma5", "amplitude", "t_phi")


def table2() -> list[dict[str, Any]]:
    """G25 Table 2 at 100 GeV: label, eta, lam, gamma5, amplitude, t_phi, n, k_min, k_max, and what follows from them.

    The fiducial coefficients are recomputed; `printed` holds the row as printed. k_max is N k_min/2.
    """
    units = comoving_radiation(1e11)
    rows = []
    for label, *numbers, n, k_min, k_max_printed in _TABLE2:
        printed: dict[str, Any] = dict(zip(_COEFFICIENTS, numbers, strict=True))
        values = _fiducial(units) if n is None else dict(printed)
        h = final_helicity(amplitude=values["amplitude"], t_phi=values["t_phi"], flipping_rate=values["gamma5"],
                           chiral_feedback=values["lam"])  # fmt: skip
        k_max = None if n is None else largest_wave_number(n, k_min)
        rows.append(
            {"label": label, **values, "n": n, "k_min": k_min, "k_max": k_max, **_onset(values)}
            | {"helicity": h, "helicity_gauss2_mpc": h * units.helicity_gauss2_mpc}
            | {"printed": printed | {"k_max": k_max_printed}}
        )
    return rows


def _fiducial(units: ComovingRadiation) -> dict[str, float]:
    """The fiducial coefficients, recomputed."""
    return {
        "eta": fiducial_diffusivity(units),
        "lam": fiducial_feedback(units),
        "gamma5": fiducial_flipping_rate(units),
        "amplitude": fiducial_amplitude(units),
        "t_phi": FIDUCIAL_T_PHI,
    }


def _onset(values: dict[str, float]) -> dict[str, float]:
    """t_cross, k_cross (the paper's forms) and k_phi of one row of Table 2."""
    amplitude, gamma5, t_phi, eta = (values[key] for key in ("amplitude", "gamma5", "t_phi", "eta"))
    t_cross = crossing_time(amplitude=amplitude, t_phi=t_phi, flipping_rate=gamma5, magnetic_diffusivity=eta)
    k_cross = crossing_wave_number(amplitude=amplitude, t_phi=t_phi, flipping_rate=gamma5, magnetic_diffusivity=eta)
    return {
        "t_cross": t_cross,
        "k_cross": k_cross,
        "k_phi": peak_wave_number(amplitude=amplitude, flipping_rate=gamma5),
    }


def fiducial_equations() -> list[dict[str, Any]]:
    """The paper's numbers for its fiducial parameters at 100 GeV: equation, name, unit, `printed`, `value`, note.

    Helicities are given as the paper does, as sqrt(|h|) in G √Mpc.
    """
    units = comoving_radiation(1e11)
    fiducial = _fiducial(units)
    onset = _onset(fiducial)
    largest = abs(helicity_from_chirality_gauss2_mpc(units, delta_mu5_over_kt=1.0))
    washed = sourced_helicity_gauss2_mpc(units, mu5_over_kt=1.0, t_phi=FIDUCIAL_T_PHI, flipping_rate=fiducial["gamma5"])
    final = fiducial_helicity_gauss2_mpc(units)
    rows = [
        ("(15b)", "helicity from mu5 = k_B T", "G √Mpc", 1.06e-18, math.sqrt(largest), ""),
        ("(28)", "mu5/(k_B T*) of mu5 = 1/l*", "", 3.02e-14, mu5_over_temperature(units, 1.0), ""),
        ("(29)", "prefactor of λ η B²/Γ5", "", 6.5e-5, feedback_prefactor(), "printed: prefactor of λ* alone"),
        ("(29)", "λ η B²/Γ5 per Ω_B", "", 4.1e8, fiducial_feedback_ratio(units, 1.0), ""),
        ("(30)", "helicity with source and washout, mu5(t_phi) = k_B T", "G √Mpc", 1.5e-19, math.sqrt(washed), ""),
        ("(31)", "maximum of the source", "1/(l* t*)", 1.62e13, fiducial["amplitude"], "∝ t_phi⁻², not t_phi²"),
        ("(32a)", "washout time", "t*", 1.25e-3, 1 / fiducial["gamma5"], ""),
        ("(32b)", "onset", "t*", 2.6e-2, onset["t_cross"], ""),
        ("(33b)", "fastest mode at onset", "1/l*", 5.2e9, onset["k_cross"], ""),
        ("(33c)", "fastest mode at t_phi", "1/l*", 1.0e10, onset["k_phi"], ""),
        ("(38)", "helicity left", "G √Mpc", 3.8e-21, math.sqrt(final), "∝ T*³, not T*"),
    ]
    return [dict(zip(("equation", "name", "unit", "printed", "value", "note"), row, strict=True)) for row in rows]
