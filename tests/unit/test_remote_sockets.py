from __future__ import annotations

import socket
import time

import pytest

from sftp_sync.errors import RemoteUnavailable
from sftp_sync.remote.sftp.sockets import PatientSocket, connect_any


def test_sending_to_a_peer_that_reads_nothing_ends() -> None:
    ours, theirs = socket.socketpair()
    with theirs, PatientSocket(ours, timeout_seconds=0.2) as patient:
        patient.settimeout(0.02)
        began = time.monotonic()
        with pytest.raises(ConnectionAbortedError, match="stopped reading"):
            send_for_ever(patient)
        assert 0.2 <= time.monotonic() - began < 5


def test_sending_to_a_slow_peer_goes_on() -> None:
    ours, theirs = socket.socketpair()
    with theirs, PatientSocket(ours, timeout_seconds=0.2) as patient:
        patient.settimeout(0.02)
        ends_at = time.monotonic() + 0.6
        while time.monotonic() < ends_at:
            try:
                patient.send(b"x" * 65536)
            except TimeoutError:
                theirs.recv(65536)


def send_for_ever(patient: PatientSocket) -> None:
    while True:
        try:
            patient.send(b"x" * 65536)
        except TimeoutError:
            continue


def test_the_next_address_is_tried_where_the_first_is_deaf() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        deaf = (socket.AF_INET6, ("::1", port, 0, 0))
        good = (socket.AF_INET, ("127.0.0.1", port))
        with connect_any([deaf, good], 2, "sftp.example.com") as connected:
            assert connected.getpeername() == ("127.0.0.1", port)
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_all_addresses_together_take_no_longer_than_the_timeout() -> None:
    # A full queue lets nobody in and refuses nobody.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        port = listening.getsockname()[1]
        address = (socket.AF_INET, ("127.0.0.1", port))
        waiting = [socket.create_connection(("127.0.0.1", port), 1)]
        began = time.monotonic()
        with pytest.raises(RemoteUnavailable, match="no answer in time") as caught:
            waiting += [connect_any([address] * 3, 0.5, "sftp.example.com") for _ in range(3)]
        assert time.monotonic() - began < 3
        for connected in waiting:
            connected.close()
    assert caught.value.step == "connect"
