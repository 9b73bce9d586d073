from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sftp_sync.errors import DiskFull
from sftp_sync.spool import SPARE_BYTES, Spool, keep_written, private_file, sha256_of


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", lambda _: 10 * SPARE_BYTES)


def a_spooled_file(spool: Spool, shelf: str = "receipts") -> Path:
    place = spool.place("renewals", shelf)  # type: ignore[arg-type]  # one of the literals
    os.close(private_file(place))
    return place


def test_everything_on_the_way_is_private(spool: Spool) -> None:
    place = a_spooled_file(spool)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (place, *place.parents[:3])]
    assert modes == [0o600, 0o700, 0o700, 0o700]
    assert place.parents[2] == spool.root


def test_nothing_from_outside_is_part_of_a_path(spool: Spool) -> None:
    assert spool.root in spool.place("../../etc", "incoming").resolve().parents


def test_the_ledger_names_a_file_from_the_root(spool: Spool) -> None:
    place = a_spooled_file(spool)
    assert not Path(spool.name_of(place)).is_absolute()
    assert spool.path_of(spool.name_of(place)) == place


def test_a_sweep_leaves_what_the_ledger_still_names(spool: Spool) -> None:
    kept, gone = a_spooled_file(spool), a_spooled_file(spool)
    other_shelf = a_spooled_file(spool, "results")
    spool.sweep("renewals", "receipts", keep={spool.name_of(kept)})
    spool.sweep("another", "receipts", keep=set())
    assert kept.exists()
    assert other_shelf.exists()
    assert not gone.exists()


def test_what_a_killed_dry_run_left_goes_after_a_while(spool: Spool) -> None:
    old, new = a_spooled_file(spool, "previews"), a_spooled_file(spool, "previews")
    os.utime(old, (1, 1))
    spool.sweep_old("renewals", "previews", datetime.now(UTC) - timedelta(days=1))
    assert not old.exists()
    assert new.exists()


def test_what_would_not_fit_is_not_begun(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", lambda _: SPARE_BYTES + 1000)
    spool.require_room(1000)
    with pytest.raises(DiskFull, match="Make room there"):
        spool.require_room(1001)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_said_in_our_words(spool: Spool, number: int) -> None:
    with pytest.raises(DiskFull, match="no room on this machine's disk"), spool.room():
        raise OSError(number, os.strerror(number))


def test_another_trouble_stays_what_it_is(spool: Spool) -> None:
    with pytest.raises(PermissionError), spool.room():
        raise PermissionError(errno.EACCES, "no")


def test_a_name_is_never_taken_twice(spool: Spool) -> None:
    place = a_spooled_file(spool)
    with pytest.raises(FileExistsError):
        private_file(place)


def test_content_is_identity(spool: Spool) -> None:
    place = a_spooled_file(spool)
    place.write_bytes(b"abc")
    keep_written(place)
    assert sha256_of(place).startswith("ba7816bf")
