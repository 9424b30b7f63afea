"""Flavor kinetics of mixed neutrinos: evolution of density matrices, their energy, and their linear stability."""

from kiral.flavor.angular import AngularDistribution
from kiral.flavor.continuum import Continuum, spatial_modes, unstable_modes
from kiral.flavor.linear import (
    collisional_eigenvalues,
    dispersion,
    pair_lepton_numbers,
    polarization_tensor,
    spatial_branches,
)
from kiral.flavor.stability import continuous_growth_bands, continuous_most_unstable, growth_bands, most_unstable

__all__ = [
    "AngularDistribution",
    "Continuum",
    "collisional_eigenvalues",
    "continuous_growth_bands",
    "continuous_most_unstable",
    "dispersion",
    "growth_bands",
    "most_unstable",
    "pair_lepton_numbers",
    "polarization_tensor",
    "spatial_branches",
    "spatial_modes",
    "unstable_modes",
]
