"""How long the linear instability needs to amplify the field of a crust, by the run's own time stepping."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from kiral.core.advance import advance, sample, start, step_options
from kiral.crust.linear import LinearCrust
from kiral.crust.state import State
from kiral.errors import NumericalError

STEPS = 4  # between two looks at the field


class Amplification(NamedTuple):
    """What `amplify` found. time: when ⟨B²⟩^(1/2) reaches the target, NaN where it does not before t_max [yr].

    t: (rows,) [yr]; b_mean: [G]; poloidal, toroidal: energies in the crust [G² km³]; field_rate, energy_rate: at `time`,
    d ln b_mean/dt and that of the energy in the crust, over the last e-folding of the field [1/yr].
    """

    time: float
    field_rate: float
    energy_rate: float
    t: np.ndarray
    b_mean: np.ndarray
    poloidal: np.ndarray
    toroidal: np.ndarray


def amplify(
    equation: LinearCrust, state: State, target: float, *, t_max: float, tolerance: float = 1e-6, t_start: float = 0.0
) -> Amplification:
    """Advance until the mean field is `target` [G], or t_max [yr]. The crossing is found by interpolation, then refined."""
    scheme = "ark4" if equation.material.constant else "ark4_refreshed"
    options = step_options(tolerance)
    carry = start(equation, scheme, jnp.asarray(t_start, jnp.float64), jax.tree.map(jnp.copy, state), options)
    rows, before = [_row(equation, carry.t, carry.y)], carry
    while rows[-1][1] < target:
        before = jax.tree.map(jnp.copy, carry)
        carry = advance(equation, scheme, carry, STEPS, t_max, options)
        if bool(carry.failed):
            raise NumericalError(f"amplification: no step at t = {float(carry.t):g} yr meets the tolerance {tolerance:g}")
        if float(carry.t + carry.dt) > t_max:
            rows.append(_row(equation, *sample(equation, scheme, carry, t_max, options)))
            break
        if float(carry.t) > rows[-1][0]:
            rows.append(_row(equation, carry.t, carry.y))
    if rows[-1][1] >= target:
        rows[-1:] = [_crossing(equation, scheme, before, rows[-2:], target, options)]
    return _found(np.array(rows), target)


@eqx.filter_jit
def _values(equation: LinearCrust, t, y: State):
    operator = equation.induction(t)
    poloidal, toroidal, _ = operator.energies(y.f, y.g)
    return jnp.stack([t, jnp.sqrt(jnp.sum(operator.mean_squares(y.f, y.g))), jnp.sum(poloidal), jnp.sum(toroidal)])


def _row(equation: LinearCrust, t, y: State) -> list[float]:
    """t, mean field, energies."""
    return np.asarray(_values(equation, t, y)).tolist()


def _crossing(equation, scheme, carry, ends, target, options) -> list[float]:
    """The row at the target: secants on ln b(t) between the two rows `ends`, from the carry at the first."""
    (t0, b0, *_), (t1, b1, *_) = ends
    low, high, row = (t0, np.log(b0 / target)), (t1, np.log(b1 / target)), ends[1]
    for _ in range(8):
        t = low[0] - low[1] * (high[0] - low[0]) / (high[1] - low[1])
        row = _row(equation, *sample(equation, scheme, carry, t, options))
        rest = np.log(row[1] / target)
        if abs(rest) < 1e-9:
            break
        low, high = ((t, rest), high) if rest < 0 else (low, (t, rest))
    return row


def _found(rows: np.ndarray, target: float) -> Amplification:
    t, b, poloidal, toroidal = rows.T
    if b[-1] < target * (1 - 1e-6):
        return Amplification(np.nan, np.nan, np.nan, t, b, poloidal, toroidal)
    earlier = np.interp(np.log(b[-1]) - 1, np.log(b), t) if b[0] < b[-1] / np.e else t[0]
    energy = np.log(poloidal + toroidal)
    span = t[-1] - earlier
    rate = (energy[-1] - np.interp(earlier, t, energy)) / span
    return Amplification(float(t[-1]), float(min(1.0, np.log(b[-1] / b[0])) / span), float(rate), t, b, poloidal, toroidal)
