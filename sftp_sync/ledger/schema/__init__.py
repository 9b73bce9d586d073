"""The ledger's tables: what is unique, and an index for every question.

The database is the referee: what must not exist twice is refused here, whoever asks.
"""

from sftp_sync.ledger.schema.campaigns import (
    announcements,
    campaign_doors,
    campaigns,
    claim_numbers,
    destinations,
    facts,
    leases,
    notices,
    runs,
    spending,
    unheld_calls,
)
from sftp_sync.ledger.schema.columns import EPOCH, BigId, Moment, metadata
from sftp_sync.ledger.schema.files import deliveries, files, sightings, totals
from sftp_sync.ledger.schema.launches import launches
from sftp_sync.ledger.schema.rows import evidence, rows
from sftp_sync.ledger.schema.suppression import listed_numbers, suppression_lists, suppressions

SCHEMA = "0002"

__all__ = [
    "EPOCH",
    "SCHEMA",
    "BigId",
    "Moment",
    "announcements",
    "campaign_doors",
    "campaigns",
    "claim_numbers",
    "deliveries",
    "destinations",
    "evidence",
    "facts",
    "files",
    "launches",
    "leases",
    "listed_numbers",
    "metadata",
    "notices",
    "rows",
    "runs",
    "sightings",
    "spending",
    "suppression_lists",
    "suppressions",
    "totals",
    "unheld_calls",
]
