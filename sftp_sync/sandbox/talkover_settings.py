"""What a campaign can be set to, by the vendor's documentation: the fields of its update endpoint,
each with its range and with the sentence where it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import chain
from typing import Any
from zoneinfo import available_timezones

from sftp_sync.sandbox.talkover_words import E164, FieldErrors

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
LONGEST_NAME, LONGEST_ZONE, DAYS, HOURS_A_WEEK = 255, 50, 7, 168
SCHEDULE = ("start_date", "end_date", "days_of_week", "call_time_ranges", "timezone")

Complaints = Iterator[tuple[str, str]]
Rule = Callable[[str, Any], Complaints]


def settings_errors(
    body: Mapping[str, Any], present: Mapping[str, Any], agents: tuple[str, ...]
) -> FieldErrors:
    """What is wrong with an update. Unknown fields are ours to find out about."""
    errors: FieldErrors = {}
    checks = [_checked(name, value) for name, value in body.items()]
    if "agent_id" in body and body["agent_id"] not in agents:
        checks.append(iter([("agent_id", "The selected agent id is invalid.")]))
    checks.append(_end_before_start({**present, **body}, body))
    for key, sentence in chain.from_iterable(checks):
        errors.setdefault(key, []).append(sentence)
    return errors


def _checked(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
    rule = RULES.get(name)
    if rule is None:
        yield name, f"The {name} field is not known."
    elif value is None and name not in ("end_date", "description"):
        yield name, f"The {_said(name)} field is required."
    elif value is not None:
        yield from rule(name, value)


def _end_before_start(merged: Mapping[str, Any], body: Mapping[str, Any]) -> Complaints:
    if not {"start_date", "end_date"} & body.keys():
        return
    start, end = str(merged.get("start_date")), str(merged.get("end_date"))
    if _is_date(start) and _is_date(end) and end <= start:
        yield "end_date", "The end date must be a date after start date."


def _text(longest: int | None = None, least: int = 0) -> Rule:
    def rule(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
        if not isinstance(value, str):
            yield name, f"The {_said(name)} must be a string."
        elif len(value) < least:
            yield name, f"The {_said(name)} field is required."
        elif longest is not None and len(value) > longest:
            yield name, f"The {_said(name)} may not be greater than {longest} characters."

    return rule


def _whole(least: int, most: int | None = None) -> Rule:
    def rule(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
        if not isinstance(value, int) or isinstance(value, bool):
            yield name, f"The {_said(name)} must be an integer."
        elif value < least or (most is not None and value > most):
            limits = f"at least {least}" if most is None else f"between {least} and {most}"
            yield name, f"The {_said(name)} must be {limits}."

    return rule


def _one_of(*words: str) -> Rule:
    def rule(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
        if value not in words:
            yield name, f"The selected {_said(name)} is invalid."

    return rule


def _claim(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
    if not isinstance(value, bool):
        yield name, f"The {_said(name)} field must be true or false."


def _day(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
    if not _is_date(value):
        yield name, f"The {_said(name)} is not a valid date."


def _zone(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
    yield from _text(LONGEST_ZONE)(name, value)
    if value not in available_timezones():
        yield name, f"The {_said(name)} must be a valid zone."


def _each(rule: Rule, least: int = 0) -> Rule:
    def of_all(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
        if not isinstance(value, list):
            yield name, f"The {_said(name)} must be an array."
            return
        if len(value) < least:
            yield name, f"The {_said(name)} must have at least {least} items."
        for position, one in enumerate(value):
            yield from rule(f"{name}.{position}", one)

    return of_all


def _window(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        yield name, f"The {name} must be an array."
        return
    ends = {end: str(value.get(end, "")) for end in ("start", "end")}
    for end, text in ends.items():
        if not CLOCK.fullmatch(text):
            yield f"{name}.{end}", f"The {name}.{end} does not match the format H:i."
    if all(map(CLOCK.fullmatch, ends.values())) and ends["end"] <= ends["start"]:
        yield f"{name}.end", f"The {name}.end must be a date after {name}.start."


def _number(name: str, value: Any) -> Complaints:  # noqa: ANN401 - JSON
    if not isinstance(value, str) or not E164.fullmatch(value):
        yield name, f"The {name} must be a valid phone number."


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _said(name: str) -> str:
    return name.replace("_", " ")


HOURS = _whole(1, HOURS_A_WEEK)
RULES: Mapping[str, Rule] = {
    "name": _text(LONGEST_NAME, least=1),
    "description": _text(),
    "campaign_type": _one_of("sales", "follow_up", "reminder", "custom"),
    "agent_id": _text(),
    "start_date": _day,
    "end_date": _day,
    "days_of_week": _each(_whole(1, DAYS), least=1),
    "call_time_ranges": _each(_window, least=1),
    "timezone": _zone,
    "initial_call_delay": _whole(0),
    "max_retries": _whole(0, 10),
    "retry_cooldown_hours": HOURS,
    "auto_complete": _claim,
    "retry_on_no_conversion": _claim,
    "enable_post_completion_cooldown": _claim,
    "post_completion_cooldown_hours": HOURS,
    "success_cooldown_hours": HOURS,
    "voicemail_cooldown_hours": HOURS,
    "no_answer_cooldown_hours": HOURS,
    "busy_cooldown_hours": HOURS,
    "failed_cooldown_hours": HOURS,
    "do_not_call_enabled": _claim,
    "do_not_call_list_source": _one_of("environment", "global", "custom"),
    "do_not_call_custom_list": _each(_number),
    "auto_add_to_dnc_enabled": _claim,
    "auto_dnc_trigger_statuses": _each(_text()),
    "auto_dnc_trigger_errors": _each(_text()),
}
