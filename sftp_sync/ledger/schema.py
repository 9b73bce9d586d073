"""The ledger's tables: what is unique, and an index for every question.

The database is the referee: what must not exist twice is refused here, whoever asks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

from sftp_sync.ledger.guards import only_where

SCHEMA = "0001"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A point in time: UTC outside, microseconds since the epoch inside, comparable in both."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        del dialect
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


BigId = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData()

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

destinations = Table(
    "destinations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", Text, nullable=False, unique=True),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("name", Text, primary_key=True),
    Column("paused", Boolean, nullable=False, default=False, server_default=false()),
    Column("connection", Text),
    Column("tested_at", Moment),
    Column("tested_ok", Boolean),
    Column("collected_at", Moment),
    Column("refused_sign_ins", Integer, nullable=False, default=0, server_default=text("0")),
    Column("not_before", Moment),
)

notices = Table(
    "notices",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("cause", Text, primary_key=True),
    Column("message", Text, nullable=False),
    Column("fix", Text, nullable=False, default=""),
    Column("who", Text, nullable=False, default="you"),
    Column("since", Moment, nullable=False),
    Column("notified_at", Moment),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text),
    Column("host", Text),
    Column("lock", Text),
    Column("fence", BigInteger, nullable=False),
    Column("renewed_at", Moment, nullable=False),
)

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
    Column("reason", Text),
    Column("received_at", Moment, nullable=False),
    # One first import per content and vendor campaign; a released repeat is not the first.
    Column("original", Boolean, nullable=False),
    Column("first_file_id", ForeignKey("files.id")),
    Column("reading", Text, nullable=False),
    Column("understanding", Text),
    Column("mapping", Text),
    Column("total", BigInteger, nullable=False, default=0, server_default=text("0")),
    Column("tidy", Text, nullable=False, default="none", server_default=text("'none'")),
    Column("tidy_error", Text),
    CheckConstraint(
        "state in ('entering', 'held', 'dispatching', 'following', 'finished', 'refused',"
        " 'repeated')",
        name="file_state",
    ),
    CheckConstraint("tidy in ('none', 'due', 'done')", name="file_tidy"),
    Index(
        "one_first_import",
        "destination_id",
        "sha256",
        unique=True,
        **only_where("original"),
    ),
    Index("files_of_campaign", "campaign", "state", "id"),
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
    Column("error", Text),
    CheckConstraint("kind in ('receipt', 'rejects', 'results')", name="delivery_kind"),
    UniqueConstraint("campaign", "folder", "name", name="one_delivery_per_name"),
    Index(
        "deliveries_due",
        "campaign",
        "id",
        **only_where("delivered_at is null"),
    ),
    Index("deliveries_of_file", "file_id"),
    Index("deliveries_by_content", "sha256"),
)

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
    Column("column_name", Text),
    Column("reason", Text),
    Column("cells", Text, nullable=False),
    Column("attempt", Integer, nullable=False, default=0, server_default=text("0")),
    Column("claimed_at", Moment),
    Column("fence", BigInteger),
    Column("doubt_since", Moment),
    Column("given_up_at", Moment),
    Column("call_id", Text),
    Column("adopted", Boolean),
    Column("call_status", Text),
    Column("call_retries", Integer),
    Column("call_duration", Float),
    Column("queued_at", Moment),
    Column("call_updated_at", Moment),
    Column("over_at", Moment),
    Column("delivery_id", ForeignKey("deliveries.id")),
    CheckConstraint(
        "state in ('pending', 'sending', 'accepted', 'already_queued', 'refused', 'uncertain',"
        " 'expired', 'suppressed', 'duplicate', 'invalid')",
        name="row_state",
    ),
    CheckConstraint("state in ('invalid', 'duplicate') or phone is not null", name="row_phone"),
    UniqueConstraint("file_id", "line", name="one_row_per_line"),
    Index("rows_by_state", "file_id", "state", "id"),
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
