# ruff: noqa: RUF001 - letters that look alike in two alphabets are what this is about
"""How the column with the phone number is called, in the languages of business.

A header is plainly a phone column if all of it is one of these names, or if its words are names
and qualifiers: "Customer Phone 1" is one, "Phone type" is none.
"""

from __future__ import annotations

from sftp_sync.contacts.folding import LONGEST_NAME, folded, words

NAMES: dict[str, tuple[str, ...]] = {
    "en": (
        "phone", "phones", "telephone", "tel", "telno", "mobile", "cell", "cellphone", "cellular",
        "landline", "msisdn", "phone number", "phone no", "mobile number", "cell number",
        "contact number", "contact no", "dial number", "e164", "number to call",
        "called number", "callee", "phonenr", "telnr", "ph", "ph no", "mob", "mob no",
        "smartphone",
    ),
    "de": (
        "telefon", "telefonnummer", "telefonnr", "rufnummer", "handy", "handynummer", "handynr",
        "mobil", "mobilnummer", "mobilnr", "mobiltelefon", "mobiltelefonnummer", "mobilfunk",
        "mobilfunknummer", "festnetz", "festnetznummer", "fon", "zielrufnummer",
        "kundentelefon", "telefonkontakt", "natel",
    ),
    "fr": (
        "téléphone", "téléphone portable", "portable", "mobile", "numéro de téléphone", "gsm",
        "n° de téléphone", "n° tél", "numéro de portable", "numéro de mobile", "téléphone fixe",
        "tél", "num tel", "numtel", "ligne fixe",
    ),
    "es": (
        "teléfono", "teléfono móvil", "móvil", "celular", "número de teléfono", "núm teléfono",
        "nº de teléfono", "número de móvil", "número de celular", "número celular", "teléfono fijo",
        "nro de teléfono", "tlf", "tlfno", "tfno", "teléfono celular", "fono",
    ),
    "pt": (
        "telefone", "telemóvel", "celular", "número de telefone", "telefone celular", "fone",
        "nº de telefone", "número de telemóvel", "número de celular", "telefone fixo", "móvel",
    ),
    "it": (
        "telefono", "cellulare", "numero di telefono", "numero telefonico", "recapito telefonico",
        "numero cellulare", "numero di cellulare", "telefono cellulare", "telefono fisso",
        "telefonino", "n telefono",
    ),
    "nl": (
        "telefoon", "telefoonnummer", "telefoonnr", "mobiel", "mobiele telefoon", "gsm nummer",
        "mobiel nummer", "mobiele nummer", "gsmnummer", "vaste telefoon",
    ),
    "pl": (
        "telefon", "numer telefonu", "nr telefonu", "nr tel", "numer tel", "komórka",
        "telefon komórkowy", "numer komórki", "nr komórki", "tel kom", "telefon stacjonarny",
    ),
    "cs": (
        "telefon", "telefonní číslo", "mobil", "mobilní telefon", "mobilní číslo", "tel číslo",
        "číslo telefonu", "číslo mobilu",
    ),
    "sk": ("telefón", "telefónne číslo", "mobilný telefón", "mobilné číslo", "číslo telefónu"),
    "hu": (
        "telefon", "telefonszám", "mobil", "mobilszám", "mobiltelefon", "mobiltelefonszám",
        "telefonszáma", "vezetékes telefon",
    ),
    "ro": ("telefon", "număr de telefon", "număr telefon", "nr telefon", "telefon mobil", "mobil"),
    "sv": (
        "telefon", "telefonnummer", "mobil", "mobilnummer", "mobiltelefon", "mobiltelefonnummer",
        "telnr", "tfn", "hemtelefon",
    ),
    "da": (
        "telefon", "telefonnummer", "tlf", "tlf nr", "tlfnr", "mobil", "mobilnummer",
        "mobiltelefon", "telefonnr",
    ),
    "no": ("telefon", "telefonnummer", "tlf", "tlfnr", "mobil", "mobilnummer", "mobiltelefon"),
    "fi": (
        "puhelin", "puhelinnumero", "puh", "puhnro", "matkapuhelin", "matkapuhelinnumero",
        "kännykkä", "gsm", "puhelinnro",
    ),
    "is": ("sími", "símanúmer", "farsími", "gsm númer"),
    "et": ("telefon", "telefoninumber", "telefoni number", "mobiil", "mobiiltelefon"),
    "lv": ("tālrunis", "telefons", "tālruņa numurs", "telefona numurs", "mobilais"),
    "lt": ("telefonas", "telefono numeris", "tel numeris", "mobilusis", "mobilus telefonas"),
    "hr": ("telefon", "broj telefona", "mobitel", "broj mobitela", "mobilni telefon"),
    "sr": ("телефон", "број телефона", "мобилни", "мобилни телефон", "broj telefona", "mobilni"),
    "sl": ("telefon", "telefonska številka", "mobilni telefon", "gsm", "mobitel"),
    "bg": ("телефон", "телефонен номер", "мобилен", "мобилен телефон", "gsm", "тел номер"),
    "tr": (
        "telefon", "telefon numarası", "telefon no", "cep telefonu", "cep tel", "gsm no",
        "gsm numarası", "cep no", "tel no", "telefonu", "cep telefonu numarası", "irtibat numarası",
        "sabit telefon",
    ),
    "ru": (
        "телефон", "номер телефона", "мобильный", "мобильный телефон", "тел", "номер тел",
        "сотовый", "сотовый телефон", "контактный телефон", "моб", "моб тел", "моб телефон",
        "номер мобильного", "телефонный номер", "№ телефона", "телефоны",
    ),
    "uk": (
        "телефон", "номер телефону", "мобільний", "мобільний телефон", "контактний телефон",
        "телефонний номер", "№ телефону",
    ),
    "el": (
        "τηλέφωνο", "κινητό", "αριθμός τηλεφώνου", "κινητό τηλέφωνο", "τηλ", "σταθερό τηλέφωνο",
        "αριθμός κινητού",
    ),
    "ar": (
        "هاتف", "الهاتف", "رقم الهاتف", "جوال", "الجوال", "رقم الجوال", "موبايل", "رقم الموبايل",
        "تليفون", "التليفون", "تلفون", "رقم التلفون", "رقم التليفون", "رقم هاتف", "الهاتف المحمول",
        "المحمول", "رقم المحمول", "الهاتف الجوال", "الموبايل",
    ),
    "fa": ("تلفن", "شماره تلفن", "موبایل", "شماره موبایل", "تلفن همراه", "شماره همراه"),
    "he": ("טלפון", "מספר טלפון", "נייד", "טלפון נייד", "מספר נייד", "פלאפון", "מס טלפון",
           "סלולרי"),
    "hi": ("फ़ोन", "फोन", "फ़ोन नंबर", "फोन नंबर", "मोबाइल", "मोबाइल नंबर", "दूरभाष", "टेलीफोन"),
    "bn": ("ফোন", "ফোন নম্বর", "মোবাইল", "মোবাইল নম্বর"),
    "ur": ("فون", "فون نمبر", "موبائل", "موبائل نمبر"),
    "zh": (
        "电话", "电话号码", "手机", "手机号", "手机号码", "联系电话", "移动电话", "座机",
        "固定电话", "联系手机", "客户电话", "電話", "電話號碼", "手機", "手機號碼", "行動電話",
        "聯絡電話", "連絡電話", "市話", "手提電話",
    ),
    "ja": (
        "電話", "電話番号", "携帯", "携帯電話", "携帯番号", "携帯電話番号", "連絡先電話番号", "TEL",
        "固定電話", "でんわ", "電話番號", "ケータイ", "お電話番号",
    ),
    "ko": (
        "전화", "전화번호", "휴대폰", "휴대폰번호", "핸드폰", "핸드폰번호", "휴대전화",
        "휴대전화번호", "연락처", "휴대폰 번호", "연락처 전화번호", "모바일",
    ),
    "th": ("โทรศัพท์", "เบอร์โทรศัพท์", "เบอร์โทร", "มือถือ", "เบอร์มือถือ", "หมายเลขโทรศัพท์", "โทร"),
    "vi": (
        "điện thoại", "số điện thoại", "sđt", "di động", "số di động", "điện thoại di động",
        "số đt",
    ),
    "id": (
        "telepon", "nomor telepon", "no telepon", "no telp", "telp", "no hp", "nomor hp", "hp",
        "ponsel", "nomor ponsel", "handphone", "no handphone", "nomor handphone",
    ),
    "ms": ("telefon", "nombor telefon", "no telefon", "telefon bimbit"),
    "sw": ("simu", "nambari ya simu", "namba ya simu"),
}  # fmt: skip

_QUALIFIERS: dict[str, tuple[str, ...]] = {
    "en": (
        "the", "a", "my", "your", "primary", "main", "first", "default", "preferred", "best",
        "customer", "client", "contact", "lead", "user", "member", "person", "recipient",
        "borrower", "debtor", "patient", "guest", "home", "work", "business", "office", "private",
        "personal", "day", "daytime", "evening", "number", "numbers", "no", "num", "nr",
        "international", "intl", "full", "e", "raw", "to", "call", "company",
    ),
    "de": (
        "privat", "geschäftlich", "dienstlich", "beruflich", "kunde", "kunden", "haupt", "nummer",
        "zentrale", "kontakt",
    ),
    "fr": ("de", "du", "la", "le", "numéro", "principal", "personnel", "professionnel", "domicile"),
    "es": ("cliente", "del", "número", "contacto", "casa", "trabajo", "particular"),
    "pt": ("contato", "contacto", "residencial", "comercial"),
    "it": ("di", "numero", "principale", "ufficio", "contatto"),
    "nl": ("klant", "prive", "werk", "thuis"),
    "nordic": ("kund", "kunde", "arbete", "arbejde", "arbeid", "hem"),
    "pl": ("numer", "klienta", "kontaktowy"),
    "cs": ("číslo", "zákazníka"),
    "tr": ("müşteri", "iş", "ev"),
    "ru": ("клиента", "номер", "основной", "домашний", "рабочий", "контактный"),
}  # fmt: skip

_NAMES = frozenset(folded(name) for names in NAMES.values() for name in names)
_QUALIFYING = frozenset(folded(word) for listed in _QUALIFIERS.values() for word in listed)


def is_phone_name(header: str) -> bool:
    """Whether a column of this name plainly holds phone numbers."""
    if len(header) > LONGEST_NAME:
        return False
    if folded(header) in _NAMES:
        return True
    parts = words(header)
    return any(part in _NAMES for part in parts) and all(
        part in _NAMES or part in _QUALIFYING or part.isdigit() for part in parts
    )
