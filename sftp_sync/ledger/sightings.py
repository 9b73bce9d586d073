"""Names, sizes and times met before: hints that spare a download, never an identity."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from sftp_sync.ledger.schema import files, sightings
from sftp_sync.ledger.upserts import put
from sftp_sync.model import FileState, RemoteFile

UNKNOWN = -1
# A server may say what no database can hold.
LARGEST = 2**63 - 1
AT_ONCE = 500
ANY_READING, READ_ANEW = "*", "anew"


def raw_name(name: str) -> bytes:
    """The bytes of a name as the partner's server gave them."""
    return name.encode("utf-8", "surrogateescape")


def name_of(raw: bytes) -> str:
    """The name that these bytes are, as the partner's server takes it back."""
    return raw.decode("utf-8", "surrogateescape")


def size_of(source: RemoteFile) -> int:
    """A size as it is kept."""
    return UNKNOWN if source.size is None else min(source.size, LARGEST)


def sight(connection: Connection, campaign: str, source: RemoteFile, file_id: int) -> None:
    """Remember that this name, with this size and time, is a file we know."""
    put(
        connection,
        sightings,
        {
            "campaign": campaign,
            "name_raw": raw_name(source.name),
            "size": size_of(source),
            "modified_at": UNKNOWN if source.modified_at is None else source.modified_at,
            "file_id": file_id,
        },
    )


def unseen(
    connection: Connection, campaign: str, reading: str, entries: Sequence[RemoteFile]
) -> list[RemoteFile]:
    """Those entries whose name, size and time were not met together before.

    Without a time or a size nothing is spared, nor where an unreadable file might be
    read otherwise now.
    """
    settled = (files.c.state != FileState.UNREADABLE) | files.c.reading.in_((reading, ANY_READING))
    known: set[tuple[bytes, int, int]] = set()
    for start in range(0, len(entries), AT_ONCE):
        names = [raw_name(entry.name) for entry in entries[start : start + AT_ONCE]]
        asked = (
            select(sightings.c.name_raw, sightings.c.size, sightings.c.modified_at)
            .join(files, files.c.id == sightings.c.file_id)
            .where(sightings.c.campaign == campaign, sightings.c.name_raw.in_(names), settled)
        )
        known.update((bytes(name), size, time) for name, size, time in connection.execute(asked))
    return [
        entry
        for entry in entries
        if entry.size is None
        or entry.modified_at is None
        or (raw_name(entry.name), size_of(entry), entry.modified_at) not in known
    ]
