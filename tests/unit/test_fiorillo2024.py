"""The folder of Fiorillo, Raffelt & Sigl (2024): every equation is there, and what needs no run is judged."""

import numpy as np
import pytest

from kiral.papers.claims import load_claims, verdict
from kiral.papers.context import Context, Measured
from kiral.papers.fiorillo2024.common import energy_change, evolve, growing_amplitude, overlap, seed
from kiral.papers.fiorillo2024.values import VALUES
from kiral.papers.runs import load_runs

KEY = "fiorillo2024"
CLAIMS = load_claims(KEY)
THEORY = [claim for claim in CLAIMS if claim.needs == "theory"]


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return Context(load_runs(KEY, "ci"), tmp_path_factory.mktemp("runs"), False)


def test_every_value_has_a_claim_and_the_other_way_round():
    assert {claim.value for claim in CLAIMS} == set(VALUES)
    assert len(THEORY) >= 50


def test_every_numbered_equation_is_there():
    text = " ".join(claim.where for claim in CLAIMS).replace("(20)", "(19), (20)").replace("(2), (3)", "(2) (3)")
    assert [n for n in range(1, 23) if f"({n})" not in text] == []


@pytest.mark.parametrize("claim", THEORY, ids=lambda claim: claim.id)
def test_claim_is_judged(claim, context):
    """Agrees with what is printed; where a correction is given, with that alone."""
    value = VALUES[claim.value](context)
    ours = value.value if isinstance(value, Measured) else value
    corrected = claim.corrected is not None or claim.corrected_statement is not None
    assert verdict(claim, ours, "ci") == ("corrected" if corrected else "printed")
    if claim.kind == "number":
        assert verdict(claim, 1.1 * ours, "ci") == "differs"


def test_second_solver_has_the_published_energies():
    """S3 of the two modes, in a quarter of the box of length 100; and second-order change of energy of two modes together."""
    start = seed(((-4, 1e-4), (-3, 5e-5)), 64, 25.0)
    later = evolve(start, 25.0, 8.0, 0.02)
    assert overlap(later, 25.0) / overlap(start, 25.0) == pytest.approx(0.8074779498, abs=1e-7)
    early = evolve(start, 25.0, 4.0, 0.02)
    k = np.array([-4, -3]) * 2 * np.pi / 25
    alpha = np.array([growing_amplitude(k[0], 1e-4, 1e-4), growing_amplitude(k[1], 5e-5, 5e-5)])
    change = overlap(early, 25.0) - overlap(start, 25.0)
    assert change == pytest.approx(energy_change(k, alpha, 4.0, 25.0), rel=2e-3)
