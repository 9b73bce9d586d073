"""A daemon in this process: what it survives, and how it says why it ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sftp_sync.cli.exits import Exit, code_of
from sftp_sync.config import Config
from sftp_sync.daemon.life import World, serve
from sftp_sync.daemon.signals import Signals
from sftp_sync.daemon.systemd import Notifier
from sftp_sync.errors import ConfigError, LeaseBusy, NeedsOperator, Stopped, UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.wiring.parts import open_ledger
from tests.support.daemons import eventually
from tests.support.daily_life import House


class Serving:
    """A configuration and its ledger, served until a signal comes."""

    def __init__(self, config: Config, ledger: Ledger) -> None:
        self.config = config
        self.ledger = ledger
        self.left_with: list[BaseException | None] = []

    def serve(
        self,
        read_config: Callable[[], Config] | None = None,
        take_up: Callable[[Config], None] = lambda _: None,
    ) -> None:
        with Signals() as signals:
            world = World(
                read_config=read_config or (lambda: self.config),
                signals=signals,
                notifier=Notifier({}),
                leave_within=lambda _, problem: self.left_with.append(problem),
                take_up=take_up,
            )
            serve(self.config, self.ledger, world)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    house = House(tmp_path)
    house.local()
    config = house.write()
    with open_ledger(config) as ledger:
        yield Serving(config, ledger)


def test_a_configuration_that_we_stumble_over_is_not_taken_over(serving: Serving) -> None:
    def stumble() -> Config:
        raise RecursionError

    def reload_and_stop(_: Config) -> None:
        threading.Thread(target=from_outside).start()

    def from_outside() -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        try:
            eventually(serving.ledger.notices.all, "it says so")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    serving.serve(stumble, reload_and_stop)
    (notice,) = serving.ledger.notices.all()
    assert "was not taken over" in notice.message
    assert "a bug in sftp-sync (RecursionError)" in notice.message
    assert serving.left_with == [None]


def test_what_ends_it_is_what_its_last_moment_is_told(serving: Serving) -> None:
    bug = RuntimeError("a bug")

    def stumble(_: Config) -> None:
        raise bug

    with pytest.raises(RuntimeError):
        serving.serve(take_up=stumble)
    assert serving.left_with == [bug]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (UsageError("x"), 2),
        (LeaseBusy("x"), 75),
        (Stopped("x"), 130),
        (NeedsOperator("x"), 1),
        (RuntimeError("x"), 3),
    ],
)
def test_every_failure_has_its_code(error: BaseException, code: int) -> None:
    assert code_of(error) == Exit(code)
