"""Run by test_flavor_devices.py in a process of its own with two virtual devices: prints what it found as JSON."""

import json
import re
import sys

import jax
import numpy as np

jax.config.update("jax_num_cpu_devices", 2)

import kiral.api  # noqa: E402
from kiral.config.case import Devices  # noqa: E402
from kiral.core.advance import _advance, start, step_options  # noqa: E402
from kiral.core.layout import place  # noqa: E402
from kiral.core.problem import first_state  # noqa: E402

CASES = {
    "1-D": ("fast-flavor-1d", {"geometry.n": 16, "geometry.length": 40.0, "model.n_angles": 6, "initial.amplitude": 0.1}),
    "3-D": ("fast-flavor-3d", {"geometry.n": [4, 4, 8], "model.n_polar": 4, "model.n_azimuth": 4, "initial.n_max": 1}),
}
STEPS, DT = 20, 0.1


def end_of(name: str, count: int) -> tuple[dict, str]:
    """State and ledger after the steps, and the compiled program."""
    case, settings = CASES[name]
    problem = kiral.api.build(case, settings | {"devices.count": count})
    equation = problem.equation
    t, options = place((np.asarray(0.0), step_options(1.0, DT)), equation.layout)
    carry = start(equation, "lie4", t, first_state(problem), options)
    assert len(carry.y.p[0].addressable_shards) == count
    numbers = place((np.asarray(STEPS), np.asarray(100.0), np.asarray(False)), equation.layout)
    compiled = _advance.lower((equation, "lie4", options), carry, *numbers).compile()
    end = compiled((equation, "lie4", options), carry, *numbers)
    return {str(i): np.asarray(x) for i, x in enumerate(jax.tree.leaves(end.y))}, compiled.compiled.as_text()


def difference(a: dict, b: dict) -> float:
    """The largest difference of a leaf, relative to its largest value."""
    return max(float(np.max(np.abs(a[k] - b[k])) / max(np.max(np.abs(a[k])), 1e-300)) for k in a)


def main() -> None:
    kiral.api.setup_jax(Devices(kind="cpu", count=2))
    result = {}
    for name in CASES:
        (one, _), (two, text) = (end_of(name, count) for count in (1, 2))
        collectives = re.findall(r" (all-[a-z]+|collective-[a-z]+|reduce-scatter)(?:-start)?\(", text)
        result[name] = {"difference": difference(one, two), "collectives": collectives}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
