"""Two looks at an inbox, some time apart: what both have seen alike is complete."""

from __future__ import annotations

from sftp_sync.around import Surroundings
from sftp_sync.intake.inbox import lists, settled
from sftp_sync.intake.reading import reading_of
from sftp_sync.model import Campaign, RemoteFile
from sftp_sync.remote.base import Remote


def new_lists(
    campaign: Campaign, remote: Remote, around: Surroundings, *, forgets: bool = False
) -> list[RemoteFile]:
    """The complete contact files that the ledger has not met, oldest first. `forgets` those that
    are there no more.
    """
    listed = lists(remote.list(campaign.import_path), campaign.files)
    if forgets:
        around.ledger.retention.forget_unlisted(campaign.name, listed)
    first = around.ledger.files.unseen(campaign.name, reading_of(campaign), listed)
    if not first or campaign.files.settle_seconds == 0:
        return first
    around.wait(campaign.files.settle_seconds)
    return settled(first, _unseen(campaign, remote, around))


def _unseen(campaign: Campaign, remote: Remote, around: Surroundings) -> list[RemoteFile]:
    found = lists(remote.list(campaign.import_path), campaign.files)
    return around.ledger.files.unseen(campaign.name, reading_of(campaign), found)
