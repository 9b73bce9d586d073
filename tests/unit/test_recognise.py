from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sftp_sync.errors import FileRefused
from sftp_sync.intake.entry import enter, refuse, refuse_our_own, repeat
from sftp_sync.intake.recognise import Known, New, Ours, Repeat, recognise, was_refused_unread
from sftp_sync.intake.tidy import tidy_due
from sftp_sync.model import ContactRules, FileRules, StagedFile
from tests.support.builders import a_campaign
from tests.support.desks import Intake, an_intake

CAMPAIGN = a_campaign()
REFUSAL = FileRefused("No phone column.", fix="Name one.")


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        yield made


def staged(intake: Intake, name: str = "list.csv", **changes: object) -> StagedFile:
    source = replace(intake.drop(name), **changes)  # type: ignore[arg-type]  # any of its fields
    return intake.staged(source)


def test_bytes_never_met_are_new(intake: Intake) -> None:
    assert recognise(staged(intake), CAMPAIGN, intake.ledger) == New()


def test_bytes_under_another_name_repeat_the_first_import(intake: Intake) -> None:
    first = enter(intake.desk(), staged(intake))
    assert recognise(staged(intake, "again.csv"), CAMPAIGN, intake.ledger) == Repeat(first)


def test_bytes_at_another_time_repeat_the_first_import_once(intake: Intake) -> None:
    first = enter(intake.desk(), staged(intake, modified_at=1))
    touched = staged(intake, modified_at=2)
    assert recognise(touched, CAMPAIGN, intake.ledger) == Repeat(first)
    told = repeat(intake.desk(), touched, first)
    assert recognise(staged(intake, modified_at=3), CAMPAIGN, intake.ledger) == Known(told.id)


def test_without_times_nobody_can_say_that_it_was_touched(intake: Intake) -> None:
    first = enter(intake.desk(), staged(intake, modified_at=None))
    again = staged(intake, modified_at=None)
    assert recognise(again, CAMPAIGN, intake.ledger) == Known(first.id)


def test_what_was_cleared_away_and_is_there_again_was_dropped_anew(intake: Intake) -> None:
    delete = a_campaign(files=FileRules(after_import="delete"))
    first = enter(intake.desk(delete), staged(intake, modified_at=None))
    tidy_due(delete, intake.remote, intake.around, intake.lease)
    again = staged(intake, modified_at=None)
    assert recognise(again, delete, intake.ledger) == Repeat(intake.ledger.files.get(first.id))


def test_another_vendor_campaign_has_not_met_them(intake: Intake) -> None:
    enter(intake.desk(), staged(intake))
    other = a_campaign("other", destination="elsewhere")
    assert recognise(staged(intake), other, intake.ledger) == New()


def test_a_campaign_that_shares_the_vendor_campaign_has(intake: Intake) -> None:
    first = enter(intake.desk(), staged(intake))
    assert recognise(staged(intake), a_campaign("other"), intake.ledger) == Repeat(first)


def test_what_was_refused_is_read_again_only_under_other_settings(intake: Intake) -> None:
    refused = refuse(intake.desk(), staged(intake), REFUSAL)
    assert recognise(staged(intake), CAMPAIGN, intake.ledger) == Known(refused.id)
    changed = a_campaign(contacts=ContactRules(region="US"))
    assert recognise(staged(intake), changed, intake.ledger) == New()


def test_a_file_of_ours_is_told_from_all_others_and_once(intake: Intake) -> None:
    enter(intake.desk(), staged(intake))
    (receipt,) = intake.ledger.deliveries.due("renewals")
    content = intake.around.spool.path_of(receipt.spooled).read_bytes()
    ours = intake.staged(intake.drop("ours.csv", content))
    assert recognise(ours, CAMPAIGN, intake.ledger) == Ours()
    known = refuse_our_own(intake.desk(), ours)
    assert recognise(ours, CAMPAIGN, intake.ledger) == Known(known.id)


def test_an_unread_refusal_is_known_only_where_it_cannot_be_told_from_a_new_one(
    intake: Intake,
) -> None:
    timeless = replace(staged(intake, modified_at=None), sha256="")
    assert not was_refused_unread(timeless, CAMPAIGN, intake.ledger)
    refuse(intake.desk(), timeless, REFUSAL)
    assert was_refused_unread(timeless, CAMPAIGN, intake.ledger)
    timed = replace(timeless, source=replace(timeless.source, modified_at=7))
    assert not was_refused_unread(timed, CAMPAIGN, intake.ledger)
