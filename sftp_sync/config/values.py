"""The kinds of values a configuration holds, each with its own sentence where it is wrong."""

from __future__ import annotations

import codecs
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, PlainValidator, ValidationInfo

from sftp_sync.config.problems import did_you_mean
from sftp_sync.config.scalars import Number

DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
CENTURY_SECONDS = 3_155_760_000
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
LONGEST_PATTERN = 1000
MOST, CENTURY_DAYS = 1_000_000_000, 36_525
# Python's own, which are no encoding that a table is saved in.
NO_TABLES = ("idna", "punycode", "raw-unicode-escape", "unicode-escape")
TABLE_TEXT = '"a";0,1\t\n'


@dataclass(frozen=True)
class Surroundings:
    """What a value may depend on that is not in it: relative paths start at the file's folder."""

    folder: Path


def as_text(written: object) -> object:
    """A number where text is expected is the text it was written as."""
    if isinstance(written, Number):
        return written.written
    if isinstance(written, bool):
        raise ValueError("is read as yes or no here. Put it in quotes.")
    return str(written) if isinstance(written, int) else written


def not_a_claim(written: object) -> object:
    """Python takes true for 1; an operator does not."""
    if isinstance(written, bool):
        raise ValueError("must be a number, not yes or no.")
    return written


def one_or_more(written: object) -> object:
    """A single word where a list is expected is a list of one; nothing is an empty one."""
    if written is None:
        return ()
    if isinstance(written, Mapping):
        raise ValueError("must be a list, as [one, two].")
    return tuple(written) if isinstance(written, list | tuple) else (written,)


def duration(written: object) -> timedelta:
    """24h, 7d, 90s, 15m, 1h30m, or seconds."""
    hint = "must be a duration such as 90s, 15m, 24h, 7d or 1h30m, or a number of seconds."
    text = str(as_text(written)).strip().lower().replace(" ", "")
    match = DURATION.fullmatch(f"{text}s" if re.fullmatch(r"\d+(\.\d+)?", text) else text)
    if not match or not text:
        raise ValueError(hint)
    weeks, days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = weeks * 604_800 + days * 86_400 + hours * 3600 + minutes * 60 + seconds
    if total > CENTURY_SECONDS:
        raise ValueError("is longer than a century. Write null for no limit where that is allowed.")
    return timedelta(seconds=total)


def longer_than_nothing(written: object) -> timedelta:
    """A duration above zero."""
    length = duration(written)
    if not length:
        raise ValueError("must be longer than zero.")
    return length


def clock_time(written: object) -> time:
    """HH:MM on the 24-hour clock."""
    match = CLOCK.fullmatch(str(written).strip())
    if not match:
        raise ValueError('must be a time of day such as "06:30" (24-hour clock, in quotes).')
    return time(int(match[1]), int(match[2]))


def zone_name(written: str) -> str:
    """A zone of the IANA list."""
    try:
        ZoneInfo(written)
    except (ValueError, OSError, KeyError):
        known = available_timezones()
        cities = [name for name in known if name.rsplit("/", 1)[-1].lower() == written.lower()]
        hint = f' Did you mean "{cities[0]}"?' if cities else did_you_mean(written, known)
        raise ValueError(
            f'"{written}" is no IANA time zone such as America/New_York.{hint}',
        ) from None
    return written


def name_pattern(written: str) -> str:
    """A pattern of file names. It needs no more room than several names of 255 bytes."""
    if len(written) > LONGEST_PATTERN:
        raise ValueError(f"is longer than {LONGEST_PATTERN} characters, as no file name is.")
    return written


def remote_path(written: str) -> str:
    """A folder on the partner's server, without doubled or trailing slashes."""
    if "\\" in written:
        raise ValueError("SFTP paths have forward slashes: /inbox/lists.")
    if not written.strip() or "\0" in written:
        raise ValueError("must be a folder such as /inbox.")
    normal = posixpath.normpath(written)
    return normal[1:] if normal.startswith("//") else normal


def local_path(written: object, info: ValidationInfo) -> Path:
    """A path on this machine; a relative one starts at the configuration's folder."""
    text = as_text(written)
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise ValueError("must be a path such as /var/lib/sftp-sync.")
    if text.startswith("~"):
        raise ValueError("~ is not expanded, because the daemon has another home. Write it out.")
    surroundings = info.context
    folder = surroundings.folder if isinstance(surroundings, Surroundings) else Path()
    return folder / text


def encoding_name(written: str) -> str:
    """auto, or an encoding that text is saved in, by a name that Python knows."""
    if written == "auto":
        return written
    try:
        name = codecs.lookup(written).name
        is_for_tables = name not in NO_TABLES and TABLE_TEXT.encode(name).decode(name) == TABLE_TEXT
    except (LookupError, ValueError, TypeError):
        is_for_tables = False
    if not is_for_tables:
        raise ValueError("must be auto or an encoding such as utf-8, utf-16 or cp1252.")
    return name


def delimiter_character(written: str) -> str:
    """auto, or one character; tabs may be spelled."""
    character = {"tab": "\t", "\\t": "\t"}.get(written.lower(), written)
    if character != "auto" and (len(character) != 1 or character in '"\r\n'):
        raise ValueError('must be auto or one character: ",", ";", "|" or tab.')
    return character


def permissions(written: object) -> int | None:
    """Octal permissions as text. A bare 640 would be another number."""
    if written is None:
        return None
    if isinstance(written, int):
        raise ValueError(f'write it in quotes, with a leading zero: "0{written}".')
    if not re.fullmatch("0o?[0-7]{3}", str(written)):
        raise ValueError('must be permissions such as "0640".')
    return int(str(written), 8)


def sheet_choice(written: object) -> str | int | None:
    """A sheet of a workbook: its name, or its number from 1."""
    if isinstance(written, int) and not isinstance(written, bool):
        if not 1 <= written <= MOST:
            raise ValueError("sheets are numbered from 1.")
        return written
    if written is None:
        return None
    text = as_text(written)
    if not isinstance(text, str) or not text:
        raise ValueError("must be a sheet's name or its number from 1.")
    return text


def empty_block(written: object) -> object:
    """A block whose keys are all commented out has its defaults."""
    return {} if written is None else written


Duration = Annotated[timedelta, PlainValidator(duration)]
Lasting = Annotated[timedelta, PlainValidator(longer_than_nothing)]
Text = Annotated[str, BeforeValidator(as_text), Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(one_or_more)]
Whole = Annotated[int, BeforeValidator(not_a_claim)]
Count = Annotated[Whole, Field(ge=0, le=MOST)]
Positive = Annotated[Whole, Field(gt=0, le=MOST)]
Fraction = Annotated[float, BeforeValidator(not_a_claim), Field(allow_inf_nan=False)]
Share = Annotated[Fraction, Field(ge=0, le=1)]
Seconds = Annotated[Fraction, Field(ge=0, le=86_400)]
Timeout = Annotated[Fraction, Field(gt=0, le=3600)]
