"""Profiles of a star from a simulation: CSV table, NetCDF or Zarr → an xarray.Dataset with known names, units and order.

Dimensions: radius [cm], optionally time [s], and energy [MeV] for tabulated occupations. Variables over (time, radius):

    density [g/cm^3], temperature [MeV], electron_fraction [1]
    number_density [1/cm^3], mean_energy [MeV], alpha [1]: of the electron neutrinos, or f_nu (…, energy) [1] instead
    number_density_bar, mean_energy_bar, alpha_bar, or f_nubar: of the antineutrinos; without them, those of the neutrinos

A variable's attribute `units` is converted ("km", "ms", "K", "cm^-3"); without it the unit is the one above. A CSV file has a
header of these names, lines that begin with # are comments, and one row for each point (with energy: each energy of it).
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kiral.config.messages import nearest
from kiral.errors import ConfigError
from kiral.quantity import parse_quantity

if TYPE_CHECKING:
    import xarray

COORDINATES = {"time": "s", "radius": "cm", "energy": "MeV"}
MATTER = {"density": "g/cm^3", "temperature": "MeV", "electron_fraction": "1"}
MOMENTS = {"number_density": "1/cm^3", "mean_energy": "MeV", "alpha": "1"}
MOMENTS_BAR = {f"{name}_bar": unit for name, unit in MOMENTS.items()}
TABLES = {"f_nu": "1", "f_nubar": "1"}
UNITS = COORDINATES | MATTER | MOMENTS | MOMENTS_BAR | TABLES


def read_profiles(path: str | Path) -> xarray.Dataset:
    """The profiles in a file, in the units above. ConfigError: no such file, names or units that are not known, gaps."""
    import xarray

    path = Path(path)
    if not path.exists():
        raise ConfigError(f"no such file of profiles: {path}")
    try:
        if path.suffix == ".csv":
            data = _read_csv(path)
        elif path.is_dir():
            data = xarray.load_dataset(path, engine="zarr", consolidated=False)
        else:
            data = xarray.load_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as CSV, NetCDF 4 or Zarr ({error})") from None
    return checked(data, str(path))


def checked(data: xarray.Dataset, where: str = "profiles") -> xarray.Dataset:
    """The dataset with what is needed, in the known units, over (time, radius[, energy]); time is added where missing."""
    data = data.rename({str(name): str(name) for name in data.variables})
    _check_names(data, where)
    data = data.assign({name: _converted(data[name], where) for name in data.data_vars if name in UNITS})
    data = data.assign_coords({name: _converted(data[name], where) for name in COORDINATES if name in data.coords})
    if "time" not in data.dims:
        data = data.expand_dims(time=[0.0])
    for name in COORDINATES:
        if name in data.dims:
            _check_coordinate(np.asarray(data[name], dtype=float), f"{where}: {name}")
    for name in data.data_vars:
        data[name] = _in_order(data, str(name), where)
        if not np.isfinite(data[name]).all():
            raise ConfigError(f"{where}: {name} has values that are not finite; fill or leave out these points")
    return data


def has_table(data: xarray.Dataset, bar: bool = False) -> bool:
    """Whether the (anti)neutrinos are given as occupations."""
    return ("f_nubar" if bar else "f_nu") in data


def _check_names(data: xarray.Dataset, where: str) -> None:
    for name in data.data_vars:
        if name not in UNITS:
            raise ConfigError(f"{where}: unknown variable {name!r}{nearest(str(name), UNITS)}; allowed: {', '.join(UNITS)}")
    if "radius" not in data.coords:
        raise ConfigError(f"{where}: no coordinate 'radius'")
    if "f_nu" in data and "energy" not in data.coords:
        raise ConfigError(f"{where}: f_nu needs the coordinate 'energy'")
    needed = [*MATTER, *(() if "f_nu" in data else MOMENTS)]
    bar = [name for name in MOMENTS_BAR if name in data]
    needed += MOMENTS_BAR if bar else []
    missing = [name for name in needed if name not in data]
    if missing:
        raise ConfigError(f"{where}: {', '.join(missing)} missing; needed: {', '.join(needed)}")


def _converted(values: xarray.DataArray, where: str) -> xarray.DataArray:
    """The values in the known unit of their name."""
    unit, target = str(values.attrs.get("units", "")).strip(), UNITS[str(values.name)]
    factor = 1.0
    if unit not in ("", target) and target != "1":
        factor = parse_quantity(f"1 {unit}", target, f"{where}: units of {values.name}")
    return (values.astype(float) * factor).assign_attrs(units=target)


def _check_coordinate(values: np.ndarray, where: str) -> None:
    late = np.flatnonzero(np.diff(values) <= 0)
    if late.size:
        i = int(late[0])
        raise ConfigError(f"{where} must increase; {values[i + 1]:g} follows {values[i]:g}. Sort the profile")
    if not np.all(np.isfinite(values)) or values[0] < 0:
        raise ConfigError(f"{where}: allowed: finite numbers >= 0")


def _in_order(data: xarray.Dataset, name: str, where: str) -> xarray.DataArray:
    """The variable over (time, radius), or (time, radius, energy)."""
    values, order = data[name], ("time", "radius", *(("energy",) if name in TABLES else ()))
    extra = [str(d) for d in values.dims if d not in order]
    if extra or "radius" not in values.dims or (name in TABLES and "energy" not in values.dims):
        allowed = f"{order}, without time where it is steady"
        raise ConfigError(f"{where}: {name} has the dimensions {values.dims}; allowed: {allowed}")
    if "time" not in values.dims:
        values = values.expand_dims(time=data["time"])
    return values.transpose(*order)


def _read_csv(path: Path) -> xarray.Dataset:
    import xarray

    lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip() and line.strip()[0] != "#"]
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines)]
    header = rows[0] if rows else []
    unknown = [name for name in header if name not in UNITS]
    if unknown or "radius" not in header:
        problem = f"unknown column {unknown[0]!r}{nearest(unknown[0], UNITS)}" if unknown else "no column 'radius'"
        raise ConfigError(f"{path}: {problem}; allowed: {', '.join(UNITS)}")
    wrong = [i for i, row in enumerate(rows) if len(row) != len(header)]
    if wrong:
        raise ConfigError(f"{path}: row {wrong[0]} has {len(rows[wrong[0]])} cells, the header {len(header)}")
    table = dict(zip(header, np.array(rows[1:], dtype=float).reshape(-1, len(header)).T, strict=True))
    dims = [name for name in COORDINATES if name in table]
    axes, places = zip(*(np.unique(table[name], return_inverse=True) for name in dims), strict=True)
    shape = tuple(axis.size for axis in axes)
    if len(rows) - 1 != np.prod(shape) or len(set(zip(*places, strict=True))) != len(rows) - 1:
        sizes = " x ".join(f"{n} {name}" for n, name in zip(shape, dims, strict=True))
        raise ConfigError(f"{path}: {len(rows) - 1} rows do not fill the grid of {sizes} points once each")
    variables = {}
    for name in (n for n in header if n not in dims):
        grid = np.empty(shape)
        grid[places] = table[name]
        with_energy = "energy" in dims and name not in TABLES
        if with_energy and np.ptp(grid, axis=-1).any():
            raise ConfigError(f"{path}: {name} differs between energies of one point")
        variables[name] = (dims[:-1], grid[..., 0]) if with_energy else (dims, grid)
    return xarray.Dataset(variables, {name: (name, axis) for name, axis in zip(dims, axes, strict=True)})
