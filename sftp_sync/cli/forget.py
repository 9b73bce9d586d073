"""sftp-sync forget"""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import ConfigOption, JsonOption, QuietOption, VerboseOption

if TYPE_CHECKING:
    from sftp_sync.forgetting import Forgotten


def forget(
    context: typer.Context,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="With country code, or with --region.")
    ],
    region: Annotated[
        str | None,
        typer.Option(help="The country of a number without a country code, such as US."),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Erase a person. The number goes and all that stands beside it; the counts stay."""
    from sftp_sync.cli import office
    from sftp_sync.forgetting import forget as erase
    from sftp_sync.intake.numbers import typed_number
    from sftp_sync.wiring.parts import nobody_watches, surroundings

    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    phone = typed_number(number, region)
    with office.opened(read) as opened:
        around = surroundings(read, opened.ledger, nobody_watches, threading.Event())
        done = erase(phone, around)
    if json:
        office.print_json({**asdict(done.erased), "rewritten": done.rewritten})
    elif not quiet:
        _say(phone, done)


def _say(phone: str, done: Forgotten) -> None:
    from sftp_sync.errors import short_phone
    from sftp_sync.model import many

    erased = done.erased
    if not erased.rows and not erased.evidence and not erased.notices:
        typer.echo(f"{short_phone(phone)} is not in the ledger.")
        return
    typer.echo(f"{short_phone(phone)} is erased from {many(erased.rows, 'row')} of", nl=False)
    typer.echo(f" {many(erased.files, 'file')}; their counts stay.")
    lines = (
        ("Due or in doubt, and rejected now", erased.not_called, "row"),
        ("Evidence of calls deleted", erased.evidence, "record"),
        ("Emptied of the number", erased.notices, "message"),
        ("Go out to partners without it", done.rewritten, "file"),
    )
    for what, number, noun in lines:
        if number:
            typer.echo(f"{what}: {many(number, noun)}.")
    typer.echo(
        "Not reached from here: backups of the ledger, the partner's own files, the vendor's call"
        " lists. A number on a do-not-call list stays there: that is why nobody calls it."
    )
