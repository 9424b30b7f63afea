"""One NetCDF file of a run, for tools that do not read zarr."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from kiral.core.files import disk_errors
from kiral.errors import ConfigError

if TYPE_CHECKING:
    from kiral.core.folder import Run


def export_netcdf(run: Run, path: str | Path) -> Path:
    """Write groups scalars, spectra and snapshots; configuration and provenance are attributes of the root, as JSON.

    Errors: ConfigError where the file exists or its folder does not, RunFolderError where it cannot be written.
    """
    import xarray

    path = Path(path)
    if path.exists():
        raise ConfigError(f"--to {path}: exists; kiral overwrites nothing. Give another name.")
    if not path.parent.is_dir():
        raise ConfigError(f"--to {path}: no folder {path.parent}")
    groups = {"scalars": run.series, "spectra": run.spectra, "snapshots": run.snapshots}
    attributes = {"config": json.dumps(run.config), "provenance": json.dumps(run.provenance), "source": str(run.path)}
    tree = xarray.DataTree.from_dict({"/": xarray.Dataset(attrs=attributes)} | {k: v for k, v in groups.items() if v})
    partial = path.with_name(f".partial-{path.name}")
    with disk_errors(path):
        try:
            tree.to_netcdf(partial, engine="h5netcdf")
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path
