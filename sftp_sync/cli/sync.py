"""sftp-sync sync"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import (
    CampaignsArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from sftp_sync.config import CampaignConfig, Config
    from sftp_sync.overview import Standing
    from sftp_sync.run import RunReport, SendReport

NEEDS_A_LOOK, USAGE, BUSY = 1, 2, 75


def sync(
    context: typer.Context,
    campaigns: CampaignsArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Classify every row and change nothing anywhere.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Leave what would need waiting to the next run.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """One run of the campaigns, all at once: collect lists, queue calls."""
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    chosen = office.chosen(read, campaigns)
    if dry_run:
        code = _preview(read, chosen, json=json, quiet=quiet)
    else:
        code = _sync(read, chosen, waits=not no_wait, json=json, quiet=quiet)
    raise typer.Exit(code)


def _sync(
    config: Config, chosen: list[CampaignConfig], *, waits: bool, json: bool, quiet: bool
) -> int:
    from sftp_sync.cli import office
    from sftp_sync.cli.crew import run_everything
    from sftp_sync.cli.reports import show_reports, sync_document
    from sftp_sync.cli.screen import watched
    from sftp_sync.overview import standings
    from sftp_sync.sending.route import Patience

    with (
        office.opened(config, may_migrate=True) as opened,
        watched(quiet=quiet or json) as watch,
    ):
        runs, sends = run_everything(chosen, opened, watch, Patience(waits=waits))
        found = standings([one.model for one in chosen], opened.ledger)
    if json:
        office.print_json(sync_document(runs, sends, found))
    else:
        show_reports(runs, sends, found, quiet=quiet)
    return _code(runs, sends, found)


def _code(runs: list[RunReport], sends: list[SendReport], found: list[Standing]) -> int:
    from sftp_sync.errors import ConfigError

    reports: list[RunReport | SendReport] = [*runs, *sends]
    if any(isinstance(report.problem, ConfigError) for report in reports):
        return USAGE
    if not all(report.is_fine for report in reports) or any(one.attention for one in found):
        return NEEDS_A_LOOK
    return BUSY if runs and all(report.is_busy for report in runs) else 0


def _preview(config: Config, chosen: list[CampaignConfig], *, json: bool, quiet: bool) -> int:
    from sftp_sync.cli import office
    from sftp_sync.cli.crew import side_by_side
    from sftp_sync.cli.previews import preview_document, show_previews
    from sftp_sync.cli.screen import watched
    from sftp_sync.run import rehearse

    with office.opened(config) as opened, watched(quiet=quiet or json) as watch:
        previews = side_by_side(rehearse, chosen, opened, watch)
    if json:
        office.print_json({"campaigns": [preview_document(one) for one in previews]})
    else:
        show_previews(previews)
    return 0 if all(one.is_fine for one in previews) else NEEDS_A_LOOK
