"""Follow and publish killed before and after each of their side effects, and started again: every
row is in the partner's results exactly once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.support.homecomings import TO_REPORT, Evening, evening, judge

EVERY = 7
SENT_AGAIN = "+12125550140"
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


def test_killed_where_rows_that_were_sent_again_come_home_each_is_superseded_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with evening() as at:
        at.partner.drop("more.csv", f"phone,name\n{SENT_AGAIN},Zoe\n".encode())
        at.house.change(hold={"rows_below": 2})
        at.house.pass_the_test()
        at.house.collect()
        held = at.house.file("more.csv")
        for words in (("reject", str(held.id)), ("sync", "--only", "publish", "--quiet")):
            assert at.house.run(*words).code == 0
        (first,) = at.results()
        assert at.house.run("retry", str(held.id), "--state", "rejected").code == 0
        at.house.dispatch("--quiet")
        at.kept = replace(at.kept, store=at.kept.store.with_name("kept again"))
        at.kept.keep()
        whole = at.wind_up(kill_at=0, walk="publish")
        judge_superseded(at, first.name)
        some = range(1, len(whole.points) + 1, EVERY)
        for point in some:
            at.kept.put_back()
            died = at.wind_up(kill_at=point, walk="publish")
            assert died.died_in_time(point), died.said
            assert at.wind_up().code == 0
            judge_superseded(at, first.name)
    with capsys.disabled():
        print(f"\nsent again: killed at {len(some)} of {len(whole.points)} points")  # noqa: T201 - asked for


def judge_superseded(at: Evening, first: str) -> None:
    """One row that was told twice, the second time in place of the first; all others once."""
    told = Counter(row["result_phone"] for row in at.reported())
    assert told == Counter({**dict.fromkeys(TO_REPORT, 1), SENT_AGAIN: 2}), told
    *_, latest = [row for row in at.reported() if row["result_phone"] == SENT_AGAIN]
    reasons = {row["result_status"]: row["result_reason"] for row in at.reported()}
    assert reasons["rejected"] == "rejected by the operator"
    assert latest["result_reason"] == f"supersedes the row in {first}"


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
