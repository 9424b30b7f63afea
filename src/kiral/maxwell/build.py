"""From a validated case to a Problem: numbers become arrays, choices stay static."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kiral.config.table import TableConfig
from kiral.core.layout import place
from kiral.core.problem import Coordinate, Monitor, Problem
from kiral.core.table import time_table
from kiral.devices import slab_mesh
from kiral.errors import ConfigError
from kiral.geometry.box import Box
from kiral.geometry.fft import to_grid
from kiral.maxwell import config as cfg
from kiral.maxwell import initial, validity
from kiral.maxwell import initial_config as start_cfg
from kiral.maxwell.drifting import Drifting
from kiral.maxwell.equations import AnomalousMaxwell
from kiral.maxwell.given_field import GivenField
from kiral.maxwell.matter import Matter
from kiral.maxwell.observables import observables
from kiral.maxwell.plasma import ill_posed_wavenumber
from kiral.maxwell.resistive import Resistive
from kiral.maxwell.state import State

if TYPE_CHECKING:
    from kiral.config.run import MaxwellRun


def build_problem(config: MaxwellRun, directory: Path) -> Problem:
    """The problem of one case; `directory` is where its relative paths start. Raises ConfigError for unusable files."""
    mesh = slab_mesh(config.geometry.n, config.devices.count)
    box = Box(config.geometry.n, jnp.asarray(config.geometry.lengths, jnp.float64), mesh)
    model, matter = config.model, build_matter(config.model)
    fields = _read(config, directory)
    alone = replace(box, mesh=None)
    n = initial.densities(config.initial, alone, matter, config.seed, fields)
    if model.regime == "drifting":
        b = initial.magnetic_field(config.initial, alone, config.seed, config.geometry, fields)
        initial.check_drifts(alone, initial.electric_field(config.initial, alone, fields), b)
    here = _plasma_at_start(alone, matter, n)
    current, remarks = _checked(config, here)
    equation = _kind(model)(
        box=box,
        matter=matter,
        sigma=here.sigma,
        cutoff=_number(model.filter or math.inf),
        external_current=_imposed(model.external_current, directory),
        external_field=_imposed(model.external_electric_field, directory),
        terms=model.second_order(current),
        uniform=model.anomaly == "mean",
        drude=current == "drude",
    )

    def start() -> State:
        n = initial.densities(config.initial, box, matter, config.seed, fields)
        b = initial.magnetic_field(config.initial, box, config.seed, config.geometry, fields)
        e = initial.electric_field(config.initial, box, fields)
        if model.anomaly == "mean":
            n = tuple(initial.uniform(box, box.mean(f)) for f in n)
        if model.limit == "resistive":
            n = ((n[0] - n[1]) / 2, (n[1] - n[0]) / 2)
        if model.limit == "resistive" or model.electric_field_off:
            e = initial.uniform_vector(box, (0.0, 0.0, 0.0))
        if model.regime == "drifting":
            n = initial.dressed(box, matter, n, e, b)
        state = initial.state_from(box, matter, b=b, e=e, n=n, current=current == "drude")
        return equation.limited(state._replace(E=e) if model.electric_field_off else state)

    return Problem(
        kind=model.kind,
        equation=place(equation, equation.layout),
        initial_state=start,
        observables=observables(equation),
        coordinates=_coordinates(box),
        t_start=config.time.t_start,
        time_unit="t*",
        progress=("b_fluctuation", "mu5_rms"),
        monitors=(*_monitors(), *validity.monitors(model, "hall" in equation.terms)),
        notes={"remarks": remarks},
        dt_max=_largest_step(config, directory),
    )


def build_matter(model: cfg.AnomalousMaxwell) -> Matter:
    """Coefficients of the plasma as arrays."""
    numbers = (model.charge, model.temperature, model.relaxation_time, model.light_speed)
    return Matter(*map(_number, numbers), model.equation_of_state)


def _number(value: float) -> jax.Array:
    return jnp.asarray(value, jnp.float64)


def _imposed(values: cfg.Imposed, directory: Path):
    """Three numbers or tables in time; None where nothing is imposed."""
    if all(v == 0.0 for v in values):
        return None
    return tuple(time_table(*v.load(directory), v.interpolation) if isinstance(v, TableConfig) else _number(v) for v in values)


def _read(config: MaxwellRun, directory: Path) -> dict[str, np.ndarray]:
    if not isinstance(config.initial, start_cfg.FieldFile):
        return {}
    return initial.read_fields(directory / config.initial.path, config.geometry.n)


class _Start(NamedTuple):
    """The plasma at the start: mean conductivities (2,), the largest sum of both, largest |mu5|, mean number density."""

    sigma: jax.Array
    largest: float
    mu5: float
    charge: float


def _kind(model: cfg.AnomalousMaxwell) -> type[AnomalousMaxwell]:
    if model.electric_field_off:
        return GivenField
    if model.regime == "drifting":
        return Drifting
    return Resistive if model.limit == "resistive" else AnomalousMaxwell


def _plasma_at_start(box: Box, matter: Matter, n) -> _Start:
    mu = [matter.potential(f) for f in to_grid(box, n)]
    sigma = [matter.conductivity(m) for m in mu]
    mean = jnp.stack([jnp.mean(s) for s in sigma])
    return _Start(mean, float(jnp.max(sum(sigma))), float(jnp.max(jnp.abs(mu[0] - mu[1]))) / 2, float(box.mean(n[0] + n[1])))


def _checked(config: MaxwellRun, here: _Start) -> tuple[str, list[str]]:
    """Which current is taken, and what the user must know. Raises ConfigError for what these equations cannot do."""
    model, remarks = config.model, []
    permittivity = 1 - 4 * math.pi * here.largest * model.relaxation_time
    current = model.chosen_current(permittivity)
    terms = model.second_order(current)
    if model.current is None and current == "drude":
        remarks.append(
            f'model.current = "drude" by default: 1 - 4 pi sigma tau = {permittivity:.4g} is not above {cfg.SAFE_PERMITTIVITY}'
        )
    if "electric_relaxation" in terms and permittivity <= 0:
        raise ConfigError(cfg.no_permittivity(model.relaxation_time, permittivity))
    if "magnetization" in terms:
        remarks += _ill_posed(config, here, current)
    if abs(here.charge) > 1e-12 * (model.temperature / model.light_speed) ** 3:
        remarks.append("initial.mu: the box has a net charge; a rigid uniform background is taken to neutralise it")
    if model.limit == "resistive" and config.initial.largest("mu"):
        remarks.append("initial.mu: there is no charge in the resistive limit; mu was left out")
    if model.anomaly == "mean":
        remarks.append('model.anomaly = "mean": of the densities only their means are kept')
    return current, remarks


def _ill_posed(config: MaxwellRun, here: _Start, current: str) -> list[str]:
    """Refuses modes beyond k*, where the magnetization current grows without bound; says so where a filter drops them."""
    model = config.model
    plasma = model.plasma(0.0, here.mu5)
    limit = ill_posed_wavenumber(plasma, drude=current == "drude")
    kept = min(model.filter or math.inf, config.geometry.k_max)
    if kept >= limit:
        raise ConfigError(
            f"geometry.n: modes up to k_max = {kept:.6g}, but with the magnetization current waves beyond k* = {limit:.6g} "
            f"grow without bound (largest |mu5| {here.mu5:.4g}); set model.filter below k*, take fewer points or a larger box, "
            'or leave "magnetization" out of model.terms'
        )
    if model.filter is not None and model.filter < config.geometry.k_max:
        return [f"model.filter = {model.filter:g}: modes beyond it are dropped; ill-posed is what lies beyond k* = {limit:.4g}"]
    return []


def _largest_step(config: MaxwellRun, directory: Path) -> float:
    """The smallest interval of the linear tables: no step then spans more than one or two of their kinks."""
    tables = [table for table in config.tables().values() if table.interpolation == "linear"]
    return min((float(np.min(np.diff(table.load(directory)[0]))) for table in tables), default=np.inf)


def _coordinates(box: Box) -> tuple[Coordinate, ...]:
    unit = float(box.k_unit)
    lengths = np.asarray(box.length)
    axes = tuple(
        Coordinate(name, np.arange(n) * length / n, "length", f"position along {name}")
        for name, n, length in zip("xyz", box.n, lengths, strict=True)
    )
    return (
        Coordinate("k", unit * np.arange(1, max(box.m) + 1), "1/length", "wave number"),
        Coordinate("component", np.arange(3), "1", "vector component x, y, z"),
        *axes,
    )


def _monitors() -> tuple[Monitor, ...]:
    return (
        Monitor("tail_magnetic", 0.02, "more than 2 % of the magnetic energy lies above 0.9 k_max: refine the grid"),
        Monitor("tail_axial", 0.02, "more than 2 % of the axial density's variance lies above 0.9 k_max: refine the grid"),
    )
