"""The spool: bytes on their way in or out, private, under names of our own."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sftp_sync.errors import DiskFull

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
SPARE_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
Shelf = Literal["incoming", "marks", "previews", "receipts", "results"]


@dataclass(frozen=True)
class Spool:
    """A folder of this machine. `free_bytes` tells how much room it has."""

    root: Path
    free_bytes: Callable[[Path], int]

    def place(self, campaign: str, shelf: Shelf) -> Path:
        """Where a new file may be written; nothing from outside is part of the name."""
        folder = self.shelf(campaign, shelf)
        # One by one: the mode is not that of parents which are made on the way.
        with self.room():
            for step in (self.root, folder.parent, folder):
                step.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / uuid.uuid4().hex

    def shelf(self, campaign: str, shelf: Shelf) -> Path:
        """The folder of a campaign's files of one kind."""
        return self.root / hashlib.sha256(campaign.encode()).hexdigest()[:16] / shelf

    def name_of(self, path: Path) -> str:
        """How the ledger calls a spooled file."""
        return str(path.relative_to(self.root))

    def path_of(self, name: str) -> Path:
        """Where a spooled file lies that the ledger names."""
        return self.root / name

    def sweep(self, campaign: str, shelf: Shelf, *, keep: set[str]) -> None:
        """Remove what an interrupted run has left, but not what the ledger still names."""
        folder = self.shelf(campaign, shelf)
        for path in folder.iterdir() if folder.is_dir() else ():
            if self.name_of(path) not in keep:
                path.unlink(missing_ok=True)

    def sweep_old(self, campaign: str, shelf: Shelf, before: datetime) -> None:
        """Remove what has been left for so long that nobody can be at it any more."""
        folder = self.shelf(campaign, shelf)
        for path in folder.iterdir() if folder.is_dir() else ():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()

    def sweep_strays(self, named: set[str], before: datetime) -> int:
        """Remove what no campaign clears away any more and the ledger does not name; how many."""
        removed = 0
        for path in self.root.glob("*/*/*") if self.root.is_dir() else ():
            with suppress(FileNotFoundError):
                is_old = path.stat().st_mtime < before.timestamp()
                if is_old and path.is_file() and self.name_of(path) not in named:
                    path.unlink()
                    removed += 1
        return removed

    def require_room(self, size: int) -> None:
        """Refuse to begin what would not fit."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = self.free_bytes(self.root)
        if free < size + SPARE_BYTES:
            needed = math.ceil((size + SPARE_BYTES) / 1_000_000)
            raise _full(self.root, f"{free // 1_000_000} MB are free, {needed} needed")

    @contextmanager
    def room(self) -> Iterator[None]:
        """Say in our words that the disk is full, wherever in the block it shows."""
        try:
            yield
        except OSError as error:
            if error.errno in NO_ROOM:
                raise _full(self.root, error.strerror or "no room") from error
            raise


def _full(root: Path, why: str) -> DiskFull:
    return DiskFull(
        f"There is no room on this machine's disk for {root}: {why}.",
        fix="Make room there; nothing is lost, and the next run takes the files.",
    )


def private_file(path: Path) -> int:
    """A descriptor of a new file that only its owner may read."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)


def keep_written(path: Path) -> None:
    """The same for a file that was written by its name."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        keep_safe(descriptor)
    finally:
        os.close(descriptor)


def keep_safe(descriptor: int) -> None:
    """Make sure the bytes survive a power cut before anything is said about them."""
    os.fsync(descriptor)


def sha256_of(path: Path) -> str:
    """The content of a file, as its identity."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
