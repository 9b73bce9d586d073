"""A report is composed of values: days, files, sums, and sentences."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from sftp_sync.cli.report_screen import SHOWN_LAUNCHES, show
from sftp_sync.errors import UsageError
from sftp_sync.ledger.outcomes import Posted
from sftp_sync.model import Code, FileState, Launch, LaunchState, RowState
from sftp_sync.report import (
    Fate,
    Group,
    Period,
    Report,
    Tally,
    compose,
    document,
    save,
    workbook,
)
from sftp_sync.report.fates import REASONS, fate_of, reason_in_words
from sftp_sync.report.headline import headline
from sftp_sync.report.spans import spans, unit
from sftp_sync.report.values import Day
from sftp_sync.report.wording import (
    compact,
    date_of,
    day_range,
    days_of,
    lasting,
    percentage,
    shortened,
)
from tests.support.builders import NOW
from tests.support.outcomes import Told, a_launch, calls, rows_not_called

DAY = timedelta(days=1)
NEW_YORK = "America/New_York"
S = RowState


def reported(told: Told, since: str = "7d", zone: str = "UTC", now: datetime = NOW) -> Report:
    return compose("renewals", told.history, Period.since(since, now, zone), now)


def by_day(report: Report) -> dict[date, int]:
    return {day.first: day.tally.total for day in report.days if day.tally.total}


NOT_OVER = [
    (S.PENDING, None, Fate.WAITING),
    (S.SENDING, None, Fate.WAITING),
    (S.UNCERTAIN, None, Fate.WAITING),
    (S.ACCEPTED, "queued", Fate.UNDER_WAY),
    (S.ACCEPTED, None, Fate.UNDER_WAY),
    # The vendor may try it again: it is not over.
    (S.ACCEPTED, "no-answer", Fate.UNDER_WAY),
    (S.REFUSED, None, Fate.NOT_CALLED),
    (S.EXPIRED, None, Fate.NOT_CALLED),
    (S.SUPPRESSED, None, Fate.NOT_CALLED),
    (S.DUPLICATE, None, Fate.NOT_CALLED),
    (S.INVALID, None, Fate.NOT_CALLED),
]
OVER = [
    (S.ACCEPTED, "completed", Fate.COMPLETED),
    (S.ALREADY_QUEUED, "completed", Fate.COMPLETED),
    (S.ACCEPTED, "no-answer", Fate.NO_ANSWER),
    (S.ACCEPTED, "no_answer", Fate.NO_ANSWER),
    (S.ACCEPTED, "voicemail", Fate.VOICEMAIL),
    (S.ACCEPTED, "busy", Fate.BUSY),
    (S.ACCEPTED, "failed", Fate.FAILED),
    (S.ACCEPTED, "unknown", Fate.OTHER),
    (S.ACCEPTED, "abducted", Fate.OTHER),
    (S.ACCEPTED, None, Fate.OTHER),
]


@pytest.mark.parametrize(("state", "status", "fate"), NOT_OVER)
def test_a_row_whose_call_is_not_over_has_one_fate(
    state: RowState, status: str | None, fate: Fate
) -> None:
    assert fate_of(state, status, is_over=False) == fate


@pytest.mark.parametrize(("state", "status", "fate"), OVER)
def test_a_call_that_is_over_has_one_fate(state: RowState, status: str | None, fate: Fate) -> None:
    assert fate_of(state, status, is_over=True) == fate


def test_every_fate_is_in_one_group_and_every_code_has_its_words() -> None:
    assert sorted(fate for group in Group for fate in group.fates) == sorted(Fate)
    assert set(Code) <= set(REASONS)
    assert reason_in_words("newcomer") == "newcomer"


def test_the_sums_close_from_every_side() -> None:
    told = Told()
    told.file(
        calls(5, "completed", calls_timed=4, talk_seconds=200.0),
        calls(2, "busy"),
        rows_not_called(3, S.INVALID, "not_a_number"),
        rows_not_called(1, S.REFUSED),
        rows_not_called(4, S.PENDING),
    )
    tally = reported(told).tally
    assert tally.total == sum(tally.states.values()) == sum(tally.fates.values()) == 15
    assert (tally.called, tally.ended, tally.seconds_each) == (7, 7, 50.0)
    assert dict(tally.statuses) == {"completed": 5, "busy": 2}
    assert tally.commonest_codes() == [("not_a_number", 3), ("refused", 1)]
    assert {group: tally.of_group(group) for group in Group} == {
        Group.COMPLETED: 5,
        Group.NOT_REACHED: 2,
        Group.OPEN: 4,
        Group.NOT_CALLED: 4,
    }
    assert Tally.sum([tally, tally]).fates == {fate: 2 * n for fate, n in tally.fates.items()}


def test_a_row_counts_on_the_local_day_it_was_queued_else_on_the_day_its_file_came() -> None:
    told = Told()
    midnight = datetime(2026, 11, 19, tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)
    told.file(
        calls(1, "completed", midnight - timedelta(minutes=15)),
        calls(2, "completed", midnight),
        rows_not_called(4, S.INVALID, "not_a_number"),
        at=midnight - DAY,
    )
    assert by_day(reported(told, zone=NEW_YORK)) == {
        date(2026, 11, 18): 1 + 4,
        date(2026, 11, 19): 2,
    }


@pytest.mark.parametrize(
    ("zone", "first_minute"),
    [
        # On 1 November 2026 New York goes back an hour, and in Kathmandu days begin at a quarter.
        (NEW_YORK, datetime(2026, 11, 1, 4, 0, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 10, 31, 18, 15, tzinfo=UTC)),
        ("Australia/Eucla", datetime(2026, 10, 31, 15, 15, tzinfo=UTC)),
    ],
)
def test_days_begin_where_they_do_there(zone: str, first_minute: datetime) -> None:
    told = Told()
    quarter = timedelta(minutes=15)
    told.file(calls(1, "busy", first_minute - quarter), calls(2, "busy", first_minute))
    found = by_day(reported(told, since="2026-10-25", zone=zone))
    assert found == {date(2026, 10, 31): 1, date(2026, 11, 1): 2}


def test_the_day_of_twenty_five_hours_is_one_day() -> None:
    told = Told()
    hours = [datetime(2026, 11, 1, 4, 30, tzinfo=UTC) + timedelta(hours=hour) for hour in range(26)]
    told.file(*(calls(1, "busy", hour) for hour in hours))
    found = by_day(reported(told, since="2026-11-01", zone=NEW_YORK))
    assert found == {date(2026, 11, 1): 25, date(2026, 11, 2): 1}


def test_earlier_files_are_shown_where_they_belong_to_these_days() -> None:
    told = Told()
    long_ago = NOW - 40 * DAY
    told.file(calls(1, "busy", long_ago), name="closed.csv", at=long_ago)
    told.file(calls(2, "busy", long_ago), calls(3, "busy", NOW), name="late.csv", at=long_ago)
    told.file(rows_not_called(4, S.PENDING), name="held.csv", at=long_ago, state=FileState.HELD)
    told.file(calls(5, "busy"), name="new.csv")
    report = reported(told)
    assert [line.file.name for line in report.files] == ["new.csv", "held.csv", "late.csv"]
    assert by_day(report) == {NOW.date(): 5 + 3}
    assert report.earlier_rows == 2 + 4
    assert report.tally.total == 5 + 3 + 2 + 4


def test_rows_are_told_to_the_partner_when_their_result_file_has_arrived() -> None:
    told = Told()
    number = told.file(
        calls(5, "completed", delivery_id=1),
        calls(2, "busy", delivery_id=2),
        calls(1, "failed"),
    )
    told.posted += [
        Posted(1, number, "results", "a.csv", NOW, NOW + DAY),
        Posted(2, number, "results", "b.csv", NOW, None, "no space"),
        Posted(3, number, "receipt", "c.json", NOW, NOW),
    ]
    (line,) = reported(told).files
    assert (line.rows_delivered, line.result_files, line.last_delivered_at) == (5, 1, NOW + DAY)


def test_what_is_outstanding_is_said_with_what_to_type() -> None:
    told = Told()
    long_ago = NOW - 300 * DAY
    told.file(rows_not_called(9, S.PENDING), state=FileState.HELD, at=long_ago)
    told.file(
        rows_not_called(2, S.UNCERTAIN),
        rows_not_called(40, S.PENDING),
        rows_not_called(1, S.SENDING),
        calls(7, "ringing", is_over=False),
        calls(3, "completed"),
        rows_not_called(1, S.EXPIRED),
        rows_not_called(5, S.INVALID, "not_a_number"),
        rows_not_called(6, S.DUPLICATE, "duplicate_in_file"),
        rows_not_called(1, S.DUPLICATE, "called_recently"),
        state=FileState.DISPATCHING,
    )
    told.posted.append(Posted(1, 2, "receipt", "a.json", NOW, None, "/outbox: no space left"))
    found = {one.what: (one.number, one.sentence, one.command) for one in reported(told).open}
    assert found == {
        "held": (
            1,
            "1 file with 9 rows to send waits for your decision.",
            "sftp-sync release 1",
        ),
        "in_doubt": (
            2,
            "2 rows are in doubt: the call may have been made. sftp-sync looks for it by itself.",
            "sftp-sync rows 2 --state uncertain",
        ),
        "to_send": (41, "41 rows still to be sent.", ""),
        "under_way": (7, "7 calls are not over yet.", ""),
        "to_report": (5, "5 rows wait for the next result file.", ""),
        "to_deliver": (
            1,
            "1 file not delivered to the partner yet. The last try: /outbox: no space left",
            "",
        ),
    }


def test_many_held_files_are_not_all_named() -> None:
    told = Told()
    for _ in range(6):
        told.file(rows_not_called(1, S.PENDING), state=FileState.HELD)
    (one,) = reported(told).open
    assert one.command == "sftp-sync files --state held"


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([], "No contact files came in."),
        ([rows_not_called(2, S.INVALID, "x")], "2 rows in 1 file, none of them called."),
        ([calls(2, None, is_over=False)], "2 calls queued, none of them over yet."),
        ([calls(1, "completed")], "1 call is over, 100 % completed."),
        ([calls(1, "completed"), calls(1, "busy")], "All 2 calls are over, 50 % completed."),
        (
            [calls(1, "busy"), calls(1, None, is_over=False)],
            "1 of 2 calls are over, 0 % completed.",
        ),
    ],
)
def test_the_first_sentence_says_how_it_stands(counts: list[object], says: str) -> None:
    told = Told()
    if counts:
        told.file(*counts)  # type: ignore[arg-type]  # they are counts
    assert headline(reported(told)) == says


def test_the_document_has_everything_and_is_json() -> None:
    told = Told()
    number = told.file(
        calls(5, "completed", delivery_id=1, calls_timed=5, talk_seconds=100.0),
        rows_not_called(2, S.INVALID, "not_a_number"),
    )
    told.posted.append(Posted(1, number, "results", "a.csv", NOW, NOW))
    found = json.loads(json.dumps(document(reported(told, "2d"))))
    assert found["since"] == "2026-11-19"
    assert found["until"] == "2026-11-20"
    assert found["rows"]["total"] == 7
    assert set(found["rows"]) == {"total", *RowState}
    assert set(found["outcomes"]) == set(Fate)
    assert found["calls"] == {"completed": 5}
    assert found["rejects"] == {"not_a_number": 2}
    assert [(day["day"], day["rows"]["total"]) for day in found["days"]] == [
        ("2026-11-19", 0),
        ("2026-11-20", 7),
    ]
    assert found["files"][0]["results"] == {
        "rows_delivered": 5,
        "files": 1,
        "last_delivered_at": "2026-11-20T06:30:00Z",
    }
    assert found["outstanding"] == []


def with_launches(*launches: Launch) -> Report:
    told = Told()
    number = told.file(calls(30, "completed"))
    period = Period.since("7d", NOW, "UTC")
    return compose("renewals", told.history, period, NOW, {number: launches})


def test_the_screen_shows_what_the_vendor_says_of_a_files_campaigns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(with_launches(a_launch(name="renewals: a.csv", status="on-air", counts={"queued": 12})))
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["1", "renewals: a.csv", "on-air", "30", "queued: 12"] in cells

    hostile = "[red]\x1b[31m\u202e\n[/]"
    counts = {hostile: {hostile: "\ud800"}}
    show(with_launches(a_launch(name=hostile, status=hostile, counts=counts)))
    said = capsys.readouterr().out
    assert said.count(r"[red]\x1b[31m\u202e\n[/]") == 3
    assert not {"\x1b", "\u202e", "\ud800"} & set(said)

    many = (a_launch(status=f"status-{number}") for number in range(SHOWN_LAUNCHES + 2))
    show(with_launches(*many))
    said = capsys.readouterr().out
    assert "2 earlier campaigns" in said
    assert said.count("status-") == SHOWN_LAUNCHES


def test_the_workbook_has_what_the_vendor_says_of_a_files_campaigns() -> None:
    counts = {"=1+1": "\x00\ud800", "many": "A" * 40_000}
    stale = a_launch(state=LaunchState.STALE, status="draft")
    book = workbook(with_launches(stale, a_launch(status="=cmd()", counts=counts)))
    sheets = pd.read_excel(io.BytesIO(book), sheet_name=None, keep_default_na=False, dtype=str)
    latest, earlier, total = sheets["campaigns at the vendor"].to_dict("records")
    assert (latest["campaign"], latest["campaign id"]) == ("renewals: leads.csv", "c-1")
    assert latest["status"] == "'=cmd()"
    assert latest["counts"].startswith(r"'=1+1: \x00\ud800, many: AAA")
    assert (earlier["state"], earlier["status"], earlier["counts"]) == ("stale", "draft", "")
    # A draft that was never started has called nobody.
    assert [one["contacts called"] for one in (latest, earlier, total)] == ["30", "0", "30"]
    without = pd.read_excel(io.BytesIO(workbook(with_launches())), sheet_name=None)
    assert "campaigns at the vendor" not in without


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("7d", date(2026, 11, 14)),
        ("1d", date(2026, 11, 20)),
        ("2w", date(2026, 11, 7)),
        (" 2026-11-01 ", date(2026, 11, 1)),
        ("2026-11-20", date(2026, 11, 20)),
    ],
)
def test_since_is_a_day_or_how_far_back(asked: str, first: date) -> None:
    period = Period.since(asked, NOW, "UTC")
    assert (period.first, period.last) == (first, NOW.date())
    assert period.begin == datetime(first.year, first.month, first.day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("0d", "after today"),
        ("2026-11-21", "after today"),
        ("yesterday", "is no day"),
        ("2026-02-30", "is no day"),
        ("", "is no day"),
        ("9999d", "more than ten years"),
        ("9999w", "more than ten years"),
        ("0001-01-01", "more than ten years"),
    ],
)
def test_a_since_that_means_nothing_is_refused(asked: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        Period.since(asked, NOW, "UTC")
    assert "7d" in refused.value.fix


def some_days(number: int, last: date = date(2026, 11, 20)) -> list[Day]:
    tally = Tally({S.ACCEPTED: 1}, {Fate.BUSY: 1}, {"busy": 1})
    days = [last - timedelta(days=back) for back in reversed(range(number))]
    return [Day(day, day, tally) for day in days]


@pytest.mark.parametrize(
    ("number", "bars", "stands_for", "name"),
    [
        (1, 1, "day", "Fri 20 Nov"),
        (92, 92, "day", "Fri 20 Nov"),
        (93, 14, "week", "16 – 20 Nov 2026"),  # noqa: RUF001 - a range
        (640, 92, "week", "16 – 20 Nov 2026"),  # noqa: RUF001 - a range
        (3000, 99, "month", "1 – 20 Nov 2026"),  # noqa: RUF001 - a range
    ],
)
def test_many_days_stand_together(number: int, bars: int, stands_for: str, name: str) -> None:
    found = spans(some_days(number))
    assert (len(found), unit(found), days_of(found[-1])) == (bars, stands_for, name)
    assert sum(day.tally.total for day in found) == number


def test_empty_days_before_the_first_row_are_not_drawn_but_a_week_is() -> None:
    days = [Day(day.first, day.last, Tally()) for day in some_days(30)]
    assert len(spans(days)) == 7
    days[10] = some_days(30)[10]
    assert len(spans(days)) == 20
    assert spans([]) == []


def test_numbers_days_and_texts_read_well() -> None:
    assert [percentage(*pair) for pair in [(0, 5), (1, 1000), (999, 1000), (5, 5), (1, 0)]] == [
        "0 %",
        "< 1 %",
        "99 %",
        "100 %",
        "0 %",
    ]
    assert [compact(number) for number in (0, 500, 1500, 2_500_000)] == ["0", "500", "1.5k", "2.5M"]
    assert [lasting(seconds) for seconds in (0.4, 59.6, 100, 7260)] == [
        "0 s",
        "1 min 0 s",
        "1 min 40 s",
        "2 h 1 min",
    ]
    october = Day(date(2026, 10, 1), date(2026, 10, 31), Tally())
    assert (days_of(october), date_of(october)) == ("Oct 2026", "Oct 2026")
    assert day_range(date(2025, 12, 30), date(2026, 1, 2)) == "30 Dec 2025 – 2 Jan 2026"  # noqa: RUF001


def test_text_from_outside_becomes_one_short_readable_line() -> None:
    assert shortened("list.csv", 20) == "list.csv"
    assert shortened("a\nb\x1b[31m\u202ecsv", 50) == "a\\nb\\x1b[31m\\u202ecsv"
    long = shortened("A" * 10_000 + ".csv", 40)
    assert len(long) == 40
    assert long.endswith(".csv")
    assert "…" in long


def test_a_page_is_written_wholly_and_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    assert save(b"after", path) == path
    assert path.read_text() == "after"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "report.html"
    link.symlink_to(tmp_path / "there" / "page.html")
    save(b"page", link)
    assert link.is_symlink()
    assert (tmp_path / "there" / "page.html").read_text() == "page"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "it is not a file"),
        ("missing/report.html", "No such file or directory"),
        ("file/report.html", "Not a directory"),
        ("n" * 300, "File name too long"),
        ("loop", "[Ll]oop|Too many levels"),
        ("a\0b", "null"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused_with_the_reason(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UsageError, match=says) as refused:
        save(b"page", tmp_path / name)
    assert "--output" in refused.value.message
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "loop"]


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    with pytest.raises(UsageError, match="it is not a file"):
        save(b"page", link)
    assert Path("/dev/null").is_char_device()
