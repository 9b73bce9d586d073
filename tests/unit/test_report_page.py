"""The page: its charts are right, its colours can be told apart, and nothing in it is alive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from itertools import combinations, pairwise

import pytest
from jinja2 import UndefinedError

from sftp_sync.ledger.outcomes import Posted
from sftp_sync.model import FileState, Launch, LaunchState, RowState
from sftp_sync.report import Fate, Period, Tally, compose, page
from sftp_sync.report.charts import bar_title, column_chart, label_of, stacked_bar
from sftp_sync.report.page import SHOWN_FILES, SHOWN_LAUNCHES, pages
from sftp_sync.report.spans import spans
from tests.support.builders import NOW
from tests.support.outcomes import Told, a_launch, calls, rows_not_called

DAY = timedelta(days=1)
S = RowState
HOSTILE = [
    "<script>alert(1)</script>.csv",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</style></title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}.csv",
    "abc\u202egnp.exe.csv",
    "\u2066hidden\u2069\u200f.csv",
    "line\nbreak\x00\x1b[31m.csv",
    "&lt;b&gt;.csv",
    "A" * 10_000 + ".csv",
]
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Parts(HTMLParser):
    """What a page is made of, as a strict reader sees it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def having(self, name: str, word: str) -> list[dict[str, str | None]]:
        """The elements with a word in an attribute."""
        return [attrs for _, attrs in self.tags if word in (attrs.get(name) or "").split()]


def drawn(told: Told, since: str = "7d") -> str:
    return page(compose("renewals", told.history, Period.since(since, NOW, "UTC"), NOW))


def launched(*launches: Launch) -> str:
    told = Told()
    number = told.file(calls(30, "completed"))
    period = Period.since("7d", NOW, "UTC")
    return page(compose("renewals", told.history, period, NOW, {number: launches}))


def everything() -> Told:
    told = Told()
    statuses = ["completed", "voicemail", "no-answer", "busy", "failed", "abducted"]
    number = told.file(
        *(calls(10, status, delivery_id=1) for status in statuses),
        calls(10, "ringing", is_over=False),
        rows_not_called(10, S.PENDING),
        rows_not_called(10, S.INVALID, "not_a_number"),
        state=FileState.DISPATCHING,
    )
    told.posted.append(Posted(1, number, "results", "a.csv", NOW, NOW))
    return told


def test_the_page_has_every_chart_with_a_name_and_a_table_beside_it() -> None:
    parts = Parts(drawn(everything()))
    assert len(parts.having("class", "chart-columns")) == 1
    assert len(parts.having("class", "chart-bar")) == 2
    assert len(parts.having("class", "chart-length")) == 1
    charts = parts.having("class", "chart")
    assert all(one["role"] == "img" for one in charts)
    assert all(one.get("aria-label") or one.get("aria-labelledby") for one in charts)
    ids = [attrs["id"] for _, attrs in parts.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for one in parts.having("class", "chart-columns"):
        assert set((one["aria-labelledby"] or "").split()) <= set(ids)
    assert {"days", "files", "rejects", "outstanding"} <= set(ids)
    assert sum(tag == "table" for tag, _ in parts.tags) == 4
    assert all(fate.words in "".join(parts.texts) for fate in Fate)


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    text = drawn(everything())
    parts = Parts(text)
    tags = {tag for tag, _ in parts.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "form", "base", "embed"}
    names = {name for _, attrs in parts.tags for name in attrs}
    assert not {name for name in names if name.startswith("on")} | (names & {"style", "src"})
    (policy,) = parts.having("http-equiv", "Content-Security-Policy")
    assert (policy["content"] or "").startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text)


def test_hostile_names_and_words_stay_text() -> None:
    told = Told()
    for name in HOSTILE:
        told.file(
            calls(1, name),
            rows_not_called(1, S.INVALID, name),
            name=name,
            state=FileState.UNREADABLE,
        )
    told.files = [one.__class__(**{**vars(one), "reason": one.name}) for one in told.files]
    told.posted.append(Posted(1, 1, "results", "x", NOW, None, HOSTILE[0]))
    text = drawn(told)
    tame = {tag for tag, _ in Parts(drawn(everything())).tags}
    parts = Parts(text)
    assert {tag for tag, _ in parts.tags} <= tame
    assert "alert(1)</script>.csv" in "".join(parts.texts)
    assert "{{ 7 * 7 }}{% raw %}.csv" in "".join(parts.texts)
    assert "&amp;lt;b&amp;gt;.csv" in text
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert len(text) < 80_000


def test_a_files_campaigns_stand_with_what_the_vendor_says_of_them() -> None:
    draft = a_launch(state=LaunchState.STALE, vendor_id="c-0", status="draft")
    counts = {"queued": 12, "by carrier": {"o2": [1, None]}}
    parts = Parts(launched(draft, a_launch(status="on-air", counts=counts)))
    about = ["file 1, id c-1", " · ", "started"]
    at = parts.texts.index("Campaigns at the vendor")
    said = [text for text in parts.texts[at:] if text.strip()]
    row = said.index("renewals: leads.csv")
    assert said[row + 1 : row + 7] == [
        *about,
        "on-air",
        'queued: 12, by carrier: {"o2": [1, null]}',
        "30",
    ]
    assert said[row + 8 : row + 12] == ["file 1, id c-0", " · ", "stale", "draft"]
    assert "Campaigns at the vendor" not in drawn(everything())


def test_a_vendors_hostile_words_stay_text_and_short() -> None:
    tame = {tag for tag, _ in Parts(launched(a_launch())).tags}
    for words in HOSTILE:
        counts = {words: words, "deep": {words: [words]}, "lone": "\ud800"}
        text = launched(a_launch(name=words, vendor_id=words, status=words, counts=counts))
        parts = Parts(text)
        assert {tag for tag, _ in parts.tags} <= tame
        assert all(sign.isprintable() or sign == "\n" for sign in text)
        assert len(text) < 40_000
    assert "alert(1)</script>.csv: " in "".join(
        Parts(launched(a_launch(counts={HOSTILE[0]: 1}))).texts
    )


def test_of_many_campaigns_the_earlier_ones_are_counted() -> None:
    text = launched(*(a_launch(name=f"part {number}") for number in range(SHOWN_LAUNCHES + 2)))
    names = [one for one in Parts(text).texts if one.startswith("part ")]
    assert names == [f"part {number}" for number in range(SHOWN_LAUNCHES + 1, 1, -1)]
    assert "Not shown here: 2 earlier campaigns." in text


def test_a_campaign_may_be_called_anything() -> None:
    period = Period.since("7d", NOW, "UTC")
    text = page(compose("<script>x</script>", everything().history, period, NOW))
    assert "<script" not in text


def test_an_empty_ledger_makes_a_page_that_says_so() -> None:
    parts = Parts(drawn(Told()))
    said = "".join(parts.texts)
    assert "No contact files came in." in said
    assert "Nothing is outstanding." in said
    assert parts.having("class", "chart") == []


def test_a_refused_file_is_shown_with_its_reason_and_without_a_bar() -> None:
    told = Told()
    told.file(state=FileState.UNREADABLE)
    told.files = [one.__class__(**{**vars(one), "reason": "no column"}) for one in told.files]
    parts = Parts(drawn(told))
    assert parts.having("class", "chart-bar") == []
    assert "no column" in parts.texts


def test_of_two_hundred_files_the_earlier_ones_are_one_line() -> None:
    told = Told()
    for number in range(200):
        told.file(calls(number + 1, "completed"), name=f"list-{number:03}.csv")
    parts = Parts(drawn(told))
    names = [text for text in parts.texts if text.startswith("list-")]
    assert names == [f"list-{number:03}.csv" for number in range(199, 199 - SHOWN_FILES, -1)]
    assert "175 earlier files" in parts.texts
    earlier = sum(range(1, 176))
    assert f"{earlier:,}" in parts.texts


def test_ninety_days_are_ninety_bars_and_a_year_is_weeks() -> None:
    told = Told()
    for back in range(90):
        told.file(calls(10, "busy", NOW - back * DAY), at=NOW - back * DAY)
    parts = Parts(drawn(told, "90d"))
    assert len(parts.having("class", "column")) == 90
    assert "Day by day" in parts.texts
    told.file(calls(10, "busy", NOW - 300 * DAY), at=NOW - 300 * DAY)
    parts = Parts(drawn(told, "400d"))
    assert len(parts.having("class", "column")) == 44
    assert "Week by week" in parts.texts


def tallies() -> Iterator[Tally]:
    for numbers in ([1], [1_000_000, 1], [1] * 9, [5, 0, 3], [1, 10, 100, 1000, 10_000]):
        fates = {fate: number for fate, number in zip(Fate, numbers, strict=False) if number}
        yield Tally({S.ACCEPTED: sum(numbers)}, fates)


@pytest.mark.parametrize("tally", list(tallies()))
def test_the_parts_of_a_bar_fill_it_and_the_smallest_can_be_seen(tally: Tally) -> None:
    pieces = stacked_bar(tally)
    assert [piece.fate for piece in pieces] == list(tally.fates)
    assert sum(piece.length for piece in pieces) == pytest.approx(100, abs=0.01)
    assert min(piece.length for piece in pieces) > 0.5
    for one, after in pairwise(pieces):
        assert one.begin + one.length == pytest.approx(after.begin, abs=0.01)


def test_no_rows_make_no_bar() -> None:
    assert stacked_bar(Tally()) == ()
    assert bar_title(Tally()) == "no rows"


@pytest.mark.parametrize("most", [0, 1, 3, 5, 7, 99, 418, 1000, 1001, 123_456, 4_000_000])
def test_columns_stand_on_the_ground_and_below_the_highest_line(most: int) -> None:
    told = Told()
    told.file(*([calls(most, "completed")] if most else []), calls(1, "busy", NOW - DAY))
    report = compose("renewals", told.history, Period.since("7d", NOW, "UTC"), NOW)
    chart = column_chart(spans(report.days))
    assert (chart.ticks[0].at, chart.ticks[-1].at) == (chart.height, 0)
    assert 2 <= len(chart.ticks) <= 6
    for column in chart.columns:
        assert 0 <= column.begin < column.begin + column.width <= 100
        reached = chart.height
        for piece in column.pieces:
            assert piece.begin + piece.length == pytest.approx(reached, abs=1.1)
            assert piece.length >= 0
            reached = piece.begin
        assert reached == pytest.approx(column.top, abs=0.01)
    assert chart.columns[-1].date == "20 Nov"


def test_numbers_over_bars_are_short() -> None:
    assert [label_of(number) for number in (7, 9_999, 12_345, 654_321, 1_234_567)] == [
        "7",
        "9,999",
        "12.3k",
        "654k",
        "1.23M",
    ]


def test_a_word_that_a_template_misspells_is_no_silence() -> None:
    with pytest.raises(UndefinedError):
        pages().from_string("{{ nothing_here }}").render()


# Colours: what is in report.css, and how eyes see it.

FILLS = [fate for fate in Fate if fate not in {Fate.UNDER_WAY, Fate.WAITING}]
Colour = tuple[float, float, float]
# Viénot, Brettel and Mollon 1999, on linear light.
BLINDNESS = {
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def themes() -> dict[str, dict[str, Colour]]:
    source, _, _ = pages().loader.get_source(pages(), "report.css")  # type: ignore[union-attr]  # it has one
    blocks = re.findall(r":root \{(.*?)\}", source, re.DOTALL)
    return {
        name: {
            key: linear(value)
            for key, value in re.findall(r"--([\w-]+): #([0-9a-f]{6})", "".join(blocks[:count]))
        }
        for name, count in (("light", 1), ("dark", 2))
    }


def linear(text: str) -> Colour:
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return tuple(  # type: ignore[return-value]  # three of them
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (red, green, blue)
    )


def luminance(colour: Colour) -> float:
    red, green, blue = colour
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def lab(colour: Colour) -> Colour:
    red, green, blue = colour
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (max(x, 0), max(luminance(colour), 0), max(z, 0))
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def seen(colour: Colour, blindness: str) -> Colour:
    return tuple(  # type: ignore[return-value]  # three of them
        sum(weight * part for weight, part in zip(weights, colour, strict=True))
        for weights in BLINDNESS[blindness]
    )


def difference(one: Colour, other: Colour) -> float:
    return sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_and_bars_stand_out(theme: str) -> None:
    colours = themes()[theme]
    for text in ("ink", "soft", "link", "alarm"):
        assert contrast(colours[text], colours["paper"]) >= 4.5, text
        assert contrast(colours[text], colours["wash"]) >= 4.5, text
    for fate in FILLS:
        assert contrast(colours[fate], colours["paper"]) >= 2.99, fate
        assert contrast(colours[f"in-{fate}"], colours[fate]) >= 4.5, fate
    for fate in (Fate.UNDER_WAY, Fate.WAITING):
        assert contrast(colours[f"mark-{fate}"], colours["paper"]) >= 2.99, fate


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_who_sees_fewer_colours_can_tell_them_apart_too(theme: str, blindness: str) -> None:
    colours = themes()[theme]
    for one, other in combinations(FILLS, 2):
        apart = difference(seen(colours[one], blindness), seen(colours[other], blindness))
        assert apart >= 12, (one, other, apart)
