"""Every row gets a verdict, and nothing is guessed; what goes to the vendor is as configured."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sftp_sync.contacts import (
    Classifier,
    choose_columns,
    context_of,
    is_own_result,
    payload_of,
)
from sftp_sync.contacts.regions import region_of
from sftp_sync.model import Batch, ClassifiedBatch, Code, ContactRules, RowState
from sftp_sync.tables import RESULT_COLUMNS

HEADER = ("id", "phone", "name")


def classified(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    rules: ContactRules,
    *,
    allow_duplicates: bool = False,
    damaged: dict[tuple[int, int], str] | None = None,
) -> ClassifiedBatch:
    classifier = Classifier(choose_columns(header, rules), rules, allow_duplicates=allow_duplicates)
    return classifier.classify(Batch(range(2, 2 + len(rows)), rows, damaged or {}))


def test_every_row_gets_a_verdict() -> None:
    rows = [
        ("1", "+12125550100", "Ann"),
        ("2", "(212) 555-0100", "Ann again"),
        ("3", "", "nobody"),
        ("4", "none", "letters"),
        ("5", "911", "short"),
        ("6", "2125550101 x5", "extension"),
        ("7", "2125550102", "Bob", "one too many"),
    ]
    batch = classified(HEADER, rows, ContactRules(region="us"))
    assert [(str(state), code) for state, code in zip(batch.states, batch.codes, strict=True)] == [
        ("pending", None),
        ("duplicate", Code.DUPLICATE_IN_FILE),
        ("invalid", Code.EMPTY_PHONE),
        ("invalid", Code.NOT_A_NUMBER),
        ("invalid", Code.INVALID_NUMBER),
        ("pending", None),
        ("invalid", Code.RAGGED_ROW),
    ]
    assert batch.phones[:2] == ["+12125550100", "+12125550100"]
    assert batch.reasons[1] == "The same number as in line 2."
    assert batch.reasons[5] == "The extension was dropped."
    assert batch.columns == [None, None, "phone", "phone", "phone", "phone", None]
    assert batch.cells is rows
    assert len(batch) == 7


def test_duplicates_are_found_across_batches_and_only_where_they_matter() -> None:
    rules = ContactRules()
    row = [("1", "+12125550100", "Ann")]
    classifier = Classifier(choose_columns(HEADER, rules), rules, allow_duplicates=False)
    classifier.classify(Batch([2], row))
    assert classifier.classify(Batch([9], row)).reasons == ["The same number as in line 2."]
    allowed = classified(HEADER, row * 2, rules, allow_duplicates=True)
    assert allowed.states == [RowState.PENDING, RowState.PENDING]


TWO_PHONES = ContactRules(phone=("mobile", "phone"), region="US")


@pytest.mark.parametrize(
    ("mobile", "phone", "number", "said"),
    [
        ("2125550100", "2125550199", "+12125550100", None),
        ("", "2125550199", "+12125550199", None),
        ("n/a", "2125550199", "+12125550199", 'no valid number in "Mobile"; "Phone" was used'),
        ("n/a", "2125550199 x1", "+12125550199", "The extension was dropped."),
    ],
)
def test_the_first_column_with_a_valid_number_is_called(
    mobile: str, phone: str, number: str, said: str | None
) -> None:
    batch = classified(("Mobile", "Phone"), [(mobile, phone)], TWO_PHONES)
    assert batch.phones == [number]
    assert (said or "") in (batch.reasons[0] or "")
    assert (batch.reasons[0] is None) == (said is None)


@pytest.mark.parametrize(
    ("mobile", "phone", "code", "column"),
    [
        ("", "", Code.EMPTY_PHONE, "Mobile"),
        ("", "n/a", Code.NOT_A_NUMBER, "Phone"),
        ("n/a", "911", Code.INVALID_NUMBER, "Phone"),
        ("3.5E+11", "911", Code.EXCEL_DAMAGED, "Mobile"),
        ("911", "912", Code.INVALID_NUMBER, "Mobile"),
    ],
)
def test_a_rejection_names_the_column_that_came_nearest(
    mobile: str, phone: str, code: Code, column: str
) -> None:
    batch = classified(("Mobile", "Phone"), [(mobile, phone)], TWO_PHONES)
    assert (batch.codes, batch.columns) == ([code], [column])


def test_what_the_workbook_lost_is_not_called() -> None:
    batch = classified(
        ("phone",),
        [("+12125550100",), ("+12125550101",)],
        ContactRules(),
        damaged={(1, 0): "Lost."},
    )
    assert batch.states == [RowState.PENDING, RowState.INVALID]
    assert (batch.codes[1], batch.reasons[1]) == (Code.EXCEL_DAMAGED, "Lost.")


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("GB", "+442079460000"), ("gb", "+442079460000"), ("GBR", "+442079460000"),
        ("UK", "+442079460000"), ("+44", "+442079460000"), ("44", "+442079460000"),
        ("0044", "+442079460000"), ("United Kingdom", "+442079460000"),
        ("Großbritannien", "+442079460000"), ("", None),
        ("Vereinigtes Königreich", "+442079460000"),
    ],
)  # fmt: skip
def test_a_number_is_read_in_the_country_of_its_row(country: str, number: str | None) -> None:
    rules = ContactRules(region="US", region_column="country")
    batch = classified(("phone", "Country"), [("020 7946 0000", country)], rules)
    assert batch.phones == [number]


def test_a_country_that_is_none_is_named_and_no_other_is_guessed() -> None:
    rules = ContactRules(region="US", region_column="country")
    rows = [("2125550100", "Atlantis"), ("+12125550100", "Atlantis")]
    batch = classified(("phone", "country"), rows, rules)
    assert batch.codes == [Code.NO_COUNTRY, None]
    assert '"Atlantis" in "country" is not known as a country: write a code' in (
        batch.reasons[0] or ""
    )


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Deutschland", "DE"), ("GERMANY", "DE"), ("Allemagne", "DE"), ("日本", "JP"), ("1", "US"),
        ("+1", "US"), ("+7", "RU"), ("(+49)", "DE"), ("España", "ES"), ("Türkiye", "TR"),
        ("usa", "US"), ("DEU", "DE"), ("XX", None), ("+800", None), ("999", None), ("0", None),
        ("", None), ("Mars", None), ("ZZZ", None), ("Great Britain", "GB"), ("Britain", "GB"),
        ("Grossbritannien", "GB"), ("Großbritannien", "GB"), ("Northern Ireland", "GB"),
        ("Grande-Bretagne", "GB"), ("Gran Bretaña", "GB"), ("Vereinigtes Königreich", "GB"),
        ("Vereinigtes Koenigreich", "GB"), ("United States of America", "US"), ("U.S.A.", "US"),
        ("U.S.", "US"), ("Vereinigte Staaten", "US"), ("Vereinigte Staaten von Amerika", "US"),
        ("Estados Unidos", "US"), ("Estados Unidos de América", "US"), ("EE.UU.", "US"),
        ("EE. UU.", "US"), ("EEUU", "US"), ("Oesterreich", "AT"), ("Tschechien", "CZ"),
        ("Federal Republic of Germany", "DE"), ("Bundesrepublik Deutschland", "DE"),
        ("Congo", None), ("Kongo", None), ("CONGO", None), ("Конго", None), ("コンゴ", None),
        ("Congo-Brazzaville", "CG"), ("Congo-Kinshasa", "CD"), ("CG", "CG"), ("CD", "CD"),
    ],
)  # fmt: skip
def test_a_country_is_a_code_a_calling_code_or_a_name_in_any_language(
    text: str, region: str | None
) -> None:
    assert region_of(text) == region


CELLS = ("7", "+12125550100", "Ann", "x")
WIDE = ("id", "phone", "Name", "")


def test_the_payload_is_every_other_named_column() -> None:
    assert payload_of(WIDE, CELLS, "all", ("phone",)) == {"id": "7", "Name": "Ann"}


def test_what_our_rejects_added_is_no_payload() -> None:
    header = ("phone", "name", "reject_line", "reject_code", "reject_reason")
    assert payload_of(header, ("+1", "Ann", "2", "x", "y"), "all", ("phone",)) == {"name": "Ann"}
    assert choose_columns(header, ContactRules()).phone == (0,)
    twice = (*header, *(f"{name} (2)" for name in header[2:]))
    cells = ("+1", "Ann", *"123456")
    assert payload_of(twice, cells, "all", ("phone",)) == {"name": "Ann"}


def test_the_payload_can_be_a_list_of_columns_the_phone_too() -> None:
    assert payload_of(WIDE, CELLS, ("name", "phone"), ("phone",)) == {
        "name": "Ann",
        "phone": "+12125550100",
    }


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Dear {Name}, no. {id}", "Dear Ann, no. 7"),
        ("{ name }", "Ann"),
        ("{{Name}} {Name}", "{Name} Ann"),
        ("100 % {", "100 % {"),
        ("", ""),
    ],
)
def test_a_payload_can_be_templates(template: str, text: str) -> None:
    assert payload_of(WIDE, CELLS, {"a": template}, ("phone",)) == {"a": text}
    assert context_of(WIDE, CELLS, {"b": template}) == {"b": text}


def test_a_cell_that_looks_like_a_template_is_not_one() -> None:
    assert context_of(("a", "b"), ("{b}", "{{"), {"x": "{a}{b}"}) == {"x": "{b}{{"}


def test_a_result_file_of_ours_is_known_and_mended_rejects_are_not_one() -> None:
    assert is_own_result(("phone", *RESULT_COLUMNS))
    assert is_own_result(("RESULT_LINE", "x", " Result_Phone", "result_status"))
    assert not is_own_result(("phone", "reject_line", "reject_code", "reject_reason"))
    assert not is_own_result(("phone", "result_status"))


def test_rows_that_are_hidden_stay_counted() -> None:
    columns = choose_columns(("phone",), ContactRules())
    classifier = Classifier(columns, ContactRules(), allow_duplicates=False)
    assert classifier.classify(Batch([2, 3], [["+1"], ["x"]], hidden=2)).hidden == 2
