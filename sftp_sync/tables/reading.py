"""One door for every kind of list."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from sftp_sync.errors import FileRefused
from sftp_sync.model import FileRules, Table, shown
from sftp_sync.tables.csv_reader import open_csv
from sftp_sync.tables.kinds import kind_of
from sftp_sync.tables.xlsx import open_xlsx


def open_table(path: Path, name: str, rules: FileRules) -> AbstractContextManager[Table]:
    """The list behind `path`, read as what it is and not as what its name says.

    `FileRefused`, from here or while the batches are read, says why not and what to send.
    """
    readable = shown(name)
    if path.stat().st_size == 0:
        raise FileRefused(
            f"{readable} is empty: it has no header and no rows.",
            fix="Send a list whose first row names the columns.",
        )
    if kind_of(path, readable) == "xlsx":
        return open_xlsx(path, readable, rules)
    return open_csv(path, readable, rules)
