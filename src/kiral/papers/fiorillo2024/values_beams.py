"""F24, the two beams in the linear regime, and more beams: Eqs. (8)–(13), by algebra and small computations."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kiral.flavor import exchange
from kiral.papers.context import Context, Measured
from kiral.papers.fiorillo2024.common import (
    LENGTH,
    arbitrary,
    close,
    energy_change,
    generator,
    growing_amplitude,
    growth,
    linear_matrix,
    overlap,
    printed_energy_change,
    seed,
    single_mode,
    smooth,
    word,
)
from kiral.papers.fiorillo2024.values_energy import VELOCITIES, WEIGHTS, multi_beam_matrix, tendency

ZETAS = ((0.5, -0.5), (0.7, -0.3), (0.2, -0.6), (-0.4, 0.9))
WAVE_NUMBERS = (-1.7, -1.3, -1.0, -0.6, -0.2, 0.3, 0.9, 1.4)
SIGNS = np.array([1, -1])
EARLY = 8.0
"""A time in the linear regime of `single_mode`, whose coherence is then 3e-3."""


# --- Eqs. (8)–(11) ---------------------------------------------------------------------------------------------------


def factor_two(context: Context) -> Measured:
    """∂t P_+ of (6b) over P_- × P_+ for beams v = ±1, homogeneous."""
    p = np.repeat(arbitrary(2, 3)[..., None], 4, axis=2)
    change = tendency(p, np.array([1.0, -1.0]), np.ones(2), LENGTH)[0, :, 0]
    turned = np.cross(p[1, :, 0], p[0, :, 0])
    return Measured(float(change @ turned / (turned @ turned)), "1 - cos θ = 2 for opposite beams")


def linear_equations(context: Context) -> bool:
    """(9) is the derivative of (8) at P = (0, 0, ζ): a small seed of a mode, and Eq. (8)'s ∂t ψ."""
    k, small = -0.7, 1e-7
    z = 2 * np.pi / abs(k) * np.arange(16) / 16
    for plus, minus in ZETAS:
        psi = small * np.array([0.3 + 0.8j, -0.6 + 0.5j])[:, None] * np.exp(1j * k * z)
        p = np.stack([psi.real, psi.imag, np.repeat([[plus], [minus]], 16, axis=1)], axis=1)
        change = tendency(p, np.array([1.0, -1.0]), np.ones(2), 2 * np.pi / abs(k))
        ours = (change[:, 0] + 1j * change[:, 1])[:, 0] / psi[:, 0]
        theirs = linear_matrix(k, plus, minus) @ psi[:, 0] / psi[:, 0]
        if not close(ours, theirs, 1e-6):
            return False
    return True


def band(context: Context) -> Measured:
    """Modes with growing solutions of (9) lie in k1 < k < k2, for several ζ, and all of them do."""
    agree = total = 0
    for plus, minus in ZETAS:
        middle, half = minus - plus, 2 * math.sqrt(-plus * minus)
        for k in middle + half * np.linspace(-2, 2, 82):
            grows = np.linalg.eigvals(linear_matrix(k, plus, minus)).real.max() > 1e-6
            agree += grows == (middle - half < k < middle + half)
            total += 1
    return Measured(agree == total, f"{agree} of {total} modes, eigenvalues of (9)")


def frequencies(context: Context) -> bool:
    """The eigenvalues of (9) are -i(ω0 ± iγ_k) with ω0 = -ζ_- - ζ_+, for unstable and stable k."""
    for plus, minus in ZETAS:
        for k in WAVE_NUMBERS:
            a, middle = linear_matrix(k, plus, minus), -1j * (-minus - plus)
            printed = np.array([middle + growth(k, plus, minus), middle - growth(k, plus, minus)])
            if not close([np.trace(a), np.linalg.det(a)], [printed.sum(), printed.prod()]):
                return False
    return True


def edge(which: int) -> Callable[[Context], Measured]:
    """An end of the unstable band for ζ = ±1/2: where the eigenvalues of (9) meet, by bisection."""

    def value(context: Context) -> Measured:
        inside, outside = -1.0, (-3.0, 1.0)[which]
        for _ in range(60):
            middle = (inside + outside) / 2
            grows = np.linalg.eigvals(linear_matrix(middle)).real.max() > 1e-7
            inside, outside = (middle, outside) if grows else (inside, middle)
        return Measured(inside, "bisection on the eigenvalues of (9)")

    return value


def upper_end(context: Context) -> Measured:
    """Whether the other end is 0."""
    found = edge(1)(context)
    return Measured(abs(found.value) < 1e-9, f"{found.value:.0e}; {found.text}")


@cache
def fastest() -> tuple[float, float]:
    """(k̄, γ̄) for ζ = ±1/2: the largest eigenvalue of (9) over k, by a parabola about the best of a grid."""
    k = np.linspace(-2, 0, 401)
    gamma = np.array([np.linalg.eigvals(linear_matrix(x)).real.max() for x in k])
    i = int(np.argmax(gamma))
    fit = np.polyfit(k[i - 2 : i + 3], gamma[i - 2 : i + 3] ** 2, 2)
    return float(-fit[1] / (2 * fit[0])), math.sqrt(float(fit[2] - fit[1] ** 2 / (4 * fit[0])))


def general_maximum(context: Context) -> bool:
    """k̄ = ζ_- - ζ_+ and γ̄ = 2 sqrt(-ζ_+ ζ_-) = (k2 - k1)/2 are the largest for any ζ."""
    for plus, minus in ZETAS:
        middle, top = minus - plus, 2 * math.sqrt(-plus * minus)
        near = [np.linalg.eigvals(linear_matrix(middle + d, plus, minus)).real.max() for d in (-0.01, 0.0, 0.01)]
        if not (abs(near[1] - top) < 1e-9 and near[1] > max(near[0], near[2])):
            return False
    return True


def stable_when_homogeneous(context: Context) -> Measured:
    """Largest growth rate at k = 0, for several ζ."""
    largest = max(float(np.linalg.eigvals(linear_matrix(0.0, *zeta)).real.max()) for zeta in ZETAS)
    return Measured(largest < 1e-7, f"{largest:.0e}; k1 k2 = (ζ_+ + ζ_-)² is never negative")


def transverse_parseval(context: Context) -> bool:
    """∫(ψ_+ψ_-* + c.c.)/2 = (L/2) Σ_k (ψ̃_+ψ̃_-* + c.c.)."""
    p = smooth(2)
    n = p.shape[-1]
    psi = p[:, 0] + 1j * p[:, 1]
    modes = np.fft.fft(psi) / n
    direct = (psi[0] * psi[1].conj()).real.sum() * LENGTH / n
    return close(direct, LENGTH * np.sum((modes[0] * modes[1].conj()).real)) and close(direct, overlap(p, LENGTH, slice(0, 2)))


def continuum(context: Context) -> Measured:
    """Σ_k over ∫dk/2π for smooth modes, at two lengths of the box."""
    ratios = []
    for length in (50.0, 100.0):
        k = 2 * np.pi / length * np.arange(-400, 401)
        ratios.append(float(np.exp(-(k**2)).sum() / (math.sqrt(math.pi) / (2 * math.pi))))
    text = f"Σ_k exp(-k²) over ∫dk/2π exp(-k²): {ratios[0]:.6g} at L = 50, {ratios[1]:.6g} at L = 100"
    return Measured(word(abs(ratios[1] - 1) < 1e-6, abs(ratios[0] - 50) < 1e-6 and abs(ratios[1] - 100) < 1e-6), text)


def modes_of_eq10(context: Context) -> bool:
    """The two columns of (10) are eigenvectors of (9), with the printed exponents."""
    for plus, minus in ZETAS:
        for k in WAVE_NUMBERS:
            gamma, omega = growth(k, plus, minus), -minus - plus
            for sign in (1, -1):
                vector = np.array([k + omega + sign * 1j * gamma, k - omega - sign * 1j * gamma])
                if not close(linear_matrix(k, plus, minus) @ vector, (sign * gamma - 1j * omega) * vector, 1e-10):
                    return False
    return True


def amplitude_of_eq11(context: Context) -> bool:
    """α_k solves (10) at t = 0 for arbitrary seeds."""
    seeds = arbitrary(2) + 1j * arbitrary(2, 2)[1]
    for plus, minus in ZETAS:
        for k in WAVE_NUMBERS:
            gamma, omega = growth(k, plus, minus), -minus - plus
            first, second = k + omega + 1j * gamma * SIGNS, k - omega - 1j * gamma * SIGNS
            columns = np.array([first, second])
            if not close(np.linalg.solve(columns, seeds)[0], growing_amplitude(k, *seeds, plus, minus), 1e-8):
                return False
    return True


# --- Eq. (12) --------------------------------------------------------------------------------------------------------


@cache
def second_order(k: float) -> dict[str, float]:
    """Changes of U_osc, of its transverse and of its z part, at t = 8 for one mode, by Eq. (8) itself; and the formulas."""
    length = 2 * np.pi / abs(k)
    before, after = single_mode(0.0, k), single_mode(EARLY, k)
    alpha = np.array([growing_amplitude(k, 1e-6, 1e-6)])
    parts = {"total": slice(None), "transverse": slice(0, 2), "along": slice(2, 3)}
    found = {name: overlap(after, length, part) - overlap(before, length, part) for name, part in parts.items()}
    return found | {
        "printed": printed_energy_change(np.array([k]), alpha, EARLY, length),
        "corrected": energy_change(np.array([k]), alpha, EARLY, length),
    }


def transverse_part(context: Context) -> Measured:
    """Eq. (12) over the transverse part of U_osc that Eq. (8) gives, k = -1/2."""
    found = second_order(-0.5)
    return Measured(found["printed"] / found["transverse"], f"one mode, seeds of 1e-6, t = {EARLY:g}, k = -0.5")


def along_part(context: Context) -> Measured:
    """Change of the z part over that of the transverse one."""
    found = second_order(-0.5)
    ratio = found["along"] / abs(found["transverse"])
    return Measured(word(abs(ratio) < 0.01, abs(ratio) > 0.5), f"∫P_+^z P_-^z changes by {ratio:.3f} of the transverse part")


def total_change(context: Context) -> Measured:
    """The change of U_osc by Eq. (8) beside both formulas, for three modes."""
    rows = [second_order(k) for k in (-0.5, -1.0, -1.6)]
    ratios = [(row["printed"] / row["total"], row["corrected"] / row["total"]) for row in rows]
    text = "printed and corrected over computed at k = -0.5, -1, -1.6: " + ", ".join(f"{a:.3f} and {b:.5f}" for a, b in ratios)
    return Measured(word(all(abs(a - 1) < 1e-3 for a, _ in ratios), all(abs(b - 1) < 1e-3 for _, b in ratios)), text)


def most_unstable(context: Context) -> Measured:
    """What the mode k = -1 does to U_osc, over the transverse part of a mode of equal growth."""
    found = second_order(-1.0)
    size = abs(found["total"]) / abs(found["corrected"])
    uniform = np.repeat(single_mode(EARLY, -1.0)[..., :1], 16, axis=2)
    still = exchange.oscillation_energy_rate(uniform, np.array([1.0, -1.0]), np.ones(2), 2 * np.pi)
    text = f"ΔU_osc is {size:.4f} of 2 L k² |α_k|² exp(2γt); the rate of uniform beams, k = 0, is {abs(still):.0e}"
    return Measured(word(size < 0.01, abs(size - 1) < 0.01), text)


def growth_of_energy(context: Context) -> Measured:
    """d ln ΔU_osc/dt over γ_k, one mode."""
    k, length = -0.5, 2 * np.pi / 0.5
    change = [overlap(single_mode(t, k), length) - overlap(single_mode(0.0, k), length) for t in (EARLY - 1, EARLY)]
    return Measured(math.log(change[1] / change[0]) / growth(k).real, "one mode, k = -0.5, from t = 7 to 8, Eq. (8)")


# --- more beams ------------------------------------------------------------------------------------------------------


def multi_beam(context: Context) -> Measured:
    """The sum over modes below (12), with v twice as printed and with v and v', over (7)."""
    p = smooth(4)
    n = p.shape[-1]
    k = 2 * np.pi / LENGTH * np.fft.fftfreq(n, 1 / n)
    modes = np.fft.fft(p) / n
    factor = WEIGHTS[:, None] * WEIGHTS * VELOCITIES[:, None] * (1 - VELOCITIES[:, None] * VELOCITIES)
    truth = exchange.oscillation_energy_rate(p, VELOCITIES, WEIGHTS, LENGTH)
    same = -LENGTH / 2 * float((1j * k * np.einsum("ab,acz,acz->z", factor, modes, modes.conj())).sum().real) / truth
    other = exchange.oscillation_energy_rate_of_modes(p, VELOCITIES, WEIGHTS, LENGTH).sum() / truth
    text = f"over (7): {same:.0e} with P_v·P_v*, which cancels between k and -k; {other:.6f} with P_v·P_v'*"
    return Measured(word(abs(same - 1) < 1e-9, abs(other - 1) < 1e-9), text)


def multi_beam_growth(context: Context) -> Measured:
    """d ln(dU_osc/dt)/dt over γ̄ for four beams in their most unstable mode, by Eq. (6b) linearised; and the rate at k = 0."""
    lepton = np.array([0.4, -0.5, -0.3, 0.5])
    k = max(np.linspace(-2, 2, 81), key=lambda k: np.linalg.eigvals(multi_beam_matrix(k, WEIGHTS * lepton)).real.max())
    values, vectors = np.linalg.eig(multi_beam_matrix(k, WEIGHTS * lepton))
    gamma, length = float(values.real.max()), 2 * np.pi / abs(k)
    psi = 1e-6 * vectors[:, np.argmax(values.real)] / WEIGHTS
    wave = psi[:, None] * np.exp(1j * k * length * np.arange(16) / 16)
    p = np.stack([wave.real, wave.imag, np.repeat(lepton[:, None], 16, axis=1)], axis=1)
    rates = []
    for interval in (3.0, 1.0):
        p = _four_beams(p, interval / gamma, length)
        rates.append(exchange.oscillation_energy_rate(p, VELOCITIES, WEIGHTS, length))
    still = exchange.oscillation_energy_rate(np.repeat(p[:, :, :1], 16, axis=2), VELOCITIES, WEIGHTS, length)
    text = f"from 3 to 4 growth times at k = {k:.2f}, γ = {gamma:.4f}; rate of homogeneous beams: {abs(still):.0e}"
    return Measured(math.log(rates[1] / rates[0]), text)


def _four_beams(p: np.ndarray, t: float, length: float) -> np.ndarray:
    """Eq. (6b) for the four beams by RK4."""
    steps = max(1, math.ceil(t / 0.02))
    h = t / steps
    for _ in range(steps):
        k1 = tendency(p, VELOCITIES, WEIGHTS, length)
        k2 = tendency(p + h / 2 * k1, VELOCITIES, WEIGHTS, length)
        k3 = tendency(p + h / 2 * k2, VELOCITIES, WEIGHTS, length)
        k4 = tendency(p + h * k3, VELOCITIES, WEIGHTS, length)
        p = p + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return p


def real_seeds(context: Context) -> bool:
    """Σ c_n exp(iφ_n + 2πi n z/L) is real with c_n = c_-n, φ_n = -φ_-n."""
    random = generator()
    n = np.arange(1, 6)
    c, phase = random.normal(size=5), random.uniform(0, 2 * np.pi, 5)
    z = np.linspace(0, 1, 7)[:, None]
    total = (c * np.exp(1j * (phase + 2 * np.pi * n * z)) + c * np.exp(1j * (-phase - 2 * np.pi * n * z))).sum(axis=1)
    return float(np.abs(total.imag).max()) < 1e-13


VALUES: dict[str, Callable[[Context], Any]] = {
    "eq8": factor_two,
    "homogeneous-stable": stable_when_homogeneous,
    "eq9": linear_equations,
    "eq9-band": band,
    "eq9-frequencies": frequencies,
    "eq9-maximum": general_maximum,
    "k1": edge(0),
    "k2": upper_end,
    "k-bar": lambda context: Measured(fastest()[0], "largest eigenvalue of (9) over k"),
    "gamma-bar": lambda context: Measured(fastest()[1], "largest eigenvalue of (9) over k"),
    "u-initial": lambda context: Measured(overlap(seed((), 8, LENGTH), LENGTH), "∫ P_+·P_-"),
    "u-transverse": transverse_parseval,
    "continuum": continuum,
    "eq10": modes_of_eq10,
    "eq11": amplitude_of_eq11,
    "eq12-transverse": transverse_part,
    "z-part": along_part,
    "eq12": total_change,
    "most-unstable": most_unstable,
    "energy-growth": growth_of_energy,
    "multi-beam": multi_beam,
    "multi-beam-growth": multi_beam_growth,
    "eq13-real": real_seeds,
}
