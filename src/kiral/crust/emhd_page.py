"""Page of a run of kind "shell_emhd" or "crust_emhd", from its run folder only: figures, what was solved, what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kiral.crust import emhd_figures, emhd_map_figures, heat_figures
from kiral.crust.emhd_figures import has_times
from kiral.crust.emhd_maps import coefficient
from kiral.crust.emhd_stages import Stage, equal_energies, stages
from kiral.report import style
from kiral.report.style import Drawing

ESTIMATE_HEADER = ("quantity", "unit", "expected", "measured", "how measured")
SOURCE = (
    "Dehman, Pons, “On the origin of magnetar fields: chiral magnetic instability in neutron star crusts” (2024): equations, "
    "feedback, and three stages, which are defined and fitted here. The bound is that of the local growth of Beltrami waves, "
    "with coefficients stored in the run."
)
CONVENTIONS = (
    "B = L f/r² Y r̂ + f_ℓ/r ∇Y + g/r ∇Y × r̂, L = l(l+1), Y orthonormal, d/dℓ along proper length. Perfect conductor inside, "
    "potential field outside. Energies are integrals of B²/8π. A crust is in km, yr, G and erg; of a shell without units the "
    "outer radius is 1."
)
UNRESOLVED = 1e-3
"""Energy of the last degrees over that of the largest, from which the page says so."""
STRONG = 1e15
"""Mean field [G] whose time is named for crusts."""


def draw_all(run: Any) -> Iterator[Drawing]:
    """All figures that the run has data for."""
    yield from emhd_figures.draw_all(run)
    yield from emhd_map_figures.draw_all(run)
    yield from heat_figures.draw_all(run)


def overview(run: Any) -> Drawing | None:
    """Energies with their stages, field, spectra and parity on one sheet."""
    if not has_times(run.series, 2):
        return None
    panels = [emhd_figures.energy_panels(run)[0], emhd_figures.field_panel(run), emhd_figures.rate_panel(run)]
    if (panel := emhd_figures.degree_panel(run, most=3)) is not None:
        panels.append(panel)
    if "even_share" in run.series:
        panels.append(emhd_figures.parity_panel(run))
    return style.draw("overview", "Overview", "", tuple(panels), columns=3)


def equations(config: Mapping[str, Any]) -> Sequence[str]:
    """What was solved."""
    model = config["model"]
    star = model["kind"] == "crust_emhd"
    nb = "N B" if star and model["gr"] else "B"
    curl = f"∇×({nb})" if nb != "B" else "∇×B"
    ohm = f"η ({curl} − k5 {nb})" if model["chiral"] else f"η {curl}"
    lines = [f"∂t B = −∇×[{ohm}{f' + f ({curl})×B' if model['hall'] else ''}]"]
    if star and model["chiral"]:
        lines.append("k5w = 2α mu5/(πħc),   mu5 = (mu_e/3) Γw (1 − exp(−δμ/kT))/Γf")
    if model["chiral"]:
        formula = f"k5 = (k5w + b B·{curl}{'/N' if nb != 'B' else ''})/(1 + b B²)" if model["feedback"] else "k5 = k5w"
        cap = model.get("k5_max")
        lines.append(formula + (f",   |k5| ≤ {cap:g}" + ("/km" if star else "") if cap else ""))
    if model.get("heat"):
        lines.append("C_v N ∂t T + ∇·(N² F) = N² (Q_J − Q_ν)")
        lines.append("N F = −κ/(1 + h²) [∇(N T) + h (h·∇(N T)) + h × ∇(N T)],   h = ω_B τ b")
    return (*lines, _numbers(model))


def _numbers(model: Mapping[str, Any]) -> str:
    if model["kind"] != "crust_emhd":
        hall = f", f = {model['hall_coefficient']:g}" if model["hall"] else ""
        return f"η = {model['magnetic_diffusivity']:g}{hall}"
    captures = f"δμ/kT = {model['delta_mu']:g}; " if model["chiral"] and model.get("delta_mu") else ""
    return f"{captures}η = c²/4πσ and f = c/(4π e n_e) of the star"


# --- the table -------------------------------------------------------------------------------------------------------


def estimate_rows(run: Any) -> list[Sequence[str]]:
    """Slopes of the stages, and what the energies came to."""
    data = run.series
    if not has_times(data, 2):
        return []
    t, poloidal, toroidal = (np.asarray(data[name], float) for name in ("t", "energy_poloidal", "energy_toroidal"))
    time = data["t"].attrs.get("units", "")
    rows: list[Sequence[str]] = list(_decay_rows(run, t))
    for stage in stages(t, poloidal, toroidal):
        rows += _stage_rows(stage, time, _bound(run, stage))
    if (equal := equal_energies(t, poloidal, toroidal)) is not None:
        rows.append(("toroidal energy reaches the poloidal", time, "–", _number(equal), "between samples"))
    return [*rows, *_field_rows(run, t), *_share_rows(run, float(toroidal[-1] / (poloidal[-1] + toroidal[-1])))]


def _stage_rows(stage: Stage, time: str, bound: float | None) -> Iterator[Sequence[str]]:
    span = f"{_number(float(stage.t[0]))} ≤ t ≤ {_number(float(stage.t[-1]))}, {stage.t.size} samples"
    fit = f"least squares over {span}; scatter of ln E {_number(stage.scatter, 2)}"
    if stage.name == "early":
        how = f"of ln E against ln t while the power is within 10 % of one value and toroidal ≤ 0.1 poloidal: {fit}"
        yield "early toroidal energy, power of t", "1", "2", _number(stage.slope), how
        return
    where = "while the rate is within 10 % of one value" if stage.name == "exponential" else "from where growth is over"
    most = "" if bound is None or stage.name == "late" else f"≤ {_number(bound)}"
    yield f"{stage.name} stage, rate of the energy", f"1/{time}", most, _number(stage.slope), f"{where}: {fit}"
    if stage.name == "exponential":
        yield "exponential stage, rate of the field", f"1/{time}", "", _number(stage.slope / 2), "half of it"


def _decay_rows(run: Any, t: np.ndarray) -> Iterator[Sequence[str]]:
    """Of one mode that only decays: its rate, from Bessel functions."""
    from kiral.crust.modes import decay_modes

    model = run.config["model"]
    if model["kind"] != "shell_emhd" or model["hall"] or model["chiral"]:
        return
    initial = run.config["initial"]
    if initial["kind"] != "decay_mode" or initial.get("noise"):
        return
    k = float(decay_modes(run.config["geometry"]["inner"], initial["degree"], initial["part"], 1)[0])
    energy = sum(np.asarray(run.series[f"energy_{part}"], float) for part in ("poloidal", "toroidal"))
    measured = float(np.log(energy[-1] / energy[0]) / (t[-1] - t[0]))
    how = "between the first sample and the last; expected -2 η k² with Bessel functions' k"
    unit = run.series["t"].attrs.get("units", "")
    yield "rate of the energy", f"1/{unit}", _number(-2 * model["magnetic_diffusivity"] * k**2, 9), _number(measured, 9), how


def _bound(run: Any, stage: Stage) -> float | None:
    """Largest local growth rate of the energy in the middle of a stage, 2 N eta k5²/4 with k5 without feedback."""
    if not has_times(run.spectra) or not {"k5", "diffusivity", "lapse"} <= set(run.spectra.data_vars):
        return None
    k5, eta, lapse = (coefficient(run, name, float(stage.t.mean())) for name in ("k5", "diffusivity", "lapse"))
    return float(np.max(lapse * eta * k5**2)) / 2 or None


def _field_rows(run: Any, t: np.ndarray) -> Iterator[Sequence[str]]:
    data = run.series
    b, field = np.asarray(data["b_mean"], float), data["b_mean"].attrs.get("units", "")
    top = int(b.argmax())
    yield "root mean square field, largest", field, "", _number(float(b[top])), f"at t = {_number(float(t[top]))}"
    yield "root mean square field, last", field, "", _number(float(b[-1])), f"at t = {_number(float(t[-1]))}"
    above = np.flatnonzero(b >= STRONG)
    if field == "G" and above.size and above[0] > 0:
        i = above[0]
        share = np.log(STRONG / b[i - 1]) / np.log(b[i] / b[i - 1])
        when = float(t[i - 1] + share * (t[i] - t[i - 1]))
        yield "root mean square field passes 1e15 G", data["t"].attrs["units"], "", _number(when), "between samples, logarithm"
    if "surface_dipole" in data:
        yield "dipole at its pole on the surface, last", field, "", _number(float(data["surface_dipole"][-1])), "end of series"


def _share_rows(run: Any, toroidal: float) -> Iterator[Sequence[str]]:
    yield "share of the toroidal field in the energy", "1", "", _number(toroidal), "end of series, within the shell"
    if "even_share" in run.series:
        yield "share of even degrees", "1", "", _number(float(run.series["even_share"][-1])), "end of series"
    data = run.spectra
    if has_times(data) and data.sizes.get("l", 0) > 2:
        last = np.asarray(data["energy_l"][-1], float)
        yield "share of degree 1", "1", "", _number(last[1] / last.sum()), f"last spectrum, {emhd_figures.moment(data, -1)}"


def _number(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}g}"


def remarks(run: Any) -> list[str]:
    """What a reader of the numbers must know."""
    data = run.spectra
    if not has_times(data):
        return []
    last = np.asarray(data["energy_l"], float)[-1]
    share = last[-2:].max() / last.max()
    if share < UNRESOLVED:
        return []
    return [f"The two largest degrees hold {share:.1e} of the largest one's energy: not resolved in angle."]
