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

NEEDS_A_LOOK, USAGE, BUSY = 1, 2, 75


def sync(
    context: typer.Context,
    campaigns: CampaignsArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Classify every row and change nothing anywhere.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """One run of the campaigns, all at once: collect new lists, deliver receipts."""
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    chosen = office.chosen(read, campaigns)
    if dry_run:
        code = _preview(read, chosen, json=json, quiet=quiet)
    else:
        code = _sync(read, chosen, json=json, quiet=quiet)
    raise typer.Exit(code)


def _sync(config: Config, chosen: list[CampaignConfig], *, json: bool, quiet: bool) -> int:
    from sftp_sync.cli import office
    from sftp_sync.cli.crew import side_by_side
    from sftp_sync.cli.reports import report_document, show_reports
    from sftp_sync.cli.screen import watched
    from sftp_sync.errors import ConfigError
    from sftp_sync.overview import standings
    from sftp_sync.run import run

    with (
        office.opened(config, may_migrate=True) as opened,
        watched(quiet=quiet or json) as watch,
    ):
        reports = side_by_side(run, chosen, opened, watch)
        found = standings([one.model for one in chosen], opened.ledger)
    if json:
        pairs = zip(reports, found, strict=True)
        office.print_json({"campaigns": [report_document(*pair) for pair in pairs]})
    else:
        show_reports(reports, found, quiet=quiet)
    if any(isinstance(report.problem, ConfigError) for report in reports):
        return USAGE
    if reports and all(report.is_busy for report in reports):
        return BUSY
    is_calm = all(report.is_fine for report in reports) and not any(one.attention for one in found)
    return 0 if is_calm else NEEDS_A_LOOK


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
