"""What lies at a partner's, by its content: streamed, and only its hash is kept."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, cast

from sftp_sync.remote.base import Remote


class _Hash:
    """Takes bytes and keeps only their hash."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, chunk: bytes) -> int:
        self.digest.update(chunk)
        return len(chunk)


def sha256_at(remote: Remote, path: str) -> str:
    """The identity of a file at the partner's."""
    taken = _Hash()
    remote.fetch(path, cast("BinaryIO", taken))
    return taken.digest.hexdigest()
