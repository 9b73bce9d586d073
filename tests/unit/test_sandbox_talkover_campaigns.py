"""The sandbox's campaigns say no where the vendor's documentation says no."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.vendors import CAMPAIGN, OTHER_CAMPAIGN, Api, TalkoverVendor, talkover

# What is written, the key under which it is refused, and a part of the sentence.
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "name", "required"),
    ({"name": "n" * 256}, "name", "255"),
    ({"name": None}, "name", "required"),
    ({"description": 7}, "description", "string"),
    ({"campaign_type": "other"}, "campaign_type", "invalid"),
    ({"agent_id": "nobody"}, "agent_id", "invalid"),
    ({"start_date": "2026-13-01"}, "start_date", "valid date"),
    ({"end_date": "2023-12-31"}, "end_date", "after start date"),
    ({"start_date": "2026-06-01", "end_date": "2026-06-01"}, "end_date", "after start date"),
    ({"days_of_week": []}, "days_of_week", "at least 1"),
    ({"days_of_week": [0]}, "days_of_week.0", "between 1 and 7"),
    ({"days_of_week": "mon"}, "days_of_week", "array"),
    ({"call_time_ranges": []}, "call_time_ranges", "at least 1"),
    ({"call_time_ranges": [{"start": "17:00", "end": "09:00"}]}, "call_time_ranges.0.end", "after"),
    ({"call_time_ranges": [{"start": "9:00", "end": "10:00"}]}, "call_time_ranges.0.start", "H:i"),
    ({"call_time_ranges": ["09:00-17:00"]}, "call_time_ranges.0", "array"),
    ({"timezone": "Mars/Olympus"}, "timezone", "valid zone"),
    ({"timezone": "x" * 51}, "timezone", "50"),
    ({"initial_call_delay": -1}, "initial_call_delay", "at least 0"),
    ({"max_retries": 11}, "max_retries", "between 0 and 10"),
    ({"max_retries": "3"}, "max_retries", "integer"),
    ({"retry_cooldown_hours": 0}, "retry_cooldown_hours", "between 1 and 168"),
    ({"post_completion_cooldown_hours": 169}, "post_completion_cooldown_hours", "168"),
    ({"success_cooldown_hours": 0}, "success_cooldown_hours", "168"),
    ({"voicemail_cooldown_hours": 0}, "voicemail_cooldown_hours", "168"),
    ({"no_answer_cooldown_hours": 0}, "no_answer_cooldown_hours", "168"),
    ({"busy_cooldown_hours": 0}, "busy_cooldown_hours", "168"),
    ({"failed_cooldown_hours": 0}, "failed_cooldown_hours", "168"),
    ({"auto_complete": "yes"}, "auto_complete", "true or false"),
    ({"do_not_call_list_source": "campaign"}, "do_not_call_list_source", "invalid"),
    ({"do_not_call_custom_list": ["0171"]}, "do_not_call_custom_list.0", "phone number"),
    ({"auto_dnc_trigger_statuses": [1]}, "auto_dnc_trigger_statuses.0", "string"),
    ({"colour": "red"}, "colour", "not known"),
]
SFTP = {
    "host": "sftp.example.com",
    "username": "user",
    "auth_type": "password",
    "password": "secret",
}
BAD_SFTP: list[tuple[dict[str, Any], str]] = [
    ({"host": None}, "host"),
    ({"username": ""}, "username"),
    ({"auth_type": "token"}, "auth_type"),
    ({"password": None}, "password"),
    ({"auth_type": "private_key"}, "private_key"),
    ({"port": 65536}, "port"),
    ({"import_schedule": "weekly"}, "import_schedule"),
    ({"colour": "red"}, "colour"),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TalkoverVendor]:
    """A vendor for those tests that change nothing there."""
    with talkover(tmp_path_factory.mktemp("vendor"), speed=0.001) as vendor:
        yield vendor


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[TalkoverVendor]:
    with talkover(tmp_path, speed=0.001) as vendor:
        yield vendor


@pytest.fixture
def api(vendor: TalkoverVendor) -> Iterator[Api]:
    api = Api(vendor)
    with api.client:
        yield api


@pytest.mark.parametrize(("body", "key", "words"), BAD)
def test_an_update_is_refused_at_the_field(
    running: TalkoverVendor, body: dict[str, Any], key: str, words: str
) -> None:
    api = Api(running)
    with api.client:
        before = api.campaign()
        refused = api.client.put(f"/campaigns/{CAMPAIGN}", json=body)

        assert refused.status_code == 422
        assert words in refused.json()["errors"][key][0]
        assert api.campaign() == before


@pytest.mark.parametrize(("change", "key"), BAD_SFTP)
def test_an_integration_is_refused_at_the_field(
    running: TalkoverVendor, change: dict[str, Any], key: str
) -> None:
    written = {name: value for name, value in {**SFTP, **change}.items() if value is not None}
    api = Api(running)
    with api.client:
        refused = api.client.post(f"/campaigns/{CAMPAIGN}/sftp", json=written)
        assert refused.status_code == 422
        assert key in refused.json()["errors"]
        assert api.client.get(f"/campaigns/{CAMPAIGN}/sftp").status_code == 404


class TestAnUpdate:
    def test_of_the_schedule_waits_until_no_call_is_queued(self, api: Api) -> None:
        api.call()
        schedule = {"days_of_week": [1]}
        refused = api.client.put(f"/campaigns/{CAMPAIGN}", json=schedule)
        other = api.client.put(f"/campaigns/{CAMPAIGN}", json={"max_retries": 1})
        api.turn("paused")
        done = api.client.put(f"/campaigns/{CAMPAIGN}", json=schedule)

        assert (refused.status_code, other.status_code, done.status_code) == (409, 200, 200)
        assert refused.json()["code"] == "CAMPAIGN_HAS_ACTIVE_CALLS"

    def test_leaves_the_status_and_what_was_not_named(self, api: Api) -> None:
        before = api.campaign()
        done = api.client.put(f"/campaigns/{CAMPAIGN}", json={"max_retries": 1, "name": "New"})
        after = api.campaign()

        changed = {name for name, value in after.items() if before[name] != value}
        assert changed - {"updated_at"} == {"max_retries", "name"}
        assert done.json()["data"]["name"] == "New"

    def test_of_a_campaign_that_is_not_ours_finds_nothing(self, api: Api) -> None:
        for campaign in ("nobody", OTHER_CAMPAIGN):
            refused = api.client.put(f"/campaigns/{campaign}", json={"max_retries": 1})
            assert refused.status_code == 404

    def test_of_another_accounts_status_is_forbidden(self, api: Api) -> None:
        path = f"/campaigns/{OTHER_CAMPAIGN}/status"
        assert api.client.patch(path, json={"status": "paused"}).status_code == 403


class TestAnIntegration:
    def test_is_enabled_only_on_settings_that_have_passed_the_test(self, api: Api) -> None:
        path = f"/campaigns/{CAMPAIGN}/sftp"
        created = api.client.post(path, json=SFTP)
        assert (created.status_code, created.json()["data"]["is_enabled"]) == (201, False)

        refused = api.client.put(path, json={"is_enabled": True})
        assert (refused.status_code, refused.json()["code"]) == (422, "SFTP_TEST_REQUIRED")
        assert api.client.post(f"{path}/test-connection").json()["success"] is True
        assert api.client.put(path, json={"host": "other.example.com"}).status_code == 200
        assert api.client.put(path, json={"is_enabled": True}).status_code == 422
        api.client.post(f"{path}/test-connection")
        assert api.client.put(path, json={"is_enabled": True}).json()["data"]["is_enabled"] is True

    def test_never_shows_its_secrets(self, api: Api) -> None:
        path = f"/campaigns/{CAMPAIGN}/sftp"
        api.client.post(path, json=SFTP)
        assert "secret" not in api.client.get(path).text

    def test_lists_its_jobs_by_pages(self, vendor: TalkoverVendor, api: Api) -> None:
        path = f"/campaigns/{CAMPAIGN}/sftp"
        assert api.client.get(f"{path}/logs").status_code == 404
        api.client.post(path, json=SFTP)
        vendor.break_with(hosted_import_seconds=0.0)
        for _ in range(3):
            assert api.client.post(f"{path}/trigger-import").status_code == 200

        page = api.client.get(f"{path}/logs", params={"per_page": "2", "page": "2"}).json()
        assert [row["status"] for row in page["data"]] == ["succeeded"]
        assert page["pagination"] == {"current_page": 2, "per_page": 2, "total": 3}
        assert api.client.get(f"{path}/logs", params={"per_page": "101"}).status_code == 422
