"""How many steps a case of chiral MHD will take: the rates that bound the step, with the mu5 and the field that theory expects.

Between two bounds. The lower one has the mu5 that source and washout give, and no field but the uniform one. The upper one
has from the onset of the instability on the field that theory allows at most, in its peaks and with the flow that it drives.
No jax.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kiral.core.estimate import Limit, Range, steps_between
from kiral.mhd import config as cfg
from kiral.mhd.cpi_formulas import mu5_balanced
from kiral.mhd.limits import DAMPING_LIMIT, EXACT_LIMIT, WAVE_LIMIT

if TYPE_CHECKING:
    from kiral.config.run import ChiralMHDRun

TIMES = 2001
PEAK = 3.0
"""Largest over rms: of a random field, and of the flow and field of run A as they saturate together."""
GROWTH_PER_STEP, PHASE_PER_STEP, EDDY_PER_STEP = 0.75, 1.8, 20.0
"""What a step may do over tolerance^(1/4), measured: growth of the fastest mode (benchmarks/results/schemes-n32.json, both
schemes); phase of a wave along a uniform field (chiral-magnetic-wave); turning of eddies at peak speed (decaying-helical)."""
ERROR_MARGIN, LADDER = 2.0, 1.1
"""The upper bound has the error control this much stricter, and steps of the ladder this much below what is allowed."""
LEAST_GROWTH = 5.0
"""E-folds of the field before which it does not use up a uniform initial mu5."""
STARTING_STEPS = 12
"""The first step is a hundredth of what is allowed, and grows by half each time."""


class Outlook(NamedTuple):
    """What is expected at the times t: largest |mu5| and largest |B|, each least and most.

    start: largest |B| of the initial field; flow: largest speed that a force drives; k: wave number of field and waves.
    """

    t: np.ndarray
    mu5: tuple[np.ndarray, np.ndarray]
    field: tuple[np.ndarray, np.ndarray]
    start: float
    flow: float
    k: float
    unknown: tuple[str, ...]


def step_estimate(config: ChiralMHDRun) -> tuple[tuple[Limit, ...], Range, tuple[str, ...]]:
    """(limits, number of accepted steps, what is left out). A fixed time.dt takes what it takes."""
    ahead = outlook(config)
    limits = step_limits(config, ahead)
    span = config.time.t_end - config.time.t_start
    if config.time.dt is not None:
        count = math.ceil(span / config.time.dt)
        return limits, Range(count, count), ()
    bound = steps_between(ahead.t, limits)
    return limits, Range(bound.low, bound.high * LADDER).plus(Range(STARTING_STEPS, STARTING_STEPS)), ahead.unknown


def outlook(config: ChiralMHDRun) -> Outlook:
    """The expected mu5 and field of a case."""
    time, model, flat = config.time, config.model, config.estimates()["flat"]
    t = np.linspace(time.t_start, time.t_end, TIMES)
    low, high, unknown = _mu5(config, t)
    known = {name: abs(flat[name] or 0.0) for name in ("helicity", "k_phi", "helicity_from_mu5", "k_cpi")}
    grown = math.sqrt(max(_sourced_field2(config, known), known["helicity_from_mu5"] * known["k_cpi"]))
    onset = flat["t_cross_consistent"] or time.t_start
    uniform = math.hypot(*model.background_field)
    start = _initial_field(config)
    most = PEAK * np.where(t >= onset, max(grown, start), start) + uniform
    if isinstance(config.initial, cfg.FieldFile):
        unknown = (*unknown, "initial.path")
    if isinstance(model.source, cfg.ConstantSource | cfg.TableSource):
        unknown = (*unknown, "the field that model.source grows")
    if model.xi != 0.0:
        unknown = (*unknown, "the field that model.xi grows")
    k = max(known["k_phi"], known["k_cpi"], *_initial_wave_numbers(config))
    return Outlook(t, (low, high), (np.full_like(t, uniform), most), PEAK * start, PEAK * _stirred(config), k, unknown)


def _sourced_field2(config: ChiralMHDRun, known: dict[str, float]) -> float:
    """⟨B²⟩ that a source grows at most: G25 (27), or what stops growth: feedback lam eta B² = gamma5, or B² = rho/2."""
    expected = known["helicity"] * known["k_phi"]
    feedback = config.model.chiral_feedback * _number(config.model.magnetic_diffusivity)
    if not expected or not feedback:
        return expected
    return max(expected, min(_number(config.model.flipping_rate) / feedback, 0.5))


def _mu5(config: ChiralMHDRun, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Largest |mu5 + xi|: the source's and, until the field has grown, the initial one with washout; and all of it kept."""
    model = config.model
    unknown = [f"model.{name}" for name in ("xi", "flipping_rate", "magnetic_diffusivity") if _in_file(getattr(model, name))]
    gamma5 = _number(model.flipping_rate)
    source = model.source
    made = np.zeros_like(t)
    if isinstance(source, cfg.DecaySource) and gamma5:
        made = np.abs(mu5_balanced(t, amplitude=source.amplitude, t_phi=source.t_phi, flipping_rate=gamma5))
    elif isinstance(source, cfg.DecaySource):
        shape = np.exp(0.5 - (t[0] / source.t_phi) ** 2 / 2) - np.exp(0.5 - (t / source.t_phi) ** 2 / 2)
        made = np.abs(source.amplitude * source.t_phi * shape)
    elif isinstance(source, cfg.ConstantSource):
        made = np.minimum(abs(source.amplitude) * (t - t[0]), abs(source.amplitude) / gamma5 if gamma5 else np.inf)
    elif isinstance(source, cfg.TableSource):
        unknown.append("model.source.table")
    start, xi = _largest(config.initial.mu5), _number(model.xi)
    kept = start if isinstance(config.initial.mu5, float) else 0.0
    growth = _number(model.magnetic_diffusivity) * kept**2 / 4
    lasts = (t - t[0]) * growth < LEAST_GROWTH
    return made + kept * np.exp(-gamma5 * (t - t[0])) * lasts, made + start + abs(xi), tuple(unknown)


def _largest(value: float | cfg.RandomScalar | cfg.WaveScalar) -> float:
    """Largest |value| of an initial scalar."""
    if isinstance(value, cfg.RandomScalar):
        return abs(value.mean) + 4 * value.rms
    if isinstance(value, cfg.WaveScalar):
        return abs(value.mean) + abs(value.amplitude)
    return abs(value)


def _in_file(value: object) -> bool:
    return isinstance(value, cfg.FieldInSpace) or (isinstance(value, cfg.TableConfig) and value.value is None)


def _number(value: float | cfg.TableConfig | cfg.FieldInSpace) -> float:
    """A coefficient, the largest of a table in the case, or 0 where it stands in a file."""
    if isinstance(value, cfg.TableConfig):
        return float(np.max(np.abs(value.value))) if value.value is not None else 0.0
    return 0.0 if isinstance(value, cfg.FieldInSpace) else float(value)


def _initial_field(config: ChiralMHDRun) -> float:
    """rms of the initial field; white noise is a seed."""
    start = config.initial
    if isinstance(start, cfg.Spectrum):
        return start.b_rms
    return start.amplitude if isinstance(start, cfg.HelicalMode) else 0.0


def _initial_wave_numbers(config: ChiralMHDRun) -> list[float]:
    """Where the initial field and scalars have their energy [1/l*]; white noise is a seed."""
    found, unit = [0.0], config.geometry.wave_numbers_min
    for part in (config.initial, config.initial.mu5, config.initial.mu):
        if isinstance(part, cfg.HelicalMode | cfg.WaveScalar):
            found.append(math.hypot(*(part.wave_number * d * k for d, k in zip(part.direction, unit, strict=True))))
        elif isinstance(part, cfg.Spectrum | cfg.RandomScalar):
            found.append(part.peak)
    return found


def _stirred(config: ChiralMHDRun) -> float:
    """Velocity at which a force turns over its own eddies, (f/(w k))^1/2."""
    forcing = config.model.forcing
    return 0.0 if forcing is None else math.sqrt(forcing.amplitude / (_inertia(config) * forcing.wave_number))


def _inertia(config: ChiralMHDRun) -> float:
    """(4/3) rho of the relativistic fluid with rho = 1, or the enthalpy given."""
    return 4 / 3 if config.model.flow == "relativistic" else config.model.enthalpy


def step_limits(config: ChiralMHDRun, ahead: Outlook) -> tuple[Limit, ...]:
    """Every bound of the step, as `ChiralMHD` and its linear operator set them, and the error control's."""
    model, exact = config.model, config.time.scheme == "etdrk4"
    k = k_max(config)
    eta, t = _number(model.magnetic_diffusivity), ahead.t
    (mu5_low, mu5_high), (b_low, b_high) = ahead.mu5, ahead.field
    tabled, feedback = isinstance(model.magnetic_diffusivity, cfg.TableConfig), model.chiral_feedback * eta
    found: dict[str, tuple] = {
        "resistivity": _same(t, eta * k**2 / (EXACT_LIMIT if exact and not tabled else DAMPING_LIMIT)),
        "chiral magnetic effect": _both(eta * k * mu5_low, eta * k * mu5_high, DAMPING_LIMIT),
        "chiral feedback": _both(feedback * b_low**2, feedback * b_high**2, DAMPING_LIMIT),
        "error control": _accuracy(config, eta, ahead),
    }
    if isinstance(model.flipping_rate, cfg.TableConfig):
        found["washout"] = _same(t, _number(model.flipping_rate) / DAMPING_LIMIT)
    if not exact:
        found["chiral diffusion"] = _same(t, model.chiral_diffusivity * k**2 / DAMPING_LIMIT)
    if model.charge is not None:
        speed = math.sqrt(abs(model.charge.separation * model.charge.magnetic))
        found["chiral magnetic waves"] = _both(k * speed * b_low, k * speed * b_high, WAVE_LIMIT)
        if not exact:
            found["charge diffusion"] = _same(t, model.charge.diffusivity * k**2 / DAMPING_LIMIT)
    if model.forcing is not None and model.forcing.correlation_time:
        found["force"] = _same(t, 1 / model.forcing.correlation_time)
    if model.flow != "none":
        found |= _flow_limits(config, k, ahead, exact)
    if (tables := _table_spacing(config)) is not None:
        found["largest step"] = _same(t, 1 / tables)
    return tuple(Limit(name, _step(low.min()), _step(high.max()), (low, high)) for name, (low, high) in found.items())


def _flow_limits(config: ChiralMHDRun, k: float, ahead: Outlook, exact: bool) -> dict[str, tuple]:
    model, t = config.model, ahead.t
    low, high = (b / math.sqrt(_inertia(config)) for b in ahead.field)
    found = {"Alfvén waves": _both(k * low, k * (high + ahead.flow), WAVE_LIMIT)}
    if not exact:
        found["viscosity"] = _same(t, (4 / 3) * model.viscosity * k**2 / DAMPING_LIMIT)
    if model.flow == "relativistic":
        found["sound"] = _same(t, k / math.sqrt(3) / (EXACT_LIMIT if exact else WAVE_LIMIT))
    return found


def _accuracy(config: ChiralMHDRun, eta: float, ahead: Outlook) -> tuple[np.ndarray, np.ndarray]:
    """The error control: where the fastest mode grows by eta mu5²/4; at most also where waves and eddies turn over."""
    charge, moves, root = config.model.charge, config.model.flow != "none", config.time.tolerance**0.25
    low, high = (eta * mu5**2 / 4 / (GROWTH_PER_STEP * root) for mu5 in ahead.mu5)
    per_field = 1 / math.sqrt(_inertia(config)) if moves else 0.0
    along = per_field if charge is None else max(per_field, math.sqrt(abs(charge.separation * charge.magnetic)))
    waves = ahead.k * along * ahead.field[0] / (PHASE_PER_STEP * root)
    eddies = ahead.k * (ahead.flow + per_field * ahead.start) / (EDDY_PER_STEP * root)
    return low, ERROR_MARGIN * np.maximum(np.maximum(high, waves), eddies)


def _same(t: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    return np.full_like(t, rate), np.full_like(t, rate)


def _both(low: np.ndarray, high: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    return low / limit, high / limit


def _step(rate: float) -> float:
    return float(1 / rate) if rate > 0 else math.inf


def _table_spacing(config: ChiralMHDRun) -> float | None:
    """Smallest interval of the linear tables in the case itself: the largest step."""
    times = [table.t for table in config.tables().values() if table.interpolation == "linear"]
    return min((float(np.min(np.diff(t))) for t in times if t is not None), default=None)


def k_max(config: ChiralMHDRun) -> float:
    """Largest wave number kept, 2/3 rule."""
    box = config.geometry
    return min((n - 1) // 3 * k for n, k in zip(box.n, box.wave_numbers_min, strict=True) if n > 1)
