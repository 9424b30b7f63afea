"""Requests to end a run early: Ctrl-C, SIGTERM, and a limit on the wall time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_thread = threading.local()
_asked: dict[str, str] = {}


@contextmanager
def part_of(work: str) -> Iterator[None]:
    """Runs begun in this thread inside the context belong to `work`, which can be asked to stop from elsewhere."""
    _thread.work = work
    try:
        yield
    finally:
        _thread.work = ""


def ask_to_stop(work: str, reason: str) -> None:
    """Let all runs of this process that belong to `work`, and those still to begin, stop as after a signal."""
    _asked[work] = reason


def asked_to_stop(work: str) -> str | None:
    """Why `work` is to stop; None where it is not."""
    return _asked.get(work)


class StopRequest:
    """A context in which the first SIGINT or SIGTERM only asks to stop; a second SIGINT raises KeyboardInterrupt.

    Outside the main thread, where Python allows no handlers, signals keep their meaning.
    """

    def __init__(self, wall_limit: float | None = None) -> None:
        self.began = time.monotonic()
        self._limit = wall_limit
        self._work = getattr(_thread, "work", "")
        self._signal: int | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _: FrameType | None) -> None:
        if self._signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._signal = number

    def elapsed(self) -> float:
        """Seconds since the run (this process' part of it) began."""
        return time.monotonic() - self.began

    def reason(self, reserve: float) -> str | None:
        """Why to stop now, or None. `reserve`: seconds that one more chunk and the last checkpoint will take."""
        if self._signal is not None:
            return signal.Signals(self._signal).name
        if asked := asked_to_stop(self._work):
            return asked
        if self._limit is not None and self.elapsed() + reserve >= self._limit:
            return f"wall_limit of {self._limit:g} s"
        return None
