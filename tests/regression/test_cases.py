"""Tiny runs of the cases against stored scalars: a change that alters results shows here."""

import json

import pytest
from refresh import RUNS, STORED, scalars

TOLERANCE = 1e-7  # other processors round differently; the runs are short enough that this stays small


@pytest.fixture(scope="module")
def now():
    return scalars()


@pytest.mark.parametrize("case", list(RUNS))
def test_results_are_those_stored(case, now):
    assert now[case] == pytest.approx(json.loads(STORED.read_text())[case], rel=TOLERANCE)
