"""How far and how a run goes, and what it keeps: the loop's settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiral.core.advance import StepOptions
from kiral.core.schedule import Schedule


@dataclass(frozen=True)
class LoopSettings:
    """How far and how to run, and what to keep. t_end in the problem's time unit; wall_limit, chunk_seconds in s.

    The series always have rows at t_start and t_end; spectra and snapshots that have a schedule always one at t_end.
    """

    t_end: float
    scheme: str
    options: StepOptions
    series: Schedule
    spectra: Schedule | None = None
    snapshots: Schedule | None = None
    checkpoint: Schedule = field(default_factory=lambda: Schedule(every_wall=60.0))
    keep: int = 2
    wall_limit: float | None = None
    chunk_seconds: float = 0.5
