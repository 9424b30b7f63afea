"""Energy in flavor kinetics: Eq. (16) resolved in momentum, the exchange (7, 21, 22), the invariants, entropy.

Independent of the code under test: Eq. (16) written with matrices, a NumPy solver of the two beams, published numbers.
"""

import re
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from two_beams import evolve, modes_seed, oscillation_energy

from kiral.config.load import load_case
from kiral.core.advance import advance, start, step_options
from kiral.errors import ConfigError
from kiral.flavor import exchange
from kiral.flavor.entropy import entropy, entropy_two_flavors
from kiral.flavor.integrable import monodromy_trace
from kiral.flavor.resolved import FORCE, FULL, ResolvedFlavor, State, fourier_derivative, interaction_energies, kinetic_energy
from kiral.flavor.resolved_config import growth_rate
from kiral.flavor.resolved_invariants import third_moments

LENGTH, SEED = 25.0, [(-4, 1e-4), (-3, 5e-5)]
"""A quarter of the box of length 100 with modes -16 and -12: the same solution, with a quarter of its energies."""
SIGMA = np.array([np.eye(2), [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def equation(n, nq, half, centre, transverse, gradients=FULL, length=LENGTH):
    q = np.stack([s * centre + half * (2 * np.arange(nq) / nq - 1) for s in (1, -1)])
    arrays = (1.0, length, q, [transverse] * 2, [np.hypot(centre, transverse)] * 2, [length / 2] * 2)
    return ResolvedFlavor(*(jnp.asarray(a, jnp.float64) for a in arrays), n=n, gradients=gradients)


def offsets(eq):
    q = np.asarray(eq.momenta)
    return q - q.mean(axis=1, keepdims=True) - (q[0, 1] - q[0, 0]) / 2


def with_spectrum(eq, beams, spread):
    """(4, 2, q, z): beams (2, 3, z) of P⁰ = 1/2 with a Gaussian spectrum."""
    spectrum = np.exp(-((offsets(eq) / spread) ** 2) / 2)
    spectrum /= spectrum.sum(axis=1, keepdims=True) * float(eq.spacing[0, 0])
    four = np.concatenate([np.full((2, 1, beams.shape[-1]), 0.5), beams], axis=1).swapaxes(0, 1)
    return jnp.asarray(spectrum[None, :, :, None] * four[:, :, None])


def smooth(eq, spread, largest):
    """A state without symmetries, with modes up to `largest` in z."""
    random, x = np.random.default_rng(5), offsets(eq)[:, :, None] / spread
    z = 2 * np.pi * np.arange(eq.n) / eq.n
    values = np.zeros((4, 2, x.shape[1], eq.n))
    for c in range(4):
        phases = random.uniform(0, 6, (2, 1, 1, largest))
        wave = sum(random.normal(size=(2, 1, 1)) * np.cos(m * z + phases[..., m - 1]) for m in range(1, largest + 1))
        values[c] = np.exp(-(x**2) / 2) * ((1.0, 0.1, 0.2, 0.4)[c] + 0.1 * wave * (1 + 0.3 * np.sin(x + c))) / spread
    return jnp.asarray(values)


@eqx.filter_jit
def tendency(eq, values):
    modes = eq.to_modes(values)
    return eq.to_grid(eq.evaluate(0.0, State(modes))[0].modes + eq.linear().apply(State(modes)).modes)


@eqx.filter_jit
def totals(eq, values):
    found = {name: budget.total for name, budget in eq.budgets(0.0, State(eq.to_modes(values))).items()}
    local, gradient = third_moments(eq, values)
    return found | {"local": local, "third": local + gradient, "u": sum(interaction_energies(eq, values))}


@eqx.filter_jit
def changes(eq, values, rate):
    return jax.jvp(lambda v: totals(eq, v), (values,), (rate,))[1]


def literal_eq16(eq, values):
    """∂t ρ of Eq. (16) with 2 × 2 matrices, commutators and anticommutators, all derivatives of ρ and Ω by matrices."""
    rho = np.einsum("cgqz,cij->gqzij", np.asarray(values), SIGMA) / 2
    q, dq = np.asarray(eq.momenta), float(eq.spacing[0, 0])
    energy = np.hypot(q, float(eq.transverse[0]))
    v, dv = q / energy, float(eq.transverse[0]) ** 2 / energy**3
    dz = fourier_derivative(eq.n) * 2 * np.pi / float(eq.length)
    dmom = fourier_derivative(q.shape[1]) * 2 * np.pi / (q.shape[1] * dq)
    both = rho + np.trace(rho, axis1=-2, axis2=-1)[..., None, None] * np.eye(2)
    a, b = (np.einsum("gq,gqzij->zij", dq * w, both) for w in (np.ones_like(v), v))
    column = (..., None, None, None)
    omega, omega_q = a - v[column] * b, -dv[column] * b
    omega_z = np.einsum("yz,gqzij->gqyij", dz, omega)
    rho_z, rho_q = np.einsum("yz,gqzij->gqyij", dz, rho), np.einsum("pq,gqzij->gpzij", dmom, rho)
    anti = lambda x, y: (x @ y + y @ x) / 2  # noqa: E731
    found = -v[column] * rho_z - anti(omega_q, rho_z) + anti(omega_z, rho_q) + 1j * (rho @ omega - omega @ rho)
    return np.einsum("gqzij,cji->cgqz", found, SIGMA).real


@pytest.fixture(scope="module")
def slanted():
    eq = equation(32, 40, 16.0, 80.0, 60.0)
    return eq, smooth(eq, 2.0, 3)


def test_tendency_is_eq16_with_matrices(slanted):
    """The three forms of the bracket and their mean agree where the state is resolved."""
    eq, values = slanted
    ours, theirs = np.asarray(tendency(eq, values)), literal_eq16(eq, values)
    assert np.abs(ours - theirs).max() < 1e-10 * np.abs(theirs).max()


def test_invariants_are_kept_exactly_at_any_resolution_in_z(slanted):
    """Up to the grid's last modes, where products alias; only the spectra must vanish at the ends of their range."""
    eq, _ = slanted
    values = smooth(eq, 2.0, 15)
    rate = tendency(eq, values)
    scale = changes(eq, values, jnp.abs(rate))
    for name in ("number", "energy", "momentum", "purity"):
        assert abs(changes(eq, values, rate)[name]) < 1e-12 * abs(scale[name]), name


def test_third_moment_is_kept_to_the_next_order_in_gradients():
    found = []
    for spread in (4.0, 8.0):
        eq = equation(32, 40, 8 * spread, 4000 * spread, 3000 * spread, length=2 * np.pi)
        values = smooth(eq, spread, 3)
        change = changes(eq, values, tendency(eq, values))
        found.append((float(change["local"]) * spread**2, float(change["third"]) * spread**2))
    assert found[0][0] / found[1][0] == pytest.approx(2, rel=1e-3)
    assert found[0][1] / found[1][1] == pytest.approx(4, rel=1e-2)


def test_without_the_shift_of_the_group_velocity_energy_is_lost():
    """The drift's share of dK is (1 - V²)/(1 + V²) of dU_osc, however small mu/energy is."""
    eq, small = equation(32, 40, 16.0, 8e5, 6e5, FORCE), equation(32, 40, 16.0, 8e4, 6e4, FORCE)
    growing = evolve(modes_seed(SEED, 32, LENGTH), LENGTH, 6.0, 0.05)
    for each in (eq, small):
        values = with_spectrum(each, growing, 2.0)
        change = changes(each, values, tendency(each, values))
        assert float(-change["energy"] / change["u"]) == pytest.approx(0.36 / 1.64, rel=1e-3)


@eqx.filter_jit
def energies(eq, modes):
    values = eq.to_grid(modes)
    return kinetic_energy(eq, values), sum(interaction_energies(eq, values)), jnp.sum(values[0])


def run(eq, values, t, dt):
    options = step_options(1.0, dt)
    carry = start(eq, "etdrk4", jnp.zeros(()), State(eq.to_modes(values)), options)
    return advance(eq, "etdrk4", carry, 10**6, t * (1 + 1e-12), options).y.modes


def test_two_beams_with_spectra_trade_refractive_for_kinetic_energy():
    """Published dK at t = 10, and ours from the two beams alone; K + U by the error of the steps, which falls at 4th order."""
    eq = equation(40, 40, 18.0, 40.0, 0.0)
    beams = modes_seed(SEED, 40, LENGTH, "length")
    values = with_spectrum(eq, beams, 2.0)
    _, potential, number = energies(eq, eq.to_modes(values))
    kinetic, drifts = {}, []
    for dt in (0.08, 0.04, 0.02):
        k, u, n = energies(eq, run(eq, values, 10.0, dt))
        kinetic[dt] = 4 * float(k)
        drifts.append(4 * abs(float(k + u - potential)))
        assert abs(float(n / number) - 1) < 1e-14
    assert kinetic[0.02] == pytest.approx(-46.2526679924, rel=1e-8)
    assert drifts[2] < 1e-8 * 46.25
    assert all(a / b > 14 for a, b in pairwise(drifts))
    alone = 4 * (oscillation_energy(beams, LENGTH) - oscillation_energy(evolve(beams, LENGTH, 10.0, 0.01), LENGTH))
    assert kinetic[0.02] == pytest.approx(alone, rel=1e-8)


@pytest.fixture(scope="module")
def beams():
    """P± at t = 0, 6, 10."""
    first = modes_seed(SEED, 64, LENGTH)
    middle = evolve(first, LENGTH, 6.0, 0.02)
    return first, middle, evolve(middle, LENGTH, 4.0, 0.01)


def test_the_other_method_gives_the_published_energies(beams):
    assert oscillation_energy(beams[2], LENGTH) / oscillation_energy(beams[0], LENGTH) == pytest.approx(-0.8501068237, abs=1e-7)


compiled_trace = eqx.filter_jit(monodromy_trace)


def trace(p, lam, refine=4):
    return complex(compiled_trace(jnp.asarray(p[0]), jnp.asarray(p[1]), LENGTH, jnp.asarray(lam, complex), refine))


def test_monodromy_is_the_published_one_and_constant(beams):
    """The box of length 100 holds the solution four times: Tr M⁴ from Tr M with det M = 1."""
    for lam, published in ((0.0, 1.724637745), (2.0, -0.679426213)):
        ours = [trace(p, lam) for p in beams]
        assert ((ours[0] ** 2 - 2) ** 2 - 2).real == pytest.approx(published, abs=1e-9)
        assert ours[2] == pytest.approx(ours[0], abs=1e-7)
    wrong = beams[2].copy()
    wrong[0, 2] += 1e-3 * np.sin(2 * np.pi * np.arange(64) / 64)
    assert abs(trace(wrong, 2.0) - ours[0]) > 1e-6


def test_monodromy_converges_at_sixth_order(beams):
    ours = [trace(beams[2], 0.7 + 0.2j, refine) for refine in (2, 4, 16)]
    assert 50 < abs(ours[0] - ours[2]) / abs(ours[1] - ours[2]) < 80


def test_rates_of_exchange_agree():
    """(7), its sum over modes with the prime restored, and the force of (21, 22), for four beams."""
    random, v, w = np.random.default_rng(2), [-0.9, -0.2, 0.5, 1.0], [0.3, 0.8, 1.2, 0.4]
    modes = random.normal(size=(4, 3, 17)) + 1j * random.normal(size=(4, 3, 17))
    modes[..., 10:] = 0
    p = np.fft.irfft(modes, n=32)
    rate = exchange.oscillation_energy_rate(p, v, w, 7.0)
    assert exchange.oscillation_energy_rate_of_modes(p, v, w, 7.0).sum() == pytest.approx(rate, rel=1e-12)
    assert exchange.kinetic_energy_rate(p, v, w, 7.0) == pytest.approx(-rate, rel=1e-12)


def test_rate_of_exchange_is_that_of_the_energy(beams):
    around = [oscillation_energy(evolve(beams[1], LENGTH, 0.04 + s, 0.02), LENGTH) for s in (-0.02, 0.02)]
    middle = evolve(beams[1], LENGTH, 0.04, 0.02)
    rate = exchange.oscillation_energy_rate(middle, [1, -1], [1, 1], LENGTH)
    assert (around[1] - around[0]) / 0.04 == pytest.approx(rate, rel=1e-3)


def test_entropy_is_that_of_the_eigenvalues():
    random = np.random.default_rng(4)
    p0, p = random.uniform(0.9, 1.1, 5), random.normal(size=(3, 5)) / 4
    rho = np.einsum("cz,cij->zij", np.concatenate([p0[None], p]), SIGMA) / 2
    two = eqx.filter_jit(entropy_two_flavors)(jnp.asarray(p0), jnp.linalg.norm(p, axis=0))
    assert np.asarray(eqx.filter_jit(entropy)(jnp.asarray(rho))) == pytest.approx(np.asarray(two), rel=1e-12)
    half = 2 * (-0.25 * np.log(0.25) - 0.75 * np.log(0.75))
    assert float(eqx.filter_jit(entropy)(jnp.asarray(np.diag([0.25 + 0j, 0.75])))) == pytest.approx(half)
    pure = eqx.filter_jit(entropy_two_flavors)(jnp.asarray(0.5), jnp.asarray(0.5 + 1e-16))  # n = 1/2 and 0, or round-off below
    assert float(pure) == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("geometry.half_width", 5.0, "at least 6 spreads, 12"),
        ("geometry.n_momentum", 12, "give 20 or more"),
        ("model.momentum", 10.0, "must not reach 0"),
        ("initial.modes", [[40, 0.1]], "hold |n| < 32"),
        ("initial.modes", [[1, 0.3], [2, 0.3]], "their sum is 0.6"),
    ],
)
def test_a_case_that_does_not_fit_says_why(key, value, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_case("energy-resolved", {key: value})


def test_slanted_beams_have_the_linear_growth_rate():
    """γ² = -Vk (Vk + 1 + V²) of cold beams ±V, against the eigenvalues of (6b) linearised."""
    model, k = load_case("energy-resolved", {"model.transverse_momentum": 30.0}).config.model, -0.7
    v, g = np.array([0.8, -0.8]), np.array([0.5, -0.5])
    turning = np.diag(g.sum() - v * (v @ g) - k * v) - g[:, None] * (1 - v[:, None] * v)
    assert growth_rate(model, k) == pytest.approx(np.linalg.eigvals(1j * turning).real.max(), rel=1e-12)
