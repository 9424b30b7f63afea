"""Profiles of a star after flavor conversion: the neutrinos' spectra as a run of flavor kinetics left them.

Beyond a radius the occupations of electron neutrinos become kept · f_e + gained · f_x, with the two numbers that
`kiral export RUN --as neutrinos` writes (`kiral.flavor.outcome` says how they follow from survival probabilities by direction).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiral.errors import ConfigError
from kiral.units import per_cm3_to_mev3
from kiral.weak.spectra import PinchedSpectrum, TabulatedSpectrum
from kiral.weak.star_file import MATTER, has_table

if TYPE_CHECKING:
    import xarray

FORM = "kiral flavor outcome"
LOWEST, HIGHEST = 0.05, 200.0
"""Energies of the tables [MeV]."""


class HeavySpectrum(NamedTuple):
    """ν_x of one flavor: pinched number spectrum, and their density over that of the electron neutrinos of the place."""

    density_ratio: float
    mean_energy: float
    alpha: float


def read_outcome(path: str | Path) -> xarray.Dataset:
    """The file that `kiral export RUN --as neutrinos` wrote. ConfigError: missing, unreadable, or something else."""
    import xarray

    if not Path(path).exists():
        raise ConfigError(f"outcome: no such file {path}; write it with `kiral export RUN --as neutrinos --to {path}`")
    try:
        data = xarray.load_dataset(path, engine="h5netcdf")
    except (OSError, ValueError) as error:
        raise ConfigError(f"outcome: {path} cannot be read as NetCDF 4 ({error})") from None
    if data.attrs.get("form") != FORM:
        raise ConfigError(f"outcome: {path} is no flavor outcome; write it with `kiral export RUN --as neutrinos --to FILE`")
    return data


def converted_profiles(
    profiles: xarray.Dataset,
    outcome: xarray.Dataset,
    heavy: HeavySpectrum,
    *,
    from_radius: float,
    heavy_bar: HeavySpectrum | None = None,
    shape: str = "number",
    energies: int = 200,
) -> xarray.Dataset:
    """Profiles with tables f_nu, f_nubar (time, radius, energy), converted at radii >= from_radius [cm].

    Args: profiles - as `kiral.weak.star_file.checked` gives them; heavy - ν_x of one flavor, heavy_bar ν̄_x, the same where not
        given; shape - what alpha and mean_energy of the profiles mean. The result is what `kiral calc weak-star` reads. What
        was before is kept as coordinates f_nu_before, f_nubar_before.
    ConfigError: occupations above 1.
    """
    import xarray

    q = np.geomspace(LOWEST, HIGHEST, energies)
    beyond = (profiles["radius"].values >= from_radius)[None, :, None]
    variables: dict[str, Any] = {name: profiles[name] for name in MATTER}
    coordinates: dict[str, Any] = {"time": profiles["time"], "radius": profiles["radius"]}
    coordinates["energy"] = ("energy", q, {"units": "MeV"})
    over = ("time", "radius", "energy")
    for end, name, other in (("", "nue", heavy), ("bar", "nuebar", heavy_bar or heavy)):
        before = _occupation(profiles, q, shape, end == "bar")
        density = other.density_ratio * _number_density(q, before)
        f_x = PinchedSpectrum(other.alpha, other.mean_energy, number_density=density, shape="number").occupation(q)
        kept, gained = (_at_energies(outcome[f"{part}_{name}"], q) for part in ("kept", "gained"))
        after = np.where(beyond, kept * before + gained * f_x, before)
        if after.max() > 1:
            raise ConfigError(f"f_nu{end}: the occupation reaches {after.max():.4g}; allowed: up to 1 (Pauli)")
        text = "electron neutrinos" if not end else "electron antineutrinos"
        variables[f"f_nu{end}"] = (over, after, {"units": "1", "long_name": f"occupation of {text}"})
        coordinates[f"f_nu{end}_before"] = (over, before, {"units": "1", "long_name": f"{text}, unmixed"})
    return xarray.Dataset(variables, coordinates, {"from_radius": from_radius})


def _occupation(profiles: xarray.Dataset, q: NDArray, shape: str, bar: bool) -> NDArray:
    """Occupations (time, radius, energy) at energies q."""
    own = has_table(profiles, bar) or (bar and "alpha_bar" in profiles)
    end = ("bar" if has_table(profiles, bar) else "_bar") if bar and own else ""
    if has_table(profiles, bar and own):
        table = TabulatedSpectrum(profiles["energy"].values, profiles[f"f_nu{end}"].values)
        return table.occupation(np.broadcast_to(q, (*table.values.shape[:-1], q.size)))
    alpha, energy, density = (profiles[f"{name}{end}"].values for name in ("alpha", "mean_energy", "number_density"))
    return PinchedSpectrum(alpha, energy, number_density=density, shape=shape).occupation(q)


def _number_density(q: NDArray, f: NDArray) -> NDArray:
    """∫ q² f dq/(2π²) [1/cm³], on the even mesh in ln q."""
    return np.trapezoid(q**3 * f, np.log(q), axis=-1) / (2 * np.pi**2 * per_cm3_to_mev3(1.0))


def _at_energies(share: xarray.DataArray, q: NDArray) -> NDArray:
    """A share at energies q, linear between those of the run and constant beyond."""
    return np.interp(q, share["energy"].values, share.values) if "energy" in share.dims else np.full(q.size, float(share))
