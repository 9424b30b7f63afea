"""Where G25 Eq. (27), h_M = √e S5bar/(lam t_phi gamma5²), holds: against the model without flow (`kiral.mhd.mean_field`).

G25 = Gurgenidze et al. (2025). Without flow, from white noise and mu5 = 0, three numbers decide everything:

    washout = gamma5 t_phi
    onset   = t_cross/t_phi,  t_cross of Eq. (18) as printed; eta M² t_phi = 4/onset³ with M = S5bar/gamma5
    seed    = lam C M³,  C = density/(4 π²) the noise's E±/k⁴ (`mean_field.Noise`)

lam and the density of the noise enter as their product only. lam h/(2 M) is a function of the three and of t/t_phi, and so
is the ratio h/(27), as (27) is lam h/(2 M) = √e/(2 washout).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kiral.mhd.decay_source import Values
from kiral.mhd.mean_field import Plasma, peak, solve, uncut_noise

END, SAMPLES = 8.0, 400  # of a solution, in t_phi, and how often it is looked at: the peak is then good to 1e-3

# largest (1 - exp(-s²/2))²/s, at s = 2.1618
_LARGEST_DRIVE = 0.3774847610576969


class Groups(NamedTuple):
    """The three numbers of the module's head; numbers or arrays."""

    washout: Values
    onset: Values
    seed: Values


class Ratio(NamedTuple):
    """At the maximum of h in time: h/(27), the feedback's strength lam eta B²/gamma5, t/t_phi; and the ledger's drift."""

    ratio: Values
    cme_ratio: Values
    time: Values
    drift: Values


def groups(plasma: Plasma, density: Values) -> Groups:
    """The numbers of a plasma with a source and of noise of this density [E* l*²]."""
    largest = np.abs(plasma.amplitude) / np.asarray(plasma.gamma5)
    onset = (4 / (plasma.eta * largest**2 * plasma.t_phi)) ** (1 / 3)
    return Groups(plasma.gamma5 * plasma.t_phi, onset, plasma.lam * np.asarray(density) / (4 * np.pi**2) * largest**3)


def plasma_from(found: Groups, *, eta: float, lam: Values, t_phi: float) -> tuple[Plasma, Values]:
    """(plasma, density of the noise) with these numbers: the inverse of `groups`, at given eta, lam, t_phi."""
    gamma5 = np.asarray(found.washout, float) / t_phi
    largest = np.sqrt(4 / (eta * t_phi * np.asarray(found.onset, float) ** 3))
    density = 4 * np.pi**2 * np.asarray(found.seed, float) / (np.asarray(lam) * largest**3)
    return Plasma(eta, lam, gamma5, largest * gamma5, t_phi), density


def growth_exponent(onset: Values) -> Values:
    """ln of the largest growth of h without feedback, but for powers of t: 2.05/onset³, reached at t = 2.16 t_phi.

    With mu5 = S5/gamma5 the drive is G = eta M √e t_phi (1 - exp(-s²/2)), s = t/t_phi, and the exponent of `Noise`
    G²/(2 eta t) = (2 e/onset³) (1 - exp(-s²/2))²/s. Valid for 1/gamma5 well below t_cross.
    """
    return 2 * np.e * _LARGEST_DRIVE / np.asarray(onset, float) ** 3


def largest_ratio(washout: Values) -> Values:
    """Upper bound of h/(27): 2 washout², when all that the source makes becomes helicity, (2/lam) √e S5bar t_phi."""
    return 2 * np.asarray(washout, float) ** 2


def ratio_at_peak(plasma: Plasma, density: Values, t_start: float, tolerance: float = 1e-8) -> Ratio:
    """h/(27) at the largest h up to 8 t_phi, for parameter sets of any shape with one common t_phi, mu5 = 0 at t_start."""
    t_phi = float(np.unique(plasma.t_phi).item())
    t = np.linspace(t_start, END * t_phi, SAMPLES)
    found = solve(plasma, uncut_noise(plasma, density), t, tolerance)
    top = peak(found, plasma.eta)
    estimate = np.sqrt(np.e) * np.abs(plasma.amplitude) / (plasma.lam * t_phi * np.asarray(plasma.gamma5) ** 2)
    b2 = np.take_along_axis(found.b2, np.asarray(top.sample)[None], axis=0)[0]
    cme_ratio = np.asarray(plasma.lam) * plasma.eta * b2 / plasma.gamma5
    return Ratio(top.h / estimate, cme_ratio, top.t / t_phi, found.drift.max(axis=0))
