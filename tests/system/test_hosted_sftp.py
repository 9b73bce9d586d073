"""The vendor's own SFTP integration from the command line; nobody is called by two importers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.hosted import double_import
from tests.support.builders import a_campaign
from tests.support.owners import PARTNER, Owner, an_owner
from tests.support.sftp_servers import sandbox_sftp
from tests.support.vendors import CAMPAIGN

HOSTED = ("campaign", "hosted-sftp")
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nplanted\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    with an_owner(tmp_path) as owner:
        yield owner


def hosted_of(owner: Owner) -> dict[str, object]:
    found: dict[str, object] = owner.api.client.get(f"/campaigns/{CAMPAIGN}/sftp").json()["data"]
    return found


def an_enabled_one(owner: Owner) -> None:
    assert owner.run(*HOSTED, "create", "renewals").code == 0
    assert owner.run(*HOSTED, "test", "renewals").code == 0
    assert owner.run(*HOSTED, "update", "renewals", "--enable", "--yes").code == 0


class TestCreate:
    def test_takes_everything_from_the_configuration_and_shows_no_secret(
        self, owner: Owner
    ) -> None:
        owner.campaign = {"import_schedule": "hourly"}
        done = owner.run(*HOSTED, "create", "renewals")

        assert done.code == 0, done.said
        assert "disabled" in done.stdout
        found = hosted_of(owner)
        expected = {
            "host": PARTNER["host"],
            "port": 2222,
            "username": PARTNER["username"],
            "auth_type": "password",
            "import_path": "/inbox",
            "export_path": "/outbox",
            "import_schedule": "hourly",
            "is_enabled": False,
        }
        assert {name: found[name] for name in expected} == expected

    def test_takes_a_key_with_its_passphrase(self, owner: Owner) -> None:
        keyed = {
            "auth_type": "private_key",
            "private_key": KEY,
            "private_key_passphrase": "open sesame",
            "password": None,
        }
        owner.campaign = {"sftp": {**PARTNER, **keyed}}
        done = owner.run(*HOSTED, "create", "renewals")

        assert done.code == 0, done.said
        assert hosted_of(owner)["auth_type"] == "private_key"
        state = next(iter(owner.vendor.sandbox._states.values())).campaigns[CAMPAIGN].hosted
        assert state is not None
        assert state.settings["private_key"] == KEY
        assert state.settings["private_key_passphrase"] == "open sesame"
        assert "password" not in state.settings

    @pytest.mark.parametrize("schedule", [{"every": "15m"}, {"cron": "0 7 * * *"}])
    def test_refuses_a_schedule_that_the_vendor_does_not_know(
        self, owner: Owner, schedule: dict[str, str]
    ) -> None:
        owner.campaign = {"import_schedule": schedule}
        done = owner.run(*HOSTED, "create", "renewals")

        assert (done.code, owner.vendor.requests()) == (2, [])
        assert "manual, hourly and daily" in done.stderr

    def test_refuses_a_folder_of_this_machine(self, owner: Owner, tmp_path: Path) -> None:
        owner.campaign = {"sftp": None, "folder": str(tmp_path)}
        done = owner.run(*HOSTED, "create", "renewals")
        assert (done.code, owner.vendor.requests()) == (2, [])

    def test_does_not_write_over_what_is_there(self, owner: Owner) -> None:
        owner.run(*HOSTED, "create", "renewals")
        done = owner.run(*HOSTED, "create", "renewals")

        assert done.code == 2
        assert "hosted-sftp update renewals" in done.stderr
        assert owner.writes() == [("POST", "/sftp", 201)]


class TestShow:
    def test_says_how_to_set_one_up_where_there_is_none(self, owner: Owner) -> None:
        done = owner.run(*HOSTED, "show", "renewals")
        assert done.code == 0
        assert "hosted-sftp create renewals" in done.stdout
        assert owner.run(*HOSTED, "show", "renewals", "--json").json["hosted_sftp"] is None

    def test_shows_settings_and_the_latest_jobs(self, owner: Owner) -> None:
        an_enabled_one(owner)
        owner.run(*HOSTED, "import", "renewals", "--yes")

        done = owner.run(*HOSTED, "show", "renewals")
        for words in ("enabled", "sftp.example.com", "last_test_success", "latest jobs", "running"):
            assert words in done.stdout
        document = owner.run(*HOSTED, "show", "renewals", "--json").json
        assert document["hosted_sftp"]["last_test_success"] is True
        assert [one["type"] for one in document["jobs"]] == ["import"]

    def test_tells_a_campaign_that_is_not_there_from_one_without_an_integration(
        self, owner: Owner
    ) -> None:
        owner.campaign = {"campaign_id": "no-such-campaign"}
        done = owner.run(*HOSTED, "show", "renewals")
        assert done.code == 1
        assert "campaign_id" in done.stderr


class TestUpdate:
    def test_enables_only_after_a_test_and_says_what_to_type(self, owner: Owner) -> None:
        owner.run(*HOSTED, "create", "renewals")
        done = owner.run(*HOSTED, "update", "renewals", "--enable", "--yes")

        assert done.code == 1
        assert "sftp-sync campaign hosted-sftp test renewals" in done.stderr
        assert "--enable" in done.stderr
        assert hosted_of(owner)["is_enabled"] is False

        owner.run(*HOSTED, "test", "renewals")
        assert owner.run(*HOSTED, "update", "renewals", "--enable", "--yes").code == 0
        assert hosted_of(owner)["is_enabled"] is True

    def test_enables_a_second_importer_only_with_consent(self, owner: Owner) -> None:
        owner.run(*HOSTED, "create", "renewals")
        owner.run(*HOSTED, "test", "renewals")

        asked = owner.run(*HOSTED, "update", "renewals", "--enable")
        assert asked.code == 2
        assert "called twice" in asked.stderr
        assert hosted_of(owner)["is_enabled"] is False

        owner.campaign = {"enabled": False}
        assert owner.run(*HOSTED, "update", "renewals", "--enable").code == 0

    def test_turns_an_enabled_one_to_our_folder_only_with_consent(self, owner: Owner) -> None:
        owner.campaign = {"import_path": "/old"}
        an_enabled_one(owner)
        owner.campaign = {}

        asked = owner.run(*HOSTED, "update", "renewals")
        assert asked.code == 2
        assert "called twice" in asked.stderr
        assert "--yes" in asked.stderr
        assert hosted_of(owner)["import_path"] == "/old"

        assert owner.run(*HOSTED, "update", "renewals", "--yes").code == 0
        found = hosted_of(owner)
        assert (found["import_path"], found["is_enabled"]) == ("/inbox", True)

    def test_turns_an_enabled_one_without_asking_where_we_import_nothing(
        self, owner: Owner
    ) -> None:
        owner.campaign = {"import_path": "/old"}
        an_enabled_one(owner)
        owner.campaign = {"enabled": False}

        assert owner.run(*HOSTED, "update", "renewals").code == 0
        assert hosted_of(owner)["import_path"] == "/inbox"

    def test_disables_without_asking(self, owner: Owner) -> None:
        an_enabled_one(owner)
        assert owner.run(*HOSTED, "update", "renewals", "--disable").code == 0
        assert hosted_of(owner)["is_enabled"] is False

    def test_brings_it_in_line_with_the_configuration(self, owner: Owner) -> None:
        owner.run(*HOSTED, "create", "renewals")
        owner.campaign = {"import_path": "/lists", "import_schedule": "daily"}
        done = owner.run(*HOSTED, "update", "renewals")

        assert done.code == 0, done.said
        found = hosted_of(owner)
        assert (found["import_path"], found["import_schedule"]) == ("/lists", "daily")

    def test_says_how_to_set_it_up_where_there_is_none(self, owner: Owner) -> None:
        done = owner.run(*HOSTED, "update", "renewals")
        assert done.code == 1
        assert "hosted-sftp create renewals" in done.stderr


class TestTheVendorsTest:
    @pytest.mark.parametrize("status", [200, 422])
    def test_tells_why_it_failed_whatever_status_it_comes_with(
        self, owner: Owner, status: int
    ) -> None:
        owner.run(*HOSTED, "create", "renewals")
        owner.vendor.break_with(hosted_test_fails_with=status)

        done = owner.run(*HOSTED, "test", "renewals")
        assert done.code == 1
        assert "Authentication failed" in done.stdout
        document = owner.run(*HOSTED, "test", "renewals", "--json").json
        assert document["ok"] is False

    def test_needs_something_to_test(self, owner: Owner) -> None:
        done = owner.run(*HOSTED, "test", "renewals")
        assert done.code == 1
        assert "hosted-sftp create renewals" in done.stderr


class TestImport:
    def test_is_one_at_a_time(self, owner: Owner) -> None:
        an_enabled_one(owner)
        owner.vendor.break_with(hosted_import_seconds=600.0)

        first = owner.run(*HOSTED, "import", "renewals", "--yes", "--json")
        second = owner.run(*HOSTED, "import", "renewals", "--yes")

        assert (first.code, second.code) == (0, 1)
        assert first.json["job_id"]
        assert "one import at a time" in second.stderr
        assert "hosted-sftp show renewals" in second.stderr

    def test_asks_where_our_own_lists_lie(self, owner: Owner) -> None:
        an_enabled_one(owner)
        done = owner.run(*HOSTED, "import", "renewals")
        assert done.code == 2
        assert "called twice" in done.stderr


@pytest.fixture
def at_work(owner: Owner, tmp_path: Path) -> Iterator[Owner]:
    """The same owner, with a partner whose server answers."""
    with sandbox_sftp(tmp_path / "partner") as server:
        owner.campaign = {
            "sftp": {
                "host": server.host,
                "port": server.port,
                "username": server.user,
                "password": server.password,
                "host_keys": [server.host_key],
            }
        }
        yield owner


class TestTwoImporters:
    def test_fail_the_connection_test_with_what_to_type(self, at_work: Owner) -> None:
        an_enabled_one(at_work)
        done = at_work.run("test-connection", "renewals", "--json")

        (campaign,) = done.json["campaigns"]
        check = campaign["checks"][-1]
        assert (done.code, campaign["ok"]) == (1, False)
        assert (check["name"], check["ok"], check["who"]) == ("campaign", False, "you")
        assert "called twice" in check["detail"]
        assert check["fix"].endswith("campaign hosted-sftp update renewals --disable")
        (line,) = at_work.run("status", "--json").json["campaigns"][0]["attention"]
        assert "--disable" in line

    def test_are_forgotten_once_there_is_one(self, at_work: Owner) -> None:
        an_enabled_one(at_work)
        at_work.run("test-connection", "renewals")
        at_work.run(*HOSTED, "update", "renewals", "--disable")

        assert at_work.run("test-connection", "renewals").code == 0
        assert at_work.run("status", "--json").json["campaigns"][0]["attention"] == []

    def test_are_none_where_the_folders_differ(self, at_work: Owner) -> None:
        at_work.campaign["import_path"] = "/outbox"
        at_work.campaign["export_path"] = "/inbox"
        an_enabled_one(at_work)
        del at_work.campaign["import_path"], at_work.campaign["export_path"]

        assert at_work.run("test-connection", "renewals").code == 0


@pytest.mark.parametrize(
    ("theirs", "is_double"),
    [
        ({}, True),
        ({"is_enabled": False}, False),
        ({"host": "SFTP.example.com."}, True),
        ({"host": "other.example.com"}, False),
        ({"import_path": "inbox/"}, True),
        ({"import_path": "/inbox/archive"}, False),
        # Where it looks then is not documented.
        ({"import_path": None}, True),
    ],
)
def test_two_importers_are_told_by_host_and_folder(
    theirs: dict[str, object], *, is_double: bool
) -> None:
    hosted = {"host": "sftp.example.com", "import_path": "/inbox", "is_enabled": True, **theirs}
    campaign = a_campaign(host="sftp.example.com")
    assert (double_import(campaign, hosted) is not None) is is_double
    assert double_import(a_campaign(), hosted) is None
