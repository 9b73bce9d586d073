"""sftp-sync report"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import ConfigOption, JsonOption, QuietOption, VerboseOption

if TYPE_CHECKING:
    from sftp_sync.report import Report

TO_STDOUT = Path("-")
WRITTEN = {".html", ".htm", ".xlsx"}


def report(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="A campaign.")],
    since: Annotated[
        str, typer.Option(help="The first day, 2026-11-01, or how far back: 7d, 4w.")
    ] = "30d",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write a page with charts here, or tables where it ends in .xlsx; - is stdout,"
            " and only the page goes there.",
            show_default=False,
        ),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """What became of the calls, by file and by day. And what is outstanding."""
    from sftp_sync.cli import office
    from sftp_sync.cli.report_screen import show
    from sftp_sync.errors import UsageError
    from sftp_sync.report import document, page, save

    if json and output == TO_STDOUT:
        raise UsageError(
            "--json and --output - both want stdout.", fix="Give the page a file: --output PATH"
        )
    if output is not None and output != TO_STDOUT and output.suffix.lower() not in WRITTEN:
        raise UsageError(
            f"--output: {str(output)!r} is no name of a page or a workbook.",
            fix="Name a file that ends in .html or .xlsx, or type --output -",
        )
    office.set_up_logs(verbose=verbose, quiet=quiet)
    made = _composed(context, config, campaign, since)
    if output == TO_STDOUT:
        typer.echo(page(made))
        return
    written = None if output is None else save(_file_content(made, output), output)
    if json:
        office.print_json(document(made))
    elif not quiet:
        show(made)
        if written is not None:
            typer.echo(f"\nThe report: {written}")


def _file_content(made: Report, output: Path) -> bytes:
    from sftp_sync.report import page, workbook

    return workbook(made) if output.suffix.lower() == ".xlsx" else page(made).encode()


def _composed(context: typer.Context, config: Path | None, campaign: str, since: str) -> Report:
    from sftp_sync.cli import office
    from sftp_sync.report import Period, compose
    from sftp_sync.wiring.parts import now

    read = office.read_config(context, config)
    (chosen,) = office.chosen(read, [campaign])
    moment = now()
    period = Period.since(since, moment, chosen.model.timezone)
    with office.opened(read) as opened:
        history = opened.ledger.outcomes.since(chosen.name, period.begin)
        launched = opened.ledger.departures.of_files([file.id for file in history.files])
    return compose(chosen.name, history, period, moment, launched)
