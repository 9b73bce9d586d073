"""Files on their way to Kathan, the process killed before and after each side effect and started
again: by the vendor's own journal each contact is in exactly one campaign that was started, once.
"""

from __future__ import annotations

import pytest

from tests.support.kathan_walks import SCENARIOS, lanes, points_of, walk

LANES = 2
EVERY = 9


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


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_any_point_each_contact_is_in_one_started_campaign(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with lanes(SCENARIOS[scenario], LANES) as at:
        points = points_of(at[0])
        assert walk(at, range(1, len(points) + 1)) == []
    told(capsys, scenario, len(points), len(points))


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
