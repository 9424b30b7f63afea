"""Cost of electron magnetohydrodynamics in a shell: right-hand sides and whole steps. Prints a table, stores JSON.

    python benchmarks/crust.py                    # three dimensions and axisymmetric, one core and all cores
    python benchmarks/crust.py --size 3d --cores 1

Hall drift, chiral current and feedback, ledgers on, random fields. Each measurement runs in a process of its own, bound to its
cores. Reported: nanoseconds per (radius × mode), n_r (l_max + 1)² of them, n_r (l_max + 1) where axisymmetric, (1) of a
right-hand side inside a compiled loop, (2) of a step of "ark4" at fixed dt through the run loop: six right-hand sides, five
solves of 1 - h A. Best and median of the repetitions, and the best processor time, which says more where others share the
cores. Beside it the floating-point operations of all matrix products in the right-hand side's program and what they make of
the machine's rate for such products; bytes that it moves at least (nine fields on the grid for products, each written and read
once), and what they make of the measured copy bandwidth. Absolute times belong to the machine named in the file.

Against codes that give times per grid point and step: `step_ns_per_grid_point` has (l_max + 1) × 2(l_max + 1) points of a
sphere, the grid without the 3/2 rule's padding, two points for each mode ((l_max + 1) where axisymmetric, one for each).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from mhd import RESULTS, copy_bandwidth, machine

SIZES = {  # n_r, order, l_max, m_max
    "3d": (64, 4, 31, 31),
    "3d-order8": (64, 8, 31, 31),
    "axisymmetric": (160, 4, 60, 0),
    "axisymmetric-small": (160, 4, 24, 0),
}
TARGET_NS = 350.0
FRAMEWORK_NS = (1100.0, 2200.0)
REPEATS = 9


def main() -> None:
    """Measure every combination asked for and store the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--cores", type=int, nargs="+", default=sorted({1, len(os.sched_getaffinity(0))}))
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*SIZES[options.size[0]])))
        return
    rows = [run_one(size, cores) for size in options.size for cores in options.cores]
    record = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "target_ns": TARGET_NS,
        "general_framework_ns_per_grid_point_and_step": FRAMEWORK_NS,
        "rows": rows,
    }
    path = RESULTS / f"crust-{record['when'][:10]}-{platform.machine()}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"stored in {path}")


def run_one(size: str, cores: int) -> dict:
    """One measurement in a process bound to the last `cores` cores."""
    bound = sorted(os.sched_getaffinity(0))[-cores:]
    command = [sys.executable, __file__, "--one", "--size", size]
    environment = os.environ | {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if cores == 1 else os.environ
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, bound),
    )  # fmt: skip
    row = {"size": size, "cores": cores, "load": os.getloadavg()[0], **json.loads(done.stdout.splitlines()[-1])}
    rhs, step = row["rhs"], row["step"]
    print(
        f"{size}, {cores} core(s): right-hand side {rhs['best_ns']:.0f} ns at best, {rhs['median_ns']:.0f} median, "
        f"{rhs['cpu_ns']:.0f} of processor time; {row['gflop']:.3f} GFlop, {row['flop_share']:.0%} of {row['peak_gflops']:.0f} "
        f"GFlop/s, {row['mbytes']:.0f} MB, {row['bandwidth_share']:.0%} of {row['copy_gb_per_s']:.0f} GB/s; "
        f"step {step['best_ns']:.0f} ns, {row['step_ns_per_grid_point']:.0f} per grid point; load {row['load']:.1f}",
        flush=True,
    )
    return row


def measure(n_r: int, order: int, l_max: int, m_max: int) -> dict:
    """All numbers of one size."""
    from kiral.api import setup_jax

    setup_jax()
    equation, y = problem(n_r, order, l_max, m_max)
    units = n_r * ((l_max + 1) ** 2 if m_max else l_max + 1)
    rhs, step = right_hand_side(equation, y, units), whole_step(equation, y, units)
    flop, peak = program_flop(equation, y), peak_flops()
    points = equation.sphere.n_theta * equation.sphere.n_phi * equation.shell.elements * (order + 1)
    moved, bandwidth = 9 * 2 * 8 * points, copy_bandwidth()
    seconds = rhs["best_ns"] * units * 1e-9
    return {
        "n_r": n_r, "order": order, "l_max": l_max, "m_max": m_max,
        "grid": [equation.sphere.n_theta, equation.sphere.n_phi, equation.shell.elements * (order + 1)],
        "rhs": rhs, "step": step,
        "step_ns_per_grid_point": step["best_ns"] / (2 if m_max else 1),
        "gflop": flop / 1e9, "peak_gflops": peak / 1e9, "flop_share": flop / seconds / peak,
        "mbytes": moved / 1e6, "copy_gb_per_s": bandwidth, "bandwidth_share": moved / seconds / 1e9 / bandwidth,
    }  # fmt: skip


def problem(n_r: int, order: int, l_max: int, m_max: int) -> tuple[Any, Any]:
    """(equation, random state so weak that any step is stable), flat space, all terms."""
    import numpy as np

    from kiral.crust.coefficients import uniform
    from kiral.crust.emhd import make_equation
    from kiral.crust.emhd_state import initial_state
    from kiral.crust.induction import make_induction
    from kiral.geometry.shell import element_edges, make_shell
    from kiral.geometry.sphere import make_sphere

    shell, sphere = make_shell(element_edges(0.5, 1.0, n_r // order), order), make_sphere(l_max, m_max)
    induction = make_induction(shell, uniform(shell.r, eta=1.0, k5=5.0, hall=1.0), sphere.degrees)
    equation = make_equation(induction, sphere, hall=True, feedback=1.0)
    rng, shape = np.random.default_rng(0), (l_max + 1, m_max + 1, shell.nodes)
    inside = (sphere.mask * (sphere.degrees > 0)[:, None])[..., None]
    f, g = (1e-9 * inside * (rng.normal(size=shape) + 1j * rng.normal(size=shape)) for _ in range(2))
    f[:, 0], g[:, 0] = f[:, 0].real, g[:, 0].real
    free_f, free_g = induction.masks()
    return equation, initial_state(free_f * f, free_g * g, reacting=True)


def right_hand_side(equation: Any, y: Any, units: int) -> dict:
    """`evaluate` in a loop; its result acts back, by 1e-300 of it, so that nothing can be left out.

    Twenty times in one call: a call takes its memory anew, which at first touch costs as much as a right-hand side.
    """
    import jax
    import jax.numpy as jnp

    from kiral.core.advance import SCHEDULE

    def once(i, y):
        tendency, rates = equation.evaluate(jnp.zeros(()), y)
        both = sum(jnp.sum(jnp.abs(x)) for x in jax.tree.leaves(rates))
        return jax.tree.map(lambda a, b: a + 1e-300 * (b + both), y, tendency)

    loop = jax.jit(lambda y, n: jax.lax.fori_loop(0, n, once, y), compiler_options=SCHEDULE)
    return timed(lambda: loop(y, 20), 20 * units)


def whole_step(equation: Any, y: Any, units: int) -> dict:
    """Steps of "ark4" at one dt, tables made once in each call."""
    import jax.numpy as jnp

    from kiral.core.advance import advance, start, step_options

    options = step_options(1e-6, 1e-12)
    carry = start(equation, "ark4", jnp.zeros(()), y, options)

    def some() -> Any:
        nonlocal carry
        carry = advance(equation, "ark4", carry, 4, 1e9, options)
        return carry.y

    found = timed(some, 4 * units)
    assert int(carry.step) == 4 * (REPEATS + 1), "the run has failed"
    return found


def timed(call: Any, units: int) -> dict:
    """Best and median nanoseconds of wall time and the best of processor time, per unit."""
    import jax

    jax.block_until_ready(call())
    wall, busy = [], []
    for _ in range(REPEATS):
        began, used = time.perf_counter(), time.process_time()
        jax.block_until_ready(call())
        wall.append((time.perf_counter() - began) / units * 1e9)
        busy.append((time.process_time() - used) / units * 1e9)
    return {"best_ns": min(wall), "median_ns": sorted(wall)[REPEATS // 2], "cpu_ns": min(busy)}


def program_flop(equation: Any, y: Any) -> float:
    """Floating-point operations of all matrix products in one right-hand side, loops counted."""
    import jax
    import jax.numpy as jnp

    return _flop(jax.make_jaxpr(lambda y: equation.evaluate(jnp.zeros(()), y))(y).jaxpr)


def _flop(jaxpr: Any) -> float:
    found = 0.0
    for step in jaxpr.eqns:
        if step.primitive.name == "dot_general":
            (contracted, _), _ = step.params["dimension_numbers"]
            shape = step.invars[0].aval.shape
            inner = 1
            for axis in contracted:
                inner *= shape[axis]
            found += 2.0 * inner * step.outvars[0].aval.size
        times = step.params.get("length", 1) if step.primitive.name == "scan" else 1
        for value in step.params.values():
            inside = getattr(value, "jaxpr", value)
            if hasattr(inside, "eqns"):
                found += times * _flop(inside)
    return found


def peak_flops() -> float:
    """Operations per second of a product of two square matrices, double precision, on the cores of this process."""
    import jax
    import jax.numpy as jnp

    a = jnp.ones((768, 768))
    product = jax.jit(lambda a: a @ a)
    return 2 * 768.0**3 / (timed(lambda: product(a), 1)["best_ns"] * 1e-9)


if __name__ == "__main__":
    main()
