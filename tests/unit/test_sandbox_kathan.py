"""Kathan's sandbox is as strict as its document: fields, ranges, errors, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.kathan import TOKEN, USER, KathanVendor, kathan

REQUIRED = {"name": "N", "assistant_id": "asst_1", "phone_number_id": "pn_1"}
RECIPIENT = {"phone_number": "+12125550100", "metadata": {"name": "Ann"}}


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[KathanVendor]:
    with kathan(tmp_path, speed=1e9) as made:
        yield made


@pytest.fixture
def api(vendor: KathanVendor) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}", "X-User-ID": USER}
    with httpx.Client(base_url=vendor.base_url, headers=headers, trust_env=False) as client:
        yield client


def create(api: httpx.Client, **fields: Any) -> httpx.Response:
    return api.post("/campaign", json={**REQUIRED, **fields})


def created(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = create(api, **fields)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


class TestWhoMayComeIn:
    @pytest.mark.parametrize(
        "headers", [{}, {"Authorization": "Bearer no"}, {"X-User-ID": "user_no"}], ids=str
    )
    def test_both_headers_are_needed(self, vendor: KathanVendor, headers: dict[str, str]) -> None:
        given = {"Authorization": f"Bearer {TOKEN}", "X-User-ID": USER} | headers
        if not headers:
            del given["X-User-ID"]
        answer = httpx.get(f"{vendor.base_url}/calls", headers=given, trust_env=False)
        assert answer.status_code == 401
        assert answer.json() == {"detail": "Invalid authentication credentials"}

    def test_protected_says_hello(self, api: httpx.Client) -> None:
        assert api.get("/protected").json() == {
            "message": f"Hello, user {USER}!",
            "user_id": USER,
        }

    def test_too_many_requests_are_refused_with_the_documented_headers(
        self, tmp_path: Path
    ) -> None:
        with kathan(tmp_path / "slow", requests_per_minute=2) as slow:
            headers = {"Authorization": f"Bearer {TOKEN}", "X-User-ID": USER}
            answers = [
                httpx.get(f"{slow.base_url}/calls", headers=headers, trust_env=False)
                for _ in range(3)
            ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json() == {"detail": "Rate limit exceeded"}
        assert answers[0].headers["x-ratelimit-limit"] == "2"
        assert answers[2].headers["x-ratelimit-remaining"] == "0"


class TestCreate:
    def test_answers_with_the_documented_object(self, api: httpx.Client) -> None:
        document = created(api)
        assert document["status"] == "draft"
        assert document["channel"] == "twilio"
        assert document["max_concurrency"] == 5
        assert document["speech_settings"]["style"] == "neutral"
        assert document["schedule_start_time"] is None
        assert document["counts"] == {"recipients": 0}
        assert "recipients" not in document
        assert "scheduleStartTime" not in document

    @pytest.mark.parametrize("name", REQUIRED)
    def test_needs_its_required_fields(self, api: httpx.Client, name: str) -> None:
        body = {key: value for key, value in REQUIRED.items() if key != name}
        answer = api.post("/campaign", json=body)
        assert answer.status_code == 422
        (detail,) = answer.json()["detail"]
        assert detail["loc"] == ["body", name]
        assert detail["msg"] == "Field required"

    @pytest.mark.parametrize(
        "field",
        [
            {"channel": "twilio"},
            {"channel": "vobiz"},
            {"scheduleStartTime": "2030-01-01T09:00:00Z", "scheduleEndTime": None},
            {"max_concurrency": 1},
            {"max_concurrency": 200},
            {"retry_policy": {"any": ["thing"]}},
            {"speech_settings": {"style": "calm"}},
            {"campaign_context": "Be brief."},
            {"campaign_context": None},
            {"opening_message_template": "Hello {name}"},
            {"use_returning_greeting": True},
            {"use_short_term_summaries": True, "short_term_summaries_limit": 3},
            {"machine_detection_timeout_seconds": 3},
            {"machine_detection_timeout_seconds": 60},
            {"recipients": [RECIPIENT]},
            {"recipients": [{**RECIPIENT, "assistant_overrides": {"first_message": "Hi"}}]},
            {"recipients": None},
        ],
        ids=str,
    )
    def test_takes_every_documented_field(self, api: httpx.Client, field: dict[str, Any]) -> None:
        document = created(api, **field)
        shown = {"scheduleStartTime": "schedule_start_time", "scheduleEndTime": "schedule_end_time"}
        for name, value in field.items():
            if name != "recipients":
                assert document[shown.get(name, name)] == value

    @pytest.mark.parametrize(
        "field",
        [
            {"channel": "whatsapp"},
            {"name": 7},
            {"scheduleStartTime": 7},
            {"schedule_start_time": "2030-01-01T09:00:00Z"},
            {"max_concurrency": 0},
            {"max_concurrency": 201},
            {"max_concurrency": True},
            {"max_concurrency": None},
            {"retry_policy": "often"},
            {"speech_settings": []},
            {"campaign_context": 7},
            {"use_returning_greeting": "yes"},
            {"short_term_summaries_limit": "three"},
            {"machine_detection_timeout_seconds": 2},
            {"machine_detection_timeout_seconds": 61},
            {"status": "running"},
            {"recipients": {}},
            {"recipients": ["+12125550100"]},
            {"recipients": [{"phone_number": "212-555-0100"}]},
            {"recipients": [{"metadata": {}}]},
            {"recipients": [{**RECIPIENT, "metadata": "text"}]},
            {"recipients": [{**RECIPIENT, "name": "Ann"}]},
        ],
        ids=str,
    )
    def test_refuses_what_is_out_of_its_range(
        self, api: httpx.Client, vendor: KathanVendor, field: dict[str, Any]
    ) -> None:
        answer = create(api, **field)
        assert answer.status_code == 422
        assert all(one["loc"][0] == "body" and one["msg"] for one in answer.json()["detail"])
        assert vendor.drafts() == []

    def test_refuses_what_is_no_object(self, api: httpx.Client) -> None:
        assert api.post("/campaign", content=b"[").status_code == 422

    def test_refuses_a_list_that_is_not_there(self, api: httpx.Client) -> None:
        assert create(api, recipient_list_id="no").status_code == 404


class TestChange:
    def test_of_the_name_alone_tells_the_status(self, api: httpx.Client) -> None:
        made = created(api, scheduleStartTime="2030-01-01T09:00:00Z")
        changed = api.patch(f"/campaign/{made['id']}", json={"name": "N"}).json()
        assert (changed["id"], changed["status"]) == (made["id"], "draft")
        assert changed["schedule_start_time"] == "2030-01-01T09:00:00Z"

    @pytest.mark.parametrize("field", ["assistant_id", "phone_number_id", "channel", "status"])
    def test_of_what_is_fixed_is_refused(self, api: httpx.Client, field: str) -> None:
        made = created(api)
        assert api.patch(f"/campaign/{made['id']}", json={field: "twilio"}).status_code == 422

    def test_of_recipients_replaces_them(self, api: httpx.Client, vendor: KathanVendor) -> None:
        made = created(api, recipients=[RECIPIENT])
        other = {"phone_number": "+12125550101"}
        api.patch(f"/campaign/{made['id']}", json={"recipients": [other]})
        api.post(f"/campaign/{made['id']}/start")
        assert set(vendor.called()) == {"+12125550101"}

    def test_of_what_is_not_there_or_no_object_is_refused(self, api: httpx.Client) -> None:
        assert api.patch("/campaign/no", json={"name": "N"}).status_code == 404
        made = created(api)
        assert api.patch(f"/campaign/{made['id']}", content=b"7").status_code == 422


class TestStart:
    def test_calls_everybody_and_runs_until_all_is_over(
        self, api: httpx.Client, vendor: KathanVendor
    ) -> None:
        made = created(api, recipients=[RECIPIENT])
        assert api.post(f"/campaign/{made['id']}/start").json()["status"] == "running"
        assert vendor.called() == {"+12125550100": 1}
        shown = api.patch(f"/campaign/{made['id']}", json={"name": "N"}).json()
        assert shown["status"] == "completed"

    def test_a_second_time_calls_everybody_again(
        self, api: httpx.Client, vendor: KathanVendor
    ) -> None:
        made = created(api, recipients=[RECIPIENT])
        for _ in range(2):
            api.post(f"/campaign/{made['id']}/start")
        assert vendor.called() == {"+12125550100": 2}

    def test_of_what_is_not_there_is_refused(self, api: httpx.Client) -> None:
        assert api.post("/campaign/no/start").status_code == 404

    def test_pauses_with_its_owner(self, tmp_path: Path) -> None:
        with kathan(tmp_path / "slow", speed=0.001) as slow:
            provider = slow.provider()
            (made,) = [slow.sandbox._state.make(REQUIRED, 0)]
            slow.sandbox.set_status(made.id, "paused")
            assert provider.look(made.id, "N").status == "paused"


class TestLists:
    CSV = b"phone_number,name\r\n+12125550100,Ann\r\n"

    def kept(self, api: httpx.Client, **form: Any) -> httpx.Response:
        return api.post("/recipient-lists", data=form, files={"file": ("a.csv", self.CSV)})

    def test_are_made_of_a_csv_and_attached(self, api: httpx.Client, vendor: KathanVendor) -> None:
        kept = self.kept(api, name="Mine", use_template="false").json()
        made = created(api, recipient_list_id=kept["id"])
        assert (made["recipient_list_name"], made["recipient_list_row_count"]) == ("Mine", 1)
        api.post(f"/campaign/{made['id']}/start")
        (start,) = vendor.starts()
        assert start["recipients"][0]["metadata"] == {"name": "Ann"}

    def test_need_a_column_for_the_number(self, api: httpx.Client) -> None:
        answer = api.post("/recipient-lists", files={"file": ("a.csv", b"phone\n1\n")})
        assert answer.status_code == 422

    def test_are_empty_without_a_file(self, api: httpx.Client) -> None:
        kept = api.post("/recipient-lists", json={}).json()
        assert (kept["row_count"], kept["name"]) == (0, None)

    @pytest.mark.parametrize(("form", "rows"), [({}, 1), ({"replace": "false"}, 2)])
    def test_are_replaced_unless_that_is_ruled_out(
        self, api: httpx.Client, form: dict[str, str], rows: int
    ) -> None:
        list_id = self.kept(api).json()["id"]
        more = {"file": ("b.csv", b"phone_number\r\n+12125550101\r\n")}
        path = f"/recipient-lists/{list_id}/recipients/upload-csv"
        answer = api.post(path, data=form, files=more)
        assert answer.json()["row_count"] == rows

    def test_that_are_not_there_or_no_file_are_refused(self, api: httpx.Client) -> None:
        path = "/recipient-lists/{}/recipients/upload-csv"
        assert api.post(path.format("no"), files={"file": ("a.csv", self.CSV)}).status_code == 404
        list_id = self.kept(api).json()["id"]
        assert api.post(path.format(list_id), data={"replace": "false"}).status_code == 422


class TestCalls:
    def test_are_listed_in_pages_without_a_total(self, api: httpx.Client) -> None:
        recipients = [{"phone_number": f"+1212555{number:04d}"} for number in range(60)]
        made = created(api, recipients=recipients)
        api.post(f"/campaign/{made['id']}/start")
        assert len(api.get("/calls").json()) == 50
        assert len(api.get("/calls", params={"limit": 20, "offset": 50}).json()) == 10
        assert api.get("/calls", params={"offset": 60}).json() == []
        assert api.get("/calls", params={"limit": "many"}).status_code == 422

    def test_say_nothing_of_their_campaign(self, api: httpx.Client) -> None:
        made = created(api, recipients=[RECIPIENT])
        api.post(f"/campaign/{made['id']}/start")
        (listed,) = api.get("/calls").json()
        assert listed["to_number"] == "+12125550100"
        assert {"campaign_id", "metadata", "label"} & listed.keys() == set()
        assert api.get(f"/calls/{listed['id']}").json()["id"] == listed["id"]
        assert api.get("/calls/no").status_code == 404


def test_what_is_not_documented_is_not_there(api: httpx.Client) -> None:
    made = created(api)
    for method, path in [
        ("GET", "/campaign"),
        ("GET", f"/campaign/{made['id']}"),
        ("DELETE", f"/campaign/{made['id']}"),
        ("GET", "/recipient-lists"),
        ("PUT", "/calls"),
    ]:
        assert api.request(method, path).status_code == 404
