"""What a dry run saw, as a person and as a script read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from sftp_sync.cli.screen import coloured, console, counted, plain
from sftp_sync.model import FileState, RowState
from sftp_sync.reports import Rehearsal
from sftp_sync.steps.preview import Previewed


def due_rows(rehearsal: Rehearsal) -> int:
    """How many calls a run would queue."""
    going = (one for one in rehearsal.files if one.state == FileState.DISPATCHING)
    return sum(one.tally.due for one in going if one.tally is not None)


def preview_document(rehearsal: Rehearsal, requests_per_minute: int) -> dict[str, object]:
    """One campaign's dry run."""
    return {
        "name": rehearsal.campaign,
        "ok": rehearsal.is_fine,
        "problem": None if rehearsal.problem is None else str(rehearsal.problem),
        "calls": due_rows(rehearsal),
        "seconds": math.ceil(due_rows(rehearsal) * 60 / requests_per_minute),
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


def show_previews(rehearsals: Sequence[Rehearsal], paces: Sequence[int]) -> None:
    """Every file that is there now, what would become of its rows, and how long it would take."""
    screen = console()
    for rehearsal, pace in zip(rehearsals, paces, strict=True):
        screen.print(f"[bold]{plain(rehearsal.campaign)}[/]  a dry run: nothing was changed")
        if rehearsal.problem is not None:
            screen.print(f"  [yellow]![/] {plain(rehearsal.problem)}")
        elif not rehearsal.files:
            screen.print("  no new files")
        for one in rehearsal.files:
            _show_file(one)
        if calls := due_rows(rehearsal):
            took = timedelta(seconds=math.ceil(calls * 60 / pace))
            screen.print(f"  {calls:,} calls to queue: {took} at {pace:,} requests a minute")


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
