"""What a person must do about a campaign or this machine, each with what to type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sftp_sync.admission import unknown_name
from sftp_sync.attention.expected import Expectation
from sftp_sync.errors import Who
from sftp_sync.ledger.leftovers import Elsewhere
from sftp_sync.ledger.renames import Suspect
from sftp_sync.model import (
    Campaign,
    CampaignRecord,
    FileRecord,
    FileState,
    Notice,
    RowState,
    many,
)
from sftp_sync.model.normal_form import in_words

SHOWN_FILES = 5
LEAST_FREE_BYTES = 1024**3
# What was said of a disk stands until there is this much room: it is said once, not each time that
# some file comes or goes.
ENOUGH_FREE_BYTES = LEAST_FREE_BYTES * 5 // 4
MACHINE = "this machine"


@dataclass(frozen=True)
class Concern:
    """Something a person must do. `cause` is a word that stays the same over versions; with the
    scope (a campaign, mostly) and the subject (a file, or nothing) it tells one from another.
    `is_quiet`: it is settled without a person in most cases, and nobody is called for it.
    """

    scope: str
    cause: str
    message: str
    fix: str = ""
    who: Who = "you"
    subject: str = ""
    since: datetime | None = None
    is_quiet: bool = False

    @property
    def line(self) -> str:
        """The concern as one line."""
        return f"{self.message} {self.fix}".strip()

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.scope, self.cause, self.subject


@dataclass(frozen=True)
class Scene:
    """What there is to know about a campaign. `for_a_person`: the rows in doubt of each file that
    nothing but a person can settle. Without `now` nothing is expected yet.
    """

    campaign: Campaign
    known: CampaignRecord
    files: Sequence[FileRecord]
    notices: Sequence[Notice]
    for_a_person: Mapping[int, int] = field(default_factory=dict)
    elsewhere: Sequence[Elsewhere] = ()
    suspect: Suspect | None = None
    expected: Expectation | None = None
    last_received_at: datetime | None = None
    now: datetime | None = None


def concerns(scene: Scene) -> list[Concern]:
    """One for each thing, the most pressing first."""
    return [
        *_untested(scene),
        *_renamed(scene),
        *(_noticed(notice) for notice in scene.notices if notice.scope == scene.campaign.name),
        *_missing(scene),
        *_held(scene),
        *_unreadable(scene),
        *_recorded_elsewhere(scene),
        *_doubtful(scene),
    ]


def general_concerns(
    notices: Sequence[Notice], campaigns: Collection[str], free_bytes: int | None
) -> list[Concern]:
    """What concerns no campaign in particular."""
    found = [_noticed(notice) for notice in notices if notice.scope not in campaigns]
    if free_bytes is not None and free_bytes < ENOUGH_FREE_BYTES:
        found.append(
            Concern(
                scope=MACHINE,
                cause="disk_filling",
                message=f"Only {free_bytes // 1024**2} MB are free on the disk of the state"
                " directory: soon nothing can be fetched or written down.",
                fix="Make room there.",
                is_quiet=free_bytes >= LEAST_FREE_BYTES,
            )
        )
    return found


def is_spoken_of(concern: Concern) -> bool:
    """Whether a person is to be called for it."""
    return not concern.is_quiet


def _noticed(notice: Notice) -> Concern:
    return Concern(
        scope=notice.scope,
        cause=notice.kind,
        message=notice.message,
        fix=notice.fix,
        who=notice.who,
        # Two steps may meet the same trouble, and each tells when it is gone.
        subject=notice.cause,
        since=notice.since,
    )


def _untested(scene: Scene) -> Iterator[Concern]:
    name = scene.campaign.name
    if scene.known.connection != scene.campaign.connection:
        yield Concern(
            scope=name,
            cause="connection_untested",
            message="The connection has not passed a test on its present settings.",
            fix=f"Type: sftp-sync test-connection {name}",
        )


def _renamed(scene: Scene) -> Iterator[Concern]:
    if scene.suspect is not None:
        said = unknown_name(scene.suspect)
        yield Concern(scene.campaign.name, "campaign_renamed", said.message, said.fix)


def _missing(scene: Scene) -> Iterator[Concern]:
    # As it was when the inbox was last read to its end: that nobody could look since, or never, is
    # another thing, and said.
    looked_at = scene.known.collected_at
    if scene.expected is None or scene.now is None or looked_at is None:
        return
    deadline = scene.expected.missing_since(min(scene.now, looked_at), scene.last_received_at)
    tested_at = scene.known.tested_at
    if scene.last_received_at is None and tested_at and deadline and deadline < tested_at:
        # Of before the campaign began.
        return
    if deadline is not None and not scene.known.paused:
        yield Concern(
            scope=scene.campaign.name,
            cause="expected_file_missing",
            message=f"No file has come on {deadline:%A, %d %B}, where one is expected by"
            f" {deadline:%H:%M} ({scene.expected.zone}).",
            fix="Ask the partner for it.",
            who="partner",
            since=deadline,
        )


def _held(scene: Scene) -> Iterator[Concern]:
    held = [file for file in scene.files if file.state == FileState.HELD]
    for file in held[:SHOWN_FILES]:
        yield Concern(
            scope=scene.campaign.name,
            cause="file_held",
            subject=f"file {file.id}",
            message=f"File {file.id}, {file.name}, is held: {file.reason}",
            fix=f"Type: sftp-sync release {file.id}, or: sftp-sync reject {file.id}",
            since=file.received_at,
        )
    if len(held) > SHOWN_FILES:
        yield Concern(
            scope=scene.campaign.name,
            cause="file_held",
            subject="more files",
            message=f"{len(held) - SHOWN_FILES} more files are held.",
            fix="Type: sftp-sync files --state held, then: sftp-sync release --all, or:"
            " reject --all",
        )


def _unreadable(scene: Scene) -> Iterator[Concern]:
    unread = [file for file in scene.files if file.lies_unread]
    for file in unread[:SHOWN_FILES]:
        yield Concern(
            scope=scene.campaign.name,
            cause="file_unreadable",
            subject=f"file {file.id}",
            message=f"File {file.id}, {file.name}, cannot be read: {file.reason}",
            fix=f"If nobody needs it, type: sftp-sync reject {file.id}",
            who="partner",
            since=file.received_at,
        )
    if len(unread) > SHOWN_FILES:
        yield Concern(
            scope=scene.campaign.name,
            cause="file_unreadable",
            subject="more unreadable files",
            message=f"{len(unread) - SHOWN_FILES} more files cannot be read.",
            fix="Type: sftp-sync files --state unreadable",
            who="partner",
        )


def _recorded_elsewhere(scene: Scene) -> Iterator[Concern]:
    name, now = scene.campaign.name, in_words(scene.campaign.destination)
    for one in scene.elsewhere:
        told = (
            (sum(one.to_send.values()), "row", "to be sent"),
            (sum(one.in_doubt.values()), "row", "in doubt"),
            (one.open_calls, "call", "not over"),
        )
        counted = [f"{many(number, noun)} {what}" for number, noun, what in told if number]
        files = sorted({*one.to_send, *one.in_doubt})[:SHOWN_FILES]
        give_up = f"sftp-sync reject {min(one.to_send)}" if one.to_send else ""
        fix = (
            "Put the former campaign_id or base_url back; or, if both are the same campaign, type:"
            f" sftp-sync adopt {name}"
        ) + (f"; or give up what is to be sent, type: {give_up}" if give_up else "")
        then = in_words(one.recorded_for)
        of_files = f" of file {', '.join(map(str, files))}" if files else ""
        yield Concern(
            scope=name,
            cause="destination_changed",
            subject=one.recorded_for,
            message=f"{', '.join(counted)}{of_files} were recorded for {then}, and the"
            f" configuration now has {now}: nothing of them is sent, looked into or followed.",
            fix=fix,
        )


def _doubtful(scene: Scene) -> Iterator[Concern]:
    # Nobody looks into what is in doubt where the campaign does not call any more.
    unseen = Counter[int]()
    for one in scene.elsewhere:
        unseen.update(one.not_looked_into)
    for file in scene.files:
        stuck = scene.for_a_person.get(file.id, 0)
        looked_into = file.rows.get(RowState.UNCERTAIN, 0) - stuck - unseen[file.id]
        if stuck > 0:
            yield Concern(
                scope=scene.campaign.name,
                cause="rows_need_a_person",
                subject=f"file {file.id}",
                message=f"{many(stuck, 'row')} of file {file.id}, {file.name}, may have been"
                " called, and nothing that the vendor shows can tell.",
                fix=f"Type: sftp-sync rows {file.id} --state uncertain, then: sftp-sync resolve ROW"
                " accepted (or refused, or resend)",
            )
        if looked_into > 0:
            is_or_are = "is" if looked_into == 1 else "are"
            yield Concern(
                scope=scene.campaign.name,
                cause="rows_in_doubt",
                subject=f"file {file.id}",
                message=f"{many(looked_into, 'row')} of file {file.id}, {file.name}, {is_or_are} in"
                " doubt; sftp-sync looks for the calls by itself.",
                fix=f"To see them, type: sftp-sync rows {file.id} --state uncertain",
                is_quiet=True,
            )
