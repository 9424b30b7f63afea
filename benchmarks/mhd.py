"""Cost of chiral MHD through the public stepper, ledgers and step control on: prints a table, stores JSON.

    python benchmarks/mhd.py                      # 64³ and 128³, one core and all cores
    python benchmarks/mhd.py --n 64 --cores 1 --scheme etdrk4
    python benchmarks/mhd.py --precision float64 float32

Each measurement runs in a process of its own, bound to its cores. Reported per point and right-hand side (a step makes
four): the best and the median of the repetitions, and the best processor time, which says more where others share the cores;
transforms counted in the compiled step; bytes the step moves at least (every transform reads and writes its field once, every
product field is written and read once); the share of the measured copy bandwidth that this makes. Absolute times belong to the
machine named in the file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
STAGES = 4


def main() -> None:
    """Measure every combination asked for and store the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--cores", type=int, nargs="+", default=sorted({1, len(os.sched_getaffinity(0))}))
    parser.add_argument("--scheme", nargs="+", default=["etdrk4", "rk4"])
    parser.add_argument("--precision", nargs="+", default=["float64"], choices=["float64", "float32"])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.n[0], options.scheme[0], options.precision[0])))
        return
    choices = itertools.product(options.scheme, options.n, options.cores, options.precision)
    rows = [run_one(n, cores, scheme, precision) for scheme, n, cores, precision in choices]
    record = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "rows": rows}
    path = RESULTS / f"mhd-{record['when'][:10]}-{platform.machine()}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"stored in {path}")


def run_one(n: int, cores: int, scheme: str, precision: str) -> dict:
    """One measurement in a process bound to the first `cores` cores."""
    bound = sorted(os.sched_getaffinity(0))[-cores:]
    command = [sys.executable, __file__, "--one", "--n", str(n), "--scheme", scheme, "--precision", precision]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, bound)
    )
    row = {"scheme": scheme, "n": n, "cores": cores, "precision": precision, **json.loads(done.stdout.splitlines()[-1])}
    print(
        f"{scheme} {n}³ {precision}, {cores} core(s): {row['ns_per_point_rhs_best']:.0f} ns best, "
        f"{row['ns_per_point_rhs_median']:.0f} median, {row['cpu_ns_per_point_rhs_best']:.0f} of processor time "
        f"per point and right-hand side; "
        f"{row['transforms_per_rhs']} transforms of {row['ns_per_point_transform']:.2f} ns; "
        f"{row['bytes_per_point_rhs']} B per point, {row['bandwidth_share']:.0%} of {row['copy_gb_per_s']:.0f} GB/s",
        flush=True,
    )
    return row


def measure(n: int, scheme: str, precision: str) -> dict:
    """Time steps of run A on n³ points at fixed dt (the controller runs all the same)."""
    from kiral.api import setup_jax
    from kiral.config.load import load_case

    overrides = {"geometry.n": n, "initial.amplitude": 1e-9, "initial.mu5": 1e4, "time.scheme": scheme}
    overrides |= {"devices.precision": precision}
    config = load_case("sourced-cpi", overrides).config
    setup_jax(config.devices)
    import jax

    from kiral.core.advance import advance, start, step_options

    problem = config.build(".")
    options = step_options(1e-6, 1e-6)
    carry = start(problem.equation, scheme, jax.numpy.asarray(0.02), problem.initial_state(), options)
    began = time.perf_counter()
    carry = jax.block_until_ready(advance(problem.equation, scheme, carry, 1, 1.0, options))
    compiled = time.perf_counter() - began
    steps, times, busy = (8 if n < 100 else 2), [], []
    for _ in range(7):
        began, used = time.perf_counter(), time.process_time()
        carry = jax.block_until_ready(advance(problem.equation, scheme, carry, steps, 1.0, options))
        times.append((time.perf_counter() - began) / (STAGES * steps * n**3) * 1e9)
        busy.append((time.process_time() - used) / (STAGES * steps * n**3) * 1e9)
    row = summary(problem.equation, n, times, compiled, precision)
    return row | {"cpu_ns_per_point_rhs_best": min(busy)}


def summary(equation, n: int, times: list[float], compiled: float, precision: str) -> dict:
    """The numbers of one measurement."""
    transforms = count_transforms(equation)
    bandwidth = copy_bandwidth()
    # A transform reads and writes its real field once (8 B each) and its modes (2 B each way, truncated to 2/3 and a sphere).
    bytes_per_point = (transforms * 20 + transforms * 8) // (2 if precision == "float32" else 1)
    best, median = min(times), sorted(times)[len(times) // 2]
    return {
        "ns_per_point_rhs_best": best,
        "ns_per_point_rhs_median": median,
        "transforms_per_rhs": transforms,
        "ns_per_point_transform": transform_time(n, precision),
        "bytes_per_point_rhs": bytes_per_point,
        "copy_gb_per_s": bandwidth,
        "bandwidth_share": bytes_per_point / best / bandwidth,
        "first_call_s": compiled,
    }


def count_transforms(equation) -> int:
    """Real 3-D transforms in the compiled right-hand side."""
    import jax
    import jax.numpy as jnp

    from kiral.mhd.initial import state_from, uniform

    box = equation.box
    a = tuple(jnp.zeros(box.shape, complex) for _ in range(3))
    state = state_from(box, a, uniform(box, 0.0), flow=equation.flow)
    compiled = jax.jit(lambda e, t, y: e.nonlinear(t, y)).lower(equation, jnp.zeros(()), state).compile()
    return len(re.findall(r"fft_type=I?RFFT", compiled.as_text()))


def transform_time(n: int, precision: str) -> float:
    """ns per point of a plain real transform, forward and inverse averaged, inside a compiled loop."""
    import jax
    import jax.numpy as jnp

    field = jax.random.normal(jax.random.key(0), (n, n, n), precision)
    pair = jax.jit(lambda f, k: jax.lax.fori_loop(0, k, lambda i, f: jnp.fft.irfftn(jnp.fft.rfftn(f), s=f.shape), f))
    jax.block_until_ready(pair(field, 1))
    return min(timed(lambda: pair(field, 5)) for _ in range(5)) / 10 / n**3 * 1e9


def copy_bandwidth() -> float:
    """GB/s read plus written by a copy of 256 MB on the cores of this process."""
    import jax
    import jax.numpy as jnp

    data = jnp.zeros(2**25)
    copy = jax.jit(lambda x, k: jax.lax.fori_loop(0, k, lambda i, x: x * 1.0000001, x))
    jax.block_until_ready(copy(data, 1))
    return 16 * 2**25 * 4 / min(timed(lambda: copy(data, 4)) for _ in range(5)) / 1e9


def timed(call) -> float:
    """Seconds of one call."""
    import jax

    began = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - began


def machine() -> dict:
    """What the numbers were measured on."""
    import jax

    from kiral import __version__

    model = re.findall(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": model[0] if model else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "jax": jax.__version__,
        "kiral": __version__,
    }


if __name__ == "__main__":
    main()
