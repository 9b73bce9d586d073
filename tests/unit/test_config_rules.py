"""Keys that need, exclude or contradict each other, and folders that must not be one."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_sync.config.folders import may_match_one_name
from tests.support.configurations import (
    KATHAN_ACCOUNT,
    KATHAN_CAMPAIGN,
    Changes,
    a_campaign,
    a_config,
    loaded,
    problems_of,
)

KEY_ALONE = {"password": None, "private_key": "{file: /k}"}
NO_SFTP = {"sftp": None}
KEY = "{env: KEY}"
PIN = "[SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU]"
MOVED = "{after_import: move, archive_path: %s}"

BROKEN = [
    ({"account": "vender"}, {}, "account", '"vender" is not in `accounts`. Did you mean "vendor"?'),
    ({"account": "1.50"}, {}, "account", '"1.50" is not in `accounts`. There is: vendor.'),
    ({"account": "xyz"}, {}, "account", '"xyz" is not in `accounts`. There is: vendor.'),
    ({"campaign_id": None}, {}, "campaign_id", "missing. Which of Talkover's campaigns calls?"),
    ({"kathan": "{assistant_id: a, phone_number_id: p}"}, {}, "kathan", "is for Kathan, and"),
    (NO_SFTP, {}, "sftp", "missing. On which server do the contact files arrive?"),
    (
        {"folder": "/x", "sftp": "{host: h, username: u, password: p}"},
        {},
        "folder",
        "beside `sftp`",
    ),
    ({"repeat_after": "91d"}, {}, "repeat_after", "is longer than keep_days (90 days)"),
    ({}, {"password": None}, "sftp.password", "missing: auth_type is password."),
    ({}, {"auth_type": "private_key"}, "sftp.private_key", "missing: auth_type is private_key."),
    ({}, KEY_ALONE, "sftp.auth_type", "missing. Where a private_key signs in, write private_key."),
    ({}, {"host_keys": PIN, "known_hosts": "/k"}, "sftp.known_hosts", "beside `host_keys`"),
    ({"files": "{after_import: move}"}, {}, "files.archive_path", "To which folder?"),
    ({"files": "{archive_path: /a}"}, {}, "files.archive_path", "is only used with"),
    ({"files": "{pattern: '*', ready_marker: .ok}"}, {}, "files.ready_marker", "would be a list"),
    ({"files": "{ready_marker: .csv}"}, {}, "files.ready_marker", "the marker list.csv.csv"),
    ({"export_path": "/inbox"}, {}, "export_path", "our own results would come back"),
    ({"export_path": "//inbox/./x/.."}, {}, "export_path", "our own results would come back"),
    ({"export_path": "inbox"}, {}, "export_path", "our own results would come back"),
    ({"import_path": "/", "export_path": "."}, {}, "export_path", "our own results would"),
    ({"files": MOVED % "/inbox/"}, {}, "files.archive_path", "met again and again"),
    ({"suppression": "{path: /inbox}"}, {}, "suppression.path", "would be called"),
    ({"suppression": "{path: /outbox}"}, {}, "suppression.path", "read as do-not-call lists"),
    (
        {"suppression": "{path: /a}", "files": MOVED % "/a"},
        {},
        "suppression.path",
        "imported lists would be read as do-not-call lists",
    ),
]
BROKEN_FOR_KATHAN = [
    ({"kathan": None}, {}, "campaigns.renewals.kathan", "missing. It names assistant_id"),
    ({"campaign_id": "x"}, {}, "campaigns.renewals.campaign_id", "is for Talkover."),
    ({"is_testing": "true"}, {}, "campaigns.renewals.is_testing", "everybody would be called"),
    (
        {
            "kathan": "{assistant_id: a, phone_number_id: p, "
            "schedule_start_time: 2026-11-21T09:00, schedule_end_time: 2026-11-21T08:00}",
        },
        {},
        "campaigns.renewals.kathan.schedule_end_time",
        "must be after schedule_start_time.",
    ),
    ({}, {"base_url": None}, "accounts.vendor.base_url", "Kathan documents no address"),
    ({}, {"user_id": None}, "accounts.vendor.user_id", "Kathan wants the user id"),
]
HARMLESS = [
    {"export_path": "/inbox/results"},
    {"import_path": "/outbox/in"},
    {"files": MOVED % "/inbox/archive"},
    {"files": MOVED % "/outbox"},
    {"files": "{ready_marker: .done}"},
    {"files": "{pattern: '*', ready_marker: .ok, ignore: '*.ok'}"},
    {"suppression": "{path: /dnc}"},
]


@pytest.mark.parametrize(("campaign", "sftp", "path", "sentence"), BROKEN)
def test_keys_that_contradict_each_other_are_named(
    campaign: Changes, sftp: Changes, path: str, sentence: str, tmp_path: Path
) -> None:
    (problem,) = problems_of(tmp_path, a_config(campaign, sftp))
    assert problem.path == f"campaigns.renewals.{path}"
    assert sentence in problem.message
    assert problem.line > 0


@pytest.mark.parametrize(("campaign", "account", "path", "sentence"), BROKEN_FOR_KATHAN)
def test_kathan_needs_other_keys(
    campaign: Changes, account: Changes, path: str, sentence: str, tmp_path: Path
) -> None:
    text = a_config({**KATHAN_CAMPAIGN, **campaign}, account={**KATHAN_ACCOUNT, **account})
    (problem,) = problems_of(tmp_path, text)
    assert problem.path == path
    assert sentence in problem.message


@pytest.mark.parametrize("campaign", HARMLESS)
def test_folders_inside_each_other_are_no_problem(campaign: Changes, tmp_path: Path) -> None:
    assert problems_of(tmp_path, a_config(campaign)) == ()


def test_a_user_id_is_not_for_talkover(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, a_config(account={"user_id": "u"}))
    assert problem.message == "is for Kathan accounts. Remove it."


def two(first: Changes, second: Changes, second_sftp: Changes | None = None) -> str:
    return a_config(first) + a_campaign("other", second, second_sftp)


@pytest.mark.parametrize(
    ("first", "second", "path", "sentence"),
    [
        ({}, {"import_path": "inbox/"}, "campaigns.other.import_path", "takes the same files"),
        (
            {"import_path": "/in"},
            {"export_path": "/in"},
            "campaigns.other.export_path",
            "call them",
        ),
        (
            {"import_path": "/in"},
            {"files": MOVED % "/in"},
            "campaigns.other.files.archive_path",
            "which would call them",
        ),
        (
            {"import_path": "/in"},
            {"suppression": "{path: /in}"},
            "campaigns.other.suppression.path",
            "which would call them",
        ),
        (
            {"folder": "/srv", "import_path": "/a/b"},
            {"folder": "/srv/a", "import_path": "b"},
            "campaigns.other.import_path",
            "takes the same files",
        ),
    ],
)
def test_campaigns_that_would_call_each_others_people_are_named(
    first: Changes, second: Changes, path: str, sentence: str, tmp_path: Path
) -> None:
    (problem,) = problems_of(tmp_path, two(first, second))
    assert problem.path == path
    assert sentence in problem.message


@pytest.mark.parametrize(
    ("first", "second", "second_sftp"),
    [
        ({}, {"import_path": "/other"}, {}),
        ({}, {}, {"host": "other.example.com"}),
        ({}, {}, {"port": "2222"}),
        ({}, {}, {"username": "other"}),
        ({}, {"enabled": "false"}, {}),
        ({"files": "{pattern: 'a_*.csv'}"}, {"files": "{pattern: 'b_*.csv'}"}, {}),
        ({"folder": "/srv/a"}, {"folder": "/srv/b"}, {}),
        ({"folder": "/srv/a"}, {}, {}),
    ],
)
def test_campaigns_that_take_different_files_are_no_problem(
    first: Changes, second: Changes, second_sftp: Changes, tmp_path: Path
) -> None:
    assert problems_of(tmp_path, two(first, second, second_sftp)) == ()


@pytest.mark.parametrize(
    ("target", "path", "sentence"),
    [
        ("{}", "notify[0]", "must have either webhook, email or heartbeat."),
        ("{heartbeat: a, after: 5m}", "notify[0]", "after goes with webhook and email"),
        ("{heartbeat: a, webhook: b}", "notify[0]", "must have either"),
        ("{webhook: a, email: o@e.com, smtp: s}", "notify[0]", "must have either"),
        ("{email: o@e.com}", "notify[0].smtp", "missing. Which mail server?"),
        ("{webhook: a, sender: o@e.com}", "notify[0]", "smtp and sender go with email."),
    ],
)
def test_a_notification_has_one_way(target: str, path: str, sentence: str, tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, a_config(top={"notify": f"[{target}]"}))
    assert problem.path == path
    assert sentence in problem.message


def test_rules_speak_even_where_other_keys_are_wrong(tmp_path: Path) -> None:
    text = a_config({"export_path": "/inbox", "timezone": "Mars", "files": "{max_rows: x}"})
    assert [problem.path for problem in problems_of(tmp_path, text)] == [
        "campaigns.renewals.export_path",
        "campaigns.renewals.timezone",
        "campaigns.renewals.files.max_rows",
    ]


@pytest.mark.parametrize("damaged", ["campaigns: 3", "accounts: []", "campaigns: {a: null}"])
def test_rules_survive_blocks_that_are_none(damaged: str, tmp_path: Path) -> None:
    key = damaged.split(":", maxsplit=1)[0]
    found = problems_of(tmp_path, f"state_dir: /x\n{damaged}\n")
    assert any(problem.path.startswith(key) for problem in found)


@given(
    st.text(alphabet="ab*?.", max_size=6),
    st.text(alphabet="ab*?.", max_size=6),
    st.text(alphabet="ab.", max_size=6),
)
def test_patterns_that_match_one_name_are_found_out(first: str, second: str, name: str) -> None:
    if fnmatch(name, first) and fnmatch(name, second):
        assert may_match_one_name(first, second)


@pytest.mark.parametrize(
    ("first", "second", "may"),
    [
        ("*.csv", "*.xlsx", False),
        ("a_*.csv", "b_*.csv", False),
        ("a_*.csv", "A_1.CSV", True),
        ("a*", "*b", True),
        ("a?c", "abc", True),
        ("a?c", "abbc", False),
        ("[ab]*", "b*", True),
        ("[x", "[x", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_whether_two_patterns_may_meet(first: str, second: str, *, may: bool) -> None:
    assert may_match_one_name(first, second) is may


def test_patterns_that_no_file_name_fits_are_compared_in_a_moment() -> None:
    assert may_match_one_name("*a" * 500, "a*" * 500)
    assert not may_match_one_name("*" * 1001, "*")


def test_keys_for_anchors_are_left_alone(tmp_path: Path) -> None:
    assert loaded(tmp_path, "x-anything: [1, {a: b}]\n" + a_config()).warnings == ()
