"""What the page of a run says about flavor kinetics: the equations, conventions, growth rates beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

ESTIMATE_HEADER = ("quantity", "unit", "linear theory", "measured", "ratio", "how measured")
SOURCE = (
    "Fiorillo, Raffelt, Sigl, “Inhomogeneous Kinetic Equation for Mixed Neutrinos: Tracing the Missing Energy” (2024), "
    "called F24 here. Growth rates: eigenvalues of the linearised equation for the directions of the run."
)
CONVENTIONS = (
    "c = 1; lengths in l*, times in t* = l*/c, densities in n*; √2 G_F n* = mu/t*. ρ = (Tr ρ + P·λ)/2; antineutrinos as ρ̄*. "
    "Periodic box, exact advection along rays by Fourier phases."
)
_LINEAR, _FOLDS = 0.03, 2.0
"""Coherence below which growth is taken as linear, and over how many e-folds below it is measured."""


def equations(config: Mapping[str, Any]) -> list[str]:
    """One line per equation, from the configuration."""
    model = config["model"]
    terms = ["vacuum"] if model.get("vacuum") else []
    terms += ["λ(x) |e⟩⟨e|"] if model.get("matter") else []
    terms += ["mu ∫ dv' (1 − v·v') (ρ' − ρ̄'*)"] if model.get("mu") else []
    collisions = " + {Γ, ρ_eq − ρ}" if model.get("collisions") else ""
    return [
        f"∂t ρ + v·∇ρ = −i [H, ρ]{collisions}",
        f"H = {' + '.join(terms) or '0'}",
        "U_osc = (mu/4) ∫ ΣΣ' (1 − v·v') P·P'        (F24, Eq. 5)",
        "dK/dt = (mu/2) ∫ ΣΣ' (1 − v·v') P'·(v·∇) P   (F24, Eqs. 21, 22)",
    ]


def estimate_rows(run: Any) -> list[Sequence[str]]:
    """Cells of the growth rate: linear theory, and the slope of ln(coherence) before it is no longer small."""
    from kiral.flavor.estimates import fast_growth
    from kiral.flavor.outcome import MODELS

    found = fast_growth(MODELS[run.config["model"]["kind"]](**run.config["model"]))
    if found is None:
        return []
    rate, how = measured_growth(run)
    ratio = "–" if rate is None else f"{rate / found[1]:.4g}"
    shown = "–" if rate is None else f"{rate:.6g}"
    return [("growth rate of the fastest mode along z", "1/t*", f"{found[1]:.6g}", shown, ratio, how)]


def measured_growth(run: Any) -> tuple[float | None, str]:
    """(rate, how it was measured): the slope over the last e-folds in which the coherence is small; None without them."""
    series = run.series
    if "coherence" not in series:
        return None, "coherence is not stored"
    t, size = np.asarray(series["t"], float), np.asarray(series["coherence"], float)
    end = int(np.argmax(size > _LINEAR)) if np.any(size > _LINEAR) else size.size
    window = np.flatnonzero((size[:end] > _LINEAR * np.exp(-_FOLDS)) & (size[:end] > 0))
    if window.size < 3:
        return None, "no linear phase with three stored rows"
    slope = np.polyfit(t[window], np.log(size[window]), 1)[0]
    return float(slope), f"slope of ln(rms coherence), t = {t[window[0]]:.4g} to {t[window[-1]]:.4g}: all modes together"


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know."""
    tail = run.series.get("spectral_tail")
    if tail is None or not tail.size or float(np.max(tail)) <= 1e-4:
        return []
    return ["Structure reached the finest third of the modes: means over the box are usually good, details are not."]
