from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.intake.entry import enter
from sftp_sync.model import Delivery
from sftp_sync.outbox.deliver import Round, deliver_due
from tests.support.builders import a_campaign
from tests.support.desks import Intake, an_intake

WITH_REJECTS = b"phone\n+12125550123\n12\n"
RECEIPT = "list.csv.20261120T063000Z.receipt.json"
REJECTS = "list.csv.20261120T063000Z.rejects.csv"


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        enter(made.desk(), made.staged(made.drop("list.csv", WITH_REJECTS)))
        yield made


def deliver(intake: Intake, made: Round | None = None) -> list[Delivery]:
    return deliver_due(
        a_campaign(), intake.remote, intake.around, intake.lease, made or Round.of_receipts()
    )


def due(intake: Intake) -> list[Delivery]:
    return intake.ledger.deliveries.due("renewals")


def notices(intake: Intake) -> list[str]:
    return [notice.message for notice in intake.ledger.notices.all()]


def test_what_is_due_is_delivered_once_and_leaves_the_spool(intake: Intake) -> None:
    spooled = [intake.around.spool.path_of(one.spooled) for one in due(intake)]
    assert {one.name for one in deliver(intake)} == {RECEIPT, REJECTS}
    assert deliver(intake) == due(intake) == []
    assert not any(path.exists() for path in spooled)
    assert intake.there("outbox") == {RECEIPT, REJECTS}


def test_what_was_delivered_before_a_crash_is_recognised(intake: Intake) -> None:
    for one in due(intake):
        intake.remote.put(intake.around.spool.path_of(one.spooled), f"/outbox/{one.name}")
    deliver(intake)
    assert due(intake) == []
    assert intake.there("outbox") == {RECEIPT, REJECTS}


def test_somebody_elses_file_of_that_name_is_left_alone(intake: Intake) -> None:
    size = next(one.size for one in due(intake) if one.kind == "receipt")
    (intake.root / "outbox" / RECEIPT).write_bytes(b"x" * size)
    (intake.root / "outbox" / REJECTS).write_bytes(b"shorter")
    deliver(intake)
    assert (intake.root / "outbox" / RECEIPT).read_bytes() == b"x" * size
    later = "list.csv.20261120T063001Z.receipt.json"
    assert json.loads((intake.root / "outbox" / later).read_text())["campaign"] == "renewals"
    assert len(intake.there("outbox")) == 4


def test_another_name_is_not_one_that_a_later_file_has(intake: Intake) -> None:
    changed = intake.drop("list.csv", b"phone\n+12125550124\n")
    enter(intake.desk(), intake.staged(changed))
    assert "list.csv.20261120T063001Z.receipt.json" in {one.name for one in due(intake)}
    (intake.root / "outbox" / RECEIPT).write_bytes(b"of somebody else")
    deliver(intake)
    assert due(intake) == []
    assert "list.csv.20261120T063002Z.receipt.json" in intake.there("outbox")


def test_a_spool_that_was_lost_is_said_and_the_rest_goes(intake: Intake) -> None:
    for one in due(intake):
        if one.kind == "rejects":
            intake.around.spool.path_of(one.spooled).unlink()
    assert [one.name for one in deliver(intake)] == [RECEIPT]
    (said,) = notices(intake)
    assert REJECTS in said
    assert "is missing" in said


def test_nothing_is_asked_twice_in_one_run(intake: Intake) -> None:
    (intake.root / "outbox").rmdir()
    made = Round.of_receipts()
    assert deliver(intake, made) == []
    (intake.root / "outbox").mkdir()
    assert deliver(intake, made) == []
    assert len(notices(intake)) == 1
    assert len(deliver(intake)) == 2
    assert notices(intake) == []


def test_results_are_left_to_the_step_that_composes_them(intake: Intake) -> None:
    assert deliver(intake, Round.of_results()) == []
    assert len(due(intake)) == 2
