"""Who may connect: only what was tested as it is set now, and is not being refused at the door."""

from __future__ import annotations

from datetime import datetime, timedelta

from sftp_sync.around import Connect, Surroundings
from sftp_sync.errors import NeedsOperator, RemoteRefused, TryLater
from sftp_sync.ledger.renames import Renames, Suspect
from sftp_sync.model import Campaign, CampaignRecord
from sftp_sync.remote.base import Remote

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=24)
AT_THE_DOOR = {"host_key", "sign_in"}


class UntestedError(NeedsOperator):
    """The connection has not passed a test as it is set now."""


class UnknownNameError(NeedsOperator):
    """It may be another campaign under a new name."""


class KeptOutError(TryLater):
    """The sign-in was refused a short time ago."""


NOT_ADMITTED = (UntestedError, UnknownNameError, KeptOutError)


def admit(campaign: Campaign, known: CampaignRecord, now: datetime) -> None:
    """Let only those connect whose connection was tested as it is set now, and is not refused."""
    test = f"Type: sftp-sync test-connection {campaign.name}"
    if known.connection != campaign.connection:
        changed = "" if known.connection is None else " since its settings were changed"
        raise UntestedError(
            f"{campaign.name} does not run: its connection has not passed a test{changed}.",
            fix=test,
        )
    if known.not_before is not None and now < known.not_before:
        raise KeptOutError(
            f"{campaign.name} was refused at the door {known.refused_sign_ins} times; the next try"
            f" is at {known.not_before:%Y-%m-%d %H:%M} UTC, so that the partner does not lock us"
            " out.",
            fix=f"To try now, {test[0].lower()}{test[1:]}",
        )


def admit_name(campaign: Campaign, renames: Renames) -> None:
    """Let only those take in lists who are known by this name, or are no other campaign."""
    if (suspect := renames.suspect(campaign)) is not None:
        raise unknown_name(suspect)


def unknown_name(suspect: Suspect) -> UnknownNameError:
    """What a person must say about a campaign whose name is new."""
    name, former = suspect.campaign, suspect.former
    is_folder = suspect.by == "folder"
    what = "folder at the partner is that" if is_folder else "assistant and number are those"
    gone = ", which is not in the configuration any more" if suspect.is_gone else ""
    if suspect.can_be_it:
        first = f"If it is the same campaign under a new name, type: sftp-sync adopt {former}"
    elif suspect.is_gone:
        # Two campaigns with lists of their own cannot become one.
        first = f"If it is {former}, call it {former} again"
    else:
        first = "Give each campaign back the name that it had"
    return UnknownNameError(
        f"{name} does not run: its {what} of campaign {former}{gone}. Whom {former} has called"
        " would be called again.",
        fix=f"{first}; if it is another one, type: sftp-sync adopt --new {name}",
    )


def knocking(campaign: Campaign, connect: Connect, around: Surroundings) -> Connect:
    """The same connection, with a refusal at the door remembered."""

    def knock() -> Remote:
        try:
            return connect()
        except RemoteRefused as error:
            if error.step in AT_THE_DOOR:
                _remember_refusal(campaign, around)
            raise

    return knock


def _remember_refusal(campaign: Campaign, around: Surroundings) -> None:
    refusals = around.ledger.campaigns.get(campaign.name).refused_sign_ins + 1
    pause = min(FIRST_PAUSE * 2 ** min(refusals - 1, 20), LONGEST_PAUSE)
    around.ledger.campaigns.refused(campaign.name, refusals, around.now() + pause)
