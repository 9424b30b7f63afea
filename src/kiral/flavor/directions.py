"""Sets of directions with their weights, for the solver: beams, axial symmetry, the full sphere. numpy only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from kiral.flavor.distributions import Quadrature, quadrature, sphere


class Directions(NamedTuple):
    """Unit vectors (D, 3), weights (D,), and whether the set stands for an axially symmetric one, only v_z of it given.

    Weights of a continuous set are those of its quadrature and sum to 2; those of beams are 1, a beam's density is its own.
    """

    velocity: np.ndarray
    weight: np.ndarray
    axial: bool


def beams(velocities: ArrayLike) -> Directions:
    """Discrete beams: v_z values (D,), axial, or vectors (D, 3)."""
    given = np.asarray(velocities, float)
    axial = given.ndim == 1
    vectors = np.stack([0 * given, 0 * given, given], axis=1) if axial else given
    return Directions(vectors, np.ones(len(vectors)), axial)


def axial_directions(n: int, kind: Quadrature = "gauss") -> Directions:
    """n values of v_z in [-1, 1]."""
    v, weight = quadrature(kind, n)
    return beams(v)._replace(weight=weight)


def sphere_directions(n_polar: int, n_azimuth: int, kind: Quadrature = "gauss") -> Directions:
    """n_polar values of v_z times n_azimuth azimuths."""
    v, weight = sphere(n_polar, n_azimuth, kind)
    return Directions(v, weight, False)
