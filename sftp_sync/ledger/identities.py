"""Whether the ids of the vendor's answers and those of its list are of one kind: nowhere said, so
it is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exists, select

from sftp_sync.ledger.conditions import is_accepted
from sftp_sync.ledger.destinations import destination_id
from sftp_sync.ledger.schema import rows

AT_ONCE = 500


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
