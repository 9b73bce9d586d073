"""Mornings on which collect dies: put back for every point, walked through, and judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import text

from sftp_sync.ledger import Ledger
from sftp_sync.model import FileRecord
from tests.support.daily_life import House, Partner, counts, tree
from tests.support.databases import fresh_database
from tests.support.keeping import Keeping
from tests.support.lanes import lane_folder, walk_on_all
from tests.support.remotes import until
from tests.support.sftp_servers import SftpServer, sandbox_sftp

LANES = 2
A_LIST = b"phone,name\n2125550123,Ann\n2125550124,Bob\n2125550125,Cleo\n2125550123,Ann\n12,No\n"
SCENARIO = {
    "list.csv": A_LIST,
    "copy.csv": A_LIST,
    "refused.csv": b"name,city\nAnn,Rome\n",
    "held.csv": b"phone,name\n2125550130,Dora\n1,Eve\n2,Fay\n",
}
EXPECTED = {
    "list.csv": ("dispatching", {"pending": 3, "duplicate": 1, "invalid": 1}),
    "copy.csv": ("repeated", {}),
    "refused.csv": ("unreadable", {}),
    "held.csv": ("held", {"pending": 1, "invalid": 2}),
}
WITH_REJECTS = {"list.csv", "held.csv"}
CLEARED_AWAY = {"list.csv", "copy.csv", "held.csv"}
Judge = Callable[["Lane", str], None]


@dataclass
class Lane:
    """A house and a partner that are put back to the same morning for every point."""

    house: House
    partner: Partner
    server: SftpServer
    morning: Keeping

    def wait_for_silence(self) -> None:
        """Until the server has dealt with everything that the killed one had sent."""
        assert self.server.sandbox is not None
        links = [client.link for client in self.server.sandbox._clients]
        assert until(lambda: not any(one.is_alive() for link in links for one in link.sessions))


@contextmanager
def lanes(after_import: str, *, kind: str = "sqlite", number: int = LANES) -> Iterator[list[Lane]]:
    """Lanes for one way of clearing away, each with a server of its own."""
    with ExitStack() as open_now:
        made = []
        for _ in range(number):
            home = open_now.enter_context(lane_folder())
            server = open_now.enter_context(sandbox_sftp(home / "partner"))
            house = House(home)
            if kind == "postgresql":
                house.database = open_now.enter_context(fresh_database(kind, home)).url
            made.append(_lane(house, server, after_import))
        yield made


def _lane(house: House, server: SftpServer, after_import: str) -> Lane:
    rules = {"after_import": after_import, "settle_seconds": 0.01}
    if after_import == "move":
        rules["archive_path"] = "/inbox/archive"
    partner = house.served(server, files=rules)
    for age, (name, content) in enumerate(reversed(SCENARIO.items()), start=1):
        partner.drop(name, content, age_seconds=60 * age)
    morning = Keeping(house.home / "morning", (house.state, partner.root), house.database)
    morning.keep()
    return Lane(house, partner, server, morning)


def judge(lane: Lane, after_import: str) -> None:
    """Everything is there once, and nothing is there that should not be."""
    with lane.house.ledger() as ledger:
        files = ledger.files.all()
        assert {one.name: (one.state, counts(one)) for one in files} == EXPECTED
        assert len(files) == len(EXPECTED)
        _judge_what_is_hidden(ledger, files)
        _judge_outbox(ledger, files, lane.partner)
    _judge_inbox(lane.partner, after_import)
    assert lane.house.spooled() == []


def _judge_what_is_hidden(ledger: Ledger, files: Sequence[FileRecord]) -> None:
    with ledger._engine.connect() as connection:
        for table, expected in (("files", len(files)), ("rows", sum(one.total for one in files))):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == expected  # noqa: S608 - two names of ours


def _judge_outbox(ledger: Ledger, files: Sequence[FileRecord], partner: Partner) -> None:
    said = {}
    for file in files:
        deliveries = ledger.deliveries.of_file(file.id)
        kinds = sorted(one.kind for one in deliveries)
        assert kinds == (["receipt", "rejects"] if file.name in WITH_REJECTS else ["receipt"])
        assert all(one.delivered_at is not None for one in deliveries)
        said |= {one.name: one.sha256 for one in deliveries}
        receipt = partner.receipt(file.name)
        assert receipt["state"] == file.state
        told = receipt.get("rows", {"total": 0})
        assert {state: told.get(state, 0) for state in ("total", *file.rows)} == {
            "total": file.total,
            **file.rows,
        }
    found = {
        name: hashlib.sha256((partner.outbox / name).read_bytes()).hexdigest()
        for name in partner.found()
    }
    assert found == said


def _judge_inbox(partner: Partner, after_import: str) -> None:
    gone = set() if after_import == "keep" else CLEARED_AWAY
    left = {name: SCENARIO[name] for name in SCENARIO.keys() - gone}
    assert {name for name in partner.waiting() if name != "archive"} == left.keys()
    archive = partner.inbox / "archive"
    moved = gone if after_import == "move" else set()
    assert {path.name for path in archive.iterdir()} == moved
    for name, content in SCENARIO.items():
        where = archive if name in moved else partner.inbox
        assert not (where / name).exists() or (where / name).read_bytes() == content


def ledger_of(house: House) -> list[object]:
    """All that the ledger holds of files, rows and deliveries. Not the sightings: a look forgets
    those of what has gone.
    """
    with house.ledger() as ledger, ledger._engine.connect() as connection:
        return [
            tuple(row)
            for table in ("files", "rows", "deliveries")
            for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))  # noqa: S608 - names of ours
        ]


def points_of(lane: Lane, without: str | None = None) -> tuple[str, ...]:
    """Every point of an undisturbed run."""
    lane.morning.put_back()
    return lane.house.sync(kill_at=0, without=without).points


def die_and_restart(lane: Lane, point: int, after_import: str, without: str | None = None) -> None:
    """Killed at a point, started again to the end and judged; after every third, started once more
    for nothing.
    """
    lane.morning.put_back()
    assert lane.house.sync(kill_at=point, without=without).was_killed
    lane.wait_for_silence()
    again = lane.house.sync(without=without)
    assert again.code == 1, again.said
    judge(lane, after_import)
    if point % 3:
        return
    before = (tree(lane.partner.root), ledger_of(lane.house))
    assert lane.house.sync(without=without).code == 1
    assert (tree(lane.partner.root), ledger_of(lane.house)) == before


def walk(at: Sequence[Lane], points: Sequence[int], after_import: str) -> None:
    """All these points, on all lanes at once."""
    act = partial(die_and_restart, after_import=after_import)
    assert walk_on_all(at, points, act) == []
