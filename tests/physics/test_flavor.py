"""Flavor kinetics: published reference values, exact solutions, conservation, orders, one setting inside another.

Reference values of the two beams (S1, S3: seeds of one and of two modes) were made with another program.
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flavor_setups import FAST, TWO_BEAMS, follow, problem
from measured import drifts, values

from kiral.flavor import dispersion
from kiral.flavor.collisions import Relaxation
from kiral.flavor.groups import SU2, SU3
from kiral.flavor.state import State

S1 = {5: 0.99955962122, 8: 0.82995544567, 10: -0.98147829373, 12: 0.88273119145, 15: 0.99970050879, 20: 0.99999999699}
S3 = {5: 0.9994786783, 8: 0.8074779498, 9: -0.0052102764, 10: -0.8501068237, 12: 0.8489427393, 15: -0.7509966295,
      20: 0.9993286074}  # fmt: skip
SEEDS = {"S1": [[-16, 1e-4]], "S3": [[-16, 1e-4], [-12, 5e-5]]}
BOX = {"n": 128, "length": 100.0}
TWO = ("u_osc", "kinetic_energy", "nux_content", "norm_drift", "entropy", "monodromy_0", "monodromy_2")


def two_beams(modes, keep="pz", scheme="lie4", length=100.0):
    """Arrays of the same shapes whatever the seed, so that all tests share the compiled code."""
    seed = {"kind": "modes", "modes": modes, "keep": keep}
    made = problem(TWO_BEAMS, seed, scheme=scheme, **BOX | {"length": length})
    norm = jnp.broadcast_to(made.equation.norm, (2, 1, 1, 1, BOX["n"]))
    return replace(made, equation=eqx.tree_at(lambda eq: eq.norm, made.equation, norm))


def two_values(made, t, y):
    """All of TWO by name, for the same reason."""
    return dict(zip(TWO, values(made, t, y, *TWO), strict=True))


@pytest.mark.parametrize(("name", "expected"), [("S1", S1), ("S3", S3)])
def test_reference_values_of_two_beams(name, expected):
    made = two_beams(SEEDS[name])
    start = two_values(made, 0, made.initial_state())["u_osc"]
    states = zip(expected, follow(made, expected), strict=True)
    ratios = [two_values(made, t, y)["u_osc"] / start for t, y in states]
    assert start == pytest.approx(-25, abs=1e-5)
    np.testing.assert_allclose(ratios, list(expected.values()), rtol=0, atol=1e-8)


def test_monodromy_of_two_beams():
    made = two_beams(SEEDS["S3"])
    (y,) = follow(made, [10.0])
    found = two_values(made, 10, y)
    np.testing.assert_allclose([found["monodromy_0"], found["monodromy_2"]], [1.724637745, -0.679426213], atol=2e-8)


def test_energy_ledger_and_entropy_of_two_beams():
    made = two_beams(SEEDS["S3"], keep="length")
    (y,) = follow(made, [10.0])
    before, after = two_values(made, 0, made.initial_state()), two_values(made, 10, y)
    assert after["kinetic_energy"] == pytest.approx(-46.2526679632, abs=2e-8)
    assert after["norm_drift"] < 1e-13
    assert after["entropy"] == pytest.approx(before["entropy"], rel=1e-12)
    assert before["entropy"] == pytest.approx(2 * 100 * np.log(2), rel=1e-12)


@pytest.mark.parametrize("scheme", ["lie4", "rk4"])
def test_fourth_order(scheme):
    made = two_beams(SEEDS["S3"], keep="length", scheme=scheme)
    states = {dt: follow(made, [10.0], scheme=scheme, dt=dt)[0] for dt in (0.04, 0.02, 0.01)}
    missed = [drifts(made, 10, y)["energy"] for y in states.values()]
    ledger = [float(y.kinetic) + 46.2526679632 for y in states.values()]
    for errors in (missed, ledger):
        assert np.all(np.log2(np.abs(errors[:-1]) / np.abs(errors[1:])) > 3.8), errors


def test_what_rotations_keep_stays_to_round_off():
    made = two_beams(SEEDS["S3"])
    (y,) = follow(made, [200.0], dt=0.02)
    found = drifts(made, 200, y)
    assert max(found["number"], found["polarization"]) < 1e-13
    assert two_values(made, 200, y)["norm_drift"] < 1e-12


def test_random_seeds_do_not_depend_on_the_grid():
    seed = {"kind": "random", "n_max": 20, "amplitude": 1e-3}
    coarse, fine = (problem(TWO_BEAMS, seed, n=n, length=100.0).initial_state().p for n in (64, 128))
    np.testing.assert_allclose(np.asarray(fine[0])[..., ::2], np.asarray(coarse[0]), atol=1e-15)
    modes = np.fft.rfft(np.asarray(fine[0])[0, 0, 0, 0], norm="forward")
    assert np.abs(modes[21:]).max() < 1e-17 < 1e-4 < np.abs(modes[1:21]).mean() < 1e-2


def test_growth_is_the_root_of_the_dispersion_relation():
    """The first mode of the standard 1-D distribution at k*: γ = 0.0436833864 for continuous angles."""
    k = 0.16405418
    made = problem(FAST, {"kind": "gaussian", "amplitude": 1e-12, "width": 5.0}, n=16, length=2 * np.pi / k)
    data = made.equation.data
    v, number = np.asarray(data.velocity[:, 2]), np.asarray(made.equation.weight)
    electron = np.asarray(data.coupling).sum(axis=1) / number
    expected = dispersion(v, number, electron, k).imag.max()
    assert expected == pytest.approx(0.0436833864, rel=1e-6)
    psi = total_psi(made)
    times = (400.0, 440.0)
    found = [np.abs(psi(y, t, k)) for t, y in zip(times, follow(made, times, tolerance=1e-10), strict=True)]
    assert np.log(found[1] / found[0]) / 40 == pytest.approx(expected, rel=1e-6)
    # The recorded mode has nothing else in it: it grows so from the start.
    (y,) = follow(made, [20.0], tolerance=1e-10)
    early = [values(made, t, state, "fastest_mode")[0] for t, state in ((0.0, made.initial_state()), (20.0, y))]
    assert np.log(early[1] / early[0]) / 20 == pytest.approx(expected, rel=1e-6)


def total_psi(made):
    """∫ dv ψ at wave number k = 2π/length, from a state along the rays."""
    eq = made.equation
    coupling, v = np.asarray(eq.data.coupling), np.asarray(eq.data.velocity[:, 2])

    def psi(y, t, k):
        modes = np.fft.fft(np.asarray(y.p[0] + 1j * y.p[1])[:, :, 0, 0], norm="forward")[..., 1]
        return np.sum(coupling * modes * np.exp(-1j * k * v * t)[:, None])

    return psi


ENERGIES, POINTS = np.array([0.5, 1.0, 2.0]), 16


def oscillations(theta, **matter):
    """Neutrinos and antineutrinos of three energies that do not move, at 16 points: each oscillates alone."""
    beams = [{"velocity": 0.0, "nu": [1.0, 0.0], "nubar": [1.0, 0.0]}]
    model = {"kind": "flavor_beams", "mu": 0.0, "beams": beams, "vacuum": {"levels": [0.0, 1.0], "angles": [theta]}}
    shares = {"energies": {"values": list(ENERGIES), "nu": [0.2, 0.3, 0.5]}}
    return problem(model | shares | matter, n=POINTS, length=1.0)


def survival(theta, matter, energy, t):
    """P = 1 - sin²2θ_m sin²(ω_m t/2)."""
    along, across = matter - np.cos(2 * theta) / energy, np.sin(2 * theta) / energy
    size = np.hypot(along, across)
    return 1 - (across / size) ** 2 * np.sin(size * t / 2) ** 2


OSCILLATING = ("survival_nue_e", "survival_nuebar_e", "nux")


@pytest.mark.parametrize("matter", [0.0, 0.4, np.cos(0.6)])
def test_oscillations_in_vacuum_and_matter(matter):
    """Three energies, neutrinos and antineutrinos; the last matter is at resonance."""
    made = oscillations(0.3, matter=float(matter) or 1e-300)
    (y,) = follow(made, [20.0], tolerance=1e-10)
    nue, nuebar, _ = values(made, 20, y, *OSCILLATING)
    np.testing.assert_allclose(nue, survival(0.3, matter, ENERGIES, 20), rtol=0, atol=1e-11)
    np.testing.assert_allclose(nuebar, survival(0.3, -matter, ENERGIES, 20), rtol=0, atol=1e-11)


def test_matter_that_varies_in_space(tmp_path):
    """Every point oscillates with its own λ(z)."""
    profile = 0.5 + 0.2 * np.cos(2 * np.pi * np.arange(POINTS) / POINTS)
    np.savez(tmp_path / "matter.npz", profile[None, None])
    made = oscillations(0.3, matter_file=str(tmp_path / "matter.npz"))
    (y,) = follow(made, [10.0], tolerance=1e-10)
    by_energy = survival(0.3, profile[:, None], ENERGIES, 10)
    nux = values(made, 10, y, *OSCILLATING)[2][0, 0]
    np.testing.assert_allclose(nux, 1 - by_energy @ [0.2, 0.3, 0.5], rtol=0, atol=1e-11)


@pytest.mark.parametrize("scheme", ["rk4", pytest.param("lie4", marks=pytest.mark.slow)])
def test_three_flavors_reduce_to_two(scheme):
    """Fast conversion of two beams with a third flavor that is not there. Compiling SU(3) rotations takes seconds: slow."""
    beams = [{"velocity": 1.0, "nu": [0.5, 0.0, 0.0]}, {"velocity": -1.0, "nu": [0.0, 0.5, 0.0]}]
    modes, length = [[-2, 1e-3], [-1, 1e-3]], 12.5
    two = two_beams(modes, scheme=scheme, length=length)
    seed = {"kind": "modes", "modes": modes}
    three = problem({"kind": "flavor_beams", "beams": beams}, seed, scheme=scheme, **BOX | {"length": length})
    (y2,), (y3,) = (follow(made, [8.0], scheme=scheme, dt=0.02) for made in (two, three))
    names = ("u_osc", "kinetic_energy", "nux_content")
    found = two_values(two, 8, y2)
    u3, k3, x3 = values(three, 8, y3, *names)
    assert found["nux_content"] > 0.2
    # p8 of the two beams is constant, 1/√3 of each: U_osc has (mu/4) Σ Σ' (1 - v·v') p8 p8' = L/12 more.
    np.testing.assert_allclose([u3 - length / 12, k3, x3], [found[name] for name in names], rtol=0, atol=1e-9)
    if scheme == "lie4":
        assert drifts(three, 8, y3)["polarization"] < 1e-13


def test_one_dimension_inside_three():
    """The same axially symmetric problem on the full sphere of directions in a 3-D box: it varies along z alone."""
    nu = [{"kind": "exponential", "density": 1.0, "flux_factor": 0.3}]
    nubar = [{"kind": "exponential", "density": 1.0, "flux_factor": -0.3}]
    seed = {"kind": "modes", "modes": [[1, 1e-2]], "relative": True, "keep": "length"}
    line = problem({"kind": "flavor_angles", "n_angles": 4, "nu": nu, "nubar": nubar}, seed, n=8, length=7.0, scheme="rk4")
    sphere = {"kind": "flavor_sphere", "n_polar": 4, "n_azimuth": 3, "nu": nu, "nubar": nubar}
    space = problem(sphere, seed, n=[4, 4, 8], length=[5.0, 6.0, 7.0], scheme="rk4")
    names = ("u_osc", "kinetic_energy", "survival_nue", "coherence")
    found = []
    for made, area in ((line, 1), (space, 30)):
        (y,) = follow(made, [6.0], scheme="rk4", dt=0.05)
        u, k, survival, coherence = values(made, 6, y, *names)
        found.append([u / area, k / area, survival, coherence])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-11)
    assert abs(found[0][1]) > 1e-6


RATES, EQUILIBRIUM = np.array([[0.5, 0.2], [0.4, 0.1]]), np.array([[0.3, 0.2], [0.2, 0.1]])


def colliding(scheme, *, mu=1.0, nu=(0.5, 0.1), rates=RATES, equilibrium=EQUILIBRIUM):
    """Two beams with coherence in a box, emitted and absorbed; the program is the same for all numbers."""
    beams = [{"velocity": 1.0, "nu": nu, "nubar": nu[::-1]}, {"velocity": -1.0, "nu": nu[::-1], "nubar": nu}]
    collisions = dict(zip(("nu", "nubar"), rates.tolist(), strict=True))
    collisions |= dict(zip(("equilibrium_nu", "equilibrium_nubar"), equilibrium.tolist(), strict=True))
    seed = {"kind": "modes", "modes": [[-1, 0.2 * max(nu)], [0, 0.1 * max(nu)]], "keep": "length"}
    model = {"kind": "flavor_beams", "mu": mu, "beams": beams, "collisions": collisions}
    return problem(model, seed, n=16, length=6.0, scheme=scheme)


def density_matrices(made, y):
    """ρ of every direction and bin along the rays."""
    scale = np.asarray(made.equation.content).sum(axis=0)[..., None, None, None]
    p = np.array([np.asarray(c) for c in y.p])
    return SU2.matrix(scale * p, scale * np.asarray(y.trace))


@pytest.mark.parametrize("scheme", ["lie4", "rk4"])
@pytest.mark.parametrize("nu", [(0.0, 0.0), (0.5, 0.1)], ids=["empty", "coherent"])
def test_collisions_relax_exactly(scheme, nu):
    """ρ_ff → ρ_eq as exp(-κ t), ρ_ex decays as exp(-(κ_e + κ_x) t/2), whatever the step; no other term."""
    made, t = colliding(scheme, mu=0.0, nu=nu, rates=10 * RATES), 1.2
    (y,) = follow(made, [t], scheme=scheme, dt=0.4)
    before, after = (density_matrices(made, s) for s in (made.initial_state(), y))
    for b in (0, 1):
        decay = np.exp(-5 * (RATES[b][:, None] + RATES[b]) * t)
        rest = np.diag(EQUILIBRIUM[b])
        np.testing.assert_allclose(after[:, b], rest + decay * (before[:, b] - rest), rtol=1e-12, atol=1e-15)
    assert (np.abs(before[..., 0, 1]).max() > 0.05) == (nu != (0.0, 0.0))


def test_collisions_of_three_flavors_decay_by_pairs():
    """The flow of half a unit of time, with its source, on matrices: ρ_fg by (κ_f + κ_g)/2."""
    kappa, equilibrium, h = np.array([0.5, 0.4, 0.3]), np.array([0.3, 0.2, 0.1]), 0.5
    random = np.random.default_rng(3)
    a = random.normal(size=(3, 3)) + 1j * random.normal(size=(3, 3))
    rho = a @ a.conj().T
    rho /= np.trace(rho).real
    shape = (1, 1, 1, 1, 1)
    y = State(tuple(jnp.full(shape, c) for c in SU3.vector(rho)), jnp.ones(shape), jnp.zeros(()))
    flow = Relaxation(3, jnp.asarray(kappa)[:, None], jnp.asarray(equilibrium)[:, None, None])
    tables = flow.tables(jnp.asarray(h))
    kept, emitted = flow.phi(tables, 0, y), flow.phi(tables, 1, flow.source(y))
    p = [float(np.squeeze(a + h * b)) for a, b in zip(kept.p, emitted.p, strict=True)]
    found = SU3.matrix(np.array(p), float(np.squeeze(kept.trace + h * emitted.trace)))
    rest = np.diag(equilibrium)
    np.testing.assert_allclose(found, rest + np.exp(-(kappa[:, None] + kappa) / 2 * h) * (rho - rest), rtol=1e-13, atol=1e-15)


def test_collisions_between_rotations_are_of_fourth_order():
    """lie4 with exact relaxation before and after its rotations, steps forwards only, against rk4, which mixes both."""
    (reference,) = follow(colliding("rk4"), [3.0], scheme="rk4", dt=0.005)
    made = colliding("lie4")
    errors = []
    for dt in (0.2, 0.1, 0.05):
        (y,) = follow(made, [3.0], dt=dt)
        pairs = zip(jax.tree.leaves(y), jax.tree.leaves(reference), strict=True)
        errors.append(max(float(jnp.max(jnp.abs(a - b))) for a, b in pairs))
    assert np.all(np.log2(np.array(errors[:-1]) / errors[1:]) > 3.8), errors
    assert errors[-1] < 1e-7


def test_stiff_collisions_only_relax():
    """κ dt = 20: towards equilibrium, no eigenvalue below zero."""
    made = colliding("lie4", rates=200 * RATES)
    (y,) = follow(made, [2.0], dt=0.2)
    found = density_matrices(made, y)
    assert np.linalg.eigvalsh(found).min() > 0
    np.testing.assert_allclose(found[:, 0], np.broadcast_to(np.diag(EQUILIBRIUM[0]), found[:, 0].shape), atol=1e-12)


def test_a_shared_vector_is_two_equal_ones():
    """Neutrinos and antineutrinos turned by the same seed, in one bin; and in two, which a vacuum term of zero enforces."""
    seed = {"kind": "gaussian", "amplitude": 1e-2, "width": 5.0}
    shared = problem(FAST, seed, n=16, length=40.0)
    apart = problem(FAST | {"vacuum": {"levels": [0.0, 0.0], "angles": [0.0]}}, seed, n=16, length=40.0)
    names = ("survival_nue", "survival_nuebar", "u_osc", "kinetic_energy")
    found = [values(made, 60, follow(made, [60.0], dt=0.3)[0], *names) for made in (shared, apart)]
    assert [made.initial_state().p[0].shape[1] for made in (shared, apart)] == [1, 2]
    assert found[0][0] < 0.999
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


def test_single_precision_follows_double():
    made = [problem(FAST, {"kind": "gaussian", "amplitude": 1e-2, "width": 5.0}, n=16, length=40.0,
                    devices={"precision": p}) for p in ("float32", "float64")]  # fmt: skip
    found = [values(m, 30, follow(m, [30.0], dt=0.3)[0], "survival_nue", "u_osc") for m in made]
    assert made[0].initial_state().p[0].dtype == jnp.float32
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)
