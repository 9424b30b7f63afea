"""Stored scalars of tiny runs of the cases: `python tests/regression/refresh.py` recomputes them and prints what changed.

A change here is a change of results: say so in the CHANGELOG.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

STORED = Path(__file__).parent / "scalars.json"
NAMES = (
    "mu5_mean", "b_rms", "u_rms", "magnetic_helicity", "energy_magnetic", "rho_mean", "k_integral",
    "u_osc", "kinetic_energy", "nux_content", "survival_nue", "survival_nuebar", "coherence",
)  # fmt: skip
RUNS = {
    "sourced-cpi": {
        "geometry.n": [12, 12, 1],
        "initial.amplitude": 1e-8,
        "model.source.amplitude": 2e7,
        "time.t_end": 0.04,
        "output": {"series": {"every_time": 0.01}},
    },
    "cpi": {
        "geometry.n": [12, 12, 1],
        "initial.amplitude": 1e-8,
        "initial.mu5": 1e4,
        "time.t_end": 0.2,
        "output": {"series": {"every_time": 0.05}},
    },
    "supernova-cpi-flow": {
        "geometry.n": [12, 12, 1],
        "time.t_end": 2e5,
        "output": {"series": {"every_time": 5e4}},
    },
    "cpi-turbulence": {
        "geometry.n": [12, 12, 1],
        "initial.amplitude": 1e-6,
        "initial.mu5": 3e3,
        "time.t_end": 1.0,
        "output": {"series": {"every_time": 0.25}},
    },
    "decaying-helical": {
        "geometry.n": [12, 12, 1],
        "initial.peak": 200.0,
        "time.t_end": 0.5,
        "output": {"series": {"every_time": 0.25}},
    },
    "zero-mean-mu5": {
        "geometry.n": [12, 12, 1],
        "initial.mu5.peak": 1000.0,
        "time.t_end": 0.5,
        "output": {"series": {"every_time": 0.25}},
    },
    "two-beam": {
        "geometry": {"n": 32, "length": 12.5},
        "initial": {"kind": "modes", "modes": [[-2, 1e-2], [-1, 5e-3]]},
        "time.t_end": 6.0,
        "output": {"series": {"every_time": 3.0}},
    },
    "fast-flavor-1d": {
        "model.n_angles": 8,
        "geometry": {"n": 32, "length": 100.0},
        "initial.amplitude": 1e-2,
        "time.t_end": 60.0,
        "output": {"series": {"every_time": 30.0}},
    },
}


def scalars() -> dict[str, dict[str, float]]:
    """Final values of every run."""
    import kiral

    found = {}
    for case, overrides in RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            series = kiral.run(case, overrides, out=Path(folder) / "run", progress=False).series
            found[case] = {name: float(series[name][-1]) for name in NAMES if name in series}
    return found


def main() -> None:
    """Print the differences and store the new values."""
    old = json.loads(STORED.read_text()) if STORED.exists() else {}
    new = scalars()
    for case, values in new.items():
        for name, value in values.items():
            before = old.get(case, {}).get(name)
            change = "new" if before is None else f"{value / before - 1:+.1e}" if before else f"{value - before:+.1e}"
            print(f"{case:12s} {name:18s} {value:.12e}  {change}")
    STORED.write_text(json.dumps(new, indent=1) + "\n")


if __name__ == "__main__":
    main()
