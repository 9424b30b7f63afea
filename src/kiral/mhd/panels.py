"""Panels over time and over wave number from a chiral MHD run: what its figures share.

A run is any object with `config`, `series` and `spectra` (see `kiral.mhd.figures`). No jax, no files. Code units.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kiral.mhd.analysis import Scales, scales
from kiral.report import style
from kiral.report.style import Curve, Mark, Panel

TIME = r"conformal time $t$  $[t_\ast]$"
WAVE_NUMBER = r"wave number $k$  $[l_\ast^{-1}]$"
MU5_UNIT = r"$[l_\ast^{-1}]$"
HELICITY_UNIT = r"$[E_\ast\,l_\ast^{-2}]$"
DENSITY_UNIT = r"$[E_\ast\,l_\ast^{-3}]$"
FIELD_UNIT = r"$[E_\ast^{1/2}\,l_\ast^{-3/2}]$"
SPEED_UNIT = r"$[l_\ast\,t_\ast^{-1}]$"


def scales_of(run: Any) -> Scales:
    """What the run's parameters predict."""
    return scales(run.config, run.series)


def uniform_field(run: Any) -> float:
    """|B0| of the case; 0 without a background field."""
    return float(np.linalg.norm(run.config["model"].get("background_field") or 0.0))


def series(run: Any, name: str) -> np.ndarray | None:
    """A stored series (t,), or None."""
    return np.asarray(run.series[name], dtype=float) if name in run.series else None


def several(run: Any, *names: str) -> tuple[np.ndarray | None, ...]:
    """Stored series, None for those that are not there."""
    return tuple(series(run, name) for name in names)


def times(run: Any) -> np.ndarray:
    """The times of the series."""
    return np.asarray(run.series["t"], dtype=float) if "t" in run.series else np.zeros(0)


def series_names(run: Any, prefix: str) -> list[str]:
    """What follows the prefix in the names of the series that have it."""
    return [str(name).removeprefix(prefix) for name in run.series.data_vars if str(name).startswith(prefix)]


def over_time(run: Any, label: str, values: np.ndarray | None, color: str, factor: float | np.ndarray = 1.0, *,
              dash: str = "-", width: float = style.LINE) -> Curve | None:  # fmt: skip
    """factor * values(t) as a curve, factor a number or (t,); None where the run has no such series."""
    return None if values is None else Curve(label, times(run), factor * values, color, dash, width)


def time_panel(
    run: Any, y_label: str, curves: list[Curve | None], decades: float = 12.0, horizontal: tuple[Mark, ...] = ()
) -> Panel | None:
    """A panel over time with the times of Eq. 32 marked; None without curves."""
    present = tuple(curve for curve in curves if curve is not None)
    t = times(run)
    if not present or not t.size:
        return None
    log = bool(t.size > 2 and t[0] > 0 and t[-1] > 30 * t[0])
    # A lone first sample at a tiny t_start would take up half of a logarithmic axis.
    start = t[1] if log and t[1] > 10 * t[0] else t[0]
    scale, marks = "log" if log else "linear", time_marks(run)
    return Panel(TIME, y_label, present, "", scale, start, decades=decades, vertical=marks, horizontal=horizontal)


def time_marks(run: Any) -> tuple[Mark, ...]:
    """Dotted lines at the times that the estimates know (G25 Eq. 32)."""
    known = scales_of(run)
    washout = r"$1/\Gamma_5(t_0)$" if "flipping_rate" in known.varying else r"$1/\Gamma_5$"
    found = (
        (washout, 1 / known.gamma5 if known.gamma5 > 0 else None),
        (r"$t_\mathrm{cross}$", known.t_cross),
        (r"$t_\phi$", known.t_phi),
        (r"$t_\mathrm{cpi}$", known.t_cpi),
    )
    return tuple(Mark(label, value) for label, value in found if value is not None)


def spectrum_panel(run: Any, name: str, y_label: str, times_k: bool = True) -> Panel | None:
    """The spectra (times k, so that they are per ln k) at all stored times; None where the run has none."""
    if name not in run.spectra or run.spectra.sizes.get("t", 0) == 0:
        return None
    data = run.spectra[name].transpose("t", "k")
    k, t = np.asarray(data["k"], dtype=float), np.asarray(data["t"], dtype=float)
    values = np.asarray(data, dtype=float) * (k if times_k else 1.0)
    digits = _digits(t)
    curves = tuple(Curve(f"t = {time:.{digits}g}", k, row, value=time) for time, row in zip(t, values, strict=True))
    known = scales_of(run)
    found = ((r"$k_\mathrm{cross}$", known.k_cross), (r"$k_\phi$", known.k_phi), (r"$\mu_5(t_0)/2$", known.k_cpi))
    marks = tuple(Mark(label, value) for label, value in found if value is not None)
    color_label = r"time $t$  $[t_\ast]$"
    return Panel(WAVE_NUMBER, y_label, curves, decades=22, vertical=marks, color_label=color_label)


def _digits(values: np.ndarray) -> int:
    """Digits in which all values differ, at least 4: curves are told apart by their labels."""
    return next((d for d in range(4, 17) if len({f"{v:.{d}g}" for v in values}) == len(values)), 17)


def unit(run: Any, name: str) -> str:
    """Unit of a stored series, for a label."""
    return style.unit_math(run.series[name].attrs.get("units", "") if name in run.series else "")


def unit_per_log_k(run: Any, name: str) -> str:
    """Unit of k times a spectrum, from the unit stored with it."""
    unit = run.spectra[name].attrs.get("units", "") if name in run.spectra else ""
    return style.unit_math(unit, length=-1)


def fluctuates(mean: np.ndarray | None, rms: np.ndarray | None) -> bool:
    """Is the mean so small against the fluctuations that it says little?"""
    if mean is None or rms is None or not rms.size:
        return False
    return bool(np.nanmax(rms) > 1.5 * np.nanmax(np.abs(mean)))
