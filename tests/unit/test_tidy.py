from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.intake.entry import enter, repeat
from sftp_sync.intake.tidy import private_name, tidy_due
from sftp_sync.model import Campaign, FileRules
from tests.support.builders import a_campaign
from tests.support.desks import Intake, an_intake
from tests.support.lists import workbook

A_LIST = b"phone\n+12125550123\n"
ANOTHER = b"phone\n+12125550199\n"


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        yield made


def campaign(after_import: Any = "delete") -> Campaign:
    rules = FileRules(after_import=after_import, archive_path="/inbox/archive")
    return a_campaign(files=rules)


def read(intake: Intake, name: str = "list.csv", content: bytes = A_LIST) -> str:
    """A file that was read and is to leave; what we call it while we compare."""
    enter(intake.desk(campaign()), intake.staged(intake.drop(name, content)))
    return private_name(intake.ledger.files.untidy("renewals")[-1])


def tidy(intake: Intake, after_import: str = "delete") -> None:
    tidy_due(campaign(after_import), intake.remote, intake.around, intake.lease)


def is_done(intake: Intake) -> bool:
    return intake.ledger.files.untidy("renewals") == []


def test_what_was_read_goes(intake: Intake) -> None:
    read(intake)
    tidy(intake)
    assert intake.there("inbox") == set()
    assert is_done(intake)


def test_a_workbook_with_sheets_that_nobody_read_stays(intake: Intake) -> None:
    book = workbook({"A": [["phone"], ["+12125550123"]], "B": [["phone"], ["+12125550124"]]})
    read_whole = replace(campaign(), files=replace(campaign().files, sheet="B"))
    first = enter(intake.desk(campaign()), intake.staged(intake.drop("list.xlsx", book)))
    assert first.state == "held"
    assert '"B"' in (first.reason or "")
    again = intake.staged(intake.drop("again.xlsx", book))
    repeat(intake.desk(campaign()), again, first)
    assert is_done(intake)
    repeat(intake.desk(read_whole), again, first)
    assert not is_done(intake)
    other = workbook({"A": [["x"], ["y"]], "B": [["phone"], ["+12125550124"]]})
    chosen = enter(intake.desk(read_whole), intake.staged(intake.drop("other.xlsx", other)))
    assert chosen.state == "dispatching"
    tidy(intake)
    assert intake.there("inbox") == {"list.xlsx"}


def test_what_was_read_is_moved(intake: Intake) -> None:
    read(intake)
    tidy(intake, "move")
    assert intake.there("inbox") == set()
    assert intake.there("inbox/archive") == {"list.csv"}


def test_a_name_in_the_archive_is_never_overwritten(intake: Intake) -> None:
    archive = intake.root / "inbox" / "archive"
    (archive / "list.csv").write_bytes(b"older")
    (archive / "list.20261120T063000Z.csv").write_bytes(b"old")
    read(intake)
    tidy(intake, "move")
    assert (archive / "list.20261120T063000Z.1.csv").read_bytes() == A_LIST
    assert len(intake.there("inbox/archive")) == 3


def test_what_was_replaced_stays_and_is_fetched_again(intake: Intake) -> None:
    read(intake)
    seen = intake.remote.stat("/inbox/list.csv")
    assert seen is not None
    assert intake.ledger.files.unseen("renewals", "", [seen]) == []
    intake.drop("list.csv", ANOTHER)
    tidy(intake)
    assert (intake.root / "inbox/list.csv").read_bytes() == ANOTHER
    assert is_done(intake)
    assert intake.ledger.files.unseen("renewals", "", [seen]) == [seen]


def test_a_crash_after_our_renaming_changes_nothing(intake: Intake) -> None:
    private = read(intake)
    intake.remote.rename("/inbox/list.csv", f"/inbox/{private}")
    tidy(intake, "move")
    assert intake.there("inbox") == set()
    assert intake.there("inbox/archive") == {"list.csv"}


def test_what_was_replaced_and_written_again_meanwhile_is_put_beside(intake: Intake) -> None:
    private = read(intake)
    intake.drop("list.csv", ANOTHER)
    intake.remote.rename("/inbox/list.csv", f"/inbox/{private}")
    intake.drop("list.csv", b"a third")
    tidy(intake)
    assert (intake.root / "inbox/list.csv").read_bytes() == b"a third"
    assert (intake.root / "inbox/list.1.csv").read_bytes() == ANOTHER


@pytest.mark.parametrize("gone", ["by itself", "for a directory"])
def test_what_is_no_longer_there_is_done(intake: Intake, gone: str) -> None:
    read(intake)
    (intake.root / "inbox/list.csv").unlink()
    if gone == "for a directory":
        (intake.root / "inbox/list.csv").mkdir()
    tidy(intake)
    assert is_done(intake)


def test_where_files_are_to_stay_again_a_hidden_one_comes_back(intake: Intake) -> None:
    private = read(intake)
    intake.remote.rename("/inbox/list.csv", f"/inbox/{private}")
    tidy(intake, "keep")
    assert intake.there("inbox") == {"list.csv"}
    assert is_done(intake)


def test_without_an_archive_it_stays_under_its_own_name(intake: Intake) -> None:
    read(intake)
    (intake.root / "inbox/archive").rmdir()
    tidy(intake, "move")
    assert intake.there("inbox") == {"list.csv"}
    assert not is_done(intake)
    (notice,) = intake.ledger.notices.all()
    assert "/inbox" in notice.message
    (intake.root / "inbox/archive").mkdir()
    tidy(intake, "move")
    assert is_done(intake)
    assert intake.ledger.notices.all() == []


def test_a_long_name_can_be_put_beside_itself(intake: Intake) -> None:
    name = "n" * 251 + ".csv"
    private = read(intake, name)
    intake.drop(name, ANOTHER)
    intake.remote.rename(f"/inbox/{name}", f"/inbox/{private}")
    intake.drop(name, b"a third")
    tidy(intake)
    assert len(intake.there("inbox")) == 2
    assert all(len(found) <= 255 for found in intake.there("inbox"))
