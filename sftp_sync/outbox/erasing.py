"""A rejects file that waits to be delivered, without some of its rows."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection
from dataclasses import dataclass

from sftp_sync import tables
from sftp_sync.model import Delivery
from sftp_sync.spool import Spool, keep_written, private_file, sha256_of

LINE = tables.REJECT_COLUMNS[0]


@dataclass(frozen=True)
class Rewritten:
    """The new content of a delivery, in the spool."""

    sha256: str
    size: int
    spooled: str


def without_lines(spool: Spool, delivery: Delivery, lines: Collection[int]) -> Rewritten | None:
    """The same rejects but for those of some lines; None where the file is not there any more."""
    source = spool.path_of(delivery.spooled)
    if not source.is_file():
        return None
    unwanted = {str(line) for line in lines}
    with source.open(encoding="utf-8-sig", newline="") as opened:
        header, *found = list(csv.reader(opened))
    # The last one is ours: the partner's own columns may have the same name.
    place_of_line = len(header) - 1 - header[::-1].index(LINE)
    kept = [row for row in found if row[place_of_line] not in unwanted]
    place = spool.place(delivery.campaign, "receipts")
    with spool.room():
        os.close(private_file(place))
        tables.write_csv(place, header, kept, spreadsheet_safe=False)
        keep_written(place)
    return Rewritten(sha256_of(place), place.stat().st_size, spool.name_of(place))
