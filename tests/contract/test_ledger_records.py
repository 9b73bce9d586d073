"""What is remembered beside files: deliveries, campaigns, notices, and rows to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from sftp_sync.errors import RemoteRefused, TryLater
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import rows
from sftp_sync.model import CampaignRecord, Code, RowState
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_delivery,
    a_duplicate_row,
    a_phone,
    an_arrival,
    an_ending,
    an_invalid_row,
    enter_file,
    sha256_of,
)
from tests.support.databases import contents, written

LATER = NOW + timedelta(minutes=3)


class TestDeliveries:
    def test_are_due_as_they_were_written_down(self, ledger: Ledger, lease: Lease) -> None:
        composed = [a_delivery("b.json"), a_delivery("a.csv", kind="rejects", may_replace=True)]
        file_id = enter_file(ledger, lease, ending=an_ending(deliveries=composed))

        due = ledger.deliveries.due("renewals")

        assert [delivery.name for delivery in due] == ["b.json", "a.csv"]
        assert (due[1].kind, due[1].may_replace, due[1].size) == ("rejects", True, 17)
        assert due[0].sha256 == composed[0].sha256
        assert due[0].spooled == "receipts/b.json"
        assert due[0].created_at is not None
        assert ledger.deliveries.of_file(file_id) == due
        assert ledger.deliveries.due("another") == []

    def test_are_struck_off_once(self, ledger: Ledger, lease: Lease) -> None:
        file_id = enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery()]))
        (delivery,) = ledger.deliveries.due("renewals")
        ledger.deliveries.begun(lease, delivery)
        ledger.deliveries.failed(lease, delivery, "refused: \0 and \udcff")
        ledger.deliveries.struck_off(lease, delivery, NOW)
        ledger.deliveries.struck_off(lease, delivery, LATER)

        assert ledger.deliveries.due("renewals") == []
        assert ledger.deliveries.of_file(file_id)[0].delivered_at == NOW
        assert contents(ledger)["deliveries"][0][-2:] == (1, None)

    def test_that_fail_stay_due_and_say_why(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery()]))
        (delivery,) = ledger.deliveries.due("renewals")
        ledger.deliveries.failed(lease, delivery, "no room there")
        ledger.deliveries.failed(lease, delivery, "refused: \0 and \udcff")
        assert ledger.deliveries.due("renewals") == [delivery]
        assert contents(ledger)["deliveries"][0][-2:] == (0, r"refused: \x00 and \udcff")

    def test_of_which_a_byte_may_have_left_are_told_from_the_others(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery()]))
        (delivery,) = ledger.deliveries.due("renewals")
        assert not delivery.may_be_there
        ledger.deliveries.begun(lease, delivery)
        (begun,) = ledger.deliveries.due("renewals")
        assert begun.may_be_there
        ledger.deliveries.begun(lease, begun)
        ledger.deliveries.held_back(lease, delivery)
        assert ledger.deliveries.due("renewals") == [delivery]
        ledger.deliveries.begun(lease, delivery)
        ledger.deliveries.renamed(lease, replace(delivery, name="other.json"))
        assert not ledger.deliveries.due("renewals")[0].may_be_there

    def test_can_go_under_another_name_until_they_are_there(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery()]))
        (delivery,) = ledger.deliveries.due("renewals")
        other = replace(delivery, name="other.json")
        ledger.deliveries.renamed(lease, other)
        assert ledger.deliveries.due("renewals") == [other]
        ledger.deliveries.struck_off(lease, other, NOW)
        ledger.deliveries.renamed(lease, delivery)
        assert ledger.deliveries.of_file(other.file_id)[0].name == "other.json"

    def test_have_a_name_of_their_own(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery("one.json")]))
        assert ledger.deliveries.is_taken("renewals", "/outbox", "one.json")
        assert not ledger.deliveries.is_taken("renewals", "/elsewhere", "one.json")
        assert not ledger.deliveries.is_taken("another", "/outbox", "one.json")
        before = contents(ledger)
        second = an_arrival(sha256=sha256_of("second"))
        with pytest.raises(IntegrityError):
            ledger.entering.set_aside(lease, second, an_ending(deliveries=[a_delivery("one.json")]))
        assert contents(ledger) == before

    def test_are_known_as_ours_by_their_bytes(self, ledger: Ledger, lease: Lease) -> None:
        enter_file(ledger, lease, ending=an_ending(deliveries=[a_delivery("one.json")]))
        assert ledger.deliveries.is_ours(sha256_of("one.json"))
        assert not ledger.deliveries.is_ours(sha256_of("leads"))


class TestCampaigns:
    def test_that_never_ran_are_blank(self, ledger: Ledger) -> None:
        assert ledger.campaigns.get("renewals") == CampaignRecord("renewals")

    def test_remember_the_settings_that_have_passed(self, ledger: Ledger) -> None:
        ledger.campaigns.refused("renewals", 3, LATER)
        ledger.campaigns.tested("renewals", "settings 1", NOW, passed=True)
        ledger.campaigns.tested("renewals", "settings 2", LATER, passed=False)
        expected = CampaignRecord(
            "renewals", connection="settings 1", tested_at=LATER, tested_ok=False
        )
        assert ledger.campaigns.get("renewals") == expected

    def test_remember_pauses_and_collects_without_losing_the_rest(self, ledger: Ledger) -> None:
        ledger.campaigns.pause("renewals", paused=True)
        ledger.campaigns.collected("renewals", NOW)
        ledger.campaigns.pause("another", paused=True)
        ledger.campaigns.pause("another", paused=False)
        found = ledger.campaigns.get("renewals")
        assert found == CampaignRecord("renewals", paused=True, collected_at=NOW)
        assert not ledger.campaigns.get("another").paused

    def test_knock_again_later_until_they_are_welcome(self, ledger: Ledger) -> None:
        ledger.campaigns.welcomed("renewals")
        assert contents(ledger)["campaigns"] == []
        ledger.campaigns.refused("renewals", 2, LATER)
        refused = ledger.campaigns.get("renewals")
        assert (refused.refused_sign_ins, refused.not_before) == (2, LATER)
        ledger.campaigns.welcomed("renewals")
        assert ledger.campaigns.get("renewals") == CampaignRecord("renewals")


class TestNotices:
    def test_keep_their_time_and_take_the_latest_words(self, ledger: Ledger) -> None:
        ledger.notices.post("renewals", "sign_in", TryLater("first"), LATER)
        ledger.notices.post("another", "sign_in", TryLater("older"), NOW)
        latest = RemoteRefused("the key has changed: \0\ud83d", fix="Ask them.")
        ledger.notices.post("renewals", "sign_in", latest, LATER + timedelta(days=1))

        older, notice = ledger.notices.all()

        assert (older.scope, older.since) == ("another", NOW)
        assert (notice.message, notice.fix) == (r"the key has changed: \x00\ud83d", "Ask them.")
        assert (notice.who, notice.since) == ("partner", LATER)
        assert notice.line == r"the key has changed: \x00\ud83d Ask them."

    def test_go_with_their_causes(self, ledger: Ledger) -> None:
        for cause in ("sign_in", "connect", "api"):
            ledger.notices.post("renewals", cause, TryLater("trouble"), NOW)
        ledger.notices.post("another", "api", TryLater("trouble"), NOW)
        ledger.notices.clear("renewals", "sign_in", "connect")
        ledger.notices.clear("renewals", "never said")
        left = [(notice.scope, notice.cause) for notice in ledger.notices.all()]
        assert left == [("another", "api"), ("renewals", "api")]


class TestRows:
    @pytest.mark.parametrize("count", [0, 499, 500, 501, 1203])
    def test_come_in_the_order_of_their_lines_page_by_page(
        self, ledger: Ledger, lease: Lease, count: int
    ) -> None:
        file_id = enter_file(ledger, lease, a_batch(pending=count))
        assert [row.line for row in ledger.rows.of_file(file_id)] == list(range(2, count + 2))

    def test_come_by_state_with_all_that_is_said_of_them(
        self, ledger: Ledger, lease: Lease
    ) -> None:
        batch = a_batch(ARow(), an_invalid_row(), a_duplicate_row(), an_invalid_row())
        file_id = enter_file(ledger, lease, batch)
        found = list(ledger.rows.of_file(file_id, (RowState.INVALID, RowState.REFUSED)))
        assert [row.line for row in found] == [3, 5]
        assert (found[0].phone, found[0].code, found[0].column) == (None, "invalid_number", "phone")
        assert found[0].cells == ("Bob", "12")
        assert found[0].file_id == file_id

    def test_are_counted_by_code(self, ledger: Ledger, lease: Lease) -> None:
        batch = a_batch(ARow(), an_invalid_row(), a_duplicate_row(), an_invalid_row())
        file_id = enter_file(ledger, lease, batch)
        assert ledger.rows.codes(file_id) == {Code.DUPLICATE_IN_FILE: 1, Code.INVALID_NUMBER: 2}

    def test_tell_how_many_numbers_were_called_before(self, ledger: Ledger, lease: Lease) -> None:
        here = a_campaign().destination
        phones = [a_phone(number) for number in range(2, 1202)]
        assert ledger.rows.called_before(here, phones) == 0
        enter_file(ledger, lease, a_batch(pending=3))
        assert ledger.rows.called_before(here, phones) == 0
        with written(ledger) as connection:
            connection.execute(update(rows).where(rows.c.line < 4).values(state="sending"))
            connection.execute(update(rows).where(rows.c.line == 2).values(state="accepted"))
            connection.execute(update(rows).where(rows.c.line == 3).values(state="already_queued"))
        assert ledger.rows.called_before(here, phones) == 2
        assert ledger.rows.called_before(here, phones[1:]) == 1
        assert ledger.rows.called_before("elsewhere", phones) == 0
