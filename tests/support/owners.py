"""An owner of campaigns at the vendor: a configuration, a sandbox, and the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.crashing import Finished, run
from tests.support.vendors import CAMPAIGN, TOKEN, Api, TalkoverVendor, talkover

PASSWORD = "a-password-of-the-partner"
PARTNER = {
    "host": "sftp.example.com",
    "port": 2222,
    "username": "campaigns_user",
    "password": PASSWORD,
}


@dataclass
class Owner:
    """Somebody at a terminal, or a script."""

    home: Path
    vendor: TalkoverVendor
    api: Api
    campaign: dict[str, Any] = field(default_factory=dict)
    token: object = TOKEN

    def run(self, *words: str) -> Finished:
        """A command, where nobody can be asked."""
        campaign = {
            "account": "vendor",
            "campaign_id": CAMPAIGN,
            "sftp": PARTNER,
            "import_path": "/inbox",
            "export_path": "/outbox",
            **self.campaign,
        }
        account = {
            "provider": "talkover",
            "token": self.token,
            "base_url": self.vendor.sandbox.base_url,
        }
        document = {
            "state_dir": str(self.home / "state"),
            "accounts": {"vendor": account},
            "campaigns": {"renewals": campaign},
        }
        config = self.home / "config.yaml"
        config.touch(0o600)
        config.write_text(json.dumps(document), "utf-8")
        environment = {"NO_COLOR": "1", "COLUMNS": "200"}
        done = run(*words, "--config", str(config), environment=environment)
        assert TOKEN not in done.said
        assert PASSWORD not in done.said
        return done

    def writes(self) -> list[tuple[str, str, int]]:
        """What was asked of the vendor beside looking: method, place in the campaign, status."""
        return [
            (one["method"], one["path"].partition(CAMPAIGN)[2], one["status"])
            for one in self.vendor.requests()
            if one["method"] != "GET" and not one["path"].endswith("/call")
        ]

    def at_vendor(self) -> Mapping[str, Any]:
        """The campaign as the vendor has it."""
        return self.api.campaign()


@contextmanager
def an_owner(folder: Path, **settings: object) -> Iterator[Owner]:
    """An owner of one active campaign, and the vendor it is at."""
    with talkover(folder / "vendor", **settings) as vendor:
        api = Api(vendor)
        with api.client:
            yield Owner(folder, vendor, api)
