"""sftp-sync notify: whether those who are to be told can be."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import partial

import typer

from sftp_sync.cli.exits import Exit
from sftp_sync.cli.options import ConfigOption, QuietOption, VerboseOption, name_config
from sftp_sync.errors import SyncError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def start(context: typer.Context, config: ConfigOption = None) -> None:
    """Whom `notify` tells when a person must act."""
    name_config(context, config)


@app.command("test")
def test(
    context: typer.Context,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Send a test notice to everybody in `notify`, and say what came back."""
    from sftp_sync.announce import trial
    from sftp_sync.cli import office
    from sftp_sync.wiring.parts import now
    from sftp_sync.wiring.targets import heartbeats_of, targets_of

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    letter = trial(now(), socket.gethostname())
    asked: dict[str, Callable[[], None]] = heartbeats_of(read, os.environ)
    asked |= {one.name: partial(one.deliver, letter) for one in targets_of(read, os.environ)}
    if not asked:
        typer.echo("Nobody is to be told: the configuration has no `notify`.", err=True)
        raise typer.Exit(Exit.NEEDS_A_LOOK)
    failed = [name for name, ask in asked.items() if not _is_told(name, ask, quiet=quiet)]
    raise typer.Exit(Exit.NEEDS_A_LOOK if failed else Exit.DONE)


def _is_told(name: str, ask: Callable[[], None], *, quiet: bool) -> bool:
    try:
        ask()
    except SyncError as problem:
        typer.echo(f"FAILED  {name}: {problem}", err=True)
        return False
    if not quiet:
        typer.echo(f"ok      {name}")
    return True
