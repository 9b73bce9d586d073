"""Nothing is committed under a lease that another process has taken over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from sftp_sync.errors import LeaseLost
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import leases
from sftp_sync.model import FileState
from tests.support.builders import (
    MAPPING,
    NOW,
    a_batch,
    a_delivery,
    a_remote_file,
    an_arrival,
    an_ending,
    an_understanding,
    enter_file,
    sha256_of,
)
from tests.support.databases import contents, written


def begin(ledger: Ledger, lease: Lease) -> object:
    arrival = an_arrival(sha256=sha256_of("next"))
    return ledger.entering.begin(lease, arrival, an_understanding(), MAPPING)


VERBS: dict[str, Callable[[Ledger, Lease, int], object]] = {
    "begin": lambda ledger, lease, _: begin(ledger, lease),
    "add": lambda ledger, lease, id_: ledger.entering.add(
        lease, id_, a_batch(pending=1, first_line=90)
    ),
    "finish": lambda ledger, lease, id_: ledger.entering.finish(
        lease, id_, a_remote_file("x.csv"), an_ending(deliveries=[a_delivery("x")])
    ),
    "set_aside": lambda ledger, lease, _: ledger.entering.set_aside(
        lease, an_arrival(), an_ending(FileState.UNREADABLE)
    ),
    "take_back": lambda ledger, lease, _: ledger.entering.take_back(lease, "renewals"),
    "sight": lambda ledger, lease, id_: ledger.files.sight(
        lease, "renewals", a_remote_file("y.csv"), id_
    ),
    "tidied": lambda ledger, lease, id_: ledger.files.tidied(lease, id_),
    "begun": lambda ledger, lease, _: ledger.deliveries.begun(
        lease, ledger.deliveries.due("renewals")[0]
    ),
    "held_back": lambda ledger, lease, _: ledger.deliveries.held_back(
        lease, replace(ledger.deliveries.due("renewals")[0], attempts=1)
    ),
    "struck_off": lambda ledger, lease, _: ledger.deliveries.struck_off(
        lease, ledger.deliveries.due("renewals")[0], NOW
    ),
    "renamed": lambda ledger, lease, _: ledger.deliveries.renamed(
        lease, ledger.deliveries.due("renewals")[0]
    ),
    "failed": lambda ledger, lease, _: ledger.deliveries.failed(
        lease, ledger.deliveries.due("renewals")[0], "no"
    ),
}


@pytest.mark.parametrize("verb", VERBS)
class TestAfterATakeover:
    def test_no_verb_commits_anything(self, verb: str, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery()], tidy=True))
        begun = begin(ledger, lease)
        assert isinstance(begun, int)
        ledger.entering.add(lease, begun, a_batch(pending=2))
        with written(ledger) as connection:
            elsewhere = {"holder": "another", "fence": lease.fence + 1}
            connection.execute(update(leases).values(**elsewhere))
        before = contents(ledger)

        with pytest.raises(LeaseLost, match="taken over collect:renewals"):
            VERBS[verb](ledger, lease, begun)

        assert lease.lost
        assert contents(ledger) == before

    def test_the_same_verb_commits_under_the_lease(
        self, verb: str, ledger: Ledger, lease: Lease
    ) -> None:
        enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery()], tidy=True))
        begun = begin(ledger, lease)
        assert isinstance(begun, int)
        before = contents(ledger)
        VERBS[verb](ledger, lease, begun)
        # A name is changed to the same one, and a finished arrival is told by its state.
        assert (contents(ledger) != before) == (verb != "renamed")
