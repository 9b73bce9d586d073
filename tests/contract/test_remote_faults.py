"""What a remote does when the server does not do its part: it ends, and says what happened."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteExists, RemoteMissing, RemoteRefused, RemoteUnavailable
from sftp_sync.remote.sftp import SftpRemote, connect
from sftp_sync.sandbox.quirks import GROWTH, Quirks, Stage
from tests.support.remotes import until
from tests.support.sftp_servers import SftpServer, descendants, frozen, sandbox_sftp, sshd

PATIENCE_SECONDS = 0.5
SLACK_SECONDS = 2.5


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[Quirks], SftpServer]]:
    """Start a server with quirks, stop it after the test."""
    with ExitStack() as stack:
        yield lambda quirks: stack.enter_context(sandbox_sftp(tmp_path / "root", quirks))


def impatient(server: SftpServer) -> SftpRemote:
    return connect(replace(server.login(), timeout_seconds=PATIENCE_SECONDS))


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@contextmanager
def ending_soon() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < PATIENCE_SECONDS + SLACK_SECONDS


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """No thread and no open file more than before."""
    before = set(threading.enumerate())
    files = open_files()
    yield
    ours = [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()]
    assert ours == []
    assert open_files() <= files


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


@contextmanager
def nothing_left_behind_but(server: SftpServer) -> Iterator[None]:
    """As above; the server in this process has its own sockets, which end with it."""
    before = set(threading.enumerate())
    yield
    assert until(lambda: set(threading.enumerate()) <= before)
    assert server.sandbox is not None


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


class TestAnUpload:
    @pytest.fixture
    def result(self, tmp_path: Path) -> Path:
        (tmp_path / "result.csv").write_bytes(b"y" * 200_000)
        return tmp_path / "result.csv"

    def test_to_a_full_disk_says_so_and_leaves_nothing(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(disk_full_at=100_000))
        with impatient(server) as remote:
            with pytest.raises(RemoteRefused, match="full disk") as caught:
                remote.put(result, "/outbox/result.csv")
            assert list(remote.list("/outbox")) == []
        assert caught.value.step == "write_export"
        assert caught.value.who == "partner"
        assert "/outbox/result.csv" in caught.value.message

    def test_that_is_swallowed_is_not_called_done(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(swallows_uploads=True))
        with impatient(server) as remote, pytest.raises(RemoteRefused, match="shows nothing"):
            remote.put(result, "/outbox/result.csv")

    def test_that_the_receiver_takes_at_once_is_done(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(takes_uploads=True))
        assert server.sandbox is not None
        with impatient(server) as remote:
            remote.put(result, "/outbox/result.csv")
        assert server.sandbox.journal.paths("taken") == ["/outbox/result.csv"]

    def test_into_a_read_only_folder_names_who_must_act(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(read_only_folders=("/outbox",)))
        with impatient(server) as remote, pytest.raises(RemoteRefused, match="permit") as caught:
            remote.put(result, "/outbox/result.csv")
        assert caught.value.who == "partner"
        assert "partner to allow partner to write /outbox/result.csv" in caught.value.fix

    @pytest.mark.parametrize("quirks", [Quirks(), Quirks(setstat=False)])
    def test_gets_the_wanted_mode_where_the_server_can_set_it(
        self, served: Callable[[Quirks], SftpServer], result: Path, quirks: Quirks
    ) -> None:
        server = served(quirks)
        with connect(replace(server.login(), file_mode=0o640)) as remote:
            remote.put(result, "/outbox/result.csv")
        assert (server.root / "outbox/result.csv").stat().st_mode & 0o777 == 0o640

    def test_that_is_stored_only_in_part_gets_no_name(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(stores_only=1000))
        with impatient(server) as remote:
            with pytest.raises(RemoteRefused, match="stored 1000") as caught:
                remote.put(result, "/outbox/result.csv")
            assert list(remote.list("/outbox")) == []
        assert "200000" in caught.value.message

    def test_whose_renaming_is_wrongly_called_a_failure_is_done(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(rename_lies=True))
        with impatient(server) as remote:
            remote.put(result, "/outbox/result.csv")
            with pytest.raises(RemoteExists):
                remote.put(result, "/outbox/result.csv")

    @pytest.mark.parametrize("quirks", [Quirks(), Quirks(posix_rename=False)])
    def test_into_a_letter_box_is_done_when_the_renaming_was(
        self, served: Callable[[Quirks], SftpServer], result: Path, quirks: Quirks
    ) -> None:
        server = served(replace(quirks, hides_files=True))
        with impatient(server) as remote:
            remote.put(result, "/outbox/result.csv")
            with pytest.raises(RemoteRefused):
                remote.put(result, "/outbox/result.csv")
        assert (server.root / "outbox/result.csv").stat().st_size == 200_000

    def test_that_something_changes_behind_our_back_is_not_called_done(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(appends_to_uploads=True))
        with impatient(server) as remote, pytest.raises(RemoteRefused, match="200000 were"):
            remote.put(result, "/outbox/result.csv")

    def test_that_we_cannot_read_on_closes_what_it_opened(
        self, served: Callable[[Quirks], SftpServer], tmp_path: Path
    ) -> None:
        server = served(Quirks())
        with impatient(server) as remote:
            with pytest.raises(IsADirectoryError):
                remote.put(tmp_path, "/outbox/result.csv")
            assert list(remote.list("/outbox")) == []

    def test_that_cannot_take_the_place_it_has_cleared_keeps_the_new_content(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(posix_rename=False, renames_fail=True))
        (server.root / "outbox/result.csv").write_bytes(b"of yesterday")
        with impatient(server) as remote, pytest.raises(RemoteRefused) as caught:
            remote.put(result, "/outbox/result.csv", may_replace=True)
        assert caught.value.step == "rename_export"
        part = server.root / "outbox/.result.csv.part"
        assert part.stat().st_size == 200_000

    def test_replaces_without_posix_rename_and_never_loses_both(
        self, served: Callable[[Quirks], SftpServer], result: Path
    ) -> None:
        server = served(Quirks(posix_rename=False))
        (server.root / "outbox/result.csv").write_bytes(b"of yesterday")
        with impatient(server) as remote:
            remote.put(result, "/outbox/result.csv", may_replace=True)
        assert (server.root / "outbox/result.csv").stat().st_size == 200_000


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
