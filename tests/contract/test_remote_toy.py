"""pytest-sftpserver: small texts only. It keeps a dictionary, shows every file as new, lets
everybody in, overwrites, and calls what was uploaded a directory; so only what it can do is asked.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteExists, RemoteMissing
from sftp_sync.remote.sftp import SftpRemote, connect
from tests.support.remotes import toy_server

LIST = "phone,name\n+12125550123,Ann\n"


@pytest.fixture
def partner() -> dict[str, dict[str, str]]:
    return {"inbox": {"leads.csv": LIST, "old.csv": "phone\n"}, "outbox": {}}


@pytest.fixture
def remote(partner: dict[str, dict[str, str]]) -> Iterator[SftpRemote]:
    # It waits for its clients before it ends: ours must be gone by then.
    with toy_server(partner) as login, connect(login) as remote:
        yield remote


def test_a_folder_is_listed(remote: SftpRemote) -> None:
    found = {file.name: (file.size, file.kind) for file in remote.list("/inbox")}
    assert found == {"leads.csv": (len(LIST), "file"), "old.csv": (6, "file")}


def test_a_list_is_fetched(remote: SftpRemote) -> None:
    received = io.BytesIO()
    assert remote.fetch("/inbox/leads.csv", received) == len(LIST)
    assert received.getvalue().decode() == LIST


def test_what_is_not_there_is_missing(remote: SftpRemote) -> None:
    assert remote.stat("/inbox/none.csv") is None
    with pytest.raises(RemoteMissing):
        remote.fetch("/inbox/none.csv", io.BytesIO())


def test_a_small_result_is_delivered_once(
    remote: SftpRemote, partner: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "result.csv").write_text(LIST)
    remote.put(tmp_path / "result.csv", "/outbox/result.csv")
    assert list(partner["outbox"]) == ["result.csv"]
    with pytest.raises(RemoteExists):
        remote.put(tmp_path / "result.csv", "/outbox/result.csv")


def test_a_list_is_moved_and_removed(
    remote: SftpRemote, partner: dict[str, dict[str, str]]
) -> None:
    with pytest.raises(RemoteExists):
        remote.rename("/inbox/leads.csv", "/inbox/old.csv")
    remote.rename("/inbox/leads.csv", "/outbox/leads.csv")
    remote.remove("/outbox/leads.csv")
    remote.remove("/outbox/leads.csv")
    assert partner == {"inbox": {"old.csv": "phone\n"}, "outbox": {}}
