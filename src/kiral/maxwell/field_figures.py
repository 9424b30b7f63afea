"""Fields of a run of the anomalous Maxwell equations in space: profiles in a 1-D box, maps over space and time, slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from kiral.report import maps, style
from kiral.report.style import BLUE, GREEN, ORANGE, Curve, Drawing, Panel

_MOST_TIMES = 7
MU5, MU = r"$\mu_5$  [energy]", r"$\mu$  [energy]"


def _long_axes(snapshots: Any) -> list[str]:
    return [axis for axis in "xyz" if snapshots.sizes[axis] > 1]


def _snapshots(run: Any) -> Any:
    found = getattr(run, "snapshots", None)
    return found if found is not None and "mu5" in found and found.sizes.get("t", 0) else None


def _line(snapshots: Any, name: str, i: int, axis: str) -> np.ndarray:
    """Values along a 1-D box at one stored time, components first."""
    flat = {other: 0 for other in "xyz" if other != axis}
    return np.asarray(snapshots[name].isel(t=i, **flat), float)


def profiles(run: Any) -> Drawing | None:
    """mu5, mu, and the field along the box at stored times, in a 1-D box."""
    snapshots = _snapshots(run)
    if snapshots is None or len(axes := _long_axes(snapshots)) != 1:
        return None
    axis = axes[0]
    x, t = np.asarray(snapshots[axis], float), np.asarray(snapshots["t"], float)
    chosen = np.unique(np.linspace(0, len(t) - 1, min(len(t), _MOST_TIMES)).round().astype(int))
    place, along = f"${axis}$  [length]", "xyz".index(axis)
    linear = {"x_scale": "linear", "y_scale": "linear", "color_label": "time $t$"}
    panels = []
    for name, label in (("mu5", MU5), ("mu", MU)):
        curves = tuple(Curve("", x, _line(snapshots, name, i, axis), value=float(t[i])) for i in chosen)
        if max(np.abs(c.y).max() for c in curves) > 0:
            panels.append(Panel(place, label, curves, title=name, **linear))
    curves = tuple(Curve("", x, _line(snapshots, "E", i, axis)[along], value=float(t[i])) for i in chosen)
    if max(np.abs(c.y).max() for c in curves) > 0:
        panels.append(Panel(place, rf"$E_{axis}$  [energy/(length e)]", curves, title=f"electric field along {axis}", **linear))
    panels.append(_last_field(snapshots, axis, x, t))
    return style.draw("profiles", "Profiles", "Along the box at stored times.", tuple(p for p in panels if p), columns=2)


def _last_field(snapshots: Any, axis: str, x: np.ndarray, t: np.ndarray) -> Panel | None:
    """The components of B across the box at the last stored time, without their means."""
    b = _line(snapshots, "B", -1, axis)
    largest = np.abs(b).max()
    curves = []
    for i, color in enumerate((BLUE, ORANGE, GREEN)):
        rest = b[i] - b[i].mean()
        if "xyz"[i] != axis and np.abs(rest).max() > 1e-14 * largest:
            curves.append(Curve(rf"$B_{'xyz'[i]}$", x, rest, color))
    label = r"$\mathbf{B}-\langle\mathbf{B}\rangle$  [energy/(length e)]"
    title = f"magnetic field at t = {float(t[-1]):.4g}"
    linear = {"x_scale": "linear", "y_scale": "linear"}
    return Panel(f"${axis}$  [length]", label, tuple(curves), title=title, **linear) if curves else None


def space_time(run: Any) -> Drawing | None:
    """mu5 over space and time, in a 1-D box with enough stored times."""
    snapshots = _snapshots(run)
    if snapshots is None or len(axes := _long_axes(snapshots)) != 1 or snapshots.sizes["t"] < _MOST_TIMES:
        return None
    axis = axes[0]
    x, t = np.asarray(snapshots[axis], float), np.asarray(snapshots["t"], float)
    shown = []
    for name, label in (("mu5", MU5), ("mu", MU)):
        values = np.stack([_line(snapshots, name, i, axis) for i in range(len(t))])
        if np.ptp(values) > 0:
            scale = "signed" if values.min() < 0 < values.max() else "linear"
            shown.append(maps.Map(f"${axis}$  [length]", "time $t$", label, x, t, values, title=name, z_scale=scale))
    return maps.draw("space_time", "Space and time", "Chemical potentials along the box over time.", tuple(shown), columns=2)


def slices(run: Any) -> Drawing | None:
    """mu5 and the field that stands on a plane of a 2-D or 3-D box, at the first and the last stored time."""
    snapshots = _snapshots(run)
    if snapshots is None or len(axes := _long_axes(snapshots)) < 2:
        return None
    across, up = axes[-2:]
    normal = next(axis for axis in "xyz" if axis not in (across, up))
    labels = [f"${axis}$  [length]" for axis in (across, up)]
    x, y = (np.asarray(snapshots[axis], float) for axis in (across, up))
    shown = []
    for i in dict.fromkeys((0, snapshots.sizes["t"] - 1)):
        title = f"t = {float(snapshots['t'][i]):.4g}"
        across_plane = snapshots["B"].isel(component="xyz".index(normal))
        fields = ((snapshots["mu5"], MU5), (across_plane, rf"$B_{normal}$  [energy/(length e)]"))
        for field, label in fields:
            plane = np.asarray(field.isel(t=i, **{normal: 0}).transpose(up, across), float)
            scale = "signed" if plane.min() < 0 < plane.max() else "linear"
            shown.append(maps.Map(*labels, label, x, y, plane, title=title, z_scale=scale, equal=True))
    caption = f"Axial chemical potential and the magnetic field along {normal} in the plane {normal} = 0."
    return maps.draw("slices", "Slices", caption, tuple(shown), columns=2)


DRAWINGS = (profiles, space_time, slices)
