"""What the commands share: kinds of arguments, overrides, what is printed at the end. Starts without jax."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from kiral.core.folder import Run

Size = Annotated[str | None, Parameter(help="One of the sizes that the case file has, its sections [sizes.NAME].")]
Settings = Annotated[
    list[str] | None,
    Parameter(name="--set", negative="", help="KEY=VALUE, for example model.viscosity=1e-5; repeatable."),
]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
RunDir = Annotated[Path, Parameter(help="Run folder.")]
Coordinator = Annotated[str | None, Parameter(help="HOST:PORT of the first of several processes of the run.")]
Processes = Annotated[int | None, Parameter(help="Number of processes of the run; Slurm's and MPI's launchers tell it.")]
ProcessId = Annotated[int | None, Parameter(help="Number of this process, from 0; the first one reports and writes.")]
Case = Annotated[str, Parameter(help="Name of a case (see `kiral list`) or a case file (.toml).")]


def overrides(settings: Sequence[str] | None) -> dict[str, Any]:
    """{key: value} of the --set options. Raises ConfigError."""
    from kiral.config.load import parse_overrides

    return parse_overrides(list(settings or []))


def finish(finished: Run, report: bool) -> int:
    """What a run leaves behind: page, figures, estimates beside what was measured, drift."""
    from kiral import console

    if not _is_reporting():
        return 0
    if report:
        from kiral.report.page import write_report

        print("drawing the figures ...", file=sys.stderr)
        write_report(finished.path)
    console.print_end(finished)
    return 0


def _is_reporting() -> bool:
    """At the end of a run: leave the others; is this the process that reports?"""
    from kiral.core import processes
    from kiral.devices import disconnect

    first = processes.is_first()
    disconnect()
    return first


def print_json(value: Any) -> None:
    """Print plain data as JSON."""
    from kiral.summary import jsonable

    print(json.dumps(jsonable(value), indent=1))
