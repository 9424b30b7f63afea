"""The chiral magnetic wave of a case in closed form, to be laid over what its run has stored. No jax, no files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kiral.mhd.solutions import chiral_magnetic_wave_rates

_WAVE = ("wave_number", "direction")


def wave_amplitudes(config: Mapping[str, Any], t: Any) -> np.ndarray | None:
    """Complex amplitudes (2, n) of mu5 and mu at times t for a case that starts with one wave of both; else None.

    A field f(x) = Re(amplitude e^{i k·x}), so that its rms is |amplitude|/√2. Exact as long as the wave is weak, for a medium
    at rest; with flow too where k is along the uniform field, since nothing then moves. Needs coefficients that are
    constant, no uniform mu5 or mu, and no source.
    """
    model, initial = config["model"], config["initial"]
    starts = [initial["mu5"], initial.get("mu", 0.0)]
    waves = [value for value in starts if isinstance(value, Mapping)]
    field = np.asarray(model.get("background_field") or (0.0, 0.0, 0.0), dtype=float)
    if not _applies(model, initial, starts, field):
        return None
    lengths = config["geometry"]["k_min"] or [2 * np.pi / length for length in config["geometry"]["length"]]
    vector = waves[0]["wave_number"] * np.asarray(waves[0]["direction"]) * np.asarray(lengths, dtype=float)
    k, b0 = float(np.linalg.norm(vector)), float(np.linalg.norm(field))
    along = float(vector @ field) / b0
    if model["flow"] != "none" and abs(abs(along) - k) > 1e-12 * k:
        return None  # the wave bends the field lines, and the fluid answers
    rates, modes = chiral_magnetic_wave_rates(
        k,
        along,
        b0,
        model["charge"]["separation"],
        model["charge"]["magnetic"],
        damping_mu5=model["chiral_diffusivity"] * k**2 + model["flipping_rate"],
        damping_mu=model["charge"]["diffusivity"] * k**2,
        eta=model["magnetic_diffusivity"],
        lam=model["chiral_feedback"],
    )
    amplitudes = [value["amplitude"] if isinstance(value, Mapping) else 0.0 for value in starts]
    weights = np.linalg.solve(modes, np.array([*amplitudes, 0.0], complex))
    elapsed = np.asarray(t, dtype=float) - config["time"]["t_start"]
    return (modes[:2] * weights) @ np.exp(rates[:, None] * elapsed)


def _applies(model: Mapping[str, Any], initial: Mapping[str, Any], starts: list[Any], field: np.ndarray) -> bool:
    """Is it one wave in a uniform field and nothing else?"""
    waves = [value for value in starts if isinstance(value, Mapping)]
    uniform = [value["mean"] if isinstance(value, Mapping) else value for value in starts]
    varies = any(isinstance(model[name], Mapping) for name in ("magnetic_diffusivity", "flipping_rate", "xi"))
    if not model.get("charge") or not field.any() or not waves or varies or model["xi"] or model["source"]["kind"] != "none":
        return False
    if any(uniform) or initial.get("amplitude", initial.get("b_rms")) != 0:
        return False
    return all(wave["kind"] == "wave" and all(wave[key] == waves[0][key] for key in _WAVE) for wave in waves)
