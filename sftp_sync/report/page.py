"""A report as one self-contained page: no script, no network, nothing from outside unescaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from sftp_sync.model import many
from sftp_sync.report import charts, wording
from sftp_sync.report.charts import Piece
from sftp_sync.report.fates import Fate, reason_in_words
from sftp_sync.report.headline import headline
from sftp_sync.report.spans import spans
from sftp_sync.report.tally import Tally
from sftp_sync.report.values import FileLine, Report

SHOWN_FILES = SHOWN_LAUNCHES = 25
NAME_SIGNS, REASON_SIGNS, STATUS_SIGNS, COUNTS_SIGNS = 72, 160, 60, 400


@dataclass(frozen=True)
class FileRow:
    """A line of the table of files; the last may stand for all earlier files together."""

    name: str
    about: str
    state: str
    note: str
    tally: Tally
    bar: tuple[Piece, ...]
    bar_title: str
    rows_delivered: int


@dataclass(frozen=True)
class LaunchRow:
    """A line of the table of campaigns at the vendor; status and counts are its own words."""

    name: str
    about: str
    state: str
    status: str
    counts: str
    contacts: int


@dataclass(frozen=True)
class ReasonRow:
    """A line of the table of reasons why rows were not called."""

    code: str
    words: str
    number: int
    length: float


def page(report: Report) -> str:
    """The whole page."""
    bars = spans(report.days)
    return (
        pages()
        .get_template("report.html")
        .render(
            report=report,
            headline=headline(report),
            made_at=report.made_at.astimezone(ZoneInfo(report.period.zone)),
            fates=[fate for fate in Fate if report.tally.fates.get(fate)],
            total_bar=charts.stacked_bar(report.tally),
            bars=bars,
            chart=charts.column_chart(bars) if report.files else None,
            files=file_rows(report),
            launches=launch_rows(report),
            reasons=reason_rows(report.tally),
            statuses=sorted(report.tally.statuses.items(), key=lambda pair: (-pair[1], pair[0])),
        )
    )


@cache
def pages() -> Environment:
    """The templates, with our words as filters. Everything is escaped, wherever it comes from."""
    made = Environment(
        loader=PackageLoader("sftp_sync.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "many": many,
        "share": wording.percentage,
        "days": wording.days_of,
        "period": wording.period_in_words,
        "lasting": wording.lasting,
        "status": lambda text: wording.shortened(text, STATUS_SIGNS),
        "in_words": charts.bar_title,
    }
    return made


def file_rows(report: Report) -> list[FileRow]:
    """The latest files one by one, the earlier ones as one."""
    latest, earlier = report.files[:SHOWN_FILES], report.files[SHOWN_FILES:]
    shown = [_file_row(line, report) for line in latest]
    return [*shown, _together(earlier)] if earlier else shown


def launch_rows(report: Report) -> list[LaunchRow]:
    """The latest campaigns that the vendor made of files."""
    return [
        LaunchRow(
            name=wording.shortened(launch.name, NAME_SIGNS),
            about=f"file {file.id}, id {wording.shortened(launch.vendor_id, STATUS_SIGNS)}",
            state=launch.state,
            status=wording.shortened(launch.status or "", STATUS_SIGNS),
            counts=wording.shortened(wording.counts_in_words(launch.counts), COUNTS_SIGNS),
            contacts=launch.recipients,
        )
        for file, launch in report.launches[:SHOWN_LAUNCHES]
    ]


def reason_rows(tally: Tally) -> list[ReasonRow]:
    """Why rows were not called, the commonest reason first and as the longest bar."""
    counted = tally.commonest_codes()
    return [
        ReasonRow(
            code=wording.shortened(code, STATUS_SIGNS),
            words=wording.shortened(reason_in_words(code), STATUS_SIGNS),
            number=number,
            length=round(100 * number / counted[0][1], 3),
        )
        for code, number in counted
    ]


def _file_row(line: FileLine, report: Report) -> FileRow:
    received = line.file.received_at.astimezone(ZoneInfo(report.period.zone))
    year = "" if received.year == report.period.last.year else f" {received.year}"
    return FileRow(
        name=wording.shortened(line.file.name, NAME_SIGNS),
        about=f"file {line.file.id}, received {wording.day_name(received)}{year}, {received:%H:%M}",
        state=line.file.state,
        note=wording.shortened(line.file.reason or "", REASON_SIGNS),
        tally=line.tally,
        bar=charts.stacked_bar(line.tally),
        bar_title=charts.bar_title(line.tally),
        rows_delivered=line.rows_delivered,
    )


def _together(earlier: Sequence[FileLine]) -> FileRow:
    tally = Tally.sum(line.tally for line in earlier)
    return FileRow(
        name=many(len(earlier), "earlier file"),
        about="all of them together",
        state="",
        note="",
        tally=tally,
        bar=charts.stacked_bar(tally),
        bar_title=charts.bar_title(tally),
        rows_delivered=sum(line.rows_delivered for line in earlier),
    )
