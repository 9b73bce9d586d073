"""Ports, names and accounts behind which there is no SFTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteRefused, RemoteUnavailable
from sftp_sync.remote.sftp import SftpLogin, connect
from tests.support.openssh import sshd


class TestWhatIsNoSftpServer:
    def test_is_named_as_such_where_it_speaks_something_else(self) -> None:
        with (
            answering(b"HTTP/1.0 400 Bad Request\r\n\r\n") as port,
            pytest.raises(RemoteUnavailable, match="does not answer as an SSH server") as caught,
        ):
            connect(SftpLogin("127.0.0.1", "x", port, password="x", timeout_seconds=1))
        assert "sftp.port" in caught.value.fix

    def test_is_named_as_such_where_the_account_has_no_sftp(self, tmp_path: Path) -> None:
        with (
            sshd(tmp_path, options=("Subsystem sftp /bin/false",)) as server,
            pytest.raises(RemoteUnavailable, match="does not start SFTP") as caught,
        ):
            connect(server.login())
        assert caught.value.step == "sign_in"

    def test_is_named_as_such_where_it_chatters(self, tmp_path: Path) -> None:
        with (
            sshd(tmp_path, options=("Subsystem sftp /bin/echo Welcome to the shell",)) as server,
            pytest.raises(RemoteRefused, match="offers no SFTP"),
        ):
            connect(server.login())

    def test_is_named_as_such_where_the_name_leads_nowhere(self) -> None:
        with pytest.raises(RemoteUnavailable, match="leads nowhere") as caught:
            connect(SftpLogin("no-such-host.invalid", "x", password="x"))
        assert caught.value.step == "resolve"


@contextmanager
def answering(words: bytes) -> Iterator[int]:
    """A port where something else lives."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connected, _ = listening.accept()
            with connected:
                connected.sendall(words)
                connected.recv(1024)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()
