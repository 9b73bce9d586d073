"""The pages: what is wrong comes first, and nothing from outside is unescaped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files as inside

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from sftp_sync.errors import short_phone
from sftp_sync.model import RowRecord, many
from sftp_sync.report import charts
from sftp_sync.report import wording as numbers
from sftp_sync.report.fates import Fate
from sftp_sync.report.page import reason_rows
from sftp_sync.report.spans import spans
from sftp_sync.web import views, wording
from sftp_sync.web.outlines import SHOWN_DAYS, Outlines
from sftp_sync.web.snapshot import CampaignNow, Snapshot

FILES = {
    "look.css": "text/css",
    "refresh.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
NAME_SIGNS, LINE_SIGNS = 72, 400


def overview(snapshot: Snapshot, outlines: Outlines | None) -> str:
    """The status page."""
    concerns = views.pressing(snapshot)
    return _rendered(
        "overview.html",
        snapshot=snapshot,
        headline=views.headline(concerns),
        concerns=concerns[: views.SHOWN_CONCERNS],
        more_concerns=max(0, len(concerns) - views.SHOWN_CONCERNS),
        quiet=[one for one in snapshot.concerns if one.is_quiet][: views.SHOWN_CONCERNS],
        sending=views.sending(snapshot),
        campaigns=views.campaign_rows(snapshot, outlines),
        latest=views.latest_files(snapshot),
        **_drawn(outlines, None),
    )


def campaign(
    one: CampaignNow,
    snapshot: Snapshot,
    outlines: Outlines | None,
    doubtful: list[RowRecord],
    files: list[views.FileRow],
) -> str:
    """The page of one campaign."""
    return _rendered(
        "campaign.html",
        snapshot=snapshot,
        one=one,
        state=views.state_of(one),
        concerns=one.concerns,
        files=files,
        doubtful=doubtful,
        **_drawn(outlines, one.name),
    )


def message(said: str, fix: str = "") -> str:
    """A page with nothing but a sentence."""
    return _rendered("message.html", said=said, fix=fix)


def file(name: str) -> tuple[bytes, str]:
    """A file that the pages ask for, and its kind."""
    return _contents(name), FILES[name]


@cache
def _contents(name: str) -> bytes:
    if name != "look.css":
        return (inside("sftp_sync.web") / "templates" / name).read_bytes()
    report = inside("sftp_sync.report") / "templates" / "report.css"
    ours = inside("sftp_sync.web") / "templates" / "status.css"
    return report.read_bytes() + ours.read_bytes()


def _drawn(outlines: Outlines | None, name: str | None) -> dict[str, object]:
    """The charts of the last days, of one campaign or of all."""
    if outlines is None:
        return {"chart": None, "tally": None, "days": SHOWN_DAYS, "is_counted": False}
    days = outlines.days if name is None else outlines.by_campaign.get(name, ())
    tally = outlines.tally if name is None else outlines.tallies.get(name)
    bars = spans(days)
    is_empty = tally is None or not tally.total
    return {
        "is_counted": True,
        "days": SHOWN_DAYS,
        "zone": outlines.period.zone,
        "bars": bars,
        "tally": None if is_empty else tally,
        "chart": None if is_empty else charts.column_chart(bars),
        "fates": [] if tally is None else [fate for fate in Fate if tally.fates.get(fate)],
        "reasons": [] if tally is None else reason_rows(tally),
    }


def _rendered(template: str, **values: object) -> str:
    return _pages().get_template(template).render(**values)


@cache
def _pages() -> Environment:
    made = Environment(
        loader=ChoiceLoader([PackageLoader("sftp_sync.web"), PackageLoader("sftp_sync.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "many": many,
        "share": numbers.percentage,
        "days": numbers.days_of,
        "in_words": charts.bar_title,
        "drawn_bar": charts.stacked_bar,
        "line": lambda text: numbers.shortened(str(text), LINE_SIGNS),
        "name": lambda text: numbers.shortened(str(text), NAME_SIGNS),
        "phone": lambda text: short_phone(text) if text else "",
        "number": lambda number: f"{number:,}",
        "lasting": wording.lasting,
        "from_now": wording.from_now,
        "exactly": wording.exactly,
        "machine_time": wording.machine_time,
        "size": wording.in_bytes,
        "told_apart": wording.told_apart,
    }
    return made
