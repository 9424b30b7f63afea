"""What the values and figures of G16 share: local states with units that show every factor, sums over chiralities, ratios."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kiral.papers.gorbar2016 import direct
from kiral.papers.gorbar2016.direct import Moments, Plasma

KEY = "gorbar2016"
PI2 = math.pi**2
TEMPERATURE, MU, MU5, TAU, CHARGE, C = 1.3, 0.45, 0.2, 0.6, 0.8, 1.7
"""No two are equal and none is 1, so that a wrong power of any of them shows."""
PARALLEL = 1e-9
"""A component beyond the formula's direction, relative to it, above which two vectors are not parallel."""
AGREE = 1e-9
"""Relative difference up to which two vectors or numbers are the same; quadrature leaves 1e-12."""
LEVI_CIVITA = np.zeros((3, 3, 3))
LEVI_CIVITA[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = 1
LEVI_CIVITA[[0, 2, 1], [2, 1, 0], [1, 0, 2]] = -1
ZERO, NONE = np.zeros(3), np.zeros((3, 3))

State = dict[str, Any]
"""temperature, mu, mu5, tau, charge, c, e, b, their derivatives: of mu and mu5 as in `Plasma`, those of mu5 with a 5."""


def at_rest(**drivers: Any) -> State:
    """The matter with the given drivers only; a rate of B brings the curl of E that Faraday's law asks for."""
    still = dict.fromkeys(("e", "b", "grad_mu", "grad_mu5", "dt_e", "dt_b"), ZERO) | dict.fromkeys(("dt_mu", "dt_mu5"), 0.0)
    flat = dict.fromkeys(("hessian_mu", "hessian_mu5", "grad_e", "grad_b"), NONE)
    matter = {"temperature": TEMPERATURE, "mu": MU, "mu5": MU5, "tau": TAU, "charge": CHARGE, "c": C}
    given = {name: np.asarray(value, dtype=float) if np.ndim(value) else float(value) for name, value in drivers.items()}
    state = matter | still | flat | given
    if "dt_b" in drivers and "grad_e" not in drivers:
        state["grad_e"] = curl_of(-state["dt_b"] / state["c"])
    return state


def curl_of(vorticity: np.ndarray) -> np.ndarray:
    """G[i, j] = ∂_i F_j without divergence or shear, of the given curl."""
    return np.einsum("ijk,k->ij", LEVI_CIVITA, vorticity) / 2


@cache
def _general(seed: int, drifting: bool) -> State:
    r = np.random.default_rng(seed)
    size = 0.1
    symmetric, hessian, hessian5, grad_b = (size * r.normal(size=(3, 3)) for _ in range(4))
    dt_b, b, side = size * r.normal(size=3), r.normal(size=3), r.normal(size=3)
    across = np.cross(b, side)
    slow = size * r.normal(size=3)
    moving = 0.55 * np.linalg.norm(b) * across / np.linalg.norm(across) + size * b
    return at_rest(
        e=moving if drifting else slow, b=b, grad_mu=size * r.normal(size=3), grad_mu5=size * r.normal(size=3), dt_mu=0.07,
        dt_mu5=-0.04, hessian_mu=hessian + hessian.T, hessian_mu5=hessian5 + hessian5.T,
        grad_e=curl_of(-dt_b / C) + symmetric + symmetric.T, grad_b=grad_b - np.trace(grad_b) / 3 * np.eye(3),
        dt_e=size * r.normal(size=3), dt_b=dt_b,
    )  # fmt: skip


def general(drifting: bool = False) -> State:
    """A state with every driver, curl E = -∂t B/c and div B = 0; drifting with β = 0.55."""
    return dict(_general(5, drifting))


def plasma(state: State, chirality: int) -> Plasma:
    """One chirality of a state."""
    own = {name: state[name] + chirality * state[f"{name}5"] for name in ("mu", "grad_mu", "dt_mu", "hessian_mu")}
    return Plasma(**{name: (state | own | {"chirality": chirality})[name] for name in Plasma._fields})


def moments(state: State, chirality: int, drifting: bool = False) -> Moments:
    """Sums over the momenta of one chirality."""
    return (direct.drifting if drifting else direct.with_drag)(plasma(state, chirality))


def summed(state: State, part: Callable[[Moments], Any], drifting: bool = False) -> tuple[Any, Any]:
    """A part of the moments summed over chiralities, and right- less left-handed."""
    right, left = (part(moments(state, chirality, drifting)) for chirality in (1, -1))
    return right + left, right - left


def density(found: Moments) -> Any:
    """n_λ."""
    return found.density


def current(found: Moments) -> Any:
    """j_λ."""
    return found.current


def rate(state: State, chirality: int, drifting: bool = False) -> float:
    """dmu_λ/dt for which collisions conserve particles: the sum over momenta of f - f_eq is zero."""
    still, moving = (moments(state | {"dt_mu": value, "dt_mu5": 0.0}, chirality, drifting) for value in (0.0, 1.0))
    return -(still.density - still.n_zeroth) / (moving.density - still.density)


def rates(state: State, drifting: bool = False) -> tuple[float, float]:
    """(dmu/dt, dmu5/dt) from both chiralities."""
    right, left = (rate(state, chirality, drifting) for chirality in (1, -1))
    return (right + left) / 2, (right - left) / 2


def inputs(state: State, *left_out: str) -> dict[str, Any]:
    """A state as arguments of the closed forms of `kiral.kinetic`."""
    given = {
        "temperature": state["temperature"], "mu": state["mu"], "mu5": state["mu5"], "tau": state["tau"],
        "charge": state["charge"], "c": state["c"], "electric_field": state["e"], "magnetic_field": state["b"],
        "grad_mu": state["grad_mu"], "grad_mu5": state["grad_mu5"], "dt_electric_field": state["dt_e"],
        "dt_magnetic_field": state["dt_b"], "grad_electric_field": state["grad_e"], "grad_magnetic_field": state["grad_b"],
        "dt_mu": state["dt_mu"], "dt_mu5": state["dt_mu5"], "div_electric_field": np.trace(state["grad_e"]),
        "laplacian_mu": np.trace(state["hessian_mu"]), "laplacian_mu5": np.trace(state["hessian_mu5"]),
    }  # fmt: skip
    return {name: value for name, value in given.items() if name not in left_out}


def slope(state: State, chirality: int) -> float:
    """X_λ = 3 mu_λ² + π²T²."""
    return 3 * (state["mu"] + chirality * state["mu5"]) ** 2 + PI2 * state["temperature"] ** 2


def driving(s: Plasma) -> np.ndarray:
    """E_λ."""
    return s.e - s.grad_mu / s.charge


def ratio(found: Any, formula: Any, parallel: float = PARALLEL) -> float:
    """found/formula; nan where, as vectors (or lists of numbers), they are not parallel."""
    a, b = (np.ravel(np.asarray(value, dtype=float)) for value in (found, formula))
    factor = float(a @ b / (b @ b))
    return factor if np.linalg.norm(a - factor * b) <= parallel * np.linalg.norm(b) else math.nan


def apart(found: Any, formula: Any) -> float:
    """|found - formula|/|found|."""
    return float(np.linalg.norm(np.subtract(found, formula)) / np.linalg.norm(found))


def same(found: Any, formula: Any) -> bool:
    """Whether two vectors agree."""
    return apart(found, formula) < AGREE


def which(printed: Any, corrected: Any) -> str:
    """The word for a statement with a correction."""
    return "printed" if printed else "corrected" if corrected else "neither"


def judged(found: Any, as_printed: Any, corrected: Any) -> tuple[str, str]:
    """(word, sizes): which of two forms agrees with what was computed without either."""
    sizes = f"as printed it is off by {percent(apart(found, as_printed))}, corrected by {apart(found, corrected):.0e}"
    return which(same(found, as_printed), same(found, corrected)), sizes


def percent(size: float) -> str:
    """A relative size in words."""
    return f"{100 * size:.3g} %"


def derivative(function: Callable[..., Any], at: tuple[Any, ...], along: tuple[Any, ...]) -> Any:
    """Directional derivative of an analytic function, exact to rounding: Im f(z + i h a)/h."""
    h = 1e-30
    return np.imag(function(*(np.asarray(z) + 1j * h * np.asarray(a) for z, a in zip(at, along, strict=True)))) / h
