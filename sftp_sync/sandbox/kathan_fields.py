"""The fields of Kathan's campaigns, strict where their documentation is strict."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sftp_sync.sandbox.kathan_words import FieldErrors

E164 = re.compile(r"\+[1-9]\d{6,14}")
REQUIRED = ("name", "assistant_id", "phone_number_id")
NOT_CHANGED = ("assistant_id", "phone_number_id", "channel")
RECIPIENT_FIELDS = {"phone_number": str, "metadata": dict, "assistant_overrides": dict}
DEFAULTS: Mapping[str, Any] = {
    "channel": "twilio",
    "scheduleStartTime": None,
    "scheduleEndTime": None,
    "max_concurrency": 5,
    "retry_policy": {},
    "speech_settings": {
        "style": "neutral",
        "responsiveness": "balanced",
        "interruptions": "on",
        "emotions": "natural",
    },
    "campaign_context": None,
    "opening_message_template": None,
    "use_returning_greeting": False,
    "use_short_term_summaries": False,
    "short_term_summaries_limit": None,
    "machine_detection_timeout_seconds": None,
    "recipient_list_id": None,
}


def _text(value: object) -> bool:
    return isinstance(value, str)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _between(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: _whole(value) and least <= int(str(value)) <= most


def _or_null(kind: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or kind(value)


def _truth(value: object) -> bool:
    return isinstance(value, bool)


def _object(value: object) -> bool:
    return isinstance(value, dict)


KINDS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "name": (_text, "Input should be a valid string"),
    "assistant_id": (_text, "Input should be a valid string"),
    "phone_number_id": (_text, "Input should be a valid string"),
    "channel": (lambda value: value in ("twilio", "vobiz"), "Input should be 'twilio' or 'vobiz'"),
    "scheduleStartTime": (_or_null(_text), "Input should be a valid string"),
    "scheduleEndTime": (_or_null(_text), "Input should be a valid string"),
    "max_concurrency": (_between(1, 200), "Input should be between 1 and 200"),
    "retry_policy": (_object, "Input should be a valid dictionary"),
    "speech_settings": (_object, "Input should be a valid dictionary"),
    "campaign_context": (_or_null(_text), "Input should be a valid string"),
    "opening_message_template": (_or_null(_text), "Input should be a valid string"),
    "use_returning_greeting": (_truth, "Input should be a valid boolean"),
    "use_short_term_summaries": (_truth, "Input should be a valid boolean"),
    "short_term_summaries_limit": (_or_null(_whole), "Input should be a valid integer"),
    "machine_detection_timeout_seconds": (
        _or_null(_between(3, 60)),
        "Input should be between 3 and 60",
    ),
    "recipient_list_id": (_or_null(_text), "Input should be a valid string"),
}


def errors_in(body: Mapping[str, Any], *, is_new: bool) -> FieldErrors:
    """What is wrong with a request to make or change a campaign. A name that is not known is
    refused: whoever sends it believes that it says something.
    """
    errors: dict[tuple[str | int, ...], str] = {}
    if is_new:
        errors.update({(name,): "Field required" for name in REQUIRED if name not in body})
    for name, value in body.items():
        if name == "recipients":
            errors.update(_recipient_errors(value))
        elif name not in KINDS or (not is_new and name in NOT_CHANGED):
            errors[name,] = "Extra inputs are not permitted"
        elif not KINDS[name][0](value):
            errors[name,] = KINDS[name][1]
    return errors


def _recipient_errors(value: object) -> FieldErrors:
    if value is None:
        return {}
    if not isinstance(value, list):
        return {("recipients",): "Input should be a valid list"}
    errors: dict[tuple[str | int, ...], str] = {}
    for position, one in enumerate(value):
        place: tuple[str | int, ...] = ("recipients", position)
        if not isinstance(one, dict):
            errors[place] = "Input should be a valid dictionary"
            continue
        for name, inner in one.items():
            kind = RECIPIENT_FIELDS.get(name)
            if kind is None or not isinstance(inner, kind):
                errors[*place, name] = "Input is not permitted"
        if not E164.fullmatch(str(one.get("phone_number"))):
            errors[*place, "phone_number"] = "Input should be a phone number in E.164"
    return errors
