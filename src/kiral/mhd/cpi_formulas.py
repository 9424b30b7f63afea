"""Closed-form estimates of the chiral plasma instability with a source.

G25 = Gurgenidze et al. (2025), Secs. III–VI; the number of its equation stands at each function. Code units throughout
(l*, t*, E* of `kiral.units.comoving_radiation`; B²/2 is an energy density), unless a name carries a unit.
Symbols: lam = chiral_feedback, gamma5 = flipping_rate, eta = magnetic_diffusivity, amplitude = S5bar.

Where the paper errs, the function says so; the corrected value is returned.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from kiral import constants as const
from kiral.mhd.decay_source import Values, source, source_amplitude
from kiral.units import ComovingRadiation, Matter, mu5_from_chiral_wavenumber

Variant = Literal["paper", "consistent"]
"""Eqs. (18, 19) drop the √e of the source S5 ≈ √e S5bar t/t_phi that they quote ("paper"); "consistent" carries it."""

SQRT_E = math.sqrt(math.e)
CONDUCTIVITY_FACTOR = 100.0  # sigma = 1e2 k_B T/ħ (Arnold, Moore & Yaffe 2000, as quoted by G25 Sec. VI)
FLIPPING_FACTOR = 1.3e-2  # gamma5 = 1.3e-2 y_e² k_B T/ħ (Bödeker & Schröder 2019, as quoted by G25 Sec. VI)
ELECTRON_YUKAWA = 2.94e-6  # G25 Sec. VI
FIDUCIAL_T_PHI = 0.05  # t_phi* [t*], G25 after Eq. (31)
FIDUCIAL_ASYMMETRY = 1e-5  # epsilon beta Omega_phi, G25 after Eq. (31)
FIDUCIAL_MASS_EV = 1e11  # m_phi c² = 100 GeV, G25 after Eq. (31)


# --- Fiducial coefficients (Sec. VI, first row of Table 2) -----------------------------------------------------------


def fiducial_diffusivity(units: ComovingRadiation) -> float:
    """eta* = c²/sigma with sigma = 100 k_B T/ħ [l*²/t*] (G25 Sec. VI)."""
    return const.HBAR_EV_S / (CONDUCTIVITY_FACTOR * units.temperature_ev * units.time_s)


def fiducial_feedback(units: ComovingRadiation) -> float:
    """lam* = 12 α² ħc/(π k_B T)² [l*/E*] (G25 Eq. 10)."""
    physical = 12 * const.FINE_STRUCTURE**2 * const.HBAR_C_EV_CM / (math.pi * units.temperature_ev) ** 2
    return physical * units.energy_ev / units.length_cm


def fiducial_flipping_rate(units: ComovingRadiation) -> float:
    """gamma5* = 1.3e-2 y_e² k_B T/ħ [1/t*] (G25 Sec. VI)."""
    return FLIPPING_FACTOR * ELECTRON_YUKAWA**2 * units.temperature_ev / const.HBAR_EV_S * units.time_s


def fiducial_amplitude(units: ComovingRadiation) -> float:
    """S5bar* [1/(l* t*)] of Eq. (9) with the fiducial mass, t_phi and asymmetry (G25 Eq. 31)."""
    return source_amplitude(
        mass_ev=FIDUCIAL_MASS_EV, t_phi=FIDUCIAL_T_PHI, asymmetry=FIDUCIAL_ASYMMETRY, g_energy=units.g_energy
    )


# --- The instability without a source (Sec. IV) ----------------------------------------------------------------------


def instability_time(*, mu5: float, magnetic_diffusivity: float) -> float:
    """t_cpi = 4/(eta mu5²) [t*], the e-folding time of the fastest mode |mu5|/2 (G25 below Eq. 12)."""
    return 4 / (magnetic_diffusivity * mu5**2)


def helicity_from_chirality(*, delta_mu5: float, chiral_feedback: float) -> float:
    """Δh = -(2/lam) Δ⟨mu5⟩ [E*/l*²], helicity from chirality without source and washout (G25 Eq. 15a in code units)."""
    return -2 * delta_mu5 / chiral_feedback


def helicity_from_chirality_gauss2_mpc(
    units: ComovingRadiation, *, delta_mu5_over_kt: float, feedback_ratio: float = 1.0
) -> float:
    """Δh = -(lam*/lam)(π/(3α)) (k_B T)³/(ħc)² Δ⟨mu5⟩/(k_B T) [G² Mpc] (G25 Eq. 15b); `feedback_ratio` = lam/lam*.

    Valid for |Δmu5| ≪ k_B T. Depends on the units through the comoving temperature only.
    """
    scale = math.pi / (3 * const.FINE_STRUCTURE) * units.temperature_ev**3 / const.HBAR_C_EV_CM**2
    code = scale * units.length_cm**2 / units.energy_ev
    return -code * delta_mu5_over_kt / feedback_ratio * units.helicity_gauss2_mpc


# --- The instability with a source (Sec. V) --------------------------------------------------------------------------


def mu5_early(t: ArrayLike, *, amplitude: float, t_phi: float) -> Values:
    """mu5 = √e S5bar t²/(2 t_phi) [1/l*] for t < 1/gamma5 (G25 Eq. 16)."""
    return SQRT_E * amplitude * np.asarray(t) ** 2 / (2 * t_phi)


def mu5_balanced(t: ArrayLike, *, amplitude: float, t_phi: float, flipping_rate: float) -> Values:
    """mu5 = S5(t)/gamma5 [1/l*] for 1/gamma5 < t, while the source lasts (G25 Eq. 17)."""
    return source(t, amplitude=amplitude, t_phi=t_phi) / flipping_rate


def mu5_peak(*, amplitude: float, flipping_rate: float) -> float:
    """mu5(t_phi) = S5bar/gamma5 [1/l*], the maximum (G25 above Eq. 20)."""
    return amplitude / flipping_rate


def mu5_late(j_dot_b: ArrayLike, b2: ArrayLike, *, chiral_feedback: float, magnetic_diffusivity: float,
             flipping_rate: float) -> Values:  # fmt: skip
    """mu5 = lam eta J·B/(gamma5 + lam eta B²) [1/l*], after the source has faded (G25 Eq. 21)."""
    coupling = chiral_feedback * magnetic_diffusivity
    return coupling * np.asarray(j_dot_b) / (flipping_rate + coupling * np.asarray(b2))


def _effective_amplitude(amplitude: float, variant: Variant) -> float:
    """|S5bar|, times √e in the consistent variant of Eqs. (18, 19)."""
    return abs(amplitude) * {"paper": 1.0, "consistent": SQRT_E}[variant]


def crossing_time(*, amplitude: float, t_phi: float, flipping_rate: float, magnetic_diffusivity: float,
                  variant: Variant = "paper") -> float:  # fmt: skip
    """t_cross = (2 t_phi gamma5/S5bar)^(2/3) eta^(-1/3) [t*], when t first exceeds t_cpi(t) (G25 Eq. 18).

    Valid for 1/gamma5 < t_cross < t_phi. `variant` "consistent" carries √e: smaller by e^(1/3).
    """
    effective = _effective_amplitude(amplitude, variant)
    return (2 * t_phi * flipping_rate / effective) ** (2 / 3) / magnetic_diffusivity ** (1 / 3)


def crossing_wave_number(*, amplitude: float, t_phi: float, flipping_rate: float, magnetic_diffusivity: float,
                         variant: Variant = "paper") -> float:  # fmt: skip
    """k_cross = (S5bar/(2 t_phi gamma5 eta))^(1/3) [1/l*], the fastest mode at t_cross (G25 Eq. 19).

    `variant` "consistent" carries √e: larger by e^(1/6).
    """
    effective = _effective_amplitude(amplitude, variant)
    return (effective / (2 * t_phi * flipping_rate * magnetic_diffusivity)) ** (1 / 3)


def peak_wave_number(*, amplitude: float, flipping_rate: float) -> float:
    """k_phi = S5bar/(2 gamma5) [1/l*], the fastest mode at t_phi (G25 Eq. 20)."""
    return abs(amplitude) / (2 * flipping_rate)


def total_helicity_early(t: ArrayLike, *, amplitude: float, t_phi: float,
                         chiral_feedback: float) -> Values:  # fmt: skip
    """h_tot = √e S5bar t²/(lam t_phi) [E*/l*²] for t < 1/gamma5 (G25 Eq. 23)."""
    return 2 / chiral_feedback * mu5_early(t, amplitude=amplitude, t_phi=t_phi)


def final_helicity(*, amplitude: float, t_phi: float, flipping_rate: float, chiral_feedback: float) -> float:
    """h_M = √e S5bar/(lam t_phi gamma5²) [E*/l*²], the magnetic helicity left (G25 Eq. 27).

    It contains no hydrodynamics: where nonlinear MHD sets h_M, as in the paper's runs A–D, its 1/lam scaling fails.
    """
    return SQRT_E * amplitude / (chiral_feedback * t_phi * flipping_rate**2)


# --- Parameter estimates (Secs. VI, VIII) ----------------------------------------------------------------------------


def mu5_over_temperature(units: ComovingRadiation | Matter, mu5: float) -> float:
    """mu5/(k_B T*) of mu5 [1/l*] (G25 Eq. 28): 3.024e-14 per unit at 100 GeV. The equations need ≪ 1."""
    return mu5_from_chiral_wavenumber(mu5 / units.length_cm) / units.temperature_ev


def feedback_prefactor() -> float:
    """lam* eta* B²/gamma5* = prefactor y_e⁻² (ħc)³ B²/(k_B T)⁴ (G25 Eq. 29): 12 α²/(π² · 100 · 1.3e-2) = 5.0e-5.

    The paper prints 6.5e-5, the prefactor of lam* alone.
    """
    return 12 * const.FINE_STRUCTURE**2 / (math.pi**2 * CONDUCTIVITY_FACTOR * FLIPPING_FACTOR)


def fiducial_feedback_ratio(units: ComovingRadiation, omega_b: float) -> float:
    """lam* eta* B²/gamma5* at the magnetic energy fraction Ω_B = (B²/2)/(E*/l*³) (G25 Eq. 29): 4.05e8 Ω_B."""
    coupling = fiducial_feedback(units) * fiducial_diffusivity(units)
    return coupling * 2 * omega_b / fiducial_flipping_rate(units)


def sourced_helicity_gauss2_mpc(units: ComovingRadiation, *, mu5_over_kt: float, t_phi: float, flipping_rate: float,
                                feedback_ratio: float = 1.0) -> float:  # fmt: skip
    """|Δh| = √e/(2 t_phi gamma5) × Eq. (15b) [G² Mpc] (G25 Eq. 30), mu5 at t_phi; `feedback_ratio` = lam/lam*."""
    largest = helicity_from_chirality_gauss2_mpc(units, delta_mu5_over_kt=-mu5_over_kt, feedback_ratio=feedback_ratio)
    return SQRT_E / (2 * t_phi * flipping_rate) * largest


def fiducial_helicity_gauss2_mpc(units: ComovingRadiation, *, mass_ev: float = FIDUCIAL_MASS_EV,
                                 t_phi: float = FIDUCIAL_T_PHI, asymmetry: float = FIDUCIAL_ASYMMETRY,
                                 flipping_ratio: float = 1.0, feedback_ratio: float = 1.0) -> float:  # fmt: skip
    """h_M of Eq. (27) with fiducial coefficients [G² Mpc] (G25 Eq. 38); ratios are gamma5/gamma5* and lam/lam*.

    At fixed m_phi, asymmetry, t_phi/t* and ratios it grows as T*³ (lam* ∝ T*⁻², gamma5* ∝ T*⁻¹, E*/l*² ∝ T*⁻¹);
    the paper prints T*¹.
    """
    code = final_helicity(
        amplitude=source_amplitude(mass_ev=mass_ev, t_phi=t_phi, asymmetry=asymmetry, g_energy=units.g_energy),
        t_phi=t_phi,
        flipping_rate=flipping_ratio * fiducial_flipping_rate(units),
        chiral_feedback=feedback_ratio * fiducial_feedback(units),
    )
    return code * units.helicity_gauss2_mpc


def largest_wave_number(n: int, k_min: float) -> float:
    """k_max = N k_min/2 = π/δx [1/l*], the grid's Nyquist wavenumber (G25 Eq. 33d).

    Table 2 prints 5e3 for N = 256, k_min = 500; this gives 6.4e4.
    """
    return n * k_min / 2


def resolved_wave_number(n: int, k_min: float) -> float:
    """Largest wavenumber inside the 2/3 rule, floor((N - 1)/3) k_min [1/l*]: what a run of kiral resolves."""
    return (n - 1) // 3 * k_min


# --- Validity monitors -----------------------------------------------------------------------------------------------


def feedback_ratio(b2: float, *, chiral_feedback: float, magnetic_diffusivity: float, flipping_rate: float) -> float:
    """lam eta B²/gamma5 (G25 below Eq. 21): ≪ 1 where washout outruns the field's feedback, as Eqs. (26, 27) assume."""
    return chiral_feedback * magnetic_diffusivity * b2 / flipping_rate


def chiral_energy_ratio(mu5: float, *, chiral_feedback: float, energy_density: float = 1.0) -> float:
    """Chiral energy mu5²/(2 lam) over rho; ≪ 1 where the paper's energy equation, which leaves it out, is valid."""
    return mu5**2 / (2 * chiral_feedback) / energy_density
