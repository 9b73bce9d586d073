"""Every default does what the example configuration says of it, with nothing else written: what is
tested with other values only may be wrong where most people leave it.
"""

from __future__ import annotations

import csv
import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import UTC, datetime, time, timedelta
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

import openpyxl
import pytest

from sftp_sync.announce import Letter
from sftp_sync.config import Config, load
from sftp_sync.config.form import Form
from sftp_sync.config.tree import read_tree
from sftp_sync.errors import FileRefused, VendorUnavailable
from sftp_sync.intake.fetch import make_room
from sftp_sync.model import (
    FileRecord,
    FileState,
    RemoteFile,
    RowState,
    SuppressionList,
    Terms,
)
from sftp_sync.remote.folder import FolderRemote
from sftp_sync.remote.sftp import SftpLogin
from sftp_sync.sending.route import SendingAccount
from sftp_sync.steps.collect import collect
from sftp_sync.steps.follow import follow
from sftp_sync.steps.publish import publish
from sftp_sync.tables.shape import Record, batches
from sftp_sync.timetable import results_schedule, timetable
from sftp_sync.wiring.house import house_rules
from sftp_sync.wiring.outlook import outlook
from sftp_sync.wiring.parts import login, open_ledger
from sftp_sync.wiring.targets import targets_of
from sftp_sync.wiring.terms import terms_of
from sftp_sync.wiring.vendors import client_of, vendors_of
from tests.support import api_servers as servers
from tests.support.api_servers import RawServer
from tests.support.calls import a_list, numbers
from tests.support.hand_dispatch import Bench, a_bench
from tests.support.mail_servers import mail_server
from tests.support.sftp_servers import make_folders
from tests.support.vendors import CAMPAIGN, TOKEN
from tests.test_docs import EXAMPLE, blocks

Test = TypeVar("Test", bound=Callable[..., None])
HELD: dict[str, str] = {}
# One of several must be written, or each of its keys has a default of its own.
CHOSEN_OR_WHOLE = {
    *("CampaignSettings.campaign_id", "CampaignSettings.kathan", "Account.user_id"),
    *("CampaignSettings.sftp", "CampaignSettings.folder"),
    *("Sftp.password", "Sftp.private_key", "Sftp.host_keys", "Sftp.known_hosts"),
    *("Notify.webhook", "Notify.email", "Notify.smtp", "Notify.heartbeat"),
    *("CampaignSettings.files", "CampaignSettings.contacts", "CampaignSettings.hold"),
    *("CampaignSettings.limits", "CampaignSettings.results"),
}
# With its country code: without `region` no other is valid.
ANN, BOB, CLEO, DORA = numbers(4)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def holds(*defaults: str) -> Callable[[Test], Test]:
    """Say which defaults a test needs as they are."""

    def note(test: Test) -> Test:
        HELD.update(dict.fromkeys(defaults, test.__name__))
        return test

    return note


def every_default() -> set[str]:
    described = {block for block, _ in blocks(Form, read_tree(EXAMPLE).value)}
    return {
        f"{block.__name__}.{one.name}"
        for block in described
        for one in fields(block)
        if (one.default, one.default_factory) != (MISSING, MISSING)
    }


def test_every_default_is_held_by_a_test() -> None:
    assert len(every_default()) > 80
    assert every_default() - HELD.keys() - CHOSEN_OR_WHOLE == set()
    assert (HELD.keys() | CHOSEN_OR_WHOLE) - every_default() == set()
    assert HELD.keys() & CHOSEN_OR_WHOLE == set()


SHORTEST = {
    "account": "vendor",
    "campaign_id": CAMPAIGN,
    "import_path": "/inbox",
    "export_path": "/outbox",
}


def a_config(folder: Path, campaign: dict[str, Any], **top: Any) -> Config:
    document = {
        "state_dir": str(folder / "state"),
        "accounts": {"vendor": {"provider": "talkover", "token": TOKEN}},
        "campaigns": {"renewals": campaign},
        **top,
    }
    path = folder / "config.yaml"
    path.touch(0o600)
    path.write_text(json.dumps(document), "utf-8")
    return load(path, {})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """What must be written, and nothing else."""
    return a_config(tmp_path, {**SHORTEST, "folder": str(tmp_path / "partner")})


@dataclass
class Days:
    """Days of a campaign with the shortest configuration, on a clock that waiting moves."""

    bench: Bench
    config: Config
    root: Path
    waited: list[float] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def drop(self, name: str, content: bytes, *, folder: str = "inbox", age: float = 60) -> Path:
        path = self.root / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (self.bench.time.at - age,) * 2)
        return path

    def wait(self, seconds: float) -> None:
        if seconds:
            self.waited.append(seconds)
            self.meanwhile()
        self.bench.time.wait(seconds)

    def collect(self) -> tuple[FileRecord, ...]:
        model = self.config.campaigns["renewals"].model
        around = self.bench.around(self.wait)
        return collect(model, lambda: FolderRemote(self.root), around).files

    def collect_one(self, content: bytes, name: str = "list.csv", **when: float) -> FileRecord:
        self.drop(name, content, **when)
        (file,) = self.collect()
        return file

    def dispatch(self) -> list[dict[str, Any]]:
        """What was asked of the vendor, and accepted."""
        before = len(self.bench.vendor.taken())
        self.bench.campaigns["renewals"] = self.config.campaigns["renewals"].model
        self.bench.dispatch()
        return self.bench.vendor.taken()[before:]

    def called(self) -> list[str]:
        return [call["to"] for call in self.bench.vendor.taken()]

    def report(self) -> dict[str, bytes]:
        """What is brought back by following and publishing; files by name."""
        model, around = self.config.campaigns["renewals"].model, self.bench.around(self.wait)
        follow(model, self.bench.vendor.provider(), around)
        publish(model, lambda: FolderRemote(self.root), around)
        return {
            path.name: path.read_bytes()
            for path in (self.root / "outbox").iterdir()
            if ".results." in path.name
        }

    def states(self) -> dict[str, int]:
        return self.bench.states()

    def in_force(self) -> SuppressionList:
        return self.bench.ledger.suppressions.current("renewals")


@pytest.fixture
def days(tmp_path: Path, config: Config) -> Iterator[Days]:
    (tmp_path / "bench").mkdir()
    make_folders(tmp_path / "partner")
    # A call rings at once and is over by the next day.
    with a_bench(tmp_path / "bench", speed=1.0) as bench:
        yield Days(bench, config, tmp_path / "partner")


def a_workbook(folder: Path, sheets: dict[str, list[list[str]]], hidden: str = "") -> bytes:
    book = openpyxl.Workbook()
    for number, (name, rows) in enumerate(sheets.items()):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        sheet.title = name
        for row in rows:
            sheet.append(row)
        if name == hidden:
            sheet.sheet_state = "hidden"
    book.save(folder / "book.xlsx")
    return (folder / "book.xlsx").read_bytes()


def states_of(file: FileRecord) -> dict[str, int]:
    return {str(state): number for state, number in file.rows.items() if number}


class TestFiles:
    @holds("FileSettings.pattern")
    def test_of_four_endings_are_lists_in_any_case(self, days: Days) -> None:
        names = {"a.csv", "b.tsv", "c.txt", "d.xlsx", "E.CSV"}
        for turn, name in enumerate([*sorted(names), "f.xls", "g.pdf", "h", "i.csv.gz"]):
            days.drop(name, a_list(numbers(1, first=turn)))
        assert {file.name for file in days.collect()} == names

    @holds("FileSettings.ignore")
    @pytest.mark.parametrize(
        "name",
        [
            *("list.csv.part", "list.csv.filepart", "list.tmp", "list.temp", "list.csv.writing"),
            *("list.csv.partial", "~$list.xlsx", ".list.csv"),
        ],
    )
    def test_that_are_being_written_are_no_lists(self, days: Days, name: str) -> None:
        ours = days.config.campaigns["renewals"]
        settings = replace(ours.model, files=replace(ours.model.files, pattern=("*",)))
        days.config.campaigns["renewals"] = replace(ours, model=settings)  # type: ignore[index]
        days.drop(name, a_list([ANN]))
        days.drop("list", a_list([BOB]))
        assert [file.name for file in days.collect()] == ["list"]

    @holds("FileSettings.settle_seconds")
    def test_are_taken_when_two_looks_ten_seconds_apart_agree(self, days: Days) -> None:
        days.drop("still.csv", a_list([ANN]))
        growing = days.drop("growing.csv", a_list([BOB]))
        days.meanwhile = lambda: growing.write_bytes(a_list([BOB, CLEO]))
        assert [file.name for file in days.collect()] == ["still.csv"]
        assert days.waited == [10]
        days.meanwhile = lambda: None
        assert [file.name for file in days.collect()] == ["growing.csv"]

    @holds("FileSettings.ready_marker", "FileSettings.after_import", "FileSettings.archive_path")
    def test_need_no_marker_and_stay_where_they_are(self, days: Days) -> None:
        days.collect_one(a_list([ANN]))
        assert {path.name for path in (days.root / "inbox").iterdir()} == {"archive", "list.csv"}
        assert list((days.root / "inbox/archive").iterdir()) == []

    @holds("FileSettings.max_bytes")
    def test_of_256_mebibytes_are_fetched_and_none_larger(self, days: Days) -> None:
        limit = days.config.campaigns["renewals"].model.files.max_bytes
        spool = days.bench.around().spool
        make_room(spool, RemoteFile("list.csv", 256 * 1024**2, 0), limit)
        with pytest.raises(FileRefused, match="268,435,457 bytes or more, and 268,435,456 are"):
            make_room(spool, RemoteFile("list.csv", 256 * 1024**2 + 1, 0), limit)

    @holds("FileSettings.max_rows")
    def test_of_a_million_rows_are_read_and_none_longer(self, config: Config) -> None:
        limit = config.campaigns["renewals"].model.files.max_rows
        rows = repeat(Record(2, ["+1"]), 1_000_001)
        with pytest.raises(FileRefused, match="more than 1,000,000 rows"):
            deque(batches(rows, ("phone",), "list.csv", limit), maxlen=0)

    @holds("FileSettings.max_files_per_run")
    def test_are_taken_a_hundred_in_a_run_oldest_first(self, days: Days) -> None:
        for age in range(101):
            days.drop(f"{age}.csv", a_list(numbers(1, first=age)), age=60 + age)
        first = days.collect()
        assert (len(first), first[0].name) == (100, "100.csv")
        assert [file.name for file in days.collect()] == ["0.csv"]

    @holds("FileSettings.sheet")
    def test_are_read_from_the_first_sheet_that_is_shown(self, days: Days, tmp_path: Path) -> None:
        sheets = {"Codes": [["phone"], [ANN]], "List": [["phone"], [BOB]]}
        file = days.collect_one(a_workbook(tmp_path, sheets, hidden="Codes"), "list.xlsx")
        assert file.state == FileState.DISPATCHING
        days.dispatch()
        assert days.called() == [BOB]

    @holds("FileSettings.encoding", "FileSettings.delimiter")
    def test_are_read_whatever_their_encoding_and_delimiter(self, days: Days) -> None:
        text = f"telefon;name\n{ANN};Jürgen Müßig\n"
        file = days.collect_one(text.encode("cp1252"))
        assert (file.understanding["delimiter"], file.understanding["encoding"]) == (";", "cp1252")
        (asked,) = days.dispatch()
        assert asked["payload"]["name"] == "Jürgen Müßig"


class TestContacts:
    @holds("ContactSettings.phone", "ContactSettings.payload", "ContactSettings.context")
    def test_have_the_number_of_the_one_column_that_is_plainly_it_and_all_the_others(
        self, days: Days
    ) -> None:
        days.collect_one(f"Name,Handy,City\nAnn,{ANN},Rome\n".encode())
        (asked,) = days.dispatch()
        assert asked["to"] == ANN
        assert asked["payload"] == {"Name": "Ann", "City": "Rome"}
        assert asked["context"].keys() == {"sftp_sync"}

    @holds("ContactSettings.region", "ContactSettings.region_column")
    @pytest.mark.parametrize("number", ["(212) 300-0000", "030 901820"])
    def test_without_a_country_are_not_called(self, days: Days, number: str) -> None:
        file = days.collect_one(f"phone,country\n{number},US\n{ANN},US\n".encode())
        assert states_of(file) == {"pending": 1, "invalid": 1}
        (line,) = days.bench.ledger.rows.of_file(file.id, [RowState.INVALID])
        assert line.code == "no_country"

    @holds("ContactSettings.bare_numbers")
    def test_whose_digits_look_international_are_national_without_a_plus(self, days: Days) -> None:
        file = days.collect_one(f"phone\n{ANN}\n{BOB.removeprefix('+')}\n".encode())
        assert states_of(file) == {"pending": 1, "invalid": 1}


class TestCalls:
    @holds("CampaignSettings.allow_duplicates", "CampaignSettings.is_testing")
    def test_are_no_tests_and_one_for_each_number(self, days: Days) -> None:
        file = days.collect_one(a_list([ANN, ANN]))
        assert states_of(file) == {"pending": 1, "duplicate": 1}
        (asked,) = days.dispatch()
        assert asked["is_testing"] is False
        assert asked["allow_duplicates"] is False

    @holds("CampaignSettings.repeat_after")
    @pytest.mark.parametrize(("later", "state"), [(DAY, "accepted"), (DAY - HOUR, "duplicate")])
    def test_to_one_number_are_a_day_apart(self, days: Days, later: timedelta, state: str) -> None:
        days.collect_one(a_list([ANN]))
        days.dispatch()
        days.bench.time.at += later.total_seconds()
        second = days.collect_one(a_list([ANN, BOB]), "second.csv")
        days.dispatch()
        assert second.state == FileState.DISPATCHING
        found = states_of(days.bench.ledger.files.get(second.id))
        assert found == ({"accepted": 2} if state == "accepted" else {"accepted": 1, state: 1})

    @holds("CampaignSettings.expires_after", "LimitSettings.calls_per_day")
    @holds("LimitSettings.calls_per_file", "HoldSettings.rows_above")
    def test_are_made_for_every_row_of_a_list_however_late(self, days: Days) -> None:
        days.collect_one(a_list(numbers(30)))
        days.bench.time.at += timedelta(days=400).total_seconds()
        days.dispatch()
        assert days.states() == {"accepted": 30}


class TestAStrangeFile:
    @holds("HoldSettings.reject_ratio_above")
    @pytest.mark.parametrize(("invalid", "state"), [(2, "dispatching"), (3, "held")])
    def test_has_more_than_half_of_its_rows_invalid(
        self, days: Days, invalid: int, state: str
    ) -> None:
        file = days.collect_one(a_list([ANN, BOB, *["12", "13", "14"][:invalid]]))
        assert file.state == state

    @holds("HoldSettings.seen_before_above")
    @pytest.mark.parametrize(("new", "state"), [(1, "dispatching"), (0, "held")])
    def test_has_more_than_half_of_its_numbers_from_before(
        self, days: Days, new: int, state: str
    ) -> None:
        days.collect_one(a_list([ANN]))
        days.dispatch()
        days.bench.time.at += 2 * DAY.total_seconds()
        second = a_list([ANN, BOB][: 1 + new]) + b"\n"
        assert days.collect_one(second, "second.csv").state == state

    @holds("HoldSettings.first_run_older_than")
    @pytest.mark.parametrize(("seconds_more", "state"), [(0, "dispatching"), (1, "held")])
    def test_is_older_than_a_day_on_the_first_run(
        self, days: Days, seconds_more: int, state: str
    ) -> None:
        # Ten seconds pass between the two looks.
        age = DAY.total_seconds() - 10 + seconds_more
        assert days.collect_one(a_list([ANN]), age=age).state == state

    @holds("HoldSettings.rows_below")
    def test_is_none_with_a_single_row_or_without_any(self, days: Days) -> None:
        assert days.collect_one(a_list([ANN])).state == FileState.DISPATCHING
        assert days.collect_one(a_list([]), "empty.csv").state == FileState.FINISHED


class TestDoNotCallLists:
    @holds("CampaignSettings.suppression")
    def test_are_none_where_none_are_named(self, days: Days) -> None:
        days.drop("dnc.csv", a_list([ANN]), folder="dnc")
        days.collect_one(a_list([ANN]))
        days.dispatch()
        assert days.called() == [ANN]

    @holds("SuppressionSettings.pattern", "SuppressionSettings.max_age")
    def test_are_taken_with_nothing_but_their_folder_written(
        self, days: Days, tmp_path: Path
    ) -> None:
        campaign = {**SHORTEST, "folder": str(days.root), "suppression": {"path": "/dnc"}}
        days.config = a_config(tmp_path, campaign)
        days.drop("dnc.CSV", a_list([ANN]), folder="dnc", age=1000 * DAY.total_seconds())
        days.drop("newer.txt", a_list([BOB]), folder="dnc")
        days.collect_one(a_list([ANN, BOB]))
        assert days.waited == [10, 10]
        assert days.in_force().numbers == 1
        days.dispatch()
        assert days.called() == [BOB]
        assert days.bench.ledger.notices.all() == []

    def test_that_are_still_being_written_wait_for_the_next_run(
        self, days: Days, tmp_path: Path
    ) -> None:
        campaign = {**SHORTEST, "folder": str(days.root), "suppression": {"path": "/dnc"}}
        days.config = a_config(tmp_path, campaign)
        growing = days.drop("dnc.csv", a_list([ANN]), folder="dnc")
        days.meanwhile = lambda: growing.write_bytes(a_list([ANN, BOB]))
        days.collect()
        assert days.in_force().source is None
        days.meanwhile = lambda: None
        days.collect()
        assert days.in_force().numbers == 2


class TestResults:
    @holds("ResultSettings.format", "ResultSettings.mode", "ResultSettings.spreadsheet_safe")
    def test_are_one_csv_of_the_calls_that_are_over_and_harmless(self, days: Days) -> None:
        days.collect_one(f"phone,name\n{ANN},=1+1\n{BOB},Bob\n".encode())
        days.bench.vendor.break_with(over_at_once=True, calls_cap=0)
        days.dispatch()
        assert days.report() == {}
        days.bench.vendor.break_with(over_at_once=True)
        ((name, content),) = days.report().items()
        assert name.endswith(".results.csv")
        rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
        assert [row["name"] for row in rows] == ["'=1+1", "Bob"]
        assert {row["result_final"] for row in rows} == {"true"}
        assert days.report() == {name: content}

    @holds("ResultSettings.final_after")
    def test_tell_a_call_as_it_stands_after_a_week(self, days: Days) -> None:
        days.collect_one(a_list([ANN]))
        days.dispatch()
        # The vendor lists nothing: nobody can say how it went.
        days.bench.vendor.break_with(calls_cap=0)
        days.bench.time.at += 7 * DAY.total_seconds() - 60
        assert days.report() == {}
        days.bench.time.at += 120
        ((_, content),) = days.report().items()
        assert b"unknown" in content or b"queued" in content

    @holds("ResultSettings.receipts")
    def test_begin_with_a_receipt(self, days: Days) -> None:
        days.collect_one(a_list([ANN]))
        (receipt,) = (days.root / "outbox").iterdir()
        assert receipt.name.endswith(".receipt.json")


class TestWhen:
    @holds(
        "CampaignSettings.enabled", "CampaignSettings.import_schedule", "ResultSettings.schedule"
    )
    def test_nothing_runs_by_itself_and_the_campaign_can_be_run(self, config: Config) -> None:
        ours = config.campaigns["renewals"]
        assert ours.settings.enabled
        assert timetable(ours, "collect").slot_after(datetime.now(UTC)) is None
        assert results_schedule(ours) == ours.settings.import_schedule

    @holds("CampaignSettings.daily_at", "CampaignSettings.timezone")
    def test_daily_is_at_six_in_utc(self, tmp_path: Path) -> None:
        folder = {"folder": str(tmp_path), "import_schedule": "daily"}
        ours = a_config(tmp_path, SHORTEST | folder).campaigns["renewals"]
        noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
        assert timetable(ours, "collect").slot_after(noon) == datetime(2026, 7, 2, 6, tzinfo=UTC)
        assert timetable(ours, "publish").slot_after(noon) == datetime(2026, 7, 2, 6, tzinfo=UTC)

    @holds("CampaignSettings.expect", "Expect.days")
    def test_no_file_is_expected_or_one_on_every_day(self, config: Config, tmp_path: Path) -> None:
        now = datetime.now(UTC)
        assert outlook(config, now).expected == {}
        expecting = {"folder": str(tmp_path), "expect": {"by": "09:00"}}
        found = outlook(a_config(tmp_path, SHORTEST | expecting), now).expected["renewals"]
        assert (found.by, set(found.days)) == (time(9), set(range(7)))


class TestTheAccount:
    @holds("Account.base_url")
    def test_is_at_talkovers_documented_address(self, config: Config) -> None:
        with RawServer(servers.answering(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")) as proxy:
            environment = {"HTTPS_PROXY": proxy.url}
            client = client_of(config.accounts["vendor"], environment, threading.Event())
            with pytest.raises(VendorUnavailable):
                client.get("/calls")
            client.close()
        assert proxy.received.startswith(b"CONNECT app.talkover.ai:443 ")
        destination = config.campaigns["renewals"].model.destination
        assert destination.startswith("https://app.talkover.ai/api/v1")

    @holds("Account.requests_per_minute", "Account.in_flight", "Account.uncertain_after_seconds")
    @holds("Account.timeout_seconds", "Account.ca_bundle")
    def test_is_asked_a_hundred_times_a_minute_four_at_once_for_a_minute_each(
        self, config: Config
    ) -> None:
        ours = list(config.campaigns.values())
        with vendors_of(ours, {}, threading.Event()) as vendors:
            (account,) = vendors.accounts
            (client,) = vendors.clients
        assert isinstance(account, SendingAccount)
        assert client.pace.limit == 100
        assert account.in_flight == 4
        assert account.uncertain_after == timedelta(seconds=120)
        assert client._wire._access.timeout_seconds == 60
        assert config.accounts["vendor"].ca_bundle is None


@holds("Sftp.port", "Sftp.auth_type", "Sftp.timeout_seconds", "Sftp.file_mode")
@holds("Sftp.legacy_algorithms", "Sftp.private_key_passphrase")
def test_a_partner_is_at_port_22_with_a_password_and_half_a_minute(tmp_path: Path) -> None:
    sftp = {"host": "sftp.example.com", "username": "user", "password": "secret"}
    ours = a_config(tmp_path, {**SHORTEST, "sftp": sftp}).campaigns["renewals"].settings.sftp
    assert ours is not None
    assert login(ours, {}) == SftpLogin(
        host="sftp.example.com",
        username="user",
        port=22,
        auth_type="password",
        password="secret",
        private_key=None,
        passphrase=None,
        host_keys=(),
        known_hosts=None,
        timeout_seconds=30,
        file_mode=None,
        legacy_algorithms=(),
    )


@holds(*(f"KathanSettings.{name}" for name in ("channel", "max_concurrency", "retry_policy")))
@holds(*(f"KathanSettings.schedule_{name}_time" for name in ("start", "end")))
@holds("KathanSettings.speech_settings", "KathanSettings.campaign_context")
@holds("KathanSettings.opening_message_template", "KathanSettings.use_returning_greeting")
@holds("KathanSettings.use_short_term_summaries", "KathanSettings.short_term_summaries_limit")
@holds("KathanSettings.machine_detection_timeout_seconds", "KathanSettings.assistant_overrides")
@holds("KathanSettings.recipient_list_above")
def test_kathan_is_told_little_where_little_is_written(tmp_path: Path) -> None:
    account = {
        "provider": "kathan",
        "base_url": "https://kathan.example.com",
        "token": TOKEN,
        "user_id": "user_1",
    }
    block = {"assistant_id": "a", "phone_number_id": "p"}
    campaign = {**SHORTEST, "folder": str(tmp_path), "kathan": block}
    del campaign["campaign_id"]
    config = a_config(tmp_path, campaign, accounts={"vendor": account})
    written = config.campaigns["renewals"].settings.kathan
    assert written is not None
    assert terms_of(written) == Terms(
        settings={
            "assistant_id": "a",
            "phone_number_id": "p",
            "channel": "twilio",
            "max_concurrency": 5,
            "use_returning_greeting": False,
            "use_short_term_summaries": False,
        },
        schedule={},
        overrides={},
        recipient_list_above=1000,
    )


@holds("Form.database", "Form.web", "Form.notify", "Form.keep_days", "Web.listen")
def test_an_installation_keeps_its_ledger_beside_its_state_and_tells_nobody(
    config: Config,
) -> None:
    config.state_dir.mkdir()
    with open_ledger(config, may_migrate=True):
        assert (config.state_dir / "ledger.db").is_file()
    assert config.web is not None
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8321)
    assert targets_of(config, {}) == []
    assert house_rules(config).keep == timedelta(days=90)


@holds("Notify.sender")
def test_news_come_from_whom_they_go_to_where_no_sender_is_written(tmp_path: Path) -> None:
    with mail_server() as server:
        notify = [{"email": "ops@example.com", "smtp": f"smtp://127.0.0.1:{server.port}"}]
        config = a_config(tmp_path, {**SHORTEST, "folder": str(tmp_path)}, notify=notify)
        (target,) = targets_of(config, {})
        target.deliver(Letter("A thing", "It is so.\n", {}))
    (mail,) = server.mails
    assert (mail["From"], mail["To"]) == ("ops@example.com", "ops@example.com")


@holds("Notify.after")
def test_news_are_told_at_once_where_nobody_wants_to_wait(tmp_path: Path) -> None:
    notify = [{"webhook": "https://hook.example.com/"}]
    config = a_config(tmp_path, {**SHORTEST, "folder": str(tmp_path)}, notify=notify)
    (target,) = targets_of(config, {})
    assert target.after == timedelta()
