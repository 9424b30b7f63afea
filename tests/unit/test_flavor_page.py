"""Growth rates on the page of a run: the box's fastest mode, against a scan of all modes; no jax."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from kiral.flavor import dispersion
from kiral.flavor.config import Angles, Beams, Geometry
from kiral.flavor.estimates import lepton_number
from kiral.flavor.fastest import fastest_mode
from kiral.flavor.page import estimate_rows

STANDARD = {"kind": "flavor_angles", "n_angles": 8, "sigma_nu": 0.6, "sigma_nubar": 0.5, "asymmetry": 0.9}
BEAMS = {"kind": "flavor_beams", "beams": [{"velocity": 1.0, "nu": [0.5, 0.0]}, {"velocity": -1.0, "nu": [0.0, 0.5]}]}


@pytest.mark.parametrize(("model", "n", "length"), [(Angles(**STANDARD), 128, 600.0), (Beams(**BEAMS), 96, 40.0)])
def test_fastest_mode_is_that_of_a_scan_of_all(model, n, length):
    found = fastest_mode(model, Geometry(n=n, length=length))
    directions = model.directions()
    numbers = np.arange(-(n // 3), n // 3 + 1)
    k = 2 * np.pi / length * numbers
    rates = dispersion(directions.velocity[:, 2], directions.weight, lepton_number(model), k).imag.max(axis=-1)
    assert found.omega.imag == pytest.approx(rates.max(), rel=1e-9)
    assert found.number == numbers[np.argmax(rates)]


def test_no_mode_where_theory_is_not_for_it():
    box = Geometry(n=64, length=100.0)
    assert fastest_mode(Beams(**BEAMS, mu=0.0), box) is None
    assert fastest_mode(Beams(**BEAMS, vacuum={"levels": [0.0, 1.0], "angles": [0.1]}), box) is None
    alike = [{"velocity": v, "nu": [0.5, 0.0]} for v in (1.0, -1.0)]
    assert fastest_mode(Beams(kind="flavor_beams", beams=alike), box) is None


def test_page_compares_the_mode_with_its_own_root():
    """A mode that grows with its root, in rows of which the last are no longer linear."""
    geometry = {"kind": "box", "n": [1, 1, 96], "length": [40.0] * 3}
    found = fastest_mode(Beams(**BEAMS), Geometry(n=96, length=40.0))
    t = np.linspace(0, 10, 21)
    size = 1e-5 * np.exp(found.omega.imag * t)
    series = {"fastest_mode": size / (1 + size), "coherence": 3 * size}
    rows = xr.Dataset({name: ("t", x) for name, x in series.items()}, {"t": t})
    run = SimpleNamespace(config={"model": BEAMS, "geometry": geometry}, series=rows)
    mode, any_k = estimate_rows(run)
    assert "k = -0.9425" in mode[0] and float(mode[4]) == pytest.approx(1, abs=1e-3)
    assert mode[5].endswith("t = 0 to 5.5")
    assert float(any_k[2]) == pytest.approx(1.0) and "k = -1" in any_k[0]
    del run.series["fastest_mode"]
    assert estimate_rows(run)[0][3:5] == ("–", "–")
