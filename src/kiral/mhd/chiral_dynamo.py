"""Growth of a magnetic field in mu5 that varies in space, and what a run shows of it.

Reads `run.config`, `run.series` and `run.spectra` only; no jax, no files. Code units (l*, t*, E*).
A fluctuating mu5 of zero mean lets a field grow where its own scale is larger than that of the instability (Schober,
Rogachevskii & Brandenburg 2022): positive helicity around the maxima of mu5, negative around its minima.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar


def layered_growth_rate(amplitude: float, wave_number: float, *, eta: float = 1.0, along: float = 0.0) -> complex:
    """Fastest rate [1/t*] of a weak field in mu5 = amplitude cos(q x) at rest, q = wave_number: exact, by eigenvalues.

    The field has the wave number `along` along the layers and n q across them, n whole. In helical waves A = Σ a_ns e_s(k_n)
    e^{i k_n·x}, i k×e_s = s |k| e_s, mu5 couples neighbours in n:
        da_ns/dt = -eta k_n² a_ns + eta (amplitude/2) Σ_{n'=n±1, s'} s' |k_n'| (e_s(k_n)*·e_s'(k_n')) a_n's'
    For along = 0 the rate tends to eta amplitude²/4 (1 - 2 q/amplitude) where the layers are thick, q ≪ amplitude, and
    nothing grows below the first zero of J0(amplitude/q), 2.405, where a steady field fits. An imaginary part is a frequency.
    """
    most = int(np.ceil(amplitude / wave_number)) + 10  # a few beyond the shortest unstable wave: the rest only decays
    n = np.arange(-most, most + 1)
    k = np.stack([n * wave_number, np.full(n.size, float(along)), np.zeros(n.size)], axis=1)
    size, neighbours = np.linalg.norm(k, axis=1), np.abs(n[:, None] - n[None, :]) == 1
    waves = {sign: _helical_waves(k, sign) for sign in (1, -1)}
    blocks = [
        [amplitude / 2 * np.where(neighbours, np.real(waves[s].conj() @ waves[other].T) * (other * size), 0) for other in waves]
        for s in waves
    ]
    rates = eta * np.linalg.eigvals(np.block(blocks) - np.diag(np.tile(size**2, 2)))
    fastest = rates[np.argmax(rates.real)]
    return complex(fastest.real, abs(fastest.imag))


def _helical_waves(k: np.ndarray, sign: int) -> np.ndarray:
    """(z×k̂ + i sign z)/√2 for k in the x-y plane, up to a phase: i k×e = sign |k| e. At k = 0 any vector does."""
    size = np.linalg.norm(k, axis=1, keepdims=True)
    unit = np.where(size > 0, k / np.where(size > 0, size, 1.0), [1.0, 0.0, 0.0])
    z = np.broadcast_to([0.0, 0.0, 1.0], unit.shape)
    first = np.cross(z, unit)
    return (first + 1j * sign * np.cross(unit, first)) / np.sqrt(2)


def fastest_growth_rate(amplitude: float, wave_number: float, *, eta: float = 1.0) -> float:
    """The same for the best `along` [1/t*]; 0 where nothing grows, below amplitude = 1.3 q.

    A field that varies along the layers (along near amplitude/2) grows faster than one that varies across them.
    """

    def loss(share: float) -> float:
        return -layered_growth_rate(amplitude, wave_number, eta=eta, along=share * amplitude).real

    return max(0.0, -float(minimize_scalar(loss, bounds=(0.1, 0.7), method="bounded", options={"xatol": 1e-3}).fun))


def growth_rate(run: Any, early: float, late: float) -> float:
    """Mean d ln B_rms/dt [1/t*] between the samples nearest to two times."""
    t, b = (np.asarray(run.series[name], dtype=float) for name in ("t", "b_rms"))
    i, j = (int(np.argmin(np.abs(t - at))) for at in (early, late))
    return float(np.log(b[j] / b[i]) / (t[j] - t[i]))


def shell_growth(run: Any) -> tuple[np.ndarray, np.ndarray, float, float] | None:
    """(k, rate, t1, t2): growth ½ d ln E/dt of the shells with k < mu5 while a uniform mu5 is as it was at the start.

    t1: first stored spectrum later than two times of growth, 8/(eta mu5²), when the growing helicity outweighs the decaying
    one; t2: last one with ⟨mu5⟩ within 1e-4 of its start. None without a uniform mu5 or two such spectra.
    """
    mu5, eta = run.config["initial"]["mu5"], run.config["model"]["magnetic_diffusivity"]
    if isinstance(mu5, Mapping) or isinstance(eta, Mapping) or not mu5 * eta or "energy_spectrum" not in run.spectra:
        return None
    data = run.spectra["energy_spectrum"].transpose("t", "k")
    k, t, energy = np.asarray(data["k"], dtype=float), np.asarray(data["t"], dtype=float), np.asarray(data, dtype=float)
    now = np.interp(t, np.asarray(run.series["t"], dtype=float), np.asarray(run.series["mu5_mean"], dtype=float))
    linear = np.flatnonzero((t >= 8 / (eta * mu5**2)) & (np.abs(now - mu5) < 1e-4 * abs(mu5)))
    if linear.size < 2:
        return None
    first, last = linear[0], linear[-1]
    shells = (k < abs(mu5)) & (energy[first] > 0) & (energy[last] > 0)
    rate = np.log(energy[last, shells] / energy[first, shells]) / 2 / (t[last] - t[first])
    return k[shells], rate, float(t[first]), float(t[last])


def helical_halves(run: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(t, positive, negative): rms of the parts of B with positive and negative helicity, from the stored spectra."""
    energy, fraction = (run.spectra[name].transpose("t", "k") for name in ("energy_spectrum", "helicity_fraction"))
    k, values, share = np.asarray(energy["k"], dtype=float), np.asarray(energy, dtype=float), np.asarray(fraction, dtype=float)
    width = k[0]  # shells are as wide as the smallest wave number
    positive, negative = (np.sqrt(np.maximum(np.sum(values * (1 + sign * share), axis=1) * width, 0.0)) for sign in (1, -1))
    return np.asarray(energy["t"], dtype=float), positive, negative
