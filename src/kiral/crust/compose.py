"""Equations of state in the CompOSE format (S. Typel et al. 2022, CompOSE reference manual, Eur. Phys. J. A 58, 221).

A folder with eos.nb, eos.t, eos.yq, eos.thermo, and eos.compo where there is one; names may end in .ns, as CompOSE's
neutron-star files do. Read are cold tables along beta equilibrium (one charge fraction; the lowest temperature):

    eos.nb, eos.t, eos.yq: first and last index, then the values [fm⁻³, MeV, 1]
    eos.thermo: m_n, m_p [MeV] and a flag; then rows of i_T i_nb i_yq, Q1 = P/n_b [MeV], Q2 ... Q7 = e/(n_b m_n) - 1, N, ...
    eos.compo: rows of i_T i_nb i_yq phase, N and N pairs (particle, Y), M and M quadruples (nucleus, A, Z, Y); Y = n/n_b
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kiral.crust.composition import FM3_CM3, LARGEST_NUCLEUS, NUCLEAR_RADIUS_FM, Composition, crust_composition
from kiral.crust.eos import C2, MEV_FM3, EquationOfState, spline_of
from kiral.errors import ConfigError

REQUIRED = ("eos.nb", "eos.t", "eos.yq", "eos.thermo")
COLD_MEV = 0.2
DRIP, CRUST_CORE = 2.56e-4, 0.0807  # fm⁻³, of BSk24: only where a table says nothing about nuclei
ELECTRON, NEUTRON = 0, 10
FEWEST = 8


@dataclass(frozen=True)
class Nuclei:
    """Composition of the crust along the table, (rows,) each: n_b [fm⁻³], Z, A, nuclei and electrons per baryon."""

    baryon_density: NDArray
    charge_number: NDArray
    mass_number: NDArray
    per_baryon: NDArray
    electrons: NDArray

    def composed(self, density: NDArray, baryon_density: NDArray) -> Composition:
        """At ρ (not read) and n_b [fm⁻³], linear in lg n_b between the rows: steps of Z and A take one interval."""
        n = np.asarray(baryon_density, float)
        names = ("charge_number", "mass_number", "per_baryon", "electrons")
        z, a, y, y_e = (np.interp(np.log10(n), np.log10(self.baryon_density), getattr(self, name)) for name in names)
        ions = y * n
        size = NUCLEAR_RADIUS_FM * a ** (1 / 3) * (4 * np.pi * ions / 3) ** (1 / 3)
        return Composition(z, a, 1 / y, y_e * n * FM3_CM3, ions * FM3_CM3, np.minimum(size, LARGEST_NUCLEUS))


def read_compose(folder: Path) -> EquationOfState:
    """The EOS in a folder. ConfigError: files or columns that are missing, not numbers, a table that is no cold star's."""
    paths = {name: _path(folder, name) for name in REQUIRED}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise ConfigError(f"eos: {folder} has no {', '.join(missing)}; a CompOSE folder needs {', '.join(REQUIRED)}")
    n, t, yq = (_axis(paths[name]) for name in ("eos.nb", "eos.t", "eos.yq"))  # type: ignore[arg-type]
    if yq[1].size > 1:
        raise ConfigError(
            f"{paths['eos.yq']}: {yq[1].size} charge fractions; allowed: one, a table along beta equilibrium. Take the "
            "neutron-star (1-D) version of the EOS"
        )
    if t[1][0] > COLD_MEV:
        raise ConfigError(f"{paths['eos.t']}: lowest temperature {t[1][0]:g} MeV; allowed: a cold table, T <= {COLD_MEV} MeV")
    pressure, density = _thermo(paths["eos.thermo"], n, t[0])  # type: ignore[arg-type]
    return _built(folder, n[1], density, pressure, _nuclei(_path(folder, "eos.compo"), n, t[0]))


def _built(
    folder: Path, n: NDArray, density: NDArray, pressure: NDArray, nuclei: tuple[Nuclei, float, float] | None
) -> EquationOfState:
    from scipy.interpolate import PchipInterpolator

    lg_n = PchipInterpolator(np.log10(density), np.log10(n))
    if nuclei is None:
        drip, edge = DRIP, CRUST_CORE
        composed, source = crust_composition(drip, edge)
        source = f"the table has no eos.compo; instead: {source}, boundaries of BSk24"
    else:
        composed, drip, edge = nuclei[0].composed, nuclei[1], nuclei[2]
        source = "eos.compo of the table; radii of nuclei 1.15 fm A^(1/3)"
    return EquationOfState(
        name=folder.resolve().name,
        source=f"CompOSE table in {folder.name}",
        barotrope=spline_of(density, pressure),
        density_range=(float(density[0]), float(density[-1])),
        drip=drip,
        crust_core=edge,
        baryons=lambda rho: np.asarray(10.0 ** lg_n(np.log10(rho))),
        composed=composed,
        composition_source=source,
    )


def _path(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.ns") if path.is_file()), None)


def _numbers(path: Path) -> list[list[float]]:
    """The rows of a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            # Fortran writes exponents as D, too.
            rows.append([float(cell.replace("D", "E").replace("d", "e")) for cell in line.split()])
        except ValueError:
            raise ConfigError(f"{path}, line {number}: expected numbers, got {line.strip()[:60]!r}") from None
    return rows


def _axis(path: Path) -> tuple[int, NDArray]:
    """(index of the first value, values) of eos.nb, eos.t or eos.yq."""
    cells = [cell for row in _numbers(path) for cell in row]
    if len(cells) < 3 or len(cells) != 3 + int(cells[1] - cells[0]):
        raise ConfigError(f"{path}: expected the first index, the last index and as many values; got {len(cells)} numbers")
    values = np.array(cells[2:])
    if np.any(np.diff(values) <= 0):
        raise ConfigError(f"{path}: values must increase; {values[1:][np.diff(values) <= 0][0]:g} does not")
    return int(cells[0]), values


def _thermo(path: Path, n: tuple[int, NDArray], first_t: int) -> tuple[NDArray, NDArray]:
    """(P [dyn cm⁻²], ρ [g cm⁻³]) along n_b, at the lowest temperature."""
    head, *rows = _numbers(path)
    if len(head) < 2:
        raise ConfigError(f"{path}, line 1: expected m_n, m_p [MeV] and a flag; got {len(head)} numbers")
    short = next((k for k, row in enumerate(rows) if len(row) < 10), None)
    if short is not None:
        raise ConfigError(
            f"{path}, row {short + 2}: {len(rows[short])} columns; needed are i_T i_nb i_yq and seven quantities, among them "
            "Q1 (pressure) and Q7 (energy)"
        )
    if not rows:
        raise ConfigError(f"{path}: no rows")
    table = {int(row[1]): (row[3], row[9]) for row in rows if int(row[0]) == first_t}
    lost = [i for i in range(n[0], n[0] + n[1].size) if i not in table]
    if lost or n[1].size < FEWEST:
        what = f"no row for the densities {', '.join(map(str, lost[:4]))}" if lost else f"{n[1].size} densities"
        raise ConfigError(f"{path}: {what}; needed: every index of eos.nb, at least {FEWEST} of them")
    q1, q7 = np.array([table[n[0] + i] for i in range(n[1].size)]).T
    pressure, density = q1 * n[1] * MEV_FM3, n[1] * head[0] * (1 + q7) * MEV_FM3 / C2
    bad = (pressure <= 0) | (np.diff(pressure, prepend=0.0) < 0) | (density <= 0) | (np.diff(density, prepend=0.0) <= 0)
    if bad.any():
        where = f"at n_b = {n[1][bad][0]:g} fm^-3"
        raise ConfigError(f"{path}: {where} the pressure is not positive or falls, or the energy does not rise; both must rise")
    return pressure, density


def _nuclei(path: Path | None, n: tuple[int, NDArray], first_t: int) -> tuple[Nuclei, float, float] | None:
    """(composition, neutron drip, crust-core boundary [fm⁻³]) where eos.compo has nuclei."""
    if path is None:
        return None
    found, free = [], []
    for number, row in enumerate(_numbers(path), 1):
        if int(row[0]) != first_t:
            continue
        pairs, quadruples = _particles(path, number, row)
        density = float(n[1][int(row[1]) - n[0]])
        heavy = max(quadruples, key=lambda q: q[3], default=(0.0, 0.0, 0.0, 0.0))
        if heavy[3] > 0 and heavy[2] > 0:
            electrons = pairs.get(ELECTRON, heavy[2] * heavy[3])
            found.append((density, heavy[2], heavy[1], heavy[3], electrons))
            free.append(pairs.get(NEUTRON, 0.0) > 1e-8)
    if len(found) < 2:
        return None
    columns = np.array(sorted(found)).T
    dripped = [row[0] for row, is_free in zip(found, free, strict=True) if is_free]
    last = float(columns[0][-1])
    after = n[1][n[1] > last]
    edge = (last * after[0]) ** 0.5 if after.size else last  # the boundary lies between two rows
    return Nuclei(*columns), min(dripped, default=last), float(edge)


def _particles(path: Path, number: int, row: list[float]) -> tuple[dict[int, float], list[tuple[float, ...]]]:
    """(Y by particle, quadruples (nucleus, A, Z, Y)) of a row of eos.compo."""
    try:
        pairs = int(row[4])
        after = 5 + 2 * pairs
        quadruples = int(row[after]) if len(row) > after else 0
        if len(row) < after + (1 + 4 * quadruples if quadruples else 0):
            raise IndexError
    except IndexError:
        raise ConfigError(f"{path}, row {number}: fewer columns than its numbers of particles say") from None
    by_particle = {int(row[5 + 2 * k]): row[6 + 2 * k] for k in range(pairs)}
    return by_particle, [tuple(row[after + 1 + 4 * k : after + 5 + 4 * k]) for k in range(quadruples)]


