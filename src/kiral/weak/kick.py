"""Recoil of a star from the energy current along its magnetic field (Yamamoto & Yang 2023, Eq. 31).

The momentum density of the electrons is T^i0 = κ_tot e B^i; the star takes the opposite one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiral.constants import SPEED_OF_LIGHT_CM_S
from kiral.core.arrays import check
from kiral.errors import ConfigError
from kiral.units import GRAM_MEV, charge_times_field_mev2, g_per_cm3_to_mev4, inverse_mev_to_cm
from kiral.weak.composition import NUCLEON_MASS_MEV

CORE_DENSITY_G_CM3 = NUCLEON_MASS_MEV / GRAM_MEV * 0.1e39
"""Density of the core in Eq. (31): 0.1 nucleons of 940 MeV per fm³ [g/cm³]."""

Field = float | Callable[[Any, Any], Any]


def kick_velocity(kappa_b_total: Any, field_gauss: Any, density: Any = CORE_DENSITY_G_CM3) -> Any:
    """Speed [km/s] by Eq. (31), |κ_tot e B|/ρ, of κ_tot [MeV²], B [G] and ρ [g/cm³].

    Eq. (31) divides the momentum density of the gain region by the density of the core, as if the current flowed in a volume
    as large as the core; `kick_of_star` integrates over the volume in which it flows.
    """
    return abs(kappa_b_total * charge_times_field_mev2(field_gauss)) / g_per_cm3_to_mev4(density) * SPEED_OF_LIGHT_CM_S / 1e5


def kick_of_star(
    radius: Sequence[float] | NDArray, kappa_b_total: Sequence[float] | NDArray, field: Field, mass_g: float
) -> float:
    """Velocity [km/s] of a star of mass M [g] along z, -∫ κ_tot(r) e B_z dV/(M c), signed.

    radius: (n,) increasing [cm]; kappa_b_total: (n,) [MeV²], linear in between, 0 outside. field: uniform along z [G], or a
    function (r [cm], cos θ) → B_z [G] of arrays. The average over angles of B_z of a dipole vanishes outside its sources.
    """
    r, kappa = np.asarray(radius, dtype=float), np.asarray(kappa_b_total, dtype=float)
    if r.ndim != 1 or r.shape != kappa.shape or r.size < 2 or np.any(np.diff(r) <= 0):
        raise ConfigError("kick: radius and kappa_b_total must have the same length, at least 2, and radius must increase")
    check("kick.radius", r, least=0)
    check("kick.mass", mass_g, above=0)
    x, w = np.polynomial.legendre.leggauss(16)
    half = np.diff(r)[:, None] / 2
    points = r[:-1, None] + half * (1 + x)
    mean = _mean_over_angles(field, points)
    shell = half * w * 4 * math.pi * points**2 * np.interp(points, r, kappa) * charge_times_field_mev2(mean)
    momentum_mev = float(shell.sum()) / inverse_mev_to_cm(1.0) ** 3
    return -momentum_mev / (mass_g * GRAM_MEV) * SPEED_OF_LIGHT_CM_S / 1e5


def _mean_over_angles(field: Field, r: np.ndarray) -> np.ndarray:
    """B_z [G] averaged over the sphere of radius r."""
    if not callable(field):
        return np.full(r.shape, float(field))
    cosine, weight = np.polynomial.legendre.leggauss(32)
    values = np.broadcast_to(np.asarray(field(r[..., None], cosine), dtype=float), (*r.shape, cosine.size))
    return values @ weight / 2


def dipole(field_gauss: float, surface_cm: float) -> Callable[[Any, Any], Any]:
    """B_z(r, cos θ) [G] of a sphere with a uniform field inside `surface_cm` and that of a dipole outside."""

    def b_z(r: Any, cosine: Any) -> Any:
        outside = field_gauss / 2 * (surface_cm / np.maximum(r, surface_cm)) ** 3 * (3 * cosine**2 - 1)
        return np.where(r < surface_cm, field_gauss, outside)

    return b_z
