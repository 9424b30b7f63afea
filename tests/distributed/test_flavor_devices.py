"""Directions of neutrinos shared by two devices: virtual ones in one process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "flavor_devices.py"


@pytest.fixture(scope="module")
def found():
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout)


@pytest.mark.parametrize("which", ["1-D", "3-D"])
def test_equals_one_device(found, which):
    assert found[which]["difference"] <= 1e-14


@pytest.mark.parametrize("which", ["1-D", "3-D"])
def test_compiled_step_adds_sums_and_gathers_nothing(found, which):
    """Every device transforms its own directions; what they share are sums, after each of four stages."""
    collectives = found[which]["collectives"]
    assert set(collectives) == {"all-reduce"}
    assert 4 <= len(collectives) < 20
