"""Neutrinos and antineutrinos of several energies as modes of linear stability, and the rates that enter it in 1/s."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from kiral import constants as const
from kiral.errors import ConfigError
from kiral.flavor.angular import AngularDistribution
from kiral.flavor.continuum import Continuum

Order = Literal["normal", "inverted"]


def vacuum_frequency(energy_mev: Any, mass_splitting_ev2: float, mixing_angle: float, order: Order) -> Any:
    """H_ee - H_xx of neutrinos in vacuum, ∓ Δm² cos 2θ/(2 E ħ) [1/s]; antineutrinos have its negative.

    mass_splitting_ev2 > 0. In normal order the e-like state (θ < π/4) is the light one: negative. ConfigError: order.
    """
    if order not in ("normal", "inverted"):
        raise ConfigError(f"order: {order!r} given; allowed: normal, inverted")
    size = mass_splitting_ev2 * math.cos(2 * mixing_angle) / (2e6 * const.HBAR_EV_S)
    return (-size if order == "normal" else size) / np.asarray(energy_mev, dtype=float)


def interaction_rate(density_cm3: float) -> float:
    """√2 G_F n/ħ [1/s] of a number density [1/cm³]: the unit of rates in which √2 G_F n = 1."""
    return math.sqrt(2) * const.FERMI_GEV_2 * 1e-18 * const.HBAR_C_EV_CM**3 * density_cm3 / const.HBAR_EV_S


def energy_modes(
    velocities: Any,
    weights: Any,
    lepton_number: Any,
    lepton_number_bar: Any,
    *,
    vacuum: Any = 0.0,
    damping: Any = 0.0,
    damping_bar: Any = 0.0,
) -> dict[str, Any]:
    """Arguments for `kiral.flavor.dispersion` of energy bins: `dispersion(**energy_modes(…), k=…)`.

    Args: velocities (N,) or (N, 3), weights (N,); lepton_number, lepton_number_bar (E, N): ρ_ee - ρ_xx per dv of neutrinos
        and of antineutrinos in each bin, both counted positive; vacuum, damping, damping_bar (E,): of the bins; vacuum that
        of neutrinos. Modes come by species, energy, direction: 2 E N of them.
    """
    v, w = np.asarray(velocities, dtype=float), np.asarray(weights, dtype=float)
    g, g_bar = np.atleast_2d(lepton_number), np.atleast_2d(lepton_number_bar)
    if g.shape != g_bar.shape or g.shape[1] != w.size:
        raise ConfigError(f"lepton_number: shapes {g.shape}, {g_bar.shape} given; allowed: (energies, {w.size}) for both")
    bins, directions = g.shape
    tau, gamma, gamma_bar = (np.broadcast_to(np.asarray(a, dtype=float), bins) for a in (vacuum, damping, damping_bar))
    return {
        "velocities": np.concatenate([v] * (2 * bins)),
        "weights": np.tile(w, 2 * bins),
        "lepton_number": np.concatenate([g.ravel(), -g_bar.ravel()]),
        "vacuum": np.repeat(np.concatenate([tau, -tau]), directions),
        "damping": np.repeat(np.concatenate([gamma, gamma_bar]), directions),
    }


def energy_continuum(
    distribution: AngularDistribution,
    distribution_bar: AngularDistribution,
    *,
    shares: Any = (1.0,),
    shares_bar: Any = (1.0,),
    vacuum: Any = 0.0,
    matter: float = 0.0,
    damping: float = 0.0,
    damping_bar: float = 0.0,
) -> Continuum:
    """Continuous angles with energy bins: bin i holds the share shares[i] of the distribution and has vacuum[i].

    Args: distribution, distribution_bar: ρ_ee - ρ_xx per dv of neutrinos and of antineutrinos, both counted positive;
    the rest as for `energy_modes`.
    """
    share, share_bar = np.asarray(shares, dtype=float), np.asarray(shares_bar, dtype=float)
    tau = np.broadcast_to(np.asarray(vacuum, dtype=float), share.shape)
    parts, detuning = [], []
    for fraction, fraction_bar, rate in zip(share, share_bar, tau, strict=True):
        parts += [distribution.scaled(fraction), distribution_bar.scaled(-fraction_bar)]
        detuning += [-(rate + matter) - 1j * damping, -(-rate + matter) - 1j * damping_bar]
    present = [i for i, part in enumerate(parts) if part.magnitude > 0]
    return Continuum(tuple(parts[i] for i in present), tuple(complex(detuning[i]) for i in present))
