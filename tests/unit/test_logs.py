from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
import structlog

from sftp_sync import logs
from sftp_sync.errors import short_phone

PASSWORD = "hunter two/&\"' ü"
TOKEN = "sk_live_4242424242"
PRIVATE_KEY = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n"
    "QyNTUxOQAAACBplantedplantedplantedplanted\n"
    "-----END OPENSSH PRIVATE KEY-----\n"
)
PHONE = "+12125550100"
PLANTED = ("hunter", TOKEN, "b3BlbnNzaC1rZXkt", "plantedplanted", "2125550100", "555-0100")
LEVELS = ("debug", "info", "warning", "error", "critical", "exception")


@pytest.fixture(autouse=True)
def _everything_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    logging.raiseExceptions = True
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in (*logs.NOISY, *logs.NOISY_SERVERS, "paramiko"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _planted_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_secrets", logs._Secrets())
    for secret in (PASSWORD, TOKEN, PRIVATE_KEY):
        logs.redact(secret)


@pytest.fixture(params=["json", "console", "journal"])
def written(request: pytest.FixtureRequest) -> io.StringIO:
    stream = io.StringIO()
    mode = "auto" if request.param == "journal" else request.param
    logs.configure(mode, 1, stream, to_journal=request.param == "journal")
    return stream


@pytest.fixture
def lines() -> Callable[[], list[dict[str, object]]]:
    stream = io.StringIO()
    logs.configure("json", 1, stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


class Talkative:
    def __repr__(self) -> str:
        return f"<Talkative {TOKEN} {PHONE}>"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("speaker", ["ours", "library"])
def test_no_secret_and_no_full_number_is_logged_at_any_level(
    level: str, speaker: str, written: io.StringIO
) -> None:
    fields = {
        "password": PASSWORD,
        "nested": {"token": [TOKEN, {PHONE: (PRIVATE_KEY, PASSWORD.encode())}]},
        "object": Talkative(),
        "row": {"to": "+1 (212) 555-0100", "as_typed": "(212) 555-0100", "bare": "2125550100"},
        "url": "https://x/calls?to=%2B12125550100&pw=hunter%20two/%26%22%27%20%C3%BC",
        "quoted": f"{PASSWORD!r} {json.dumps(PASSWORD)}",
        "error": ValueError(f"{TOKEN} refused {PHONE}"),
    }
    try:
        raise RuntimeError(f"{PASSWORD} {PRIVATE_KEY} {PHONE}")
    except RuntimeError:
        if speaker == "ours":
            getattr(structlog.get_logger(), level)(f"event with {TOKEN} {PHONE}", **fields)
        else:
            log = getattr(logging.getLogger("some.library"), level)
            log("with %s for %s", TOKEN, PHONE, extra=fields)
    text = written.getvalue()
    assert "***" in text
    assert "+1212…0100" in text
    assert [planted for planted in PLANTED if planted in text] == []


def test_secrets_and_numbers_bound_to_a_context_are_hidden_too(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(campaign=f"c {TOKEN}", phone=PHONE):
        structlog.get_logger().info("run.started")
    assert [planted for planted in PLANTED if planted in written.getvalue()] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+12125550100", "+1212…0100"),
        ("to +12125550100.", "to +1212…0100."),
        ("+1 212-555-0100", "+1212…0100"),
        ("%2B12125550100", "+1212…0100"),
        ("+4915123456789", "+4915…6789"),
        ("+12345678", "+123…78"),
        ("2125550100", "2125…100"),
        ("(212) 555-0100", "2125…100"),
        ("2026-11-20T06:30:00+00:00", "2026-11-20T06:30:00+00:00"),
        ("leads_20261120063000.csv", "leads_20261120063000.csv"),
        ("20261120T063000Z", "20261120T063000Z"),
        ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        ("10.12.130.140:8321", "10.12.130.140:8321"),
        ("12345678 bytes", "12345678 bytes"),
        ("0.12345678901 s", "0.12345678901 s"),
        ("a1234567890123b", "a1234567890123b"),
        ("+1234", "+1234"),
    ],
)
def test_numbers_to_call_are_shortened_and_other_digits_are_not(text: str, shown: str) -> None:
    assert logs.redacted(text) == shown


def test_every_number_loses_at_least_three_digits() -> None:
    for length in range(8, 16):
        number = "+" + "123456789012345"[:length]
        assert len(re.sub(r"\D", "", short_phone(number))) <= length - 3


def test_ids_sizes_and_times_stay_whole(lines: Callable[[], list[dict[str, object]]]) -> None:
    structlog.get_logger().info("x", call_id="1234567890123", size=12345678901, seconds=0.25)
    assert (
        lines()[0] | {"call_id": "1234567890123", "size": 12345678901, "seconds": 0.25}
        == (lines()[0])
    )


def test_a_number_that_is_a_secret_is_hidden(lines: Callable[[], list[dict[str, object]]]) -> None:
    logs.redact("987654")
    structlog.get_logger().info("x", pin=987654, other=98765)
    assert (lines()[0]["pin"], lines()[0]["other"]) == ("***", 98765)


def test_a_short_secret_hides_the_word_and_spares_other_words() -> None:
    logs.redact("abc")
    assert logs.redacted("abc abcd 'abc'") == "*** abcd '***'"


def test_an_empty_secret_hides_nothing() -> None:
    logs.redact("")
    logs.redact("\n")
    assert logs.redacted("as it was") == "as it was"


def test_a_hostile_name_cannot_write_a_line_of_its_own(written: io.StringIO) -> None:
    structlog.get_logger().info("file.seen", file="a\nlevel=error\x1b[31m\udcff.csv", flag=None)
    assert written.getvalue().count("\n") == 1
    assert "\x1b" not in written.getvalue()


def test_a_name_that_is_no_key_of_ours_cannot_either(written: io.StringIO) -> None:
    structlog.get_logger().info("vendor.answered", fields={"a\nb\x1b[31m": {"x", "y"}})
    assert written.getvalue().count("\n") == 1
    assert "\x1b" not in written.getvalue()


@pytest.mark.parametrize("name", [*logs.NOISY, "httpx.client"])
def test_noisy_libraries_are_quiet_even_where_we_debug(name: str, written: io.StringIO) -> None:
    logging.getLogger(name).info("every request, with its URL")
    logging.getLogger(name).warning("worth a look")
    assert "every request" not in written.getvalue()
    assert "worth a look" in written.getvalue()


@pytest.mark.parametrize("verbosity", [0, 1])
def test_paramikos_tracebacks_are_not_shown_even_where_we_debug(verbosity: int) -> None:
    stream = io.StringIO()
    logs.configure("json", verbosity, stream)
    logging.getLogger("paramiko.transport").error("Exception (client): …")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("verbosity", "heard"),
    [
        (-2, ["warning", "error"]),
        (-1, ["warning", "error"]),
        (0, ["info", "warning", "error"]),
        (1, ["debug", "info", "warning", "error"]),
        (3, ["debug", "info", "warning", "error"]),
    ],
)
def test_verbosity_chooses_what_is_heard(verbosity: int, heard: list[str]) -> None:
    stream = io.StringIO()
    logs.configure("json", verbosity, stream)
    for level in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger(), level)("x")
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == heard


def test_a_loggers_first_use_before_the_configuration_does_not_bind_it() -> None:
    log = structlog.get_logger()
    first, second = io.StringIO(), io.StringIO()
    logs.configure("json", 0, first)
    log.info("one")
    logs.configure("json", 0, second)
    log.info("two")
    assert "two" not in first.getvalue()
    assert "two" in second.getvalue()


def test_the_journal_gets_json_with_a_priority() -> None:
    stream = io.StringIO()
    logs.configure("auto", 1, stream, to_journal=True)
    for level in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger(), level)("x", n=1)
    found = [re.fullmatch(r"<(\d)>(\{.*\})", line) for line in stream.getvalue().splitlines()]
    assert [match[1] for match in found if match] == ["7", "6", "4", "3"]
    assert all(json.loads(match[2])["n"] == 1 for match in found if match)


def test_a_terminal_gets_text_and_colours_only_where_asked() -> None:
    plain, colourful = io.StringIO(), io.StringIO()
    logs.configure("auto", 0, plain)
    structlog.get_logger().info("file.received", file="list.csv")
    logs.configure("auto", 0, colourful, colors=True)
    structlog.get_logger().info("file.received", file="list.csv")
    assert "file.received" in plain.getvalue()
    assert "file=list.csv" in plain.getvalue()
    assert "\x1b[" not in plain.getvalue()
    assert "\x1b[" in colourful.getvalue()


def test_a_record_that_cannot_be_formatted_does_not_spill_its_arguments(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("some.library").warning("%d calls", TOKEN)
    assert TOKEN not in capsys.readouterr().err + written.getvalue()


def test_json_lines_have_an_event_a_level_and_a_time_in_utc(
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    structlog.get_logger().warning("file.held", file="ü.csv", rows=3)
    line = lines()[0]
    assert (line["event"], line["level"], line["file"], line["rows"]) == (
        "file.held",
        "warning",
        "ü.csv",
        3,
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", str(line["timestamp"]))
