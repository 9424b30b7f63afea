"""Writes a folder in CompOSE format from the analytic fits BSk24: what the tests of the reader read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kiral.crust.eos import MEV_FM3, NEUTRON_MEV, energy_per_baryon, equation_of_state, mass_density

ELECTRON, NEUTRON, PROTON, NUCLEUS = 0, 10, 11, 999


def write_compose(folder: Path, points: int = 600, composition: bool = True) -> Path:
    """A cold table along beta equilibrium, 5e-10 to 1.5 baryons per fm³, equal ratios; pressure from the fit of P(ρ)."""
    folder.mkdir(parents=True)
    eos = equation_of_state("BSk24")
    n = np.geomspace(5e-10, 1.5, points)
    rho = mass_density(n)
    q1 = eos.pressure(rho) / MEV_FM3 / n
    q7 = energy_per_baryon(n) / NEUTRON_MEV
    for name, values in (("nb", n), ("t", [0.0]), ("yq", [0.0])):
        (folder / f"eos.{name}").write_text("\n".join(["1", str(len(values)), *(f"{v:.16e}" for v in values)]) + "\n")
    rows = [f"{NEUTRON_MEV:.10f} 938.2720894 1"]
    rows += [f"1 {i + 1} 1 {q1[i]:.16e} 0 0 0 0 {q7[i]:.16e} {q7[i]:.16e} 0" for i in range(points)]
    (folder / "eos.thermo").write_text("\n".join(rows) + "\n")
    if composition:
        (folder / "eos.compo").write_text("\n".join(_composition_rows(eos, n, rho)) + "\n")
    return folder


def _composition_rows(eos, n, rho):
    """One row per density; nuclei in the crust, none in the core."""
    found = eos.composed(rho, np.minimum(n, eos.crust_core))
    for i in range(n.size):
        head = f"1 {i + 1} 1 1"
        if n[i] > eos.crust_core:
            y_p = float(eos.core_electrons(n[i]))
            yield f"{head} 3 {ELECTRON} {y_p:.12e} {NEUTRON} {1 - y_p:.12e} {PROTON} {y_p:.12e} 0"
            continue
        nuclei, a, z = 1 / found.cell_mass_number[i], found.mass_number[i], found.charge_number[i]
        free = max(1 - a * nuclei, 0.0)
        pairs = f"{ELECTRON} {z * nuclei:.12e} {NEUTRON} {free:.12e}"
        yield f"{head} 2 {pairs} 1 {NUCLEUS} {a:.12e} {z:.12e} {nuclei:.12e}"
