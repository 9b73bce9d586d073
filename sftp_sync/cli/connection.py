"""sftp-sync test-connection"""

from __future__ import annotations

import typer

from sftp_sync.cli.options import (
    CampaignsArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
)


def connection(
    context: typer.Context,
    campaigns: CampaignsArgument = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Try every step of the way to the partner, and say who must do what where one fails."""
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
