"""The inverse cascade of a decaying helical field: power laws measured in a run, and what the theory says about them.

Reads `run.config`, `run.series` and `run.spectra` only; no jax, no files. Code units (l*, t*, E*). E is the mean magnetic
energy density, xi = ∫E(k) k⁻¹ dk / ∫E(k) dk its integral scale (the inverse of the series `k_integral`), v_A = √(2E/w)
the Alfvén speed, w the inertia. A fully helical field has ⟨A·B⟩ = 2 E xi.

Theory: with helicity conserved E xi is constant, and a scale that grows at a fixed fraction of the Alfvén speed,
dxi/dt = C v_A, gives E ~ t^-2/3, xi ~ t^2/3 (for example Campanelli 2007). If resistivity takes helicity as ⟨A·B⟩ ~ xi^-s,
the same law gives E ~ t^-p, xi ~ t^q with p = 2 (1 + s)/(3 + s), q = 2/(3 + s), on the line p + 2 q = 2 of self-similar
decay (Brandenburg & Kahniashvili 2017). Where slow (Sweet-Parker) reconnection sets the pace, C falls as Lu^-1/2 with the
Lundquist number Lu = v_A xi/eta, and helicity conserved means p = q = 4/7 (Hosking & Schekochihin 2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from kiral.mhd.analysis import coefficient, smallest_wave_number

FAST = 2 / 3
"""p = q of a field that keeps its helicity and whose scale grows in proportion to the Alfvén speed."""
START, END = 0.8, 2.5
"""Where laws are fitted: from k_integral = START times its value at the start of the decay down to END times the box's."""
MIN_SAMPLES = 8
_SUB_WINDOWS = ((0.0, 0.7), (0.15, 0.85), (0.3, 1.0))


@dataclass(frozen=True)
class PowerLaw:
    """amplitude (t - origin)^exponent. `error`: see `power_laws`; `scatter`: rms of ln(data) - ln(law)."""

    exponent: float
    error: float
    amplitude: float
    origin: float
    scatter: float

    def __call__(self, t: Any) -> np.ndarray:
        """Values at the times t (later than the origin)."""
        return self.amplitude * (np.asarray(t, dtype=float) - self.origin) ** self.exponent


def power_laws(t: Any, curves: Any, *, origin: float | None = None) -> tuple[PowerLaw, ...]:
    """Power laws through positive curves (m, n) at times t (n,), by least squares in the logarithms, with one origin.

    The origin is fitted unless given: a decay does not know when our clock started, and over one decade in time an origin
    that is off by a tenth of the first time changes the exponent by several per cent. Samples count by how much the curves
    change between them, so that their spacing does not matter. `error` is the standard error of the slope (residuals taken
    as independent) and, in quadrature, the largest change of the exponent in three sub-windows of 70 % with origins of
    their own. Raises ValueError for fewer than 8 samples or values that are not positive.
    """
    t, logs = np.asarray(t, dtype=float), _logs(t, curves)
    weights = np.sum(np.abs(np.gradient(logs, axis=1)), axis=0)
    found = _fit(t, logs, weights, origin)
    spread = np.zeros(len(logs))
    for part in _parts(weights):
        slopes = _fit(t[part], logs[:, part], weights[part], origin)[1]
        spread = np.maximum(spread, np.abs(slopes - found[1]))
    at, slopes, intercepts, errors, scatter = found
    return tuple(
        PowerLaw(float(n), float(np.hypot(e, d)), float(np.exp(c)), at, float(s))
        for n, c, e, d, s in zip(slopes, intercepts, errors, spread, scatter, strict=True)
    )


def _logs(t: np.ndarray, curves: Any) -> np.ndarray:
    values = np.atleast_2d(np.asarray(curves, dtype=float))
    if len(t) < MIN_SAMPLES or values.shape[1] != len(t):
        raise ValueError(f"a power law needs at least {MIN_SAMPLES} samples; got {values.shape[1]} at {len(t)} times")
    if not (values > 0).all() or not np.isfinite(values).all():
        raise ValueError("a power law is fitted to positive finite values only")
    return np.log(values)


def _parts(weights: np.ndarray) -> list[slice]:
    """Sub-windows that hold 70 % of the change, where they have enough samples."""
    share = np.cumsum(weights) / weights.sum()
    found = [slice(*np.searchsorted(share, (a, b + 1e-12), side="left")) for a, b in _SUB_WINDOWS]
    return [part for part in found if part.stop - part.start >= 4]


def _fit(t: np.ndarray, logs: np.ndarray, weights: np.ndarray, origin: float | None):
    """(origin, slopes, intercepts, standard errors, scatter) of the best common origin at or before t[0]."""
    if origin is None:
        span = t[-1] - t[0]
        grid = np.linspace(np.log(1e-3), np.log(30.0), 60)
        ages = np.array([_cost(x, t, logs, weights, span) for x in grid])
        i = int(np.argmin(ages))
        near = grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)]
        best = minimize_scalar(_cost, bounds=near, args=(t, logs, weights, span), method="bounded")
        origin = float(t[0] - span * np.exp(best.x))
    x = np.log(t - origin)
    slopes, intercepts, residuals = _line(x, logs, weights)
    variance = np.sum(weights * residuals**2, axis=1) / weights.sum()
    spread = np.sum(weights * (x - np.average(x, weights=weights)) ** 2) / weights.sum()
    errors = np.sqrt(variance / spread / max(len(t) - 3, 1))
    return origin, slopes, intercepts, errors, np.sqrt(variance)


def _cost(log_age: float, t: np.ndarray, logs: np.ndarray, weights: np.ndarray, span: float) -> float:
    """Weighted sum of squares if the law is exp(log_age) spans old at t[0]."""
    residuals = _line(np.log(t - t[0] + span * np.exp(log_age)), logs, weights)[2]
    return float(np.sum(weights * residuals**2))


def _line(x: np.ndarray, logs: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes, intercepts and residuals of weighted straight lines through each row."""
    mean_x, mean_y = np.average(x, weights=weights), np.average(logs, axis=1, weights=weights)
    away = x - mean_x
    slopes = np.sum(weights * away * (logs - mean_y[:, None]), axis=1) / np.sum(weights * away**2)
    intercepts = mean_y - slopes * mean_x
    return slopes, intercepts, logs - intercepts[:, None] - slopes[:, None] * x


def predicted_exponents(loss: float = 0.0) -> tuple[float, float]:
    """(p, q) of E ~ t^-p, xi ~ t^q for dxi/dt = C v_A and ⟨A·B⟩ ~ xi^-loss: 2/3 each without loss."""
    return 2 * (1 + loss) / (3 + loss), 2 / (3 + loss)


@dataclass(frozen=True)
class Decay:
    """What a run shows of the inverse cascade between t_from and t_to.

    energy, scale: the laws of E and xi (exponents -p and q, one origin). loss: s in ⟨A·B⟩ ~ xi^-s, by least squares.
    kept: share of the helicity left at t_to. speed, speed_spread: mean and standard deviation of (dxi/dt)/v_A.
    lundquist: smallest and largest v_A xi/eta. samples: slice of the series.
    """

    t_from: float
    t_to: float
    energy: PowerLaw
    scale: PowerLaw
    loss: float
    kept: float
    speed: float
    speed_spread: float
    lundquist: tuple[float, float]
    samples: slice

    @property
    def predicted(self) -> tuple[float, float]:
        """(p, q) for the measured loss of helicity."""
        return predicted_exponents(self.loss)


def decay(run: Any, start: float = START, end: float = END) -> Decay | None:
    """The inverse cascade of a run, from where the energy is largest; None where there is none to measure.

    Needed: a flow, no uniform field, E falling while its scale grows by at least 1.4, at least half of the largest helicity
    that E allows, and 8 samples. `start`, `end`: see START and END.
    """
    names = ("energy_magnetic", "k_integral", "magnetic_helicity")
    model = run.config["model"]
    if model["flow"] == "none" or any(model.get("background_field") or ()) or not all(n in run.series for n in names):
        return None
    t = np.asarray(run.series["t"], dtype=float)
    energy, k, helicity = (np.asarray(run.series[name], dtype=float) for name in names)
    window = _window(energy, k, start, end * smallest_wave_number(run.config))
    if window is None or np.min(np.abs(helicity[window]) * k[window] / 2 / energy[window]) < 0.5:
        return None
    eta = coefficient(run, "magnetic_diffusivity")[window]
    t, energy, scale, helicity = t[window], energy[window], 1 / k[window], np.abs(helicity[window])
    alfven = np.sqrt(2 * energy / _inertia(run)[window])
    speed, lundquist = np.gradient(scale, t) / alfven, alfven * scale / eta
    loss = -np.polyfit(np.log(scale), np.log(helicity), 1)[0]
    of_energy, of_scale = power_laws(t, (energy, scale))
    return Decay(
        t_from=float(t[0]),
        t_to=float(t[-1]),
        energy=of_energy,
        scale=of_scale,
        loss=float(loss),
        kept=float(helicity[-1] / helicity[0]),
        speed=float(speed.mean()),
        speed_spread=float(speed.std()),
        lundquist=(float(lundquist.min()), float(lundquist.max())),
        samples=window,
    )


def _window(energy: np.ndarray, k: np.ndarray, start: float, k_end: float) -> slice | None:
    """Samples after the largest energy with k between `start` times its value there and k_end; None where too few."""
    if not np.isfinite(energy).all() or not (energy > 0).any():
        return None
    top = int(np.argmax(energy))
    below = np.flatnonzero(k[top:] <= start * k[top])
    if not below.size:
        return None
    first = top + int(below[0])
    beyond = np.flatnonzero(k[first:] < k_end)
    last = first + int(beyond[0]) if beyond.size else len(k)
    if last - first < MIN_SAMPLES or k[first] < 1.4 * k[last - 1] or energy[last - 1] >= energy[first]:
        return None
    return slice(first, last)


def _inertia(run: Any) -> np.ndarray:
    """w at the times of the series: (4/3) rho of the relativistic fluid, else the case's enthalpy density."""
    if "rho_mean" in run.series:
        return 4 / 3 * np.asarray(run.series["rho_mean"], dtype=float)
    return np.full(run.series.sizes["t"], float(run.config["model"]["enthalpy"]))


def average(decays: Sequence[Decay]) -> dict[str, tuple[float, float]]:
    """(mean, standard error) of "energy" (p), "scale" (q) and "loss" over runs that differ in their seed only.

    The scatter is the larger of the one among the runs and the runs' own errors (of the loss: the former).
    """
    count = len(decays)
    if count < 2:
        raise ValueError(f"a mean over realisations needs at least two; got {count}")
    found = {
        "energy": ([-d.energy.exponent for d in decays], [d.energy.error for d in decays]),
        "scale": ([d.scale.exponent for d in decays], [d.scale.error for d in decays]),
        "loss": ([d.loss for d in decays], [0.0] * count),
    }
    return {
        name: (float(np.mean(values)), float(max(np.std(values, ddof=1), np.sqrt(np.mean(np.square(errors)))) / count**0.5))
        for name, (values, errors) in found.items()
    }


def conserved_helicity(run: Any) -> tuple[float, float, float] | None:
    """(|⟨A·B⟩|, from, to): the helicity that the inverse cascade of a run conserves, and when it does; None where none does.

    Of a `decay` that at its start, in its window; where a uniform mu5 is turned into helicity without source and washout,
    2 mu5/lam, from when 60 % of it are helicity (G25 Eq. 15).
    """
    if "magnetic_helicity" not in run.series:
        return None
    t, h = (np.asarray(run.series[name], dtype=float) for name in ("t", "magnetic_helicity"))
    if (found := decay(run)) is not None:
        return float(abs(h[found.samples][0])), found.t_from, found.t_to
    model, mu5 = run.config["model"], run.config["initial"]["mu5"]
    lossless = model["source"]["kind"] == "none" and model["flipping_rate"] == 0 and model["chiral_feedback"] > 0
    if isinstance(mu5, Mapping) or not mu5 or not lossless:
        return None
    total = 2 * abs(mu5) / model["chiral_feedback"]
    enough = np.abs(h) >= 0.6 * total
    return (total, float(t[enough][0]), float(t[-1])) if enough.any() else None


def spectral_peaks(run: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(t, k, k E(k)) of the largest k E(k) at each stored time, between shells by a parabola in the logarithms."""
    data = run.spectra["energy_spectrum"].transpose("t", "k")
    k, values = np.asarray(data["k"], dtype=float), np.asarray(data, dtype=float)
    tops = [_peak(np.log(k), np.log(np.maximum(k * row, np.finfo(float).tiny))) for row in values]
    at, height = np.array(tops).reshape(-1, 2).T
    return np.asarray(data["t"], dtype=float), np.exp(at), np.exp(height)


def _peak(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Top of the parabola through the largest of y and its neighbours; at an end of the range, the point itself."""
    i = int(np.argmax(y))
    if i in (0, len(y) - 1):
        return float(x[i]), float(y[i])
    a, b, c = np.polyfit(x[i - 1 : i + 2] - x[i], y[i - 1 : i + 2], 2)
    return float(x[i] - b / (2 * a)), float(c - b**2 / (4 * a))
