"""A second run with other numbers compiles nothing: coefficients, seed, box, source, start and end are traced."""

import jax
import pytest

import kiral

CASE = "sourced-cpi"
SMALL = {
    "geometry.n": [8, 8, 1],
    "initial.amplitude": 1e-9,
    "time.t_end": 2e-3,
    "output.spectra": {"at": [1e-3]},
    "output.snapshots": {"at": [1e-3]},
}


@pytest.fixture
def compilations():
    """Counts what XLA builds or loads from its cache of compiled programs."""
    events = []
    jax.monitoring.register_event_duration_secs_listener(lambda name, seconds, **_: events.append(name))
    yield lambda: sum(name == "/jax/core/compile/backend_compile_duration" for name in events)
    jax.monitoring.clear_event_listeners()


def test_other_numbers_compile_nothing(tmp_path, compilations):
    kiral.run(CASE, SMALL, out=tmp_path / "first", progress=False)
    first = compilations()
    other = {
        "seed": 7,
        "model.magnetic_diffusivity": 2e-6,
        "model.viscosity": 3e-6,
        "model.chiral_diffusivity": 4e-6,
        "model.chiral_feedback": 3e7,
        "model.flipping_rate": 500.0,
        "model.xi": 100.0,
        "model.source.amplitude": 5e7,
        "model.source.t_phi": 0.03,
        "geometry.k_min": 2000.0,
        "initial.amplitude": 3e-9,
        "initial.mu5": 10.0,
        "time.t_start": 2e-5,
        "time.t_end": 3e-3,
        "time.tolerance": 1e-6,
    }
    kiral.run(CASE, SMALL | other, out=tmp_path / "second", progress=False)
    assert first > 0
    assert compilations() == first
