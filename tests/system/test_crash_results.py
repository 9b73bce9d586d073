"""Follow and publish killed before and after each of their side effects, and started again: every
row is in the partner's results exactly once.
"""

from __future__ import annotations

import pytest

from tests.support.homecomings import Evening, evening, judge

EVERY = 7
STEPS = ("follow", "publish")


def points_of(at: Evening, step: str) -> int:
    at.kept.put_back()
    whole = at.wind_up(kill_at=0, walk=step)
    assert whole.code == 0, whole.said
    judge(at)
    return len(whole.points)


def die_and_restart(at: Evening, step: str, point: int) -> None:
    at.kept.put_back()
    died = at.wind_up(kill_at=point, walk=step)
    assert died.died_in_time(point), died.said
    again = at.wind_up()
    assert again.code == 0, again.said
    judge(at)
    before = at.results()
    assert at.wind_up().code == 0
    assert at.results() == before


@pytest.mark.parametrize("step", STEPS)
def test_killed_here_and_there_every_row_comes_home_once(
    step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with evening() as at:
        points = points_of(at, step)
        some = range(2, points + 1, EVERY)
        for point in some:
            die_and_restart(at, step, point)
    with capsys.disabled():
        print(f"\n{step}: killed at {len(some)} of {points} points")  # noqa: T201 - asked for


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("mode", "every"), [("final", 1), ("snapshot", 3)])
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_any_point_every_row_comes_home_once(
    step: str, mode: str, every: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with evening(mode=mode) as at:
        points = points_of(at, step)
        some = range(1, points + 1, every)
        for point in some:
            die_and_restart(at, step, point)
    with capsys.disabled():
        print(f"\n{step}, {mode}: killed at {len(some)} of {points} points")  # noqa: T201 - asked for
