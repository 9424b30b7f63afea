"""Which time-stepping scheme is cheaper at equal error on run A: the measurement behind the default.

    python benchmarks/schemes.py [--n 32] [--t-end 0.11]

The case sourced-cpi on n³ points is run to t_end with both schemes at several tolerances. Errors are those of the magnetic
helicity and of u_rms against a run with fixed steps well inside every limit; the cost is counted in right-hand sides.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"
STAGES = 4


def main() -> None:
    """Run the reference and the candidates, print a table, store JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=32)
    parser.add_argument("--t-end", type=float, default=0.11)
    parser.add_argument("--reference-dt", type=float, default=2.5e-5)
    options = parser.parse_args()
    problem = build(options.n)
    reference = final(problem, "rk4", 1e-6, options.reference_dt, options.t_end)
    rows = []
    for scheme in ("etdrk4", "rk4"):
        for tolerance in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
            row = compare(final(problem, scheme, tolerance, 0.0, options.t_end), reference)
            rows.append({"scheme": scheme, "tolerance": tolerance, **row})
            print(
                f"{scheme:7s} tolerance {tolerance:.0e}: {row['right_hand_sides']:6d} right-hand sides "
                f"({row['steps']} steps, {row['rejected']} rejected), error h_M {row['error_helicity']:.1e}, "
                f"u_rms {row['error_u_rms']:.1e}, helicity ledger {row['drift']:.1e}, {row['wall_s']:.0f} s",
                flush=True,
            )
    record = {"when": datetime.now(UTC).isoformat(timespec="seconds"), **vars(options), "rows": rows}
    (RESULTS / f"schemes-n{options.n}.json").write_text(json.dumps(record, indent=1) + "\n")


def build(n: int):
    """The problem of sourced-cpi on n³ points."""
    from kiral.api import setup_jax
    from kiral.config.load import load_case

    config = load_case("sourced-cpi", {"geometry.n": n}).config
    setup_jax(config.devices)
    return config.build(".")


def final(problem, scheme: str, tolerance: float, dt: float, t_end: float) -> dict:
    """Numbers at t_end, with what the run took."""
    import jax

    from kiral.core.advance import advance, evaluate, evaluate_budgets, sample, start, step_options

    equation, options = problem.equation, step_options(tolerance, dt)
    names = ("magnetic_helicity", "u_rms", "b_rms")
    wanted = tuple(o for o in problem.observables if o.name in names)
    t_start = jax.numpy.asarray(problem.t_start)
    carry = start(equation, scheme, t_start, problem.initial_state(), options)
    budget = evaluate_budgets(equation, t_start, carry.y)["helicity_chirality"]
    carry = advance(equation, scheme, carry, 1, t_end, options)
    began = time.perf_counter()
    carry = advance(equation, scheme, carry, 10**9, t_end, options)
    t, y = sample(equation, scheme, carry, t_end, options)
    values = {name: float(value) for name, value in evaluate(wanted, equation, t, y).items()}
    end = evaluate_budgets(equation, t, y)["helicity_chirality"]
    drift = abs(float(end.total - budget.total - end.production)) / float(end.scale)
    steps, rejected = int(carry.step), int(carry.rejected)
    return values | {"steps": steps, "rejected": rejected, "drift": drift, "wall_s": time.perf_counter() - began}


def compare(run: dict, reference: dict) -> dict:
    """Relative errors and cost of one run."""
    return {
        "error_helicity": float(np.abs(run["magnetic_helicity"] / reference["magnetic_helicity"] - 1)),
        "error_u_rms": float(np.abs(run["u_rms"] / reference["u_rms"] - 1)),
        "right_hand_sides": STAGES * (run["steps"] + run["rejected"]),
        **{key: run[key] for key in ("steps", "rejected", "drift", "wall_s")},
    }


if __name__ == "__main__":
    main()
