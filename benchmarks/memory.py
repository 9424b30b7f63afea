"""Estimated memory of box subjects against the buffers of the compiled step: what `geometry/counts.py`, `mhd/resources.py`
and `maxwell/resources.py` count is checked here.

    python benchmarks/memory.py                                     # every form, scheme, precision at 48³
    python benchmarks/memory.py --n 64 --scheme rk4 --precision float64 --form relativistic --devices 4
    python benchmarks/memory.py --n 32 --subject maxwell            # the anomalous Maxwell equations, always float64

Nothing is run: XLA says what the compiled step will allocate. Printed per grid point of a device: arguments and temporaries
of the step, a side step's copy of the arguments, and the estimate (without allocator and program) over their sum.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys

FORMS = {
    "relativistic": {},
    "corrected": {"model.form": "roperpol2025"},
    "consistent": {"model.heating": "consistent"},
    "forced": {"model.forcing": {"amplitude": 1.0, "wave_number": 5e3}},
    "charged": {"model.charge": {"separation": 1.0, "magnetic": 1.0, "diffusivity": 1e-6}},
    "incompressible": {"model.flow": "incompressible"},
    "still": {"model.flow": "none"},
}
START = {"kind": "noise", "amplitude": 1e-3, "mu5": 0.1, "background_field": [0.0, 0.0, 1.0]}
MODEL = {"kind": "anomalous_maxwell", "charge": 0.3, "relaxation_time": 2.0}
MAXWELL_FORMS = {
    "first": {},
    "hall": {"order": 2, "terms": ["hall"]},
    "magnetized": {"order": 2, "terms": ["hall", "magnetization"]},
    "second": {"order": 2},
    "drude": {"current": "drude"},
    "second-drude": {"order": 2, "current": "drude"},
    "resistive": {"limit": "resistive"},
    "drifting": {"regime": "drifting"},
    "given-field": {"electric_field_off": True},
}


def main() -> None:
    """Everything, or what is asked for, each device count in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[48])
    parser.add_argument("--scheme", nargs="+", default=["rk4", "etdrk4"])
    parser.add_argument("--precision", nargs="+", default=["float64", "float32"])
    parser.add_argument("--subject", choices=["mhd", "maxwell"], default="mhd")
    parser.add_argument("--form", nargs="+", help="of the equations; all of the subject where not given")
    parser.add_argument("--devices", type=int, nargs="+", default=[1])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.here:
        for devices in options.devices:
            flags = f"--xla_force_host_platform_device_count={devices}"
            command = [sys.executable, __file__, "--here", *sys.argv[1:], "--devices", str(devices)]
            subprocess.run(command, check=True, env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"})
        return
    forms = MAXWELL_FORMS if options.subject == "maxwell" else FORMS
    precisions = ["float64"] if options.subject == "maxwell" else options.precision
    for n, scheme, precision, form in itertools.product(options.n, options.scheme, precisions, options.form or forms):
        compare(options.subject, n, scheme, precision, form, options.devices[0])


def compare(subject: str, n: int, scheme: str, precision: str, form: str, devices: int) -> None:
    """One line."""
    config = (maxwell_case if subject == "maxwell" else mhd_case)(n, scheme, precision, form, devices)
    arguments, temporaries = compiled_bytes(config)
    points = n**3 / devices
    estimate, there = sum(config.needs(devices).memory.values()), 2 * arguments + temporaries
    print(
        f"{n}³ {scheme:6s} {precision} {form:14s} {devices} device(s): arguments {arguments / points:5.1f}, temporaries "
        f"{temporaries / points:5.1f} B per point; estimate/needed {estimate / there:.2f}",
        flush=True,
    )


def mhd_case(n: int, scheme: str, precision: str, form: str, devices: int):
    """A form of chiral MHD."""
    from kiral.config.load import load_case

    overrides = {"geometry.n": n, "time.scheme": scheme, "time.tolerance": 1e-4, "devices.precision": precision}
    return load_case("sourced-cpi", overrides | FORMS[form] | {"devices.count": devices}).config


def maxwell_case(n: int, scheme: str, precision: str, form: str, devices: int):
    """A form of the anomalous Maxwell equations."""
    from kiral.config.load import validate

    start = dict(START)
    if form in ("drifting", "given-field"):  # no waves of B, which would make E ⊥ B larger than B, or are not there
        start = {"kind": "uniform", "background_field": START["background_field"]}
    sections = {
        "model": MODEL | MAXWELL_FORMS[form],
        "geometry": {"n": n, "length": 20.0},
        "initial": start,
        "time": {"t_end": 1.0, "scheme": scheme, "tolerance": 1e-4},
        "devices": {"count": devices, "precision": precision},
    }
    return validate(sections)


def compiled_bytes(config) -> tuple[int, int]:
    """(arguments, temporaries) of the compiled step on each device."""
    from kiral.api import setup_jax

    setup_jax(config.devices)
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    from kiral.core.advance import _advance, start, step_options
    from kiral.core.layout import place

    problem, scheme = config.build("."), config.time.scheme
    layout, options = problem.equation.layout, step_options(1e-4)
    state = jax.eval_shape(problem.initial_state)
    carry = eqx.filter_eval_shape(start, problem.equation, scheme, jnp.zeros(()), state, options)
    carry = place(jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), carry), layout)
    numbers = (jnp.asarray(1, jnp.int64), jnp.asarray(1.0, jnp.float64), jnp.asarray(False))
    constant = (problem.equation, scheme, place(options, layout))
    compiled = _advance.lower(constant, carry, *place(numbers, layout)).compile()
    analysis = getattr(compiled, "compiled", compiled).memory_analysis()
    return analysis.argument_size_in_bytes, analysis.temp_size_in_bytes


if __name__ == "__main__":
    main()
