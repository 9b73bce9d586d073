"""What a dry run saw, as a person and as a script read it."""

from __future__ import annotations

from collections.abc import Sequence

from sftp_sync.cli.screen import coloured, console, counted, plain
from sftp_sync.model import RowState
from sftp_sync.reports import Rehearsal
from sftp_sync.steps.preview import Previewed


def preview_document(rehearsal: Rehearsal) -> dict[str, object]:
    """One campaign's dry run."""
    return {
        "name": rehearsal.campaign,
        "ok": rehearsal.is_fine,
        "problem": None if rehearsal.problem is None else str(rehearsal.problem),
        "files": [_file_document(one) for one in rehearsal.files],
    }


def _file_document(one: Previewed) -> dict[str, object]:
    document: dict[str, object] = {"name": one.name, "state": one.state, "reason": one.reason}
    if one.tally is not None:
        counts = {state: one.tally.states[state] for state in RowState}
        document["rows"] = {"total": one.tally.total} | counts
        document["codes"] = dict(sorted(one.tally.codes.items()))
        document["first_rejects"] = [
            {"line": line, "code": code, "reason": reason}
            for line, code, reason in one.tally.first_rejects
        ]
    return document


def show_previews(rehearsals: Sequence[Rehearsal]) -> None:
    """Every file that is there now, and what would become of its rows."""
    screen = console()
    for rehearsal in rehearsals:
        screen.print(f"[bold]{plain(rehearsal.campaign)}[/]  a dry run: nothing was changed")
        if rehearsal.problem is not None:
            screen.print(f"  [yellow]![/] {plain(rehearsal.problem)}")
        elif not rehearsal.files:
            screen.print("  no new files")
        for one in rehearsal.files:
            _show_file(one)


def _show_file(one: Previewed) -> None:
    screen = console()
    if one.tally is None:
        screen.print(f"  {plain(one.name)}: would be {coloured(one.state)}. {plain(one.reason)}")
        return
    counts = {state: one.tally.states[state] for state in RowState}
    screen.print(f"  {plain(one.name)}: {one.tally.total:,} rows, {counted(counts)}")
    if one.reason is not None:
        screen.print(f"    would be {coloured(one.state)}: {plain(one.reason)}")
    for line, code, reason in one.tally.first_rejects:
        screen.print(f"    line {line}  {code}: {plain(reason)}")
    rejected = one.tally.states[RowState.INVALID]
    if rejected > len(one.tally.first_rejects):
        screen.print(f"    and {rejected - len(one.tally.first_rejects):,} more")
