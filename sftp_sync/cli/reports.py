"""What a sync came to, as a person and as a script read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from sftp_sync.admission import UntestedError
from sftp_sync.cli.crew import Everything
from sftp_sync.cli.screen import coloured, console, counted, plain, show_attention, table
from sftp_sync.model import FileRecord, FileState, RowState, many
from sftp_sync.overview import Standing, file_document
from sftp_sync.reports import RunReport, SendReport, WindUp
from sftp_sync.steps.collect import Collected


def sync_document(done: Everything, standings: Sequence[Standing]) -> dict[str, object]:
    """A whole sync."""
    runs = {run.campaign: run for run in done.runs}
    ends = {end.campaign: end for end in done.ends}
    return {
        "campaigns": [
            _campaign_document(runs.get(one.campaign.name), ends[one.campaign.name], one)
            for one in standings
        ],
        "accounts": [_send_document(one) for one in done.sends],
    }


def _campaign_document(run: RunReport | None, end: WindUp, standing: Standing) -> dict[str, object]:
    collected = Collected() if run is None else run.collected
    problems = [*([] if run is None or run.problem is None else [run.problem]), *end.problems]
    now = {file.id: file for file in standing.files}
    return {
        "name": standing.campaign.name,
        "ok": end.is_fine and (run is None or run.is_fine),
        "problems": [str(problem) for problem in problems],
        "collected": [file_document(now.get(file.id, file)) for file in collected.files],
        "left_for_later": list(collected.left_for_later),
        "calls_over": end.followed.over,
        "delivered": collected.delivered + end.published.delivered,
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


def show_reports(done: Everything, standings: Sequence[Standing], *, quiet: bool) -> None:
    """What came in, what was queued, what went back, and what a person must do."""
    runs = {run.campaign: run for run in done.runs}
    ends = {end.campaign: end for end in done.ends}
    for send in done.sends:
        _show_sent(send, quiet=quiet)
    for standing in standings:
        run, end = runs.get(standing.campaign.name), ends[standing.campaign.name]
        if not quiet:
            _show(standing, run, end)
        _show_attention(standing, run, end)


def _show_attention(standing: Standing, run: RunReport | None, end: WindUp) -> None:
    lines = list(standing.attention)
    problems = [*([] if run is None or run.problem is None else [run.problem]), *end.problems]
    for problem in problems:
        # That a test is missing is the first thing to attend to anyway.
        is_said = isinstance(problem, UntestedError)
        if not is_said and not any(problem.message in line for line in lines):
            lines.append(str(problem))
    show_attention(lines)


def _show_sent(report: SendReport, *, quiet: bool) -> None:
    screen, rows = console(), report.dispatched.rows
    if report.is_busy:
        screen.print(f"[bold]{plain(report.account)}[/]  another process is sending its rows")
    elif not quiet:
        counts = {state: rows[state] for state in RowState}
        answers = f"answers: {counted(counts)}" if any(counts.values()) else "nothing was due"
        screen.print(f"[bold]{plain(report.account)}[/]  {answers}")
        if report.problem is not None:
            screen.print(f"  [yellow]![/] {plain(report.problem)}")


def _show(standing: Standing, run: RunReport | None, end: WindUp) -> None:
    screen = console()
    collected = Collected() if run is None else run.collected
    delivered = collected.delivered + end.published.delivered
    words = [
        many(len(collected.files), "new file"),
        f"{many(end.followed.over, 'call')} ended",
        f"{delivered} delivered to the partner",
    ]
    screen.print(f"[bold]{plain(standing.campaign.name)}[/]  {', '.join(words)}")
    if collected.files:
        screen.print(_files_table(collected, {file.id: file for file in standing.files}))
    for file in collected.files:
        if file.state in {FileState.UNREADABLE, FileState.REPEATED}:
            screen.print(f"  file {file.id}: {plain(file.reason)}")
    if collected.left_for_later:
        left = len(collected.left_for_later)
        screen.print(f"  {left} more for the next run: {plain(collected.left_for_later[0])}, …")


def _files_table(collected: Collected, now: Mapping[int, FileRecord]) -> Table:
    shown = table("#id", "file", "state", "#rows", "of these")
    for file in (now.get(one.id, one) for one in collected.files):
        shown.add_row(
            str(file.id),
            plain(file.name),
            coloured(file.state),
            f"{file.total:,}",
            counted(file.rows),
        )
    return shown
