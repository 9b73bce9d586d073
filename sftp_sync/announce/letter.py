"""News as they are sent: a subject and a text for people, a document for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sftp_sync.announce.decide import News
from sftp_sync.errors import printable

SHOWN = 50
SUBJECT_SIGNS = 120
LINES = "\n"
HEADINGS = {"raised": "", "changed": "Still: ", "cleared": "Resolved: "}


@dataclass(frozen=True)
class Letter:
    """What one target is told at once."""

    subject: str
    text: str
    document: dict[str, object]


def letter(found: Sequence[News], outstanding: int, now: datetime, host: str) -> Letter:
    """A letter about all of it. `outstanding`: how many things need a person now, on `host`."""
    lines = [_line(one) for one in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"And {len(found) - SHOWN} more. Type: sftp-sync status")
    needs = "Nothing needs you any more." if not outstanding else _need(outstanding)
    return Letter(
        subject=_subject(found, outstanding, host),
        text="\n\n".join([*lines, needs, f"This is sftp-sync on {host}."]) + "\n",
        document={
            "text": "\n".join([*lines, needs]),
            "at": _utc(now),
            "host": host,
            "outstanding": outstanding,
            "events": [_document(one) for one in found],
        },
    )


def trial(now: datetime, host: str) -> Letter:
    """A letter about nothing, to see whether letters arrive."""
    text = f"This is a test of sftp-sync on {host}: what needs a person is told here."
    document = {"text": text, "at": _utc(now), "host": host, "outstanding": 0, "events": []}
    return Letter(f"[sftp-sync {host}] test", f"{text}\n", document)


def _line(one: News) -> str:
    scope, _, _ = one.key
    return f"{HEADINGS[one.event]}{scope}: {printable(one.message, kept=LINES)}"


def _need(number: int) -> str:
    return f"{number} thing{' needs' if number == 1 else 's need'} you. To see: sftp-sync status"


def _subject(found: Sequence[News], outstanding: int, host: str) -> str:
    scope, cause, _ = found[0].key
    words = f"{scope}: {cause.replace('_', ' ')}"
    if found[0].event == "cleared":
        words += " (resolved)"
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    line = f"[sftp-sync {host}] {words}{more}; {outstanding} outstanding"
    return "".join(sign if sign.isprintable() else " " for sign in line)[:SUBJECT_SIGNS]


def _document(one: News) -> dict[str, object]:
    scope, cause, subject = one.key
    concern = one.concern
    return {
        "event": one.event,
        "scope": scope,
        "cause": cause,
        "subject": subject,
        "message": printable(one.message if concern is None else concern.message, kept=LINES),
        "fix": "" if concern is None else printable(concern.fix, kept=LINES),
        "who": None if concern is None else concern.who,
        "since": None if concern is None or concern.since is None else _utc(concern.since),
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
