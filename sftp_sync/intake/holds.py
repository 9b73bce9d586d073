"""What makes a file strange enough to wait for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sftp_sync.intake.tally import Tally
from sftp_sync.model import (
    Campaign,
    Code,
    HoldRules,
    RemoteFile,
    RowState,
    Understanding,
    many,
    shown,
)

# Why rows are invalid, as the rest of a sentence.
_CAUSES = {
    Code.NO_COUNTRY: "have no country code: set contacts.region, or contacts.region_column, first.",
    Code.EMPTY_PHONE: "have no number.",
    Code.NOT_A_NUMBER: "hold something else where the number is expected (contacts.phone).",
    Code.INVALID_NUMBER: "have a number that cannot be called.",
    Code.EXCEL_DAMAGED: "have a number that Excel has shortened.",
    Code.RAGGED_ROW: "have more cells than the header.",
}
_SHEETS_SHOWN = 5
_NAME_SHOWN = 40


def reasons_to_hold(
    tally: Tally,
    campaign: Campaign,
    understanding: Understanding,
    age_at_first_run: timedelta | None,
) -> str:
    """Why this file is held, as one sentence each; empty where it is not.

    `age_at_first_run` is how old the file is, where the inbox is read for the first time.
    """
    rules = campaign.hold
    unread = understanding.other_sheets if campaign.files.sheet is None else ()
    return " ".join(
        (
            *_content(tally, rules),
            *_size(tally, rules),
            *_age(rules, age_at_first_run),
            *_sheets(unread),
            *_hidden(tally.hidden if campaign.files.sheet is None else 0),
        )
    )


def age_at_first_run(source: RemoteFile, now: datetime) -> timedelta:
    """How old a file is; without end where the server does not say."""
    if source.modified_at is None:
        return timedelta.max
    return now - datetime.fromtimestamp(source.modified_at, UTC)


def _content(tally: Tally, rules: HoldRules) -> Iterator[str]:
    invalid = tally.states[RowState.INVALID]
    if _is_above(invalid, tally.total, rules.reject_ratio_above):
        yield _invalid(invalid, tally)
    valid = tally.total - invalid
    if _is_above(tally.seen_before, valid, rules.seen_before_above):
        yield f"{tally.seen_before:,} of {valid:,} numbers were called here before."


def _invalid(invalid: int, tally: Tally) -> str:
    """The main cause first, and what mends it: nobody looks at the rows before."""
    of_all = f"of {tally.total:,} rows"
    code, rows = max(
        ((code, tally.codes[code]) for code in _CAUSES), key=lambda counted: counted[1]
    )
    if rows * 2 <= invalid:
        return f"{invalid:,} {of_all} are invalid."
    if code is Code.NO_COUNTRY:
        return f"{rows:,} {of_all} {_CAUSES[code]}"
    return f"{invalid:,} {of_all} are invalid; {rows:,} of them {_CAUSES[code]}"


def _size(tally: Tally, rules: HoldRules) -> Iterator[str]:
    if rules.rows_above is not None and tally.total > rules.rows_above:
        yield f"It has {many(tally.total, 'row')}, more than {rules.rows_above:,}."
    if rules.rows_below is not None and tally.total < rules.rows_below:
        yield f"It has {many(tally.total, 'row')}, fewer than {rules.rows_below:,}."


def _age(rules: HoldRules, age: timedelta | None) -> Iterator[str]:
    if age is not None and rules.first_run_older_than is not None:
        if age == timedelta.max:
            yield "The inbox is read for the first time, and the server does not say how old it is."
        elif age > rules.first_run_older_than:
            yield f"The inbox is read for the first time, and the file is {_days(age)} old."


def _sheets(unread: Sequence[str]) -> Iterator[str]:
    if unread:
        names = [f'"{shown(name)[:_NAME_SHOWN]}"' for name in unread[:_SHEETS_SHOWN]]
        more = ["…"] if len(unread) > _SHEETS_SHOWN else []
        hold = "holds" if len(unread) == 1 else "hold"
        yield (
            f"{many(len(unread), 'more sheet')} of the workbook {hold} rows that were not read:"
            f" {', '.join([*names, *more])}. Have them sent as files of their own, or set"
            " files.sheet to the one that is meant."
        )


def _hidden(rows: int) -> Iterator[str]:
    if rows:
        are, them = ("is", "it") if rows == 1 else ("are", "them")
        yield (
            f"{rows:,} of its rows {are} hidden in the workbook, by a filter or by hand, and would"
            f" be called. Have {them} shown or deleted, or set files.sheet to the name of the"
            " sheet if that is meant."
        )


def _days(age: timedelta) -> str:
    hours = age // timedelta(hours=1)
    return f"{hours} hours" if age < timedelta(days=2) else f"{age.days} days"


def _is_above(part: int, whole: int, limit: float | None) -> bool:
    return limit is not None and whole > 0 and part / whole > limit
