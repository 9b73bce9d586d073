"""Which columns of a list mean what: found by their names, or as the campaign says."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sftp_sync.contacts.folding import LONGEST_NAME, folded
from sftp_sync.contacts.phone_names import is_phone_name
from sftp_sync.contacts.templates import columns_named
from sftp_sync.errors import FileRefused
from sftp_sync.model import ContactRules, shown
from sftp_sync.phones import PhoneFound, parse

_HEADERS_SHOWN, _NAME_SHOWN = 20, 60


@dataclass(frozen=True)
class Columns:
    """Where the phone numbers of a list stand, best first, and the regions they are read in."""

    header: tuple[str, ...]
    phone: tuple[int, ...]
    region_column: int | None

    @property
    def phone_names(self) -> tuple[str, ...]:
        """The phone columns as the partner wrote them, best first."""
        return tuple(self.header[column] for column in self.phone)

    @property
    def region_name(self) -> str | None:
        """The column that says the country of a row."""
        return None if self.region_column is None else self.header[self.region_column]


def choose_columns(
    header: Sequence[str], rules: ContactRules, overrides: Mapping[str, str] | None = None
) -> Columns:
    """The columns to use, or `FileRefused` with what to configure. `overrides` are the texts with
    columns in them that Kathan's assistant is told.
    """
    header = tuple(header)
    phone = (
        tuple(_configured(header, name, "contacts.phone") for name in rules.phone)
        if rules.phone
        else (_plain_phone_column(header),)
    )
    region_column = (
        _configured(header, rules.region_column, "contacts.region_column")
        if rules.region_column
        else None
    )
    for setting, name in chain(_named_columns(rules), _overriding(overrides or {})):
        _configured(header, name, setting)
    return Columns(
        header=header,
        phone=tuple(dict.fromkeys(phone)),
        region_column=region_column,
    )


def column_of(header: Sequence[str], name: str) -> int | None:
    """The column of this name: exactly, else whatever the case and spacing."""
    if name in header:
        return header.index(name)
    wanted = folded(name)
    alike = [
        column
        for column, other in enumerate(header)
        if wanted and len(other) <= LONGEST_NAME and folded(other) == wanted
    ]
    return alike[0] if alike else None


def _named_columns(rules: ContactRules) -> Iterable[tuple[str, str]]:
    if isinstance(rules.payload, Mapping):
        for key, template in rules.payload.items():
            for name in columns_named(template):
                yield f"contacts.payload.{key}", name
    elif not isinstance(rules.payload, str):
        for name in rules.payload:
            yield "contacts.payload", name
    for key, template in rules.context.items():
        for name in columns_named(template):
            yield f"contacts.context.{key}", name


def _overriding(overrides: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for key, template in overrides.items():
        for name in columns_named(template):
            yield f"kathan.assistant_overrides.{key}", name


def _configured(header: tuple[str, ...], name: str, setting: str) -> int:
    column = column_of(header, name)
    if column is not None:
        return column
    nearest = difflib.get_close_matches(
        name.casefold(), [other.casefold() for other in header if other], n=1
    )
    meant = next((other for other in header if nearest and other.casefold() == nearest[0]), None)
    raise FileRefused(
        f'There is no column "{name}", which {setting} asks for. {_listed(header)}',
        fix=f"Did you mean {_quoted([meant])}?" if meant else f"Set {setting} to one of them.",
        who="you",
    )


def _plain_phone_column(header: tuple[str, ...]) -> int:
    candidates = [column for column, name in enumerate(header) if is_phone_name(name)]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = _quoted([header[column] for column in candidates], " and ")
        raise FileRefused(
            f"Several columns could hold the phone number: {names}.",
            fix="Set contacts.phone to the one to call, or to several, best first.",
            who="you",
        )
    if any(isinstance(parse(name, None), PhoneFound) for name in header):
        raise FileRefused(
            "The first row holds a phone number where the names of the columns should be.",
            fix='Put a row with the names above it, like "phone,name".',
        )
    raise FileRefused(
        f"No column is plainly the phone number. {_listed(header)}",
        fix='Set contacts.phone to its name, or have the partner name it "phone".',
        who="you",
    )


def _listed(header: tuple[str, ...]) -> str:
    return f"The columns are {_quoted([name for name in header if name])}."


def _quoted(names: Sequence[str], between: str = ", ") -> str:
    """Names of columns, as many and as much of them as a person reads."""
    some = [f'"{shown(name)[:_NAME_SHOWN]}"' for name in names[:_HEADERS_SHOWN]]
    more = f" and {len(names) - _HEADERS_SHOWN} more" if len(names) > _HEADERS_SHOWN else ""
    return between.join(some) + more
