"""Profiles of a star after flavor conversion (`kiral calc weak-converted`). Nothing here imports jax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from kiral.config.base import NonNegative, Positive
from kiral.config.calculation import Calculation
from kiral.core.provenance import file_checksum

if TYPE_CHECKING:
    import xarray

    from kiral.report.style import Drawing

Pinching = Annotated[float, Field(strict=True, ge=2)]


class WeakConverted(Calculation):
    """Neutrino spectra of a star where flavors have mixed, from the outcome of a run of flavor kinetics.

    The stored result.zarr is a file of profiles for `kiral calc weak-star`: with the same star without conversion it shows
    what flavor kinetics does to the effective chiral magnetic effect.
    """

    title: ClassVar[str] = "profiles of a star after flavor conversion, for weak-star; from the outcome of a flavor run"
    outcome: str = Field(description="file that `kiral export RUN --as neutrinos` wrote")
    file: str | None = Field(default=None, description="CSV, NetCDF or Zarr of profiles; an analytic bulb where not given")
    from_radius: NonNegative = Field(default=5e6, description="radius beyond which flavors have mixed [cm]")
    shape: Literal["number", "occupation"] = Field(
        default="number", description="what alpha and mean_energy of the profiles describe: q^2 f, or the occupation f"
    )
    heavy_density: NonNegative = Field(default=1.0, description="nu_x of one flavor over nu_e, and the same of antineutrinos")
    heavy_mean_energy: Positive = Field(default=18.0, description="mean energy of nu_x [MeV]")
    heavy_alpha: Pinching = Field(default=2.3, description="pinching of their number spectrum")
    energies: Annotated[int, Field(strict=True, ge=20, le=2000)] = Field(default=200, description="number of energies")

    def compute(self) -> xarray.Dataset:
        """f_nu and f_nubar over (time, radius, energy), with the matter of the profiles."""
        from kiral.weak.bulb import neutrino_bulb
        from kiral.weak.converted import HeavySpectrum, converted_profiles, read_outcome
        from kiral.weak.star_file import checked, read_profiles

        profiles = checked(neutrino_bulb()) if self.file is None else read_profiles(Path(self.file))
        heavy = HeavySpectrum(self.heavy_density, self.heavy_mean_energy, self.heavy_alpha)
        given = read_outcome(self.outcome)
        where = {"from_radius": self.from_radius, "shape": self.shape, "energies": self.energies}
        return converted_profiles(profiles, given, heavy, **where)

    def figures(self, data: xarray.Dataset) -> tuple[Drawing | None, ...]:
        """Spectra before and after."""
        return (spectra(data),)

    def depends_on(self) -> dict[str, Any]:
        """The content of the files."""
        found: dict[str, Any] = {}
        for name, given in (("outcome", self.outcome), ("file", self.file)):
            if given is not None and Path(given).exists():
                path = Path(given)
                files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
                found[f"{name}_sha256"] = [file_checksum(f) for f in files]
        return found


def spectra(data: xarray.Dataset) -> Drawing | None:
    """Number spectra q² f before and after, at the first radius beyond the conversion and the first time."""
    from kiral.report import style
    from kiral.report.style import BLUE, ORANGE, Curve, Panel

    beyond = np.flatnonzero(data["radius"].values >= data.attrs["from_radius"])
    if not beyond.size:
        return None
    here = data.isel(time=0, radius=int(beyond[0]))
    seen = data["energy"].values ** 2 * here["f_nu"].values
    here = here.isel(energy=slice(0, int(np.flatnonzero(seen > 1e-3 * seen.max())[-1]) + 1))
    q, curves = here["energy"].values, []
    for name, text, color in (("f_nu", r"$\nu_e$", BLUE), ("f_nubar", r"$\bar\nu_e$", ORANGE)):
        curves.append(Curve(f"{text}, before", q, q**2 * here[f"{name}_before"].values, color, "--"))
        curves.append(Curve(f"{text}, after", q, q**2 * here[name].values, color))
    panel = Panel("energy $q$  [MeV]", r"$q^2 f$  [MeV$^2$]", tuple(curves), "", "linear", y_scale="linear")
    caption = f"Spectra at {float(here['radius']) / 1e5:.0f} km before and after flavor conversion."
    return style.draw("weak_converted", "Spectra after flavor conversion", caption, (panel,))
