"""The folder of Yamamoto & Yang (2023): every claim is judged, and the values notice what they are about."""

import math

import numpy as np
import pytest

from kiral.errors import ConfigError
from kiral.papers.claims import load_claims, verdict
from kiral.papers.context import Context, Measured
from kiral.papers.reproduce import load_paper
from kiral.papers.runs import load_runs, paper_sizes
from kiral.papers.yamamotoyang2023 import values_consequences, values_currents, values_kinetic
from kiral.papers.yamamotoyang2023.figures import FIGURES
from kiral.papers.yamamotoyang2023.values import VALUES
from kiral.weak import PinchedSpectrum

KEY = "yamamotoyang2023"
CLAIMS = load_claims(KEY)
EQUATIONS = {4: "(4)-(9)", 7: "(4)-(9)", 8: "(4)-(9)", 9: "(4)-(9)", 11: "(10)-(12)", 12: "(10)-(12)"}
"""Equations within a range of a claim's place."""


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return Context(load_runs(KEY, "ci"), tmp_path_factory.mktemp("runs"), False)


@pytest.fixture(scope="module")
def found(context):
    values = {name: value(context) for name, value in VALUES.items()}
    plain = {name: value.value if isinstance(value, Measured) else value for name, value in values.items()}
    return {name: bool(value) if isinstance(value, np.bool_) else value for name, value in plain.items()}


def test_every_value_and_figure_has_a_claim_and_the_other_way_round():
    assert {claim.value for claim in CLAIMS} == set(VALUES)
    assert {claim.figure for claim in CLAIMS} - {None} == set(FIGURES)
    assert next(iter(FIGURES)) == "fig1"
    assert {claim.needs for claim in CLAIMS} == {"theory"}


def test_every_numbered_equation_is_there():
    text = " ".join(claim.where for claim in CLAIMS)
    assert [n for n in range(1, 32) if EQUATIONS.get(n, f"({n})") not in text] == []


def test_a_paper_without_simulations_has_one_size():
    assert paper_sizes(KEY) == ["ci"]
    assert load_runs(KEY, "ci").runs == {} and "no simulations" in load_runs(KEY, "ci").note
    with pytest.raises(ConfigError, match=r"'laptop'.*has the sizes ci"):
        load_paper(KEY, "laptop")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_is_judged(claim, found):
    """Agrees with the printed value; where a correction is given, with that alone."""
    corrected = claim.corrected is not None or claim.corrected_statement is not None
    assert verdict(claim, found[claim.value], "ci") == ("corrected" if corrected else "printed")


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.kind == "number"], ids=lambda claim: claim.id)
def test_a_tenth_more_is_noticed(claim, found):
    assert verdict(claim, 1.1 * found[claim.value], "ci") == "differs"


def test_numbers_by_hand(found):
    """Orders of magnitude and closed forms with the constants written out again."""
    n = 1e10 * 5.609588603804452e26 / 940 * (1.973269804e-11) ** 3  # MeV³
    assert found["mu-e"] == pytest.approx(3 * 0.4 * n / 8.6**2, rel=2e-3)  # mu << T
    assert found["mu-difference"] == pytest.approx(8.6 * math.log(2 / 3), rel=1e-9)
    assert found["mu-n"] == pytest.approx(940 + 8.6 * math.log(0.3 * n * (2 * math.pi / (940 * 8.6)) ** 1.5), abs=1e-3)
    mu = found["mu-e"]
    assert found["upper-bound-xi"] == pytest.approx(8.6 * math.log1p(math.exp(mu / 8.6)) / (137.035999 * math.pi), rel=1e-6)
    assert found["upper-bound-kappa-total"] == pytest.approx((math.pi**2 * 8.6**2 / 6 + mu**2 / 2) / (4 * math.pi**2))
    assert found["eq25-mean"] == pytest.approx(13.05 * 5.65 / 3.65, rel=1e-6)
    gauss = 1.95353e-14  # MeV², Heaviside-Lorentz
    assert found["cpi-field"] == pytest.approx(math.sqrt(1e3 * 0.5) / gauss, rel=1e-4)
    assert found["cpi-helicity"] == pytest.approx(((1e16 * gauss) ** 2 / 0.5) ** (1 / 3), rel=1e-4)
    assert found["eq31"] == pytest.approx(94 * 197.32698**3 / 299792.458 / (780 * 0.30282212 * gauss), rel=1e-4)


# --- the words follow from the data ----------------------------------------------------------------------------------


def test_without_flips_the_current_stays(context, monkeypatch):
    monkeypatch.setattr(values_consequences, "FLIPS", 1e-3)
    assert values_consequences.appears_with_flips(context).value == "printed"
    assert values_consequences.cascade(context).value == "printed"
    assert values_consequences.flips_half(context).value == "printed"


def test_hotter_neutrinos_are_absorbed(context, monkeypatch):
    monkeypatch.setattr(values_kinetic, "SPECTRUM", PinchedSpectrum(0.0, 30.0))
    monkeypatch.setattr(values_kinetic, "brentq", lambda *_: math.nan)
    assert values_kinetic.capture_prevails(context).value == "printed"


def test_a_field_that_can_be_made_is_noticed(context, monkeypatch):
    monkeypatch.setattr(values_consequences, "FIELD", 4e13)
    assert values_consequences.field_of_instability(context).value == "printed"


def test_short_times_are_linear(context, monkeypatch):
    monkeypatch.setattr(values_kinetic, "TIME", 1e-6)
    assert values_kinetic.neglected_weak(context).value == "printed"


def test_the_other_sign_of_the_collision_term_is_noticed(context, monkeypatch):
    right = values_kinetic.f_w
    monkeypatch.setattr(values_kinetic, "f_w", lambda *given: -right(*given))
    assert values_kinetic.relaxation_form(context).value == "printed"
    assert values_kinetic.equation_13(context).value is False


def test_the_mass_shell_needs_all_three_to_agree(context, monkeypatch):
    right = values_kinetic._levi_civita()
    monkeypatch.setattr(values_kinetic, "_levi_civita", lambda: -right)
    assert values_kinetic.shell(context).value == "neither"


def test_a_wrong_energy_current_is_noticed(context, monkeypatch):
    right = values_currents._direct("q0")
    monkeypatch.setattr(values_currents, "_direct", lambda _: (right[0], right[1] / 2))
    assert values_currents.from_22(context).value == pytest.approx(1.0, rel=1e-9)
