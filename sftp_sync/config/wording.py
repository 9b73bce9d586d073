"""The validator's findings in an operator's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from sftp_sync.config.problems import Where, did_you_mean, nearest

UNKNOWN = "unexpected_keyword_argument"
RETIRED = {
    "recipients": "comes from the contact files. Remove it.",
    "recipient_list_id": "is made from the contact files. Remove it.",
}
SENTENCES = {
    "bool": "must be true or false.",
    "int": "must be a whole number.",
    "float": "must be a number.",
    "finite": "must be a number that can be written out.",
    "string": "must be text.",
    "dataclass": "must be a block of keys.",
    "dict": "must be a block of keys.",
    "mapping": "must be a block of keys.",
    "tuple": "must be a list, as [one, two].",
    "list": "must be a list, as [one, two].",
}
LIMITS = {
    "greater_than": ("gt", "must be more than {}."),
    "greater_than_equal": ("ge", "must be at least {}."),
    "less_than": ("lt", "must be less than {}."),
    "less_than_equal": ("le", "must be at most {}."),
}


def findings(error: ValidationError, form: type) -> Iterator[tuple[Where, str]]:
    """Each finding as a place and a sentence."""
    for detail in error.errors(include_url=False):
        where: Where = tuple(part for part in detail["loc"] if part != "[key]")
        yield where, _sentence(detail, where, form)


def meant(error: ValidationError, form: type) -> Iterator[Where]:
    """The places of known keys that unknown ones were probably meant for."""
    for detail in error.errors(include_url=False):
        if detail["type"] == UNKNOWN:
            *block, key = detail["loc"]
            word = nearest(str(key), _keys(tuple(block), form))
            if word:
                yield (*block, word)


def _sentence(detail: ErrorDetails, where: Where, form: type) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            sentence = str(context["error"])
        case "missing":
            sentence = f"missing. {_question(where, form)}".strip()
        case "unexpected_keyword_argument":
            sentence = _unknown(str(where[-1]), _keys(where[:-1], form))
        case "literal_error":
            sentence = _choice(detail["input"], context["expected"])
        case "too_short" | "string_too_short":
            sentence = "is empty."
        case kind if kind in LIMITS:
            bound, limit = LIMITS[kind]
            sentence = limit.format(format(context[bound], ".15g"))
        case kind:
            expected = kind.split("_")[0]
            sentence = SENTENCES.get(expected, f"{detail['msg']}.")
    return sentence


def _choice(written: object, expected: str) -> str:
    words = expected.replace("'", "").replace(" or ", ", ").split(", ")
    return f"must be {', '.join(words[:-1])} or {words[-1]}.{did_you_mean(str(written), words)}"


def _unknown(key: str, known: tuple[str, ...]) -> str:
    if key in RETIRED and "assistant_id" in known:
        return RETIRED[key]
    listed = ", ".join(sorted(known))
    return f"unknown.{did_you_mean(key, known) or f' Known here: {listed}.'}"


def _keys(where: Where, form: type) -> tuple[str, ...]:
    block = _type_at(where, form)
    return tuple(field.name for field in fields(block)) if is_dataclass(block) else ()


def _question(where: Where, form: type) -> str:
    hint = get_type_hints(_type_at(where[:-1], form), include_extras=True)[str(where[-1])]
    described = (part.description for part in get_args(hint) if isinstance(part, FieldInfo))
    return next((question for question in described if question), "")


def _type_at(where: Where, form: Any) -> Any:  # noqa: ANN401  types of types
    """The class that holds the keys at a place."""
    for part in where:
        if is_dataclass(form):
            form = get_type_hints(form, include_extras=True)[str(part)]
        else:
            form = get_args(form)[-1 if issubclass(get_origin(form), Mapping) else 0]
        form = _bare(form)
    return form


def _bare(hint: Any) -> Any:  # noqa: ANN401  types of types
    """A type without its annotations and its None."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    choices = [part for part in get_args(hint) if part is not NoneType]
    return _bare(choices[0]) if NoneType in get_args(hint) and len(choices) == 1 else hint
