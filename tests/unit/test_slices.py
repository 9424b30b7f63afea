"""Slices are the planes and lines that they claim to be; checks of figures notice what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from figure_checks import check_drawing
from kiral.mhd import slices
from kiral.report import style
from kiral.report.style import Curve, Drawing, Mark, Panel
from synthetic_run import make_snapshots

K = 2500.0


def run_with(n: tuple[int, int, int], t: tuple[float, ...]) -> SimpleNamespace:
    return SimpleNamespace(config={"model": {}}, snapshots=make_snapshots(n, t))


def test_mid_plane_of_a_box() -> None:
    drawing = slices.draw_figure(run_with((12, 10, 8), (0.1, 0.15)), "slice_b")
    assert drawing is not None and list(drawing.data) == ["t = 0.1 t*", "t = 0.15 t*"]
    shown = drawing.data["t = 0.15 t*"]
    np.testing.assert_allclose(shown["x"], 2 * np.pi / K * np.arange(12) / 12)
    expected = np.sin(K * shown["y"])[:, None] + np.cos(K * shown["x"])
    np.testing.assert_allclose(shown["z"], expected, atol=1e-12)  # B_z = sin ky + cos kx at t = 0.15


def test_uniform_field_does_not_hide_the_rest() -> None:
    run = run_with((12, 10, 8), (0.15,))
    run.config["model"]["background_field"] = [0.0, 0.0, 1e3]
    run.snapshots["b"][:, 2] += 1e3
    drawing = slices.draw_figure(run, "slice_b")
    assert drawing is not None
    (shown,) = drawing.data.values()
    np.testing.assert_allclose(shown["z"], np.sin(K * shown["y"])[:, None] + np.cos(K * shown["x"]), atol=1e-10)
    assert r"B_z-\langle B_z\rangle" in drawing.figure.axes[1].get_ylabel()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("slice_rho", lambda x, y: 1e-2 * (np.cos(x) - np.sin(y))),  # cos kz = -1 on the mid-plane
        ("slice_mu5", lambda x, y: 100 * (np.cos(x) - np.sin(y))),
        ("slice_mu", lambda x, y: 100 * (np.cos(x) - np.sin(y))),
        ("slice_u", lambda x, y: 0.1 * np.sqrt(np.cos(y) ** 2 + (np.sin(x) - 1) ** 2 + (np.sin(y) + np.cos(x)) ** 2)),
    ],
)
def test_what_is_shown_of_a_field(name: str, expected: Callable) -> None:
    drawing = slices.draw_figure(run_with((12, 10, 8), (0.15,)), name)
    assert drawing is not None
    (shown,) = drawing.data.values()
    np.testing.assert_allclose(shown["z"], expected(K * shown["x"], K * shown["y"][:, None]), atol=1e-9)


def test_a_plane_is_shown_whole() -> None:
    drawing = slices.draw_figure(run_with((12, 1, 8), (0.15,)), "slice_b")
    assert drawing is not None
    (shown,) = drawing.data.values()
    expected = np.sin(K * shown["x"]) + np.cos(K * shown["y"])[:, None]  # B_y = sin kx + cos kz, z upwards
    np.testing.assert_allclose(shown["z"], expected, atol=1e-12)
    assert "$z$" in drawing.figure.axes[0].get_ylabel() and "B_y" in drawing.figure.axes[1].get_ylabel()


def test_a_line_is_shown_as_curves() -> None:
    run = run_with((1, 1, 16), (0.1, 0.15))
    drawing = slices.draw_figure(run, "slice_b")
    assert drawing is not None
    components = drawing.data["slice_b"]
    z, values = components["$B_x$"]
    np.testing.assert_allclose(values, np.sin(K * z) + 1, atol=1e-12)
    check_drawing(drawing)
    drawing = slices.draw_figure(run, "slice_mu5")
    assert drawing is not None and list(drawing.data["slice_mu5"]) == ["t = 0.1", "t = 0.15"]
    check_drawing(drawing)


def test_few_times_of_many_and_only_those_with_structure() -> None:
    times = tuple(0.01 * np.arange(11))
    drawing = slices.draw_figure(run_with((6, 6, 4), times), "slice_mu5")
    assert drawing is not None and list(drawing.data) == ["t = 0.03 t*", "t = 0.07 t*", "t = 0.1 t*"]  # uniform at t = 0
    assert slices.draw_figure(run_with((6, 6, 4), (0.0,)), "slice_mu5") is None
    assert slices.draw_figure(SimpleNamespace(), "slice_b") is None


def drawn() -> Drawing:
    x = np.linspace(1, 2, 5)
    panel = Panel("x [1]", "y [1]", (Curve("a", x, x), Curve("b", x, -(x**2))), vertical=(Mark("here", 1.5),))
    drawing = style.draw("some_name", "Title", "Caption.", (panel,))
    assert drawing is not None
    return drawing


def _add_outlier(drawing: Drawing) -> None:
    drawing.figure.axes[0].set_ylim(1e-3, 2)


def _forget_points(drawing: Drawing) -> None:
    drawing.data["some_name"]["a"] = drawing.data["some_name"]["a"][:, 1:]


def _forget_unit(drawing: Drawing) -> None:
    drawing.figure.axes[0].set_xlabel("x")


def _repeat_name(drawing: Drawing) -> None:
    axes = drawing.figure.axes[0]
    axes.legend(*axes.get_legend_handles_labels()[:1], ["a", "a"])


def _cut_off(drawing: Drawing) -> None:
    drawing.figure.set_layout_engine("none")
    drawing.figure.axes[0].set_position((0.0, 0.0, 1.0, 1.0))


def _overlap(drawing: Drawing) -> None:
    drawing.figure.axes[0].annotate("there", (1.51, 1.0), xycoords=("data", "axes fraction"), **style.MARK_LABEL)


def test_check_accepts_what_is_right() -> None:
    check_drawing(drawn())


@pytest.mark.parametrize("spoil", [_add_outlier, _forget_points, _forget_unit, _repeat_name, _cut_off, _overlap])
def test_check_notices(spoil: Callable[[Drawing], None]) -> None:
    drawing = drawn()
    spoil(drawing)
    with pytest.raises(AssertionError):
        check_drawing(drawing)
