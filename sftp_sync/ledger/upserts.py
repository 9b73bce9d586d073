"""Writing what another process may be writing at the same moment: the database decides, once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_if_absent(connection: Connection, into: Table, values: Mapping[str, object]) -> None:
    """A row, unless one like it is there or is being made right now."""
    made = _insert(connection, into).values(dict(values))
    connection.execute(made.on_conflict_do_nothing())


def put(
    connection: Connection,
    into: Table,
    values: Mapping[str, object],
    *,
    keep: Collection[str] = (),
) -> None:
    """A row by its primary key, new or changed. Columns in `keep` stay as they first were."""
    made = _insert(connection, into).values(dict(values))
    key = [column.name for column in into.primary_key]
    changed = {name: made.excluded[name] for name in values if name not in {*key, *keep}}
    connection.execute(made.on_conflict_do_update(index_elements=key, set_=changed))


def add(connection: Connection, into: Table, values: Mapping[str, object], column: str) -> None:
    """A number, on top of the one that is there under the same primary key."""
    made = _insert(connection, into).values(dict(values))
    key = [one.name for one in into.primary_key]
    summed = {column: into.c[column] + made.excluded[column]}
    connection.execute(made.on_conflict_do_update(index_elements=key, set_=summed))


def count_up(connection: Connection, into: Table, values: Mapping[str, object], column: str) -> int:
    """As `add`, and the sum: nobody else has the same one."""
    made = _insert(connection, into).values(dict(values))
    key = [one.name for one in into.primary_key]
    summed = {column: into.c[column] + made.excluded[column]}
    counted = made.on_conflict_do_update(index_elements=key, set_=summed)
    number: int = connection.execute(counted.returning(into.c[column])).scalar_one()
    return number


def _insert(connection: Connection, into: Table) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert  # noqa: PLC0415 - one database is enough

        return insert(into)
    from sqlalchemy.dialects.postgresql import insert as insert_there  # noqa: PLC0415 - as above

    return insert_there(into)
