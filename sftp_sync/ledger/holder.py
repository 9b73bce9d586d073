"""This process as the ledger knows it, and whether another one still lives."""

from __future__ import annotations

import fcntl
import os
import uuid
from contextlib import suppress
from pathlib import Path

from sftp_sync.errors import LedgerUnavailable

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PROOFS_KEPT = 200


class Holder:
    """This process, as the ledger knows it: a name, and a lock that dies with it."""

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self.boot = this_boot() or uuid.uuid4().hex
        self.lock = folder / f"{self.name}.lock"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self.lock, os.O_CREAT | os.O_RDWR, 0o600)
            # Waits only for somebody who is just looking whether we are dead.
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise LedgerUnavailable(
                f"No lock can be had in {folder}: {error.strerror}.",
                fix="Check that it has room, belongs to the service's user, and knows file locks.",
            ) from error
        _sweep(folder)

    def close(self, *, keep_proof: bool = False) -> None:
        """Give the lock back. The file stays where somebody may still need to see that we ended."""
        if not keep_proof:
            self.lock.unlink(missing_ok=True)
        os.close(self._descriptor)


def this_boot() -> str:
    """What tells this run of this machine from every other; empty where the system does not say."""
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""


def is_dead(lock: Path) -> bool:
    """Whether the process that made this lock is gone; a lock that is not there proves nothing."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        # Shared: two that look at the same time must not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    # A dead holder's file is its proof of death, so the newest few hundred stay for a while.
    made: list[tuple[float, Path]] = []
    for lock in folder.glob("*.lock"):
        # Another process may be giving its own back right now.
        with suppress(FileNotFoundError):
            made.append((lock.stat().st_mtime, lock))
    for _, lock in sorted(made)[:-PROOFS_KEPT]:
        if is_dead(lock):
            lock.unlink(missing_ok=True)
