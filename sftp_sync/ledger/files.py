"""Contact files in the ledger: looked up, shown, and decided on by a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    case,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)

from sftp_sync.errors import UsageError
from sftp_sync.ledger import gap
from sftp_sync.ledger.claim_numbers import ClaimNumbers
from sftp_sync.ledger.destinations import place_of
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.launched import shelve
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.progress import advance, ended, state_by_rows, was_called
from sftp_sync.ledger.records import FILE_COLUMNS, AnyRow, file_records
from sftp_sync.ledger.schema import files, rows
from sftp_sync.ledger.sightings import ANY_READING, READ_ANEW, name_of, raw_name, sight, unseen
from sftp_sync.model import (
    Campaign,
    Code,
    FilePlan,
    FileRecord,
    FileState,
    ReadFile,
    RemoteFile,
    RowState,
    StagedFile,
)

IS_FILE = files.c.state != FileState.ENTERING
VERDICT = (rows.c.state, rows.c.code, rows.c.reason)
UNTOUCHED = and_(rows.c.state == RowState.PENDING, rows.c.attempt == 0)
REJECTED = "rejected by the operator"
RELEASABLE = (FileState.HELD, FileState.REPEATED)
REJECTABLE = (*RELEASABLE, FileState.UNREADABLE)


class Files:
    """The verbs for contact files."""

    def __init__(self, engine: Engine, numbers: ClaimNumbers) -> None:
        self._engine = engine
        self._numbers = numbers

    def unseen(
        self, campaign: str, reading_now: str, entries: Sequence[RemoteFile]
    ) -> list[RemoteFile]:
        """Those of a listing that were not met before by name, size and time."""
        with reading(self._engine) as connection:
            return unseen(connection, campaign, reading_now, entries)

    def sight(self, lease: Lease, campaign: str, source: RemoteFile, file_id: int) -> None:
        """Remember that this name, with this size and time, is a file we know."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            sight(connection, campaign, source, file_id)

    def first_import(self, campaign: Campaign, sha256: str) -> FileRecord | None:
        """The file that first brought these bytes to this campaign of ours, wherever it called
        then, or to this campaign of the vendor's, under whatever name.
        """
        with reading(self._engine) as connection:
            asked = select(*FILE_COLUMNS).where(
                files.c.sha256 == sha256,
                files.c.original,
                (files.c.destination_id == place_of(campaign))
                | (files.c.campaign == campaign.name),
            )
            first = asked.order_by(files.c.id).limit(1)
            found = file_records(connection, connection.execute(first).all())
        return found[0] if found else None

    def latest_alike(self, campaign: str, staged: StagedFile) -> AnyRow | None:
        """The latest file here of this name and content: its id, state, `reading` and `tidy`."""
        asked = select(files.c.id, files.c.state, files.c.reading, files.c.tidy).where(
            IS_FILE,
            files.c.campaign == campaign,
            files.c.sha256 == staged.sha256,
            files.c.name_raw == raw_name(staged.source.name),
        )
        with reading(self._engine) as connection:
            return connection.execute(asked.order_by(files.c.id.desc()).limit(1)).one_or_none()

    def all(self, campaign: str | None = None) -> list[FileRecord]:
        """The files, oldest first."""
        asked = select(*FILE_COLUMNS).where(IS_FILE)
        if campaign is not None:
            asked = asked.where(files.c.campaign == campaign)
        with reading(self._engine) as connection:
            return file_records(connection, connection.execute(asked.order_by(files.c.id)).all())

    def get(self, file_id: int) -> FileRecord:
        """One file, or what to type instead."""
        asked = select(*FILE_COLUMNS).where(IS_FILE, files.c.id == file_id)
        with reading(self._engine) as connection:
            found = file_records(connection, connection.execute(asked).all(), anew=True)
        if not found:
            raise UsageError(f"There is no file {file_id}.", fix="Type: sftp-sync files")
        return found[0]

    def dispatching(self) -> set[str]:
        """The campaigns with files of which rows may still be sent or are in doubt."""
        # Word for word as the partial index has it, or SQLite reads every file.
        asked = select(files.c.campaign).distinct().where(text("state = 'dispatching'"))
        with reading(self._engine) as connection:
            return set(connection.execute(asked).scalars())

    def held(self) -> list[int]:
        """The files that wait for a person."""
        asked = select(files.c.id).where(files.c.state == FileState.HELD).order_by(files.c.id)
        with reading(self._engine) as connection:
            return list(connection.execute(asked).scalars())

    def release(self, file_id: int) -> FileRecord:
        """Let a held file's rows be sent, or import a repeated one after all."""
        with writing(self._engine) as connection:
            file = _undecided(connection, file_id, "release", RELEASABLE)
            if file.state == FileState.REPEATED:
                refuse_if_emptied(connection, file)
                copy_rows(connection, file)
            if file.calls:
                # It was held in the middle, by limits.calls_per_file: not again.
                waived = update(files).where(files.c.id == file_id)
                connection.execute(waived.values(limit_waived=True))
            _settle(connection, file_id, reason=None)
            if file.state == FileState.REPEATED:
                gap.mark(connection, file_id)
        return self.get(file_id)

    def read_again(self, file_id: int) -> FileRecord:
        """Let the next run read an unreadable file once more, as if it had never met it."""
        with writing(self._engine) as connection:
            file = _undecided(connection, file_id, "release", (FileState.UNREADABLE,))
            if file.reading == ANY_READING:
                raise UsageError(
                    f"File {file_id} was composed by us, and is not imported.",
                    fix="To call these people, have the partner send a list of theirs.",
                )
            again = update(files).where(files.c.id == file_id).values(reading=READ_ANEW)
            connection.execute(again)
        return self.get(file_id)

    def reject(self, file_id: int) -> FileRecord:
        """Decide that a file is not to be sent, or is of no use: its rows become `rejected`."""
        with self._numbers.deciding() as connection:
            file = _undecided(connection, file_id, "reject", REJECTABLE)
            connection.execute(
                update(rows)
                .where(rows.c.file_id == file_id, rows.c.state == RowState.PENDING)
                .values(state=RowState.REJECTED, reason=REJECTED),
            )
            was_unreadable = file.state == FileState.UNREADABLE
            reason = f"{REJECTED}: {file.reason}" if was_unreadable else REJECTED
            _settle(connection, file_id, reason=reason, is_rejected=True)
        return self.get(file_id)

    def reject_elsewhere(
        self, file_id: int, campaign: Campaign | None, now: datetime
    ) -> FileRecord:
        """Decide that those rows of a file are not sent which were recorded for a destination that
        its campaign, None where it is not configured, does not have any more.
        """
        place = None if campaign is None else place_of(campaign)
        with self._numbers.deciding() as connection:
            file = _undecided(connection, file_id, "reject", (FileState.DISPATCHING,))
            there = (rows.c.file_id == file_id) & (rows.c.state == RowState.PENDING)
            there &= rows.c.destination_id.is_distinct_from(place)
            for launch_id in connection.execute(_unstarted_launches_of(there)).scalars().all():
                shelve(connection, launch_id, REJECTED, now)
            rejected = update(rows).where(there)
            told = rejected.values(state=RowState.REJECTED, reason=REJECTED)
            if connection.execute(told).rowcount == 0:
                _refuse_to(file, "reject", REJECTABLE)
            advance(connection, file_id)
        return self.get(file_id)

    def plan(self, file_id: int) -> FilePlan:
        """How the rows of a file are put to the vendor, as it was when the file was received."""
        asked = select(files.c.sha256, files.c.understanding, files.c.mapping)
        with reading(self._engine) as connection:
            row = connection.execute(asked.where(files.c.id == file_id)).one()
        understood, mapping = json.loads(row.understanding), json.loads(row.mapping)
        payload = mapping["payload"]
        return FilePlan(
            sha256=row.sha256,
            header=tuple(understood["header"]),
            phone_columns=tuple(understood["phone_columns"]),
            payload=tuple(payload) if isinstance(payload, list) else payload,
            context=mapping["context"],
        )

    def untidy(self, campaign: str) -> list[ReadFile]:
        """Files that are safe here and still lie in the partner's inbox, oldest first."""
        asked = select(files.c.id, files.c.name_raw, files.c.sha256, files.c.received_at)
        here = asked.where(files.c.campaign == campaign, files.c.tidy == "due")
        with reading(self._engine) as connection:
            found = connection.execute(here.order_by(files.c.id)).all()
        return [
            ReadFile(row.id, name_of(row.name_raw), row.sha256, row.received_at) for row in found
        ]

    def tidied(self, lease: Lease, file_id: int) -> None:
        """It lies in the inbox no more."""
        with writing(self._engine) as connection:
            lease.guard(connection)
            connection.execute(update(files).where(files.c.id == file_id).values(tidy="done"))


def refuse_if_emptied(connection: Connection, file: AnyRow) -> None:
    """What was deleted cannot be sent once more."""
    asked = select(files.c.emptied_at).where(files.c.id == file.first_file_id)
    emptied_at = connection.execute(asked).scalar_one_or_none()
    if emptied_at is not None:
        raise UsageError(
            f"The rows of file {file.first_file_id}, which first brought these bytes, were emptied"
            f" on {emptied_at:%Y-%m-%d} (keep_days).",
            fix="Drop the list again with any change, as a blank line at its end: then it is a new"
            " file.",
        )


def _undecided(
    connection: Connection, file_id: int, verb: str, waiting: Sequence[FileState]
) -> AnyRow:
    asked = select(files).where(files.c.id == file_id, IS_FILE).with_for_update()
    file = connection.execute(asked).one_or_none()
    if file is None:
        raise UsageError(f"There is no file {file_id}.", fix="Type: sftp-sync files")
    if file.state not in waiting:
        _refuse_to(file, verb, waiting)
    return file


def _refuse_to(file: AnyRow, verb: str, waiting: Sequence[FileState]) -> NoReturn:
    raise UsageError(
        f"File {file.id} is {file.state}: there is nothing to {verb}.",
        fix=f"Only files that are {' or '.join(waiting)} wait for that decision.",
    )


def _unstarted_launches_of(which: ColumnElement[bool]) -> Select[int]:
    """The campaigns that were made of these rows and not started: theirs are not to be any more."""
    asked = select(rows.c.launch_id).where(which, rows.c.launch_id.is_not(None))
    return asked.distinct()


def _settle(
    connection: Connection, file_id: int, reason: str | None, *, is_rejected: bool = False
) -> None:
    """Give a decided file the state that its rows call for. One that was rejected when it had been
    called in part is still to be followed.
    """
    total = select(func.count()).where(rows.c.file_id == file_id).scalar_subquery()
    state = state_by_rows(connection, file_id)
    values = ended(connection, state)
    if is_rejected and not was_called(connection, file_id):
        state = FileState.REJECTED
    values |= {"state": state, "reason": reason, "total": total}
    connection.execute(update(files).where(files.c.id == file_id).values(**values))


def copy_rows(connection: Connection, file: AnyRow) -> None:
    """The rows of the first import once more: the bytes are the same, so the rows are too."""
    first = connection.execute(select(files).where(files.c.id == file.first_file_id)).one()
    kept = [rows.c.line, rows.c.phone, rows.c.cells, rows.c.column_name]
    names = ["file_id", "destination_id", *(column.name for column in kept)]
    names += ["state", "code", "reason"]
    settled = and_(rows.c.code.is_not(None), rows.c.code != Code.CALLED_RECENTLY)
    # What became of the first import says nothing about this one; a note about the number does.
    note = case((UNTOUCHED, rows.c.reason))
    due = (literal(str(RowState.PENDING)), null(), note)
    for verdict, which in ((VERDICT, settled), (due, ~settled)):
        source = select(literal(file.id), literal(file.destination_id), *kept, *verdict)
        rows_of_it = source.where(rows.c.file_id == first.id, which)
        connection.execute(insert(rows).from_select(names, rows_of_it))
    connection.execute(
        update(files)
        .where(files.c.id == file.id)
        .values(understanding=first.understanding, mapping=first.mapping),
    )
