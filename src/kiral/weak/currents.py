"""Electric and energy currents along a magnetic field, j = ξ B and T^i0 = κ e B, of electrons out of equilibrium.

Y23 = Yamamoto & Yang, Phys. Rev. Lett. 131, 012701 (2023), Eqs. (21)–(30). Natural Heaviside–Lorentz units, MeV,
e² = 4πα; ξ in MeV, κ in MeV². With d = δf_L - δf_R of the electrons and d̄ of the positrons (right- minus left-handed),

    ξ = -(e²/4π²) ∫ d dq,   ξ_tot = ξ + (e²/4π²) ∫ d̄ dq
    κ = -C ∫ q d dq,        κ_tot = κ - C ∫ q d̄ dq

which for δf = -(x0/q) F_W is Y23 (27)–(30). C = 1/4π² follows from (22) and from equilibrium, κ = mu²/8π² + T²/24 of one
chirality ("consistent"); (29, 30) print C = 1/8π² ("printed").

Off the mass shell δf is continued as a function of q0, as in Y23. Continued as one of |q|, ξ is 2/3 of this, κ too
(`direct_currents` has both).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from kiral.constants import FINE_STRUCTURE
from kiral.errors import ConfigError
from kiral.weak.quadrature import EnergyMesh

E_SQUARED = 4 * math.pi * FINE_STRUCTURE
ENERGY_FACTORS = {"consistent": 1 / (4 * math.pi**2), "printed": 1 / (8 * math.pi**2)}


class Currents(NamedTuple):
    """Conductivities of the electric current [MeV] and of the energy current [MeV²], of electrons and in total."""

    xi_b: Any
    xi_b_total: Any
    kappa_b: Any
    kappa_b_total: Any


def energy_factor(energy_current: str) -> float:
    """C of κ. ConfigError for an unknown choice."""
    if energy_current not in ENERGY_FACTORS:
        raise ConfigError(f"energy_current: got {energy_current!r}; allowed: {', '.join(ENERGY_FACTORS)}")
    return ENERGY_FACTORS[energy_current]


def currents(
    mesh: EnergyMesh, excess: Any, excess_positrons: Any, energy_current: str = "consistent"
) -> tuple[Currents, Currents]:
    """(currents, errors of the integrals) of d and d̄ on the mesh; see the head of this module."""
    charge, energy = -E_SQUARED / (4 * math.pi**2), -energy_factor(energy_current)
    integrals = [mesh.integral(values) for values in (excess, excess_positrons, mesh.q * excess, mesh.q * excess_positrons)]
    (d, d_error), (p, p_error), (qd, qd_error), (qp, qp_error) = integrals
    value = Currents(charge * d, charge * (d - p), energy * qd, energy * (qd + qp))
    error = Currents(
        abs(charge) * d_error, abs(charge) * (d_error + p_error), abs(energy) * qd_error, abs(energy) * (qd_error + qp_error)
    )
    return value, error


def near_equilibrium_currents(
    mesh: EnergyMesh, delta_f_nu: Any, energy_current: str = "consistent"
) -> tuple[Any, Any]:
    """(ξ_B, κ_B) by Y23 Eq. (24): δf_L = -δf_nu, for neutrinos δf_nu away from beta equilibrium on the mesh.

    It holds where electrons have gained what neutrinos lost. It is not the limit of (26) with a given f_nu, in which
    δf_L = +(t/τ_W) δf_nu (`kiral.weak.collision.relaxation_rate`): more neutrinos make more electrons.
    """
    value, _ = currents(mesh, -delta_f_nu, 0 * delta_f_nu, energy_current)
    return value.xi_b, value.kappa_b


# --- Second method: Eqs. (21), (22) as they stand --------------------------------------------------------------------


def direct_currents(
    delta_f: Callable[[Any], Any], edges: Sequence[float], continuation: str = "q0", nodes: int = 20
) -> tuple[float, float]:
    """(ξ, κ) of δf_L(energy) by integrating Y23 (21), (22) over momentum, derivatives and all; κ as (22) has it.

    With ∫ d⁴q/(2π)³ δ(q²) = ∫ d³q/((2π)³ 2|q|), and D = [B q·∂_q - (q·B) ∂_q] along B,

        ξ = e² ∫ d³q/((2π)³ 2|q|) D δf/(q0 B),   κ = ½ ∫ d³q/((2π)³ 2|q|) D δf/B

    continuation "q0": δf(q0), D δf = B q0 δf'; "q": δf(|q|), D δf = B (1 - cos²θ) |q| δf', θ between q and B.
    The derivative is that of the polynomial through the nodes of each panel; panels end at `edges` [MeV] and at 0.
    """
    if continuation not in ("q0", "q"):
        raise ConfigError(f"continuation: got {continuation!r}; allowed: q0, q")
    x, w = np.polynomial.legendre.leggauss(nodes)
    slope = _differentiation(x)
    cosine, cosine_weight = np.polynomial.legendre.leggauss(8)
    along = 1 - cosine**2 if continuation == "q" else np.ones_like(cosine)
    angles = 2 * math.pi * np.sum(cosine_weight * along)
    ends = np.r_[0.0, np.unique([edge for edge in edges if edge > 0])]
    charge = energy = 0.0
    for low, high in pairwise(ends):
        half = (high - low) / 2
        q = low + half * (1 + x)
        operated = q * (slope @ np.asarray(delta_f(q))) / half
        shell = half * w * q**2 / ((2 * math.pi) ** 3 * 2 * q) * angles
        charge += float(np.sum(shell * operated / q))
        energy += float(np.sum(shell * operated))
    return E_SQUARED * charge, energy / 2


def _differentiation(x: np.ndarray) -> np.ndarray:
    """Matrix of the derivative of the polynomial through values at the points x (barycentric form)."""
    gaps = x[:, None] - x[None, :] + np.eye(x.size)
    weight = 1 / gaps.prod(axis=1)
    matrix = weight[None, :] / weight[:, None] / gaps
    np.fill_diagonal(matrix, 0.0)
    return matrix - np.diag(matrix.sum(axis=1))
