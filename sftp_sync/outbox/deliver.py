"""What the ledger says is due goes to the partner, and is struck off when it is there."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from posixpath import join

from sftp_sync.around import Surroundings
from sftp_sync.errors import RemoteExists, RemoteRefused, TryLater
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Campaign, Delivery
from sftp_sync.outbox.names import bumped
from sftp_sync.remote.base import Remote

CAUSE = "delivery"


def deliver_due(
    campaign: Campaign, remote: Remote, around: Surroundings, lease: Lease
) -> list[Delivery]:
    """Deliver everything that is due, oldest first; what fails stays due and says why."""
    delivered: list[Delivery] = []
    for delivery in around.ledger.deliveries.due(campaign.name):
        try:
            delivered.append(_deliver(remote, around, lease, delivery))
        except (RemoteRefused, TryLater) as error:
            around.ledger.deliveries.failed(lease, delivery, error.message)
            around.ledger.notices.post(campaign.name, CAUSE, error, around.now())
            if isinstance(error, TryLater):
                raise
            return delivered
    around.ledger.notices.clear(campaign.name, CAUSE)
    return delivered


def _deliver(remote: Remote, around: Surroundings, lease: Lease, delivery: Delivery) -> Delivery:
    spooled = around.spool.path_of(delivery.spooled)
    while True:
        path = join(delivery.folder, delivery.name)
        try:
            remote.put(spooled, path, may_replace=delivery.may_replace)
        except RemoteExists:
            # An earlier run may have got as far as this and no further. Somebody else's file of
            # this name is left alone.
            if not _holds(remote, path, delivery):
                delivery = replace(delivery, name=bumped(delivery.name))
                around.ledger.deliveries.renamed(lease, delivery)
                continue
        around.ledger.deliveries.struck_off(lease, delivery, around.now())
        spooled.unlink(missing_ok=True)
        return delivery


def _holds(remote: Remote, path: str, delivery: Delivery) -> bool:
    found = remote.stat(path)
    if found is None or found.kind != "file" or found.size not in {None, delivery.size}:
        return False
    content = io.BytesIO()
    remote.fetch(path, content)
    return hashlib.sha256(content.getvalue()).hexdigest() == delivery.sha256
