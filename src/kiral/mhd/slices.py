"""Slices of the fields that a chiral MHD run has stored: the mid-plane of a box, the whole of a plane, or of a line.

Reads `run.snapshots` (dims t, component, x, y, z) one time after the other. Code units: lengths in l*, times in t*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kiral.mhd.panels import uniform_field
from kiral.report import maps, style
from kiral.report.maps import Map, ZScale
from kiral.report.style import COLORS, Curve, Drawing, Panel

if TYPE_CHECKING:
    import xarray

MOST_TIMES = 4
ROUND_OFF = 64 * np.finfo(float).eps


@dataclass(frozen=True)
class Quantity:
    """What is shown of a stored field: `values` takes the field at one time, (3, nx, ny, nz) or (nx, ny, nz), and the axis
    that stands on the plane, and gives numbers on the grid. `symbol` is mathtext and may name that axis as {axis}.

    `relative` quantities are pure numbers; the others have the unit of the field.
    """

    field: str
    title: str
    caption: str
    symbol: str
    z_scale: ZScale
    values: Callable[[np.ndarray, int], np.ndarray]
    relative: bool = False


def _fluctuation(f: np.ndarray, _: int) -> np.ndarray:
    """f without its mean; 0 if no more than round-off is left."""
    rest = f - f.mean()
    return rest if np.abs(rest).max() > ROUND_OFF * np.abs(f).max() else np.zeros_like(f)


def _contrast(f: np.ndarray, _: int) -> np.ndarray:
    return _fluctuation(f, 0) / f.mean()


def _size(f: np.ndarray, _: int) -> np.ndarray:
    return np.sqrt(np.sum(f**2, axis=0))


def _component(f: np.ndarray, axis: int) -> np.ndarray:
    return f[axis]


def _component_fluctuation(f: np.ndarray, axis: int) -> np.ndarray:
    return _fluctuation(f[axis], axis)


QUANTITIES = {
    "slice_b": Quantity(
        "b", "Magnetic field", "Component of the magnetic field that stands on the plane", "B_{axis}", "signed", _component
    ),
    "slice_mu5": Quantity(
        "mu5", "Chirality", "Chiral chemical potential without its mean over the box", r"\mu_5-\langle\mu_5\rangle",
        "signed", _fluctuation,
    ),
    "slice_mu": Quantity(
        "mu", "Charge", "Electric chemical potential without its mean over the box", r"\mu-\langle\mu\rangle", "signed",
        _fluctuation,
    ),
    "slice_u": Quantity("u", "Flow", "Size of the velocity", r"|\mathbf{{u}}|", "linear", _size),
    "slice_rho": Quantity(
        "rho", "Energy density", "Energy density over its mean, less one", r"\rho/\langle\rho\rangle-1", "signed", _contrast,
        relative=True,
    ),
}  # fmt: skip


_WITHOUT_UNIFORM_FIELD = Quantity(
    "b", "Magnetic field", "Component of the magnetic field that stands on the plane, without its mean over the box",
    r"B_{axis}-\langle B_{axis}\rangle", "signed", _component_fluctuation,
)  # fmt: skip


def draw_all(run: Any) -> Iterator[Drawing]:
    """A figure for every stored field, one after the other."""
    for name in QUANTITIES:
        if (drawing := draw_figure(run, name)) is not None:
            yield drawing


def draw_figure(run: Any, name: str) -> Drawing | None:
    """The field of QUANTITIES at up to four stored times, the last one included; None where the run has not stored it.

    `data`: "t = ..." → {"x", "y", "z"} of each map (see `kiral.report.maps.draw`); on a line, curve → points.
    """
    quantity = QUANTITIES[name]
    snapshots = getattr(run, "snapshots", None)
    if snapshots is None or quantity.field not in snapshots or not snapshots.sizes.get("t", 0):
        return None
    field = snapshots[quantity.field]
    axes = [axis for axis in "xyz" if field.sizes[axis] > 1]
    chosen = _chosen(field.sizes["t"])
    if len(axes) == 1:
        return _lines(name, quantity, field, axes[0], chosen)
    if name == "slice_b" and uniform_field(run):
        quantity = _WITHOUT_UNIFORM_FIELD
    return _sheet(name, quantity, field, _plane(axes), chosen)


def _chosen(count: int) -> list[int]:
    """Indices of at most MOST_TIMES of the stored times, evenly over all of them, the last one included."""
    return np.unique(np.linspace(count - 1, 0, min(count, MOST_TIMES)).round().astype(int)).tolist()


def _plane(axes: list[str]) -> tuple[str, str, str]:
    """(horizontal, vertical, axis that stands on them): the plane at z = half its length; of a plane, the plane itself."""
    across = "z" if len(axes) == 3 else next(axis for axis in "xyz" if axis not in axes)
    first, second = (axis for axis in axes if axis != across)
    return first, second, across


def _sheet(
    name: str, quantity: Quantity, field: xarray.DataArray, plane: tuple[str, str, str], chosen: list[int]
) -> Drawing | None:
    """One map per time at which there is structure, with colours of its own: a growing field spans orders of magnitude."""
    across = plane[2]
    found = [_map(quantity, field.isel(t=i), plane) for i in chosen]
    found = [m for m in found if np.isfinite(m.z).any() and np.nanmax(m.z) > np.nanmin(m.z)]
    if not found:
        return None
    height = float(field[across][field.sizes[across] // 2])
    where = f"at {across} = {height:.3g} l*, half-way through the box" if field.sizes[across] > 1 else "in the box's plane"
    caption = f"{quantity.caption}, {where}. Every time has colours of its own."
    title = f"{quantity.title}: slice" + "s" * (len(found) > 1)
    return maps.draw_sheet(name, title, caption, found)


def _map(quantity: Quantity, field: xarray.DataArray, plane: tuple[str, str, str]) -> Map:
    first, second, across = plane
    axis = "xyz".index(across)
    grid = quantity.values(_array(field), axis)
    z = np.take(grid, field.sizes[across] // 2, axis=axis)  # (first, second)
    label = rf"${quantity.symbol.format(axis=across)}$  {_unit(quantity, field)}"
    x, y = (np.asarray(field[name], dtype=float) for name in (first, second))
    title = f"t = {float(field['t']):.4g} t*"
    labels = _position(first), _position(second), label
    return Map(*labels, x, y, z.T, title, z_scale=quantity.z_scale, equal=True)


def _lines(name: str, quantity: Quantity, field: xarray.DataArray, axis: str, chosen: list[int]) -> Drawing | None:
    """A box of one direction: the field along it, at the chosen times; of the magnetic field all components at the last."""
    x, unit = np.asarray(field[axis], dtype=float), _unit(quantity, field)
    if quantity.field == "b":
        last = _array(field.isel(t=-1)).reshape(3, -1)
        curves = tuple(Curve(f"$B_{c}$", x, b, color) for c, b, color in zip("xyz", last, COLORS, strict=False))
        caption = f"Components of the magnetic field at t = {float(field['t'][-1]):.4g} t*."
        panel = Panel(_position(axis), rf"$\mathbf{{B}}$  {unit}", curves, x_scale="linear", y_scale="linear")
        return style.draw(name, "Magnetic field along the box", caption, (panel,))
    at = ((float(field["t"][i]), quantity.values(_array(field.isel(t=i)), 2).ravel()) for i in chosen)
    curves = tuple(Curve(f"t = {t:.4g}", x, values, value=t) for t, values in at)
    label = rf"${quantity.symbol.format(axis='z')}$  {unit}"
    color_label = r"time $t$  $[t_\ast]$"
    panel = Panel(_position(axis), label, curves, x_scale="linear", y_scale="linear", color_label=color_label)
    return style.draw(name, f"{quantity.title} along the box", f"{quantity.caption}.", (panel,))


def _array(field: xarray.DataArray) -> np.ndarray:
    """The stored numbers of one time, (3, nx, ny, nz) or (nx, ny, nz)."""
    dims = [name for name in ("component", "x", "y", "z") if name in field.dims]
    return np.asarray(field.transpose(*dims), dtype=float)


def _unit(quantity: Quantity, field: xarray.DataArray) -> str:
    return "[1]" if quantity.relative else style.unit_math(field.attrs.get("units", ""))


def _position(axis: str) -> str:
    return rf"${axis}$  $[l_\ast]$"
