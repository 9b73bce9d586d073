"""A rehearsal ground: an SFTP server and a vendor API on loopback, and a configuration for both."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sftp_sync.sandbox.kathan import KathanSandbox, KathanSettings
from sftp_sync.sandbox.samples import drop_samples
from sftp_sync.sandbox.sftp import SftpSandbox
from sftp_sync.sandbox.sftp_door import SandboxUser
from sftp_sync.sandbox.talkover import SandboxAccount, TalkoverSandbox, TalkoverSettings
from sftp_sync.sandbox.talkover_state import CampaignSettings

USER = "partner"
USER_ID = "user_sandbox"
KATHAN_FOLDERS = ("surveys/inbox", "surveys/outbox")
CAMPAIGN_ID = "550e8400-e29b-41d4-a716-446655440000"
REQUESTS_PER_MINUTE = 1000
CONFIGURATION = """\
state_dir: {state_dir}
accounts:
  talkover:
    provider: talkover
    base_url: {base_url}
    token: {token}
    requests_per_minute: {requests_per_minute}
{more_accounts}campaigns:
  renewals:
    account: talkover
    campaign_id: {campaign_id}
    sftp:
      host: 127.0.0.1
      port: {port}
      username: {user}
      password: {password}
      host_keys:
        - {host_key}
    import_path: /inbox
    export_path: /outbox
    files: {{settle_seconds: 1}}
    contacts: {{region: US}}
{more_campaigns}web: null
"""
KATHAN_ACCOUNT = """\
  kathan:
    provider: kathan
    base_url: {base_url}
    token: {token}
    user_id: {user_id}
    requests_per_minute: {requests_per_minute}
"""
KATHAN_CAMPAIGN = """\
  surveys:
    account: kathan
    kathan: {{assistant_id: asst_sandbox, phone_number_id: pn_sandbox}}
    sftp:
      host: 127.0.0.1
      port: {port}
      username: {user}
      password: {password}
      host_keys:
        - {host_key}
    import_path: /surveys/inbox
    export_path: /surveys/outbox
    files: {{settle_seconds: 1}}
    contacts: {{region: US}}
"""


@dataclass(frozen=True)
class Ports:
    """Where to listen; 0 takes whatever is free."""

    sftp: int = 0
    api: int = 0
    kathan: int = 0


class Ground:
    """Servers over a folder: `partner/inbox` and `partner/outbox` are what the partner sees. With
    `kathan` the second vendor stands beside the first, for lists in `partner/surveys/inbox`.
    """

    def __init__(
        self, folder: Path, *, speed: float, ports: Ports | None = None, kathan: bool = False
    ) -> None:
        ports = ports or Ports()
        self.folder = folder
        self.partner = folder / "partner"
        self.config = folder / "config.yaml"
        for name in ("inbox", "outbox", *(KATHAN_FOLDERS if kathan else ())):
            (self.partner / name).mkdir(parents=True, exist_ok=True)
        self._password = secrets.token_urlsafe(12)
        self._token = f"talq_{secrets.token_urlsafe(24)}"
        user = SandboxUser(USER, self.partner, self._password)
        self.sftp = SftpSandbox([user], keys_folder=folder / "keys", port=ports.sftp)
        # Without retries, so that every call is over after its first attempt.
        campaign = CampaignSettings(CAMPAIGN_ID, name="Renewals, a rehearsal", max_retries=0)
        settings = TalkoverSettings(
            (SandboxAccount(self._token, (campaign,)),),
            requests_per_minute=REQUESTS_PER_MINUTE,
            speed=speed,
            port=ports.api,
        )
        self.talkover = TalkoverSandbox(settings, folder / "vendor")
        self._kathan_token = f"sk_live_{secrets.token_urlsafe(24)}"
        self.kathan: KathanSandbox | None = None
        if kathan:
            vendor = KathanSettings(
                self._kathan_token,
                USER_ID,
                requests_per_minute=REQUESTS_PER_MINUTE,
                speed=speed,
                port=ports.kathan,
            )
            self.kathan = KathanSandbox(vendor, folder / "kathan")

    def drop_samples(self) -> list[Path]:
        """Leave sample lists in the partner's inbox."""
        return drop_samples(self.partner / "inbox")

    def __enter__(self) -> Self:
        self.sftp.start()
        base_url = self.talkover.start()
        partner = {
            "port": self.sftp.port,
            "user": USER,
            "password": self._password,
            "host_key": self.sftp.fingerprint,
            "requests_per_minute": REQUESTS_PER_MINUTE,
        }
        self.config.touch(0o600)
        self.config.write_text(
            CONFIGURATION.format(
                state_dir=self.folder / "state",
                base_url=base_url,
                token=self._token,
                campaign_id=CAMPAIGN_ID,
                **self._kathan_blocks(partner),
                **partner,
            ),
        )
        return self

    def _kathan_blocks(self, partner: Mapping[str, object]) -> dict[str, str]:
        if self.kathan is None:
            return {"more_accounts": "", "more_campaigns": ""}
        account = {
            "base_url": self.kathan.start(),
            "token": self._kathan_token,
            "user_id": USER_ID,
        }
        return {
            "more_accounts": KATHAN_ACCOUNT.format(**account, **partner),
            "more_campaigns": KATHAN_CAMPAIGN.format(**partner),
        }

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.sftp.stop()
        self.talkover.stop()
        if self.kathan is not None:
            self.kathan.stop()
