"""The shapes in which vendors say no, read into one.

Five are documented by one vendor alone, most without a code, and proxies answer in HTML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sftp_sync.providers.wording import page_title


@dataclass(frozen=True)
class Problem:
    """What an error body says. `fields` maps a field to the sentence about it; `recipient` is the
    place of the contact that it is about, in a list of them.
    """

    message: str = ""
    code: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    existing: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None
    recipient: int | None = None


def document_of(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object of a body; None where it is anything else, whatever its type claims."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def problem_of(body: bytes) -> Problem:
    """What the body of an error says, in whichever shape."""
    document = document_of(body)
    if document is None:
        return Problem(message=page_title(body[:20_000].decode("utf-8", "replace")))
    inner = document.get("error")
    nested = inner if isinstance(inner, dict) else {}
    details = _object(nested.get("details"))
    detail_fields, detail_message = _detail(document.get("detail"))
    return Problem(
        message=_text(nested.get("message")) or _text(document.get("message")) or detail_message,
        code=_text(nested.get("code")) or _text(document.get("code")) or _text(inner),
        fields=_fields(document.get("errors")) or _fields(details.get("errors")) or detail_fields,
        existing=_object(document.get("existing_call")) or _object(details.get("existing_call")),
        retry_after=number(details.get("retry_after", document.get("retry_after"))),
        recipient=_recipient(document.get("detail")),
    )


def number(value: object) -> float | None:
    """A figure that is not negative, written as a number or as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        figure = float(value)
    except (ValueError, OverflowError):
        return None
    return figure if 0 <= figure < float("inf") else None


def identifier(value: object) -> str:
    """An id as text; empty where there is none. Ids are opaque: a number is one too."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return ""
    return str(value).strip()


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _fields(errors: object) -> dict[str, str]:
    """{"to": ["The to field is required."]}, or with bare sentences."""
    if not isinstance(errors, dict):
        return {}
    return {str(name): _first(said) for name, said in errors.items()}


def _first(said: object) -> str:
    if isinstance(said, list):
        return _first(said[0]) if said else ""
    return _text(said)


def _detail(detail: object) -> tuple[dict[str, str], str]:
    """`detail` is a sentence, or a list of {"loc": ["body", "to"], "msg": "…"}."""
    if not isinstance(detail, list):
        return {}, _text(detail)
    fields = {}
    for entry in detail:
        path = _object(entry).get("loc")
        if isinstance(path, list) and path:
            fields[str(path[-1])] = _text(entry.get("msg"))
    return fields, next(iter(fields.values()), "")


def _recipient(detail: object) -> int | None:
    """The contact in {"loc": ["body", "recipients", 17, "phone_number"], …}, the first of them."""
    for entry in detail if isinstance(detail, list) else ():
        path = _object(entry).get("loc")
        match path if isinstance(path, list) else ():
            case ["body", "recipients", int(place), *_] if place >= 0:
                return place
    return None
