"""Names that campaigns had before. Where the vendor makes a campaign of each file, our own name is
all that tells one from another: whom a former name has called, a new one would call again.

A campaign is known again by the partner's folder that its lists come from, or by who calls from
which number at the vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    delete,
    exists,
    or_,
    select,
    update,
)

from sftp_sync.errors import UsageError
from sftp_sync.ledger.destinations import destination_id
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import (
    campaign_doors,
    campaigns,
    deliveries,
    destinations,
    files,
    launches,
    listed_numbers,
    notices,
    rows,
    runs,
    sightings,
    spending,
    suppression_lists,
    totals,
    unheld_calls,
)
from sftp_sync.ledger.upserts import insert_if_absent, put
from sftp_sync.model import Campaign

OF_A_CAMPAIGN: tuple[Table, ...] = (
    *(files, sightings, deliveries, launches, spending, totals, suppression_lists, listed_numbers),
    campaign_doors,
)


@dataclass(frozen=True)
class Suspect:
    """A campaign that may be another one under a new name, and by what it is known again. One
    that `has_lists` of its own cannot go on as the other.
    """

    campaign: str
    former: str
    by: Literal["folder", "voice"]
    is_gone: bool
    has_lists: bool = False

    @property
    def can_be_it(self) -> bool:
        """Whether it may go on as the other."""
        return self.is_gone and not self.has_lists


class Renames:
    """The verbs for campaigns under other names. `beside`: the names that are configured now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def suspect(self, campaign: Campaign) -> Suspect | None:
        """What it may have been called before; nothing where the vendor's own id tells, or where it
        is known as it is.
        """
        with reading(self._engine) as connection:
            return suspect_of(connection, campaign)

    def suspects(self, configured: Sequence[Campaign]) -> dict[str, Suspect]:
        """All of these that may have had another name, by the name that they have now."""
        found = ((one.name, self.suspect(one)) for one in configured)
        return {name: suspect for name, suspect in found if suspect is not None}

    def remember(self, campaign: Campaign) -> None:
        """This campaign is what it is: it is known again by this from now on."""
        if not campaign.takes_lists:
            return
        known = select(campaigns.c.name).where(
            campaigns.c.name == campaign.name,
            campaigns.c.voice == campaign.voice,
            _is_at_home(campaign),
        )
        with reading(self._engine) as connection:
            if connection.execute(known).first() is not None:
                return
        with writing(self._engine) as connection:
            _write_down(connection, campaign)

    def set_apart(self, campaign: Campaign) -> None:
        """A person says that this campaign is none that is gone. Where one of those comes back, it
        is asked about in its turn: the folder has been another's since.
        """
        if not campaign.takes_lists:
            return
        gone = campaign_doors.c.campaign.not_in(campaign.beside)
        with writing(self._engine) as connection:
            here = delete(campaign_doors).where(campaign_doors.c.door == campaign.door)
            connection.execute(here.where(gone))
            _write_down(connection, campaign)

    def take_over(self, lease: Lease, campaign: Campaign, former: str) -> int:
        """Everything of the former name goes on under the new one; how many files. In one
        transaction, under the new one's lease: either name has all of it at any moment.
        """
        with writing(self._engine) as connection:
            lease.guard(connection)
            _refuse_what_has_lists(connection, campaign)
            moved = connection.execute(select(files.c.id).where(files.c.campaign == former)).all()
            _rename_destination(connection, campaign, former)
            for table in OF_A_CAMPAIGN:
                connection.execute(delete(table).where(table.c.campaign == campaign.name))
                here = update(table).where(table.c.campaign == former)
                connection.execute(here.values(campaign=campaign.name))
            connection.execute(delete(runs).where(runs.c.campaign == former))
            connection.execute(delete(notices).where(notices.c.scope == former))
            _merge_records(connection, campaign, former)
            return len(moved)


def suspect_of(connection: Connection, campaign: Campaign) -> Suspect | None:
    """What a campaign may have been called before."""
    if not campaign.takes_lists:
        return None
    own = select(campaigns.c.voice, _is_at_home(campaign)).where(campaigns.c.name == campaign.name)
    voice, is_at_home = connection.execute(own).one_or_none() or (None, False)
    if is_at_home:
        return None
    has_lists = _has_lists(connection, campaign.name)
    if voice is None and has_lists:
        # Of before this was written down.
        return None
    others = select(campaigns.c.name).where(campaigns.c.name != campaign.name)
    # One that is gone first: only that can be the same.
    order = (campaigns.c.name.in_(campaign.beside), campaigns.c.name)
    at_its_door = others.where(_was_at(campaign)).order_by(*order).limit(1)
    if (name := connection.execute(at_its_door).scalar_one_or_none()) is not None:
        is_gone = name not in campaign.beside
        return Suspect(campaign.name, name, "folder", is_gone, has_lists)
    if voice is not None:
        # Under its own name it may call with another voice, as it did before.
        return None
    gone = others.where(
        campaigns.c.voice == campaign.voice, campaigns.c.name.not_in(campaign.beside)
    )
    alike = connection.execute(gone.order_by(campaigns.c.name).limit(1)).scalar_one_or_none()
    return None if alike is None else Suspect(campaign.name, alike, "voice", is_gone=True)


def _is_at_home(campaign: Campaign) -> ColumnElement[bool]:
    """Lists of this name have come from its folder before."""
    return exists().where(
        campaign_doors.c.campaign == campaign.name, campaign_doors.c.door == campaign.door
    )


def _was_at(campaign: Campaign) -> ColumnElement[bool]:
    """Another campaign's lists came from the same folder, as far as that was written down."""
    its_own = campaign_doors.c.campaign == campaigns.c.name
    unwritten = and_(
        campaigns.c.voice.is_(None),
        campaigns.c.connection == campaign.connection,
        campaigns.c.name.not_in(campaign.beside),
        exists().where(
            files.c.campaign == campaigns.c.name,
            files.c.destination_id == destinations.c.id,
            destinations.c.takes_lists,
        ),
    )
    return or_(exists().where(its_own, campaign_doors.c.door == campaign.door), unwritten)


def _write_down(connection: Connection, campaign: Campaign) -> None:
    put(connection, campaigns, {"name": campaign.name, "voice": campaign.voice})
    home = {"campaign": campaign.name, "door": campaign.door}
    insert_if_absent(connection, campaign_doors, home)


def _has_lists(connection: Connection, name: str) -> bool:
    asked = select(files.c.id).where(files.c.campaign == name).limit(1)
    return connection.execute(asked).first() is not None


def _refuse_what_has_lists(connection: Connection, campaign: Campaign) -> None:
    if _has_lists(connection, campaign.name):
        raise UsageError(
            f"{campaign.name} has taken in lists of its own: it cannot go on as another campaign.",
            fix="Put the former name back beside it, with another import_path for one of the two.",
        )


def _rename_destination(connection: Connection, campaign: Campaign, former: str) -> None:
    """The vendor's side: our name is part of the identity there."""
    stem, _, _ = campaign.destination.rpartition("/")
    was = destination_id(connection, f"{stem}/{former}")
    if was is None:
        # It called by another account: its rows wait there until a person says what that is.
        return
    empty = destination_id(connection, campaign.destination)
    if empty is not None:
        connection.execute(delete(unheld_calls).where(unheld_calls.c.destination_id == empty))
        connection.execute(
            update(rows).where(rows.c.destination_id == empty).values(destination_id=was)
        )
        connection.execute(delete(destinations).where(destinations.c.id == empty))
    here = update(destinations).where(destinations.c.id == was)
    connection.execute(here.values(identity=campaign.destination))


def _merge_records(connection: Connection, campaign: Campaign, former: str) -> None:
    old = connection.execute(select(campaigns).where(campaigns.c.name == former)).first()
    if old is not None:
        told = {"name": campaign.name, "collected_at": old.collected_at}
        put(connection, campaigns, told | ({"paused": True} if old.paused else {}))
    _write_down(connection, campaign)
    connection.execute(delete(campaigns).where(campaigns.c.name == former))
