"""How long ago something was, whatever is done to the wall clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sftp_sync.model import BootTime, Instant, wait_left
from tests.support.builders import NOW

HERE = BootTime("here", 1000.0)
WAIT = timedelta(seconds=120)


@pytest.mark.parametrize(
    ("earlier", "seconds"),
    [
        (BootTime("here", 900.0), 100.0),
        (HERE, 0.0),
        # The clock of one boot never goes back: this one is another machine's with the same name.
        (BootTime("here", 1000.5), None),
        (BootTime("elsewhere", 900.0), None),
        (None, None),
    ],
)
def test_seconds_are_told_within_one_boot_only(
    earlier: BootTime | None, seconds: float | None
) -> None:
    assert HERE.since(earlier) == seconds


@pytest.mark.parametrize(
    ("given_up", "left"),
    [
        (BootTime("here", 1000.0), 120),
        (BootTime("here", 900.0), 20),
        (BootTime("here", 880.0), 0),
        (BootTime("here", 1.0), 0),
        (BootTime("here", 1001.0), 120),
        (BootTime("elsewhere", 1.0), 120),
        (None, 120),
    ],
)
def test_what_is_left_of_a_wait_is_all_of_it_where_nobody_knows(
    given_up: BootTime | None, left: float
) -> None:
    assert wait_left(given_up, HERE, WAIT) == timedelta(seconds=left)


@pytest.mark.parametrize(
    ("wall", "clock", "step"),
    [
        (60, 60, 0),
        (360, 60, 300),
        (-3540, 60, -3600),
        # Clocks that are drawn right are not set.
        (60.9, 60, 0),
        (59.1, 60, 0),
    ],
)
def test_by_how_much_a_clock_was_set_is_told_within_one_boot(
    wall: float, clock: float, step: float
) -> None:
    before = Instant(NOW, HERE)
    after = Instant(NOW + timedelta(seconds=wall), BootTime("here", HERE.seconds + clock))
    assert after.step_since(before) == timedelta(seconds=step)
    assert after.translated(NOW, before) == NOW + timedelta(seconds=step)


def test_across_boots_nobody_knows_whether_a_clock_was_set() -> None:
    after = Instant(NOW + timedelta(days=2), BootTime("elsewhere", 5.0))
    assert after.step_since(Instant(NOW, HERE)) == timedelta()
