"""What linear theory and the exact solutions expect of a case, before anything runs. No jax."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kiral.flavor import config as cfg
from kiral.flavor.resolved_config import Record

if TYPE_CHECKING:
    from kiral.config.run import FlavorRun


def scenario(config: FlavorRun) -> dict[str, Any]:
    """Records for `kiral estimate`: fast growth, or oscillations in vacuum and matter; what does not apply is left out."""
    records = [*_fast(config), *_oscillations(config)]
    return {"records": records, "flat": {r.name: r.value for r in records}, "validity": [], "table1": []}


def lepton_number(model: cfg.Model) -> np.ndarray:
    """mu G(v) (D,): ρ_ee - ρ_xx of neutrinos less that of antineutrinos, per dv or of a beam [1/t*]."""
    density = model.densities()
    return model.mu * (density[0, :, 0] - density[0, :, 1] - density[1, :, 0] + density[1, :, 1])


def fast_growth(model: cfg.Model) -> tuple[float, float] | None:
    """(k, γ) of the fast mode along z that grows most, from the run's own directions; None where all are stable.

    Without vacuum term, and not for what collisions alone make grow.
    """
    from kiral.flavor.stability import most_unstable

    directions, number = model.directions(), lepton_number(model)
    if model.vacuum is not None or not number.any():
        return None
    velocity = directions.velocity[:, 2] if directions.axial else directions.velocity
    k, omega = most_unstable(velocity, directions.weight, number)
    return None if math.isnan(k) else (float(k), float(omega.imag))


def _fast(config: FlavorRun) -> list[Record]:
    found = fast_growth(config.model)
    if found is None:
        return []
    k, rate = found
    source = "eigenvalues of the linearised equation"
    return [
        Record("fast_k", "fastest growing wave number along z", k, "1/l*", None, "", source),
        Record("fast_growth", "its growth rate", rate, "1/t*", None, "", source),
    ]


def survival_in_matter(levels: tuple[float, float], theta: float, matter: float, t: np.ndarray) -> np.ndarray:
    """P(ν_e → ν_e) = 1 - sin²2θ_m sin²(ω_m t/2), two flavors; levels: m²/2E [1/t*]; antineutrinos: -matter."""
    omega = levels[1] - levels[0]
    along, across = matter - omega * math.cos(2 * theta), omega * math.sin(2 * theta)
    size = math.hypot(along, across)
    return 1 - (across / size) ** 2 * np.sin(size * np.asarray(t) / 2) ** 2


def _oscillations(config: FlavorRun) -> list[Record]:
    vacuum = config.model.vacuum
    if vacuum is None or vacuum.levels is None or len(vacuum.angles) != 1 or config.model.mu != 0:
        return []
    omega, theta = vacuum.levels[1] - vacuum.levels[0], vacuum.angles[0]
    size = math.hypot(config.model.matter - omega * math.cos(2 * theta), omega * math.sin(2 * theta))
    if size == 0:
        return []
    equation = "sin 2θ_m = ω sin 2θ / ω_m"
    depth = (omega * math.sin(2 * theta) / size) ** 2
    return [
        Record("matter_mixing", "largest conversion of nu_e at energy 1", depth, "1", None, "", equation),
        Record("matter_period", "its period", 2 * math.pi / size, "t*", None, "", equation),
    ]
