"""The folder of Gorbar et al. (2016): every equation has a claim, and the values notice what they are about."""

import numpy as np
import pytest

from kiral.kinetic import drag, printed, transport
from kiral.papers.claims import load_claims
from kiral.papers.context import Context
from kiral.papers.gorbar2016 import (
    common,
    direct,
    values_cascade,
    values_dissipative,
    values_drag,
    values_explicit,
    values_foundations,
    values_limits,
)
from kiral.papers.gorbar2016.figures import FIGURES
from kiral.papers.gorbar2016.values import MODULES, VALUES
from kiral.papers.runs import load_runs

KEY = "gorbar2016"
CLAIMS = load_claims(KEY)
WITHIN = {4: "(3)-(6)", 5: "(3)-(6)", 6: "(3)-(6)", 15: "(15)-(17)", 16: "(15)-(17)", 38: "(38)-(40)", 39: "(38)-(40)"}
"""Equations within a range of a claim's place."""


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return Context(load_runs(KEY, "ci"), tmp_path_factory.mktemp("runs"), False)


def test_every_value_and_figure_has_a_claim_and_the_other_way_round():
    assert {claim.value for claim in CLAIMS} == set(VALUES)
    assert len(VALUES) == sum(len(module.VALUES) for module in MODULES), "no name is used twice"
    assert {claim.figure for claim in CLAIMS} - {None} == set(FIGURES)
    assert {claim.needs for claim in CLAIMS} == {"theory", "ci", "laptop"}


def test_every_numbered_equation_is_there():
    text = " ".join(claim.where for claim in CLAIMS)
    assert [n for n in range(1, 91) if WITHIN.get(n, f"({n})") not in text] == []


# --- ours is not the closed forms -------------------------------------------------------------------------------------


def test_sums_over_momenta_are_right_where_they_are_known():
    """n and the pressure of both species at rest, by closed forms of free fermions."""
    p, weights = direct.momenta(1.3, 1.7, np.zeros(3))
    f = [direct.occupations(common.plasma(common.at_rest(), 1), p, sign).zeroth for sign in direct.SPECIES]
    mu, t = 0.65, np.pi**2 * 1.3**2
    assert weights @ (f[0] - f[1]) == pytest.approx(mu * (mu**2 + t) / (6 * np.pi**2 * 1.7**3), rel=1e-13)
    energy = weights @ (1.7 * np.linalg.norm(p, axis=0) * (f[0] + f[1]))
    assert energy == pytest.approx((mu**4 / 4 + t * mu**2 / 2 + 7 * t**2 / 60) / (2 * np.pi**2 * 1.7**3), rel=1e-13)


def test_rates_by_collisions_make_the_density_that_of_equilibrium():
    state = common.general()
    there = moments_at(state, common.rate(state, 1))
    assert there.density == pytest.approx(there.n_zeroth, rel=1e-14)


def moments_at(state, dt_mu):
    return common.moments(state | {"dt_mu": dt_mu, "dt_mu5": 0.0}, 1)


def test_ratio_needs_parallel_vectors():
    assert common.ratio([2.0, 4.0], [1.0, 2.0]) == 2.0
    assert np.isnan(common.ratio([2.0, 4.001], [1.0, 2.0]))


def test_wave_root_against_reference():
    """Kinetic wave at c k tau = 0.1, tau = 2, v = 0.05 c; diffusion s tau = x cot x - 1; roots with Gauss's law."""
    assert values_limits.wave_root(0.1, 0.05, 2.0) == pytest.approx(-0.0016551632766608 - 0.0025098971999812j, rel=1e-12)
    assert values_limits.wave_root(0.5, 0.0, 2.0).real == pytest.approx((0.5 / np.tan(0.5) - 1) / 2, rel=1e-12)
    assert values_limits.with_gauss(0.3).real == pytest.approx([-0.307403417119, -0.063923995168], rel=1e-10)


# --- the words follow from the data ----------------------------------------------------------------------------------


def test_repaired_forms_differ_by_what_is_repaired(context):
    """Each of the three errors of (27) counts, and without all of them it is the sum over momenta."""
    exact = values_dissipative.state_of(context).j_first
    off = [common.apart(exact, values_dissipative.dissipative(kept)) for kept in values_dissipative.WITHOUT_C.values()]
    assert min(off) > 0.05 and common.apart(exact, values_dissipative.dissipative(values_dissipative.REPAIRS)) < 1e-12


def test_a_right_54_would_be_noticed(context, monkeypatch):
    monkeypatch.setattr(values_drag.printed, "coupled_equations", drag.coupled_residuals)
    assert values_drag.axial_potential(context).value == pytest.approx(0, abs=1e-9)
    assert values_drag.electric_potential(context).value == pytest.approx(1, rel=1e-9)


def test_right_currents_would_be_noticed(context, monkeypatch):
    monkeypatch.setattr(values_explicit.printed, "electric", lambda made, _: made.electric)
    assert values_explicit.whole_electric(context).value == "printed"
    monkeypatch.setattr(transport.Currents, "axial", property(lambda made: 1.01 * sum(made[9:])))
    assert values_explicit.whole_axial(context).value == "neither"


def test_small_couplings_would_make_the_expansion_usable(context, monkeypatch):
    monkeypatch.setattr(values_explicit, "QGP_SIGMA", 1e-4)
    assert values_explicit.with_ampere(context).value == "printed"


def test_a_wrong_moment_is_noticed(context, monkeypatch):
    monkeypatch.setattr(values_foundations, "PAULI", 2 * values_foundations.PAULI)
    assert values_foundations.energy_shift(context).value == pytest.approx(1.0, rel=1e-8)


def test_relaxation_time_as_printed():
    """0.37 × 9 × 137.036 ħc/T by hand."""
    assert printed.relaxation_time(240.0) == pytest.approx(0.37 * 9 * 137.035999 * 197.32698 / 240, rel=1e-7)
    assert printed.hall_relation(0.3, mu=0.5, magnetic_field=0.1) == pytest.approx(1.8)


# --- runs of the study ------------------------------------------------------------------------------------------------


def differences(one, other, prefix=""):
    """Dotted keys in which two configurations differ."""
    found = set()
    for key in set(one) | set(other):
        a, b = one.get(key), other.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            found |= differences(a, b, f"{prefix}{key}.")
        elif a != b:
            found.add(prefix + key)
    return found


def test_runs_that_are_compared_differ_in_what_is_compared():
    runs = {name: run.case.config.as_dict() for name, run in load_runs(KEY, "laptop").runs.items()}
    for start in ("uniform", "mixed", "zero"):
        full = runs[f"{start}-full-1"]
        assert differences(full, runs[f"{start}-mean-1"]) == {"model.order", "model.anomaly"}
        assert differences(full, runs[f"{start}-local-1"]) == {"model.order", "model.limit", "output.series.every_steps"}
        for model in values_cascade.LOCAL:
            for seed in (2, 3):
                assert differences(runs[f"{start}-{model}-1"], runs[f"{start}-{model}-{seed}"]) == {"seed"}
    for model in values_cascade.LOCAL:
        finer = differences(runs[f"mixed-{model}-1"], runs[f"grid-{model}-1"])
        assert {key for key in finer if not key.startswith("output.")} == {"geometry.n", "time.t_end"}
        assert differences(runs[f"zero-{model}-1"], runs[f"fine-{model}-1"]) == {"initial.mu5.correlation_length"}


def test_times_of_the_study_are_where_a_level_is_crossed():
    t, values = np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.0, 1.0, 3.0, 2.0])
    assert values_cascade.reached(t, values, 2.0) == pytest.approx(1.5)
    assert np.isnan(values_cascade.reached(t, values, 3.5)) and np.isnan(values_cascade.reached(t, values, 0.0))
    assert (
        str(values_cascade.Ratio(0.10795, 0.0048)) == "0.108 ± 0.005" and str(values_cascade.Ratio(2.51, 0.67)) == "2.5 ± 0.7"
    )
