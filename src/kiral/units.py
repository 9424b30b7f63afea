"""Unit systems, comoving powers, and the two classic traps (√4π, factors in mu5).

Heaviside–Lorentz inside kiral: the magnetic energy density is B²/2. A field quoted in gauss is Gaussian: its energy
density is B²/(8π). Hence "1 G²/2" of a Heaviside–Lorentz formula stands for 1/(8π) erg cm⁻³ = 24.834 GeV cm⁻³.
Chiral strength has one currency: the chiral wavenumber k5 = 2 α mu5/(π ħ c), J = k5 B, with mu5 = (mu_R - mu_L)/2.

G25 = Gurgenidze et al. (2025), Table 1 and Secs. III, VI.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from kiral import constants as const
from kiral.errors import ConfigError

GAUSS_SQUARED_EV_CM3 = 1 / (4 * math.pi * const.EV_ERG)
"""What 1 G² means in a Heaviside–Lorentz formula [eV cm⁻³]: twice the energy density of a field of 1 G."""

SQRT_4PI = math.sqrt(4 * math.pi)

GRAM_MEV = const.SPEED_OF_LIGHT_CM_S**2 / const.EV_ERG * 1e-6
"""Rest energy of 1 g [MeV]."""


# --- Unit systems ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnitSystem:
    """What the number 1 of a subject's code units means: value in code units × scale = physical value."""

    name: str
    time_s: float
    length_cm: float
    energy_ev: float

    @property
    def field_gauss(self) -> float:
        """Magnetic field of 1 code unit, sqrt(E/l³), in G."""
        return math.sqrt(self.energy_ev / self.length_cm**3 / GAUSS_SQUARED_EV_CM3)

    @property
    def helicity_gauss2_mpc(self) -> float:
        """Magnetic helicity density of 1 code unit, E/l², in G² Mpc (G25 below Fig. 4)."""
        return self.helicity_gauss2_cm / const.MEGAPARSEC_CM

    @property
    def helicity_gauss2_cm(self) -> float:
        """The same in G² cm."""
        return self.energy_ev / self.length_cm**2 / GAUSS_SQUARED_EV_CM3


@dataclass(frozen=True)
class ComovingRadiation(UnitSystem):
    """Comoving Hubble units of a radiation-dominated universe (G25 Table 1), a = 1 today; `time_s` is conformal."""

    temperature_physical_ev: float
    g_energy: float
    g_entropy: float
    scale_factor: float
    temperature_ev: float
    cosmic_time_s: float
    length_physical_cm: float
    energy_physical_ev: float

    def table(self) -> dict[str, float]:
        """The unit table under the flat names of `kiral estimate --json`."""
        return {
            "unit_temperature_physical_ev": self.temperature_physical_ev,
            "unit_temperature_ev": self.temperature_ev,
            "scale_factor": self.scale_factor,
            "unit_cosmic_time_s": self.cosmic_time_s,
            "unit_time_s": self.time_s,
            "unit_length_physical_cm": self.length_physical_cm,
            "unit_length_cm": self.length_cm,
            "unit_energy_physical_ev": self.energy_physical_ev,
            "unit_energy_ev": self.energy_ev,
            "unit_field_gauss": self.field_gauss,
            "unit_helicity_gauss2_mpc": self.helicity_gauss2_mpc,
        }


@dataclass(frozen=True)
class Matter(UnitSystem):
    """Units of a local box of dense matter: a given length, c = 1, and the rest-mass energy density as energy density."""

    density_g_cm3: float
    temperature_ev: float

    def table(self) -> dict[str, float]:
        """The unit table under the flat names of `kiral estimate --json`."""
        return {
            "unit_time_s": self.time_s,
            "unit_length_cm": self.length_cm,
            "unit_energy_ev": self.energy_ev,
            "unit_temperature_ev": self.temperature_ev,
            "unit_density_g_cm3": self.density_g_cm3,
            "unit_field_gauss": self.field_gauss,
            "unit_helicity_gauss2_cm": self.helicity_gauss2_cm,
        }


def matter_units(length_cm: float, density_g_cm3: float, temperature_ev: float) -> Matter:
    """Units in which `length_cm` [cm], c and `density_g_cm3` c² [g/cm³] are 1. `temperature_ev` is k_B T [eV]."""
    energy_density = density_g_cm3 * GRAM_MEV * 1e6  # eV/cm³
    return Matter(
        name="matter",
        time_s=length_cm / const.SPEED_OF_LIGHT_CM_S,
        length_cm=length_cm,
        energy_ev=energy_density * length_cm**3,
        density_g_cm3=density_g_cm3,
        temperature_ev=temperature_ev,
    )


def radiation_energy_density(temperature_ev: float, g_energy: float) -> float:
    """Energy density of radiation, (π²/30) g_E (k_B T)⁴/(ħc)³ [eV cm⁻³], for k_B T in eV (G25 Sec. II)."""
    return math.pi**2 / 30 * g_energy * temperature_ev**4 / const.HBAR_C_EV_CM**3


# Outside, the formulas lose their meaning: colder than today, hotter than the Planck mass.
_RADIATION_LIMITS = {
    "temperature": (const.CMB_TEMPERATURE_K * const.BOLTZMANN_EV_K, const.REDUCED_PLANCK_MASS_EV, " eV"),
    "g_energy": (1.0, 1e6, ""),
    "g_entropy": (1.0, 1e6, ""),
}


def comoving_radiation(temperature_ev: float, g_energy: float = 106.75, g_entropy: float = 106.75) -> ComovingRadiation:
    """The units of G25 Table 1 by its relations, at the physical temperature k_B T* [eV], with a = 1 today.

    H* = sqrt(ħ ρ*/(3 c M_pl²)), a* = (gS0/gS)^(1/3) T0/T*, t_c* = 1/(2H*), t* = 2 t_c*/a*, l_phys* = c/H*,
    l* = l_phys*/a*, E_phys* = ρ* l_phys*³, E* = a* E_phys*. Valid in radiation domination, entropy conserved until now.
    ConfigError outside 1 ≤ g ≤ 1e6 or T0 ≤ T* ≤ M_pl.
    """
    for name, value in (("temperature", temperature_ev), ("g_energy", g_energy), ("g_entropy", g_entropy)):
        low, high, unit = _RADIATION_LIMITS[name]
        if not low <= value <= high:
            raise ConfigError(f"units.{name}: {value!r}{unit} given; allowed: {low:.4g} to {high:.4g}{unit}")
    rho = radiation_energy_density(temperature_ev, g_energy)
    hubble = math.sqrt(rho * const.HBAR_C_EV_CM**3 / 3) / const.REDUCED_PLANCK_MASS_EV / const.HBAR_EV_S
    today_ev = const.CMB_TEMPERATURE_K * const.BOLTZMANN_EV_K
    a = (const.G_ENTROPY_TODAY / g_entropy) ** (1 / 3) * today_ev / temperature_ev
    length = const.SPEED_OF_LIGHT_CM_S / hubble
    energy = rho * length**3
    return ComovingRadiation(
        name="comoving_radiation",
        time_s=1 / (hubble * a),
        length_cm=length / a,
        energy_ev=a * energy,
        temperature_physical_ev=temperature_ev,
        g_energy=g_energy,
        g_entropy=g_entropy,
        scale_factor=a,
        temperature_ev=a * temperature_ev,
        cosmic_time_s=1 / (2 * hubble),
        length_physical_cm=length,
        energy_physical_ev=energy,
    )


# --- Comoving and physical -------------------------------------------------------------------------------------------

COMOVING_POWERS: dict[str, int] = {
    "time": -1,  # conformal time
    "length": -1,
    "wave_number": 1,
    "velocity": 0,
    "energy": 1,
    "temperature": 1,
    "vector_potential": 1,
    "magnetic_field": 2,
    "electric_field": 2,
    "current_density": 3,
    "magnetic_helicity": 3,
    "number_density": 3,
    "energy_density": 4,
    "mu5": 1,  # as an energy and as a wavenumber
    "magnetic_diffusivity": -1,
    "viscosity": -1,
    "chiral_diffusivity": -1,
    "chiral_feedback": -2,
    "flipping_rate": 1,
    # G25 prints a⁴ for both sources. The rescaled one is a rate of a wavenumber, [1/(length time)]: a².
    "source": 2,
    "number_source": 4,  # a rate of a number density, S5 of G25 Eq. (5)
}
"""comoving = a^power × physical; the power is the mass dimension (G25 Sec. III)."""


def to_comoving(quantity: str, physical: float, scale_factor: float) -> float:
    """Comoving value of a physical one; `quantity` is a key of COMOVING_POWERS."""
    return physical * scale_factor ** COMOVING_POWERS[quantity]


def to_physical(quantity: str, comoving: float, scale_factor: float) -> float:
    """Physical value of a comoving one; `quantity` is a key of COMOVING_POWERS."""
    return comoving / scale_factor ** COMOVING_POWERS[quantity]


# --- Trap 1: √4π -----------------------------------------------------------------------------------------------------


def gaussian_to_heaviside_lorentz(field: float) -> float:
    """Field in Heaviside–Lorentz units (energy density B²/2) of a Gaussian one (B²/8π), same mechanical units: B/√4π.

    Charges go the other way, e_HL = √4π e_G, so that e B is the same in both.
    """
    return field / SQRT_4PI


def heaviside_lorentz_to_gaussian(field: float) -> float:
    """Gaussian field (energy density B²/8π) of a Heaviside–Lorentz one (B²/2), same mechanical units: √4π B."""
    return field * SQRT_4PI


# --- Trap 2: the factor and the sign in mu5 --------------------------------------------------------------------------

Convention = Literal["right_minus_left", "left_minus_right"]
"""right_minus_left: mu5 = (mu_R - mu_L)/2, kiral's and G25's. left_minus_right: mu5 = (mu_L - mu_R)/2, as Dehman & Pons
(2024) print it for the neutron-star crust (with that sign their own current and anomaly would be reversed)."""

_SIGN: dict[str, float] = {"right_minus_left": 1.0, "left_minus_right": -1.0}


def mu5_from_chiralities(mu_r: float, mu_l: float, convention: Convention = "right_minus_left") -> float:
    """mu5 = ±(mu_R - mu_L)/2, any unit. Papers that call mu_R - mu_L itself "mu5" have twice ours."""
    return _SIGN[convention] * (mu_r - mu_l) / 2


def chirality_difference_from_mu5(mu5: float, convention: Convention = "right_minus_left") -> float:
    """mu_R - mu_L = ±2 mu5, any unit."""
    return _SIGN[convention] * 2 * mu5


def chiral_wavenumber_from_mu5(mu5_ev: float, convention: Convention = "right_minus_left") -> float:
    """Chiral wavenumber k5 = 2 α mu5/(π ħ c) [1/cm] of mu5 [eV]; J = k5 B in either convention."""
    return _SIGN[convention] * 2 * const.FINE_STRUCTURE * mu5_ev / (math.pi * const.HBAR_C_EV_CM)


def chiral_wavenumber_from_chiralities(mu_r_ev: float, mu_l_ev: float) -> float:
    """Chiral wavenumber k5 = α (mu_R - mu_L)/(π ħ c) [1/cm] of the two chemical potentials [eV]."""
    return chiral_wavenumber_from_mu5(mu5_from_chiralities(mu_r_ev, mu_l_ev))


def mu5_from_chiral_wavenumber(k5_per_cm: float, convention: Convention = "right_minus_left") -> float:
    """mu5 = π ħ c k5/(2 α) [eV] of a chiral wavenumber [1/cm]."""
    return _SIGN[convention] * math.pi * const.HBAR_C_EV_CM * k5_per_cm / (2 * const.FINE_STRUCTURE)


# --- Natural units of MeV: ħ = c = k_B = 1, Heaviside–Lorentz ---------------------------------------------------------

_HBAR_MEV_S = 1e-6 * const.HBAR_EV_S
_HBAR_C_MEV_CM = 1e-6 * const.HBAR_C_EV_CM


def seconds_to_inverse_mev(time_s: Any) -> Any:
    """Time in 1/MeV of one in s: t/ħ. Numbers and arrays."""
    return time_s / _HBAR_MEV_S


def inverse_mev_to_seconds(time: Any) -> Any:
    """Time in s of one in 1/MeV."""
    return time * _HBAR_MEV_S


def per_second_to_mev(rate_per_s: Any) -> Any:
    """Rate in MeV of one in 1/s: ħ times it."""
    return rate_per_s * _HBAR_MEV_S


def mev_to_per_second(rate: Any) -> Any:
    """Rate in 1/s of one in MeV."""
    return rate / _HBAR_MEV_S


def inverse_mev_to_cm(length: Any) -> Any:
    """Length in cm of one in 1/MeV."""
    return length * _HBAR_C_MEV_CM


def per_cm3_to_mev3(number_density: Any) -> Any:
    """Number density in MeV³ of one in 1/cm³."""
    return number_density * _HBAR_C_MEV_CM**3


def g_per_cm3_to_mev4(mass_density: Any) -> Any:
    """Energy density rho c² in MeV⁴ of a mass density in g/cm³."""
    return mass_density * GRAM_MEV * _HBAR_C_MEV_CM**3


def gauss_to_mev2(field_gauss: Any) -> Any:
    """Heaviside–Lorentz field in MeV² (energy density B²/2) of a Gaussian one in G (B²/8π): 1 G = 1.9535e-14 MeV²."""
    return field_gauss * math.sqrt(GAUSS_SQUARED_EV_CM3 * 1e-6 * _HBAR_C_MEV_CM**3)


def mev2_to_gauss(field: Any) -> Any:
    """Gaussian field in G of a Heaviside–Lorentz one in MeV²."""
    return field / gauss_to_mev2(1.0)


def charge_times_field_mev2(field_gauss: Any) -> Any:
    """e B in MeV² of a field in G, e = √(4πα) > 0: 5.9157e-15 MeV² per gauss. The same in both systems of units."""
    return math.sqrt(4 * math.pi * const.FINE_STRUCTURE) * gauss_to_mev2(field_gauss)


def chiral_wavenumber_from_conductivity(xi_mev: Any) -> Any:
    """Chiral wavenumber k5 = xi/(ħ c) [1/cm] of a chiral magnetic conductivity xi [MeV], J = xi B (Heaviside–Lorentz)."""
    return xi_mev / _HBAR_C_MEV_CM
