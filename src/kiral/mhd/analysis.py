"""What a stored chiral MHD run says about itself: the scales its parameters predict, and the same scales measured.

Reads `run.config` (mapping) and `run.series` (xarray Dataset over t) only; no jax, no files. Code units (l*, t*, E*).
G25 = Gurgenidze et al. (2025), Secs. IV and V.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kiral.config.units import unit_system
from kiral.mhd.estimates import scenario
from kiral.units import ComovingRadiation

MAY_VARY = ("magnetic_diffusivity", "flipping_rate")
"""Coefficients that may be tables in time: keys of [model], and names of the series that then hold them."""


@dataclass(frozen=True)
class Scales:
    """Coefficients of a case and the estimates that apply to it; None where one does not.

    With a source: t_cross (18), k_cross (19), both as the paper has them and with the source's √e ("consistent"), k_phi
    (20), h_M (27). From a uniform mu5 at the start: t_cpi = 4/(eta mu5²), k_cpi = mu5/2, the fastest mode, and
    h_M = 2 mu5/lam (15). `source_peak` is S5bar; None without a source and for one from a table. A coefficient that varies
    in time counts with its value at the start (NaN where that is not known) and stands in `varying`.
    """

    eta: float
    lam: float
    gamma5: float
    source_peak: float | None
    t_phi: float | None
    t_cross: float | None
    t_cross_consistent: float | None
    k_cross: float | None
    k_cross_consistent: float | None
    k_phi: float | None
    t_cpi: float | None
    k_cpi: float | None
    helicity: float | None
    helicity_equation: str
    helicity_scale: float
    """One code unit of helicity, E*/l*², in G² helicity_length."""
    helicity_length: str
    """Mpc; cm in units of matter."""
    varying: tuple[str, ...] = ()
    """Those of MAY_VARY that are tables in time."""


def scales(config: Mapping[str, Any], series: Mapping[Any, Any] | None = None) -> Scales:
    """What `kiral.mhd.estimates.scenario` says about a resolved case (the content of config.json).

    `series` is the run's, where there is one: it holds the values of coefficients that come from a file.
    """
    model, units = config["model"], unit_system(config["units"])
    cosmic = isinstance(units, ComovingRadiation)
    peak = model["source"].get("amplitude") or None
    flat = scenario(
        eta=_at_start(config, "magnetic_diffusivity", series),
        lam=model["chiral_feedback"],
        gamma5=_at_start(config, "flipping_rate", series),
        amplitude=peak or 0.0,
        t_phi=model["source"].get("t_phi"),
        k_min=_wave_numbers_min(config),
        n=config["geometry"]["n"],
        units=units,
        mu5=_mean(config["initial"]["mu5"]),
    )["flat"]
    same = ("eta", "lam", "gamma5", "t_phi", "t_cross", "t_cross_consistent", "k_cross", "k_cross_consistent", "k_phi",
            "t_cpi", "k_cpi")  # fmt: skip
    sourced = flat["helicity"] is not None
    return Scales(
        **{name: flat[name] for name in same},
        source_peak=peak,
        helicity=flat["helicity"] if sourced else flat["helicity_from_mu5"],
        helicity_equation="Eq. 27" if sourced else "Eq. 15",
        helicity_scale=units.helicity_gauss2_mpc if cosmic else units.helicity_gauss2_cm,
        helicity_length="Mpc" if cosmic else "cm",
        varying=tuple(name for name in MAY_VARY if isinstance(model[name], Mapping)),
    )


def coefficient(run: Any, name: str) -> np.ndarray:
    """One of MAY_VARY at the times of the series: stored where it varies, else the case's number. NaN: not known."""
    t = run.series.get("t", ())
    if name in run.series:
        return np.asarray(run.series[name], dtype=float)
    value = run.config["model"][name]
    if not isinstance(value, Mapping):
        return np.full(len(t), float(value))
    return np.full(len(t), np.nan) if value.get("t") is None else _interpolated(value, np.asarray(t, dtype=float))


def _at_start(config: Mapping[str, Any], name: str, series: Mapping[Any, Any] | None) -> float:
    """The coefficient at t_start. NaN where it is in a file and the series do not hold it."""
    value = config["model"][name]
    if not isinstance(value, Mapping):
        return float(value)
    if series is not None and name in series and series[name].size:
        return float(series[name][0])
    if value.get("t") is None:
        return math.nan
    return float(_interpolated(value, np.asarray(config["time"]["t_start"], dtype=float)))


def _interpolated(table: Mapping[str, Any], t: np.ndarray) -> np.ndarray:
    """A table of the case at times t, as the run interpolates it."""
    if table.get("interpolation") == "cubic":
        from scipy.interpolate import CubicSpline

        return CubicSpline(table["t"], table["value"])(t)
    return np.asarray(np.interp(t, table["t"], table["value"]))


def _mean(value: Any) -> float:
    """Uniform part of an initial mu5: a number, or a section with its mean."""
    return float(value["mean"] if isinstance(value, Mapping) else value)


def smallest_wave_number(config: Mapping[str, Any]) -> float:
    """Smallest wave number of the box over the directions that are not ignorable [1/l*]."""
    return min(k for k, n in zip(_wave_numbers_min(config), config["geometry"]["n"], strict=True) if n > 1)


def _wave_numbers_min(config: Mapping[str, Any]) -> list[float]:
    geometry = config["geometry"]
    return list(geometry["k_min"] or [2 * math.pi / length for length in geometry["length"]])


def equations(config: Mapping[str, Any]) -> list[str]:
    """What a case solves, one line per equation, without the terms that vanish in it (G25 Eq. 7, conservative form)."""
    model = config["model"]
    flow, charge = model["flow"] != "none", model.get("charge")
    mu5 = "(μ5 + ξ)" if model["xi"] != 0 else "μ5"
    eta, gamma5 = (f"{symbol}(t)" if isinstance(model[key], Mapping) else symbol
                   for symbol, key in (("η", "magnetic_diffusivity"), ("Γ5", "flipping_rate")))  # fmt: skip
    field = "B = B0 + ∇×A" if any(model.get("background_field") or ()) else "B = ∇×A"
    terms = ["−∇·(μ5 u)"] if flow else []
    terms += ["−∇·(C5 μ B)"] if charge else []
    terms += ["D5 ∇²μ5"] if model["chiral_diffusivity"] else []
    terms += ["λ E·B"] if model["chiral_feedback"] else []
    terms += [f"−{gamma5} μ5"] if model["flipping_rate"] else []
    terms += ["S5(t)"] if model["source"]["kind"] != "none" else []
    lines = [
        f"E = {'−u×B − ' if flow else '−'}{eta} ({mu5} B − J),   {field},   J = ∇×B",
        "∂A/∂t = −E",
        f"∂μ5/∂t = {_sum(terms)}",
    ]
    if charge:
        terms = ["−∇·(μ u)"] if flow else []
        lines.append(f"∂μ/∂t = {_sum([*terms, '−∇·(Cμ μ5 B)', *(['Dμ ∇²μ'] if charge['diffusivity'] else [])])}")
    if model["flow"] == "relativistic":
        lines += _relativistic(model, eta, mu5)
    elif flow:
        force = " + f(t, x)" if model.get("forcing") else ""
        lines.append(f"∂m/∂t = P ∇·[−m u + B B] + ν ∇²m{force},   m = w u,   w = {model['enthalpy']:.4g},   ∇·u = 0")
        lines.append("P: projection on fields without divergence")
    if model["source"]["kind"] == "decay":
        lines.append("S5(t) = S5bar (t/t_phi) exp[−(t² − t_phi²)/(2 t_phi²)]")
    return lines


def _relativistic(model: Mapping[str, Any], eta: str, mu5: str) -> list[str]:
    """Energy and momentum of the relativistic fluid; its form of 2025 (G25, footnote 2) adds s."""
    forced, added = bool(model.get("forcing")), model["form"] == "roperpol2025"
    heat = {"paper": f"{eta} J²", "consistent": f"{eta} |J − {mu5} B|²", "none": "0"}[model["heating"]]
    in_rho = (" + u·f" if forced else "") + (" + s" if added else "")
    in_m = (" + f(t, x)" if forced else "") + (" + s u" if added else "")
    return [
        f"∂ρ/∂t = −∇·m + Q − J·(u×B){in_rho},   m = (4/3) ρ u,   p = ρ/3",
        f"∂m/∂t = ∇·[−m u + B B − I B²/2 + (8/3) ρ ν S] − ∇ρ/3{in_m}",
        *(["s = (2/3) u·∇ρ"] if added else []),
        f'Q = {heat}   (heating = "{model["heating"]}")',
    ]


def _sum(terms: list[str]) -> str:
    return " + ".join(terms).replace("+ −", "− ") or "0"


@dataclass(frozen=True)
class Measured:
    """Scales read off the series; None where the run has not got there (or did not store what is needed).

    t_growth: B_rms (without a uniform B0) is smallest there, then grows. t_cross: first t with t = 4/(eta mu5²), what G25
    (18) solves. mu5_growth, mu5_cross: |⟨mu5⟩| at these. growth_rate: largest d ln B_rms/dt. `spacing`: the samples' mean
    distance.
    """

    spacing: float
    t_growth: float | None
    t_cross: float | None
    mu5_growth: float | None
    mu5_cross: float | None
    mu5_max: float | None
    growth_rate: float | None
    helicity_max: float | None
    t_helicity_max: float | None
    helicity_end: float | None
    t_end: float | None


def measure(run: Any) -> Measured:
    """Measure the scales in the stored series of a run; samples that are not finite (a blow-up) are skipped."""
    t = np.asarray(run.series["t"], dtype=float) if "t" in run.series else np.zeros(0)
    t_growth = growth_rate = t_cross = mu5_growth = mu5_cross = mu5_max = None
    h_max = t_h_max = h_end = None
    if (found := _finite(run, "b_fluctuation") or _finite(run, "b_rms")) is not None:
        t_growth, growth_rate = _start_of_growth(*found), _largest_growth_rate(*found)
    if (found := _finite(run, "mu5_mean")) is not None:
        t_mu5, mu5 = found[0], np.abs(found[1])
        eta = np.interp(t_mu5, t, coefficient(run, "magnetic_diffusivity"))
        t_cross, mu5_max = _first_crossing(t_mu5, t_mu5 * eta * mu5**2 / 4), float(mu5.max())
        mu5_growth, mu5_cross = (None if at is None else float(np.interp(at, t_mu5, mu5)) for at in (t_growth, t_cross))
    if (found := _finite(run, "magnetic_helicity")) is not None:
        peak = int(np.argmax(np.abs(found[1])))
        t_h_max, h_max, h_end = float(found[0][peak]), float(found[1][peak]), float(found[1][-1])
    spacing, t_end = (float(np.ptp(t)) / max(len(t) - 1, 1), float(t[-1])) if t.size else (0.0, None)
    return Measured(spacing, t_growth, t_cross, mu5_growth, mu5_cross, mu5_max, growth_rate, h_max, t_h_max, h_end, t_end)


def _finite(run: Any, name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """(t, values) where finite; None where the run has no such sample."""
    if name not in run.series:
        return None
    t, values = np.asarray(run.series["t"], dtype=float), np.asarray(run.series[name], dtype=float)
    good = np.isfinite(values)
    return (t[good], values[good]) if good.any() else None


def _start_of_growth(t: np.ndarray, b: np.ndarray) -> float | None:
    """Time of the smallest B before its largest; None where the field only decays."""
    i = int(np.argmin(b[: int(np.argmax(b)) + 1]))
    if np.argmax(b) == 0:
        i = int(np.argmin(b))
    return None if i == len(b) - 1 else float(t[i])


def _first_crossing(t: np.ndarray, ratio: np.ndarray) -> float | None:
    """First time at which `ratio` reaches 1, linear between samples; None: never, or from the start."""
    above = ratio >= 1
    if not above.any() or above[0]:
        return None
    i = int(np.argmax(above))
    fraction = (1 - ratio[i - 1]) / (ratio[i] - ratio[i - 1])
    return float(t[i - 1] + fraction * (t[i] - t[i - 1]))


def _largest_growth_rate(t: np.ndarray, b: np.ndarray) -> float | None:
    """Largest d ln B/dt over the samples; None where B never grows."""
    good = b > 0
    if good.sum() < 3:
        return None
    rate = float(np.gradient(np.log(b[good]), t[good]).max())
    return rate if rate > 0 else None
