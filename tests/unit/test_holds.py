from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sftp_sync.intake.holds import age_at_first_run, reasons_to_hold
from sftp_sync.intake.tally import Tally
from sftp_sync.model import Code, FileRules, HoldRules, RemoteFile, RowState
from tests.support.builders import a_batch, a_campaign, an_understanding

RULES = HoldRules()
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def a_tally(pending: int = 0, invalid: int = 0, seen_before: int = 0) -> Tally:
    states = Counter({RowState.PENDING: pending, RowState.INVALID: invalid})
    return Tally(states=states, seen_before=seen_before)


def said(tally: Tally, rules: HoldRules, age: timedelta | None) -> str:
    return reasons_to_hold(tally, a_campaign(hold=rules), an_understanding(), age)


@pytest.mark.parametrize(
    ("tally", "reason"),
    [
        (a_tally(pending=10), ""),
        (a_tally(), ""),
        (a_tally(pending=5, invalid=5), ""),
        (a_tally(pending=4, invalid=5), "5 of 9 rows are invalid."),
        (a_tally(invalid=1), "1 of 1 rows are invalid."),
        (a_tally(pending=10, seen_before=5), ""),
        (a_tally(pending=10, seen_before=6), "6 of 10 numbers were called here before."),
    ],
)
def test_a_share_above_the_limit_holds_and_the_limit_itself_does_not(
    tally: Tally, reason: str
) -> None:
    assert said(tally, RULES, None) == reason


REGION_FIRST = "have no country code: set contacts.region, or contacts.region_column, first."


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (
            {Code.NO_COUNTRY: 4, Code.EMPTY_PHONE: 1},
            f"4 of 5 rows {REGION_FIRST}",
        ),
        (
            {Code.NO_COUNTRY: 1, Code.EMPTY_PHONE: 4},
            "5 of 5 rows are invalid; 4 of them have no number.",
        ),
        ({Code.NO_COUNTRY: 2, Code.EMPTY_PHONE: 2}, "5 of 5 rows are invalid."),
    ],
)
def test_the_main_cause_of_invalid_rows_comes_first(codes: dict[Code, int], reason: str) -> None:
    tally = a_tally(invalid=5)
    tally.codes.update(codes)
    assert said(tally, RULES, None) == reason


def test_invalid_rows_do_not_dilute_the_numbers_seen_before() -> None:
    rules = HoldRules(reject_ratio_above=None)
    assert "6 of 10" in said(a_tally(pending=10, invalid=90, seen_before=6), rules, None)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (10, "It has 10 rows, fewer than 11."),
        (1, "It has 1 row, fewer than 11."),
        (11, ""),
        (2000, ""),
        (2001, "It has 2,001 rows, more than 2,000."),
    ],
)
def test_sizes_out_of_bounds_hold(rows: int, reason: str) -> None:
    rules = HoldRules(rows_above=2000, rows_below=11)
    assert said(a_tally(pending=rows), rules, None) == reason


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (DAY, ""),
        (DAY + timedelta(seconds=1), "24 hours old"),
        (3 * DAY, "3 days old"),
        (timedelta.max, "does not say how old"),
    ],
)
def test_old_files_hold_when_the_inbox_is_read_for_the_first_time(
    age: timedelta, words: str
) -> None:
    sentences = said(a_tally(pending=1), RULES, age)
    assert words in sentences
    assert bool(sentences) == bool(words)


def test_afterwards_old_files_do_not_hold() -> None:
    assert said(a_tally(pending=1), RULES, None) == ""


def test_all_reasons_are_said() -> None:
    rules = HoldRules(rows_below=100)
    sentences = said(a_tally(invalid=3, pending=1), rules, 2 * DAY)
    assert sentences.count(".") == 3


def test_rules_that_are_off_hold_nothing() -> None:
    off = HoldRules(None, None, None)
    assert said(a_tally(invalid=9, seen_before=9), off, timedelta.max) == ""


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        (("Berlin",), '1 more sheet of the workbook holds rows that were not read: "Berlin".'),
        (
            tuple("ABCDEF"),
            '6 more sheets of the workbook hold rows that were not read: "A", "B",',
        ),
        (tuple("ABCDEF"), '"E", ….'),
        (("a\nb" + "x" * 90,), '"a\\nb' + "x" * 36 + '".'),
    ],
)
def test_sheets_that_nobody_has_said_not_to_read_hold(sheets: tuple[str, ...], words: str) -> None:
    understanding = an_understanding(format="xlsx", other_sheets=sheets)
    assert words in reasons_to_hold(a_tally(pending=1), a_campaign(), understanding, None)
    chosen = a_campaign(files=FileRules(sheet=1))
    assert reasons_to_hold(a_tally(pending=1), chosen, understanding, None) == ""


def test_how_old_a_file_is() -> None:
    moment = int((NOW - DAY).timestamp())
    assert age_at_first_run(RemoteFile("a.csv", 1, moment), NOW) == DAY
    assert age_at_first_run(RemoteFile("a.csv", 1, None), NOW) == timedelta.max


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        (
            1,
            "1 of its rows is hidden in the workbook, by a filter or by hand, and would be called.",
        ),
        (
            3,
            "3 of its rows are hidden in the workbook, by a filter or by hand, and would be",
        ),
        (3, "Have them shown or deleted, or set files.sheet to the name of the sheet if that is"),
    ],
)
def test_rows_that_the_partner_has_hidden_hold(hidden: int, words: str) -> None:
    tally = a_tally(pending=5)
    tally.hidden = hidden
    assert words in said(tally, RULES, None)
    chosen = a_campaign(files=FileRules(sheet=1))
    assert reasons_to_hold(tally, chosen, an_understanding(), None) == ""


def test_hidden_rows_are_counted_over_all_batches() -> None:
    tally = Tally()
    for hidden in (2, 0, 1):
        tally.count(replace(a_batch(pending=3), hidden=hidden))
    assert tally.hidden == 3
