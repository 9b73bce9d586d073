from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.intake.entry import enter
from sftp_sync.model import Campaign, ContactRules, FileRules, RowState
from sftp_sync.sending.forecast import Forecast
from sftp_sync.steps.preview import Previewed, preview_new
from sftp_sync.tables import RESULT_COLUMNS
from tests.support.builders import a_campaign
from tests.support.desks import Intake, an_intake
from tests.support.lists import rows_xml, sheet_xml, workbook


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        yield made


def campaign(**rules: Any) -> Campaign:
    files = FileRules(settle_seconds=0, **rules)
    return a_campaign(files=files, contacts=ContactRules(region="US"))


def seen(intake: Intake, **rules: Any) -> dict[str, Previewed]:
    chosen, around = campaign(**rules), intake.around
    forecast = Forecast(chosen, around.ledger, around.instant())
    found = preview_new(chosen, lambda: intake.remote, around, forecast)
    return {one.name: one for one in found}


def test_every_row_is_classified_and_nothing_is_kept(intake: Intake) -> None:
    intake.ledger.campaigns.collected("renewals", intake.around.now())
    intake.drop("list.csv", b"phone\n2125550123\n12\n2125550123\n2125550124\n")
    previewed = seen(intake)["list.csv"]
    assert previewed.tally is not None
    assert previewed.state == "dispatching"
    assert previewed.tally.states[RowState.PENDING] == 2
    assert [line for line, _, _ in previewed.tally.first_rejects] == [3]
    assert intake.ledger.files.all() == []
    assert not [path for path in intake.around.spool.root.rglob("*") if path.is_file()]


def test_what_would_be_held_refused_or_repeated_is_told_with_the_reason(intake: Intake) -> None:
    first = intake.drop("first.csv", b"phone\n2125550123\n")
    enter(intake.desk(campaign()), intake.staged(first))
    intake.ledger.campaigns.collected("renewals", intake.around.now())
    intake.drop("again.csv", b"phone\n2125550123\n")
    intake.drop("refused.csv", b"name\nAnn\n")
    intake.drop("held.csv", b"phone\n1\n2\n2125550125\n")
    intake.drop("big.csv", b"phone\n" + b"2125550126\n" * 20)
    told = seen(intake, max_bytes=100)
    assert {name: str(one.state) for name, one in told.items()} == {
        "again.csv": "repeated",
        "refused.csv": "unreadable",
        "held.csv": "held",
        "big.csv": "unreadable",
    }
    assert "2 of 3 rows are invalid" in (told["held.csv"].reason or "")
    assert "100 are allowed" in (told["big.csv"].reason or "")
    assert "imported as file" in (told["again.csv"].reason or "")


def test_a_file_of_ours_would_be_refused(intake: Intake) -> None:
    enter(intake.desk(campaign()), intake.staged(intake.drop("list.csv", b"phone\n12\n")))
    (rejects, _) = intake.ledger.deliveries.due("renewals")
    intake.drop("ours.csv", intake.around.spool.path_of(rejects.spooled).read_bytes())
    assert seen(intake)["ours.csv"].state == "unreadable"


def test_no_more_files_are_looked_into_than_a_run_would_take(intake: Intake) -> None:
    for number in range(5):
        intake.drop(f"list{number}.csv")
    assert len(seen(intake, max_files_per_run=2)) == 2


def test_rows_hidden_in_a_workbook_hold_it_unless_the_sheet_is_chosen(intake: Intake) -> None:
    intake.ledger.campaigns.collected("renewals", intake.around.now())
    rows = rows_xml([["phone"], [2125550123], [2125550124]])
    filtered = rows.replace('<row r="3">', '<row r="3" hidden="1">')
    intake.drop("list.xlsx", workbook({"List": sheet_xml(filtered)}))
    previewed = seen(intake)["list.xlsx"]
    assert previewed.state == "held"
    assert "1 of its rows is hidden in the workbook" in (previewed.reason or "")
    assert seen(intake, sheet="List")["list.xlsx"].state == "dispatching"


def test_a_result_file_is_refused_with_what_to_delete_from_it(intake: Intake) -> None:
    intake.ledger.campaigns.collected("renewals", intake.around.now())
    intake.drop("results.csv", ",".join(["phone", *RESULT_COLUMNS]).encode() + b"\n+1\n")
    previewed = seen(intake)["results.csv"]
    assert previewed.state == "unreadable"
    assert "delete the columns that begin with result_ and send it again." in (
        previewed.reason or ""
    )
