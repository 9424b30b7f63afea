"""A field in a periodic box, seen in three dimensions: surfaces of equal value, lines along a vector field, box and axes.

Needs pyvista (`pip install "kiral[render]"`), which draws off-screen; numbers, names and the colour bar are matplotlib's,
in the style of the other figures. Knows snapshots (dims t, component, x, y, z with units), but no physics.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from kiral.core.files import atomic_write
from kiral.errors import ConfigError
from kiral.report import style
from kiral.report.maps import DIVERGING, color_norm
from kiral.report.style import GREY, TIME_COLORS, Drawing

if TYPE_CHECKING:
    import xarray

PIXELS = (1100, 1000)
SHEET = (6.6, 5.4)
"""Inches of the figure."""
VIEW = (0.95, -1.6, 0.85)
"""Direction from the box to the eye: x to the right, z upwards."""
LINES = 70
LINE_LENGTH = 1.5
"""Longest line to either side of its seed, in longest sides of the box."""
QUANTILES = (0.85, 0.97)
SIGNED_QUANTILES = (0.03, 0.15, 0.85, 0.97)
"""Shares of the volume that lie below the surfaces."""
FINE = 64
"""Points along a side below which a field is interpolated (by its Fourier series: it is periodic) before it is drawn."""
ROUND_OFF = 64 * np.finfo(float).eps
_PROBE = """
import pyvista
pyvista.Plotter(off_screen=True, window_size=(16, 16)).screenshot(return_img=True)
"""


@dataclass(frozen=True)
class Camera:
    """Parallel projection: points minus `centre` on `right` and `up` (orthonormal); `size` is half the picture's (width,
    height) in the same unit."""

    centre: np.ndarray
    toward_eye: np.ndarray
    right: np.ndarray
    up: np.ndarray
    size: tuple[float, float]

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) points to (n, 2) of the picture."""
        return (points - self.centre) @ np.stack([self.right, self.up], axis=1)


def write_view(run: Any, field: str = "b", time: float | None = None, to: str | Path | None = None) -> tuple[Path, Drawing]:
    """Draw a stored field (the last one, or that at `time`) into a PNG file, by default figures/view_<field>.png of the run.

    Errors: ConfigError - no pyvista, no off-screen drawing, no such field or time, not a 3-D box, `to` exists or is no .png.
    """
    path = run.path / "figures" / f"view_{field}.png" if to is None else Path(to)
    if path.suffix != ".png":
        raise ConfigError(f"--to {path}: give a file that ends in .png")
    if to is not None and path.exists():
        raise ConfigError(f"--to {path}: exists; kiral overwrites nothing. Give another name.")
    if to is not None and not path.parent.is_dir():
        raise ConfigError(f"--to {path}: no folder {path.parent}")
    drawing = draw_view(run, field, time)
    atomic_write(path, style.png_bytes(drawing.figure))
    return path, drawing


def draw_view(run: Any, field: str = "b", time: float | None = None) -> Drawing:
    """The 3-D view of a stored field. `data`: "surfaces" → levels (n,) and number of points of each (n,); for a vector
    also "lines" → points (3, m) of all lines and the number of points of each (n,). Errors as for `write_view`. Of a run in a
    spherical shell, whose snapshots are harmonics: see `kiral.report.shell_view.draw_shell`.
    """
    if "part" in run.snapshots.dims:
        from kiral.report.shell_view import draw_shell

        return draw_shell(run, field, time)
    chosen = _choose(run.snapshots, field, time)
    require_pyvista()
    vector = "component" in chosen.dims
    dims = ("component", "x", "y", "z") if vector else ("x", "y", "z")
    values = np.asarray(chosen.transpose(*dims), dtype=float)
    if not vector:
        values = values - values.mean()
    if not np.isfinite(values).all() or np.ptp(values) <= ROUND_OFF * np.abs(chosen).max():
        raise ConfigError(f"--field {field}: uniform or not finite at t = {float(chosen['t']):g}; there is nothing to draw")
    levels = np.unique(np.quantile(_shown(values), QUANTILES if vector else SIGNED_QUANTILES))
    values = _closed(_refined(values))
    box = tuple(float(chosen[axis][1] - chosen[axis][0]) * chosen.sizes[axis] for axis in "xyz")
    sides = tuple(np.linspace(0, length, n) for length, n in zip(box, values.shape[-3:], strict=True))
    camera = _camera(box)
    picture, data = _scene(sides, values, levels, camera)
    return _compose(chosen, _norm(_shown(values), vector), picture, camera, data)


def _choose(snapshots: xarray.Dataset, field: str, time: float | None) -> xarray.DataArray:
    """The stored field at one time."""
    stored = sorted(str(name) for name in snapshots.data_vars if {"x", "y", "z"} <= set(snapshots[name].dims))
    if not stored or not snapshots.sizes.get("t", 0):
        raise ConfigError("the run has no snapshots; run it with output.snapshots, for example { at = [0.1, 0.2] }")
    if field not in stored:
        raise ConfigError(f"--field {field}: not stored in this run; allowed: {', '.join(stored)}")
    if min(snapshots.sizes[axis] for axis in "xyz") == 1:
        raise ConfigError("a 3-D view needs a box with three directions; `kiral plot` draws this one as slices")
    return snapshots[field].isel(t=time_index(snapshots, time))


def time_index(snapshots: xarray.Dataset, time: float | None) -> int:
    """Which of the stored times is meant: the last one without a time. ConfigError for one that is not there."""
    if time is None:
        return -1
    times = np.asarray(snapshots["t"], dtype=float)
    near = int(np.argmin(np.abs(times - time)))
    if abs(times[near] - time) > 1e-6 * max(abs(time), np.ptp(times)):
        known = ", ".join(f"{t:.6g}" for t in times)
        raise ConfigError(f"--time {time:g}: no snapshot at that time; allowed: {known}")
    return near


def require_pyvista() -> None:
    """ConfigError where nothing can be drawn in 3-D."""
    if find_spec("pyvista") is None:
        raise ConfigError('the 3-D view needs pyvista, which is not installed: pip install "kiral[render]"')
    if not _draws_off_screen():
        raise ConfigError(
            "the 3-D view cannot draw here: VTK finds no display and no off-screen OpenGL. Install EGL or OSMesa of Mesa "
            "(on Debian and Ubuntu the package libegl1 with libgl1-mesa-dri), or draw the run on another machine"
        )


@cache
def _draws_off_screen() -> bool:
    """Whether VTK can draw; tried in a process of its own, since without OpenGL it crashes instead of raising."""
    return subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, check=False).returncode == 0


def _shown(values: np.ndarray) -> np.ndarray:
    """The number that the colours stand for: the size of a vector (3, nx, ny, nz), or the value itself (nx, ny, nz)."""
    return values if values.ndim == 3 else np.sqrt(np.sum(values**2, axis=0))


def _refined(values: np.ndarray) -> np.ndarray:
    """At least FINE points along each of the last three axes."""
    from scipy.signal import resample

    for axis in (-3, -2, -1):
        n = values.shape[axis]
        if n < FINE:
            values = resample(values, n * -(-FINE // n), axis=axis)
    return values


def _closed(values: np.ndarray) -> np.ndarray:
    """With the points at the end of the period, where the field is that at its start."""
    return np.pad(values, [(0, 0)] * (values.ndim - 3) + [(0, 1)] * 3, mode="wrap")


def _camera(box: tuple[float, ...]) -> Camera:
    """Looks along -VIEW at the middle of the box, which just fits into the picture."""
    toward_eye = np.asarray(VIEW) / np.linalg.norm(VIEW)
    right = np.cross((0.0, 0.0, 1.0), toward_eye)
    right /= np.linalg.norm(right)
    camera = Camera(np.asarray(box) / 2, toward_eye, right, np.cross(toward_eye, right), (1.0, 1.0))
    corners = np.array(list(product(*((0.0, length) for length in box))))
    half = np.abs(camera.project(corners)).max(axis=0) * 1.02
    height = max(half[1], half[0] * PIXELS[1] / PIXELS[0])
    return replace(camera, size=(height * PIXELS[0] / PIXELS[1], height))


def _scene(
    sides: tuple[np.ndarray, ...], values: np.ndarray, levels: np.ndarray, camera: Camera
) -> tuple[np.ndarray, dict[str, dict[str, np.ndarray]]]:
    """(picture (height, width, 3), what is in it). Lengths go to VTK in longest sides, so that its tolerances fit."""
    import pyvista

    pyvista.vtk_verbosity("off")  # it would complain about the missing display before it draws without one
    shown, vector, longest = _shown(values), values.ndim == 4, max(side[-1] for side in sides)
    grid = pyvista.RectilinearGrid(*(side / longest for side in sides))
    grid["shown"] = shown.ravel(order="F")
    norm = _norm(shown, vector)
    colors = {"cmap": _color_map(vector), "clim": (norm.vmin, norm.vmax), "show_scalar_bar": False}
    plotter = pyvista.Plotter(off_screen=True, window_size=PIXELS, lighting="light kit")
    try:
        plotter.set_background("white")
        plotter.add_mesh(grid.outline(), color=GREY, line_width=2)
        surfaces = [grid.contour([level], scalars="shown") for level in levels]
        for surface in surfaces:
            plotter.add_mesh(surface, scalars="shown", opacity=0.3, smooth_shading=True, **colors)
        data = {"surfaces": {"levels": levels, "points": np.array([surface.n_points for surface in surfaces])}}
        if vector:
            lines = _lines(grid, shown, values)
            plotter.add_mesh(lines.tube(radius=0.004), scalars="shown", **colors)
            data["lines"] = _line_points(lines, longest)
        look(plotter, camera, longest)
        return np.asarray(plotter.screenshot(return_img=True)), data
    finally:
        plotter.close()


def _lines(grid: Any, size: np.ndarray, vector: np.ndarray) -> Any:
    """Lines along the vector field from random points, more of them where it is strong; the same ones at every call."""
    import pyvista

    # The tracer stops where the field is weak in absolute numbers: it gets the field over its largest value.
    grid["vector"] = np.stack([component.ravel(order="F") for component in vector / size.max()], axis=1)
    weight = size.ravel(order="F")
    chosen = np.random.default_rng(0).choice(weight.size, LINES, replace=False, p=weight / weight.sum())
    seeds = pyvista.PolyData(np.asarray(grid.points)[chosen])
    return grid.streamlines_from_source(
        seeds, vectors="vector", integration_direction="both", max_length=LINE_LENGTH, initial_step_length=0.3, max_steps=4000
    )


def _line_points(lines: Any, longest: float) -> dict[str, np.ndarray]:
    """Points (3, m), line after line, and how many each has. VTK lists a line's number of points, then their indices."""
    cells, found, at = np.asarray(lines.lines), [], 0
    while at < cells.size:
        found.append(cells[at + 1 : at + 1 + cells[at]])
        at += 1 + int(cells[at])
    points = np.asarray(lines.points, dtype=float)[np.concatenate(found)]
    return {"points": points.T * longest, "count": np.array([len(line) for line in found])}


def look(plotter: Any, camera: Camera, longest: float) -> None:
    """Point the plotter's camera, its lengths in units of `longest`."""
    eye, centre = plotter.camera, camera.centre / longest
    eye.focal_point, eye.position, eye.up = centre, centre + 10 * camera.toward_eye, camera.up
    eye.parallel_projection, eye.parallel_scale = True, camera.size[1] / longest
    eye.clipping_range = (1.0, 20.0)


def _color_map(vector: bool) -> str:
    return TIME_COLORS if vector else DIVERGING


def _norm(shown: np.ndarray, vector: bool) -> Any:
    return color_norm("linear", shown, (0.0, float(shown.max()))) if vector else color_norm("signed", shown)


@style.styled
def _compose(
    chosen: xarray.DataArray, norm: Any, picture: np.ndarray, camera: Camera, data: dict[str, dict[str, np.ndarray]]
) -> Drawing:
    """Picture, numbers along three edges of the box, colour bar."""
    vector = "lines" in data
    figure = Figure(figsize=SHEET, layout="constrained")
    axes = figure.add_subplot()
    width, height = camera.size
    axes.imshow(picture, extent=(-width, width, -height, height), interpolation="lanczos")
    axes.set_axis_off()
    _draw_edges(axes, camera)
    name = str(chosen.attrs.get("long_name") or chosen.name)
    label = f"size of the {name}" if vector else f"{name}, less its mean"
    scale = ScalarMappable(norm, matplotlib.colormaps[_color_map(vector)])
    bar = figure.colorbar(scale, ax=axes, shrink=0.75, aspect=25, pad=0.02)
    bar.set_label(f"{label}  {style.unit_math(chosen.attrs.get('units', ''))}")
    time = f"t = {float(chosen['t']):.4g} t*"
    axes.set_title(time, loc="left", fontweight="bold")
    title = name[:1].upper() + name[1:]
    levels = ", ".join(f"{level:.3g}" for level in data["surfaces"]["levels"])
    caption = f"{title} at {time}. Surfaces at {levels} {chosen.attrs.get('units', '')}"
    caption += "; lines along the field, from random points, more of them where it is strong." if vector else "."
    return Drawing(f"view_{chosen.name}", f"{title} in the box", caption, figure, data)


def _draw_edges(axes: Axes, camera: Camera) -> None:
    """Ticks, numbers and names along the lower front edge (x), the lower right one (y) and the left one (z)."""
    box = 2 * camera.centre
    starts = np.array([(0, 0, 0), (box[0], 0, 0), (0, 0, 0)])
    for name, start, edge, shift in zip("xyz", starts, np.diag(box), (30, 34, 38), strict=True):
        length, power = edge.max(), int(np.floor(np.log10(edge.max())))
        ticks = ticker.MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)).tick_values(0, length / 10.0**power)
        ticks = ticks[(ticks >= 0) & (ticks <= length / 10.0**power * (1 + 1e-9))]
        first, last = camera.project(np.stack([start, start + edge]))
        along = last - first
        outward = np.array([along[1], -along[0]]) / np.hypot(*along)
        outward = outward * np.sign(outward @ (first + last))  # the middle of the box is at (0, 0)
        text: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "va": "center", "annotation_clip": False}
        for tick in ticks:
            axes.annotate(f"{tick:g}", first + along * tick * 10.0**power / length, outward * 12, fontsize=10, **text)
        factor = "" if power == 0 else rf"10^{{{power}}}\,"
        angle = 90 - (90 - np.degrees(np.arctan2(along[1], along[0]))) % 180  # never upside down
        label = rf"${name}$  $[{factor}l_\ast]$"
        axes.annotate(label, (first + last) / 2, outward * shift, fontsize=11, rotation=angle, **text)
