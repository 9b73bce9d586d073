"""test-connection's SFTP steps, on servers where something is amiss."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sftp_sync.remote.base import Remote
from sftp_sync.remote.folder import FolderRemote
from sftp_sync.remote.preflight import Check, Places, preflight
from sftp_sync.remote.sftp import SftpLogin, connect
from sftp_sync.sandbox.quirks import Quirks
from tests.support.sftp_servers import SftpServer, make_folders, sandbox_sftp

CONNECTING = ["resolve", "connect", "host_key", "sign_in"]
EXPORTING = ["write_export", "rename_export", "delete_export", "clock"]
PLACES = Places("/inbox", "/outbox")
MOVING = Places("/inbox", "/outbox", archive_path="/inbox/archive")


def checked(login: SftpLogin, places: Places = PLACES) -> dict[str, Check]:
    return by_name(lambda: connect(login), places)


def by_name(open_remote: Callable[[], Remote], places: Places) -> dict[str, Check]:
    return {check.name: check for check in preflight(open_remote, places, time.time)}


def failed(checks: dict[str, Check]) -> list[str]:
    return [name for name, check in checks.items() if not check.ok]


def leftovers(server: SftpServer) -> list[str]:
    return [path.name for path in server.root.rglob("*sftp-sync-test*")]


class TestWhenAllIsWell:
    def test_every_step_is_ok_in_order_and_nothing_stays(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            (server.root / "inbox/leads.csv").write_bytes(b"x" * 2_000_000)
            checks = checked(server.login(), MOVING)
            assert leftovers(server) == []
            assert server.sandbox is not None
            assert server.sandbox.journal.count("signed_in") == 1
        assert list(checks) == [*CONNECTING, "list_import", "read_import", "archive", *EXPORTING]
        assert failed(checks) == []
        assert "127.0.0.1" in checks["resolve"].detail
        assert "leads.csv" in checks["read_import"].detail

    def test_a_folder_on_this_machine_passes_too(self, tmp_path: Path) -> None:
        make_folders(tmp_path)
        checks = by_name(lambda: FolderRemote(tmp_path), MOVING)
        assert failed(checks) == []
        assert checks["connect"].detail == "a local folder"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_an_empty_inbox_is_fine(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            assert checked(server.login())["read_import"].detail == "the folder is empty"

    def test_a_receiver_that_takes_files_at_once_is_fine(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path, Quirks(takes_uploads=True)) as server:
            assert failed(checked(server.login())) == []

    @pytest.mark.parametrize(
        ("quirks", "words"),
        [
            (Quirks(), "agrees"),
            (Quirks(clock_offset_seconds=7200), "120 minutes ahead of"),
            (Quirks(clock_offset_seconds=-3600), "60 minutes behind"),
            (Quirks(tells_time=False), "does not tell"),
        ],
    )
    def test_the_clock_is_told(self, tmp_path: Path, quirks: Quirks, words: str) -> None:
        with sandbox_sftp(tmp_path, quirks) as server:
            clock = checked(server.login())["clock"]
        assert clock.ok
        assert words in clock.detail


class TestWhenItIsNot:
    def test_checks_end_at_the_step_that_failed(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            login = server.login()
            wrong = {
                "resolve": replace(login, host="no-such-host.invalid"),
                "host_key": replace(login, host_keys=()),
                "sign_in": replace(login, password="wrong"),
            }
            for step, mistaken in wrong.items():
                checks = checked(mistaken)
                assert list(checks) == CONNECTING[: CONNECTING.index(step) + 1]
                assert failed(checks) == [step]
                assert checks[step].fix
        checks = checked(login)
        assert failed(checks) == ["connect"]

    def test_a_missing_inbox_does_not_hide_what_else_is_amiss(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            checks = checked(server.login(), Places("/inbocks", "/outbocks"))
        assert failed(checks) == ["list_import", "write_export"]
        assert "read_import" not in checks
        assert "rename_export" not in checks

    def test_a_read_only_inbox_matters_only_where_files_are_moved(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path, Quirks(read_only_folders=("/inbox",))) as server:
            assert failed(checked(server.login())) == []
            archive = checked(server.login(), MOVING)["archive"]
        assert not archive.ok
        assert archive.who == "partner"
        assert "after_import: keep" in archive.fix

    def test_a_missing_archive_leaves_nothing_in_the_inbox(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path) as server:
            checks = checked(server.login(), Places("/inbox", "/outbox", "/inbox/done"))
            assert failed(checks) == ["archive"]
            assert leftovers(server) == []

    def test_a_full_disk_fails_the_writing(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path, Quirks(disk_full_at=10)) as server:
            checks = checked(server.login())
            assert leftovers(server) == []
        assert failed(checks) == ["write_export"]
        assert checks["write_export"].who == "partner"

    def test_a_server_that_falls_silent_ends_the_checks(self, tmp_path: Path) -> None:
        with sandbox_sftp(tmp_path, Quirks(silent_at="rename")) as server:
            checks = checked(replace(server.login(), timeout_seconds=0.5))
        assert list(checks) == [*CONNECTING, "list_import", "read_import", "rename_export"]
        assert failed(checks) == ["rename_export"]
