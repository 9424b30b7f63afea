"""What is expected of a run of kind "shell_emhd" before it starts: its time scales. Without jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kiral.crust.linear_estimates import Record
from kiral.crust.modes import decay_modes
from kiral.crust.shell_config import RadialTable

if TYPE_CHECKING:
    from kiral.config.run import ShellRun


def scenario(config: ShellRun) -> dict[str, Any]:
    """Time scales of diffusion, Hall drift and growth, as `kiral estimate` takes them."""
    model, b, inner = config.model, config.initial.b_mean, config.geometry.inner
    eta, hall = model.magnetic_diffusivity, abs(model.hall_coefficient) if model.hall else 0.0
    records = []
    if eta > 0:
        rate = eta * float(decay_modes(inner=inner, count=1)[0]) ** 2
        records.append(Record("decay_rate", "decay of the slowest dipole's field", rate, "1/t*", "Bessel functions"))
    if hall > 0:
        records.append(Record("hall_time", "thickness^2/(hall B)", (1 - inner) ** 2 / (hall * b), "t*", ""))
    if hall > 0 and eta > 0:
        records.append(Record("hall_number", "hall B/eta", hall * b / eta, "1", ""))
    k5 = float(np.max(np.abs(model.k5.value if isinstance(model.k5, RadialTable) else model.k5)))
    if k5 > 0:
        k5 = min(k5, model.k5_max or np.inf)
        records.append(Record("growth_bound", "eta k5^2/4: no mode grows faster", eta * k5**2 / 4, "1/t*", "Beltrami wave"))
    return {"records": records, "flat": {r.name: r.value for r in records}, "validity": [], "table1": []}
