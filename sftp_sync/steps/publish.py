"""Publish: results go back to the partner, each row once when it is over, or all of them as they
stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sftp_sync.around import Connect, Surroundings
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import Campaign, FileRecord
from sftp_sync.outbox.deliver import Round, deliver_due
from sftp_sync.outbox.results import compose, result_name


@dataclass(frozen=True)
class Published:
    """What one publish came to."""

    composed: int = 0
    delivered: int = 0


def publish(campaign: Campaign, connect: Connect, around: Surroundings) -> Published:
    """Write down what there is to report, then bring it to the partner."""
    ledger = around.ledger
    with ledger.leases.hold(f"publish:{campaign.name}") as lease:
        due = {delivery.spooled for delivery in ledger.deliveries.due(campaign.name)}
        around.spool.sweep(campaign.name, "results", keep=due)
        write = _snapshot if campaign.results.mode == "snapshot" else _final
        composed = write(campaign, around, lease)
        results = Round.of_results()
        if not results.due(campaign, around):
            return Published(composed)
        with connect() as remote:
            delivered = deliver_due(campaign, remote, around, lease, results)
    return Published(composed, len(delivered))


def _final(campaign: Campaign, around: Surroundings, lease: Lease) -> int:
    """Each row exactly once over all result files of its source, when it is over."""
    ledger, composed = around.ledger, 0
    for file in ledger.results.files(campaign.name):
        around.wait(0)
        name = _free_name(campaign, around, file)
        new = ledger.results.rows(file.id, only_new=True)
        delivery, over = compose(around, campaign, file, name, new)
        if ledger.results.report(lease, file, delivery, over):
            composed += 1
        else:
            around.spool.path_of(delivery.spooled).unlink(missing_ok=True)
    return composed


def _snapshot(campaign: Campaign, around: Surroundings, lease: Lease) -> int:
    """Every row as it stands, under one name per source, whenever something has changed."""
    ledger, composed = around.ledger, 0
    for file in ledger.results.unfinished(campaign.name):
        around.wait(0)
        name = result_name(campaign, file, file.received_at)
        rows = ledger.results.rows(file.id, only_new=False)
        delivery, over = compose(around, campaign, file, name, rows)
        if delivery.sha256 == ledger.results.latest_sha256(file, delivery.folder, name):
            around.spool.path_of(delivery.spooled).unlink(missing_ok=True)
            continue
        replaced = ledger.results.rewrite(lease, file, delivery, over)
        if replaced is not None:
            around.spool.path_of(replaced).unlink(missing_ok=True)
        composed += 1
    return composed


def _free_name(campaign: Campaign, around: Surroundings, file: FileRecord) -> str:
    moment = around.now()
    while True:
        name = result_name(campaign, file, moment)
        if not around.ledger.deliveries.is_taken(campaign.name, campaign.export_path, name):
            return name
        moment += timedelta(seconds=1)
