"""What the values and figures of D24 share: its star, the crust's microphysics, the linear instability and its evolution."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import xarray
from scipy import linalg, sparse
from scipy.sparse.linalg import splu

from kiral.api import setup_jax
from kiral.constants import BOLTZMANN_EV_K
from kiral.crust import linear_build as build
from kiral.crust.coefficients import CrustMatter, of_matter
from kiral.crust.conductivity import scattering
from kiral.crust.config import DecayMode
from kiral.crust.induction import Induction
from kiral.crust.linear_calculations import CrustGrowth
from kiral.crust.modes import Modes, fastest_modes
from kiral.crust.neutron_star import Star
from kiral.crust.rates import Chirality, chirality, fermi_factor
from kiral.crust.star_calculations import CrustProfile
from kiral.kinetic.integrals import fermi_integral

KEY = "dehmanpons2024"
TEMPERATURE, DELTA_MU = 1e9, 1e-2
"""[K] and δmu/kT of the model that the text presents."""
SEED, TARGET = 3e12, 1e15
"""Mean field at the start, "a few 1e12 G", and when an amplification counts as done [G]."""
CUTOFF = 600.0
"""k5max [1/km]."""
CELLS = 40
"""Radial cells N_r."""
KT_MEV = 1e-6 * BOLTZMANN_EV_K * TEMPERATURE
LINEAR = CrustGrowth(temperature=TEMPERATURE, k5_max=CUTOFF, n_r=160)
COOLING = (100.0, 0.35)
"""Ours: T = 1e9 K until 100 yr, then as t^-0.35. D24 solve for the temperature, and print none after 75 yr."""
E_FOLDINGS = 0.2  # a step of the evolution, in e-foldings of the fastest mode, or less
BLOCK = 8  # steps between looks at the mean field
LAST = -6  # row of an evolution that is one e-folding before the last
STRETCHING = 0.04  # a step over the time passed, while the crust cools


def which(printed: Any, corrected: Any) -> str:
    """The word of a statement that has a correction."""
    return "printed" if printed else "corrected" if corrected else "neither"


def star() -> Star:
    """1.4 solar masses, BSk24."""
    setup_jax()
    return build.cached_star(LINEAR.mass, LINEAR.eos, LINEAR.outer_density)


@cache
def fig1() -> xarray.Dataset:
    """Fig. 1: captures without their inverse at 1e8, 1e9 and 1e10 K, from the core to 1e10 g/cm³."""
    return CrustProfile(central_density=star().central_density).compute()


def at_value(name: str, value: float, temperature: int = 1) -> float:
    """Density [g/cm³] at which a quantity of `fig1`, monotonic over density, has a value, at the i-th temperature."""
    y = np.log(fig1()[name].values[temperature])
    order = np.argsort(y)
    return float(np.exp(np.interp(math.log(value), y[order], np.log(fig1()["density"].values)[order])))


@cache
def crust() -> tuple[xarray.Dataset, Chirality, np.ndarray]:
    """(crust over r, its chirality at 1e9 K and δmu/kT = 0.01 without cutoff, elements of proper volume [cm³] by r [cm])."""
    found = star().crust
    names = ("charge_number", "mass_number", "ion_density", "nuclear_size")
    z, a, ions, size = (found[name].values for name in names)
    sigma = scattering(None, TEMPERATURE, z, a, ions, size).conductivity
    chiral = chirality(found["electron_chemical_potential"].values, sigma, TEMPERATURE, DELTA_MU)
    return found, chiral, 4 * math.pi * (1e5 * found["r"].values) ** 2 * found["stretch"].values


def over_crust(values: np.ndarray) -> float:
    """∫ values dV over the crust's proper volume, values per cm³."""
    found, _, area = crust()
    return float(np.trapezoid(area * values, 1e5 * found["r"].values))


@cache
def matter(delta_mu: float) -> CrustMatter:
    """The crust at the nodes of the radial grid."""
    return build.crust_matter(star(), LINEAR.model(delta_mu), LINEAR.grid(), TEMPERATURE)


@cache
def induction(delta_mu: float = DELTA_MU, degree: int = 1, **changes: Any) -> Induction:
    """The linear operator. changes: fields of `CrustGrowth`, such as n_r, order, finer, k5_max."""
    return LINEAR.model_copy(update=changes).induction(delta_mu, [degree])


@cache
def mode(delta_mu: float = DELTA_MU, degree: int = 1, **changes: Any) -> Modes:
    """The fastest growing mode of a degree."""
    return fastest_modes(induction(delta_mu, degree, **changes), 0, 1)


def rate(*args: Any, **changes: Any) -> float:
    """Its growth rate [1/yr]; arguments of `mode`."""
    return float(mode(*args, **changes).rates[0].real)


def growing_layer() -> tuple[float, float, float]:
    """(mean radius [km], standard deviation [km], density [g/cm³]) of the toroidal energy in the fastest mode."""
    sh, found = induction().shell, mode()
    weight = sh.weights * np.abs(found.g[0]) ** 2
    mean = float(np.sum(weight * sh.r) / np.sum(weight))
    width = math.sqrt(float(np.sum(weight * (sh.r - mean) ** 2) / np.sum(weight)))
    return mean, width, float(star().at_radius([mean])["density"].values[0])


def polar_field(operator: Induction, f: np.ndarray) -> Any:
    """|B_r| of a dipole at the pole of the outer boundary; f of l = 1, (..., nodes)."""
    return 2 * math.sqrt(3 / (4 * math.pi)) * np.abs(f[..., -1]) / float(operator.shell.r[-1]) ** 2


def seed_field(b_mean: float = SEED, delta_mu: float = DELTA_MU, **changes: Any) -> tuple[np.ndarray, np.ndarray]:
    """(f, g) of the slowest poloidal mode of uniform conductivity, l = 1, on the grid of `induction` with these arguments."""
    f, g = _decay_mode(delta_mu, **changes)
    return b_mean * f, b_mean * g


@cache
def _decay_mode(delta_mu: float, **changes: Any) -> tuple[np.ndarray, np.ndarray]:
    return build.seed(induction(delta_mu, **changes), DecayMode(b_mean=1.0), LINEAR.grid())


class Evolution(NamedTuple):
    """t: [yr]; b_mean: [G]; poloidal, toroidal: energy in the crust [erg]; pole: |B_r| at the pole outside [G].

    time: when b_mean is `TARGET` [yr].
    """

    t: np.ndarray
    b_mean: np.ndarray
    poloidal: np.ndarray
    toroidal: np.ndarray
    pole: np.ndarray
    time: float

    def at(self, t: float, name: str) -> float:
        """A quantity at a time, interpolated in its logarithm."""
        with np.errstate(divide="ignore"):
            return float(np.exp(np.interp(t, self.t, np.log(getattr(self, name)))))


@cache
def evolution(delta_mu: float = DELTA_MU, b_from: float = SEED, cooling: bool = False) -> Evolution:
    """The linear evolution of the seed until the mean field is `TARGET`, from matrix exponentials of the operator.

    Isothermal: exact in time, one exponential, used in steps of 0.2 e-foldings. cooling: by `COOLING` after its beginning, with
    the operator at the middle of each step (second order) and the exponential's (1, 2) Padé approximant.
    """
    operator = induction(delta_mu)
    keep = np.flatnonzero(np.concatenate(operator.masks()))
    t, y = 0.0, np.concatenate(seed_field(b_from, delta_mu), axis=-1)[0][keep]
    rows, steps = _rows(operator, keep, [t], [y]), _steps(delta_mu, cooling)
    while rows[1, -1] < TARGET:
        times, states = [], []
        for h, step in islice(steps, BLOCK):
            t, y = t + h, step(y)
            times.append(t)
            states.append(y)
        rows = np.concatenate([rows, _rows(operator, keep, times, states)], axis=1)
    rows = rows[:, : int(np.argmax(rows[1] >= TARGET)) + 1]
    crossing = float(np.interp(math.log(TARGET), np.log(rows[1, -2:]), rows[0, -2:]))
    t_all, b_mean, poloidal, toroidal, pole = rows
    return Evolution(t_all, b_mean, poloidal, toroidal, pole, crossing)


def _steps(delta_mu: float, cooling: bool) -> Iterator[tuple[float, Callable[[np.ndarray], np.ndarray]]]:
    """(length, y → y after it) of each step, without end. The isothermal steps end where cooling begins."""
    (h, exponential), t = _exponential(delta_mu), 0.0
    while not cooling or t < COOLING[0] * (1 - 1e-9):
        yield h, exponential.__matmul__
        t += h
    while True:
        h = STRETCHING * t
        yield h, _pade(h * _matrix(_cooled(delta_mu, t + h / 2)))
        t += h


@cache
def _exponential(delta_mu: float) -> tuple[float, np.ndarray]:
    """(h, e^(hA)) at the constant temperature; a whole number of steps, of 0.2 e-foldings or less, until cooling begins."""
    h = COOLING[0] / math.ceil(COOLING[0] * rate(delta_mu) / E_FOLDINGS)
    return h, linalg.expm(h * _matrix(induction(delta_mu)))


def _cooled(delta_mu: float, t: float) -> Induction:
    """The operator at a time after cooling began."""
    warm, (begin, exponent) = induction(delta_mu), COOLING
    c = of_matter(matter(delta_mu), TEMPERATURE * (t / begin) ** -exponent, delta_mu, k5_max=CUTOFF)
    return Induction(warm.shell, c, warm.degrees, warm.outside, warm.inner)


def _matrix(operator: Induction) -> np.ndarray:
    keep = np.flatnonzero(np.concatenate(operator.masks()))
    return operator.matrices()[0][np.ix_(keep, keep)]


def _pade(z: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """y → (1 + z/3)(1 - 2z/3 + z²/6)⁻¹ y: e^z to third order, 0 for what decays fast. By its pair of complex poles."""
    pole = 2 + math.sqrt(2) * 1j
    residue = 6 * (1 + pole / 3) / (pole - pole.conjugate())
    factors = splu(sparse.csc_matrix(z) - pole * sparse.identity(len(z), format="csc"))
    return lambda y: 2 * (residue * factors.solve(y.astype(complex))).real


def _rows(operator: Induction, keep: np.ndarray, t: list[float], y: list[np.ndarray]) -> np.ndarray:
    """(5, times): t, mean field, energies [erg], polar field."""
    n = operator.shell.nodes
    full = np.zeros((1, len(t), 2 * n))
    full[0][:, keep] = y
    f, g = full[..., :n], full[..., n:]
    poloidal, toroidal, _ = operator.energies(f, g)
    mean = np.sqrt(operator.mean_squares(f, g)[0])
    return np.array([t, mean, 1e15 * poloidal[0], 1e15 * toroidal[0], polar_field(operator, f[0])])


def blocked(xi: np.ndarray | float = 0.0) -> Callable[[np.ndarray], np.ndarray]:
    """mu_e [MeV] → captures at δmu = ξ kT near equilibrium, over those with the threshold m_n - m_p, at 1e9 K.

    Energy conservation for matter near beta equilibrium: a capture takes E > mu_n - mu_p = mu_e - δmu, nuclei in their ground
    state even more. Then ∫ E² (E - w)² f dE with w = mu_e - δmu is mu_e² (kT)³ 2 φ3(ξ) to leading order in kT/mu_e.
    """

    def factor(mu_e: np.ndarray) -> np.ndarray:
        near = np.array([fermi_factor(mu, TEMPERATURE, mu - xi * KT_MEV) for mu in np.atleast_1d(mu_e)])
        return near / fermi_factor(np.atleast_1d(mu_e), TEMPERATURE)

    return factor


def decay_over_capture(xi: float) -> float:
    """Decays over captures at δmu = ξ kT where neutrinos of both leave: φ3(-ξ)/φ3(ξ), mu_e well above kT."""
    return float(fermi_integral(3, -xi)) / float(fermi_integral(3, xi))
