"""What every remote must do, over a folder, our own server with each quirk, asyncssh, OpenSSH:
delivering, renaming, removing.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteExists, RemoteMissing, RemoteRefused
from sftp_sync.remote.names import part_name
from tests.support.remotes import EVERY_REMOTE, LIST, Place

pytest_plugins = ["tests.support.remote_fixtures"]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "result.csv"
    path.write_bytes(LIST)
    return path


class TestPut:
    @pytest.mark.parametrize("size", [0, 1, 32768, 2_500_001])
    def test_delivers_every_byte_and_leaves_nothing_else(
        self, place: Place, tmp_path: Path, size: int
    ) -> None:
        content = os.urandom(size)
        (tmp_path / "big.csv").write_bytes(content)
        place.remote.put(tmp_path / "big.csv", place.path("/outbox/results.csv"))
        assert place.content("/outbox/results.csv") == content
        assert place.names("/outbox") == {"results.csv"}

    def test_never_overwrites(self, place: Place, result: Path) -> None:
        place.drop("/outbox/results.csv", b"theirs")
        with pytest.raises(RemoteExists, match=r"/outbox/results\.csv"):
            place.remote.put(result, place.path("/outbox/results.csv"))
        assert place.content("/outbox/results.csv") == b"theirs"
        assert place.names("/outbox") == {"results.csv"}

    def test_replaces_where_it_may(self, place: Place, result: Path) -> None:
        place.drop("/outbox/results.csv", b"the one of yesterday")
        place.remote.put(result, place.path("/outbox/results.csv"), may_replace=True)
        assert place.content("/outbox/results.csv") == LIST
        assert place.names("/outbox") == {"results.csv"}

    def test_that_may_replace_needs_nothing_to_replace(self, place: Place, result: Path) -> None:
        place.remote.put(result, place.path("/outbox/results.csv"), may_replace=True)
        assert place.content("/outbox/results.csv") == LIST

    def test_clears_what_an_earlier_attempt_left(self, place: Place, result: Path) -> None:
        place.drop(f"/outbox/{part_name('results.csv')}", b"torn" * 1000)
        place.remote.put(result, place.path("/outbox/results.csv"))
        assert place.content("/outbox/results.csv") == LIST
        assert place.names("/outbox") == {"results.csv"}

    def test_takes_names_of_full_length(self, place: Place, result: Path) -> None:
        name = "x" * 247 + ".csv"
        place.remote.put(result, place.path(f"/outbox/{name}"))
        assert place.names("/outbox") == {name}
        longest = "y" * 251 + ".csv"
        place.remote.put(result, place.path(f"/outbox/{longest}"))
        assert place.names("/outbox") == {name, longest}

    def test_into_a_missing_folder_says_which(self, place: Place, result: Path) -> None:
        with pytest.raises(RemoteMissing, match="/outbocks") as caught:
            place.remote.put(result, place.path("/outbocks/results.csv"))
        assert caught.value.step == "write_export"

    def test_of_a_missing_source_is_our_own_error(self, place: Place, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            place.remote.put(tmp_path / "none.csv", place.path("/outbox/results.csv"))
        assert place.names("/outbox") == set()


class TestRename:
    def test_gives_another_name(self, place: Place) -> None:
        place.drop("/inbox/leads.csv", LIST)
        place.remote.rename(place.path("/inbox/leads.csv"), place.path("/inbox/archive/leads.csv"))
        assert place.names("/inbox") == {"archive"}
        assert place.content("/inbox/archive/leads.csv") == LIST

    def test_never_overwrites(self, place: Place) -> None:
        place.drop("/inbox/leads.csv", LIST)
        place.drop("/inbox/archive/leads.csv", b"of last week")
        with pytest.raises(RemoteExists, match=r"/inbox/archive/leads\.csv"):
            place.remote.rename(
                place.path("/inbox/leads.csv"), place.path("/inbox/archive/leads.csv")
            )
        assert place.content("/inbox/archive/leads.csv") == b"of last week"
        assert place.content("/inbox/leads.csv") == LIST

    def test_of_nothing_says_so(self, place: Place) -> None:
        with pytest.raises(RemoteMissing):
            place.remote.rename(place.path("/inbox/none.csv"), place.path("/inbox/other.csv"))

    def test_into_a_missing_folder_loses_nothing(self, place: Place) -> None:
        place.drop("/inbox/leads.csv", LIST)
        with pytest.raises(RemoteMissing):
            place.remote.rename(place.path("/inbox/leads.csv"), place.path("/none/leads.csv"))
        assert place.content("/inbox/leads.csv") == LIST


class TestRemove:
    def test_removes(self, place: Place) -> None:
        place.drop("/inbox/leads.csv")
        place.remote.remove(place.path("/inbox/leads.csv"))
        assert place.names("/inbox") == {"archive"}

    def test_of_nothing_is_fine(self, place: Place) -> None:
        place.remote.remove(place.path("/inbox/none.csv"))

    def test_of_a_folder_is_refused(self, place: Place) -> None:
        with pytest.raises(RemoteRefused):
            place.remote.remove(place.path("/inbox/archive"))
        assert place.names("/inbox") == {"archive"}


@pytest.mark.parametrize("kind", ["folder", "sandbox", "asyncssh", "openssh"])
def test_closing_twice_is_fine(kind: str, tmp_path: Path) -> None:
    with EVERY_REMOTE[kind](tmp_path / "root") as place:
        place.remote.close()
        place.remote.close()
