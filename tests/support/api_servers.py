"""Servers that behave badly on purpose, on raw sockets."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
PATIENCE_SECONDS = 5.0

Behaviour = Callable[["Visitor"], None]


@dataclass
class Visitor:
    """One connection, with what it has sent. `stop` is set when the test is over."""

    connection: socket.socket
    stop: threading.Event
    received: bytearray = field(default_factory=bytearray)

    def read_request(self) -> bytes:
        """Read one whole request, head and body; empty when the client has gone."""
        request = bytearray()
        while b"\r\n\r\n" not in request:
            if not self._more(request):
                return b""
        head, _, _ = bytes(request).partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        while len(request) < len(head) + 4 + length:
            if not self._more(request):
                return b""
        return bytes(request)

    def _more(self, request: bytearray) -> bool:
        chunk = self.connection.recv(65536)
        request += chunk
        self.received += chunk
        return bool(chunk)

    def say(self, raw: bytes) -> None:
        self.connection.sendall(raw)

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.connection.close()


class RawServer:
    """Runs one behaviour on every connection, and keeps what arrived on each."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._behaviour = behaviour
        self._tls = tls
        self._stop = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._visits: list[threading.Thread] = []
        self.visitors: list[Visitor] = []
        self.port = self._listening.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def received(self) -> bytes:
        """Everything that any client has sent."""
        return b"".join(bytes(visitor.received) for visitor in self.visitors)

    def _serve(self) -> None:
        while not self._stop.is_set():
            if not select.select([self._listening], [], [], 0.02)[0]:
                continue
            connection, _ = self._listening.accept()
            visit = threading.Thread(target=self._visit, args=(connection,), daemon=True)
            self._visits.append(visit)
            visit.start()

    def _visit(self, connection: socket.socket) -> None:
        # A client that gives up is what these tests are about.
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            connection.settimeout(PATIENCE_SECONDS)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            stack.callback(connection.close)
            visitor = Visitor(connection, self._stop)
            self.visitors.append(visitor)
            self._behaviour(visitor)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        self._listening.close()
        for visitor in self.visitors:
            with contextlib.suppress(OSError):
                visitor.connection.shutdown(socket.SHUT_RDWR)
        for visit in self._visits:
            visit.join(PATIENCE_SECONDS)


def answer(status: int, body: bytes, headers: str = "content-type: application/json") -> bytes:
    """An answer as bytes."""
    return (
        f"HTTP/1.1 {status} X\r\n{headers}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
    )


def answering(raw: bytes) -> Behaviour:
    """Read each request whole and say the same every time."""

    def behave(visitor: Visitor) -> None:
        while visitor.read_request():
            visitor.say(raw)

    return behave


def reset_before_reading(visitor: Visitor) -> None:
    visitor.reset()


def reset_after_reading(visitor: Visitor) -> None:
    visitor.read_request()
    visitor.reset()


def close_after_reading(visitor: Visitor) -> None:
    visitor.read_request()


def close_mid_headers(visitor: Visitor) -> None:
    visitor.read_request()
    visitor.say(b"HTTP/1.1 201 Created\r\ncontent-len")


def close_mid_body(visitor: Visitor) -> None:
    visitor.read_request()
    visitor.say(b'HTTP/1.1 201 Created\r\ncontent-length: 900\r\n\r\n{"campaign_call":{"id":"c1"')


def no_http_at_all(visitor: Visitor) -> None:
    visitor.read_request()
    visitor.say(b"220 mail.example.com ESMTP\r\n")


def deaf(visitor: Visitor) -> None:
    visitor.stop.wait(PATIENCE_SECONDS)


def silent(visitor: Visitor) -> None:
    visitor.read_request()
    visitor.stop.wait(PATIENCE_SECONDS)


def drip_headers(visitor: Visitor) -> None:
    """A byte now and then: no single read ever waits for long."""
    visitor.read_request()
    _drip(visitor, b"HTTP/1.1 201 Created\r\nx-slow: " + b"." * 1000)


def drip_body(visitor: Visitor) -> None:
    visitor.read_request()
    visitor.say(b"HTTP/1.1 201 Created\r\ncontent-length: 1000\r\n\r\n")
    _drip(visitor, b" " * 1000)


def _drip(visitor: Visitor, raw: bytes) -> None:
    for byte in raw:
        visitor.say(bytes([byte]))
        if visitor.stop.wait(0.05):
            return


def answer_once_then_close_idle(raw: bytes) -> Behaviour:
    """A server that closes its idle connections sooner than it says."""

    def behave(visitor: Visitor) -> None:
        visitor.read_request()
        visitor.say(raw)

    return behave


def answer_once_then_vanish(raw: bytes) -> Behaviour:
    """A server that closes just when the next request arrives."""

    def behave(visitor: Visitor) -> None:
        visitor.read_request()
        visitor.say(raw)
        visitor.read_request()

    return behave


def tunnel_to(port: int) -> Behaviour:
    """A proxy that opens a tunnel to one port, whatever is asked for."""

    def behave(visitor: Visitor) -> None:
        visitor.read_request()
        visitor.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as upstream:
            ends = {visitor.connection: upstream, upstream: visitor.connection}
            while not visitor.stop.is_set():
                for end in select.select(list(ends), [], [], 0.02)[0]:
                    chunk = end.recv(65536)
                    if not chunk:
                        return
                    ends[end].sendall(chunk)

    return behave
