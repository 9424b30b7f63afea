"""The 3-D view: what it needs, what it refuses, and that it draws what it says. Drawing is skipped without pyvista."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from figure_checks import UNIT, check_nothing_cut_off
from kiral.errors import ConfigError
from kiral.report import render
from synthetic_run import make_snapshots

K = 2500.0
LENGTH = 2 * np.pi / K


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """An ABC field; along z the box holds two of its wavelengths."""
    one = make_snapshots((12, 10, 8), (0.0, 0.1, 0.15))
    two = one.assign_coords(z=one["z"] + LENGTH)
    both = one.combine_first(two).transpose("t", "component", "x", "y", "z")
    for name in one.data_vars:
        both[name].attrs = {"units": one[name].attrs["units"], "long_name": f"field {name}"}
    return SimpleNamespace(snapshots=both, path=tmp_path_factory.mktemp("run"))


def test_camera_is_orthonormal_and_holds_the_box() -> None:
    camera = render._camera((1e-3, 2e-3, 4e-3))
    basis = np.stack([camera.right, camera.up, camera.toward_eye])
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(basis) > 0 and camera.right[0] > 0 and camera.up[2] > 0
    corners = np.array([(x, y, z) for x in (0, 1e-3) for y in (0, 2e-3) for z in (0, 4e-3)])
    seen = np.abs(camera.project(corners)).max(axis=0) / camera.size
    assert seen.max() == pytest.approx(1 / 1.02) and (seen < 1).all()


def test_refining_a_periodic_field_is_exact() -> None:
    x = np.arange(6) * 2 * np.pi / 6
    field = np.sin(x)[:, None, None] + np.cos(2 * x)[None, :, None] + 0 * x
    fine = render._closed(render._refined(field))
    assert fine.shape == (67, 67, 67)
    at = np.linspace(0, 2 * np.pi, 67)
    np.testing.assert_allclose(fine[:, :, 5], np.sin(at)[:, None] + np.cos(2 * at), atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"field": "q"}, r"--field q: not stored in this run; allowed: b, mu, mu5, rho, u"),
        ({"time": 0.12}, r"--time 0.12: no snapshot at that time; allowed: 0, 0.1, 0.15"),
        ({"field": "mu5", "time": 0.0}, r"--field mu5: uniform or not finite at t = 0"),
        ({"to": "view.jpg"}, r"--to view.jpg: give a file that ends in .png"),
        ({"to": "nowhere/view.png"}, r"--to nowhere/view.png: no folder nowhere"),
        ({"to": __file__.replace(".py", ".png")}, "exists"),
    ],
)
def test_what_is_refused(run: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, arguments: dict, message: str) -> None:
    monkeypatch.setattr(render, "require_pyvista", lambda: None)
    monkeypatch.setattr(Path, "exists", lambda path: path.name == "test_render.png")
    with pytest.raises(ConfigError, match=message):
        render.write_view(run, **arguments)


def test_boxes_and_machines_that_cannot_be_drawn(run: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    flat = SimpleNamespace(snapshots=make_snapshots((12, 1, 8)), path=run.path)
    with pytest.raises(ConfigError, match="three directions; `kiral plot`"):
        render.draw_view(flat)
    with pytest.raises(ConfigError, match=r"no snapshots; run it with output\.snapshots"):
        render.draw_view(SimpleNamespace(snapshots=flat.snapshots[[]]))
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r'pip install "kiral\[render\]"'):
        render.draw_view(run)
    monkeypatch.setattr(render, "find_spec", lambda name: object())
    monkeypatch.setattr(render, "_draws_off_screen", lambda: False)
    with pytest.raises(ConfigError, match="no off-screen OpenGL"):
        render.draw_view(run)


@pytest.fixture
def _drawing_possible() -> None:
    pytest.importorskip("pyvista")
    if not render._draws_off_screen():
        pytest.skip("VTK cannot draw off-screen here")


@pytest.mark.slow
@pytest.mark.usefixtures("_drawing_possible")
def test_view_of_a_vector_shows_surfaces_and_lines_along_it(run: SimpleNamespace) -> None:
    path, drawing = render.write_view(run, "b", 0.15)
    assert path == run.path / "figures" / "view_b.png" and path.read_bytes().startswith(b"\x89PNG")
    b = run.snapshots["b"].sel(t=0.15).values
    levels, points = drawing.data["surfaces"]["levels"], drawing.data["surfaces"]["points"]
    np.testing.assert_allclose(levels, np.quantile(np.linalg.norm(b, axis=0), render.QUANTILES))
    assert (points > 100).all()
    _lines_follow_the_field(drawing.data["lines"])
    image, box = drawing.figure.axes[0].get_images()[0], (LENGTH, LENGTH, 2 * LENGTH)
    _picture_is_the_box(np.asarray(image.get_array()), image.get_extent(), render._camera(box), box)
    assert UNIT.search(drawing.figure.axes[1].get_ylabel())
    names = [text.get_text() for text in drawing.figure.axes[0].texts if "$" in text.get_text()]
    assert len(names) == 3 and all(UNIT.search(name) for name in names)
    check_nothing_cut_off(drawing.figure)


def _lines_follow_the_field(lines: dict[str, np.ndarray]) -> None:
    points, counts = lines["points"].T, lines["count"]
    assert counts.sum() == len(points) and counts.size >= render.LINES
    assert points.min() > -1e-6 * LENGTH and (points.max(axis=0) < np.array([1, 1, 2]) * LENGTH * (1 + 1e-6)).all()
    same_line = np.repeat(np.arange(counts.size), counts)
    step = np.diff(points, axis=0)[np.diff(same_line) == 0]
    x, y, z = K * (points[:-1] + np.diff(points, axis=0) / 2)[np.diff(same_line) == 0].T
    field = np.stack([np.sin(z) + np.cos(y), np.sin(x) + np.cos(z), np.sin(y) + np.cos(x)], axis=1)
    long, strong = np.linalg.norm(step, axis=1) > 1e-3 * LENGTH, np.linalg.norm(field, axis=1) > 0.3
    cosine = np.sum(step * field, axis=1)[long & strong]
    cosine /= np.linalg.norm(step[long & strong], axis=1) * np.linalg.norm(field[long & strong], axis=1)
    assert cosine.size > 300 and np.abs(cosine).min() > 0.97


def _picture_is_the_box(picture: np.ndarray, extent: tuple, camera: render.Camera, box: tuple) -> None:
    """What VTK drew begins and ends, left to right and top to bottom, where the camera says the box does."""
    corners = camera.project(np.array([(x, y, z) for x in (0, box[0]) for y in (0, box[1]) for z in (0, box[2])]))
    rows, columns = np.nonzero((picture < 250).any(axis=2))
    left, right, _, high = extent
    pixel = (right - left) / picture.shape[1]
    found = [left + pixel * columns.min(), left + pixel * columns.max(), high - pixel * rows.max(), high - pixel * rows.min()]
    expected = [corners[:, 0].min(), corners[:, 0].max(), corners[:, 1].min(), corners[:, 1].max()]
    np.testing.assert_allclose(found, expected, atol=3 * pixel)


@pytest.mark.slow
@pytest.mark.usefixtures("_drawing_possible")
def test_view_of_a_number_shows_it_without_its_mean(run: SimpleNamespace) -> None:
    drawing = render.draw_view(run, "mu5")
    mu5 = run.snapshots["mu5"].isel(t=-1).values
    np.testing.assert_allclose(drawing.data["surfaces"]["levels"], np.quantile(mu5 - mu5.mean(), render.SIGNED_QUANTILES))
    assert (drawing.data["surfaces"]["points"] > 100).all() and "lines" not in drawing.data
