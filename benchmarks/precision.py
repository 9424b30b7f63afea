"""What float32 costs in accuracy on run A: float32 against float64, and against the time stepper's own error.

    python benchmarks/precision.py [--n 32] [--t-end 0.2]       # about six minutes on one core
    python benchmarks/precision.py --figure docs/images/precision-run-a.png     # draws what was stored

The case sourced-cpi on n³ points is run to t_end in both precisions with the same scheme and tolerance. What is compared is
stored along with the runs' step counts and ledgers; a float64 run with a hundred times finer tolerance says what
the time stepper itself errs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"
SERIES = ("magnetic_helicity", "b_rms", "u_rms", "mu5_mean", "rho_mean")
SPECTRA = ("energy_spectrum", "helicity_spectrum", "kinetic_spectrum", "mu5_spectrum")
TOLERANCE, FINER = 1e-4, 1e-6


def main() -> None:
    """Run, compare, print a table and store JSON; or draw what is stored."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=32)
    parser.add_argument("--t-end", type=float, default=0.2)
    parser.add_argument("--figure", help="draw the stored result into this file")
    options = parser.parse_args()
    path = RESULTS / f"precision-n{options.n}.json"
    if options.figure:
        draw(json.loads(path.read_text()), options.figure)
        return
    record = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "n": options.n,
        "t_end": options.t_end,
        "tolerance": TOLERANCE,
        "schemes": {scheme: compare(options.n, options.t_end, scheme) for scheme in ("rk4", "etdrk4")},
    }
    path.write_text(json.dumps(rounded(record)) + "\n")
    print(f"stored in {path}")


def compare(n: int, t_end: float, scheme: str) -> dict:
    """Both precisions of one scheme, and the float64 run of finer steps."""
    with tempfile.TemporaryDirectory() as folder:
        reference = run(folder, n, t_end, scheme, "float64", TOLERANCE)
        single = run(folder, n, t_end, scheme, "float32", TOLERANCE)
        finer = run(folder, n, t_end, scheme, "float64", FINER)
        found = {
            "runs": {"float64": facts(reference), "float32": facts(single), "float64, finer steps": facts(finer)},
            "float32 against float64": differences(single, reference),
            "float64 against finer steps": differences(reference, finer),
            "b_rms": reference.series["b_rms"].values.tolist(),
        }
    show(scheme, found)
    return found


def run(folder: str, n: int, t_end: float, scheme: str, precision: str, tolerance: float):
    """One run of sourced-cpi."""
    import kiral

    at = [t for t in (0.05, 0.1, 0.15) if t < t_end] + [t_end]
    overrides = {
        "geometry.n": n, "time.t_end": t_end, "time.scheme": scheme, "time.tolerance": tolerance,
        "devices.precision": precision, "output.series": {"every_time": 1e-3}, "output.spectra": {"at": at},
        "output.snapshots": {"at": [t_end]},
    }  # fmt: skip
    return kiral.run("sourced-cpi", overrides, out=f"{folder}/{scheme}-{precision}-{tolerance:g}", progress=False)


def facts(one) -> dict:
    """Steps and ledgers of a run."""
    names = ("step", "rejected", "drift")
    return {name: one.status[name] for name in names} | {f"{name} at the end": float(one.series[name][-1]) for name in SERIES}


def differences(a, b) -> dict:
    """Relative differences of a against b: each series in time, each spectrum per shell at the times stored."""
    found = {"t": b.series["t"].values.tolist(), "series": {}, "k": b.spectra["k"].values.tolist(), "spectra": {}}
    for name in SERIES:
        found["series"][name] = relative(a.series[name].values, b.series[name].values, b.series[name].values).tolist()
    for name in SPECTRA:
        x, y = a.spectra[name].values, b.spectra[name].values
        # A helicity spectrum changes sign: its differences are taken relative to what it can be at most, 2 E/k.
        scale = 2 * b.spectra["energy_spectrum"].values / b.spectra["k"].values if name == "helicity_spectrum" else y
        found["spectra"][name] = [row.tolist() for row in relative(x, y, scale)]
    found["spectra_t"] = b.spectra["t"].values.tolist()
    return found


def relative(x: np.ndarray, y: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """|x - y| / |scale|, 0 where both are 0."""
    return np.abs(x - y) / np.where(scale != 0, np.abs(scale), 1)


def rounded(value):
    """The same with numbers of four digits, which are enough for differences."""
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def show(scheme: str, found: dict) -> None:
    """The table of one scheme."""
    for what in ("float32 against float64", "float64 against finer steps"):
        series, spectra = found[what]["series"], found[what]["spectra"]
        print(f"{scheme}, {what}: largest relative difference, and at the end")
        for name, values in (series | {n: np.max(s, axis=1) for n, s in spectra.items()}).items():
            print(f"  {name:18s} {np.max(values):.1e} {values[-1]:.1e}")
    for name, one in found["runs"].items():
        drift = ", ".join(f"{k} {v:.1e}" for k, v in one["drift"].items())
        print(f"{scheme}, {name}: {one['step']} steps, {one['rejected']} rejected; drift {drift}", flush=True)


def draw(record: dict, path: str) -> None:
    """Differences in time and per shell, as stored."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    labels = {"magnetic_helicity": "$h_M$", "b_rms": "$B_{rms}$", "u_rms": "$u_{rms}$", "mu5_mean": r"$\langle\mu_5\rangle$"}
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    one = record["schemes"]["rk4"]
    for i, (name, label) in enumerate(labels.items()):
        for what, style in (("float32 against float64", "-"), ("float64 against finer steps", ":")):
            t, values = np.array(one[what]["t"]), np.array(one[what]["series"][name])
            keep = values > 0
            axes[0].semilogy(t[keep], values[keep], style, color=f"C{i}", lw=1.2, label=label if style == "-" else None)
    axes[0].plot([], [], "k-", label="float32 against float64")
    axes[0].plot([], [], "k:", label="float64: steps against finer ones")
    axes[0].set(xlabel="$t$ [$t_*$]", ylabel="relative difference", ylim=(1e-10, 1e-1), title="Means in time")
    both = one["float32 against float64"]
    for i, (t, row) in enumerate(zip(both["spectra_t"], both["spectra"]["energy_spectrum"], strict=True)):
        axes[1].semilogy(np.array(both["k"]) / 1e4, row, "o-", ms=3, lw=1.2, color=f"C{i}", label=f"$t$ = {t:g}")
    axes[1].set(xlabel="$k$ [$10^4/l_*$]", title="Spectrum $E(k)$, float32 against float64")
    for axis, place, columns in zip(axes, ("upper right", "upper left"), (2, 1), strict=True):
        axis.legend(fontsize=8, loc=place, ncols=columns)
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
