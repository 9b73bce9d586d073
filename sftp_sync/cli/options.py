"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sftp_sync.errors import UsageError

LARGEST_ID = 2**63 - 1


def file_id(written: str) -> int:
    """The id of a file, if the ledger can have it."""
    return _id(written, "file", fix="Type: sftp-sync files")


def row_or_file_id(written: str) -> int:
    """The id of a row or a file, if the ledger can have it."""
    return _id(written, "row or file", fix="Type: sftp-sync rows FILE --state uncertain")


def _id(written: str, noun: str, *, fix: str) -> int:
    try:
        number = int(written)
    except ValueError:
        raise UsageError(f"{written:.40} is no id of a {noun}.", fix=fix) from None
    if not 0 < number <= LARGEST_ID:
        raise UsageError(f"There is no {noun} {written:.40}.", fix=fix)
    return number


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
FileArgument = Annotated[
    int, typer.Argument(parser=file_id, metavar="FILE", help="The id shown by `files`.")
]


def name_config(context: typer.Context, config: Path | None) -> None:
    """A configuration named in the middle of a command of several words counts as well."""
    if config is not None:
        context.find_root().obj = config
