"""The field of a stored snapshot at any point of its shell, and what follows from it there: numpy only, nothing compiled.

A snapshot has the functions f and g of every harmonic at the nodes of the radial grid (see `kiral.geometry.spherical_field`):

    B = Σ L f/r² Y r̂ + (f_ℓ/r) ∇Y + (g/r) ∇Y × r̂,   L = l(l+1),   d/dℓ = d/dr over stretch.

curl NB has the functions (N g, j), j = N L f/r² - (N f_ℓ)_ℓ: the same kind of field. Between nodes all are the polynomials of
the elements. Values are arrays (theta, phi, r). Units are those of the run.

Poloidal lines of an axisymmetric field lie on ψ = -Σ f sinθ ∂θY: B_r = ∂θψ/(r² sinθ), B_θ = -∂ℓψ/(r sinθ), in a curved shell
too, so that lines at evenly spaced ψ enclose equal flux.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kiral.geometry.legendre import gauss, legendre

if TYPE_CHECKING:
    from kiral.geometry.shell import Shell

POLE = 1e-6
"""Angle [rad] to which points are kept from the poles, where the directions of theta and phi are not defined."""


@dataclass(frozen=True)
class ShellField:
    """A solenoidal field. shell: the radial grid; lapse: N at its nodes, (nodes,); f, g: complex, (l, m, nodes)."""

    shell: Shell
    lapse: np.ndarray
    f: np.ndarray
    g: np.ndarray

    @property
    def degrees(self) -> np.ndarray:
        """l = 0..l_max."""
        return np.arange(self.f.shape[0])

    @property
    def orders(self) -> np.ndarray:
        """m = 0..m_max."""
        return np.arange(self.f.shape[1])

    @property
    def radii(self) -> tuple[float, float]:
        """The inner and the outer one."""
        return float(self.shell.r[0]), float(self.shell.r[-1])


def stored_field(run: Any, index: int = -1) -> ShellField:
    """The field of a run's snapshot."""
    from kiral.geometry.shell import Shell

    data = run.snapshots.isel(t=index)
    r, time = np.asarray(data["r"], float), float(data["t"])
    shell = Shell(r, coefficient(run, "stretch", time), int(run.config["geometry"]["order"]))
    f, g = (np.asarray(data[name].transpose("part", "l", "m", "r"), float) for name in "fg")
    return ShellField(shell, coefficient(run, "lapse", time), f[0] + 1j * f[1], g[0] + 1j * g[1])


def coefficient(run: Any, name: str, time: float) -> np.ndarray:
    """A function of radius that a run stores with its spectra, at any time: linear between the stored ones, (nodes,)."""
    times, values = np.asarray(run.spectra["t"], float), np.asarray(run.spectra[name].transpose("t", "r"), float)
    after = int(np.clip(np.searchsorted(times, time), min(1, times.size - 1), times.size - 1))
    before = max(after - 1, 0)
    gap = times[after] - times[before]
    share = np.clip((time - times[before]) / gap, 0.0, 1.0) if gap > 0 else 0.0
    return (1 - share) * values[before] + share * values[after]


def drawable(run: Any) -> bool:
    """Has the run stored what maps need: snapshots, and the metric with its spectra."""
    data, spectra = run.snapshots, run.spectra
    if data is None or spectra is None or not data.sizes.get("t", 0) or not spectra.sizes.get("t", 0):
        return False
    return {"f", "g"} <= set(data.data_vars) and {"lapse", "stretch"} <= set(spectra.data_vars)


def axisymmetric(field: ShellField) -> ShellField:
    """The mean over longitude: the orders m = 0."""
    return replace(field, f=field.f[:, :1], g=field.g[:, :1])


def current(field: ShellField) -> ShellField:
    """curl NB. The second derivative is the weak one, with f_ℓ at both ends from the last elements."""
    shell, lapse, end = field.shell, field.lapse, np.zeros(field.shell.nodes)
    level = (field.degrees * (field.degrees + 1.0))[:, None, None]
    flux = shell.local(lapse) * shell.derivative(field.f)
    end[0], end[-1] = 1.0, -1.0
    ends = end * np.where(end > 0, flux[..., 0, :1], flux[..., -1, -1:])
    j = (shell.derivative_transposed(flux) + ends) / shell.weights + lapse * level * field.f / shell.r**2
    return ShellField(shell, np.ones_like(lapse), lapse * field.g, j)


def on_grid(field: ShellField, r: np.ndarray, theta: np.ndarray, phi: np.ndarray | tuple[float, ...] = (0.0,)) -> np.ndarray:
    """(B_r, B_θ, B_φ) at all combinations of radii, colatitudes and longitudes: (3, theta, phi, r)."""
    r = np.asarray(r, float)
    inside = field.shell.interpolation(r).T
    slope = field.shell.projected(field.shell.derivative(field.f))
    level = (field.degrees * (field.degrees + 1.0))[:, None, None]
    return from_functions(level * (field.f @ inside) / r**2, slope @ inside / r, field.g @ inside / r, theta, phi)


def from_functions(
    radial: np.ndarray, spheroidal: np.ndarray, toroidal: np.ndarray, theta: np.ndarray, phi: np.ndarray | tuple[float, ...]
) -> np.ndarray:
    """R Y r̂ + S ∇Y + T ∇Y × r̂ on a grid, (3, theta, phi, r), of complex functions R, S, T, (l, m, r)."""
    y, slope, turn = (np.moveaxis(table, 0, -1) for table in _tables(*radial.shape[:2], np.asarray(theta, float)))
    orders = np.arange(radial.shape[1])[:, None]
    waves = np.where(orders == 0, 1.0, 2.0) * np.exp(1j * orders * np.asarray(phi, float))
    r, s, t = (np.moveaxis(function, 1, 0) for function in (radial, spheroidal, toroidal))
    parts = (y @ r, slope @ s + 1j * (turn @ t), 1j * (turn @ s) - slope @ t)  # (m, theta, r)
    return np.stack([_summed(part, waves) for part in parts])


def flux_function(field: ShellField, r: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """ψ of the axisymmetric part, (theta, r) [B length²]: 2π ψ is the flux through the cap of a sphere down to theta."""
    _, slope, _ = _tables(field.f.shape[0], 1, np.asarray(theta, float))
    f = field.f[:, 0].real @ field.shell.interpolation(np.asarray(r, float)).T
    return -np.sin(_off_poles(theta))[:, None] * np.einsum("lt,lr->tr", slope[:, 0], f)


def mean_squares(field: ShellField, r: np.ndarray) -> np.ndarray:
    """Means of B_r², B_θ², B_φ² over the sphere of each radius, (3, r); exact."""
    x, weights = gauss(2 * (field.f.shape[0] // 2 + 1))
    count = 2 * field.f.shape[1] - 1
    b = on_grid(field, r, np.arccos(x), 2 * np.pi * np.arange(count) / count)
    return np.einsum("t,ctpr->cr", weights / 2, b**2) / count


def where_it_is(field: ShellField, share: float) -> tuple[float, float]:
    """Radii between which a share of ∫B² dV is, with a margin; both ends of the shell where that is more than half of it."""
    nodes, (inner, outer) = field.shell.r, field.radii
    weight = np.cumsum(mean_squares(field, nodes).sum(axis=0) * nodes**2 * field.shell.weights)
    if weight[-1] <= 0:
        return inner, outer
    low, high = np.interp([(1 - share) / 2, (1 + share) / 2], weight / weight[-1], nodes)
    margin = 0.4 * (high - low)
    if high - low + 2 * margin > 0.5 * (outer - inner):
        return inner, outer
    return max(inner, low - margin), min(outer, high + margin)


def chiral_wave_number(
    run: Any, index: int, r: np.ndarray, theta: np.ndarray, phi: np.ndarray | tuple[float, ...] = (0.0,)
) -> tuple[np.ndarray, np.ndarray]:
    """k5 of a snapshot: (of weak captures alone, (r,); with the anomaly's feedback, (theta, phi, r)), both after the cap.

    k5 = (k5w + b B·curl NB/N)/(1 + b B²), then the cap, as the run's equation forms it for n5 quasi-steady: k5w is that of the
    captures before the cap. At the conductor E·B = 0 and k5 is what it is without feedback.
    """
    from kiral.crust.rates import chiral_wavenumber_with_feedback

    field, time = stored_field(run, index), float(run.snapshots["t"][index])
    at = field.shell.interpolation(np.asarray(r, float))
    cap = run.config["model"].get("k5_max") or np.inf
    captures, strength = (at @ coefficient(run, name, time) for name in ("k5_captures", "feedback_strength"))
    weak = np.clip(captures, -cap, cap)
    b, j = (on_grid(f, r, theta, phi) for f in (field, current(field)))
    along = np.sum(b * j, axis=0) / (at @ field.lapse)
    found = chiral_wavenumber_with_feedback(captures, strength, np.sum(b**2, axis=0), along, cap)
    return weak, np.where(np.asarray(r) <= field.radii[0], weak, found)


def _tables(rows: int, columns: int, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P, dP/dθ, m P/sinθ) of l < rows and m < columns, each (l, m, theta)."""
    x = np.cos(_off_poles(theta))
    p, sine = legendre(rows, columns - 1, x), np.sqrt((1 - x) * (1 + x))  # the sine that P is made of
    l, m = np.arange(rows, dtype=float)[:, None], np.arange(columns, dtype=float)
    ahead = np.sqrt(np.maximum((l + 1) ** 2 - m**2, 0.0) / (4 * (l + 1) ** 2 - 1))
    alpha = np.concatenate([np.zeros((1, columns)), ahead[:-1]])  # sinθ ∂θ P_l = l α_{l+1} P_{l+1} - (l+1) α_l P_{l-1}
    below = np.concatenate([np.zeros_like(p[:1]), p[:-2]])
    slope = (l * ahead)[..., None] * p[1:] - ((l + 1) * alpha)[..., None] * below
    return p[:-1], slope / sine, m[:, None] * p[:-1] / sine


def _off_poles(theta: np.ndarray) -> np.ndarray:
    return np.clip(np.asarray(theta, float), POLE, np.pi - POLE)


def _summed(part: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Re Σ part (m, theta, r) waves (m, phi) → (theta, phi, r)."""
    real = np.tensordot(waves.real, part.real, axes=(0, 0)) - np.tensordot(waves.imag, part.imag, axes=(0, 0))
    return np.swapaxes(real, 0, 1)
