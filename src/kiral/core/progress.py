"""What a user sees while a run goes on: a live bar on a terminal, plain lines every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

LINE_SECONDS = 5.0


@dataclass(frozen=True)
class Progress:
    """The state of a run in numbers. Times t in the problem's unit, eta and rates in seconds of wall time."""

    t: float
    t_start: float
    t_end: float
    step: int
    dt: float
    limiter: str
    steps_per_s: float
    eta: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    drift: Mapping[str, float] = field(default_factory=dict)

    @property
    def fraction(self) -> float:
        """Share of the time span done, 0 to 1."""
        span = self.t_end - self.t_start
        return min(1.0, max(0.0, (self.t - self.t_start) / span)) if span > 0 else 1.0

    def head(self) -> str:
        """t, per cent, speed and time left."""
        left = "--:--" if self.eta is None else clock(self.eta)
        return f"t {self.t:.4g}/{self.t_end:.4g} {self.fraction:4.0%} | {_speed(self.steps_per_s)} | ETA {left}"

    def detail(self) -> str:
        """Step size and what limits it, chosen series, drift of the budgets."""
        parts = [f"dt {self.dt:.2e} (limited by: {self.limiter})"]
        parts += [f"{name} {value:.3g}" for name, value in self.values.items()]
        if self.drift:
            parts.append("drift " + ", ".join(f"{name} {value:.0e}" for name, value in self.drift.items()))
        return " | ".join(parts)


@runtime_checkable
class Shown(Protocol):
    """What a reporter can show."""

    @property
    def fraction(self) -> float:
        """Share done, 0 to 1."""
        ...

    def head(self) -> str:
        """The first line."""
        ...

    def detail(self) -> str:
        """More, for a second line."""
        ...


class Reporter:
    """Says nothing. The loop calls these methods; the two classes below show them."""

    def update(self, progress: Shown) -> None:
        """Called after every chunk."""

    def message(self, text: str) -> None:
        """A line that matters: start, warnings, end."""

    def close(self) -> None:
        """The run is over."""


class LineReporter(Reporter):
    """Plain lines, one every LINE_SECONDS."""

    def __init__(self, stream: Any = None, seconds: float = LINE_SECONDS) -> None:
        self._stream, self._seconds, self._last = stream or sys.stderr, seconds, time.monotonic()
        self._open = True

    def update(self, progress: Shown) -> None:
        if time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            self.message(f"{progress.head()} | {progress.detail()}")

    def message(self, text: str) -> None:
        if self._open:
            try:
                print(text, file=self._stream, flush=True)
            except OSError:  # nobody reads any more (`| head`); the run goes on, and has log.txt
                self._open = False


class LiveReporter(Reporter):
    """A bar and a line below it that are redrawn in place; messages scroll by above."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    def update(self, progress: Shown) -> None:
        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        self._live.update(_picture(progress))

    def message(self, text: str) -> None:
        self._console.print(Text(text))

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def make_reporter(stream: Any = None, quiet: bool = False) -> Reporter:
    """The reporter that fits `stream` (stderr by default): live on a terminal, lines elsewhere, silent when `quiet`."""
    if quiet:
        return Reporter()
    console = Console(file=stream or sys.stderr)
    return LiveReporter(console) if console.is_terminal else LineReporter(stream)


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def _speed(steps_per_s: float) -> str:
    return f"{steps_per_s:.0f} steps/s" if steps_per_s >= 10 else f"{steps_per_s:.2g} steps/s"


def _picture(progress: Shown) -> Any:
    line = Table.grid(padding=(0, 1))
    line.add_row(ProgressBar(total=1.0, completed=progress.fraction, width=24), Text(progress.head(), no_wrap=True))
    return Group(line, Text(progress.detail(), style="dim"))
