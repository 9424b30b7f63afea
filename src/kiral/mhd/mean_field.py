"""The sourced chiral plasma instability without flow, mu5 uniform: helical spectra coupled to one mu5(t).

The closure of Boyarsky, Fröhlich & Ruchayskiy (2012, Phys. Rev. Lett. 108, 031301); G25 = Gurgenidze et al. (2025).
E± are the energy spectra of the two helicities, ∫(E+ + E-) dk = ⟨B²/2⟩ (the equations in the form of `kiral.mhd.equations`):

    ∂t E±   = 2 eta k (±mu5 - k) E±
    d mu5/dt = S5(t) - gamma5 mu5 + lam ⟨E·B⟩,    ⟨E·B⟩ = -eta (mu5 ⟨B²⟩ - ⟨J·B⟩)
    ⟨B²⟩ = 2∫(E+ + E-) dk,   ⟨J·B⟩ = 2∫k (E+ - E-) dk,   h = ⟨A·B⟩ = 2∫(E+ - E-)/k dk,   dh/dt = -2⟨E·B⟩

Exact without flow while mu5 is uniform; a local field makes mu5 uneven by about lam eta B²/(gamma5 + D5 k²) of its mean.

The spectra need no time stepping: with the drive G = eta ∫mu5 dt and the damping D = eta (t - t_start),
E±(k, t) = E±(k, t_start) exp(2 (±k G - k² D)). What is integrated are two unknowns, mu5 and ∫mu5 dt; for white noise the
sums over k are closed forms too (`Noise`). Any number of parameter sets is solved as one system with a banded Jacobian, so
that a map costs hardly more than a run. Code units throughout; nothing here imports jax.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kiral.errors import NumericalError
from kiral.mhd.decay_source import Values, source

Array = NDArray[np.float64]

CUT_OFF = 50.0  # of noise that is to have none, in units of the largest mu5
_LARGEST_EXPONENT, _LARGEST_B2 = 400.0, 1e130
"""Trial steps of the solver may overshoot by far: growth beyond exp(400) is cut, so that it can step back. A solution that
comes near the cut is refused."""


class Moments(NamedTuple):
    """h = ⟨A·B⟩ [E*/l*²], ⟨B²⟩ [E*/l*³], ⟨J·B⟩ [E*/l*⁴]."""

    h: Array
    b2: Array
    j_b: Array


@dataclass(frozen=True)
class Noise:
    """White noise of A in unlimited space, both helicities alike: E±(k) = density k⁴/(4 π²) exp(-k²/k_max²).

    `density` is σ² δ³ [E* l*²] for a standard deviation σ of each component of A per point of spacing δ (G25 Eq. 34a; two
    of three components are transverse). `k_max` [1/l*] cuts it off. Arrays: one entry per parameter set.

    With b = 2 D + k_max⁻², m = G/b, s² = 1/(2 b) the spectra are Gaussians times k⁴, and
    h = (density/2π²) (π/b)^½ exp(G²/b) (m³ + 3 m s²): the field sits at the wave number m.
    """

    density: Values
    k_max: Values

    def _gaussian(self, drive: Array, damping: Array) -> tuple[Array, Array, Array]:
        """(m, s², amplitude) of the moments."""
        b = 2 * damping + np.asarray(self.k_max, float) ** -2.0
        with np.errstate(divide="ignore"):  # no noise at all: exp(-inf) = 0
            exponent = np.log(np.asarray(self.density, float) / (2 * np.pi**2)) + 0.5 * np.log(np.pi / b) + drive**2 / b
        return drive / b, 0.5 / b, np.exp(np.minimum(exponent, _LARGEST_EXPONENT))

    def moments(self, drive: Array, damping: Array) -> Moments:
        """Moments under the drive G [l*] and damping D [l*²], arrays of a common shape."""
        m, s2, amplitude = self._gaussian(drive, damping)
        m2 = m * m
        return Moments(
            h=amplitude * m * (m2 + 3 * s2),
            b2=amplitude * (m2 * m2 + 6 * m2 * s2 + 3 * s2 * s2),
            j_b=amplitude * m * (m2 * m2 + 10 * m2 * s2 + 15 * s2 * s2),
        )

    def energy_over_k(self, drive: Array, damping: Array) -> Array:
        """∫(E+ + E-)/k dk [E*/l*²]."""
        from scipy.special import erf

        m, s2, amplitude = self._gaussian(drive, damping)
        x = m / np.sqrt(2 * s2)
        gaussian = np.sqrt(np.pi) * x * (0.75 + 0.5 * x**2) * erf(x) + (1 + x**2) / 2 * np.exp(-(x**2))
        return amplitude / np.sqrt(np.pi) * (2 * s2) ** 1.5 * gaussian

    def spectra(self, k: Array, drive: ArrayLike = 0.0, damping: ArrayLike = 0.0) -> tuple[Array, Array]:
        """(E+, E-) (..., k) [E*/l*²] at wave numbers k [1/l*]."""
        k, drive, damping = np.asarray(k, float), np.asarray(drive, float)[..., None], np.asarray(damping, float)[..., None]
        start = np.log(self.density / (4 * np.pi**2)) + 4 * np.log(k) - (k / self.k_max) ** 2
        return np.exp(start + 2 * k * (drive - k * damping)), np.exp(start - 2 * k * (drive + k * damping))


@dataclass(frozen=True)
class Modes:
    """Wave numbers k (n,) [1/l*] with energies of both helicities `plus`, `minus` (n,), whose sum is ⟨B²/2⟩ [E*/l*³]."""

    k: Array
    plus: Array
    minus: Array

    def energies(self, drive: Array, damping: Array) -> tuple[Array, Array]:
        """(plus, minus), each (..., n), under the drive and damping (...)."""
        with np.errstate(divide="ignore"):  # modes without energy
            logs = np.log(self.plus), np.log(self.minus)
        drive, damping = np.asarray(drive)[..., None], np.asarray(damping)[..., None]
        plus, minus = (
            np.exp(np.minimum(log + 2 * self.k * (sign * drive - self.k * damping), _LARGEST_EXPONENT))
            for log, sign in zip(logs, (1, -1), strict=True)
        )
        return plus, minus

    def moments(self, drive: Array, damping: Array) -> Moments:
        """Moments, as those of `Noise`."""
        plus, minus = self.energies(drive, damping)
        total, helical = plus + minus, plus - minus
        return Moments(2 * helical @ (1 / self.k), 2 * total.sum(axis=-1), 2 * helical @ self.k)

    def energy_over_k(self, drive: Array, damping: Array) -> Array:
        """Σ E/k [E*/l*²]."""
        return sum(self.energies(drive, damping)) @ (1 / self.k)


Seed = Noise | Modes
"""An initial field, and what becomes of it under a drive and a damping."""


def noise_modes(noise: Noise, k_min: float, points: int = 400) -> Modes:
    """`noise` restricted to k ≥ k_min, as a box of that smallest wave number holds it: logarithmic mesh, trapezoidal rule.

    The mesh ends at 6 k_max, where the noise is down by exp(-36). Needs k_min < k_max.
    """
    k = np.geomspace(k_min, 6 * float(noise.k_max), points)
    weight = k * np.log(k[1] / k[0])
    weight[[0, -1]] /= 2
    plus, minus = noise.spectra(k)
    return Modes(k, plus * weight, minus * weight)


@dataclass(frozen=True)
class Plasma:
    """Coefficients in code units, numbers or arrays that broadcast: one entry per parameter set. `mu5` is the initial one."""

    eta: Values
    lam: Values
    gamma5: Values
    amplitude: Values = 0.0
    t_phi: Values = 1.0
    mu5: Values = 0.0


def uncut_noise(plasma: Plasma, density: Values) -> Noise:
    """Noise whose cut-off lies so far beyond the largest mu5 that it does not matter (5e-5 of h in run A)."""
    p = Plasma(*(np.asarray(v, float) for v in vars(plasma).values()))
    return Noise(density, CUT_OFF * _mu5_scale(p))


class Solution(NamedTuple):
    """Arrays (times, *shape of the parameters); `drift` is that of h + (2/lam) mu5, see `solve`."""

    t: Array
    mu5: Array
    drive: Array
    damping: Array
    h: Array
    b2: Array
    j_b: Array
    drift: Array


def solve(plasma: Plasma, seed: Seed, t: ArrayLike, tolerance: float = 1e-9) -> Solution:
    """Integrate from t[0], where the seed is given, and report at the times t (increasing) [t*].

    LSODA with relative tolerance `tolerance` on mu5 and ∫mu5 dt of every parameter set. The ledger
    mu5 + (lam/2) h + gamma5 ∫mu5 dt - ∫S5 dt (lam/2 times G25 Eq. 22) is not used in solving, so that its drift, over the
    largest sum of its absolute terms so far, measures the error. Errors: NumericalError where the solver gives up.
    """
    from scipy.integrate import solve_ivp

    t = np.asarray(t, float)
    values = [np.asarray(v, float) for v in vars(plasma).values()]
    noise = [np.asarray(v, float) for v in vars(seed).values()] if isinstance(seed, Noise) else []
    shape = np.broadcast_shapes(*(v.shape for v in values + noise))
    values, noise = ([np.broadcast_to(v, shape).ravel() for v in found] for found in (values, noise))
    p, seed = Plasma(*values), Noise(*noise) if noise else seed
    start = np.zeros(2 * values[0].size)
    start[0::2] = p.mu5
    scale = _mu5_scale(p)
    atol = np.stack([scale, 1 / (p.eta * scale)], axis=1).ravel() * (1e-3 * tolerance)  # of mu5, and of the drive times mu5
    with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "lsoda")  # the message below says it
        found = solve_ivp(_tendency(p, seed, t[0]), (t[0], t[-1]), start, "LSODA", t_eval=t, lband=1, uband=1,
                          rtol=tolerance, atol=atol)  # fmt: skip
    if not found.success:
        raise NumericalError(f"model without flow: {found.message} End earlier, or start from a weaker field or mu5")
    found.y[:, 0] = start  # the solver interpolates there too
    mu5, integral = found.y[0::2].T, found.y[1::2].T
    drive, damping = p.eta * integral, p.eta * (t - t[0])[:, None]
    moments = seed.moments(drive, damping)
    if not np.all(np.isfinite(mu5)) or not np.all(moments.b2 < _LARGEST_B2):
        raise NumericalError(
            "model without flow: the field leaves the numbers that can be computed with; nothing limits its growth where "
            "chiral_feedback is 0: end earlier, or give a weaker source or mu5, or a feedback"
        )
    drift = _drift(p, t, mu5, integral, moments.h)
    fields = (mu5, drive, np.broadcast_to(damping, drive.shape), *moments, drift)
    return Solution(t, *(f.reshape(t.shape + shape) for f in fields))


def _mu5_scale(p: Plasma) -> Array:
    """Largest mu5 to expect: what is there and what the source makes, at most S5/gamma5. 1 where there is none."""
    made = np.sqrt(np.e) * np.abs(p.amplitude) * p.t_phi / (1 + p.gamma5 * p.t_phi)
    scale = np.abs(p.mu5) + made
    return np.where(scale > 0, scale, 1.0)


def _tendency(p: Plasma, seed: Seed, t_start: float) -> Callable[[float, Array], Array]:
    """d/dt of (mu5, ∫mu5 dt), interleaved over the parameter sets so that the Jacobian is a band of width 3."""
    coupling = p.lam * p.eta

    def tendency(t: float, y: Array) -> Array:
        mu5, integral = y[0::2], y[1::2]
        moments = seed.moments(p.eta * integral, np.asarray(p.eta * (t - t_start)))
        s5 = source(t, amplitude=p.amplitude, t_phi=p.t_phi)
        out = np.empty_like(y)
        out[0::2] = s5 - p.gamma5 * mu5 - coupling * (mu5 * moments.b2 - moments.j_b)
        out[1::2] = mu5
        return out

    return tendency


def _drift(p: Plasma, t: Array, mu5: Array, integral: Array, h: Array) -> Array:
    """Drift of the ledger (times, sets); the integral of the source is that of G25 Eq. (9), exact."""
    gauss = np.exp(-0.5 * (t[:, None] / p.t_phi) ** 2)
    made = np.sqrt(np.e) * p.amplitude * p.t_phi * (gauss[0] - gauss)
    terms = np.stack([mu5, p.lam / 2 * h, p.gamma5 * (integral - integral[0]), -made])
    change = terms.sum(axis=0) - terms[:2, 0].sum(axis=0)
    largest = np.maximum.accumulate(np.abs(terms).sum(axis=0), axis=0)
    return np.abs(change) / np.where(largest > 0, largest, 1.0)


class Peak(NamedTuple):
    """The largest |h| in time and when (arrays of the parameters' shape), and the index of the largest sample."""

    h: Values
    t: Values
    sample: ArrayLike


def peak(solution: Solution, eta: Values) -> Peak:
    """Maximum of |h|: between samples, of the cubic through h and dh/dt = 2 eta (mu5 ⟨B²⟩ - ⟨J·B⟩); an end may be it."""
    t, sign, top = solution.t, np.sign(solution.h), np.abs(solution.h).argmax(axis=0)
    rate = 2 * np.asarray(eta) * (solution.mu5 * solution.b2 - solution.j_b) * sign
    # The maximum lies after the largest sample, or before it where |h| falls there already.
    before = np.clip(top - (_at(rate, top) < 0), 0, t.size - 2)
    step = t[before + 1] - t[before]
    r0, r1 = (_at(rate, i) * step for i in (before, before + 1))
    h0, h1 = (np.abs(_at(solution.h, i)) for i in (before, before + 1))
    inside = (r0 > 0) & (r1 < 0)
    # The cubic's slope a s² + b s + r0 vanishes at s in (0, 1).
    a, b = 6 * (h0 - h1) + 3 * (r0 + r1), 6 * (h1 - h0) - 4 * r0 - 2 * r1
    s = np.where(inside, 2 * r0 / np.where(inside, np.sqrt(np.maximum(b * b - 4 * a * r0, 0)) - b, 1.0), 0.0)
    cubic = h0 + s * (r0 + s * (b / 2 + s * a / 3))
    return Peak(np.where(inside, cubic, np.abs(_at(solution.h, top))), np.where(inside, t[before] + s * step, t[top]), top)


def _at(values: Array, index: ArrayLike) -> Any:
    return np.take_along_axis(values, np.asarray(index)[None], axis=0)[0]
