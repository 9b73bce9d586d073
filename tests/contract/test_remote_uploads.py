"""What is and what is not an upload that is done."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteExists, RemoteRefused
from sftp_sync.remote.sftp import connect
from sftp_sync.sandbox.quirks import Quirks
from tests.support.faulty_servers import (
    impatient,
)
from tests.support.sftp_servers import SftpServer

pytest_plugins = ["tests.support.remote_fixtures"]


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

    @pytest.mark.parametrize("quirks", [Quirks(), Quirks(rename_overwrites=True)])
    def test_to_a_name_that_is_taken_meanwhile_overwrites_nothing(
        self, served: Callable[[Quirks], SftpServer], tmp_path: Path, quirks: Quirks
    ) -> None:
        server = served(quirks)
        os.mkfifo(tmp_path / "slow.csv")

        def be_overtaken() -> None:
            # Opening succeeds only once the upload has begun to read.
            with (tmp_path / "slow.csv").open("wb") as poured:
                (server.root / "outbox/result.csv").write_bytes(b"theirs")
                poured.write(b"ours")

        pouring = threading.Thread(target=be_overtaken)
        pouring.start()
        with impatient(server) as remote, pytest.raises(RemoteExists):
            remote.put(tmp_path / "slow.csv", "/outbox/result.csv")
        pouring.join()
        assert (server.root / "outbox/result.csv").read_bytes() == b"theirs"
        assert [path.name for path in (server.root / "outbox").iterdir()] == ["result.csv"]

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
