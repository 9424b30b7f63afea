"""Cost of the closed-form currents on a grid: ns per point and bytes moved at least, compiled, in one process.

    python benchmarks/currents.py                 # 64³ and 128³
    python benchmarks/currents.py --n 32 --repeat 3

`drag`: electric and axial totals of all eighteen terms; `drifting`: totals of all terms and ∂t mu; `inversion`: mu and mu5
from the densities. Bytes: every input and output once, in float64. Absolute times belong to the machine named in the file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure and store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--repeat", type=int, default=10)
    options = parser.parse_args()
    rows = [row for n in options.n for row in measure(n, options.repeat)]
    for row in rows:
        print(f"{row['what']:10} {row['n']}³: {row['ns_per_point']:.1f} ns per point, {row['bytes_per_point']} B per point, "
              f"{row['gb_per_s']:.1f} GB/s; compiled in {row['compile_s']:.1f} s")  # fmt: skip
    when = datetime.now(UTC).isoformat(timespec="seconds")
    import jax

    machine = {"cpu": platform.processor(), "cores": len(os.sched_getaffinity(0)), "device": str(jax.devices()[0])}
    path = RESULTS / f"currents-{when[:10]}-{jax.default_backend()}.json"
    path.write_text(json.dumps({"when": when, "machine": machine, "rows": rows}, indent=1) + "\n")
    print(f"stored in {path}")


def measure(n: int, repeat: int) -> list[dict]:
    """Best time of each function on n³ points; what is given is one number, what varies has a grid."""
    import jax
    import numpy as np

    from kiral import kinetic
    from kiral.api import setup_jax

    setup_jax()
    r = np.random.default_rng(0)
    shape = (n, n, n)

    def vector(size: float) -> jax.Array:
        return jax.numpy.asarray(r.normal(scale=size, size=(3, *shape)))

    b = vector(0.1)
    constants = {"temperature": 1.0, "tau": 2.0, "charge": 0.3, "c": 1.0}
    scalars = {name: jax.numpy.asarray(r.normal(scale=0.1, size=shape)) for name in ("mu", "mu5")}
    names = ("grad_mu", "grad_mu5", "dt_electric_field", "dt_magnetic_field")
    fields = {"electric_field": 0.3 * jax.numpy.roll(b, 1, axis=0), "magnetic_field": b, **{k: vector(0.01) for k in names}}

    def totals(function):
        return lambda given: (lambda found: (found.electric, found.axial))(function(**constants, **given))

    cases = {
        "drag": (totals(kinetic.currents), scalars | fields),
        "drifting": (totals(kinetic.drifting_currents), scalars | fields),
        "inversion": (lambda given: kinetic.chemical_potentials(1.0, *given.values()), scalars),
    }
    return [{"n": n, "what": what, **timed(function, given, n**3, repeat)} for what, (function, given) in cases.items()]


def timed(function, given: dict, points: int, repeat: int) -> dict:
    """Best of `repeat` calls of the compiled function."""
    import jax

    start = time.perf_counter()
    compiled = jax.jit(function).lower(given).compile()
    compile_s = time.perf_counter() - start
    times = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        found = jax.block_until_ready(compiled(given))
        times.append(time.perf_counter() - start)
    moved = sum(a.nbytes for a in jax.tree.leaves((given, found))) // points
    best = min(times[1:])
    return {"ns_per_point": best / points * 1e9, "bytes_per_point": moved, "gb_per_s": moved * points / best / 1e9,
            "compile_s": compile_s}  # fmt: skip


if __name__ == "__main__":
    main()
