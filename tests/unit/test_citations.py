"""What `kiral cite` says of the time stepping."""

import pytest

from kiral.citations import SCHEMES, citations
from kiral.config.load import load_case
from kiral.core.integrators import SCHEMES as INTEGRATORS


def test_every_scheme_has_its_source():
    assert SCHEMES.keys() == INTEGRATORS.keys()


@pytest.mark.parametrize(
    ("case", "author"),
    [("cpi", "Krogstad"), ("two-beam", "Munthe-Kaas"), ("kinetic-ohm", "Kennedy"), ("crust-linear", "Kennedy")],
)
def test_a_run_cites_the_scheme_it_used(case, author):
    (line,) = [line for line in citations(load_case(case).config.as_dict(), "0") if "[time stepping]" in line]
    assert author in line
