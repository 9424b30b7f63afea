"""The magnetic field of a run in a spherical shell, seen in three dimensions: lines in the shell and around it, both spheres.

The companion of `kiral.report.render` for runs whose snapshots are harmonics; the field comes from `kiral.crust.emhd_lines`.
True geometry: a crust is as thin as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from kiral.errors import ConfigError
from kiral.report import render, style
from kiral.report.render import PIXELS, SHEET, VIEW, Camera
from kiral.report.style import GREY, TIME_COLORS, Drawing

if TYPE_CHECKING:
    from kiral.crust.emhd_lines import FieldTable

WITHIN, FROM_SURFACE = 36, 30
"""Lines from random points in the shell (more of them where the field is strong), and from its surface (where B_r is large)."""
LENGTHS = (1.0, 3.0)
"""Longest lines of both kinds to either side of their points, in outer radii."""
CANDIDATES = 20000
DECADES = 4.0
"""How far below the largest strength on a line the colours go."""
SEEN = 1.5
"""Half the picture's height, in outer radii."""


def draw_shell(run: Any, field: str = "b", time: float | None = None) -> Drawing:
    """Field lines of a snapshot. `data`: "lines" → points (3, m) of all lines, their strength (m,), points of each line (n,).

    Errors: ConfigError - no snapshots, a field that is not "b", no such time, no pyvista, no off-screen drawing.
    """
    from kiral.crust import emhd_lines
    from kiral.crust.emhd_maps import drawable, stored_field

    if field != "b":
        raise ConfigError(f"--field {field}: a run in a shell is drawn by its magnetic field; allowed: b")
    if not drawable(run):
        raise ConfigError(
            "the run has no snapshots and spectra, which hold field and metric; run it with output.snapshots and output.spectra"
        )
    index = render.time_index(run.snapshots, time)
    render.require_pyvista()
    table = emhd_lines.table(stored_field(run, index))
    kinds = zip(seeds(table), LENGTHS, strict=True)
    lines = [line for points, longest in kinds for line in emhd_lines.trace(table, points, longest * table.radii[1])]
    strength = [table.strength(line) for line in lines]
    norm = _norm(np.concatenate(strength))
    camera = _camera(table.radii[1])
    picture = _scene(lines, strength, table.radii, norm, camera)
    return _compose(run, index, table.radii, norm, (picture, camera), lines, strength)


def seeds(table: FieldTable) -> tuple[np.ndarray, np.ndarray]:
    """Where lines start within the shell and at its surface, (n, 3) each; the same points at every call."""
    from kiral.crust.emhd_lines import cartesian

    rng, (inner, outer) = np.random.default_rng(0), table.radii

    def sphere(radius: np.ndarray) -> np.ndarray:
        return cartesian(radius, np.arccos(rng.uniform(-1, 1, radius.size)), rng.uniform(0, 2 * np.pi, radius.size))

    def chosen(points: np.ndarray, weight: np.ndarray, count: int) -> np.ndarray:
        return points[rng.choice(len(points), count, replace=False, p=weight / weight.sum())]

    within = sphere(np.cbrt(rng.uniform(inner**3, outer**3, CANDIDATES)))
    surface = sphere(np.full(CANDIDATES, outer))
    across = np.abs(np.sum(table.direction(surface) * surface, axis=1)) / outer * table.strength(surface)
    return chosen(within, table.strength(within), WITHIN), chosen(surface, across, FROM_SURFACE)


def _norm(strength: np.ndarray) -> Any:
    top = float(strength.max())
    return LogNorm(max(float(strength[strength > 0].min()), top * 10**-DECADES), top)


def _camera(outer: float) -> Camera:
    """Looks along -VIEW at the centre."""
    toward_eye = np.asarray(VIEW) / np.linalg.norm(VIEW)
    right = np.cross((0.0, 0.0, 1.0), toward_eye)
    right /= np.linalg.norm(right)
    size = (SEEN * outer * PIXELS[0] / PIXELS[1], SEEN * outer)
    return Camera(np.zeros(3), toward_eye, right, np.cross(toward_eye, right), size)


def _scene(
    lines: list[np.ndarray], strength: list[np.ndarray], radii: tuple[float, float], norm: Any, camera: Camera
) -> np.ndarray:
    """The picture, (height, width, 3). Lengths go to VTK in outer radii."""
    import pyvista

    pyvista.vtk_verbosity("off")
    inner, outer = radii
    plotter = pyvista.Plotter(off_screen=True, window_size=PIXELS, lighting="light kit")
    try:
        plotter.set_background("white")
        for radius, opacity in ((inner / outer, 0.55), (1.0, 0.12)):
            ball = pyvista.Sphere(radius=radius, theta_resolution=120, phi_resolution=120)
            plotter.add_mesh(ball, color="#eceff3" if radius < 1 else "#8fb8d8", opacity=opacity, smooth_shading=True)
        mesh: Any = pyvista.PolyData(np.concatenate(lines) / outer)
        starts = np.cumsum([0, *(len(line) for line in lines)])
        cells = ([len(line), *range(start, start + len(line))] for line, start in zip(lines, starts, strict=False))
        mesh.lines = np.concatenate(list(cells))
        mesh["strength"] = np.log10(np.maximum(np.concatenate(strength), norm.vmin))
        limits = (np.log10(norm.vmin), np.log10(norm.vmax))
        plotter.add_mesh(mesh.tube(radius=0.006), scalars="strength", cmap=TIME_COLORS, clim=limits, show_scalar_bar=False)
        render.look(plotter, camera, outer)
        return np.asarray(plotter.screenshot(return_img=True))
    finally:
        plotter.close()


@style.styled
def _compose(
    run: Any,
    index: int,
    radii: tuple[float, float],
    norm: Any,
    seen: tuple[np.ndarray, Camera],
    lines: list[np.ndarray],
    strength: list[np.ndarray],
) -> Drawing:
    """Picture, colour bar, what is to be known."""
    data, (picture, camera) = run.snapshots, seen
    length, moment = data["r"].attrs.get("units", ""), f"{float(data['t'][index]):.4g} {data['t'].attrs.get('units', '')}"
    figure = Figure(figsize=SHEET, layout="constrained")
    axes = figure.add_subplot()
    width, height = camera.size
    axes.imshow(picture, extent=(-width, width, -height, height), interpolation="lanczos")
    axes.set_axis_off()
    axes.set_title(f"t = {moment}", loc="left", fontweight="bold")
    _axis(axes, camera, radii[1])
    bar = figure.colorbar(ScalarMappable(norm, matplotlib.colormaps[TIME_COLORS]), ax=axes, shrink=0.75, aspect=25, pad=0.02)
    bar.set_label(f"size of the magnetic field  [{run.series['b_mean'].attrs.get('units', '')}]")
    inner, outer = (f"{radius:.4g}" for radius in radii)
    caption = (
        f"Magnetic field at t = {moment}: lines through {WITHIN} random points of the shell between {inner} and {outer} "
        f"{length} (the two spheres), more of them where the field is strong, and {FROM_SURFACE} points of its surface; "
        "outside the current-free field."
    )
    count = np.array([len(line) for line in lines])
    found = {"points": np.concatenate(lines).T, "strength": np.concatenate(strength), "count": count}
    return Drawing("view_b", "Magnetic field in the shell", caption, figure, {"lines": found})


def _axis(axes: Any, camera: Camera, outer: float) -> None:
    """The axis of the angles, above and below the star."""
    for sign in (-1, 1):
        ends = camera.project(np.array([[0, 0, sign * 1.02 * outer], [0, 0, sign * 1.3 * outer]]))
        axes.plot(*ends.T, color=GREY, linewidth=1.0, linestyle=":" if sign < 0 else "-")
