"""sftp-sync backup"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sftp_sync.cli.options import ConfigOption, JsonOption, QuietOption, VerboseOption


def backup(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A new file, or a folder to put it in.")
    ],
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Copy the ledger, also while the daemon runs."""
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    wanted = path.absolute()
    with office.opened(read) as opened:
        made = opened.ledger.back_up(wanted)
    size = made.stat().st_size
    if json:
        office.print_json({"path": str(made), "bytes": size})
    elif not quiet:
        typer.echo(f"The ledger is in {made}, {size:,} bytes.")
        typer.echo(
            "To put it back: stop every sftp-sync, copy it over the ledger, remove the ledger's"
            " -wal and -shm files, start again. It then looks before it sends."
        )
