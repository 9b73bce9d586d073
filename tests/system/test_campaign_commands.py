"""The vendor's campaign from the command line: shown, changed and turned, or left alone."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.sandbox.talkover_faults import When
from tests.support.forking import COMMAND
from tests.support.owners import Owner, an_owner
from tests.support.vendors import CAMPAIGN, TOKEN


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    with an_owner(tmp_path, speed=0.001) as owner:
        yield owner


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
class TestRoot:
    def test_has_no_more_rights_than_the_owner_of_the_state(self, owner: Owner) -> None:
        token = owner.home / "token"
        token.touch(0o600)
        token.write_text(TOKEN)
        owner.token = {"file": str(token)}
        assert owner.run("campaign", "show", "renewals").code == 0

        state = owner.home / "state"
        state.mkdir(exist_ok=True)
        os.chown(state, pwd.getpwnam("nobody").pw_uid, -1)
        refused = owner.run("campaign", "show", "renewals")

        assert refused.code == 2, refused.said
        assert f"{token} cannot be read" in refused.said


# Each setting as it is typed, and as the vendor has it then.
GOOD = [
    ("name=Q1: outreach", "Q1: outreach"),
    ("description=", ""),
    ("campaign_type=follow_up", "follow_up"),
    ("start_date=2026-12-01", "2026-12-01"),
    ("end_date=2026-12-24", "2026-12-24"),
    ("days_of_week=mon-wed,5", [1, 2, 3, 5]),
    ("timezone=Europe/Berlin", "Europe/Berlin"),
    ("initial_call_delay=30", 30),
    ("max_retries=10", 10),
    ("retry_cooldown_hours=168", 168),
    ("auto_complete=true", True),
    ("retry_on_no_conversion=true", True),
    ("enable_post_completion_cooldown=true", True),
    ("post_completion_cooldown_hours=1", 1),
    ("success_cooldown_hours=2", 2),
    ("voicemail_cooldown_hours=3", 3),
    ("no_answer_cooldown_hours=4", 4),
    ("busy_cooldown_hours=5", 5),
    ("failed_cooldown_hours=6", 6),
    ("do_not_call_enabled=true", True),
    ("do_not_call_list_source=custom", "custom"),
    ("do_not_call_custom_list=[+12125550123, +1 212 555 0124]", ["+12125550123", "+12125550124"]),
    ("auto_add_to_dnc_enabled=true", True),
    ("auto_dnc_trigger_statuses=[completed, voicemail]", ["completed", "voicemail"]),
    ("auto_dnc_trigger_errors=invalid_number", ["invalid_number"]),
]


class TestUpdate:
    def test_changes_every_field_that_the_vendor_has(self, owner: Owner) -> None:
        options = [word for text, _ in GOOD for word in ("--set", text)]

        done = owner.run("campaign", "update", "renewals", "--yes", *options)

        assert done.code == 0, done.said
        expected = {text.partition("=")[0]: value for text, value in GOOD}
        found = owner.at_vendor()
        assert {name: found[name] for name in expected} == expected
        assert owner.writes() == [("PUT", "", 200)]

    def test_sets_windows_which_the_vendor_shows_as_their_outer_times(self, owner: Owner) -> None:
        windows = "call_time_ranges=09:00-12:00,13:30-17:00"
        done = owner.run("campaign", "update", "renewals", "--yes", "--set", windows)

        assert done.code == 0, done.said
        assert "00:00-23:59" in done.stdout
        assert "09:00-12:00, 13:30-17:00" in done.stdout
        found = owner.at_vendor()
        shown = (found["earliest_call_time"], found["latest_call_time"])
        assert shown == ("09:00:00", "17:00:00")

    def test_takes_its_settings_from_a_file_too(self, owner: Owner, tmp_path: Path) -> None:
        path = tmp_path / "changes.yaml"
        path.write_text(
            'days_of_week: [mon, tue]\ncall_time_ranges:\n  - {start: "09:00", end: "17:00"}\n'
            "max_retries: 1\nend_date: null\n"
        )
        settings = ("--from", str(path), "--set", "max_retries=2")
        done = owner.run("campaign", "update", "renewals", "--yes", "--json", *settings)

        assert done.code == 0, done.said
        assert [one["name"] for one in done.json["changes"]] == [
            "days_of_week",
            "call_time_ranges",
            "max_retries",
        ]
        assert owner.at_vendor()["max_retries"] == 2

    def test_sends_nothing_where_nothing_would_change(self, owner: Owner) -> None:
        done = owner.run("campaign", "update", "renewals", "--yes", "--set", "max_retries=3")

        assert (done.code, owner.writes()) == (0, [])
        assert "nothing to change" in done.stdout

    def test_clears_an_end_with_null(self, owner: Owner) -> None:
        owner.run("campaign", "update", "renewals", "--yes", "--set", "end_date=2026-12-24")
        owner.run("campaign", "update", "renewals", "--yes", "--set", "end_date=null")

        assert owner.at_vendor()["end_date"] is None
        assert len(owner.writes()) == 2

    def test_refuses_where_nobody_can_be_asked(self, owner: Owner) -> None:
        done = owner.run("campaign", "update", "renewals", "--set", "max_retries=2")

        assert (done.code, owner.writes()) == (2, [])
        assert "--yes" in done.stderr
        assert "max_retries" in done.stdout

    @pytest.mark.parametrize(
        ("setting", "said"),
        [
            ("call_time_ranges=17:00-09:00", "[0] ends at 09:00, which is not after its start"),
            ("call_time_ranges=09:00-25:00", "24-hour clock"),
            ("call_time_ranges=[]", "at least one window"),
            ("days_of_week=8", '"8" is no day'),
            ("days_of_week=frday", 'Did you mean "friday"?'),
            ("days_of_week=[]", "at least one day"),
            ("timezone=Berlin", 'Did you mean "Europe/Berlin"?'),
            ("max_retries=11", "from 0 to 10, not 11"),
            ("initial_call_delay=-1", "at least 0"),
            ("busy_cooldown_hours=169", "from 1 to 168"),
            ("do_not_call_custom_list=[0171 123]", "no number such as"),
            ("do_not_call_list_source=campaign", "environment, global or custom"),
            ("campaign_type=salse", 'Did you mean "sales"?'),
            ("agent_id=anna", "must be an id"),
            ("start_date=2026-02-30", "there is no day"),
            ("end_date=tomorrow", "must be a date"),
            ("end_date=2023-12-31", "is not after start_date, 2024-01-01"),
            ("auto_complete=perhaps", "true or false"),
            ("name=" + "n" * 256, "255 are allowed"),
            ("maxretries=2", 'Did you mean "max_retries"?'),
            ("status=active", "campaign activate"),
            ("earliest_call_time=09:00", "call_time_ranges"),
        ],
    )
    def test_never_sends_what_the_vendor_would_refuse(
        self, owner: Owner, setting: str, said: str
    ) -> None:
        done = owner.run("campaign", "update", "renewals", "--yes", "--set", setting)

        assert done.code == 2
        assert said in done.stderr
        # An end alone is compared with the start that the vendor has; nothing else is asked.
        looks = [one["method"] for one in owner.vendor.requests()]
        assert looks == (["GET"] if "not after start_date" in said else [])

    def test_tells_every_problem_of_a_file_at_once_with_its_line(
        self, owner: Owner, tmp_path: Path
    ) -> None:
        path = tmp_path / "changes.yaml"
        path.write_text("max_retries: 99\ntimezone: Mars\ndays_of_week: [1, 9]\n")
        done = owner.run("campaign", "update", "renewals", "--yes", "--from", str(path))

        assert done.code == 2
        assert f"{path} has 3 problems" in done.stderr
        assert "line 3  days_of_week" in done.stderr
        assert owner.vendor.requests() == []

    def test_wants_something_to_change(self, owner: Owner) -> None:
        done = owner.run("campaign", "update", "renewals")
        assert done.code == 2
        assert "--set max_retries=2" in done.stderr

    def test_explains_why_a_schedule_cannot_change_while_calls_are_queued(
        self, owner: Owner
    ) -> None:
        owner.api.call()
        done = owner.run("campaign", "update", "renewals", "--yes", "--set", "days_of_week=1")

        assert done.code == 1
        assert "queued calls" in done.stderr
        assert "sftp-sync campaign pause renewals" in done.stderr
        assert owner.writes()[-1] == ("PUT", "", 409)

    def test_shows_the_vendors_own_sentences_at_their_fields(self, owner: Owner) -> None:
        stranger = "11111111-2222-4333-8444-555555555555"
        done = owner.run("campaign", "update", "renewals", "--yes", "--set", f"agent_id={stranger}")

        assert done.code == 1
        assert "agent_id: The selected agent id is invalid." in done.stderr
        assert "nothing was changed" in done.stderr

    def test_says_that_nobody_knows_where_no_answer_came(self, owner: Owner) -> None:
        owner.vendor.break_with(truncated_body=When(every=1, after=1, on="all"))
        done = owner.run("campaign", "update", "renewals", "--yes", "--set", "max_retries=2")

        assert done.code == 1
        assert "not known" in done.stderr
        assert "sftp-sync campaign show renewals" in done.stderr


class TestAPersonAtATerminal:
    @pytest.mark.parametrize(("answer", "code", "written"), [("y", 0, 1), ("n", 1, 0)])
    def test_is_asked_and_heard(self, owner: Owner, answer: str, code: int, written: int) -> None:
        owner.run("campaign", "show", "renewals")
        words = ("campaign", "update", "renewals", "--set", "max_retries=2")
        command = [str(COMMAND), *words, "--config", str(owner.home / "config.yaml")]
        ours, theirs = os.openpty()
        try:
            os.write(ours, f"{answer}\n".encode())
            done = subprocess.run(
                command, stdin=theirs, capture_output=True, text=True, check=False, timeout=60
            )
        finally:
            os.close(ours)
            os.close(theirs)

        assert (done.returncode, len(owner.writes())) == (code, written)
        assert "Change this at renewals?" in done.stderr
        assert ("Nothing was changed." in done.stderr) is (answer == "n")


class TestTurning:
    def test_pauses_and_activates(self, owner: Owner) -> None:
        assert "paused now, active before" in owner.run("campaign", "pause", "renewals").stdout
        assert owner.at_vendor()["status"] == "paused"
        done = owner.run("campaign", "activate", "renewals", "--json")
        assert done.json == {
            "name": "renewals",
            "before": "paused",
            "status": "active",
            "changed": True,
        }

    def test_leaves_alone_what_is_so_already(self, owner: Owner) -> None:
        done = owner.run("campaign", "activate", "renewals")
        assert (done.code, owner.writes()) == (0, [])
        assert "active already" in done.stdout

    @pytest.mark.parametrize(
        ("verb", "status"), [("complete", "completed"), ("cancel", "cancelled")]
    )
    def test_ends_for_good_only_with_consent(self, owner: Owner, verb: str, status: str) -> None:
        asked = owner.run("campaign", verb, "renewals")
        assert (asked.code, owner.writes()) == (2, [])

        done = owner.run("campaign", verb, "renewals", "--yes")
        assert (done.code, owner.at_vendor()["status"]) == (0, status)

        again = owner.run("campaign", "activate", "renewals")
        assert again.code == 1
        assert "That is final" in again.stderr
        assert len(owner.writes()) == 1

    @pytest.mark.parametrize(
        ("status", "verb"), [("draft", "pause"), ("draft", "complete"), ("cancelled", "complete")]
    )
    def test_asks_for_no_transition_that_there_is_not(
        self, owner: Owner, status: str, verb: str
    ) -> None:
        owner.vendor.sandbox.set_status(CAMPAIGN, status)
        done = owner.run("campaign", verb, "renewals", *(["--yes"] if verb == "complete" else []))

        assert (done.code, owner.writes()) == (1, [])
        assert f"{status} at the vendor" in done.stderr


class TestShow:
    def test_shows_settings_agent_and_figures(self, owner: Owner) -> None:
        owner.api.call()
        done = owner.run("campaign", "show", "renewals")

        assert done.code == 0
        for words in (
            "Renewals, active",
            "max_retries",
            "Mon, Tue",
            "Sandbox agent",
            "total_calls",
        ):
            assert words in done.stdout

    def test_is_one_document_for_scripts(self, owner: Owner) -> None:
        owner.api.call()
        document = owner.run("campaign", "show", "renewals", "--json").json

        assert document["calls_listed"] == 1
        assert document["campaign"]["stats"]["total_calls"] == 1
        assert "calls" not in document["campaign"]

    def test_says_what_to_check_where_there_is_no_such_campaign(self, owner: Owner) -> None:
        owner.campaign = {"campaign_id": "no-such-campaign"}
        done = owner.run("campaign", "show", "renewals")
        assert done.code == 1
        assert "campaign_id" in done.stderr
