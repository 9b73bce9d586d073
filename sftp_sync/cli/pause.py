"""sftp-sync pause and sftp-sync resume"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sftp_sync.cli.options import ConfigOption, QuietOption, VerboseOption

CampaignArgument = Annotated[
    list[str], typer.Argument(metavar="CAMPAIGN…", help="Campaigns of the configuration.")
]


def pause(
    context: typer.Context,
    campaigns: CampaignArgument,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Stop queueing calls, within one request."""
    _set(context, config, campaigns, paused=True, verbose=verbose, quiet=quiet)


def resume(
    context: typer.Context,
    campaigns: CampaignArgument,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go on where `pause` stopped."""
    _set(context, config, campaigns, paused=False, verbose=verbose, quiet=quiet)


def _set(
    context: typer.Context,
    config: Path | None,
    campaigns: list[str],
    *,
    paused: bool,
    verbose: bool,
    quiet: bool,
) -> None:
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    chosen = office.chosen(read, campaigns)
    with office.opened(read) as opened:
        for one in chosen:
            opened.ledger.campaigns.pause(one.name, paused=paused)
            if not quiet:
                typer.echo(f"{one.name} {'is paused' if paused else 'goes on'}")
