"""What the ledger says is due goes to the partner, and is struck off when it is there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from posixpath import join
from typing import Self

import structlog

from sftp_sync.around import Surroundings
from sftp_sync.errors import (
    NeedsOperator,
    RemoteExists,
    RemoteMissing,
    RemoteRefused,
    RemoteUnavailable,
    TryLater,
)
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Campaign, Delivery
from sftp_sync.outbox.content import sha256_at
from sftp_sync.outbox.names import bumped
from sftp_sync.outbox.refusals import Refusals
from sftp_sync.remote.base import Remote

log = structlog.get_logger(__name__)


@dataclass
class Round:
    """One step's deliveries in one run, and what was refused meanwhile. It leaves alone what
    another step delivers, which may be at it in another process at this moment.
    """

    kinds: frozenset[str]
    cause: str
    refusals: Refusals = field(default_factory=Refusals)

    @classmethod
    def of_receipts(cls) -> Self:
        """What collect has to say about files."""
        return cls(frozenset({"receipt", "rejects"}), "delivery")

    @classmethod
    def of_results(cls) -> Self:
        """What publish has to say about calls."""
        return cls(frozenset({"results"}), "delivery_of_results")

    def due(self, campaign: Campaign, around: Surroundings) -> list[Delivery]:
        """What the partner should have and has not, oldest first."""
        found = around.ledger.deliveries.due(campaign.name)
        return [delivery for delivery in found if delivery.kind in self.kinds]


def deliver_due(
    campaign: Campaign, remote: Remote, around: Surroundings, lease: Lease, made: Round
) -> list[Delivery]:
    """Deliver everything that is due, oldest first; what fails stays due and says why."""
    refusals = made.refusals
    delivered: list[Delivery] = []
    for delivery in made.due(campaign, around):
        if not refusals.is_worth_asking(delivery.id):
            continue
        try:
            delivered.append(_deliver(remote, around, lease, delivery))
        except TryLater as error:
            around.ledger.deliveries.failed(lease, delivery, error.message)
            raise
        except NeedsOperator as error:
            around.ledger.deliveries.failed(lease, delivery, error.message)
            around.ledger.notices.post(campaign.name, made.cause, error, around.now())
            refusals.note(delivery.id)
        else:
            refusals.end_row()
    if not refusals.refused:
        around.ledger.notices.clear(campaign.name, made.cause)
    return delivered


def _deliver(remote: Remote, around: Surroundings, lease: Lease, delivery: Delivery) -> Delivery:
    spooled = around.spool.path_of(delivery.spooled)
    if not spooled.is_file():
        raise NeedsOperator(
            f"{delivery.name} cannot be delivered: {spooled} is missing.",
            fix="Put the spool back from the backup that the ledger came from.",
        )
    while True:
        path = join(delivery.folder, delivery.name)
        around.ledger.deliveries.begun(lease, delivery)
        try:
            remote.put(spooled, path, may_replace=delivery.may_replace)
        except RemoteExists:
            around.ledger.deliveries.held_back(lease, delivery)
            # An earlier run may have got as far as this and no further. Somebody else's file of
            # this name is left alone.
            if not _holds(remote, path, delivery):
                delivery = _under_another_name(around, lease, delivery)
                continue
        around.ledger.deliveries.struck_off(lease, delivery, around.now())
        spooled.unlink(missing_ok=True)
        log.info(
            "file_delivered",
            campaign=delivery.campaign,
            kind=delivery.kind,
            path=join(delivery.folder, delivery.name),
        )
        return delivery


def _under_another_name(around: Surroundings, lease: Lease, delivery: Delivery) -> Delivery:
    deliveries, name = around.ledger.deliveries, bumped(delivery.name)
    while deliveries.is_taken(delivery.campaign, delivery.folder, name):
        name = bumped(name)
    renamed = replace(delivery, name=name, attempts=0)
    deliveries.renamed(lease, renamed)
    return renamed


def _holds(remote: Remote, path: str, delivery: Delivery) -> bool:
    """Whether the file that has the name is this delivery."""
    found = remote.stat(path)
    if found is not None and (found.kind != "file" or found.size not in {None, delivery.size}):
        return False
    try:
        if found is not None:
            return sha256_at(remote, path) == delivery.sha256
    except RemoteMissing:
        pass
    except RemoteRefused:
        # A drop box that may be written to and not read. What never left under this name cannot
        # be there; what may have left and contradicts nothing is.
        return delivery.may_be_there
    # Under another name it could be there twice: whoever took it may have taken ours.
    raise RemoteUnavailable(
        f"{path} was there, and is gone again.",
        fix="It is delivered in the next run.",
        step="write_export",
    )
