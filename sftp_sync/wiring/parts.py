"""The partner's side and this machine: connections, the ledger, the spool, time."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sftp_sync import logs
from sftp_sync.config.database import password_in
from sftp_sync.errors import Stopped
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.holder import this_boot
from sftp_sync.model import BootTime, Instant

if TYPE_CHECKING:
    from sftp_sync.around import Advance, Connect, Surroundings, Watch
    from sftp_sync.config import CampaignConfig, Config, Secret, Sftp
    from sftp_sync.remote.base import Remote
    from sftp_sync.remote.sftp import SftpLogin

Environment = Mapping[str, str]


def boot_time() -> float:
    """Seconds by a clock that counts suspension and is never set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def this_boot_time() -> BootTime:
    """The same with the boot that it counts from."""
    return BootTime(_boot(), boot_time())


@cache
def _boot() -> str:
    # Where the system does not say, every process is a boot of its own: waits begin anew.
    return this_boot() or uuid.uuid4().hex


def instant() -> Instant:
    """The present moment, by the wall's clock and by the boot's."""
    return Instant(now(), this_boot_time())


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def open_ledger(config: Config, *, may_migrate: bool = False) -> Ledger:
    """The ledger of a configuration."""
    password = password_in(config.database)
    if password:
        logs.redact(password)
    return Ledger.open(
        config.database,
        config.state_dir / "locks",
        boot_time,
        may_migrate=may_migrate,
    )


def connector(campaign: CampaignConfig, environment: Environment) -> Connect:
    """How to reach a campaign's partner. Secrets are looked up when it is called, each time."""
    if campaign.settings.sftp is None:
        from sftp_sync.remote.folder import FolderRemote

        root = Path(campaign.settings.folder or "")
        return partial(FolderRemote, root, file_mode=campaign.model.file_mode)
    return partial(_connect, campaign.settings.sftp, environment)


def _connect(sftp: Sftp, environment: Environment) -> Remote:
    from sftp_sync.remote.sftp import connect

    return connect(login(sftp, environment))


def login(sftp: Sftp, environment: Environment) -> SftpLogin:
    """What it takes to sign in, with its secrets."""
    from sftp_sync.remote.sftp import SftpLogin

    def text(secret: Secret | None) -> str | None:
        if secret is None:
            return None
        resolved = secret.resolve(environment)
        logs.redact(resolved)
        return resolved

    uses_key = sftp.auth_type == "private_key"
    return SftpLogin(
        host=sftp.host,
        username=sftp.username,
        port=sftp.port,
        auth_type=sftp.auth_type,
        password=None if uses_key else text(sftp.password),
        private_key=text(sftp.private_key) if uses_key else None,
        passphrase=text(sftp.private_key_passphrase) if uses_key else None,
        host_keys=sftp.host_keys,
        known_hosts=sftp.known_hosts,
        timeout_seconds=sftp.timeout_seconds,
        file_mode=sftp.file_mode,
        legacy_algorithms=sftp.legacy_algorithms,
    )


def surroundings(
    config: Config, ledger: Ledger, watch: Watch, stopping: threading.Event
) -> Surroundings:
    """What the steps of a run work with."""
    from sftp_sync.around import Surroundings
    from sftp_sync.spool import Spool

    def wait(seconds: float) -> None:
        if stopping.wait(seconds):
            raise Stopped("Stopped; what was begun is finished by the next run.")

    return Surroundings(
        ledger=ledger,
        spool=Spool(config.state_dir / "spool", free_bytes),
        now=now,
        wait=wait,
        watch=watch,
        monotonic=time.monotonic,
        boot_time=this_boot_time,
    )


def free_bytes(folder: Path) -> int:
    """How much room a folder's disk has."""
    return shutil.disk_usage(folder).free


@contextmanager
def nobody_watches(title: str, total: int | None) -> Iterator[Advance]:
    """For work that nobody looks at."""
    del title, total
    yield lambda _done, _total=None: None
