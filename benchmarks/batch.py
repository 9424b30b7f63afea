"""What running cases together (`kiral sweep`, vmapped) costs against one after the other: prints a table, stores JSON.

    python benchmarks/batch.py                            # 1-D, 2-D, 16³, 32³; 1 (alone), 4 and 16 runs together
    python benchmarks/batch.py --n 32,32,32 --together 8 --scheme etdrk4

The case sourced-cpi with adaptive steps and a chiral_feedback per run, so that the runs change their step sizes
at different moments. Best of the repetitions, per run and step; alone and together take turns, so that both meet the same
machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
GRIDS = ["64,1,1", "512,1,1", "32,32,1", "64,64,1", "16,16,16", "32,32,32"]


def main() -> None:
    """Measure every combination asked for and store the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", nargs="+", default=GRIDS, help="grids, as nx,ny,nz")
    parser.add_argument("--together", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--scheme", nargs="+", default=["rk4"])
    parser.add_argument("--repeat", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=0.3, help="length of one repetition")
    options = parser.parse_args()
    rows = []
    for scheme in options.scheme:
        for grid in options.n:
            for count in options.together:
                rows.append(measure([int(n) for n in grid.split(",")], count, scheme, options.repeat, options.seconds))
                print(line(rows[-1]), flush=True)
    import jax

    device = jax.devices()[0]
    path = RESULTS / f"batch-{datetime.now(UTC).date()}-{platform.machine()}-{device.platform}.json"
    if path.exists():
        rows = json.loads(path.read_text())["rows"] + rows
    record = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "device": device.device_kind, "rows": rows}
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"stored in {path}")


def line(row: dict) -> str:
    """One measurement, readable."""
    return (
        f"{row['scheme']} {'x'.join(map(str, row['n']))}, {row['together']} runs: alone {row['alone_us']:.0f} us, together "
        f"{row['together_us']:.0f} us per run and step ({row['gain']:.2f} times as fast); "
        f"compiling {row['alone_compile_s']:.1f} s, {row['together_compile_s']:.1f} s"
    )


def measure(n: list[int], count: int, scheme: str, repeat: int, seconds: float) -> dict:
    """Steps of one run alone, and of `count` runs with different coefficients in one batch."""
    import kiral

    base = {"geometry.n": n, "initial.amplitude": 1e-9, "initial.mu5": 1e4, "time.scheme": scheme, "model.heating": "paper"}
    problems = [kiral.build("sourced-cpi", base | {"model.chiral_feedback": 1e8 * 1.3**i}) for i in range(count)]

    import jax
    import jax.numpy as jnp

    from kiral.core.advance import advance, start, step_options
    from kiral.core.batch import Constants, advance_all
    from kiral.core.pace import compile_seconds

    options = step_options(1e-6)
    stack = lambda *leaves: jnp.stack(leaves)  # noqa: E731
    constants = Constants.of([(p.equation, options) for p in problems], count)
    own = [constants.own((p.equation, options)) for p in problems]
    constants = Constants(jax.tree.map(stack, *own), constants.same, constants.structure)
    carries = [start(p.equation, scheme, jnp.asarray(p.t_start), p.initial_state(), options) for p in problems]
    state = {"alone": jax.tree.map(jnp.copy, carries[0]), "together": jax.tree.map(stack, *carries)}
    full = jnp.full(count, 1e9)

    def move(kind: str, steps: int) -> float:
        began = time.perf_counter()
        if kind == "alone":
            state[kind] = advance(problems[0].equation, scheme, state[kind], steps, 1e9, options)
        else:
            n = jnp.full(count, steps, jnp.int64)
            state[kind] = advance_all((constants, scheme), state[kind], n, full, jnp.asarray(False))
        jax.block_until_ready(state[kind].t)
        return time.perf_counter() - began

    compiling, steps, best = {}, {}, {}
    for kind in state:
        before = compile_seconds()
        move(kind, 30)  # past the growth of the first steps
        compiling[kind] = compile_seconds() - before
        steps[kind] = max(2, int(seconds / min(move(kind, 2) for _ in range(3)) * 2))
    for _ in range(repeat):
        for kind in state:
            best[kind] = min(best.get(kind, 1e9), move(kind, steps[kind]) / steps[kind])
    alone, together = best["alone"] * 1e6, best["together"] * 1e6 / count
    row = {"scheme": scheme, "n": n, "together": count, "alone_us": alone, "together_us": together, "gain": alone / together}
    return row | {f"{kind}_compile_s": seconds for kind, seconds in compiling.items()}


if __name__ == "__main__":
    main()
