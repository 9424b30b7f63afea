"""How far the closed forms of the drag regime are off: their currents against those of the kinetic equation itself.

Fields of any size from the homogeneous phase-space solver, wave numbers and frequencies from linear response. Everything is
in units of T, τ, e and c, as only these numbers count (ħ = 1, first order in the Berry curvature):

    a = c e E τ/T   momentum gained in a relaxation time over the thermal one      κ = ckτ
    b = c e B τ/T   angle turned in a relaxation time by a thermal particle        ωτ

where T stands for sqrt(T² + 3 mu_λ²/π²), to which both errors are proportional in leading order: 3.6 (ceEτ)²/X of the Ohmic
current and 3 (ceBτ)²/X across B, X = 3 mu_λ² + π²T². An error is |closed form - kinetic|/|kinetic|.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kiral.kinetic import transport
from kiral.kinetic.dispersion import Waves
from kiral.kinetic.homogeneous import Plasma, Resolution, steady_state
from kiral.kinetic.response import linear_response

if TYPE_CHECKING:
    import xarray

X, Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
WEAK = 1e-3  # c e B/T² of fields that are to act through the Berry curvature alone
CURRENT, OHMIC, HALL = range(3)
REPEATED = ((0, 0), (0, -1), (2, 2), (-3, -3), (-1, 0), (-1, -1))
"""Points of the plane that are repeated with more elements, nodes and harmonics."""


def effective_temperature(temperature: Any, mu: Any) -> Any:
    """sqrt(T² + 3 mu_λ²/π²) = sqrt(X)/π [energy] of one chirality."""
    return np.sqrt(temperature**2 + 3 * np.square(mu) / math.pi**2)


def _plasma(mu: float, mu5: float = 0.0) -> dict[str, float]:
    return {"temperature": 1.0, "mu": mu, "mu5": mu5, "tau": 1.0, "charge": 1.0, "c": 1.0}


def across(a: float, b: float, mu: float, resolution: Resolution, angle: float = math.pi / 2) -> np.ndarray:
    """Errors (3,) of the current vector, of its part along E and of the Hall part, E at `angle` from B."""
    scale = effective_temperature(1.0, mu)
    electric, magnetic = a * scale * (math.sin(angle) * X + math.cos(angle) * Z), b * scale * Z
    solved = steady_state(**_plasma(mu), electric_field=electric, magnetic_field=magnetic, resolution=resolution)
    kinetic = solved.vlasov.sum(axis=1)
    closed = transport.currents(**_plasma(mu), electric_field=electric, magnetic_field=magnetic)
    formula = closed.ohmic + closed.hall
    along, turned = electric / np.linalg.norm(electric), np.cross(electric, magnetic)
    whole = np.linalg.norm(formula - kinetic) / np.linalg.norm(kinetic)
    with np.errstate(invalid="ignore"):  # no Hall current at mu = 0
        parts = [abs((formula - kinetic) @ v / (kinetic @ v)) for v in (along, turned)]
    return np.array([whole, *parts])


def parallel(a: float, mu: float, mu5: float, resolution: Resolution) -> np.ndarray:
    """Errors (3,) in E ∥ B of the Ohmic and the chiral magnetic current and of dn/dt by the anomaly, of the worse chirality."""
    electric, magnetic = a * effective_temperature(1.0, mu) * Z, WEAK * Z
    solved = steady_state(**_plasma(mu, mu5), electric_field=electric, magnetic_field=magnetic, resolution=resolution)
    sign, potentials = np.array([1, -1]), np.array([mu + mu5, mu - mu5])
    ohmic = (3 * potentials**2 + math.pi**2) / (18 * math.pi**2) * electric[2]
    chiral = sign * potentials * magnetic[2] / (4 * math.pi**2)
    made = sign * electric[2] * magnetic[2] / (4 * math.pi**2)
    kinetic = (solved.berry + solved.chiral_magnetic + solved.anomalous_hall)[2]
    pairs = ((ohmic, solved.vlasov[2]), (chiral, kinetic), (made, solved.production))
    return np.array([np.abs(formula / found - 1).max() for formula, found in pairs])


def waves(kappa: np.ndarray, ordinates: int) -> np.ndarray:
    """Errors (3, n) at wave number κ: rate of diffusion Dk², static Ohmic and Hall response across k."""
    diffusing = Waves(Plasma(1.0, 0.0, 0.0, 1.0, 1.0), field="held")
    rates = np.array([diffusing.roots(float(k), ordinates)[0].real for k in kappa])
    uniform, found = (linear_response(k, 0.0, **_plasma(0.5)) for k in (0.0, kappa))
    pairs = (
        (-(kappa**2) / 3, rates),
        (uniform.transverse_conductivity, found.transverse_conductivity),
        (uniform.hall, found.hall),
    )
    return np.array([np.abs(formula / kinetic - 1) for formula, kinetic in pairs])


def frequencies(omega: np.ndarray) -> np.ndarray:
    """Errors (3, n) at frequency ωτ: Ohmic current with its relaxation term, Hall and chiral magnetic (uniform) currents."""
    found, static = (linear_response(0.0, w, **_plasma(0.5, 0.1)) for w in (omega, 0.0))
    s = -1j * omega
    pairs = (
        (static.transverse_conductivity * (1 - s), found.transverse_conductivity), (static.hall, found.hall),
        (static.chiral_magnetic * (1 - s / 3), found.chiral_magnetic),
    )  # fmt: skip
    return np.array([np.abs(formula / kinetic - 1) for formula, kinetic in pairs])


def fields_grid(points: int) -> np.ndarray:
    """a and b of the plane."""
    return np.geomspace(0.01, 3.0, points)


def study(*, mu: float, mu5: float, points: int, line: int, resolution: Resolution, finer: Resolution) -> xarray.Dataset:
    """All points: the plane (a, b), lines in a, κ and ωτ, checks elsewhere, and ten again with more resolution."""
    import xarray

    grid, fine = fields_grid(points), np.geomspace(1e-3, 3.0, line)
    plane = np.array([[across(a, b, mu, resolution) for b in grid] for a in grid])
    axial, axial_finer = _axial(resolution, 1), _axial(resolution, 2)
    along = np.array([parallel(a, mu, mu5, axial) for a in fine])
    kappa = np.geomspace(0.02, 1.5, line)
    omega = np.geomspace(1e-3, 1.0, line)
    variables: dict[str, Any] = {"current": (("electric", "magnetic"), plane[..., CURRENT], _text("current, E across B"))}
    variables["ohmic"] = (("electric", "magnetic"), plane[..., OHMIC], _text("current along E, E across B"))
    variables["hall"] = (("electric", "magnetic"), plane[..., HALL], _text("current along E x B, E across B"))
    names = ("ohmic_parallel", "chiral_magnetic", "anomaly")
    texts = ("Ohmic current, E along B", "chiral magnetic current of one chirality, E along B", "dn/dt by the anomaly")
    variables |= {n: ("parallel", v, _text(t)) for n, v, t in zip(names, along.T, texts, strict=True)}
    names = ("diffusion", "ohmic_wave", "hall_wave")
    texts = ("rate of diffusion", "Ohmic current across k", "Hall current, k along B")
    variables |= {n: ("wave", v, _text(t)) for n, v, t in zip(names, waves(kappa, 24), texts, strict=True)}
    names = ("ohmic_frequency", "hall_frequency", "chiral_magnetic_frequency")
    texts = ("Ohmic current with its relaxation term", "Hall current", "chiral magnetic and magnetization currents, uniform")
    variables |= {n: ("frequency", v, _text(t)) for n, v, t in zip(names, frequencies(omega), texts, strict=True)}
    variables |= _checks(mu, resolution) | _repeats(plane, along, grid, fine, kappa, mu, mu5, finer, axial_finer)
    coordinates = {
        "electric": ("electric", grid, _coordinate("c e E tau/T")), "magnetic": ("magnetic", grid, _coordinate("c e B tau/T")),
        "parallel": ("parallel", fine, _coordinate("c e E tau/T, E along B")), "wave": ("wave", kappa, _coordinate("c k tau")),
        "frequency": ("frequency", omega, _coordinate("omega tau")),
    }  # fmt: skip
    return xarray.Dataset(variables, coordinates)


def _axial(base: Resolution, level: int) -> Resolution:
    """More harmonics and elements where symmetry about E ∥ B makes them cheap: (10, 6, 6) becomes (14, 8, 11), (20, 10, 21)."""
    elements, nodes, l_max = base.elements, base.nodes, base.l_max
    return Resolution((7 * elements + 3 * elements * (level - 1)) // 5, nodes + 2 * level, 2**level * l_max - 2**level + 1)


def _checks(mu: float, resolution: Resolution) -> dict[str, tuple]:
    """The current's error where the table is used but was not made: a degenerate plasma, no mu, E oblique to B."""
    amounts = np.geomspace(0.03, 1.0, 5)
    cases = [(a, 0.03, 3.0, math.pi / 2) for a in amounts] + [(0.03, b, 3.0, math.pi / 2) for b in amounts]
    cases += [(a, 0.1, 0.0, math.pi / 2) for a in amounts] + [(a, a, mu, math.pi / 4) for a in amounts]
    found = [across(a, b, m, resolution, angle)[CURRENT] for a, b, m, angle in cases]
    columns = {"check_electric": 0, "check_magnetic": 1, "check_mu": 2, "check_angle": 3}
    texts = ("c e E tau/T", "c e B tau/T", "mu/T", "angle from B to E")
    table = np.array(cases).T
    made = {n: ("check", table[i], _coordinate(text)) for (n, i), text in zip(columns.items(), texts, strict=True)}
    return made | {"check_current": ("check", np.array(found), _text("current"))}


def _repeats(
    plane: np.ndarray, along: np.ndarray, grid: np.ndarray, fine: np.ndarray, kappa: np.ndarray, mu: float, mu5: float,
    finer: Resolution, axial: Resolution,
) -> dict[str, tuple]:  # fmt: skip
    """Ten points again: six of the plane, two of E ∥ B, two wave numbers; error before and after."""
    before = [plane[i, j, CURRENT] for i, j in REPEATED]
    after = [across(grid[i], grid[j], mu, finer)[CURRENT] for i, j in REPEATED]
    for i in (len(fine) // 2, -1):
        before.append(along[i, 2])
        after.append(parallel(fine[i], mu, mu5, axial)[2])
    for k in kappa[[len(kappa) // 2, -2]]:
        before.append(waves(np.array([k]), 24)[0, 0])
        rate = Waves(Plasma(1.0, 0.0, 0.0, 1.0, 1.0), field="held").eigenvalues(float(k), 80)[0].real
        after.append(abs(-(k**2) / 3 / rate - 1))
    return {
        "repeated": ("repeat", np.array(before), _text("points that were repeated")),
        "repeated_finer": ("repeat", np.array(after), _text("the same with higher resolution")),
    }


def _text(what: str) -> dict[str, str]:
    return {"units": "1", "long_name": f"relative error of the closed form: {what}"}


def _coordinate(what: str) -> dict[str, str]:
    return {"units": "1", "long_name": what}


# --- the table of the package ----------------------------------------------------------------------------------------

WRITE = "KineticValidity().write_table(path) of kiral.kinetic.validity_calculations"
LINES = ("electric", "magnetic", "parallel", "wave", "frequency", "ohmic_parallel", "chiral_magnetic", "anomaly", "diffusion",
         "ohmic_wave", "hall_wave", "ohmic_frequency", "hall_frequency", "chiral_magnetic_frequency")  # fmt: skip
PLANES = ("current", "ohmic", "hall")


def table_text(data: xarray.Dataset, settings: dict[str, Any]) -> str:
    """The study as `validity.toml`: four digits of each error, and where it comes from."""
    command = " ".join(["kiral calc kinetic-validity", *(f"--set {k}={v}" for k, v in settings.items())])
    lines = [
        "# Relative errors of the closed-form currents of the drag regime against the kinetic equation itself.",
        "# Coordinates and errors are described in docs/kinetic/validity.md; planes have one row per value of `electric`.",
        *(f"{name} = {_numbers(data[name].values)}" for name in LINES),
        *(f"{name} = [\n" + "".join(f"    {_numbers(row)},\n" for row in data[name].values) + "]" for name in PLANES),
        "", "[provenance]", f'command = "{command}"', f'written_by = "{WRITE}"',
        f"points = {_points(data)}", f"repeated = {_numbers(data['repeated'].values)}",
        f"repeated_finer = {_numbers(data['repeated_finer'].values)}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _points(data: xarray.Dataset) -> int:
    """Points that were compared, the repeated ones left out."""
    return data["current"].size + sum(data.sizes[name] for name in ("parallel", "wave", "frequency", "check"))


def _numbers(values: np.ndarray) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in values) + "]"
