"""An operator's day: partners with an inbox and an outbox, a configuration, and the commands."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sftp_sync.config import Config, load
from sftp_sync.ledger import Ledger
from sftp_sync.model import FileRecord, RowState
from sftp_sync.wiring.parts import now, open_ledger
from tests.support.crashing import Finished, run
from tests.support.sftp_servers import SftpServer, make_folders
from tests.support.vendors import PLENTY_A_MINUTE

DEFAULTS: dict[str, Any] = {
    "account": "vendor",
    "campaign_id": "550e8400-e29b-41d4-a716-446655440000",
    "import_path": "/inbox",
    "export_path": "/outbox",
    "contacts": {"region": "US"},
}
# Nobody listens there: who asks has his answer at once, and no pace to wait for.
VENDOR = {
    "provider": "talkover",
    "token": "a-token",
    "base_url": "http://127.0.0.1:9",
    "requests_per_minute": PLENTY_A_MINUTE,
}
A_LIST = b"phone,name\n+12125550123,Ann\n+12125550124,Bob\n"


@dataclass
class Partner:
    """The partner's side of one campaign."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    def drop(self, name: str | bytes, content: bytes = A_LIST, *, age_seconds: float = 60) -> bytes:
        """Leave a list as a partner does; its path."""
        path = os.path.join(os.fsencode(self.inbox), os.fsencode(name))  # noqa: PTH118 - any bytes
        with open(path, "wb") as file:  # noqa: PTH123 - any bytes
            file.write(content)
        moment = time.time() - age_seconds
        os.utime(path, (moment, moment))
        return path

    def found(self, ending: str = "") -> list[str]:
        """What lies in the outbox."""
        return sorted(name for name in os.listdir(self.outbox) if name.endswith(ending))  # noqa: PTH208 - names

    def receipts(self) -> list[dict[str, Any]]:
        """What we told the partner, oldest first."""
        names = self.found(".receipt.json")
        told = [json.loads((self.outbox / name).read_text("utf-8")) for name in names]
        return sorted(told, key=lambda one: (one["received_at"], one["source"]["name"]))

    def receipt(self, name: str) -> dict[str, Any]:
        """The one receipt about a file."""
        (found,) = [one for one in self.receipts() if one["source"]["name"] == name]
        return found

    def waiting(self) -> list[str]:
        """What lies in the inbox."""
        return sorted(os.listdir(self.inbox))  # noqa: PTH208 - names


@dataclass
class House:
    """One installation: a configuration, its state, and whoever works there."""

    home: Path
    database: str | None = None
    campaigns: dict[str, dict[str, Any]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, dict[str, Any]] = field(default_factory=lambda: {"vendor": VENDOR})

    @property
    def config(self) -> Path:
        return self.home / "config.yaml"

    @property
    def state(self) -> Path:
        return self.home / "state"

    def local(self, name: str = "renewals", **changes: Any) -> Partner:
        """A campaign whose partner is a folder of this machine."""
        root = self.home / name
        make_folders(root)
        self.campaigns[name] = _merged(
            {**DEFAULTS, "folder": str(root), **_destined(name)}, changes
        )
        self._settle()
        return Partner(root)

    def served(self, server: SftpServer, name: str = "renewals", **changes: Any) -> Partner:
        """A campaign whose partner runs a server."""
        sftp: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "username": server.user,
            "host_keys": [server.host_key],
            "timeout_seconds": 3,
        }
        if server.password is not None:
            sftp["password"] = server.password
        elif server.key is not None:
            sftp |= {"auth_type": "private_key", "private_key": server.key.private}
        self.campaigns[name] = _merged({**DEFAULTS, "sftp": sftp, **_destined(name)}, changes)
        self._settle()
        return Partner(server.root)

    def change(self, name: str = "renewals", **changes: Any) -> None:
        """Another configuration of a campaign, not tested anew."""
        self.campaigns[name] = _merged(self.campaigns[name], changes)
        self.write()

    def write(self) -> Config:
        """The configuration on disk, as it is understood."""
        document: dict[str, Any] = {
            "state_dir": str(self.state),
            "accounts": self.accounts,
            "campaigns": self.campaigns,
            "web": None,
        }
        if self.database is not None:
            document["database"] = self.database
        self.config.touch(0o600)
        self.config.write_text(json.dumps(document, indent=1), "utf-8")
        return load(self.config, os.environ)

    def pass_the_test(self, *names: str) -> None:
        """As if every step of test-connection had been tried and was well."""
        config = self.write()
        with open_ledger(config, may_migrate=True) as ledger:
            for name in names or self.campaigns:
                model = config.campaigns[name].model
                ledger.campaigns.tested(name, model.connection, now(), passed=True)
                # What is collected stays here: the vendor has tests of its own.
                ledger.campaigns.pause(name, paused=True)

    def run(self, *words: str, **options: Any) -> Finished:
        """A command of the program, in a process of its own."""
        command = (words[0], "--config", str(self.config), *words[1:])
        environment = {"NO_COLOR": "1", "COLUMNS": "400", **self.environment}
        return run(*command, environment=environment, **options)

    def sync(self, *words: str, **options: Any) -> Finished:
        """One sync."""
        return self.run("sync", *words, **options)

    def status(self, name: str = "renewals") -> dict[str, Any]:
        """What `status --json` says of a campaign."""
        found = self.run("status", "--json").json["campaigns"]
        (one,) = [campaign for campaign in found if campaign["name"] == name]
        return dict(one)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, opened beside the program."""
        with open_ledger(self.write()) as ledger:
            yield ledger

    def files(self, name: str | None = None) -> list[FileRecord]:
        """The files in the ledger; reading them checks that every balance closes."""
        with self.ledger() as ledger:
            return ledger.files.all(name)

    def file(self, shown_name: str) -> FileRecord:
        """The one file of this name."""
        (found,) = [one for one in self.files() if one.name == shown_name]
        return found

    def spooled(self) -> list[Path]:
        """What lies in the spool."""
        return [path for path in (self.state / "spool").rglob("*") if path.is_file()]

    def _settle(self) -> None:
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.pass_the_test()


def when(server: SftpServer, what: str, part: str, act: Callable[[], None]) -> None:
    """Act once, right before the server does what a client asks for on a path with this part."""
    assert server.sandbox is not None
    journal = server.sandbox.journal
    write, due = journal.write, [act]

    def instead(happened: str, user: str = "", path: str = "") -> None:
        write(happened, user, path)
        if happened == what and part in path and due:
            due.pop()()

    journal.write = instead  # type: ignore[method-assign]  # the server tells everything there first


def counts(file: FileRecord) -> dict[str, int]:
    """Where a file's rows stand, without the zeros."""
    return {str(state): file.rows[state] for state in RowState if file.rows[state]}


def tree(root: Path) -> dict[bytes, bytes | None]:
    """Everything below a folder, with its content, to compare before and after."""
    found: dict[bytes, bytes | None] = {}
    for folder, folders, names in os.walk(os.fsencode(root)):
        for name in folders:
            found[os.path.join(folder, name)] = None  # noqa: PTH118 - any bytes
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - any bytes
            is_plain = os.path.isfile(path) and not os.path.islink(path)  # noqa: PTH113, PTH114 - any bytes
            found[path] = _content(path) if is_plain else None
    return found


def _content(path: bytes) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - any bytes
        return file.read()


def _destined(name: str) -> dict[str, Any]:
    return {"files": {"settle_seconds": 0}, "campaign_id": f"550e8400-{name}"}


def _merged(block: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(block)
    for key, value in changes.items():
        before = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(before, Mapping)
        merged[key] = _merged(before, value) if both and before is not None else value
    return merged
