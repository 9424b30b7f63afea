"""Small problems of the anomalous Maxwell equations for the tests, and ways to look at them without compiling much.

A run by `advance` costs ten seconds of compilation, one right-hand side taken op by op a tenth: what can be tested on the
right-hand side is tested there. `stepped` takes the same steps without step control, compiled with less effort.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from kiral.config.load import validate
from kiral.core.integrators import SCHEMES
from kiral.core.integrators.base import combine
from kiral.geometry.fft import to_modes
from kiral.maxwell.initial import state_from

LINE = {"n": [1, 1, 64], "length": 80.0}


def case(model=None, geometry=None, initial=None, **time):
    """A validated case; e = 0.3, tau = 2, c = T = 1 unless given."""
    model = {"kind": "anomalous_maxwell", "charge": 0.3, "relaxation_time": 2.0} | (model or {})
    sections = {"model": model, "geometry": geometry or LINE, "initial": initial or {"kind": "uniform"}}
    return validate(sections | {"time": {"t_end": 1.0} | time})


def problem(model=None, geometry=None, initial=None):
    """A built problem."""
    return case(model, geometry, initial).build(".")


QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


@partial(eqx.filter_jit, compiler_options=QUICK)
def _many(eq, y, slope, h, steps):
    scheme = SCHEMES["etdrk4"]
    tables = scheme.tables(eq, h)

    def one(i, now):
        step = scheme.step(eq, tables, i * h, *now, h)
        return step.y, step.slope

    return jax.lax.fori_loop(0, steps, one, (y, slope))[0]


def stepped(eq, y, t_end, steps):
    """The state after `steps` equal steps of etdrk4 from t = 0; other coefficients or numbers of steps compile nothing anew."""
    found = _many(eq, y, eq.evaluate(jnp.zeros(()), y)[0], jnp.asarray(t_end / steps), jnp.asarray(steps))
    assert all(bool(jnp.all(jnp.isfinite(f))) for f in jax.tree.leaves(found))
    return found


def tendency(eq, y):
    """The whole right-hand side."""
    return combine((1.0, eq.evaluate(jnp.zeros(()), y)[0]), (1.0, eq.linear().apply(y)))


def smooth_state(built, seed=1, fields=0.05, potential=0.1, mean=0.2):
    """Random fields of the longest waves of the box with Gauss's law; B gets a mean."""
    eq, rng = built.equation, np.random.default_rng(seed)
    box = eq.box
    phases = [2 * np.pi * np.arange(n) / n for n in box.n]

    def wave(size):
        total = np.zeros(box.n)
        for _ in range(3):
            k = [rng.integers(-1, 2) if n > 1 else 0 for n in box.n]
            angle = sum(m * p.reshape(s) for m, p, s in zip(k, phases, ((-1, 1, 1), (1, -1, 1), (1, 1, -1)), strict=True))
            total = total + size * rng.normal() * np.cos(angle + rng.uniform(0, 2 * np.pi))
        return jnp.asarray(total)

    b, e = (to_modes(box, tuple(wave(fields) for _ in range(3))) for _ in range(2))
    b = tuple(box.add_mean(f, v) for f, v in zip(b, (0.3, -0.2, 0.6), strict=True))
    mu = [mean * s + wave(potential) for s in (1.0, -1.0)]
    n = to_modes(box, tuple(eq.matter.density(m) for m in mu))
    n = tuple(f - (n[0] + n[1])[0, 0, 0].real / 2 * (np.arange(f.size).reshape(f.shape) == 0) for f in n)
    y = state_from(box, eq.matter, b=b, e=e, n=n, current=eq.drude)
    if eq.drude:
        y = y._replace(current=tuple(to_modes(box, tuple(wave(1e-3) for _ in range(3))) for _ in range(2)))
    return y


def budget_rates(eq, y):
    """name: (d total/dt along the right-hand side, the rate of its production, the scale of its terms)."""
    rate = tendency(eq, y)
    totals, change = jax.jvp(lambda s: {k: b.total for k, b in eq.budgets(0.0, s).items()}, (y,), (rate,))
    production = {k: b.production for k, b in eq.budgets(0.0, y._replace(ledger=rate.ledger)).items()}
    return {k: (float(change[k]), float(production[k])) for k in totals}
