"""After import: a file that is safe in the ledger is moved or deleted at the partner's.

Only what was read goes: the file is renamed to a private name first, compared with what was read,
and put back if it differs. Every step can be repeated after a crash, because the private name is
known from the ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from posixpath import join
from typing import BinaryIO, cast

from sftp_sync.around import Surroundings
from sftp_sync.errors import RemoteExists, RemoteMissing, RemoteRefused
from sftp_sync.intake.inbox import PRIVATE_PREFIX
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Campaign, ReadFile
from sftp_sync.outbox.names import stamp
from sftp_sync.remote.base import Remote

CAUSE = "after_import"
ENOUGH_REFUSALS = 3


class _Hash:
    """Takes bytes and keeps only their hash."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, chunk: bytes) -> int:
        self.digest.update(chunk)
        return len(chunk)


def tidy_due(campaign: Campaign, remote: Remote, around: Surroundings, lease: Lease) -> None:
    """Move or delete what was read; a refusal is said and tried again at the next run."""
    refusals = 0
    for file in around.ledger.files.untidy(campaign.name):
        try:
            _tidy(campaign, remote, file)
        except RemoteRefused as error:
            around.ledger.notices.post(campaign.name, CAUSE, error, around.now())
            refusals += 1
            if refusals == ENOUGH_REFUSALS:
                return
        else:
            around.ledger.files.tidied(lease, file.id)
    if refusals == 0:
        around.ledger.notices.clear(campaign.name, CAUSE)


def private_name(file: ReadFile) -> str:
    """What a file is called while it is compared; the same after a crash."""
    return f"{PRIVATE_PREFIX}{file.id}-{file.sha256[:16]}"


def _tidy(campaign: Campaign, remote: Remote, file: ReadFile) -> None:
    original = join(campaign.import_path, file.name)
    private = join(campaign.import_path, private_name(file))
    if remote.stat(private) is None:
        found = remote.stat(original)
        if found is None or found.kind != "file":
            return
        try:
            remote.rename(original, private)
        except RemoteMissing:
            return
    rules = campaign.files
    if rules.after_import == "keep" or _content(remote, private) != file.sha256:
        _place(remote, private, _names_to_put_back(campaign, file))
    elif rules.after_import == "delete":
        remote.remove(private)
    elif rules.archive_path is not None:
        _place(remote, private, _names_in_archive(rules.archive_path, file))


def _content(remote: Remote, path: str) -> str:
    taken = _Hash()
    remote.fetch(path, cast("BinaryIO", taken))
    return taken.digest.hexdigest()


def _place(remote: Remote, path: str, names: Iterator[str]) -> None:
    for name in names:
        try:
            remote.rename(path, name)
        except RemoteExists:
            continue
        return


def _names_to_put_back(campaign: Campaign, file: ReadFile) -> Iterator[str]:
    """Its own name, or, where the partner has written that again meanwhile, one beside it."""
    name = PurePosixPath(file.name)
    yield join(campaign.import_path, file.name)
    for number in range(1, 1000):
        yield join(campaign.import_path, f"{name.stem}.{number}{name.suffix}")


def _names_in_archive(archive: str, file: ReadFile) -> Iterator[str]:
    name = PurePosixPath(file.name)
    yield join(archive, file.name)
    yield join(archive, f"{name.stem}.{stamp(file.received_at)}{name.suffix}")
    for number in range(1, 1000):
        yield join(archive, f"{name.stem}.{stamp(file.received_at)}.{number}{name.suffix}")
