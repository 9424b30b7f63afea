"""Estimated memory of chiral MHD against the buffers of the compiled step: what `mhd/resources.py` counts is checked here.

    python benchmarks/memory.py                                     # every form, scheme, precision at 48³; sizes; devices
    python benchmarks/memory.py --n 64 --scheme rk4 --precision float64 --form relativistic --devices 4

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


def main() -> None:
    """Everything, or what is asked for, each device count in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[48])
    parser.add_argument("--scheme", nargs="+", default=["rk4", "etdrk4"])
    parser.add_argument("--precision", nargs="+", default=["float64", "float32"])
    parser.add_argument("--form", nargs="+", default=list(FORMS))
    parser.add_argument("--devices", type=int, nargs="+", default=[1])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.here:
        for devices in options.devices:
            flags = f"--xla_force_host_platform_device_count={devices}"
            command = [sys.executable, __file__, "--here", *sys.argv[1:], "--devices", str(devices)]
            subprocess.run(command, check=True, env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"})
        return
    for n, scheme, precision, form in itertools.product(options.n, options.scheme, options.precision, options.form):
        compare(n, scheme, precision, form, options.devices[0])


def compare(n: int, scheme: str, precision: str, form: str, devices: int) -> None:
    """One line."""
    from kiral.config.load import load_case

    overrides = {"geometry.n": n, "time.scheme": scheme, "time.tolerance": 1e-4, "devices.precision": precision}
    config = load_case("sourced-cpi", overrides | FORMS[form] | {"devices.count": devices}).config
    arguments, temporaries = compiled_bytes(config)
    points = n**3 / devices
    estimate, there = sum(config.needs(devices).memory.values()), 2 * arguments + temporaries
    print(
        f"{n}³ {scheme:6s} {precision} {form:14s} {devices} device(s): arguments {arguments / points:5.1f}, temporaries "
        f"{temporaries / points:5.1f} B per point; estimate/needed {estimate / there:.2f}",
        flush=True,
    )


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
