"""The field of a stored snapshot at any point of its shell, and what follows from it there: numpy only, nothing compiled.

A snapshot has the functions f and g of every harmonic at the nodes of the radial grid (see `kiral.geometry.spherical_field`):

    B = Σ L f/r² Y r̂ + (f_ℓ/r) ∇Y + (g/r) ∇Y × r̂,   L = l(l+1),   d/dℓ = d/dr over stretch.

curl NB has the functions (N g, j), j = N L f/r² - (N f_ℓ)_ℓ: the same kind of field. Between nodes all are the polynomials of
the elements. Values are arrays (theta, phi, r). Units are those of the run.

Poloidal lines of an axisymmetric field lie on ψ = -Σ f sinθ ∂θY: B_r = ∂θψ/(r² sinθ), B_θ = -∂ℓψ/(r sinθ), in a curved shell too,
so that lines at evenly spaced ψ enclose equal flux.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray

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
    """The field of a run's snapshot; in flat space where the run has stored no lapse and stretch."""
    from kiral.geometry.shell import Shell

    data = run.snapshots.isel(t=index)
    r = np.asarray(data["r"], float)
    shell = Shell(r, stored(data, "stretch", 1.0), int(run.config["geometry"]["order"]))
    f, g = (np.asarray(data[name].transpose("part", "l", "m", "r"), float) for name in "fg")
    return ShellField(shell, stored(data, "lapse", 1.0), f[0] + 1j * f[1], g[0] + 1j * g[1])


def stored(data: xarray.Dataset, name: str, default: float) -> np.ndarray:
    """A stored function of radius at the nodes, (nodes,), or a number for all of them where it is not there."""
    if name in data:
        return np.asarray(data[name], float)
    return np.full(data.sizes["r"], default)


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
    from kiral.geometry.sphere import gauss

    x, weights = gauss(2 * (field.f.shape[0] // 2 + 1))
    count = 2 * field.f.shape[1] - 1
    b = on_grid(field, r, np.arccos(x), 2 * np.pi * np.arange(count) / count)
    return np.einsum("t,ctpr->cr", weights / 2, b**2) / count


@dataclass(frozen=True)
class ChiralWaveNumber:
    """k5 of a snapshot on a grid. weak: of weak captures alone, after the cap, (r,); found: with feedback, (theta, phi, r)."""

    weak: np.ndarray
    found: np.ndarray


def chiral_wave_number(
    run: Any, index: int, r: np.ndarray, theta: np.ndarray, phi: np.ndarray | tuple[float, ...] = (0.0,)
) -> ChiralWaveNumber | None:
    """k5 = (k5w + b B·curl NB/N)/(1 + b B²), then the cap, as the run's equation forms it; None where none is stored.

    Coefficients that are stored at nodes (k5, feedback_strength) go between them as B does.
    """
    from kiral.crust.rates import chiral_wavenumber_with_feedback

    data = run.snapshots.isel(t=index)
    if "k5" not in data:
        return None
    field = stored_field(run, index)
    at = field.shell.interpolation(np.asarray(r, float))
    cap = run.config["model"].get("k5_max") or np.inf
    weak = np.clip(at @ stored(data, "k5", 0.0), -cap, cap)
    strength, lapse = at @ stored(data, "feedback_strength", 0.0), at @ field.lapse
    b, j = (on_grid(f, r, theta, phi) for f in (field, current(field)))
    along = np.sum(b * j, axis=0) / lapse
    return ChiralWaveNumber(weak, chiral_wavenumber_with_feedback(weak, strength, np.sum(b**2, axis=0), along, cap))


def _tables(rows: int, columns: int, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P, dP/dθ, m P/sinθ) of l < rows and m < columns, each (l, m, theta)."""
    from kiral.geometry.sphere import legendre

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
