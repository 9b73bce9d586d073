"""Whether the ids of the vendor's answers and those of its list are of one kind: nowhere said, so
it is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exists, select

from sftp_sync.ledger.conditions import is_accepted, is_called
from sftp_sync.ledger.destinations import destination_id
from sftp_sync.ledger.schema import destinations, rows

AT_ONCE = 500


def held_ids(connection: Connection, destination: str, phones: Sequence[str]) -> set[str]:
    """The calls to these numbers that belong to a row already, by their ids."""
    here = rows.c.destination_id == destination_id(connection, destination)
    found: set[str] = set()
    for start in range(0, len(phones), AT_ONCE):
        these = rows.c.phone.in_(phones[start : start + AT_ONCE])
        asked = select(rows.c.call_id).where(here, these, is_called())
        found.update(id_ for id_ in connection.execute(asked).scalars() if id_ is not None)
    return found


def do_ids_agree(connection: Connection, destination: str) -> bool:
    """Whether an id that an answer gave us was ever seen in the vendor's list."""
    asked = select(destinations.c.ids_agree).where(destinations.c.identity == destination)
    return bool(connection.execute(asked).scalar_one_or_none())


def is_any_ours(connection: Connection, destination: str, listed: Sequence[str]) -> bool:
    """Whether any of the listed ids is one that an answer gave us."""
    place = destination_id(connection, destination)
    for start in range(0, len(listed), AT_ONCE):
        ours = exists().where(
            rows.c.destination_id == place,
            rows.c.call_id.in_(listed[start : start + AT_ONCE]),
            is_accepted(),
            rows.c.id_source == "answer",
        )
        if connection.execute(select(ours)).scalar_one():
            return True
    return False
