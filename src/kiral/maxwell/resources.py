"""Memory, steps, time and disk of a case of the anomalous Maxwell equations, from its unknowns and transforms. No jax.

Per device, with G grid points and M modes of one field on it, F fields among the unknowns, T transforms of a right-hand side:

    state, and its slope kept for the next step   2 F M 16 bytes
    stages of a step                              6 F M 16, where products are formed on the whole grid 8 F M 16
    tables of etdrk4                              N M 8        Ohm N = 32, Drude N = 104; making new ones 1.5 or 2 of them more
    fields on the way to the grid and back        of T fields what `geometry.fft.through_grid` holds
    a side step for output                        state, slope and tables once more

Checked against XLA's buffers of the compiled step (`python benchmarks/memory.py --subject maxwell`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kiral.core.estimate import (
    Limit,
    Needs,
    Range,
    empty_outputs,
    measured_cost,
    per_transform,
    steady_limits,
    steady_steps,
)
from kiral.geometry.counts import Counts, in_words, largest_grid, modes, share, working
from kiral.maxwell import config as cfg
from kiral.maxwell import initial_config as start_cfg
from kiral.maxwell.estimates import expected, plasma_at_start, terms_of
from kiral.maxwell.limits import DAMPING_LIMIT, EXACT_LIMIT, WAVE_LIMIT
from kiral.maxwell.plasma import Plasma

if TYPE_CHECKING:
    from kiral.config.run import MaxwellRun

EVALUATIONS = 4
LARGEST_MEASURED = 64
NEW_TABLES = {"ohm": 1.5, "drude": 2.0}
"""New tables over tables, by the current: 2×2 blocks by their eigenvalues, larger ones by repeated products."""
TENSORS = 108
"""Fields that the products of a drifting plasma need besides: gradients of v and of the stress."""
SERIES_COLUMNS, SPECTRA, FIELDS = 64, 5, 8
GROWTH_PER_STEP, RELAXATION_PER_STEP = 0.75, 12.0
"""Growth, and relaxation of E, in a step over tolerance^(1/4): measured in cpi-maxwell, and in cmw-pulse and mu5-step."""
ERROR_MARGIN = 2.0


def counts(config: MaxwellRun) -> Counts:
    """As the heads of the modules with the equations list them."""
    model, exact = config.model, config.time.scheme == "etdrk4"
    if model.limit == "resistive":
        return Counts(8, 7, 5, 16 * exact)
    if model.electric_field_off:
        return Counts(8, 5, 6, 8 * exact)
    if model.regime == "drifting":
        return Counts(8, 32, 7, 32 * exact, between=TENSORS)
    current = model.chosen_current(plasma_at_start(model, config.initial).permittivity)
    terms, drude = model.second_order(current), current == "drude"
    to_grid = 8 + 6 * bool(terms) + 3 * ("magnetization" in terms) + 3 * ("electric_relaxation" in terms)
    to_modes = 15 if drude else 7 if terms else 9
    return Counts(14 if drude else 8, to_grid, to_modes, (104 if drude else 32) * exact)


def memory(config: MaxwellRun, n: Sequence[int], devices: int, gpu: bool = False) -> dict[str, float]:
    """Bytes on each device, by what they are for."""
    count, (_, kept) = counts(config), share(n, devices)
    carried, tables = 2 * count.unknowns * kept * 16.0, count.tables * kept * 8.0
    stages, fields = working(count, n, devices, gpu)
    return {
        "state and its slope": carried,
        "stages of a step": stages * count.unknowns * kept * 16.0,
        "tables of the scheme": tables * (1 + NEW_TABLES["drude" if count.unknowns == 14 else "ohm"]),
        "fields to the grid and back": fields * 8.0,
        "side step for output": carried + tables,
    }


def needs(config: MaxwellRun, devices: int, gpu: bool = False) -> Needs:
    """All that `kiral estimate --resources` reports, for `devices` devices together; gpu: they are GPUs."""
    limits, steps, unknown = step_estimate(config)
    n, count = config.geometry.n, counts(config)
    (points, kept), shells, cost = share(n, devices), max(n) // 3 + 1, measured_cost(Path(__file__).parent)
    nanoseconds = per_transform(cost[config.time.scheme], math.prod(n)).times(count.transforms)
    given = isinstance(config.initial, start_cfg.FieldFile)
    return Needs(
        points=math.prod(n),
        grid=n,
        memory=memory(config, n, devices, gpu),
        limits=limits,
        steps=steps,
        evaluations=EVALUATIONS,
        seconds=nanoseconds.times(points * 1e-9),
        measured=f"{cost['machine']}, {cost['date']}",
        traffic=count.traffic(points, kept, 8),
        rows={"series": SERIES_COLUMNS * 8.0, "spectra": SPECTRA * shells * 8.0, "snapshots": FIELDS * math.prod(n) * 8.0},
        floor=empty_outputs(SERIES_COLUMNS, SPECTRA, shells, 4),
        checkpoint=float(2 * count.unknowns * (math.prod(modes(n)) * 16 + 128) + 12000),
        fits=lambda size: f"geometry.n = {_fitting(config, size, devices, gpu)}",
        small={} if given else {"geometry.n": [min(side, LARGEST_MEASURED) for side in n]},
        unknown=unknown,
    )


def _fitting(config: MaxwellRun, size: float, devices: int, gpu: bool) -> str:
    """The largest grid of the case's shape that needs at most `size` bytes a device."""
    return in_words(largest_grid(config.geometry.n, lambda n: sum(memory(config, n, devices, gpu).values()) <= size))


# --- steps -----------------------------------------------------------------------------------------------------------


def step_estimate(config: MaxwellRun) -> tuple[tuple[Limit, ...], Range, tuple[str, ...]]:
    """(limits, number of accepted steps, what is left out). A fixed time.dt takes what it takes.

    At least with the uniform fields and the mean mu5 of the start; at most with the largest mu5, and the field that all of the
    axial charge can become.
    """
    time, rates = config.time, step_rates(config)
    given = ("initial.path",) if isinstance(config.initial, start_cfg.FieldFile) and time.dt is None else ()
    return steady_limits(rates), steady_steps(rates, time.t_end - time.t_start, time.dt), given


def step_rates(config: MaxwellRun) -> dict[str, Range]:
    """1/step that each limit asks for, at least and at most: as the equations set them, and the error control's."""
    model, start, exact = config.model, config.initial, config.time.scheme == "etdrk4"
    plasma, k = plasma_at_start(model, start), min(config.geometry.k_max, model.filter or math.inf)
    terms = terms_of(model, plasma)
    eps = plasma.permittivity if terms is not None and terms.relaxation else 1.0
    mu5 = Range(abs(start.mean("mu5")), max(start.largest("mu5"), abs(plasma.mu5), _peak(start)))
    field = _fields(model, config.geometry, start, mu5.high)
    gamma, light = plasma.ohmic_rate / eps, plasma.c * k / math.sqrt(eps)
    root = config.time.tolerance**0.25
    growth = expected(model, config.geometry, start).growth or 0.0
    relaxes = gamma / (RELAXATION_PER_STEP * root) if terms is not None else 0.0
    still = growth / (GROWTH_PER_STEP * root)
    span = config.time.t_end - config.time.t_start
    folds = math.log(max(field.high / 3 / own, 1.0)) if (own := _seed(start)) else 0.0
    least = min(still, folds / (GROWTH_PER_STEP * root * span))  # growth ends where the chirality is used up
    fastest = plasma.diffusivity * _k_mu(plasma, mu5.high) ** 2 / 4
    rates = {
        "chiral magnetic effect": Range(*(_chiral(plasma, m, k, gamma, eps, terms is None) / DAMPING_LIMIT for m in mu5)),
        "chiral magnetic waves": Range(*(_waves(plasma, b, k, gamma) / WAVE_LIMIT for b in field)),
        "error control": Range(least, ERROR_MARGIN * max(still, relaxes, fastest / (GROWTH_PER_STEP * root))),
    }
    if terms is None:
        rates.pop("chiral magnetic waves")
        rates["resistivity"] = Range(*[plasma.diffusivity * k**2 / (EXACT_LIMIT if exact else DAMPING_LIMIT)] * 2)
    else:
        rates["light"] = Range(*[light / (EXACT_LIMIT if exact else WAVE_LIMIT)] * 2)
        slow = gamma if exact else gamma + plasma.diffusion * k**2 / eps
        rates["Ohmic relaxation"] = Range(*[slow / (EXACT_LIMIT if exact else DAMPING_LIMIT)] * 2)
    return rates


def _k_mu(plasma: Plasma, mu5: float) -> float:
    return 2 * plasma.charge**2 * mu5 / (math.pi * plasma.c**2)


def _peak(start: start_cfg.Uniform) -> float:
    """Height of a pulse or step of mu5."""
    if getattr(start, "of", "") != "mu5":
        return 0.0
    return abs(start.amplitude) * (2 if isinstance(start, start_cfg.Step) else 1) + abs(start.mean("mu5"))


def _fields(model: cfg.AnomalousMaxwell, box: cfg.Box, start: start_cfg.Uniform, mu5: float) -> Range:
    """|B|: the background, and with what is there and what all of the axial charge can become in the longest wave."""
    uniform = cfg.background(start.background_field)
    longest = min(unit for unit, n in zip(box.wave_numbers_min, box.n, strict=True) if n > 1)
    density = 2 * model.plasma(0.0, mu5).density(1) if model.equation_of_state == "fermi" else mu5 / 3
    grown = math.sqrt(4 * math.pi**2 * model.light_speed**2 * longest * density) / model.charge
    own = _seed(start)
    grows = own > 0 and not model.electric_field_off
    return Range(uniform, uniform + 3 * (max(own, grown) if grows else own))


def _seed(start: start_cfg.Uniform) -> float:
    """rms of the initial waves of B."""
    return start.amplitude if isinstance(start, start_cfg.HelicalMode | start_cfg.Noise) else 0.0


def _chiral(plasma: Plasma, mu5: float, k: float, gamma: float, eps: float, resistive: bool) -> float:
    drive = plasma.c**2 * k * _k_mu(plasma, mu5)
    if resistive:
        return drive / plasma.ohmic_rate
    return (math.sqrt(gamma**2 + 4 * drive / eps) - gamma) / 2


def _waves(plasma: Plasma, field: float, k: float, gamma: float) -> float:
    speed = plasma.wave_speed(field)
    return k * speed + (math.sqrt(gamma**2 + 4 * (speed * plasma.debye) ** 2) - gamma) / 2
