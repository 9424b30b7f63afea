"""Figures and page of a run of kind "crust_linear", from its run folder only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kiral.crust.linear_figures import DEGREE, RADIUS, TIME, curve_of, energies_and_field
from kiral.report import style
from kiral.report.style import BLACK, Curve, Drawing, Panel

ESTIMATE_HEADER = ("quantity", "unit", "bound", "measured", "how measured")
SOURCE = (
    "Dehman, Pons, “On the origin of magnetar fields: chiral magnetic instability in neutron star crusts” (2024), called D24 "
    "here. The bound is that of the local growth of Beltrami waves, with coefficients stored in the run."
)
CONVENTIONS = (
    "Years, km, G. B = L f/r² Y r̂ + f_ℓ/r ∇Y + g/r ∇Y × r̂, L = l(l+1), Y orthonormal, d/dℓ = e^-λ d/dr, N = e^ν. Perfect "
    "conductor inside (f = 0, E tangential 0), potential field outside. Energies as seen from infinity; degrees do not mix."
)


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures that the run has data for."""
    for drawing in (energies(run), degrees(run), functions(run)):
        if drawing is not None:
            yield drawing


def overview(run: Any) -> Drawing | None:
    """Energies, field and growth on one sheet."""
    panels = _series_panels(run)
    return style.draw("overview", "Overview", "", panels, columns=3) if panels else None


def energies(run: Any) -> Drawing | None:
    """Energies, mean field and surface dipole, growth rate in time."""
    panels = _series_panels(run)
    caption = "Energy of the crust's field by kind, its mean and what of it shows at the surface, and the energy's growth rate."
    return style.draw("energies", "Amplification", caption, panels, columns=3) if panels else None


def _series_panels(run: Any) -> tuple[Panel, ...]:
    panels = energies_and_field(run, TIME, "energy  [erg]", "magnetic field  [G]", decades=12)
    if not panels:
        return ()
    rate = (curve_of(run, "growth_rate", "", BLACK),)
    return (*panels, Panel(TIME, "growth rate of the energy  [1/yr]", rate, "growth", x_scale="linear", y_scale="linear"))


def degrees(run: Any) -> Drawing | None:
    """Energies by degree at the stored times; None for a single degree."""
    data = run.spectra
    if data is None or data.sizes.get("t", 0) < 1 or data.sizes.get("l", 1) < 2:
        return None
    l = np.asarray(data["l"], float)
    panels = tuple(
        Panel(
            DEGREE, "energy  [erg]",
            tuple(Curve("", l, np.asarray(data[f"energy_{kind}_l"][i], float), value=float(t)) for i, t in
            enumerate(data["t"])), kind, color_label=TIME, decades=12,
        )
        for kind in ("poloidal", "toroidal")
    )  # fmt: skip
    caption = "Energy of every degree in the crust. Each grows by itself, nearly alike: the seed's largest stays the largest."
    return style.draw("degrees", "Energy by degree", caption, panels, columns=2)


def functions(run: Any) -> Drawing | None:
    """Poloidal and toroidal function of the first degree at the last stored time."""
    data = run.snapshots
    if data is None or data.sizes.get("t", 0) < 1:
        return None
    r, times = np.asarray(data["r"], float), np.asarray(data["t"], float)
    panels = []
    for name, label in (("f", r"$f$ over its largest value  [1]"), ("g", r"$g$ over its largest value  [1]")):
        rows = np.asarray(data[name], float)[:, 0]
        top = np.abs(rows).max(axis=1, keepdims=True)
        scaled = np.divide(rows, top, out=np.zeros_like(rows), where=top > 0)
        curves = tuple(Curve("", r, row, value=float(t), width=1.0) for row, t in zip(scaled, times, strict=True))
        title = {"f": "poloidal", "g": "toroidal"}[name]
        panels.append(Panel(RADIUS, label, curves, title, x_scale="linear", y_scale="linear", color_label=TIME))
    caption = f"Functions of degree {int(data['l'][0])}; the tangential fields are f_ℓ/r and g/r."
    return style.draw("functions", "Where the field grows", caption, tuple(panels), columns=2)


# --- the page --------------------------------------------------------------------------------------------------------


def equations(config: Mapping[str, Any]) -> Sequence[str]:
    """What was solved."""
    model = config["model"]
    gr = model["gr"]
    lines = [
        "∂t B = −∇×[η (∇×(N B) − k5 N B)]" if gr else "∂t B = −∇×[η (∇×B − k5 B)]",
        "k5 = 2α mu5/(πħc),   mu5 = (mu_e/3) Γw (1 − exp(−δμ/kT))/Γf,   |k5| ≤ " + f"{model['k5_max']:g}/km",
    ]
    return (*lines, f"δμ/kT = {model['delta_mu']:g}; no Hall term, no feedback on k5")


def estimate_rows(run: Any) -> list[Sequence[str]]:
    """Growth at the end of the run beside its bound."""
    data = run.series
    if data.sizes.get("t", 0) < 2:
        return []
    bound = float(np.asarray(data["rate_growth"], float)[-1]) if "rate_growth" in data else None
    crossing = _crossing(np.asarray(data["t"], float), np.asarray(data["b_mean"], float), 1e15)
    rows = (
        ("growth rate of the field", "1/yr", bound, 0.5 * float(data["growth_rate"][-1]), "half the energy's, at the end"),
        ("time at which the mean field is 1e15 G", "yr", None, crossing, "interpolated in the logarithm"),
    )
    return [(name, unit, _number(a), _number(b), how) for name, unit, a, b, how in rows]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _crossing(t: np.ndarray, b: np.ndarray, level: float) -> float | None:
    """First time at which b passes the level; None where it does not."""
    above = np.flatnonzero(b >= level)
    if above.size == 0 or above[0] == 0:
        return None
    i = above[0]
    share = np.log(level / b[i - 1]) / np.log(b[i] / b[i - 1])
    return float(t[i - 1] + share * (t[i] - t[i - 1]))


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know."""
    data, found = run.series, []
    if data.sizes.get("t", 0) and float(np.asarray(data["b_mean"], float).max()) > 1e15:
        found.append(
            "The mean field passes 1e15 G: the Hall drift and what the anomaly takes back, left out here, matter from there on."
        )
    return found
