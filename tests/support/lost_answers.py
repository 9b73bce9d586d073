"""Answers to COMMIT that get lost: what was committed is, and whoever committed it does not know.

For PostgreSQL a proxy of ours stands before a real server and cuts the connection where the answer
to a claim's COMMIT should pass. `unanswered_commit` does the same in one process, for either
database.
"""

from __future__ import annotations

import itertools
import re
import socket
import sqlite3
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

CLAIM = re.compile(rb"UPDATE (rows|launches) SET state=.*claimed_at=.*claimant=", re.DOTALL)
COMMITTED = b"COMMIT\0"


@dataclass
class Cutter:
    """A proxy before a PostgreSQL: which of the claims that are committed through it get no answer
    stands in `lost`, counted from 1 over all connections.
    """

    target: Path
    lost: frozenset[int]
    claims: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    cut: list[int] = field(default_factory=list)

    def serve(self, door: socket.socket) -> None:
        while True:
            try:
                client, _ = door.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self.target))
            link = _Link(self, client, server)
            for work in (link.to_server, link.to_client):
                threading.Thread(target=work, daemon=True).start()


@dataclass
class _Link:
    """One connection through it, read as far as it must be understood."""

    cutter: Cutter
    client: socket.socket
    server: socket.socket
    statements: set[bytes] = field(default_factory=set)
    is_claim: bool = False
    is_cut: bool = False

    def to_server(self) -> None:
        with suppress(OSError), self.client.makefile("rb") as told:
            self.server.sendall(_message(told.read(4), told))
            while kind := told.read(1):
                message = _message(told.read(4), told)
                self._learn(kind, message[4:])
                self.server.sendall(kind + message)
        self._close()

    def to_client(self) -> None:
        with suppress(OSError):
            while said := self.server.recv(1 << 16):
                if self.is_cut:
                    if COMMITTED in said:
                        break
                    continue
                self.client.sendall(said)
        self._close()

    def _learn(self, kind: bytes, body: bytes) -> None:
        if kind == b"P":
            name, statement, *_ = body.split(b"\0", 2)
            (self.statements.add if CLAIM.match(statement) else self.statements.discard)(name)
        elif kind == b"B":
            _, name, *_ = body.split(b"\0", 2)
            self.is_claim |= name in self.statements
        elif kind == b"Q" and body == COMMITTED:
            number = next(self.cutter.claims) if self.is_claim else 0
            self.is_claim = False
            if number in self.cutter.lost:
                self.cutter.cut.append(number)
                self.is_cut = True
        elif kind == b"Q" and body.startswith(b"ROLLBACK"):
            self.is_claim = False

    def _close(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _message(length: bytes, told: object) -> bytes:
    (size,) = struct.unpack("!I", length)
    return length + told.read(size - 4)  # type: ignore[attr-defined]


@contextmanager
def cutting(url: str, lost: frozenset[int]) -> Iterator[tuple[str, Cutter]]:
    """The URL of this database through a proxy that loses the answers to these claims' COMMIT."""
    parts = urlsplit(url)
    folder = Path(parse_qs(parts.query)["host"][0])
    cutter = Cutter(folder / ".s.PGSQL.5432", lost)
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=cutter.serve, args=(door,), daemon=True).start()
        port = door.getsockname()[1]
        plain = "sslmode=disable&gssencmode=disable"
        yield f"postgresql://postgres@127.0.0.1:{port}{parts.path}?{plain}", cutter


@contextmanager
def unanswered_commit(engine: Engine, *, is_committed: bool = True) -> Iterator[None]:
    """The next COMMIT of this thread is made, or is not, and its answer is an error. The leases are
    renewed beside it, by another.
    """
    ours = threading.get_ident()

    def lose(connection: Connection) -> None:
        if threading.get_ident() != ours:
            return
        event.remove(engine, "commit", lose)
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("COMMIT" if is_committed else "ROLLBACK")
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("the answer was lost"))

    event.listen(engine, "commit", lose)
    yield
    assert not event.contains(engine, "commit", lose)
