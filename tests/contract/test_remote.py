"""What every remote must do, over a folder, our own server with each quirk, asyncssh, OpenSSH:
looking and fetching.
"""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from sftp_sync.errors import RemoteMissing, RemoteRefused
from tests.support.remotes import EVERY_REMOTE, LIST, Place

pytest_plugins = ["tests.support.remote_fixtures"]


class TestListing:
    def test_tells_name_size_time_and_kind(self, place: Place) -> None:
        place.drop("/inbox/leads.csv", LIST)
        os.utime(place.root / "inbox/leads.csv", (1_700_000_000, 1_700_000_000))

        found = place.listed("/inbox")["leads.csv"]

        assert found.kind == "file"
        if place.kind not in ("tells-no-size", "tells-nothing"):
            assert found.size == len(LIST)
        if place.kind == "other-zone":
            assert found.modified_at == 1_700_007_200
        elif place.kind not in ("tells-no-time", "tells-nothing"):
            assert found.modified_at == 1_700_000_000

    def test_says_none_for_what_the_server_does_not_say(self, place: Place) -> None:
        place.drop("/inbox/leads.csv", LIST)
        found = place.listed("/inbox")["leads.csv"]
        assert (found.size is None) == (place.kind in ("tells-no-size", "tells-nothing"))
        assert (found.modified_at is None) == (place.kind in ("tells-no-time", "tells-nothing"))

    def test_holds_the_folders_own_entries_and_nothing_below(self, place: Place) -> None:
        place.drop("/inbox/archive/old.csv")
        place.drop("/inbox/new.csv")
        assert set(place.listed("/inbox")) == {"archive", "new.csv"}

    def test_tells_files_from_folders_links_and_pipes(self, place: Place) -> None:
        (place.root / "inbox/folder.csv").mkdir()
        (place.root / "inbox/link.csv").symlink_to("/etc/passwd")
        os.mkfifo(place.root / "inbox/pipe.csv")
        place.drop("/inbox/file.csv")
        kinds = {name: file.kind for name, file in place.listed("/inbox").items()}
        assert kinds == {
            "archive": "directory",
            "folder.csv": "directory",
            "link.csv": "link",
            "pipe.csv": "other",
            "file.csv": "file",
        }

    def test_of_an_empty_folder_is_empty(self, place: Place) -> None:
        assert place.listed("/outbox") == {}

    def test_of_a_missing_folder_says_which(self, place: Place) -> None:
        with pytest.raises(RemoteMissing) as caught:
            place.listed("/inbocks")
        assert "/inbocks" in str(caught.value)
        assert caught.value.step == "list_import"

    def test_may_be_left_half_read(self, place: Place) -> None:
        for number in range(300):
            place.drop(f"/inbox/{number}.csv")
        next(iter(place.remote.list(place.path("/inbox"))))
        assert len(place.listed("/inbox")) == 301

    def test_may_be_interrupted_by_other_requests(self, place: Place) -> None:
        for number in range(300):
            place.drop(f"/inbox/{number}.csv", b"%d" % number)
        for file in place.remote.list(place.path("/inbox")):
            if file.name != "archive":
                assert place.remote.stat(place.path(f"/inbox/{file.name}")) is not None


class TestHostileNames:
    NAMES = (
        b"a\nb.csv",
        b"-rf.csv",
        b"\xff\xfe\xe4.csv",
        b"caf\xc3\xa9.csv",
        b"LEADS.CSV",
        b"leads.csv",
        b"..csv",
        b"~$leads.xlsx",
        b"\x1b[31mred.csv",
        b"x" * 251 + b".csv",
        b"a\\b.csv",
        b" .csv",
        b"*.csv",
    )

    def test_hide_no_other_and_can_each_be_read_renamed_and_removed(self, place: Place) -> None:
        for name in self.NAMES:
            place.drop("/inbox/" + os.fsdecode(name), name)
        found = place.listed("/inbox")
        assert {os.fsencode(name) for name in found} == {*self.NAMES, b"archive"}
        for name in self.NAMES:
            text = os.fsdecode(name)
            path = place.path(f"/inbox/{text}")
            assert found[text].shown_name.isprintable()
            assert place.fetched(f"/inbox/{text}").startswith(name)
            place.remote.rename(path, place.path(f"/inbox/archive/{text}"))
            place.remote.remove(place.path(f"/inbox/archive/{text}"))
        assert set(place.listed("/inbox")) == {"archive"}


class TestStat:
    def test_tells_what_is_there(self, place: Place) -> None:
        place.drop("/inbox/leads.csv", LIST)
        found = place.remote.stat(place.path("/inbox/leads.csv"))
        assert found is not None
        assert found.name == "leads.csv"
        assert found.size in (len(LIST), None)

    def test_of_nothing_is_none(self, place: Place) -> None:
        assert place.remote.stat(place.path("/inbox/none.csv")) is None
        assert place.remote.stat(place.path("/nowhere/none.csv")) is None

    def test_does_not_follow_links(self, place: Place) -> None:
        (place.root / "inbox/link.csv").symlink_to("leads.csv")
        found = place.remote.stat(place.path("/inbox/link.csv"))
        assert found is not None
        if place.kind not in ("tells-no-mode", "tells-nothing"):
            assert found.kind == "link"


class TestFetch:
    @pytest.mark.parametrize("size", [0, 1, 32767, 32768, 32769, 65536, 3_000_001])
    def test_brings_every_byte(self, place: Place, size: int) -> None:
        content = os.urandom(size)
        place.drop("/inbox/leads.csv", content)
        assert place.fetched("/inbox/leads.csv") == content

    def test_tells_its_progress(self, place: Place) -> None:
        place.drop("/inbox/leads.csv", b"x" * 100_000)
        told: list[int] = []
        place.remote.fetch(place.path("/inbox/leads.csv"), io.BytesIO(), told.append)
        assert sum(told) == 100_000

    def test_of_a_missing_file_says_which(self, place: Place) -> None:
        with pytest.raises(RemoteMissing, match=r"/inbox/gone\.csv") as caught:
            place.fetched("/inbox/gone.csv")
        assert caught.value.step == "read_import"

    def test_of_a_folder_is_refused(self, place: Place) -> None:
        with pytest.raises(RemoteRefused):
            place.fetched("/inbox/archive")
        assert place.listed("/outbox") == {}

    def test_that_fails_on_our_side_leaves_the_connection_usable(self, place: Place) -> None:
        place.drop("/inbox/leads.csv", b"x" * 5_000_000)

        class FullDisk(io.BytesIO):
            def write(self, _content: object) -> int:
                raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="No space left"):
            place.remote.fetch(place.path("/inbox/leads.csv"), FullDisk())
        place.drop("/inbox/small.csv", LIST)
        assert place.fetched("/inbox/small.csv") == LIST


@pytest.mark.slow
def test_a_hundred_thousand_entries_are_listed(tmp_path: Path) -> None:
    with EVERY_REMOTE["sandbox"](tmp_path / "root") as place:
        for number in range(100_000):
            os.close(os.open(place.root / f"inbox/{number}.csv", os.O_CREAT | os.O_WRONLY))
        began = time.monotonic()
        count = sum(1 for _ in place.remote.list("/inbox"))
        assert count == 100_001
        assert time.monotonic() - began < 60
