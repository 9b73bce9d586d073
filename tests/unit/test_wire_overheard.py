"""Every request is told of once, with its answer or why there was none."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sftp_sync.providers.overheard import OverheardWire
from sftp_sync.providers.wire import Access, Exchange
from tests.support import api_servers as servers
from tests.support.api_servers import Behaviour, RawServer

Heard = list[tuple[str, str, float]]


@contextmanager
def listening_to(url: str) -> Iterator[tuple[OverheardWire, Heard]]:
    heard: Heard = []

    def overhear(method: str, answer: str, seconds: float) -> None:
        heard.append((method, answer, seconds))

    access = Access(url, timeout_seconds=5)
    wire = OverheardWire(access, time.monotonic, overhear)
    with contextlib.closing(wire):
        yield wire, heard


@pytest.mark.parametrize(
    ("behaviour", "answer"),
    [
        (servers.answering(servers.answer(201, b"{}")), "201"),
        (servers.answering(servers.answer(429, b"{}")), "429"),
        (servers.close_after_reading, "no_answer"),
    ],
)
def test_a_request_is_told_of_with_its_answer(behaviour: Behaviour, answer: str) -> None:
    with RawServer(behaviour) as server, listening_to(server.url) as (wire, heard):
        wire.exchange(Exchange("POST", "/call", body=b"{}"))
    ((method, said, seconds),) = heard
    assert (method, said) == ("POST", answer)
    assert seconds > 0


def test_a_vendor_that_cannot_be_reached_is_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with listening_to(f"http://127.0.0.1:{port}") as (wire, heard):
        wire.exchange(Exchange("GET", "/campaign"))
    assert [said for _, said, _ in heard] == ["unreachable"]


def test_what_was_withheld_is_no_request() -> None:
    ok = servers.answering(servers.answer(201, b"{}"))
    with RawServer(ok) as server, listening_to(server.url) as (wire, heard):
        wire.exchange(Exchange("POST", "/call", body=b"{}", may_send=lambda: False))
    assert heard == []
