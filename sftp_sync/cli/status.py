"""sftp-sync status"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sftp_sync.cli.options import (
    CampaignsArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from sftp_sync.config import CampaignConfig
    from sftp_sync.overview import Standing

LATEST_FILES = 10


def status(
    context: typer.Context,
    campaigns: CampaignsArgument = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """What is going on, and what a person must do."""
    from sftp_sync.cli import office
    from sftp_sync.overview import standings

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    asked = office.chosen(read, campaigns) if campaigns else list(read.campaigns.values())
    with office.opened(read) as opened:
        found = standings([one.model for one in asked], opened.ledger)
    if json:
        pairs = zip(asked, found, strict=True)
        office.print_json({"campaigns": [_document(one, standing) for one, standing in pairs]})
        return
    for one, standing in zip(asked, found, strict=True):
        _show(one, standing, quiet=quiet)


def _document(one: CampaignConfig, standing: Standing) -> dict[str, object]:
    from sftp_sync.overview import file_document, utc

    known = standing.known
    return {
        "name": one.name,
        "provider": one.vendor.provider,
        "campaign_id": one.settings.campaign_id,
        "enabled": one.settings.enabled,
        "paused": known.paused,
        "connection": {"tested_at": utc(known.tested_at), "ok": known.tested_ok},
        "schedule": str(one.settings.import_schedule),
        "next_run": None,
        "attention": list(standing.attention),
        "files": [file_document(file) for file in standing.files],
    }


def _show(one: CampaignConfig, standing: Standing, *, quiet: bool) -> None:
    from sftp_sync.cli.screen import coloured, console, counted, plain, table

    screen = console()
    if not quiet:
        words = [one.vendor.provider, f"schedule {one.settings.import_schedule}"]
        words += ["disabled"] if not one.settings.enabled else []
        words += ["paused"] if standing.known.paused else []
        screen.print(f"[bold]{plain(one.name)}[/]  {plain(', '.join(words))}")
        shown = table("#id", "file", "state", "received", "rows")
        for file in standing.files[-LATEST_FILES:]:
            received = f"{file.received_at:%Y-%m-%d %H:%M} UTC"
            shown.add_row(
                str(file.id), plain(file.name), coloured(file.state), received, counted(file.rows)
            )
        screen.print(shown if standing.files else "  no files yet")
        if len(standing.files) > LATEST_FILES:
            earlier = len(standing.files) - LATEST_FILES
            screen.print(f"  and {earlier:,} earlier ones: sftp-sync files")
    for line in standing.attention:
        screen.print(f"  [yellow]![/] {plain(line)}")
