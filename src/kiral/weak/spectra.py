"""Isotropic neutrino distributions f(q): occupation of the one helicity state, between 0 and 1, at the energy q [MeV].

Analytic families, tables on any mesh of energies, and functions. Parameters may be arrays; `occupation(q)` takes energies
on a last axis behind their common shape. Number densities: n = ∫ d³q/(2π)³ f. K03 = Keil, Raffelt & Janka, Astrophys. J.
590, 971 (2003); Y23 = Yamamoto & Yang (2023), Eq. (25).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kiral.core.arrays import check, column, namespace, traced
from kiral.errors import ConfigError
from kiral.units import per_cm3_to_mev3


@runtime_checkable
class Spectrum(Protocol):
    """What the integrals ask of a distribution."""

    def occupation(self, q: Any) -> Any:
        """f at the energies q [MeV]."""

    def edges(self) -> list[Any]:
        """Energies [MeV] between which f is smooth: the panels of the integrals end there."""
        ...

    def coarser(self) -> Spectrum | None:
        """The same from less data, by which the error of a table is told; None where f is exact."""


@dataclass(frozen=True, eq=False)
class PinchedSpectrum:
    """c (q/ε)^p exp(-(α+1) q/ε), ε = mean_energy [MeV] (Y23 Eq. 25).

    shape - "occupation": p = α, the occupation itself has the pinched form, as in Y23; "number": p = α - 2, the number of
        neutrinos per energy q² f has it. The latter is what K03 and fits to simulations mean by α and ε: only then is ε the
        mean energy of the neutrinos; for "occupation" that is ε (α+3)/(α+1).
    c is 1 (as in Y23), or follows from `number_density` [1/cm³], or from `mean_occupation`, the mean of f over the
    neutrinos, ∫ q² f² dq / ∫ q² f dq. Give at most one of the two.
    ConfigError: α < 0 (α < 2 for "number": f would diverge at q → 0), ε not positive, or an occupation above 1.
    """

    alpha: Any
    mean_energy: Any
    number_density: Any = None
    mean_occupation: Any = None
    shape: str = "occupation"

    def __post_init__(self) -> None:
        if self.shape not in ("occupation", "number"):
            raise ConfigError(f"spectrum.shape: got {self.shape!r}; allowed: occupation, number")
        check("spectrum.alpha", self.alpha, least=0 if self.shape == "occupation" else 2)
        check("spectrum.mean_energy", self.mean_energy, above=0)
        if self.number_density is not None and self.mean_occupation is not None:
            raise ConfigError("spectrum: give number_density or mean_occupation, not both")
        for name in ("number_density", "mean_occupation"):
            if getattr(self, name) is not None:
                check(f"spectrum.{name}", getattr(self, name), least=0)
        largest = self.largest
        if not traced(largest) and np.any(np.asarray(largest) > 1):
            raise ConfigError(
                f"spectrum: the occupation reaches {np.max(largest):.4g}; allowed: up to 1 (Pauli). "
                "Give fewer neutrinos, or a larger mean_energy"
            )

    @property
    def power(self) -> Any:
        """p, the power of q in the occupation."""
        return self.alpha - (0 if self.shape == "occupation" else 2)

    @property
    def amplitude(self) -> Any:
        """c."""
        p, k, log = self.power, self.alpha + 1, namespace(self.alpha, self.mean_energy).log
        if self.number_density is not None:
            unit = namespace(p, k).exp(log_gamma(p + 3) - (p + 3) * log(k)) * self.mean_energy**3 / (2 * math.pi**2)
            return per_cm3_to_mev3(self.number_density) / unit
        if self.mean_occupation is not None:
            ratio = log_gamma(2 * p + 3) - (2 * p + 3) * log(2 * k) - log_gamma(p + 3) + (p + 3) * log(k)
            return self.mean_occupation / namespace(p, k).exp(ratio)
        return 1.0

    @property
    def largest(self) -> Any:
        """The largest occupation, at q = p ε/(α+1)."""
        p, xp = self.power, namespace(self.alpha)
        peak = xp.where(p > 0, p, 1.0)
        return self.amplitude * xp.where(p > 0, xp.exp(p * xp.log(peak / (self.alpha + 1)) - p), 1.0)

    def occupation(self, q: Any) -> Any:
        c, p, k, energy = (column(v) for v in (self.amplitude, self.power, self.alpha + 1.0, self.mean_energy))
        x, xp = q / energy, namespace(q, c, p, energy)
        return c * xp.exp(p * xp.log(x) - k * x)

    def edges(self) -> list[Any]:
        unit = self.mean_energy / (self.alpha + 1.0)
        return [factor * unit for factor in (0.5, 1, 2, 4, 8, 16, 32, 64)]

    def coarser(self) -> None:
        return None


@dataclass(frozen=True, eq=False)
class FermiDirac:
    """amplitude/(exp((q - chemical_potential)/temperature) + 1), energies in MeV; amplitude <= 1 dilutes (a grey body).

    ConfigError: temperature not positive, amplitude outside [0, 1].
    """

    temperature: Any
    chemical_potential: Any = 0.0
    amplitude: Any = 1.0

    def __post_init__(self) -> None:
        check("spectrum.temperature", self.temperature, above=0)
        check("spectrum.chemical_potential", self.chemical_potential)
        check("spectrum.amplitude", self.amplitude, least=0, below=1 + 1e-12)

    def occupation(self, q: Any) -> Any:
        t, mu, c = (column(v) for v in (self.temperature, self.chemical_potential, self.amplitude))
        return c * fermi((q - mu) / t)

    def edges(self) -> list[Any]:
        return fermi_edges(self.temperature, self.chemical_potential)

    def coarser(self) -> None:
        return None


class TabulatedSpectrum:
    """Occupations (..., n) at the energies (n,) [MeV], which increase; n >= 4, any mesh.

    ln f is a cubic spline in ln q, limited to be monotone where the table is (Hyman 1983, SIAM J. Sci. Stat. Comput. 4, 645),
    so that it stays positive and makes no new maxima. Below the table f goes on as a power of q, above it as an exponential,
    with the slopes of the table's ends; if it does not fall at its upper end, f is 0 beyond. Zeros are read as 1e-30 of the
    largest value. ConfigError: energies not positive or not increasing, occupations negative, above 1 or not numbers.
    """

    def __init__(self, energies: Any, occupation: Any, *, continued: bool = True) -> None:
        self.energies = _numbers("spectrum.energies", energies)
        self.values = _numbers("spectrum.occupation", occupation)
        self.continued = continued
        _check_table(self.energies, self.values)
        largest = self.values.max(axis=-1, keepdims=True)
        self._x = np.log(self.energies)
        self._y = np.log(np.maximum(self.values, 1e-30 * np.where(largest > 0, largest, 1.0)))
        self._slope = _monotone_slopes(self._x, self._y)

    def occupation(self, q: Any) -> Any:
        xp = namespace(q)
        log_q = xp.log(q)
        i = xp.clip(xp.searchsorted(xp.asarray(self._x), log_q, side="right") - 1, 0, self.energies.size - 2)
        y, slope = (self._broadcast(v, i) for v in (self._y, self._slope))
        take = xp.take_along_axis
        y0, y1, d0, d1 = take(y, i, -1), take(y, i + 1, -1), take(slope, i, -1), take(slope, i + 1, -1)
        h = xp.asarray(np.diff(self._x))[i]
        s = (log_q - xp.asarray(self._x)[i]) / h
        inside = (1 + 2 * s) * (1 - s) ** 2 * y0 + s * (1 - s) ** 2 * h * d0 + s**2 * (3 - 2 * s) * y1 - s**2 * (1 - s) * h * d1
        first, last = self.energies[[0, -1]]
        if not self.continued:
            return xp.exp(xp.where((q >= first) & (q <= last), inside, -np.inf))
        low, high = self._slope[..., :1], self._slope[..., -1:] / last
        below = self._y[..., :1] + np.maximum(low, 0.0) * (log_q - self._x[0])
        above = xp.where(high < 0, self._y[..., -1:] + high * xp.maximum(q - last, 0.0), -np.inf)
        return xp.exp(xp.where(q < first, below, xp.where(q > last, above, inside)))

    def _broadcast(self, table: np.ndarray, i: Any) -> Any:
        """The table with the leading shape of the indices."""
        xp = namespace(i)
        return xp.broadcast_to(xp.asarray(table), (*i.shape[:-1], table.shape[-1]))

    def edges(self) -> list[Any]:
        last = self.energies[-1]
        return [*self.energies, *(last * factor for factor in (1.25, 1.5, 2.0, 3.0, 5.0, 8.0))]

    def coarser(self) -> TabulatedSpectrum | None:
        """Every second row, nothing beyond the table; None for fewer than 7 rows."""
        if self.energies.size < 7:
            return None
        rows = np.unique([*range(0, self.energies.size, 2), self.energies.size - 1])
        return TabulatedSpectrum(self.energies[rows], self.values[..., rows], continued=False)


class CallableSpectrum:
    """A function q [MeV] → f of arrays. `edges`: energies [MeV] where f or its slope jumps, or between which it changes fast.

    Without edges the panels of the integrals double from 1/4 to 512 MeV.
    """

    def __init__(self, function: Callable[[Any], Any], edges: Sequence[float] = ()) -> None:
        check("spectrum.edges", np.asarray(edges, dtype=float), above=0)
        self.function, self.given = function, tuple(edges)

    def occupation(self, q: Any) -> Any:
        return self.function(q)

    def edges(self) -> list[Any]:
        return [*self.given, *(2.0**i for i in range(-2, 10))]

    def coarser(self) -> None:
        return None


def as_spectrum(given: Any) -> Spectrum:
    """The spectrum itself, or one of a function. ConfigError for anything else."""
    if isinstance(given, Spectrum):
        return given
    if callable(given):
        return CallableSpectrum(given)
    raise ConfigError(
        f"spectrum: got {type(given).__name__}; allowed: PinchedSpectrum, FermiDirac, TabulatedSpectrum, a function"
    )


def fermi(x: Any) -> Any:
    """1/(e^x + 1) for any x, without overflow."""
    return 0.5 * (1 - namespace(x).tanh(0.5 * x))


def fermi_edges(temperature: Any, mu: Any) -> list[Any]:
    """Energies between which 1/(e^((q-mu)/T) + 1) is smooth; negative ones mean nothing."""
    return [mu + factor * temperature for factor in (-32, -16, -8, -4, 0, 4, 8, 16, 32, 48)]


def log_gamma(x: Any) -> Any:
    """ln Γ(x)."""
    if namespace(x) is np:
        from scipy.special import gammaln
    else:
        from jax.scipy.special import gammaln
    return gammaln(x)


def _numbers(where: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ConfigError(f"{where}: not an array of numbers") from None


def _check_table(q: np.ndarray, f: np.ndarray) -> None:
    if q.ndim != 1 or q.size < 4 or f.ndim < 1 or f.shape[-1] != q.size:
        raise ConfigError(
            f"spectrum: energies of shape {q.shape} and occupation of shape {f.shape} given; allowed: (n,) and (..., n), n >= 4"
        )
    check("spectrum.energies", q, above=0)
    if np.any(np.diff(q) <= 0):
        i = int(np.flatnonzero(np.diff(q) <= 0)[0])
        raise ConfigError(f"spectrum.energies: must increase; {q[i + 1]:g} MeV follows {q[i]:g} MeV. Sort the table")
    check("spectrum.occupation", f, least=0, below=1 + 1e-12)


def _monotone_slopes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Slopes at the points (n,) of a not-a-knot cubic spline, limited by Hyman's condition; y (..., n)."""
    from scipy.interpolate import CubicSpline

    slope = CubicSpline(x, y, axis=-1)(x, 1)
    slope = np.moveaxis(slope, 0, -1) if slope.shape != y.shape else slope
    secant = np.diff(y, axis=-1) / np.diff(x)
    left, right = np.concatenate([secant[..., :1], secant], -1), np.concatenate([secant, secant[..., -1:]], -1)
    largest = 3 * np.minimum(np.abs(left), np.abs(right))
    limited = np.sign(left) * np.minimum(np.maximum(np.sign(left) * slope, 0.0), largest)
    return np.where(left * right > 0, limited, 0.0)
