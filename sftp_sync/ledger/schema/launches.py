"""The campaigns that files become at vendors which take whole lists."""

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
    false,
    text,
)

from sftp_sync.ledger.schema.columns import BigId, Moment, Words, metadata, partial_where

OPEN = "state in ('planned', 'drafted', 'starting', 'uncertain')"

launches = Table(
    "launches",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("campaign", Text, nullable=False),
    # Where it was planned for: the vendor's id of it is good nowhere else.
    Column("destination_id", Integer),
    Column("state", Text, nullable=False),
    Column("name", Words, nullable=False),
    Column("terms", Text, nullable=False),
    Column("assistant_id", Words),
    Column("phone_number_id", Words),
    Column("recipients", BigInteger, nullable=False),
    Column("vendor_id", Words),
    Column("status", Words),
    Column("counts", Words),
    Column("made_at", Moment, nullable=False),
    Column("attempt", Integer, nullable=False, default=0, server_default=text("0")),
    Column("claimed_at", Moment),
    Column("claimant", Text),
    Column("day", Text),
    Column("doubt_since", Moment),
    Column("given_up_at", Moment),
    # The same by a clock that cannot be set: the boot, and the seconds since it.
    Column("given_up_boot", Text),
    Column("given_up_clock", Float),
    Column("next_look_at", Moment),
    Column("next_look_clock", Float),
    Column("looks", Integer, nullable=False, default=0, server_default=text("0")),
    Column("started_at", Moment),
    # A draft that is left at the vendor, and must not be started there by hand.
    Column("is_orphan", Boolean, nullable=False, default=False, server_default=false()),
    Column("ended_at", Moment),
    Column("reason", Words),
    CheckConstraint(
        "state in ('planned', 'drafted', 'starting', 'uncertain', 'started', 'stale', 'refused')",
        name="launch_state",
    ),
    CheckConstraint("state in ('planned', 'stale') or vendor_id is not null", name="launch_id"),
    # One campaign of a file at a time: the next one is for the rows that this one leaves.
    Index("one_open_launch", "file_id", unique=True, **partial_where(OPEN)),
    Index("launches_of_campaign", "campaign", "state", "id"),
    Index("launches_of_file", "file_id", "id"),
)
