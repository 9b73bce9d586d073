"""The status page in a browser: narrow and wide, light and dark, with and without script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sftp_sync.config.form import Web
from sftp_sync.errors import RemoteRefused
from sftp_sync.web import StatusServer
from tests.support.boards import NOW, Board, a_board, a_list, fill
from tests.support.browser import Browser, Screen, Seen, browser
from tests.support.daemons import eventually

PAGES = ("/", "/campaigns/reminders", "/campaigns/surveys", "/campaigns/nobody")
SCREENS = [
    Screen(width, 900, is_dark=is_dark) for width in (390, 1280) for is_dark in (False, True)
]
# Everything that is shown and wider than its place, but for what may be scrolled.
OVERFLOWING = """
Array.from(document.querySelectorAll("main *"))
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter((one) => !one.closest(".scroll, svg, .unseen"))
  .map((one) => one.outerHTML.slice(0, 80))
"""
# The contrast of every text with what lies behind it, as WCAG counts it.
FAINT = """
(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const found = parts(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  return Array.from(document.querySelectorAll("main *"))
    .filter((one) => !one.closest("svg") && Array.from(one.childNodes)
      .some((node) => node.nodeType === 3 && node.textContent.trim()))
    .filter((one) => {
      const [a, b] = [light(parts(getComputedStyle(one).color)), light(behind(one))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
    })
    .map((one) => one.outerHTML.slice(0, 80));
})()
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with a_board(tmp_path_factory.mktemp("board"), prepare=fill) as board:
        eventually(lambda: 'id="days-chart-title"' in board.get("/").body, "the page has it")
        yield board


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Browser]:
    with browser(tmp_path) as chromium:
        yield chromium


def text_of(chromium: Browser, seen: Seen, selector: str) -> str:
    return str(chromium.evaluate(seen, f"document.querySelector('{selector}')?.innerText"))


@pytest.mark.parametrize("path", PAGES)
def test_it_fits_every_screen_and_nothing_is_complained_of(
    board: Board, chromium: Browser, path: str, tmp_path: Path
) -> None:
    for screen in SCREENS:
        seen = chromium.open(board.server.address + path, screen)
        if path != "/campaigns/nobody":
            assert seen.complaints == []
        assert {one.rpartition("/")[0] for one in seen.requests} <= {
            board.server.address,
            f"{board.server.address}/campaigns",
        }
        width = chromium.evaluate(seen, "document.documentElement.scrollWidth")
        assert width == screen.width
        assert chromium.evaluate(seen, OVERFLOWING) == []
        assert chromium.evaluate(seen, FAINT) == []
        picture = chromium.picture(seen, tmp_path / "seen.png")
        assert picture.stat().st_size > 3_000


def test_hostile_names_and_words_stay_words(board: Board, chromium: Browser) -> None:
    for path in PAGES:
        seen = chromium.open(board.server.address + path)
        count = "document.querySelectorAll('img, iframe, b b, main script, [onerror]').length"
        assert chromium.evaluate(seen, count) == 0
        assert chromium.evaluate(seen, "document.scripts.length") == 1
    page = text_of(chromium, chromium.open(board.server.address), "#attention")
    assert "<script>alert(2)</script>{{ 7 * 7 }}" in page


def test_what_is_wrong_is_seen_first(board: Board, chromium: Browser) -> None:
    seen = chromium.open(board.server.address, Screen(390, 800))
    assert text_of(chromium, seen, "h1") == "5 things need you."
    top = "document.querySelector('.concerns li').getBoundingClientRect().bottom"
    assert chromium.evaluate(seen, top) < 800
    first = text_of(chromium, seen, ".concerns li")
    assert "The host key of sftp.example.com has changed" in first
    assert "sftp-sync test-connection renewals" in first
    assert "for 4 h" in first


def test_the_bars_are_drawn_as_long_as_what_they_count(board: Board, chromium: Browser) -> None:
    seen = chromium.open(f"{board.server.address}/campaigns/surveys")
    share = chromium.evaluate(
        seen,
        """(() => { const [track, sent] = document.querySelectorAll("#sending rect");
        return sent.getBoundingClientRect().width / track.getBoundingClientRect().width; })()""",
    )
    assert share == pytest.approx(47 / 122, abs=0.01)
    bars = "document.querySelectorAll('#days .column').length"
    assert chromium.evaluate(seen, bars) == 12


def test_it_shows_what_is_new_by_itself_and_keeps_what_was_unfolded(
    chromium: Browser, tmp_path: Path
) -> None:
    with a_board(tmp_path, {"renewals": {}}, prepare=_prepared) as board:
        eventually(
            lambda: 'id="days-table"' in board.get("/campaigns/renewals").body, "the page has it"
        )
        seen = chromium.open(f"{board.server.address}/campaigns/renewals")
        chromium.evaluate(seen, "document.getElementById('days-table').open = true")
        chromium.evaluate(seen, "document.querySelector('footer a').focus()")
        error = RemoteRefused("The partner has shut the door.", step="sign_in")
        board.ledger.notices.post("renewals", "collect", error, NOW)
        eventually(
            lambda: "shut the door" in board.get("/campaigns/renewals").body, "the page has it"
        )
        # As the clock would, without waiting for it.
        chromium.evaluate(seen, "refresh()")
        assert "shut the door" in text_of(chromium, seen, "main")
        assert chromium.evaluate(seen, "document.getElementById('days-table').open") is True
        assert chromium.evaluate(seen, "document.activeElement.closest('footer') !== null") is True

        board.server.stop()
        chromium.evaluate(seen, "refresh()")
        assert "does not answer" in text_of(chromium, seen, "#freshness")
        assert "shut the door" in text_of(chromium, seen, "main")


def test_it_is_whole_without_script_and_reloads_itself(board: Board, chromium: Browser) -> None:
    seen = chromium.open("about:blank")
    chromium._ask("Emulation.setScriptExecutionDisabled", {"value": True}, seen)
    chromium._loaded.discard(seen.session)
    chromium._ask("Page.navigate", {"url": board.server.address}, seen)
    chromium._until(lambda: seen.session in chromium._loaded)
    document: dict[str, Any] = chromium._ask("DOM.getDocument", {"depth": -1}, seen)["root"]
    shown = str(document)
    for words in ("5 things need you.", "The last 14 days", "The latest files", "http-equiv"):
        assert words in shown
    assert seen.complaints == []


def test_another_page_cannot_read_it(board: Board, chromium: Browser) -> None:
    """A page of somebody else in the same browser, under a name that points to this machine."""
    other = StatusServer(Web(listen="127.0.0.1:0"), board.sources())
    address = other.start()
    try:
        seen = chromium.open(f"{address}/campaigns/nobody")
        asked = f"fetch('{board.server.address}/metrics').then(() => 'read', () => 'kept out')"
        assert chromium.evaluate(seen, asked) == "kept out"
    finally:
        other.stop()


def _prepared(board: Board) -> None:

    connection = board.campaign("renewals").connection
    board.ledger.campaigns.tested("renewals", connection, NOW, passed=True)
    with board.ledger.leases.hold("collect:renewals") as lease:
        a_list(board, lease, "renewals", "today.csv", called=20)
