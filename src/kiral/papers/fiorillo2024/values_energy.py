"""F24, interaction energy: Eqs. (1)–(7), by algebra and small computations."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from kiral.flavor import exchange
from kiral.papers.context import Context, Measured
from kiral.papers.fiorillo2024.common import (
    LENGTH,
    PAULI,
    arbitrary,
    close,
    density_matrix,
    smooth,
    word,
)

VELOCITIES, WEIGHTS = np.array([-1.0, -0.4, 0.3, 1.0]), np.array([0.4, 1.1, 0.8, 0.5])
"""Four beams for identities that hold for any."""


# --- Eqs. (2)–(7) ----------------------------------------------------------------------------------------------------


def left_handed(p: np.ndarray) -> np.ndarray:
    """The spinor χ with σ·p χ = -|p| χ, |χ| = 1; its phase is arbitrary."""
    return np.linalg.eigh(np.einsum("i,ijk->jk", p, PAULI))[1][:, 0]


def contraction(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> complex:
    """ū_a γ^μ u_b ū_c γ_μ u_d of left-handed spinors with ū γ⁰ u = 2."""
    vectors = sum(np.vdot(a, s @ b) * np.vdot(c, s @ d) for s in PAULI)
    return 4 * (np.vdot(a, b) * np.vdot(c, d) - vectors)


def interaction_prefactor(context: Context) -> Measured:
    """U over √2 G_F Σ (1 - cos θ) Tr ρ Tr ρ', from (2) with spinors; the exchange term has the same size."""
    p, q = arbitrary(2, 3)
    a, b = left_handed(p), left_handed(q)
    angle = 1 - p @ q / math.sqrt(p @ p * (q @ q))
    direct, swapped = contraction(a, a, b, b) / angle, contraction(a, b, b, a) / angle
    text = f"(1/8) of ūγu ūγu/(1 - cos θ) = {direct.real:.3f}; the exchange term, with its sign, gives {-swapped.real:.3f}"
    return Measured((direct.real - swapped.real) / 2 / 8, text)


def one_particle(context: Context) -> Measured:
    """A mode with exactly one particle, of any flavor state: its P⁰ and |P|."""
    flavor = arbitrary(2) + 1j * arbitrary(2, 2)[1]
    rho = np.outer(flavor, flavor.conj()) / np.vdot(flavor, flavor).real
    p = np.einsum("cij,ji->c", PAULI, rho).real
    return Measured(float(np.linalg.norm(p)), f"Tr ρ = {np.trace(rho).real:.6f} for a random flavor state")


def trace_is_kept(context: Context) -> bool:
    """Tr [H, ρ] = 0, and [H, ρ] has a traceless part."""
    h, rho = density_matrix(*split(arbitrary(4))), density_matrix(*split(arbitrary(2, 4)[1]))
    commutator = h @ rho - rho @ h
    return bool(abs(np.trace(commutator)) < 1e-14 and np.abs(commutator).max() > 0.1)


def split(four: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(P⁰, P)."""
    return np.asarray(four[0]), four[1:]


def oscillatory_share(context: Context) -> Measured:
    """What Tr ρρ' has of P·P', over √2 G_F/2: half of it in (3) makes the 1/4 of (5)."""
    p, q = arbitrary(2, 3)
    traces = [np.trace(density_matrix(np.array(1.0), sign * p) @ density_matrix(np.array(1.0), q)).real for sign in (1, -1)]
    return Measured((traces[0] - traces[1]) / 2 / (p @ q) / 2, "from Tr ρρ' with P and with -P")


def moments_of_energy(context: Context) -> bool:
    """(1/4) ∫Σ(1 - vv') P·P' = (1/4) ∫(P_0² - P_1²)."""
    p = smooth(4)
    pairs = WEIGHTS[:, None] * WEIGHTS * (1 - VELOCITIES[:, None] * VELOCITIES)
    double = np.einsum("ab,acz,bcz->", pairs, p, p) * LENGTH / p.shape[-1] / 4
    return close(double, exchange.oscillation_energy(p, VELOCITIES, WEIGHTS, LENGTH))


def vectors_of_eq6(context: Context) -> bool:
    """-i[H, ρ] with H = Σ(1 - vv')ρ' is (P_0 - v P_1) × P, and has no trace, for the third of four beams."""
    p0, p = np.abs(arbitrary(4)), smooth(4)[..., 5]
    rho = density_matrix(p0, p.T)
    h = np.einsum("b,b,bij->ij", 1 - VELOCITIES[2] * VELOCITIES, WEIGHTS, rho)
    change = -1j * (h @ rho[2] - rho[2] @ h)
    ours = np.einsum("cij,ji->c", PAULI, change).real
    moments = [np.einsum("b,bc->c", WEIGHTS * VELOCITIES**n, p) for n in (0, 1)]
    return close(ours, np.cross(moments[0] - VELOCITIES[2] * moments[1], p[2])) and bool(abs(np.trace(change)) < 1e-13)


def tendency(p: np.ndarray, velocities: np.ndarray, weights: np.ndarray, length: float) -> np.ndarray:
    """∂t P of Eq. (6b)."""
    m0, m1 = (np.einsum("a,acz->cz", weights * velocities**n, p) for n in (0, 1))
    turned = np.cross(m0[None] - velocities[:, None, None] * m1, p, axis=1)
    return turned - velocities[:, None, None] * exchange.derivative(p, length)


def rate_of_eq7(context: Context) -> Measured:
    """dU_osc/dt by (7), over ∂U_osc/∂P·∂t P with (6b), four beams."""
    p = smooth(4)
    change = tendency(p, VELOCITIES, WEIGHTS, LENGTH)
    step = 1e-3  # U is quadratic: central differences are exact
    energies = [exchange.oscillation_energy(p + s * change, VELOCITIES, WEIGHTS, LENGTH) for s in (step, -step)]
    direct = (energies[0] - energies[1]) / (2 * step)
    return Measured(exchange.oscillation_energy_rate(p, VELOCITIES, WEIGHTS, LENGTH) / direct, f"both are {direct:.4f}")


def kinetic_is_kept(context: Context) -> bool:
    """∫ ∂z P⁰ = 0 in a periodic box: K of (6a) does not change."""
    p0 = 1 + 0.1 * smooth(1)[0, :1]
    return abs(float(exchange.derivative(p0, LENGTH).sum())) < 1e-12


def number_energy(context: Context) -> Measured:
    """Rate of U_nonosc ∝ ∫Σ(1 - vv') P⁰P⁰' under (6a), over its gross rate, for densities that vary in space or do not."""
    def share(amplitude: float) -> float:
        p0 = np.repeat(1 + amplitude * smooth(4)[:, :1], 3, axis=1)
        rate = exchange.oscillation_energy_rate(p0, VELOCITIES, WEIGHTS, LENGTH)
        parts = np.abs(exchange.oscillation_energy_rate_of_modes(p0, VELOCITIES, WEIGHTS, LENGTH)).sum()
        return abs(rate) / max(parts, 1e-300) if abs(rate) > 1e-12 else 0.0

    found = share(0.0), share(0.1)
    text = f"share of the gross rate that is left: {found[0]:.2g} for uniform, {found[1]:.2g} for other densities"
    return Measured(word(max(found) == 0, found[0] == 0 and found[1] > 0.01), text)


def multi_beam_matrix(k: float, lepton: np.ndarray) -> np.ndarray:
    """A of dψ/dt = A ψ for mode k of (6b) linearised about P = (0, 0, lepton), weights included in both."""
    turning = lepton.sum() - VELOCITIES * (VELOCITIES @ lepton) - k * VELOCITIES
    return 1j * (np.diag(turning) - lepton[:, None] * (1 - VELOCITIES[:, None] * VELOCITIES))


@cache
def pendulum() -> tuple[np.ndarray, np.ndarray]:
    """(t, P_1) of four homogeneous beams with a crossing, tilted a little along the growing mode."""
    weights = np.array([0.8, -1.0, 0.9, -0.8])
    values, vectors = np.linalg.eig(multi_beam_matrix(0.0, weights))
    psi = 1e-2 * vectors[:, np.argmax(values.real)] / weights
    start = np.stack([psi.real, psi.imag, np.sqrt(1 - np.abs(psi) ** 2)], axis=1)

    def rate(t: float, y: np.ndarray) -> np.ndarray:
        p = y.reshape(4, 3)
        m0, m1 = weights @ p, (weights * VELOCITIES) @ p
        return np.cross(m0 - VELOCITIES[:, None] * m1, p).ravel()

    t = np.linspace(0, 200, 10001)
    y = solve_ivp(rate, (0, 200), start.ravel(), method="DOP853", t_eval=t, rtol=1e-11, atol=1e-13).y.reshape(4, 3, -1)
    return t, np.einsum("a,act->ct", weights * VELOCITIES, y)


def homogeneous(context: Context) -> Measured:
    """U_osc of homogeneous beams is kept, and P_1 swings like a pendulum: the same period and depth every time."""
    t, p1 = pendulum()
    length = np.linalg.norm(p1, axis=0)
    z = p1[2] / length
    inner = np.flatnonzero((z[1:-1] < z[:-2]) & (z[1:-1] <= z[2:])) + 1
    deep = inner[z[inner] < z.min() + 0.1 * np.ptp(z)]
    periods, kept = np.diff(t[deep]), float(np.ptp(length) / length[0])
    swing = float(np.ptp(z))
    regular = len(deep) > 3 and np.ptp(periods) < 0.01 * periods.mean() and np.ptp(z[deep]) < 0.01 * swing
    text = f"|P_1| kept to {kept:.0e}; {len(deep)} swings of {swing:.2f} every {periods.mean():.2f} ± {np.ptp(periods):.2f}"
    return Measured(kept < 1e-8 and swing > 0.1 and regular, text)


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq3-prefactor": interaction_prefactor,
    "eq4-one-particle": one_particle,
    "eq4-trace": trace_is_kept,
    "eq5-prefactor": oscillatory_share,
    "eq5-moments": moments_of_energy,
    "eq6": vectors_of_eq6,
    "kinetic-kept": kinetic_is_kept,
    "nonosc": number_energy,
    "homogeneous": homogeneous,
    "eq7": rate_of_eq7,
}
