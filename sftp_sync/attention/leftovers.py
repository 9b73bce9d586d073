"""What a person must do about campaigns that went out of the configuration before they were done.

Due rows are found by the campaign's name: under another one nobody sends, follows or delivers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sftp_sync.attention.concerns import Concern
from sftp_sync.ledger.leftovers import Leftover
from sftp_sync.model import many


def of_leftovers(leftovers: Iterable[Leftover]) -> list[Concern]:
    """One for each campaign."""
    return [_left_behind(one) for one in leftovers]


def _left_behind(leftover: Leftover) -> Concern:
    name = leftover.campaign
    return Concern(
        scope=name,
        cause="campaign_not_configured",
        message=f"Campaign {name} is not in the configuration any more and is not done:"
        f" {', '.join(_parts(leftover))}. Under another name nothing of it goes on.",
        fix="Put it back under this name (with enabled: false it runs only by hand), then type:"
        f" sftp-sync sync {name}",
    )


def _parts(leftover: Leftover) -> Iterator[str]:
    told = (
        (leftover.held_files, "file", "held"),
        (leftover.rows_to_send, "row", "to be sent"),
        (leftover.rows_in_doubt, "row", "in doubt"),
        (leftover.open_calls, "call", "not over"),
        (leftover.rows_to_report, "row", "to be reported"),
        (leftover.files_to_deliver, "file", "to be delivered"),
    )
    for number, noun, what in told:
        if number:
            yield f"{many(number, noun)} {what}"
