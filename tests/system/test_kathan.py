"""Whole files through Kathan: from a partner's server to a result file, and all that can come
between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.sandbox.talkover_faults import ALWAYS, When
from tests.support.calls import ACCOUNT as TALKOVER_ACCOUNT
from tests.support.calls import a_list, numbers, vendor
from tests.support.daemons import eventually, running
from tests.support.homecomings import read_results
from tests.support.kathan import SETTINGS, KathanHouse, KathanVendor, kathan, kathan_house
from tests.support.remotes import until
from tests.support.sftp_servers import make_folders, sandbox_sftp
from tests.support.vendors import CAMPAIGN

NEVER_OVER = 0.001
ONCE = When(every=1, times=1)
FEW = numbers(3)


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[KathanVendor]:
    with kathan(tmp_path / "vendor", speed=NEVER_OVER) as made:
        yield made


@pytest.fixture
def house(tmp_path: Path, taking: KathanVendor) -> KathanHouse:
    return kathan_house(tmp_path / "house", taking)


def with_list(house: KathanHouse, phones: list[str] = FEW, **changes: Any) -> None:
    house.campaign(**changes).drop("list.csv", a_list(phones))


class TestAFile:
    def test_becomes_one_campaign_and_its_results_come_home(
        self, tmp_path: Path, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(over_at_once=True)
        with sandbox_sftp(tmp_path / "partner") as server:
            make_folders(server.root)
            house.campaigns = {}
            partner = house.served(
                server,
                import_path=server.path("/inbox"),
                export_path=server.path("/outbox"),
                campaign_id=None,
                kathan={**SETTINGS, "max_concurrency": 7, "campaign_context": "Be brief."},
                hold={"first_run_older_than": None},
            )
            house.pass_the_test()
            partner.drop("list.csv", a_list(FEW))
            done = house.sync()
            assert done.code == 0, done.said
            (path,) = partner.outbox.glob("*.results.csv")
            reported = read_results(path)
        (start,) = taking.starts()
        assert start["fields"]["max_concurrency"] == 7
        assert start["fields"]["campaign_context"] == "Be brief."
        assert [one["phone_number"] for one in start["recipients"]] == FEW
        assert start["recipients"][0]["metadata"]["name"] == "Contact 2"
        assert [row["result_phone"] for row in reported] == FEW
        assert {row["result_status"] for row in reported} == {"completed"}
        assert all(row["result_call_id"] for row in reported)
        assert {row["result_reason"] for row in reported} == {
            "matched by number, assistant and time"
        }
        assert house.states() == {"accepted": 3}

    def test_is_a_campaign_of_its_own_each(self, taking: KathanVendor, house: KathanHouse) -> None:
        partner = house.campaign()
        partner.drop("one.csv", a_list(numbers(2)), age_seconds=90)
        partner.drop("two.csv", a_list(numbers(2, first=5)))
        assert house.sync().code == 0
        assert [len(start["recipients"]) for start in taking.starts()] == [2, 2]
        names = [start["name"] for start in taking.starts()]
        assert [name.split(" (")[0] for name in names] == ["renewals: one.csv", "renewals: two.csv"]

    def test_with_more_contacts_travels_as_a_list(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        with_list(house, numbers(12), kathan={**SETTINGS, "recipient_list_above": 10})
        assert house.sync().code == 0
        (start,) = taking.starts()
        assert start["fields"]["recipient_list_id"]
        assert [one["phone_number"] for one in start["recipients"]] == numbers(12)
        assert start["recipients"][11]["metadata"]["name"] == "Contact 13"
        assert taking.asked("lists") == 1

    def test_whose_contacts_differ_never_travels_as_a_list(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        overrides = {"first_message": "Hello {name}!"}
        settings = {**SETTINGS, "recipient_list_above": 1, "assistant_overrides": overrides}
        with_list(house, kathan=settings)
        assert house.sync().code == 0
        (start,) = taking.starts()
        assert start["recipients"][0]["assistant_overrides"] == {
            "first_message": "Hello Contact 2!"
        }
        assert taking.asked("lists") == 0

    def test_that_lacks_a_column_which_the_assistant_is_to_be_told_is_refused(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        overrides = {"first_message": "Hello {nmae}!"}
        with_list(house, kathan={**SETTINGS, "assistant_overrides": overrides})
        said = house.sync()
        assert (said.code, taking.starts()) == (1, [])
        assert 'no column "nmae", which kathan.assistant_overrides.first_message' in said.said
        assert 'Did you mean "name"?' in said.said

        house.campaign(kathan={**SETTINGS, "assistant_overrides": {"first_message": "{name}"}})
        assert house.sync().code == 0
        (start,) = taking.starts()
        assert start["recipients"][0]["assistant_overrides"] == {"first_message": "Contact 2"}

    def test_waits_for_its_time(self, taking: KathanVendor, house: KathanHouse) -> None:
        begins, ends = "2030-01-01T09:00:00+01:00", "2030-01-01T17:00:00+01:00"
        schedule = {"schedule_start_time": begins, "schedule_end_time": ends}
        with_list(house, kathan={**SETTINGS, **schedule})
        taking.break_with(schedule_in_zone=None)
        assert house.sync().code == 0
        (start,) = taking.starts()
        assert start["fields"]["scheduleStartTime"] == begins
        assert start["fields"]["scheduleEndTime"] == ends

    def test_says_how_its_campaign_stands(self, taking: KathanVendor, house: KathanHouse) -> None:
        with_list(house)
        assert house.sync().code == 0
        (file,) = house.run("files", "--json").json["files"]
        (start,) = taking.starts()
        (told,) = file["vendor_campaigns"]
        assert told["id"] == start["id"]
        assert told["state"] == "started"
        assert told["status"] == "running"
        assert told["counts"] == {"recipients": 3, "queued": 3}
        (line,) = house.run("report", "renewals", "--json").json["files"]
        assert line["vendor_campaigns"] == [told]
        for words in (("report", "renewals"), ("report", "renewals", "--output", "-")):
            said = house.run(*words).stdout
            assert "recipients: 3, queued: 3" in said
            assert "running" in said


class TestWhoMustNotBeCalled:
    def test_is_not_among_the_contacts(self, taking: KathanVendor, house: KathanHouse) -> None:
        partner = house.campaign()
        partner.drop("one.csv", a_list(FEW[:2]), age_seconds=90)
        assert house.sync().code == 0
        assert house.run("suppress", "add", FEW[2]).code == 0
        partner.drop("two.csv", a_list([*FEW, "+12125559999"]))
        assert house.sync().code == 0
        assert house.states() == {"accepted": 3, "duplicate": 2, "suppressed": 1}
        assert set(taking.called().values()) == {1}
        assert FEW[2] not in taking.called()

    def test_a_limit_of_the_file_holds_the_rest(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        with_list(house, limits={"calls_per_file": 2})
        assert house.sync().code == 1
        assert house.states() == {"accepted": 2, "pending": 1}
        assert house.file("list.csv").state == "held"
        assert sum(taking.called().values()) == 2

    def test_a_limit_of_the_day_leaves_the_rest_for_tomorrow(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        with_list(house, limits={"calls_per_day": 2})
        assert house.sync().code == 0
        assert house.states() == {"accepted": 2, "pending": 1}
        assert sum(taking.called().values()) == 2

    def test_a_row_that_is_too_late_expires(self, taking: KathanVendor, house: KathanHouse) -> None:
        with_list(house)
        house.collect()
        house.change(expires_after=0.001)
        house.pass_the_test()
        house.sync()
        assert house.states() == {"expired": 3}
        assert taking.starts() == []

    def test_a_paused_campaign_starts_nothing(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        with_list(house)
        house.collect()
        house.run("pause", "renewals")
        assert house.dispatch().code == 0
        assert taking.drafts() == []
        house.run("resume", "renewals")
        assert house.dispatch().code == 0
        assert house.states() == {"accepted": 3}

    def test_a_draft_that_fits_no_more_is_made_anew(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(ignores_schedule=True)
        schedule = {"schedule_start_time": "2030-01-01T09:00:00Z"}
        with_list(house, kathan={**SETTINGS, **schedule})
        assert house.sync().code == 1
        house.change(kathan={**SETTINGS, "schedule_start_time": None})
        house.pass_the_test()
        assert house.sync().code == 1
        assert house.states() == {"accepted": 3}
        assert len(taking.starts()) == 1
        left, started = taking.drafts()
        assert (left.status, started.status) == ("draft", "running")
        assert left.fields["name"] in house.notices()["renewals", "drafts"]


class TestAScheduleThatIsIgnored:
    def test_starts_nothing_and_says_so(self, taking: KathanVendor, house: KathanHouse) -> None:
        taking.break_with(ignores_schedule=True)
        with_list(house, kathan={**SETTINGS, "schedule_start_time": "2030-01-01T09:00:00Z"})
        assert house.sync().code == 1
        assert house.states() == {"pending": 3}
        assert taking.starts() == []
        assert "Kathan has ignored scheduleStartTime" in house.attention()

    def test_or_understood_otherwise_starts_nothing(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(schedule_in_zone="2030-01-01T09:00:00+05:00")
        with_list(house, kathan={**SETTINGS, "schedule_start_time": "2030-01-01T09:00:00Z"})
        assert house.sync().code == 1
        assert taking.starts() == []
        assert "not as 2030-01-01T09:00:00Z" in house.attention()


class TestADraft:
    @pytest.mark.parametrize("fault", ["drop_after_accept", "bad_gateway_after_accept"])
    def test_made_behind_a_broken_answer_is_left_and_told_and_another_is_made(
        self, taking: KathanVendor, house: KathanHouse, fault: str
    ) -> None:
        taking.break_with(**{fault: When(every=1, times=1, on="drafts")})
        with_list(house)
        assert house.sync().code == 1
        assert house.states() == {"accepted": 3}
        assert set(taking.called().values()) == {1}
        left, _ = taking.drafts()
        assert left.fields["name"] in house.notices()["renewals", "drafts"]

    @pytest.mark.parametrize("fault", ["too_many_requests", "reset_before_reading"])
    def test_that_was_not_made_is_asked_for_again(
        self, taking: KathanVendor, house: KathanHouse, fault: str
    ) -> None:
        taking.break_with(**{fault: When(every=1, times=1, on="drafts")})
        with_list(house)
        assert house.sync().code in {0, 1}
        assert house.states() == {"accepted": 3}
        assert len(taking.drafts()) == 1

    def test_that_is_refused_for_one_contact_goes_without_it(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        with_list(house)
        house.collect()
        unwanted = FEW[1]
        taking.break_with(refuses_number=unwanted)
        assert house.sync().code in {0, 1}
        assert house.states() == {"accepted": 2, "refused": 1}
        assert unwanted not in taking.called()
        (refused,) = house.run("rows", "1", "--state", "refused", "--json").json["rows"]
        assert "not a valid phone number" in refused["reason"]

    def test_that_is_refused_keeps_the_list_that_was_handed_over(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        with_list(house, kathan={**SETTINGS, "recipient_list_above": 1})
        taking.break_with(too_many_requests=When(every=1, times=1, on="drafts"))
        house.sync()
        assert house.states() == {"accepted": 3}
        assert (taking.asked("lists"), taking.asked("drafts")) == (1, 2)

    def test_that_is_refused_stops_the_campaign_and_keeps_its_rows(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        with_list(house, kathan={**SETTINGS, "retry_policy": {}})
        house.collect()
        taking.break_with(hides_list_id=True)
        house.change(kathan={**SETTINGS, "recipient_list_above": 1})
        house.pass_the_test()
        assert house.dispatch().code == 1
        assert house.states() == {"pending": 3}
        assert "holds no id" in house.attention()
        assert "recipient_list_above" in house.attention()

    def test_that_somebody_has_started_is_not_started_again(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(starts_by_itself=True)
        with_list(house)
        house.sync()
        assert house.states() == {"accepted": 3}
        assert len(taking.starts()) == 1
        assert taking.asked("calls") == 0

    def test_that_somebody_has_deleted_is_made_anew(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(server_error=When(every=1, on="changes"))
        with_list(house)
        house.sync("--no-wait")
        assert house.states() == {"pending": 3}
        taking.sandbox._state.campaigns.clear()
        taking.break_with()
        assert house.sync().code == 0
        assert house.states() == {"accepted": 3}
        assert len(taking.starts()) == 1

    def test_of_a_wrong_token_stops_the_account(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        house.accounts["vendor"]["token"] = "sk_live_wrong"
        with_list(house)
        assert house.sync().code == 1
        assert "the token is not accepted" in house.attention()
        assert taking.drafts() == []


class TestAStart:
    @pytest.mark.parametrize(
        "fault", ["drop_after_accept", "bad_gateway_after_accept", "truncated_body"]
    )
    def test_behind_a_broken_answer_is_found_and_not_repeated(
        self, taking: KathanVendor, house: KathanHouse, fault: str
    ) -> None:
        taking.break_with(**{fault: ONCE})
        with_list(house)
        assert house.sync().code == 0
        assert house.states() == {"accepted": 3}
        assert len(taking.starts()) == 1
        assert taking.asked("calls") == 1

    @pytest.mark.parametrize("fault", ["server_error", "reset_before_reading"])
    def test_that_was_none_is_asked_for_again(
        self, taking: KathanVendor, house: KathanHouse, fault: str
    ) -> None:
        taking.break_with(**{fault: ONCE})
        with_list(house)
        assert house.sync().code == 0
        assert house.states() == {"accepted": 3}
        assert len(taking.starts()) == 1
        assert taking.asked("calls") == 2

    def test_that_comes_too_late_for_us_is_found(
        self, tmp_path: Path, taking: KathanVendor
    ) -> None:
        taking.break_with(slow_answer=ONCE, slow_seconds=1.0)
        house = kathan_house(tmp_path / "hasty", taking, timeout_seconds=0.4)
        with_list(house)
        assert house.sync().code == 0
        assert house.states() == {"accepted": 3}
        assert len(taking.starts()) == 1

    def test_that_is_not_now_is_asked_for_again_with_nothing_in_doubt(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(too_many_requests=ONCE)
        with_list(house)
        assert house.sync().code == 0
        assert house.states() == {"accepted": 3}
        assert len(taking.starts()) == 1

    def test_of_which_the_vendor_says_something_else_waits_for_a_person(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(drop_after_accept=ALWAYS)
        with_list(house)
        house.sync("--no-wait")
        assert house.states() == {"uncertain": 3}
        taking.break_with(shows_status="cancelled")
        assert house.sync().code == 1
        assert house.states() == {"uncertain": 3}
        assert len(taking.starts()) == 1
        assert "may have been called" in house.attention()

    @pytest.mark.parametrize(
        ("verdict", "state", "starts"),
        [("accepted", "accepted", 1), ("refused", "refused", 1), ("resend", "accepted", 2)],
    )
    def test_in_doubt_is_settled_by_hand(
        self,
        taking: KathanVendor,
        house: KathanHouse,
        verdict: str,
        state: str,
        starts: int,
    ) -> None:
        taking.break_with(drop_after_accept=ALWAYS)
        with_list(house)
        house.sync("--no-wait")
        taking.break_with(shows_status="cancelled")
        house.sync()
        one = house.run("resolve", "1", verdict)
        assert one.code == 2
        assert f"resolve --file 1 {verdict}" in one.said
        whole = house.run("resolve", "--file", "1", verdict)
        assert whole.code == 0, whole.said
        taking.break_with()
        house.sync()
        assert house.states() == {state: 3}
        assert len(taking.starts()) == starts

    def test_of_refused_rows_can_be_asked_for_again(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(drop_after_accept=ALWAYS)
        with_list(house)
        house.sync("--no-wait")
        house.run("resolve", "--file", "1", "refused")
        taking.break_with()
        # Not before its request can be on its way no more.
        assert until(lambda: house.run("retry", "1", "--state", "refused").code == 0, 30)
        house.sync()
        assert house.states() == {"accepted": 3}
        assert len(taking.starts()) == 2


class TestResults:
    def test_that_several_contacts_could_have_are_given_to_none(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(over_at_once=True, retries_as_calls=True)
        partner = house.campaign()
        partner.drop("list.csv", a_list(FEW))
        house.sync()
        (path,) = partner.outbox.glob("*.results.csv")
        for row in read_results(path):
            assert row["result_call_id"] == ""
            assert row["result_status"] == "unknown"
            assert "2 calls fit its number" in row["result_reason"]

    def test_whose_words_are_not_known_wait(self, taking: KathanVendor, house: KathanHouse) -> None:
        taking.break_with(over_at_once=True, other_words=True, hides_ends=True)
        partner = house.campaign()
        partner.drop("list.csv", a_list(FEW))
        house.sync()
        assert partner.found(".results.csv") == []
        house.change(results={"final_after": 0, "receipts": False})
        house.pass_the_test()
        house.sync()
        (path,) = partner.outbox.glob("*.results.csv")
        assert {row["result_status"] for row in read_results(path)} == {"wrapped-up"}

    def test_that_say_nothing_of_who_called_match_nobody(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(over_at_once=True, hides_who_calls=True)
        partner = house.campaign(results={"final_after": 0, "receipts": False})
        partner.drop("list.csv", a_list(FEW))
        house.sync()
        (path,) = partner.outbox.glob("*.results.csv")
        assert {row["result_status"] for row in read_results(path)} == {"unknown"}
        assert {row["result_call_id"] for row in read_results(path)} == {""}

    @pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
    def test_are_found_by_the_vendors_clock(
        self, taking: KathanVendor, house: KathanHouse, seconds: float
    ) -> None:
        taking.break_with(over_at_once=True, clock_offset_seconds=seconds)
        partner = house.campaign()
        partner.drop("list.csv", a_list(FEW))
        house.sync()
        assert len(partner.found(".results.csv")) == 1


class TestBothVendors:
    def test_are_served_by_one_sync(
        self, tmp_path: Path, taking: KathanVendor, house: KathanHouse
    ) -> None:
        with vendor(tmp_path / "talkover") as calls:
            house.accounts["talkover"] = TALKOVER_ACCOUNT | {"base_url": calls.base_url}
            house.campaign("by_call", account="talkover", campaign_id=CAMPAIGN, kathan=None).drop(
                "a.csv", a_list(FEW)
            )
            house.campaign("by_list").drop("b.csv", a_list(FEW))
            done = house.sync()
            assert done.code == 0, done.said
            assert set(calls.taken_numbers().values()) == {1}
            assert set(calls.taken_numbers()) == set(FEW)
        assert dict(taking.called()) == dict.fromkeys(FEW, 1)
        assert house.states() == {"accepted": 6}

    def test_are_served_by_one_daemon(
        self, tmp_path: Path, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(over_at_once=True)
        often = {"import_schedule": {"every": "1s"}}
        with vendor(tmp_path / "talkover", speed=100) as calls:
            house.accounts["talkover"] = TALKOVER_ACCOUNT | {"base_url": calls.base_url}
            talkover = {"account": "talkover", "campaign_id": CAMPAIGN, "kathan": None}
            by_call = house.campaign("by_call", **talkover, **often)
            by_list = house.campaign("by_list", **often)
            with running(house) as daemon:
                for partner in (by_call, by_list):
                    partner.drop("list.csv", a_list(FEW))
                for partner in (by_call, by_list):
                    eventually(partial(partner.found, ".results.csv"), "results", 60)
                assert daemon.stop() == 0
            assert dict(calls.taken_numbers()) == dict.fromkeys(FEW, 1)
        assert dict(taking.called()) == dict.fromkeys(FEW, 1)
        assert len(taking.starts()) == 1

    def test_a_daemon_settles_a_doubtful_start_by_itself(
        self, taking: KathanVendor, house: KathanHouse
    ) -> None:
        taking.break_with(drop_after_accept=ONCE)
        partner = house.campaign(import_schedule={"every": "1s"})
        with running(house):
            partner.drop("list.csv", a_list(FEW))
            eventually(lambda: house.states() == {"accepted": 3}, "the start is found")
        assert len(taking.starts()) == 1


class TestTheConnectionTest:
    def test_asks_the_api_and_skips_the_campaign(self, house: KathanHouse) -> None:
        house.campaign()
        tested = house.run("test-connection", "--json")
        assert tested.code == 0, tested.said
        (one,) = json.loads(tested.stdout)["campaigns"]
        checks = {check["name"]: check for check in one["checks"]}
        assert checks["api"]["ok"]
        assert checks["campaign"]["ok"]
        assert "skipped" in checks["campaign"]["detail"]

    def test_says_that_the_user_id_is_wrong(self, house: KathanHouse) -> None:
        house.accounts["vendor"]["user_id"] = "user_wrong"
        house.campaign()
        tested = house.run("test-connection")
        assert tested.code == 1
        assert "the token is not accepted" in tested.said
