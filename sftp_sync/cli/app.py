"""The app that lists the commands, and the one place where failures become exit codes."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from sftp_sync.cli import (
    adopt,
    backup,
    campaign,
    check_config,
    connection,
    daemon,
    demo,
    files,
    forget,
    notify,
    pause,
    release,
    report,
    resolve,
    rows,
    sandbox,
    status,
    suppress,
    sync,
)
from sftp_sync.cli.exits import Exit, code_of
from sftp_sync.cli.options import ConfigOption
from sftp_sync.errors import SyncError, printable


class Interrupted(BaseException):
    """A signal told us to stop."""


STDOUT = 1
COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "check-config": check_config.check_config,
    "test-connection": connection.connection,
    "sync": sync.sync,
    "daemon": daemon.daemon,
    "status": status.status,
    "files": files.files,
    "rows": rows.rows,
    "release": release.release,
    "reject": release.reject,
    "resolve": resolve.resolve,
    "retry": resolve.retry,
    "adopt": adopt.adopt,
    "report": report.report,
    "pause": pause.pause,
    "resume": pause.resume,
    "forget": forget.forget,
    "backup": backup.backup,
    "sandbox": sandbox.sandbox,
}

app = typer.Typer(
    name="sftp-sync",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    # Without Rich: `--help` must not wait for its Markdown.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(campaign.app, name="campaign")
app.add_typer(notify.app, name="notify")
app.add_typer(suppress.app, name="suppress")


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"sftp-sync {version('sftp-sync')}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    config: ConfigOption = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say the version and exit.", callback=_say_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Contact lists in over SFTP, each contact queued once, call results back."""
    del version
    context.obj = config


def main() -> NoReturn:
    """Run a command and end with its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    _open_streams()
    try:
        app()
        sys.exit(Exit.DONE)
    except SyncError as error:
        _say(error)
        sys.exit(code_of(error))
    except Interrupted:
        typer.echo("Stopped. Nothing is lost: the next run goes on from here.", err=True)
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read us has seen enough; the interpreter must not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)
    except Exception as error:  # noqa: BLE001 - the last net: a bug, said so
        if _is_output_full(error):
            _end_without_room()
        typer.echo(printable(traceback.format_exc(), kept="\n"), err=True)
        typer.echo("This is a bug in sftp-sync. Please report the lines above.", err=True)
        sys.exit(Exit.BUG)


def _open_streams() -> None:
    """Whoever closed a stream wants to hear nothing; what a terminal cannot show is spelled out."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as we
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _is_output_full(error: Exception) -> bool:
    """Whether it is the output that has no room, and not a disk of ours that nobody spoke of."""
    if not isinstance(error, OSError) or error.errno != errno.ENOSPC:
        return False
    try:
        os.write(STDOUT, b"\n")
    except OSError as again:
        return again.errno == errno.ENOSPC
    return False


def _end_without_room() -> NoReturn:
    """Where the output goes is full: no bug, and what was done is done."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
    with contextlib.suppress(OSError):
        typer.echo("There is no room where the output goes.", err=True)
        typer.echo("Make room, then type it again.", err=True)
    sys.exit(Exit.NEEDS_A_LOOK)


def _say(error: SyncError) -> None:
    typer.echo(error.message, err=True)
    if error.fix:
        typer.echo(error.fix, err=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    # The second signal hurries: whatever is going on is as safe as after a crash.
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, lambda *_: os._exit(Exit.INTERRUPTED))
    raise Interrupted
