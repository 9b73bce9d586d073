"""Servers that hang up, files that change meanwhile, and what is left of connections."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteMissing, RemoteRefused, RemoteUnavailable
from sftp_sync.remote.sftp import connect
from sftp_sync.sandbox.quirks import GROWTH, Quirks
from tests.support.faulty_servers import (
    ending_soon,
    impatient,
    nothing_left_behind,
)
from tests.support.remotes import until
from tests.support.sftp_servers import SftpServer, sandbox_sftp

pytest_plugins = ["tests.support.remote_fixtures"]


class TestAServerThatHangsUp:
    def test_while_we_download(self, served: Callable[[Quirks], SftpServer]) -> None:
        server = served(Quirks(disconnect_download_at=1_000_000))
        (server.root / "inbox/leads.csv").write_bytes(b"x" * 4_000_000)
        received = io.BytesIO()
        remote = impatient(server)
        with ending_soon(), pytest.raises(RemoteUnavailable, match=r"/inbox/leads\.csv"):
            remote.fetch("/inbox/leads.csv", received)
        assert len(received.getvalue()) < 4_000_000
        remote.close()

    def test_while_we_upload(self, served: Callable[[Quirks], SftpServer], tmp_path: Path) -> None:
        server = served(Quirks(disconnect_upload_at=1_000_000))
        (tmp_path / "result.csv").write_bytes(b"y" * 4_000_000)
        remote = impatient(server)
        with ending_soon(), pytest.raises(RemoteUnavailable, match=r"/outbox/result\.csv"):
            remote.put(tmp_path / "result.csv", "/outbox/result.csv")
        remote.close()
        assert not (server.root / "outbox/result.csv").exists()

    def test_is_served_in_full_the_next_time(
        self, served: Callable[[Quirks], SftpServer], tmp_path: Path
    ) -> None:
        server = served(Quirks(disconnect_upload_at=1_000_000))
        assert server.sandbox is not None
        (tmp_path / "result.csv").write_bytes(b"y" * 4_000_000)
        with impatient(server) as remote, pytest.raises(RemoteUnavailable):
            remote.put(tmp_path / "result.csv", "/outbox/result.csv")
        server.sandbox.quirks = Quirks()
        with impatient(server) as remote:
            remote.put(tmp_path / "result.csv", "/outbox/result.csv")
        assert [path.name for path in (server.root / "outbox").iterdir()] == ["result.csv"]

    def test_between_two_requests(self, served: Callable[[Quirks], SftpServer]) -> None:
        server = served(Quirks())
        assert server.sandbox is not None
        remote = impatient(server)
        server.sandbox.stop()
        with ending_soon(), pytest.raises(RemoteUnavailable):
            remote.stat("/inbox")
        remote.close()

    def test_is_not_there_at_all(self, served: Callable[[Quirks], SftpServer]) -> None:
        server = served(Quirks())
        assert server.sandbox is not None
        server.sandbox.stop()
        with pytest.raises(RemoteUnavailable, match="does not answer") as caught:
            impatient(server)
        assert caught.value.step == "connect"


class TestAFileThatChanges:
    def test_while_it_is_looked_at_shows_another_size_and_the_old_time(
        self, served: Callable[[Quirks], SftpServer]
    ) -> None:
        server = served(Quirks(grows_at="listing"))
        (server.root / "inbox/leads.csv").write_bytes(b"phone\n")
        with impatient(server) as remote:
            first = {file.name: file for file in remote.list("/inbox")}["leads.csv"]
            second = {file.name: file for file in remote.list("/inbox")}["leads.csv"]
        assert first.modified_at == second.modified_at
        assert second.size == (first.size or 0) + len(GROWTH)

    def test_while_it_is_read_is_as_long_as_it_was_when_opened(
        self, served: Callable[[Quirks], SftpServer]
    ) -> None:
        server = served(Quirks(grows_at="download"))
        (server.root / "inbox/leads.csv").write_bytes(b"x" * 100_000)
        with impatient(server) as remote:
            assert remote.fetch("/inbox/leads.csv", io.BytesIO()) == 100_000
            found = remote.stat("/inbox/leads.csv")
        assert found is not None
        assert found.size == 100_000 + len(GROWTH)

    def test_by_being_cut_short_while_it_is_read_is_not_taken_for_whole(
        self, served: Callable[[Quirks], SftpServer]
    ) -> None:
        server = served(Quirks())
        path = server.root / "inbox/leads.csv"
        path.write_bytes(b"x" * 8_000_000)
        with impatient(server) as remote:
            with pytest.raises(RemoteUnavailable, match="of 8000000 bytes"):
                remote.fetch(
                    "/inbox/leads.csv",
                    io.BytesIO(),
                    lambda _count: os.truncate(path, 1_000_000),
                )
            assert remote.stat("/inbox") is not None

    def test_by_going_away_is_missing(self, served: Callable[[Quirks], SftpServer]) -> None:
        server = served(Quirks())
        with impatient(server) as remote, pytest.raises(RemoteMissing):
            remote.fetch("/inbox/gone.csv", io.BytesIO())


class TestConnections:
    def test_are_one_per_remote_and_end_with_it(
        self, served: Callable[[Quirks], SftpServer]
    ) -> None:
        server = served(Quirks())
        assert server.sandbox is not None
        journal = server.sandbox.journal
        for _ in range(3):
            with impatient(server) as remote:
                list(remote.list("/inbox"))
        assert journal.count("signed_in") == 3
        assert journal.most_open_at_once == 1
        assert until(lambda: journal.open_now == 0)

    def test_leave_no_thread_and_no_socket(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path / "warm") as server, impatient(server):
            pass
        with nothing_left_behind():
            for number in range(3):
                with sandbox_sftp(tmp_path / str(number)) as server:
                    with impatient(server) as remote:
                        list(remote.list("/inbox"))
                    with pytest.raises(RemoteRefused):
                        connect(replace(server.login(), password="wrong"))
                    with pytest.raises(RemoteRefused):
                        connect(replace(server.login(), host_keys=()))
