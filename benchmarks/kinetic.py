"""Cost of the homogeneous chiral kinetic equation: seconds per steady state, with the accuracy reached, and per time step.

    taskset -c 0 env OMP_NUM_THREADS=1 python benchmarks/kinetic.py [--name this-machine]

Measured: (1) E alone at c e E τ = 0.3 T, one axis: seconds and the error of the Ohm current against the exact one; (2) E and B
oblique: seconds, unknowns and nonzeros of the factors, and the change of the current from the next smaller l_max; (3) one step
of the time-dependent solver, in constant fields (factorised once) and in varying ones. Best of three.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from kiral.kinetic import exact
from kiral.kinetic.homogeneous import Homogeneous, Resolution, evolve, steady_state

RESULTS = Path(__file__).parent / "results"
PLASMA = {"temperature": 1.0, "mu": 0.5, "tau": 1.0, "charge": 1.0}
X, Y, Z = np.eye(3)


def main() -> None:
    """Measure, print, store JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default=platform.node())
    options = parser.parse_args()
    record = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0],
        "one_axis": one_axis(),
        "oblique": oblique(),
        "step": steps(),
    }
    path = RESULTS / f"kinetic-{options.name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"stored: {path}")


def best(function: Callable[[], Homogeneous]) -> tuple[float, Homogeneous]:
    """Shortest of three times, and what came out."""
    shortest = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        made = function()
        shortest = min(shortest, time.perf_counter() - began)
    return shortest, made


def one_axis() -> list[dict[str, Any]]:
    """Seconds and error for one field direction."""
    rows = []
    expected = exact.ohm_current(electric_field=0.3, mu_l=0.5)
    for size in ((6, 4, 1), (8, 6, 3), (8, 8, 5), (12, 8, 7), (12, 8, 11), (16, 8, 23)):
        seconds, made = best(lambda size=size: steady_state(**PLASMA, electric_field=0.3 * Z, resolution=Resolution(*size)))
        rows.append({"size": size, "seconds": seconds, "error": abs(float(made.vlasov[2, 0]) / expected - 1)})
        print(f"one axis {size!s:12s} {seconds * 1e3:8.1f} ms   error {rows[-1]['error']:.1e}")
    return rows


def oblique() -> list[dict[str, Any]]:
    """Seconds and self-convergence for E and B in general directions, both of order T/(c e τ)."""
    rows: list[dict[str, Any]] = []
    previous = None
    for size in ((8, 6, 2), (8, 6, 3), (8, 8, 4), (8, 8, 5), (12, 8, 7)):
        fields = {"electric_field": 0.3 * Z, "magnetic_field": 0.2 * X + 0.1 * Z}
        seconds, made = best(lambda size=size, fields=fields: steady_state(**PLASMA, **fields, resolution=Resolution(*size)))
        change = None if previous is None else float(np.linalg.norm(made.electric - previous) / np.linalg.norm(made.electric))
        previous = made.electric
        unknowns = made.distribution.vlasov[0, 0].size
        rows.append({"size": size, "unknowns": unknowns, "seconds": seconds, "change": change})
        print(f"oblique  {size!s:12s} {seconds * 1e3:8.1f} ms   {unknowns} unknowns   change {change or np.nan:.1e}")
    return rows


def steps() -> list[dict[str, Any]]:
    """Seconds per step of the time-dependent solver, one axis, ten steps of τ/10."""
    rows = []
    size = Resolution(12, 8, 11)
    for name, field in (("constant", 0.3 * Z), ("varying", lambda t: 0.3 * np.cos(t) * Z)):
        seconds, _ = best(lambda field=field: evolve(**PLASMA, electric_field=field, t_end=1.0, steps=10, resolution=size))
        rows.append({"field": name, "seconds_per_step": seconds / 10})
        print(f"step in a {name:8s} field {seconds * 100:6.1f} ms")
    return rows


if __name__ == "__main__":
    main()
