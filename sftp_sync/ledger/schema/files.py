"""Contact files, where they were met, and what goes back to the partner about them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from sftp_sync.ledger.schema.columns import BigId, Moment, Words, metadata, partial_where

files = Table(
    "files",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("destination_id", ForeignKey("destinations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_raw", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", BigInteger),
    Column("sha256", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Words),
    Column("received_at", Moment, nullable=False),
    # One first import per content and vendor campaign; a released repeat is not the first.
    Column("original", Boolean, nullable=False),
    Column("first_file_id", ForeignKey("files.id")),
    Column("reading", Text, nullable=False),
    Column("understanding", Text),
    Column("mapping", Text),
    Column("total", BigInteger, nullable=False, default=0, server_default=text("0")),
    Column("tidy", Text, nullable=False, default="none", server_default=text("'none'")),
    Column("calls", BigInteger, nullable=False, default=0, server_default=text("0")),
    Column("limit_waived", Boolean, nullable=False, default=False, server_default=false()),
    # Of a finished file, so that nobody counts its rows again: by state, and by all that matters.
    Column("finished_at", Moment),
    Column("counts", Text),
    Column("outcomes", Text),
    # When the personal data in its rows was emptied.
    Column("emptied_at", Moment),
    # Since when its rows are removed: from then on what was counted at its end is all there is.
    Column("removed_at", Moment),
    CheckConstraint(
        "state in ('entering', 'held', 'dispatching', 'following', 'finished', 'unreadable',"
        " 'rejected', 'repeated')",
        name="file_state",
    ),
    CheckConstraint("tidy in ('none', 'due', 'done')", name="file_tidy"),
    Index(
        "one_first_import",
        "destination_id",
        "sha256",
        unique=True,
        **partial_where("original"),
    ),
    Index("files_of_campaign", "campaign", "state", "id"),
    Index("files_by_content", "sha256"),
    Index("files_dispatching", "campaign", **partial_where("state = 'dispatching'")),
)

# What the rows came to that are removed, over all files of a campaign.
totals = Table(
    "totals",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("rows", BigInteger, nullable=False),
)

sightings = Table(
    "sightings",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("name_raw", LargeBinary, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("file_id", ForeignKey("files.id", ondelete="CASCADE"), nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("spooled", Text, nullable=False),
    Column("may_replace", Boolean, nullable=False, default=False, server_default=false()),
    Column("created_at", Moment, nullable=False),
    Column("delivered_at", Moment),
    Column("attempts", Integer, nullable=False, default=0, server_default=text("0")),
    Column("error", Words),
    CheckConstraint("kind in ('receipt', 'rejects', 'results')", name="delivery_kind"),
    UniqueConstraint("campaign", "folder", "name", name="one_delivery_per_name"),
    Index(
        "deliveries_due",
        "campaign",
        "id",
        **partial_where("delivered_at is null"),
    ),
    Index("deliveries_of_file", "file_id"),
    Index("deliveries_by_content", "sha256"),
)
