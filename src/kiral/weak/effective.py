"""The effective chiral magnetic effect of neutrino radiation in one zone: linear in time, and within the Pauli bound.

Y23 = Yamamoto & Yang, Phys. Rev. Lett. 131, 012701 (2023). Matter and neutrinos are homogeneous and steady for the time
given; electrons feel only the weak interaction unless rates for refilling and flipping are given (`kiral.weak.bounded`).
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from kiral.constants import AXIAL_COUPLING
from kiral.core.arrays import check, column, namespace, traced
from kiral.units import inverse_mev_to_seconds, per_second_to_mev, seconds_to_inverse_mev
from kiral.weak.bounded import bounded_change
from kiral.weak.collision import Channel, electrons, positrons
from kiral.weak.composition import NUCLEON_MASS_MEV, Matter, composition, degeneracy
from kiral.weak.currents import Currents, currents
from kiral.weak.quadrature import NODES, EnergyMesh, energy_mesh
from kiral.weak.spectra import PinchedSpectrum, Spectrum, as_spectrum, fermi_edges

LINEAR_LIMIT = 0.1
"""Largest |δf| up to which the linear answer is taken to hold."""


class LinearAnswerWarning(UserWarning):
    """The linear answer does not hold at the time asked for."""


class Bounded(NamedTuple):
    """The answer within the Pauli bound; fields as in EffectiveCME."""

    xi_b: Any
    xi_b_total: Any
    kappa_b: Any
    kappa_b_total: Any
    mu_e: Any
    mu_n: Any
    mu_p: Any
    max_delta_f: Any
    error: Currents


class EffectiveCME(NamedTuple):
    """Conductivities of the currents along B, linear in time; `bounded` has them within the Pauli bound.

    j = ξ B, T^i0 = κ e B. xi_b, kappa_b: electrons; _total: with positrons. error: of the integrals and of tables, absolute.
    max_delta_f: largest |δf| of electrons and positrons, also apart; an occupation cannot change by more than 1.
    valid_until: time at which the linear max_delta_f is 0.1; impossible_from: at which it is 1.
    """

    xi_b: Any  # [MeV]
    xi_b_total: Any  # [MeV]
    kappa_b: Any  # [MeV²]
    kappa_b_total: Any  # [MeV²]
    mu_e: Any  # [MeV]
    mu_n: Any  # [MeV], with rest mass
    mu_p: Any  # [MeV], with rest mass
    max_delta_f: Any
    bounded: Bounded
    error: Currents
    max_delta_f_electrons: Any
    max_delta_f_positrons: Any
    time: Any  # [s]
    valid_until: Any  # [s]
    impossible_from: Any  # [s]

    @property
    def warning(self) -> str:
        """Why the linear answer does not hold, with the times; empty where it does."""
        if traced(self.max_delta_f) or not np.any(np.asarray(self.max_delta_f) > LINEAR_LIMIT):
            return ""
        return (
            f"the linear answer fails: max|delta f| = {np.max(self.max_delta_f):.3g} at {np.max(self.time):.3g} s. It exceeds "
            f"{LINEAR_LIMIT:g} from t = {np.min(self.valid_until):.4g} s on and 1, which no fermion allows, from "
            f"t = {np.min(self.impossible_from):.4g} s on; use the fields of `bounded`"
        )


def effective_cme(
    density: Any = 1e10,
    temperature: Any = 8.6,
    electron_fraction: Any = 0.4,
    spectrum: Any = None,
    antineutrino_spectrum: Any = None,
    time: Any = 0.1,
    energy_current: str = "consistent",
    *,
    refilling_rate: Any = 0.0,
    flipping_rate: Any = 0.0,
    axial_coupling: float = AXIAL_COUPLING,
    nucleon_mass: float = NUCLEON_MASS_MEV,
    nodes: int = NODES,
) -> EffectiveCME:
    """Currents along a magnetic field that neutrino radiation has induced in the electrons after `time`.

    Args: density rho [g/cm³], temperature [MeV], electron_fraction: numbers or arrays that broadcast; the result has their
            shape. With jax arrays the function can be traced, mapped and differentiated.
        spectrum: of the neutrinos, a function f(q [MeV]) or one of `kiral.weak.spectra`; default PinchedSpectrum(2.65, 13.05).
        antineutrino_spectrum: that of the antineutrinos; where not given, the same (as in Y23).
        time: since the neutrinos began to shine on the matter [s].
        energy_current: "consistent", κ by Y23 (22); "printed", half of it as in (29, 30).
        refilling_rate, flipping_rate [1/s]: for `bounded` only (`kiral.weak.bounded`).
        nodes: Gauss–Legendre nodes per panel of the energy integrals.
    Warns: LinearAnswerWarning above max|δf| = 0.1, with the time from which on.
    Errors: ConfigError for values that are not physical.
    Valid: nondegenerate nucleons, ultrarelativistic electrons, neutrinos steady and homogeneous over c × time.
    """
    check("time", time, least=0)
    check("refilling_rate", refilling_rate, least=0)
    check("flipping_rate", flipping_rate, least=0)
    nu = as_spectrum(spectrum if spectrum is not None else PinchedSpectrum(alpha=2.65, mean_energy=13.05))
    nu_bar = nu if antineutrino_spectrum is None else as_spectrum(antineutrino_spectrum)
    zone = Zone(composition(density, temperature, electron_fraction, nucleon_mass), nu, nu_bar, axial_coupling)
    question = _Question(time, energy_current, per_second_to_mev(refilling_rate), per_second_to_mev(flipping_rate), nodes)
    found = _with_table_error(_answer(zone, question), zone, question)
    _warn(found, zone.matter, nucleon_mass)
    return found


class Zone(NamedTuple):
    """Matter and the neutrinos and antineutrinos that shine on it."""

    matter: Matter
    nu: Spectrum
    nu_bar: Spectrum
    axial_coupling: float = AXIAL_COUPLING

    def mesh(self, nodes: int = NODES) -> EnergyMesh:
        """Energies fit for the collision terms."""
        edges = [*fermi_edges(self.matter.temperature, self.matter.mu_e), *self.nu.edges()]
        edges += self.nu_bar.edges() if self.nu_bar is not self.nu else []
        return energy_mesh(edges, 1e-9 * self.matter.temperature, nodes)

    def channels(self, q: Any) -> tuple[Channel, Channel]:
        """Electrons and positrons at energies q (..., n) [MeV]."""
        return (
            electrons(q, self.matter, self.nu, self.axial_coupling),
            positrons(q, self.matter, self.nu_bar, self.axial_coupling),
        )


class _Question(NamedTuple):
    """What is asked of a zone; rates in MeV."""

    time: Any
    energy_current: str
    refilling: Any
    flipping: Any
    nodes: int


def _answer(zone: Zone, asked: _Question) -> EffectiveCME:
    mesh = zone.mesh(asked.nodes)
    channels = zone.channels(mesh.q)
    t = seconds_to_inverse_mev(namespace(asked.time).asarray(asked.time, dtype=float))
    changes = [channel.drive * column(t) for channel in channels]
    linear, error = currents(mesh, changes[0], changes[1], asked.energy_current)
    largest = [mesh.largest(channel.drive) for channel in channels]  # per time
    fastest = namespace(*largest).maximum(*largest)
    return EffectiveCME(
        **linear._asdict(),
        **_potentials(zone.matter),
        max_delta_f=fastest * t,
        bounded=_bounded(mesh, channels, zone.matter, column(t), asked),
        error=error,
        max_delta_f_electrons=largest[0] * t,
        max_delta_f_positrons=largest[1] * t,
        time=asked.time,
        valid_until=inverse_mev_to_seconds(LINEAR_LIMIT / fastest),
        impossible_from=inverse_mev_to_seconds(1 / fastest),
    )


def _bounded(mesh: EnergyMesh, channels: tuple[Channel, Channel], matter: Matter, t: Any, asked: _Question) -> Bounded:
    rates = column(asked.refilling), column(asked.flipping)
    changes = [bounded_change(channel.drive, channel.rate, t, *rates) for channel in channels]
    excess = [left - right for left, right in changes]
    value, error = currents(mesh, excess[0], excess[1], asked.energy_current)
    xp = namespace(changes[0][0])
    # Where rate × time jumps within a panel, the polynomial through its nodes may exceed what they allow.
    largest = xp.minimum(xp.maximum(*(mesh.largest(left) for left, _ in changes)), 1.0)
    return Bounded(**value._asdict(), **_potentials(matter), max_delta_f=largest, error=error)


def _potentials(matter: Matter) -> dict[str, Any]:
    return {"mu_e": matter.mu_e, "mu_n": matter.mu_n, "mu_p": matter.mu_p}


def _with_table_error(found: EffectiveCME, zone: Zone, asked: _Question) -> EffectiveCME:
    """Adds to the errors what the currents change when every second row of a table is left out."""
    nu, nu_bar = zone.nu.coarser(), zone.nu_bar.coarser()
    if nu is None and nu_bar is None:
        return found
    nu = nu or zone.nu
    other = _answer(zone._replace(nu=nu, nu_bar=nu if zone.nu_bar is zone.nu else nu_bar or zone.nu_bar), asked)
    bounded = found.bounded._replace(error=_added(found.bounded, other.bounded))
    return found._replace(error=_added(found, other), bounded=bounded)


def _added(found: Any, other: Any) -> Currents:
    return Currents(*(getattr(found.error, k) + abs(getattr(found, k) - getattr(other, k)) for k in Currents._fields))


def _warn(found: EffectiveCME, matter: Matter, nucleon_mass: float) -> None:
    if traced(found.max_delta_f):
        return
    if found.warning:
        warnings.warn(found.warning, LinearAnswerWarning, stacklevel=3)
    fugacity = float(np.max(degeneracy(np.maximum(matter.n_n, matter.n_p), matter.temperature, nucleon_mass)))
    if fugacity > 0.3:
        warnings.warn(
            f"nucleons are degenerate (fugacity up to {fugacity:.2g}): Boltzmann statistics overestimates the rates",
            UserWarning,
            stacklevel=3,
        )
