"""What is said to be there survives a power cut: it is on the disk before anybody is told of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.intake.entry import enter
from sftp_sync.intake.fetch import fetch
from sftp_sync.outbox.erasing import without_lines
from sftp_sync.outbox.results import compose
from tests.support.builders import a_campaign
from tests.support.desks import Intake, an_intake


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        yield made


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What was brought to the disk, by its path, with its content at that moment."""
    seen: dict[str, bytes] = {}
    bring = os.fsync

    def noted(descriptor: int) -> None:
        bring(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        seen[str(path)] = path.read_bytes() if path.is_file() else b""

    monkeypatch.setattr(os, "fsync", noted)
    return seen


def test_receipts_and_rejects_are(intake: Intake, on_disk: dict[str, bytes]) -> None:
    enter(intake.desk(), intake.staged(intake.drop("list.csv", b"phone\n12\n+12125550123\n")))
    due = intake.ledger.deliveries.due("renewals")
    assert {one.kind for one in due} == {"receipt", "rejects"}
    for one in due:
        path = intake.around.spool.path_of(one.spooled)
        assert on_disk[str(path)] == path.read_bytes()


def test_rejects_without_a_person_are(intake: Intake, on_disk: dict[str, bytes]) -> None:
    enter(intake.desk(), intake.staged(intake.drop("list.csv", b"phone\n12\n13\n")))
    rejects = intake.ledger.deliveries.due("renewals")[0]
    rewritten = without_lines(intake.around.spool, rejects, [2])
    assert rewritten is not None
    path = intake.around.spool.path_of(rewritten.spooled)
    assert on_disk[str(path)] == path.read_bytes()


def test_a_list_that_was_fetched_is(intake: Intake, on_disk: dict[str, bytes]) -> None:
    source = intake.drop("list.csv")
    place = intake.around.spool.place("renewals", "incoming")
    assert fetch(intake.remote, "/inbox", source, place, (1000, lambda *_: None)) is not None
    assert on_disk[str(place)] == place.read_bytes()


def test_results_are(intake: Intake, on_disk: dict[str, bytes]) -> None:
    file = enter(intake.desk(), intake.staged(intake.drop("list.csv")))
    delivery, _ = compose(intake.around, a_campaign(), file, "x.results.csv", [])
    path = intake.around.spool.path_of(delivery.spooled)
    assert on_disk[str(path)] == path.read_bytes()
    assert path.read_bytes()


def test_a_file_in_a_partners_folder_is_with_its_name(
    intake: Intake, on_disk: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "source").write_bytes(b"x")
    intake.remote.put(tmp_path / "source", "/outbox/list.csv")
    outbox = intake.root / "outbox"
    assert on_disk[str(outbox / ".list.csv.part")] == b"x"
    assert str(outbox) in on_disk
