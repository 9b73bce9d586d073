"""Who may do what: one holder per piece of work, taken over when the holder is gone.

A holder on this host is known to be dead when the lock on its file, which the system releases with
the process, can be had. A holder elsewhere, or one that is stopped, is taken for dead after 30 s of
silence by the database's clock. Every takeover raises the fence; what an earlier holder still
tries to commit is refused in its own transaction.
"""

from __future__ import annotations

import fcntl
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, select, update

from sftp_sync.errors import LeaseBusy, LeaseLost, LedgerUnavailable, SyncError
from sftp_sync.ledger.engine import database_now, writing
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import leases
from sftp_sync.ledger.upserts import insert_if_absent

SILENT_SECONDS = 30
RENEW_SECONDS = 1.5
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PROOFS_KEPT = 200


class Holder:
    """This process, as the ledger knows it: a name, and a lock that dies with it."""

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self.boot = BOOT_ID.read_text().strip() if BOOT_ID.exists() else uuid.uuid4().hex
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


def _is_dead(lock: Path) -> bool:
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
        if _is_dead(lock):
            lock.unlink(missing_ok=True)


@dataclass
class Lease:
    """The right to do one piece of work, until it is given back or taken over."""

    name: str
    holder: str
    fence: int
    renewed: float
    lost: bool = False

    def guard(self, connection: Connection) -> None:
        """Let this transaction commit only if the lease is still ours."""
        asked = select(leases.c.fence).where(leases.c.name == self.name)
        found = connection.execute(
            asked.where(leases.c.holder == self.holder).with_for_update(read=True),
        ).scalar_one_or_none()
        if found != self.fence:
            self.lost = True
            raise LeaseLost(f"Another process has taken over {self.name}.")


class Leases:
    """The leases of this process, renewed in the background while any is held."""

    def __init__(
        self,
        engine: Engine,
        holder: Holder,
        clock: Callable[[], float],
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._engine = engine
        self._holder = holder
        self._clock = clock
        self._silent_seconds = silent_seconds
        self._renew_seconds = min(RENEW_SECONDS, silent_seconds / 5)
        self._held: dict[str, Lease] = {}
        self._wanted: set[str] = set()
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._keeper: threading.Thread | None = None

    @contextmanager
    def hold(self, name: str) -> Iterator[Lease]:
        """Hold a lease for the length of a block, or `LeaseBusy`."""
        lease = self.acquire(name)
        try:
            yield lease
        finally:
            self.release(lease)

    def acquire(self, name: str) -> Lease:
        """Take a lease that is free or whose holder is gone, or `LeaseBusy`."""
        with self._guard:
            if name in self._held or name in self._wanted:
                raise LeaseBusy(f"This process is already at {name}.")
            self._wanted.add(name)
        try:
            # Not under our own guard: while the database is slow, what is held is renewed on.
            with writing(self._engine) as connection:
                lease = self._take(connection, name)
            with self._guard:
                # Only now: what was not committed is not ours.
                self._held[name] = lease
                self._keep()
        finally:
            with self._guard:
                self._wanted.discard(name)
        return lease

    def age_seconds(self, lease: Lease) -> float:
        """How long ago the lease was last known to be ours, by a clock that counts suspension."""
        return self._clock() - lease.renewed

    def release(self, lease: Lease) -> None:
        """Give a lease back. Where that fails it lapses by itself."""
        with self._guard:
            self._held.pop(lease.name, None)
        ours = (leases.c.name == lease.name) & (leases.c.holder == lease.holder)
        try:
            with writing(self._engine) as connection:
                connection.execute(
                    update(leases).where(ours, leases.c.fence == lease.fence).values(holder=None),
                )
        except LedgerUnavailable:
            lease.lost = True

    def renew(self) -> None:
        """Say that we are alive; a lease that another has taken is marked as lost."""
        with self._guard:
            held = list(self._held.values())
        for lease in held:
            asked_at = self._clock()
            with writing(self._engine) as connection:
                ours = (leases.c.name == lease.name) & (leases.c.holder == lease.holder)
                renewed = connection.execute(
                    update(leases)
                    .where(ours, leases.c.fence == lease.fence)
                    .values(renewed_at=database_now(connection)),
                )
            if renewed.rowcount == 1:
                lease.renewed = asked_at
            else:
                lease.lost = True

    def close(self) -> None:
        """Stop renewing, and give everything back."""
        self._stop.set()
        if self._keeper is not None:
            self._keeper.join()
        held = list(self._held.values())
        for lease in held:
            self.release(lease)
        self._holder.close(keep_proof=any(lease.lost for lease in held))

    def _take(self, connection: Connection, name: str) -> Lease:
        asked_at = self._clock()
        free = {"name": name, "fence": 0, "renewed_at": database_now(connection)}
        insert_if_absent(connection, leases, free)
        asked = select(leases).where(leases.c.name == name).with_for_update()
        row = connection.execute(asked).one()
        self._refuse_if_alive(connection, row)
        fence = row.fence + 1
        ours = {
            "holder": self._holder.name,
            "host": self._holder.boot,
            "lock": str(self._holder.lock),
            "renewed_at": database_now(connection),
        }
        connection.execute(update(leases).where(leases.c.name == name).values(fence=fence, **ours))
        return Lease(name, self._holder.name, fence, asked_at)

    def _refuse_if_alive(self, connection: Connection, row: AnyRow) -> None:
        if row.holder is None or row.holder == self._holder.name:
            return
        if row.host == self._holder.boot and _is_dead(Path(row.lock)):
            return
        now = database_now(connection)
        silent_for = (now - row.renewed_at).total_seconds()
        if silent_for <= self._silent_seconds:
            raise LeaseBusy(
                f"Another process is at {row.name} (seen {max(silent_for, 0):.0f} s ago).",
                fix="Wait for it, or stop it.",
            )

    def _keep(self) -> None:
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._renew_until_stopped, daemon=True)
            self._keeper.start()

    def _renew_until_stopped(self) -> None:
        while not self._stop.wait(self._renew_seconds):
            try:
                self.renew()
            except SyncError:
                # The lease ages; whoever needs it fresh sees that, and the next beat tries again.
                continue
