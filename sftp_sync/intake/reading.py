"""A staged file is read: understood once, then classified batch by batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sftp_sync.around import Surroundings
from sftp_sync.model import (
    Campaign,
    ClassifiedBatch,
    FileRules,
    StagedFile,
    Table,
    Understanding,
)
from sftp_sync.reading.nursery import Patience, reading
from sftp_sync.reading.wire import Order, batch_of, classified_of


@dataclass(frozen=True)
class ContactList:
    """An opened list: how it is understood, and its rows with a verdict each, streamed once."""

    understanding: Understanding
    batches: Iterator[ClassifiedBatch]


@contextmanager
def opened(
    staged: StagedFile, campaign: Campaign, around: Surroundings, *, is_alone: bool = False
) -> Iterator[ContactList]:
    """The list in a staged file, or `FileRefused` with what to change. `is_alone`: while nothing
    else is read.
    """
    order = Order(
        what="contacts",
        name=staged.source.shown_name,
        files=campaign.files,
        contacts=campaign.contacts,
        overrides=campaign.overrides,
        allow_duplicates=campaign.allow_duplicates,
        is_alone=is_alone,
    )
    patience = Patience(around.wait, around.monotonic)
    with reading(staged.path, order, classified_of, patience) as (understanding, batches):
        yield ContactList(understanding, batches)


@contextmanager
def opened_table(path: Path, name: str, rules: FileRules, around: Surroundings) -> Iterator[Table]:
    """The cells of a file as they are, or `FileRefused`."""
    order = Order(what="table", name=name, files=rules)
    patience = Patience(around.wait, around.monotonic)
    with reading(path, order, batch_of, patience) as (understanding, batches):
        yield Table(understanding, batches)


def mapping_of(campaign: Campaign) -> dict[str, object]:
    """How the rows of a file received now will be put to the vendor, whatever is changed later."""
    rules = campaign.contacts
    payload = rules.payload if isinstance(rules.payload, str) else _plain(rules.payload)
    return {"payload": payload, "context": dict(rules.context)}


def reading_of(campaign: Campaign) -> str:
    """A fingerprint of the settings a file is read with, in two parts: how its bytes become cells,
    and how its cells are judged. An unreadable file is read again, and a held one judged anew, once
    they have changed.
    """
    files, rules = campaign.files, campaign.contacts
    cells = [files.sheet, files.encoding, files.delimiter]
    verdicts = [
        (files.max_bytes, files.max_rows),
        (rules.phone, rules.region, rules.region_column, rules.bare_numbers),
        mapping_of(campaign),
        dict(campaign.overrides),
        campaign.allow_duplicates,
    ]
    return ":".join(_fingerprint(part) for part in (cells, verdicts))


def reads_cells_alike(one: str, other: str) -> bool:
    """Whether the same bytes are the same cells by both of these settings. A fingerprint of an
    earlier version has one part, which does not tell.
    """
    parts = [fingerprint.partition(":") for fingerprint in (one, other)]
    return parts[0][0] == parts[1][0] or not all(colon for _, colon, _ in parts)


def _fingerprint(settings: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:32]


def _plain(payload: object) -> object:
    return dict(payload) if hasattr(payload, "keys") else payload  # type: ignore[call-overload]
