"""One collect, step by step: what is told of it, what stays for the next run, what is noticed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from sftp_sync.errors import RemoteMissing, RemoteRefused, RemoteUnavailable
from sftp_sync.model import Campaign, FileRules, FileState, HoldRules
from sftp_sync.remote.base import Progress
from sftp_sync.remote.folder import FolderRemote
from sftp_sync.steps.collect import Collected, collect
from tests.support.builders import NOW, a_campaign
from tests.support.desks import Intake, an_intake

AT_ONCE = FileRules(settle_seconds=0)
ANN, BOB = b"phone\n+12125550123\n", b"phone\n+12125550124\n"


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        made.ledger.leases.release(made.lease)
        yield made


class Stubborn(FolderRemote):
    """A partner's folder where something else happens with one file."""

    def __init__(self, intake: Intake, name: str, happens: Callable[[], object]) -> None:
        super().__init__(intake.root)
        self._name, self._happens = name, happens
        self.fetched: list[str] = []

    def fetch(self, path: str, into: BinaryIO, progress: Progress | None = None) -> int:
        self.fetched.append(path)
        if path == f"/inbox/{self._name}":
            self._happens()
        return super().fetch(path, into, progress)


def fails_with(error: Exception) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


def collected(
    intake: Intake, campaign: Campaign | None = None, remote: FolderRemote | None = None
) -> Collected:
    chosen, door = campaign or a_campaign(files=AT_ONCE), remote or intake.remote
    return collect(chosen, lambda: door, intake.around)


def notices(intake: Intake) -> dict[str, str]:
    return {one.cause: one.message for one in intake.ledger.notices.all()}


def is_first_run(intake: Intake) -> bool:
    return intake.ledger.campaigns.get("renewals").collected_at is None


def test_an_empty_inbox_ends_the_first_run(intake: Intake) -> None:
    assert is_first_run(intake)
    assert collected(intake) == Collected()
    assert intake.ledger.campaigns.get("renewals").collected_at == NOW


def test_what_came_in_is_told_and_nothing_is_left_in_the_spool(intake: Intake) -> None:
    intake.drop("a.csv", ANN)
    told = collected(intake)
    assert [file.state for file in told.files] == [FileState.DISPATCHING]
    assert (told.left_for_later, told.delivered) == ((), 1)
    assert (told.interrupted, told.stumbled) == (None, False)
    spool = intake.around.spool.root
    assert [path for path in spool.rglob("*") if path.is_file()] == []
    assert collected(intake) == Collected()


def test_what_is_too_much_for_one_run_is_named_and_is_still_of_the_first(intake: Intake) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        intake.drop(name, f"phone\n+1212555012{ord(name[0]) - 97}\n".encode())
    few = a_campaign(
        files=replace(AT_ONCE, max_files_per_run=2),
        hold=HoldRules(first_run_older_than=timedelta(days=-20_000)),
    )
    first = collected(intake, few)
    assert [file.name for file in first.files] == ["a.csv", "b.csv"]
    assert first.left_for_later == ("c.csv",)
    assert is_first_run(intake)
    (last,) = collected(intake, few).files
    assert last.state == FileState.HELD
    assert not is_first_run(intake)


def test_a_file_that_may_not_be_read_is_named_and_keeps_no_other_out(intake: Intake) -> None:
    intake.drop("a.csv", ANN)
    intake.drop("b.csv", BOB)
    refused = RemoteRefused("a.csv may not be read.", fix="Ask.", step="read_import")
    told = collected(intake, remote=Stubborn(intake, "a.csv", fails_with(refused)))
    assert [file.name for file in told.files] == ["b.csv"]
    assert told.left_for_later == ("a.csv",)
    assert not told.stumbled
    assert notices(intake) == {"read_import": "a.csv may not be read."}
    assert is_first_run(intake)
    again = collected(intake)
    assert [file.name for file in again.files] == ["a.csv"]
    assert notices(intake) == {}
    assert not is_first_run(intake)


def test_a_file_that_is_gone_waits_and_nobody_is_told(intake: Intake) -> None:
    intake.drop("a.csv", ANN)
    gone = RemoteMissing("There is no a.csv.")
    told = collected(intake, remote=Stubborn(intake, "a.csv", fails_with(gone)))
    assert (told.files, told.left_for_later) == ((), ("a.csv",))
    assert notices(intake) == {}
    # All that could be read was read.
    assert not is_first_run(intake)


def test_a_file_that_grows_while_it_is_read_waits(intake: Intake) -> None:
    intake.drop("a.csv", ANN)
    path = intake.root / "inbox/a.csv"
    told = collected(
        intake, remote=Stubborn(intake, "a.csv", lambda: path.write_bytes(ANN + b"+1\n"))
    )
    assert (told.files, told.left_for_later) == ((), ("a.csv",))


def test_a_bug_over_one_file_is_said_and_keeps_no_other_out(intake: Intake) -> None:
    intake.drop("a.csv", ANN)
    intake.drop("b.csv", BOB)
    told = collected(intake, remote=Stubborn(intake, "a.csv", fails_with(KeyError("x"))))
    assert [file.name for file in told.files] == ["b.csv"]
    assert told.stumbled
    assert told.left_for_later == ("a.csv",)
    (notice,) = intake.ledger.notices.all()
    assert notice.message == "a.csv was not taken in: a bug in sftp-sync (KeyError)."
    assert "is tried again at each run; moved away it is not" in notice.fix
    assert is_first_run(intake)


def test_a_line_that_breaks_after_the_first_file_is_told_with_it(intake: Intake) -> None:
    intake.drop("a.csv", ANN)
    intake.drop("b.csv", BOB)
    away = RemoteUnavailable("away")
    told = collected(intake, remote=Stubborn(intake, "b.csv", fails_with(away)))
    assert [file.name for file in told.files] == ["a.csv"]
    assert told.interrupted is away
    assert is_first_run(intake)


def test_a_line_that_breaks_at_once_is_an_error(intake: Intake) -> None:
    intake.drop("a.csv", ANN)
    with pytest.raises(RemoteUnavailable, match="away"):
        collected(intake, remote=Stubborn(intake, "a.csv", fails_with(RemoteUnavailable("away"))))


def test_what_is_known_is_fetched_once_for_each_time_it_is_touched(intake: Intake) -> None:
    def fetched(seconds: int) -> tuple[list[str], list[str]]:
        os.utime(intake.root / "inbox/a.csv", (NOW.timestamp() + seconds,) * 2)
        remote = Stubborn(intake, "", lambda: None)
        files = collected(intake, remote=remote).files
        return remote.fetched, [str(file.state) for file in files]

    intake.drop("a.csv", ANN)
    assert fetched(0) == (["/inbox/a.csv"], ["dispatching"])
    assert fetched(100) == (["/inbox/a.csv"], ["repeated"])
    assert fetched(200) == (["/inbox/a.csv"], [])
    assert fetched(200) == ([], [])


def test_what_an_interrupted_run_has_left_in_the_spool_goes(intake: Intake) -> None:
    spool = intake.around.spool
    left = [spool.place("renewals", shelf) for shelf in ("incoming", "receipts")]  # type: ignore[arg-type]
    of_another = spool.place("winback", "incoming")
    for path in (*left, of_another):
        path.write_bytes(b"x")
    collected(intake)
    assert [path.exists() for path in (*left, of_another)] == [False, False, True]


def test_a_preview_of_somebody_beside_us_stays_for_a_day(intake: Intake) -> None:
    preview = intake.around.spool.place("renewals", "previews")
    preview.write_bytes(b"x")
    written = preview.stat().st_mtime
    for hours, stays in ((23, True), (25, False)):
        at = NOW.fromtimestamp(written, NOW.tzinfo) + timedelta(hours=hours)
        later = replace(intake.around, now=lambda at=at: at)  # type: ignore[misc]
        collect(a_campaign(files=AT_ONCE), lambda: intake.remote, later)
        assert preview.exists() == stays


def test_who_is_let_in_is_welcome_again(intake: Intake) -> None:
    intake.ledger.campaigns.refused("renewals", 3, NOW)
    collected(intake)
    assert intake.ledger.campaigns.get("renewals").refused_sign_ins == 0


def test_a_file_too_large_is_refused_once_and_its_receipt_is_sent(intake: Intake) -> None:
    small = a_campaign(files=replace(AT_ONCE, max_bytes=10))
    intake.drop("a.csv", ANN)
    told = collected(intake, small)
    assert [file.state for file in told.files] == [FileState.UNREADABLE]
    assert told.delivered == 1
    assert collected(intake, small).files == ()
    assert not is_first_run(intake)
