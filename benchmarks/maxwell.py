"""Cost of the anomalous Maxwell equations through the public stepper, ledgers and step control on: prints a table, stores JSON.

    python benchmarks/maxwell.py                      # 64³ and 128³, all forms of the current, one core and all cores
    python benchmarks/maxwell.py --n 64 --cores 1 --form first second --cost

Each measurement runs in a process of its own, bound to its cores. Reported per point and stage (a step has four): the best and
the median of the repetitions in µs, and the best processor time, which says more where others share the cores; transforms
counted in the compiled right-hand side; bytes that it moves at least (every transform reads and writes its field once, every
product field is written and read once); the share of the measured copy bandwidth that this makes. --cost also writes what
`kiral estimate --resources` reckons with. Absolute times belong to the machine named in the file.
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

from mhd import RESULTS, copy_bandwidth, machine, transform_time

STAGES = 4
FORMS = {
    "first": {},
    "second": {"model.order": 2},
    "drude": {"model.current": "drude"},
    "resistive": {"model.limit": "resistive"},
}
COST = Path(__file__).parents[1] / "src" / "kiral" / "maxwell" / "cost.toml"
HEAD = """\
# What a right-hand side of the anomalous Maxwell equations costs: ns per grid point and transform, best and median of the
# repetitions. Made by `python benchmarks/maxwell.py --cost` ({name}):
# whole steps of first order, with ledgers and step control.

machine = "{cpu}, {cores} core(s) of a shared virtual machine"
date = "{date}"
"""


def main() -> None:
    """Measure every combination asked for and store the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--cores", type=int, nargs="+", default=sorted({1, len(os.sched_getaffinity(0))}))
    parser.add_argument("--scheme", nargs="+", default=["etdrk4", "rk4"])
    parser.add_argument("--form", nargs="+", default=list(FORMS), choices=list(FORMS))
    parser.add_argument("--cost", action="store_true", help="also write the cost for estimates of resources")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.n[0], options.scheme[0], options.form[0])))
        return
    choices = itertools.product(options.form, options.scheme, options.n, options.cores)
    rows = [run_one(*choice) for choice in choices]
    record = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "rows": rows}
    path = RESULTS / f"maxwell-{record['when'][:10]}-{platform.machine()}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"stored in {path}")
    if options.cost:
        write_cost(record, path.name)


def run_one(form: str, scheme: str, n: int, cores: int) -> dict:
    """One measurement in a process bound to the last `cores` cores."""
    bound = sorted(os.sched_getaffinity(0))[-cores:]
    command = [sys.executable, __file__, "--one", "--n", str(n), "--scheme", scheme, "--form", form]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, bound)
    )
    row = {"form": form, "scheme": scheme, "n": n, "cores": cores, **json.loads(done.stdout.splitlines()[-1])}
    print(
        f"{form} {scheme} {n}³, {cores} core(s): {row['us_per_point_stage_best']:.3f} µs per point and stage at best, "
        f"{row['us_per_point_stage_median']:.3f} median, {row['cpu_us_per_point_stage_best']:.3f} of processor time; "
        f"{row['transforms']} transforms of {row['ns_per_point_transform']:.2f} ns; "
        f"{row['bytes_per_point_stage']} B per point, {row['bandwidth_share']:.0%} of {row['copy_gb_per_s']:.0f} GB/s",
        flush=True,
    )
    return row


def measure(n: int, scheme: str, form: str) -> dict:
    """Time steps from a noise of B and a random mu5 on n³ points at fixed dt (the controller runs all the same)."""
    from kiral.api import setup_jax
    from kiral.config.load import validate

    model = {"kind": "anomalous_maxwell", "charge": 0.3, "relaxation_time": 2.0}
    model |= {key.removeprefix("model."): value for key, value in FORMS[form].items()}
    initial = {"kind": "noise", "amplitude": 1e-3, "mu5": {"kind": "random", "rms": 0.05, "correlation_length": 20.0}}
    sections = {"model": model, "geometry": {"n": n, "length": 8.0 * n}, "initial": initial, "time": {"t_end": 1.0}}
    config = validate(sections)
    setup_jax(config.devices)
    import jax

    from kiral.core.advance import advance, start, step_options

    problem = config.build(".")
    options = step_options(1e-6, 0.1)
    carry = start(problem.equation, scheme, jax.numpy.asarray(0.0), problem.initial_state(), options)
    began = time.perf_counter()
    carry = jax.block_until_ready(advance(problem.equation, scheme, carry, 1, 1e9, options))
    compiled = time.perf_counter() - began
    steps, times, busy = (4 if n < 100 else 1), [], []
    for _ in range(7):
        began, used = time.perf_counter(), time.process_time()
        carry = jax.block_until_ready(advance(problem.equation, scheme, carry, steps, 1e9, options))
        times.append((time.perf_counter() - began) / (STAGES * steps * n**3) * 1e6)
        busy.append((time.process_time() - used) / (STAGES * steps * n**3) * 1e6)
    transforms, bandwidth = count_transforms(problem), copy_bandwidth()
    # A transform reads and writes its real field once (8 B each) and its modes (2 B each way, truncated to 2/3 and a sphere).
    moved, best = transforms * 28, min(times)
    return {
        "us_per_point_stage_best": best,
        "us_per_point_stage_median": sorted(times)[len(times) // 2],
        "cpu_us_per_point_stage_best": min(busy),
        "transforms": transforms,
        "ns_per_point_transform": transform_time(n, "float64"),
        "bytes_per_point_stage": moved,
        "copy_gb_per_s": bandwidth,
        "bandwidth_share": moved / best / 1e3 / bandwidth,
        "first_call_s": compiled,
    }


def count_transforms(problem) -> int:
    """Real transforms of whole fields in the compiled right-hand side: each has one real one-dimensional part."""
    import jax
    import jax.numpy as jnp

    right = jax.jit(lambda e, t, y: e.nonlinear(t, y))
    compiled = right.lower(problem.equation, jnp.zeros(()), problem.initial_state()).compile()
    return len(re.findall(r"fft_type=I?RFFT", compiled.as_text()))


def write_cost(record: dict, name: str) -> None:
    """The rows of first order, measured on the most cores."""
    rows = [row for row in record["rows"] if row["form"] == "first"]
    cores = max(row["cores"] for row in rows)
    parts = [HEAD.format(name=name, cpu=record["machine"]["cpu"], cores=cores, date=record["when"][:10])]
    for scheme in sorted({row["scheme"] for row in rows}):
        chosen = sorted((row for row in rows if (row["scheme"], row["cores"]) == (scheme, cores)), key=lambda row: row["n"])
        columns = {"points": [row["n"] ** 3 for row in chosen]}
        for column in ("best", "median"):
            columns[column] = [round(1e3 * row[f"us_per_point_stage_{column}"] / row["transforms"], 3) for row in chosen]
        parts.append("\n".join([f"[{scheme}]", *(f"{key} = {values}" for key, values in columns.items())]) + "\n")
    COST.write_text("\n".join(parts))
    print(f"written: {COST}")


if __name__ == "__main__":
    main()
