"""From a validated case to a Problem: numbers become arrays, choices stay static."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from kiral.core.problem import Coordinate, Monitor, Problem
from kiral.core.table import TimeTable, time_table
from kiral.geometry.box import Box
from kiral.mhd import config as cfg
from kiral.mhd import initial
from kiral.mhd.equations import ChiralMHD, State
from kiral.mhd.observables import observables
from kiral.mhd.source import ConstantSource, DecaySource, NoSource, Source

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

    def initial_state() -> State:
        state, said = _initial_state(config, equation, fields)
        remarks[:] = said
        return _with_precision(state, config.devices.precision)

    return Problem(
        kind=config.model.kind,
        equation=equation,
        initial_state=initial_state,
        observables=observables(flow=equation.flow, feedback=config.model.chiral_feedback > 0),
        coordinates=_coordinates(equation.box),
        t_start=config.time.t_start,
        time_unit="t*",
        progress=("b_rms", "mu5_mean"),
        monitors=_monitors(config, equation),
        notes={"remarks": remarks},
        dt_max=_largest_step(config, directory),
    )


def _largest_step(config: ChiralMHDRun, directory: Path) -> float:
    """The smallest interval of the linear tables: no step then spans more than one or two of their kinks."""
    tables = [table for table in config.tables().values() if table.interpolation == "linear"]
    return min((float(np.min(np.diff(table.load(directory)[0]))) for table in tables), default=np.inf)


def build_equation(config: ChiralMHDRun, directory: Path) -> ChiralMHD:
    """The equation with its coefficients as arrays."""
    model = config.model
    return ChiralMHD(
        box=Box(config.geometry.n, jnp.asarray(config.geometry.lengths, jnp.float64)),
        magnetic_diffusivity=_number(model.magnetic_diffusivity),
        viscosity=_number(model.viscosity),
        chiral_diffusivity=_number(model.chiral_diffusivity),
        chiral_feedback=_number(model.chiral_feedback),
        flipping_rate=_number(model.flipping_rate),
        xi=_number(model.xi) if isinstance(model.xi, float) else _table(model.xi, directory),
        source=_source(model.source, directory),
        heating=model.heating,
        flow=model.flow != "none",
    )


def _number(value: float) -> jax.Array:
    return jnp.asarray(value, jnp.float64)


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


def _initial_state(config: ChiralMHDRun, equation: ChiralMHD, fields) -> tuple[State, list[str]]:
    box, start, flow = equation.box, config.initial, equation.flow
    if isinstance(start, cfg.FieldFile):
        return initial.from_fields(box, fields, start.mu5, flow=flow)
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
    return initial.state_from(box, a, initial.uniform(box, start.mu5), flow=flow), []


def _with_precision(state: State, precision: str) -> State:
    """`precision` sets the dtype of the fields only; the ledger stays float64."""
    if precision == "float64":
        return state
    fields = jax.tree.map(lambda x: x.astype(jnp.complex64), (state.A, state.momentum, state.rho, state.mu5))
    return State(*fields, state.ledger)


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
    if equation.flow:
        monitors.append(Monitor("u_max", 0.5, "u exceeds 0.5 c: the equations hold for u^2 << 1"))
    return tuple(monitors)
