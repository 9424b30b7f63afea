"""An analytic star for examples: a sharp neutrino sphere in a power-law atmosphere. Round numbers, no simulation.

A sphere of radius R emits (anti)neutrinos of pinched number spectra, evenly into all outward directions. At r their number
density is N/(4π r² c μ), N the number emitted per time and μ = (1 + √(1 - R²/r²))/2 the mean cosine of their directions. The
luminosities fall as exp(-t/τ).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.constants import EV_ERG, SPEED_OF_LIGHT_CM_S

if TYPE_CHECKING:
    import xarray

ENERGIES = (13.05, 16.0)  # MeV, mean energies of neutrinos and antineutrinos
PINCHING = (2.65, 2.8)


def neutrino_bulb(
    *,
    radii: int = 24,
    times: int = 6,
    sphere_cm: float = 4e6,
    luminosity_erg_s: float = 3e52,
    decay_s: float = 0.3,
) -> xarray.Dataset:
    """Profiles over (time, radius) in the names and units of `kiral.weak.star_file`, from the sphere to 300 km, for 0.1 s.

    Density 1e10 g/cm³ (100 km/r)³, temperature 4 MeV (100 km/r), Ye from 0.15 at the sphere to 0.45 far outside.
    """
    import xarray

    r, t = np.geomspace(sphere_cm, 3e7, radii), np.linspace(0.0, 0.1, times)
    cosine = (1 + np.sqrt(1 - (sphere_cm / r) ** 2)) / 2
    fading = np.exp(-t / decay_s)[:, None]

    def moments(end: str, energy: float, alpha: float) -> dict[str, np.ndarray]:
        emitted = luminosity_erg_s / (energy * 1e6 * EV_ERG)
        density = emitted / (4 * np.pi * r**2 * SPEED_OF_LIGHT_CM_S * cosine) * fading
        return {
            f"number_density{end}": density,
            f"mean_energy{end}": np.full_like(density, energy),
            f"alpha{end}": np.full_like(density, alpha),
        }

    matter = {
        "density": 1e10 * (1e7 / r) ** 3,
        "temperature": 4.0 * (1e7 / r),
        "electron_fraction": 0.45 - 0.3 * (sphere_cm / r) ** 2,
    }
    values = {name: np.broadcast_to(v, (t.size, r.size)) for name, v in matter.items()}
    for end, energy, alpha in zip(("", "_bar"), ENERGIES, PINCHING, strict=True):
        values |= moments(end, energy, alpha)
    return xarray.Dataset({name: (("time", "radius"), v) for name, v in values.items()}, {"time": t, "radius": r})


def as_csv(data: xarray.Dataset, comments: tuple[str, ...] = ()) -> str:
    """Profiles over (time, radius) as the text of a CSV file, a row per point, 7 digits."""
    names = [str(name) for name in data.data_vars]
    lines = [f"# {line}" for line in comments] + [",".join(("time", "radius", *names))]
    for i, t in enumerate(data["time"].values):
        for k, r in enumerate(data["radius"].values):
            lines.append(",".join(f"{v:.7g}" for v in (t, r, *(data[name].values[i, k] for name in names))))
    return "\n".join(lines) + "\n"
