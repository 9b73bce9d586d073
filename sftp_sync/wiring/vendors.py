"""The vendors' side: a client and a pace for each account, a route for each campaign."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Self

from sftp_sync import logs
from sftp_sync.around import Overhear, nobody_listens
from sftp_sync.config import Account, CampaignConfig, Secret
from sftp_sync.errors import ConfigError
from sftp_sync.providers.address import proxy_for
from sftp_sync.providers.base import Vendor
from sftp_sync.providers.client import Identity, VendorClient
from sftp_sync.providers.kathan import Kathan
from sftp_sync.providers.overheard import OverheardWire
from sftp_sync.providers.pace import Pace, Timing
from sftp_sync.providers.talkover import Talkover
from sftp_sync.providers.wire import Access
from sftp_sync.sending.route import AnyAccount, ListAccount, ListRoute, Route, SendingAccount
from sftp_sync.wiring.parts import now
from sftp_sync.wiring.terms import terms_of

READ_AGAIN_SECONDS = 30
UNHEARD = partial(nobody_listens, "")


@dataclass(frozen=True)
class Vendors:
    """The accounts of a configuration, ready to send; to be closed at the end."""

    accounts: tuple[AnyAccount, ...]
    clients: tuple[VendorClient, ...]
    problems: Mapping[str, ConfigError]
    """What is wrong with accounts that cannot be used; the others are not stopped by it."""

    def provider_of(self, campaign: CampaignConfig) -> Vendor:
        """The vendor's campaign of one of ours, or why its account cannot be used."""
        problem = self.problems.get(campaign.settings.account)
        if problem is not None:
            raise problem
        routes: Iterator[Route | ListRoute] = (
            route for account in self.accounts for route in account.routes
        )
        return next(route.provider for route in routes if route.name == campaign.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for client in self.clients:
            client.close()


def vendors_of(
    campaigns: Sequence[CampaignConfig],
    environment: Mapping[str, str],
    stopping: threading.Event,
    overhear: Overhear = nobody_listens,
) -> Vendors:
    """The accounts that these campaigns need. Their tokens are looked up now, so that a missing one
    is said before anything begins.
    """
    accounts: list[AnyAccount] = []
    clients: list[VendorClient] = []
    problems: dict[str, ConfigError] = {}
    for name in dict.fromkeys(one.settings.account for one in campaigns):
        ours = [one for one in campaigns if one.settings.account == name]
        try:
            overheard = partial(overhear, name)
            client = client_of(ours[0].vendor, environment, stopping, overheard)
        except ConfigError as problem:
            problems[name] = problem
            continue
        accounts.append(_account(name, ours, client))
        clients.append(client)
    return Vendors(tuple(accounts), tuple(clients), problems)


def client_of(
    account: Account,
    environment: Mapping[str, str],
    stopping: threading.Event,
    overhear: Callable[[str, str, float], None] = UNHEARD,
) -> VendorClient:
    """The way to an account's API, with a pace of its own."""
    token = _Token(account.token, environment)
    access = Access(
        base_url=account.base_url,
        in_flight=account.in_flight,
        timeout_seconds=account.timeout_seconds,
        ca_bundle=None if account.ca_bundle is None else str(account.ca_bundle),
        proxy=proxy_for(account.base_url, environment),
    )
    pace = Pace(account.requests_per_minute, Timing(time.monotonic, stopping.wait))
    # Kathan wants to know whose token it is.
    headers = {} if account.user_id is None else {"X-User-ID": account.user_id}
    identity = Identity(token, headers)
    return VendorClient(OverheardWire(access, time.monotonic, overhear), pace, identity, now)


class _Token:
    """The account's token, read again now and then: it may be replaced while we run, and a
    moment without its file must not stop what is under way.
    """

    def __init__(self, secret: Secret, environment: Mapping[str, str]) -> None:
        self._secret = secret
        self._environment = environment
        self._text = self._read()
        self._read_at = time.monotonic()

    def __call__(self) -> str:
        if time.monotonic() - self._read_at > READ_AGAIN_SECONDS:
            with suppress(ConfigError):
                self._text = self._read()
            self._read_at = time.monotonic()
        return self._text

    def _read(self) -> str:
        text = self._secret.resolve(self._environment)
        logs.redact(text)
        return text


def _account(name: str, ours: Sequence[CampaignConfig], client: VendorClient) -> AnyAccount:
    account = ours[0].vendor
    uncertain_after = timedelta(seconds=account.uncertain_after_seconds)
    if account.provider == "kathan":
        kathan = Kathan(client)
        lists = [
            ListRoute(one.model, kathan, terms_of(one.settings.kathan))
            for one in ours
            if one.settings.kathan is not None
        ]
        return ListAccount(name, tuple(lists), client.pace, uncertain_after)
    return SendingAccount(
        name=name,
        routes=tuple(
            Route(one.model, Talkover(client, one.settings.campaign_id or "")) for one in ours
        ),
        budget=client.pace,
        in_flight=account.in_flight,
        uncertain_after=uncertain_after,
    )
