"""What a sync came to, as a person and as a script read it."""

from __future__ import annotations

from collections.abc import Sequence

from sftp_sync.cli.screen import coloured, console, counted, plain, table
from sftp_sync.overview import Standing, file_document
from sftp_sync.run import RunReport


def report_document(report: RunReport, standing: Standing) -> dict[str, object]:
    """One campaign's run."""
    return {
        "name": report.campaign,
        "ok": report.is_fine,
        "problem": None if report.problem is None else str(report.problem),
        "collected": [file_document(file) for file in report.collected.files],
        "left_for_later": list(report.collected.left_for_later),
        "delivered": report.collected.delivered,
        "attention": list(standing.attention),
    }


def show_reports(
    reports: Sequence[RunReport], standings: Sequence[Standing], *, quiet: bool
) -> None:
    """Every campaign: what came in, what went out, and what a person must do."""
    screen = console()
    for report, standing in zip(reports, standings, strict=True):
        if not quiet:
            _show(report)
        lines = list(standing.attention)
        if report.problem is not None and not any(report.problem.message in one for one in lines):
            lines.insert(0, str(report.problem))
        for line in lines:
            screen.print(f"  [yellow]![/] {plain(line)}")


def _show(report: RunReport) -> None:
    screen, collected = console(), report.collected
    files = f"{len(collected.files)} new files" if len(collected.files) != 1 else "1 new file"
    name, delivered = plain(report.campaign), collected.delivered
    screen.print(f"[bold]{name}[/]  {files}, {delivered} delivered to the partner")
    if collected.files:
        shown = table("#id", "file", "state", "#rows", "of these")
        for file in collected.files:
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
