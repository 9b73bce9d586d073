"""The state machine, enforced beside the column: a state that is not known and a transition that
is not drawn are refused by the database itself, whoever asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from sftp_sync.errors import LedgerMismatch

REFUSAL = "a state may not follow the one before it"


def statements(dialect: str, table: str, transitions: Iterable[tuple[str, str]]) -> list[str]:
    """The statements that guard `table.state`."""
    allowed = ", ".join(f"'{before}>{after}'" for before, after in sorted(transitions))
    name = f"{table}_state_guard"
    condition = f"(OLD.state || '>' || NEW.state) NOT IN ({allowed})"
    if dialect == "sqlite":
        return [
            (
                f"CREATE TRIGGER {name} BEFORE UPDATE OF state ON {table} "
                f"WHEN NEW.state <> OLD.state AND {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            ),
        ]
    return [
        (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'check_violation'; END $$"
        ),
        (
            f"CREATE TRIGGER {name} BEFORE UPDATE OF state ON {table} FOR EACH ROW "
            f"WHEN (NEW.state <> OLD.state AND {condition}) EXECUTE FUNCTION {name}()"
        ),
    ]


def removals(dialect: str, table: str) -> list[str]:
    """The statements that take the guard away, before a migration puts a new one in its place."""
    name = f"{table}_state_guard"
    if dialect == "sqlite":
        return [f"DROP TRIGGER {name}"]
    return [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"]


def change_check(connection: Connection, table: str, name: str, before: str, after: str) -> None:
    """Put another condition in the place of a table's check, for what is written from now on."""
    if connection.dialect.name != "sqlite":
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        connection.execute(
            text(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({after}) NOT VALID")
        )
        return
    # The other way that SQLite has is to copy the table, and its million rows, and to switch off
    # the references to it meanwhile. Nothing but the check is another, so the table is as it was.
    connection.execute(text("PRAGMA writable_schema = ON"))
    changed = text(
        "UPDATE sqlite_schema SET sql = replace(sql, :before, :after)"
        " WHERE type = 'table' AND name = :table AND instr(sql, :before) > 0"
    )
    found = connection.execute(changed, {"table": table, "before": before, "after": after})
    if found.rowcount != 1:
        raise LedgerMismatch(
            f"The table {table} is not as it was made: the ledger was changed from outside.",
            fix="Restore the last backup, or ask for help before anything is sent.",
        )
    version = connection.execute(text("PRAGMA schema_version")).scalar_one()
    # Whoever has the ledger open reads the tables anew.
    connection.execute(text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(text("PRAGMA writable_schema = RESET"))


def confirm_check(connection: Connection, table: str, name: str) -> None:
    """Have it hold for what was there before, too."""
    if connection.dialect.name != "sqlite":
        connection.execute(text(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))


def only_where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
