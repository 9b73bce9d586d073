"""Builds the parts that a configuration describes; the only place that knows every adapter."""

from sftp_sync.wiring.parts import (
    connector,
    nobody_watches,
    now,
    open_ledger,
    surroundings,
)
from sftp_sync.wiring.vendors import Vendors, vendors_of

__all__ = [
    "Vendors",
    "connector",
    "nobody_watches",
    "now",
    "open_ledger",
    "surroundings",
    "vendors_of",
]
