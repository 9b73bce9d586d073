"""A report as the one document that `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sftp_sync.model import RowState
from sftp_sync.overview import launch_document
from sftp_sync.report.fates import Fate
from sftp_sync.report.tally import Tally
from sftp_sync.report.values import FileLine, Report


def document(report: Report) -> dict[str, object]:
    """The whole report, nothing shortened."""
    return {
        "campaign": report.campaign,
        "timezone": report.period.zone,
        "since": report.period.first.isoformat(),
        "until": report.period.last.isoformat(),
        "made_at": _utc(report.made_at),
        **_tallied(report.tally),
        "earlier_rows": report.earlier_rows,
        "days": [{"day": day.first.isoformat(), **_tallied(day.tally)} for day in report.days],
        "files": [_file(line) for line in report.files],
        "outstanding": [
            {"what": one.what, "number": one.number, "sentence": one.sentence, "type": one.command}
            for one in report.open
        ],
    }


def _tallied(tally: Tally) -> dict[str, object]:
    return {
        "rows": {"total": tally.total} | {state: tally.states.get(state, 0) for state in RowState},
        "outcomes": {fate: tally.fates.get(fate, 0) for fate in Fate},
        "calls": _sorted(tally.statuses),
        "rejects": _sorted(tally.codes),
        "calls_timed": tally.calls_timed,
        "talk_seconds": round(tally.talk_seconds, 3),
    }


def _file(line: FileLine) -> dict[str, object]:
    there = [launch_document(launch) for launch in line.launches]
    return {
        "id": line.file.id,
        "name": line.file.name,
        "state": line.file.state,
        "reason": line.file.reason,
        "received_at": _utc(line.file.received_at),
        **_tallied(line.tally),
        "results": {
            "rows_delivered": line.rows_delivered,
            "files": line.result_files,
            "last_delivered_at": _utc(line.last_delivered_at),
        },
        **({"vendor_campaigns": there} if there else {}),
    }


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
