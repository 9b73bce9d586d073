"""What the contracts are held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from tests.support.databases import EVERY_DATABASE, Database, fresh_database


@pytest.fixture(params=EVERY_DATABASE)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated ledger's database with nothing in it, of each kind."""
    with fresh_database(request.param, tmp_path) as database:
        yield database


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    with database.open() as ledger:
        yield ledger


@pytest.fixture
def lease(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold("collect:renewals") as lease:
        yield lease
