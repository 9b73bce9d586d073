"""Who may do what: one holder per piece of work, taken over when the holder is gone.

A holder on this host is known to be dead when the lock on its file, which the system releases with
the process, can be had. A holder elsewhere, or one that is stopped, is taken for dead after 30 s of
silence by the database's clock. Every takeover raises the fence; what an earlier holder still
tries to commit is refused in its own transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, select, tuple_, update

from sftp_sync.errors import LeaseBusy, LeaseLost, LedgerReplaced, LedgerUnavailable, SyncError
from sftp_sync.ledger.database_mark import mark_of, replaced
from sftp_sync.ledger.engine import database_now, writing
from sftp_sync.ledger.holder import Holder, is_dead
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import leases
from sftp_sync.ledger.upserts import insert_if_absent

SILENT_SECONDS = 30
RENEW_SECONDS = 1.5


@dataclass
class Lease:
    """The right to do one piece of work, until it is given back or taken over."""

    name: str
    holder: str
    fence: int
    renewed: float
    lost: bool = False
    replaced: LedgerReplaced | None = None

    def why_lost(self) -> SyncError:
        """What to raise when it is ours no more."""
        return self.replaced or LeaseLost(f"Another process has taken over {self.name}.")

    def guard(self, connection: Connection) -> None:
        """Let this transaction commit only if the lease is still ours."""
        if self.replaced is not None:
            raise self.replaced
        asked = select(leases.c.fence).where(leases.c.name == self.name)
        found = connection.execute(
            asked.where(leases.c.holder == self.holder).with_for_update(read=True),
        ).scalar_one_or_none()
        if found != self.fence:
            self.lost = True
            raise self.why_lost()


class Leases:
    """The leases of this process, renewed in the background while any is held."""

    def __init__(
        self,
        engine: Engine,
        holder: Holder,
        clock: Callable[[], float],
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        # What is held here is held in this file or database, and in no copy of it.
        self._mark = mark_of(engine)
        self.replaced: LedgerReplaced | None = None
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
        if self.replaced is not None:
            raise self.replaced
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
            held = list(self._held.values())
        if lease.replaced is not None:
            # Whoever found that out goes first; what else is held here is worth nothing either.
            self._give_up(held)
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
        if not held:
            return
        if self._is_replaced(held):
            self._give_up(held)
            return
        asked_at = self._clock()
        ours = [(lease.name, lease.fence) for lease in held]
        # All in one transaction: a daemon holds one for each account, every second or so.
        with writing(self._engine) as connection:
            kept = (
                update(leases)
                .where(leases.c.holder == self._holder.name)
                .where(tuple_(leases.c.name, leases.c.fence).in_(ours))
                .values(renewed_at=database_now(connection))
                .returning(leases.c.name)
            )
            renewed = set(connection.execute(kept).scalars())
        for lease in held:
            if lease.name in renewed:
                lease.renewed = asked_at
            else:
                lease.lost = True

    def _is_replaced(self, held: list[Lease]) -> bool:
        return any(lease.replaced for lease in held) or mark_of(self._engine) != self._mark

    def _give_up(self, held: list[Lease]) -> None:
        """Another ledger lies where ours was: it has our leases perhaps, and not our claims."""
        self.replaced = replaced(self._engine)
        for lease in held:
            lease.replaced = self.replaced
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
            "mark": self._mark,
            "renewed_at": database_now(connection),
        }
        connection.execute(update(leases).where(leases.c.name == name).values(fence=fence, **ours))
        return Lease(name, self._holder.name, fence, asked_at)

    def _refuse_if_alive(self, connection: Connection, row: AnyRow) -> None:
        if row.holder is None or row.holder == self._holder.name:
            return
        if row.mark is not None and row.mark != self._mark:
            # It came with a copy.
            return
        if row.host == self._holder.boot and is_dead(Path(row.lock)):
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
