"""Linear response of a chiral plasma to fields exp(ikz + st), to all orders in k and in the frequency. Gaussian, ħ = 1.

G16 (12) linearised about equilibrium, relaxation-time approximation, ε = cp. With k along z the momentum factorises: f = f⁰ +
(-∂f⁰/∂(cp)) [φ0 + b φ1], b = λeB/(2cp²), B along z to first order, ξ the direction cosine:

    ∂t φ0 + ikcξ φ0 - ceEξ = -(φ0 - dmu)/τ
    ∂t φ1 + ikcξ φ1 + ikc(1 - ξ²) φ0 - ceE(1 - ξ²) = -φ1/τ
    dmu = ⟨φ0⟩ + λ(v/c)(⟨φ1⟩ + ⟨ξφ0⟩) ,    j = c χ { ⟨ξφ0⟩ + λ(v/c)(⟨ξφ1⟩ + ⟨φ0⟩) }

for E along z, with χ = X/(6π²c³) and v = 3c²eB/(2X) of each chirality; dmu is that of conserved particles. Across k E has no
dmu, and the currents follow from one moment. Angular moments in q = s + 1/τ are logarithms (`Moments`); growing and weakly
damped waves have Re q > 0, to which all of this is limited: on Re q = 0, |Im q| <= ck, lies the continuum of free streaming.

Source: G16 = Gorbar et al. 2016 (arXiv:1603.03442), (9)-(12) linearised; derivation in docs/kinetic/response.md. All functions
broadcast, run on numpy and jax arrays, and are differentiable.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kiral.core.arrays import check, namespace
from kiral.errors import ConfigError
from kiral.kinetic.equilibrium import PI2, slope, susceptibility

_XI, _WEIGHT = np.polynomial.legendre.leggauss(64)
_WEIGHT = _WEIGHT / 2
_NEAR = 1.5
"""Closer to the cut than this ellipse (sum of its half axes) quadrature ends; farther the logarithms cancel."""


class Moments(NamedTuple):
    """I_n = ⟨ξⁿ/(q + iκξ)⟩ and J_n = ⟨ξⁿ/(q + iκξ)²⟩ over the sphere, κ = ck."""

    i0: Any
    i1: Any
    i2: Any
    j0: Any
    j1: Any
    j2: Any
    j3: Any

    @property
    def across(self) -> Any:
        """⟨(1 - ξ²)/2/(q + iκξ)⟩, which is 1/3q at k = 0."""
        return (self.i0 - self.i2) / 2

    @property
    def turned(self) -> Any:
        """⟨(1 - ξ²)/2/(q + iκξ)²⟩, which is 1/3q² at k = 0."""
        return (self.j0 - self.j2) / 2


def moments(q: Any, kappa: Any) -> Moments:
    """Angular moments for Re q > 0 to a relative error of 1e-14: logarithms near the cut, 64 Gauss nodes away from it."""
    xp = namespace(q, kappa)
    q, kappa = xp.broadcast_arrays(xp.asarray(q) + 0j, xp.asarray(kappa) + 0.0)
    inverse = -1j * kappa / q  # ξ of the pole is its inverse
    root = xp.sqrt(1 - inverse**2)  # Re > 0: the ellipse through the pole has |1 + root|/|inverse| as sum of its half axes
    far = xp.abs(1 + root) > _NEAR * xp.abs(inverse)
    return Moments(*(xp.where(far, a, b) for a, b in zip(_quadrature(xp, q, kappa), _closed(xp, q, kappa, far), strict=True)))


def _quadrature(xp: Any, q: Any, kappa: Any) -> tuple[Any, ...]:
    pole = 1 / (q[..., None] + 1j * kappa[..., None] * _XI)
    first = [xp.sum(pole * (_WEIGHT * _XI**n), axis=-1) for n in range(3)]
    return (*first, *(xp.sum(pole**2 * (_WEIGHT * _XI**n), axis=-1) for n in range(4)))


def _closed(xp: Any, q: Any, kappa: Any, far: Any) -> tuple[Any, ...]:
    """I0 = [ln(q + iκ) - ln(q - iκ)]/2iκ, the others by recurrence; where `far` any number."""
    kappa = xp.where(far, 1.0, kappa)
    q = xp.where(far, 1.0, q)
    ik = 1j * kappa
    i0 = (xp.log(q + ik) - xp.log(q - ik)) / (2 * ik)
    i1 = (1 - q * i0) / ik
    i2 = -q * i1 / ik
    j0 = 1 / (q**2 + kappa**2)
    j1 = (i0 - q * j0) / ik
    j2 = (i1 - q * j1) / ik
    return i0, i1, i2, j0, j1, j2, (i2 - q * j2) / ik


class Chirality(NamedTuple):
    """One chirality along k: D dmu = C ceE and j = carried dmu + driven ceE; D = 1 - A/τ vanishes for waves at held E."""

    dispersion: Any
    source: Any
    carried: Any
    driven: Any
    susceptibility: Any

    @property
    def dmu(self) -> Any:
        """dmu for ceE = 1."""
        return self.source / self.dispersion

    @property
    def current(self) -> Any:
        """Number current for ceE = 1."""
        return self.carried * self.dmu + self.driven


def chirality_response(
    s: Any, k: Any, *, sign: int, temperature: Any, mu: Any, tau: Any, charge: Any, c: Any = 1.0, magnetic_field: Any = 0.0
) -> Chirality:
    """Response of one chirality (sign = ±1, its own mu) to E along k and B, both along z."""
    q, kappa = s + 1 / tau, c * k
    m = moments(q, kappa)
    epsilon = sign * 3 * c * charge * magnetic_field / (2 * slope(mu, temperature))
    ik = 1j * kappa
    own = m.i0 + epsilon * (m.i1 - ik * (m.j0 - m.j2))
    source = m.i1 + epsilon * (m.i2 + q * (m.j0 - m.j2))
    carried = m.i1 + epsilon * (m.i0 - ik * (m.j1 - m.j3))
    driven = m.i2 + epsilon * (m.i1 + q * (m.j1 - m.j3))
    chi = susceptibility(temperature, mu, c)
    return Chirality(1 - own / tau, source, c * chi * carried / tau, c * chi * driven, chi)


class LinearResponse(NamedTuple):
    """Responses at (k, omega), fields exp(ikz - i omega t). Complex. The last three are number currents over fields.

    conductivity – e j_z/E_z [1/time]. axial_conductivity – e j5_z/E_z. density – dn/(-eΦ), dn for E = -ikΦ [1/(energy
    length³)]. axial_density – dn5/(-eΦ). transverse_conductivity – e j/E for E across k, without chiral currents.
    hall – h of j = h E × B, B along k, to first order in B. chiral_magnetic – j/B for B(k, omega) across k and its induced E.
    """

    conductivity: Any
    axial_conductivity: Any
    density: Any
    axial_density: Any
    transverse_conductivity: Any
    hall: Any
    chiral_magnetic: Any


def linear_response(
    k: Any, omega: Any, *, temperature: Any, mu: Any = 0.0, mu5: Any = 0.0, tau: Any, charge: Any, c: Any = 1.0,
    magnetic_field: Any = 0.0,
) -> LinearResponse:  # fmt: skip
    """How the plasma answers fields exp(ikz - i omega t), every order in k and omega; k, omega broadcast. E is the total field.

    G16 (12) linearised, `magnetic_field` B0 along k to first order in the Berry curvature. In the closed forms' limits:
    conductivity → sigma/(1 - i omega τ) at k = 0 (Drude); density → chi at omega = 0, for any k; hall → e²τ²mu/(3π²) and
    transverse_conductivity → sigma at k = omega = 0; chiral_magnetic → e mu5/(2π²c) at omega = 0, for any k.
    What depends on which of k and omega vanishes first (conductivity, density along k) is not a number where both do.
    Of the chiral magnetic response two thirds are left at k = 0, omega τ ≫ 1; with the magnetic-moment energy, which G16 and we
    leave out, it is one third (Son & Yamamoto 2013, arXiv:1210.8158).
    Errors: ConfigError for T, tau, c <= 0, and for Im omega <= -1/tau, below which free streaming is all there is.
    """
    _check(temperature, tau, c, mu=mu, mu5=mu5, charge=charge, magnetic_field=magnetic_field, k=k)
    xp = namespace(k, omega, temperature, mu, mu5, tau, charge, c, magnetic_field)
    s = -1j * xp.asarray(omega)
    check("tau Im omega", xp.imag(xp.asarray(omega)) * tau, above=-1.0)
    shared = {"temperature": temperature, "tau": tau, "charge": charge, "c": c, "magnetic_field": magnetic_field}
    right, left = (chirality_response(s, k, sign=i, mu=mu + i * mu5, **shared) for i in (1, -1))
    ik, e = 1j * c * k, charge
    with np.errstate(divide="ignore", invalid="ignore"):  # k = omega = 0
        densities = [ik * part.susceptibility * part.dmu for part in (right, left)]
        flows = [e**2 * c * part.current for part in (right, left)]
    m = moments(s + 1 / tau, c * k)
    chi = right.susceptibility + left.susceptibility
    return LinearResponse(
        conductivity=flows[0] + flows[1],
        axial_conductivity=flows[0] - flows[1],
        density=densities[0] + densities[1],
        axial_density=densities[0] - densities[1],
        transverse_conductivity=e**2 * c**2 * chi * m.across,
        hall=e**2 * mu / PI2 * m.turned,
        chiral_magnetic=e * mu5 / (2 * PI2 * c) * (1 - s * m.across),
    )


def _check(temperature: Any, tau: Any, c: Any, **numbers: Any) -> None:
    for name, value in {"temperature": temperature, "tau": tau, "c": c}.items():
        check(name, value, above=0.0)
    for name, value in numbers.items():
        check(name, value)


def screening_wave_number(temperature: Any, mu: Any, mu5: Any, charge: Any, c: Any = 1.0) -> Any:
    """Debye wave number k_D, k_D² = 4π e² chi [1/length]."""
    chi = susceptibility(temperature, mu + mu5, c) + susceptibility(temperature, mu - mu5, c)
    return charge * (4 * math.pi * chi) ** 0.5


def refuse_drain(mu5: float, magnetic_field: float) -> None:
    """ConfigError: along B a uniform mu5 drives a current and with it E; there is no steady plasma to perturb."""
    if mu5 and magnetic_field:
        raise ConfigError(
            f"mu5: {mu5:g} given with magnetic_field {magnetic_field:g}; allowed: mu5 = 0 where E follows from Gauss's law, as "
            "the chiral magnetic current of the plasma at rest drives E; set mu5 or the magnetic field to 0, or hold E"
        )
