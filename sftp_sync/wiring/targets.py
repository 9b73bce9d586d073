"""Whom to tell when a person must act. Secrets are looked up when something is told, each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

from sftp_sync import logs
from sftp_sync.announce import Letter, Target, call_webhook, send_mail
from sftp_sync.attention import Concern, Scene, concerns, general_concerns, of_leftovers
from sftp_sync.config import Config, Secret
from sftp_sync.config.form import Notify
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.troubles import Trouble
from sftp_sync.model import CampaignRecord
from sftp_sync.wiring.outlook import outlook, room_left
from sftp_sync.wiring.parts import now

Environment = Mapping[str, str]


def targets_of(config: Config, environment: Environment) -> list[Target]:
    """Everybody in `notify`, under a name that holds nothing secret."""
    seen: Counter[str] = Counter()
    found = []
    for one in config.notify:
        name = _name(one)
        seen[name] += 1
        numbered = name if seen[name] == 1 else f"{name} ({seen[name]})"
        deliver = _mail if one.webhook is None else _hook
        found.append(Target(numbered, partial(deliver, one, environment)))
    return found


def concerns_now(config: Config, ledger: Ledger) -> list[Concern]:
    """All that a person must do now."""
    at, notices, troubles = now(), ledger.notices.all(), ledger.troubles.all()
    expected = outlook(config, at).expected
    found = general_concerns(notices, config.campaigns, room_left(config.state_dir))
    found += of_leftovers(ledger.leftovers.beside(config.campaigns))
    for name, one in config.campaigns.items():
        trouble = troubles.get(name, Trouble(CampaignRecord(name)))
        scene = Scene(
            campaign=one.model,
            known=trouble.known,
            files=trouble.files,
            notices=notices,
            for_a_person=trouble.for_a_person,
            expected=expected.get(name),
            last_received_at=trouble.last_received_at,
            now=at,
        )
        found += concerns(scene) if one.settings.enabled else []
    return found


def _name(one: Notify) -> str:
    if one.webhook is not None:
        return f"webhook ({one.webhook.origin})"
    return f"e-mail to {one.email}"


def _hook(one: Notify, environment: Environment, letter: Letter) -> None:
    if one.webhook is not None:
        call_webhook(_resolved(one.webhook, environment), letter)


def _mail(one: Notify, environment: Environment, letter: Letter) -> None:
    if one.smtp is not None and one.email is not None:
        addresses = (one.sender or one.email, one.email)
        send_mail(_resolved(one.smtp, environment), addresses, letter)


def _resolved(secret: Secret, environment: Environment) -> str:
    text = secret.resolve(environment)
    logs.redact(text)
    return text
