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
_LINEAR = 0.01
"""Rms coherence below which growth is taken as linear; its square is the error."""


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
    """Cells of growth rates: the fastest mode of the box against its own root, and the largest root of all k along z."""
    from kiral.flavor.config import Geometry
    from kiral.flavor.estimates import fast_growth
    from kiral.flavor.fastest import fastest_mode
    from kiral.flavor.outcome import MODELS

    model, geometry = MODELS[run.config["model"]["kind"]](**run.config["model"]), Geometry(**run.config["geometry"])
    if (found := fastest_mode(model, geometry)) is None:
        return []
    measured, how = measured_growth(run)
    shown, ratio = ("–", "–") if measured is None else (f"{measured:.6g}", f"{measured / found.omega.imag:.6f}")
    k = 2 * np.pi / geometry.length[2] * found.number
    name = f"growth rate of the box's fastest mode along z, k = {k:.4g}"
    rows = [(name, "1/t*", f"{found.omega.imag:.6g}", shown, ratio, how)]
    if geometry.n[2] > 1 and (any_k := fast_growth(model)) is not None:
        name = f"largest growth rate at any k along z, k = {any_k[0]:.4g}"
        rows.append((name, "1/t*", f"{any_k[1]:.6g}", "–", "–", "–"))
    return rows


def measured_growth(run: Any) -> tuple[float | None, str]:
    """(rate, how it was measured): the slope of ln(amplitude of the mode) while all coherence is small; None without rows."""
    series = run.series
    if "fastest_mode" not in series or "coherence" not in series:
        return None, "amplitude of the mode is not stored"
    t, size, rms = (np.asarray(series[name], float) for name in ("t", "fastest_mode", "coherence"))
    end = int(np.argmax(rms > _LINEAR)) if np.any(rms > _LINEAR) else rms.size
    window = np.flatnonzero(size[:end] > 0)
    if window.size < 3:
        return None, f"fewer than three stored rows with rms coherence < {_LINEAR:g}"
    slope = np.polyfit(t[window], np.log(size[window]), 1)[0]
    return float(slope), f"slope of ln(amplitude of this mode), t = {t[window[0]]:.4g} to {t[window[-1]]:.4g}"


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know."""
    tail = run.series.get("spectral_tail")
    if tail is None or not tail.size or float(np.max(tail)) <= 1e-4:
        return []
    return ["Structure reached the finest third of the modes: means over the box are usually good, details are not."]
