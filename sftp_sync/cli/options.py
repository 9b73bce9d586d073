"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The configuration. Default: $SFTP_SYNC_CONFIG, ./config.yaml, "
        "/etc/sftp-sync/config.yaml.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say what is going on.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")]
CampaignsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CAMPAIGN…]", help="Campaigns. Default: all.", show_default=False),
]
CampaignArgument = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="A campaign of the configuration.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]
FileArgument = Annotated[int, typer.Argument(metavar="FILE", help="The id shown by `files`.")]


def name_config(context: typer.Context, config: Path | None) -> None:
    """A configuration named in the middle of a command of several words counts as well."""
    if config is not None:
        context.find_root().obj = config
