"""One run on several devices: virtual ones in one process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiral import devices
from kiral.errors import ConfigError

SCRIPT = Path(__file__).parent / "several_devices.py"


def several_devices(*cases: str) -> dict:
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, SCRIPT, *cases], capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def found():
    return several_devices()


@pytest.mark.parametrize("which", ["3-D on 2", "3-D on 4", "2-D on 4", "2-D-yz on 2"])
def test_equals_one_device(found, which):
    assert found[which]["difference"] <= 1e-14


def test_one_dimension_stays_on_one_device(monkeypatch):
    monkeypatch.setattr(devices.jax, "devices", lambda: [None, None])
    with pytest.raises(ConfigError, match="a 1-D box cannot be shared"):
        devices.slab_mesh((1, 1, 16), 2)


@pytest.mark.slow
def test_maxwell_equations_on_two_devices():
    """First order in 3-D."""
    found = several_devices("maxwell")["maxwell on 2"]
    assert found["difference"] <= 1e-14
    counted = found["collectives"]["count"]
    assert counted["all-to-all"] == 2
    assert counted["all-gather"] == counted["collective-permute"] == counted["reduce-scatter"] == 0


@pytest.mark.parametrize("count", [2, 4])
def test_compiled_step_gathers_nothing(found, count):
    """One all-to-all per direction for all fields together; means and maxima by all-reduce."""
    counted = found[f"3-D on {count}"]["collectives"]["count"]
    assert counted["all-to-all"] == 2
    assert counted["all-gather"] == counted["collective-permute"] == counted["reduce-scatter"] == 0
    assert 0 < counted["all-reduce"] < 20


def test_bytes_exchanged_fall_with_the_devices(found):
    """Weak scaling by count: what a device sends is its share of the fields, 1/count of the whole, padding aside."""
    per_device = {}
    for count in (2, 4):
        shapes = found[f"3-D on {count}"]["collectives"]["moved"]
        per_device[count] = sum(numbers_in(shape) for shape in shapes) * count  # a shape is the piece for one device
    assert per_device[4] == per_device[2] / 2


def numbers_in(shape: str) -> int:
    product = 1
    for n in shape.split("[")[1].rstrip("]").split(","):
        product *= int(n)
    return product
