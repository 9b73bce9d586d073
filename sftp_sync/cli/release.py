"""sftp-sync release and sftp-sync reject: a person decides on held and repeated files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import ConfigOption, JsonOption, QuietOption, VerboseOption, file_id

if TYPE_CHECKING:
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
    """Let held files go on, or import repeated ones after all."""
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with office.opened(office.read_config(context, config)) as opened:
        ids = _asked(opened.ledger, files, every=every, verb="release")
        _show([opened.ledger.files.release(one) for one in ids], as_json=json, quiet=quiet)


def reject(
    context: typer.Context,
    files: FilesArgument = None,
    every: AllOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Decide that held or repeated files are not sent. Their rows become refused."""
    from sftp_sync.cli import office

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with office.opened(office.read_config(context, config)) as opened:
        ids = _asked(opened.ledger, files, every=every, verb="reject")
        _show([opened.ledger.files.reject(one) for one in ids], as_json=json, quiet=quiet)


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
