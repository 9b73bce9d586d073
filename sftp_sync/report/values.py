"""A report, as values: composed once, shown anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sftp_sync.model import FileRecord, Launch
from sftp_sync.report.period import Period
from sftp_sync.report.tally import Tally


@dataclass(frozen=True)
class Day:
    """A local day: the rows that were queued on it, and of those that never were, the ones whose
    file was received on it. `last` is another day where several stand together.
    """

    first: date
    last: date
    tally: Tally


@dataclass(frozen=True)
class FileLine:
    """A contact file: what became of its rows, and how many of them the partner has been told."""

    file: FileRecord
    tally: Tally
    rows_delivered: int
    result_files: int
    last_delivered_at: datetime | None
    launches: tuple[Launch, ...] = ()
    """The campaigns that the vendor made of it, where it takes whole files."""


@dataclass(frozen=True)
class Open:
    """Something outstanding: how much of it, in a sentence, and what to type where that helps."""

    what: str
    number: int
    sentence: str
    command: str = ""


@dataclass(frozen=True)
class Report:
    """The outcomes of a campaign over a period. `earlier_rows` are those of files shown here whose
    day lies before it; files stand with the latest first.
    """

    campaign: str
    period: Period
    made_at: datetime
    tally: Tally
    days: tuple[Day, ...]
    files: tuple[FileLine, ...]
    earlier_rows: int
    open: tuple[Open, ...]

    @property
    def launches(self) -> list[tuple[FileRecord, Launch]]:
        """The campaigns that the vendor made of these files, the latest first."""
        return [(line.file, one) for line in self.files for one in reversed(line.launches)]
