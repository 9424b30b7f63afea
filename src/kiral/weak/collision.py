"""Absorption and emission of neutrinos on nucleons, e⁻ + p ↔ nu_e + n and e⁺ + n ↔ anti-nu_e + p, as seen by the electrons.

Y23 = Yamamoto & Yang, Phys. Rev. Lett. 131, 012701 (2023). Natural units, MeV. Nonrelativistic nucleons with Boltzmann
statistics, isoenergetic, equal masses. f: thermal occupation of electrons. For positrons n ↔ p, mu_e → -mu_e, nu → anti-nu.

    gain Γ< = K q² n_n f_nu,   loss Γ> = K q² n_p (1 - f_nu),   K = (g_V² + 3 g_A²) G_F²/π,   g_V = 1          [rates, MeV]
    df/dt = (1 - f) Γ< - f Γ>
    F_W = q [f Γ> - (1 - f) Γ<] = K q³ [n_p f (1 - f_nu) - n_n (1 - f) f_nu]                                      [MeV²]

F_W > 0: net capture of left-handed electrons. The last form equals Y23 Eq. (13) and has no 0/0 at mu_n = mu_p.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kiral.constants import AXIAL_COUPLING, FERMI_GEV_2
from kiral.core.arrays import column, namespace, traced
from kiral.errors import ConfigError
from kiral.weak.composition import Matter, neutrino_chemical_potential
from kiral.weak.spectra import FermiDirac, Spectrum, fermi

FERMI_MEV_2 = 1e-6 * FERMI_GEV_2


class Channel(NamedTuple):
    """Left-handed electrons, or right-handed positrons, at energies q: thermal occupation, gain and loss rate [MeV]."""

    q: Any
    thermal: Any
    gain: Any
    loss: Any

    @property
    def drive(self) -> Any:
        """df/dt at the thermal occupation [MeV], -F_W/q."""
        return (1 - self.thermal) * self.gain - self.thermal * self.loss

    @property
    def rate(self) -> Any:
        """Γ< + Γ> [MeV], at which the occupation goes to its limit Γ</(Γ< + Γ>)."""
        return self.gain + self.loss

    @property
    def collision_term(self) -> Any:
        """F_W, for positrons F̃_W [MeV²]."""
        return -self.q * self.drive


def coupling(axial_coupling: float = AXIAL_COUPLING) -> float:
    """K = (1 + 3 g_A²) G_F²/π [MeV⁻⁴]."""
    return (1 + 3 * axial_coupling**2) * FERMI_MEV_2**2 / math.pi


def electrons(q: Any, matter: Matter, spectrum: Spectrum, axial_coupling: float = AXIAL_COUPLING) -> Channel:
    """Left-handed electrons in a flux of neutrinos, at the energies q (..., n) [MeV]."""
    return _channel(q, matter.mu_e, matter.temperature, matter.n_n, matter.n_p, spectrum, axial_coupling)


def positrons(q: Any, matter: Matter, spectrum: Spectrum, axial_coupling: float = AXIAL_COUPLING) -> Channel:
    """Right-handed positrons in a flux of antineutrinos, at the energies q (..., n) [MeV]."""
    return _channel(q, -matter.mu_e, matter.temperature, matter.n_p, matter.n_n, spectrum, axial_coupling)


def _channel(q: Any, mu: Any, temperature: Any, n_from: Any, n_to: Any, spectrum: Spectrum, axial_coupling: float) -> Channel:
    """`n_from`: nucleons on which neutrinos are absorbed; `n_to`: those on which electrons are."""
    f_nu = occupation(spectrum, q)
    strength = coupling(axial_coupling) * q**2
    thermal = fermi((q - column(mu)) / column(temperature))
    return Channel(q, thermal, strength * column(n_from) * f_nu, strength * column(n_to) * (1 - f_nu))


def occupation(spectrum: Spectrum, q: Any) -> Any:
    """f_nu at the energies q. ConfigError where it is not a number between 0 and 1."""
    f = spectrum.occupation(q)
    if not traced(f):
        wrong = ~((f >= 0) & (f <= 1 + 1e-9))
        if wrong.any():
            xp = namespace(f)
            where, value = xp.broadcast_to(q, f.shape)[wrong][0], f[wrong][0]
            raise ConfigError(f"spectrum: the occupation is {value:.4g} at {where:.4g} MeV; allowed: 0 to 1")
    return f


def f_w(q: Any, matter: Matter, spectrum: Spectrum, axial_coupling: float = AXIAL_COUPLING) -> Any:
    """F_W [MeV²] of electrons at the energies q (..., n) [MeV]; matter and spectrum as arrays have the shape before the n."""
    return electrons(q, matter, spectrum, axial_coupling).collision_term


def f_w_tilde(q: Any, matter: Matter, spectrum: Spectrum, axial_coupling: float = AXIAL_COUPLING) -> Any:
    """F̃_W [MeV²] of positrons at the energies q (..., n) [MeV], for the spectrum of the antineutrinos."""
    return positrons(q, matter, spectrum, axial_coupling).collision_term


def with_potentials(matter: Matter, mu_n_minus_mu_p: Any) -> Matter:
    """Matter whose F_W is that of Y23 Eq. (13) with n_n - n_p of `matter` and another mu_n - mu_p [MeV], not 0.

    Eq. (13) holds densities and chemical potentials apart. In the form used here it is that of the nucleon densities
    n_p = (n_p - n_n)/(1 - e^{(mu_n-mu_p)/T}), n_n = n_p e^{(mu_n-mu_p)/T}. Nothing changes for mu_n - mu_p = T ln(n_n/n_p).
    """
    difference = mu_n_minus_mu_p / matter.temperature
    xp = namespace(difference, matter.n_p)
    n_p = (matter.n_p - matter.n_n) / -xp.expm1(xp.asarray(difference))
    return matter._replace(n_p=n_p, n_n=n_p * xp.exp(difference), mu_n=matter.mu_p + mu_n_minus_mu_p)


# --- Close to equilibrium: Y23 Eqs. (23), (24) -----------------------------------------------------------------------


def equilibrium_spectrum(matter: Matter) -> FermiDirac:
    """The neutrinos of beta equilibrium, at which F_W = 0; those of F̃_W are at the opposite chemical potential."""
    return FermiDirac(matter.temperature, neutrino_chemical_potential(matter))


def relaxation_rate(q: Any, matter: Matter, axial_coupling: float = AXIAL_COUPLING) -> Any:
    """1/τ_W = K q² [n_p f + n_n (1 - f)] [MeV], of neutrinos towards those of beta equilibrium.

    F_W is linear in f_nu, without approximation: F_W = -(q/τ_W) (f_nu - f_nu,eq). Y23 Eq. (23) prints the sign +, which
    does not follow from its Eq. (13) for τ_W > 0: more neutrinos mean less net capture.
    """
    f = fermi((q - column(matter.mu_e)) / column(matter.temperature))
    return coupling(axial_coupling) * q**2 * (column(matter.n_p) * f + column(matter.n_n) * (1 - f))
