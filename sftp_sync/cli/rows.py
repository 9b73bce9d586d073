"""sftp-sync rows"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from sftp_sync.cli.options import (
    ConfigOption,
    FileArgument,
    JsonOption,
    QuietOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from sftp_sync.model import FileRecord, RowState

SHOWN_ROWS, MOST_ROWS = 100, 1_000_000_000
# The states of `sftp_sync.model`, which `--help` need not load; a test holds them together.
STATES = (
    *("pending", "sending", "accepted", "already_queued", "refused", "rejected"),
    *("uncertain", "expired", "suppressed", "duplicate", "invalid"),
)


def rows(
    context: typer.Context,
    file: FileArgument,
    state: Annotated[
        list[str] | None, typer.Option(help=f"Only rows that are {', '.join(STATES)}.")
    ] = None,
    limit: Annotated[
        int, typer.Option(help="Show so many; 0 shows all.", min=0, max=MOST_ROWS)
    ] = SHOWN_ROWS,
    config: ConfigOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """The rows of a file, with what became of each."""
    from sftp_sync.cli import office
    from sftp_sync.cli.screen import coloured, console, plain, table
    from sftp_sync.overview import row_document

    states = _states(state or [])
    office.set_up_logs(verbose=verbose, quiet=quiet)
    with office.opened(office.read_config(context, config)) as opened:
        known = opened.ledger.files.get(file)
        is_there = known.removed_at is None
        found = opened.ledger.rows.of_file(file, states) if is_there else iter(())
        if json:
            office.print_json({"rows": [row_document(row) for row in found]})
            return
        shown = table("#id", "#line", "phone", "state", "code", "reason", "call")
        for row in islice(found, limit or None):
            words = (row.phone, row.state, row.code, row.reason, row.call_status or row.call_id)
            phone, state_shown, *others = words
            shown.add_row(
                str(row.id),
                str(row.line),
                plain(phone),
                coloured(str(state_shown)),
                *(plain(word) for word in others),
            )
    screen = console()
    screen.print(f"[bold]{plain(known.name)}[/]  file {known.id} of {plain(known.campaign)}")
    for line in _about(known):
        screen.print(line)
    if not is_there:
        return
    screen.print(shown)
    total = sum(known.rows[one] for one in states or known.rows)
    if limit and total > limit:
        screen.print(f"  the first {limit:,} of {total:,}; all: --limit 0")


def _about(known: FileRecord) -> Iterator[str]:
    from sftp_sync.cli.screen import coloured, plain

    if known.reason is not None:
        yield f"  {coloured(known.state)}: {plain(known.reason)}"
    if known.removed_at is not None:
        came_to = ", ".join(f"{number:,} {state}" for state, number in known.rows.items() if number)
        yield f"  its rows were removed on {known.removed_at:%Y-%m-%d} (keep_days): {came_to}"


def _states(names: list[str]) -> tuple[RowState, ...]:
    from sftp_sync.errors import UsageError
    from sftp_sync.model import RowState

    unknown = [name for name in names if name not in STATES]
    if unknown:
        raise UsageError(
            f"There is no state {', '.join(unknown)}.", fix=f"There are: {', '.join(STATES)}."
        )
    return tuple(RowState(name) for name in names)
