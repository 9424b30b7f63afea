"""One file of a run, for tools that do not read zarr: NetCDF of all of it, or what another subject takes from it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kiral.core.files import disk_errors
from kiral.errors import ConfigError

if TYPE_CHECKING:
    import xarray

    from kiral.core.folder import Run


def export_netcdf(run: Run, path: str | Path) -> Path:
    """Write groups scalars, spectra and snapshots; configuration and provenance are attributes of the root, as JSON.

    Errors: ConfigError where the file exists or its folder does not, RunFolderError where it cannot be written.
    """
    import xarray

    if Path(path).suffix == ".csv":
        raise ConfigError(f"--to {path}: a whole run is written as NetCDF; name the file .nc, or add --as relic")
    groups = {"scalars": run.series, "spectra": run.spectra, "snapshots": run.snapshots}
    root = xarray.Dataset(attrs=_origin(run))
    tree = xarray.DataTree.from_dict({"/": root} | {name: data for name, data in groups.items() if data})
    with run.reading():
        return _write(path, lambda partial: tree.to_netcdf(partial, engine="h5netcdf"))


def export_relic(run: Run, path: str | Path) -> Path:
    """Write the magnetic spectra of a chiral MHD run as those of a primordial field, see `kiral.mhd.relic`.

    A path that ends in .csv gets a table, a row per time and wave number, after lines with "#" that say what it is; any
    other NetCDF. Errors: as `export_netcdf`, and RunFolderError for a run without magnetic spectra.
    """
    from kiral.mhd.relic import relic_spectra, relic_table

    data = relic_spectra(run)
    if Path(path).suffix != ".csv":
        data.attrs |= _origin(run)
        return _write(path, lambda partial: data.to_netcdf(partial, engine="h5netcdf"))
    header, rows = relic_table(data)
    remarks = [f"# {name}: {value}" for name, value in _remarks(run, data).items()]
    text = "\n".join((*remarks, ",".join(header)))
    return _write(path, lambda partial: np.savetxt(partial, rows, delimiter=",", header=text, comments="", fmt="%.17g"))


def export_neutrinos(run: Run, path: str | Path, since: float | None = None) -> Path:
    """Write who survived in a run of flavor kinetics, see `kiral.flavor.outcome`: what `kiral calc weak-converted` reads.

    The mean over t >= since; the last stored time where not given. Errors: as `export_netcdf`, and ConfigError for another
    kind of run.
    """
    from kiral.flavor.outcome import outcome

    if Path(path).suffix == ".csv":
        raise ConfigError(f"--to {path}: a flavor outcome is written as NetCDF; name the file .nc")
    data = outcome(run, since)
    data.attrs |= _origin(run)
    return _write(path, lambda partial: data.to_netcdf(partial, engine="h5netcdf"))


def _origin(run: Run) -> dict[str, str]:
    """Where a file comes from, as its attributes."""
    return {"config": json.dumps(run.config), "provenance": json.dumps(run.provenance), "source": str(run.path)}


def _remarks(run: Run, data: xarray.Dataset) -> dict[str, Any]:
    """What stands above a table, one line each."""
    values = {**data.attrs, "source": run.path, "config_hash": run.provenance.get("config_hash", "")}
    return {name: " ".join(str(value).split()) for name, value in values.items()}


def _write(path: str | Path, write: Callable[[Path], Any]) -> Path:
    """Write under a temporary name, then rename."""
    path = Path(path)
    if path.exists():
        raise ConfigError(f"--to {path}: exists; kiral overwrites nothing. Give another name.")
    if not path.parent.is_dir():
        raise ConfigError(f"--to {path}: no folder {path.parent}")
    partial = path.with_name(f".partial-{path.name}")
    with disk_errors(path):
        try:
            write(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path
