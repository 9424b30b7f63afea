"""F24, inhomogeneous kinetic equations: the small parameters, Eqs. (14)–(22), energy and entropy, by algebra."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kiral.constants import FERMI_GEV_2, HBAR_C_EV_CM
from kiral.flavor import exchange
from kiral.papers.context import Context, Measured
from kiral.papers.fiorillo2024.common import UNIT, arbitrary, close, density_matrix, smooth, word
from kiral.papers.fiorillo2024.values_energy import VELOCITIES, WEIGHTS, contraction, left_handed

TEMPERATURE_MEV = 5.0
ZETA_3 = 1.2020569031595942
HBAR_C_MEV_CM = HBAR_C_EV_CM * 1e-6
MEAN_ENERGY = 7 * math.pi**4 / (180 * ZETA_3)
"""⟨energy⟩/T of a Fermi-Dirac distribution without chemical potential, 3.151."""


# --- the small parameters --------------------------------------------------------------------------------------------


def density() -> float:
    """Thermal neutrinos of one species at 5 MeV, 3 ζ(3) T³/4π² [1/cm³]."""
    return 3 * ZETA_3 / (4 * math.pi**2) * (TEMPERATURE_MEV / HBAR_C_MEV_CM) ** 3


def refraction_mev() -> float:
    """μ = √2 G_F n [MeV]."""
    return math.sqrt(2) * FERMI_GEV_2 * 1e-6 * density() * HBAR_C_MEV_CM**3


def small_density(context: Context) -> Measured:
    """n_ν [1/cm³]."""
    return Measured(density(), "3 ζ(3) T³/4π², one species, no chemical potential")


def small_mu(context: Context) -> Measured:
    """μ [meV]."""
    value = refraction_mev() * 1e9
    return Measured(value, f"√2 G_F n for the thermal n; 1e33 per cm³ exactly give {1e33 / density() * value:.3f}")


def small_r_mu(context: Context) -> Measured:
    """μ/⟨ε⟩."""
    return Measured(refraction_mev() / (MEAN_ENERGY * TEMPERATURE_MEV), "mean energy 3.15 T")


def small_r_ell(context: Context) -> Measured:
    """1/(ℓ p) for ℓ = 1/μ, the scale on which the unstable modes vary."""
    value = refraction_mev() / (MEAN_ENERGY * TEMPERATURE_MEV)
    length = HBAR_C_MEV_CM / refraction_mev()
    return Measured(value < 1e-6, f"ℓ = 1/μ = {length:.2f} cm, 1/p = {HBAR_C_MEV_CM / (MEAN_ENERGY * TEMPERATURE_MEV):.1e} cm")


def energy_ratio(context: Context) -> Measured:
    """U_osc/K of two beams of energy p over μ/p, for the paper's P = ±1/2."""
    mu, p, n = 1.0, 1e3, 0.5  # both beams of number density n: U = μ n² L, K = 2 n p L
    value = (mu * n * n) / (2 * n * p) / (mu * 2 * n / p)
    return Measured(0.01 < value < 10, f"|U_osc|/K = {value:.3g} μ/ε with μ = √2 G_F times all neutrinos")


# --- Eqs. (15)–(18) --------------------------------------------------------------------------------------------------


def advection(context: Context) -> Measured:
    """(ε_{p+k/2} - ε_{p-k/2})/(v·k) - 1 at k/p = 1e-2 over that at half of it: 4 for corrections of second order."""
    p, k = arbitrary(2, 3)
    k *= 1e-2 * np.linalg.norm(p) / np.linalg.norm(k)
    wrong = []
    for scale in (1.0, 0.5):
        difference = np.linalg.norm(p + scale * k / 2) - np.linalg.norm(p - scale * k / 2)
        wrong.append(difference / (p @ k * scale / np.linalg.norm(p)) - 1)
    holds = abs(wrong[0]) < 1e-4 and abs(wrong[0] / wrong[1] - 4) < 0.01
    return Measured(holds, f"relative error {abs(wrong[0]):.1e} at |k| = 0.01 p, {wrong[0] / wrong[1]:.3f} times that at half")


def functional_derivative(context: Context) -> bool:
    """Ω⁽⁰⁾ of (17) is δU/δρ of (3), for the second of four beams: U changes by Tr Ω δρ."""
    p0, p = np.abs(arbitrary(4)) + 1, smooth(4)[..., 3]
    rho = density_matrix(p0, p.T)
    delta = density_matrix(*_arbitrary_four())
    changed = [rho.copy() for _ in range(2)]
    for sign, each in zip((1, -1), changed, strict=True):
        each[1] += sign * 1e-3 * delta  # U is quadratic: central differences are exact
    direct = (_interaction(changed[0]) - _interaction(changed[1])) / 2e-3
    return close(direct, np.trace(_refraction(rho, VELOCITIES[1]) @ delta).real * WEIGHTS[1])


def _arbitrary_four() -> tuple[np.ndarray, np.ndarray]:
    four = arbitrary(3, 4)[2]
    return np.asarray(four[0]), four[1:]


def _interaction(rho: np.ndarray) -> float:
    """Eq. (3) per length, √2 G_F = 1."""
    pairs = WEIGHTS[:, None] * WEIGHTS * (1 - VELOCITIES[:, None] * VELOCITIES)
    traces = np.einsum("aii->a", rho)
    return float((np.einsum("ab,a,b", pairs, traces, traces) + np.einsum("ab,aij,bji", pairs, rho, rho)).real) / 2


def _refraction(rho: np.ndarray, v: float) -> np.ndarray:
    """Eq. (17), one-dimensional."""
    both = rho + np.einsum("aii->a", rho)[:, None, None] * UNIT
    return np.einsum("a,aij->ij", WEIGHTS * (1 - v * VELOCITIES), both)


def gradient_term(context: Context) -> Measured:
    """What multiplies (p + p')/(p² p'²) (p × p')·∇ρ' in Ω: from spinors at p ± k/2, p' ∓ k/2 without turning phases."""
    found = []
    for p, q, k in arbitrary(4, 3, 3):
        sizes = np.linalg.norm(p), np.linalg.norm(q)
        expected = (1 / sizes[0] + 1 / sizes[1]) * np.cross(p, q) @ k / (sizes[0] * sizes[1])
        step = 1e-4
        elements = [_element(p, q, sign * step * k) for sign in (1, -1)]
        slope = (elements[0] - elements[1]) / (2 * step) / 4  # of (1 - cos θ) + i (coefficient) k·(…)
        found.append(slope.imag / expected)
    spread = float(np.ptp(found))
    text = f"ūγu ūγu to first order in k, 4 pairs of momenta, spread {spread:.0e}; phases by parallel transport"
    return Measured(float(np.mean(found)), text)


def _element(p: np.ndarray, q: np.ndarray, k: np.ndarray) -> complex:
    """ū(p+k/2) γ u(p-k/2) ū(q-k/2) γ u(q+k/2): what couples ρ_p(k) to ρ_q(-k), whose gradient is ik."""
    return contraction(_carried(p + k / 2, p), _carried(p - k / 2, p), _carried(q - k / 2, q), _carried(q + k / 2, q))


def _carried(p: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """The spinor at p with the phase of that at `origin`."""
    spinor, start = left_handed(p), left_handed(origin)
    inner = np.vdot(start, spinor)
    return spinor * np.conj(inner) / abs(inner)


# --- Eqs. (16), (19)–(22), on a grid in z and q = p_z, with matrices -------------------------------------------------


class Plane:
    """A state ρ(beam, q, z) of two beams with p_perp fixed, Ω of it, and derivatives by Fourier matrices.

    The spectra are far from the ends of their ranges of q. Densities are such that μ = 1.
    """

    def __init__(self, momentum: float, perpendicular: float, spread: float, n: int = 24, nq: int = 50) -> None:
        z, x = np.arange(n) / n * 2 * np.pi, 9.0 * (2 * np.arange(nq) / nq - 1)
        random = np.random.default_rng(7)
        four = np.zeros((4, 2, nq, n))
        for c, beam in np.ndindex(4, 2):
            phases = random.uniform(0, 6, 3)
            wave = sum(random.normal() * np.cos(m * z + phases[m - 1]) for m in (1, 2, 3))
            four[c, beam] = (1, 0.1, 0.2, 0.4 * (-1) ** beam)[c] + 0.1 * wave * (1 + 0.3 * np.sin(x + c))[:, None]
        four *= np.exp(-(x**2) / 2)[:, None]
        self.q = np.array([[momentum], [-momentum]]) + spread * x
        self.dq, self.dz = spread * (x[1] - x[0]), z[1]
        self.four = four / (four[0].sum() * self.dq / n)
        self.rho = density_matrix(self.four[0], self.four[1:])
        self.energy = np.hypot(self.q, perpendicular)
        self.v, self.dv = self.q / self.energy, perpendicular**2 / self.energy**3
        self._z, self._q = _derivative(n), _derivative(nq) * 2 * np.pi / (nq * self.dq)
        both = self.rho + np.trace(self.rho, axis1=-2, axis2=-1)[..., None, None] * UNIT
        a, b = (np.einsum("gq,gqzij->zij", self.dq * w, both) for w in (np.ones_like(self.v), self.v))
        self.omega = a - self.v[..., None, None, None] * b
        self.omega_q = -self.dv[..., None, None, None] * b

    def by_z(self, f: np.ndarray) -> np.ndarray:
        """∂z."""
        return np.einsum("yz,gqz...->gqy...", self._z, f)

    def by_q(self, f: np.ndarray) -> np.ndarray:
        """∂q."""
        return np.einsum("pq,gqz...->gpz...", self._q, f)

    def integral(self, f: np.ndarray) -> float:
        """∫dz ∫dq."""
        return float(f.real.sum() * self.dq * self.dz)

    @property
    def gradients(self) -> np.ndarray:
        """½{∂z Ω, ∂q ρ} - ½{∂q Ω, ∂z ρ}: the new terms of (16), on the right."""
        return _half(self.by_z(self.omega), self.by_q(self.rho)) - _half(self.omega_q, self.by_z(self.rho))

    @property
    def flux(self) -> np.ndarray:
        """Φ of (20)."""
        return _half(self.omega, self.by_q(self.rho))

    @property
    def force(self) -> np.ndarray:
        """F, as Φ with ∂z in place of ∂q."""
        return _half(self.omega, self.by_z(self.rho))

    @property
    def tendency(self) -> np.ndarray:
        """∂t ρ of (16)."""
        turning = 1j * (self.rho @ self.omega - self.omega @ self.rho)
        return -self.v[..., None, None, None] * self.by_z(self.rho) + self.gradients + turning

    def work(self, change: np.ndarray) -> tuple[float, float]:
        """(dK/dt, dU/dt) of a change of ρ."""
        kinetic = self.integral(self.energy[..., None] * np.trace(change, axis1=-2, axis2=-1))
        return kinetic, self.integral(np.trace(self.omega @ change, axis1=-2, axis2=-1))


def _derivative(n: int) -> np.ndarray:
    k = np.fft.fftfreq(n, 1 / n)
    k[n // 2] = 0.0
    return np.fft.ifft(1j * k[:, None] * np.fft.fft(np.eye(n), axis=0), axis=0).real


def _half(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """½{a, b}."""
    return (a @ b + b @ a) / 2


@cache
def plane(momentum: float = 80.0, perpendicular: float = 60.0, spread: float = 4.0) -> Plane:
    """A slanted state with μ/ε = 1e-2."""
    return Plane(momentum, perpendicular, spread)


def total_energy(context: Context) -> Measured:
    """d(K + U)/dt of (16) over dK/dt, for weak and for strong interaction: nothing at any order, or at the first only."""
    left = []
    for scale in (1.0, 10.0):  # ten times smaller momenta: μ/ε and 1/(ℓp) ten times larger
        state = plane(80.0 * 10 / scale, 60.0 * 10 / scale, 40.0 / scale)
        kinetic, potential = state.work(state.tendency)
        left.append(abs(kinetic + potential) / abs(kinetic))
    text = f"left over of dK/dt: {left[0]:.0e}, and {left[1]:.0e} with ten times larger μ/ε"
    return Measured(word(1e-10 < left[0] < 1e-2, max(left) < 1e-10), text)


def order_of_terms(context: Context) -> Measured:
    """The new terms over v ∂z ρ at momenta p and 2p: half as large."""
    sizes = []
    for factor in (1.0, 2.0):
        state = plane(800.0 * factor, 600.0 * factor, 40.0 * factor)
        sizes.append(np.abs(state.gradients).max() / np.abs(state.by_z(state.rho)).max())
    ratio = sizes[0] / sizes[1]
    return Measured(abs(ratio - 2) < 0.02, f"{sizes[0]:.1e} of advection, {ratio:.3f} times that at 2p")


def drift_velocity(context: Context) -> Measured:
    """Largest ∂q Ω over (largest Ω)/ε."""
    state = plane()
    ratio = np.abs(state.omega_q).max() / (np.abs(state.omega).max() / state.energy.min())
    return Measured(0.01 < ratio < 10, f"{ratio:.2f}")


def conservation_form(context: Context) -> bool:
    """∂z Φ - ∂q F of (19, 20) are the new terms of (16)."""
    state = plane()
    return close(state.by_z(state.flux) - state.by_q(state.force), state.gradients, 1e-9)


def flux_sign(context: Context) -> Measured:
    """d/dt of the number in half of the box by the new terms, and what (20) says flows in through its ends."""
    state = plane()
    n = state.four.shape[-1]
    half = slice(0, n // 2)
    change = np.trace(state.by_z(state.flux), axis1=-2, axis2=-1).real.sum(axis=(0, 1)) * state.dq
    # ∫ over half of the box of a Fourier series, exactly: by its antiderivative
    k = np.fft.fftfreq(n, 1 / n)
    modes = np.where(k != 0, np.fft.fft(change) / np.where(k != 0, 1j * k, 1), 0)
    primitive = np.fft.ifft(modes).real
    inside = primitive[n // 2] - primitive[0]
    ends = np.trace(state.flux, axis1=-2, axis2=-1).real.sum(axis=(0, 1))[[0, half.stop]] * state.dq
    outflow = ends[1] - ends[0]
    text = f"dN/dt = {inside:.3e}; Φ at the upper end minus Φ at the lower one: {outflow:.3e}"
    return Measured(word(abs(inside + outflow) < 1e-6 * abs(inside), abs(inside - outflow) < 1e-6 * abs(inside)), text)


def trace_of_force(context: Context) -> bool:
    """Tr F of (20) is ½ Σ' (1 - vv')(3 P⁰' ∂z P⁰ + P'·∂z P), Eq. (21)."""
    state = plane()
    sums = [np.einsum("cgqz,gq->cz", state.four, state.dq * w) for w in (np.ones_like(state.v), state.v)]
    others = sums[0][:, None, None] - state.v[..., None] * sums[1][:, None, None]
    slopes = np.stack([state.by_z(f) for f in state.four])
    return close(
        np.trace(state.force, axis1=-2, axis2=-1).real, (3 * others[0] * slopes[0] + (others[1:] * slopes[1:]).sum(axis=0)) / 2
    )


def work_of_force(context: Context) -> Measured:
    """dK/dt by (16) over ∫Σ Tr(v F), Eq. (22)."""
    state = plane()
    by_force = state.integral(state.v[..., None] * np.trace(state.force, axis1=-2, axis2=-1))
    return Measured(state.work(state.tendency)[0] / by_force, f"dK/dt = {by_force:.3e}")


def balance(context: Context) -> Measured:
    """-dK/dt by the polarization vectors of (21) in (22), over dU_osc/dt of (7), four beams."""
    p = smooth(4)
    kinetic = exchange.kinetic_energy_rate(p, VELOCITIES, WEIGHTS, 10.0)
    potential = exchange.oscillation_energy_rate(p, VELOCITIES, WEIGHTS, 10.0)
    return Measured(-kinetic / potential, f"both are {potential:.4f}")


def without_drift(context: Context) -> Measured:
    """Share of the energy that is lost without ½{∇p Ω, ∇r ρ}, at μ/ε of 1e-3 and 1e-4, v = 0.8."""
    shares = []
    for momentum in (800.0, 8000.0):
        state = plane(momentum, 0.75 * momentum, 4.0)
        change = state.tendency + _half(state.omega_q, state.by_z(state.rho))
        kinetic, potential = state.work(change)
        shares.append(abs(kinetic + potential) / abs(potential))
    return Measured(min(shares) > 0.05, f"{shares[0]:.4f} and {shares[1]:.4f} of dU/dt are missing")


def entropy_of_gradients(context: Context) -> Measured:
    """Rates of ∫∫Tr ρ² and ∫∫Tr ρ³ by the new terms at spreads w and 2w, and of the second with its own gradient term."""
    squares, cubes, sums = [], [], []
    for factor in (1.0, 2.0):
        state = plane(4e4 * factor, 3e4 * factor, 4.0 * factor)
        rate, rho = state.tendency, state.rho
        size = state.integral(np.abs(np.einsum("gqzij,gqzji->gqz", rho, state.gradients)))
        squares.append(abs(state.integral(np.einsum("gqzij,gqzji->gqz", rho, rate))) / size)
        local = 3 * state.integral(np.einsum("gqzij,gqzjk,gqzki->gqz", rho, rho, rate))
        own = _gradient_cube(state, rho + 1e-4 * rate) - _gradient_cube(state, rho - 1e-4 * rate)
        cubes.append(local * factor**2)  # ρ per dq falls as 1/w
        sums.append((local + own / 2e-4) * factor**2)
    orders = math.log2(cubes[0] / cubes[1]), math.log2(sums[0] / sums[1])
    text = (
        f"∫∫Tr ρ² is kept to {max(squares):.0e}; the rate of ∫∫Tr ρ³ falls as w^-{orders[0]:.2f} with the spread w, with its "
        f"gradient term as w^-{orders[1]:.2f}"
    )
    return Measured(max(squares) < 1e-10 and abs(orders[0] - 1) < 0.02 and abs(orders[1] - 2) < 0.05, text)


def _gradient_cube(state: Plane, rho: np.ndarray) -> float:
    """(i/2) ∫∫Tr ρ(∂z ρ ∂q ρ - ∂q ρ ∂z ρ)."""
    a, b = state.by_z(rho), state.by_q(rho)
    return state.integral((0.5j * np.einsum("gqzij,gqzji->gqz", rho, a @ b - b @ a)).real)


VALUES: dict[str, Callable[[Context], Any]] = {
    "density": small_density,
    "mu": small_mu,
    "r-mu": small_r_mu,
    "r-ell": small_r_ell,
    "energy-ratio": energy_ratio,
    "eq15": advection,
    "eq17": functional_derivative,
    "eq18": gradient_term,
    "eq16-energy": total_energy,
    "order-of-terms": order_of_terms,
    "drift-velocity": drift_velocity,
    "eq19": conservation_form,
    "eq20-flux": flux_sign,
    "eq21": trace_of_force,
    "eq22": work_of_force,
    "balance": balance,
    "group-velocity": without_drift,
    "entropy-gradients": entropy_of_gradients,
}
