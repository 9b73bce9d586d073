"""A report as a workbook, for whoever goes on counting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sftp_sync import tables
from sftp_sync.model import LaunchState, RowState
from sftp_sync.report.fates import Fate
from sftp_sync.report.tally import Tally
from sftp_sync.report.values import Report
from sftp_sync.report.wording import counts_in_words, shortened

Cell = str | int | float | None
CELL_SIGNS = 32_000  # what a cell holds


def workbook(report: Report) -> bytes:
    """The outcomes by day and by file, the rejects by code, the campaigns at the vendor."""
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
    if report.launches:
        sheets["campaigns at the vendor"] = list(_launches(report))
    return tables.summary_workbook(sheets)


def _counts(tally: Tally) -> dict[str, Cell]:
    counts: dict[str, Cell] = {f"rows {state}": tally.states.get(state, 0) for state in RowState}
    return counts | {f"calls {fate}": tally.fates.get(fate, 0) for fate in Fate}


def _rejects(report: Report) -> Iterator[Mapping[str, Cell]]:
    for line in report.files:
        for code, number in sorted(line.tally.codes.items()):
            yield {"file": line.file.name, "code": str(code), "rows": number}


def _launches(report: Report) -> Iterator[Mapping[str, Cell]]:
    for file, launch in report.launches:
        texts = {
            "file": file.name,
            "id": str(file.id),
            "campaign": launch.name,
            "campaign id": launch.vendor_id,
            "state": str(launch.state),
            "status": launch.status or "",
            "counts": counts_in_words(launch.counts),
        }
        said = {name: shortened(text, CELL_SIGNS) for name, text in texts.items()}
        # The same contacts may stand in a draft that was never started: a sum counts them once.
        is_started = launch.state == LaunchState.STARTED
        yield {**said, "contacts called": launch.recipients if is_started else 0}
