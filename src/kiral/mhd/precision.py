"""float32 for the fields: the unit in which they are kept, so that no product leaves the range, and what stays float64.

float32 holds 1.2e-38 to 3.4e38; smaller numbers become 0. A field that grows out of noise spans tens of decades, its square
twice as many, and a mode is smaller than the field by its share. All three forms of the equations stay the same when
energies are measured in another unit. With `b` the unit of B in code units,

    A, B, B0 → 1/b        m, rho, enthalpy, force → 1/b²        lam → b²        C5, Cmu → b

and all else (mu5, mu, xi, u, t, lengths, eta, nu, D5, gamma5, S5) is as it was. b is a power of two: a run in other units is
the same to the last bit wherever nothing leaves the range. Units of time and length stay: c = 1 binds them, output counts
in them, and wave numbers span no more than k_max/k_min.

`field_unit` chooses b from the case alone (a resumed run must find the same one): b = 1 unless a number would come within
`COMFORT` of a limit, else what keeps all of them farthest from the limits. Budgets, step control and observables are
evaluated in float64 and in code units from the float32 state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from kiral.core.equation import Budget
from kiral.core.problem import Monitor, Observable, Problem
from kiral.core.table import TimeTable
from kiral.errors import ConfigError
from kiral.mhd import config as cfg
from kiral.mhd import ledgers
from kiral.mhd.equations import ChiralMHD
from kiral.mhd.source import ConstantSource, DecaySource
from kiral.mhd.state import State

SMALLEST, LARGEST = -126, 128
"""Exponents of two that bound float32's normal numbers."""
COMFORT = 30.0
"""Powers of two (nine decades) from the limits at which fields are kept in code units."""
NEEDED = 7.0
"""Powers of two (two decades) from the limits below which float32 is refused."""
LAST_BIT = -24
_GROWTH = 1e12  # by so much a field may grow whose end nothing bounds


class RescaledMHD(ChiralMHD):
    """The equations of a float32 run, coefficients and state in the unit of B `field_unit` (code units, a power of two)."""

    field_unit: Float[Array, ""]

    def error_norm(self, error: State, y: State) -> Float[Array, ""]:
        """As ever, with squares taken in float64."""
        return super().error_norm(double(error), double(y))

    def budgets(self, t, y: State) -> dict[str, Budget]:
        """As ever, in code units and float64."""
        equation, y = in_code_units(self, y)
        return equation.budgets(t, y)


def in_code_units(eq: ChiralMHD, y: State) -> tuple[ChiralMHD, State]:
    """Equation and state in code units; those of a float32 run in float64."""
    if not isinstance(eq, RescaledMHD):
        return eq, y
    plain = ChiralMHD(**{f.name: getattr(eq, f.name) for f in fields(ChiralMHD)})
    return replace_units(plain, 1 / eq.field_unit), _in_unit(double(y), 1 / eq.field_unit)


def rescaled(eq: ChiralMHD, unit: float) -> RescaledMHD:
    """The equation of a float32 run whose unit of B is `unit`."""
    unit = jnp.asarray(unit, jnp.float64)
    changed = replace_units(eq, unit)
    return RescaledMHD(**{f.name: getattr(changed, f.name) for f in fields(ChiralMHD)}, field_unit=unit)


def replace_units(eq: ChiralMHD, b: Float[Array, ""]) -> ChiralMHD:
    """Coefficients in a unit of B that is `b` times the one they have."""
    charge, forcing = eq.charge, eq.forcing
    if charge is not None:
        charge = replace(charge, separation=charge.separation * b, magnetic=charge.magnetic * b)
    if forcing is not None:
        forcing = replace(forcing, amplitude=forcing.amplitude / b**2)
    return replace(
        eq,
        chiral_feedback=eq.chiral_feedback * b**2,
        background_field=eq.background_field / b,
        enthalpy=eq.enthalpy / b**2,
        charge=charge,
        forcing=forcing,
    )


def _in_unit(y: State, b: Float[Array, ""]) -> State:
    """The state in a unit of B that is `b` times the one it has."""
    energy = 1 / b**2
    return y._replace(
        A=tuple(a / b for a in y.A),
        momentum=y.momentum and tuple(m * energy for m in y.momentum),
        rho=None if y.rho is None else y.rho * energy,
        ledger=y.ledger._replace(energy=y.ledger.energy * energy, momentum=y.ledger.momentum * energy),
    )


def double(y: State) -> State:
    """The state in float64."""
    return _with_dtype(y, jnp.complex128)


def lowered(y: State, unit: float) -> State:
    """A state in code units as a float32 run keeps it; its ledger stays float64."""
    return _with_dtype(_in_unit(y, jnp.asarray(unit, jnp.float64)), jnp.complex64)


def _with_dtype(y: State, dtype) -> State:
    return jax.tree.map(lambda x: x.astype(dtype), y._replace(ledger=None))._replace(ledger=y.ledger)


# --- the unit ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Extreme:
    """A number that the run will hold: log2 of it in code units, and the power of the unit b that it is divided by."""

    what: str
    log2: float
    power: int
    large: bool

    def room(self, log2_unit: float) -> float:
        """Powers of two to the limit of float32."""
        value = self.log2 - self.power * log2_unit
        return LARGEST - value if self.large else value - SMALLEST


def field_unit(eq: ChiralMHD, seed: float, mu5: float) -> float:
    """The unit of B [E*^1/2 l*^-3/2] for a float32 state. ConfigError where none keeps all numbers in range.

    seed: rms of the first field but B0, mu5: largest initial |mu5|, in code units, both to a factor of a few.
    """
    extremes = list(_extremes(eq, seed, mu5))
    room = {n: min((e.room(n) for e in extremes), default=math.inf) for n in range(-120, 121)}
    best = 0 if room[0] >= COMFORT else max(room, key=lambda n: (room[n], -abs(n)))
    if room[best] < NEEDED:
        tight = ", ".join(f"{e.what} ~ 1e{e.log2 * math.log10(2):.0f}" for e in extremes if e.room(best) < COMFORT)
        raise ConfigError(
            'devices.precision = "float32" holds numbers from 1e-38 to 3e38 only, and no unit of the field keeps those of '
            f'this case in range (code units: {tight}); set devices.precision = "float64"'
        )
    return 2.0**best


def _extremes(eq: ChiralMHD, seed: float, mu5: float) -> Iterable[Extreme]:
    k, b0 = float(eq.box.k_max), float(np.linalg.norm(np.asarray(eq.background_field)))
    eta, lam = _largest(eq.magnetic_diffusivity), float(eq.chiral_feedback)
    mu5 = mu5 + _sourced(eq) + _largest_xi(eq)
    inertia = 1.0 if eq.compressible else float(eq.enthalpy) if eq.moves else 0.0
    weakest, strongest = seed or b0, max(_strongest(eq, seed, mu5, inertia), b0)
    share = 2.0**LAST_BIT / math.sqrt(math.prod(eq.box.logical_shape))  # the last bit of a mode
    small = {"A": (weakest / k * share, 1), "eta mu5 B": (eta * mu5 * weakest * share, 1), "B^2": (weakest**2, 2)}
    large = {
        "J^2": (strongest**2 * max(1.0, k, mu5) ** 2, 2),
        "rho": (inertia * max(1.0, k), 2),
        "lambda": (lam, -2),
        "k^2": (max(k, mu5) ** 2, 0),
    }
    for is_large, group in ((False, small), (True, large)):
        for what, (value, power) in group.items():
            if value > 0:
                yield Extreme(what, math.log2(value), power, is_large)


def _strongest(eq: ChiralMHD, seed: float, mu5: float, inertia: float) -> float:
    """The strongest field to expect: chirality used up, (2/lam) mu5 = <A·B> ~ B²/mu5, or B² ~ 2 rho; else growth at will."""
    lam = float(eq.chiral_feedback)
    by_chirality = mu5 * math.sqrt(2 / lam) if lam > 0 else 0.0
    return max(seed, by_chirality, math.sqrt(2 * inertia)) if by_chirality or inertia else _GROWTH * seed


def _sourced(eq: ChiralMHD) -> float:
    """The largest mu5 that the source makes: all that it supplies, or S5/gamma5; 0 where nothing bounds it."""
    source, gamma5 = eq.source, _largest(eq.flipping_rate)
    if isinstance(source, DecaySource):
        rate, supply = abs(float(source.amplitude)), abs(float(source.amplitude * source.t_phi)) * math.exp(0.5)
    elif isinstance(source, TimeTable):
        rate, supply = _largest(source), _largest(source) * float(source.t[-1] - source.t[0])
    elif isinstance(source, ConstantSource):
        rate, supply = abs(float(source.amplitude)), math.inf
    else:
        return 0.0
    bound = min(supply, rate / gamma5 if gamma5 > 0 else math.inf)
    return bound if math.isfinite(bound) else 0.0


def _largest_xi(eq: ChiralMHD) -> float:
    """max |xi| over space and the table's points in time."""
    return _largest(eq.xi) * (1.0 if eq.xi_shape is None else float(jnp.max(jnp.abs(eq.xi_shape))))


def _largest(coefficient: Float[Array, ""] | TimeTable) -> float:
    if isinstance(coefficient, TimeTable):
        return float(jnp.max(jnp.abs(jax.vmap(coefficient)(coefficient.t))))
    return float(jnp.abs(coefficient))


def seed_field(initial: cfg.Initial, eq: ChiralMHD, fields: dict[str, np.ndarray] | None) -> float:
    """rms of the first magnetic field, to a factor of a few. `fields`: those of the case's file."""
    box, d = eq.box, eq.box.dimensions
    if isinstance(initial, cfg.HelicalMode):
        return initial.amplitude
    if isinstance(initial, cfg.Spectrum):
        return initial.b_rms
    k = float(box.k_max)
    if isinstance(initial, cfg.FieldFile):
        return float(np.sqrt(np.sum(np.mean(np.square(fields["A"]), axis=(1, 2, 3))))) * float(box.k_unit)
    # Each of the modes in a ball of radius k has two components of the variance sigma^2 dx^d/V, and mean k^2 d/(d + 2).
    modes = math.pi ** (d / 2) / math.gamma(d / 2 + 1) * (k / (2 * math.pi)) ** d
    return initial.amplitude * k * math.sqrt(2 * modes * initial.reference_spacing**d * d / (d + 2))


def first_mu5(initial: cfg.Initial, fields: dict[str, np.ndarray] | None) -> float:
    """The largest initial |mu5|, to a factor of a few."""
    if fields is not None and "mu5" in fields:
        return float(np.max(np.abs(fields["mu5"])))
    value = initial.mu5
    if isinstance(value, float):
        return abs(value)
    return abs(value.mean) + (3 * value.rms if isinstance(value, cfg.RandomScalar) else abs(value.amplitude))


# --- what the run reports ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InCodeUnits:
    """An observable's function for the state of a float32 run: given the state in float64 and in code units."""

    function: Callable

    def __call__(self, eq: RescaledMHD, t, y: State):
        equation, y = in_code_units(eq, y)
        return self.function(equation, t, y)


def in_float32(problem: Problem, unit: float) -> Problem:
    """The problem with its state in float32 and in this unit of B; it reports in code units, and how near the limits are."""

    def initial_state() -> State:
        state = lowered(problem.initial_state(), unit)
        if unit != 1:
            problem.notes["remarks"].append(f"float32: fields are kept in units of {unit:.3g} (2^{math.log2(unit):.0f})")
        return state

    return replace(
        problem,
        equation=rescaled(problem.equation, unit),
        initial_state=initial_state,
        observables=(*(replace(o, function=InCodeUnits(o.function)) for o in problem.observables), FLOAT32_RANGE),
        monitors=(*problem.monitors, RANGE_MONITOR),
    )


def float32_range(eq: RescaledMHD, t, y: State) -> Float[Array, ""]:
    """How far the state's numbers go towards float32's limits: 0 at 1, 1 at 1.2e-38 and at 3.4e38."""
    y, box = double(y), eq.box
    b2 = ledgers.mean_b_squared(eq, y) + jnp.sum(eq.background_field**2)
    j2 = box.mean_dot(y.A, tuple(box.k2**2 * a for a in y.A))
    mu5_squared = box.mean_product(y.mu5, y.mu5)
    large = [j2, b2 * jnp.sqrt(mu5_squared), mu5_squared]
    if eq.compressible:
        large.append(jnp.abs(box.mean(y.rho)) * jnp.maximum(box.k_max, 1.0))
    if eq.moves:
        large.append(jnp.sqrt(box.mean_dot(y.momentum, y.momentum)) * box.k_max)
    a_per_mode = jnp.sqrt(box.mean_dot(y.A, y.A) / math.prod(box.logical_shape)) * 2.0**LAST_BIT
    used = [jnp.log2(jnp.where(x > 0, x, 1.0)) / LARGEST for x in large]
    used += [jnp.log2(jnp.where(x > 0, x, 1.0)) / SMALLEST for x in (b2, a_per_mode)]
    return jnp.maximum(jnp.max(jnp.stack(used)), 0.0)


FLOAT32_RANGE = Observable(
    "float32_range", (), "1", "share of float32's range of exponents used (with devices.precision = float32)", float32_range
)
RANGE_MONITOR = Monitor(
    "float32_range",
    0.9,
    "products of the fields come within 1e4 of the limits of float32, beyond which they are 0 or infinite: "
    'use devices.precision = "float64"',
)
