"""The ledger: what was seen, what is due, what was sent, what became of it."""

from sftp_sync.ledger.ledger import Ledger

__all__ = ["Ledger"]
