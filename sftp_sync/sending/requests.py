"""A claimed row as the request that queues its call."""

from __future__ import annotations

from functools import lru_cache

from sftp_sync import contacts
from sftp_sync.ledger import Ledger
from sftp_sync.model import Campaign, Claim, FilePlan
from sftp_sync.providers.base import CallRequest

OUR_KEY = "sftp_sync"


class Requests:
    """Composes requests; how a file's rows are put to the vendor is looked up once per file."""

    def __init__(self, ledger: Ledger) -> None:
        self._plan_of = lru_cache(maxsize=256)(ledger.files.plan)

    def of(self, campaign: Campaign, claim: Claim) -> CallRequest:
        """The request for a claim. A row in doubt is never sent with duplicates allowed."""
        plan = self._plan_of(claim.file_id)
        return CallRequest(
            to=claim.phone,
            payload=contacts.payload_of(plan.header, claim.cells, plan.payload, plan.phone_columns),
            context=contacts.context_of(plan.header, claim.cells, plan.context) | _key(plan, claim),
            is_testing=campaign.is_testing,
            allow_duplicates=campaign.allow_duplicates and claim.doubt_since is None,
        )


def _key(plan: FilePlan, claim: Claim) -> dict[str, object]:
    return {
        OUR_KEY: {
            "file": plan.sha256,
            "line": claim.line,
            "row": claim.row_id,
            "attempt": claim.attempt,
        },
    }
