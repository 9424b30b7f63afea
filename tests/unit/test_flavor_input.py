"""Cases of flavor kinetics: what they resolve to, one clear message for every mistake, files, units, seeds. No jax runs."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

from kiral.api import setup_jax
from kiral.config.load import load_case, validate
from kiral.errors import ConfigError
from kiral.flavor.blocks import block_count
from kiral.flavor.build import populations
from kiral.flavor.groups import SU2, SU3
from kiral.flavor.initial import from_file
from kiral.flavor.moments import moments
from kiral.flavor.terms_config import mixing_matrix

setup_jax()
CASES = ("two-beam", "fast-flavor-1d", "fast-flavor-3d", "bipolar", "msw")
BEAMS = [{"velocity": 1.0, "nu": [0.5, 0.0]}, {"velocity": -1.0, "nu": [0.0, 0.5]}]
VACUUM = {"levels": [0.0, 1.0], "angles": [0.1]}


def values(**changes):
    base = {
        "model": {"kind": "flavor_beams", "beams": BEAMS},
        "geometry": {"n": 64, "length": 100.0},
        "initial": {"kind": "modes", "modes": [[-16, 1e-4]]},
        "time": {"t_end": 1.0},
    }
    for key, value in changes.items():
        section, _, name = key.partition("__")
        base[section] = base[section] | {name: value} if name else value
    return base


def angles(**keys):
    return {"kind": "flavor_angles", "n_angles": 4} | keys


SHORT = {"sigma_nu": 0.6, "sigma_nubar": 0.5, "asymmetry": 0.9}
COLLISIONS = {"nu": [1, 1], "nubar": [1, 1], "equilibrium_nu": [1, 1], "equilibrium_nubar": [1, 1]}
BAD = [
    ({"model__beams": []}, ["model.beams"]),
    ({"model__beams": [{"velocity": 1.1, "nu": [1.0, 0.0]}]}, ["model.beams[0].velocity", "speed of light"]),
    ({"model__beams": [*BEAMS, {"velocity": 0.0, "nu": [1.0, 0.0, 0.0]}]}, ["same number of flavors"]),
    ({"model__beams": [{"velocity": 1.0, "nu": [-1.0, 0.0]}]}, ["nu[0]", ">= 0"]),
    ({"model__vacuum": VACUUM | {"angles": [0.1, 0.2, 0.3]}}, ["model.vacuum", "2 mass states and 1 mixing angle"]),
    ({"model__vacuum": {"levels": [0, 1, 2], "angles": [0.1] * 3}}, ["vacuum.angles", "3 flavors", "2"]),
    ({"model__vacuum": {"angles": [0.1]}}, ["model.vacuum", "exactly one of levels, mass_squared"]),
    ({"model__energies": {"values": [1.0, 2.0]}}, ["model.energies", "2 shares"]),
    ({"model__collisions": COLLISIONS | {"nu": [1, 1, 1]}}, ["model.collisions", "same number of flavors"]),
    ({"model": angles()}, ["model", "sigma_nu"]),
    ({"model": angles(**SHORT, nu=[{"kind": "isotropic", "density": 1.0}])}, ["model", "sigma_nu"]),
    ({"model": angles(sigma_nu=0.6)}, ["model", "sigma_nubar"]),
    ({"model": angles(**SHORT, quadrature="simpson")}, ["model.quadrature", "gauss"]),
    ({"model": angles(nu=[{"kind": "exponential", "density": 1, "flux_factor": 1.0}])}, ["flux_factor", "below 1"]),
    ({"model": angles(nu=[{"kind": "fermi", "density": 1, "flux_factor": 0.5, "mean_occupation": 0.6}])}, ["mean_occupation"]),
    ({"model": angles(nu=[{"kind": "table", "density": 1, "v": [-1, 0.5], "value": [1, 1]}])}, ["from -1 to 1"]),
    ({"model": angles(nu=[{"kind": "isotropic", "density": 1, "axis": [1, 0, 0]}])}, ["flavor_sphere"]),
    ({"geometry__n": 63}, ["geometry.n", "even"]),
    ({"geometry__n": [64, 64]}, ["geometry.n"]),
    ({"initial__modes": [[-32, 1e-4]]}, ["initial.modes", "more than 64 points"]),
    ({"initial": {"kind": "random", "n_max": 32}}, ["initial.n_max", "more than 64"]),
    ({"initial": {"kind": "randm"}}, ["initial.kind", "did you mean 'random'"]),
    ({"time__scheme": "etdrk4"}, ["time.scheme", "lie4"]),
]


@pytest.mark.parametrize(("changes", "parts"), BAD)
def test_a_mistake_gives_one_clear_message(changes, parts):
    with pytest.raises(ConfigError) as caught:
        validate(values(**changes))
    assert all(part in str(caught.value) for part in parts), str(caught.value)


@pytest.mark.parametrize("name", CASES)
def test_cases_survive_json_and_have_estimates(name):
    config = load_case(name).config
    assert validate(json.loads(json.dumps(config.as_dict()))) == config
    records = {r.name: r.value for r in config.estimates()["records"]}
    expected = {"two-beam": 1.0, "fast-flavor-1d": 0.0436833864}.get(name)
    assert expected is None or records["fast_growth"] == pytest.approx(expected, rel=1e-7)


def test_keys_of_the_standard_cases():
    one = load_case("two-beam", {"geometry.n": 256, "initial": {"kind": "modes", "modes": [[-16, 1e-4], [-12, 5e-5]]}}).config
    assert (one.geometry.n, one.geometry.length[2], one.initial.modes[1]) == ((1, 1, 256), 100.0, (-12, 5e-5))
    two = load_case("fast-flavor-1d", {"model.quadrature": "midpoint", "initial.width": 3.0}).config
    assert (two.model.n_angles, two.model.sigma_nu, two.model.asymmetry) == (32, 0.6, 0.9)
    assert (two.initial.amplitude, two.initial.width, two.geometry.length[2], two.model.mu) == (1e-6, 3.0, 600.0, 1.0)


def test_physical_units():
    """The peer's densities and rates: √2 G_F n = ω/2 for n = 2.915427e24 cm⁻³, Δm² = 7.39e-5 eV², E = 50 MeV."""
    sections = {"units": {"kind": "neutrinos", "density": 2.915427e24}}
    vacuum = {"mass_squared": [0.0, 7.39e-5], "angles": [0.0]}
    config = validate(values(model__vacuum=vacuum, model__energies={"values": [50.0]}) | sections)
    h = config.model.vacuum.hamiltonian(config.units) / 50.0
    assert h[1, 1] - h[0, 0] == pytest.approx(2.0, rel=1e-5)
    assert 2.0 / config.units.time_s == pytest.approx(1122.740, rel=1e-5)
    with pytest.raises(ConfigError, match="mass_squared needs"):
        config.model.vacuum.hamiltonian(validate(values()).units)


def test_mixing_matrix_is_unitary_and_has_the_three_angles():
    u = mixing_matrix((0.59, 0.148, 0.78), 1.2)
    np.testing.assert_allclose(u @ u.conj().T, np.eye(3), atol=1e-15)
    found = [abs(u[0, 1] / u[0, 0]), abs(u[0, 2]), abs(u[1, 2] / u[2, 2])]
    np.testing.assert_allclose(found, [np.tan(0.59), np.sin(0.148), np.tan(0.78)])
    jarlskog = (u[0, 0] * u[1, 1] * u[0, 1].conj() * u[1, 0].conj()).imag
    c, s = np.cos([0.59, 0.148, 0.78]), np.sin([0.59, 0.148, 0.78])
    assert abs(jarlskog) == pytest.approx(np.prod(c) * np.prod(s) * c[1] * np.sin(1.2))


def test_who_shares_a_polarization_vector():
    """Only neutrinos and antineutrinos that nothing sets apart."""
    gaussian = {"kind": "gaussian", "amplitude": 1e-6, "width": 5.0}
    found = {}
    for name, changes in {
        "alike": {"initial": gaussian},
        "vacuum": {"initial": gaussian, "model__vacuum": VACUUM},
        "seeds": {},
        "one species": {"model": {"kind": "flavor_beams", "beams": BEAMS}},
    }.items():
        found[name] = populations(validate(values(model=angles(**SHORT)) | values(**({"model": angles(**SHORT)} | changes))))
    assert {name: bins.p.shape[2] for name, bins in found.items()} == {
        "alike": 1, "vacuum": 2, "seeds": 2, "one species": 1,
    }  # fmt: skip
    total = [bins.trace_content.sum(axis=(1, 2)) for bins in found.values()][:3]
    np.testing.assert_allclose(total[1:], [total[0]] * 2)


@pytest.mark.parametrize("axial", [True, False])
def test_the_sums_make_one_minus_cosine(axial):
    generator = np.random.default_rng(3)
    v = generator.normal(size=(7, 3))
    v = v * [0, 0, 1] if axial else v
    rows, found = moments(v, axial=axial, axes=(0, 2))
    kernel = np.einsum("m,dm,em->de", found.metric, rows[:, : found.count], rows[:, : found.count])
    np.testing.assert_allclose(kernel, 1 - v @ v.T, atol=1e-14)
    for axis, seconds in zip(found.axes, found.second, strict=True):
        for m, row in enumerate(seconds):
            np.testing.assert_allclose(rows[:, row], rows[:, m] * v[:, axis])


@pytest.mark.parametrize("group", [SU2, SU3])
def test_rotations_are_those_of_matrices(group):
    """exp(u ×) p against U ρ U† with scipy's matrix exponential; |p| and positivity stay."""
    from scipy.linalg import expm

    generator = np.random.default_rng(1)
    u, p = generator.normal(size=(2, group.components, 20)) * 0.4
    turned = np.array(group.rotate(*(tuple(jnp.asarray(c) for c in x) for x in (u, p))))
    for i in range(20):
        m = expm(-1j * group.matrix(u[:, i]))
        np.testing.assert_allclose(turned[:, i], group.vector(m @ group.matrix(p[:, i]) @ m.conj().T), atol=1e-14)
    np.testing.assert_allclose(np.sum(turned**2, axis=0), np.sum(p**2, axis=0), rtol=1e-15 * 10)
    a, b = group.matrix(u), group.matrix(p)
    product = group.cross(*(tuple(jnp.asarray(c) for c in x) for x in (u, p)))
    np.testing.assert_allclose(product, group.vector(-1j * (a @ b - b @ a)), atol=1e-14)


def test_states_from_a_file(tmp_path):
    config = validate(values(geometry__n=4, initial={"kind": "file", "path": "p.npz"}))
    bins, shape = populations(config), (2, 3, 1, 1, 4)
    p = np.zeros(shape)
    p[:, 1], p[:, 2] = 0.6, 0.8
    np.savez(tmp_path / "p.npz", nu=p)
    found = from_file(tmp_path / "p.npz", bins.p, bins.species, config.geometry)
    np.testing.assert_array_equal(found[1], 0.6)
    np.testing.assert_array_equal(from_file_conjugate(tmp_path, p, bins, config)[1], -0.6)
    for array, word in ((1.01 * p, "exceeds"), (p[..., :2], "shape"), (p.astype(complex), "real")):
        np.savez(tmp_path / "p.npz", nu=array)
        with pytest.raises(ConfigError, match=word):
            from_file(tmp_path / "p.npz", bins.p, bins.species, config.geometry)
    np.savez(tmp_path / "p.npz", mu=p)
    with pytest.raises(ConfigError, match="needed"):
        from_file(tmp_path / "p.npz", bins.p, bins.species, config.geometry)


def from_file_conjugate(folder, p, bins, config):
    """Antineutrinos of the same file contents."""
    np.savez(folder / "q.npz", nubar=p)
    return from_file(folder / "q.npz", bins.p, (1,), config.geometry)


def test_blocks_divide_the_directions():
    for directions, n in ((128, 4096), (7, 4096), (32, 256), (48, 4096), (64, 32**3)):
        count = block_count(directions, 1, (1, 1, n))
        assert directions % count == 0
        assert directions // count * n * 8 <= 2**18 or directions // count <= 4
