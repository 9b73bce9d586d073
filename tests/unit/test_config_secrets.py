from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sftp_sync.config import Config, ConfigProblems, Secret, describe, load
from sftp_sync.config.tree import SECRETS
from tests.support.configurations import Changes, a_config, loaded
from tests.support.examples import examples

SESAME = "open sesame"


def token_of(config: Config) -> Secret:
    return config.accounts["vendor"].token


def with_token(folder: Path, written: str) -> Secret:
    return token_of(loaded(folder, a_config(account={"token": written})))


def test_a_secret_may_stand_in_the_file(tmp_path: Path) -> None:
    assert with_token(tmp_path, SESAME).resolve({}) == SESAME


def test_a_secret_may_stand_in_the_environment(tmp_path: Path) -> None:
    assert with_token(tmp_path, "{env: TOKEN}").resolve({"TOKEN": SESAME}) == SESAME


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_may_stand_in_a_file_and_is_read_anew(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{SESAME}{ending}", newline="")
    secret = with_token(tmp_path, "{file: token}")
    assert secret.resolve({}) == SESAME
    path.write_text("rotated\n\n")
    assert secret.resolve({}) == "rotated\n"


def test_a_secret_may_be_systemds_credential(tmp_path: Path) -> None:
    (tmp_path / "vendor-token").write_text(f"{SESAME}\n")
    secret = with_token(tmp_path, "{credential: vendor-token}")
    assert secret.resolve({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == SESAME


def test_a_number_is_a_secret_as_it_was_written(tmp_path: Path) -> None:
    assert with_token(tmp_path, "007").resolve({}) == "007"
    assert with_token(tmp_path, "1.10").resolve({}) == "1.10"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("{env: TOKEN}", "the environment has no TOKEN. Type `export TOKEN=…` first"),
        ("{file: nothing}", "nothing. Put the secret there."),
        ("{file: .}", "cannot be read (Is a directory). Type `ls -l"),
        ("{file: binary}", "is not text. Save the secret there as UTF-8."),
        ("{file: empty}", "is empty."),
        ("{env: EMPTY}", "the secret from env EMPTY is empty."),
    ],
)
def test_a_missing_secret_names_its_key_and_what_to_type(
    written: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_text("\n")
    secret = with_token(tmp_path, written)
    with pytest.raises(ConfigProblems) as caught:
        secret.resolve({"EMPTY": ""})
    (problem,) = caught.value.problems
    assert (problem.line, problem.path) == (5, "accounts.vendor.token")
    assert sentence in problem.message
    assert caught.value.file == tmp_path / "config.yaml"


def test_a_credential_outside_the_unit_shows_the_line_that_has_them_all(tmp_path: Path) -> None:
    text = a_config(
        sftp={"password": "{credential: renewals-sftp}"}, account={"token": "{credential: token}"}
    )
    with pytest.raises(ConfigProblems) as caught:
        token_of(loaded(tmp_path, text)).resolve({})
    assert caught.value.problems[0].message.splitlines()[1].strip() == (
        "sudo systemd-run --pty --wait --collect -pUser=sftp-sync "
        "-pLoadCredential=token:/etc/sftp-sync/credentials/token "
        "-pLoadCredential=renewals-sftp:/etc/sftp-sync/credentials/renewals-sftp "
        f"sftp-sync test-connection -c {tmp_path}/config.yaml"
    )


def test_a_credential_that_the_unit_lacks_names_the_line_to_add(tmp_path: Path) -> None:
    secret = with_token(tmp_path, "{credential: token}")
    with pytest.raises(ConfigProblems, match="LoadCredential=token:/etc/sftp-sync/credentials"):
        secret.resolve({"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_a_secret_shows_itself_nowhere(tmp_path: Path) -> None:
    config = loaded(tmp_path, a_config(account={"token": SESAME}, sftp={"password": SESAME}))
    shown = [repr(config), str(config), f"{token_of(config)!s} {token_of(config)!r}"]
    assert all(SESAME not in text for text in shown)
    assert str(token_of(config)) == "***"


def test_a_wrong_secret_does_not_show_itself_either(tmp_path: Path) -> None:
    text = a_config(
        {"nonsense": "x"},
        {"private_key": f"{SESAME} key", "password": f"[{SESAME}]"},
        {"base_url": "https://me:sesame@vendor.example"},
    )
    with pytest.raises(ConfigProblems) as caught:
        loaded(tmp_path, text)
    assert len(caught.value.problems) == 4
    assert "sesame" not in str(caught.value)


SECRET_KEYS = [
    *("account.token", "sftp.password", "sftp.private_key", "sftp.private_key_passphrase"),
    *("top.database", "webhook", "smtp"),
]
SIGNS = st.text("*!&%@`|>{}[],:#?-'\"\\ \0~<=$/\u20ac", max_size=3)
# One line without quotes; what stands on the next line is no part of it.
hostile = st.builds(
    "{}s3same{}s3same{}".format,
    SIGNS,
    st.sampled_from(["", " ", ": ", ", ", "!", ": 1, "]),
    SIGNS,
)


def a_config_with(key: str, written: str) -> str:
    block, _, name = key.rpartition(".")
    if not block:
        return f"notify:\n  - email: a@b.c\n    {key}: {written}\n{a_config()}"
    return a_config(**{block: {name: written}})


@settings(
    max_examples=examples(300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example("account.token", "*s3same")
@example("account.token", "!s3same")
@example("account.token", "!s3same!x")
@example("account.token", "{s3same, s3same}")
@example("sftp.private_key", "/s3same")
@given(st.sampled_from(SECRET_KEYS), hostile)
def test_a_secret_without_quotes_never_shows_itself(tmp_path: Path, key: str, written: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(a_config_with(key, written), encoding="utf-8", newline="")
    try:
        config = load(path, {})
    except ConfigProblems as error:
        shown = [str(error), *map(repr, error.problems), *traceback.format_exception(error)]
    else:
        shown = [repr(config), str(describe(config)), *map(repr, config.warnings)]
    assert all("s3same" not in text for text in shown)


@pytest.mark.parametrize("key", ["token", "password", "private_key"])
def test_a_secret_after_a_colon_without_a_space_does_not_show_itself(
    key: str, tmp_path: Path
) -> None:
    text = f"x-a: {{b: 1, {key}:sesame}}\nx-c: {{{key}: a,sesame }}\nx-b:\n  {key}:ses: ame\n"
    with pytest.raises(ConfigProblems, match="needs a space after its colon") as caught:
        loaded(tmp_path, text)
    assert "ses" not in str(caught.value)


def test_every_key_that_holds_a_secret_is_known_to_the_reader(tmp_path: Path) -> None:
    sftp = dict.fromkeys(("password", "private_key", "private_key_passphrase"), "{env: A}")
    notify = "[{webhook: {env: A}}, {email: a@b.c, smtp: {env: A}}]"
    top = {"notify": notify, "database": "{env: A}"}
    config = loaded(tmp_path, a_config(sftp=sftp, top=top), {"A": "sqlite:////a"})
    keys = {secret.place.path.rpartition(".")[2] for secret in config.secrets}
    assert keys == set(SECRETS)


def test_secrets_are_equal_by_where_they_lie_and_what_they_say() -> None:
    assert Secret("env", "A") == Secret("env", "A")
    assert Secret("env", "A") != Secret("env", "B")
    assert Secret("string", text="a") != Secret("string", text="b")
    assert Secret("env", "A") != "A"
    assert len({Secret("env", "A"), Secret("env", "A")}) == 1


def test_every_secret_of_a_configuration_is_listed(tmp_path: Path) -> None:
    text = a_config(top={"notify": "[{webhook: {env: HOOK}}]", "database": "{env: LEDGER}"})
    config = loaded(tmp_path, text, {"LEDGER": "sqlite:////x.db"})
    assert sorted(secret.reference for secret in config.secrets) == [
        "HOOK",
        "LEDGER",
        "PASSWORD",
        "TOKEN",
    ]


@pytest.mark.parametrize(
    "key",
    ["-----BEGIN OPENSSH PRIVATE KEY-----\\nabc\\n-----END OPENSSH PRIVATE KEY-----\\n"],
)
def test_a_private_key_may_stand_in_the_file(key: str, tmp_path: Path) -> None:
    sftp = {"auth_type": "private_key", "private_key": f'"{key}"', "password": None}
    config = loaded(tmp_path, a_config(sftp=sftp))
    settings = config.campaigns["renewals"].settings.sftp
    assert settings is not None
    assert settings.private_key is not None
    assert settings.private_key.resolve({}).startswith("-----BEGIN OPENSSH PRIVATE KEY-----\nabc")


def warnings_of(folder: Path, mode: int, **parts: Changes) -> list[tuple[str, str]]:
    path = folder / "config.yaml"
    path.write_text(a_config(**parts))
    path.chmod(mode)
    return [(one.path, one.message) for one in load(path, {}).warnings]


def test_an_inline_secret_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    (warning,) = warnings_of(tmp_path, 0o644, account={"token": SESAME})
    assert warning == (
        "accounts.vendor.token",
        f"a secret in a file that others may read. Type `chmod 600 {tmp_path}/config.yaml`.",
    )
    assert warnings_of(tmp_path, 0o600, account={"token": SESAME}) == []
    assert warnings_of(tmp_path, 0o644) == []


def test_a_secret_that_a_group_may_read_is_a_warning_but_for_the_services_own(
    tmp_path: Path,
) -> None:
    state = {"state_dir": str(tmp_path / "state")}
    (warning,) = warnings_of(tmp_path, 0o640, account={"token": SESAME}, top=state)
    assert warning[1].startswith("a secret in a file that its group may read.")
    (tmp_path / "state").mkdir()
    assert warnings_of(tmp_path, 0o640, account={"token": SESAME}, top=state) == []


def test_a_password_in_the_ledgers_address_is_an_inline_secret(tmp_path: Path) -> None:
    with_password = {"database": "postgresql://me:pw@host/db"}
    without = {"database": "postgresql://me@host/db"}
    assert [path for path, _ in warnings_of(tmp_path, 0o644, top=with_password)] == ["database"]
    assert warnings_of(tmp_path, 0o644, top=without) == []


def test_a_secret_file_that_others_may_read_or_that_is_not_there_is_a_warning(
    tmp_path: Path,
) -> None:
    token = tmp_path / "token"
    token.write_text(SESAME)
    token.chmod(0o644)
    account = {"token": "{file: token}"}
    assert warnings_of(tmp_path, 0o644, account=account) == [
        ("accounts.vendor.token", f"others may read {token}. Type `chmod 600 {token}`."),
    ]
    token.chmod(0o600)
    assert warnings_of(tmp_path, 0o644, account=account) == []
    token.unlink()
    assert warnings_of(tmp_path, 0o644, account=account) == [
        ("accounts.vendor.token", f"there is no file {token} yet."),
    ]


def test_a_secret_file_that_cannot_be_looked_at_is_left_to_those_who_can(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert warnings_of(tmp_path, 0o600, account={"token": "{file: loop}"}) == []


def test_a_status_page_for_everybody_is_a_warning(tmp_path: Path) -> None:
    (warning,) = warnings_of(tmp_path, 0o600, top={"web": "{listen: '0.0.0.0:8321'}"})
    assert warning[0] == "web.listen"
    assert warnings_of(tmp_path, 0o600, top={"web": "{listen: '[::1]:8321'}"}) == []
    assert warnings_of(tmp_path, 0o600, top={"web": "null"}) == []


def test_knocking_every_few_seconds_is_a_warning(tmp_path: Path) -> None:
    often: Changes = {"import_schedule": "{every: 5s}"}
    assert [path for path, _ in warnings_of(tmp_path, 0o600, campaign=often)] == [
        "campaigns.renewals.import_schedule",
    ]
    assert warnings_of(tmp_path, 0o600, campaign={"import_schedule": "{every: 1m}"}) == []
    assert warnings_of(tmp_path, 0o600, campaign={**often, "folder": "/srv"}) == []


def test_asking_again_too_soon_is_a_warning(tmp_path: Path) -> None:
    hasty: Changes = {"uncertain_after_seconds": "5"}
    assert [path for path, _ in warnings_of(tmp_path, 0o600, account=hasty)] == [
        "accounts.vendor.uncertain_after_seconds",
    ]
    here = {**hasty, "base_url": "http://127.0.0.1:8080"}
    assert warnings_of(tmp_path, 0o600, account=here) == []


def test_one_account_under_two_names_is_a_warning(tmp_path: Path) -> None:
    twin = "  twin: {provider: talkover, token: {env: TOKEN}}\n"
    path = tmp_path / "config.yaml"
    path.write_text(a_config().replace("campaigns:\n", f"{twin}campaigns:\n", 1))
    (warning,) = loaded(tmp_path, path.read_text()).warnings
    assert warning.path == "accounts.twin"
    assert "is the same account as vendor" in warning.message
