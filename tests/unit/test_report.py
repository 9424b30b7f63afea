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

from figure_checks import check_drawing
from kiral.cli import main
from kiral.errors import RunFolderError
from kiral.mhd import figures
from kiral.mhd.analysis import coefficient, equations, measure, scales
from kiral.mhd.slices import QUANTITIES
from kiral.report import page, style, tables
from synthetic_run import make_config, make_full_run, make_run

ONLY_FULL = {"charge", "coefficients", "force_power", "mu_spectrum"}
"""Figures of what run A does not have."""


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
    if hasattr(run, "snapshots"):
        run.snapshots.to_zarr(path / "snapshots.zarr", consolidated=False, zarr_format=3)
    return path


@pytest.fixture(scope="module")
def run() -> SimpleNamespace:
    return make_run()


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A run folder with its report written, and the drawings in it by name."""
    folder = write_run(tmp_path_factory.mktemp("runs") / "sourced", make_full_run())
    drawings, write = {}, page._write_png
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_write_png", lambda path, one, dpi: write(path, drawings.setdefault(one.name, one), 100))
        page.write_report(folder)
    return SimpleNamespace(folder=folder, drawings=drawings)


@pytest.mark.parametrize("name", [*figures.FIGURES, *QUANTITIES, "overview"])
def test_figure_shows_what_it_tells(reported: SimpleNamespace, name: str) -> None:
    assert reported.drawings[name].name == name
    check_drawing(reported.drawings[name], saved=True)


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
    assert drawn == set(figures.FIGURES) - missing - ONLY_FULL


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


def test_overview_has_six_panels(reported: SimpleNamespace) -> None:
    assert len(reported.drawings["overview"].data) == 6


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
    assert row.estimate_physical == pytest.approx(1.62e-13**2, rel=5e-3)
    assert row.ratio == pytest.approx(row.measured / row.estimate)


def test_estimate_table_without_source() -> None:
    config = make_config({"kind": "none"}, flipping_rate=0.0)
    config["initial"]["mu5"] = 2e4
    rows = {row.name: row for row in tables.estimate_table(make_run(config))}
    assert rows["growth rate"].estimate == pytest.approx(100) and rows["growth rate"].measured > 0
    assert rows["h_M, last"].estimate == pytest.approx(4e-4) and rows["h_M, last"].equation == "Eq. 15"


def test_incompressible_flow_has_energies_without_density(run: SimpleNamespace) -> None:
    series = run.series.drop_vars(["rho_mean", "rho_min"])
    flow = SimpleNamespace(config=make_config(flow="incompressible", enthalpy=4 / 3), series=series, spectra=run.spectra)
    energies = figures.draw_figure(flow, "energies")
    assert energies is not None and set(energies.data["energies"]) == {
        "magnetic", "kinetic", r"chiral $\langle\mu_5^2\rangle/2\lambda$"
    }  # fmt: skip
    assert len(tables.estimate_table(flow)) == 6 and len(list(figures.draw_all(flow))) > 10
    assert any("P ∇·[−m u + B B] + ν ∇²m" in line and "w = 1.333" in line for line in equations(flow.config))
    assert not any("ρ" in line for line in equations(flow.config))


def test_uniform_field_is_told_from_what_grows(run: SimpleNamespace) -> None:
    total = np.sqrt(run.series["b_rms"] ** 2 + 0.25).assign_attrs(run.series["b_rms"].attrs)
    series = run.series.assign(b_rms=total, b_fluctuation=run.series["b_rms"], energy_magnetic=total**2 / 2)
    config = make_config(background_field=[0.0, 0.3, 0.4])
    magnetized = SimpleNamespace(config=config, series=series, spectra=run.spectra)
    drawing = figures.draw_figure(magnetized, "field_and_flow")
    assert drawing is not None and len(drawing.data["field_and_flow"]) == 3
    (uniform,) = (line for line in drawing.figure.axes[0].lines if line.get_label() == r"$|\mathbf{B}_0|$")
    assert uniform.get_ydata()[0] == pytest.approx(0.5)
    energies = figures.draw_figure(magnetized, "energies")
    assert energies is not None
    varying = energies.data["energies"][r"magnetic, of $\mathbf{B}-\mathbf{B}_0$"]
    np.testing.assert_allclose(varying[1], run.series["b_rms"][-varying.shape[1]:] ** 2 / 2)
    assert measure(magnetized).t_growth == measure(run).t_growth and measure(magnetized).growth_rate == measure(run).growth_rate
    assert any("B0 + ∇×A" in line for line in equations(config))


def test_coefficients_that_vary_count_at_the_start() -> None:
    full = make_full_run()
    known = scales(full.config, full.series)
    assert known.varying == ("magnetic_diffusivity", "flipping_rate")
    assert (known.eta, known.gamma5) == pytest.approx((1.00001e-6, 1e3 - 9900 * 1e-5))  # tables at t_start = 1e-5
    assert scales(full.config).eta == pytest.approx(known.eta)  # the same without the series
    assert any("η and Γ5" in remark for remark in tables.remarks(full))
    assert any("η(t)" in line for line in equations(full.config))
    chirality = figures.draw_figure(full, "chirality")
    assert chirality is not None
    t, balance = chirality.data["chirality"][r"$S_5/\Gamma_5$"]
    np.testing.assert_allclose(balance, np.interp(t, full.series["t"], full.series["source"] / full.series["flipping_rate"]))
    in_time = figures.draw_figure(full, "coefficients")
    assert in_time is not None
    (t, eta), (_, gamma5) = in_time.data["coefficients"].values()
    np.testing.assert_allclose(eta, (1 + t) / 1.15)
    np.testing.assert_allclose(gamma5, np.interp(t, [0, 0.1], [1e3, 10]) / (1e3 - 9900 * 1e-5))


def test_coefficient_from_a_file_is_known_from_the_series_only() -> None:
    full = make_full_run()
    full.config["model"]["magnetic_diffusivity"] = {"t": None, "value": None, "file": "eta.csv", "interpolation": "linear"}
    assert scales(full.config, full.series).eta == pytest.approx(1.00001e-6)
    assert np.isnan(scales(full.config).eta) and scales(full.config).t_cross is None
    unstored = SimpleNamespace(config=full.config, series=full.series.drop_vars("magnetic_diffusivity"), spectra=full.spectra)
    assert np.isnan(coefficient(unstored, "magnetic_diffusivity")).all() and measure(unstored).t_cross is None
    assert len(list(figures.draw_all(unstored))) > 10


def test_cubic_table_at_the_start_is_the_run_s_spline() -> None:
    t, value = [-1.0, 0.0, 1.0, 2.0], [-1.0, 0.0, 1.0, 8.0]  # t³: a cubic through four points is exact
    config = make_config(magnetic_diffusivity={"t": t, "value": value, "interpolation": "cubic"})
    config["time"]["t_start"] = 0.5
    assert scales(config).eta == pytest.approx(0.125)


def test_zero_mean_mu5_shows_its_fluctuations(run: SimpleNamespace) -> None:
    config = make_config({"kind": "none"}, flipping_rate=0.0)
    config["initial"]["mu5"] = {"kind": "random", "mean": 0.0, "rms": 2e4, "peak": 1e4}
    series = run.series.assign(mu5_mean=1e-12 * run.series["mu5_mean"])
    random = SimpleNamespace(config=config, series=series, spectra=run.spectra)
    assert scales(config).t_cpi is None
    drawing = figures.draw_figure(random, "chirality")
    assert drawing is not None and r"$\mu_{5,\mathrm{rms}}$" in drawing.data["chirality"]
    drawing = figures.draw_figure(random, "wave_numbers")
    assert drawing is not None and "fastest growing where $|\\mu_5|$ is largest" in drawing.data["wave_numbers"]


def test_equations_name_what_is_switched_on() -> None:
    lines = "\n".join(equations(make_full_run().config | {"title": ""}))
    for term in ("−∇·(C5 μ B)", "∂μ/∂t = −∇·(μ u) −∇·(Cμ μ5 B) + Dμ ∇²μ", "+ f(t, x)", "+ u·f", "−Γ5(t) μ5"):
        assert term in lines.replace("− ∇", "−∇").replace("− Γ", "−Γ"), term
    assert "s = (2/3) u·∇ρ" in "\n".join(equations(make_config(form="roperpol2025")))
    assert "s u" not in "\n".join(equations(make_config()))


def test_page_of_an_unknown_subject_is_refused(tmp_path: Path, run: SimpleNamespace) -> None:
    other = SimpleNamespace(config={**run.config, "model": {"kind": "plasma"}}, series=xr.Dataset(), spectra=xr.Dataset())
    with pytest.raises(RunFolderError, match=r"'plasma'.*known: chiral_mhd"):
        page.write_report(write_run(tmp_path / "other", other))


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


def test_report_is_escaped_complete_and_self_contained(reported: SimpleNamespace) -> None:
    html = (reported.folder / "report.html").read_text()
    for text in ("A source &lt;of&gt; chirality &amp; a field", "mu5 &gt; &lt;kmax&gt;", "abc&lt;123&gt;", "Eq. 27",
                 "model.chiral_feedback", "helicity + chirality", "3 min 7 s", "open_datatree", "kiral run sourced-cpi",
                 "gained 30 %"):  # fmt: skip
        assert text in html, text
    assert "<of>" not in html and "<script" not in html and "http://" not in html and "https://" not in html
    assert html.count('src="data:image/png;base64,') == html.count("<img ") == len(figures.FIGURES | QUANTITIES)
    names = {path.name for path in (reported.folder / "figures").iterdir()}
    assert names == {f"{name}.png" for name in (*figures.FIGURES, *QUANTITIES, "overview")}


def test_report_of_a_run_without_data_says_so(tmp_path: Path, run: SimpleNamespace) -> None:
    bare = SimpleNamespace(config={**run.config, "title": ""}, series=xr.Dataset(), spectra=xr.Dataset())
    folder = write_run(tmp_path / "fresh", bare, status="failed", reason="no <memory>", t=None, wall_s=None)
    html = page.write_report(folder).read_text()
    assert "<h1>fresh</h1>" in html and "no &lt;memory&gt;" in html and "Nothing is stored yet." in html


def test_drawing_imports_neither_jax_nor_pyplot() -> None:
    code = "import sys, kiral.report.page; print('jax' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_render_command_says_what_is_stored(reported: SimpleNamespace, capsys: pytest.CaptureFixture) -> None:
    assert main(["render", str(reported.folder), "--field", "q"]) == 2
    assert "--field q: not stored in this run; allowed: b, mu, mu5, rho, u" in capsys.readouterr().err
