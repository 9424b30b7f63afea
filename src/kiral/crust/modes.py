"""Eigenmodes of the induction equation in a shell: Ohmic decay and the chiral magnetic instability, degree by degree.

Dense eigenproblems with scipy, off the hot path. Lengths and rates in any consistent units for `decay_modes` and
`growth_rates` (outer radius 1, rates in eta/length²); km and 1/yr where the coefficients are those of a star.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg

from kiral.crust.coefficients import uniform
from kiral.crust.induction import Induction, Inner, make_induction
from kiral.errors import ConfigError
from kiral.geometry.shell import element_edges, make_shell

Profile = float | Callable[[np.ndarray], np.ndarray]
ORDER = 12
"""Degree of the elements for `decay_modes` and `growth_rates`."""


class Modes(NamedTuple):
    """Modes of one degree. rates: (count,), complex, ∂t → rate; f, g: (count, nodes), of energy 1; r: (nodes,)."""

    rates: np.ndarray
    f: np.ndarray
    g: np.ndarray
    r: np.ndarray


def decay_modes(
    inner: float = 0.5,
    degree: int = 1,
    kind: str = "poloidal",
    count: int = 3,
    *,
    elements: int | None = None,
    order: int = ORDER,
) -> np.ndarray:
    """Wave numbers k of the slowest Ohmic decay modes, which decay at the rate eta k²: (count,), increasing [1/outer radius].

    inner: radius of the perfect conductor inside, in units of the outer radius; vacuum outside. Uniform eta, flat space.
    kind: "poloidal", the roots of j_{l-1}(k) y_l(k inner) = y_{l-1}(k) j_l(k inner), or "toroidal". To 1e-9 and better, from
    the discrete operator. Errors: ConfigError.
    """
    if kind not in ("poloidal", "toroidal"):
        raise ConfigError(f'decay_modes: kind must be "poloidal" or "toroidal"; got {kind!r}')
    _check(inner, degree)
    elements = elements or 4 + math.ceil(count / 3)
    induction = _unit_shell(inner, degree, 0.0, 1.0, elements, order)
    if not 1 <= count <= induction.shell.nodes // 4:
        raise ConfigError(f"decay_modes: count must be from 1 to {induction.shell.nodes // 4}; got {count}")
    return np.sqrt(-ohmic_modes(induction, kind=kind, count=count).rates)


def growth_rates(
    inner: float,
    degree: int,
    k5: Profile,
    eta: Profile = 1.0,
    *,
    count: int | None = 6,
    elements: int | None = None,
    order: int = ORDER,
) -> np.ndarray:
    """Rates of the chiral magnetic instability in a shell, complex, the fastest growing first: (count,) [eta/outer radius²].

    inner: radius of the perfect conductor inside, in units of the outer radius; 0: a full sphere. Vacuum outside. k5 [1/outer
    radius] and eta are numbers or functions of r. count: how many; None: all. Complex rates come in pairs. Errors: ConfigError.
    """
    _check(inner, degree, sphere=True)
    largest = float(np.max(np.abs(_values(k5, np.linspace(inner, 1, 257)))))
    elements = elements or max(6, math.ceil(largest * (1 - inner) / 3))
    induction = _unit_shell(inner, degree, k5, eta, elements, order)
    return coupled_modes(induction, count=count).rates


def coupled_modes(induction: Induction, index: int = 0, count: int | None = 6) -> Modes:
    """Modes of poloidal and toroidal field together, of the degree at `index`, the fastest growing first."""
    n = induction.shell.nodes
    keep = np.flatnonzero(np.concatenate(induction.masks()))
    found: Any = linalg.eig(_one(induction, index).matrices()[0][np.ix_(keep, keep)], overwrite_a=True)
    rates, vectors = found
    chosen = np.lexsort((-rates.imag, -rates.real))[:count]
    full = np.zeros((chosen.size, 2 * n), complex)
    full[:, keep] = vectors[:, chosen].T
    return _normalised(induction, index, rates[chosen], full[:, :n], full[:, n:])


def fastest_modes(induction: Induction, index: int = 0, count: int = 4) -> Modes:
    """The `count` fastest growing modes of `coupled_modes`, by shift and inversion of a sparse matrix, for large grids.

    The shift is above the bound max(N eta k5²)/4 of growth; of the modes nearest to it, some more than asked for are compared.
    """
    from scipy import sparse
    from scipy.sparse.linalg import eigs

    c, n = induction.coefficients, induction.shell.nodes
    keep = np.flatnonzero(np.concatenate(induction.masks()))
    bound = float(np.max(c.lapse * c.eta * c.k5**2)) / 4
    if bound == 0:
        return coupled_modes(induction, index, count)
    matrix = sparse.csc_matrix(_one(induction, index).matrices()[0][np.ix_(keep, keep)])
    start = np.random.default_rng(1).normal(size=keep.size)
    found: Any = eigs(matrix, k=min(2 * count + 4, keep.size - 2), sigma=1.05 * bound, v0=start)
    rates, vectors = found
    chosen = np.lexsort((-rates.imag, -rates.real))[:count]
    full = np.zeros((chosen.size, 2 * n), complex)
    full[:, keep] = vectors[:, chosen].T
    return _normalised(induction, index, rates[chosen], full[:, :n], full[:, n:])


def ohmic_modes(induction: Induction, index: int = 0, kind: str = "poloidal", count: int = 1) -> Modes:
    """The slowest decay modes without the chiral current, for any eta(r) and metric: a symmetric problem, real rates."""
    n, mask = induction.shell.nodes, induction.masks()[kind == "toroidal"]
    coefficients = induction.coefficients._replace(k5=0 * induction.coefficients.k5)
    bare = Induction(induction.shell, coefficients, induction.degrees, induction.outside, induction.inner)
    keep = np.flatnonzero(mask)
    start = n if kind == "toroidal" else 0
    matrix = _one(bare, index).matrices()[0][start : start + n, start : start + n][np.ix_(keep, keep)]
    # Self-adjoint in ∫ N g² dℓ, and in ∫ f²/eta dℓ: made symmetric by the roots of these weights.
    weight = bare.shell.weights * (coefficients.lapse if kind == "toroidal" else 1 / coefficients.eta)
    root = np.sqrt(weight[keep])
    symmetric = -root[:, None] * matrix / root
    symmetric = (symmetric + symmetric.T) / 2
    rates, vectors = linalg.eigh(symmetric, subset_by_index=(0, count - 1))
    full = np.zeros((count, n))
    full[:, keep] = (vectors / root[:, None]).T
    empty = np.zeros_like(full)
    return _normalised(bare, index, -rates, *((empty, full) if kind == "toroidal" else (full, empty)))


def _normalised(induction: Induction, index: int, rates: np.ndarray, f: np.ndarray, g: np.ndarray) -> Modes:
    """Energy 1, that outside included; the largest value of f, or of g where there is no f, real and positive."""
    poloidal, toroidal, outside = _one(induction, index).energies(f[None], g[None])
    energy = (poloidal + toroidal + outside)[0]
    leading = np.where(np.abs(f).max(axis=1, keepdims=True) > 0, f, g)
    largest = np.take_along_axis(leading, np.abs(leading).argmax(axis=1)[:, None], axis=1)
    factor = np.abs(largest) / largest / np.sqrt(energy)[:, None]
    return Modes(rates, factor * f, factor * g, np.asarray(induction.shell.r))


def _one(induction: Induction, index: int) -> Induction:
    """The operator of one degree alone."""
    part = slice(index, index + 1)
    return Induction(induction.shell, induction.coefficients, induction.degrees[part], induction.outside[part], induction.inner)


def _unit_shell(inner: float, degree: int, k5: Profile, eta: Profile, elements: int, order: int) -> Induction:
    shell = make_shell(element_edges(inner, 1.0, elements), order)
    coefficients = uniform(shell.r, k5=_values(k5, shell.r))._replace(eta=_values(eta, shell.r))
    return make_induction(shell, coefficients, [degree], inner=_inside(inner))


def _inside(inner: float) -> Inner:
    return "conductor" if inner > 0 else "centre"


def _values(profile: Profile, r: np.ndarray) -> np.ndarray:
    return np.asarray(profile(r), float) if callable(profile) else np.full_like(r, profile)


def _check(inner: float, degree: int, sphere: bool = False) -> None:
    if not (0 < inner < 1 or (sphere and inner == 0)):
        allowed = "0 <= inner < 1" if sphere else "0 < inner < 1"
        raise ConfigError(f"inner: radius over the outer one, allowed {allowed}; got {inner:g}")
    if degree != int(degree) or degree < 1:
        raise ConfigError(f"degree: a whole number from 1 on; got {degree}")
