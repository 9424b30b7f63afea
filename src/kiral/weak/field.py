"""The largest field that the chirality behind ξ can make, and whether it has the time: the honest end of the argument.

Natural units, Heaviside–Lorentz. A conductivity ξ acts like mu5 = πξ/(2α). The field that it grows makes, by the anomaly,
chirality of the other sign, n5 + (α/π) h = const with h the magnetic helicity, and growth ends where that n5 has cancelled
ξ: |h| ≤ (π/α) n5(mu5). A fully helical field at the wave number k then has B² = |h| k. Any loss (resistive decay, flips)
leaves less.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kiral.constants import FINE_STRUCTURE
from kiral.weak.composition import Matter
from kiral.weak.scales import InstabilityScales, field_of_helicity, instability_scales, pair_plasma_conductivity


class GrownField(NamedTuple):
    """What a conductivity ξ can grow at most."""

    scales: InstabilityScales
    helicity: Any  # largest |h| [MeV³]
    field: Any  # B at the fastest mode with all of that helicity [G]
    field_at_length: Any  # the same helicity at the length asked for [G]


def axial_density(mu5: Any, matter: Matter) -> Any:
    """n_R - n_L = mu5 (T²/3 + mu²/π²) + mu5³/(3π²) [MeV³] of ultrarelativistic pairs at mu ± mu5 [MeV]."""
    return mu5 * (matter.temperature**2 / 3 + matter.mu_e**2 / math.pi**2) + mu5**3 / (3 * math.pi**2)


def largest_helicity(xi_mev: Any, matter: Matter) -> Any:
    """|h| ≤ (π/α) n5 [MeV³] of a conductivity ξ [MeV], n5 at mu5 = πξ/(2α)."""
    mu5 = math.pi * abs(xi_mev) / (2 * FINE_STRUCTURE)
    return math.pi / FINE_STRUCTURE * axial_density(mu5, matter)


def grown_field(xi_mev: Any, matter: Matter, length_cm: float) -> GrownField:
    """Scales of growth, and the field at the fastest mode and at the wavelength `length_cm` if all helicity is made."""
    scales = instability_scales(xi_mev, pair_plasma_conductivity(matter.temperature))
    helicity = largest_helicity(xi_mev, matter)
    at_length = field_of_helicity(helicity, 2 * math.pi / length_cm)
    return GrownField(scales, helicity, field_of_helicity(helicity, scales.wave_number), at_length)


def feedback_mev(matter: Matter) -> float:
    """λ [1/MeV²] of chiral MHD: ∂t k5 = λ E·B with k5 = (2α/π) mu5 and small mu5; 12 α²/(π² T²) at mu_e = 0 (G25 Eq. 10)."""
    susceptibility = float(axial_density(1e-6, matter)) / 1e-6
    return (2 * FINE_STRUCTURE / math.pi) ** 2 / susceptibility
