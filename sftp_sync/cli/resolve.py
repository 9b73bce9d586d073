"""sftp-sync resolve and sftp-sync retry: a person settles doubt, or sends again."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import (
    ConfigOption,
    FileArgument,
    JsonOption,
    QuietOption,
    VerboseOption,
    row_or_file_id,
)

if TYPE_CHECKING:
    from sftp_sync.cli.office import Office


class Verdict(StrEnum):
    """What became of a row in doubt."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    RESEND = "resend"


class Retried(StrEnum):
    """What can be sent again."""

    REFUSED = "refused"
    REJECTED = "rejected"


def resolve(
    context: typer.Context,
    row: Annotated[
        int,
        typer.Argument(
            parser=row_or_file_id,
            metavar="ROW",
            help="The id shown by `rows`; with --file, a file's.",
        ),
    ],
    verdict: Annotated[Verdict, typer.Argument(help="accepted, refused or resend.")],
    file: Annotated[
        bool, typer.Option("--file", help="The id is a file's: all its rows in doubt.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Settle a row in doubt by hand."""
    from sftp_sync.cli import office
    from sftp_sync.wiring.parts import instant

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with office.opened(office.read_config(context, config)) as opened:
        verdicts = opened.ledger.verdicts
        if file:
            opened.ledger.files.get(row)
        work = verdicts.resolve_file if file else verdicts.resolve_row
        number = work(row, verdict.value, instant(), _longest_wait(opened))
    _say(number, f"{verdict.value} now", as_json=json, quiet=quiet)


def retry(
    context: typer.Context,
    file: FileArgument,
    state: Annotated[Retried, typer.Option(help="Which of its rows.")],
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Send the refused, or rejected, rows of a file again."""
    from sftp_sync.cli import office
    from sftp_sync.model import RowState
    from sftp_sync.wiring.parts import instant

    office.set_up_logs(verbose=verbose, quiet=quiet)
    with office.opened(office.read_config(context, config)) as opened:
        opened.ledger.files.get(file)
        verdicts, wait = opened.ledger.verdicts, _longest_wait(opened)
        number = verdicts.retry(file, instant(), wait, RowState(state.value))
    _say(number, f"due again, {state.value} before", as_json=json, quiet=quiet)


def _longest_wait(opened: Office) -> timedelta:
    accounts = opened.config.accounts.values()
    return timedelta(seconds=max(account.uncertain_after_seconds for account in accounts))


def _say(number: int, what: str, *, as_json: bool, quiet: bool) -> None:
    from sftp_sync.cli.office import print_json
    from sftp_sync.model import many

    if as_json:
        print_json({"rows": number})
    elif not quiet:
        typer.echo(f"{many(number, 'row')}: {what}")
