from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteExists, RemoteMissing, RemoteRefused
from sftp_sync.remote.folder import FolderRemote


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.csv").write_text("outside")
    (tmp_path / "root/inbox").mkdir(parents=True)
    return tmp_path / "root"


def test_no_path_leads_out(root: Path) -> None:
    remote = FolderRemote(root)
    for path in ("/../secret.csv", "../secret.csv", "/inbox/../../secret.csv"):
        assert remote.stat(path) is None
        with pytest.raises(RemoteMissing):
            remote.fetch(path, io.BytesIO())


def test_no_link_is_followed_out(root: Path) -> None:
    (root / "inbox/link.csv").symlink_to(root.parent / "secret.csv")
    (root / "out").symlink_to(root.parent)
    remote = FolderRemote(root)
    with pytest.raises(RemoteRefused):
        remote.fetch("/inbox/link.csv", io.BytesIO())
    for act in (
        lambda: list(remote.list("/out")),
        lambda: remote.stat("/out/secret.csv"),
        lambda: remote.remove("/out/secret.csv"),
        lambda: remote.put(root.parent / "secret.csv", "/out/new.csv"),
    ):
        with pytest.raises(RemoteRefused, match="leads out"):
            act()
    assert (root.parent / "secret.csv").read_text() == "outside"


def test_a_pipe_is_refused_and_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "inbox/pipe.csv")
    with pytest.raises(RemoteRefused, match="not a regular file"):
        FolderRemote(root).fetch("/inbox/pipe.csv", io.BytesIO())


def test_a_link_under_the_final_name_is_not_written_through(root: Path) -> None:
    (root / "inbox/result.csv").symlink_to(root.parent / "secret.csv")
    with pytest.raises(RemoteExists):
        FolderRemote(root).put(root.parent / "secret.csv", "/inbox/result.csv")
    FolderRemote(root).put(root.parent / "secret.csv", "/inbox/result.csv", may_replace=True)
    assert not (root / "inbox/result.csv").is_symlink()


def test_an_upload_gets_the_wanted_mode(root: Path) -> None:
    FolderRemote(root, file_mode=0o640).put(root.parent / "secret.csv", "/inbox/result.csv")
    assert (root / "inbox/result.csv").stat().st_mode & 0o777 == 0o640
