"""Numbers that are not to be called: by our own decision, and by the partners' lists."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from sftp_sync.ledger.schema.columns import Moment, Words, metadata

suppressions = Table(
    "suppressions",
    metadata,
    Column("phone", Text, primary_key=True),
    Column("reason", Words, nullable=False),
    Column("since", Moment, nullable=False),
)

# One list is in force for each campaign: that of `generation`. The next is written beside it and
# takes its place at once; numbers of any other generation are leftovers.
suppression_lists = Table(
    "suppression_lists",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("generation", Integer),
    Column("name", Words),
    Column("sha256", Text),
    Column("size", BigInteger),
    Column("modified_at", BigInteger),
    Column("dated_at", Moment),
    Column("taken_at", Moment),
    Column("numbers", BigInteger),
    Column("unreadable", BigInteger),
    # Why the newest list could not be read: those who are on it alone are not known.
    Column("problem", Words),
)

listed_numbers = Table(
    "listed_numbers",
    metadata,
    Column("campaign", Text, primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("phone", Text, primary_key=True),
)
