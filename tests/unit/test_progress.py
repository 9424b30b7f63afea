"""What a user sees while a run goes on."""

import io

from rich.console import Console

from kiral.core.progress import LineReporter, LiveReporter, Progress, clock, make_reporter

PROGRESS = Progress(
    t=0.075, t_start=0.0, t_end=0.15, step=100, dt=1.25e-4, limiter="sound", steps_per_s=118.2, eta=72.0,
    values={"b_rms": 3.21e-3}, drift={"energy": 2e-12},
)  # fmt: skip


def test_lines_name_all_that_matters():
    stream = io.StringIO()
    reporter = LineReporter(stream, seconds=0.0)
    reporter.update(PROGRESS)
    assert stream.getvalue() == (
        "t 0.075/0.15  50% | 118 steps/s | ETA 1:12 | dt 1.25e-04 (limited by: sound) | b_rms 0.00321 | drift energy 2e-12\n"
    )


def test_lines_come_every_few_seconds_only():
    stream = io.StringIO()
    reporter = LineReporter(stream, seconds=1e9)
    reporter.update(PROGRESS)
    assert stream.getvalue() == ""
    reporter.message("compiled")
    assert stream.getvalue() == "compiled\n"


def test_the_run_goes_on_when_nobody_reads_the_lines():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    reporter = LineReporter(Closed(), seconds=0.0)
    reporter.update(PROGRESS)
    reporter.message("finished")


def test_a_terminal_gets_a_live_bar_and_messages_above():
    stream = io.StringIO()
    reporter = LiveReporter(Console(file=stream, force_terminal=True, width=120))
    reporter.update(PROGRESS)
    reporter.message("warning: [not markup]")
    reporter.close()
    assert "limited by: sound" in stream.getvalue()
    assert "50%" in stream.getvalue()
    assert "warning: [not markup]" in stream.getvalue()


def test_the_reporter_fits_the_stream():
    assert isinstance(make_reporter(io.StringIO()), LineReporter)
    stream = io.StringIO()
    make_reporter(stream, quiet=True).message("nothing")
    assert stream.getvalue() == ""


def test_clock_reads_as_people_do():
    assert [clock(s) for s in (0, 59.6, 3600)] == ["0:00", "1:00", "1:00:00"]
