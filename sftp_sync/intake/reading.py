"""A staged file is read: understood once, then classified batch by batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sftp_sync import contacts, tables
from sftp_sync.errors import FileRefused
from sftp_sync.model import Campaign, ClassifiedBatch, StagedFile, Understanding


@dataclass(frozen=True)
class ContactList:
    """An opened list: how it is understood, and its rows with a verdict each, streamed once."""

    understanding: Understanding
    batches: Iterator[ClassifiedBatch]


@contextmanager
def opened(staged: StagedFile, campaign: Campaign) -> Iterator[ContactList]:
    """The list in a staged file, or `FileRefused` with what to change."""
    rules = campaign.contacts
    with tables.open_table(staged.path, staged.source.shown_name, campaign.files) as table:
        header = table.understanding.header
        if contacts.is_own_result(header):
            raise FileRefused(
                "The file is a result file of ours.",
                fix="Results belong to the export path. To call these people, delete the columns"
                " that begin with result_ and send it again.",
            )
        columns = contacts.choose_columns(header, rules, campaign.overrides)
        classifier = contacts.Classifier(columns, rules, allow_duplicates=campaign.allow_duplicates)
        understanding = replace(
            table.understanding,
            phone_columns=columns.phone_names,
            region_column=columns.region_name,
        )
        yield ContactList(understanding, map(classifier.classify, table.batches))


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
