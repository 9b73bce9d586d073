"""What a reader is told and says: lines of JSON, and nothing in them is believed unseen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sftp_sync.model import (
    Batch,
    ClassifiedBatch,
    Code,
    ContactRules,
    FileRules,
    RowState,
    Understanding,
)

What = Literal["contacts", "table"]
LONGEST_ORDER = 1_000_000
# A batch ends at four million characters; a character is twelve bytes at most.
LONGEST_LINE = 100_000_000
Said = Any
"""What JSON may hold: everything."""
_PLAIN = {state.value: state for state in RowState}
_CODES = {code.value: code for code in Code}


class Garbled(ValueError):
    """What came is nothing that a reader says."""


@dataclass(frozen=True)
class Order:
    """What to read out of a file: its contacts with a verdict each, or its cells as they are."""

    what: What
    name: str
    files: FileRules
    contacts: ContactRules = field(default_factory=ContactRules)
    overrides: Mapping[str, str] = field(default_factory=dict)
    allow_duplicates: bool = False
    is_alone: bool = False
    memory: int = 0
    seconds: int = 0

    def line(self) -> bytes:
        """As it is sent."""
        return _line(asdict(self))

    @classmethod
    def parsed(cls, line: bytes) -> Order:
        """As it is received."""
        told = json.loads(line)
        files = {name: _untied(value) for name, value in told.pop("files").items()}
        rules = {name: _untied(value) for name, value in told.pop("contacts").items()}
        return cls(files=FileRules(**files), contacts=ContactRules(**rules), **told)


def understood(understanding: Understanding) -> bytes:
    """How the file is read; said first."""
    return _line({"understanding": asdict(understanding)})


def understanding_of(said: Said) -> Understanding:
    """The same, as it was heard."""
    try:
        told = {name: _untied(value) for name, value in said.items()}
        made = Understanding(**told)
        texts = [*made.header, *made.other_sheets, *made.phone_columns]
        optional = [made.delimiter, made.encoding, made.sheet, made.region_column]
        texts += [one for one in optional if one is not None]
        sound = made.format in {"csv", "xlsx"} and isinstance(made.header_line, int)
    except (TypeError, AttributeError) as error:
        raise Garbled(f"no understanding: {error}") from error
    if not sound or not all(isinstance(text, str) for text in texts):
        raise Garbled("no understanding")
    return made


def batch(rows: Batch | ClassifiedBatch) -> bytes:
    """Some rows."""
    told: dict[str, Any] = {
        "lines": list(rows.lines),
        "cells": list(rows.cells),
        "hidden": rows.hidden,
    }
    if isinstance(rows, ClassifiedBatch):
        told |= {
            "states": rows.states,
            "phones": rows.phones,
            "codes": rows.codes,
            "columns": rows.columns,
            "reasons": rows.reasons,
        }
    else:
        told["damaged"] = [[*where, why] for where, why in rows.damaged.items()]
    return _line({"batch": told})


def batch_of(said: Said) -> Batch:
    """Rows as they are in the file."""
    try:
        damaged = {(int(row), int(column)): str(why) for row, column, why in said["damaged"]}
        return Batch(*_rows(said), damaged=damaged, hidden=int(said["hidden"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Garbled(f"no rows: {error}") from error


def classified_of(said: Said) -> ClassifiedBatch:
    """Rows with a verdict each."""
    try:
        lines, cells = _rows(said)
        texts = [said[name] for name in ("phones", "columns", "reasons")]
        if not all(one is None or isinstance(one, str) for column in texts for one in column):
            raise Garbled("what is no text")
        phones, columns, reasons = texts
        made = ClassifiedBatch(
            lines=lines,
            cells=cells,
            states=[_PLAIN[state] for state in said["states"]],
            phones=phones,
            codes=[None if code is None else _CODES[code] for code in said["codes"]],
            columns=columns,
            reasons=reasons,
            hidden=int(said["hidden"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Garbled(f"no rows: {error}") from error
    if {len(made.states), len(phones), len(made.codes), len(columns), len(reasons)} != {len(lines)}:
        raise Garbled("columns of different lengths")
    return made


def refused(message: str, fix: str, who: str) -> bytes:
    """Why the file is not read."""
    return _line({"refused": [message, fix, who]})


def ended() -> bytes:
    """All rows have been said."""
    return _line({"ended": True})


def beyond() -> bytes:
    """It takes more memory than it may."""
    return _line({"beyond": True})


def broke(traceback: str) -> bytes:
    """A bug of ours."""
    return _line({"broke": traceback})


def heard(line: bytes) -> tuple[str, Any]:
    """One line of a reader, taken apart."""
    try:
        ((kind, said),) = json.loads(line).items()
    except (ValueError, AttributeError, RecursionError) as error:
        raise Garbled(f"no line of a reader: {error}") from error
    return kind, said


def _rows(said: Mapping[str, Any]) -> tuple[list[int], list[list[str]]]:
    lines, cells = said["lines"], said["cells"]
    if not all(type(line) is int for line in lines):
        raise Garbled("lines without numbers")
    if len(lines) != len(cells):
        raise Garbled("columns of different lengths")
    if not all(type(row) is list and all(map(_is_text, row)) for row in cells):
        raise Garbled("cells that are no text")
    return lines, cells


def _is_text(cell: object) -> bool:
    return type(cell) is str


def _untied(value: Said) -> Said:
    """What was a tuple before it was JSON."""
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _line(told: object) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode("ascii") + b"\n"
