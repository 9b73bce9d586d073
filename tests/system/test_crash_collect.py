"""Collect killed before and after each of its side effects, and started again."""

from __future__ import annotations

import pytest

from tests.support.mornings import Lane, die_and_restart, judge, lanes, points_of, walk


def told(capsys: pytest.CaptureFixture[str], what: str, walked: int, points: int) -> None:
    with capsys.disabled():
        print(f"\ncollect, {what}: killed at {walked} of {points} points")  # noqa: T201 - asked for


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_any_point_it_goes_on_as_if_nothing_had_been(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with lanes("move") as at:
        number = len(points_of(at[0]))
        judge(at[0], "move")
        walk(at, range(1, number + 1), "move")
    told(capsys, "after_import move", number, number)


@pytest.mark.parametrize("after_import", ["keep", "delete"])
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_does_so_however_it_clears_away(
    after_import: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every point at which something is removed, and one in five of those that are as above."""
    with lanes(after_import) as at:
        points = list(enumerate(points_of(at[0]), start=1))
        judge(at[0], after_import)
        some = [number for number, name in points if name.endswith("REMOVE") or number % 5 == 1]
        walk(at, some, after_import)
    told(capsys, f"after_import {after_import}", len(some), len(points))


def test_killed_here_and_there_it_goes_on_as_if_nothing_had_been(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with lanes("move") as at:
        number = len(points_of(at[0]))
        judge(at[0], "move")
        some = range(1, number + 1, 20)
        walk(at, some, "move")
    told(capsys, "here and there", len(some), number)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_does_so_with_postgresql_too(capsys: pytest.CaptureFixture[str]) -> None:
    with lanes("delete", kind="postgresql") as at:
        number = len(points_of(at[0]))
        judge(at[0], "delete")
        some = range(1, number + 1, 2)
        walk(at, some, "delete")
    told(capsys, "after_import delete, on PostgreSQL", len(some), number)


@pytest.mark.parametrize(
    ("rule", "after_import", "where"),
    [
        ("rows come before their file", "keep", "after commit"),
        ("what was begun is taken back", "keep", "after commit"),
        ("deliveries are written down first", "keep", "after commit"),
        ("what is there is recognised", "keep", "after RENAME"),
        ("private names are known from the ledger", "delete", "after RENAME"),
        ("the spool is swept", "keep", "after open"),
    ],
)
@pytest.mark.slow
def test_without_one_of_its_rules_the_walk_fails(rule: str, after_import: str, where: str) -> None:
    with lanes(after_import, number=1) as (lane,):
        points = points_of(lane, without=rule)
        judge(lane, after_import)
        there = [number for number, label in enumerate(points, start=1) if label == where]
        assert any(_is_noticed(lane, point, after_import, rule) for point in there)


def _is_noticed(lane: Lane, point: int, after_import: str, rule: str) -> bool:
    try:
        die_and_restart(lane, point, after_import, without=rule)
    except AssertionError:
        return True
    return False
