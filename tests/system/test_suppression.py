"""Nobody on a do-not-call list is called: lists from the partner, numbers by hand, and the vendor
told of them.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.calls import CallHouse, Vendor, a_list, call_house, numbers, vendor
from tests.support.daily_life import Partner
from tests.support.owners import Owner, an_owner

FIRST, SECOND, THIRD = numbers(3)
DAY = 86_400


@pytest.fixture
def talkover(tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "vendor") as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, talkover: Vendor) -> CallHouse:
    return call_house(tmp_path / "house", talkover)


def a_partner(house: CallHouse, **changes: Any) -> Partner:
    """A partner who leaves do-not-call lists, too."""
    suppression = {"path": "/dnc", "max_age": "31d"}
    results = {"results": {"receipts": True}}
    partner = house.campaign(**{"suppression": suppression, **results, **changes})
    (partner.root / "dnc").mkdir()
    return partner


def leave_dnc(partner: Partner, content: bytes, name: str = "dnc.csv", age: float = 60) -> Path:
    path = partner.root / "dnc" / name
    path.write_bytes(content)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


class TestAPartnersList:
    def test_keeps_its_numbers_from_being_called_and_the_receipt_names_their_lines(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = a_partner(house)
        partner.drop("leads.csv", a_list([FIRST, SECOND, THIRD]))
        leave_dnc(partner, a_list([SECOND]))

        done = house.sync("--no-wait")

        assert done.code == 0, done.said
        assert set(talkover.taken_numbers()) == {FIRST, THIRD}
        receipt = partner.receipt("leads.csv")
        assert receipt["suppressed_lines"] == [3]
        assert receipt["rows"]["suppressed"] == receipt["codes"]["suppressed"] == 1
        assert house.states() == {"accepted": 2, "suppressed": 1}

    def test_that_comes_later_holds_for_rows_that_are_due_already(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = a_partner(house)
        leave_dnc(partner, a_list([FIRST]))
        partner.drop("leads.csv", a_list([FIRST, SECOND, THIRD]))
        house.collect()
        leave_dnc(partner, a_list([SECOND]), "newer.csv", age=30)
        house.collect()
        house.dispatch("--no-wait")

        # The newest list is the whole list, and what was suppressed when it came stays so.
        assert set(talkover.taken_numbers()) == {THIRD}
        assert house.states() == {"accepted": 1, "suppressed": 2}
        told = house.run("suppress", "list", "--json").json["lists"]
        assert [(one["name"], one["numbers"]) for one in told] == [("newer.csv", 1)]

    def test_of_which_everything_is_on_it_reports_every_row(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = a_partner(house)
        leave_dnc(partner, a_list([FIRST, SECOND]))
        partner.drop("leads.csv", a_list([FIRST, SECOND]))
        house.sync("--no-wait")

        assert talkover.taken() == []
        assert house.file("leads.csv").state == "finished"
        (results,) = partner.found(".results.csv")
        assert (partner.outbox / results).read_text("utf-8-sig").count("suppressed") >= 2

    def test_stops_everything_while_it_is_missing_or_too_old(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = a_partner(house)
        partner.drop("leads.csv", a_list([FIRST]))
        missing = house.sync("--no-wait")

        assert (missing.code, talkover.taken()) == (1, [])
        assert "Nothing of renewals is sent. No do-not-call list" in house.attention()

        leave_dnc(partner, a_list([SECOND]), age=32 * DAY)
        house.sync("--no-wait")
        assert talkover.taken() == []
        assert "older than suppression.max_age" in house.attention()

        # The same numbers once more are a fresh list.
        leave_dnc(partner, a_list([SECOND]))
        done = house.sync("--no-wait")
        assert (done.code, house.attention()) == (0, "")
        assert set(talkover.taken_numbers()) == {FIRST}

    def test_says_so_too_where_only_time_has_made_it_old(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = a_partner(house)
        leave_dnc(partner, a_list([SECOND]), age=600)
        partner.drop("leads.csv", a_list([FIRST]))
        house.collect()
        house.change(suppression={"path": "/dnc", "max_age": "5m"})
        house.dispatch("--no-wait")

        assert talkover.taken() == []
        assert "older than suppression.max_age" in house.attention()

    @pytest.mark.parametrize(
        "content",
        [b"", b"name,city\nAnn,Rome\n", b"phone\n12\n13\n+12125550123\n", b"\x00\x01\x02\xff" * 50],
        ids=["empty", "no numbers", "mostly unreadable", "no list"],
    )
    def test_that_cannot_be_read_stops_everything_and_keeps_the_one_before_it(
        self, house: CallHouse, talkover: Vendor, content: bytes
    ) -> None:
        partner = a_partner(house)
        leave_dnc(partner, a_list([SECOND]), "a.csv", age=90)
        house.collect()
        leave_dnc(partner, content, "b.csv", age=30)
        partner.drop("leads.csv", a_list([FIRST, SECOND]))
        house.sync("--no-wait")

        assert talkover.taken() == []
        assert "b.csv cannot be read" in house.attention()
        assert house.states() == {"pending": 1, "suppressed": 1}

    def test_that_names_nobody_does_not_set_everybody_free(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = a_partner(house)
        leave_dnc(partner, a_list([]), "a.csv", age=120)
        house.collect()
        assert "cannot be read" not in house.attention()
        leave_dnc(partner, a_list([SECOND]), "b.csv", age=90)
        house.collect()
        leave_dnc(partner, a_list([]), "c.csv", age=30)
        partner.drop("leads.csv", a_list([FIRST, SECOND]))
        house.sync("--no-wait")

        assert talkover.taken() == []
        assert "It names nobody, and the one before it named 1." in house.attention()
        assert house.states() == {"pending": 1, "suppressed": 1}

    @pytest.mark.parametrize(
        "content",
        [
            b"optout\n(212) 300-0001\n",
            b"\xef\xbb\xbfTelefon;Grund\r\n+1 212 300 0001;wollte nicht\r\n",
            b"name,mobile\nBob,212-300-0001\nBob,212-300-0001\nNobody,\n",
        ],
        ids=["one column", "semicolons", "duplicates and an empty one"],
    )
    def test_is_read_as_contact_lists_are(
        self, house: CallHouse, talkover: Vendor, content: bytes
    ) -> None:
        partner = a_partner(house)
        leave_dnc(partner, content)
        partner.drop("leads.csv", a_list([FIRST, SECOND]))
        house.sync("--no-wait")
        assert set(talkover.taken_numbers()) == {FIRST}

    def test_counts_with_every_number_of_a_row(self, house: CallHouse, talkover: Vendor) -> None:
        partner = a_partner(house, contacts={"phone": ["mobile", "phone"], "region": "US"})
        leave_dnc(partner, f"mobile,phone\n{FIRST},{SECOND}\n,{FIRST}\n".encode())
        partner.drop("leads.csv", f"mobile,phone\n,{SECOND}\n{FIRST},\n{THIRD},\n".encode())
        done = house.sync("--no-wait")
        assert done.code == 0, done.said
        assert set(talkover.taken_numbers()) == {THIRD}

    def test_with_rows_that_name_nobody_is_in_force_and_it_is_said(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = a_partner(house)
        leave_dnc(partner, a_list([SECOND, *numbers(20, first=500), "ask Ann", ""]), "a.csv")
        partner.drop("leads.csv", a_list([FIRST, SECOND]))
        done = house.sync("--no-wait")
        assert done.code == 1
        assert "The do-not-call list a.csv has 1 row without a valid number" in house.attention()
        assert set(talkover.taken_numbers()) == {FIRST}

        leave_dnc(partner, a_list([SECOND]), "b.csv", age=30)
        assert house.sync("--no-wait").code == 0
        assert house.attention() == ""

    def test_on_several_sheets_is_refused(self, house: CallHouse, talkover: Vendor) -> None:
        partner = a_partner(house)
        workbook = openpyxl.Workbook()
        for sheet, phone in ((workbook.active, FIRST), (workbook.create_sheet("More"), SECOND)):
            assert sheet is not None
            sheet.append(["phone"])
            sheet.append([phone])
        content = io.BytesIO()
        workbook.save(content)
        leave_dnc(partner, content.getvalue(), "dnc.xlsx")
        house.change(suppression={"path": "/dnc", "max_age": "31d", "pattern": "*.xlsx"})
        house.pass_the_test()
        partner.drop("leads.csv", a_list([FIRST, SECOND, THIRD]))
        house.sync("--no-wait")
        assert talkover.taken() == []
        assert "more sheets with rows: More" in house.attention()

    def test_is_downloaded_only_once(self, house: CallHouse) -> None:
        partner = a_partner(house)
        path = leave_dnc(partner, a_list([SECOND]))
        house.collect()
        before = house.run("suppress", "list", "--json").json
        # Other bytes of the same size and time: whoever looks inside would see them.
        stat = path.stat()
        path.write_bytes(a_list([THIRD]))
        os.utime(path, (stat.st_mtime, stat.st_mtime))
        house.collect()
        assert house.run("suppress", "list", "--json").json == before

    def test_missing_folder_is_said_and_leaves_the_list_in_force(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = a_partner(house)
        leave_dnc(partner, a_list([SECOND])).rename(partner.root / "dnc" / "kept.csv")
        house.collect()
        (partner.root / "dnc").rename(partner.root / "elsewhere")
        partner.drop("leads.csv", a_list([FIRST, SECOND]))
        done = house.sync("--no-wait")

        assert done.code == 1
        assert "/dnc" in house.attention()
        assert set(talkover.taken_numbers()) == {FIRST}

    def test_shows_in_a_dry_run(self, house: CallHouse) -> None:
        partner = a_partner(house)
        leave_dnc(partner, a_list([SECOND]))
        house.collect()
        partner.drop("leads.csv", a_list([FIRST, SECOND]))
        (campaign,) = house.sync("--dry-run", "--json").json["campaigns"]
        assert campaign["files"][0]["rows"]["suppressed"] == 1


class TestByHand:
    def test_numbers_are_added_shown_and_taken_off(
        self, house: CallHouse, talkover: Vendor
    ) -> None:
        partner = house.campaign()
        added = house.run("suppress", "add", "212-300-0001", "--region", "us", "--reason", "asked")
        assert added.code == 0, added.said
        assert SECOND in added.stdout
        (one,) = house.run("suppress", "list", "--json").json["numbers"]
        assert (one["phone"], one["reason"]) == (SECOND, "asked")
        assert "asked" in house.run("suppress", "list").stdout

        partner.drop("leads.csv", a_list([FIRST, SECOND]))
        house.sync("--no-wait")
        assert set(talkover.taken_numbers()) == {FIRST}

        assert house.run("suppress", "remove", SECOND).code == 0
        again = house.run("suppress", "remove", SECOND)
        assert (again.code, "suppress list" in again.stderr) == (2, True)
        assert "Off now" not in again.stderr
        house.run("suppress", "add", THIRD)
        half = house.run("suppress", "remove", SECOND, THIRD)
        assert f"{SECOND}: not suppressed by hand. Off now: {THIRD}." in half.stderr

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["212-300-0001"], "--region US"),
            (["12", "--region", "US"], "country code"),
            (["212-300-0001", "--region", "XX"], "no country code"),
        ],
    )
    def test_what_is_no_number_is_refused_with_what_to_type(
        self, house: CallHouse, words: list[str], said: str
    ) -> None:
        house.campaign()
        done = house.run("suppress", "add", *words)
        assert done.code == 2
        assert said in done.stderr
        assert house.run("suppress", "list", "--json").json["numbers"] == []


class TestPushing:
    @pytest.fixture
    def owner(self, tmp_path: Path) -> Iterator[Owner]:
        with an_owner(tmp_path) as owner:
            (tmp_path / "state").mkdir(mode=0o700)
            owner.campaign = {"sftp": None, "folder": str(tmp_path)}
            assert owner.run("sync", "--only", "collect").code in {0, 1}
            assert owner.run("suppress", "add", FIRST, SECOND).code == 0
            yield owner

    def test_adds_to_the_vendors_list_and_takes_nothing_from_it(self, owner: Owner) -> None:
        theirs = f"do_not_call_custom_list={THIRD}"
        owner.run("campaign", "update", "renewals", "--yes", "--set", theirs)

        asked = owner.run("suppress", "push", "renewals")
        assert asked.code == 2
        assert "grows from 1 to 3" in asked.stderr
        done = owner.run("suppress", "push", "renewals", "--yes", "--json")
        assert done.json == {"name": "renewals", "numbers": 3, "changed": True}
        assert owner.at_vendor()["do_not_call_custom_list"] == [FIRST, SECOND, THIRD]
        again = owner.run("suppress", "push", "renewals")
        assert (again.code, len(owner.writes())) == (0, 2)
        assert "1 number of these only the vendor has; push removes none." in again.stdout

    def test_says_what_to_type_until_the_vendor_goes_by_it(self, owner: Owner) -> None:
        done = owner.run("suppress", "push", "renewals", "--yes")
        assert "do_not_call_list_source=custom" in done.stderr
        settings = ("--set", "do_not_call_enabled=true", "--set", "do_not_call_list_source=custom")
        owner.run("campaign", "update", "renewals", "--yes", *settings)
        assert owner.run("suppress", "push", "renewals", "--yes").stderr == ""
