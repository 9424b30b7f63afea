"""What a chiral MHD run reports: numbers in time, spectra, fields. Each is a function of (equation, t, state)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from kiral.core.problem import Observable
from kiral.core.table import at_time
from kiral.geometry.box import dot
from kiral.geometry.fft import to_grid, to_modes
from kiral.mhd import ledgers
from kiral.mhd.equations import ChiralMHD
from kiral.mhd.state import NO_FLOW, RELATIVISTIC, State

_ACTIVE = 1e-8  # magnetic energy over rho below which the field is a seed whose resolution does not matter


def _b(eq: ChiralMHD, y: State):
    return tuple(b + b0 for b, b0 in zip(to_grid(eq.box, eq.box.curl(y.A)), eq.background_field, strict=True))


def _u(eq: ChiralMHD, y: State):
    momentum = to_grid(eq.box, y.momentum)
    if not eq.compressible:
        return tuple(m / eq.enthalpy for m in momentum)
    rho = to_grid(eq.box, (y.rho,))[0]
    return tuple(0.75 * m / rho for m in momentum)


def _mu5(eq: ChiralMHD, y: State):
    return to_grid(eq.box, (y.mu5,))[0]


def _rms(f) -> Float[Array, ""]:
    return jnp.sqrt(jnp.mean(dot(f, f), dtype=jnp.float64))


def _peak(f) -> Float[Array, ""]:
    return jnp.sqrt(jnp.max(dot(f, f)).astype(jnp.float64))


def mu5_mean(eq, t, y):
    """⟨mu5⟩."""
    return eq.box.mean(y.mu5)


def mu5_rms(eq, t, y):
    """Root mean square of mu5."""
    return jnp.sqrt(eq.box.mean_product(y.mu5, y.mu5))


def mu5_max(eq, t, y):
    """Largest |mu5|."""
    return jnp.max(jnp.abs(_mu5(eq, y))).astype(jnp.float64)


def b_rms(eq, t, y):
    """⟨B²⟩^1/2."""
    return jnp.sqrt(2 * energy_magnetic(eq, t, y))


def b_max(eq, t, y):
    """Largest |B|."""
    return _peak(_b(eq, y))


def u_rms(eq, t, y):
    """⟨u²⟩^1/2."""
    return _rms(_u(eq, y))


def u_max(eq, t, y):
    """Largest |u|."""
    return _peak(_u(eq, y))


def rho_mean(eq, t, y):
    """⟨rho⟩."""
    return eq.box.mean(y.rho)


def rho_min(eq, t, y):
    """Smallest rho."""
    return jnp.min(to_grid(eq.box, (y.rho,))[0]).astype(jnp.float64)


def magnetic_helicity(eq, t, y):
    """⟨A·B⟩, G25 (14); with a uniform field B0, b = B - B0: ⟨A·b⟩ + 2⟨A⟩·B0."""
    return ledgers.magnetic_helicity(eq, y)


def energy_magnetic(eq, t, y):
    """⟨B²/2⟩, G25 (36), the uniform field's part included."""
    return (ledgers.mean_b_squared(eq, y) + dot(eq.background_field, eq.background_field)) / 2


def b_fluctuation(eq, t, y):
    """⟨|B - B0|²⟩^1/2."""
    return jnp.sqrt(ledgers.mean_b_squared(eq, y))


def energy_kinetic(eq, t, y):
    """⟨rho u²⟩/2 of the relativistic, w⟨u²⟩/2 of an incompressible fluid."""
    momentum, u = to_grid(eq.box, y.momentum), _u(eq, y)
    factor = 0.375 if eq.compressible else 0.5
    return factor * jnp.mean(dot(momentum, u), dtype=jnp.float64)


def mu_mean(eq, t, y):
    """⟨mu⟩."""
    return eq.box.mean(y.mu)


def mu_rms(eq, t, y):
    """Root mean square of mu."""
    return jnp.sqrt(eq.box.mean_product(y.mu, y.mu))


def mu_max(eq, t, y):
    """Largest |mu|."""
    return jnp.max(jnp.abs(to_grid(eq.box, (y.mu,))[0])).astype(jnp.float64)


def magnetic_diffusivity(eq, t, y):
    """eta(t)."""
    return at_time(eq.magnetic_diffusivity, t)


def flipping_rate(eq, t, y):
    """gamma5(t)."""
    return at_time(eq.flipping_rate, t)


def force_power(eq, t, y):
    """⟨u·f⟩: power of the force."""
    u, f = _u(eq, y), to_grid(eq.box, eq.forcing(t, eq.box))
    return jnp.mean(dot(u, f), dtype=jnp.float64)


def current_helicity(eq, t, y):
    """⟨J·B⟩."""
    return eq.box.mean_dot(eq.box.curl(y.A), tuple(eq.box.k2 * a for a in y.A))


def mu5_b2(eq, t, y):
    """⟨mu5 B²⟩."""
    b = _b(eq, y)
    return jnp.mean(_mu5(eq, y) * dot(b, b), dtype=jnp.float64)


def source(eq, t, y):
    """S5(t)."""
    return eq.source(t)


def helicity_total(eq, t, y):
    """⟨A·B⟩ + (2/lam)⟨mu5⟩, below G25 (22)."""
    return magnetic_helicity(eq, t, y) + 2 / eq.chiral_feedback * mu5_mean(eq, t, y)


def helicity_production(eq, t, y):
    """(2/lam) ∫(S5 - gamma5⟨mu5⟩) dt, G25 (22)."""
    return 2 / eq.chiral_feedback * (y.ledger.source - y.ledger.washout)


def _integral_wave_number(eq, fields, power_of_k):
    """Σ |k|^p |f|² / Σ |k|^(p-1) |f|² over k ≠ 0, with every mode's own |k|; 0 where f = 0."""
    box = eq.box
    k = jnp.sqrt(jnp.where(box.k2 > 0, box.k2, 1.0))
    weight = k**power_of_k * (box.k2 > 0)
    energy = sum(box.mean_product(f, weight * f) for f in fields)
    over_k = sum(box.mean_product(f, weight / k * f) for f in fields)
    return jnp.where(energy > 0, energy / jnp.where(over_k > 0, over_k, 1.0), 0.0)


def k_integral(eq, t, y):
    """∫E dk / ∫E k⁻¹ dk of the magnetic field, the inverse of its integral scale."""
    return _integral_wave_number(eq, y.A, 2)


def k_integral_kinetic(eq, t, y):
    """The same of the velocity."""
    return _integral_wave_number(eq, to_modes(eq.box, _u(eq, y)), 0)


def _tail(eq, fields, power_of_k):
    """Share of Σ|k|^p |f|² that lies at |k| > 0.9 k_max (the mean left out)."""
    box = eq.box
    weight = box.k2 ** (power_of_k / 2) * (box.k2 > 0)
    high = box.k2 > (0.9 * box.k_max) ** 2
    total = sum(box.mean_product(f, weight * f) for f in fields)
    tail = sum(box.mean_product(f, weight * high * f) for f in fields)
    return jnp.where(total > 0, tail / jnp.where(total > 0, total, 1.0), 0.0)


def tail_magnetic(eq, t, y):
    """Share of the magnetic energy at |k| > 0.9 k_max."""
    return _tail(eq, y.A, 2)


def tail_kinetic(eq, t, y):
    """Share of ⟨u²⟩ at |k| > 0.9 k_max."""
    return _tail(eq, to_modes(eq.box, _u(eq, y)), 0)


def tail_mu5(eq, t, y):
    """Share of ⟨(mu5 - ⟨mu5⟩)²⟩ at |k| > 0.9 k_max."""
    return _tail(eq, (y.mu5,), 0)


def unresolved(eq, t, y):
    """The magnetic tail once the field is more than a seed (energy above 1e-8 of rho), 0 before."""
    return jnp.where(ledgers.mean_b_squared(eq, y) / 2 > _ACTIVE, tail_magnetic(eq, t, y), 0.0)


def cme_ratio(eq, t, y):
    """lam eta ⟨B²⟩/gamma5, the feedback's strength, G25 (21); 0 without washout."""
    rate = eq.chiral_feedback * at_time(eq.magnetic_diffusivity, t) * 2 * energy_magnetic(eq, t, y)
    gamma5 = at_time(eq.flipping_rate, t)
    return jnp.where(gamma5 > 0, rate / jnp.where(gamma5 > 0, gamma5, 1.0), 0.0)


def chiral_energy_ratio(eq, t, y):
    """⟨mu5²⟩/(2 lam) over ⟨rho⟩ (over 1 without relativistic flow)."""
    rho = rho_mean(eq, t, y) if eq.compressible else 1.0
    return eq.box.mean_product(y.mu5, y.mu5) / (2 * eq.chiral_feedback) / rho


def _shells(eq: ChiralMHD, density) -> Float[Array, "k"]:
    """Sum of a real density per mode over shells round(|k|/k_unit) = 1, 2, ..., divided by the shell's width."""
    box = eq.box
    count = max(box.m)
    shell = jnp.rint(jnp.sqrt(box.k2) / box.k_unit).astype(jnp.int32)
    summed = jax.ops.segment_sum((box.weight * density).astype(jnp.float64).ravel(), shell.ravel(), count + 1)
    return summed[1:] / box.k_unit


def _power(fields):
    return sum(jnp.abs(f) ** 2 for f in fields)


def energy_spectrum(eq, t, y):
    """E(k): Σ E dk = ⟨B²/2⟩."""
    return _shells(eq, eq.box.k2 * _power(y.A) / 2)


def _helicity_density(eq, y):
    return sum((a.conj() * b).real for a, b in zip(y.A, eq.box.curl(y.A), strict=True))


def helicity_spectrum(eq, t, y):
    """H(k): Σ H dk = ⟨A·B⟩."""
    return _shells(eq, _helicity_density(eq, y))


def helicity_fraction(eq, t, y):
    """Σ |k| A*·B/2 over Σ |B|²/2 in each shell: within ±1 since every mode is weighted with its own |k|."""
    energy = energy_spectrum(eq, t, y)
    helical = _shells(eq, jnp.sqrt(eq.box.k2) * _helicity_density(eq, y) / 2)
    return jnp.where(energy > 0, helical / jnp.where(energy > 0, energy, 1.0), 0.0)


def kinetic_spectrum(eq, t, y):
    """Σ over k = ⟨u²/2⟩ (of the resolved part of u)."""
    return _shells(eq, _power(to_modes(eq.box, _u(eq, y))) / 2)


def mu_spectrum(eq, t, y):
    """Σ over k = ⟨(mu - ⟨mu⟩)²⟩."""
    return _shells(eq, jnp.abs(y.mu) ** 2)


def mu5_spectrum(eq, t, y):
    """Σ over k = ⟨(mu5 - ⟨mu5⟩)²⟩."""
    return _shells(eq, jnp.abs(y.mu5) ** 2)


def field_b(eq, t, y):
    """B on the grid."""
    return jnp.stack(_b(eq, y))


def field_u(eq, t, y):
    """u on the grid."""
    return jnp.stack(_u(eq, y))


def field_mu5(eq, t, y):
    """mu5 on the grid."""
    return _mu5(eq, y)


def field_mu(eq, t, y):
    """mu on the grid."""
    return to_grid(eq.box, (y.mu,))[0]


def field_rho(eq, t, y):
    """rho on the grid."""
    return to_grid(eq.box, (y.rho,))[0]


_B, _U, _MU, _H, _E = "E*^1/2 l*^-3/2", "l*/t*", "1/l*", "E*/l*^2", "E*/l*^3"
_FLOW_ONLY = {"u_rms", "u_max", "energy_kinetic", "tail_kinetic", "k_integral_kinetic", "kinetic_spectrum", "u"}
_RELATIVISTIC_ONLY = {"rho_mean", "rho_min", "rho"}
_CHARGE_ONLY = {"mu_mean", "mu_rms", "mu_max", "mu_spectrum", "mu"}
_TABLES = {"magnetic_diffusivity", "flipping_rate"}
_FEEDBACK_ONLY = {"helicity_total", "helicity_production", "chiral_energy_ratio"}

SERIES = (
    Observable("mu5_mean", (), _MU, "mean chiral chemical potential", mu5_mean),
    Observable("mu5_rms", (), _MU, "rms chiral chemical potential", mu5_rms),
    Observable("mu5_max", (), _MU, "largest |mu5|", mu5_max),
    Observable("b_rms", (), _B, "rms magnetic field", b_rms),
    Observable("b_fluctuation", (), _B, "rms of the field without its uniform part", b_fluctuation),
    Observable("b_max", (), _B, "largest magnetic field", b_max),
    Observable("u_rms", (), _U, "rms velocity", u_rms),
    Observable("u_max", (), _U, "largest velocity", u_max),
    Observable("rho_mean", (), _E, "mean energy density", rho_mean),
    Observable("rho_min", (), _E, "smallest energy density", rho_min),
    Observable("magnetic_helicity", (), _H, "magnetic helicity <A.B>", magnetic_helicity),
    Observable("energy_magnetic", (), _E, "magnetic energy density", energy_magnetic),
    Observable("energy_kinetic", (), _E, "kinetic energy density <rho u^2>/2", energy_kinetic),
    Observable("current_helicity", (), "E*/l*^4", "current helicity <J.B>", current_helicity),
    Observable("mu5_b2", (), "E*/l*^4", "<mu5 B^2>", mu5_b2),
    Observable("source", (), "1/(l* t*)", "source of chirality S5", source),
    Observable("helicity_total", (), _H, "<A.B> + 2 <mu5>/lambda", helicity_total),
    Observable("helicity_production", (), _H, "(2/lambda) int (S5 - Gamma5 <mu5>) dt", helicity_production),
    Observable("mu_mean", (), _MU, "mean electric chemical potential", mu_mean),
    Observable("mu_rms", (), _MU, "rms electric chemical potential", mu_rms),
    Observable("mu_max", (), _MU, "largest |mu|", mu_max),
    Observable("magnetic_diffusivity", (), "l*^2/t*", "magnetic diffusivity eta", magnetic_diffusivity),
    Observable("flipping_rate", (), "1/t*", "washout Gamma5", flipping_rate),
    Observable("force_power", (), "E* l*^-3 t*^-1", "power of the force <u.f>", force_power),
    Observable("k_integral", (), _MU, "integral wave number of B", k_integral),
    Observable("k_integral_kinetic", (), _MU, "integral wave number of u", k_integral_kinetic),
    Observable("tail_magnetic", (), "1", "share of magnetic energy above 0.9 k_max", tail_magnetic),
    Observable("tail_kinetic", (), "1", "share of <u^2> above 0.9 k_max", tail_kinetic),
    Observable("tail_mu5", (), "1", "share of mu5's variance above 0.9 k_max", tail_mu5),
    Observable("unresolved", (), "1", "magnetic tail once the field is more than a seed", unresolved),
    Observable("cme_ratio", (), "1", "lambda eta <B^2>/Gamma5", cme_ratio),
    Observable("chiral_energy_ratio", (), "1", "chiral energy over mean energy density", chiral_energy_ratio),
)
SPECTRA = (
    Observable("energy_spectrum", ("k",), "E*/l*^2", "magnetic energy spectrum", energy_spectrum),
    Observable("helicity_spectrum", ("k",), "E*/l*", "magnetic helicity spectrum", helicity_spectrum),
    Observable("helicity_fraction", ("k",), "1", "fractional helicity", helicity_fraction),
    Observable("kinetic_spectrum", ("k",), "l*^3/t*^2", "spectrum of u^2/2", kinetic_spectrum),
    Observable("mu5_spectrum", ("k",), "1/l*", "spectrum of mu5", mu5_spectrum),
    Observable("mu_spectrum", ("k",), "1/l*", "spectrum of mu", mu_spectrum),
)
_VECTOR, _SCALAR = ("component", "x", "y", "z"), ("x", "y", "z")
FIELDS = (
    Observable("b", _VECTOR, _B, "magnetic field", field_b),
    Observable("u", _VECTOR, _U, "velocity", field_u),
    Observable("mu5", _SCALAR, _MU, "chiral chemical potential", field_mu5),
    Observable("mu", _SCALAR, _MU, "electric chemical potential", field_mu),
    Observable("rho", _SCALAR, _E, "energy density", field_rho),
)


def observables(
    *,
    flow: str,
    feedback: bool,
    charge: bool = False,
    force: bool = False,
    uniform_field: bool = False,
    in_time: tuple[str, ...] = (),
) -> tuple[Observable, ...]:
    """All observables of a run: with this flow, feedback of the field on mu5, mu, a force, a uniform field, or without.

    `in_time` names the coefficients that are tables.
    """
    absent = (_FLOW_ONLY if flow == NO_FLOW else set()) | (set() if flow == RELATIVISTIC else _RELATIVISTIC_ONLY)
    absent |= (set() if feedback else _FEEDBACK_ONLY) | (set() if charge else _CHARGE_ONLY)
    absent |= (set() if force else {"force_power"}) | (set() if uniform_field else {"b_fluctuation"}) | (_TABLES - set(in_time))
    return tuple(o for o in (*SERIES, *SPECTRA, *FIELDS) if o.name not in absent)
