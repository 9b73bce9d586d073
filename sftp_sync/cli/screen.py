"""Tables, colours and progress bars; plain where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sftp_sync.errors import printable

if TYPE_CHECKING:
    from sftp_sync.around import Advance, Watch
    from sftp_sync.model import RowState

PIPED_WIDTH = 160  # where nobody looks at a screen, names are not cut
COLOURS = {
    "held": "yellow",
    "refused": "red",
    "unreadable": "red",
    "repeated": "yellow",
    "dispatching": "cyan",
    "following": "cyan",
    "finished": "green",
    "invalid": "red",
    "uncertain": "yellow",
    "accepted": "green",
}


def console(*, stderr: bool = False) -> Console:
    """A console; colours vanish when it is piped, and where NO_COLOR is set."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=width)


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table; a column whose name starts with `#` holds numbers."""
    made = Table(title=title, box=box.SIMPLE, title_justify="left", pad_edge=False)
    for column in columns:
        is_number = column.startswith("#")
        made.add_column(column.removeprefix("#"), justify="right" if is_number else "left")
    return made


def coloured(state: str) -> str:
    """A state in its colour."""
    colour = COLOURS.get(state)
    return f"[{colour}]{state}[/]" if colour else state


def plain(text: object) -> str:
    """Text from outside: no markup of ours is read in it, and it moves nothing on the terminal."""
    return escape("" if text is None else printable(str(text)))


def counted(rows: Mapping[RowState, int]) -> str:
    """The counts that are not zero, in the order of the states."""
    said = [f"{number:,} {coloured(state)}" for state, number in rows.items() if number]
    return ", ".join(said) or "-"


def show_attention(lines: Sequence[str]) -> None:
    """What a person must do, a line each."""
    for line in lines:
        console().print(f"  [yellow]![/] {plain(line)}")


@contextmanager
def watched(*, quiet: bool) -> Iterator[Watch]:
    """Progress bars on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        from sftp_sync.wiring.parts import nobody_watches

        yield nobody_watches
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
    )

    @contextmanager
    def watch(title: str, total: int | None) -> Iterator[Advance]:
        task = bars.add_task(plain(title), total=total)
        try:
            yield lambda done, all_of_it=None: bars.update(task, advance=done, total=all_of_it)
        finally:
            bars.remove_task(task)

    with bars:
        yield watch
