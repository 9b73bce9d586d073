"""What a sync came to, as a person and as a script read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sftp_sync.cli.screen import coloured, console, counted, plain, table
from sftp_sync.model import FileRecord, RowState
from sftp_sync.overview import Standing, file_document
from sftp_sync.run import RunReport, SendReport


def sync_document(
    runs: Sequence[RunReport], sends: Sequence[SendReport], standings: Sequence[Standing]
) -> dict[str, object]:
    """A whole sync."""
    pairs = zip(runs, standings, strict=True)
    return {
        "campaigns": [_run_document(run, standing) for run, standing in pairs],
        "accounts": [_send_document(one) for one in sends],
    }


def _run_document(report: RunReport, standing: Standing) -> dict[str, object]:
    return {
        "name": report.campaign,
        "ok": report.is_fine,
        "problem": None if report.problem is None else str(report.problem),
        "collected": [file_document(file) for file in report.collected.files],
        "left_for_later": list(report.collected.left_for_later),
        "delivered": report.collected.delivered,
        "attention": list(standing.attention),
    }


def _send_document(report: SendReport) -> dict[str, object]:
    return {
        "name": report.account,
        "ok": report.is_fine,
        "problem": None if report.problem is None else str(report.problem),
        "rows": {str(state): number for state, number in report.dispatched.rows.items()},
        "taken_over": report.dispatched.taken_over,
    }


def show_reports(
    runs: Sequence[RunReport],
    sends: Sequence[SendReport],
    standings: Sequence[Standing],
    *,
    quiet: bool,
) -> None:
    """What came in, what was queued, and what a person must do."""
    screen = console()
    for run, standing in zip(runs, standings, strict=True):
        if not quiet:
            _show(run, {file.id: file for file in standing.files})
        lines = list(standing.attention)
        if run.problem is not None and not any(run.problem.message in one for one in lines):
            lines.insert(0, str(run.problem))
        for line in lines:
            screen.print(f"  [yellow]![/] {plain(line)}")
    for send in sends:
        _show_sent(send, quiet=quiet)


def _show_sent(report: SendReport, *, quiet: bool) -> None:
    screen, rows = console(), report.dispatched.rows
    if report.is_busy:
        screen.print(f"[bold]{plain(report.account)}[/]  another process is sending its rows")
    elif not quiet:
        counts = {state: rows[state] for state in RowState}
        screen.print(f"[bold]{plain(report.account)}[/]  answers: {counted(counts)}")
        if report.problem is not None:
            screen.print(f"  [yellow]![/] {plain(report.problem)}")


def _show(report: RunReport, now: Mapping[int, FileRecord]) -> None:
    screen, collected = console(), report.collected
    files = f"{len(collected.files)} new files" if len(collected.files) != 1 else "1 new file"
    name, delivered = plain(report.campaign), collected.delivered
    screen.print(f"[bold]{name}[/]  {files}, {delivered} delivered to the partner")
    if collected.files:
        shown = table("#id", "file", "state", "#rows", "of these")
        for file in (now.get(one.id, one) for one in collected.files):
            shown.add_row(
                str(file.id),
                plain(file.name),
                coloured(file.state),
                f"{file.total:,}",
                counted(file.rows),
            )
        screen.print(shown)
    for file in collected.files:
        if file.state in {"refused", "repeated"}:
            screen.print(f"  file {file.id}: {plain(file.reason)}")
    if collected.left_for_later:
        left = len(collected.left_for_later)
        screen.print(f"  {left} more for the next run: {plain(collected.left_for_later[0])}, …")
