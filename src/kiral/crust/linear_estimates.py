"""What is expected of a run of kind "crust_linear" before it starts: local growth from the star's coefficients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from kiral.config.run import CrustLinearRun
    from kiral.crust.neutron_star import Star


class Record(NamedTuple):
    """One line of `kiral estimate`; times in years, lengths in km."""

    name: str
    title: str
    value: float | None
    code_unit: str
    equation: str
    physical: float | None = None
    physical_unit: str = ""


def scenario(config: CrustLinearRun, directory: Path = Path(".")) -> dict[str, Any]:
    """The star's crust and the local bound of growth at the start, as `kiral estimate` takes them."""
    records = _records(config, directory)
    return {"records": records, "flat": {r.name: r.value for r in records}, "validity": [], "table1": []}


def _records(config: CrustLinearRun, directory: Path) -> list[Record]:
    from kiral.crust.coefficients import matter_of_star, of_matter
    from kiral.crust.neutron_star import star

    model = config.model
    found = star(config.star.mass, config.star.eos, outer_density=config.star.outer_density)
    matter = matter_of_star(found, gr=model.gr)
    c = of_matter(matter, first_temperature(config, directory), model.delta_mu or 0.0, **model.options)
    local = np.asarray(c.lapse * c.eta * c.k5**2) / 4
    best = int(np.argmax(local))
    records = [
        Record("thickness", "crust, areal radii", found.crust_thickness_km, "km", ""),
        Record("growth_bound", "largest N eta k5^2/4: no mode grows faster", float(local[best]), "1/yr", "D24, Beltrami wave"),
    ]
    if local[best] > 0:
        k5 = abs(float(c.k5[best]))
        records += [
            Record("growth_radius", "where it is", float(c.r[best]), "km", ""),
            Record("wavelength", "wavelength of the fastest wave there, 4 pi/k5", 4 * np.pi / k5, "km", "D24, Beltrami wave"),
            Record("amplification", "time for a factor of 1000 at that rate", float(np.log(1e3) / local[best]), "yr", ""),
        ]
        if getattr(model, "imbalance", None) is not None:
            records.append(_relaxation(config, found, c.r[[best]], first_temperature(config, directory)))
    return records


def _relaxation(config: Any, found: Star, r: np.ndarray, temperature: float) -> Record:
    """Time in which captures undo δμ at one radius."""
    from kiral.crust.imbalance import imbalance_matter, relaxation_rate
    from kiral.crust.rates import capture_rate

    model, there = config.model, imbalance_matter(found, r, np.ones(1), gr=config.model.gr)
    mu_e = found.at_radius(r)["electron_chemical_potential"].values
    rate = relaxation_rate(there.kappa, model.weak_rate_factor * capture_rate(mu_e, temperature), temperature, there.lapse)
    time = float(1 / rate[0])
    return Record("relaxation", "time in which captures undo delta mu there", time, "yr", "1/(N kappa Gamma_w/kT)")


def first_temperature(config: CrustLinearRun, directory: Path) -> float:
    """The temperature at the start [K]."""
    given = config.model.temperature
    return float(given) if isinstance(given, float | int) else float(np.interp(config.time.t_start, *given.load(directory)))
