"""Results of linear stability as datasets: what `kiral calc stability` stores and its figures show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kiral.flavor import stability
from kiral.flavor.continuum import Branch, Continuum, spatial_modes
from kiral.flavor.linear import dispersion, spatial_branches
from kiral.flavor.stability import GrowthBand, Peak

if TYPE_CHECKING:
    import xarray

Range = tuple[float, float] | None
BRANCHES: dict[Branch, str] = {"axial": "", "breaking": "_breaking"}
RATE, WAVE = "1/t*", "1/l*"
VELOCITIES = 401


def beams_dataset(v: NDArray, g: NDArray, matter: float, k_range: Range, points: int, spatial: int) -> xarray.Dataset:
    """Of fast modes of beams, velocities v (n,) and lepton numbers g (n,): all modes over (k, mode)."""
    import xarray

    ones = np.ones_like(v)
    bands = stability.growth_bands(v, ones, g)
    peak = stability.most_unstable(v, ones, g, matter=matter)
    k = _wave_numbers(k_range or _about(bands, float(np.abs(g).sum())), points, bands)
    omega = dispersion(v, ones, g, k, matter=matter)
    variables = _peak(peak) | _bands(bands) | _modes(omega, "")
    variables["lepton_number"] = ("v", g, _label("n*", "lepton number of each beam"))
    coordinates = {"k": ("k", k, _label(WAVE, "wave number")), "v": ("v", v, _label("1", "velocity along the axis"))}
    if spatial:
        frequencies = _frequencies(omega, spatial)
        branches = spatial_branches(v, ones, g, frequencies, matter=matter)
        variables |= _spatial(branches)
        coordinates["omega"] = ("omega", frequencies, _label(RATE, "real frequency"))
    return xarray.Dataset(variables, coordinates, {"discrete": 1})


def continuum_dataset(given: Continuum, k_range: Range, points: int, spatial: int) -> xarray.Dataset:
    """Of continuous angles: growing modes over (k, mode), axial ones and those that break axial symmetry."""
    import xarray

    fast = len(given.species) == 1
    shift = float(given.shifts[0].real) if fast else 0.0
    own = given.species[0]
    bands: dict[Branch, tuple[GrowthBand, ...]] = {
        branch: stability.continuous_growth_bands(own, branch) if fast else () for branch in BRANCHES
    }
    every = bands["axial"] + bands["breaking"]
    k = _wave_numbers(k_range or _about(every, given.scale), points, every)
    variables: dict[str, Any] = {}
    for branch, end in BRANCHES.items():
        omega = stability.follow_modes(given, k, branch)
        if fast:
            peak = stability.continuous_most_unstable(own, branch, bands[branch])
            peak = peak._replace(omega=peak.omega + shift)
            variables |= _bands(bands[branch], end)
        else:
            peak = stability.continuous_peak(given, k, omega[:, 0], branch)
        variables |= _peak(peak, end) | _modes(omega, end)
    v = np.linspace(-1, 1, VELOCITIES)
    total = np.sum([s(v) for s in given.species], axis=0)
    variables["lepton_number"] = ("v", total, _label("n*", "lepton number per dv"))
    coordinates = {"k": ("k", k, _label(WAVE, "wave number")), "v": ("v", v, _label("1", "velocity along the axis"))}
    if fast:
        variables["crossings"] = ("crossing", own.crossings(), _label("1", "velocities where the lepton number changes sign"))
    if spatial:
        omega = np.concatenate([variables[name][1] for name in ("frequency", "frequency_breaking")], axis=1)
        frequencies = _frequencies(omega + 0j, spatial)
        rows = [spatial_modes(given, float(w)) for w in frequencies]
        table = np.full((spatial, max(map(len, rows), default=0) or 1), complex("nan"))
        for row, found in zip(table, rows, strict=True):
            row[: len(found)] = found
        variables |= _spatial(table)
        coordinates["omega"] = ("omega", frequencies, _label(RATE, "real frequency"))
    return xarray.Dataset(variables, coordinates, {"discrete": 0})


def _about(bands: tuple[GrowthBand, ...], scale: float) -> tuple[float, float]:
    """The bands and a fifth more on either side; around 0 where there is none."""
    if not bands:
        return -scale, scale
    low, high = min(b.low for b in bands), max(b.high for b in bands)
    return low - 0.2 * (high - low), high + 0.2 * (high - low)


def _wave_numbers(ends: tuple[float, float], points: int, bands: tuple[GrowthBand, ...]) -> NDArray[np.float64]:
    """Even ones, and more in each band, close to where it begins and ends."""
    share = np.r_[-1e-3, (1 - np.cos(np.pi * (np.arange(10) + 0.5) / 10)) / 2, 1 + 1e-3]
    more = [b.low + (b.high - b.low) * share for b in bands]
    k = np.unique(np.concatenate([np.linspace(*ends, points), *more]))
    return k[(k >= ends[0]) & (k <= ends[1])]


def _frequencies(omega: NDArray[np.complex128], count: int) -> NDArray[np.float64]:
    """Around the frequencies of the growing modes, none of them round."""
    found = omega.real[np.isfinite(omega)]
    low, high = (float(found.min()), float(found.max())) if found.size else (-1.0, 1.0)
    width = max(high - low, 1e-3)
    return np.linspace(low - 0.3137 * width, high + 0.3271 * width, count)


def _peak(peak: Peak, end: str = "") -> dict[str, Any]:
    kind = " that breaks axial symmetry" if end else ""
    return {
        f"k_star{end}": ((), peak.k, _label(WAVE, f"wave number of the most unstable mode{kind}")),
        f"frequency_star{end}": ((), peak.omega.real, _label(RATE, f"frequency of the most unstable mode{kind}")),
        f"growth_rate{end}": ((), peak.omega.imag, _label(RATE, f"growth rate of the most unstable mode{kind}")),
    }


def _bands(bands: tuple[GrowthBand, ...], end: str = "") -> dict[str, Any]:
    columns = {
        "band_low": ([b.low for b in bands], WAVE, "where a band of growth begins"),
        "band_high": ([b.high for b in bands], WAVE, "where it ends"),
        "band_modes": ([b.modes for b in bands], "1", "growing modes in it"),
    }
    return {f"{n}{end}": (f"band{end}", np.array(x, float), _label(unit, text)) for n, (x, unit, text) in columns.items()}


def _modes(omega: NDArray[np.complex128], end: str) -> dict[str, Any]:
    kind = ", modes that break axial symmetry" if end else ""
    return {
        f"frequency{end}": (("k", f"mode{end}"), omega.real, _label(RATE, f"frequency{kind}")),
        f"growth{end}": (("k", f"mode{end}"), omega.imag, _label(RATE, f"growth rate{kind}")),
    }


def _spatial(k: NDArray[np.complex128]) -> dict[str, Any]:
    return {
        "spatial_wave_number": (("omega", "branch"), k.real, _label(WAVE, "real part of the wave number")),
        "spatial_growth": (("omega", "branch"), k.imag, _label(WAVE, "imaginary part of the wave number")),
    }


def _label(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}
