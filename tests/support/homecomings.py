"""Evenings on which results go home: a list that was called, put back for every point, walked
through, and judged by what the partner finds.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sftp_sync.model import FileState
from tests.support.calls import CallHouse, Vendor, call_house, vendor
from tests.support.daily_life import Partner, make_folders
from tests.support.keeping import Keeping
from tests.support.lanes import lane_folder
from tests.support.sftp_servers import SftpServer, sandbox_sftp
from tests.support.vendors import CAMPAIGN as TALKOVER_CAMPAIGN

ROWS = (
    ("+12125550123", "Ann"),
    ("+12125550124", '=HYPERLINK("http://example.com")'),
    ("+12125550125", 'Cleo; "C"\nof two lines'),
    ("+12125550123", "Ann again"),
    ("12", "No number"),
    ("+12125550126", "-5"),
)
TO_REPORT = ("+12125550123", "+12125550124", "+12125550125", "+12125550126")
ANY_AGE = {"first_run_older_than": None, "reject_ratio_above": None, "seen_before_above": None}
OVER_AT_ONCE = {"over_at_once": True}


def the_list() -> bytes:
    """A list with two rows that are settled in the receipt, and four that are called."""
    out = io.StringIO()
    csv.writer(out).writerows([("phone", "name"), *ROWS])
    return out.getvalue().encode()


@dataclass
class Evening:
    """A house, its partner and its vendor, put back to when the calls had been made."""

    house: CallHouse
    partner: Partner
    vendor: Vendor
    server: SftpServer
    kept: Keeping

    def wind_up(self, **options: Any) -> Any:
        return self.house.sync("--only", "follow", "--only", "publish", "--quiet", **options)

    def results(self) -> list[Path]:
        return sorted(self.partner.outbox.glob("*.results.*"))

    def reported(self) -> list[dict[str, str]]:
        """Every row of every result file, as a spreadsheet's owner reads it."""
        return [row for path in self.results() for row in read_results(path)]


def read_results(path: Path) -> list[dict[str, str]]:
    """A result file, re-opened with pandas."""
    if path.suffix == ".jsonl":
        lines = path.read_text("utf-8").splitlines()
        return [{key: str(value) for key, value in json.loads(line).items()} for line in lines]
    if path.suffix == ".xlsx":
        frame = pd.read_excel(path, dtype=str, keep_default_na=False, engine="openpyxl")
    else:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return [dict(row) for row in frame.to_dict("records")]


@contextmanager
def evening(**results: Any) -> Iterator[Evening]:
    """A list that came from a partner's server and was called; the calls are over."""
    with ExitStack() as open_now:
        home = open_now.enter_context(lane_folder())
        taking = open_now.enter_context(vendor(home / "vendor", speed=1000.0))
        taking.break_with(**OVER_AT_ONCE)
        server = open_now.enter_context(sandbox_sftp(home / "partner"))
        yield called(home, taking, server, **results)


def called(home: Path, taking: Vendor, server: SftpServer, **results: Any) -> Evening:
    """The list, collected from this server and called at this vendor."""
    house = call_house(home, taking)
    make_folders(server.root)
    partner = house.served(
        server,
        import_path=server.path("/inbox"),
        export_path=server.path("/outbox"),
        campaign_id=TALKOVER_CAMPAIGN,
        hold=ANY_AGE,
        results=results,
    )
    partner.drop("list.csv", the_list())
    house.collect()
    house.dispatch("--quiet")
    kept = Keeping(home / "kept", (house.state, partner.root))
    kept.keep()
    return Evening(house, partner, taking, server, kept)


def judge(evening: Evening) -> None:
    """Every row not settled in the receipt is in the results exactly once; nothing is left over."""
    found = Counter(row["result_phone"] for row in evening.reported())
    assert found == Counter(TO_REPORT), found
    assert not list(evening.partner.outbox.glob(".*"))
    assert evening.house.spooled() == []
    (file,) = evening.house.files()
    assert file.state == FileState.FINISHED, file.state
