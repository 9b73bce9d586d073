"""sftp-sync files"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import (
    CampaignsArgument,
    ConfigOption,
    JsonOption,
    QuietOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from sftp_sync.ledger.returns import Returned
    from sftp_sync.model import FileRecord, Launch

# The states of `sftp_sync.model`, which `--help` need not load; a test holds them together.
STATES = (
    *("held", "dispatching", "following", "finished"),
    *("unreadable", "rejected", "repeated"),
)
COLUMNS = ("#id", "campaign", "file", "state", "received, UTC", "#rows", "of these", "results")
WANT_SOMETHING = ("held", "unreadable")


def files(
    context: typer.Context,
    campaigns: CampaignsArgument = None,
    state: Annotated[
        str | None, typer.Option(help=f"Only files that are {', '.join(STATES)}.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """The contact files in the ledger, oldest first."""
    from sftp_sync.cli import office
    from sftp_sync.cli.screen import coloured, console, counted, plain, table
    from sftp_sync.overview import results_words

    _refuse_unknown(state)
    office.set_up_logs(verbose=verbose, quiet=quiet)
    read = office.read_config(context, config)
    with office.opened(read) as opened:
        names = {one.name for one in office.chosen(read, campaigns)} if campaigns else None
        found = [
            file
            for file in opened.ledger.files.all()
            if (names is None or file.campaign in names) and state in {None, file.state}
        ]
        returned = opened.ledger.returns.of_files(found)
        launched = opened.ledger.departures.of_files([file.id for file in found]) if json else {}
    if json:
        documents = [_document(one, returned[one.id], launched.get(one.id, [])) for one in found]
        office.print_json({"files": documents})
        return
    shown = table(*COLUMNS)
    for file in found:
        shown.add_row(
            str(file.id),
            plain(file.campaign),
            plain(file.name),
            coloured(file.state),
            f"{file.received_at:%Y-%m-%d %H:%M}",
            f"{file.total:,}",
            counted(file.rows),
            results_words(returned[file.id]),
        )
    console().print(shown)
    _show_reasons(found)


def _show_reasons(found: Sequence[FileRecord]) -> None:
    """Why files wait that want something of a person."""
    from sftp_sync.cli.screen import console, plain

    for file in found:
        if file.state in WANT_SOMETHING:
            console().print(f"  file {file.id}: {plain(file.reason)}")


def _document(
    file: FileRecord, returned: Returned, launched: Sequence[Launch]
) -> dict[str, object]:
    from sftp_sync.overview import file_document, launch_document, results_document

    results = {"results": results_document(returned)}
    told = file_document(file) | {"campaign": file.campaign} | results
    if launched:
        told["vendor_campaigns"] = [launch_document(one) for one in launched]
    return told


def _refuse_unknown(state: str | None) -> None:
    from sftp_sync.errors import UsageError

    if state is not None and state not in STATES:
        raise UsageError(f"There is no state {state}.", fix=f"There are: {', '.join(STATES)}.")
