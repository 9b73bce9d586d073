from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteRefused, RemoteUnavailable, SyncError
from sftp_sync.model import CampaignRecord, FileRules
from sftp_sync.remote.base import Remote
from sftp_sync.reports import RunReport
from sftp_sync.run import run
from tests.support.builders import NOW, a_campaign
from tests.support.desks import Intake, an_intake

CAMPAIGN = a_campaign(connection="tested", files=FileRules(settle_seconds=0))
NAME = CAMPAIGN.name
WRONG_PASSWORD = RemoteRefused("Wrong password.", fix="Ask the partner.", step="sign_in")


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with an_intake(tmp_path) as made:
        made.ledger.leases.release(made.lease)
        made.ledger.campaigns.tested(NAME, "tested", NOW, passed=True)
        yield made


def known(intake: Intake) -> CampaignRecord:
    return intake.ledger.campaigns.get(NAME)


def refused_by(intake: Intake, error: SyncError, minutes: float = 0) -> RunReport:
    def connect() -> Remote:
        raise error

    around = replace(intake.around, now=lambda: NOW + timedelta(minutes=minutes))
    return run(CAMPAIGN, connect, around)


def test_a_list_is_taken_in_and_told(intake: Intake) -> None:
    intake.drop("list.csv")
    report = run(CAMPAIGN, lambda: intake.remote, intake.around)
    assert report.problem is None
    assert [file.name for file in report.collected.files] == ["list.csv"]
    assert report.collected.delivered == 1


def test_pauses_after_refused_sign_ins_grow_to_a_day(intake: Intake) -> None:
    pauses, minutes = [], 0.0
    for _ in range(11):
        assert refused_by(intake, WRONG_PASSWORD, minutes).problem is WRONG_PASSWORD
        not_before = known(intake).not_before
        assert not_before is not None
        pause = (not_before - NOW).total_seconds() / 60 - minutes
        pauses.append(pause)
        minutes += pause
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]


def test_nobody_knocks_during_a_pause_and_the_reason_stays(intake: Intake) -> None:
    refused_by(intake, WRONG_PASSWORD)
    problem = refused_by(intake, AssertionError("knocked"), 4).problem  # type: ignore[arg-type]  # never raised
    assert problem is not None
    assert "so that the partner does not lock us out" in str(problem)
    (notice,) = intake.ledger.notices.all()
    assert notice.message == "Wrong password."


def test_a_welcome_ends_the_pauses_and_the_notice(intake: Intake) -> None:
    refused_by(intake, WRONG_PASSWORD)
    around = replace(intake.around, now=lambda: NOW + timedelta(minutes=5))
    assert run(CAMPAIGN, lambda: intake.remote, around).problem is None
    assert known(intake).refused_sign_ins == 0
    assert known(intake).not_before is None
    assert intake.ledger.notices.all() == []


@pytest.mark.parametrize(
    "error",
    [
        RemoteUnavailable("Silent."),
        RemoteRefused("Nothing in common.", step="connect"),
        RemoteRefused("Not permitted.", step="list_import"),
    ],
)
def test_what_is_no_refusal_at_the_door_makes_no_pause(intake: Intake, error: SyncError) -> None:
    assert refused_by(intake, error).problem is error
    assert known(intake).not_before is None


def test_a_connection_that_was_not_tested_as_it_is_now_is_not_tried(intake: Intake) -> None:
    other = replace(CAMPAIGN, connection="changed")
    problem = run(other, lambda: intake.remote, intake.around).problem
    assert problem is not None
    assert problem.fix == f"Type: sftp-sync test-connection {NAME}"
    assert intake.ledger.notices.all() == []


def test_another_process_at_it_is_no_trouble(intake: Intake) -> None:
    with intake.ledger.leases.hold(f"collect:{NAME}"):
        report = run(CAMPAIGN, lambda: intake.remote, intake.around)
    assert report.is_busy
    assert report.is_fine
    assert intake.ledger.notices.all() == []
