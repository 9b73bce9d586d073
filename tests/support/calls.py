"""Days on which calls are queued: an installation, and the vendor's sandbox that it talks to."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, type_coerce, update

from sftp_sync.ledger.schema import rows
from sftp_sync.model import FileRecord
from sftp_sync.sandbox.api_journal import CALLS
from sftp_sync.sandbox.talkover import SandboxAccount, TalkoverSandbox, TalkoverSettings
from sftp_sync.sandbox.talkover_faults import TalkoverFaults
from sftp_sync.sandbox.talkover_state import CampaignSettings
from sftp_sync.wiring.parts import now, open_ledger
from tests.support.daily_life import House, Partner
from tests.support.databases import written
from tests.support.forking import Command, command
from tests.support.openssh import free_port
from tests.support.vendors import CAMPAIGN, OTHER_CAMPAIGN, OTHER_TOKEN, PLENTY_A_MINUTE, TOKEN

ACCOUNT: dict[str, Any] = {
    "provider": "talkover",
    "token": TOKEN,
    "requests_per_minute": PLENTY_A_MINUTE,
    "timeout_seconds": 5,
    "uncertain_after_seconds": 0.5,
}
# Calls last long: a number that was called is protected by the vendor's 409.
SLOW_LIVES = 0.001


KNOWN = "+12129990000"


def numbers(count: int, first: int = 0) -> list[str]:
    """So many numbers, all valid."""
    return [
        f"+1212{300 + each // 10_000:03}{each % 10_000:04}" for each in range(first, first + count)
    ]


def a_list(phones: Sequence[str]) -> bytes:
    """A contact list with these numbers."""
    lines = [f"{phone},Contact {line}" for line, phone in enumerate(phones, start=2)]
    return ("\n".join(["phone,name", *lines]) + "\n").encode()


@dataclass
class CallHouse(House):
    """An installation whose campaigns queue calls at a vendor on loopback."""

    def pass_the_test(self, *names: str) -> None:
        config = self.write()
        with open_ledger(config, may_migrate=True) as ledger:
            for name in names or self.campaigns:
                model = config.campaigns[name].model
                ledger.campaigns.tested(name, model.connection, now(), passed=True)

    def campaign(self, name: str = "renewals", **changes: Any) -> Partner:
        """A campaign that calls, with a partner whose inbox is a folder here."""
        rules = {"first_run_older_than": None, "reject_ratio_above": None}
        hold = rules | {"seen_before_above": None}
        settings = {"campaign_id": CAMPAIGN, "hold": hold, "results": {"receipts": False}}
        return self.local(name, **{**settings, **changes})

    def turn_to(self, base_url: str) -> None:
        """The account's vendor is somewhere else from now on."""
        self.accounts["vendor"]["base_url"] = base_url
        self.pass_the_test()

    @property
    def in_flight(self) -> int:
        """How many requests may be under way at once."""
        return int(self.accounts["vendor"].get("in_flight", 4))

    def collect(self) -> None:
        """Every list that lies in an inbox is in the ledger."""
        collected = self.sync("--only", "collect", "--quiet")
        assert collected.code in {0, 1}, collected.said

    def dispatch(self, *words: str, **options: Any) -> Any:
        """Send what is due, and nothing else."""
        return self.sync("--only", "dispatch", *words, **options)

    def one_is_known(self, partner: Partner, number: str = KNOWN) -> None:
        """One number is called before all others, and told: without a call of ours in its list
        nothing follows from what a vendor does not list.
        """
        partner.drop("known.csv", a_list([number]), age_seconds=3600)
        self.collect()
        dispatched = self.dispatch()
        assert dispatched.code == 0, dispatched.said

    def let_time_pass(self, seconds: float) -> None:
        """As if the machine had run for so long; no clock is set."""
        clocks = ("given_up_clock", "next_look_clock")
        times = ("given_up_at", "next_look_at", "doubt_since", "claimed_at", "queued_at")
        moved = {name: rows.c[name] - seconds for name in clocks}
        earlier = {
            name: type_coerce(rows.c[name], BigInteger) - int(seconds * 1_000_000) for name in times
        }
        with self.ledger() as ledger, written(ledger) as connection:
            connection.execute(update(rows).values(**moved, **earlier))

    @contextmanager
    def running(self, *words: str) -> Iterator[Command]:
        """The program, beside the test; at the latest it ends with the block."""
        plain = {**os.environ, "NO_COLOR": "1", "COLUMNS": "400"}
        with command("sync", "--config", str(self.config), *words, environment=plain) as running:
            yield running

    def states(self) -> Counter[str]:
        """Where all rows stand; reading them checks that every balance closes."""
        found: Counter[str] = Counter()
        for file in self.files():
            found.update({str(state): number for state, number in file.rows.items() if number})
        return found

    def notices(self) -> dict[tuple[str, str], str]:
        """What a person is told, by campaign and cause."""
        with self.ledger() as ledger:
            return {(one.scope, one.cause): one.line for one in ledger.notices.all()}

    def attention(self, name: str = "renewals") -> str:
        """What `status` says of a campaign that needs a person."""
        return "\n".join(self.status(name)["attention"])


@dataclass
class Vendor:
    """The vendor, on one port for as long as the test lasts."""

    folder: Path
    settings: TalkoverSettings
    sandbox: TalkoverSandbox

    @property
    def base_url(self) -> str:
        return self.sandbox.base_url

    def taken(self) -> list[dict[str, Any]]:
        """The calls that the vendor has accepted."""
        return self.sandbox.accepted_calls()

    def count_taken(self) -> int:
        """How many calls the vendor has accepted; cheap enough to be asked all the time."""
        journal = self.folder / CALLS
        return journal.read_bytes().count(b"\n") if journal.exists() else 0

    def taken_numbers(self) -> Counter[str]:
        """How often each number was accepted."""
        return Counter(call["to"] for call in self.taken())

    def taken_rows(self) -> Counter[int]:
        """How often each of our rows was accepted."""
        return Counter(call["context"]["sftp_sync"]["row"] for call in self.taken())

    def statuses(self, method: str = "POST") -> Counter[int | None]:
        """What was answered, how often."""
        return Counter(one["status"] for one in self.sandbox.requests() if one["method"] == method)

    def faults_met(self) -> Counter[str]:
        """How often which fault struck."""
        return Counter(name for one in self.sandbox.requests() for name in one["faults"])

    def break_with(self, **faults: Any) -> None:
        """Other things go wrong from now on, and nothing else."""
        self.sandbox.change_faults(replace(TalkoverFaults(), **faults))

    def forget(self, but: int = 0) -> None:
        """A vendor that has never heard of us, at the same address, or knows but the first calls of
        the first campaign.
        """
        self.sandbox.stop()
        kept = [call for call in self.taken() if call["campaign_id"] == CAMPAIGN][:but]
        before = self.sandbox._states[TOKEN].campaigns[CAMPAIGN].calls[:but]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.sandbox = TalkoverSandbox(self.settings, self.folder)
        state = self.sandbox._states[TOKEN]
        campaign = state.campaigns[CAMPAIGN]
        for call, line in zip(before, kept, strict=True):
            campaign.calls.append(call)
            campaign.by_number.setdefault(call.to, []).append(call)
            state.calls.append((campaign, call))
            self.sandbox._journal.accepted(line)
        self.sandbox.start()


@contextmanager
def vendor(
    folder: Path, campaigns: Sequence[str] = (CAMPAIGN,), **settings: Any
) -> Iterator[Vendor]:
    """A running vendor of two accounts with active campaigns, one each unless more are named."""
    more: Mapping[str, Any] = {
        "requests_per_minute": PLENTY_A_MINUTE,
        "journal_is_synced": False,
        "speed": SLOW_LIVES,
        "port": free_port(),
        **settings,
    }
    accounts = (
        SandboxAccount(TOKEN, tuple(CampaignSettings(one, "Renewals") for one in campaigns)),
        SandboxAccount(OTHER_TOKEN, (CampaignSettings(OTHER_CAMPAIGN, "Surveys"),)),
    )
    whole = TalkoverSettings(accounts, **more)
    made = Vendor(folder, whole, TalkoverSandbox(whole, folder))
    made.sandbox.start()
    try:
        yield made
    finally:
        made.sandbox.stop()


def call_house(home: Path, vendor: Vendor, **account: Any) -> CallHouse:
    """An installation with one account at this vendor."""
    home.mkdir(parents=True, exist_ok=True)
    return CallHouse(home, accounts={"vendor": ACCOUNT | {"base_url": vendor.base_url} | account})


def row_states(file: FileRecord) -> dict[str, int]:
    """Where a file's rows stand, without the zeros."""
    return {str(state): number for state, number in file.rows.items() if number}
