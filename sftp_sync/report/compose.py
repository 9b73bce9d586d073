"""A report out of what the ledger has counted: no clock, no database, values in and a value out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sftp_sync.ledger.conditions import GOING_ON
from sftp_sync.ledger.outcomes import Counted, History, Posted
from sftp_sync.model import FileRecord, Launch
from sftp_sync.report.outstanding import outstanding
from sftp_sync.report.period import Period
from sftp_sync.report.tally import Tally
from sftp_sync.report.values import Day, FileLine, Report


def compose(
    campaign: str,
    history: History,
    period: Period,
    now: datetime,
    launched: Mapping[int, Sequence[Launch]] | None = None,
) -> Report:
    """The outcomes of a campaign over a period, and all that is outstanding, however old.
    `launched`: the campaigns that the vendor made of whole files, by file.
    """
    received = {file.id: file.received_at for file in history.files}
    by_file: dict[int, list[Counted]] = defaultdict(list)
    by_day: dict[date, list[Counted]] = defaultdict(list)
    for one in history.counts:
        by_file[one.file_id].append(one)
        by_day[period.day_of(one.queued_at or received[one.file_id])].append(one)
    lines = [
        replace(line, launches=tuple((launched or {}).get(line.file.id, ())))
        for line in _lines(history, by_file, period)
    ]
    shown = {line.file.id for line in lines}
    earlier = [one for day, counts in by_day.items() if day < period.first for one in counts]
    return Report(
        campaign=campaign,
        period=period,
        made_at=now,
        tally=Tally.of(one for one in history.counts if one.file_id in shown),
        days=tuple(Day(day, day, Tally.of(by_day.get(day, ()))) for day in period.days()),
        files=tuple(lines),
        earlier_rows=sum(one.rows for one in earlier if one.file_id in shown),
        open=tuple(outstanding(history)),
    )


def _lines(
    history: History, by_file: Mapping[int, Sequence[Counted]], period: Period
) -> list[FileLine]:
    sent: dict[int, list[Posted]] = defaultdict(list)
    for one in history.posted:
        if one.kind == "results" and one.delivered_at is not None:
            sent[one.file_id].append(one)
    return [
        _line(file, by_file.get(file.id, ()), sent[file.id])
        for file in reversed(history.files)
        if _belongs(file, by_file.get(file.id, ()), period)
    ]


def _belongs(file: FileRecord, counts: Iterable[Counted], period: Period) -> bool:
    """An earlier file whose results merely went out lately says nothing about these days."""
    if file.state in GOING_ON or period.day_of(file.received_at) >= period.first:
        return True
    moments = [one.queued_at for one in counts if one.queued_at is not None]
    return any(period.day_of(moment) >= period.first for moment in moments)


def _line(file: FileRecord, counts: Sequence[Counted], sent: Sequence[Posted]) -> FileLine:
    ids = {one.id for one in sent}
    moments = [one.delivered_at for one in sent if one.delivered_at is not None]
    return FileLine(
        file=file,
        tally=Tally.of(counts),
        rows_delivered=sum(one.rows for one in counts if one.delivery_id in ids),
        result_files=len(sent),
        last_delivered_at=max(moments, default=None),
    )
