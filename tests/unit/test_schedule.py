"""When things are due."""

import math

import pytest

from kiral.core.schedule import Clock, Schedule
from kiral.errors import ConfigError


def times(schedule, t_start, number):
    found, last = [], None
    for _ in range(number):
        last = schedule.next_time(last, t_start)
        found.append(last)
    return found


@pytest.mark.parametrize(("t_start", "interval"), [(1e-5, 5e-4), (0.0, 0.1), (3.0, 1 / 3), (-2.0, 1e-3)])
def test_every_time_is_a_multiple_without_drift(t_start, interval):
    found = times(Schedule.from_dict({"every_time": interval}), t_start, 2000)
    assert found == [t_start + i * interval for i in range(2000)]


def test_listed_times_are_exact_sorted_and_from_the_start_on():
    schedule = Schedule.from_dict({"at": [0.15, 0.01, 0.05, -1.0]})
    assert times(schedule, 1e-5, 4) == [0.01, 0.05, 0.15, math.inf]
    assert schedule.outside(0.02, 0.1) == (-1.0, 0.01, 0.15)


def test_every_steps_counts_from_the_first_step():
    schedule = Schedule.from_dict({"every_steps": 10})
    assert [schedule.next_step(after) for after in (None, 0, 9, 10, 11)] == [0, 10, 10, 20, 20]
    assert schedule.next_time(None, 0.0) == math.inf


def test_every_wall_is_due_by_the_clock():
    schedule = Schedule.from_dict({"every_wall": 60})
    assert not schedule.wall_due(59.9)
    assert schedule.wall_due(60.0)
    assert not Schedule.from_dict({"every_steps": 1}).wall_due(1e9)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "exactly one of every_time, every_steps, every_wall, at; got none"),
        ({"every_time": 1.0, "at": [1.0]}, "exactly one"),
        ({"every_tme": 1.0}, "exactly one"),
        ({"every_time": 0.0}, "must be a number > 0, got 0.0"),
        ({"every_time": "x"}, "must be a number > 0"),
        ({"every_steps": 2.5}, "whole number of steps"),
        ({"at": 3.0}, "must be a list of times"),
        ({"at": [math.nan]}, "must be a list of times"),
    ],
)
def test_wrong_schedules_say_what_is_allowed(table, says):
    with pytest.raises(ConfigError, match=r"output\.series") as error:
        Schedule.from_dict(table, "output.series")
    assert says in str(error.value)


def test_clock_remembers_and_resumes():
    clock = Clock(Schedule(every_time=0.5))
    clock.mark(1.0, 7)
    other = Clock(Schedule(every_time=0.5))
    other.restore(clock.state())
    assert other.next_time(0.0) == clock.next_time(0.0) == 1.5
    assert Clock(None).next_time(0.0) == math.inf
    assert not Clock(None).due_now(0)


def test_clock_with_a_changed_schedule_asks_for_nothing_in_the_past():
    clock = Clock(Schedule(at=(0.1, 0.4, 0.7)))
    clock.skip_before(0.4, 150)
    assert clock.next_time(0.0) == 0.4
    clock = Clock(Schedule(every_steps=10), last_time=0.1, last_step=100)
    clock.skip_before(0.4, 155)
    assert clock.steps_left(155) == 5
