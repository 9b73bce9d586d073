"""One campaign's intake over a real ledger, a real spool and a folder as the partner."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sftp_sync.around import Advance, Surroundings
from sftp_sync.intake.entry import Desk
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Campaign, RemoteFile, StagedFile
from sftp_sync.remote.folder import FolderRemote
from sftp_sync.spool import SPARE_BYTES, Spool, sha256_of
from tests.support.builders import NOW, a_campaign, an_instant
from tests.support.databases import fresh_database
from tests.support.sftp_servers import make_folders


@dataclass
class Intake:
    """What a step works with."""

    around: Surroundings
    lease: Lease
    remote: FolderRemote
    root: Path
    waited: list[float] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        return self.around.ledger

    def drop(self, name: str, content: bytes = b"phone\n+12125550123\n") -> RemoteFile:
        """As the partner leaves a file; what a listing says of it."""
        (self.root / "inbox" / name).write_bytes(content)
        found = self.remote.stat(f"/inbox/{name}")
        assert found is not None
        return found

    def staged(self, source: RemoteFile) -> StagedFile:
        """Its bytes in the spool."""
        place = self.around.spool.place("renewals", "incoming")
        with place.open("wb") as file:
            size = self.remote.fetch(f"/inbox/{source.name}", file)
        return StagedFile(source, place, sha256_of(place), size)

    def desk(self, campaign: Campaign | None = None, *, is_first_run: bool = False) -> Desk:
        chosen = campaign or a_campaign()
        return Desk(chosen, self.around, self.lease, is_first_run=is_first_run)

    def there(self, folder: str) -> set[str]:
        return {path.name for path in (self.root / folder).iterdir() if path.name != "archive"}


@contextmanager
def _unwatched(title: str, total: int | None) -> Iterator[Advance]:
    del title, total
    yield lambda *_: None


@contextmanager
def an_intake(folder: Path, at: datetime = NOW) -> Iterator[Intake]:
    """Everything opened, under the lease of collect."""
    root = folder / "partner"
    make_folders(root)
    with ExitStack() as open_now:
        database = open_now.enter_context(fresh_database("sqlite", folder))
        ledger = open_now.enter_context(database.open())
        waited: list[float] = []
        around = Surroundings(
            ledger=ledger,
            spool=Spool(folder / "spool", lambda _: 10 * SPARE_BYTES),
            now=lambda: at,
            wait=waited.append,
            watch=_unwatched,
            monotonic=time.monotonic,
            boot_time=lambda: an_instant(at).boot_time,
        )
        lease = open_now.enter_context(ledger.leases.hold("collect:renewals"))
        remote = open_now.enter_context(FolderRemote(root))
        yield Intake(around, lease, remote, root, waited)
