"""Maps: what they show is what they say, scales and cells are right; the figures of the model without flow. No jax."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from figure_checks import check_drawing
from kiral.mhd.mean_field_calculations import Eq27Map, MeanField
from kiral.mhd.mean_field_figures import eq27_map, evolution
from kiral.report import maps
from kiral.report.maps import Contour, Map, Point
from kiral.report.style import Curve

X, Y = np.geomspace(1.0, 1e4, 9), np.linspace(-1.0, 1.0, 5)
Z = np.log10(X) - 2.0 + Y[:, None]


def simple(z=Z, **values) -> Map:
    return Map("x [m]", "y [s]", "z [T]", X, Y, z, x_scale="log", **values)


def draw(*chosen: Map):
    return maps.draw("a_map", "A map", "It shows z.", chosen, columns=2)


def norm_of(drawing):
    (mesh,) = (c for c in drawing.figure.axes[0].collections if isinstance(c, QuadMesh))
    return mesh.norm


@pytest.mark.parametrize("scale", ["linear", "log", "signed", "ratio"])
def test_a_map_shows_its_values(scale):
    z = Z.copy() if scale in ("linear", "signed") else 10.0**Z
    z[1, 2] = np.inf
    z[3, 4] = np.nan if scale in ("linear", "signed") else -1.0
    contours = (Contour("level", (0.5,)), Contour("of another", (0.5,), "--", of=Y[:, None] ** 2 + 0 * X))
    curves = (Curve("line", X * 3, np.linspace(-1, 1, 9)),)
    points = (Point("here", 10.0, 0.5), Point("outside", 1e6, 0.0))
    drawing = draw(simple(z, z_scale=scale, contours=contours, curves=curves, points=points))
    check_drawing(drawing)
    data = drawing.data["a_map"]
    assert np.isnan(data["z"][1, 2]) and np.isnan(data["z"][3, 4]) and np.isfinite(data["z"]).sum() == z.size - 2
    np.testing.assert_array_equal(data["here"], [[10.0], [0.5]])
    assert "outside" not in data and 6 < data["line"].shape[1] < 9
    legend = [text.get_text() for text in drawing.figure.axes[0].get_legend().get_texts()]
    assert legend == ["level", "of another", "line"]


def test_colours_are_symmetric_where_they_have_a_middle():
    signed = norm_of(draw(simple(Z + 1.0, z_scale="signed")))
    assert (signed.vmin, signed.vmax) == (-4.0, 4.0) and signed(0.0) == 0.5
    ratio = norm_of(draw(simple(10.0 ** (Z + 1), z_scale="ratio")))
    assert ratio.vmax == pytest.approx(1e4) and ratio.vmin == pytest.approx(1e-4) and ratio(1.0) == pytest.approx(0.5)
    limited = norm_of(draw(simple(10.0**Z, z_scale="ratio", z_limits=(0.1, 10.0))))
    assert (limited.vmin, limited.vmax) == pytest.approx((0.1, 10.0))
    one_sided = norm_of(draw(simple(10.0 ** (4 * Z), z_scale="log")))
    assert one_sided.vmax / one_sided.vmin == pytest.approx(10**maps.LOG_DECADES)


def test_values_beyond_the_limits_are_announced():
    for limits, extend in (
        (None, "neither"),
        ((-9.0, 9.0), "neither"),
        ((-1.0, 9.0), "min"),
        ((-9.0, 1.0), "max"),
        ((-1.0, 1.0), "both"),
    ):
        assert _bar(draw(simple(z_limits=limits))).extend == extend


def _bar(drawing):
    (mesh,) = (c for c in drawing.figure.axes[0].collections if isinstance(c, QuadMesh))
    return mesh.colorbar


def test_cells_lie_around_their_points():
    np.testing.assert_allclose(maps.edges(np.array([0.5, 1.5, 2.5]), "linear"), [0, 1, 2, 3])
    np.testing.assert_allclose(maps.edges(np.array([1.0, 100.0]), "log"), [0.1, 10, 1000])
    assert maps.edges(np.array([2.0]), "linear").tolist() == [1.5, 2.5]


def test_uniform_fields_and_nothing_at_all():
    for scale, value in (("linear", 0.0), ("linear", -3.0), ("signed", 0.0), ("log", 2.0), ("ratio", 1.0)):
        norm = norm_of(draw(simple(np.full(Z.shape, value), z_scale=scale)))
        assert norm.vmin < value < norm.vmax
    assert draw(simple(np.full(Z.shape, np.nan))) is None
    two = draw(simple(title="first"), simple(np.full(Z.shape, np.nan), title="none"), simple(title="second", equal=False))
    assert list(two.data) == ["first", "second"]


def test_the_figures_of_the_model_without_flow():
    planes = [Eq27Map(points=4, plane=plane).compute() for plane in ("feedback-source", "washout-onset")]
    drawing = eq27_map(*planes)
    check_drawing(drawing)
    for data, shown in zip(planes, drawing.data.values(), strict=True):
        np.testing.assert_array_equal(shown["z"], data["ratio"])
    around, pure = drawing.data.values()
    np.testing.assert_allclose([around[run][:, 0] for run in "AD"], [[1e8, 4e7], [1e12, 4e7]])
    np.testing.assert_allclose(pure["A"][:, 0], [50.0, 0.368403], rtol=1e-6)
    runs = {name: MeanField(points=40, chiral_feedback=lam).compute() for name, lam in (("A", 1e8), ("D", 1e12))}
    check_drawing(drawing := evolution(runs))
    ratio = drawing.data["helicity"]["D"][1]
    assert ratio.max() == pytest.approx(float((runs["D"]["magnetic_helicity"] / runs["D"]["estimate_27"]).max()))
