"""What is due when, by the schedules and what the ledger remembers; and who wakes us for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.around import Surroundings
from sftp_sync.config import CampaignConfig
from sftp_sync.daemon.clockwork import AILING_AT_ONCE, AT_ONCE, Clockwork
from sftp_sync.daemon.diary import Diary, Wake
from sftp_sync.daemon.visits import Visits
from sftp_sync.errors import LeaseBusy, RemoteUnavailable, Stopped
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import BootTime
from sftp_sync.run import Doors
from sftp_sync.spool import Spool
from sftp_sync.wiring.parts import nobody_watches
from tests.support.configurations import a_config, loaded
from tests.support.daemons import eventually
from tests.support.databases import fresh_database

MORNING = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
AWAY = RemoteUnavailable("The partner's server does not answer.")


@dataclass
class Desk:
    """A diary and the ledger under it."""

    folder: Path
    ledger: Ledger
    lease: Lease
    diary: Diary = field(init=False)

    def __post_init__(self) -> None:
        self.diary = Diary(self.ledger, self.lease)

    def campaign(self, **campaign: str) -> CampaignConfig:
        return loaded(self.folder, a_config(campaign)).campaigns["renewals"]

    def plan(self, now: datetime = MORNING, **campaign: str) -> None:
        self.diary.take_up([self.campaign(**campaign)], now)

    def run(self, now: datetime, problem: Exception | None = None) -> list[str]:
        """All that is due, at once."""
        steps = self.diary.due("renewals", now)
        for step in steps:
            self.diary.began(("renewals", step), now)
            self.diary.ended(("renewals", step), now, problem)
        return list(steps)

    def next(self, now: datetime) -> datetime:
        wake = self.diary.wake("renewals", now)
        assert wake is not None
        return wake.at


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with (
        fresh_database("sqlite", tmp_path) as database,
        database.open() as ledger,
        ledger.leases.hold("daemon") as lease,
    ):
        yield Desk(tmp_path, ledger, lease)


def test_results_go_back_as_lists_come_in_and_are_followed_every_hour(desk: Desk) -> None:
    desk.plan(import_schedule="daily", daily_at='"06:30"')
    assert desk.next(MORNING) < MORNING + HOUR
    seen = [step for minute in range(24 * 60) for step in desk.run(MORNING + minute * MINUTE)]
    assert seen.count("collect") == seen.count("wind_up") == 1
    assert seen.count("follow") == 24
    assert seen.index("collect") < seen.index("wind_up")


def test_what_is_published_hourly_is_followed_with_it(desk: Desk) -> None:
    desk.plan(import_schedule="hourly")
    assert desk.run(MORNING) == ["collect"]
    later = MORNING + HOUR
    assert desk.run(later + HOUR) == ["collect", "wind_up"]
    assert ("renewals", "follow") not in desk.ledger.runs.all()


def test_results_may_have_a_schedule_of_their_own(desk: Desk) -> None:
    desk.plan(import_schedule="manual", results="{schedule: {every: 2h}}")
    seen = [step for hour in range(24) for step in desk.run(MORNING + hour * HOUR)]
    assert set(seen) == {"follow", "wind_up"}
    assert seen.count("wind_up") == 11 or seen.count("wind_up") == 12


def test_manual_campaigns_have_no_runs(desk: Desk) -> None:
    desk.plan(import_schedule="manual")
    assert desk.diary.wake("renewals", MORNING) is None
    assert desk.ledger.runs.all() == {}


def test_another_diary_goes_on_where_this_one_ended(desk: Desk) -> None:
    daily = {"import_schedule": "daily", "daily_at": '"06:30"', "results": "{schedule: manual}"}
    desk.plan(**daily)
    assert desk.run(MORNING + 31 * MINUTE) == ["collect"]
    desk.diary = Diary(desk.ledger, desk.lease)
    desk.plan(MORNING + HOUR, **daily)
    assert desk.run(MORNING + HOUR) == []
    # Down over a weekend: once for all that was missed.
    desk.diary = Diary(desk.ledger, desk.lease)
    desk.plan(MORNING + 3 * DAY, **daily)
    assert desk.run(MORNING + 3 * DAY) == ["collect"]
    assert desk.run(MORNING + 3 * DAY) == []


def test_a_run_that_was_cut_short_is_due_again(desk: Desk) -> None:
    desk.plan(import_schedule="daily", daily_at='"06:30"', results="{schedule: manual}")
    now = MORNING + 31 * MINUTE
    desk.diary.began(("renewals", "collect"), now)
    desk.diary = Diary(desk.ledger, desk.lease)
    desk.plan(
        now + MINUTE, import_schedule="daily", daily_at='"06:30"', results="{schedule: manual}"
    )
    assert desk.run(now + MINUTE) == ["collect"]


def test_a_failed_run_is_tried_again_with_growing_pauses_up_to_an_hour(desk: Desk) -> None:
    desk.plan(import_schedule="daily", daily_at='"06:30"', results="{schedule: manual}")
    now, pauses = MORNING + 31 * MINUTE, []
    for _ in range(7):
        assert desk.run(now, AWAY) == ["collect"]
        pauses.append(desk.next(now) - now)
        now = desk.next(now)
    assert [pause // MINUTE for pause in pauses] == [5, 10, 20, 40, 60, 60, 60]
    wake = desk.diary.wake("renewals", now)
    assert wake is not None
    assert wake.is_ailing
    assert desk.run(now) == ["collect"]
    assert desk.next(now) - now > 10 * HOUR
    known = desk.ledger.runs.all()["renewals", "collect"]
    assert (known.failures, known.ok, known.succeeded_at) == (0, True, now)


def test_that_somebody_else_is_at_it_is_no_failure_and_no_run(desk: Desk) -> None:
    desk.plan(import_schedule="daily", daily_at='"06:30"', results="{schedule: manual}")
    now = MORNING + 31 * MINUTE
    for _ in range(5):
        assert desk.run(now, LeaseBusy("Another process is at collect:renewals.")) == ["collect"]
        known = desk.ledger.runs.all()["renewals", "collect"]
        assert (known.ok, known.succeeded_at, known.failures) == (None, None, 0)
        assert desk.run(now + timedelta(seconds=29)) == []
        now += timedelta(seconds=30)
        assert desk.next(now) == now
    # Whoever it was has died, on another machine: the day's run is made.
    assert desk.run(now) == ["collect"]
    assert desk.ledger.runs.all()["renewals", "collect"].ok
    assert desk.next(now) - now > 23 * HOUR


def test_that_somebody_else_is_at_it_outlives_a_restart(desk: Desk) -> None:
    desk.plan(import_schedule="daily", daily_at='"06:30"', results="{schedule: manual}")
    now = MORNING + 31 * MINUTE
    desk.run(now, LeaseBusy("Another process is at collect:renewals."))
    desk.diary = Diary(desk.ledger, desk.lease)
    desk.plan(now + HOUR, import_schedule="daily", daily_at='"06:30"', results="{schedule: manual}")
    assert desk.run(now + HOUR) == ["collect"]


def test_results_that_somebody_else_is_at_are_seen_to_again(desk: Desk) -> None:
    desk.plan(import_schedule="daily", daily_at='"06:30"')
    now = MORNING + 31 * MINUTE
    visits, one = Visits(desk.diary, lambda: now), desk.campaign().model
    desk.ledger.campaigns.tested(one.name, one.connection, now, passed=True)
    around = Surroundings(
        ledger=desk.ledger,
        spool=Spool(desk.folder / "spool", lambda _: 1_000_000_000),
        now=lambda: now,
        wait=lambda _: None,
        watch=nobody_watches,
        monotonic=lambda: 0.0,
        boot_time=lambda: BootTime("boot", 0.0),
    )
    with ExitStack() as busy:
        for step in ("collect", "follow", "publish"):
            busy.enter_context(desk.ledger.leases.hold(f"{step}:renewals"))
        visits.see_to(one, Doors(_nobody, _nobody), around)
    for step in ("collect", "wind_up"):
        known = desk.ledger.runs.all()["renewals", step]
        assert (known.succeeded_at, known.failures) == (None, 0)
        assert known.retry_at == now + timedelta(seconds=30)


def test_a_campaign_that_left_while_it_ran_is_forgotten(desk: Desk) -> None:
    desk.plan(import_schedule="hourly")
    desk.diary.began(("renewals", "collect"), MORNING)
    desk.diary.take_up([], MORNING)
    desk.diary.ended(("renewals", "collect"), MORNING, None)
    assert desk.ledger.runs.all() == {}
    assert desk.diary.wake("renewals", MORNING) is None


def test_another_schedule_has_missed_nothing(desk: Desk) -> None:
    desk.plan(import_schedule="daily", daily_at='"06:30"', results="{schedule: manual}")
    desk.run(MORNING + 31 * MINUTE, AWAY)
    now = MORNING + 4 * HOUR
    desk.plan(now, import_schedule='{cron: "0 7 * * *"}', results="{schedule: manual}")
    assert desk.run(now) == []
    assert desk.next(now) - now > 20 * HOUR


def test_a_ledger_that_cannot_be_written_is_not_asked_in_a_circle(desk: Desk) -> None:
    desk.plan(import_schedule="{every: 1s}")
    visits = Visits(desk.diary, lambda: MORNING + HOUR)
    desk.lease.lost = True
    before = visits.wake("renewals")
    assert before is not None
    assert before.at <= MORNING + HOUR
    desk.ledger.leases.release(desk.lease)
    visits.see_to(desk.campaign().model, None, _Surroundings())  # type: ignore[arg-type]  # it comes to nothing
    after = visits.wake("renewals")
    assert after is not None
    assert after.at > MORNING + HOUR
    assert visits.under_way == 0


def test_what_is_expected_is_looked_for_at_its_time(desk: Desk) -> None:
    desk.plan(import_schedule="daily", daily_at='"06:30"', expect='{by: "09:00"}')
    seen = [
        (minute // 60, step)
        for minute in range(24 * 60)
        for step in desk.run(MORNING + minute * MINUTE)
        if step != "follow"
    ]
    # At 06:30 and at 09:00; results go back once a day as before.
    assert seen == [(0, "collect"), (0, "wind_up"), (3, "collect")]


def test_who_is_seen_to_is_not_woken_again_whatever_is_due(desk: Desk) -> None:
    desk.plan(import_schedule="{every: 1s}")
    visits, looks = Visits(desk.diary, lambda: datetime.now(UTC)), list[str]()
    visiting, may_end = threading.Event(), threading.Event()

    class Slow:
        def wait(self, seconds: float) -> None:
            assert seconds == 0
            visiting.set()
            may_end.wait(10)
            raise Stopped("It was long enough.")

    def see_to(name: str) -> None:
        looks.append(name)
        visits.see_to(desk.campaign().model, None, Slow())  # type: ignore[arg-type]  # it comes to nothing

    is_ailing = False

    def when(name: str) -> Wake | None:
        wake = visits.wake(name)
        return None if wake is None else replace(wake, is_ailing=is_ailing)

    clockwork = Clockwork(see_to, when)
    clockwork.take_up(["renewals"])
    clockwork.start()
    try:
        assert visiting.wait(10)
        # As when it has failed for the first time, and then the clock jumps.
        is_ailing = True
        clockwork.wind_all()
        for _ in range(20):
            eventually(clockwork.is_alive, "it goes round")
        assert len(looks) <= 2
        may_end.set()
        eventually(lambda: len(looks) > 3, "it is seen to again")
    finally:
        may_end.set()
        clockwork.stop()


def _nobody() -> Any:
    """Nobody is asked while somebody else is at it."""


class _Surroundings:
    """Where nothing is done before the ledger says no."""

    def wait(self, seconds: float) -> None:
        assert seconds == 0


class Ringing:
    """Campaigns that are due again so long after each visit."""

    def __init__(self, pause: timedelta, *, is_ailing: bool = False) -> None:
        self._pause = pause
        self._is_ailing = is_ailing
        self.visits: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.gate = threading.Event()
        self._guard = threading.Lock()
        self.clockwork = Clockwork(self.visit, self.when)

    def when(self, name: str) -> Wake | None:
        ailing = self._is_ailing and name != "well"
        return None if name == "manual" else Wake(datetime.now(UTC) + self._pause, ailing)

    def visit(self, name: str) -> None:
        with self._guard:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.visits.append(name)
        if name != "well":
            self.gate.wait(10)
        with self._guard:
            self.at_once -= 1


@pytest.fixture
def ringing() -> Iterator[Ringing]:
    made = Ringing(timedelta(milliseconds=20))
    made.gate.set()
    yield made
    made.clockwork.stop()


def test_campaigns_are_woken_again_and_again_and_only_those_of_the_configuration(
    ringing: Ringing,
) -> None:
    ringing.clockwork.take_up(["one", "two", "manual"])
    ringing.clockwork.start()
    eventually(lambda: min(map(ringing.visits.count, ("one", "two"))) > 5, "both, again and again")
    ringing.clockwork.take_up(["two", "three"])
    eventually(lambda: ringing.visits.count("three") > 2, "the third")
    count = ringing.visits.count("one")
    eventually(lambda: ringing.visits.count("three") > 8, "a while")
    assert ringing.visits.count("one") <= count + 1
    assert "manual" not in ringing.visits


def test_so_many_run_at_once_and_those_that_ail_keep_nobody_waiting() -> None:
    made = Ringing(timedelta(milliseconds=20), is_ailing=True)
    made.clockwork.take_up([f"ailing-{each}" for each in range(40)] + ["well"])
    made.clockwork.start()
    try:
        eventually(lambda: made.visits.count("well") > 5, "the one that is well")
        assert made.most_at_once <= AILING_AT_ONCE + 1
    finally:
        made.gate.set()
        made.clockwork.stop()


def test_no_more_than_so_many_are_at_work() -> None:
    made = Ringing(timedelta(milliseconds=20))
    made.clockwork.take_up([f"slow-{each}" for each in range(40)])
    made.clockwork.start()
    try:
        eventually(lambda: made.at_once == AT_ONCE, "as many as there are threads")
        made.gate.set()
        eventually(lambda: len(set(made.visits)) == 40, "the others in their turn")
        assert made.most_at_once == AT_ONCE
    finally:
        made.gate.set()
        made.clockwork.stop()


def test_it_is_seen_to_be_alive_and_to_be_dead(ringing: Ringing) -> None:
    assert not ringing.clockwork.is_alive()
    ringing.clockwork.start()
    eventually(ringing.clockwork.is_alive, "it goes round")


def test_a_visit_that_fails_is_no_end() -> None:
    visits: list[str] = []

    def visit(name: str) -> None:
        visits.append(name)
        raise RuntimeError("a bug")

    clockwork = Clockwork(visit, lambda _: Wake(datetime.now(UTC), is_ailing=False))
    clockwork.take_up(["one"])
    clockwork.start()
    try:
        eventually(lambda: len(visits) > 3, "again and again")
    finally:
        clockwork.stop()
