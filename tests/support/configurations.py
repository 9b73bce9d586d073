"""Configurations as operators write them: a good one, and changes to it, as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sftp_sync.config import Config, ConfigProblems, Problem, load

Changes = Mapping[str, str | None]

ACCOUNT = {"provider": "talkover", "token": "{env: TOKEN}"}
SFTP = {"host": "sftp.example.com", "username": "user", "password": "{env: PASSWORD}"}
CAMPAIGN = {
    "account": "vendor",
    "campaign_id": "550e8400-e29b-41d4-a716-446655440000",
    "import_path": "/inbox",
    "export_path": "/outbox",
}
KATHAN_ACCOUNT = {
    "provider": "kathan",
    "base_url": "https://kathan.example.com",
    "user_id": "user_1",
}
KATHAN_CAMPAIGN: Changes = {
    "campaign_id": None,
    "kathan": "{assistant_id: a, phone_number_id: p}",
}


def a_config(
    campaign: Changes | None = None,
    sftp: Changes | None = None,
    account: Changes | None = None,
    top: Changes | None = None,
) -> str:
    """A configuration's text. Changes are YAML by key; None takes a key out."""
    rest = _block({"state_dir": "/var/lib/sftp-sync"}, top, "")
    return (
        f"{rest}accounts:\n  vendor:\n{_block(ACCOUNT, account, '    ')}"
        f"campaigns:\n{a_campaign('renewals', campaign, sftp)}"
    )


def a_campaign(name: str, campaign: Changes | None = None, sftp: Changes | None = None) -> str:
    """One block of `campaigns`. A `folder` takes the place of `sftp`."""
    text = f"  {name}:\n{_block(CAMPAIGN, campaign, '    ')}"
    if campaign and ("folder" in campaign or "sftp" in campaign):
        return text
    return f"{text}    sftp:\n{_block(SFTP, sftp, '      ')}"


def _block(keys: Changes, changes: Changes | None, indent: str) -> str:
    merged = {**keys, **(changes or {})}
    return "".join(f"{indent}{key}: {text}\n" for key, text in merged.items() if text is not None)


def loaded(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration that a text makes."""
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return load(path, environment or {})


def problems_of(folder: Path, text: str) -> tuple[Problem, ...]:
    """What is wrong with a text."""
    try:
        loaded(folder, text)
    except ConfigProblems as error:
        return error.problems
    return ()
