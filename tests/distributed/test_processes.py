"""One run shared by two processes (gloo on this machine): the same numbers, and what happens when one of them dies."""

import os
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from kiral.core.folder import open_run

SMALL = [
    "geometry.n=[12,8,8]", "model.flow=none", "time.t_end=0.02", "time.dt=1e-4", "output.checkpoint={every_steps=20}",
    "output.spectra={at=[0.02]}",
]  # fmt: skip
FLAT = ["geometry.n=[12,1,8]", "model.flow=none", "time.t_end=0.002", "time.dt=1e-4", "output.snapshots={at=[0.001]}"]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("localhost", 0))
        return sock.getsockname()[1]


def start(out, settings, number, index=0, port=0):
    command = [sys.executable, "-m", "kiral", "run", "cpi-turbulence", "--no-report", "--out", str(out)]
    for setting in settings:
        command += ["--set", setting]
    if number > 1:
        command += ["--coordinator", f"localhost:{port}", "--processes", str(number), "--process-id", str(index)]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def pair(out, settings):
    port = free_port()
    return [start(out, settings, 2, index, port) for index in (0, 1)]


def finish(processes):
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), said
    return said


def assert_same(run, other, tolerance=1e-12):
    for name in ("series", "spectra", "snapshots"):
        mine, theirs = getattr(run, name), getattr(other, name)
        assert set(mine.data_vars) == set(theirs.data_vars)
        for variable in mine.data_vars:
            if not variable.startswith("drift"):  # round-off by its nature
                a, b = mine[variable].values, theirs[variable].values
                size = np.max(np.abs(b), initial=0)
                np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * size, err_msg=variable)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return tmp_path_factory.mktemp("processes")


def test_two_processes_write_what_one_writes(folders):
    both = pair(folders / "two", FLAT)
    alone = start(folders / "one", FLAT, 1)
    said = finish([*both, alone])
    assert "finished" in said[0] and "finished" not in said[1]
    assert_same(open_run(folders / "two"), open_run(folders / "one"))


def test_a_killed_process_ends_the_other_and_one_goes_on(folders):
    out = folders / "killed"
    first, second = pair(out, SMALL)
    deadline = time.monotonic() + 300
    while not list(out.glob("checkpoints/step_*")) and time.monotonic() < deadline and first.poll() is None:
        time.sleep(0.05)
    second.kill()
    said = first.communicate(timeout=120)[0]
    second.communicate()
    assert first.returncode == 6, said
    assert "another process of this run ended" in said and f"kiral resume {out}" in said
    assert open_run(out).status["status"] == "stopped"
    resumed = subprocess.run(
        [sys.executable, "-m", "kiral", "resume", str(out), "--no-report"], capture_output=True, text=True, check=True
    )
    assert "resumed from checkpoint" in resumed.stderr
    finish([start(folders / "straight", SMALL, 1)])
    assert_same(open_run(out), open_run(folders / "straight"))
