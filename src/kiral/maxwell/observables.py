"""What a run of the anomalous Maxwell equations reports: numbers in time, spectra, fields. Functions of (equation, t, state).

Amounts are means over the box: multiply by its volume for integrals.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.problem import Observable
from kiral.geometry.box import VectorModes, dot
from kiral.geometry.fft import to_grid
from kiral.maxwell import ledgers


def _potentials(eq, y):
    """mu and mu5 on the grid."""
    plus, minus = eq.potentials(y)
    return (plus + minus) / 2, (plus - minus) / 2


def _rms(eq, f: VectorModes) -> Float[Array, ""]:
    return jnp.sqrt(eq.box.mean_dot(f, f))


def _largest(fields) -> Float[Array, ""]:
    return jnp.sqrt(jnp.max(dot(fields, fields)))


def b_rms(eq, t, y):
    """⟨B²⟩^1/2."""
    return _rms(eq, y.B)


def b_fluctuation(eq, t, y):
    """⟨|B - B0|²⟩^1/2."""
    return jnp.sqrt(jnp.maximum(ledgers.fluctuation_squared(eq, y), 0.0))


def e_rms(eq, t, y):
    """⟨E²⟩^1/2."""
    return _rms(eq, eq.electric_field(t, y))


def b_max(eq, t, y):
    """Largest |B|."""
    return _largest(to_grid(eq.box, y.B))


def e_max(eq, t, y):
    """Largest |E|."""
    return _largest(to_grid(eq.box, eq.electric_field(t, y)))


def mu5_mean(eq, t, y):
    """⟨mu5⟩."""
    return jnp.mean(_potentials(eq, y)[1])


def mu5_rms(eq, t, y):
    """⟨mu5²⟩^1/2."""
    return jnp.sqrt(jnp.mean(_potentials(eq, y)[1] ** 2))


def mu5_max(eq, t, y):
    """Largest |mu5|."""
    return jnp.max(jnp.abs(_potentials(eq, y)[1]))


def mu_mean(eq, t, y):
    """⟨mu⟩."""
    return jnp.mean(_potentials(eq, y)[0])


def mu_rms(eq, t, y):
    """⟨mu²⟩^1/2."""
    return jnp.sqrt(jnp.mean(_potentials(eq, y)[0] ** 2))


def magnetic_helicity(eq, t, y):
    """⟨A·B⟩; with a uniform field B0 ⟨A·b⟩ + 2⟨A⟩·B0."""
    return ledgers.magnetic_helicity(eq, y)


def axial_charge(eq, t, y):
    """⟨n₊ - n₋⟩."""
    return eq.box.mean(y.n[0]) - eq.box.mean(y.n[1])


def charge_density(eq, t, y):
    """⟨n₊ + n₋⟩."""
    return eq.box.mean(y.n[0]) + eq.box.mean(y.n[1])


def free_energy(eq, t, y):
    """⟨(E² + B²)/8π⟩ and the free energy of the plasma above mu = mu5 = 0."""
    return ledgers.free_energy(eq, t, y)


def energy_magnetic(eq, t, y):
    """⟨B²⟩/8π."""
    return eq.box.mean_dot(y.B, y.B) / (8 * jnp.pi)


def energy_electric(eq, t, y):
    """⟨E²⟩/8π."""
    e = eq.electric_field(t, y)
    return eq.box.mean_dot(e, e) / (8 * jnp.pi)


def joule_heat(eq, t, y):
    """∫Σ⟨sigma_l E_l²⟩dt since the start."""
    return y.ledger.joule


def e_dot_b(eq, t, y):
    """⟨E·B⟩."""
    return eq.box.mean_dot(eq.electric_field(t, y), y.B)


def _mean_ex(eq, t, y):
    return eq.box.mean(eq.electric_field(t, y)[0])


def _mean_ey(eq, t, y):
    return eq.box.mean(eq.electric_field(t, y)[1])


def _mean_ez(eq, t, y):
    return eq.box.mean(eq.electric_field(t, y)[2])


def gauss_error(eq, t, y):
    """Largest |∇·E - 4π e n| over the largest |4π e n| (and what the mean field makes at the box's scale)."""
    found = ledgers.gauss(eq, y)
    return found.total / jnp.where(found.scale > 0, found.scale, 1.0)


def k_peak(eq, t, y):
    """Wave number of the shell with the largest magnetic energy; 0 without a field."""
    spectrum = energy_spectrum(eq, t, y)
    return jnp.where(jnp.max(spectrum) > 0, (jnp.argmax(spectrum) + 1) * eq.box.k_unit, 0.0)


def k_integral(eq, t, y):
    """∫E dk / ∫E k⁻¹ dk of the magnetic field, the inverse of its integral scale."""
    box = eq.box
    k = jnp.sqrt(jnp.where(box.k2 > 0, box.k2, 1.0))
    inside = (box.k2 > 0) * 1.0
    energy = sum(box.mean_product(f, inside * f) for f in y.B)
    over_k = sum(box.mean_product(f, inside / k * f) for f in y.B)
    return jnp.where(energy > 0, energy / jnp.where(over_k > 0, over_k, 1.0), 0.0)


def _tail(eq, fields):
    box = eq.box
    inside, high = (box.k2 > 0) * 1.0, (box.k2 > (0.9 * box.k_max) ** 2) * 1.0
    total = sum(box.mean_product(f, inside * f) for f in fields)
    return jnp.where(total > 0, sum(box.mean_product(f, high * f) for f in fields) / jnp.where(total > 0, total, 1.0), 0.0)


def tail_magnetic(eq, t, y):
    """Share of the magnetic energy at |k| > 0.9 k_max."""
    return _tail(eq, y.B)


def tail_axial(eq, t, y):
    """Share of the axial density's variance at |k| > 0.9 k_max."""
    return _tail(eq, (y.n[0] - y.n[1],))


def _shells(eq, density) -> Float[Array, "k"]:
    """Sum of a real density per mode over shells round(|k|/k_unit) = 1, 2, ..., divided by the shell's width."""
    box = eq.box
    count = max(box.m)
    shell = jnp.rint(jnp.sqrt(box.k2) / box.k_unit).astype(jnp.int32)
    summed = jax.ops.segment_sum((box.weight * density).ravel(), shell.ravel(), count + 1)
    return summed[1:] / box.k_unit


def _power(fields):
    return sum(jnp.abs(f) ** 2 for f in fields)


def energy_spectrum(eq, t, y):
    """E(k): Σ E dk = ⟨|B - B0|²⟩/8π."""
    return _shells(eq, _power(y.B) / (8 * jnp.pi))


def electric_spectrum(eq, t, y):
    """The same of E."""
    return _shells(eq, _power(eq.electric_field(t, y)) / (8 * jnp.pi))


def helicity_spectrum(eq, t, y):
    """H(k): Σ H dk = ⟨A·b⟩."""
    a = ledgers.vector_potential(eq, y)
    return _shells(eq, sum((f.conj() * g).real for f, g in zip(a, y.B, strict=True)))


def axial_spectrum(eq, t, y):
    """Σ over k = ⟨(n5 - ⟨n5⟩)²⟩."""
    return _shells(eq, jnp.abs(y.n[0] - y.n[1]) ** 2)


def charge_spectrum(eq, t, y):
    """Σ over k = ⟨(n - ⟨n⟩)²⟩."""
    return _shells(eq, jnp.abs(y.n[0] + y.n[1]) ** 2)


def field_e(eq, t, y):
    """E on the grid."""
    return jnp.stack(to_grid(eq.box, eq.electric_field(t, y)))


def field_b(eq, t, y):
    """B on the grid."""
    return jnp.stack(to_grid(eq.box, y.B))


def field_mu(eq, t, y):
    """mu on the grid."""
    return _potentials(eq, y)[0]


def field_mu5(eq, t, y):
    """mu5 on the grid."""
    return _potentials(eq, y)[1]


_MEANS = (_mean_ex, _mean_ey, _mean_ez)
_F, _MU, _N, _U = "energy/(length e)", "energy", "1/length^3", "energy/length^3"
SERIES = (
    Observable("b_rms", (), _F, "rms magnetic field", b_rms),
    Observable("b_fluctuation", (), _F, "rms of the magnetic field without its uniform part", b_fluctuation),
    Observable("b_max", (), _F, "largest magnetic field", b_max),
    Observable("e_rms", (), _F, "rms electric field", e_rms),
    Observable("e_max", (), _F, "largest electric field", e_max),
    *(Observable(f"e_mean_{a}", (), _F, f"mean electric field along {a}", f) for a, f in zip("xyz", _MEANS, strict=True)),
    Observable("mu5_mean", (), _MU, "mean axial chemical potential", mu5_mean),
    Observable("mu5_rms", (), _MU, "rms axial chemical potential", mu5_rms),
    Observable("mu5_max", (), _MU, "largest |mu5|", mu5_max),
    Observable("mu_mean", (), _MU, "mean chemical potential of the charge", mu_mean),
    Observable("mu_rms", (), _MU, "rms chemical potential of the charge", mu_rms),
    Observable("magnetic_helicity", (), "energy", "magnetic helicity <A.B>", magnetic_helicity),
    Observable("axial_charge", (), _N, "mean axial number density", axial_charge),
    Observable("charge_density", (), _N, "mean net number density", charge_density),
    Observable("free_energy", (), _U, "free energy of fields and plasma", free_energy),
    Observable("energy_magnetic", (), _U, "magnetic energy <B^2>/8 pi", energy_magnetic),
    Observable("energy_electric", (), _U, "electric energy <E^2>/8 pi", energy_electric),
    Observable("joule_heat", (), _U, "heat since the start", joule_heat),
    Observable("e_dot_b", (), "energy^2/(length e)^2", "<E.B>", e_dot_b),
    Observable("gauss_error", (), "1", "largest violation of Gauss's law over the largest charge", gauss_error),
    Observable("k_peak", (), "1/length", "wave number of the magnetic spectrum's peak", k_peak),
    Observable("k_integral", (), "1/length", "integral wave number of B", k_integral),
    Observable("tail_magnetic", (), "1", "share of magnetic energy above 0.9 k_max", tail_magnetic),
    Observable("tail_axial", (), "1", "share of the axial density's variance above 0.9 k_max", tail_axial),
)
SPECTRA = (
    Observable("energy_spectrum", ("k",), "energy/length^2", "magnetic energy spectrum", energy_spectrum),
    Observable("electric_spectrum", ("k",), "energy/length^2", "electric energy spectrum", electric_spectrum),
    Observable("helicity_spectrum", ("k",), "energy length", "magnetic helicity spectrum", helicity_spectrum),
    Observable("axial_spectrum", ("k",), "1/length^5", "spectrum of the axial density", axial_spectrum),
    Observable("charge_spectrum", ("k",), "1/length^5", "spectrum of the charge's number density", charge_spectrum),
)
_VECTOR, _SCALAR = ("component", "x", "y", "z"), ("x", "y", "z")
FIELDS = (
    Observable("E", _VECTOR, _F, "electric field", field_e),
    Observable("B", _VECTOR, _F, "magnetic field", field_b),
    Observable("mu", _SCALAR, _MU, "chemical potential of the charge", field_mu),
    Observable("mu5", _SCALAR, _MU, "axial chemical potential", field_mu5),
)


def observables(equation) -> tuple[Observable, ...]:
    """All observables of a run; without a balance of free energy (a drifting plasma, a given field) without it and its heat."""
    absent = set() if equation.has_free_energy else {"free_energy", "joule_heat"}
    return tuple(o for o in (*SERIES, *SPECTRA, *FIELDS) if o.name not in absent)
