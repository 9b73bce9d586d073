"""sftp-sync release and sftp-sync reject: a person decides on held and repeated files."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.exits import Exit
from sftp_sync.cli.options import ConfigOption, JsonOption, QuietOption, VerboseOption, file_id

if TYPE_CHECKING:
    from sftp_sync.cli.office import Office
    from sftp_sync.ledger import Ledger
    from sftp_sync.model import FileRecord

FilesArgument = Annotated[
    list[int] | None,
    typer.Argument(
        parser=file_id, metavar="[FILE…]", help="Ids shown by `files`.", show_default=False
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="Every held file.")]


def release(
    context: typer.Context,
    files: FilesArgument = None,
    every: AllOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let held files go on, or import repeated ones after all. Where contacts settings were changed
    since a file was read, its rows are judged anew by them. An unreadable file is read once more.
    """
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with office.opened(office.read_config(context, config)) as opened:
        ids = _asked(opened.ledger, files, every=every, verb="release")
        released = [_released(opened, one) for one in ids]
    _show(released, as_json=json, quiet=quiet)
    for file in [one for one in released if one.state == "unreadable"]:
        typer.echo(f"File {file.id} is read again by the next run: sftp-sync sync", err=True)
    nothing_to_send = [one for one in released if one.state not in {"dispatching", "unreadable"}]
    for file in nothing_to_send:
        typer.echo(f"File {file.id} has nothing to send. Type: sftp-sync rows {file.id}", err=True)
    raise typer.Exit(Exit.NEEDS_A_LOOK if nothing_to_send else 0)


def reject(
    context: typer.Context,
    files: FilesArgument = None,
    every: AllOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Decide that held or repeated files are not sent. Their rows become rejected; an unreadable
    file is put aside. Of a file that is being sent, those rows are rejected that nobody sends any
    more: their campaign, or its campaign_id or base_url, is not in the configuration.
    """
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with office.opened(office.read_config(context, config)) as opened:
        ids = _asked(opened.ledger, files, every=every, verb="reject")
        _show([_rejected(opened, one) for one in ids], as_json=json, quiet=quiet)


def _released(opened: Office, file_id: int) -> FileRecord:
    from sftp_sync.intake.judging import judge_anew
    from sftp_sync.intake.poison import strike_out
    from sftp_sync.model import FileState
    from sftp_sync.wiring.parts import nobody_watches, surroundings

    files, file = opened.ledger.files, opened.ledger.files.get(file_id)
    around = surroundings(opened.config, opened.ledger, nobody_watches, threading.Event())
    if file.state == FileState.UNREADABLE:
        strike_out(around.spool, file.campaign, file.sha256)
        return files.read_again(file_id)
    configured = opened.config.campaigns.get(file.campaign)
    if configured is not None:
        judge_anew(file_id, configured.model, around)
    return files.release(file_id)


def _rejected(opened: Office, file_id: int) -> FileRecord:
    from sftp_sync.model import FileState
    from sftp_sync.wiring.parts import now

    files = opened.ledger.files
    file = files.get(file_id)
    if file.state != FileState.DISPATCHING:
        return files.reject(file_id)
    configured = opened.config.campaigns.get(file.campaign)
    return files.reject_elsewhere(file_id, None if configured is None else configured.model, now())


def _asked(ledger: Ledger, files: list[int] | None, *, every: bool, verb: str) -> list[int]:
    from sftp_sync.errors import UsageError

    if every == bool(files):
        raise UsageError(
            f"Which files are to be {verb}ed?".replace("eed", "ed"),
            fix=f"Type: sftp-sync {verb} FILE, or: sftp-sync {verb} --all (every held file).",
        )
    return ledger.files.held() if every else list(files or ())


def _show(decided: list[FileRecord], *, as_json: bool, quiet: bool) -> None:
    from sftp_sync.cli import office
    from sftp_sync.cli.screen import coloured, console, counted, plain
    from sftp_sync.overview import file_document

    if as_json:
        documents = [file_document(one) | {"campaign": one.campaign} for one in decided]
        office.print_json({"files": documents})
        return
    for file in () if quiet else decided:
        words = f"file {file.id}, {plain(file.name)}: {coloured(file.state)}, {counted(file.rows)}"
        console().print(words)
    if not decided and not quiet:
        console().print("no file is held")
