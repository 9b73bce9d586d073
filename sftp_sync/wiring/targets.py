"""Whom to tell when a person must act. Secrets are looked up when something is told, each time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from sftp_sync import logs
from sftp_sync.attention import Concern, Scene, concerns, general_concerns, of_leftovers
from sftp_sync.config import Config, Secret
from sftp_sync.config.form import Notify
from sftp_sync.errors import TryLater
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.troubles import Trouble
from sftp_sync.model import CampaignRecord
from sftp_sync.providers.address import proxy_for
from sftp_sync.providers.wire import Access, Broken, Exchange, Wire
from sftp_sync.wiring.outlook import outlook, room_left
from sftp_sync.wiring.parts import now

if TYPE_CHECKING:
    from sftp_sync.announce import Letter, Target

HOOK_SECONDS = 10
Environment = Mapping[str, str]


def targets_of(config: Config, environment: Environment) -> list[Target]:
    """Everybody in `notify`, under a name that holds nothing secret."""
    if not config.notify:
        return []
    from sftp_sync.announce import Target

    return [
        Target(name, partial(_mail if one.webhook is None else _hook, one, environment), one.after)
        for name, one in _named(config)
        if one.heartbeat is None
    ]


def heartbeats_of(config: Config, environment: Environment) -> dict[str, Callable[[], None]]:
    """The heartbeats in `notify`, each with what asks it once."""
    return {
        name: partial(_beat, one, environment)
        for name, one in _named(config)
        if one.heartbeat is not None
    }


def _named(config: Config) -> Iterator[tuple[str, Notify]]:
    seen: Counter[str] = Counter()
    for one in config.notify:
        name = _name(one)
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})", one


def concerns_now(config: Config, ledger: Ledger) -> list[Concern]:
    """All that a person must do now."""
    at, notices, troubles = now(), ledger.notices.all(), ledger.troubles.all()
    expected = outlook(config, at).expected
    found = general_concerns(notices, config.campaigns, room_left(config.state_dir))
    found += of_leftovers(ledger.leftovers.beside(config.campaigns))
    models = [one.model for one in config.campaigns.values()]
    elsewhere, suspects = ledger.leftovers.elsewhere(models), ledger.renames.suspects(models)
    for name, one in config.campaigns.items():
        trouble = troubles.get(name, Trouble(CampaignRecord(name)))
        scene = Scene(
            campaign=one.model,
            known=trouble.known,
            files=trouble.files,
            notices=notices,
            for_a_person=trouble.for_a_person,
            elsewhere=elsewhere.get(name, ()),
            suspect=suspects.get(name),
            expected=expected.get(name),
            last_received_at=trouble.last_received_at,
            now=at,
        )
        found += concerns(scene) if one.settings.enabled else []
    return found


def _name(one: Notify) -> str:
    if one.webhook is not None:
        return f"webhook ({one.webhook.origin})"
    if one.heartbeat is not None:
        return f"heartbeat ({one.heartbeat.origin})"
    return f"e-mail to {one.email}"


def _hook(one: Notify, environment: Environment, letter: Letter) -> None:
    from sftp_sync.announce import call_webhook

    if one.webhook is not None:
        post = partial(post_json, environment=environment)
        call_webhook(post, _resolved(one.webhook, environment), letter)


def _beat(one: Notify, environment: Environment) -> None:
    from sftp_sync.announce import beat

    if one.heartbeat is not None:
        get = partial(_ask, body=None, environment=environment, peer="the heartbeat")
        beat(get, _resolved(one.heartbeat, environment))


def post_json(
    url: str, body: bytes, environment: Environment, timeout_seconds: float = HOOK_SECONDS
) -> int:
    """Post to a web address: the answer's status."""
    return _ask(url, body, environment, "the webhook", timeout_seconds)


def _ask(
    url: str,
    body: bytes | None,
    environment: Environment,
    peer: str,
    timeout_seconds: float = HOOK_SECONDS,
) -> int:
    """Ask a web address, by the proxy that the environment names: the answer's status."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    access = Access(
        base_url=f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else ""),
        in_flight=1,
        timeout_seconds=timeout_seconds,
        proxy=proxy_for(url, environment),
        peer=peer,
    )
    wire = Wire(access, time.monotonic)
    try:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        headers = {"User-Agent": "sftp-sync"}
        if body is None:
            exchange = Exchange("GET", path, headers=headers)
        else:
            headers["Content-Type"] = "application/json"
            exchange = Exchange("POST", path, headers=headers, body=body)
        reply = wire.exchange(exchange)
    finally:
        wire.close()
    if isinstance(reply, Broken):
        raise TryLater(f"{reply.reason[:1].upper()}{reply.reason[1:]}.")
    return reply.status


def _mail(one: Notify, environment: Environment, letter: Letter) -> None:
    from sftp_sync.announce import send_mail

    if one.smtp is not None and one.email is not None:
        addresses = (one.sender or one.email, one.email)
        send_mail(_resolved(one.smtp, environment), addresses, letter)


def _resolved(secret: Secret, environment: Environment) -> str:
    text = secret.resolve(environment)
    logs.redact(text)
    return text
