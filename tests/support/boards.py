"""A status page to look at: an installation where much is going on, and a server that shows it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert, update

from sftp_sync.config import Config, load
from sftp_sync.config.form import Web
from sftp_sync.errors import RemoteRefused, VendorRefused
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import files, rows, runs
from sftp_sync.model import Campaign, Code, FileState, RowState
from sftp_sync.web import Meters, Sources, StatusServer
from sftp_sync.wiring.parts import open_ledger
from tests.support.builders import (
    ARow,
    a_batch,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    an_invalid_row,
    enter_file,
    sha256_of,
)
from tests.support.databases import written

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOSTILE_NAME = '"><img src=x onerror=alert(1)>\u202efdp.csv'
HOSTILE_WORDS = "<script>alert(2)</script>{{ 7 * 7 }}\x1b[31m sftp-sync <b>release</b>"
STATUSES = ("completed", "completed", "voicemail", "no-answer", "busy", "failed", "strange")
SETTINGS: dict[str, dict[str, Any]] = {
    "renewals": {"import_schedule": "daily", "timezone": "America/New_York"},
    "surveys": {"import_schedule": "hourly"},
    "winback-of-customers-who-left-us-last-year": {},
    "reminders": {"import_schedule": {"every": "15m"}},
    "pausing": {"import_schedule": "hourly"},
    "former": {"enabled": False},
    "expecting": {"import_schedule": "daily", "expect": {"by": "09:00"}},
}


@dataclass
class Board:
    """An installation and the page that shows it."""

    config: Config
    ledger: Ledger
    meters: Meters
    now: datetime = NOW
    seconds_later: float = 0.0
    server: StatusServer = field(init=False)

    def campaign(self, name: str) -> Campaign:
        return self.config.campaigns[name].model

    def sources(self) -> Sources:
        return Sources(
            config=lambda: self.config,
            ledger=self.ledger,
            now=lambda: self.now,
            monotonic=lambda: time.monotonic() + self.seconds_later,
            meters=self.meters,
        )

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask the server, with these headers in place of the usual ones."""
        parts = urlsplit(self.server.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, said in headers.items():
            connection.putheader(name, said)
        connection.endheaders()
        try:
            reply = connection.getresponse()
            body = reply.read().decode("utf-8")
            return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, body)
        finally:
            connection.close()


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: str


def a_config(folder: Path, settings: Mapping[str, dict[str, Any]] | None = None) -> Config:
    """A configuration with these campaigns, all of folders of this machine."""
    defaults = {"account": "vendor", "import_path": "/in", "export_path": "/out"}
    document = {
        "state_dir": str(folder / "state"),
        "accounts": {
            "vendor": {"provider": "talkover", "token": "t", "base_url": "http://127.0.0.1:9"}
        },
        "campaigns": {
            name: {**defaults, "campaign_id": f"c-{name}", "folder": str(folder / name), **one}
            for name, one in (SETTINGS if settings is None else settings).items()
        },
    }
    path = folder / "config.yaml"
    path.touch(0o600)
    path.write_text(json.dumps(document), "utf-8")
    (folder / "state").mkdir(exist_ok=True)
    return load(path, {})


@contextmanager
def a_board(
    folder: Path,
    settings: Mapping[str, dict[str, Any]] | None = None,
    prepare: Callable[[Board], None] = lambda _: None,
) -> Iterator[Board]:
    """An installation that was prepared, and its page."""
    config = a_config(folder, settings)
    with open_ledger(config) as ledger:
        board = Board(config, ledger, Meters(time.monotonic))
        prepare(board)
        board.server = StatusServer(Web(listen="127.0.0.1:0"), board.sources())
        board.server.start()
        try:
            yield board
        finally:
            board.server.stop()


def fill(board: Board) -> None:
    """Much is going on, some of it badly."""
    ledger = board.ledger
    for name in SETTINGS:
        connection = board.campaign(name).connection
        ledger.campaigns.tested(name, connection, NOW - timedelta(days=20), passed=True)
        ledger.campaigns.collected(name, NOW - timedelta(minutes=50))
    ledger.campaigns.pause("pausing", paused=True)
    refused = RemoteRefused(
        "The host key of sftp.example.com has changed: it was SHA256:aaaa, now it is SHA256:bbbb.",
        fix="Ask the partner whether that is right, then put the new one into host_keys and type:"
        " sftp-sync test-connection renewals",
        step="host_key",
    )
    ledger.notices.post("renewals", "collect", refused, NOW - timedelta(hours=4))
    ledger.campaigns.refused("renewals", 3, NOW + timedelta(hours=1))
    hostile = VendorRefused(HOSTILE_WORDS, fix=HOSTILE_WORDS)
    ledger.notices.post("reminders", "dispatch", hostile, NOW - timedelta(minutes=20))
    with ledger.leases.hold("collect:tests") as lease:
        _lists(board, lease)
    ledger.summaries.note_endings(NOW)
    with written(ledger) as connection:
        ran = {"planned": "hourly", "since": NOW - timedelta(days=9), "failures": 0}
        ended = {"succeeded_at": NOW - timedelta(minutes=50), "served_until": NOW}
        values = {"campaign": "surveys", "step": "collect", **ran, **ended}
        connection.execute(insert(runs).values(**values))


def _lists(board: Board, lease: Lease) -> None:
    for days_ago in range(1, 12):
        a_list(board, lease, "surveys", f"week-{days_ago}.csv", days_ago=days_ago, called=60)
    a_list(board, lease, "surveys", "today.csv", called=45, pending=75)
    a_list(board, lease, "pausing", "later.csv", called=5, pending=20)
    a_list(board, lease, "reminders", HOSTILE_NAME, called=8, invalid=3, uncertain=2)
    held = "winback-of-customers-who-left-us-last-year"
    a_list(board, lease, held, f"held {HOSTILE_NAME}", pending=30, state=FileState.HELD)


def a_list(board: Board, lease: Lease, campaign: str, name: str, **what: Any) -> int:
    """A contact file of which so much has become; its id."""
    came = NOW - timedelta(days=what.get("days_ago", 0), minutes=30)
    called, pending = what.get("called", 0), what.get("pending", 0)
    uncertain, invalid = what.get("uncertain", 0), what.get("invalid", 2)
    arrival = an_arrival(
        board.campaign(campaign),
        a_remote_file(name),
        sha256=sha256_of(f"{campaign} {name}"),
        received_at=came,
    )
    reason = "the share of invalid rows is high." if what.get("state") else None
    ending = an_ending(what.get("state", FileState.DISPATCHING), reason=reason)
    codes = (Code.NOT_A_NUMBER, Code.EXCEL_DAMAGED, Code.NOT_A_NUMBER)
    bad = [an_invalid_row(code=codes[one % 3]) for one in range(invalid)]
    good = [ARow(a_phone(one), cells=("Ann", "1")) for one in range(called + pending + uncertain)]
    file_id = enter_file(board.ledger, lease, a_batch(*bad, *good), arrival=arrival, ending=ending)
    _call(board.ledger, file_id, came, invalid + 2, called)
    first = invalid + 2 + called
    _doubt(board.ledger, file_id, came, range(first, first + uncertain))
    return file_id


def _call(ledger: Ledger, file_id: int, came: datetime, first: int, called: int) -> None:
    with written(ledger) as connection:
        for line in range(first, first + called):
            row = update(rows).where(rows.c.file_id == file_id, rows.c.line == line)
            connection.execute(row.values(state=RowState.SENDING, attempt=1))
            at = came + timedelta(seconds=line)
            over = at + timedelta(minutes=3) if line % 9 or called == 60 else None
            status = STATUSES[line % 7] if over else "in-progress"
            call = {"call_id": f"call-{file_id}-{line}", "call_status": status, "over_at": over}
            values = {"state": RowState.ACCEPTED, "queued_at": at, "call_duration": 31.5}
            connection.execute(row.values(**call, **values))
        if called == 60:
            for state in (FileState.FOLLOWING, FileState.FINISHED):
                file = update(files).where(files.c.id == file_id)
                connection.execute(file.values(state=state))


def _doubt(ledger: Ledger, file_id: int, came: datetime, lines: range) -> None:
    with written(ledger) as connection:
        for line in lines:
            row = update(rows).where(rows.c.file_id == file_id, rows.c.line == line)
            connection.execute(row.values(state=RowState.SENDING, attempt=1))
            look = None if line % 2 else NOW + timedelta(minutes=1)
            values = {"state": RowState.UNCERTAIN, "doubt_since": came, "given_up_at": came}
            connection.execute(row.values(**values, next_look_at=look, reason=HOSTILE_WORDS))
