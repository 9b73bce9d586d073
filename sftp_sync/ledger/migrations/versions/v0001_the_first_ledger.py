"""The first ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sftp_sync.ledger.guards import only_where, statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_STATE = (
    "state in ('pending', 'sending', 'accepted', 'already_queued', 'refused', 'uncertain',"
    " 'expired', 'suppressed', 'duplicate', 'invalid')"
)
FILE_STATE = (
    "state in ('entering', 'held', 'dispatching', 'following', 'finished', 'refused', 'repeated')"
)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROW_TRANSITIONS = {
    "pending": "sending expired duplicate suppressed refused",
    "sending": "accepted already_queued refused pending uncertain",
    "uncertain": "accepted already_queued refused pending sending",
    "refused": "pending",
}
FILE_TRANSITIONS = {
    "entering": "held dispatching following finished",
    "held": "dispatching following finished",
    "dispatching": "following finished held",
    "following": "finished dispatching",
    "finished": "dispatching",
    "repeated": "dispatching following finished",
}
LAUNCH_STATE = (
    "state in ('planned', 'drafted', 'starting', 'uncertain', 'started', 'stale', 'refused')"
)
LAUNCH_TRANSITIONS = {
    "planned": "drafted stale",
    "drafted": "starting stale",
    "starting": "started uncertain drafted",
    "uncertain": "starting started stale refused",
}
GUARDED = {
    "rows": ROW_TRANSITIONS,
    "files": FILE_TRANSITIONS,
    "launches": LAUNCH_TRANSITIONS,
}


def upgrade() -> None:
    """Make the tables and the guards beside their states."""
    _campaigns()
    _destinations()
    _facts()
    _leases()
    _notices()
    _announcements()
    _runs()
    _spending()
    _suppressions()
    _files()
    _totals()
    _deliveries()
    _sightings()
    _launches()
    _rows()
    _evidence()
    dialect = op.get_bind().dialect.name
    for table, transitions in GUARDED.items():
        pairs = [(old, new) for old, next_ones in transitions.items() for new in next_ones.split()]
        for statement in statements(dialect, table, pairs):
            op.execute(statement)


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("connection", sa.Text()),
        sa.Column("tested_at", sa.BigInteger()),
        sa.Column("tested_ok", sa.Boolean()),
        sa.Column("collected_at", sa.BigInteger()),
        sa.Column("refused_sign_ins", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("not_before", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name"),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("planned", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("served_until", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("ok", sa.Boolean()),
        sa.Column("succeeded_at", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retry_at", sa.BigInteger()),
        sa.CheckConstraint("step in ('collect', 'follow', 'wind_up')", name="run_step"),
        sa.PrimaryKeyConstraint("campaign", "step"),
    )


def _destinations() -> None:
    op.create_table(
        "destinations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("ids_agree", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("identity"),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("host", sa.Text()),
        sa.Column("lock", sa.Text()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("renewed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "cause"),
    )


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("target", "scope", "cause", "subject"),
    )


def _spending() -> None:
    op.create_table(
        "spending",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "day"),
    )


def _suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("phone"),
    )
    op.create_table(
        "suppression_lists",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer()),
        sa.Column("name", sa.Text()),
        sa.Column("sha256", sa.Text()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("modified_at", sa.BigInteger()),
        sa.Column("dated_at", sa.BigInteger()),
        sa.Column("taken_at", sa.BigInteger()),
        sa.Column("numbers", sa.BigInteger()),
        sa.Column("unreadable", sa.BigInteger()),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("campaign"),
    )
    op.create_table(
        "listed_numbers",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "generation", "phone"),
    )


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("destination_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_raw", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger()),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("original", sa.Boolean(), nullable=False),
        sa.Column("first_file_id", BIG_ID),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("understanding", sa.Text()),
        sa.Column("mapping", sa.Text()),
        sa.Column("total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tidy", sa.Text(), server_default=sa.text("'none'"), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("limit_waived", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("counts", sa.Text()),
        sa.Column("outcomes", sa.Text()),
        sa.Column("emptied_at", sa.BigInteger()),
        sa.Column("removed_at", sa.BigInteger()),
        sa.CheckConstraint(FILE_STATE, name="file_state"),
        sa.CheckConstraint("tidy in ('none', 'due', 'done')", name="file_tidy"),
        sa.ForeignKeyConstraint(
            ["destination_id"],
            ["destinations.id"],
        ),
        sa.ForeignKeyConstraint(
            ["first_file_id"],
            ["files.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("files_of_campaign", "files", ["campaign", "state", "id"], unique=False)
    op.create_index(
        "files_dispatching",
        "files",
        ["campaign"],
        unique=False,
        **only_where("state = 'dispatching'"),
    )
    op.create_index(
        "one_first_import",
        "files",
        ["destination_id", "sha256"],
        unique=True,
        **only_where("original"),
    )


def _totals() -> None:
    op.create_table(
        "totals",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "state"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("file_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("spooled", sa.Text(), nullable=False),
        sa.Column("may_replace", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint("kind in ('receipt', 'rejects', 'results')", name="delivery_kind"),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["files.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign", "folder", "name", name="one_delivery_per_name"),
    )
    op.create_index("deliveries_by_content", "deliveries", ["sha256"], unique=False)
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["campaign", "id"],
        unique=False,
        **only_where("delivered_at is null"),
    )
    op.create_index("deliveries_of_file", "deliveries", ["file_id"], unique=False)


def _sightings() -> None:
    op.create_table(
        "sightings",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("name_raw", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("file_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("campaign", "name_raw"),
    )


def _launches() -> None:
    op.create_table(
        "launches",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("file_id", BIG_ID, nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("assistant_id", sa.Text()),
        sa.Column("phone_number_id", sa.Text()),
        sa.Column("recipients", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.Text()),
        sa.Column("status", sa.Text()),
        sa.Column("counts", sa.Text()),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_at", sa.BigInteger()),
        sa.Column("claimant", sa.Text()),
        sa.Column("day", sa.Text()),
        sa.Column("doubt_since", sa.BigInteger()),
        sa.Column("given_up_at", sa.BigInteger()),
        sa.Column("next_look_at", sa.BigInteger()),
        sa.Column("looks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("is_orphan", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint(LAUNCH_STATE, name="launch_state"),
        sa.CheckConstraint(
            "state in ('planned', 'stale') or vendor_id is not null", name="launch_id"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["files.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("launches_of_campaign", "launches", ["campaign", "state", "id"], unique=False)
    op.create_index("launches_of_file", "launches", ["file_id", "id"], unique=False)
    op.create_index(
        "one_open_launch",
        "launches",
        ["file_id"],
        unique=True,
        **only_where("state in ('planned', 'drafted', 'starting', 'uncertain')"),
    )


def _rows() -> None:
    op.create_table(
        "rows",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("file_id", BIG_ID, nullable=False),
        sa.Column("destination_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text()),
        sa.Column("code", sa.Text()),
        sa.Column("column_name", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_at", sa.BigInteger()),
        sa.Column("claimant", sa.Text()),
        sa.Column("doubt_since", sa.BigInteger()),
        sa.Column("given_up_at", sa.BigInteger()),
        sa.Column("next_look_at", sa.BigInteger()),
        sa.Column("looks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("call_id", sa.Text()),
        sa.Column("id_source", sa.Text()),
        sa.Column("matched_by", sa.Text()),
        sa.Column("call_status", sa.Text()),
        sa.Column("call_retries", sa.Integer()),
        sa.Column("call_duration", sa.Float()),
        sa.Column("queued_at", sa.BigInteger()),
        sa.Column("call_updated_at", sa.BigInteger()),
        sa.Column("over_at", sa.BigInteger()),
        sa.Column("delivery_id", BIG_ID),
        sa.Column("launch_id", BIG_ID),
        sa.CheckConstraint(
            "state in ('invalid', 'duplicate') or phone is not null", name="row_phone"
        ),
        sa.CheckConstraint(
            "phone <> '' or state not in ('pending', 'sending', 'uncertain')", name="row_erased"
        ),
        sa.CheckConstraint(ROW_STATE, name="row_state"),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
        ),
        sa.ForeignKeyConstraint(
            ["launch_id"],
            ["launches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["destination_id"],
            ["destinations.id"],
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["files.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file_id", "line", name="one_row_per_line"),
    )
    op.create_index(
        "numbers_called",
        "rows",
        ["destination_id", "phone", "queued_at"],
        unique=False,
        **only_where("state in ('accepted', 'already_queued')"),
    )
    op.create_index(
        "one_in_doubt",
        "rows",
        ["destination_id", "phone"],
        unique=True,
        **only_where("state in ('sending', 'uncertain')"),
    )
    op.create_index(
        "one_row_per_call",
        "rows",
        ["destination_id", "call_id"],
        unique=True,
        **only_where("state = 'accepted' and call_id is not null"),
    )
    op.create_index("rows_by_state", "rows", ["file_id", "state", "id"], unique=False)
    op.create_index(
        "rows_of_launch",
        "rows",
        ["launch_id", "state", "id"],
        unique=False,
        **only_where("launch_id is not null"),
    )
    op.create_index(
        "rows_in_doubt",
        "rows",
        ["destination_id", "state", "id"],
        unique=False,
        **only_where("state in ('sending', 'uncertain')"),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("row_id", BIG_ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["row_id"],
            ["rows.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_of_row", "evidence", ["row_id", "id"], unique=False)
