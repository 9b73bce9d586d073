"""The state machine, enforced beside the column: a transition that is not drawn is refused by the
database itself, whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

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


def only_where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
