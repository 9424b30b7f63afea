"""Where a run leaves the range in which its currents, an expansion, hold, by the map of `kiral.kinetic.validity`. No jax.

Watched in the series: c e E τ/T, c e B τ/T and c k τ against the limits at which one of the currents that the run takes is off
by 1 % and by 10 %, and c e B/T². mu_l counts as small against T; where it is not, the limits are stricter than they need be.
Warned of in the regime with drag only, whose currents the map is of.
"""

from __future__ import annotations

import math

from kiral.core.problem import Monitor
from kiral.kinetic import validity
from kiral.maxwell.config import AnomalousMaxwell

_SERIES = {"electric": "e_max", "magnetic": "b_max", "gradient": "k_integral"}


def monitors(model: AnomalousMaxwell, order_two: bool) -> tuple[Monitor, ...]:
    """Warnings of a run with this plasma, each once, at the first sample beyond a limit; order_two: with the Hall current."""
    if model.regime != "drag":
        return ()
    terms = [name for name in validity.TERMS if name != "hall" or order_two]
    per_unit = _per_unit(model)
    found = []
    for parameter, series in _SERIES.items():
        if model.electric_field_off and parameter == "electric":
            continue
        for level in (validity.GOOD, validity.FAIR):
            limit, term = min((validity.largest(term, parameter, level), term) for term in terms)
            if math.isfinite(limit):
                found.append(Monitor(series, limit / per_unit[parameter], _message(parameter, limit, term, level)))
    strong = model.charge * model.light_speed / model.temperature**2
    name = validity.PARAMETERS["quantum"]
    said = f"{name} exceeds {validity.QUANTUM:g}: the currents are of first order in it; take a weaker field"
    return (*found, Monitor("b_max", validity.QUANTUM / strong, said))


def _per_unit(model: AnomalousMaxwell) -> dict[str, float]:
    """The dimensionless number of a field, or a wave number, of one."""
    length = model.light_speed * model.relaxation_time
    force = model.charge * length / model.temperature
    return {"electric": force, "magnetic": force, "gradient": length}


def _message(parameter: str, limit: float, term: str, level: float) -> str:
    return (
        f"{validity.PARAMETERS[parameter]} exceeds {limit:.2g}: by the kinetic equation {validity.TERMS[term]} is off by more "
        f"than {100 * level:g} % there; take weaker fields, larger scales or a smaller relaxation_time, or solve that equation"
    )
