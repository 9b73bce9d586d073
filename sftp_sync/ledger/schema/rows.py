"""Rows, and what was heard of them that could not settle them any more."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from sftp_sync.ledger.schema.columns import BigId, Moment, Words, metadata, partial_where

IN_DOUBT = "state in ('sending', 'uncertain')"
DECIDED_EARLY = "state in ('refused', 'rejected') and next_look_clock is not null"
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
    Column("claimed_boot", Text),
    Column("claimed_clock", Float),
    Column("claimant", Text),
    # Whether it was asked for as a test: the vendor may not list test calls.
    Column("is_test", Boolean, nullable=False, default=False, server_default=false()),
    Column("doubt_since", Moment),
    Column("given_up_at", Moment),
    # The same by a clock that cannot be set: the boot, and the seconds since it.
    Column("given_up_boot", Text),
    Column("given_up_clock", Float),
    Column("next_look_at", Moment),
    # By the boot's clock too. Of a row that a person has decided on: until when its request may yet
    # be handled.
    Column("next_look_clock", Float),
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
    # The result file that said something else of it, before a person had it sent again.
    Column("supersedes_id", BigInteger),
    # The campaign at the vendor that this row is a contact of, where a file becomes one.
    Column("launch_id", ForeignKey("launches.id")),
    CheckConstraint(
        "state in ('pending', 'sending', 'accepted', 'already_queued', 'refused', 'rejected',"
        " 'uncertain', 'expired', 'suppressed', 'duplicate', 'invalid')",
        name="row_state",
    ),
    CheckConstraint("state in ('invalid', 'duplicate') or phone is not null", name="row_phone"),
    # A number that was erased is empty, and an empty number is never sent.
    CheckConstraint(
        "phone <> '' or state not in ('pending', 'sending', 'uncertain')", name="row_erased"
    ),
    UniqueConstraint("file_id", "line", name="one_row_per_line"),
    # With the destination: rows that were recorded for another one are passed over, not read.
    Index("rows_by_state", "file_id", "state", "destination_id", "id"),
    Index("rows_of_launch", "launch_id", "state", "id", **partial_where("launch_id is not null")),
    # At most one request per number may be on its way or in doubt: a second could ring it again.
    Index(
        "one_in_doubt",
        "destination_id",
        "phone",
        unique=True,
        **partial_where(IN_DOUBT),
    ),
    Index(
        "one_row_per_call",
        "destination_id",
        "call_id",
        unique=True,
        **partial_where("state = 'accepted' and call_id is not null"),
    ),
    # The calls of ours before and after a moment.
    Index(
        "calls_by_time",
        "destination_id",
        "is_test",
        "queued_at",
        **partial_where("state = 'accepted'"),
    ),
    Index(
        "numbers_called",
        "destination_id",
        "phone",
        "queued_at",
        **partial_where(CALLED),
    ),
    Index(
        "numbers_given_up",
        "destination_id",
        "phone",
        **partial_where(DECIDED_EARLY),
    ),
    Index(
        "rows_in_doubt",
        "destination_id",
        "state",
        "id",
        **partial_where(IN_DOUBT),
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
