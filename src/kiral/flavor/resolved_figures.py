"""Figures and page of a run of flavor kinetics resolved in momentum, from its run folder only (see `kiral.flavor.figures`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kiral.flavor.resolved_config import ResolvedFlavorModel, growth_rate
from kiral.report import maps, style
from kiral.report.maps import Map
from kiral.report.style import BLACK, BLUE, GREEN, ORANGE, Curve, Drawing, Panel

TIME, PLACE = r"time $t$  $[t_\ast]$", r"$z$  $[\ell_\ast]$"
MOMENTUM = r"$p_z$ minus the centre  $[E_\ast]$"
BEAMS = {"plus": "beam along +z", "minus": "beam along -z"}
LINEAR = {"x_scale": "linear", "y_scale": "linear"}
ESTIMATE_HEADER = ("mode", "growth rate, cold beams [1/t*]")
SOURCE = (
    "Fiorillo, Raffelt, Sigl, “Inhomogeneous Kinetic Equation for Mixed Neutrinos: Tracing the Missing Energy” (2024), "
    "called F24 here. Growth rates of the seeded modes: F24, Eq. (9), with the beams' own velocity."
)
CONVENTIONS = (
    "ħ = c = 1, energies in E*, lengths in l*, times in t* = l*. ρ = (P⁰ + P·σ)/2. Along z, with p_perp fixed; Fourier "
    "pseudo-spectral in z and p_z; the bracket as the mean of its three forms."
)
_EQUATIONS = {
    "full": "∂t ρ + v ∂z ρ + ½{∂p Ω, ∂z ρ} − ½{∂z Ω, ∂p ρ} = i[ρ, Ω]     (F24, Eq. 16)",
    "force": "∂t ρ + v ∂z ρ − ½{∂z Ω, ∂p ρ} = i[ρ, Ω]     (F24, Eq. 16 without its second term)",
    "none": "∂t ρ + v ∂z ρ = i[ρ, Ω]     (F24, Eq. 1)",
}


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures that the run has data for."""
    for drawing in (energies(run), spectra(run), shift_maps(run), number_maps(run)):
        if drawing is not None:
            yield drawing


def overview(run: Any) -> Drawing | None:
    """Energies on one sheet."""
    found = _energy_panels(run)
    return style.draw("overview", "Overview", "", found, columns=2) if found else None


def energies(run: Any) -> Drawing | None:
    """Refractive and kinetic energy in time, and what is left of their sum."""
    caption = (
        "Changes over the size of U_osc at the start. With all gradient terms K + U changes by the error of the time steps; "
        "Eq. (1) changes U and leaves K."
    )
    found = _energy_panels(run)
    return style.draw("energies", "Refractive and kinetic energy", caption, found, columns=2) if found else None


def _energy_panels(run: Any) -> tuple[Panel, ...]:
    data = run.series
    if data.sizes.get("t", 0) < 2:
        return ()
    t, u, other, kinetic, total = (
        np.asarray(data[name], float) for name in ("t", "u_osc", "u_nonosc", "kinetic_energy", "total_energy")
    )
    unit = abs(u[0])
    curves = (
        Curve(r"$U_\mathrm{osc}$", t, (u - u[0]) / unit, BLUE),
        Curve(r"$U_\mathrm{nonosc}$", t, (other - other[0]) / unit, GREEN),
        Curve(r"$K$", t, (kinetic - kinetic[0]) / unit, ORANGE),
        Curve(r"$K+U$", t, (total - total[0]) / unit, BLACK, "--"),
    )
    left = Curve("", t[1:], np.abs(total - total[0])[1:] / unit, BLACK)
    return (
        Panel(TIME, r"change over $|U_\mathrm{osc}(0)|$  [1]", curves, "trade", **LINEAR),
        Panel(TIME, r"$|\Delta(K+U)|$ over $|U_\mathrm{osc}(0)|$  [1]", (left,), "left over", x_scale="linear"),
    )


def spectra(run: Any) -> Drawing | None:
    """Numbers by momentum at the start and at the time of the largest change."""
    data = run.spectra
    if data.sizes.get("t", 0) < 2:
        return None
    x = np.asarray(data["momentum"], float)
    numbers = {beam: np.asarray(data[f"spectrum_{beam}"], float) for beam in BEAMS}
    most = int(np.argmax(np.abs(numbers["plus"] - numbers["plus"][0]).max(axis=1)))
    later = f"at t = {float(data['t'][most]):g}"
    label = r"number per $dp_z$  $[1/(E_\ast l_\ast)]$"
    panels = tuple(
        Panel(MOMENTUM, label, (Curve("at the start", x, n[0], BLUE, "--"), Curve(later, x, n[most], ORANGE)), title, **LINEAR)
        for n, title in zip(numbers.values(), BEAMS.values(), strict=True)
    )
    caption = "Spectra of both beams, averaged over the box, at the start and when the force has changed them most."
    return style.draw("spectra", "Spectra", caption, panels, columns=2)


def shift_maps(run: Any) -> Drawing | None:
    """Mean shift of p_z by place and time."""
    data = run.spectra
    if data.sizes.get("t", 0) < 2:
        return None
    t, z = np.asarray(data["t"], float), np.asarray(data["z"], float)
    shown = {title: np.asarray(data[f"shift_{beam}"], float).T for beam, title in BEAMS.items()}
    top = max(float(np.abs(values).max()) for values in shown.values())
    if not np.isfinite(top) or top == 0:
        return None
    label = r"mean shift of $p_z$  $[E_\ast]$"
    look = {"z_scale": "signed", "z_limits": (-top, top)}
    found = tuple(Map(TIME, PLACE, label, t, z, values, title=title, **look) for title, values in shown.items())
    caption = "What the force did to the neutrinos at every place: the mean of p_z, minus that at the start."
    return maps.draw("shifts", "Shifts of momentum", caption, found, columns=2)


def number_maps(run: Any) -> Drawing | None:
    """Change of the number by momentum and place at the time of the largest change."""
    data = run.snapshots
    if data is None or data.sizes.get("t", 0) < 2:
        return None
    change = {beam: np.asarray(data[f"number_{beam}"], float) - np.asarray(data[f"number_{beam}"], float)[:1] for beam in BEAMS}
    i = int(np.argmax(np.abs(change["plus"]).max(axis=(1, 2))))
    z, x = np.asarray(data["z"], float), np.asarray(data["momentum"], float)
    label = r"change of the number  $[1/(E_\ast l_\ast)]$"
    found = tuple(Map(PLACE, MOMENTUM, label, z, x, change[b][i], z_scale="signed", title=title) for b, title in BEAMS.items())
    caption = f"Numbers in phase space at t = {float(data['t'][i]):g} minus those at the start."
    return maps.draw("numbers", "Neutrinos moved in phase space", caption, found, columns=2)


# --- the page --------------------------------------------------------------------------------------------------------


def equations(config: Mapping[str, Any]) -> Sequence[str]:
    """What was solved."""
    return (
        _EQUATIONS[config["model"]["gradients"]],
        "Ω = √2 G_F Σ' (1 − v v') [ρ' + Tr ρ']     (F24, Eq. 17)",
        "K = ∫Σ energy P⁰,   U = ½ ∫Σ Tr ρ Ω = U_osc + U_nonosc     (F24, Eqs. 3 and 5)",
    )


def estimate_rows(run: Any) -> list[Sequence[str]]:
    """Growth rates of the seeded modes."""
    config = run.config
    model = ResolvedFlavorModel.model_validate(config["model"])
    unit = 2 * np.pi / config["geometry"]["length"]
    rows = [(n, n * unit) for n, _ in config["initial"]["modes"]]
    return [(f"n = {n}, k = {k:.4g}/l*", f"{growth_rate(model, k):.5g}") for n, k in rows]


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know."""
    found = []
    excess = run.series.get("length_excess")
    if excess is not None and excess.size and float(excess.max()) > 1e-6:
        found.append(
            f"|P| exceeds P⁰ by up to {float(excess.max()):.2g} of the largest P⁰: at this order in gradients the Wigner "
            "function need not stay positive."
        )
    if run.config["model"]["gradients"] != "full":
        found.append("Without all gradient terms K + U is not conserved: the drift of the budget energy is what the run shows.")
    return found
