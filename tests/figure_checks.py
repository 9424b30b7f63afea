"""What every figure must keep: it shows what it says it shows, inside its axes, with units, and nothing is cut off."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from kiral.report.style import Drawing

UNIT = re.compile(r"\[[^\[\]]+\]")
COLOR_BAR = "<colorbar>"


def check_drawing(drawing: Drawing, saved: bool = False) -> None:
    """Fails where `data` is not what is drawn, or not finite, a label lacks its unit, names repeat, text is cut off.

    A figure that has been `saved` at its own resolution is not laid out again.
    """
    figure = drawing.figure
    assert drawing.name.isidentifier() and drawing.title and drawing.caption.endswith("."), drawing
    panels = [axes for axes in figure.axes if axes.get_label() != COLOR_BAR]
    assert panels and len(panels) == len(drawing.data), "data has one entry per panel"
    bars = [axes for axes in figure.axes if axes.get_label() == COLOR_BAR]
    _check_units([axes.get_xlabel() for axes in panels])
    _check_units([axes.get_ylabel() for axes in panels])
    _check_units([axes.get_ylabel() for axes in bars])
    for axes, data in zip(panels, drawing.data.values(), strict=True):
        _check_legend(axes)
        (_check_map if "z" in data else _check_curves)(axes, data)
    if not saved:
        figure.draw_without_rendering()
    check_nothing_cut_off(figure)


def _check_units(labels: list[str]) -> None:
    """Every label has its unit; on a sheet whose panels share one label, some panels may go without."""
    assert len(set(labels) - {""}) == 1 or all(labels), labels
    assert all(UNIT.search(label) for label in labels if label), f"label without unit: {labels}"


def _check_legend(axes: Axes) -> None:
    legend = axes.get_legend()
    entries = [text.get_text() for text in legend.get_texts()] if legend else []
    assert len(entries) == len(set(entries)), f"names repeat in the legend: {entries}"
    if "see legend" in axes.get_ylabel():
        assert all(UNIT.search(entry) for entry in entries if entry != "dashed: negative"), entries


def _check_curves(axes: Axes, data: dict[str, np.ndarray]) -> None:
    """The points of all lines (marks, which span the axes, left out) are those in `data`, and lie inside the axes."""
    lines = [line for line in axes.lines if line.get_transform() == axes.transData]
    drawn = np.concatenate([np.stack(line.get_data()).astype(float) for line in lines], axis=1)
    drawn = drawn[:, np.isfinite(drawn).all(axis=0)]
    told = np.concatenate(list(data.values()), axis=1)
    assert all(points.size for points in data.values()) and np.isfinite(told).all()
    if axes.get_yscale() == "log":
        told = np.abs(told)
    assert drawn.shape == told.shape, "drawn and told points differ"
    np.testing.assert_array_equal(*(points[:, np.lexsort(points)] for points in (drawn, told)))
    for values, (low, high) in zip(told, (sorted(axes.get_xlim()), sorted(axes.get_ylim())), strict=True):
        assert low <= values.min() and values.max() <= high, "points outside the axes"


def _check_map(axes: Axes, data: dict[str, np.ndarray]) -> None:
    """The mesh's colours are the values in `data`, cell by cell, around the points x, y."""
    (mesh,) = (c for c in axes.collections if isinstance(c, QuadMesh))
    shown, z = np.ma.filled(mesh.get_array(), np.nan).reshape(data["z"].shape), data["z"]
    np.testing.assert_array_equal(shown, z)
    assert z.shape == (data["y"].size, data["x"].size) and np.isfinite(z).any()
    low, high = mesh.norm.vmin, mesh.norm.vmax
    assert low < high and (np.nanmax(z) > low) and (np.nanmin(z) < high), "the colours miss the values"
    corners = mesh.get_coordinates()
    x, y = (data["x"], axes.get_xlim(), corners[0, :, 0]), (data["y"], axes.get_ylim(), corners[:, 0, 1])
    for values, limits, edges in (x, y):
        assert (edges[:-1] < values).all() and (values < edges[1:]).all() and tuple(limits) == (edges[0], edges[-1])


def check_nothing_cut_off(figure: Figure) -> None:
    """The figure holds all that is drawn, and neither names of marks nor numbers of an axis lie on each other."""
    width, height = figure.get_size_inches()
    box = figure.get_tightbbox()
    slack = 0.01  # inches
    assert box.x0 > -slack and box.y0 > -slack and box.x1 < width + slack and box.y1 < height + slack, box
    for axes in figure.axes:
        level = (text for text in axes.texts if text.get_text() and text.get_rotation() == 0)  # others: larger boxes
        names = sorted((text.get_window_extent() for text in level), key=lambda box: box.x0)
        assert not any(a.overlaps(b) for i, a in enumerate(names) for b in names[i + 1 :]), "names of marks overlap"
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            shown = (tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)
            numbers = [label.get_window_extent() for label in shown if label.get_text() and label.get_visible()]
            assert not any(a.overlaps(b) for a, b in pairwise(numbers)), f"numbers overlap: {axes.get_xlabel()}"
