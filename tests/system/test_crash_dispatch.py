"""Dispatch killed before and after each of its side effects, and started again: the vendor's own
journal has one accepted call for each row that was due.
"""

from __future__ import annotations

import dataclasses

import pytest

from sftp_sync.sandbox.talkover_faults import When
from tests.support.call_walks import (
    ANN,
    OVER_AT_ONCE,
    SCENARIOS,
    Scenario,
    lanes,
    points_of,
    walk,
)

LANES = 3
HERE_AND_THERE = 16


def told(capsys: pytest.CaptureFixture[str], scenario: str, some: int, points: int) -> None:
    with capsys.disabled():
        print(f"\ndispatch, {scenario}: killed at {some} of {points} points")  # noqa: T201 - asked for


# Where scenarios have most points in common, one has all of them walked and the others every other.
@pytest.mark.parametrize(
    ("scenario", "every"),
    [(scenario, 2 if number else 1) for number, scenario in enumerate(SCENARIOS)],
)
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_any_point_each_due_row_is_called_once(
    scenario: str, every: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with lanes(SCENARIOS[scenario], LANES) as at:
        number = len(points_of(at[0]))
        some = range(1, number + 1, every)
        assert walk(at, some) == []
    told(capsys, scenario, len(some), number)


@pytest.mark.parametrize("scenario", list(SCENARIOS)[1:3])
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_here_and_there_on_postgresql_each_due_row_is_called_once(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with lanes(SCENARIOS[scenario], LANES, "postgresql") as at:
        points = points_of(at[0])
        some = range(1, len(points) + 1, 7)
        assert walk(at, some) == []
    told(capsys, f"{scenario}, on PostgreSQL", len(some), len(points))


@pytest.mark.parametrize("scenario", list(SCENARIOS)[1:3])
def test_killed_here_and_there_each_due_row_is_called_once(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with lanes(SCENARIOS[scenario]) as at:
        points = points_of(at[0])
        some = range(HERE_AND_THERE // 2, len(points) + 1, HERE_AND_THERE)
        assert walk(at, some) == []
    told(capsys, scenario, len(some), len(points))


def after(points: tuple[str, ...], label: str, count: int = 1) -> int:
    """The number of the nth point of this name."""
    return [number for number, name in enumerate(points, start=1) if name == label][count - 1]


ONE_ROW = Scenario(
    lists={"renewals": [[ANN]]}, campaign={}, expected={"accepted": 1}, faults=OVER_AT_ONCE
)
TWINS = dataclasses.replace(
    ONE_ROW,
    lists={"renewals": [[ANN, ANN]]},
    campaign={"allow_duplicates": True},
    expected={"accepted": 2},
    # The first is lost before anybody reads it, the second is taken: the first finds its call.
    faults=OVER_AT_ONCE
    | {
        "reset_before_reading": When(every=1, times=1),
        "slow_answer": When(every=1),
        "slow_seconds": 0.3,
    },
)


@pytest.mark.parametrize(
    ("rule", "scenario"),
    [
        ("rows are claimed before they are sent", ONE_ROW),
        ("a look comes before asking again", ONE_ROW),
        ("one row of a number is in doubt", TWINS),
    ],
)
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_without_a_rule_the_walk_fails(rule: str, scenario: Scenario) -> None:
    with lanes(scenario) as at:
        points = points_of(at[0])
        first, last = after(points, "before request"), len(points)
        # A few at a time, up to the first that shows it.
        parts = (range(start, min(start + 4, last + 1)) for start in range(first, last + 1, 4))
        assert any(walk(at, part, without=rule) for part in parts)
