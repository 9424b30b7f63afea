"""The folder of Gurgenidze et al. (2025): its claims, runs and values, as far as they need no run.

What needs runs is judged by the reproduction itself; the functions that read them are tried here on invented series.
"""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from kiral.mhd.estimates import resolved_wave_number
from kiral.papers.claims import SIZES, load_claims, verdict
from kiral.papers.context import Context, Measured
from kiral.papers.gurgenidze2025 import values_runs, values_spectra
from kiral.papers.gurgenidze2025.figures import FIGURES
from kiral.papers.gurgenidze2025.values import VALUES
from kiral.papers.runs import load_runs

KEY = "gurgenidze2025"
CLAIMS = load_claims(KEY)
THEORY = [claim for claim in CLAIMS if claim.needs == "theory"]
LARGER = {
    "fig4-equilibrium": "laptop",  # the field must outlive mu5: not in a box that it fills at once
    "fig3-decay": "paper",  # these five are about t ≫ 0.15, with room for the inverse cascade
    "fig4-constant": "paper",
    "fig5-envelope": "paper",
    "h-end": "paper",
    "t-sat": "paper",
}
"""Claims that the size "ci" cannot judge, all of them results of simulations."""
NO_RUNS = replace(load_runs(KEY, "ci"), runs={})


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Values of the theory claims by name, computed once: the context has no runs."""
    context = Context(NO_RUNS, tmp_path_factory.mktemp("runs"), False)
    values = {claim.value: VALUES[claim.value](context) for claim in THEORY}
    plain = {name: value.value if isinstance(value, Measured) else value for name, value in values.items()}
    return {name: bool(value) if isinstance(value, np.bool_) else value for name, value in plain.items()}


# --- structure -------------------------------------------------------------------------------------------------------


def test_every_value_and_figure_has_a_claim_and_the_other_way_round():
    assert {claim.value for claim in CLAIMS} == set(VALUES)
    assert {claim.figure for claim in CLAIMS} - {None} <= set(FIGURES)
    assert list(FIGURES)[:7] == [f"fig{i}" for i in range(1, 8)]


def test_every_numbered_equation_is_there():
    text = " ".join(claim.where for claim in CLAIMS).replace("(14), (37)", "(14) (37)")
    groups = {2: "(2)-(4)", 3: "(1), (3)", 11: "(11), (12)", 32: "(32a)", 33: "(33b)", 34: "(34)", 7: "(7c)", 15: "(15a)"}
    missing = [n for n in range(1, 39) if groups.get(n, f"({n})") not in text]
    assert missing == []


def test_only_simulations_need_more_than_the_smallest_size():
    assert {claim.id: claim.needs for claim in CLAIMS if claim.needs in ("laptop", "paper")} == LARGER
    assert {claim.id for claim in CLAIMS if claim.where.startswith("Table")} <= {claim.id for claim in THEORY}


@pytest.mark.parametrize("size", SIZES)
def test_runs_differ_in_what_their_note_says(size):
    """The same noise density everywhere but in A*, the grid holds k_phi, and listed times lie inside the run."""
    table = load_runs(KEY, size)
    assert {"A", "B", "C", "D", "seed-5e-14"} <= set(table.runs)
    spacings = {run.case.config.initial.reference_spacing for name, run in table.runs.items() if name != "A-star"}
    assert len(spacings) == 1
    for run in table.runs.values():
        config = run.case.config
        assert resolved_wave_number(config.geometry.n[0], config.geometry.wave_numbers_min[0]) >= 2e4
        for when in (config.output.series, config.output.spectra, config.output.snapshots):
            assert when is None or when.at is None or config.time.t_start <= min(when.at) <= max(when.at) <= config.time.t_end


def test_runs_a_to_d_share_a_grid():
    for size in SIZES:
        runs = load_runs(KEY, size).runs
        assert len({runs[name].case.config.geometry for name in "ABCD"}) == 1


# --- theory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", THEORY, ids=lambda claim: claim.id)
def test_theory_is_judged(claim, found):
    """Agrees with the printed value; where a correction is given, with that alone."""
    corrected = claim.corrected is not None or claim.corrected_statement is not None
    assert verdict(claim, found[claim.value], "ci") == ("corrected" if corrected else "printed")


@pytest.mark.parametrize("claim", [c for c in THEORY if c.kind == "number"], ids=lambda claim: claim.id)
def test_a_tenth_more_is_noticed(claim, found):
    assert verdict(claim, 1.1 * found[claim.value], "ci") == "differs"


# --- values of runs, on invented series ------------------------------------------------------------------------------


class Invented(Context):
    """A context whose runs are given: {name: {quantity: series}}, with t, and k for spectra."""

    def __init__(self, runs):
        super().__init__(NO_RUNS, Path("runs"), False)
        self._given = {name: self._run(quantities) for name, quantities in runs.items()}

    @staticmethod
    def _run(quantities):
        fields = {name: values for name, values in quantities.items() if name not in ("t", "k")}
        data = {name: (("t", "k")[: np.ndim(values)], values) for name, values in fields.items()}
        dataset = xr.Dataset(data, {name: quantities[name] for name in ("t", "k") if name in quantities})
        return SimpleNamespace(series=dataset, spectra=dataset)

    def has(self, name):
        return name in self._given

    def run(self, name):
        return self._given[name]


def test_saturation_is_where_helicity_and_chirality_meet():
    t = np.linspace(0.06, 0.3, 25)
    h = np.full(t.shape, 2e-5)
    mu5 = 1e3 * np.exp(-50 * (t - 0.15))  # (2/1e8) mu5 = 2e-5 at t = 0.15
    context = Invented({"A": {"t": t, "magnetic_helicity": h, "mu5_mean": mu5}})
    assert values_runs.saturation_time(context).value == pytest.approx(0.15, rel=1e-9)


def test_constant_helicity_and_its_end():
    t = np.array([0.1, 0.5, 1.0, 2.0])
    for change, holds in ((0.9, True), (0.7, False)):
        context = Invented({"A": {"t": t, "magnetic_helicity": 2.89e-5 * np.array([0.5, 1, 1, change])}})
        assert values_runs.helicity_constant(context).value is holds
        assert values_runs.helicity_end(context).value == pytest.approx(2.89e-5 * change)


def test_flow_decays_as_a_power_law_or_not():
    t = np.geomspace(0.5, 2, 10)
    assert values_runs.power_law_decay(Invented({"A": {"t": t, "u_rms": 0.1 * t**-0.7}})).value is True
    assert values_runs.power_law_decay(Invented({"A": {"t": t, "u_rms": np.exp(-3 * t)}})).value is False


@pytest.mark.parametrize(("slope", "holds"), [(1.0, True), (0.0, False)])
def test_envelope_of_an_inverse_cascade(slope, holds):
    t, k = np.array([0.05, 0.1, 0.2, 0.5, 1.0]), 500.0 * np.arange(1, 40)
    peaks = np.array([30, 20, 10, 6, 4])[:, None] * 500.0
    energy = peaks**slope * (k / peaks) ** 4 * np.exp(2 * (1 - (k / peaks) ** 2)) / k
    context = Invented({"A": {"t": t, "k": k, "energy_spectrum": energy}})
    assert values_spectra.envelope(context).value is holds


@pytest.mark.parametrize(("ratio", "word"), [(0.8, "printed"), (0.1, "corrected"), (0.4, "neither")])
def test_equipartition_is_about_the_grown_field(ratio, word):
    magnetic = np.array([1e-12, 1e-2, 0.1])
    context = Invented({"A": {"t": np.arange(3.0), "energy_magnetic": magnetic, "energy_kinetic": ratio * magnetic}})
    assert values_runs.equipartition(context).value == word


@pytest.mark.parametrize(("power", "word"), [(-1.0, "printed"), (-0.6, "corrected"), (0.0, "neither")])
def test_power_of_the_feedback(power, word):
    runs = {"A": 1.0, "B": 16.0, "C": 160.0, "D": 1e4}
    context = Invented({n: {"t": np.arange(2.0), "magnetic_helicity": np.array([0, lam**power])} for n, lam in runs.items()})
    assert values_spectra.feedback_power(context).value == word


def test_what_drives_the_helicity_fraction():
    """Fig. 6: growth as tanh(2 eta k ∫mu5 dt) is told from decay that leaves the fraction as it is."""
    t = np.array([1e-5, 0.01, 0.02])
    k = np.array([7e3, 14e3, 21e3])
    mu5 = 1e6 * t
    drive = 2e-6 * k * np.trapezoid(mu5[:2], t[:2])
    driven = {"t": t, "k": k, "mu5_mean": mu5, "helicity_fraction": np.stack([0 * k, np.tanh(drive), np.tanh(4 * drive)])}
    assert values_spectra.fraction_grows(Invented({"A": driven})).value == "corrected"
    decayed = driven | {"helicity_fraction": np.full((3, 3), 0.05)}
    assert values_spectra.fraction_grows(Invented({"A": decayed})).value == "printed"
