"""Logs: events with fields in one format, and nothing in them that must stay here.

Whatever reaches the log, from our code or a library's, passes one redaction: secrets that were
registered become `***`, phone numbers lose their middle, and control characters are spelled out,
because names of files and vendors' texts are hostile.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Literal, TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from sftp_sync.errors import printable, short_phone

Mode = Literal["auto", "json", "console"]

STARS = "***"
NOISY = (
    "alembic",
    "apscheduler",
    "asyncio",
    "charset_normalizer",
    "httpcore",
    "httpx",
    "sqlalchemy",
)
NOISY_SERVERS = ("uvicorn.access", "uvicorn.error")
PHONE = re.compile(
    r"""
      (?:\+|%2[Bb])\d(?:[ ().-]{0,2}\d){7,14}(?!\d)                      # +1 212 555-0100
    | (?<![\w.+-])\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\w-])          # (212) 555-0100
    | (?<![\w.+-])\d{10,15}(?![\w-]|\.\w)                                # 2125550100
    """,
    re.VERBOSE,
)
# Digits there are names of things, and an operator searches for them whole.
NAMES_OF_THINGS = frozenset({"call_id", "campaign_id", "sha256", "user_id", "assistant_id"})
# Where journald files each level (syslog's numbers): `journalctl -p warning` shows what matters.
PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
WORD_LENGTH = 4
KEY_LINE_LENGTH = 16


class _Secrets:
    """The texts that must not be seen, and one pattern that finds them all."""

    def __init__(self) -> None:
        self._spellings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """Know a secret in every spelling in which it may turn up."""
        if not secret.strip() or secret in self._spellings:
            return
        spellings = {secret, *(line for line in secret.split("\n") if len(line) > KEY_LINE_LENGTH)}
        for text in tuple(spellings):
            spellings |= {
                quote(text),
                quote(text, safe=""),
                repr(text)[1:-1],
                json.dumps(text)[1:-1],
            }
        self._spellings |= {text for text in spellings if not text.startswith("-----")}
        longest_first = sorted(self._spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_searched, longest_first)))

    def hide(self, text: str) -> str:
        """The text with stars in place of secrets."""
        return self._pattern.sub(STARS, text) if self._pattern else text


def _searched(spelling: str) -> str:
    # A password of three letters must not put stars into every word that holds them.
    escaped = re.escape(spelling)
    return escaped if len(spelling) >= WORD_LENGTH else rf"(?<!\w){escaped}(?!\w)"


_secrets = _Secrets()


def redact(secret: str) -> None:
    """From now on this text is `***` in every log line."""
    _secrets.add(secret)


def redacted(text: str, *, phones: bool = True) -> str:
    """A text as it may be shown: no secrets, no full phone numbers."""
    hidden = _secrets.hide(text)
    return PHONE.sub(lambda match: short_phone(match[0]), hidden) if phones else hidden


def configure(
    mode: Mode, verbosity: int, stream: TextIO, *, to_journal: bool = False, colors: bool = False
) -> None:
    """Send every log line to the stream: events of ours and of libraries alike.

    `to_journal`: systemd reads the stream (`JOURNAL_STREAM` is set): JSON, unless the mode says
    otherwise, with the priority that journald takes off again.
    """
    as_json = mode == "json" or (mode == "auto" and to_journal)
    level = {-1: logging.WARNING, 0: logging.INFO}.get(max(verbosity, -1), logging.DEBUG)
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Modules keep their loggers from import on; a later configuration must reach them.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(as_json=as_json, to_journal=to_journal, colors=colors),
            ],
        ),
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    # A line that cannot be formatted would be printed with its raw arguments.
    logging.raiseExceptions = False
    _quieten()


def _shared() -> list[Processor]:
    """What every event passes, ours and the libraries'; the redaction sees all that came before."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redaction,
    ]


def _renderers(*, as_json: bool, to_journal: bool, colors: bool) -> list[Processor]:
    if not as_json:
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    render = structlog.processors.JSONRenderer(ensure_ascii=False)
    return [render] if not to_journal else [_Prioritised(render)]


class _Prioritised:
    """A line with the priority in front that journald understands and removes."""

    def __init__(self, render: structlog.processors.JSONRenderer) -> None:
        self._render = render

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        priority = PRIORITIES.get(str(event.get("level")), PRIORITIES["info"])
        return f"<{priority}>{self._render(logger, method, event)!s}"


def _quieten() -> None:
    """Libraries speak from WARNING on, also where we debug: they log URLs and payloads."""
    for name in (*NOISY, *NOISY_SERVERS):
        logging.getLogger(name).setLevel(logging.WARNING)
    # What paramiko logs as an error reaches us as an exception too, with its campaign; its own
    # record is a traceback, one event for each line.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def _redaction(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {
        # Underscored: structlog's own, gone before the line is written.
        key: value if key.startswith("_") else _clean(value, key)
        for key, value in event.items()
    }


def _clean(value: object, key: str) -> object:
    """A value with nothing in it that must not be seen, whatever it was."""
    match value:
        case None | bool():
            return value
        case int() | float():
            shown = _secrets.hide(str(value))
            return value if shown == str(value) else shown
        case Mapping():
            return {
                _text(str(inner), ""): _clean(held, str(inner)) for inner, held in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_clean(held, key) for held in value]
        case bytes():
            return _text(value.decode("utf-8", "backslashreplace"), key)
        case _:
            return _text(str(value), key)


def _text(text: str, key: str) -> str:
    if key == "timestamp":
        return text
    lines = redacted(text, phones=key not in NAMES_OF_THINGS)
    kept = "\n" if key in {"exception", "stack"} else ""
    return printable(lines, kept)
