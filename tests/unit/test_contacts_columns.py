"""The phone column is found by its name in any language, or as configured."""

from __future__ import annotations

import pytest

from sftp_sync.contacts import choose_columns
from sftp_sync.contacts.folding import folded
from sftp_sync.contacts.phone_names import NAMES, is_phone_name
from sftp_sync.errors import FileRefused
from sftp_sync.model import ContactRules

HEADER = ("id", "phone", "name")


@pytest.mark.parametrize("language", NAMES)
def test_the_phone_column_is_found_in_every_language(language: str) -> None:
    for name in NAMES[language]:
        for written in (name, name.upper(), name.title(), name.replace(" ", "_"), f" {name}: "):
            assert choose_columns(("id", written, "x"), ContactRules()).phone == (1,), written


@pytest.mark.parametrize(
    "name",
    [
        "PhoneNumber", "customerPhone", "Customer Phone 1", "phone_1", "PRIMARY-PHONE",
        "Tel.-Nr.", "Telefon (privat)", "Téléphone", "TELEPHONE", "telefono", "Nº de teléfono",
        "N° de teléfono", "Phone (E.164)", "Mobile #", "Kunden-Telefonnummer", "\ufeffphone",
        "\uff30hone", "Numer tel.",
    ],
)  # fmt: skip
def test_spelling_does_not_hide_the_phone_column(name: str) -> None:
    assert is_phone_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "name", "number", "Order number", "Nummer", "phone type", "phone_valid",
        "Phone country", "telephony plan", "iPhone model", "fax", "mobile app", "phone extension",
        "cellar", "hotel", "contact", "phone last called", "CEP", "номер", "号码", "email", "zip",
        "result_phone",
    ],
)  # fmt: skip
def test_other_columns_are_not_taken_for_it(name: str) -> None:
    assert not is_phone_name(name)


@pytest.mark.parametrize(
    ("header", "rules", "says"),
    [
        (("id", "name"), ContactRules(), ('"id", "name"', "contacts.phone")),
        (("phone", "Mobile"), ContactRules(), ('"phone" and "Mobile"', "contacts.phone")),
        (("+12125550100", "Ann"), ContactRules(), ("first row", "phone,name")),
        (HEADER, ContactRules(phone=("phnoe",)), ('"phnoe"', 'Did you mean "phone"?')),
        (HEADER, ContactRules(phone=("zzz",)), ('"zzz"', '"id", "phone", "name"')),
        (HEADER, ContactRules(region_column="land"), ('"land"', "contacts.region_column")),
        (HEADER, ContactRules(payload=("crm",)), ('"crm"', "contacts.payload")),
        (HEADER, ContactRules(payload={"a": "{nam}"}), ('"nam"', "payload.a", '"name"')),
        (HEADER, ContactRules(context={"b": "{x}{{y}}"}), ('"x"', "contacts.context.b")),
        (("",) * 30, ContactRules(), ("No column",)),
        (tuple(f"c{n}" for n in range(30)), ContactRules(), ("and 10 more",)),
    ],
)
def test_a_header_that_does_not_fit_is_refused_with_what_to_set(
    header: tuple[str, ...], rules: ContactRules, says: tuple[str, ...]
) -> None:
    with pytest.raises(FileRefused) as caught:
        choose_columns(header, rules)
    assert all(words in str(caught.value) for words in says), str(caught.value)


def test_configured_columns_are_found_whatever_their_case_the_exact_one_first() -> None:
    columns = choose_columns(
        ("Mobile", "MOBILE", "Work_Phone", "Land"),
        ContactRules(phone=("MOBILE", "work phone"), region_column="land"),
    )
    assert columns.phone_names == ("MOBILE", "Work_Phone")
    assert columns.region_name == "Land"


def test_folding_is_blind_to_case_accents_spacing_and_punctuation() -> None:
    spellings = (
        "Téléphone Portable",
        "telephone_portable",
        "TÉLÉPHONE-PORTABLE",
        "telephone.portable",
    )
    assert {folded(name) for name in spellings} == {"telephoneportable"}
