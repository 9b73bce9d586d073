"""What the status page says, decided without a page: progress, readiness, wording, pace."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from sftp_sync.attention import Concern
from sftp_sync.model import CampaignRecord, FileRecord, FileState, RowState
from sftp_sync.web.door import host_in
from sftp_sync.web.latest import Latest
from sftp_sync.web.meters import Meters
from sftp_sync.web.progress import progress_of, times_left, waiting_rows
from sftp_sync.web.readiness import BLOCKING, reasons_against
from sftp_sync.web.wording import from_now, in_bytes, lasting, told_apart
from tests.support.boards import NOW


def a_file(state: FileState = FileState.DISPATCHING, **rows: int) -> FileRecord:
    return FileRecord(
        id=1,
        campaign="renewals",
        name="1.csv",
        sha256="",
        size=1,
        state=state,
        reason=None,
        received_at=NOW,
        total=sum(rows.values()),
        rows={RowState(name): count for name, count in rows.items()},
    )


class TestProgress:
    def test_counts_the_lists_that_are_being_sent(self) -> None:
        files = [
            a_file(accepted=60, pending=30, sending=4, uncertain=6),
            a_file(FileState.HELD, pending=100),
            a_file(FileState.FINISHED, accepted=100),
        ]
        progress = progress_of(files)
        assert progress is not None
        assert (progress.rows, progress.done, progress.percent) == (100, 60, 60.0)
        assert waiting_rows(files) == 34

    def test_is_none_where_nothing_is_sent(self) -> None:
        assert progress_of([a_file(FileState.FOLLOWING, accepted=1)]) is None

    def test_ends_for_the_short_lists_first_since_campaigns_take_turns(self) -> None:
        left = times_left({"long": 900, "short": 100, "none": 0}, a_minute=100)
        assert left == {"long": timedelta(minutes=10), "short": timedelta(minutes=2)}


class TestMeters:
    def test_know_the_pace_of_the_last_minutes(self) -> None:
        now = 0.0
        meters = Meters(lambda: now)
        assert meters.a_minute("vendor") is None
        for _ in range(31):
            meters.overhear("vendor", "POST", "201", 0.1)
            now += 2
        assert meters.a_minute("vendor") == pytest.approx(30, rel=0.02)
        assert meters.a_minute("another") is None
        now += 400
        assert meters.a_minute("vendor") is None

    @pytest.mark.parametrize(("method", "answer"), [("GET", "200"), ("POST", "429")])
    def test_do_not_take_for_progress_what_is_none(self, method: str, answer: str) -> None:
        now = 0.0
        meters = Meters(lambda: now)
        for _ in range(20):
            meters.overhear("vendor", method, answer, 0.1)
            now += 2
        assert meters.a_minute("vendor") is None


class TestReadiness:
    @pytest.mark.parametrize("cause", sorted(BLOCKING))
    def test_is_not_there_while_something_stops_the_campaign(self, cause: str) -> None:
        concern = Concern("renewals", cause, "It is so.", "Mend it.")
        (reason,) = reasons_against(CampaignRecord("renewals"), [concern], None, NOW)
        assert reason == "It is so. Mend it."

    def test_is_there_where_a_person_is_wanted_for_something_else(self) -> None:
        concern = Concern("renewals", "file_held", "It is held.")
        assert list(reasons_against(CampaignRecord("renewals"), [concern], None, NOW)) == []

    def test_is_not_there_while_the_partner_refuses_us(self) -> None:
        known = CampaignRecord("renewals", refused_sign_ins=3, not_before=NOW + timedelta(hours=1))
        (reason,) = reasons_against(known, [], None, NOW)
        assert reason == "The partner refused us 3 times; the next try is at 2026-11-20 11:00 UTC."
        assert list(reasons_against(replace(known, not_before=NOW), [], None, NOW)) == []


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=4), "4 h"),
        (timedelta(hours=4, minutes=20), "4 h 20 min"),
        (timedelta(hours=12, minutes=20), "12 h"),
        (timedelta(days=2, hours=5), "2 d 5 h"),
        (timedelta(days=40, hours=5), "40 d"),
    ],
)
def test_a_length_of_time_has_one_or_two_units(length: timedelta, said: str) -> None:
    assert lasting(length) == said


def test_a_moment_is_seen_from_now() -> None:
    assert from_now(NOW + timedelta(seconds=30), NOW) == "now"
    assert from_now(NOW + timedelta(minutes=3), NOW) == "in 3 min"
    assert from_now(NOW - timedelta(minutes=3), NOW) == "3 min ago"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (82_900_000_000, "82.9 GB")],
)
def test_a_size_is_readable(number: int, said: str) -> None:
    assert in_bytes(number) == said


def test_what_can_be_typed_is_told_from_what_is_said() -> None:
    sentence = "Type: sftp-sync release 3, or: sftp-sync reject 3. Then look."
    assert list(told_apart(sentence)) == [
        (False, "Type: "),
        (True, "sftp-sync release 3"),
        (False, ", or: "),
        (True, "sftp-sync reject 3"),
        (False, ". Then look."),
    ]
    assert list(told_apart("Nothing to type.")) == [(False, "Nothing to type.")]


@pytest.mark.parametrize(
    ("header", "host"),
    [
        (b"localhost:8321", "localhost"),
        (b"LOCALHOST", "localhost"),
        (b"[::1]:8321", "::1"),
        (b"[::1]", "::1"),
        (b"127.0.0.1", "127.0.0.1"),
        (b"", None),
        (b":8321", None),
        (b"localhost:port", None),
        (b"[::1", None),
        (b"[::1]x", None),
        (b"localhost:8321:1", None),
        (b"localhost\xff", None),
    ],
)
def test_a_host_is_read_from_its_header(header: bytes, host: str | None) -> None:
    assert host_in(header) == host


class TestTheLatest:
    @pytest.fixture
    def crew(self) -> Any:
        with ThreadPoolExecutor(2) as crew:
            yield crew

    @staticmethod
    def made_by(
        make: Callable[[], int], crew: ThreadPoolExecutor, clock: Callable[[], float]
    ) -> Latest[int]:
        return Latest(make, crew, clock, fresh_seconds=5)

    def test_is_made_once_while_it_is_fresh(self, crew: ThreadPoolExecutor) -> None:
        now, numbers = 0.0, iter(range(9))
        latest = self.made_by(lambda: next(numbers), crew, lambda: now)
        assert [latest.get(5) for _ in range(3)] == [0, 0, 0]
        now = 5.0
        assert latest.get(5) == 1

    def test_is_the_one_before_while_a_new_one_takes_its_time(
        self, crew: ThreadPoolExecutor
    ) -> None:
        now, numbers, go_on = 0.0, iter(range(9)), Event()
        go_on.set()

        def make() -> int:
            assert go_on.wait(10)
            return next(numbers)

        latest = self.made_by(make, crew, lambda: now)
        assert latest.first() == 0
        now = 6.0
        go_on.clear()
        assert latest.get(0.01) == 0
        go_on.set()
        assert latest.get(5) == 1

    def test_is_none_where_there_was_none_before(self, crew: ThreadPoolExecutor) -> None:
        go_on = Event()
        latest = self.made_by(lambda: int(go_on.wait(10)), crew, lambda: 0.0)
        assert latest.get(0.01) is None
        go_on.set()
        assert latest.first() == 1

    def test_that_takes_long_is_made_more_seldom(self, crew: ThreadPoolExecutor) -> None:
        now, made = 0.0, 0

        def make() -> int:
            nonlocal now, made
            now += 2
            made += 1
            return made

        latest = self.made_by(make, crew, lambda: now)
        assert latest.get(5) == 1
        now += 19
        assert latest.get(5) == 1
        now += 2
        assert latest.get(5) == 2

    def test_raises_what_making_it_raises_and_is_tried_again(
        self, crew: ThreadPoolExecutor
    ) -> None:
        answers = iter([ValueError("not now"), 7])

        def make() -> int:
            answer = next(answers)
            if isinstance(answer, ValueError):
                raise answer
            return answer

        latest = self.made_by(make, crew, lambda: 0.0)
        with pytest.raises(ValueError, match="not now"):
            latest.get(5)
        assert latest.get(5) == 7
