"""Processes that open a ledger when they are told to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sftp_sync.ledger import Ledger, upgrade


def main(words: Sequence[str]) -> None:
    """With these migrations; the answer is what the ledger holds."""
    url, locks, migrations = words
    upgrade.MIGRATIONS = Path(migrations)
    print("ready", flush=True)  # noqa: T201 - a test is waiting for it
    for _ in sys.stdin:
        with Ledger.open(url, Path(locks), lambda: 0.0, may_migrate=True) as ledger:
            print(f"{len(ledger.files.all())} files", flush=True)  # noqa: T201 - the answer
