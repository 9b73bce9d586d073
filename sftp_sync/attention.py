"""What a person must do about a campaign, each with what to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sftp_sync.model import Campaign, CampaignRecord, FileRecord, FileState, Notice, RowState

SHOWN_FILES = 5


def attention(
    campaign: Campaign,
    known: CampaignRecord,
    files: Sequence[FileRecord],
    notices: Sequence[Notice],
) -> list[str]:
    """One line for each thing, the most pressing first."""
    return [
        *_untested(campaign, known),
        *(notice.line for notice in notices if notice.scope == campaign.name),
        *_held(files),
        *_doubtful(files),
    ]


def _untested(campaign: Campaign, known: CampaignRecord) -> Iterator[str]:
    if known.connection != campaign.connection:
        yield (
            "The connection has not passed a test on its present settings."
            f" Type: sftp-sync test-connection {campaign.name}"
        )


def _held(files: Sequence[FileRecord]) -> Iterator[str]:
    held = [file for file in files if file.state == FileState.HELD]
    for file in held[:SHOWN_FILES]:
        yield (
            f"File {file.id}, {file.name}, is held: {file.reason}"
            f" Type: sftp-sync release {file.id}, or: sftp-sync reject {file.id}"
        )
    if len(held) > SHOWN_FILES:
        yield (
            f"{len(held) - SHOWN_FILES} more files are held."
            " Type: sftp-sync files --state held, then: sftp-sync release --all, or: reject --all"
        )


def _doubtful(files: Sequence[FileRecord]) -> Iterator[str]:
    for file in files:
        doubtful = file.rows.get(RowState.UNCERTAIN, 0)
        if doubtful:
            yield (
                f"{doubtful} rows of file {file.id}, {file.name}, are in doubt."
                f" Type: sftp-sync rows {file.id} --state uncertain"
            )
