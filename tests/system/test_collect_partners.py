"""Partners' servers on a bad day: said with what to do, nothing lost, the others served."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.sandbox.quirks import Quirks
from sftp_sync.wiring.parts import now
from tests.support.daily_life import House, Partner, counts, when
from tests.support.sftp_servers import SftpServer, sandbox_sftp
from tests.support.ssh_keys import make_key

WITH_REJECTS = b"phone,name\n2125550123,Ann\n12,No\n"


@contextmanager
def two_campaigns(
    folder: Path, quirks: Quirks | None = None, **changes: Any
) -> Iterator[tuple[House, Partner, SftpServer]]:
    """A served campaign with a list in its inbox, and another one beside it."""
    with sandbox_sftp(folder / "partner", quirks) as server:
        house = House(folder)
        partner = house.served(server, **changes)
        partner.drop("list.csv", WITH_REJECTS)
        house.local("other").drop("others.csv", b"phone\n2125550150\n")
        yield house, partner, server


def assert_said(house: House, *words: str) -> None:
    """One sync says it, and exits as it should; the other campaign goes on; `status` says it."""
    said = house.sync()
    attention = " ".join(house.status()["attention"])
    assert said.code == 1, said.said
    assert "Traceback" not in said.said
    for word in words:
        assert word in said.stdout
        assert word in attention
    assert [one.name for one in house.files("other")] == ["others.csv"]


def assert_mended(house: House, partner: Partner) -> None:
    """Everything is there as if nothing had been, and nobody needs to look."""
    assert house.sync().code == 0
    assert house.status()["attention"] == []
    assert counts(house.file("list.csv")) == {"pending": 1, "invalid": 1}
    assert sorted(name.split(".")[-2] for name in partner.found()) == ["receipt", "rejects"]
    assert house.spooled() == []


def test_a_changed_host_key_is_shown_old_and_new_and_not_trusted(tmp_path: Path) -> None:
    other = make_key("ed25519").public
    with two_campaigns(tmp_path, sftp={"host_keys": [other]}) as (house, _, server):
        assert server.sandbox is not None
        assert_said(house, server.sandbox.fingerprint, "host_keys")
        assert server.sandbox.journal.count("signed_in") == 0
        said = house.sync()
        assert said.code == 1
        assert server.sandbox.fingerprint in " ".join(house.status()["attention"])


def test_a_wrong_password_is_not_tried_again_at_once(tmp_path: Path) -> None:
    with two_campaigns(tmp_path, sftp={"password": "wrong"}) as (house, partner, server):
        assert server.sandbox is not None
        journal = server.sandbox.journal
        assert_said(house, "partner")
        assert journal.count("turned_away") == 1
        said = house.sync()
        assert said.code == 1
        assert "so that the partner does not lock us out" in said.stdout
        assert "test-connection renewals" in said.stdout
        assert journal.count("turned_away") == 1
        assert house.sync("other").code == 0
        why = house.status()["attention"]
        with house.ledger() as ledger:
            assert ledger.campaigns.get("renewals").refused_sign_ins == 1
            ledger.campaigns.refused("renewals", 1, now() - timedelta(seconds=1))
        house.sync()
        assert journal.count("turned_away") == 2
        assert house.status()["attention"] == why
        with house.ledger() as ledger:
            known = ledger.campaigns.get("renewals")
        assert known.not_before is not None
        assert known.not_before - now() > timedelta(minutes=9)
        house.change(sftp={"password": server.password})
        assert house.sync().code == 1
        house.pass_the_test("renewals")
        assert_mended(house, partner)


def test_settings_that_were_changed_are_tested_first(tmp_path: Path) -> None:
    with two_campaigns(tmp_path) as (house, _, server):
        assert server.sandbox is not None
        house.change(sftp={"timeout_seconds": 4}, import_path="/elsewhere")
        said = house.sync()
        assert said.code == 1
        assert "Type: sftp-sync test-connection renewals" in said.stdout
        assert server.sandbox.journal.count("connected") == 0
        assert len(house.status()["attention"]) == 1


def test_a_missing_import_folder(tmp_path: Path) -> None:
    with two_campaigns(tmp_path) as (house, partner, _):
        partner.inbox.rename(partner.root / "elsewhere")
        assert_said(house, "has no /inbox", "Correct the path")
        (partner.root / "elsewhere").rename(partner.inbox)
        assert_mended(house, partner)


def test_a_missing_export_folder_holds_up_receipts_and_nothing_else(tmp_path: Path) -> None:
    with two_campaigns(tmp_path) as (house, partner, _):
        partner.outbox.rmdir()
        assert_said(house, "/outbox", "create the folder")
        assert counts(house.file("list.csv")) == {"pending": 1, "invalid": 1}
        partner.outbox.mkdir()
        assert_mended(house, partner)


def test_a_partner_is_asked_for_a_refused_thing_once_a_run(tmp_path: Path) -> None:
    with two_campaigns(tmp_path, hold={"reject_ratio_above": None}) as (house, partner, server):
        assert server.sandbox is not None
        partner.outbox.rmdir()
        for number in range(15):
            partner.drop(f"list{number}.csv", f"phone\n21255501{number:02}\n".encode())
        house.sync()
        tried = server.sandbox.journal.paths("write")
        assert len(set(tried)) == len(tried) == 10
        assert len(house.files("renewals")) == 16
        partner.outbox.mkdir()
        assert house.sync().code == 0
        assert len(partner.found()) == 17


def test_one_delivery_that_is_refused_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with two_campaigns(tmp_path) as (house, partner, _):
        partner.outbox.rmdir()
        house.sync()
        partner.outbox.mkdir()
        with house.ledger() as ledger:
            first, *_ = ledger.deliveries.due("renewals")
        part = partner.outbox / f".{first.name}.part"
        part.mkdir()
        assert_said(house, first.name)
        assert len(partner.found(".receipt.json")) == 1
        part.rmdir()
        assert_mended(house, partner)


def test_an_inbox_that_may_not_be_changed(tmp_path: Path) -> None:
    quirks = Quirks(read_only_folders=("/inbox",))
    rules = {"after_import": "delete", "settle_seconds": 0}
    with two_campaigns(tmp_path, quirks, files=rules) as (house, partner, server):
        assert server.sandbox is not None
        assert_said(house, "/inbox/list.csv", "Ask the partner")
        assert len(partner.found()) == 2
        assert partner.waiting() == ["archive", "list.csv"]
        server.sandbox.quirks = Quirks()
        assert_mended(house, partner)
        assert partner.waiting() == ["archive"]


def test_an_archive_that_is_not_there_leaves_files_under_their_own_names(tmp_path: Path) -> None:
    rules = {"after_import": "move", "archive_path": "/inbox/archive", "settle_seconds": 0}
    with two_campaigns(tmp_path, files=rules) as (house, partner, _):
        (partner.inbox / "archive").rmdir()
        assert_said(house, "/inbox")
        assert partner.waiting() == ["list.csv"]
        (partner.inbox / "archive").mkdir()
        assert_mended(house, partner)
        assert partner.waiting() == ["archive"]


def test_names_that_are_taken_in_the_archive_are_left_alone(tmp_path: Path) -> None:
    rules = {"after_import": "move", "archive_path": "/inbox/archive", "settle_seconds": 0}
    long = "n" * 251 + ".csv"
    with two_campaigns(tmp_path, files=rules) as (house, partner, _):
        partner.drop(long, b"phone\n2125550160\n")
        for name in ("list.csv", long):
            (partner.inbox / "archive" / name).write_bytes(b"of another day")
        assert house.sync().code == 0
    archived = {path.name: path.read_bytes() for path in (partner.inbox / "archive").iterdir()}
    assert len(archived) == 4
    assert archived["list.csv"] == archived[long] == b"of another day"
    assert sorted(archived.values())[2:] == [b"phone\n2125550160\n", WITH_REJECTS]
    assert partner.waiting() == ["archive"]


def test_no_room_at_the_partner(tmp_path: Path) -> None:
    with two_campaigns(tmp_path, Quirks(disk_full_at=50)) as (house, partner, server):
        assert server.sandbox is not None
        assert_said(house, "full disk", "partner")
        assert partner.found() == []
        server.sandbox.quirks = Quirks()
        assert_mended(house, partner)


def test_a_connection_that_is_lost_in_an_upload(tmp_path: Path) -> None:
    with two_campaigns(tmp_path, Quirks(disconnect_upload_at=50)) as (house, partner, server):
        assert server.sandbox is not None
        assert_said(house, "connection", "Nothing is lost")
        assert len(house.status()["attention"]) == 1
        server.sandbox.quirks = Quirks()
        assert_mended(house, partner)


def test_what_was_done_before_the_connection_was_lost_is_told(tmp_path: Path) -> None:
    with two_campaigns(tmp_path, Quirks(disconnect_upload_at=50)) as (house, _, _):
        said = house.sync("--json").json["campaigns"][0]
        assert [file["name"] for file in said["collected"]] == ["list.csv"]


def test_a_dead_server(tmp_path: Path) -> None:
    with two_campaigns(tmp_path) as (house, partner, server):
        assert server.sandbox is not None
        server.sandbox.stop()
        assert_said(house, "127.0.0.1", "partner")
        server.sandbox.start()
        assert_mended(house, partner)


def test_a_silent_server(tmp_path: Path) -> None:
    quirks = Quirks(silent_at="listing")
    with two_campaigns(tmp_path, quirks, sftp={"timeout_seconds": 1}) as (house, partner, server):
        assert server.sandbox is not None
        assert_said(house, "silent for 1 s", "ask the partner")
        server.sandbox.stop()
        server.sandbox.quirks = Quirks()
        server.sandbox.start()
        assert_mended(house, partner)


def test_a_file_that_cannot_be_read_does_not_keep_the_others_out(tmp_path: Path) -> None:
    with two_campaigns(tmp_path) as (house, partner, server):
        closed = partner.inbox / "closed.csv"
        partner.drop("closed.csv", age_seconds=300)

        def spoil() -> None:
            closed.unlink()
            closed.mkdir()

        when(server, "read", "closed.csv", spoil)
        assert_said(house, "closed.csv", "Ask the partner")
        assert [one.name for one in house.files("renewals")] == ["list.csv"]
        with house.ledger() as ledger:
            assert ledger.campaigns.get("renewals").collected_at is None
        closed.rmdir()
        assert_mended(house, partner)


def test_no_room_on_our_own_disk(tmp_path: Path) -> None:
    with two_campaigns(tmp_path) as (house, partner, _):
        partner.drop("list.csv", WITH_REJECTS + b"2125550123,Ann\n" * 100_000)
        said = house.sync(file_limit=1_000_000)
        assert said.code == 1
        assert "no room on this machine's disk" in said.stdout
        assert "Make room there; nothing is lost" in said.stdout
        assert [one.name for one in house.files("other")] == ["others.csv"]
        assert house.files("renewals") == []
        partner.drop("list.csv", WITH_REJECTS)
        assert_mended(house, partner)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=72m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can make a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("left_bytes", [60_000_000, 0])
def test_a_full_disk_is_said_and_nothing_is_lost(
    tmp_path: Path, small_disk: Path, left_bytes: int
) -> None:
    house = House(small_disk)
    partner = house.local(folder=str(tmp_path / "far"))
    partner = Partner(tmp_path / "far")
    for name in ("inbox", "outbox"):
        (partner.root / name).mkdir(parents=True)
    partner.drop("list.csv", WITH_REJECTS)
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small_disk).free - left_bytes)
    said = house.sync()
    assert said.code == 1, said.said
    assert "Traceback" not in said.said
    assert "disk" in said.said
    assert "Nothing is lost" in said.said or "nothing is lost" in said.said
    ballast.unlink()
    assert_mended(house, partner)
