"""What a run of flavor kinetics reports. Each is a function of (equation, t, state); densities as given, n*."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core.problem import Observable
from kiral.flavor import integrable, ledgers
from kiral.flavor.entropy import entropy_two_flavors
from kiral.flavor.equations import FlavorEquation
from kiral.flavor.groups import Vector, dot
from kiral.flavor.state import State

NEUTRINOS, ANTINEUTRINOS = 0, 1
_MONODROMY_CELLS = 2048


# ---- parts


def in_place(eq: FlavorEquation, t, component: Array) -> Array:
    """A field (directions, bins, nx, ny, nz) at its place in the box, from its values along the rays."""
    if not eq.rays.axes:
        return component
    modes = eq.rays.to_modes(component)
    back = jnp.conj(eq.rays.phases(t, eq.data.velocity)).astype(modes.dtype)
    return eq.rays.to_grid(back[:, None] * modes)


def electron_share(eq: FlavorEquation, p: Vector) -> Array:
    """The part of ρ_ee that is p's, w·p."""
    weights = eq.group.flavor_weights[0]
    return sum((weights[i] * p[i] for i in eq.group.diagonal), jnp.zeros(()))


def electrons(eq: FlavorEquation, y: State) -> Float[Array, "2 D B"]:
    """Electron neutrinos and antineutrinos by direction and bin, averaged over the box, times quadrature weight."""
    axes = (-3, -2, -1)
    share = jnp.mean(electron_share(eq, y.p), axis=axes, dtype=jnp.float64)
    trace = jnp.mean(y.trace, axis=axes, dtype=jnp.float64)
    return eq.trace_content * trace / eq.flavors + eq.content * share


def _ratio(now: Array, before: Array) -> Array:
    return jnp.where(before > 0, now / jnp.where(before > 0, before, 1.0), jnp.nan)


# ---- numbers in time


def u_nonosc(eq, t, y):
    """U_nonosc: what the interaction energy has beside U_osc."""
    return ledgers.nonoscillation_energy(eq, t, y)


def u_osc(eq, t, y):
    """U_osc, F24 Eq. (5)."""
    return ledgers.oscillation_energy(eq, eq.moments_of(t, y.p))


def kinetic_energy(eq, t, y):
    """∫ dK/dt dt, F24 Eqs. (21), (22)."""
    return y.kinetic


def nux_content(eq, t, y):
    """Share of other flavors in the neutrinos of those directions and bins that began mostly as ν_e."""
    return jnp.mean(_nux(eq, electron_share(eq, y.p), y.trace), dtype=jnp.float64)


def _nux(eq: FlavorEquation, share: Array, trace: Array) -> Array:
    """The same, point by point; `share` along the rays or in place."""
    number, part = eq.trace_content[NEUTRINOS], eq.content[NEUTRINOS]
    began = eq.began_electron * number
    total = jnp.maximum(jnp.sum(began), jnp.finfo(float).tiny)
    electron = jnp.einsum("db,dbxyz->xyz", began / eq.flavors, jnp.broadcast_to(trace, share.shape))
    electron = electron + jnp.einsum("db,dbxyz->xyz", eq.began_electron * part, share)
    return 1 - electron / total


def survival_nue(eq, t, y):
    """ν_e now over ν_e at the start."""
    return _ratio(jnp.sum(electrons(eq, y)[NEUTRINOS]), jnp.sum(eq.began[NEUTRINOS]))


def survival_nuebar(eq, t, y):
    """ν̄_e now over ν̄_e at the start."""
    return _ratio(jnp.sum(electrons(eq, y)[ANTINEUTRINOS]), jnp.sum(eq.began[ANTINEUTRINOS]))


def coherence(eq, t, y):
    """Root mean square of the off-diagonal part of p."""
    return jnp.sqrt(eq.coherence_square(y.p) / jnp.sum(eq.data.share))


def fastest_mode(eq, t, y):
    """Amplitude of the box's fastest growing mode along z: ψ at its k, projected on it by its left eigenvector."""
    length, v = eq.rays.length[2], eq.data.velocity[:, 2]
    k = 2 * jnp.pi / length * eq.fastest.number
    wave = jnp.exp(-1j * k * length / eq.rays.n[2] * jnp.arange(eq.rays.n[2]))
    psi = jnp.mean(y.p[0], axis=(2, 3)) + 1j * jnp.mean(y.p[1], axis=(2, 3))
    by_direction = jnp.sum(eq.data.coupling * (psi @ wave), axis=1) / eq.rays.n[2] * jnp.exp(-1j * k * v * (t - eq.rays.start))
    return jnp.abs(jnp.sum(eq.fastest.projector * by_direction))


def norm_drift(eq, t, y):
    """Largest | |p|/|p(0)| - 1 | of all points, directions and bins."""
    known = jnp.where(eq.norm > 0, eq.norm, 1.0)
    ratio = jnp.sqrt(dot(y.p, y.p) / known.astype(y.p[0].dtype))
    return jnp.max(jnp.where(eq.norm > 0, jnp.abs(ratio - 1), 0.0)).astype(jnp.float64)


def spectral_tail(eq, t, y):
    """Share of Σ |p|² in the top third of the mode numbers of any direction."""
    top = eq.rays.top_third
    total = tail = jnp.zeros(())
    for component in y.p:
        modes = eq.rays.to_modes(component)
        power = jnp.einsum("db,db...->...", eq.data.share, eq.rays.multiplicity * (modes * jnp.conj(modes)).real)
        total, tail = total + jnp.sum(power), tail + jnp.sum(top * power)
    return tail / total


def entropy(eq, t, y):
    """∫ Σ of the entropy of fermions with densities as occupation numbers, two flavors."""
    length = jnp.sqrt(dot(y.p, y.p)) / eq.weight[:, None, None, None, None]
    total = jnp.zeros(())
    for species in (NEUTRINOS, ANTINEUTRINOS):
        number = (eq.trace_content[species] / eq.weight[:, None])[..., None, None, None] * y.trace
        part = jnp.abs(eq.content[species])[..., None, None, None] * length
        density = jnp.mean(entropy_two_flavors(number, part), axis=(-3, -2, -1), dtype=jnp.float64)
        total = total + jnp.sum(eq.weight * jnp.sum(density, axis=-1))
    return eq.rays.volume * total


def monodromy_0(eq, t, y):
    """Trace of the two-beam monodromy at λ = 0."""
    return _monodromy(eq, t, y, 0.0)


def monodromy_2(eq, t, y):
    """Trace of the two-beam monodromy at λ = 2."""
    return _monodromy(eq, t, y, 2.0)


def _monodromy(eq: FlavorEquation, t, y: State, lam: float) -> Array:
    plus, minus = two_beams(eq, t, y)
    refine = max(4, -(-_MONODROMY_CELLS // eq.rays.n[2]))
    return integrable.monodromy_trace(plus, minus, eq.rays.length[2], lam, refine).real.astype(jnp.float64)


def two_beams(eq: FlavorEquation, t, y: State) -> tuple[Array, Array]:
    """mu P of the beams with v_z = +1 and -1, (3, nz) each, in place."""
    p = jnp.stack([in_place(eq, t, c)[:, 0, 0, 0] for c in y.p])
    scaled = eq.mu * eq.data.coupling[:, 0, None] * p
    plus, minus = jnp.argmax(eq.data.velocity[:, 2]), jnp.argmin(eq.data.velocity[:, 2])
    return scaled[:, plus], scaled[:, minus]


# ---- functions of one variable


def survival_nue_v(eq, t, y):
    """ν_e survival probability by direction."""
    return _ratio(_by_direction(electrons(eq, y)[NEUTRINOS]), _by_direction(eq.began[NEUTRINOS]))


def survival_nuebar_v(eq, t, y):
    """ν̄_e survival probability by direction."""
    return _ratio(_by_direction(electrons(eq, y)[ANTINEUTRINOS]), _by_direction(eq.began[ANTINEUTRINOS]))


def nue_v(eq, t, y):
    """ν_e per dv (or of a beam)."""
    return _by_direction(electrons(eq, y)[NEUTRINOS]) / eq.weight


def nuebar_v(eq, t, y):
    """ν̄_e per dv (or of a beam)."""
    return _by_direction(electrons(eq, y)[ANTINEUTRINOS]) / eq.weight


def survival_nue_e(eq, t, y):
    """ν_e survival probability by energy."""
    return _ratio(_by_energy(eq, electrons(eq, y)[NEUTRINOS]), _by_energy(eq, eq.began[NEUTRINOS]))


def survival_nuebar_e(eq, t, y):
    """ν̄_e survival probability by energy."""
    return _ratio(_by_energy(eq, electrons(eq, y)[ANTINEUTRINOS]), _by_energy(eq, eq.began[ANTINEUTRINOS]))


def _by_direction(numbers: Array) -> Array:
    return jnp.sum(numbers, axis=-1)


def _by_energy(eq: FlavorEquation, numbers: Array) -> Array:
    """(D, B) summed to energies (E,)."""
    return jax.ops.segment_sum(jnp.sum(numbers, axis=0), jnp.asarray(eq.energy), num_segments=max(eq.energy) + 1)


def velocity(eq, t, y):
    """v_z."""
    return eq.data.velocity[:, 2]


def weight(eq, t, y):
    """Quadrature weight."""
    return eq.weight


def psi_power(eq, t, y):
    """Σ share |ψ(k)|² over directions and bins, ψ = p_x + i p_y, k of both signs along z, increasing."""
    return jnp.einsum("db,dbk->k", eq.data.share, _psi_square(y.p))


def psi_plus_power(eq, t, y):
    """|P_x + i P_y|² of the beam v_z = +1 by k."""
    return _beam_power(eq, y, jnp.argmax(eq.data.velocity[:, 2]))


def psi_minus_power(eq, t, y):
    """|P_x + i P_y|² of the beam v_z = -1 by k."""
    return _beam_power(eq, y, jnp.argmin(eq.data.velocity[:, 2]))


def _psi_square(p: Vector) -> Array:
    """|ψ(k)|² of ψ = p_x + i p_y in a 1-D box; the rays' phases drop out."""
    modes = jnp.fft.fft((p[0] + 1j * p[1])[:, :, 0, 0], axis=-1, norm="forward")
    return jnp.fft.fftshift(jnp.abs(modes) ** 2, axes=-1).astype(jnp.float64)


def _beam_power(eq: FlavorEquation, y: State, beam: Array) -> Array:
    return eq.data.coupling[beam, 0] ** 2 * _psi_square(y.p)[beam, 0]


# ---- fields


def nux(eq, t, y):
    """`nux_content` point by point."""
    return _nux(eq, in_place(eq, t, electron_share(eq, y.p)), _trace_in_place(eq, t, y))


def nux_fraction(eq, t, y):
    """Share of other flavors in the neutrinos of every direction (of its first bin), 1-D."""
    share = in_place(eq, t, electron_share(eq, y.p))
    trace = jnp.broadcast_to(_trace_in_place(eq, t, y), share.shape)
    number = jnp.sum(eq.trace_content[NEUTRINOS][..., None, None, None] * trace, axis=1)
    electron = number / eq.flavors + jnp.sum(eq.content[NEUTRINOS][..., None, None, None] * share, axis=1)
    return jnp.where(number > 0, 1 - electron / jnp.where(number > 0, number, 1.0), jnp.nan)[:, 0, 0]


def _trace_in_place(eq: FlavorEquation, t, y: State) -> Array:
    return y.trace if y.trace.shape[-3:] == (1, 1, 1) else in_place(eq, t, y.trace)


_ENERGY = "mu n*^2 l*^d"
SERIES = (
    Observable("u_osc", (), _ENERGY, "oscillation energy of the interaction", u_osc),
    Observable("u_nonosc", (), _ENERGY, "rest of the interaction energy, of the numbers alone", u_nonosc),
    Observable("kinetic_energy", (), _ENERGY, "kinetic energy gained", kinetic_energy),
    Observable("nux_content", (), "1", "share of other flavors in what began as nu_e", nux_content),
    Observable("survival_nue", (), "1", "nu_e now over nu_e at the start", survival_nue),
    Observable("survival_nuebar", (), "1", "anti-nu_e now over anti-nu_e at the start", survival_nuebar),
    Observable("coherence", (), "1", "rms off-diagonal part of the polarization vectors", coherence),
    Observable("fastest_mode", (), "1", "amplitude of the mode along z that grows fastest", fastest_mode),
    Observable("norm_drift", (), "1", "largest relative change of a |P|", norm_drift),
    Observable("spectral_tail", (), "1", "share of sum |P|^2 in the top third of the mode numbers", spectral_tail),
    Observable("entropy", (), "k_B l*^d", "entropy, densities as occupation numbers", entropy),
    Observable("monodromy_0", (), "1", "trace of the two-beam monodromy, lambda = 0", monodromy_0),
    Observable("monodromy_2", (), "1", "trace of the two-beam monodromy, lambda = 2", monodromy_2),
)
_BY_DIRECTION = ("direction",)
SPECTRA = (
    Observable("survival_nue_v", _BY_DIRECTION, "1", "nu_e survival probability by direction", survival_nue_v),
    Observable("survival_nuebar_v", _BY_DIRECTION, "1", "anti-nu_e survival probability by direction", survival_nuebar_v),
    Observable("nue_v", _BY_DIRECTION, "n*", "nu_e by direction", nue_v),
    Observable("nuebar_v", _BY_DIRECTION, "n*", "anti-nu_e by direction", nuebar_v),
    Observable("velocity", _BY_DIRECTION, "1", "v_z of the direction", velocity),
    Observable("weight", _BY_DIRECTION, "1", "quadrature weight of the direction", weight),
    Observable("survival_nue_e", ("energy",), "1", "nu_e survival probability by energy", survival_nue_e),
    Observable("survival_nuebar_e", ("energy",), "1", "anti-nu_e survival probability by energy", survival_nuebar_e),
    Observable("psi_power", ("k",), "1", "power of the coherence by wave number", psi_power),
    Observable("psi_plus_power", ("k",), "n*^2", "|psi|^2 of the beam v = +1 by wave number", psi_plus_power),
    Observable("psi_minus_power", ("k",), "n*^2", "|psi|^2 of the beam v = -1 by wave number", psi_minus_power),
)
FIELDS = (
    Observable("nux", ("x", "y", "z"), "1", "share of other flavors in what began as nu_e", nux),
    Observable("nux_fraction", ("direction", "z"), "1", "share of other flavors by direction", nux_fraction),
)
_TWO_BEAMS = {"monodromy_0", "monodromy_2", "psi_plus_power", "psi_minus_power"}
_LINE = {"psi_power", "nux_fraction"}
_INHOMOGENEOUS = {"spectral_tail", "nux"}


def observables(eq: FlavorEquation) -> tuple[Observable, ...]:
    """All observables that make sense in this box and with these directions."""
    line = eq.rays.axes == (2,)
    absent = (set() if line else _LINE) | (set() if eq.rays.axes else _INHOMOGENEOUS)
    absent |= set() if eq.fastest is not None else {"fastest_mode"}
    occupied = jnp.max(eq.trace_content / eq.weight[:, None], initial=0.0)
    absent |= set() if eq.flavors == 2 and eq.collisions is None and float(occupied) <= 1 else {"entropy"}
    absent |= set() if line and is_two_beam(eq) else _TWO_BEAMS
    for species, name in ((NEUTRINOS, "nue"), (ANTINEUTRINOS, "nuebar")):
        if not float(jnp.sum(eq.began[species])):
            absent |= {f"survival_{name}", f"survival_{name}_v", f"survival_{name}_e"}
        if not float(jnp.sum(eq.trace_content[species])):
            absent |= {f"{name}_v"}
    if max(eq.energy) == 0:
        absent |= {"survival_nue_e", "survival_nuebar_e"}
    return tuple(o for o in (*SERIES, *SPECTRA, *FIELDS) if o.name not in absent)


def is_two_beam(eq: FlavorEquation) -> bool:
    """Eq. (8): two flavors, v_z = ±1, one bin, nothing but the self-interaction."""
    v = np.asarray(eq.data.velocity[:, 2])
    alone = eq.vacuum is None and eq.matter is None and eq.data.coupling.shape[1] == 1
    return eq.flavors == 2 and alone and sorted(v.tolist()) == [-1.0, 1.0]
