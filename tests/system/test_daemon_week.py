"""Two hundred hourly campaigns on twenty accounts, through a week of a clock that a test moves."""

from __future__ import annotations

import gc
import heapq
import threading
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sftp_sync.config import Config
from sftp_sync.daemon.diary import Diary
from sftp_sync.daemon.duty import Duty
from sftp_sync.daemon.visits import Visits
from sftp_sync.ledger import Ledger
from sftp_sync.wiring.parts import open_ledger
from tests.support.daemons import eventually
from tests.support.daily_life import VENDOR, House
from tests.support.faulty_servers import open_files
from tests.support.lanes import lane_folder
from tests.support.sftp_servers import make_folders

CAMPAIGNS, ACCOUNTS = 200, 20
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """The time of day in a simulation."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def home() -> Iterator[Path]:
    """In memory, where there is one: these tests wait for no disk."""
    with lane_folder() as folder:
        yield folder


def configured(home: Path, **settings: object) -> Config:
    """So many hourly campaigns, the partners' folders on this machine."""
    house = House(home)
    house.accounts = {f"account-{each}": dict(VENDOR) for each in range(ACCOUNTS)}
    house.local("campaign-0", account="account-0", import_schedule="hourly", **settings)
    first = house.campaigns["campaign-0"]
    house.campaigns = {
        f"campaign-{each}": {
            **first,
            "account": f"account-{each % ACCOUNTS}",
            "campaign_id": str(each),
            "folder": str(home / f"partner-{each}"),
        }
        for each in range(CAMPAIGNS)
    }
    for each in range(CAMPAIGNS):
        make_folders(home / f"partner-{each}")
    house.pass_the_test()
    return house.write()


@contextmanager
def a_diary(config: Config, clock: Clock) -> Iterator[tuple[Ledger, Diary]]:
    with open_ledger(config) as ledger, ledger.leases.hold("daemon") as lease:
        diary = Diary(ledger, lease)
        diary.take_up(list(config.campaigns.values()), clock())
        yield ledger, diary


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_tick_of_a_week_is_run_once(home: Path) -> None:
    clock = Clock()
    config = configured(home, results={"schedule": "manual"})
    ran: dict[str, list[datetime]] = {name: [] for name in config.campaigns}
    with a_diary(config, clock) as (_, diary):
        due = _first_wakes(config, diary, clock)
        while due[0][0] < MONDAY + timedelta(days=7):
            clock.now, name = heapq.heappop(due)
            for step in diary.due(name, clock()):
                ran[name].append(clock())
                diary.began((name, step), clock())
                # A run takes a while: the next is counted from its slot, not from its end.
                clock.now += timedelta(seconds=3)
                diary.ended((name, step), clock(), None)
            heapq.heappush(due, _wake(diary, name, clock))
    for first, *moments in ran.values():
        # At once, to show that it works; then each hour once, always at the same minute.
        assert first - MONDAY < timedelta(minutes=15)
        assert len(moments) == 168
        assert len({_since_monday(moment) for moment in moments}) == 168
        assert max(moments) - min(moments) < 167 * HOUR + timedelta(minutes=15)
    minutes = Counter(moments[1].minute for moments in ran.values())
    assert len(minutes) > 50
    print(f"{sum(map(len, ran.values()))} runs, at most {max(minutes.values())} in a minute")  # noqa: T201 - figures


def _since_monday(moment: datetime) -> int:
    return (moment - MONDAY) // HOUR


def _first_wakes(config: Config, diary: Diary, clock: Clock) -> list[tuple[datetime, str]]:
    due = [_wake(diary, name, clock) for name in config.campaigns]
    heapq.heapify(due)
    return due


def _wake(diary: Diary, name: str, clock: Clock) -> tuple[datetime, str]:
    wake = diary.wake(name, clock())
    assert wake is not None
    return max(wake.at, clock()), name


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_hours_of_real_runs_leave_nothing_behind_in_memory(home: Path) -> None:
    """Everything runs as in the daemon, twenty accounts sending, but for the clock of the runs."""
    clock = Clock()
    config = configured(home)
    before, files = set(threading.enumerate()), open_files()
    with a_diary(config, clock) as (ledger, diary), ThreadPoolExecutor(4) as crew:
        visits = Visits(diary, clock)
        duty = Duty(config, ledger, equip=lambda around: replace(around, now=clock))
        duty.start_sending()
        seen = {}
        for hours in range(1, 9):
            for _ in range(60):
                clock.now += timedelta(minutes=1)
                names = [name for name in config.campaigns if diary.due(name, clock())]
                list(crew.map(lambda name: duty.see_to(name, visits), names))
            seen[hours] = (_traced(hours), threading.active_count(), open_files())
        assert duty.troubles() == []
        duty.stop()
        eventually(duty.is_over, "every account has stopped")
        duty.close()
        runs = ledger.runs.all()
        assert all(one.ok and not one.failures for one in runs.values())
    print(f"bytes, threads, descriptors after hours: {seen}")  # noqa: T201 - figures
    assert seen[8][0] < seen[5][0] * 1.05 + 100_000
    assert seen[8][1:] <= seen[5][1:]
    assert set(threading.enumerate()) <= before
    assert open_files() <= files


def _traced(hours: int) -> int:
    """What Python's objects take; counted from the third hour on, when all has been used once."""
    if hours == 3:
        tracemalloc.start()
    gc.collect()
    traced = tracemalloc.get_traced_memory()[0]
    if hours == 8:
        tracemalloc.stop()
    return traced
