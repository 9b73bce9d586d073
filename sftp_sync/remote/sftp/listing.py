"""A folder's entries as they come, whatever their names are made of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from sftp_sync.model import RemoteFile
from sftp_sync.remote.names import is_plain_name, text
from sftp_sync.remote.sftp.packets import Attributes, Kind, Status, string
from sftp_sync.remote.sftp.session import Session, StatusError

# Ten years of a list a quarter of an hour, or a folder that never ends.
MOST_ENTRIES = 200_000
FileKind = Literal["file", "directory", "link", "other"]
KIND_LETTERS: dict[str, FileKind] = {"-": "file", "d": "directory", "l": "link"}
OTHER_LETTERS = "bcpsD"
# A hundred thousand names come in a thousand answers: on a long line they must not wait in turn.
ASKED_AHEAD = 8


class TooManyEntriesError(Exception):
    """A folder holds more than anybody looks through."""


def entries(session: Session, folder: bytes) -> Iterator[RemoteFile]:
    """Every entry, streamed; the folder's handle is given back whatever happens."""
    handle = session.ask(Kind.OPENDIR, string(folder)).string()
    under_way: deque[int] = deque()
    listed = 0
    session.begin_work()
    try:
        under_way.append(session.post(Kind.READDIR, string(handle)))
        while (batch := _next_batch(session, under_way.popleft())) is not None:
            while len(under_way) < ASKED_AHEAD:
                under_way.append(session.post(Kind.READDIR, string(handle)))
            listed += len(batch)
            if listed > MOST_ENTRIES:
                raise TooManyEntriesError(f"it has more than {MOST_ENTRIES:,} entries")
            yield from batch
    finally:
        session.forget(*under_way)
        release(session, handle)


def release(session: Session, handle: bytes) -> None:
    """Give back a handle that was only read from: nothing can be lost by it any more."""
    if not session.is_broken:
        with suppress(StatusError):
            session.close_handle(handle)


def as_file(name: str, attributes: Attributes, line: str = "") -> RemoteFile:
    """One entry. A name that cannot be an entry of a folder is never taken for a file."""
    kind = attributes.kind or _kind_by_line(line)
    if not is_plain_name(name):
        kind = "other"
    return RemoteFile(name, attributes.size, attributes.modified_at, kind)


def _next_batch(session: Session, request: int) -> list[RemoteFile] | None:
    try:
        _, reader = session.answer(request)
    except StatusError as error:
        if error.code == Status.EOF:
            return None
        raise
    batch = []
    for _ in range(reader.number()):
        name, line = text(reader.string()), text(reader.string())
        entry = as_file(name, reader.attributes(), line)
        if name not in {".", ".."}:
            batch.append(entry)
    return batch


def _kind_by_line(line: str) -> FileKind:
    """Servers without permissions in their attributes still print `drwxr-xr-x …`, or `<DIR>`."""
    letter = line[:1]
    if letter.isdigit() and "<DIR>" in line.split():
        return "directory"
    if letter in OTHER_LETTERS and letter:
        return "other"
    return KIND_LETTERS.get(letter, "file")
