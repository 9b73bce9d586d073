"""Contact files: as the partner's server lists them, as they lie here, as they were read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sftp_sync.errors import printable


def shown(name: str) -> str:
    """A name from outside as one readable line, whatever bytes it holds."""
    # Not `os.fsencode`: the locale of this machine has no say in a partner's names.
    raw = name.encode("utf-8", "surrogateescape")
    return printable(raw.decode("utf-8", "backslashreplace"))


@dataclass(frozen=True)
class RemoteFile:
    """One entry of a listing. The name is untrusted; bytes that are not UTF-8 are kept as
    surrogate escapes (as `os.fsdecode` makes them). `size` and `modified_at` (epoch seconds)
    are None where the server does not say.
    """

    name: str
    size: int | None
    modified_at: int | None
    kind: Literal["file", "directory", "link", "other"] = "file"

    @property
    def shown_name(self) -> str:
        """The name, readable on one line."""
        return shown(self.name)


@dataclass(frozen=True)
class StagedFile:
    """A contact file's bytes on this machine, and what they are."""

    source: RemoteFile
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class Understanding:
    """How a file was read, as the receipt says it. `other_sheets` have rows that were not read."""

    format: Literal["csv", "xlsx"]
    header: tuple[str, ...]
    header_line: int
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()
    phone_columns: tuple[str, ...] = ()
    region_column: str | None = None


@dataclass(frozen=True)
class Delivery:
    """A file for the partner, written down before its first byte leaves."""

    id: int
    campaign: str
    file_id: int
    kind: Literal["receipt", "rejects", "results"]
    folder: str
    name: str
    sha256: str
    size: int
    spooled: str
    may_replace: bool = False
    created_at: datetime | None = None
    delivered_at: datetime | None = None
    attempts: int = 0

    @property
    def may_be_there(self) -> bool:
        """Whether the partner may have it already, under this name."""
        return self.attempts > 0
