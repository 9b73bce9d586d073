"""Campaigns, here and at the vendor's, and what is said of them and done for them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    false,
    text,
)

from sftp_sync.ledger.schema.columns import Moment, Words, metadata

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
    # Whether an id from a 201 was ever seen in the vendor's list: the two kinds are one.
    Column("ids_agree", Boolean, nullable=False, default=False, server_default=false()),
    # Whether the vendor takes whole lists there: no list of calls shows what became of one row.
    Column("takes_lists", Boolean, nullable=False, default=False, server_default=false()),
    # When a row was last claimed for it: a younger call that no row has is none of this ledger's.
    Column("claimed_at", Moment),
)

# Raised by every claim, by account, and by every decision that must not be forgotten: a number that
# the state directory has seen, and the ledger has not, tells that an older ledger was put back.
claim_numbers = Table(
    "claim_numbers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

# Calls that the vendor lists and no row has, made after our last claim: somebody has called these
# numbers with a ledger that we do not have.
unheld_calls = Table(
    "unheld_calls",
    metadata,
    Column("destination_id", ForeignKey("destinations.id"), primary_key=True),
    Column("call_id", Words, primary_key=True),
    Column("phone", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Index("unheld_calls_by_number", "destination_id", "phone"),
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
    # Who calls for it: with its folders, what a campaign that has only our name is known again by.
    Column("voice", Text),
)

# Every folder that a campaign's lists have come from. Two campaigns may share one, by other names
# of files.
campaign_doors = Table(
    "campaign_doors",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("door", Text, primary_key=True),
    Index("campaign_doors_by_door", "door"),
)

runs = Table(
    "runs",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("planned", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("served_until", Moment),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("ok", Boolean),
    Column("succeeded_at", Moment),
    Column("failures", Integer, nullable=False, default=0, server_default=text("0")),
    Column("retry_at", Moment),
    CheckConstraint("step in ('collect', 'follow', 'wind_up')", name="run_step"),
)

spending = Table(
    "spending",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("calls", BigInteger, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("cause", Text, primary_key=True),
    Column("message", Words, nullable=False),
    Column("fix", Words, nullable=False, default=""),
    Column("who", Text, nullable=False, default="you"),
    Column("kind", Text, nullable=False, default="", server_default=text("''")),
    Column("since", Moment, nullable=False),
)

announcements = Table(
    "announcements",
    metadata,
    Column("target", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("cause", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("message", Words, nullable=False),
    Column("said_at", Moment, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text),
    Column("host", Text),
    Column("lock", Text),
    # Which file or database it was taken in: one that came with a copy is nobody's.
    Column("mark", Text),
    Column("fence", BigInteger, nullable=False),
    Column("renewed_at", Moment, nullable=False),
)
