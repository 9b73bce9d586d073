"""A silent server is given up in time, at every stage, and leaves nothing behind."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteUnavailable
from sftp_sync.remote.sftp import SftpRemote, connect
from sftp_sync.sandbox.quirks import Quirks, Stage
from tests.support.faulty_servers import (
    PATIENCE_SECONDS,
    ending_soon,
    impatient,
    nothing_left_behind_but,
)
from tests.support.openssh import descendants, frozen, sshd
from tests.support.sftp_servers import SftpServer

pytest_plugins = ["tests.support.remote_fixtures"]


class TestASilentServer:
    @pytest.mark.parametrize(
        ("stage", "step"),
        [
            ("banner", "connect"),
            ("key_exchange", "connect"),
            ("sign_in", "sign_in"),
            ("channel", "sign_in"),
            ("greeting", "sign_in"),
        ],
    )
    def test_is_given_up_while_connecting(
        self, served: Callable[[Quirks], SftpServer], stage: Stage, step: str
    ) -> None:
        server = served(Quirks(silent_at=stage))
        with ending_soon(), pytest.raises(RemoteUnavailable) as caught:
            impatient(server)
        assert caught.value.step == step

    @pytest.mark.parametrize("stage", ["listing", "look", "download", "upload", "rename", "remove"])
    def test_is_given_up_in_the_middle_and_closes_at_once(
        self, served: Callable[[Quirks], SftpServer], stage: Stage, tmp_path: Path
    ) -> None:
        server = served(Quirks(silent_at=stage, silent_from_byte=600_000))
        (server.root / "inbox/leads.csv").write_bytes(b"x" * 4_000_000)
        (tmp_path / "result.csv").write_bytes(b"y" * 4_000_000)
        acts: dict[str, Callable[[SftpRemote], object]] = {
            "listing": lambda remote: list(remote.list("/inbox")),
            "look": lambda remote: remote.stat("/inbox/leads.csv"),
            "download": lambda remote: remote.fetch("/inbox/leads.csv", io.BytesIO()),
            "upload": lambda remote: remote.put(tmp_path / "result.csv", "/outbox/result.csv"),
            "rename": lambda remote: remote.rename("/inbox/leads.csv", "/inbox/old.csv"),
            "remove": lambda remote: remote.remove("/inbox/leads.csv"),
        }
        remote = impatient(server)
        with ending_soon(), pytest.raises(RemoteUnavailable, match="silent") as caught:
            acts[stage](remote)
        assert "/" in caught.value.message
        began = time.monotonic()
        remote.close()
        assert time.monotonic() - began < 1
        with pytest.raises(RemoteUnavailable):
            remote.stat("/inbox")

    def test_leaves_nothing_behind_however_often(
        self, served: Callable[[Quirks], SftpServer]
    ) -> None:
        server = served(Quirks(silent_at="key_exchange"))
        login = replace(server.login(), timeout_seconds=0.05)
        with pytest.raises(RemoteUnavailable):
            connect(login)
        with nothing_left_behind_but(server):
            for _ in range(10):
                with pytest.raises(RemoteUnavailable):
                    connect(login)

    def test_that_is_frozen_while_we_upload_is_given_up(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "endless.csv")
        with sshd(tmp_path / "root") as server, ExitStack() as stack:
            assert server.process_id is not None
            remote = impatient(server)
            sessions = descendants(server.process_id)

            def pour() -> None:
                with suppress(BrokenPipeError), (tmp_path / "endless.csv").open("wb") as poured:
                    poured.write(b"x" * 1_000_000)
                    stack.enter_context(frozen(sessions))
                    while True:
                        poured.write(b"x" * 1_000_000)

            pouring = threading.Thread(target=pour)
            pouring.start()
            with ending_soon(), pytest.raises(RemoteUnavailable, match=r"/outbox/result\.csv"):
                remote.put(tmp_path / "endless.csv", server.path("/outbox/result.csv"))
            pouring.join()
            began = time.monotonic()
            remote.close()
            assert time.monotonic() - began < 1

    def test_is_not_what_a_slow_one_is(self, served: Callable[[Quirks], SftpServer]) -> None:
        server = served(Quirks(bytes_per_second=200_000))
        (server.root / "inbox/leads.csv").write_bytes(b"x" * 300_000)
        with impatient(server) as remote:
            began = time.monotonic()
            assert remote.fetch("/inbox/leads.csv", io.BytesIO()) == 300_000
            assert time.monotonic() - began > PATIENCE_SECONDS
