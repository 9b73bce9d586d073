"""Fixtures: every implementation of a remote, one after the other, and servers with quirks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sftp_sync.sandbox.quirks import Quirks
from tests.support.remotes import EVERY_REMOTE, Place
from tests.support.sftp_servers import SftpServer, sandbox_sftp


@pytest.fixture(scope="module", params=list(EVERY_REMOTE))
def standing_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """One server and one connection for all tests: what breaks it breaks the next test."""
    with EVERY_REMOTE[request.param](tmp_path_factory.mktemp("remote") / "root") as place:
        place.kind = request.param
        yield place


@pytest.fixture
def place(standing_place: Place) -> Place:
    standing_place.clear()
    return standing_place


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[Quirks], SftpServer]]:
    """Start a server with quirks, stop it after the test."""
    with ExitStack() as stack:
        yield lambda quirks: stack.enter_context(sandbox_sftp(tmp_path / "root", quirks))
