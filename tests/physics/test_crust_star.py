"""Stars: against published numbers, exact solutions, another integrator; CompOSE folders against the fits they came from."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

import kiral
from compose_tables import write_compose
from figure_checks import check_drawing
from kiral import constants
from kiral.calc import calculate, load_calculation
from kiral.crust.coefficients import matter_of_star, of_matter, of_star
from kiral.crust.conductivity import hall_prefactor
from kiral.crust.eos import C2, equation_of_state, spline_of
from kiral.crust.neutron_star import Star, _grid, mass_radius, maximum_mass, star
from kiral.crust.star_calculations import CrustProfile
from kiral.crust.tov import KM2_PER_DENSITY, SUN_KM, compiled_structure
from kiral.errors import ConfigError

KNOTS = 600  # of all tables here, so that one compiled program serves them


@pytest.fixture(scope="module")
def canonical() -> Star:
    return star(mass=1.4, eos="BSk24")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_compose(tmp_path_factory.mktemp("compose") / "bsk24", KNOTS)


def test_canonical_star_has_the_expected_numbers(canonical):
    """1.4 solar masses with BSk24; radii at densities given to 1e-5 km, compared to 1e-4 of themselves."""
    assert canonical.mass == pytest.approx(1.4, rel=1e-10)
    assert canonical.radius_km == pytest.approx(12.58673, rel=1e-6)
    rho, r = canonical.profile["density"].values, canonical.profile["r"].values
    for density, radius in ((1e10, 12.41949), (1e11, 12.25494), (1e13, 11.90693)):
        assert np.interp(-density, -rho, r) == pytest.approx(radius, rel=1e-4)
    assert canonical.core_radius_km == pytest.approx(11.54426, rel=1e-6)
    assert canonical.crust_thickness_km == pytest.approx(0.8752, rel=5e-4)
    assert canonical.crust["lapse"].values[[0, -1]] == pytest.approx([0.8012, 0.8168], abs=5e-5)


def test_electrons_of_the_crust(canonical):
    """n_e [1/cm³] to the digits given, mu_e [MeV]."""
    crust = canonical.crust
    densities = [1e10, 1e11, 1e12, 1e13, 1e14]
    r = [np.interp(-rho, -crust["density"].values, crust["r"].values) for rho in densities]
    found = canonical.at_radius(r)
    assert found["electron_density"].values == pytest.approx([2.43e33, 2.10e34, 1.02e35, 3.20e35, 1.93e36], rel=5e-3)
    assert found["electron_chemical_potential"].values == pytest.approx([8.2, 16.8, 28.5, 41.7, 76.0], abs=0.06)


def test_another_integrator_finds_the_same_star(canonical):
    """Runge–Kutta of scipy along the radius, with the pressure as unknown and ρ(P) from a spline."""
    eos = canonical.eos
    xi = np.linspace(5.5, 15.5, 8001)
    lg_p = np.asarray(eos.barotrope.log_pressure(xi))
    density = CubicSpline(lg_p, xi)

    def slopes(r, y):
        rho, p = 10 ** density(y[0]) * KM2_PER_DENSITY, 10 ** y[0] * KM2_PER_DENSITY / C2
        dp = -(rho + p) * (y[1] + 4 * np.pi * r**3 * p) / (r * (r - 2 * y[1]))
        return [dp / p / np.log(10), 4 * np.pi * r**2 * rho]

    def surface(r, y):
        return y[0] - np.log10(eos.pressure(1e6))

    surface.terminal = True
    rho, p = canonical.central_density * KM2_PER_DENSITY, eos.pressure(canonical.central_density) * KM2_PER_DENSITY / C2
    r0 = 0.01
    p0 = p - 2 * np.pi / 3 * (rho + p) * (rho + 3 * p) * r0**2
    start = [np.log10(p0 / KM2_PER_DENSITY * C2), 4 * np.pi / 3 * rho * r0**3]
    found = solve_ivp(slopes, (r0, 20.0), start, rtol=1e-10, atol=1e-14, method="DOP853", events=surface, dense_output=True)
    assert found.t[-1] == pytest.approx(canonical.radius_km, rel=1e-7)
    assert found.y[1, -1] / SUN_KM == pytest.approx(canonical.mass, rel=1e-7)
    r = canonical.crust["r"].values[::50]
    assert 10 ** density(found.sol(r)[0]) == pytest.approx(canonical.crust["density"].values[::50], rel=1e-6)


def test_metric_meets_schwarzschild_and_the_enthalpy(canonical):
    """At the surface e^ν = e^-λ = sqrt(1 - 2GM/Rc²); inside, e^ν (ε + P)/n is constant where n obeys the first law."""
    last = canonical.profile.isel(r=-1)
    assert float(last["lapse"]) == pytest.approx((1 - 2 * SUN_KM * canonical.mass / canonical.radius_km) ** 0.5, rel=1e-12)
    assert float(last["lapse"]) * float(last["stretch"]) == pytest.approx(1, rel=1e-12)
    other = star(eos="SLy4")  # its n_b comes from the first law
    whole = other.profile
    per_baryon = (whole["density"] * C2 + whole["pressure"]) / whole["baryon_density"] * whole["lapse"]
    assert per_baryon.values == pytest.approx(float(per_baryon[-1]), rel=1e-7)
    assert other.radius_km == pytest.approx(11.698, abs=1e-3)


def test_largest_masses():
    assert maximum_mass("BSk24")[0] == pytest.approx(2.279, rel=1e-3)
    assert maximum_mass("SLy4")[0] == pytest.approx(2.048, rel=1e-3)


def _table_star(pressure, centre: float) -> tuple[float, float]:
    """(mass [km], radius [km]) of P(ρ) given by its table."""
    rho = 1.001 * centre * 10 ** (-10 * np.linspace(1.0, 0.0, KNOTS) ** 2)  # denser where the star's mass is
    barotrope = spline_of(rho, pressure(rho))
    found = compiled_structure(jax.tree.map(jnp.asarray, barotrope), jnp.asarray(_grid(centre, 1e6)))
    return float(found.mass[-1]) * SUN_KM, float(found.radius[-1])


@pytest.mark.parametrize("compactness", [0.02, 0.15])
def test_exact_star_of_buchdahl(compactness):
    """ε = 12 sqrt(p* P) - 5P has an exact solution (H. A. Buchdahl 1967, Astrophys. J. 147, 310): with β = GM/Rc²

    P_c = 36 p* β², ε_c = 72 p* β (1 - 5β/2), R = (1 - β) sqrt(π/(288 p* (1 - 2β))).
    """
    centre = 1e15
    star_pressure = centre * C2 / (72 * compactness * (1 - 2.5 * compactness))

    def pressure(rho):
        root = star_pressure**0.5
        return ((6 * root - (36 * star_pressure - 5 * rho * C2) ** 0.5) / 5) ** 2

    mass, radius = _table_star(pressure, centre)
    p_star = star_pressure * KM2_PER_DENSITY / C2
    exact = (1 - compactness) * (np.pi / (288 * p_star * (1 - 2 * compactness))) ** 0.5
    assert radius == pytest.approx(exact, rel=5e-7)
    assert mass / radius == pytest.approx(compactness, rel=1e-6)


def test_polytrope_of_lane_and_emden():
    """P = K ρ², weak gravity: R = sqrt(πK/2G), M = 4 ρ_c R³/π; the relativistic remainder is linear in P_c/ε_c."""
    centre, errors = 1e15, []
    for sigma in (2e-4, 1e-4):
        mass, radius = _table_star(lambda rho, s=sigma: s * C2 / centre * rho**2, centre)
        newton = (np.pi * sigma / (2 * centre * KM2_PER_DENSITY)) ** 0.5
        weight = 4 * centre * KM2_PER_DENSITY * newton**3 / np.pi
        errors.append(np.array([radius / newton - 1, mass / weight - 1]))
    assert np.abs(2 * errors[1] - errors[0]).max() < 2e-6
    assert (errors[0] / errors[1]) == pytest.approx([2, 2], rel=5e-3)


def test_table_gives_the_star_of_its_fit(canonical, table):
    """Radius, core and crust from a CompOSE folder equal those of the fit it was written from."""
    found = star(eos=table, central_density=canonical.central_density)
    assert found.radius_km == pytest.approx(canonical.radius_km, rel=1e-6)
    assert found.mass == pytest.approx(1.4, rel=1e-6)
    assert found.eos.crust_core == pytest.approx(canonical.eos.crust_core, rel=0.02)
    assert found.eos.drip == pytest.approx(canonical.eos.drip, rel=0.04)
    r = np.linspace(found.core_radius_km + 0.02, found.outer_radius_km - 1e-3, 60)
    ours, fits = found.at_radius(r), canonical.at_radius(r)
    for name, close in (("density", 1e-4), ("lapse", 1e-6), ("electron_density", 3e-3), ("mass_number", 3e-3)):
        error = np.abs(ours[name].values / fits[name].values - 1)
        assert np.median(error) < close, name  # the nuclides' steps are one interval of the table wide
    assert np.max(np.abs(ours["density"].values / fits["density"].values - 1)) < 1e-3


def test_folder_without_composition_uses_the_fits(canonical, tmp_path):
    found = star(eos=write_compose(tmp_path / "bare", KNOTS, composition=False), central_density=canonical.central_density)
    assert "no eos.compo" in found.crust.attrs["composition"]
    assert found.core_radius_km == pytest.approx(canonical.core_radius_km, rel=1e-5)


def test_refused_stars(table):
    for wanted, options in (
        ("has stable stars of 0.2149", {"mass": 2.5}),
        ("has stable stars of 0.2149", {"mass": 0.05}),
        ("did you mean 'BSk24'", {"eos": "BSK24"}),
        ("outer_density: 1e\\+15", {"outer_density": 1e15}),
        ("central_density: 1e\\+16", {"central_density": 1e16}),
        ("surface_density: 100000 g/cm\\^3 given; bsk24 allows", {"eos": table, "surface_density": 1e5}),
        ("give a mass", {"mass": None}),
    ):
        with pytest.raises(ConfigError, match=wanted):
            star(**options)
    with pytest.raises(ConfigError, match="the crust of this star reaches from"):
        star(central_density=7.3e14).at_radius([12.5])


def _rewrite(folder, name, change):
    path = folder / name
    path.write_text(change(path.read_text()))


@pytest.mark.parametrize(
    ("name", "change", "wanted"),
    [
        ("eos.nb", None, "has no eos.nb"),
        ("eos.thermo", lambda t: t.replace(" 0 0 0 0 ", " 0 "), "needed are i_T i_nb"),
        ("eos.thermo", lambda t: t.replace("1 7 1 ", "1 seven 1 "), "line 8: expected numbers"),
        ("eos.thermo", lambda t: "\n".join(t.splitlines()[:-1]), "no row for the densities 40"),
        ("eos.yq", lambda t: "1\n2\n0.1\n0.2\n", "2 charge fractions"),
        ("eos.t", lambda t: "1\n1\n5.0\n", "lowest temperature 5 MeV"),
        ("eos.nb", lambda t: t.replace("\n40\n", "\n41\n", 1), "as many values"),
        ("eos.compo", lambda t: t.replace("1 3 1 1 2 ", "1 3 1 1 9 ", 1), "row 3: fewer columns"),
    ],
)
def test_broken_folders_are_explained(tmp_path, name, change, wanted):
    folder = write_compose(tmp_path / "table", 40)
    if change is None:
        (folder / name).unlink()
    else:
        _rewrite(folder, name, change)
    with pytest.raises(ConfigError, match=wanted):
        equation_of_state(folder)


def test_falling_pressure_is_refused(tmp_path):
    folder = write_compose(tmp_path / "table", 40)
    lines = (folder / "eos.thermo").read_text().splitlines()
    cells = lines[20].split()
    cells[3] = "1e-12"
    lines[20] = " ".join(cells)
    (folder / "eos.thermo").write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="the pressure is not positive or falls"):
        equation_of_state(folder)


def test_calculations_and_figures(tmp_path, canonical):
    """`kiral calc star` gives the star's numbers; all figures show what they say."""
    result = calculate("star", {"mass": 1.4, "points": 51}, tmp_path / "star")
    flat = result.flat()
    assert flat["radius_km"] == pytest.approx(canonical.radius_km, rel=1e-12)
    assert flat["maximum_mass"] == pytest.approx(2.279, rel=1e-3)
    assert calculate("star", {"mass": 1.4, "points": 51}, tmp_path / "star").cached
    curve = calculate("mass-radius", {"points": 5}, tmp_path / "curve")
    assert float(curve.data["mass"][0, -1]) == pytest.approx(flat["maximum_mass"], rel=1e-9)
    for name, data in (("star", result.data), ("mass-radius", curve.data)):
        assert all({"units", "long_name"} <= set(v.attrs) for v in data.variables.values())
        for drawing in load_calculation(name, {}).figures(data):
            check_drawing(drawing)
    with pytest.raises(ConfigError, match="not both"):
        load_calculation("star", {"mass": 1.4, "central_density": 1e15})


def test_public_name():
    assert kiral.crust.star is star and mass_radius("SLy4", np.array([1e15]))[0] == pytest.approx([1.41856], rel=1e-4)


def test_profile_of_the_crust():
    """Fig. 1 of Dehman & Pons: temperatures order the curves, bands hold the nominal values, figures show them."""
    calculation = CrustProfile(points=41, temperatures=(1e8, 1e9, 1e10))
    data = calculation.compute()
    assert data["fraction"].dims == ("temperature", "r")
    assert np.all(np.diff(data["conductivity"].values, axis=0) < 0) and np.all(np.diff(data["fraction"].values, axis=0) < 0)
    for name in ("fraction", "mu5", "wavelength"):
        assert np.all(data[f"{name}_low"] <= data[name] * (1 + 1e-12))
        assert np.all(data[f"{name}_high"] >= data[name] * (1 - 1e-12))
    wave = data["wavelength"].sel(temperature=1e9).values
    assert wave[-1] > 1 and wave[0] < 1e-5  # kilometres outside, centimetres and less inside
    assert all({"units", "long_name"} <= set(v.attrs) for v in data.variables.values())
    for drawing in calculation.figures(data):
        check_drawing(drawing)


def test_coefficients_of_a_star(canonical):
    """Units of `ShellCoefficients`, the cap and the flat option."""
    found = canonical
    shell = of_star(found, 1e9, 1e-2)
    crust, row = found.crust, CrustProfile(delta_mu=1e-2).row(found.crust, 1e9)
    assert shell.eta == pytest.approx(row["diffusivity"] * constants.YEAR_S * 1e-10, rel=1e-12)
    assert shell.k5 == pytest.approx(np.minimum(row["k5"], 600.0), rel=1e-12) and shell.k5.max() == 600.0
    n_e = crust["electron_density"].values
    assert shell.hall * 1e14 == pytest.approx(hall_prefactor(n_e) * 1e14 * constants.YEAR_S * 1e-10, rel=1e-12)
    assert shell.lapse == pytest.approx(crust["lapse"].values)
    flat = matter_of_star(found, gr=False)
    assert np.all(flat.lapse == 1) and np.all(flat.stretch == 1)
    traced = jax.jit(lambda t: of_matter(flat, t, 1e-2).k5)(jnp.array(1e9))
    assert np.asarray(traced) == pytest.approx(shell.k5, rel=1e-12)
    assert of_star(found, 1e9, -1e-2).k5.min() == -600.0
