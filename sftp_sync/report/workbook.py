"""A report as a workbook, for whoever goes on counting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sftp_sync import tables
from sftp_sync.model import RowState
from sftp_sync.report.fates import Fate
from sftp_sync.report.tally import Tally
from sftp_sync.report.values import Report

Cell = str | int | float | None


def workbook(report: Report) -> bytes:
    """The outcomes by day and by file, the rejects by code."""
    days = [{"day": day.first.isoformat(), **_counts(day.tally)} for day in report.days]
    files = [
        {
            "file": line.file.name,
            "id": str(line.file.id),
            "state": str(line.file.state),
            **_counts(line.tally),
            "rows delivered": line.rows_delivered,
        }
        for line in report.files
    ]
    sheets: dict[str, list[Mapping[str, Cell]]] = {
        "days": [*days],
        "files": [*files],
        "rejects": list(_rejects(report)),
    }
    return tables.summary_workbook(sheets)


def _counts(tally: Tally) -> dict[str, Cell]:
    counts: dict[str, Cell] = {f"rows {state}": tally.states.get(state, 0) for state in RowState}
    return counts | {f"calls {fate}": tally.fates.get(fate, 0) for fate in Fate}


def _rejects(report: Report) -> Iterator[Mapping[str, Cell]]:
    for line in report.files:
        for code, number in sorted(line.tally.codes.items()):
            yield {"file": line.file.name, "code": str(code), "rows": number}
