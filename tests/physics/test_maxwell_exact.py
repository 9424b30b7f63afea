"""The engine of the anomalous Maxwell equations against exact solutions: linear modes in any direction, one helicity, pulses.

The references (`maxwell.dispersion`, `.solutions`, `.single_helicity`) share no line with the engine.
"""

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from kiral.core.integrators.base import combine
from kiral.geometry.box import Box
from kiral.geometry.fft import to_grid, to_modes
from kiral.maxwell import dispersion, initial, single_helicity, solutions
from kiral.maxwell.dispersion import DRUDE, FIRST, SECOND, VARIANTS, Terms
from kiral.maxwell.drifting import Drifting
from kiral.maxwell.equations import AnomalousMaxwell
from kiral.maxwell.given_field import GivenField
from kiral.maxwell.matter import Matter
from kiral.maxwell.plasma import CHIRALITIES, Plasma
from kiral.maxwell.resistive import Resistive
from kiral.maxwell.state import State, empty_ledger
from maxwell_setups import stepped

ANY = Plasma(temperature=1.3, tau=0.7, charge=0.3, c=1.7, mu=0.3, mu5=-0.4)
"""Nothing is 1, so that wrong powers show."""
B0 = np.array([0.7, 0.4, -1.1])
WAVE = Plasma(tau=2.0, charge=0.3)
STRONG = Plasma(tau=0.5, charge=1.0, mu5=1.0)
K_STRONG = 1 / np.pi
CUBE = (16, 16, 16)
"""The grid of `test_maxwell_ledgers`, so that what both do on it is compiled once."""
NAMES = {"hall": "hall", "magnetization": "magnetization", "relaxation": "electric_relaxation"}


def number(value):
    return jnp.asarray(value, jnp.float64)


def equation(plasma, n, length, terms=FIRST, kind=AnomalousMaxwell, state="fermi", external=None):
    """The engine's equation, its linear part that of the plasma. external: a uniform electric current."""
    matter = Matter(*map(number, (plasma.charge, plasma.temperature, plasma.tau, plasma.c)), state)
    sigma = number([plasma.chirality_conductivity(i) for i in CHIRALITIES])
    taken = () if terms is None else tuple(name for key, name in NAMES.items() if getattr(terms, key))
    where = Box(n, number(np.broadcast_to(length, 3)))
    drude = terms is not None and terms.drude
    return kind(where, matter, sigma, number(np.inf), external, None, terms=taken, uniform=False, drude=drude)


def uniform(eq, plasma, magnetic_field, electric_field=(0.0, 0.0, 0.0)) -> State:
    n = tuple(eq.box.add_mean(jnp.zeros(eq.box.shape, complex), plasma.density(i)) for i in CHIRALITIES)
    b, e = (initial.uniform_vector(eq.box, tuple(v)) for v in (magnetic_field, electric_field))
    return initial.state_from(eq.box, eq.matter, b=b, e=e, n=n, current=eq.drude)


def tendency(eq, y):
    return combine((1.0, eq.evaluate(number(0.0), y)[0]), (1.0, eq.linear().apply(y)))


def stacked(y: State) -> np.ndarray:
    """(8 or 14, *modes): E, B, n_+, n_-, J_+, J_-."""
    currents = () if y.current is None else (*y.current[0], *y.current[1])
    return np.stack([np.asarray(f) for f in (*y.E, *y.B, *y.n, *currents)])


def state_of(values: np.ndarray) -> State:
    f = tuple(map(jnp.asarray, values))
    return State(f[:3], f[3:6], (f[6], f[7]), empty_ledger(), (f[8:11], f[11:14]) if len(f) > 8 else None)


def disturbance(eq, seed: int, size: int, means: bool = False) -> np.ndarray:
    """Random real fields on all modes, divergence-free B, E that obeys Gauss's law."""
    rng = np.random.default_rng(seed)
    fields = to_modes(eq.box, tuple(number(rng.normal(size=eq.box.n)) for _ in range(size)))
    keep = ((eq.box.k2 > 0) | means) & eq.box.mask
    fields = [jnp.where(keep, f, 0) for f in fields]
    state = initial.state_from(eq.box, eq.matter, b=tuple(fields[3:6]), e=tuple(fields[:3]), n=(fields[6], fields[7]))
    return np.concatenate([stacked(state), np.stack(fields[8:])]) if size > 8 else stacked(state)


def linear_part(eq, base: State, direction: np.ndarray) -> np.ndarray:
    """d/dh of the engine's tendency at base + h direction, by differences that are exact up to fourth order in h."""
    h, y0 = 1e-4, stacked(base)
    at = [stacked(tendency(eq, state_of(y0 + s * h * direction))) for s in (1, -1, 2, -2)]
    return (8 * (at[0] - at[1]) - (at[2] - at[3])) / (12 * h)


def wave_vectors(where, means: bool = False):
    """(3, modes) and their indices, those of all modes kept, k = 0 by choice."""
    keep = np.asarray(((where.k2 > 0) | means) & where.mask)
    k = np.stack([np.broadcast_to(np.asarray(x), where.shape)[keep] for x in where.k])
    return keep, k


def balance(plasma):
    """The current from outside that cancels the uniform chiral magnetic one along B0."""
    return tuple(-(plasma.charge**2) * plasma.mu5 / (2 * np.pi**2 * plasma.c) * number(b) for b in B0)


@pytest.mark.parametrize(
    "terms",
    [FIRST, Terms(hall=True), Terms(magnetization=True), Terms(relaxation=True), SECOND, DRUDE, Terms(True, True, drude=True)],
)
def test_every_linear_mode_in_any_direction(terms):
    """All modes of a box at once, oblique to B0, with mu and mu5, for each form of the current."""
    eq = equation(ANY, CUBE, np.array([5.0, 7.0, 4.0]), terms, external=balance(ANY))
    base = uniform(eq, ANY, B0)
    direction = disturbance(eq, 3, 14 if terms.drude else 8)
    found = linear_part(eq, base, direction)
    keep, k = wave_vectors(eq.box)
    expected = np.stack(
        [dispersion.linear_matrix(ANY, q, B0, terms) @ y for q, y in zip(k.T, direction[:, keep].T, strict=True)]
    )
    scale = np.abs(expected).max(axis=0)
    assert (np.abs(found[:, keep].T - expected).max(axis=0) < 1e-9 * scale).all()


@pytest.mark.slow
def test_linear_modes_of_the_limits():
    """The resistive limit, with a uniform field and with mu5, the drifting regime, and the waves at given field."""
    for plasma, field in ((Plasma(1.3, 0.7, 0.3, 1.7), B0), (Plasma(1.3, 0.7, 0.3, 1.7, mu5=-0.4), 0 * B0)):
        eq = equation(plasma, CUBE, np.array([5.0, 7.0, 4.0]), None, Resistive)
        direction = disturbance(eq, 4, 8)
        direction[:3], direction[7] = 0, -direction[6]
        found = linear_part(eq, uniform(eq, plasma, field), direction)
        keep, k = wave_vectors(eq.box)
        y = np.concatenate([direction[3:6], 2 * direction[6:7]])[:, keep]
        expected = np.stack([dispersion.resistive_matrix(plasma, q, field) @ v for q, v in zip(k.T, y.T, strict=True)]).T
        np.testing.assert_allclose(found[3:6, keep], expected[:3], atol=1e-9 * np.abs(expected[:3]).max())
        np.testing.assert_allclose(found[6, keep] - found[7, keep], expected[3], atol=1e-9 * np.abs(expected[3]).max())
    eq = equation(ANY, CUBE, np.array([5.0, 7.0, 4.0]), FIRST, Drifting, external=balance(ANY))
    direction = disturbance(eq, 7, 8)
    found = linear_part(eq, uniform(eq, ANY, B0), direction)
    keep, k = wave_vectors(eq.box)
    pairs = zip(k.T, direction[:, keep].T, strict=True)
    expected = np.stack([dispersion.drifting_matrix(ANY, q, B0) @ y for q, y in pairs])
    assert (np.abs(found[:, keep].T - expected).max(axis=0) < 1e-9 * np.abs(expected).max(axis=0)).all()
    eq = equation(WAVE, CUBE, np.array([5.0, 7.0, 4.0]), FIRST, GivenField)
    length, size = np.linalg.norm(k, axis=0), float(np.linalg.norm(B0))
    cosine = B0 @ k / (length * size)
    for sign, root in zip((1, -1), range(2), strict=True):
        direction = disturbance(eq, 5, 8)  # n_+ runs along B, n_- against it
        direction[:6], direction[7 if sign == 1 else 6] = 0, 0
        found = linear_part(eq, uniform(eq, WAVE, B0), direction)
        rates = np.stack([dispersion.given_field_roots(WAVE, q, size, c) for q, c in zip(length, cosine, strict=True)])
        i = 6 if sign == 1 else 7
        np.testing.assert_allclose(found[i, keep], rates[:, root] * direction[i, keep], atol=1e-9 * np.abs(found[i]).max())


@pytest.mark.parametrize("terms", [FIRST, *(pytest.param(t, marks=pytest.mark.slow) for t in (Terms(relaxation=True), DRUDE))])
def test_exact_linear_part(terms):
    """φ_0 to φ_3 of one long step of all modes of a box: dt 4π sigma = 12, against exponentials of the whole matrix."""
    plasma = Plasma(1.3, 0.7, 0.3, 1.7)
    eq = equation(plasma, CUBE, np.array([5.0, 7.0, 4.0]), terms)
    h = 12 / plasma.ohmic_rate
    y = disturbance(eq, 6, 14 if terms.drude else 8, means=True)
    operator = eq.linear()
    tables = operator.tables(number(h))
    keep, k = wave_vectors(eq.box, means=True)
    for order in range(4):
        found = stacked(operator.phi(tables, order, state_of(y)))[:, keep].T
        for one, q, start_value in list(zip(found, k.T, y[:, keep].T, strict=True))[::53]:
            expected = phi(h * dispersion.linear_matrix(plasma, q, np.zeros(3), terms), order) @ start_value
            np.testing.assert_allclose(one, expected, atol=1e-11 * np.abs(start_value).max())


def phi(matrix: np.ndarray, order: int) -> np.ndarray:
    """φ_order of a matrix, from the exponential of one with identities to its right."""
    from scipy.linalg import expm

    size = len(matrix)
    blocks = np.kron(np.eye(order + 1, k=1), np.eye(size)).astype(complex)
    blocks[:size, :size] = matrix
    return expm(blocks)[:size, -size:]


LINE = (1, 1, 256)
"""The grid of all runs of first order: one compilation. Those of other forms are slow tests."""


def helical(eq, plasma, amplitude):
    state = uniform(eq, plasma, np.zeros(3))
    return state._replace(B=initial.helical_mode(eq.box, amplitude, (0, 0, 1), 1))


def line(plasma, length, terms=FIRST, n=LINE):
    kind = Resistive if terms is None else AnomalousMaxwell
    return equation(plasma, n, np.array([1.0, 1.0, length]), terms, kind)


def strength(eq, y: State):
    """|B| and E along it of a helical mode, and mu5 (all points have the same)."""
    e = eq.electric_field(number(0.0), y)
    fields = to_grid(eq.box, (*y.B, *e, *y.n))
    b, e = (np.stack([np.asarray(f)[0, 0, 0] for f in fields[i : i + 3]]) for i in (0, 3))
    mu = [float(eq.matter.potential(f[0, 0, 0])) for f in fields[6:]]
    return np.linalg.norm(b), e @ b / np.linalg.norm(b), (mu[0] - mu[1]) / 2


@pytest.mark.slow
@pytest.mark.parametrize(("name", "terms"), VARIANTS.items(), ids=VARIANTS)
def test_single_helicity(name, terms):
    """Growth and saturation of one helical mode with each form of the current: an exact solution of the nonlinear equations."""
    n = LINE if terms == FIRST else (1, 1, 8)
    eq = line(STRONG, 2 * np.pi / K_STRONG, terms, n)
    y, last, steps = helical(eq, STRONG, 1e-4), 0.0, {60.0: 1500, 90.0: 750, 200.0: 1100}
    exact = single_helicity.solve(STRONG, K_STRONG, list(steps), magnetic_field=1e-4, terms=terms)
    for i, (t, count) in enumerate(steps.items()):
        y, last = stepped(eq, y, t - last, count), t
        np.testing.assert_allclose(strength(eq, y), (exact.magnetic[i], exact.electric[i], exact.mu5[i]), rtol=1e-9, atol=1e-10)
    end = solutions.saturation(STRONG, K_STRONG, magnetic_field=1e-4)
    assert strength(eq, y)[2] == pytest.approx(end.mu5, rel=1e-10)
    assert strength(eq, y)[0] == pytest.approx(end.magnetic_field, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "terms"), VARIANTS.items(), ids=VARIANTS)
def test_growth_rates(name, terms):
    """The rate while the mode is weak, at the fastest wave number of the weak coupling of `test_maxwell_modes`."""
    plasma = Plasma(tau=2.0, charge=0.3, mu5=0.3)
    k = plasma.chiral_wavenumber / 2
    eq = line(plasma, 2 * np.pi / k, terms, LINE if terms == FIRST else (1, 1, 8))
    y = stepped(eq, helical(eq, plasma, 1e-9), 200.0, 200)
    before = strength(eq, y)[0]
    rate = np.log(strength(eq, stepped(eq, y, 2000.0, 1000))[0] / before) / 2000
    assert rate == pytest.approx(float(dispersion.cpi_growth(plasma, k, 1, terms)), rel=1e-8)


def test_order_in_time():
    """Fourth order, and still 1e-5 where dt 4π sigma = 10."""
    eq = line(STRONG, 2 * np.pi / K_STRONG)
    exact = single_helicity.solve(STRONG, K_STRONG, [88.0], magnetic_field=1e-4).magnetic[0]
    errors = [abs(strength(eq, stepped(eq, helical(eq, STRONG, 1e-4), 88.0, n))[0] / exact - 1) for n in (44, 88, 176)]
    assert np.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.4)
    weak = Plasma(tau=2.0, charge=0.3, mu5=0.3)
    k = weak.chiral_wavenumber / 2
    eq, t_end = line(weak, 2 * np.pi / k), 14000.0
    exact = single_helicity.solve(weak, k, [t_end], magnetic_field=1e-2).magnetic[0]
    steps = round(t_end * weak.ohmic_rate / 10)
    assert abs(strength(eq, stepped(eq, helical(eq, weak, 1e-2), t_end, steps))[0] / exact - 1) < 1e-5


def profile(eq, y: State):
    """E, B (3, n), mu, mu5 (n,) along z."""
    fields = [np.asarray(f)[0, 0] for f in to_grid(eq.box, (*y.E, *y.B, *y.n))]
    mu = [np.asarray(eq.matter.potential(jnp.asarray(f))) for f in fields[6:]]
    return np.stack(fields[:3]), np.stack(fields[3:6]), (mu[0] + mu[1]) / 2, (mu[0] - mu[1]) / 2


def with_mu5(eq, plasma, shape, magnetic_field, electric_field=(0.0, 0.0, 0.0)) -> State:
    """A profile of mu5 along z at mu = 0."""
    base = uniform(eq, plasma, magnetic_field, electric_field)
    grid = jnp.broadcast_to(number(shape), eq.box.n)
    return base._replace(n=to_modes(eq.box, tuple(eq.matter.density(sign * grid) for sign in CHIRALITIES)))


def test_pulse_with_dynamical_field():
    """Against the linear solution: differences fall with the square of the amplitude, to its accuracy."""
    eq = line(WAVE, 80.0)
    z = np.arange(LINE[2]) * 80.0 / LINE[2]
    distance, errors = (z + 40) % 80 - 40, []
    for amplitude in (0.02, 0.002):
        shape = amplitude * sum(np.exp(-(((distance + 80 * i) / 5) ** 2) / 2) for i in (-1, 0, 1))
        e, _, mu, mu5 = profile(eq, stepped(eq, with_mu5(eq, WAVE, shape, (0, 0, 1.0)), 20.0, 80))
        exact = solutions.dynamic_field_pulse(WAVE, distance, 20.0, field=1.0, amplitude=amplitude, width=5.0, length=80.0)
        pairs = ((mu5, exact.mu5), (mu, exact.mu), (e[2], exact.electric))
        errors.append([np.abs(a - b).max() / np.abs(b).max() for a, b in pairs])
    assert np.max(errors[1]) < 2e-6
    np.testing.assert_allclose(np.log10(np.divide(*errors)), 2, atol=0.1)


def test_step_of_mu5():
    """A step of mu5 in a uniform field with a transverse electric field: every digit given, to one unit of the last."""
    eq = line(WAVE, 80.0)
    z = np.arange(LINE[2]) * 80.0 / LINE[2]
    shape = 0.1 * (np.tanh((z - 20) / 3) - np.tanh((z - 60) / 3))
    first = with_mu5(eq, WAVE, shape, (0, 0, 1.0), (0.01, 0, 0))
    end = stepped(eq, first, 20.0, 200)
    e, b, mu, mu5 = profile(eq, end)
    ledgers = [eq.budgets(number(t), y) for t, y in ((0.0, first), (20.0, end))]
    for name, limit in {"gauss": 1e-13, "charge": 1e-15, "helicity": 1e-12, "free_energy": 1e-6, "field_energy": 1e-6}.items():
        before, after = (found[name] for found in ledgers)
        assert abs(after.total - before.total - after.production) < limit * after.scale, name
    edge, middle = LINE[2] // 4, LINE[2] // 2
    given = (
        (e[0, edge], 6.2696600863e-05, 1e-15), (e[1, edge], -2.6490630e-07, 1e-14), (e[2, edge], -2.175165133902e-02, 1e-14),
        (b[0, edge], -3.8414222e-07, 1e-14), (b[1, edge], 1.754830748e-05, 1e-14),
        (mu[edge], -2.353218952637e-03, 1e-15), (mu5[edge], 9.528229857366e-02, 1e-14),
        (e[2, middle], -4.310508909496e-02, 1e-14), (mu5[middle], 1.902006094347e-01, 1e-13),
    )  # fmt: skip
    for found, value, digit in given:
        assert found == pytest.approx(value, abs=max(digit, 1e-10 * abs(value)))  # ten digits of the larger ones are sure


def test_homogeneous_relaxation():
    eq, plasma = line(WAVE, 80.0), Plasma(tau=2.0, charge=0.3, mu=0.5, mu5=0.8)
    y = stepped(eq, uniform(eq, plasma, (0, 0, 1.0)), 100.0, 400)
    e, _, mu, mu5 = profile(eq, y)
    exact = solutions.relaxation(plasma, [100.0], field=1.0)
    np.testing.assert_allclose((e[2, 0], mu[0], mu5[0]), (exact.electric[0], exact.mu[0], exact.mu5[0]), rtol=1e-9)


def test_anomalous_hall_current_across_a_step():
    """At t = 0 the magnetization term drives j_y across a step, of known integral and without divergence."""
    length = np.array([1.0, 1.0, 80.0])
    z = np.arange(LINE[2]) * 80.0 / LINE[2]
    shape = 0.1 * (np.tanh((z - 20) / 3) - np.tanh((z - 60) / 3))
    found = []
    for terms in (FIRST, Terms(magnetization=True)):
        eq = equation(WAVE, LINE, length, terms)
        change = tendency(eq, with_mu5(eq, WAVE, shape, (0, 0, 0.0), (0.01, 0, 0)))
        found.append((np.asarray(to_grid(eq.box, change.E)[1])[0, 0], np.stack([np.asarray(n) for n in change.n])))
    current = -(found[1][0] - found[0][0]) / (4 * np.pi * WAVE.charge)
    across = current[: LINE[2] // 2].sum() * 80.0 / LINE[2]
    assert across == pytest.approx(solutions.step_hall_charge(WAVE, 0.01, 0.2), rel=1e-4)  # the step is cut at z = 0 and 40
    assert current.sum() == pytest.approx(0, abs=1e-12 * np.abs(current).sum())
    np.testing.assert_allclose(found[1][1], found[0][1], atol=1e-15)
