"""What is erased, by command or by its age: what was done is said, and no number is shown whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sftp_sync.wiring.parts import now
from tests.support.daily_life import House, counts
from tests.support.homecomings import TO_REPORT, Evening, evening, judge

PERSON = "+12125550123"


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    partner = made.local()
    partner.drop("list.csv")
    collected = made.sync("--only", "collect")
    assert collected.code == 0, collected.said
    return made


def test_it_says_what_it_did(house: House) -> None:
    before = house.file("list.csv")
    done = house.run("forget", "212-555-0123", "--region", "us")
    assert done.code == 0
    assert "+1212…0123 is erased from 1 row of 1 file; their counts stay." in done.said
    assert "Due or in doubt, and rejected now: 1 row." in done.said
    assert "backups of the ledger" in done.said
    assert PERSON not in done.said
    after = house.file("list.csv")
    assert after.total == before.total
    assert sum(after.rows.values()) == before.total
    assert PERSON not in house.run("rows", str(after.id), "--json").said


def test_it_tells_scripts_too(house: House) -> None:
    assert house.run("forget", PERSON, "--json").json == {
        "rows": 1,
        "files": 1,
        "not_called": 1,
        "evidence": 0,
        "notices": 0,
        "rewritten": 0,
    }


def test_a_number_that_is_not_there_is_no_trouble(house: House) -> None:
    done = house.run("forget", "+12125550999")
    assert done.code == 0
    assert "+1212…0999 is not in the ledger." in done.said


def test_what_is_no_number_is_refused(house: House) -> None:
    done = house.run("forget", "Ann")
    assert done.code == 2
    assert "no number to call" in done.said


def test_rows_that_were_removed_are_told_in_words(tmp_path: Path) -> None:
    house = House(tmp_path)
    partner = house.local(hold={"reject_ratio_above": None})
    partner.drop("bad.csv", b"phone,name\n12,Ann\n13,Bob\n")
    house.sync("--only", "collect")
    with house.ledger() as ledger:
        later = now() + timedelta(days=91)
        ledger.summaries.note_endings(now())
        assert ledger.retention.empty(later, later) == 1
        ledger.retention.remove(later)
    shown = house.run("rows", "1")
    assert shown.code == 0
    assert f"its rows were removed on {later:%Y-%m-%d} (keep_days): 2 invalid" in shown.said
    assert house.run("rows", "1", "--json").json == {"rows": []}
    assert counts(house.file("bad.csv")) == {"invalid": 2}
    refused = house.run("retry", "1", "--state", "refused")
    assert refused.code == 2
    assert "The rows of file 1 were emptied on" in refused.said


def killed_at_publishing(at: Evening, label: str, time: int = 1) -> None:
    """Publish has ended at a point of this name, passed for the so-manieth time."""
    whole = at.wind_up(kill_at=0, walk="publish")
    assert whole.code == 0, whole.said
    at.kept.put_back()
    points = [number for number, one in enumerate(whole.points, start=1) if one == label]
    assert at.wind_up(kill_at=points[time - 1], walk="publish").was_killed


def test_whoever_is_in_a_file_that_may_be_at_the_partners_is_reported_once() -> None:
    with evening() as at:
        killed_at_publishing(at, "after RENAME")
        assert len(at.results()) == 1
        refused = at.house.run("forget", PERSON)
        assert refused.code == 2, refused.said
        assert "Nothing was erased. Type: sftp-sync sync --only publish renewals" in refused.said
        for _ in range(2):
            assert at.wind_up().code == 0
            judge(at)
            assert at.house.run("forget", PERSON).code == 0


def test_whoever_is_in_a_file_that_never_left_does_not_go_out() -> None:
    with evening() as at:
        # The lease and the file are written down, and not yet that its bytes leave.
        killed_at_publishing(at, "before commit", time=3)
        assert len(at.house.spooled()) == 1
        done = at.house.run("forget", PERSON)
        assert "Go out to partners without it: 1 file." in done.said
        assert at.wind_up().code == 0
        told = {row["result_phone"]: row["name"] for row in at.reported()}
        assert set(told) == {"", *TO_REPORT} - {PERSON}
        assert told[""] == ""
