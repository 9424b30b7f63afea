"""What the values and figures of Y23 share: its inputs, matter, spectrum, and the currents that follow."""

from __future__ import annotations

import math
import warnings
from functools import cache
from typing import Any

import numpy as np

from kiral.constants import FINE_STRUCTURE
from kiral.units import seconds_to_inverse_mev
from kiral.weak import EffectiveCME, LinearAnswerWarning, PinchedSpectrum, effective_cme
from kiral.weak.composition import Matter, composition
from kiral.weak.currents import Currents, currents
from kiral.weak.effective import Zone
from kiral.weak.scales import flipping_rate

KEY = "yamamotoyang2023"
INPUTS = {"density": 1e10, "temperature": 8.6, "electron_fraction": 0.4}
"""Density [g/cm³], temperature [MeV], electrons per nucleon as printed."""
TEMPERATURE = 8.6
TIME = 0.1
"""x0 [s]."""
SPECTRUM = PinchedSpectrum(alpha=2.65, mean_energy=13.05)
MU_E, MU_N_MINUS_MU_P = 0.79, 3.0
"""As printed [MeV]."""
XI_TOTAL, KAPPA_TOTAL, FIELD = 0.5, 780.0, 1e16
"""Printed size of xi_B,tot [MeV], kappa_B,tot [MeV²], and the field of the instability [G]."""
ENERGIES = np.linspace(0.5, 120.0, 240)
"""Energies [MeV] at which statements about all energies are tried: to 14 T."""
FLIPS = flipping_rate(TEMPERATURE)
"""alpha m_e²/T [1/s]."""


def answer(**changes: Any) -> EffectiveCME:
    """`effective_cme` for the printed inputs with the changes given; its warning is what claims are about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinearAnswerWarning)
        return effective_cme(**{**INPUTS, "spectrum": SPECTRUM, "time": TIME, **changes})


@cache
def printed_form() -> EffectiveCME:
    """The answer with kappa as Eqs. (29, 30) print it."""
    return answer(energy_current="printed")


@cache
def matter() -> Matter:
    """The matter of the printed inputs."""
    return composition(**INPUTS)


def zone(of: Matter | None = None) -> Zone:
    """The matter, or another one, under the printed neutrinos."""
    return Zone(of or matter(), SPECTRUM, SPECTRUM)


def linear_currents(of: Matter, energy_current: str = "printed", time: float = TIME) -> Currents:
    """The currents (27)–(30) in a matter whose chemical potentials may be put in by hand."""
    here = zone(of)
    mesh = here.mesh()
    changes = [channel.drive * seconds_to_inverse_mev(time) for channel in here.channels(mesh.q)]
    return currents(mesh, *changes, energy_current)[0]


def number_of_left_handed() -> float:
    """Thermal left-handed electrons, ∫ q² f dq/2π² [MeV³]."""
    here = zone()
    mesh = here.mesh()
    return float(mesh.integral(mesh.q**2 * here.channels(mesh.q)[0].thermal)[0]) / (2 * math.pi**2)


def collision_time() -> float:
    """1/(α² T) [1/MeV]: order of the time between electromagnetic collisions of a hot plasma."""
    return 1 / (FINE_STRUCTURE**2 * TEMPERATURE)

