"""The sentence that a report begins with."""

from __future__ import annotations

from sftp_sync.model import many
from sftp_sync.report.fates import Fate
from sftp_sync.report.values import Report
from sftp_sync.report.wording import percentage


def headline(report: Report) -> str:
    """The one sentence for somebody who reads no further."""
    tally, files = report.tally, many(len(report.files), "file")
    if not report.files:
        return "No contact files came in."
    if not tally.called:
        return f"{many(tally.total, 'row')} in {files}, none of them called."
    if not tally.ended:
        return f"{many(tally.called, 'call')} queued, none of them over yet."
    done = percentage(tally.fates.get(Fate.COMPLETED, 0), tally.ended)
    if tally.ended == tally.called:
        return f"{'All ' if tally.called > 1 else ''}{_calls_over(tally.called)} {done} completed."
    return f"{tally.ended:,} of {many(tally.called, 'call')} are over, {done} completed."


def _calls_over(number: int) -> str:
    return f"{many(number, 'call')} {'is' if number == 1 else 'are'} over,"
