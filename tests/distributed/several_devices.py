"""Run by test_devices.py in a process of its own with four virtual devices: prints what it found as JSON.

Arguments: names of the cases; those of chiral MHD where there are none.
"""

import json
import re
import sys

import jax
import numpy as np

jax.config.update("jax_num_cpu_devices", 4)

import kiral.api  # noqa: E402
from kiral.config.case import Devices  # noqa: E402
from kiral.core.advance import _advance, start, step_options  # noqa: E402
from kiral.core.layout import place  # noqa: E402
from kiral.core.problem import first_state  # noqa: E402

COLLECTIVES = ("all-to-all", "all-reduce", "all-gather", "collective-permute", "reduce-scatter", "all-to-all-start")
CASES = {
    "3-D": ("sourced-cpi", {"geometry.n": [12, 10, 8], "geometry.k_min": 2500.0, "initial.amplitude": 1e-6}),
    "2-D": ("cpi", {"geometry.n": [16, 1, 12], "model.flow": "none"}),
    "2-D-yz": ("cpi", {"geometry.n": [1, 16, 12], "model.flow": "none"}),
}
MAXWELL = {
    "model.charge": 0.3, "model.relaxation_time": 2.0, "geometry.n": [12, 10, 8], "geometry.length": [20.0, 18.0, 22.0],
    "initial": {"kind": "noise", "amplitude": 0.05, "background_field": [0.3, -0.2, 0.5],
                "mu5": {"kind": "random", "mean": 0.1, "rms": 0.1, "correlation_length": 5.0},
                "mu": {"kind": "random", "rms": 0.05, "correlation_length": 5.0}},
}  # fmt: skip
COUNTS = {"3-D": (1, 2, 4), "2-D": (1, 4), "2-D-yz": (1, 2), "maxwell": (1, 2)}
STEPS = 3
DT = dict.fromkeys(CASES, 1e-4) | {"maxwell": 0.2}


def carry_of(name: str, count: int):
    case, settings = CASES.get(name) or ("cpi-maxwell", MAXWELL)
    problem = kiral.api.build(case, settings | {"devices.count": count})
    equation = problem.equation
    options = step_options(1e-5, DT[name])
    t, options = place((np.asarray(0.01), options), equation.layout)
    return equation, options, start(equation, "etdrk4", t, first_state(problem), options)


def logical(equation, carry):
    box = equation.box
    cut = tuple(slice(0, n) for n in box.logical_shape)
    leaves = jax.tree_util.tree_flatten_with_path(carry.y)[0]
    return {jax.tree_util.keystr(p): np.asarray(x)[cut] if x.ndim == 3 else np.asarray(x) for p, x in leaves}


def difference(a: dict, b: dict) -> float:
    """The largest difference of a leaf, relative to its largest value."""
    return max(float(np.max(np.abs(a[k] - b[k])) / max(np.max(np.abs(a[k])), 1e-300)) for k in a)


def compiled_advance(equation, options, carry):
    """(state after the steps, text of the program), compiled once."""
    numbers = place((np.asarray(STEPS), np.asarray(1.0), np.asarray(False)), equation.layout)
    constant = (equation, "etdrk4", options)
    program = _advance.lower(constant, carry, *numbers).compile()
    return program(constant, carry, *numbers), program.compiled.as_text()


def collectives(text: str) -> dict:
    found = {name: len(re.findall(rf"= [^=\n]* {name}\(", text)) for name in COLLECTIVES}
    moved = re.findall(r"= \(?(c128\[[\d,]+\])[^=\n]* all-to-all\(", text)
    return {"count": found, "moved": moved}


def main() -> None:
    kiral.api.setup_jax(Devices(kind="cpu", count=4))
    result = {}
    for name in sys.argv[1:] or CASES:
        reference = None
        for count in COUNTS[name]:
            equation, options, carry = carry_of(name, count)
            key = f"{name} on {count}"
            end, text = compiled_advance(equation, options, carry)
            values = logical(equation, end)
            if count == 1:
                reference = values
            else:
                result[key] = {"difference": difference(reference, values), "collectives": collectives(text)}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
