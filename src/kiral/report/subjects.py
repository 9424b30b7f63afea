"""What the page of a run needs to know about its subject, by the `[model] kind` of the case.

A new subject adds a function here and its name to `SUBJECTS`. A subject's figures and tables are imported when a run of
it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kiral.errors import RunFolderError

if TYPE_CHECKING:
    from kiral.report.style import Drawing


@dataclass(frozen=True)
class Subject:
    """A subject's part of a run's page. Functions take a run (`config`, `series`, `spectra`, `snapshots`).

    draw_all: the figures, one after the other; overview: several on one sheet, or None. estimates: rows of cells under
    `estimate_header`, with `source` saying whose they are; the first `estimate_columns` also stand in the console.
    equations: one line each, from the configuration, with `conventions` as their small print. remarks: what a reader of
    the numbers must know. compare: series whose final values the points of a sweep are compared by.
    """

    name: str
    draw_all: Callable[[Any], Iterator[Drawing]]
    overview: Callable[[Any], Drawing | None]
    estimate_header: Sequence[str]
    estimate_columns: int
    estimates: Callable[[Any], Sequence[Sequence[str]]]
    source: str
    equations: Callable[[Mapping[str, Any]], Sequence[str]]
    conventions: str
    remarks: Callable[[Any], Sequence[str]]
    compare: Sequence[str] = ()


def subject(config: Mapping[str, Any]) -> Subject:
    """The subject of a resolved case. RunFolderError for a kind that this kiral does not know."""
    kind = config.get("model", {}).get("kind")
    if kind not in SUBJECTS:
        raise RunFolderError(f"model.kind = {kind!r}: no figures for it in this version; known: {', '.join(SUBJECTS)}")
    return SUBJECTS[kind](config)


def _chiral_mhd(config: Mapping[str, Any]) -> Subject:
    from kiral.mhd import figures
    from kiral.mhd.analysis import equations
    from kiral.report import tables

    return Subject(
        name="Chiral magnetohydrodynamics",
        draw_all=figures.draw_all,
        overview=figures.overview,
        estimate_header=tables.ESTIMATE_HEADER,
        estimate_columns=7,
        estimates=lambda run: [tables.estimate_cells(row) for row in tables.estimate_table(run)],
        source="Gurgenidze, Long, Roper Pol, Brandenburg, Kahniashvili, “Primordial magnetic field from chiral plasma "
        f"instability with sourcing” (2025), called G25 here. {_units_sentence(config)}",
        equations=equations,
        conventions="Heaviside–Lorentz units with c = 1; lengths in l*, times in t*, energies in E*. μ5 is the chiral chemical "
        "potential as a wave number. Periodic box, Fourier pseudo-spectral, 2/3 rule.",
        remarks=tables.remarks,
        compare=("b_rms", "mu5_mean", "magnetic_helicity", "k_integral", "u_rms", "unresolved"),
    )


def _units_sentence(config: Mapping[str, Any]) -> str:
    """What code units mean."""
    from kiral.config.units import unit_system

    units = unit_system(config["units"])
    if config["units"].get("kind") != "matter":
        return "Code units are comoving, time is conformal; G² Mpc with a = 1 today."
    return (
        f"Local box: l* = {units.length_cm:.3g} cm, t* = l*/c = {units.time_s:.3g} s, energy densities in rho c² of "
        f"{config['units']['density']:.3g} g/cm³; 1 code unit of B is {units.field_gauss:.3g} G."
    )


def _of_page(name: str, figures: Any, page: Any, compare: Sequence[str] = ()) -> Subject:
    """A subject whose module `figures` draws, and whose module `page` has the rest under the names used here."""
    return Subject(
        name=name,
        draw_all=figures.draw_all,
        overview=figures.overview,
        estimate_header=page.ESTIMATE_HEADER,
        estimate_columns=len(page.ESTIMATE_HEADER),
        estimates=page.estimate_rows,
        source=page.SOURCE,
        equations=page.equations,
        conventions=page.CONVENTIONS,
        remarks=page.remarks,
        compare=compare,
    )


def _flavor(config: Mapping[str, Any]) -> Subject:
    from kiral.flavor import figures, page

    return _of_page("Flavor kinetics of mixed neutrinos", figures, page)


def _flavor_energy(config: Mapping[str, Any]) -> Subject:
    from kiral.flavor import resolved_figures as resolved

    return _of_page("Flavor kinetics resolved in momentum", resolved, resolved)


def _maxwell(config: Mapping[str, Any]) -> Subject:
    from kiral.maxwell import figures, page

    compare = ("b_fluctuation", "mu5_mean", "magnetic_helicity", "k_integral", "joule_heat")
    return _of_page("Anomalous Maxwell equations", figures, page, compare)


def _chiral_kinetic(config: Mapping[str, Any]) -> Subject:
    from kiral.kinetic import run_figures, run_page

    return _of_page("Chiral kinetic theory", run_figures, run_page)


def _crust_linear(config: Mapping[str, Any]) -> Subject:
    from kiral.crust import linear_page as page

    compare = ("b_mean", "energy_toroidal", "surface_dipole", "growth_rate")
    return _of_page("Chiral magnetic instability in a crust, linear", page, page, compare)


def _shell_emhd(config: Mapping[str, Any]) -> Subject:
    from kiral.crust import emhd_page as page

    compare = ("b_mean", "energy_poloidal", "energy_toroidal", "surface_dipole")
    return _of_page("Electron magnetohydrodynamics in a shell", page, page, compare)


def _crust_emhd(config: Mapping[str, Any]) -> Subject:
    from kiral.crust import emhd_page as page

    compare = ("b_mean", "energy_toroidal", "surface_dipole", "even_share")
    return _of_page("Chiral magnetic instability in a crust", page, page, compare)


SUBJECTS: dict[str, Callable[[Mapping[str, Any]], Subject]] = {
    "chiral_mhd": _chiral_mhd,
    "flavor_beams": _flavor,
    "flavor_angles": _flavor,
    "flavor_sphere": _flavor,
    "flavor_energy": _flavor_energy,
    "chiral_kinetic": _chiral_kinetic,
    "anomalous_maxwell": _maxwell,
    "crust_linear": _crust_linear,
    "shell_emhd": _shell_emhd,
    "crust_emhd": _crust_emhd,
}
"""The subject by `[model] kind`."""
