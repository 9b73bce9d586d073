"""Files on their way to Kathan, the process killed before and after each side effect and started
again: by the vendor's own journal each contact is in exactly one campaign that was started, once.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.calls import a_list, numbers
from tests.support.crashing import Finished
from tests.support.homecomings import read_results
from tests.support.kathan import kathan, kathan_house
from tests.support.kathan_walks import SCENARIOS, lanes, points_of, walk

LANES = 2
EVERY = 9
CALLED = numbers(3)


def told(capsys: pytest.CaptureFixture[str], scenario: str, some: int, points: int) -> None:
    with capsys.disabled():
        print(f"\nlaunch, {scenario}: killed at {some} of {points} points")  # noqa: T201 - asked for


@pytest.mark.parametrize("scenario", list(SCENARIOS)[:2])
def test_killed_here_and_there_each_contact_is_in_one_started_campaign(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with lanes(SCENARIOS[scenario], LANES) as at:
        points = points_of(at[0])
        some = range(3, len(points) + 1, EVERY)
        assert walk(at, some) == []
    told(capsys, scenario, len(some), len(points))


# Most points are those of the first scenario.
@pytest.mark.parametrize(
    ("scenario", "every"),
    [(scenario, 2 if number else 1) for number, scenario in enumerate(SCENARIOS)],
)
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_any_point_each_contact_is_in_one_started_campaign(
    scenario: str, every: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with lanes(SCENARIOS[scenario], LANES) as at:
        number = len(points_of(at[0]))
        some = range(1, number + 1, every)
        assert walk(at, some) == []
    told(capsys, scenario, len(some), number)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_here_and_there_on_postgresql_each_contact_is_in_one_started_campaign(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scenario = next(iter(SCENARIOS))
    with lanes(SCENARIOS[scenario], LANES, "postgresql") as at:
        points = points_of(at[0])
        some = range(1, len(points) + 1, 4)
        assert walk(at, some) == []
    told(capsys, f"{scenario}, on PostgreSQL", len(some), len(points))


@pytest.mark.parametrize("step", ["follow", "publish"])
def test_killed_here_and_there_every_result_comes_home_once(
    step: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with kathan(tmp_path / "vendor") as taking:
        taking.break_with(over_at_once=True)
        house = kathan_house(tmp_path / "house", taking)
        partner = house.campaign()
        partner.drop("list.csv", a_list(CALLED))
        house.collect()
        house.dispatch()
        kept = tmp_path / "kept"
        shutil.copytree(house.home, kept)

        def wind_up(**options: Any) -> Finished:
            done: Finished = house.sync("--only", "follow", "--only", "publish", **options)
            return done

        points = wind_up(kill_at=0, walk=step).points
        some = range(1, len(points) + 1, EVERY // 2)
        for point in some:
            shutil.rmtree(house.home)
            shutil.copytree(kept, house.home)
            died = wind_up(kill_at=point, walk=step)
            assert died.died_in_time(point)
            assert wind_up().code == 0
            found = [row for path in partner.outbox.iterdir() for row in read_results(path)]
            assert [row["result_phone"] for row in found] == CALLED
            assert len({row["result_call_id"] for row in found}) == len(CALLED)
    told(capsys, step, len(some), len(points))
