"""The commands that look at a run: numbers, figures, files for others. What is heavy is imported inside them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from kiral import __version__
from kiral.cli_common import AsJson, RunDir, finish, print_json
from kiral.errors import ConfigError


def show(directory: RunDir, /, *, as_json: AsJson = False) -> int:
    """State of a run: final values of all series, drift of the budgets."""
    from kiral import console
    from kiral.core.folder import open_run
    from kiral.summary import summary

    found = summary(open_run(directory))
    if as_json:
        print_json(found)
    else:
        console.print_show(found)
    return 0


def plot(directory: RunDir, /) -> int:
    """Draw a run's figures and write its page, from what is stored."""
    from kiral.core.folder import open_run

    return finish(open_run(directory), report=True)


def render(
    directory: RunDir,
    /,
    *,
    field: Annotated[str, Parameter(help="Stored field: b, u, mu5, rho, mu.")] = "b",
    time: Annotated[float | None, Parameter(help="Time of the snapshot; the last one by default.")] = None,
    to: Annotated[Path | None, Parameter(help="New PNG file; figures/view_<field>.png of the run by default.")] = None,
) -> int:
    """Draw a stored field in 3-D: surfaces, field lines, box; needs pyvista (kiral[render])."""
    from kiral.core.folder import open_run
    from kiral.report.render import write_view

    run = open_run(directory)
    with run.reading():
        path, drawing = write_view(run, field, time, to)
    print(f"{path}: {drawing.caption}")
    return 0


def export(
    directory: RunDir,
    /,
    *,
    to: Annotated[Path, Parameter(help="New file: .nc (NetCDF); with --as relic also .csv.")],
    form: Annotated[
        Literal["run", "relic", "neutrinos"],
        Parameter(
            name="--as",
            help="run: all of it; relic: magnetic spectra per log k, comoving gauss and Mpc, a = 1 today; neutrinos: survival "
            "probabilities by direction, for `kiral calc weak-converted`.",
        ),
    ] = "run",
    since: Annotated[float | None, Parameter(help="With --as neutrinos: mean from this time on; default: last.")] = None,
) -> int:
    """Write a run's series, spectra and snapshots, or what another subject takes from it, into one file."""
    from kiral import export as files
    from kiral.core.folder import open_run

    if since is not None and form != "neutrinos":
        raise ConfigError("--since goes with --as neutrinos")
    if form == "relic":
        files.export_relic(open_run(directory), to)
        print(f"{to}: magnetic spectra as those of a primordial field")
    elif form == "neutrinos":
        files.export_neutrinos(open_run(directory), to, since)
        print(f"{to}: survival probabilities by direction")
    else:
        files.export_netcdf(open_run(directory), to)
        print(f"{to}: groups scalars, spectra, snapshots")
    return 0


def cite(directory: RunDir, /) -> int:
    """What to cite for a run: kiral, and the papers whose equations and methods it used."""
    from kiral.citations import citations
    from kiral.core.folder import open_run

    found = open_run(directory)
    version = found.provenance.get("versions", {}).get("kiral") or __version__
    print("\n".join(citations(found.config, version)))
    return 0
