"""PostgreSQL databases that are used again, emptied: a tenth of the work of making new ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
from psycopg import sql

from tests.support.postgresql import PostgreSql

MUCH_BYTES = 4_000_000
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
SEQUENCES = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"
SIZE = "SELECT pg_database_size(current_database())"
# What a test may have changed beside rows: then nobody else uses its database.
SHAPE = """
SELECT array_agg(what ORDER BY what) FROM (
    SELECT concat(relname, ' ', attname, ' ', attnum, atttypid::regtype, attnotnull) AS what
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(pg_get_triggerdef(oid), tgenabled) FROM pg_trigger
    WHERE NOT tgisinternal
    UNION ALL SELECT concat(proname, md5(prosrc)) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat(conrelid::regclass, ' ', conname, ' ', pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT unnest(setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT version_num FROM alembic_version
) AS everything
"""
OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class UsedAgain:
    """Databases that are all like one that is kept as it is."""

    def __init__(self, server: PostgreSql, template: str) -> None:
        self._server = server
        self._template = template
        self._left: list[str] = []
        with server.administer(template) as administrator:
            self._shape = administrator.execute(SHAPE).fetchone()
            self._size = _size(administrator)
            names = [str(name) for (name,) in administrator.execute(TABLES)]
            self._rows = {name: _rows(administrator, name) for name in names}

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """One of them for as long as the block lasts, with whoever is still connected to it."""
        name = self._left.pop() if self._left else self._server.create(self._template)
        try:
            yield name
        finally:
            if self._is_like_new(name):
                self._left.append(name)
            else:
                self._server.drop(name)

    def _is_like_new(self, name: str) -> bool:
        """Put its rows back to how they were, if nothing else has changed."""
        try:
            with self._server.administer(name) as administrator:
                administrator.execute(OTHERS)
                if administrator.execute(SHAPE).fetchone() != self._shape:
                    return False
                self._put_rows_back(administrator)
                return _size(administrator) < self._size + MUCH_BYTES
        except psycopg.Error:
            return False

    def _put_rows_back(self, administrator: psycopg.Connection) -> None:
        with administrator.transaction():
            # Whatever watches over rows has nothing to say here.
            administrator.execute("SET LOCAL session_replication_role = replica")
            emptying = [
                sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in self._rows
            ]
            administrator.execute(sql.SQL("; ").join(emptying))
            administrator.execute(SEQUENCES)
            for name, rows in self._rows.items():
                for row in rows:
                    values = sql.SQL(", ").join(map(sql.Literal, row))
                    into = sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE VALUES ({})")
                    administrator.execute(into.format(sql.Identifier(name), values))


def _rows(administrator: psycopg.Connection, table: str) -> list[tuple[object, ...]]:
    asked = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
    return administrator.execute(asked).fetchall()


def _size(administrator: psycopg.Connection) -> int:
    found = administrator.execute(SIZE).fetchone()
    assert found is not None
    return int(found[0])
