"""Pressure of cold neutron-star matter as a function of its density: analytic fits, or a table; and what else an EOS knows.

ξ = lg(ρ / g cm⁻³) with ρ c² the energy density including rest mass, P in dyn cm⁻² = erg cm⁻³, n_b in fm⁻³. Barotropes are
NamedTuples of arrays, so that compiled code takes any of the same kind; numpy alone works, too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiral.config.messages import nearest
from kiral.constants import EV_ERG, NEUTRON_MASS_EV, SPEED_OF_LIGHT_CM_S
from kiral.core.arrays import namespace
from kiral.crust.composition import Composition, crust_composition
from kiral.errors import ConfigError

LN10 = np.log(10.0)
C2 = SPEED_OF_LIGHT_CM_S**2
MEV_FM3 = 1e45 * EV_ERG  # 1 MeV fm⁻³ in erg cm⁻³
NEUTRON_MEV = 1e-6 * NEUTRON_MASS_EV
IRON_MEV = 930.4121
"""Rest energy per baryon of the atom ⁵⁶Fe, the ground state at zero pressure: 55.934936 u / 56 (AME 2020), in MeV."""


class FermiFit(NamedTuple):
    """lg P(ξ) as in eos.toml: head (6,), steps (terms, 4), peaks (terms, 3)."""

    head: Any
    steps: Any
    peaks: Any

    def log_pressure(self, xi: Any) -> Any:
        """lg P [dyn cm⁻²] of ξ, any shape."""
        xp = namespace(xi, self.head)
        h = self.head
        found = (h[0] + h[1] * xi + h[2] * xi**3) / (1 + h[3] * xi) * _fermi(xp, h[4] * (xi - h[5]))
        for k in range(self.steps.shape[0]):
            a, b, c, d = (self.steps[k, i] for i in range(4))
            found = found + (a + b * xi) * _fermi(xp, c * (d - xi))
        for k in range(self.peaks.shape[0]):
            a, b, c = (self.peaks[k, i] for i in range(3))
            found = found + a / (1 + (b * (xi - c)) ** 2)
        return found


class Spline(NamedTuple):
    """lg P(ξ) in pieces Σ_j coefficients[j, i] (ξ - knots[i])^(3 - j): monotone where the table is (PCHIP)."""

    knots: Any
    coefficients: Any

    def log_pressure(self, xi: Any) -> Any:
        """lg P [dyn cm⁻²] of ξ, any shape; beyond the table its last pieces go on."""
        xp = namespace(xi, self.knots)
        xi = xp.asarray(xi)
        i = xp.clip(xp.searchsorted(self.knots, xi, side="right") - 1, 0, self.knots.shape[0] - 2)
        step, c = xi - xp.take(self.knots, i), xp.take(self.coefficients, i, axis=1)
        return ((c[0] * step + c[1]) * step + c[2]) * step + c[3]


Barotrope = FermiFit | Spline


@dataclass(frozen=True)
class EquationOfState:
    """An equation of state with the composition of its crust. Build with `equation_of_state`.

    density_range: where it holds [g cm⁻³]. drip, crust_core: baryon densities of neutron drip and of the crust's lower end
    [fm⁻³]. `baryons` maps ρ to n_b, `composed` (ρ, n_b) to the Composition of the crust, `core_electrons` n_b to electrons per
    baryon in the core (None where not known).
    """

    name: str
    source: str
    barotrope: Barotrope
    density_range: tuple[float, float]
    drip: float
    crust_core: float
    baryons: Callable[[NDArray], NDArray]
    composed: Callable[[NDArray, NDArray], Composition]
    composition_source: str
    core_electrons: Callable[[Any], Any] | None = None

    def pressure(self, density: Any) -> Any:
        """P [dyn cm⁻²] of ρ [g cm⁻³]."""
        xp = namespace(density)
        return 10.0 ** self.barotrope.log_pressure(xp.log10(density))

    def baryon_density(self, density: Any) -> NDArray:
        """n_b [fm⁻³] of ρ [g cm⁻³]."""
        return self.baryons(np.asarray(density, float))

    def sound_speed_squared(self, density: Any) -> NDArray:
        """dP/dε = (c_s/c)² at constant composition of the table or fit, of ρ [g cm⁻³], by a fourth-order difference."""
        xi, step = np.log10(np.asarray(density, float)), 1e-4
        weights = {-2: 1.0, -1: -8.0, 1: 8.0, 2: -1.0}
        slope = sum(w * np.asarray(self.barotrope.log_pressure(xi + k * step)) for k, w in weights.items()) / (12 * step)
        return 10 ** (np.asarray(self.barotrope.log_pressure(xi)) - xi) / C2 * slope

    def density_of(self, baryon_density: float) -> float:
        """ρ [g cm⁻³] at which n_b has that value [fm⁻³], by root finding."""
        from scipy.optimize import root_scalar

        low, high = (np.log10(edge) for edge in self.density_range)
        wanted = np.log(baryon_density)

        def excess(xi: float) -> float:
            return float(np.log(self.baryons(np.array(10.0**xi)))) - wanted

        return float(10 ** root_scalar(excess, bracket=(low, high), method="brentq", xtol=1e-13).root)


def equation_of_state(eos: str | Path | EquationOfState = "BSk24") -> EquationOfState:
    """The EOS of that name ("BSk24", "SLy4"), or of a folder in CompOSE format (`kiral.crust.compose`).

    ConfigError: neither a known name nor a folder, or a table that does not fit.
    """
    if isinstance(eos, EquationOfState):
        return eos
    if str(eos) in _fits():
        return _analytic(str(eos))
    if Path(eos).is_dir():
        from kiral.crust.compose import read_compose

        return read_compose(Path(eos))
    known = ", ".join(_fits())
    raise ConfigError(f"eos: {str(eos)!r}{nearest(str(eos), _fits())}; allowed: {known}, or the path of a CompOSE folder")


def energy_per_baryon(baryon_density: Any, name: str = "BSk24") -> Any:
    """Energy per baryon less the neutron's rest energy [MeV] of n_b [fm⁻³]; fits with their own energy only (BSk24)."""
    data = _fits()[name]
    n = namespace(baryon_density).asarray(baryon_density)
    p = (None, *data["energy"])
    root = [0.0, *((p[i] * n) ** 0.5 for i in range(1, 6))]
    w1, w2 = 1 / (1 + p[9] * n), 1 / (1 + (p[13] * n) ** p[14])
    crystal = (p[1] * n) ** (7 / 6) / (1 + root[2]) * (1 + root[4]) / ((1 + root[3]) * (1 + root[5]))
    dripped = p[6] * n ** p[7] * (1 + p[8] * n)
    core = (p[10] * n) ** p[11] / (1 + p[12] * n)
    return data["energy_at_zero"] + crystal * w1 + dripped * (1 - w1) * w2 + core * (1 - w2)


def mass_density(baryon_density: Any, name: str = "BSk24") -> Any:
    """ρ [g cm⁻³] of n_b [fm⁻³] from `energy_per_baryon`."""
    return baryon_density * (energy_per_baryon(baryon_density, name) + NEUTRON_MEV) * MEV_FM3 / C2


def spline_of(density: NDArray, pressure: NDArray) -> Spline:
    """Spline through a table of increasing densities [g cm⁻³] and pressures [dyn cm⁻²]; does not overshoot at plateaus."""
    from scipy.interpolate import PchipInterpolator

    found = PchipInterpolator(np.log10(density), np.log10(pressure))
    return Spline(found.x, found.c)


def first_law_mismatch(baryon_density: NDArray, name: str = "BSk24", step: float = 1e-4) -> NDArray:
    """P/(n² d(ε/n)/dn) - 1 of a fit with its own energy: how far its pressure is from that energy, (points,).

    The two are separate fits, so this measures their quality; the derivative is a central difference of fourth order.
    """
    n = np.asarray(baryon_density, float)
    weights = {-2: 1.0, -1: -8.0, 1: 8.0, 2: -1.0}
    slope = sum(w * energy_per_baryon(n * (1 + k * step), name) for k, w in weights.items()) / (12 * n * step)
    pressure = 10 ** _analytic(name).barotrope.log_pressure(np.log10(mass_density(n, name)))
    return pressure / (n**2 * slope * MEV_FM3) - 1


@cache
def _fits() -> dict[str, Any]:
    return tomllib.loads(files("kiral.crust").joinpath("eos.toml").read_text(encoding="utf-8"))


@cache
def _analytic(name: str) -> EquationOfState:
    data = _fits()[name]
    barotrope = FermiFit(*(np.asarray(data[key], float) for key in ("head", "steps", "peaks")))
    low, high = data["range"]
    composition, source = crust_composition(data["drip"], data["crust_core"])
    return EquationOfState(
        name=name,
        source=data["source"],
        barotrope=barotrope,
        density_range=(low, high),
        drip=data["drip"],
        crust_core=data["crust_core"],
        baryons=_from_energy(name, low, high) if "energy" in data else _from_first_law(barotrope, low, high),
        composed=composition,
        composition_source=source,
        core_electrons=_core_electrons(data["core_electrons"]) if "core_electrons" in data else None,
    )


def _from_energy(name: str, low: float, high: float) -> Callable[[NDArray], NDArray]:
    """n_b(ρ) by Newton's method on ρ(n): ρ is so nearly proportional to n that few steps reach round-off."""

    def baryons(density: NDArray) -> NDArray:
        n = density * C2 / MEV_FM3 / NEUTRON_MEV
        for _ in range(30):
            slope = (mass_density(1.0001 * n, name) - mass_density(0.9999 * n, name)) / (2e-4 * n)
            change = (mass_density(n, name) - density) / slope
            n = n - change
            if np.all(np.abs(change) <= 1e-15 * n):
                break
        return np.asarray(n)

    return baryons


def _from_first_law(barotrope: Barotrope, low: float, high: float) -> Callable[[NDArray], NDArray]:
    """n_b(ρ) by d ln n = dε/(ε + P), upwards from iron at the lowest density; cubic spline of 4000 points in ξ."""
    from scipy.interpolate import CubicSpline

    xi = np.linspace(np.log10(low), np.log10(high), 4001)
    ratio = 10.0 ** (barotrope.log_pressure(xi) - xi) / C2
    growth = CubicSpline(xi, LN10 / (1 + ratio)).antiderivative()
    start = low * C2 / (MEV_FM3 * IRON_MEV)  # the electrons' kinetic energy there is 4e-5 of it, the fit's error is larger

    def baryons(density: NDArray) -> NDArray:
        return np.asarray(start * np.exp(growth(np.log10(density)) - growth(xi[0])))

    return baryons


def _core_electrons(p: list[float]) -> Callable[[Any], Any]:
    def fraction(n: Any) -> Any:
        return (p[0] + p[1] * n + p[2] * n**1.5 + p[3] * n**4) / (1 + p[4] * n**1.5 + p[5] * n**4)

    return fraction


def _fermi(xp: Any, x: Any) -> Any:
    """1/(eˣ + 1) without overflow, also in derivatives."""
    return 0.5 * (1 - xp.tanh(0.5 * x))
