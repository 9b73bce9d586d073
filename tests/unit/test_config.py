from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sftp_sync.config import Config, ConfigProblems, Problem, describe, load
from sftp_sync.config.describe import short_duration
from sftp_sync.config.values import duration
from sftp_sync.errors import ConfigError
from sftp_sync.model import Campaign, FileRules
from tests.support.configurations import (
    KATHAN_ACCOUNT,
    KATHAN_CAMPAIGN,
    Changes,
    a_campaign,
    a_config,
    loaded,
    problems_of,
)

STYLE_EXAMPLE = """\
state_dir: /var/lib/sftp-sync
accounts:
  talkover: {provider: talkover, token: {env: TOKEN}}
campaigns:
  renewals:
    campaign_id: 550e8400-e29b-41d4-a716-446655440000
    folder: /srv
    export_path: /outbox
    acount: talkover
"""
UNREADABLE = [
    ("", 0, "empty."),
    ("# nothing\n", 0, "empty."),
    ("- a\n- b\n", 1, "not a list of keys."),
    ("just words\n", 1, "not a list of keys."),
    ("a:\n\tb: 1\n", 2, "a tab. Indent with spaces."),
    ("a: [1\nb: 2\n", 2, "not YAML: expected ',' or ']'"),
    ("a: 1\n---\nb: 2\n", 2, "a second document starts here"),
    ("a: *nowhere\n", 1, "a value that begins with * must be in quotes. As an alias it has no"),
    ("a: *\n", 1, "a value that begins with * must be in quotes."),
    ("a: &\n", 1, "a value that begins with & must be in quotes."),
    ("a: !b!c\n", 1, "a value that begins with ! must be in quotes."),
    ("a: !b{c\n", 1, "a value that begins with ! must be in quotes."),
    ("a: @b\n", 1, "a value that begins with %, @ or ` must be in quotes."),
    ("a: |b\n", 1, "a value that begins with | or > must be in quotes."),
    ('a: "b\nc: 1\n', 1, "a quote that is not closed."),
    ('a: "\\q"\n', 1, "\\ in double quotes begins an escape. Write \\\\ for it."),
    ('a: 1\nb: "\\UFFFFFFFF"\n', 2, "not YAML. Look at the indentation"),
    ("a: }\n", 1, "not YAML. Look at the indentation"),
    (f"a: 1\nb: {'[' * 600}\n", 2, "nested too deeply: more than 50 blocks inside each other."),
    (f"a: 1\nb: {'{a: ' * 600}\n", 2, "nested too deeply"),
    (f"a: {'[' * 50}{']' * 50}\n", 1, "nested too deeply"),
    ("a:\n  b:c\n  d: e\n", 2, "a space is missing after the colon of b:"),
    ("a: b: c\n", 1, "not YAML: mapping values are not allowed here."),
    ("a: 1\nb: \x01\n", 2, "holds a character that YAML does not allow"),
]
BROKEN_TREES = [
    (
        "web: {listen: 'a:1'}\nweb: null\n",
        "web",
        "written twice; the first is on line 2. Keep one.",
    ),
    ("web: !Ref x\n", "web", "a value that begins with ! must be in quotes."),
    ("web: !!Ref x\n", "web", "a value that begins with ! must be in quotes."),
    ("web: &ref\n", "web", "a value that begins with & must be in quotes."),
    ('web: "\\ud800"\n', "web", "holds half of a character (\\ud800 to \\udfff)."),
    ('x-a: {"\\ud800": 1}\n', "x-a", "a key holds half of a character (\\ud800 to \\udfff)."),
    ("x-a: &x\n  <<: *x\n", "x-a", "an alias (*) inside its own anchor (&). Write it out."),
    ("x-a: {b: &x {<<: [*x]}, c: {<<: *x}}\n", "x-a.c", "an alias (*) inside its own anchor (&)."),
    (
        "web: {a , b: }\n",
        "web",
        "a word without a value. Text with , [ ] { } in it must be in quotes.",
    ),
    ("x-a:\n  token:x: y\n", "x-a", "token: needs a space after its colon."),
    ('"x-\\ttab": !x\n', "x-\\ttab", "a value that begins with ! must be in quotes."),
    (f"x-{'a' * 500}: !x\n", f"x-{'a' * 98}…", "a value that begins with ! must be in quotes."),
    ("x-a: &x {b: *x}\n", "x-a.b", "an alias (*) inside its own anchor (&). Write it out."),
    ("? [a, b]\n: 1\n", "", "a key must be a plain word."),
    ("web: {<<: [1]}\n", "web", "<< takes a block of keys, as *name."),
]


def load_at(path: Path) -> Config:
    return load(path, {})


def campaign_of(config: Config) -> Campaign:
    return config.campaigns["renewals"].model


def test_every_problem_is_listed_at_once_with_line_and_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, STYLE_EXAMPLE)
    assert str(caught.value) == (
        f"{tmp_path}/config.yaml has 2 problems\n"
        "  line 5  campaigns.renewals.import_path: missing. Where do the contact files arrive?\n"
        '  line 9  campaigns.renewals.acount: unknown. Did you mean "account"?'
    )


def test_one_problem_is_no_plural(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems, match="has 1 problem\n"):
        loaded(tmp_path, a_config({"export_path": None}))


def test_problems_of_every_kind_come_together(tmp_path: Path) -> None:
    text = (
        a_config({"export_path": "/inbox", "account": "vender"}, {"port": "0"}) + "web: 1\nweb: 2\n"
    )
    assert [problem.path for problem in problems_of(tmp_path, text)] == [
        "campaigns.renewals.account",
        "campaigns.renewals.export_path",
        "campaigns.renewals.sftp.port",
        "web",
        "web",
    ]


@pytest.mark.parametrize(("text", "line", "sentence"), UNREADABLE)
def test_a_file_that_is_no_configuration_says_where(
    text: str, line: int, sentence: str, tmp_path: Path
) -> None:
    (problem,) = problems_of(tmp_path, text)
    assert problem.line == line
    assert problem.path == ""
    assert problem.message.startswith(sentence)


@pytest.mark.parametrize(("text", "path", "sentence"), BROKEN_TREES)
def test_what_yaml_allows_and_we_do_not_is_named(
    text: str, path: str, sentence: str, tmp_path: Path
) -> None:
    found = {problem.path: problem.message for problem in problems_of(tmp_path, f"\n{text}")}
    assert found[path].startswith(sentence)


@pytest.mark.parametrize(("first", "more"), [("[1]", "[{}]"), ("{b: 1}", "{{<<: [{}]}}")])
def test_aliases_of_aliases_do_not_fill_the_memory(first: str, more: str, tmp_path: Path) -> None:
    lines = [f"x-0: &x0 {first}"]
    for level in range(1, 9):
        aliases = ", ".join([f"*x{level - 1}"] * 10)
        lines.append(f"x-{level}: &x{level} {more.format(aliases)}")
    (problem,) = problems_of(tmp_path, "\n".join(lines))
    assert problem.message.startswith("aliases (*) of aliases make this larger than any config")
    assert problem.line > 0


def test_a_file_in_another_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"state_dir: /x\n# \xfcber\n")
    with pytest.raises(ConfigProblems, match=r"line 2  not UTF-8 text. Save the file as UTF-8."):
        load_at(path)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert loaded(tmp_path, f"\ufeff{a_config()}").state_dir == Path("/var/lib/sftp-sync")


def test_a_missing_file_a_directory_and_a_huge_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems, match=r"there is no such file\. Name another with -c PATH."):
        load_at(tmp_path / "none.yaml")
    with pytest.raises(ConfigProblems, match=r"this is a directory\. Name the file in it."):
        load_at(tmp_path)
    huge = tmp_path / "huge"
    huge.write_bytes(b"#" * 10_000_001)
    with pytest.raises(ConfigProblems, match="larger than 10 MB"):
        load_at(huge)


def test_a_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(ConfigProblems, match="cannot be read"):
        load_at(loop)


def test_defaults_are_those_of_the_steps(tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config())
    campaign = campaign_of(config)
    plain = Campaign(
        name="renewals",
        account="vendor",
        destination=campaign.destination,
        import_path="/inbox",
        export_path="/outbox",
        connection=campaign.connection,
        door=campaign.door,
        beside=frozenset({"renewals"}),
        host="sftp.example.com",
    )
    for part in dataclasses.fields(Campaign):
        chosen, expected = getattr(campaign, part.name), getattr(plain, part.name)
        if dataclasses.is_dataclass(expected):
            names = [field.name for field in dataclasses.fields(expected)]
            chosen = {name: getattr(chosen, name) for name in names}
            expected = {name: getattr(expected, name) for name in names}
        assert chosen == expected, part.name
    assert config.keep_days == 90
    assert config.database == "sqlite:////var/lib/sftp-sync/ledger.db"
    assert config.web is not None
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8321)


def test_the_steps_see_what_was_written(tmp_path: Path) -> None:
    changes = {
        "files": "{settle_seconds: 0, max_rows: 5}",
        "contacts": "{phone: mobile, region: US}",
        "hold": "{rows_above: 10, first_run_older_than: null}",
        "limits": "{calls_per_day: 7}",
        "results": "{mode: snapshot, schedule: hourly}",
        "suppression": "{path: /dnc, max_age: 31d}",
        "allow_duplicates": "true",
        "is_testing": "true",
        "expires_after": "2d",
        "timezone": "Europe/Berlin",
    }
    campaign = campaign_of(loaded(tmp_path, a_config(changes, {"file_mode": '"0640"'})))
    assert isinstance(campaign.files, FileRules)
    assert (campaign.files.settle_seconds, campaign.files.max_rows) == (0, 5)
    assert (campaign.contacts.phone, campaign.contacts.region) == (("mobile",), "US")
    assert (campaign.hold.rows_above, campaign.hold.first_run_older_than) == (10, None)
    assert campaign.limits.calls_per_day == 7
    assert campaign.results.mode == "snapshot"
    assert campaign.suppression is not None
    assert campaign.suppression.max_age == duration("31d")
    assert (campaign.allow_duplicates, campaign.is_testing) == (True, True)
    assert campaign.expires_after == duration("2d")
    assert campaign.timezone == "Europe/Berlin"
    assert campaign.file_mode == 0o640


@pytest.mark.parametrize(
    ("address", "destination"),
    [
        ("https://app.talkover.ai/api/v1", "https://app.talkover.ai/api/v1"),
        ("https://APP.talkover.ai:443/api/v1/", "https://app.talkover.ai/api/v1"),
        ("https://app.talkover.ai:8443/api/v1", "https://app.talkover.ai:8443/api/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ],
)
def test_a_talkover_campaign_is_known_by_address_and_id(
    address: str, destination: str, tmp_path: Path
) -> None:
    capitals = {"campaign_id": "550E8400-E29B-41D4-A716-446655440000"}
    config = loaded(tmp_path, a_config(capitals, account={"base_url": f'"{address}"'}))
    identity = f"{destination}#550e8400-e29b-41d4-a716-446655440000"
    assert campaign_of(config).destination == identity


def test_a_kathan_campaign_is_known_by_address_user_and_our_name(tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config(KATHAN_CAMPAIGN, account=KATHAN_ACCOUNT))
    assert campaign_of(config).destination == "https://kathan.example.com#user_1/renewals"


@pytest.mark.parametrize(
    ("campaign", "sftp"),
    [
        ({}, {"host": "other.example.com"}),
        ({}, {"port": "2222"}),
        ({}, {"username": "other"}),
        ({}, {"password": "{env: OTHER}"}),
        ({}, {"password": "{file: /PASSWORD}"}),
        ({}, {"host_keys": "[ssh-rsa AAAAB3Nz]"}),
        ({}, {"known_hosts": "/etc/ssh/known_hosts"}),
        ({}, {"legacy_algorithms": "[ssh-rsa]"}),
        ({}, {"auth_type": "private_key", "private_key": "{env: KEY}"}),
        ({}, {"private_key_passphrase": "{env: P}"}),
        ({"import_path": "/other"}, {}),
        ({"export_path": "/other"}, {}),
        ({"files": "{after_import: delete}"}, {}),
        ({"files": "{after_import: move, archive_path: /a}"}, {}),
        ({"folder": "/srv"}, {}),
    ],
)
def test_other_connection_settings_want_another_test(
    campaign: Changes, sftp: Changes, tmp_path: Path
) -> None:
    before = campaign_of(loaded(tmp_path, a_config())).connection
    after = campaign_of(loaded(tmp_path, a_config(campaign, sftp))).connection
    assert before != after
    assert len(after) == 64


def test_a_rotated_password_and_other_settings_want_no_new_test(tmp_path: Path) -> None:
    def connection(campaign: Changes, sftp: Changes) -> str:
        return campaign_of(loaded(tmp_path, a_config(campaign, sftp))).connection

    before = connection({}, {"password": "one"})
    assert connection({}, {"password": "two"}) == before
    assert connection({"daily_at": "07:00", "repeat_after": "1h"}, {"password": "one"}) == before
    assert connection({}, {"password": "one", "host": "SFTP.example.com"}) == before
    assert connection({"import_path": "/inbox/"}, {"password": "one"}) == before


def test_relative_paths_start_at_the_files_folder(tmp_path: Path) -> None:
    text = a_config({"folder": "lists"}, top={"state_dir": "state"})
    config = loaded(tmp_path, text)
    assert config.state_dir == tmp_path / "state"
    assert config.campaigns["renewals"].settings.folder == tmp_path / "lists"
    assert config.database == f"sqlite:///{tmp_path}/state/ledger.db"


def test_anchors_are_merged_and_what_is_written_wins(tmp_path: Path) -> None:
    base = "x-base: &base\n  contacts: {region: US}\n  timezone: Europe/Paris\n"
    text = base + a_config({"<<": "*base", "timezone": "UTC"})
    campaign = campaign_of(loaded(tmp_path, text))
    assert (campaign.contacts.region, campaign.timezone) == ("US", "UTC")


def test_an_anchor_may_name_another_block_from_here_on(tmp_path: Path) -> None:
    text = "x-one: &a {timezone: UTC}\nx-two: &a {timezone: Asia/Tokyo}\n" + a_config({"<<": "*a"})
    assert campaign_of(loaded(tmp_path, text)).timezone == "Asia/Tokyo"


def test_a_problem_in_a_merged_block_is_on_its_own_line(tmp_path: Path) -> None:
    text = "x-base: &base\n  contacts:\n    region: us\n" + a_config({"<<": "*base"})
    (problem,) = problems_of(tmp_path, text)
    assert (problem.line, problem.path) == (3, "campaigns.renewals.contacts.region")


@pytest.mark.parametrize("name", ["bad name", "-x", "../x", "a" * 65, "ü"])
def test_names_are_safe_in_commands_and_paths(name: str, tmp_path: Path) -> None:
    text = a_config() + a_campaign(f'"{name}"', {"import_path": "/other"})
    (problem,) = problems_of(tmp_path, text)
    assert problem.path == f"campaigns.{name}"


def test_a_database_may_be_a_secret_and_is_looked_up_at_once(tmp_path: Path) -> None:
    text = a_config(top={"database": "{env: LEDGER}"})
    config = loaded(tmp_path, text, {"LEDGER": "postgresql://me:pw@host/ledger"})
    assert config.database == "postgresql://me:pw@host/ledger"
    assert "pw@" not in repr(config)
    assert describe(config)["database"] == "postgresql://me:***@host/ledger"


def test_a_database_that_is_elsewhere_is_checked_too(tmp_path: Path) -> None:
    text = a_config(top={"database": "{env: LEDGER}"})
    with pytest.raises(ConfigProblems, match=r"database: the environment has no LEDGER\."):
        loaded(tmp_path, text)
    with pytest.raises(ConfigProblems, match="the text from env LEDGER must be sqlite") as caught:
        loaded(tmp_path, text, {"LEDGER": "mysql://me:pw@host"})
    assert "pw" not in str(caught.value)


def test_what_was_understood_is_plain_and_in_the_files_words(tmp_path: Path) -> None:
    changes = {
        "import_schedule": "{every: 90m}",
        "results": '{schedule: {cron: "0 7 * * *"}}',
        "expect": "{by: 9:00, days: mon-fri}",
        "repeat_after": "90",
    }
    config = loaded(tmp_path, a_config(changes, {"file_mode": '"0640"', "password": "sesame"}))
    campaign = describe(config)["campaigns"]["renewals"]
    assert campaign["import_schedule"] == {"every": "1h30m"}
    assert campaign["results"]["schedule"] == {"cron": "0 7 * * *"}
    assert campaign["expect"] == {"by": "09:00", "days": "mon,tue,wed,thu,fri"}
    assert campaign["repeat_after"] == "1m30s"
    assert campaign["sftp"]["file_mode"] == "0640"
    assert campaign["sftp"]["password"] == "*** (written in the file)"
    assert describe(config)["state_dir"] == "/var/lib/sftp-sync"
    assert campaign["files"]["pattern"] == ["*.csv", "*.tsv", "*.txt", "*.xlsx"]
    assert describe(config)["accounts"]["vendor"]["token"] == "*** (env TOKEN)"
    assert "sesame" not in repr(config) + str(describe(config))


@pytest.mark.parametrize("text", ["0s", "90s", "1h30m", "7d", "1d1h1m1s", "2.5s"])
def test_durations_are_shown_so_that_they_can_be_written(text: str) -> None:
    assert duration(short_duration(duration(text))) == duration(text)


def test_problems_are_values_in_the_order_of_the_file() -> None:
    error = ConfigProblems(Path("c.yaml"), [Problem(9, "b", "x"), Problem(2, "a", "y")])
    assert [problem.line for problem in error.problems] == [2, 9]
    assert error.message == "c.yaml has 2 problems\n  line 2  a: y\n  line 9  b: x"


def test_two_hundred_campaigns_are_read_in_a_moment(tmp_path: Path) -> None:
    more = "".join(
        a_campaign(f"c{number}", {"import_path": f"/in{number}"}) for number in range(200)
    )
    assert len(loaded(tmp_path, a_config() + more).campaigns) == 201
