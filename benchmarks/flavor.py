"""Cost of flavor kinetics: per point, direction and step, beside its transforms alone, and to a given accuracy.

    python benchmarks/flavor.py [--name this-machine] [--quick]

Measured: (1) nanoseconds of wall time and of CPU time per (point × direction) and step of the scheme lie4, advanced by the
run loop's own compiled function, for 1-D 4096 × 128 and 3-D 32³ × 64, with neutrinos and antineutrinos sharing a polarization
vector or apart; (2) the real transforms of one step alone, on the same arrays; (3) the bytes that a step reads and writes at
least, against the bandwidth of an addition in place; (4) the standard 1-D test to 1e-6 in the mean survival probabilities,
against a run with twice the points and a sixteenth of the tolerance; (5) two beams (seed of two modes) to 1e-6 in
U_osc(t = 20)/U_osc(0). On one thread: XLA_FLAGS=--xla_cpu_multi_thread_eigen=false taskset -c 0 python benchmarks/flavor.py
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

RESULTS = Path(__file__).parent / "results"
ANGLES = {"kind": "flavor_angles", "n_angles": 128, "sigma_nu": 0.6, "sigma_nubar": 0.5, "asymmetry": 0.9}
GAUSSIANS = [{"kind": "gaussian", "density": d, "sigma": s} for d, s in ((1.0, 0.6), (0.9, 0.5))]
SPHERE = {"kind": "flavor_sphere", "n_polar": 8, "n_azimuth": 8, "nu": GAUSSIANS[:1], "nubar": GAUSSIANS[1:]}
APART = {"vacuum": {"levels": [0.0, 0.1], "angles": [0.1]}}
SEED = {"kind": "gaussian", "amplitude": 1e-3, "width": 5.0}
TARGETS = {"shared": 75.0, "apart": 150.0, "over_transforms": 2.5, "standard_s": 1.4}
S3_AT_20 = 0.9993286074


def main() -> None:
    """Measure, print, store JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default=platform.node())
    parser.add_argument("--quick", action="store_true", help="small grids, to try the script")
    options = parser.parse_args()
    from kiral.api import setup_jax

    setup_jax()
    sizes = {"1-D": (ANGLES, 512 if options.quick else 4096, 600.0), "3-D": (SPHERE, [16 if options.quick else 32] * 3, 30.0)}
    rows = [per_step(name, kind, *size) for name, size in sizes.items() for kind in ("shared", "apart")]
    record = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0],
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "targets": TARGETS,
        "per_step": rows,
        "standard_1d": standard(options.quick),
        "two_beams": two_beams(),
    }
    path = RESULTS / f"flavor-{options.name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"stored: {path}")


def problem(model: dict, n: Any, length: float, initial: dict) -> Any:
    """The built problem of a case."""
    from kiral.config.load import validate

    sections = {"model": model, "geometry": {"n": n, "length": length}, "initial": initial, "time": {"t_end": 1.0}}
    return validate(sections).build(".")


def best(function: Callable[[], Any], repeats: int = 5) -> tuple[float, float]:
    """Least wall and CPU seconds of a call."""
    import jax

    found = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        jax.block_until_ready(function())
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(f[0] for f in found), min(f[1] for f in found)


def per_step(name: str, kind: str, model: dict, n: Any, length: float) -> dict[str, Any]:
    """Nanoseconds per point, direction and step, against the transforms of a step and the bandwidth."""
    import jax.numpy as jnp

    from kiral.core.advance import advance, start, step_options

    made = problem(model | (APART if kind == "apart" else {}), n, length, SEED)
    eq, options, steps = made.equation, step_options(1.0, 1e-3), 4
    carry = advance(eq, "lie4", start(eq, "lie4", jnp.asarray(0.0), made.initial_state(), options), 2, 1e9, options)

    def some() -> Any:
        nonlocal carry
        carry = advance(eq, "lie4", carry, steps, 1e9, options)
        return carry.y

    points = eq.rays.points * eq.data.velocity.shape[0]
    wall, cpu = (1e9 * s / steps / points for s in best(some))
    transforms = 4 * transforms_alone(eq)
    # Per component: p is read in 4 stages and written once, then taken or left (2 reads, 1 write), in every bin; generators
    # of 3 stages are written, and read 4 times in all, whatever the bins. 8 bytes each.
    bins = carry.y.p[0].shape[1]
    fraction = (8 * bins + 7) * 8 * 3 / (cpu * copy_bandwidth())
    row = {"grid": name, "n": n, "species": kind, "wall_ns": wall, "cpu_ns": cpu, "transforms_cpu_ns": transforms,
           "over_transforms": cpu / transforms, "fraction_of_bandwidth": fraction, "target_ns": TARGETS[kind]}  # fmt: skip
    print(
        f"{name} {kind:6s}: {wall:6.1f} ns wall, {cpu:6.1f} ns CPU per point, direction and step (target {TARGETS[kind]:.0f}); "
        f"transforms alone {transforms:.1f} ns, ratio {cpu / transforms:.2f}; {100 * fraction:.0f} % of the bandwidth",
        flush=True,
    )
    return row


def transforms_alone(eq: Any) -> float:
    """CPU nanoseconds per point and direction of one stage's transforms: three real ones there and back, in the same blocks."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    directions = eq.data.velocity.shape[0]
    blocks = eq.block_count
    field = jnp.ones((blocks, directions // blocks, *eq.rays.n))

    def there(x: Any) -> Any:
        return lax.map(lambda b: eq.rays.to_modes(b, scaled=False), x)

    def back(x: Any) -> Any:
        return lax.map(lambda b: eq.rays.to_grid(b, scaled=False), x)

    modes = jax.jit(there)(field)
    forward, backward = jax.jit(there), jax.jit(back)
    backward(modes)
    seconds = best(lambda: forward(field))[1] + best(lambda: backward(modes))[1]
    return 3e9 * seconds / (eq.rays.points * directions)


def copy_bandwidth() -> float:
    """Bytes per nanosecond of CPU time, read and written, of adding 1 to an array in place that no cache holds."""
    import jax
    import jax.numpy as jnp

    size, copy = 2**23, jax.jit(lambda a: a + 1.0, donate_argnums=0)
    x = copy(jnp.ones(size))

    def again() -> Any:
        nonlocal x
        x = copy(x)
        return x

    again()
    return 2 * 8 * size / (1e9 * best(again)[1])


def survival(n: int, tolerance: float, t_end: float = 393.6) -> tuple[dict[str, float], dict[str, Any]]:
    """Mean survival probabilities of the standard 1-D test, and what the run took."""
    made = problem(ANGLES | {"n_angles": 32}, n, 600.0, SEED | {"amplitude": 1e-6})
    return at_end(made, tolerance, t_end, ("survival_nue", "survival_nuebar", "spectral_tail"))


def at_end(made: Any, tolerance: float, t_end: float, names: tuple[str, ...]) -> tuple[dict[str, float], dict[str, Any]]:
    """Observables at t_end by adaptive steps, and wall and CPU seconds after compilation."""
    import jax
    import jax.numpy as jnp

    from kiral.core.advance import advance, evaluate, sample, start, step_options

    eq, options = made.equation, step_options(tolerance)
    chosen = tuple(o for o in made.observables if o.name in names)

    def begin() -> Any:
        return start(eq, "lie4", jnp.asarray(0.0), made.initial_state(), options)

    advance(eq, "lie4", begin(), 1, t_end, options)
    carry = jax.block_until_ready(begin())
    wall, cpu = time.perf_counter(), time.process_time()
    carry = advance(eq, "lie4", carry, 10**9, t_end, options)
    t, y = sample(eq, "lie4", carry, t_end, options)
    jax.block_until_ready(y)
    cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "steps": int(carry.step)}
    return {k: float(v) for k, v in evaluate(chosen, eq, t, y).items()}, cost


def standard(quick: bool) -> dict[str, Any]:
    """The cheapest of a few grids and tolerances whose survival probabilities are right to 1e-6."""
    rows = []
    for n in (192, 256, 320):
        for tolerance in (1e-5, 3e-6, 1e-6, 3e-7):
            found, cost = survival(n, tolerance)
            rows.append({"n": n, "tolerance": tolerance, **found, **cost})
        if quick:
            break
    good = []
    for row in rows:
        against, _ = survival(2 * row["n"], row["tolerance"] / 16)
        row["error"] = max(abs(row[name] - against[name]) for name in ("survival_nue", "survival_nuebar"))
        print(f"standard 1-D, n {row['n']}, tolerance {row['tolerance']:.0e}: error {row['error']:.1e}, {row['steps']} steps, "
              f"{row['wall_s']:.2f} s wall, {row['cpu_s']:.2f} s CPU", flush=True)  # fmt: skip
        if row["error"] <= 1e-6:
            good.append(row)
    cheapest = min(good, key=lambda r: r["cpu_s"], default=None)
    return {"rows": rows, "cheapest": cheapest}


def two_beams() -> list[dict[str, Any]]:
    """Cost of U_osc(20)/U_osc(0) of two beams with two seeded modes at several tolerances."""
    beams = [{"velocity": 1.0, "nu": [0.5, 0.0]}, {"velocity": -1.0, "nu": [0.0, 0.5]}]
    seed = {"kind": "modes", "modes": [[-16, 1e-4], [-12, 5e-5]]}
    rows = []
    for n, tolerance in ((96, 1e-6), (96, 1e-7), (128, 1e-7), (128, 1e-8)):
        found, cost = at_end(problem({"kind": "flavor_beams", "beams": beams}, n, 100.0, seed), tolerance, 20.0, ("u_osc",))
        error = abs(found["u_osc"] / -24.99999875 - S3_AT_20)
        rows.append({"n": n, "tolerance": tolerance, "error": error, **cost})
        print(f"two beams, n {n}, tolerance {tolerance:.0e}: error {error:.1e} in U_osc(20)/U_osc(0), {cost['steps']} steps, "
              f"{cost['wall_s']:.3f} s wall, {cost['cpu_s']:.3f} s CPU", flush=True)  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
