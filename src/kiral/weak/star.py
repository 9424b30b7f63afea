"""From profiles of a simulation to ξ_B(r, t), κ_B(r, t), growth times of the chiral plasma instability, and the kick.

The electrons stay with the matter where they are (`kiral.weak.bounded`): between two times of the profiles the rate is the
mean of both ends and the limit of the occupation goes evenly from one end to the other, which is solved exactly (second order
in the interval). With `flight` the currents of electrons that
fly straight from t = 0 on are added, as Yamamoto & Yang (2023) have it (`kiral.weak.retarded`): linear, without the bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiral.constants import AXIAL_COUPLING, SPEED_OF_LIGHT_CM_S
from kiral.core.arrays import check
from kiral.errors import ConfigError
from kiral.units import per_second_to_mev, seconds_to_inverse_mev
from kiral.weak.bounded import advance
from kiral.weak.collision import Channel
from kiral.weak.composition import composition
from kiral.weak.currents import E_SQUARED, Currents, currents, energy_factor
from kiral.weak.effective import LINEAR_LIMIT, Zone
from kiral.weak.kick import Field, kick_of_star
from kiral.weak.quadrature import NODES, EnergyMesh
from kiral.weak.retarded import RadialPaths, x_eff_radial
from kiral.weak.scales import instability_scales, pair_plasma_conductivity
from kiral.weak.spectra import PinchedSpectrum, Spectrum, TabulatedSpectrum
from kiral.weak.star_file import has_table

if TYPE_CHECKING:
    import xarray

FLIGHT_NODES = (160, 256)
"""Angles and path."""
STEADY_TIMES = tuple(np.geomspace(1e-6, 0.1, 26))
LABELS = {
    "xi_b": ("MeV", "conductivity of the electric current, electrons"),
    "xi_b_total": ("MeV", "conductivity of the electric current, electrons and positrons"),
    "kappa_b": ("MeV^2", "conductivity of the energy current, electrons"),
    "kappa_b_total": ("MeV^2", "conductivity of the energy current, electrons and positrons"),
    "max_delta_f": ("1", "largest change of an occupation"),
    "growth_time": ("s", "growth time of the chiral plasma instability, fastest mode"),
}


class Rates(NamedTuple):
    """Refilling and flipping of the bounded answer [1/s]; see `kiral.weak.bounded`."""

    refilling: float = 0.0
    flipping: float = 0.0


NO_RATES = Rates()


def star_currents(
    data: xarray.Dataset,
    times: Sequence[float] | None = None,
    *,
    energy_current: str = "consistent",
    shape: str = "number",
    rates: Rates = NO_RATES,
    axial_coupling: float = AXIAL_COUPLING,
    nodes: int = NODES,
    flight: bool = False,
) -> xarray.Dataset:
    """Linear and bounded currents over (time, radius), from profiles as `kiral.weak.star_file.read_profiles` gives them.

    Args: times: since the neutrinos began to shine [s], for steady profiles only (1e-6 to 0.1 s where not given); profiles
            in time are followed from their first time to their last, on their own times.
        shape: what alpha and mean_energy describe ("number", "occupation"; see PinchedSpectrum).
        flight: also xi_b_total for electrons that fly straight, B along and across the radius.
    Returns: xi_b, xi_b_total, kappa_b, kappa_b_total, max_delta_f, growth_time, each also with _bounded; error of xi_b_total
        and kappa_b_total; valid_until over radius, the first time with a linear max|δf| of 0.1 (inf where it is not reached).
    Errors: ConfigError for values that are not physical, or times given for profiles in time.
    """
    import xarray

    energy_factor(energy_current)
    for name, rate in rates._asdict().items():
        check(f"rates.{name}", rate, least=0)
    t = _times(data, times)
    zones = [_zone(data, i, shape, axial_coupling) for i in range(data.sizes["time"])]
    mesh = _mesh(data, shape, axial_coupling, nodes)
    rows = list(_follow(zones, mesh, t, rates, energy_current))
    values = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    conductivity = pair_plasma_conductivity(np.broadcast_to(np.asarray(data["temperature"]), values["xi_b"].shape))
    for suffix in ("", "_bounded"):
        values[f"growth_time{suffix}"] = instability_scales(values[f"xi_b_total{suffix}"], conductivity).growth_time_s
    if flight:
        values |= _flight(zones, mesh, np.asarray(data["radius"]), t)
    variables: dict[str, tuple] = {name: (("time", "radius"), array, _label(name)) for name, array in values.items()}
    attributes = {"units": "s", "long_name": f"time at which the linear max|delta f| reaches {LINEAR_LIMIT:g}"}
    variables["valid_until"] = ("radius", _first_time(t, values["max_delta_f"]), attributes)
    coordinates = {
        "time": ("time", t, {"units": "s", "long_name": "time"}),
        "radius": ("radius", np.asarray(data["radius"]), {"units": "cm", "long_name": "radius"}),
    }
    return xarray.Dataset(variables, coordinates)


def star_kick(found: xarray.Dataset, field: Field, mass_g: float) -> xarray.Dataset:
    """Velocity [km/s] over time of a star of that mass, from the result of `star_currents`; field as in `kick_of_star`."""
    import xarray

    def velocity(name: str) -> list[float]:
        return [kick_of_star(found["radius"].values, row, field, mass_g) for row in found[name].values]

    variables = {}
    for suffix, text in (("", ""), ("_bounded", ", within the Pauli bound")):
        attributes = {"units": "km/s", "long_name": f"velocity of the star{text}"}
        variables[f"kick{suffix}"] = ("time", velocity(f"kappa_b_total{suffix}"), attributes)
    return xarray.Dataset(variables, {"time": found["time"]})


def _times(data: xarray.Dataset, times: Sequence[float] | None) -> NDArray:
    """Times at which results are given."""
    if data.sizes["time"] > 1:
        if times is not None:
            raise ConfigError("times: the profiles have their own; give times for steady profiles only")
        return np.asarray(data["time"], dtype=float)
    t = np.asarray(STEADY_TIMES if times is None else times, dtype=float)
    check("times", t, least=0)
    if t.ndim != 1 or t.size == 0 or np.any(np.diff(t) <= 0):
        raise ConfigError("times: must be a list of increasing numbers")
    return t


def _spectrum(data: xarray.Dataset, pick: Any, shape: str, bar: bool) -> Spectrum:
    """The (anti)neutrinos at one time of the profiles, or their mean over time, as `pick` says."""
    if has_table(data, bar):
        return TabulatedSpectrum(data["energy"].values, pick(data["f_nubar" if bar else "f_nu"]))
    end = "_bar" if bar else ""
    alpha, energy, density = (pick(data[f"{name}{end}"]) for name in ("alpha", "mean_energy", "number_density"))
    return PinchedSpectrum(alpha, energy, number_density=density, shape=shape)


def _zone_of(data: xarray.Dataset, pick: Any, shape: str, axial_coupling: float) -> Zone:
    nu = _spectrum(data, pick, shape, bar=False)
    own = has_table(data, bar=True) or "alpha_bar" in data
    matter = composition(*(pick(data[name]) for name in ("density", "temperature", "electron_fraction")))
    return Zone(matter, nu, _spectrum(data, pick, shape, bar=True) if own else nu, axial_coupling)


def _zone(data: xarray.Dataset, i: int, shape: str, axial_coupling: float) -> Zone:
    return _zone_of(data, lambda values: np.asarray(values)[i], shape, axial_coupling)


def _mesh(data: xarray.Dataset, shape: str, axial_coupling: float, nodes: int) -> EnergyMesh:
    """One mesh (radius, n) for all times, fit for the mean over time."""
    return _zone_of(data, lambda values: np.asarray(values).mean(axis=0), shape, axial_coupling).mesh(nodes)


def _follow(zones: list[Zone], mesh: EnergyMesh, t: NDArray, rates: Rates, energy_current: str) -> Iterator[dict]:
    """Results at the times, one after the other."""
    refilling, flipping = (per_second_to_mev(rate) for rate in rates)
    pairs = [zone.channels(mesh.q) for zone in zones]
    linear = [np.zeros_like(mesh.q) for _ in range(2)]
    states = [(np.zeros_like(mesh.q), np.zeros_like(mesh.q)) for _ in range(2)]
    before = t[0] if len(pairs) > 1 else 0.0
    for i, now in enumerate(t):
        step = seconds_to_inverse_mev(now - before)
        first, last = (pairs[max(i - 1, 0)], pairs[i]) if len(pairs) > 1 else (pairs[0], pairs[0])
        for k in range(2):
            linear[k] = linear[k] + (first[k].drive + last[k].drive) / 2 * step
            states[k] = _advance(states[k], first[k], last[k], step, refilling, flipping)
        before = now
        yield _row(mesh, linear, states, energy_current)


def _advance(state: tuple, first: Channel, last: Channel, step: float, refilling: float, flipping: float) -> tuple:
    """One interval: the mean rate, and a drive with which the limit s/G goes evenly from one end's to the other's.

    So the result is within the Pauli bound, and right for rates that are fast or slow against the interval.
    """
    rate = (first.rate + last.rate) / 2
    start, end = (rate * channel.drive / channel.rate for channel in (first, last))
    return advance(state[0], state[1], start, rate, step, refilling, flipping, end)


def _row(mesh: EnergyMesh, linear: list[NDArray], states: list[tuple], energy_current: str) -> dict[str, NDArray]:
    value, error = currents(mesh, linear[0], linear[1], energy_current)
    excess = [left - right for left, right in states]
    bounded, bounded_error = currents(mesh, excess[0], excess[1], energy_current)
    row = dict(zip(Currents._fields, value, strict=True))
    row |= {f"{name}_bounded": v for name, v in zip(Currents._fields, bounded, strict=True)}
    row["max_delta_f"] = np.maximum(*(mesh.largest(values) for values in linear))
    row["max_delta_f_bounded"] = np.minimum(np.maximum(*(mesh.largest(left) for left, _ in states)), 1.0)
    for name, place in (("xi_b_total", 1), ("kappa_b_total", 3)):
        row[f"error_{name}"], row[f"error_{name}_bounded"] = error[place], bounded_error[place]
    return row


def _flight(zones: list[Zone], mesh: EnergyMesh, radius: NDArray, t: NDArray) -> dict[str, NDArray]:
    """xi_b_total of electrons in straight flight; the source is linear in radius and time, 0 outside the profiles."""
    from scipy.interpolate import RegularGridInterpolator

    strength = []
    for zone in zones:
        electrons, positrons = zone.channels(mesh.q)
        strength.append(-mesh.integral(electrons.drive - positrons.drive)[0])
    start = t[0] if len(zones) > 1 else 0.0
    axis = t if len(zones) > 1 else np.array([0.0, 1.0])
    grid = np.stack(strength if len(zones) > 1 else 2 * strength)
    table = RegularGridInterpolator((axis, radius), grid, bounds_error=False, fill_value=0.0)
    speed = SPEED_OF_LIGHT_CM_S

    def source(r: NDArray, path: NDArray) -> NDArray:
        when = np.clip(start + path / speed, axis[0], axis[-1])
        return table(np.stack(np.broadcast_arrays(when, r), -1))

    factor = E_SQUARED / (4 * np.pi**2) * seconds_to_inverse_mev(1.0) / speed
    rows = [[_flown(source, r, speed * (now - start), radius) for r in radius] for now in t]
    values = factor * np.array(rows)  # (time, radius, fields of RadialPaths)
    names = [f"{error}xi_b_total_flight_{way}" for error in ("", "error_") for way in ("radial", "tangential")]
    return dict(zip(names, np.moveaxis(values, -1, 0), strict=True))


def _flown(source: Any, r: float, time: float, radius: NDArray) -> RadialPaths:
    # The source jumps at both ends of the profiles; splits between them follow its fall with the radius.
    splits = np.unique(radius[np.linspace(0, radius.size - 1, 6).round().astype(int)])
    return x_eff_radial(source, float(r), time, longest=r + radius[-1], jumps=tuple(splits), nodes=FLIGHT_NODES)


def _first_time(t: NDArray, largest: NDArray) -> NDArray:
    """When the linear max|δf| reaches the limit, by linear interpolation between the times; inf where it does not."""
    found = np.full(largest.shape[1], np.inf)
    for k, series in enumerate(largest.T):
        late = np.flatnonzero(series >= LINEAR_LIMIT)
        if late.size:
            i = int(late[0])
            before = (t[i - 1], series[i - 1]) if i else (0.0, 0.0)
            found[k] = before[0] + (LINEAR_LIMIT - before[1]) / (series[i] - before[1]) * (t[i] - before[0])
    return found


def _label(name: str) -> dict[str, str]:
    """Attributes of a result, from its name."""
    base, text = name.removeprefix("error_"), ""
    if base.endswith("_bounded"):
        base, text = base.removesuffix("_bounded"), ", within the Pauli bound"
    for direction in ("radial", "tangential"):
        if base.endswith(f"_flight_{direction}"):
            base, text = base.removesuffix(f"_flight_{direction}"), f", straight flight, {direction} field"
    unit, long_name = LABELS[base]
    return {"units": unit, "long_name": ("error of the " if name.startswith("error_") else "") + long_name + text}
