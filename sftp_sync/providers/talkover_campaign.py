"""A campaign at Talkover as its owner sees it: shown, changed, turned on and off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from sftp_sync.errors import VendorRefused, VendorUnavailable
from sftp_sync.providers.base import VendorCampaign
from sftp_sync.providers.client import Told, VendorClient
from sftp_sync.providers.http import refusal_of
from sftp_sync.providers.shapes import Problem
from sftp_sync.providers.talkover import Talkover
from sftp_sync.providers.wording import sentence

POSITION = re.compile(r"\.(\d+)(?=\.|$)")


class TalkoverCampaign:
    """One campaign, reached by its account's client. `name` is what an operator types for it."""

    def __init__(self, client: VendorClient, campaign_id: str, name: str) -> None:
        self._client = client
        self._campaign_id = campaign_id
        self._path = f"/campaigns/{quote(campaign_id, safe='')}"
        self._name = name

    def show(self) -> VendorCampaign:
        """The campaign as it is now."""
        return Talkover(self._client, self._campaign_id).campaign(lane="dispatch")

    def update(self, changes: Mapping[str, object]) -> None:
        """Change some of its settings; the others stay."""
        told = self.write("PUT", "", changes)
        if told.problem is None:
            return
        if told.status == 409:  # noqa: PLR2004 - conflict
            raise VendorRefused(
                f"The vendor answered {told.said.rstrip('.')}.",
                fix=f"Type: sftp-sync campaign pause {self._name}; then this again; then: sftp-sync"
                f" campaign activate {self._name}",
            )
        if told.status == 403:  # noqa: PLR2004 - forbidden
            raise VendorRefused(
                f"The vendor answered {told.said.rstrip('.')}.",
                fix="Where the campaign is active, pause it first; else use a token with rights to"
                " it.",
            )
        raise self.refused(told.status, told.said, told.problem)

    def turn(self, status: str) -> None:
        """Give it another status."""
        told = self.write("PATCH", "/status", {"status": status})
        if told.problem is None:
            return
        if told.status == 400:  # noqa: PLR2004 - the vendor's word for a transition that is not
            raise VendorRefused(
                f"The vendor answered {told.said.rstrip('.')}.",
                fix=f"Type: sftp-sync campaign show {self._name}",
            )
        raise self.refused(told.status, told.said, told.problem)

    def write(
        self,
        method: str,
        place: str,
        body: Mapping[str, object] | None = None,
        secrets: tuple[str, ...] = (),
    ) -> Told:
        """Ask for a change, once; where no answer comes back, nobody knows whether it was made."""
        try:
            return self._client.request(method, f"{self._path}{place}", body, secrets)
        except VendorUnavailable as error:
            what = "campaign hosted-sftp" if place.startswith("/sftp") else "campaign"
            raise VendorUnavailable(
                error.message,
                fix=f"Whether it was done is not known. Look: sftp-sync {what} show {self._name}",
                wait_seconds=error.wait_seconds,
            ) from error

    def read(self, place: str) -> Told:
        """Ask for something below the campaign."""
        return self._client.request("GET", f"{self._path}{place}")

    def refused(
        self, status: int, said: str, problem: Problem, secrets: tuple[str, ...] = ()
    ) -> VendorRefused:
        """A no, with each sentence at its field where the vendor names fields."""
        if status != 422 or not problem.fields:  # noqa: PLR2004 - the vendor's validation
            return refusal_of(status, said)
        fields = problem.fields.items()
        lines = [f"{_dotted(name)}: {sentence(words, secrets)}" for name, words in fields]
        heading = "a field" if len(lines) == 1 else f"{len(lines)} fields"
        return VendorRefused(
            "\n  ".join([f"The vendor refuses {heading}; nothing was changed.", *lines])
        )


def _dotted(name: str) -> str:
    """`call_time_ranges.0.end` as an operator reads it: call_time_ranges[0].end."""
    return POSITION.sub(r"[\1]", sentence(name))
