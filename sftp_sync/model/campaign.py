"""A campaign as the steps see it: what to take, how to read it, what to hold, what to give back.

The configuration's types add what only the wiring needs (connections, schedules, secrets).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

IGNORED_NAMES = ("*.part", "*.filepart", "*.tmp", "*.temp", "*.writing", "*.partial", "~$*", ".*")
LIST_NAMES = ("*.csv", "*.tsv", "*.txt", "*.xlsx")


@dataclass(frozen=True)
class FileRules:
    """Which files are lists, when they are complete, and what becomes of them."""

    pattern: tuple[str, ...] = LIST_NAMES
    ignore: tuple[str, ...] = IGNORED_NAMES
    settle_seconds: float = 10
    ready_marker: str | None = None
    after_import: Literal["keep", "move", "delete"] = "keep"
    archive_path: str | None = None
    max_bytes: int = 268_435_456
    max_rows: int = 1_000_000
    max_files_per_run: int = 100
    sheet: str | int | None = None
    encoding: str = "auto"
    delimiter: str = "auto"


@dataclass(frozen=True)
class ContactRules:
    """How a row becomes a contact."""

    phone: tuple[str, ...] = ()
    region: str | None = None
    region_column: str | None = None
    bare_numbers: Literal["national", "international"] = "national"
    payload: Literal["all"] | tuple[str, ...] | Mapping[str, str] = "all"
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HoldRules:
    """What makes a file strange enough to wait for a person."""

    reject_ratio_above: float | None = 0.5
    seen_before_above: float | None = 0.5
    first_run_older_than: timedelta | None = timedelta(days=1)
    rows_above: int | None = None
    rows_below: int | None = None


@dataclass(frozen=True)
class Limits:
    """How many calls a day and a file may cause."""

    calls_per_day: int | None = None
    calls_per_file: int | None = None


@dataclass(frozen=True)
class Suppression:
    """Where the partner leaves do-not-call lists."""

    path: str
    pattern: str = "*.csv"
    max_age: timedelta | None = None


@dataclass(frozen=True)
class ResultRules:
    """How results go back."""

    format: Literal["csv", "xlsx", "jsonl"] = "csv"
    mode: Literal["final", "snapshot"] = "final"
    final_after: timedelta = timedelta(days=7)
    receipts: bool = True
    spreadsheet_safe: bool = True


@dataclass(frozen=True)
class Campaign:
    """One partner's campaign: the plain values that every step works from.

    `destination` is the vendor's campaign by identity (account URL and id), not by a name of ours:
    two campaigns here that share it share its duplicates. `takes_lists`: the vendor makes a
    campaign of each file, so that no list of calls shows what became of a single row. `overrides`
    are texts with columns in them that the vendor's assistant is told of each contact. `door` is
    the partner's folder that its lists come from, `voice` who calls from which number; `beside` are
    the names of all campaigns that are configured.
    """

    name: str
    account: str
    destination: str
    import_path: str
    export_path: str
    takes_lists: bool = False
    timezone: str = "UTC"
    files: FileRules = field(default_factory=FileRules)
    contacts: ContactRules = field(default_factory=ContactRules)
    hold: HoldRules = field(default_factory=HoldRules)
    limits: Limits = field(default_factory=Limits)
    results: ResultRules = field(default_factory=ResultRules)
    suppression: Suppression | None = None
    allow_duplicates: bool = False
    repeat_after: timedelta = timedelta(hours=24)
    expires_after: timedelta | None = None
    is_testing: bool = False
    overrides: Mapping[str, str] = field(default_factory=dict)
    connection: str = ""
    door: str = ""
    voice: str = ""
    beside: frozenset[str] = frozenset()
    host: str = ""
    file_mode: int | None = None
