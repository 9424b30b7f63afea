"""Stages, figures, page and 3-D view of runs in a shell, from runs made of formulas."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from figure_checks import UNIT, check_drawing, check_nothing_cut_off
from kiral.crust import emhd_figures, emhd_map_figures, emhd_page
from kiral.crust.emhd_stages import equal_energies, stages
from kiral.errors import ConfigError
from kiral.report import maps, render, shell_view
from shell_run import FLAT, make_run, saturating_series

WIDTH = 0.02
THIN_LAYER = np.exp(-(((FLAT.r - 0.8) / WIDTH) ** 2))


@pytest.fixture(autouse=True)
def _coarse_maps(monkeypatch):
    for name, count in (("RADII", 81), ("ANGLES", 61), ("LONGITUDES", 60)):
        monkeypatch.setattr(emhd_map_figures, name, count)


@pytest.fixture(scope="module")
def axial() -> SimpleNamespace:
    """A dipole; at later times a toroidal field in a layer of it, and k5 that feedback changes."""
    f, g = {(1, 0): 1.5 / FLAT.r}, {(1, 0): 100 * THIN_LAYER, (2, 0): 10 * THIN_LAYER}
    k5 = {"k5": np.minimum(50 * THIN_LAYER, 30), "k5_captures": 50 * THIN_LAYER}
    coefficients = k5 | {"feedback_strength": 1e-3 + 0 * FLAT.r, "diffusivity": 1e-3 + 0 * FLAT.r}
    times, scale = (0.0, 50.0, 70.0, 100.0, 160.0), (1.0, 3.0, 10.0, 30.0, 40.0)
    return make_run(f, g, times=times, scale=scale, series=saturating_series(), **coefficients)


@pytest.fixture(scope="module")
def tilted() -> SimpleNamespace:
    """Three-dimensional, and flat coefficients."""
    f = {(1, 0): 1.0 / FLAT.r, (1, 1): (0.5 + 0.2j) / FLAT.r, (3, 2): 0.3 * (FLAT.r - 0.6)}
    model = {"kind": "shell_emhd", "feedback": False, "magnetic_diffusivity": 0.1, "hall_coefficient": 1.0, "k5_max": None}
    return make_run(f, {(2, 1): 0.2j * THIN_LAYER}, times=(0.0, 1.0), series=saturating_series(), model=model)


# --- stages ----------------------------------------------------------------------------------------------------------


def energies(rate=0.3, power=2.0):
    """Toroidal over poloidal energy ~ t^power up to t = 30, then growth of both at one rate to t = 70, then none."""
    t = np.arange(0.0, 120.25, 0.25)
    poloidal = 1e42 * np.exp(rate * np.clip(t - 30, 0, 40) + 1e-3 * np.maximum(t - 70, 0))
    return t, poloidal, 0.09 * poloidal * np.minimum(t / 30, 1.0) ** power


def test_stages_are_found_with_their_slopes():
    early, growth, late = stages(*energies(power=1.99))
    assert (early.name, growth.name, late.name) == ("early", "exponential", "late")
    assert early.slope == pytest.approx(1.99, abs=0.005) and early.t[0] == 0.25 and early.t[-1] == pytest.approx(30, abs=1)
    assert growth.slope == pytest.approx(0.3, rel=0.003) and growth.t[[0, -1]] == pytest.approx([30, 70], abs=1)
    assert late.slope == pytest.approx(1e-3, rel=1e-6) and late.scatter < 1e-9
    assert r"t^{1.99}" in early.label and "0.3" in growth.label


def test_a_transient_overshoot_is_not_the_exponential_stage():
    t, poloidal, toroidal = energies()
    bump = np.exp(3 * np.exp(-(((t - 30) / 2) ** 2)))
    (growth,) = (s for s in stages(t, bump * poloidal, bump * toroidal) if s.name == "exponential")
    assert growth.slope == pytest.approx(0.3, rel=0.02)


def test_stages_that_are_not_there():
    t = np.linspace(0, 10, 101)
    decay = 1e40 * np.exp(-0.2 * t)
    (late,) = stages(t, decay, 0.5 * decay)
    assert late.name == "late" and late.slope == pytest.approx(-0.2) and late.t[0] == 5.0
    assert stages(t, 1e40 * np.exp(0.1 * t), 0 * t) == []  # grows by one e-folding, no toroidal field
    assert stages(t[:3], decay[:3], decay[:3]) == []
    assert equal_energies(t, 1 + 0 * t, t) == pytest.approx(1.0) and equal_energies(t, 0 * t, 1 + t) is None


# --- figures ---------------------------------------------------------------------------------------------------------


def test_every_figure_shows_what_it_tells(axial):
    drawn = {drawing.name: drawing for drawing in emhd_page.draw_all(axial)}
    curves = {"energies", "winding", "field", "growth", "degrees", "parity", "profile_r", "profile_phi", "profile_theta",
              "surface"}  # fmt: skip
    assert set(drawn) == curves | {"meridian", "chirality"}
    for name in ("energies", "degrees", "chirality"):
        check_drawing(drawn[name])
    fits = [label for label in drawn["energies"].data["energies"] if "propto" in label]
    assert len(fits) == 3
    assert len(emhd_page.overview(axial).data) == 5
    degrees = drawn["degrees"].data["by degree"]
    assert sum(name.startswith("_toroidal") for name in degrees) == emhd_figures.MOST_TIMES == 5


def test_meridional_plane_is_that_of_the_field(axial):
    drawing = emhd_map_figures.meridian(axial)
    check_nothing_cut_off(_laid_out(drawing.figure))
    panels = [axes for axes in drawing.figure.axes if axes.get_label() != "<colorbar>"]
    assert len(panels) == len(drawing.data) == 4
    for axes, plane in zip(panels, drawing.data.values(), strict=True):
        (mesh,) = (c for c in axes.collections if isinstance(c, QuadMesh))
        np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(plane["b_phi"].shape), plane["b_phi"])
        assert UNIT.search(axes.get_xlabel()) and UNIT.search(axes.get_ylabel())
        assert plane["levels"].size >= emhd_map_figures.LAYER_LINES - 1
    last = drawing.data[
        "t = 160 yr"
    ]  # B_φ = -(g/r) dP_1/dθ of g = 4000 exp(...), and 400 of degree 2, which is 0 at the equator
    at = np.argmin(np.abs(last["r"] - 0.8)), np.argmin(np.abs(last["theta"] - np.pi / 2))
    expected = 4000 * np.sqrt(3 / (4 * np.pi)) / last["r"][at[0]] * np.exp(-(((last["r"][at[0]] - 0.8) / WIDTH) ** 2))
    assert last["b_phi"][at[1], at[0]] == pytest.approx(expected, rel=5e-3)
    assert last["r"][0] > 0.65 and last["r"][-1] < 0.95 and "× " in panels[-1].get_title(loc="left")
    assert "95%" in drawing.caption


def test_maps_of_a_surface_in_three_dimensions(tilted):
    assert emhd_map_figures.layers(tilted) is None and emhd_map_figures.chirality(tilted) is None
    assert emhd_map_figures.stretching(11.5443, 12.4195) == 7.1
    surface = emhd_map_figures.surface(tilted)
    check_nothing_cut_off(_laid_out(surface.figure))
    (first, _) = surface.data.values()
    north = first["b_r"][-1]  # L f/r² Y: at the pole only m = 0
    np.testing.assert_allclose(north, 2 * np.sqrt(3 / (4 * np.pi)), rtol=1e-5)
    check_drawing(emhd_figures.orders(tilted))
    assert "means over longitude" in emhd_map_figures.meridian(tilted).caption


def test_layers_of_a_thin_crust(axial, monkeypatch):
    monkeypatch.setattr(emhd_map_figures, "THICK", 0.5)
    drawing = emhd_map_figures.layers(axial)
    assert len(drawing.data) == 4
    plane, shown = emhd_map_figures.meridian(axial).data["t = 160 yr"], drawing.data["t = 160 yr"]
    np.testing.assert_array_equal(shown["z"], plane["b_phi"][::-1].T)
    np.testing.assert_allclose(shown["x"], np.linspace(-90, 90, 61), atol=1e-9)


def test_k5_is_cut_where_the_field_is_strong(axial):
    """The same as k5 = (k5w + b B·curl B)/(1 + b B²) with a field along φ only, at the equator."""
    data = emhd_map_figures.chirality(axial).data
    weak = data["without feedback"]["z"]
    strong = data["t = 160 yr"]["z"]
    assert weak.max() == 30.0 and np.ptp(weak, axis=1).max() == 0
    middle = np.argmin(np.abs(data["t = 160 yr"]["y"] - 0.8))
    assert strong[middle, 30] < 0.1 * weak[middle, 30] and strong[middle, 0] > 10 * strong[middle, 30]


def test_without_snapshots_or_series_there_is_less(axial):
    bare = SimpleNamespace(**vars(axial) | {"snapshots": axial.snapshots.isel(t=[])})
    assert {d.name for d in emhd_page.draw_all(bare)} == {"energies", "winding", "field", "growth", "degrees", "parity"}
    empty = SimpleNamespace(**vars(bare) | {"series": axial.series.isel(t=[]), "spectra": axial.spectra.isel(t=[])})
    assert list(emhd_page.draw_all(empty)) == [] and emhd_page.overview(empty) is None
    assert emhd_page.estimate_rows(empty) == [] and emhd_page.remarks(empty) == []


# --- page ------------------------------------------------------------------------------------------------------------


def test_table_and_equations(axial, tilted):
    rows = {row[0]: row for row in emhd_page.estimate_rows(axial)}
    assert all(len(row) == len(emhd_page.ESTIMATE_HEADER) for row in rows.values())
    growth = rows["exponential stage, rate of the energy"]
    bound = 1e-3 * 30**2 / 2
    assert float(growth[3]) == pytest.approx(0.3, rel=0.03) and growth[1:3] == ("1/yr", f"≤ {bound:.4g}")
    data = axial.series
    crossing = np.interp(np.log(1e15), np.log(data["b_mean"]), data["t"])
    assert float(rows["root mean square field passes 1e15 G"][3]) == pytest.approx(crossing, rel=1e-3)
    text = "\n".join(emhd_page.equations(axial.config))
    assert "N B" in text and "|k5| ≤ 30/km" in text and "(1 + b B²)" in text
    text = "\n".join(emhd_page.equations(tilted.config))
    assert "N B" not in text and "k5 = k5w" in text and "η = 0.1, f = 1" in text
    (remark,) = emhd_page.remarks(axial)
    assert "not resolved in angle" in remark


def test_units_as_they_are_read():
    cases = {"erg": "[erg]", "1/yr": "[1/yr]", "B^2 R^3": r"$[B^{2}\,R^{3}]$", "t*": r"$[t_\ast]$",
             "km^2/yr": r"$[\mathrm{km}^{2}/\mathrm{yr}]$"}  # fmt: skip
    assert {text: emhd_figures.bracketed(text) for text in cases} == cases


# --- in three dimensions ---------------------------------------------------------------------------------------------


def test_view_says_what_is_missing(axial, monkeypatch):
    monkeypatch.setattr(render, "require_pyvista", lambda: None)
    for arguments, message in ((("q",), "--field q: a run in a shell"), (("b", 51.0), "--time 51: no snapshot at that time")):
        with pytest.raises(ConfigError, match=message):
            render.draw_view(axial, *arguments)
    bare = SimpleNamespace(**vars(axial) | {"snapshots": axial.snapshots.isel(t=[])})
    with pytest.raises(ConfigError, match=r"run it with output\.snapshots and output\.spectra"):
        render.draw_view(bare)


@pytest.mark.slow
def test_view_shows_lines_and_spheres(tilted):
    pytest.importorskip("pyvista")
    if not render._draws_off_screen():
        pytest.skip("VTK cannot draw off-screen here")
    drawing = render.draw_view(tilted)
    lines = drawing.data["lines"]
    assert lines["count"].size == shell_view.WITHIN + shell_view.FROM_SURFACE and lines["count"].sum() == lines["strength"].size
    r = np.linalg.norm(lines["points"], axis=0)
    assert r.min() > 0.55 and r.max() < 1.8 and (lines["strength"] > 0).all()
    picture = np.asarray(drawing.figure.axes[0].get_images()[0].get_array())
    rows, columns = np.nonzero((picture[..., :3] < 250).any(axis=2))
    half = 1 / shell_view.SEEN * picture.shape[0] / 2  # the outer sphere's radius in pixels
    assert np.ptp(rows) > 2 * half * 0.98 and np.ptp(columns) > 2 * half * 0.98
    assert UNIT.search(drawing.figure.axes[1].get_ylabel()) and drawing.caption.endswith(".")
    check_nothing_cut_off(_laid_out(drawing.figure))


def test_sheets_of_maps_have_labels_at_their_edges():
    x = np.arange(4.0)
    found = [maps.Map("x [1]", "y [1]", "z [1]", x, x, np.outer(x, x) + i, f"map {i}") for i in range(4)]
    drawing = maps.draw_sheet("sheet", "Sheet", "Four maps.", found)
    axes = [one for one in drawing.figure.axes if one.get_label() != "<colorbar>"]
    assert [one.get_ylabel() for one in axes] == ["y [1]", "", "y [1]", ""]
    assert [one.get_xlabel() for one in axes] == ["", "", "x [1]", "x [1]"]
    assert list(maps.draw_sheet("sheet", "Sheet", "One map.", found[:1]).data) == ["map 0"]
    assert maps.draw_sheet("sheet", "Sheet", "None.", []) is None


def _laid_out(figure):
    figure.draw_without_rendering()
    return figure
