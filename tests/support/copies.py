"""Copies of an installation by means that are not ours, made while it is at work, and put back."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from tests.support.daily_life import House
from tests.support.postgresql import postgresql


@dataclass(frozen=True)
class LedgerCopy:
    """A ledger as it was at one moment: `sqlite3 .backup`, or `pg_dump`."""

    house: House
    path: Path

    @classmethod
    def of(cls, house: House, path: Path) -> LedgerCopy:
        """Made now, whoever is at work on the ledger."""
        if house.database is None:
            ledger = house.state / "ledger.db"
            with closing(sqlite3.connect(ledger)) as old, closing(sqlite3.connect(path)) as new:
                old.backup(new)
        else:
            postgresql().dump(_name(house), path)
        return cls(house, path)

    def put_back(self) -> None:
        """In the place of what is there now."""
        if self.house.database is not None:
            postgresql().load(self.path, _name(self.house))
            return
        for path in self.house.state.glob("ledger.db*"):
            path.unlink()
        shutil.copyfile(self.path, self.house.state / "ledger.db")

    def put_back_in_place(self) -> None:
        """As `sqlite3 .restore` does: the file is the same, and its content another."""
        ledger = self.house.state / "ledger.db"
        with closing(sqlite3.connect(self.path)) as old, closing(sqlite3.connect(ledger)) as new:
            old.backup(new)


def _name(house: House) -> str:
    name = make_url(str(house.database)).database
    assert name is not None
    return name


@dataclass(frozen=True)
class MachineCopy:
    """A whole machine as it was while nobody was at work: the ledger and the state directory."""

    ledger: LedgerCopy
    state: Path

    @classmethod
    def of(cls, house: House, folder: Path) -> MachineCopy:
        """Made now."""
        folder.mkdir()
        shutil.copytree(house.state, folder / "state")
        return cls(LedgerCopy.of(house, folder / "ledger"), folder / "state")

    def put_back(self) -> None:
        """All of it, so that nothing here knows what has happened since."""
        state = self.ledger.house.state
        shutil.rmtree(state)
        shutil.copytree(self.state, state)
        self.ledger.put_back()
