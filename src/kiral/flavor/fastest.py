"""The mode along z of a periodic box that grows fastest in linear theory: its number, frequency and projector. No jax.

S_v, the coherence P^x + i P^y of all particles of one direction times its weight, obeys in linear order (`kiral.flavor.linear`)

    ω S_v = (k v_z - G0 + G1·v) S_v + N_v Σ' (1 - v·v') S_v',        N_v = mu (number of ν_e - ν_x less that of antineutrinos)

whatever it consists of, as long as all turn alike: without vacuum term and collisions, with uniform matter. The left
eigenvector of the matrix takes from any S the amplitude of one mode, which grows as e^{Im ω t} with nothing else in it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kiral.flavor.linear import Beams, beams, matrices, wave_vectors

if TYPE_CHECKING:
    from kiral.flavor.config import Geometry, Model

_SCANNED = 33
"""Modes of the first scan; a growing band is wider than its largest growth rate, and the scan is refined about its best."""
_SMALLEST = 1e-6
"""Growth below this share of Σ |N| is round-off."""


class Fastest(NamedTuple):
    """number: n of k = 2π n/length along z, 0 in a box without extent along z; omega [1/t*]; projector (D,) complex: amplitude
    = |Σ projector S|, 1 for a mode with Σ |S| = Σ |N|/mu."""

    number: int
    omega: complex
    projector: np.ndarray


def fastest_mode(model: Model, geometry: Geometry) -> Fastest | None:
    """The fastest of the modes up to a third of the box's points; None where none grows, or the theory is not for the case."""
    from kiral.flavor.estimates import lepton_number

    if model.vacuum is not None or model.collisions is not None or model.matter_file is not None or model.mu == 0:
        return None
    directions = model.directions()
    number = lepton_number(model) * directions.weight
    if not number.any():
        return None
    velocity = directions.velocity[:, 2:] if directions.axial else directions.velocity
    most = geometry.n[2] // 3 if geometry.n[2] > 1 else 0
    return _found(velocity.tobytes(), number.tobytes(), len(number), model.mu, most, 2 * np.pi / geometry.length[2])


@cache
def _found(velocity: bytes, number: bytes, count: int, mu: float, most: int, unit: float) -> Fastest | None:
    v, number = np.frombuffer(velocity).reshape(count, -1), np.frombuffer(number)
    found = beams(v[:, 0] if v.shape[1] == 1 else v, 1.0, number)
    rates: dict[int, float] = {}

    def rate(n: int) -> float:
        if n not in rates:
            rates[n] = float(np.linalg.eigvals(_matrix(found, n * unit)).imag.max())
        return rates[n]

    best = max((int(n) for n in np.unique(np.linspace(-most, most, _SCANNED).round())), key=rate)
    step = max(1, 2 * most // (_SCANNED - 1) + 1)
    while True:
        best = max((n for n in (best - step, best, best + step) if abs(n) <= most), key=rate)
        if step == 1 and all(rate(best) >= rate(n) for n in (best - 1, best + 1) if abs(n) <= most):
            break
        step = max(1, step // 2)
    if rate(best) <= _SMALLEST * found.scale:
        return None
    omega, right = np.linalg.eig(_matrix(found, best * unit))
    i = int(np.argmax(omega.imag))
    left, r = np.linalg.inv(right)[i], right[:, i]
    return Fastest(best, complex(omega[i]), left * np.sum(np.abs(r)) * mu / np.sum(np.abs(number)))


def _matrix(found: Beams, k: float) -> np.ndarray:
    return matrices(found, wave_vectors(found, k))
