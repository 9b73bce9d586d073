"""After import: a file that is safe in the ledger is moved or deleted at the partner's.

Only what was read goes: the file is renamed to a private name first, compared with what was read,
and put back if it differs. Every step can be repeated after a crash, because the private name is
known from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import join

from sftp_sync.around import Surroundings
from sftp_sync.errors import RemoteExists, RemoteMissing, RemoteRefused
from sftp_sync.intake.inbox import PRIVATE_PREFIX
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Campaign, ReadFile, RemoteFile
from sftp_sync.outbox.content import sha256_at
from sftp_sync.outbox.names import marked, stamp
from sftp_sync.outbox.refusals import Refusals
from sftp_sync.remote.base import Remote

CAUSE = "after_import"
ENOUGH_NAMES = 1000


def tidy_due(
    campaign: Campaign,
    remote: Remote,
    around: Surroundings,
    lease: Lease,
    refusals: Refusals | None = None,
) -> None:
    """Move or delete what was read; a refusal is said and tried again at the next run."""
    refusals = Refusals() if refusals is None else refusals
    for file in around.ledger.files.untidy(campaign.name):
        if not refusals.is_worth_asking(file.id):
            continue
        try:
            was_replaced = _tidy(campaign, remote, file)
        except RemoteRefused as error:
            around.ledger.notices.post(campaign.name, CAUSE, error, around.now())
            refusals.note(file.id)
            continue
        refusals.end_row()
        if was_replaced:
            _forget(campaign, around, lease, file)
        around.ledger.files.tidied(lease, file.id)
    if not refusals.refused:
        around.ledger.notices.clear(campaign.name, CAUSE)


def private_name(file: ReadFile) -> str:
    """What a file is called while it is compared; the same after a crash."""
    return f"{PRIVATE_PREFIX}{file.id}-{file.sha256[:16]}"


def _tidy(campaign: Campaign, remote: Remote, file: ReadFile) -> bool:
    """Whether something else lay there than what was read; that is left, under its own name."""
    original = join(campaign.import_path, file.name)
    private = join(campaign.import_path, private_name(file))
    if remote.stat(private) is None:
        found = remote.stat(original)
        if found is None or found.kind != "file":
            return False
        try:
            remote.rename(original, private)
        except RemoteMissing:
            return False
    try:
        is_what_was_read = sha256_at(remote, private) == file.sha256
        if is_what_was_read and campaign.files.after_import != "keep":
            _clear_away(campaign, remote, file, private)
            return False
    except RemoteRefused:
        # It must not stay hidden under our name until somebody has mended the archive.
        _place(remote, private, _names_to_put_back(campaign, file))
        raise
    _place(remote, private, _names_to_put_back(campaign, file))
    return not is_what_was_read


def _clear_away(campaign: Campaign, remote: Remote, file: ReadFile, private: str) -> None:
    archive = campaign.files.archive_path
    if campaign.files.after_import == "delete" or archive is None:
        remote.remove(private)
    else:
        _place(remote, private, _names_in_archive(archive, file))


def _forget(campaign: Campaign, around: Surroundings, lease: Lease, file: ReadFile) -> None:
    """What was put back may look in size and time like what was read: it must be fetched again."""
    around.ledger.files.sight(lease, campaign.name, RemoteFile(file.name, None, None), file.id)


def _place(remote: Remote, path: str, names: Iterator[str]) -> None:
    """Give it the first name that is free."""
    for name in names:
        try:
            remote.rename(path, name)
        except RemoteExists as error:
            taken = error
            continue
        return
    raise taken


def _names_to_put_back(campaign: Campaign, file: ReadFile) -> Iterator[str]:
    """Its own name, or, where the partner has written that again meanwhile, one beside it."""
    yield join(campaign.import_path, file.name)
    for number in range(1, ENOUGH_NAMES):
        yield join(campaign.import_path, marked(file.name, f".{number}"))


def _names_in_archive(archive: str, file: ReadFile) -> Iterator[str]:
    received = f".{stamp(file.received_at)}"
    yield join(archive, file.name)
    yield join(archive, marked(file.name, received))
    for number in range(1, ENOUGH_NAMES):
        yield join(archive, marked(file.name, f"{received}.{number}"))
