"""What staged bytes are: new, ours, or met before. Identity is the content."""

from __future__ import annotations

from dataclasses import dataclass

from sftp_sync.intake.reading import reading_of
from sftp_sync.ledger import Ledger
from sftp_sync.model import Campaign, FileRecord, FileState, StagedFile


@dataclass(frozen=True)
class New:
    """Bytes that were never imported for this vendor campaign."""


@dataclass(frozen=True)
class Ours:
    """A file that we composed for a partner ourselves."""


@dataclass(frozen=True)
class Known:
    """This name with these bytes has been dealt with: there is nothing more to say."""

    file_id: int


@dataclass(frozen=True)
class Repeat:
    """Bytes that were imported before, under another name or time."""

    first: FileRecord


def recognise(
    staged: StagedFile, campaign: Campaign, ledger: Ledger
) -> New | Ours | Known | Repeat:
    """Decide what to do with a staged file."""
    alike = ledger.files.latest_alike(campaign.name, staged)
    if ledger.deliveries.is_ours(staged.sha256):
        return Known(alike.id) if alike is not None else Ours()
    first = ledger.files.first_import(campaign, staged.sha256)
    if first is None:
        if alike is None or alike.reading != reading_of(campaign):
            return New()
        return Known(alike.id)
    # What left the inbox when it was read and is there again was dropped anew, not only touched.
    if alike is None or alike.tidy == "done":
        return Repeat(first)
    told = alike.id != first.id and alike.state != FileState.UNREADABLE
    if told or staged.source.modified_at is None:
        return Known(alike.id)
    return Repeat(first)


def was_refused_unread(unread: StagedFile, campaign: Campaign, ledger: Ledger) -> bool:
    """Whether this file, too large to be read, was refused before and cannot be told from then:
    a server that says no time would have it refused, and a receipt written, at every run.
    """
    if unread.source.modified_at is not None and unread.source.size is not None:
        return False
    alike = ledger.files.latest_alike(campaign.name, unread)
    return alike is not None and alike.reading == reading_of(campaign)
