"""A file comes from the partner into the spool, hashed on the way."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from pathlib import Path
from posixpath import join
from typing import BinaryIO, cast

from sftp_sync.around import Advance
from sftp_sync.errors import FileRefused
from sftp_sync.model import RemoteFile, StagedFile
from sftp_sync.remote.base import Remote
from sftp_sync.spool import Spool, keep_safe, private_file


class _HashedFile:
    """A new file that knows its hash and its limit."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._file = os.fdopen(private_file(path), "wb")
        self._max_bytes = max_bytes
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> int:
        """Take a piece, unless it is one too many."""
        self.size += len(chunk)
        if self.size > self._max_bytes:
            raise too_large(self.size, self._max_bytes)
        self.digest.update(chunk)
        return self._file.write(chunk)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def secure(self) -> None:
        """The bytes survive a power cut from here on."""
        self._file.flush()
        keep_safe(self._file.fileno())


def too_large(size: int, max_bytes: int) -> FileRefused:
    """Why a file of this size is not taken."""
    return FileRefused(
        f"The file has {size:,} bytes or more, and {max_bytes:,} are allowed.",
        fix="Send it in parts, or raise files.max_bytes.",
    )


def fetch(
    remote: Remote, folder: str, source: RemoteFile, place: Path, limits: tuple[int, Advance]
) -> StagedFile | None:
    """The file's bytes, staged; None where it changed meanwhile and is left for the next run."""
    max_bytes, advance = limits
    path = join(folder, source.name)
    with closing(_HashedFile(place, max_bytes)) as file:
        received = remote.fetch(path, cast("BinaryIO", file), advance)
        file.secure()
    after = remote.stat(path)
    unchanged = after is not None and (after.size, after.modified_at, after.kind) == (
        source.size,
        source.modified_at,
        "file",
    )
    if not unchanged or (source.size is not None and received != source.size):
        place.unlink()
        return None
    return StagedFile(source, place, file.digest.hexdigest(), received)


def make_room(spool: Spool, source: RemoteFile, max_bytes: int) -> None:
    """Refuse early what is too large to be taken or to be stored."""
    if source.size is not None and source.size > max_bytes:
        raise too_large(source.size, max_bytes)
    spool.require_room(source.size or 0)
