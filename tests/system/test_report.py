"""`sftp-sync report`, as it is typed, and the page as a browser shows it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sftp_sync.ledger import Ledger
from sftp_sync.model import AlreadyQueued, Campaign, FileState, Refused
from sftp_sync.report import Fate, Period, compose, page
from sftp_sync.wiring.parts import now
from tests.support.browser import Browser, Screen, browser
from tests.support.builders import NOW, ARow, a_batch, a_duplicate_row, a_phone, an_invalid_row
from tests.support.daily_life import House
from tests.support.forking import COMMAND
from tests.support.outcomes import Told, a_launch, accepted, calls, received

ZONE = "America/New_York"
HOSTILE = "</title><script>document.body.id = 'taken'</script>\u202egnp.csv"
PAPER = {"light": "rgb(253, 252, 249)", "dark": "rgb(21, 24, 27)"}
CHARTS = "[...document.querySelectorAll('svg.chart')].map(one => one.getAttribute('class'))"
WIDE_PARTS = """
[...document.querySelectorAll('body *')]
  .filter(one => !one.closest('.unseen, .scroll, details, thead') && !one.closest('defs'))
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.outerHTML.slice(0, 80))
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """An installation with two days of calls, a file that is held, and one with a hostile name."""
    house = House(tmp_path)
    house.local(timezone=ZONE)
    campaign = house.write().campaigns["renewals"].model
    with house.ledger() as ledger:
        fill(ledger, campaign)
    return house


def fill(ledger: Ledger, campaign: Campaign) -> None:
    today = now().replace(minute=0, second=0, microsecond=0)
    yesterday = today - timedelta(days=1)
    ledger.campaigns.pause(campaign.name, paused=False)
    numbers = [ARow(a_phone(number)) for number in range(10)]
    rejects = [an_invalid_row(), an_invalid_row(), a_duplicate_row()]
    first = received(ledger, campaign, a_batch(*numbers, *rejects), name=HOSTILE, at=yesterday)
    first.send(yesterday, *accepted(6))
    first.hear(["completed"] * 3 + ["voicemail", "busy"], over_at=yesterday, seconds=60)
    first.report("results.csv", delivered_at=today)
    first.send(today, AlreadyQueued("theirs"), Refused("no such line"), *accepted(1))
    first.hear(["abducted <b>"], over_at=today)
    rest = a_batch(*(ARow(a_phone(number)) for number in range(20, 27)))
    received(ledger, campaign, rest, name="held.csv", at=today, state=FileState.HELD)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


def test_it_says_what_became_of_the_calls_and_ends_with_what_is_outstanding(house: House) -> None:
    said = house.run("report", "renewals")
    assert (said.code, said.stderr) == (0, "")
    assert "6 of 8 calls are over, 50 % completed." in said.stdout
    assert "</title><script>doc" in said.stdout
    assert "\u202e" not in said.stdout
    assert "5 min 0 s of talk, 1 min 0 s a call." in said.stdout
    assert "\x1b" not in said.stdout
    days = [line.split() for line in said.stdout.splitlines() if " Nov " in line or "█" in line]
    assert any("█" in word for line in days for word in line)
    before, _, outstanding = said.stdout.partition("Outstanding\n")
    assert "rows that were not called" in before
    assert outstanding.splitlines() == [
        "  ! 1 file with 7 rows to send waits for your decision. Type: sftp-sync release 2",
        "  ! 1 row still to be sent.",
        "  ! 2 calls are not over yet.",
        "  ! 2 rows wait for the next result file.",
    ]


def test_the_document_closes_with_the_ledger(house: House) -> None:
    said = house.run("report", "renewals", "--json", "--since", "2d")
    found = said.json
    assert said.code == 0
    assert found["timezone"] == ZONE
    assert found["since"] == str(now().astimezone(ZoneInfo(ZONE)).date() - timedelta(days=1))
    assert found["rows"]["total"] == 20
    assert sum(day["rows"]["total"] for day in found["days"]) + found["earlier_rows"] == 20
    status = {one["id"]: one["rows"] for one in house.status()["files"]}
    assert {one["id"]: one["rows"] for one in found["files"]} == status
    assert found["calls"]["abducted <b>"] == 1
    assert found["rejects"] == {"duplicate_in_file": 1, "invalid_number": 2, "refused": 1}
    held, first = found["files"]
    assert (held["state"], held["results"]["files"]) == ("held", 0)
    assert first["results"]["rows_delivered"] == 5
    assert [one["what"] for one in found["outstanding"]] == [
        "held",
        "to_send",
        "under_way",
        "to_report",
    ]


def test_an_empty_campaign_is_reported_in_every_form(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.local()
    said = house.run("report", "renewals")
    assert said.code == 0
    assert said.stdout.endswith("No contact files came in.\n\nNothing is outstanding.\n")
    assert house.run("report", "renewals", "--json").json["files"] == []
    page = house.run("report", "renewals", "--output", "-").stdout
    assert "No contact files came in." in page


def test_the_page_goes_where_it_is_told(house: House) -> None:
    path = house.home / "report.html"
    said = house.run("report", "renewals", "--output", str(path))
    assert said.code == 0
    assert f"The report: {path}" in said.stdout
    assert path.read_text("utf-8").startswith("<!doctype html>")
    quiet = house.run("report", "renewals", "--output", str(path), "--quiet")
    assert (quiet.code, quiet.said) == (0, "")
    piped = house.run("report", "renewals", "--output", "-")
    assert piped.stdout.strip().endswith("</html>")
    both = house.run("report", "renewals", "--json", "--output", str(path))
    assert both.json["campaign"] == "renewals"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["renewals", "--output", "/nowhere/report.html"], "--output: /nowhere/report.html cannot"),
        (["renewals", "--output", "/"], "ends in .html or .xlsx"),
        (["renewals", "--output", "report.pdf"], "ends in .html or .xlsx"),
        (["renewals", "--output", "report"], "ends in .html or .xlsx"),
        (["renewals", "--since", "soon"], "--since: “soon” is no day."),
        (["renewals", "--json", "--output", "-"], "both want stdout"),
        (["surveys"], "There is no campaign surveys"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_word(
    house: House, words: list[str], says: str
) -> None:
    said = house.run("report", *words)
    assert (said.code, said.stdout) == (2, "")
    assert says in said.stderr


def test_colours_are_for_terminals_that_want_them(house: House) -> None:
    command = [str(COMMAND), "report", "renewals", "--config", str(house.config)]
    plain = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    for environment, has_colours in ((plain, True), ({**plain, "NO_COLOR": "1"}, False)):
        said = on_a_terminal(command, {**environment, "TERM": "xterm-256color"})
        assert ("\x1b[32m" in said) == has_colours
        assert "Outstanding" in said


def on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    """What a command says where somebody looks at it."""
    ours, its = os.openpty()
    running = subprocess.Popen(command, env=environment, stdout=its, stderr=its)
    os.close(its)
    said = b""
    try:
        while chunk := os.read(ours, 65_536):
            said += chunk
    except OSError:
        pass  # the terminal's other side has closed
    os.close(ours)
    assert running.wait() == 0, said
    return said.decode()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_browser_shows_the_charts_and_complains_of_nothing(
    house: House, chromium: Browser, width: int, theme: str
) -> None:
    path = house.home / "report.html"
    house.run("report", "renewals", "--output", str(path), "--since", "7d")
    seen = chromium.open(path.as_uri(), Screen(width, is_dark=theme == "dark"))
    assert seen.complaints == []
    assert seen.requests == [path.as_uri()]
    charts = chromium.evaluate(seen, CHARTS)
    kinds = [words.split()[1] for words in charts]
    assert kinds.count("chart-columns") == 1
    assert kinds.count("chart-bar") == 3
    assert kinds.count("chart-length") == 3
    assert chromium.evaluate(seen, "document.body.id + document.scripts.length") == "0"
    assert chromium.evaluate(seen, "document.documentElement.scrollWidth") == width
    assert chromium.evaluate(seen, WIDE_PARTS) == []
    paper = chromium.evaluate(seen, "getComputedStyle(document.body).backgroundColor")
    assert paper == PAPER[theme]
    assert chromium.picture(seen, house.home / "page.png").stat().st_size > 20_000


def test_what_the_browser_draws_is_what_the_ledger_says(house: House, chromium: Browser) -> None:
    path = house.home / "report.html"
    rows = house.run("report", "renewals", "--output", str(path), "--json").json["outcomes"]
    seen = chromium.open(path.as_uri())
    drawn = """
    Object.fromEntries([...document.querySelectorAll('.summary .chart-bar rect')].map(one =>
      [one.getAttribute('class').slice(10), one.getBoundingClientRect().width]))
    """
    whole = "document.querySelector('.summary .chart-bar').getBoundingClientRect().width"
    widths, width = chromium.evaluate(seen, drawn), chromium.evaluate(seen, whole)
    assert set(widths) == {fate for fate in Fate if rows[fate]}
    for fate, drawn_width in widths.items():
        assert drawn_width / width == pytest.approx(rows[fate] / 20, abs=0.01), fate


@pytest.mark.parametrize("width", [390, 1280])
def test_campaigns_at_the_vendor_fit_into_every_screen(
    tmp_path: Path, chromium: Browser, width: int
) -> None:
    told = Told()
    number = told.file(calls(30, "completed"))
    wide, said = "A" * 500, {"queued": 12, HOSTILE: HOSTILE, "B" * 500: [1, {"deep": None}]}
    launches = [a_launch(), a_launch(name=wide, vendor_id=wide, status=wide, counts=said)]
    period = Period.since("7d", NOW, "UTC")
    path = tmp_path / "report.html"
    path.write_text(
        page(compose("renewals", told.history, period, NOW, {number: launches})), "utf-8"
    )
    seen = chromium.open(path.as_uri(), Screen(width))
    assert (seen.complaints, seen.requests) == ([], [path.as_uri()])
    assert chromium.evaluate(seen, "document.body.id + document.scripts.length") == "0"
    assert chromium.evaluate(seen, "document.querySelectorAll('#launches tbody tr').length") == 2
    assert chromium.evaluate(seen, "document.documentElement.scrollWidth") == width
    assert chromium.evaluate(seen, WIDE_PARTS) == []


def test_the_page_prints_light_with_its_tables_open(house: House, chromium: Browser) -> None:
    path = house.home / "report.html"
    house.run("report", "renewals", "--output", str(path))
    seen = chromium.open(path.as_uri(), Screen(700, is_dark=True, is_paper=True))
    paper = chromium.evaluate(seen, "getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    height = "document.querySelector('table.numbers').getBoundingClientRect().height"
    assert chromium.evaluate(seen, height) > 40
    assert chromium.printed(seen).startswith(b"%PDF")


def test_the_browser_would_tell_of_a_script_and_of_a_request(
    tmp_path: Path, chromium: Browser
) -> None:
    """What the tests above rely on."""
    path = tmp_path / "bad.html"
    path.write_text(
        "<!doctype html><title>x</title><img src=missing.png>"
        "<script>console.error('oh'); document.body.id = 'taken'; throw new Error('no')</script>"
    )
    seen = chromium.open(path.as_uri())
    end = time.monotonic() + 10
    while len(seen.complaints) < 3 and time.monotonic() < end:
        assert chromium.evaluate(seen, "document.body.id") == "taken"
    assert any("console.error" in one for one in seen.complaints)
    assert any("Uncaught" in one for one in seen.complaints)
    assert any("missing.png" in one for one in seen.requests)
