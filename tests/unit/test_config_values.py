"""One line for each wrong value: where it is written, and the sentence that the operator reads."""

from __future__ import annotations

import codecs
from datetime import time, timedelta
from pathlib import Path

import pytest

from sftp_sync.config import Expect, Schedule
from sftp_sync.config.countries import COUNTRIES, SLIPS
from sftp_sync.phones import is_region
from tests.support.configurations import (
    KATHAN_ACCOUNT,
    KATHAN_CAMPAIGN,
    Changes,
    a_config,
    loaded,
    problems_of,
)

DURATION = "must be a duration such as 90s, 15m, 24h, 7d or 1h30m, or a number of seconds."
SCHEDULE = 'must be manual, hourly, daily, {every: 15m} or {cron: "0 7 * * mon-fri"}.'
SECRET = "must be text, {env: NAME}, {file: PATH} or {credential: NAME}."
HUGE = "9" * 400
ADDRESS = "must be an address such as https://app.talkover.ai/api/v1."

WRONG_IN_CAMPAIGN = [
    ({"import_path": None}, "import_path", "missing. Where do the contact files arrive?"),
    ({"export_path": None}, "export_path", "missing. Where do receipts and results go?"),
    ({"import_path": '"  "'}, "import_path", "must be a folder such as /inbox."),
    ({"import_path": "C:\\lists"}, "import_path", "SFTP paths have forward slashes: /inbox/lists."),
    ({"import_path": "[a]"}, "import_path", "must be text."),
    ({"import_path": '""'}, "import_path", "is empty."),
    ({"account": "true"}, "account", "is read as yes or no here. Put it in quotes."),
    ({"enabled": "maybe"}, "enabled", "must be true or false."),
    ({"allow_duplicates": "2"}, "allow_duplicates", "must be true or false."),
    ({"import_schedule": "weekly"}, "import_schedule", SCHEDULE),
    ({"import_schedule": "dialy"}, "import_schedule", f'{SCHEDULE} Did you mean "daily"?'),
    ({"import_schedule": "{each: 5m}"}, "import_schedule", SCHEDULE),
    ({"import_schedule": "{every: 5m, cron: x}"}, "import_schedule", SCHEDULE),
    ({"import_schedule": "{every: soon}"}, "import_schedule", DURATION),
    ({"import_schedule": "{every: 0}"}, "import_schedule", "must be longer than zero."),
    ({"import_schedule": "{every: 0.5s}"}, "import_schedule", "every: must be at least 1s."),
    ({"import_schedule": "7"}, "import_schedule", SCHEDULE),
    ({"daily_at": '"25:00"'}, "daily_at", 'must be a time of day such as "06:30"'),
    ({"daily_at": "6.30"}, "daily_at", 'must be a time of day such as "06:30"'),
    ({"timezone": "Berlin"}, "timezone", 'Did you mean "Europe/Berlin"?'),
    ({"timezone": "Amercia/New_York"}, "timezone", 'Did you mean "America/New_York"?'),
    ({"timezone": "../etc/passwd"}, "timezone", "is no IANA time zone"),
    ({"expect": "09:00"}, "expect", 'must be {by: "09:00", days: mon-fri}; days may be left out.'),
    ({"expect": "{days: mon}"}, "expect", "must be {by:"),
    ({"expect": "{by: 09:00, day: mon}"}, "expect", "must be {by:"),
    ({"expect": "{by: 09:00, days: weekdays}"}, "expect", "days must be as mon-fri"),
    ({"repeat_after": "soon"}, "repeat_after", DURATION),
    ({"repeat_after": "-5"}, "repeat_after", DURATION),
    ({"repeat_after": "1h90"}, "repeat_after", DURATION),
    ({"repeat_after": '""'}, "repeat_after", DURATION),
    ({"repeat_after": "true"}, "repeat_after", "is read as yes or no here."),
    ({"repeat_after": "99999999w"}, "repeat_after", "is longer than a century."),
    ({"expires_after": "0"}, "expires_after", "must be longer than zero."),
    ({"files": "[]"}, "files", "must be a block of keys."),
    ({"files": "{pattern: []}"}, "files.pattern", "is empty."),
    ({"files": "{pattern: {a: b}}"}, "files.pattern", "must be a list, as [one, two]."),
    ({"files": "{pattern: [1, [2]]}"}, "files.pattern[1]", "must be text."),
    ({"files": "{settle_seconds: -1}"}, "files.settle_seconds", "must be at least 0."),
    ({"files": "{settle_seconds: true}"}, "files.settle_seconds", "must be a number, not yes"),
    ({"files": "{settle_seconds: slow}"}, "files.settle_seconds", "must be a number."),
    ({"files": "{after_import: moove}"}, "files.after_import", "must be keep, move or delete."),
    ({"files": "{max_bytes: 0}"}, "files.max_bytes", "must be more than 0."),
    ({"files": "{max_rows: many}"}, "files.max_rows", "must be a whole number."),
    ({"files": "{max_rows: 1.5}"}, "files.max_rows", "must be a whole number."),
    ({"files": "{sheet: 0}"}, "files.sheet", "sheets are numbered from 1."),
    ({"files": "{sheet: []}"}, "files.sheet", "must be a sheet's name or its number from 1."),
    ({"files": "{settle_seconds: nan}"}, "files.settle_seconds", "must be a number that can be"),
    ({"files": "{settle_seconds: 86401}"}, "files.settle_seconds", "must be at most 86400."),
    ({"files": f"{{settle_seconds: {HUGE}}}"}, "files.settle_seconds", "must be"),
    ({"files": f"{{max_bytes: {HUGE}}}"}, "files.max_bytes", "must be at most 1099511627776."),
    ({"files": f"{{max_rows: {HUGE}}}"}, "files.max_rows", "must be at most 1000000000."),
    ({"files": f"{{max_files_per_run: {HUGE}}}"}, "files.max_files_per_run", "must be at most"),
    ({"files": f"{{sheet: {HUGE}}}"}, "files.sheet", "sheets are numbered from 1."),
    ({"files": f"{{pattern: {'a*' * 501}}}"}, "files.pattern[0]", "is longer than 1000 characters"),
    ({"files": "{encoding: klingon}"}, "files.encoding", "must be auto or an encoding"),
    ({"files": "{encoding: punycode}"}, "files.encoding", "must be auto or an encoding"),
    ({"files": "{encoding: undefined}"}, "files.encoding", "must be auto or an encoding"),
    ({"files": "{encoding: unicode_escape}"}, "files.encoding", "must be auto or an encoding"),
    ({"files": "{encoding: idna}"}, "files.encoding", "must be auto or an encoding"),
    ({"files": "{encoding: rot13}"}, "files.encoding", "must be auto or an encoding"),
    ({"files": "{encoding: base64}"}, "files.encoding", "must be auto or an encoding"),
    ({"files": '{encoding: "a\\0"}'}, "files.encoding", "must be auto or an encoding"),
    ({"files": '{delimiter: ";;"}'}, "files.delimiter", "must be auto or one character"),
    ({"files": "{delimiter: '\"'}"}, "files.delimiter", "must be auto or one character"),
    ({"contacts": "{region: us}"}, "contacts.region", "Write US."),
    ({"contacts": "{region: UK}"}, "contacts.region", '"UK" is no country code. Write GB.'),
    ({"contacts": "{region: XX}"}, "contacts.region", '"XX" is the code of no country that has'),
    ({"contacts": "{region: xx}"}, "contacts.region", '"xx" is the code of no country that has'),
    ({"contacts": "{region: GER}"}, "contacts.region", '"GER" is no country code. Write DE.'),
    ({"contacts": "{region: America}"}, "contacts.region", "must be a country code of two"),
    ({"contacts": "{bare_numbers: local}"}, "contacts.bare_numbers", "must be national or"),
    ({"contacts": "{payload: none}"}, "contacts.payload", "must be all, a list of columns, or"),
    ({"contacts": "{payload: [a, [b]]}"}, "contacts.payload", "must be all, a list of columns, or"),
    ({"contacts": '{payload: {a: "{b"}}'}, "contacts.payload", "has a brace without its partner"),
    ({"contacts": '{payload: {a: "{}"}}'}, "contacts.payload", "{} without a column"),
    ({"contacts": '{payload: {a: "{ }"}}'}, "contacts.payload", "without a column"),
    ({"contacts": "{payload: {a: [b]}}"}, "contacts.payload", "must be text, as"),
    ({"contacts": "{context: [a]}"}, "contacts.context", "must be a block, as"),
    ({"contacts": "{context: {sftp_sync: x}}"}, "contacts.context", "our own row key goes"),
    ({"hold": "{reject_ratio_above: 50}"}, "hold.reject_ratio_above", "must be at most 1."),
    ({"hold": "{rows_above: -1}"}, "hold.rows_above", "must be at least 0."),
    ({"hold": f"{{rows_above: {HUGE}}}"}, "hold.rows_above", "must be at most 1000000000."),
    ({"hold": "{reject_ratio_above: nan}"}, "hold.reject_ratio_above", "must be a number that can"),
    (
        {"limits": f"{{calls_per_day: {HUGE}}}"},
        "limits.calls_per_day",
        "must be at most 1000000000.",
    ),
    ({"limits": f"{{calls_per_file: {'9' * 5000}}}"}, "limits.calls_per_file", "must be a whole"),
    ({"expires_after": "101w99999d"}, "expires_after", "is longer than a century."),
    ({"results": f"{{final_after: {HUGE}}}"}, "results.final_after", "is longer than a century."),
    (
        {"suppression": f"{{path: /dnc, max_age: {HUGE}w}}"},
        "suppression.max_age",
        "is longer than a century.",
    ),
    ({"import_schedule": f"{{every: {HUGE}d}}"}, "import_schedule", "is longer than a century."),
    ({"limits": "{calls_per_day: x}"}, "limits.calls_per_day", "must be a whole number."),
    ({"suppression": "{pattern: x}"}, "suppression.path", "missing. In which folder are the"),
    ({"results": "{format: pdf}"}, "results.format", "must be csv, xlsx or jsonl."),
    ({"results": "{mode: all}"}, "results.mode", "must be final or snapshot."),
    ({"results": "{schedule: never}"}, "results.schedule", SCHEDULE),
    ({"campain_id": "x"}, "campain_id", 'unknown. Did you mean "campaign_id"?'),
    ({"files": "{pattrn: x}"}, "files.pattrn", 'unknown. Did you mean "pattern"?'),
    ({"name": "x"}, "name", "unknown. Known here: account, allow_duplicates, campaign_id,"),
    ({"destination": "x"}, "destination", "unknown."),
]
WRONG_IN_SFTP = [
    ({"host": None}, "host", "missing. Which server?"),
    ({"username": None}, "username", "missing. As whom do we sign in there?"),
    ({"host": "sftp://a.example"}, "host", "without sftp:// and path."),
    ({"host": "me@a.example"}, "host", "The part before @ goes to `username`."),
    ({"host": "a.example:2222"}, "host", "The part after : goes to `port`."),
    ({"host": "sftp..example.com"}, "host", "must be a host such as sftp.example.com."),
    ({"host": "a" * 64}, "host", "must be a host such as sftp.example.com."),
    ({"host": '"a b"'}, "host", "must be a host such as sftp.example.com."),
    ({"port": "65536"}, "port", "must be at most 65535."),
    ({"port": HUGE}, "port", "must be at most 65535."),
    ({"timeout_seconds": "1e300"}, "timeout_seconds", "must be at most 3600."),
    ({"timeout_seconds": "1e400"}, "timeout_seconds", "must be a number that can be written out."),
    ({"port": "0"}, "port", "must be more than 0."),
    ({"port": "ssh"}, "port", "must be a whole number."),
    ({"auth_type": "key"}, "auth_type", "must be password or private_key."),
    ({"password": "[]"}, "password", SECRET),
    ({"password": "{environment: X}"}, "password", SECRET),
    ({"password": "{env: A, file: B}"}, "password", f"more or less than one place. It {SECRET}"),
    ({"password": '"  "'}, "password", f"is empty. It {SECRET}"),
    ({"password": "{credential: a/b}"}, "password", "not a path."),
    ({"password": "{file: ~/x}"}, "password", "~ is not expanded"),
    ({"private_key": "/etc/key"}, "private_key", "is a path. Write {file: PATH}."),
    ({"private_key": "ssh-ed25519 AAAA"}, "private_key", "is a public key."),
    ({"private_key": '"PuTTY-User-Key-File-3: x"'}, "private_key", "puttygen"),
    ({"private_key": "hello"}, "private_key", "holds no private key"),
    ({"host_keys": "[SHA256:short]"}, "host_keys[0]", "is not a whole fingerprint"),
    ({"host_keys": f"[MD5:{':'.join(['ab'] * 16)}]"}, "host_keys[0]", "which can be forged"),
    ({"host_keys": "[anything]"}, "host_keys[0]", "is neither a fingerprint"),
    ({"host_keys": "[host ssh-rsa AAAA!]"}, "host_keys[0]", "is neither a fingerprint"),
    ({"timeout_seconds": "0"}, "timeout_seconds", "must be more than 0."),
    ({"file_mode": "640"}, "file_mode", 'write it in quotes, with a leading zero: "0640".'),
    ({"file_mode": '"0999"'}, "file_mode", 'must be permissions such as "0640".'),
]
WRONG_IN_ACCOUNT = [
    ({"provider": "talkvoer"}, "provider", 'talkover or kathan. Did you mean "talkover"?'),
    ({"provider": None}, "provider", "missing. talkover or kathan?"),
    ({"token": None}, "token", "missing. The vendor's API key goes here."),
    ({"token": "null"}, "token", SECRET),
    ({"base_url": "app.talkover.ai"}, "base_url", ADDRESS),
    ({"base_url": "ftp://a.example"}, "base_url", ADDRESS),
    ({"base_url": "https://a.example:99999"}, "base_url", ADDRESS),
    ({"base_url": "http://a.example"}, "base_url", "must begin with https://"),
    ({"base_url": "https://me:pw@a.example"}, "base_url", "must not hold a user or password."),
    ({"base_url": "https://a.example/?x=1"}, "base_url", "must end before any ? or #."),
    ({"requests_per_minute": "0"}, "requests_per_minute", "must be more than 0."),
    ({"base_url": "https://a..example"}, "base_url", ADDRESS),
    ({"requests_per_minute": HUGE}, "requests_per_minute", "must be at most 1000000."),
    ({"timeout_seconds": HUGE}, "timeout_seconds", "must be a number."),
    ({"uncertain_after_seconds": "1e9"}, "uncertain_after_seconds", "must be at most 86400."),
    ({"in_flight": "100"}, "in_flight", "must be at most 64."),
    ({"timeout_seconds": "-1"}, "timeout_seconds", "must be more than 0."),
    ({"uncertain_after_seconds": "-1"}, "uncertain_after_seconds", "must be at least 0."),
    ({"ca_bundle": '""'}, "ca_bundle", "must be a path such as"),
]
WRONG_AT_THE_TOP = [
    ({"state_dir": None}, "state_dir", "missing. Where do the ledger and the spool live?"),
    ({"state_dir": "~/state"}, "state_dir", "~ is not expanded"),
    ({"state_dir": "null"}, "state_dir", "must be a path such as /var/lib/sftp-sync."),
    ({"state_dir": "[a]"}, "state_dir", "must be a path such as /var/lib/sftp-sync."),
    ({"stat_dir": "x"}, "stat_dir", 'unknown. Did you mean "state_dir"?'),
    ({"keep_days": "99999999999"}, "keep_days", "must be at most 36525."),
    ({"keep_days": "1e400"}, "keep_days", "must be a number that can be written out."),
    ({"web": "{listen: 'a:99999'}"}, "web.listen", "must be HOST:PORT"),
    ({"web": "{listen: 'a..b:80'}"}, "web.listen", "must be HOST:PORT"),
    ({"keep_days": "0"}, "keep_days", "must be more than 0."),
    ({"web": "{listen: 8321}"}, "web.listen", "must be HOST:PORT, as 127.0.0.1:8321."),
    ({"web": "{listen: 'a:b:c'}"}, "web.listen", "must be HOST:PORT"),
    ({"web": "true"}, "web", "must be a block of keys."),
    ({"notify": "{webhook: x}"}, "notify", "must be a list, as [one, two]."),
    ({"notify": "[{email: ops}]"}, "notify[0].email", "must be one address, as ops@example.com."),
    ({"database": "[]"}, "database", SECRET),
    ({"database": "mysql://x/y"}, "database", "must be sqlite:////PATH or postgresql://"),
    ({"database": "postgres://x/y"}, "database", "must begin with postgresql://, written out."),
    ({"database": "postgresql://["}, "database", "must be sqlite:////PATH or postgresql://"),
    ({"database": "postgresql://a:99999/b"}, "database", "must be sqlite:////PATH or"),
    ({"database": '"sqlite:////a\\0"'}, "database", "must be sqlite:////PATH or postgresql://"),
    ({"database": '"postgresql://a/\\0"'}, "database", "must be sqlite:////PATH or postgresql://"),
    ({"database": "ledger.db"}, "database", "must be sqlite:////PATH or postgresql://"),
    ({"database": "sqlite:///ledger.db"}, "database", "needs a whole path"),
]
WRONG_FOR_KATHAN = [
    ("{assistant_id: a}", "phone_number_id", "missing. From which of Kathan's numbers?"),
    ("{phone_number_id: a}", "assistant_id", "missing. Which of Kathan's assistants calls?"),
    ("{channel: whatsapp}", "channel", "must be twilio or vobiz."),
    ("{max_concurrency: 0}", "max_concurrency", "must be more than 0."),
    ("{max_concurrency: 201}", "max_concurrency", "must be at most 200."),
    ("{machine_detection_timeout_seconds: 2}", "machine_detection_timeout_seconds", "at least 3."),
    ("{machine_detection_timeout_seconds: 61}", "machine_detection_timeout_seconds", "most 60."),
    ("{retry_policy: often}", "retry_policy", "it is passed to Kathan as it stands."),
    ("{retry_policy: {a: [1e400]}}", "retry_policy", "holds 1e400, a number that JSON cannot"),
    ("{use_returning_greeting: sometimes}", "use_returning_greeting", "must be true or false."),
    (f"{{recipient_list_above: {HUGE}}}", "recipient_list_above", "must be at most 1000000000."),
    (f"{{short_term_summaries_limit: {HUGE}}}", "short_term_summaries_limit", "must be at most"),
    ("{short_term_summaries_limit: -1}", "short_term_summaries_limit", "must be at least 0."),
    ("{recipients: []}", "recipients", "comes from the contact files. Remove it."),
    ("{recipient_list_id: x}", "recipient_list_id", "is made from the contact files. Remove it."),
    ("{scheduleStartTime: x}", "scheduleStartTime", 'Did you mean "schedule_start_time"?'),
    ('{assistant_overrides: {a: "{"}}', "assistant_overrides", "has a brace without its partner"),
]


def expect_problem(folder: Path, text: str, path: str, sentence: str) -> None:
    found = {problem.path: problem.message for problem in problems_of(folder, text)}
    assert path in found, found
    assert sentence in found[path]


@pytest.mark.parametrize(("changes", "path", "sentence"), WRONG_IN_CAMPAIGN)
def test_a_wrong_value_of_a_campaign_is_named(
    changes: Changes, path: str, sentence: str, tmp_path: Path
) -> None:
    expect_problem(tmp_path, a_config(changes), f"campaigns.renewals.{path}", sentence)


@pytest.mark.parametrize(("changes", "path", "sentence"), WRONG_IN_SFTP)
def test_a_wrong_value_of_a_server_is_named(
    changes: Changes, path: str, sentence: str, tmp_path: Path
) -> None:
    expect_problem(tmp_path, a_config(sftp=changes), f"campaigns.renewals.sftp.{path}", sentence)


@pytest.mark.parametrize(("changes", "path", "sentence"), WRONG_IN_ACCOUNT)
def test_a_wrong_value_of_an_account_is_named(
    changes: Changes, path: str, sentence: str, tmp_path: Path
) -> None:
    expect_problem(tmp_path, a_config(account=changes), f"accounts.vendor.{path}", sentence)


@pytest.mark.parametrize(("changes", "path", "sentence"), WRONG_AT_THE_TOP)
def test_a_wrong_value_at_the_top_is_named(
    changes: Changes, path: str, sentence: str, tmp_path: Path
) -> None:
    expect_problem(tmp_path, a_config(top=changes), path, sentence)


@pytest.mark.parametrize(("kathan", "path", "sentence"), WRONG_FOR_KATHAN)
def test_a_wrong_value_for_kathan_is_named(
    kathan: str, path: str, sentence: str, tmp_path: Path
) -> None:
    text = a_config({**KATHAN_CAMPAIGN, "kathan": kathan}, account=KATHAN_ACCOUNT)
    expect_problem(tmp_path, text, f"campaigns.renewals.kathan.{path}", sentence)


@pytest.mark.parametrize("cron", ["0 7 * *", "61 * * * *", "every day", "0 7 * * mon-fry"])
def test_a_cron_line_that_would_never_run_is_named(cron: str, tmp_path: Path) -> None:
    text = a_config({"import_schedule": f'{{cron: "{cron}"}}'})
    expect_problem(tmp_path, text, "campaigns.renewals.import_schedule", "is no cron line")


@pytest.mark.parametrize("cron", ["0 0 31 2 *", "0 0 30-31 feb *", "5 4 31 4,6,9,11 *"])
def test_a_cron_line_whose_day_never_comes_is_named(cron: str, tmp_path: Path) -> None:
    text = a_config({"import_schedule": f'{{cron: "{cron}"}}'})
    expect_problem(tmp_path, text, "campaigns.renewals.import_schedule", "never comes")


@pytest.mark.parametrize("cron", ["0 0 29 2 *", "0 0 31 2 mon", "0 0 31 * *", "0 0 30 2,4 *"])
def test_a_cron_line_that_comes_seldom_is_none_that_never_does(cron: str, tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config({"import_schedule": f'{{cron: "{cron}"}}'}))
    assert config.campaigns["renewals"].settings.import_schedule.cron == cron


def test_the_countries_are_those_whose_numbers_can_be_read() -> None:
    letters = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    assert {one + two for one in letters for two in letters if is_region(one + two)} == COUNTRIES
    assert set(SLIPS.values()) <= COUNTRIES
    assert not set(SLIPS) & COUNTRIES


@pytest.mark.parametrize(
    "name",
    ["utf-8", "UTF-8-SIG", "utf_16", "utf-32", "cp1252", "latin1", "cp037", "big5", "shift_jis"],
)
def test_an_encoding_that_tables_are_saved_in_is_taken(name: str, tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config({"files": f"{{encoding: {name}}}"}))
    assert config.campaigns["renewals"].model.files.encoding == codecs.lookup(name).name


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!!float 1x", "1x"),
        ("!!float", ""),
        ("!!int None", "None"),
        ("!!int x", "x"),
        ("!!bool vendor", "vendor"),
        ("! vendor", "vendor"),
    ],
)
def test_a_tag_that_promises_too_much_leaves_text(written: str, value: str, tmp_path: Path) -> None:
    expect_problem(
        tmp_path,
        a_config({"timezone": written}),
        "campaigns.renewals.timezone",
        f'"{value}" is no IANA time zone' if value else "is empty.",
    )


def test_yes_and_no_of_older_yaml_are_understood(tmp_path: Path) -> None:
    text = a_config({"enabled": "yes", "is_testing": "off"})
    settings = loaded(tmp_path, f"%YAML 1.1\n---\n{text}").campaigns["renewals"].settings
    assert (settings.enabled, settings.is_testing) == (True, False)


@pytest.mark.parametrize(
    ("written", "schedule"),
    [
        ("manual", Schedule()),
        ("hourly", Schedule("hourly")),
        ("daily", Schedule("daily")),
        ("{every: 1h30m}", Schedule("every", every=timedelta(minutes=90))),
        ('{cron: "0 7 * * mon-fri"}', Schedule("cron", cron="0 7 * * mon-fri")),
    ],
)
def test_schedules_are_understood(written: str, schedule: Schedule, tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config({"import_schedule": written}))
    assert config.campaigns["renewals"].settings.import_schedule == schedule


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90", 90),
        ("2.5", 2.5),
        ("90s", 90),
        ("15m", 900),
        ("24h", 86_400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1h30m", 5400),
        ('"1h 30m"', 5400),
        ("0", 0),
    ],
)
def test_durations_are_understood(written: str, seconds: float, tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config({"repeat_after": written}))
    assert config.campaigns["renewals"].model.repeat_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("fri-mon", (0, 4, 5, 6)),
        ("mon,wed", (0, 2)),
        ("[tue, sat-sun]", (1, 5, 6)),
        ("Sun", (6,)),
    ],
)
def test_days_are_understood(written: str, days: tuple[int, ...], tmp_path: Path) -> None:
    written = written if written.startswith("[") else f'"{written}"'
    config = loaded(tmp_path, a_config({"expect": f"{{by: 09:00, days: {written}}}"}))
    assert config.campaigns["renewals"].settings.expect == Expect(time(9), days)


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("username", "007", "007"),
        ("username", "1.10", "1.10"),
        ("username", "1e3", "1e3"),
        ("username", "12_000", "12_000"),
        ("username", "2026-01-01", "2026-01-01"),
        ("username", "yes", "yes"),
        ("host", "192.0.2.1", "192.0.2.1"),
        ("host", '"2001:db8::1"', "2001:db8::1"),
        ("port", '"2222"', 2222),
        ("file_mode", "0640", 0o640),
        ("file_mode", '"0640"', 0o640),
        ("file_mode", "0o640", 0o640),
        ("host_keys", "", ()),
        ("legacy_algorithms", "ssh-rsa", ("ssh-rsa",)),
    ],
)
def test_a_value_is_what_the_operator_wrote(
    key: str, written: str, value: object, tmp_path: Path
) -> None:
    sftp = loaded(tmp_path, a_config(sftp={key: written})).campaigns["renewals"].settings.sftp
    assert getattr(sftp, key) == value


@pytest.mark.parametrize(
    "pin",
    [
        "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
        "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU=",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        "sftp.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5 c",
        "'|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-rsa AAAAB3Nz'",
    ],
)
def test_a_host_key_may_be_pinned_in_each_form(pin: str, tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config(sftp={"host_keys": f"[{pin}]"}))
    sftp = config.campaigns["renewals"].settings.sftp
    assert sftp is not None
    assert sftp.host_keys == (pin.strip("'"),)


@pytest.mark.parametrize(
    ("files", "key", "value"),
    [
        ("{sheet: 2}", "sheet", 2),
        ('{sheet: "2"}', "sheet", "2"),
        ("{sheet: Leads}", "sheet", "Leads"),
        ("{delimiter: tab}", "delimiter", "\t"),
        ('{delimiter: "\\t"}', "delimiter", "\t"),
        ('{delimiter: ";"}', "delimiter", ";"),
        ("{encoding: latin1}", "encoding", "iso8859-1"),
        ("{pattern: '*.csv'}", "pattern", ("*.csv",)),
        ("", "max_rows", 1_000_000),
    ],
)
def test_file_rules_are_understood(files: str, key: str, value: object, tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config({"files": files}))
    assert getattr(config.campaigns["renewals"].model.files, key) == value


def test_kathans_blocks_are_passed_on_as_they_stand(tmp_path: Path) -> None:
    kathan = (
        "{assistant_id: 1, phone_number_id: p, retry_policy: {tries: {most: 3}, "
        "factor: 1.50, on: true, waits: [1, 2.5], none: null}, "
        "schedule_start_time: 2026-11-21T09:00:00Z}"
    )
    text = a_config({**KATHAN_CAMPAIGN, "kathan": kathan}, account=KATHAN_ACCOUNT)
    block = loaded(tmp_path, text).campaigns["renewals"].settings.kathan
    assert block is not None
    assert block.retry_policy == {
        "tries": {"most": 3},
        "factor": 1.5,
        "on": True,
        "waits": [1, 2.5],
        "none": None,
    }
    assert (block.assistant_id, block.schedule_start_time) == ("1", "2026-11-21T09:00:00Z")


@pytest.mark.parametrize(
    ("written", "payload"),
    [
        ("all", "all"),
        ("[first_name, 7]", ("first_name", "7")),
        ('{name: "{first} {last}", brace: "{{x}}"}', {"name": "{first} {last}", "brace": "{{x}}"}),
    ],
)
def test_payloads_are_understood(written: str, payload: object, tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config({"contacts": f"{{payload: {written}}}"}))
    assert config.campaigns["renewals"].model.contacts.payload == payload


@pytest.mark.parametrize(
    ("schedule", "shown"),
    [
        (Schedule(), "manual"),
        (Schedule("every", every=timedelta(minutes=90)), "every 5400 s"),
        (Schedule("cron", cron="0 7 * * *"), "cron 0 7 * * *"),
    ],
)
def test_a_schedule_is_shown_in_words(schedule: Schedule, shown: str) -> None:
    assert str(schedule) == shown
