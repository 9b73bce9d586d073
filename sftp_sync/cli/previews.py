"""What a dry run saw, as a person and as a script read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from sftp_sync.cli.screen import coloured, console, counted, plain
from sftp_sync.model import RowState, many
from sftp_sync.reports import Rehearsal
from sftp_sync.steps.preview import Previewed


def preview_document(rehearsal: Rehearsal, requests_per_minute: int) -> dict[str, object]:
    """One campaign's dry run."""
    stop = rehearsal.stop
    return {
        "name": rehearsal.campaign,
        "ok": rehearsal.is_fine,
        "problem": None if rehearsal.problem is None else str(rehearsal.problem),
        "stopped": None if stop is None else {"cause": stop.cause, "why": stop.why},
        "in_doubt": rehearsal.in_doubt,
        "calls": rehearsal.calls,
        "seconds": math.ceil(rehearsal.calls * 60 / requests_per_minute),
        "files": [_file_document(one) for one in rehearsal.files],
    }


def _file_document(one: Previewed) -> dict[str, object]:
    document: dict[str, object] = {"id": one.file_id, "name": one.name}
    document |= {"state": one.state, "reason": one.reason, "calls": one.calls}
    document["waits"] = [
        {"cause": wait.cause, "rows": wait.rows, "why": wait.why} for wait in one.waits
    ]
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
        if rehearsal.stop is not None:
            screen.print(f"  [yellow]![/] nothing would be sent: {plain(rehearsal.stop.why)}")
        if rehearsal.problem is not None:
            screen.print(f"  [yellow]![/] {plain(rehearsal.problem)}")
        elif all(one.file_id is not None for one in rehearsal.files):
            screen.print("  no new files")
        if rehearsal.in_doubt:
            screen.print(f"  in doubt, to be looked into first: {rehearsal.in_doubt:,}")
        for one in rehearsal.files:
            _show_file(one)
        if calls := rehearsal.calls:
            took = timedelta(seconds=math.ceil(calls * 60 / pace))
            screen.print(f"  {many(calls, 'call')} to queue: {took} at {pace:,} requests a minute")


def _show_file(one: Previewed) -> None:
    screen = console()
    if one.tally is None:
        screen.print(f"  {plain(one.name)}: would be {coloured(one.state)}. {plain(one.reason)}")
        return
    counts = {state: one.tally.states[state] for state in RowState}
    name = plain(one.name) if one.file_id is None else f"file {one.file_id}, {plain(one.name)}"
    rows = "rows" if one.file_id is None else "rows are due"
    screen.print(f"  {name}: {one.tally.total:,} {rows}, {counted(counts)}")
    if one.reason is not None:
        screen.print(f"    would be {coloured(one.state)}: {plain(one.reason)}")
    for wait in one.waits:
        screen.print(f"    {wait.rows:,} would wait: {plain(wait.why)}")
    for line, code, reason in one.tally.first_rejects:
        screen.print(f"    line {line}  {code}: {plain(reason)}")
    rejected = one.tally.states[RowState.INVALID]
    if rejected > len(one.tally.first_rejects):
        screen.print(f"    and {rejected - len(one.tally.first_rejects):,} more")
