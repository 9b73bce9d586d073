"""Rejects that wait to be delivered, without the rows of a person who is forgotten."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.intake.entry import enter
from sftp_sync.model import Delivery
from sftp_sync.outbox.erasing import without_lines
from tests.support.desks import Intake, an_intake

LIST = b"phone,reject_line,name\n12,3,Ann\n13,2,Bob\n14,9,Cleo\n"


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        enter(made.desk(), made.staged(made.drop("list.csv", LIST)))
        yield made


def rejects(intake: Intake) -> Delivery:
    due = intake.ledger.deliveries.due("renewals")
    return [one for one in due if one.kind == "rejects"][-1]


def numbers_in(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        return [row["phone"] for row in csv.DictReader(opened)]


def test_lose_these_lines_and_no_others(intake: Intake) -> None:
    spool, delivery = intake.around.spool, rejects(intake)
    rewritten = without_lines(spool, delivery, [3, 77])
    assert rewritten is not None
    assert rewritten.spooled != delivery.spooled
    place = spool.path_of(rewritten.spooled)
    assert numbers_in(place) == ["12", "14"]
    assert place.parent.name == "receipts"
    assert place.stat().st_mode & 0o777 == 0o600
    assert rewritten.sha256 == hashlib.sha256(place.read_bytes()).hexdigest()
    assert rewritten.size == place.stat().st_size
    assert numbers_in(spool.path_of(delivery.spooled)) == ["12", "13", "14"]


def test_that_are_not_there_any_more_are_left(intake: Intake) -> None:
    delivery = rejects(intake)
    intake.around.spool.path_of(delivery.spooled).unlink()
    before = set(intake.around.spool.root.rglob("*"))
    assert without_lines(intake.around.spool, delivery, [2]) is None
    assert set(intake.around.spool.root.rglob("*")) == before


def test_keep_what_was_defused_and_what_was_not(intake: Intake) -> None:
    content = b"phone,name\n12,=1+1\n13,'x\n"
    enter(intake.desk(), intake.staged(intake.drop("more.csv", content)))
    delivery = [one for one in intake.ledger.deliveries.due("renewals") if one.kind == "rejects"][
        -1
    ]
    before = intake.around.spool.path_of(delivery.spooled).read_bytes()
    rewritten = without_lines(intake.around.spool, delivery, [])
    assert rewritten is not None
    assert intake.around.spool.path_of(rewritten.spooled).read_bytes() == before
