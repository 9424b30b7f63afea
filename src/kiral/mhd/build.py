"""From a validated case to a Problem: numbers become arrays, choices stay static."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from kiral.core.layout import place
from kiral.core.problem import Coordinate, Monitor, Problem
from kiral.core.table import TimeTable, time_table
from kiral.devices import slab_mesh
from kiral.errors import ConfigError
from kiral.geometry.box import Box
from kiral.geometry.fft import to_grid, to_modes
from kiral.mhd import config as cfg
from kiral.mhd import initial, precision, validity
from kiral.mhd.coarsen import spectral_grids
from kiral.mhd.equations import ChargeCoupling, ChiralMHD
from kiral.mhd.forcing import HelicalForcing, modes_in_shell
from kiral.mhd.observables import observables
from kiral.mhd.source import ConstantSource, DecaySource, NoSource, Source
from kiral.mhd.state import State

if TYPE_CHECKING:
    from kiral.config.run import ChiralMHDRun
    from kiral.config.table import TableConfig


def build_problem(config: ChiralMHDRun, directory: Path) -> Problem:
    """The problem of one case; `directory` is where its relative paths start. Raises ConfigError for unusable files."""
    equation = build_equation(config, directory)
    remarks: list[str] = []
    fields = None
    if isinstance(config.initial, cfg.FieldFile):
        fields = initial.read_fields(directory / config.initial.path, equation.box)
        remarks += initial.cut_shares(equation.box, fields, flow=equation.flow, enthalpy=config.model.enthalpy)

    problem = Problem(
        kind=config.model.kind,
        equation=equation,
        initial_state=lambda: _initial_state(config, equation, fields),
        observables=observables(
            flow=equation.flow,
            feedback=config.model.chiral_feedback > 0,
            charge=equation.charge is not None,
            force=equation.forcing is not None,
            uniform_field=any(config.model.background_field),
            in_time=tuple(key.removeprefix("model.") for key in config.tables()),
        ),
        coordinates=_coordinates(equation.box),
        t_start=config.time.t_start,
        time_unit="t*",
        progress=("b_rms", "mu5_mean"),
        monitors=_monitors(config, equation),
        notes={"remarks": remarks},
        dt_max=_largest_step(config, directory),
    )
    if config.devices.precision == "float32":
        unit = precision.field_unit(
            equation, precision.seed_field(config.initial, equation, fields), precision.first_mu5(config.initial, fields)
        )
        problem = precision.in_float32(problem, unit)
    grids = spectral_grids(config.geometry.coarsen, problem.equation)
    if grids is not None:
        grids = replace(grids, equations=tuple(place(eq, eq.layout) for eq in grids.equations))
    return replace(problem, equation=place(problem.equation, equation.layout), grids=grids)


def _largest_step(config: ChiralMHDRun, directory: Path) -> float:
    """The smallest interval of the linear tables: no step then spans more than one or two of their kinks."""
    tables = [table for table in config.tables().values() if table.interpolation == "linear"]
    return min((float(np.min(np.diff(table.load(directory)[0]))) for table in tables), default=np.inf)


def build_equation(config: ChiralMHDRun, directory: Path) -> ChiralMHD:
    """The equation with its coefficients as arrays."""
    model = config.model
    mesh = slab_mesh(config.geometry.n, config.devices.count)
    box = Box(config.geometry.n, jnp.asarray(config.geometry.lengths, jnp.float64), mesh)
    return ChiralMHD(
        box=box,
        magnetic_diffusivity=_coefficient(model.magnetic_diffusivity, directory, "model.magnetic_diffusivity"),
        viscosity=_number(model.viscosity),
        chiral_diffusivity=_number(model.chiral_diffusivity),
        chiral_feedback=_number(model.chiral_feedback),
        flipping_rate=_coefficient(model.flipping_rate, directory, "model.flipping_rate"),
        xi=_xi(model.xi, directory),
        xi_shape=_xi_shape(model.xi, box, directory),
        background_field=jnp.asarray(model.background_field, jnp.float64),
        enthalpy=_number(model.enthalpy),
        source=_source(model.source, directory),
        charge=_charge(model.charge),
        forcing=_forcing(config, box),
        heating=model.heating,
        flow=model.flow,
        form=model.form,
    )


def _number(value: float) -> jax.Array:
    return jnp.asarray(value, jnp.float64)


def _coefficient(value: float | TableConfig, directory: Path, key: str) -> jax.Array | TimeTable:
    """A number or a table whose values must not be negative."""
    if isinstance(value, float):
        return _number(value)
    t, values = value.load(directory)
    if values.min() < 0:
        raise ConfigError(f"{key}: every value of the table must be >= 0; got {values.min():g} at t = {t[values.argmin()]:g}")
    return time_table(t, values, value.interpolation)


def _xi(xi: float | TableConfig | cfg.FieldInSpace, directory: Path) -> jax.Array | TimeTable:
    """The number or the function of time in xi."""
    value = xi.factor if isinstance(xi, cfg.FieldInSpace) else xi
    return _number(value) if isinstance(value, float) else _table(value, directory)


def _xi_shape(xi: float | TableConfig | cfg.FieldInSpace, box: Box, directory: Path) -> jax.Array | None:
    """The field in xi on the grid, without what the grid cannot hold in products."""
    if not isinstance(xi, cfg.FieldInSpace):
        return None
    box = replace(box, mesh=None)
    modes = to_modes(box, (jnp.asarray(initial.read_scalar(directory / xi.path, box, "model.xi.path"), jnp.float64),))
    return to_grid(box, modes)[0]


def _charge(charge: cfg.Charge | None) -> ChargeCoupling | None:
    if charge is None:
        return None
    return ChargeCoupling(_number(charge.separation), _number(charge.magnetic), _number(charge.diffusivity))


def _forcing(config: ChiralMHDRun, box: Box) -> HelicalForcing | None:
    forcing = config.model.forcing
    if forcing is None:
        return None
    width = forcing.width or min(k for k, n in zip(config.geometry.wave_numbers_min, box.n, strict=True) if n > 1)
    numbers = modes_in_shell(box, forcing.wave_number, width)
    if not len(numbers):
        raise ConfigError(
            f"model.forcing.wave_number: no mode of this grid has |k| within {width / 2:g} of {forcing.wave_number:g}; "
            f"it holds {float(box.k_unit):g} to {float(box.k_max):g}; change wave_number or width"
        )
    return HelicalForcing(
        jnp.asarray(numbers),
        _number(forcing.amplitude),
        _number(forcing.helicity),
        _number(forcing.correlation_time or math.inf),
        jnp.asarray(config.seed, jnp.int64),
    )


def _table(table: TableConfig, directory: Path) -> TimeTable:
    return time_table(*table.load(directory), table.interpolation)


def _source(source: cfg.Source, directory: Path) -> Source:
    if isinstance(source, cfg.ConstantSource):
        return ConstantSource(_number(source.amplitude))
    if isinstance(source, cfg.DecaySource):
        return DecaySource(_number(source.amplitude), _number(source.t_phi))
    if isinstance(source, cfg.TableSource):
        return _table(source.table, directory)
    return NoSource()


def _initial_state(config: ChiralMHDRun, equation: ChiralMHD, fields) -> State:
    box, start, flow = equation.box, config.initial, equation.flow
    mu5 = _scalar(box, start.mu5, config.seed, "mu5")
    mu = None if equation.charge is None else _scalar(box, start.mu, config.seed, "mu")
    if isinstance(start, cfg.FieldFile):
        return initial.from_fields(box, fields, mu5, flow=flow, enthalpy=float(equation.enthalpy), mu=mu)
    if isinstance(start, cfg.WhiteNoise):
        a = initial.white_noise(box, config.seed, start.amplitude, start.reference_spacing)
    elif isinstance(start, cfg.HelicalMode):
        index = tuple(start.wave_number * d for d in start.direction)
        a = initial.helical_mode(box, start.amplitude, index, start.helicity)
    else:
        a = initial.spectrum(
            box,
            config.seed,
            start.b_rms,
            peak=start.peak,
            slope_low=start.slope_low,
            slope_high=start.slope_high,
            helicity=start.helicity,
        )
    return initial.state_from(box, a, mu5, flow=flow, mu=mu)


def _scalar(box: Box, value: float | cfg.RandomScalar | cfg.WaveScalar, seed: int, name: str) -> jax.Array:
    """Modes of an initial mu5 or mu."""
    if isinstance(value, float):
        return initial.uniform(box, value)
    if isinstance(value, cfg.WaveScalar):
        index = tuple(value.wave_number * d for d in value.direction)
        return initial.cosine(box, value.amplitude, index) + initial.uniform(box, value.mean)
    random = initial.random_scalar(
        box, seed, name, value.rms, peak=value.peak, slope_low=value.slope_low, slope_high=value.slope_high
    )
    return random + initial.uniform(box, value.mean)


def _coordinates(box: Box) -> tuple[Coordinate, ...]:
    unit = float(box.k_unit)
    lengths = np.asarray(box.length)
    axes = tuple(
        Coordinate(name, np.arange(n) * length / n, "l*", f"position along {name}")
        for name, n, length in zip("xyz", box.n, lengths, strict=True)
    )
    return (
        Coordinate("k", unit * np.arange(1, max(box.m) + 1), "1/l*", "wave number"),
        Coordinate("component", np.arange(3), "1", "vector component x, y, z"),
        *axes,
    )


def _monitors(config: ChiralMHDRun, equation: ChiralMHD) -> tuple[Monitor, ...]:
    """Where the model or the grid stops being valid (G25 Sec. VI and the page on numerics)."""
    from kiral.mhd.estimates import mu5_over_temperature

    per_mu5 = mu5_over_temperature(config.units.system(), 1.0)
    k_max = float(equation.box.k_max)
    monitors = [
        Monitor("mu5_max", k_max, f"mu5 exceeds the largest wave number kept, {k_max:.3g}: unstable modes are cut off"),
        Monitor("mu5_max", 0.1 / per_mu5, "mu5 exceeds 0.1 k_B T: n5 is no longer proportional to mu5"),
        Monitor("unresolved", 0.02, "more than 2 % of the magnetic energy lies above 0.9 k_max: refine the grid"),
        Monitor("cme_ratio", 1.0, "lambda eta B^2 exceeds Gamma5: Eq. (27) does not apply"),
    ]
    if config.model.chiral_feedback > 0:
        unphysical = "the chiral energy mu5^2/(2 lambda) exceeds a tenth of rho: an unphysical lambda"
        monitors.append(Monitor("chiral_energy_ratio", 0.1, unphysical))
    if equation.moves:
        monitors.append(Monitor("u_max", 0.5, "u exceeds 0.5 c: the equations hold for u^2 << 1"))
    monitors += validity.monitors(config.model, config.units.system(), config.time.t_start, k_max)
    return tuple(monitors)
