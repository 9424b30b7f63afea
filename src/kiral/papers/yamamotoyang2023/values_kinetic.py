"""Y23, Eqs. (1)–(20) and (23)–(25): kinetic equations, collision term, retarded solution, near equilibrium, spectrum."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from kiral.constants import AXIAL_COUPLING, ELECTRON_MASS_EV
from kiral.papers.context import Context, Measured
from kiral.papers.yamamotoyang2023.common import (
    ENERGIES,
    INPUTS,
    SPECTRUM,
    TEMPERATURE,
    TIME,
    answer,
    collision_time,
    matter,
)
from kiral.units import seconds_to_inverse_mev
from kiral.weak import FermiDirac, PinchedSpectrum
from kiral.weak.bounded import bounded_change
from kiral.weak.collision import FERMI_MEV_2, electrons, equilibrium_spectrum, f_w, f_w_tilde, positrons, relaxation_rate
from kiral.weak.composition import NUCLEON_MASS_MEV, composition, degeneracy, neutrino_chemical_potential
from kiral.weak.retarded import x_eff, x_eff_radial
from kiral.weak.solutions import x_eff_of_wave

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
MOMENTUM, FIELD = np.array([1.2, -0.7, 2.1]), np.array([0.3, 0.5, -0.4])


def which(printed: bool, corrected: bool) -> str:
    """The word for a statement with a correction."""
    return "printed" if printed else "corrected" if corrected else "neither"


# --- Eqs. (1)–(9) ----------------------------------------------------------------------------------------------------


def blocked_relaxation(context: Context) -> Measured:
    """Eq. (1) by adaptive integration from the thermal occupation, against the closed form; occupations in [0, 1]."""
    q = np.array([3.0, 15.0, 40.0])
    channel, worst, lowest, highest = electrons(q, matter(), SPECTRUM), 0.0, 1.0, 0.0
    for t in (1e-4, 1e-2, 1.0):
        end = seconds_to_inverse_mev(t)
        closed = channel.thermal + bounded_change(channel.drive, channel.rate, end)[0]
        scaled = [rate * end for rate in (channel.gain, channel.loss)]
        found = solve_ivp(
            lambda _, f, r=scaled: (1 - f) * r[0] - f * r[1], (0, 1), channel.thermal, "Radau", rtol=1e-9, atol=1e-13
        ).y
        worst = max(worst, float(np.max(np.abs(found[:, -1] - closed))))
        lowest, highest = min(lowest, found.min()), max(highest, found.max())
    holds = worst < 1e-6 and lowest >= 0 and highest <= 1
    return Measured(holds, f"against an adaptive integration to 1 s: largest difference {worst:.0e}")


def _levi_civita() -> np.ndarray:
    """ε^{μνρλ} with ε^{0123} = 1."""
    eps = np.zeros((4, 4, 4, 4))
    for p in permutations(range(4)):
        eps[p] = round(np.linalg.det(np.eye(4)[list(p)]))
    return eps


def shell(context: Context) -> Measured:
    """q² of a right-handed particle of charge e > 0 in B: by (10), by the Weyl Hamiltonian, and by (2)."""
    eps, metric = _levi_civita(), np.diag([1.0, -1, -1, -1])
    size = float(np.linalg.norm(MOMENTUM))
    q_low = metric @ np.r_[size, MOMENTUM]
    bx, by, bz = FIELD
    f_low = np.array([[0, 0, 0, 0], [0, 0, -bz, by], [0, bz, 0, -bx], [0, -by, bx, 0]])  # F_12 = -B_z
    spin = np.einsum("mnab,a,b->mn", eps, q_low, np.array([1.0, 0, 0, 0])) / (2 * size)
    dual = np.einsum("mnab,ab->mn", eps, f_low) / 2
    contraction = float(np.einsum("ab,ab->", spin, f_low))
    by_wigner = -float(dual[0] @ q_low) / size  # q0 [δ(q²) + (F̃^{0ν} q_ν/q0) δ'(q²)]
    helicity = np.einsum("i,ijk->jk", MOMENTUM / size, PAULI)
    spinor = np.linalg.eigh(helicity)[1][:, 1]
    by_weyl = -float(np.real(spinor.conj() @ np.einsum("i,ijk->jk", FIELD, PAULI) @ spinor))  # (σ·π)² = π² - e σ·B
    agree = math.isclose(by_wigner, by_weyl, rel_tol=1e-9)
    word = which(agree and math.isclose(by_weyl, -contraction), agree and math.isclose(by_weyl, contraction))
    return Measured(word, "S and F with ε^{0123} = 1; q² by the Weyl Hamiltonian (σ·π)² = π² - e σ·B and by Eq. (10)")


def linearisation(context: Context) -> Measured:
    """Power with which exact collision term less (6) falls when all deviations are halved; Eq. (9) is its weak part."""
    rng = np.random.default_rng(1)
    f, loss = rng.uniform(0.1, 0.9, 50), rng.uniform(1, 2, 50)
    gain = f * loss / (1 - f)  # (5)
    em, weak, change = rng.normal(size=(2, 50)), rng.normal(size=(2, 50)), rng.normal(size=50)

    def left_out(size: float) -> float:
        g, h = gain + size * (em[0] + weak[0]), loss + size * (em[1] + weak[1])
        exact = (1 - f - size * change) * g - (f + size * change) * h
        kept = size * ((1 - f) * (em[0] + weak[0]) - f * (em[1] + weak[1]) - change * (gain + loss))
        return float(np.max(np.abs(exact - kept)))

    return Measured(math.log2(left_out(1e-3) / left_out(5e-4)), "random rates and deviations, halved")


def detailed_balance(context: Context) -> Measured:
    """(1 - f) Γ< = f Γ> of the weak rates when neutrinos are those of beta equilibrium."""
    channel = electrons(ENERGIES, matter(), equilibrium_spectrum(matter()))
    error = float(np.max(np.abs(channel.gain * (1 - channel.thermal) / (channel.loss * channel.thermal) - 1)))
    return Measured(error < 1e-9, f"weak rates in beta equilibrium, largest relative difference {error:.0e}")


def neglected_weak(context: Context) -> Measured:
    """Γ_W δf over F_W for δf of (26): (Γ< + Γ>) x0, at q = 3T where the electrons' energy is."""
    ratio = float(electrons(np.array([3 * TEMPERATURE]), matter(), SPECTRUM).rate[0] * seconds_to_inverse_mev(TIME))
    return Measured(which(ratio < 0.1, ratio > 1), f"(Γ< + Γ>) x0 = {ratio:.3g} at q = 3T and x0 = 0.1 s")


# --- Eq. (13) --------------------------------------------------------------------------------------------------------


def fugacity(context: Context) -> Measured:
    """Fugacity of the neutrons."""
    return Measured(float(degeneracy(matter().n_n, TEMPERATURE)), "(n_n/2)(2π/(M T))^(3/2)")


def equation_13(context: Context) -> Measured:
    """(13) as printed against q [f Γ> - (1 - f) Γ<] with the rates of `kiral.weak.collision`."""
    m, q, beta = matter(), ENERGIES, 1 / TEMPERATURE
    f, nu = 1 / (np.exp((q - m.mu_e) * beta) + 1), SPECTRUM.occupation(q)
    x = (m.mu_n - m.mu_p) * beta
    bracket = f * (1 - nu) / (1 - math.exp(x)) + (1 - f) * nu / (1 - math.exp(-x))
    form = q**3 / math.pi * (1 + 3 * AXIAL_COUPLING**2) * FERMI_MEV_2**2 * (m.n_p - m.n_n) * bracket
    error = float(np.max(np.abs(form / f_w(q, m, SPECTRUM) - 1)))
    return Measured(error < 1e-9, f"K q³ [n_p f (1-f_ν) - n_n (1-f) f_ν] against (13): {error:.0e}")


def beta_equilibrium(context: Context) -> Measured:
    """|F_W| and |F̃_W| over the size of their terms when mu_nu = mu_e + mu_p - mu_n."""
    m, worst = matter(), 0.0
    mu_nu = neutrino_chemical_potential(m)
    for make, sign in ((electrons, 1), (positrons, -1)):
        channel = make(ENERGIES, m, FermiDirac(TEMPERATURE, sign * mu_nu))
        worst = max(worst, float(np.max(np.abs(channel.drive / (channel.thermal * channel.loss)))))
    return Measured(worst < 1e-9, f"largest |F_W| over its terms {worst:.0e}")


def potential_of_electrons(context: Context) -> Measured:
    """Whether f with mu_e has as many electrons less positrons as there are protons."""
    m = matter()
    terms = [quad(lambda q, s=sign: q**2 / (math.exp((q - s * m.mu_e) / TEMPERATURE) + 1), 0, 400)[0] for sign in (1, -1)]
    ratio = (terms[0] - terms[1]) / math.pi**2 / float(m.n_p)
    return Measured(which(False, abs(ratio - 1) < 1e-6), f"(n_e- - n_e+)/n_p = {ratio:.6f} with mu_e")


# --- Eqs. (14)–(20) --------------------------------------------------------------------------------------------------


def lorentz_force(*anisotropies: float) -> Callable[[Context], Measured]:
    """(q × B)·∂f/∂q by central differences, of f(|q|) (1 + a q·B/|q||B|)."""

    def value(context: Context) -> Measured:
        h, unit = 1e-4, FIELD / np.linalg.norm(FIELD)

        def f(q: np.ndarray, a: float) -> float:
            size = float(np.linalg.norm(q))
            return (1 + a * float(q @ unit) / size) / (math.exp(size / 2) + 1)

        worst = 0.0
        for a in anisotropies:
            gradient = np.array([(f(MOMENTUM + h * e, a) - f(MOMENTUM - h * e, a)) / (2 * h) for e in np.eye(3)])
            worst = max(worst, abs(float(np.cross(MOMENTUM, unit) @ gradient)) / float(np.linalg.norm(gradient)))
        return Measured(worst < 1e-6, f"(q × B)·∂f/∂q over |∂f/∂q|: {worst:.0e}")

    return value


def scales_apart(context: Context) -> Measured:
    """τ_EM/τ_W with τ_EM = 1/(α² T) and 1/τ_W at q = 3T."""
    ratio = float(relaxation_rate(np.array([3 * TEMPERATURE]), matter())[0] * collision_time())
    return Measured(ratio < 1e-3, f"τ_EM/τ_W = {ratio:.1e} with τ_EM = 1/(α² T)")


def short_times(context: Context) -> Measured:
    """Eq. (17) as the limit of (1) for short times: relative difference of the currents, and its power of time."""
    found = answer(time=np.array([1e-8, 1e-7]))
    off = np.abs(found.bounded.xi_b / found.xi_b - 1)
    holds = off[0] < 1e-3 and abs(off[1] / off[0] - 10) < 0.5
    return Measured(bool(holds), f"exact and linear ξ_B differ by {off[0]:.1e} at 10 ns, and ten times that at 100 ns")


def retarded(context: Context) -> Measured:
    """q·∂f - G for f of (19) and a moving, fading source G, by central differences; q along no axis."""
    direction = MOMENTUM / np.linalg.norm(MOMENTUM)

    def source(t: float, x: np.ndarray) -> float:
        return math.exp(-float(np.sum((x - 0.3 * t) ** 2)) - t**2)

    def f(t: float, x: np.ndarray) -> float:
        return quad(lambda s: source(t - s, x - direction * s), 0, 12, epsabs=1e-13, epsrel=1e-12)[0]

    t, x, h = 0.4, np.array([0.2, -0.5, 0.3]), 1e-3
    along = sum(direction[i] * (f(t, x + h * e) - f(t, x - h * e)) / (2 * h) for i, e in enumerate(np.eye(3)))
    error = abs((f(t + h, x) - f(t - h, x)) / (2 * h) + along - source(t, x)) / source(t, x)
    return Measured(error < 1e-5, f"relative difference {error:.0e}")


def rays(context: Context) -> Measured:
    """x_eff of (20)–(22) by integration along rays: homogeneous, a wave (both directions), a Gaussian; against exact values."""
    options = {"nodes": (24, 24, 64)}
    found = [(x_eff(lambda x, t: np.ones(x.shape[:-1]), (0, 0, 0), 2.0, **options)[0], 2.0)]
    for field, along in (((1.0, 0, 0), True), ((0, 0, 1.0), False)):
        value = x_eff(lambda x, t: np.cos(2 * x[..., 0]), (0.4, 0, 0), 3.0, field, **options)[0]
        found.append((value, x_eff_of_wave(2.0, 0.4, 3.0, along)))
    gaussian = x_eff_radial(lambda r, t: np.exp(-(r**2)), 0.5, 1.0)
    found += [(gaussian.radial, 0.54411190), (gaussian.tangential, 0.50317636)]
    error = max(abs(value - exact) for value, exact in found)
    return Measured(error < 1e-7, f"homogeneous, wave and Gaussian sources: largest difference {error:.0e}")


# --- Eqs. (23)–(25) --------------------------------------------------------------------------------------------------


def _neutrino_excess() -> np.ndarray:
    """δf_nu of the printed neutrinos, away from those of beta equilibrium."""
    return SPECTRUM.occupation(ENERGIES) - equilibrium_spectrum(matter()).occupation(ENERGIES)


def relaxation_form(context: Context) -> Measured:
    """Sign s in F_W = s (q/τ_W) δf_nu."""
    ratio = f_w(ENERGIES, matter(), SPECTRUM) / (ENERGIES * relaxation_rate(ENERGIES, matter()) * _neutrino_excess())
    word = which(np.allclose(ratio, 1, rtol=1e-8), np.allclose(ratio, -1, rtol=1e-8))
    return Measured(word, "F_W of (13) over (q/τ_W)(f_ν - f_ν,eq) is -1 at all energies")


def near_equilibrium(context: Context) -> Measured:
    """Sign s in -δf_nu = s τ_W/q (q·D f_nu), where neutrinos gain what electrons lose, q·D f_nu = n_p f (1-f_nu) - ... ."""
    m, q = matter(), ENERGIES
    f, nu = 1 / (np.exp((q - m.mu_e) / TEMPERATURE) + 1), SPECTRUM.occupation(q)
    made = m.n_p * f * (1 - nu) - m.n_n * (1 - f) * nu  # of neutrinos, over K q³
    tau = 1 / (m.n_p * f + m.n_n * (1 - f))
    ratio = -_neutrino_excess() / (tau * made)
    word = which(np.allclose(ratio, -1, rtol=1e-8), np.allclose(ratio, 1, rtol=1e-8))
    return Measured(word, "rate of making neutrinos by capture against f_ν - f_ν,eq")


def limit_of_26(context: Context) -> Measured:
    """Sign of δf_L of (26) relative to δf_nu, for neutrinos that are given."""
    made = -f_w(ENERGIES, matter(), SPECTRUM) / ENERGIES
    ratio = made / (_neutrino_excess() * relaxation_rate(ENERGIES, matter()))
    word = which(np.allclose(ratio, -1, rtol=1e-8), np.allclose(ratio, 1, rtol=1e-8))
    return Measured(word, "(26) over (x0/τ_W) δf_ν is +1 at all energies")


def mean_energy(context: Context) -> Measured:
    """Mean energy of neutrinos with the occupation (25), by quadrature."""
    moments = [quad(lambda q, n=n: q**n * float(SPECTRUM.occupation(np.array([q]))[0]), 0, 500, limit=200)[0] for n in (2, 3)]
    number = PinchedSpectrum(alpha=2.65, mean_energy=13.05, mean_occupation=0.01, shape="number")
    check = [quad(lambda q, n=n: q**n * float(number.occupation(np.array([q]))[0]), 1e-9, 500, limit=200)[0] for n in (2, 3)]
    return Measured(moments[1] / moments[0], f"∫ q³ f dq/∫ q² f dq; {check[1] / check[0]:.4g} MeV where q² f has this form")


def _heating(temperature: float) -> float:
    """Energy per volume and time that neutrinos leave in the matter, in arbitrary units."""
    m = composition(**(INPUTS | {"temperature": temperature}))
    return -sum(float(np.sum(ENERGIES**2 * function(ENERGIES, m, SPECTRUM))) for function in (f_w, f_w_tilde))


def capture_prevails(context: Context) -> Measured:
    """Which process prevails at each energy, and in the energy that the matter gains."""
    terms = [function(ENERGIES, matter(), SPECTRUM) for function in (f_w, f_w_tilde)]
    absorption, emission = (all((sign * term > 0).all() for term in terms) for sign in (-1, 1))
    word = which(absorption and _heating(TEMPERATURE) > 0, emission and _heating(TEMPERATURE) < 0)
    balance = brentq(_heating, 2.0, TEMPERATURE)
    return Measured(word, f"signs of F_W and F̃_W from 0.5 to 120 MeV; the same neutrinos heat matter below {balance:.2g} MeV")


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq1": blocked_relaxation,
    "eq2": shell,
    "eq6": linearisation,
    "eq5": detailed_balance,
    "eq6-neglected": neglected_weak,
    "nondegenerate": fugacity,
    "recoil": lambda context: Measured(3 * TEMPERATURE / NUCLEON_MASS_MEV, "q/M at q = 3T"),
    "massless": lambda context: Measured(1e-6 * ELECTRON_MASS_EV / (3 * TEMPERATURE), "m_e/q at q = 3T"),
    "eq13": equation_13,
    "eq13-equilibrium": beta_equilibrium,
    "eq13-mu-c": potential_of_electrons,
    "eq3": lorentz_force(0.0, 0.4, -0.9),
    "eq16": lorentz_force(0.0),
    "scales-apart": scales_apart,
    "eq17": short_times,
    "eq19": retarded,
    "eq20": rays,
    "eq23": relaxation_form,
    "eq24": near_equilibrium,
    "eq24-limit": limit_of_26,
    "eq25-mean": mean_energy,
    "absorption-dominates": capture_prevails,
}
