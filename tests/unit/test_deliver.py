from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from sftp_sync.errors import RemoteUnavailable
from sftp_sync.intake.entry import enter
from sftp_sync.model import Delivery, RemoteFile
from sftp_sync.outbox.deliver import Round, deliver_due
from sftp_sync.remote.base import Progress, Remote
from sftp_sync.remote.folder import FolderRemote
from sftp_sync.remote.sftp import connect
from sftp_sync.sandbox.quirks import Quirks
from tests.support.builders import a_campaign
from tests.support.desks import Intake, an_intake
from tests.support.sftp_servers import sandbox_sftp

WITH_REJECTS = b"phone\n+12125550123\n12\n"
RECEIPT = "list.csv.20261120T063000Z.receipt.json"
REJECTS = "list.csv.20261120T063000Z.rejects.csv"


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        enter(made.desk(), made.staged(made.drop("list.csv", WITH_REJECTS)))
        yield made


@pytest.fixture
def drop_box(intake: Intake) -> Iterator[Callable[..., Remote]]:
    """The partner's folders at a server that takes files and lets nobody read them."""
    with ExitStack() as open_now:

        def opened(**quirks: Any) -> Remote:
            served = Quirks(drop_boxes=("/outbox",), **quirks)
            server = open_now.enter_context(sandbox_sftp(intake.root, served))
            return open_now.enter_context(connect(server.login()))

        yield opened


def deliver(
    intake: Intake, made: Round | None = None, remote: Remote | None = None
) -> list[Delivery]:
    made, remote = made or Round.of_receipts(), remote or intake.remote
    return deliver_due(a_campaign(), remote, intake.around, intake.lease, made)


def place(intake: Intake, delivery: Delivery) -> None:
    """As an earlier run has left it, or somebody else whose file happens to be the same."""
    intake.remote.put(intake.around.spool.path_of(delivery.spooled), f"/outbox/{delivery.name}")


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
        place(intake, one)
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


@pytest.mark.parametrize("tells_size", [True, False])
def test_in_a_drop_box_what_may_have_left_before_a_crash_is_not_delivered_twice(
    intake: Intake, drop_box: Callable[..., Remote], *, tells_size: bool
) -> None:
    for one in due(intake):
        intake.ledger.deliveries.begun(intake.lease, one)
        place(intake, one)
    assert len(deliver(intake, remote=drop_box(tells_size=tells_size))) == 2
    assert intake.there("outbox") == {RECEIPT, REJECTS}


@pytest.mark.parametrize("tells_size", [True, False])
def test_in_a_drop_box_what_never_left_is_not_taken_for_delivered(
    intake: Intake, drop_box: Callable[..., Remote], *, tells_size: bool
) -> None:
    for one in due(intake):
        (intake.root / "outbox" / one.name).write_bytes(b"x" * one.size)
    delivered = {one.name for one in deliver(intake, remote=drop_box(tells_size=tells_size))}
    assert delivered == {
        "list.csv.20261120T063001Z.receipt.json",
        "list.csv.20261120T063001Z.rejects.csv",
    }
    assert intake.there("outbox") == {RECEIPT, REJECTS, *delivered}


def test_in_a_drop_box_a_file_of_another_size_is_somebody_elses(
    intake: Intake, drop_box: Callable[..., Remote]
) -> None:
    for one in due(intake):
        intake.ledger.deliveries.begun(intake.lease, one)
        (intake.root / "outbox" / one.name).write_bytes(b"x" * (one.size + 1))
    deliver(intake, remote=drop_box())
    assert len(intake.there("outbox")) == 4


def test_in_a_drop_box_a_name_found_taken_is_no_sign_of_ours_in_the_next_run(
    intake: Intake, drop_box: Callable[..., Remote]
) -> None:
    """The line breaks after the server has said that the name is taken."""
    for one in due(intake):
        (intake.root / "outbox" / one.name).write_bytes(b"x" * one.size)

    class BreaksOff(FolderRemote):
        def stat(self, path: str) -> RemoteFile | None:
            raise RemoteUnavailable(f"no more of {path}")

    for _ in range(2):
        with pytest.raises(RemoteUnavailable):
            deliver(intake, remote=BreaksOff(intake.root))
    deliver(intake, remote=drop_box())
    assert len(intake.there("outbox")) == 4


def test_another_name_is_as_new_as_the_first_one_was(
    intake: Intake, drop_box: Callable[..., Remote]
) -> None:
    """The name that comes next is somebody else's too: ours never left under it."""
    receipt = next(one for one in due(intake) if one.kind == "receipt")
    intake.ledger.deliveries.begun(intake.lease, receipt)
    outbox = intake.root / "outbox"
    (outbox / RECEIPT).write_bytes(b"somebody else's")
    second, third = (f"list.csv.20261120T06300{n}Z.receipt.json" for n in (1, 2))
    (outbox / second).write_bytes(b"x" * receipt.size)
    deliver(intake, remote=drop_box())
    assert (outbox / second).read_bytes() == b"x" * receipt.size
    assert json.loads((outbox / third).read_text())["campaign"] == "renewals"


@pytest.mark.parametrize("gone_at", ["stat", "fetch"])
def test_what_is_taken_away_while_it_is_compared_never_gets_a_second_name(
    intake: Intake, gone_at: str
) -> None:
    """It may have been ours: the partner would have the same rows under two names."""

    class Taken(FolderRemote):
        def stat(self, path: str) -> RemoteFile | None:
            if gone_at == "stat":
                self.remove(path)
            return super().stat(path)

        def fetch(self, path: str, into: BinaryIO, progress: Progress | None = None) -> int:
            self.remove(path)
            return super().fetch(path, into, progress)

    for one in due(intake):
        place(intake, one)
    with pytest.raises(RemoteUnavailable, match="is gone again"):
        deliver(intake, remote=Taken(intake.root))
    deliver(intake)
    assert intake.there("outbox") == {RECEIPT, REJECTS}
