"""Figures, tables and page of a chiral MHD run, drawn from a synthetic run: no jax, no simulation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from kiral.mhd import figures
from kiral.mhd.analysis import measure, scales
from kiral.report import page, style, tables

UNITS = {
    "mu5_mean": "1/l*", "mu5_rms": "1/l*", "b_rms": "E*^1/2 l*^-3/2", "u_rms": "l*/t*", "dt": "t*",
    "magnetic_helicity": "E*/l*^2", "energy_magnetic": "E*/l*^3", "energy_kinetic": "E*/l*^3", "source": "1/(l* t*)",
}  # fmt: skip
MOMENTUM = ("u_rms", "u_max", "rho_mean", "rho_min", "energy_kinetic", "tail_kinetic", "drift_momentum")


def make_config(source: dict | None = None, **model: object) -> dict:
    """config.json of a case like run A of G25."""
    return {
        "title": "A source <of> chirality & a field",
        "seed": 1,
        "model": {
            "kind": "chiral_mhd", "magnetic_diffusivity": 1e-6, "viscosity": 1e-6, "chiral_diffusivity": 1e-6,
            "chiral_feedback": 1e8, "flipping_rate": 1e3, "form": "brandenburg1996", "heating": "paper",
            "flow": "relativistic", "xi": 0.0,
            "source": source or {"kind": "decay", "amplitude": 4e7, "t_phi": 0.05}, **model,
        },
        "geometry": {"kind": "box", "n": [48, 48, 48], "k_min": [2500.0, 2500.0, 2500.0], "length": None},
        "initial": {"kind": "white_noise", "mu5": 0.0, "amplitude": 1e-12, "reference_spacing": 4.9e-5},
        "time": {"t_start": 1e-5, "t_end": 0.15, "scheme": "etdrk4", "tolerance": 1e-6, "dt": None, "wall_limit": None},
        "output": {"series": {"every_time": 5e-4}, "spectra": {"at": [0.01, 0.05, 0.15]}},
        "devices": {"kind": "auto", "precision": "float64"},
        "units": {"temperature": 100.0, "g_energy": 106.75, "g_entropy": 106.75},
    }  # fmt: skip


def make_series(flow: bool = True) -> xr.Dataset:
    """Series shaped like run A: mu5 follows the source, B decays until t = 0.018, grows, saturates."""
    t = np.concatenate([[1e-5], np.arange(1, 301) * 5e-4])
    s5 = 4e7 * t / 0.05 * np.exp(0.5 - t**2 / 0.005)
    mu5 = s5 / 1e3 * (1 - np.exp(-1e3 * t))
    log_b = np.cumsum(np.where(t < 0.018, -1.0, 1e-6 * mu5**2 / 4 - 40) * np.gradient(t))
    b = 0.45 / (1 + np.exp(np.clip(-(log_b - 13.0), -60, 60)))
    h = -1e-12 + b**2 / 8e3
    total = h + 2e-8 * mu5
    data = {
        "step": np.arange(t.size), "dt": np.full(t.size, 2e-4), "mu5_mean": mu5, "mu5_rms": 1.01 * mu5,
        "mu5_max": 1.2 * mu5, "b_rms": b, "b_max": 3 * b, "u_rms": 0.3 * b, "u_max": b, "rho_mean": 1 + b**2,
        "rho_min": 1 - b**2, "magnetic_helicity": h, "energy_magnetic": b**2 / 2, "energy_kinetic": 0.06 * b**2,
        "current_helicity": 1e4 * b**2 * np.sign(t - 0.01), "mu5_b2": mu5 * b**2, "source": s5,
        "helicity_total": total, "helicity_production": total - total[0] + 1e-12, "k_integral": 1e4 - 4e4 * t,
        "tail_magnetic": 1e-4 * b + 1e-9, "tail_kinetic": 1e-5 * b + 1e-9, "tail_mu5": 1e-3 * b,
        "cme_ratio": 0.1 * b**2, "chiral_energy_ratio": mu5**2 / 2e8, "rate_sound": np.full(t.size, 2e4),
        "rate_alfven": 4e4 * b, "rate_error_control": np.full(t.size, 4e3),
        "drift_helicity_chirality": 1e-9 * (1 - np.exp(-t / 0.05)), "drift_energy": 1e-8 * t / 0.15,
        "drift_momentum": np.zeros(t.size),
    }  # fmt: skip
    kept = {name: v for name, v in data.items() if flow or name not in MOMENTUM}
    variables = {name: ("t", v, {"units": UNITS.get(name, "1"), "long_name": name}) for name, v in kept.items()}
    return xr.Dataset(variables, {"t": ("t", t, {"units": "t*", "long_name": "conformal time"})})


def make_spectra(flow: bool = True) -> xr.Dataset:
    """Spectra at six times: peaked, moving to small k."""
    t, k = np.array([1e-5, 0.01, 0.03, 0.05, 0.08, 0.15]), 2500.0 * np.arange(1, 16)
    peak = np.array([3e4, 1.2e4, 1.6e4, 2e4, 1e4, 5e3])[:, None]
    energy = np.array([1e-14, 1e-15, 1e-9, 1e-3, 1e-1, 8e-2])[:, None] / peak * (k / peak) ** 4 * np.exp(-2 * k / peak)
    fraction = np.tanh(3 * (t[:, None] - 0.01) / 0.05) * np.exp(-k / 4e4)
    units = {"energy_spectrum": "E*/l*^2", "kinetic_spectrum": "E*/l*^2", "mu5_spectrum": "1/l*"}
    data = {"energy_spectrum": energy, "helicity_spectrum": 2 / k * fraction * energy, "helicity_fraction": fraction,
            "kinetic_spectrum": 0.1 * energy, "mu5_spectrum": 1e4 * energy}  # fmt: skip
    if not flow:
        del data["kinetic_spectrum"]
    variables = {name: (("t", "k"), v, {"units": units.get(name, "1")}) for name, v in data.items()}
    return xr.Dataset(variables, {"t": t, "k": k})


def make_run(config: dict | None = None, flow: bool = True) -> SimpleNamespace:
    return SimpleNamespace(config=config or make_config(), series=make_series(flow), spectra=make_spectra(flow))


def write_run(path: Path, run: SimpleNamespace, **status: object) -> Path:
    """A run folder as the loop leaves it."""
    provenance = {
        "versions": {"kiral": "0.1.0", "jax": "0.10.2"}, "git": {"hash": "abc<123>", "dirty": True},
        "command": ["kiral", "run", "sourced-cpi"], "device": {"kind": "cpu", "count": 1}, "cpu": "some & processor",
        "started": "2026-01-01T00:00:00+0000", "ended": "2026-01-01T00:03:00+0000", "config_hash": "00ff",
    }  # fmt: skip
    state = {"status": "finished", "reason": "", "t": 0.15, "t_end": 0.15, "step": 1234, "rejected": 5, "wall_s": 187.3,
             "compile_s": 21.4, "drift": {"energy": 1e-8}, "warnings": ["mu5 > <kmax>"]}  # fmt: skip
    path.mkdir(parents=True)
    for name, value in (("config", run.config), ("provenance", provenance), ("status", state | status)):
        (path / f"{name}.json").write_text(json.dumps(value))
    for group, dataset in (("scalars", run.series), ("spectra", run.spectra)):
        if dataset.sizes:
            dataset.to_zarr(path / "series.zarr", group=group, consolidated=False, zarr_format=3)
    return path


@pytest.fixture(scope="module")
def run() -> SimpleNamespace:
    return make_run()


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory, run: SimpleNamespace) -> Path:
    """A run folder with its report written."""
    folder = write_run(tmp_path_factory.mktemp("runs") / "sourced", run)
    page.write_report(folder)
    return folder




def label_texts(drawing: style.Drawing) -> list[str]:
    """Axis labels, and the legend's entries where the label leaves the unit to them."""
    axes = [a for a in drawing.figure.axes if a.get_xlabel()]
    return [text for a in axes for text in (a.get_xlabel(), a.get_ylabel())]


@pytest.mark.parametrize("name", figures.FIGURES)
def test_figure_shows_finite_data_inside_axes_with_units(run: SimpleNamespace, name: str) -> None:
    drawing = figures.draw_figure(run, name)
    assert drawing is not None and drawing.data
    assert all("[" in text and text.index("[") < text.index("]") for text in label_texts(drawing))
    axes = drawing.figure.axes[0]
    curves = next(iter(drawing.data.values()))
    assert curves
    for x, y in curves.values():
        assert x.size and np.isfinite(x).all() and np.isfinite(y).all()
        shown = np.abs(y) if axes.get_yscale() == "log" else y
        for values, (low, high) in ((x, axes.get_xlim()), (shown, axes.get_ylim())):
            assert low <= values.min() and values.max() <= high


@pytest.mark.parametrize(
    ("config", "flow", "missing"),
    [
        (make_config({"kind": "none"}, flipping_rate=0.0, chiral_feedback=0.0, flow="none"), False,
         {"source", "kinetic_spectrum"}),
        (make_config({"kind": "constant", "amplitude": 4e7}), True, set()),
        (make_config({"kind": "table", "table": {"t": [0.0, 1.0], "value": [1.0, 1.0]}}), True, {"source"}),
    ],
)  # fmt: skip
def test_figures_without_sense_are_left_out(config: dict, flow: bool, missing: set[str]) -> None:
    drawn = {drawing.name for drawing in figures.draw_all(make_run(config, flow))}
    assert drawn == set(figures.FIGURES) - missing


def test_missing_series_give_no_figure(run: SimpleNamespace) -> None:
    bare = SimpleNamespace(config=run.config, series=run.series[["b_rms"]], spectra=xr.Dataset())
    assert [drawing.name for drawing in figures.draw_all(bare)] == ["field_and_flow", "averages"]
    empty = SimpleNamespace(config=run.config, series=xr.Dataset(), spectra=xr.Dataset())
    assert list(figures.draw_all(empty)) == [] and figures.overview(empty) is None
    assert len(tables.estimate_table(empty)) == 6 and tables.remarks(empty)


def test_zero_and_negative_values_on_log_axis_are_masked_and_dashed() -> None:
    x, y = np.arange(1.0, 6.0), np.array([0.0, -1e-3, np.nan, 1e-30, 2.0])
    panel = style.Panel("x [1]", "y [1]", (style.Curve("c", x, y),), decades=6)
    drawing = style.draw("n", "t", "c", (panel,))
    assert drawing is not None
    np.testing.assert_array_equal(drawing.data["n"]["c"], [[2.0, 5.0], [-1e-3, 2.0]])
    legend = drawing.figure.axes[0].get_legend()
    assert legend is not None and [text.get_text() for text in legend.get_texts()] == ["c", "dashed: negative"]


def test_overview_has_six_panels(run: SimpleNamespace) -> None:
    drawing = figures.overview(run)
    assert drawing is not None and len(drawing.data) == 6


@pytest.mark.parametrize(
    ("unit", "length", "expected"),
    [
        ("E*/l*^2", -1, r"$[E_\ast\,l_\ast^{-3}]$"),
        ("E*^1/2 l*^-3/2", 0, r"$[E_\ast^{1/2}\,l_\ast^{-3/2}]$"),
        ("l*²/t*", 0, r"$[l_\ast^{2}\,t_\ast^{-1}]$"),
        ("1/(l* t*)", 0, r"$[l_\ast^{-1}\,t_\ast^{-1}]$"),
        ("1", 0, "[1]"),
        ("", -1, r"$[l_\ast^{-1}]$"),
    ],
)
def test_unit_becomes_mathtext(unit: str, length: int, expected: str) -> None:
    assert style.unit_math(unit, length) == expected


def test_scales_are_measured_where_they_are(run: SimpleNamespace) -> None:
    measured = measure(run)
    assert measured.t_growth == pytest.approx(0.018, abs=6e-4)
    t = measured.t_cross
    assert t is not None and t == pytest.approx(scales(run.config).t_cross_consistent, rel=0.05)
    assert t * 1e-6 * measured.mu5_cross**2 / 4 == pytest.approx(1, rel=1e-3)
    assert measured.helicity_max == float(run.series["magnetic_helicity"].max())


def test_scales_never_reached_are_absent(run: SimpleNamespace) -> None:
    early = SimpleNamespace(config=run.config, series=run.series.isel(t=slice(0, 20)))
    measured = measure(early)
    assert measured.t_growth is None and measured.t_cross is None and measured.growth_rate is None
    cells = {row.name: tables.estimate_cells(row) for row in tables.estimate_table(early)}
    assert cells["t_cross, defined"][3] == "–" and cells["k_cross"][3] == "–"


def test_samples_after_a_blow_up_are_skipped(run: SimpleNamespace) -> None:
    broken = SimpleNamespace(config=run.config, series=run.series.copy(deep=True), spectra=run.spectra)
    for name in ("b_rms", "mu5_mean", "magnetic_helicity"):
        broken.series[name][-3:] = np.nan
    assert measure(broken).helicity_end == float(run.series["magnetic_helicity"][-4])
    assert figures.draw_figure(broken, "helicity") is not None


def test_estimate_table_has_code_and_physical_units(run: SimpleNamespace) -> None:
    rows = {row.name: row for row in tables.estimate_table(run)}
    assert list(rows) == ["t_cross, defined", "t_cross, growth of B", "k_cross", "k_phi", "h_M, largest", "h_M, last"]
    assert rows["k_phi"].estimate == 20000 and rows["k_phi"].measured == pytest.approx(20000, rel=1e-3)
    row = rows["h_M, largest"]
    assert row.estimate == pytest.approx(1.319e-5, rel=1e-3)
    assert row.estimate_gauss2_mpc == pytest.approx(1.62e-13**2, rel=5e-3)
    assert row.ratio == pytest.approx(row.measured / row.estimate)


def test_estimate_table_without_source() -> None:
    config = make_config({"kind": "none"}, flipping_rate=0.0)
    config["initial"]["mu5"] = 2e4
    rows = {row.name: row for row in tables.estimate_table(make_run(config))}
    assert rows["growth rate"].estimate == pytest.approx(100) and rows["growth rate"].measured > 0
    assert rows["h_M, last"].estimate == pytest.approx(4e-4) and rows["h_M, last"].equation == "Eq. 15"


def test_budget_table_begins_with_helicity(run: SimpleNamespace) -> None:
    rows = tables.budget_table(run)
    assert [row.name for row in rows] == ["helicity_chirality", "energy", "momentum"]
    assert rows[1].largest == pytest.approx(1e-8) and rows[2].largest == 0


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0"), (0.01842, "0.01842"), (4e4, "40000"), (-1.319e-5, "-1.319×10⁻⁵"),
                        (1e8, "1.000×10⁸"), (float("nan"), "nan")]
)  # fmt: skip
def test_numbers_are_readable(value: float | None, text: str) -> None:
    assert tables.number(value) == text


def test_report_is_escaped_complete_and_self_contained(reported: Path) -> None:
    html = (reported / "report.html").read_text()
    for text in ("A source &lt;of&gt; chirality &amp; a field", "mu5 &gt; &lt;kmax&gt;", "abc&lt;123&gt;", "Eq. 27",
                 "model.chiral_feedback", "helicity + chirality", "3 min 7 s", "open_datatree", "kiral run sourced-cpi",
                 "gained 30 %"):  # fmt: skip
        assert text in html, text
    assert "<of>" not in html and "<script" not in html and "http://" not in html and "https://" not in html
    assert html.count('src="data:image/png;base64,') == html.count("<img ") == len(figures.FIGURES)
    names = {path.name for path in (reported / "figures").iterdir()}
    assert names == {f"{name}.png" for name in (*figures.FIGURES, "overview")}


def test_report_of_a_run_without_data_says_so(tmp_path: Path, run: SimpleNamespace) -> None:
    bare = SimpleNamespace(config={**run.config, "title": ""}, series=xr.Dataset(), spectra=xr.Dataset())
    folder = write_run(tmp_path / "fresh", bare, status="failed", reason="no <memory>", t=None, wall_s=None)
    html = page.write_report(folder).read_text()
    assert "<h1>fresh</h1>" in html and "no &lt;memory&gt;" in html and "Nothing is stored yet." in html


def test_drawing_imports_neither_jax_nor_pyplot() -> None:
    code = "import sys, kiral.report.page; print('jax' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
