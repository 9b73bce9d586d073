"""What keeps the promise at the seams: claims that are counted, doubts by a clock that cannot be
set, calls that no row has. And a word of its own for whoever decides: `refused` is the vendor's,
`rejected` a person's, `unreadable` a file's.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from sftp_sync.ledger.guards import change_check, confirm_check, removals, statements
from sftp_sync.ledger.schema import EPOCH
from sftp_sync.model.normal_form import normal_identity

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Two spellings of one vendor campaign become one, but for what would be there twice: a number that
# is in doubt under both, a call that both have. A file that was imported under both stays a first
# import of both.
MERGE = (
    """
    UPDATE rows SET destination_id = :kept WHERE destination_id = :other
    AND NOT (state IN ('sending', 'uncertain') AND EXISTS (
        SELECT 1 FROM rows AS twin WHERE twin.destination_id = :kept AND twin.phone = rows.phone
        AND twin.state IN ('sending', 'uncertain')))
    AND NOT (state = 'accepted' AND EXISTS (
        SELECT 1 FROM rows AS twin WHERE twin.destination_id = :kept
        AND twin.call_id = rows.call_id AND twin.state = 'accepted'))
    """,
    """
    UPDATE files SET destination_id = :kept WHERE destination_id = :other
    AND NOT (original AND EXISTS (
        SELECT 1 FROM files AS twin WHERE twin.destination_id = :kept
        AND twin.sha256 = files.sha256 AND twin.original))
    """,
    """
    UPDATE destinations SET ids_agree = (SELECT max(CAST(one.ids_agree AS INTEGER)) = 1
        FROM destinations AS one WHERE one.id IN (:kept, :other)) WHERE id = :kept
    """,
)

# Until now a destination that takes lists was told by the shape of its identity, and that is wrong
# for a campaign id with a slash; the files that became campaigns there tell it right.
MARK_LIST_TAKERS = """
UPDATE destinations SET takes_lists = true WHERE id IN (
    SELECT files.destination_id FROM launches JOIN files ON files.id = launches.file_id
)
"""

ROW_STATES = (
    "state in ('pending', 'sending', 'accepted', 'already_queued', 'refused', 'uncertain',"
    " 'expired', 'suppressed', 'duplicate', 'invalid')"
)
NEW_ROW_STATES = (
    "state in ('pending', 'sending', 'accepted', 'already_queued', 'refused', 'rejected',"
    " 'uncertain', 'expired', 'suppressed', 'duplicate', 'invalid')"
)
FILE_STATES = (
    "state in ('entering', 'held', 'dispatching', 'following', 'finished', 'refused', 'repeated')"
)
NEW_FILE_STATES = (
    "state in ('entering', 'held', 'dispatching', 'following', 'finished', 'unreadable',"
    " 'rejected', 'repeated')"
)
ROW_TRANSITIONS = {
    "pending": "sending expired duplicate suppressed refused rejected",
    "sending": "accepted already_queued refused pending uncertain",
    "uncertain": "accepted already_queued refused rejected pending sending",
    "refused": "pending",
    "rejected": "pending",
}
FILE_TRANSITIONS = {
    "entering": "held dispatching following finished",
    "held": "dispatching following finished rejected",
    "dispatching": "following finished held",
    "following": "finished dispatching",
    "finished": "dispatching",
    "unreadable": "rejected",
    "rejected": "dispatching",
    "repeated": "held dispatching following finished rejected",
}
TRANSITIONS = {"rows": ROW_TRANSITIONS, "files": FILE_TRANSITIONS}

# What tells a person's word from the vendor's: the sentence that goes with it.
REJECTED = "rejected by the operator"
REJECTED_WITH_A_FILE = """
UPDATE rows SET state = 'rejected' WHERE state = 'refused' AND reason = :word
    AND file_id IN (SELECT id FROM files WHERE reason = :word)
"""
# After keep_days the sentence is gone; nobody had asked the vendor for these.
REJECTED_AND_EMPTIED = """
UPDATE rows SET state = 'rejected' WHERE state = 'refused' AND reason IS NULL AND attempt = 0
    AND file_id IN (
        SELECT id FROM files WHERE reason = :word AND emptied_at IS NOT NULL
    )
"""
# An erased person's row was refused where it was due or in doubt. The vendor's own refusal comes
# after a request, and settles no doubt.
ERASED_UNSENT = """
UPDATE rows SET state = 'rejected' WHERE state = 'refused' AND reason = 'erased by the operator'
    AND launch_id IS NULL AND (attempt = 0 OR doubt_since IS NOT NULL)
"""
COUNTED_BEFORE = """
SELECT id, campaign, reason, calls, counts, outcomes, removed_at, (
    SELECT count(*) FROM rows WHERE rows.file_id = files.id AND rows.state = 'rejected'
) AS rejected FROM files WHERE counts IS NOT NULL ORDER BY id
"""
REJECTED_FILES = """
UPDATE files SET state = 'rejected',
    finished_at = CASE WHEN state = 'finished' THEN COALESCE(finished_at, :now) END
WHERE reason = :word AND state IN ('following', 'finished') AND (
    removed_at IS NULL AND (
        total = 0
        OR EXISTS (SELECT 1 FROM rows WHERE file_id = files.id AND rows.state = 'rejected')
    ) AND NOT EXISTS (
        SELECT 1 FROM rows WHERE file_id = files.id AND rows.state IN (
            'pending', 'sending', 'uncertain', 'accepted', 'already_queued'
        )
    )
    OR removed_at IS NOT NULL AND calls = 0 AND counts LIKE '%"rejected"%'
)
"""
FEWER = "UPDATE totals SET rows = rows - :number WHERE campaign = :campaign AND state = 'refused'"
MORE = "UPDATE totals SET rows = rows + :number WHERE campaign = :campaign AND state = 'rejected'"
FIRST = "INSERT INTO totals (campaign, state, rows) VALUES (:campaign, 'rejected', :number)"

PLACE_LAUNCHES = """
UPDATE launches SET destination_id = (
    SELECT files.destination_id FROM files WHERE files.id = launches.file_id
)
"""


def upgrade() -> None:
    """Add the tables and the columns."""
    _normal_forms()
    _destinations()
    _last_claims()
    _claim_numbers()
    _unheld_calls()
    _doubts()
    _names()
    _launches()
    _indexes()
    _words()


def _normal_forms() -> None:
    connection = op.get_bind()
    known = connection.execute(sa.text("SELECT id, identity FROM destinations ORDER BY id")).all()
    numbers = {identity: number for number, identity in known}
    for number, identity in known:
        normal = normal_identity(identity)
        kept = numbers.setdefault(normal, number)
        if kept != number:
            for statement in MERGE:
                connection.execute(sa.text(statement), {"kept": kept, "other": number})
        elif normal != identity:
            renamed = sa.text("UPDATE destinations SET identity = :normal WHERE id = :number")
            connection.execute(renamed, {"normal": normal, "number": number})


def _launches() -> None:
    op.add_column("launches", sa.Column("destination_id", sa.Integer()))
    op.execute(PLACE_LAUNCHES)


def _indexes() -> None:
    op.drop_index("rows_by_state", "rows")
    columns = ["file_id", "state", "destination_id", "id"]
    op.create_index("rows_by_state", "rows", columns)
    op.create_index("files_by_content", "files", ["sha256"])
    is_accepted = sa.text("state = 'accepted'")
    columns = ["destination_id", "is_test", "queued_at"]
    op.create_index(
        "calls_by_time",
        "rows",
        columns,
        sqlite_where=is_accepted,
        postgresql_where=is_accepted,
    )


def _destinations() -> None:
    for table, name in (("destinations", "takes_lists"), ("rows", "is_test")):
        column: sa.Column[bool] = sa.Column(
            name, sa.Boolean(), server_default=sa.false(), nullable=False
        )
        op.add_column(table, column)
    op.add_column("destinations", sa.Column("claimed_at", sa.BigInteger()))
    op.execute(MARK_LIST_TAKERS)


def _last_claims() -> None:
    rows = sa.table("rows", sa.column("destination_id"), sa.column("claimed_at"))
    places = sa.table("destinations", sa.column("id"), sa.column("claimed_at"))
    # One walk through the rows, whatever the number of destinations.
    last = sa.select(rows.c.destination_id, sa.func.max(rows.c.claimed_at))
    for place, at in op.get_bind().execute(last.group_by(rows.c.destination_id)).all():
        here = sa.update(places).where(places.c.id == place)
        op.get_bind().execute(here.values(claimed_at=at))


def _claim_numbers() -> None:
    facts = sa.table("facts", sa.column("name"), sa.column("value"))
    op.execute(sa.insert(facts).values(name="ledger_id", value=uuid.uuid4().hex))
    op.add_column("leases", sa.Column("mark", sa.Text()))
    # Until now openings were counted there.
    leases = sa.table("leases", sa.column("name"))
    op.execute(sa.delete(leases).where(leases.c.name == "ledger"))
    op.create_table(
        "claim_numbers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _unheld_calls() -> None:
    op.create_table(
        "unheld_calls",
        sa.Column("destination_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["destination_id"], ["destinations.id"]),
        sa.PrimaryKeyConstraint("destination_id", "call_id"),
    )
    op.create_index("unheld_calls_by_number", "unheld_calls", ["destination_id", "phone"])


def _names() -> None:
    op.add_column("campaigns", sa.Column("voice", sa.Text()))
    names = [sa.Column(name, sa.Text(), nullable=False) for name in ("campaign", "door")]
    op.create_table("campaign_doors", *names, sa.PrimaryKeyConstraint("campaign", "door"))
    op.create_index("campaign_doors_by_door", "campaign_doors", ["door"])


def _doubts() -> None:
    for table in ("rows", "launches"):
        op.add_column(table, sa.Column("given_up_boot", sa.Text()))
        op.add_column(table, sa.Column("given_up_clock", sa.Float()))
        op.add_column(table, sa.Column("next_look_clock", sa.Float()))
    op.add_column("rows", sa.Column("claimed_boot", sa.Text()))
    op.add_column("rows", sa.Column("claimed_clock", sa.Float()))
    given_up = sa.text("state in ('refused', 'rejected') and next_look_clock is not null")
    op.create_index(
        "numbers_given_up",
        "rows",
        ["destination_id", "phone"],
        sqlite_where=given_up,
        postgresql_where=given_up,
    )
    op.add_column("rows", sa.Column("supersedes_id", sa.BigInteger()))


def _words() -> None:
    """`refused` was said of three things."""
    connection = op.get_bind()
    for table in TRANSITIONS:
        for statement in removals(connection.dialect.name, table):
            op.execute(statement)
    change_check(connection, "rows", "row_state", ROW_STATES, NEW_ROW_STATES)
    change_check(connection, "files", "file_state", FILE_STATES, NEW_FILE_STATES)
    _rename_states(connection)
    confirm_check(connection, "rows", "row_state")
    confirm_check(connection, "files", "file_state")
    for table, transitions in TRANSITIONS.items():
        pairs = [(old, new) for old, next_ones in transitions.items() for new in next_ones.split()]
        for statement in statements(connection.dialect.name, table, pairs):
            op.execute(statement)


def _rename_states(connection: sa.Connection) -> None:
    connection.execute(sa.text("UPDATE files SET state = 'unreadable' WHERE state = 'refused'"))
    for asked in (REJECTED_WITH_A_FILE, REJECTED_AND_EMPTIED):
        connection.execute(sa.text(asked), {"word": REJECTED})
    connection.execute(sa.text(ERASED_UNSENT))
    # What was counted at the end of a file, before its rows had a word of their own.
    for file in connection.execute(sa.text(COUNTED_BEFORE)).all():
        _count_anew(connection, file)
    now = (datetime.now(UTC) - EPOCH) // timedelta(microseconds=1)
    connection.execute(sa.text(REJECTED_FILES), {"word": REJECTED, "now": now})


def _count_anew(connection: sa.Connection, file: sa.Row[tuple[object, ...]]) -> None:
    """Move the rows that a person rejected from one count to the other."""
    counts = json.loads(file.counts)
    number = file.rejected
    if file.removed_at is not None and file.reason == REJECTED and not file.calls:
        # Its rows are gone. They were all due when a person rejected them.
        number = counts.get("refused", 0)
        _move_total(connection, file.campaign, number)
    if not number:
        return
    counts["refused"] = counts.get("refused", 0) - number
    counts["rejected"] = number
    counts = {state: rows for state, rows in counts.items() if rows}
    values = {"counts": json.dumps(counts), "id": file.id}
    values["outcomes"] = json.dumps(list(_renamed(json.loads(file.outcomes), number)))
    update = "UPDATE files SET counts = :counts, outcomes = :outcomes WHERE id = :id"
    connection.execute(sa.text(update), values)


def _move_total(connection: sa.Connection, campaign: str, number: int) -> None:
    moved = {"campaign": campaign, "number": number}
    connection.execute(sa.text(FEWER), moved)
    if connection.execute(sa.text(MORE), moved).rowcount == 0:
        connection.execute(sa.text(FIRST), moved)


def _renamed(outcomes: list[list[object]], number: int) -> Iterator[list[object]]:
    """What was counted by all that matters: rows that nobody called look all alike."""
    for state, code, status, is_over, quarter, rows, *timed in outcomes:
        taken = min(int(str(rows)), number) if state == "refused" else 0
        number -= taken
        for name, share in ((state, int(str(rows)) - taken), ("rejected", taken)):
            if share:
                yield [name, code, status, is_over, quarter, share, *timed]
