"""The rows of a file as the contacts of a campaign."""

from __future__ import annotations

from collections.abc import Sequence

from sftp_sync import contacts
from sftp_sync.ledger import Ledger
from sftp_sync.model import FilePlan, Launch, PinnedRow, Terms
from sftp_sync.providers.base import Draft, Recipient
from sftp_sync.sending.requests import OUR_KEY


def recipients_of(ledger: Ledger, launch: Launch, terms: Terms) -> list[Recipient]:
    """Each row as a contact, told what the vendor is to know of it."""
    plan = ledger.files.plan(launch.file_id)
    return [_recipient(plan, row, terms) for row in ledger.departures.recipients(launch)]


def draft_of(
    launch: Launch, terms: Terms, recipients: Sequence[Recipient], list_id: str | None
) -> Draft:
    """The campaign of a file, with its contacts in it or in a list."""
    in_it = () if list_id is not None else recipients
    return Draft(launch.name, terms.settings, in_it, list_id)


def _recipient(plan: FilePlan, row: PinnedRow, terms: Terms) -> Recipient:
    told = contacts.payload_of(plan.header, row.cells, plan.payload, plan.phone_columns)
    told |= contacts.context_of(plan.header, row.cells, plan.context)
    # Nothing documented brings it back; it says at the vendor's where a contact came from.
    told[OUR_KEY] = f"{plan.sha256[:12]}:{row.line}:{row.row_id}"
    overrides = contacts.context_of(plan.header, row.cells, terms.overrides)
    return Recipient(row.phone, told, overrides)
