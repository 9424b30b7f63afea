"""Nuclei of the crust: Z and A of the nuclei, electrons and ions per volume, from densities. Sources: composition.toml.

Inner crust: A_cell baryons per cell of the lattice, of which A are in the nucleus; the others are free neutrons. Close to
the core the fits' nuclei dissolve (A → 0): there A is kept >= 60 and x_nuc <= 0.62, while n_i = n_b/A_cell stays exact.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FM3_CM3 = 1e39  # 1 fm⁻³ in cm⁻³
LEAST_A, LARGEST_NUCLEUS = 60.0, 0.62
NUCLEAR_RADIUS_FM = 1.15
"""r = 1.15 fm A^(1/3), of nuclei in the outer crust; meets the inner fit at the drip point within 3 %."""


class Composition(NamedTuple):
    """Of the crust at given densities, all of their shape.

    charge_number Z; mass_number A, baryons in the nucleus; cell_mass_number A_cell, baryons per nucleus with free neutrons;
    electron_density, ion_density [cm⁻³]; nuclear_size x_nuc, radius of the nucleus over that of the cell.
    """

    charge_number: NDArray
    mass_number: NDArray
    cell_mass_number: NDArray
    electron_density: NDArray
    ion_density: NDArray
    nuclear_size: NDArray


def crust_composition(drip: float, crust_core: float) -> tuple[Callable[[NDArray, NDArray], Composition], str]:
    """(function of ρ [g cm⁻³] and n_b [fm⁻³], source) of the crust with these boundaries [fm⁻³]."""

    def composed(density: NDArray, baryon_density: NDArray) -> Composition:
        rho, n = np.broadcast_arrays(np.asarray(density, float), np.asarray(baryon_density, float))
        outer, inner = outer_crust(rho, n), inner_crust(np.clip(n, drip, crust_core))
        below = n < drip
        return Composition(*(np.where(below, a, b) for a, b in zip(outer, inner, strict=True)))

    return composed, _data()["source"]


def outer_crust(density: NDArray, baryon_density: NDArray) -> Composition:
    """Nuclides in steps of the density [g cm⁻³], all baryons in nuclei; n_b [fm⁻³]. Valid below neutron drip."""
    rows = np.asarray(_data()["outer"], float)
    chosen = rows[np.searchsorted(rows[:-1, 0], density)]
    z, a = chosen[..., 1], chosen[..., 2]
    ions = baryon_density / a
    cell_radius = (3 / (4 * np.pi * ions)) ** (1 / 3)
    return _composition(z, a, a, ions, NUCLEAR_RADIUS_FM * a ** (1 / 3) / cell_radius)


def inner_crust(baryon_density: NDArray) -> Composition:
    """Fits over n_b [fm⁻³], from neutron drip to the core; Z = 40 per cell."""
    n = np.asarray(baryon_density, float)
    x, d = n / 2.57541e-4, n / 0.0809
    lg = np.log10(x)
    cell = (132.6 + 187.6 * lg + 229.2 * lg**2) / (1 + (0.5202 * lg) ** 4)
    cell = cell * (1 + 0.00637 * x) * (1 - (0.00151 * x) ** 2)
    positive = np.maximum(lg, 0.0)
    neutrons = (92.3 + 13.80 * lg + (1.625 * positive) ** 3.5) / (1 + (0.3874 * positive) ** 13.8) * (1 - d**10.8)
    protons = 40 * np.exp(-(d**27)) * (1 - d**17)
    size = (0.1045 + 2.09 * n**0.586) / (1 - 513 * n**3)
    a = np.maximum(protons + neutrons, LEAST_A)
    return _composition(np.full_like(n, 40.0), a, cell, n / cell, np.minimum(np.where(size > 0, size, 1.0), LARGEST_NUCLEUS))


def _composition(z: Any, a: Any, cell: Any, ions_fm3: Any, size: Any) -> Composition:
    return Composition(z, a, cell, z * ions_fm3 * FM3_CM3, ions_fm3 * FM3_CM3, size)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("kiral.crust").joinpath("composition.toml").read_text(encoding="utf-8"))
