"""Checkpoints: exact, complete or absent, checked when read."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kiral.core import files
from kiral.core.checkpoint import checkpoint_names, load_checkpoint, write_checkpoint
from kiral.errors import CheckpointError

jax.config.update("jax_enable_x64", True)
HOST = {"wall_s": 0.1 + 0.2, "ledger": [1e-300, 2.0**-1074, -0.0], "last": None}


class State(NamedTuple):
    a: jax.Array
    inner: dict


def state(factor=1.0):
    value = np.random.default_rng(1).normal(size=(3, 4)) * factor
    return State(jnp.asarray(value + 1j * value), {"n": jnp.asarray(7), "x": jnp.asarray(np.float32(0.1))})


def write(folder, step, **changes):
    return write_checkpoint(folder, state(step), HOST, **({"step": step, "run_hash": "run", "keep": 2} | changes))


def load(folder, template=None, run_hash="run"):
    warnings = []
    loaded = load_checkpoint(folder, lambda host: (state() if template is None else template, None), run_hash, warnings.append)
    return loaded, warnings


def test_everything_comes_back_bit_for_bit(tmp_path):
    write(tmp_path, 3)
    (carry, host, name), warnings = load(tmp_path)
    assert name == "step_0000000003"
    assert warnings == []
    assert jax.tree.structure(carry) == jax.tree.structure(state())
    for found, wanted in zip(jax.tree.leaves(carry), jax.tree.leaves(state(3)), strict=True):
        assert found.dtype == wanted.dtype
        assert np.asarray(found).tobytes() == np.asarray(wanted).tobytes()
    assert repr(host) == repr(HOST)


def test_the_newest_are_kept_and_leftovers_are_cleaned(tmp_path):
    (tmp_path / ".new-step_0000000001").mkdir()
    for step in (1, 2, 30):
        write(tmp_path, step)
    assert checkpoint_names(tmp_path) == ["step_0000000002", "step_0000000030"]
    assert sorted(p.name for p in tmp_path.iterdir()) == checkpoint_names(tmp_path)


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, flip, lambda path: path.unlink()])
@pytest.mark.parametrize("file", ["leaf_000.npy", "manifest.json", "manifest.sha256"])
def test_a_damaged_checkpoint_is_told_and_the_one_before_used(tmp_path, damage, file):
    write(tmp_path, 1)
    write(tmp_path, 2)
    damage(tmp_path / "step_0000000002" / file)
    (_, _, name), warnings = load(tmp_path)
    assert name == "step_0000000001"
    assert len(warnings) == 1
    assert "step_0000000002 is damaged" in warnings[0]
    assert checkpoint_names(tmp_path) == ["step_0000000001"]


def test_all_damaged_is_an_error_and_none_is_none(tmp_path):
    assert load(tmp_path / "nothing") == (None, [])
    write(tmp_path, 1)
    flip(tmp_path / "step_0000000001/leaf_001.npy")
    with pytest.raises(CheckpointError, match=r"every checkpoint .* damaged"):
        load(tmp_path)


def test_another_case_or_layout_is_refused(tmp_path):
    write(tmp_path, 1)
    with pytest.raises(CheckpointError, match="another case"):
        load(tmp_path, run_hash="other")
    changed = state()._replace(a=jnp.zeros((3, 5), jnp.complex128))
    with pytest.raises(CheckpointError, match=r"\.a is stored as \(\(3, 4\), 'complex128'\), needed as \(\(3, 5\)"):
        load(tmp_path, changed)


def test_a_kill_inside_any_write_leaves_the_last_one_good(tmp_path, monkeypatch):
    write(tmp_path, 1)
    real = files.write_bytes
    for killed_at in range(5):
        writes = []

        def killed(path, pieces, *, sync, writes=writes, killed_at=killed_at):
            writes.append(path)
            if len(writes) > killed_at:
                real(path, [b"half"], sync=sync)
                raise SystemError("killed")
            real(path, pieces, sync=sync)

        monkeypatch.setattr(files, "write_bytes", killed)
        with pytest.raises(SystemError):
            write(tmp_path, 2)
        monkeypatch.setattr(files, "write_bytes", real)
        assert load(tmp_path)[0][2] == "step_0000000001"
    write(tmp_path, 2)
    assert load(tmp_path)[0][2] == "step_0000000002"
