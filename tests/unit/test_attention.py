"""What a person must do: each thing once, with what to type, and a file that did not come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from sftp_sync.attention import Expectation, Scene, concerns, general_concerns, of_leftovers
from sftp_sync.attention.concerns import ENOUGH_FREE_BYTES, LEAST_FREE_BYTES
from sftp_sync.ledger.leftovers import Leftover
from sftp_sync.model import CampaignRecord, FileRecord, FileState, Notice, RowState
from tests.support.builders import NOW, a_campaign

NINE_ON_WEEKDAYS = Expectation(time(9), (0, 1, 2, 3, 4), "Europe/Berlin")
FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)
KNOWN = CampaignRecord("renewals", connection="tested", collected_at=NOW)


def a_file(number: int = 1, state: FileState = FileState.HELD, **rows: int) -> FileRecord:
    return FileRecord(
        id=number,
        campaign="renewals",
        name=f"{number}.csv",
        sha256="",
        size=1,
        state=state,
        reason="it is strange.",
        received_at=NOW,
        total=sum(rows.values()),
        rows={RowState(name): count for name, count in rows.items()},
    )


def a_scene(*files: FileRecord, **changes: Any) -> Scene:
    scene = Scene(a_campaign(connection="tested"), KNOWN, files, ())
    return replace(scene, **changes)


class TestAnUnreadableFile:
    def test_is_told_with_its_reason_and_what_to_type(self) -> None:
        unread = replace(a_file(3, FileState.UNREADABLE), lies_unread=True)
        gone = a_file(4, FileState.UNREADABLE)
        (one,) = concerns(a_scene(unread, gone))
        assert (one.cause, one.subject, one.who) == ("file_unreadable", "file 3", "partner")
        assert one.line == (
            "File 3, 3.csv, cannot be read: it is strange. If nobody needs it, type: sftp-sync"
            " reject 3"
        )

    def test_is_told_of_some_and_how_many_more(self) -> None:
        many = [
            replace(a_file(number, FileState.UNREADABLE), lies_unread=True) for number in range(8)
        ]
        *some, more = concerns(a_scene(*many))
        assert len(some) == 5
        assert more.line == (
            "3 more files cannot be read. Type: sftp-sync files --state unreadable"
        )


class TestAnExpectedFile:
    @pytest.mark.parametrize(
        ("now", "missing"),
        [
            (FRIDAY.replace(hour=7, minute=59), datetime(2026, 11, 19, 8, tzinfo=UTC)),
            (FRIDAY.replace(hour=8), FRIDAY.replace(hour=8)),
            (FRIDAY.replace(hour=23), FRIDAY.replace(hour=8)),
            # A weekend later it is still Friday's file that is missing.
            (FRIDAY + timedelta(days=2, hours=12), FRIDAY.replace(hour=8)),
            (FRIDAY + timedelta(days=3, hours=9), FRIDAY + timedelta(days=3, hours=8)),
        ],
    )
    def test_is_missing_from_its_local_time_on(self, now: datetime, missing: datetime) -> None:
        assert NINE_ON_WEEKDAYS.missing_since(now, None) == missing

    @pytest.mark.parametrize(
        ("received", "has_come"),
        [
            # 00:30 and 23:30 in Berlin.
            (datetime(2026, 11, 19, 23, 30, tzinfo=UTC), True),
            (datetime(2026, 11, 19, 22, 30, tzinfo=UTC), False),
            (FRIDAY.replace(hour=7), True),
            (FRIDAY.replace(hour=15), True),
        ],
    )
    def test_has_come_if_it_came_on_that_local_day_or_since(
        self, received: datetime, *, has_come: bool
    ) -> None:
        missing = NINE_ON_WEEKDAYS.missing_since(FRIDAY.replace(hour=16), received)
        assert (missing is None) == has_come

    def test_is_expected_at_the_same_wall_clock_time_over_daylight_saving(self) -> None:
        for day, hour in ((datetime(2026, 10, 23, tzinfo=UTC), 7), (FRIDAY, 8)):
            at = day.replace(hour=hour)
            assert NINE_ON_WEEKDAYS.missing_since(at, None) == at

    def test_is_never_missing_where_no_day_is_named(self) -> None:
        assert Expectation(time(9), ()).missing_since(FRIDAY, None) is None

    def test_is_asked_for_with_what_to_do(self) -> None:
        at = FRIDAY.replace(hour=8)
        scene = a_scene(expected=NINE_ON_WEEKDAYS, now=at, known=replace(KNOWN, collected_at=at))
        (one,) = concerns(scene)
        assert (one.cause, one.who) == ("expected_file_missing", "partner")
        assert one.message == (
            "No file has come on Friday, 20 November, where one is expected by 09:00"
            " (Europe/Berlin)."
        )

    @pytest.mark.parametrize(
        ("looked_at", "missing"),
        [
            # Of Friday nobody can tell before somebody looked after nine; of Thursday they can.
            (FRIDAY.replace(hour=7, minute=59), "Thursday, 19 November"),
            (FRIDAY.replace(hour=8), "Friday, 20 November"),
            (FRIDAY.replace(hour=9), "Friday, 20 November"),
            # A clock that was ahead.
            (FRIDAY + timedelta(days=30), "Friday, 20 November"),
        ],
    )
    def test_is_missing_only_where_somebody_has_looked_since(
        self, looked_at: datetime, missing: str
    ) -> None:
        known = replace(KNOWN, collected_at=looked_at)
        scene = a_scene(expected=NINE_ON_WEEKDAYS, now=FRIDAY.replace(hour=10), known=known)
        (one,) = concerns(scene)
        assert one.message.startswith(f"No file has come on {missing},")
        came_on_thursday = replace(scene, last_received_at=FRIDAY - timedelta(hours=16))
        assert len(concerns(came_on_thursday)) == missing.startswith("Friday")

    def test_is_not_asked_for_of_a_day_before_the_campaign_began(self) -> None:
        tested_at = FRIDAY.replace(hour=9)
        known = replace(KNOWN, collected_at=tested_at, tested_at=tested_at)
        scene = a_scene(expected=NINE_ON_WEEKDAYS, now=FRIDAY.replace(hour=10), known=known)
        assert concerns(scene) == []
        # A connection that is tested once more is not new.
        came_on_thursday = replace(scene, last_received_at=FRIDAY - timedelta(hours=16))
        assert len(concerns(came_on_thursday)) == 1

    @pytest.mark.parametrize(
        "known", [replace(KNOWN, paused=True), replace(KNOWN, collected_at=None)]
    )
    def test_is_not_asked_for_of_a_campaign_that_is_paused_or_new(
        self, known: CampaignRecord
    ) -> None:
        assert concerns(a_scene(expected=NINE_ON_WEEKDAYS, now=FRIDAY, known=known)) == []


class TestConcerns:
    def test_are_none_where_all_is_well(self) -> None:
        assert concerns(a_scene(a_file(state=FileState.FINISHED, accepted=3))) == []

    def test_say_that_a_connection_was_never_tested_as_it_is(self) -> None:
        (one,) = concerns(a_scene(known=replace(KNOWN, connection="as it was")))
        assert one.cause == "connection_untested"
        assert one.fix == "Type: sftp-sync test-connection renewals"

    def test_name_held_files_one_by_one_and_many_together(self) -> None:
        found = concerns(a_scene(*(a_file(number) for number in range(1, 8))))
        assert [one.subject for one in found] == [
            *(f"file {number}" for number in range(1, 6)),
            "more files",
        ]
        assert found[0].line == (
            "File 1, 1.csv, is held: it is strange."
            " Type: sftp-sync release 1, or: sftp-sync reject 1"
        )
        assert found[-1].message == "2 more files are held."

    def test_call_a_person_only_for_doubts_that_need_one(self) -> None:
        file = a_file(7, FileState.DISPATCHING, uncertain=3)
        stuck, looked_into = concerns(a_scene(file, for_a_person={7: 1}))
        assert (stuck.cause, stuck.is_quiet) == ("rows_need_a_person", False)
        assert stuck.message.startswith("1 row of file 7, 7.csv, may have been called")
        assert (looked_into.cause, looked_into.is_quiet) == ("rows_in_doubt", True)
        assert looked_into.message.startswith("2 rows of file 7, 7.csv, are in doubt")

    def test_repeat_what_was_noticed_of_this_campaign_alone(self) -> None:
        notices = [
            Notice(scope, "collect", "It is down.", "Wait.", "partner", NOW, "partner_unreachable")
            for scope in ("renewals", "surveys", "daemon")
        ]
        (one,) = concerns(a_scene(notices=notices))
        assert one.key == ("renewals", "partner_unreachable", "collect")
        (other,) = general_concerns(notices, ["renewals", "surveys"], None)
        assert other.key == ("daemon", "partner_unreachable", "collect")

    def test_of_the_machine_begin_where_its_disk_fills(self) -> None:
        assert general_concerns([], [], ENOUGH_FREE_BYTES) == []
        (quiet,) = general_concerns([], [], LEAST_FREE_BYTES)
        assert quiet.is_quiet
        (one,) = general_concerns([], [], 300 * 1024**2)
        assert (one.scope, one.cause) == ("this machine", "disk_filling")
        assert (one.key, one.is_quiet) == (quiet.key, False)
        assert one.message.startswith("Only 300 MB are free")

    def test_of_a_campaign_out_of_the_configuration_count_what_it_leaves(self) -> None:
        first, second = of_leftovers([Leftover("renewals", 1, 1_200, 2, 3, 4, 1), Leftover("b", 2)])
        assert first.key == ("renewals", "campaign_not_configured", "")
        assert (
            "is not done: 1 file held, 1,200 rows to be sent, 2 rows in doubt, 3 calls not over,"
            " 4 rows to be reported, 1 file to be delivered."
        ) in first.message
        assert first.fix.endswith("sftp-sync sync renewals")
        assert "is not done: 2 files held." in second.message
