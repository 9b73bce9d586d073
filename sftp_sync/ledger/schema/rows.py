"""Rows, and what was heard of them that could not settle them any more."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from sftp_sync.ledger.guards import only_where
from sftp_sync.ledger.schema.columns import BigId, Moment, Words, metadata

IN_DOUBT = "state in ('sending', 'uncertain')"
CALLED = "state in ('accepted', 'already_queued')"

rows = Table(
    "rows",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("destination_id", ForeignKey("destinations.id"), nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("phone", Text),
    Column("code", Text),
    Column("column_name", Words),
    Column("reason", Words),
    Column("cells", Text, nullable=False),
    Column("attempt", Integer, nullable=False, default=0, server_default=text("0")),
    Column("claimed_at", Moment),
    Column("claimant", Text),
    Column("doubt_since", Moment),
    Column("given_up_at", Moment),
    Column("next_look_at", Moment),
    Column("looks", Integer, nullable=False, default=0, server_default=text("0")),
    Column("call_id", Words),
    Column("id_source", Text),
    Column("matched_by", Text),
    Column("call_status", Words),
    Column("call_retries", Integer),
    Column("call_duration", Float),
    Column("queued_at", Moment),
    Column("call_updated_at", Moment),
    Column("over_at", Moment),
    Column("delivery_id", ForeignKey("deliveries.id")),
    # The campaign at the vendor that this row is a contact of, where a file becomes one.
    Column("launch_id", ForeignKey("launches.id")),
    CheckConstraint(
        "state in ('pending', 'sending', 'accepted', 'already_queued', 'refused', 'uncertain',"
        " 'expired', 'suppressed', 'duplicate', 'invalid')",
        name="row_state",
    ),
    CheckConstraint("state in ('invalid', 'duplicate') or phone is not null", name="row_phone"),
    # A number that was erased is empty, and an empty number is never sent.
    CheckConstraint(
        "phone <> '' or state not in ('pending', 'sending', 'uncertain')", name="row_erased"
    ),
    UniqueConstraint("file_id", "line", name="one_row_per_line"),
    Index("rows_by_state", "file_id", "state", "id"),
    Index("rows_of_launch", "launch_id", "state", "id", **only_where("launch_id is not null")),
    # At most one request per number may be on its way or in doubt: a second could ring it again.
    Index(
        "one_in_doubt",
        "destination_id",
        "phone",
        unique=True,
        **only_where(IN_DOUBT),
    ),
    Index(
        "one_row_per_call",
        "destination_id",
        "call_id",
        unique=True,
        **only_where("state = 'accepted' and call_id is not null"),
    ),
    Index(
        "numbers_called",
        "destination_id",
        "phone",
        "queued_at",
        **only_where(CALLED),
    ),
    Index(
        "rows_in_doubt",
        "destination_id",
        "state",
        "id",
        **only_where(IN_DOUBT),
    ),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("row_id", ForeignKey("rows.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("said", Words, nullable=False),
    Index("evidence_of_row", "row_id", "id"),
)
