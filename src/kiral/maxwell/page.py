"""What the page of a run says about the anomalous Maxwell equations: equations, conventions, estimates beside measurements."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

ESTIMATE_HEADER = ("quantity", "unit", "theory", "measured", "ratio", "how measured")
SOURCE = (
    "Gorbar, Shovkovy, Vilchinskii, Rudenok, Boyarsky, Ruchayskiy, “Anomalous Maxwell equations for inhomogeneous chiral "
    "plasma” (2016), called G16 here, with its errors corrected. Estimates: linear theory of a uniform plasma."
)
CONVENTIONS = (
    "Natural units, ħ = 1, Gaussian fields, c as given. λ = ±1 is the chirality, μ_λ = μ + λ μ5. Densities and energies are "
    "means over the box. Periodic box, Fourier pseudo-spectral, 2/3 rule."
)


def equations(config: Mapping[str, Any]) -> list[str]:
    """One line per equation, from the configuration."""
    model = config["model"]
    second = list(model.get("terms") or ("hall", "magnetization", "electric_relaxation")) if model["order"] == 2 else []
    drude = model.get("current") == "drude"
    current = ["λ e μ_λ B/(4π²c)", "J_λ" if drude else "(σ_λ/e) E_λ"]
    current += ["− e²τ² μ_λ B×E_λ/(6π²)"] if "hall" in second else []
    current += ["∇×(λ e τ μ_λ E/(12π²))"] if "magnetization" in second else []
    current += ["− (σ_λ τ/e) ∂t E"] if "electric_relaxation" in second and not drude else []
    anomaly = "⟨E·B⟩" if model["anomaly"] == "mean" else "E·B"
    lines = [
        "∂t B = −c ∇×E,   ∂t E = c ∇×B − 4π e Σ j_λ",
        f"∂t n_λ = −∇·j_λ + λ e² {anomaly}/(4π²c)",
        f"j_λ = {' + '.join(current).replace('+ −', '−')}",
    ]
    lines += ["τ ∂t J_λ + J_λ = (σ_λ/e) E_λ"] if drude else []
    return [*lines, "E_λ = E − ∇μ_λ/e,   σ_λ = e²τ (3 μ_λ² + π²T²)/(18π²c),   μ_λ (μ_λ² + π²T²) = 6π²c³ n_λ"]


def estimate_rows(run: Any) -> list[Sequence[str]]:
    """Growth rate of the chiral plasma instability where a uniform mu5 lets the box have it; beside what was measured."""
    rows = []
    for name, unit, theory, seen, how in _estimates(run):
        shown = ("–", "–") if seen is None else (f"{seen:.6g}", f"{seen / theory:.6g}")
        rows.append((name, unit, f"{theory:.6g}", *shown, how))
    return rows


def _estimates(run: Any) -> list[tuple[str, str, float, float | None, str]]:
    from kiral.maxwell.estimates import expectations

    found = expectations(run.config)
    rows = []
    if found.growth is not None:
        rate, how = measured_growth(run)
        rows.append(("growth rate of the field", "1/time", found.growth, rate, how))
    if found.saturation is not None:
        last = run.series["mu5_mean"]
        seen = float(last[-1]) if last.size else None
        rows.append(("mu5 where the longest wave of the box stops growing", "energy", found.saturation, seen, "last ⟨mu5⟩"))
    return rows


def measured_growth(run: Any) -> tuple[float | None, str]:
    """(rate, how it was measured): largest d ln B_rms/dt over a fifth of the rows in which the field grows."""
    t, b = np.asarray(run.series["t"], float), np.asarray(run.series["b_fluctuation"], float)
    good = b > 0
    t, log_b = t[good], np.log(b[good])
    if t.size < 10:
        return None, "too few rows"
    width = max(3, t.size // 5)
    rates = [np.polyfit(t[i : i + width], log_b[i : i + width], 1)[0] for i in range(t.size - width + 1)]
    best = int(np.argmax(rates))
    if rates[best] <= 0:
        return None, "the field does not grow"
    return float(rates[best]), f"slope of ln B_rms (background left out), t = {t[best]:.4g} to {t[best + width - 1]:.4g}"


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know."""
    model, found = run.config["model"], []
    if model["electric_field_off"]:
        found.append("The electric field is held at zero, which contradicts Gauss's law wherever there is charge.")
    if model["anomaly"] == "mean":
        found.append("Densities are uniform here: the anomaly is averaged over the box.")
    if math.hypot(*run.config["initial"]["background_field"]) and model["limit"] == "none":
        found.append("Helicity with a background field: ⟨A·b⟩ + 2⟨A⟩·B0, the mean of A counted from the start of the run.")
    return found
