"""Talkover's own SFTP integration of a campaign: what this program does in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sftp_sync.errors import VendorRefused, VendorUnavailable
from sftp_sync.providers.client import Told
from sftp_sync.providers.http import refusal_of
from sftp_sync.providers.shapes import identifier
from sftp_sync.providers.talkover_campaign import TalkoverCampaign
from sftp_sync.providers.wording import sentence

JOBS_SHOWN = "5"


@dataclass(frozen=True)
class HostedTest:
    """What the vendor's own connection test came to."""

    ok: bool
    said: str
    details: Mapping[str, Any]


class TalkoverHosted:
    """The integration of one campaign. `name` is what an operator types for it."""

    def __init__(self, campaign: TalkoverCampaign, name: str) -> None:
        self._campaign = campaign
        self._name = name

    def show(self) -> Mapping[str, Any] | None:
        """Its settings without secrets; None where there is none."""
        told = self._campaign.read("/sftp")
        if told.status == 404:  # noqa: PLR2004 - not found
            # The same number says that there is no such campaign: that is raised from here.
            self._campaign.show()
            return None
        return _fields(self._granted(told))

    def jobs(self) -> Sequence[Mapping[str, Any]]:
        """Its latest imports and exports, newest first."""
        told = self._campaign.read(f"/sftp/logs?per_page={JOBS_SHOWN}")
        listed = self._granted(told).document.get("data")
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

    def create(self, settings: Mapping[str, object], secrets: tuple[str, ...]) -> None:
        """Set it up; the vendor leaves it disabled."""
        self._granted(self._campaign.write("POST", "/sftp", settings, secrets), secrets)

    def update(self, changes: Mapping[str, object], secrets: tuple[str, ...] = ()) -> None:
        """Change it, turn it on or off."""
        told = self._campaign.write("PUT", "/sftp", changes, secrets)
        if told.problem is not None and told.problem.code == "SFTP_TEST_REQUIRED":
            raise VendorRefused(
                "The vendor enables it only after a test on the present settings has passed.",
                fix=f"Type: sftp-sync campaign hosted-sftp test {self._name}; then: sftp-sync"
                f" campaign hosted-sftp update {self._name} --enable",
            )
        self._granted(told, secrets)

    def test(self) -> HostedTest:
        """Let the vendor try the connection."""
        told = self._campaign.write("POST", "/sftp/test-connection")
        details = _fields(told)
        # With which status a failure comes is not documented: what the body says counts.
        if "tested_at" not in details and told.problem is not None:
            raise self._refused(told)
        said = sentence(str(details.get("error") or told.document.get("message") or ""))
        return HostedTest(told.document.get("success") is True, said, details)

    def start_import(self) -> str:
        """Let the vendor look for new files now; the id of its job."""
        told = self._campaign.write("POST", "/sftp/trigger-import")
        if told.status == 409:  # noqa: PLR2004 - conflict
            raise VendorRefused(
                "The vendor is importing for this campaign at this moment, and does one import at"
                " a time.",
                fix=f"When it is over, `sftp-sync campaign hosted-sftp show {self._name}` says so."
                " Then type this again.",
                who="vendor",
            )
        return identifier(_fields(self._granted(told)).get("job_id"))

    def _granted(self, told: Told, secrets: tuple[str, ...] = ()) -> Told:
        if told.problem is not None:
            raise self._refused(told, secrets)
        if told.document.get("success") is False:
            said = sentence(str(told.document.get("message") or "no"), secrets)
            raise VendorUnavailable(f"The vendor answered {told.status}: {said}.")
        return told

    def _refused(self, told: Told, secrets: tuple[str, ...] = ()) -> VendorRefused:
        if told.status == 404:  # noqa: PLR2004 - not found
            # What the number means for a campaign is not what it means here.
            said = "" if told.problem is None else sentence(told.problem.message, secrets)
            return VendorRefused(
                f"The vendor answered 404: {said.rstrip('.') or 'not found'}.",
                fix="If it is not set up yet, type: sftp-sync campaign hosted-sftp create"
                f" {self._name}",
            )
        if told.problem is None or (told.status == 409):  # noqa: PLR2004 - conflict
            return refusal_of(told.status, told.said)
        return self._campaign.refused(told.status, told.said, told.problem, secrets)


def _fields(told: Told) -> Mapping[str, Any]:
    found = told.document.get("data")
    return found if isinstance(found, dict) else {}
