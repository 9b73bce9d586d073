"""What a person may have to look at, in all campaigns, in a few short questions: asked all day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine, case, func, select

from sftp_sync.ledger.conditions import FILE_LIES_UNREAD, is_in_doubt
from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.schema import campaigns, files, rows
from sftp_sync.model import BRINGS_NO_ROWS, CampaignRecord, FileRecord, FileState, RowState


@dataclass(frozen=True)
class Trouble:
    """A campaign as far as it may need a person. `files` are those that are held, have rows in
    doubt, or lie in the inbox and cannot be read; of their rows only these are counted.
    `last_received_at`: a list that brought rows.
    """

    known: CampaignRecord
    files: tuple[FileRecord, ...] = ()
    for_a_person: Mapping[int, int] = field(default_factory=dict)
    last_received_at: datetime | None = None


class Troubles:
    """The question of whoever watches."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[str, Trouble]:
        """Every campaign that the ledger has heard of, by its name."""
        with reading(self._engine) as connection:
            known = {
                row.name: CampaignRecord(**row._mapping)  # noqa: SLF001 - the public name of a row's mapping
                for row in connection.execute(select(campaigns))
            }
            doubts = _doubts(connection)
            found: dict[str, list[FileRecord]] = defaultdict(list)
            for file in _files(connection, doubts):
                found[file.campaign].append(file)
            received = dict(connection.execute(LAST_RECEIVED).all())
        stuck = {file_id: number for file_id, (_, number) in doubts.items() if number}
        return {
            name: Trouble(
                known=known.get(name, CampaignRecord(name)),
                files=tuple(found[name]),
                for_a_person={one.id: stuck[one.id] for one in found[name] if one.id in stuck},
                last_received_at=received.get(name),
            )
            for name in {*known, *received}
        }


LAST_RECEIVED = (
    select(files.c.campaign, func.max(files.c.received_at, type_=files.c.received_at.type))
    .where(files.c.state.not_in(BRINGS_NO_ROWS))
    .group_by(files.c.campaign)
)


def _doubts(connection: Connection) -> dict[int, tuple[int, int]]:
    """The rows in doubt of each file, and how many of them nothing but a person can settle."""
    stuck = func.count(case((rows.c.next_look_at.is_(None), 1)))
    asked = select(rows.c.file_id, func.count(), stuck).where(
        is_in_doubt(), rows.c.state == RowState.UNCERTAIN
    )
    found = connection.execute(asked.group_by(rows.c.file_id))
    return {file_id: (number, for_a_person) for file_id, number, for_a_person in found}


def _files(connection: Connection, doubts: dict[int, tuple[int, int]]) -> Iterator[FileRecord]:
    wanted = (
        files.c.id,
        files.c.campaign,
        files.c.name,
        files.c.sha256,
        files.c.size,
        files.c.state,
        files.c.reason,
        files.c.received_at,
        files.c.total,
        FILE_LIES_UNREAD.label("lies_unread"),
    )
    asked = select(*wanted).where(
        (files.c.state == FileState.HELD)
        | FILE_LIES_UNREAD
        | files.c.id.in_(
            select(rows.c.file_id).where(is_in_doubt(), rows.c.state == RowState.UNCERTAIN)
        )
    )
    for file in connection.execute(asked.order_by(files.c.id)):
        in_doubt, _ = doubts.get(file.id, (0, 0))
        values = dict(file._mapping)  # noqa: SLF001 - as above
        values |= {"state": FileState(file.state), "lies_unread": bool(file.lies_unread)}
        yield FileRecord(**values, rows={RowState.UNCERTAIN: in_doubt})
