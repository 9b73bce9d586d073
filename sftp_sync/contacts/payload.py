"""What the vendor is told about a contact, from the cells of its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from sftp_sync.contacts.columns import column_of
from sftp_sync.contacts.templates import parts_of
from sftp_sync.tables import is_reject_column

PayloadRules = Literal["all"] | tuple[str, ...] | Mapping[str, str]


def payload_of(
    header: Sequence[str], cells: Sequence[str], rules: PayloadRules, phone_columns: Sequence[str]
) -> dict[str, str]:
    """`all`: every other column than the phone columns; a list: these; a mapping: its templates."""
    header = tuple(header)
    if isinstance(rules, str):
        columns = _other_columns(header, tuple(phone_columns))
        return {header[column]: _cell(cells, column) for column in columns}
    if isinstance(rules, Mapping):
        return context_of(header, cells, rules)
    return {name: _cell(cells, _column(header, name)) for name in rules}


def context_of(
    header: Sequence[str], cells: Sequence[str], templates: Mapping[str, str]
) -> dict[str, str]:
    """Each template filled from the row."""
    header = tuple(header)
    return {key: _filled(header, cells, template) for key, template in templates.items()}


def _filled(header: tuple[str, ...], cells: Sequence[str], template: str) -> str:
    return "".join(
        text if column is None else text + _cell(cells, _column(header, column))
        for text, column in parts_of(template)
    )


def _cell(cells: Sequence[str], column: int | None) -> str:
    return cells[column] if column is not None and column < len(cells) else ""


@lru_cache(maxsize=1_024)
def _column(header: tuple[str, ...], name: str) -> int | None:
    return column_of(header, name)


@lru_cache(maxsize=128)
def _other_columns(header: tuple[str, ...], phone_columns: tuple[str, ...]) -> tuple[int, ...]:
    left_out = {_column(header, name) for name in phone_columns}
    return tuple(
        column
        for column, name in enumerate(header)
        if name and column not in left_out and not is_reject_column(name)
    )
