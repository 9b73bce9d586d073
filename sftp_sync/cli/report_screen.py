"""A report on a terminal: sentences, tables, and bars that can be read without colours."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sftp_sync.cli.screen import coloured, console, plain, table
from sftp_sync.model import many
from sftp_sync.report import Group, Report, Tally
from sftp_sync.report.fates import reason_in_words
from sftp_sync.report.headline import headline
from sftp_sync.report.spans import spans, unit
from sftp_sync.report.wording import (
    counts_in_words,
    days_of,
    lasting,
    percentage,
    period_in_words,
    shortened,
)

SHOWN_FILES, SHOWN_LAUNCHES, SHOWN_BARS = 15, 15, 31
NARROWEST_BAR, WIDEST_BAR, BESIDE_BAR = 8, 40, 78
NARROW_NAME, WIDE_NAME, WIDE_SCREEN = 22, 32, 118
STATUS_SIGNS, COUNTS_SIGNS = 24, 400
# Dense, half dense and thin, so that a bar says the same on paper and in a log.
TONES = {
    Group.COMPLETED: ("█", "green"),
    Group.NOT_REACHED: ("▓", "yellow"),
    Group.OPEN: ("░", "cyan"),
    Group.NOT_CALLED: ("·", "bright_black"),
}


def show(report: Report) -> None:
    """All of it; what is outstanding comes last, where the eye rests."""
    screen = console()
    screen.print(f"[bold]{plain(report.campaign)}[/]  {plain(period_in_words(report.period))}")
    screen.print(plain(headline(report)))
    if report.tally.total:
        _show_fates(screen, report)
        _show_days(screen, report)
        _show_files(screen, report)
        _show_launches(screen, report)
        _show_reasons(screen, report.tally)
    screen.print()
    if not report.open:
        screen.print("Nothing is outstanding.")
        return
    screen.print("[bold]Outstanding[/]")
    for one in report.open:
        command = f" Type: {one.command}" if one.command else ""
        screen.print(f"  [yellow]![/] {plain(one.sentence + command)}")


def _show_fates(screen: Console, report: Report) -> None:
    tally = report.tally
    shown = table("outcome", "#rows", "#share", "")
    width = _bar_width(screen)
    highest = max(tally.fates.values())
    for group in Group:
        sign, colour = TONES[group]
        for fate in group.fates:
            number = tally.fates.get(fate, 0)
            if number:
                bar = Text(sign * max(1, round(width * number / highest)), colour)
                share = percentage(number, tally.total)
                shown.add_row(fate.words, f"{number:,}", share, bar)
    screen.print(shown)
    if tally.seconds_each is not None:
        talk, each = lasting(tally.talk_seconds), lasting(tally.seconds_each)
        screen.print(f"{talk} of talk, {each} a call.\n")


def _show_days(screen: Console, report: Report) -> None:
    bars = spans(report.days, SHOWN_BARS)
    with_rows = [bar for bar in bars if bar.tally.total]
    if not with_rows:
        return
    shown = table(unit(bars), "#rows", "", *(f"#{group}" for group in Group))
    highest = max(bar.tally.total for bar in bars)
    width = _bar_width(screen)
    for bar in with_rows:
        length = max(1, round(width * bar.tally.total / highest))
        shown.add_row(*_cells(days_of(bar), bar.tally, length))
    _print_with_key(screen, shown)
    if report.earlier_rows:
        screen.print(f"  and {many(report.earlier_rows, 'row')} of these files on earlier days")


def _show_files(screen: Console, report: Report) -> None:
    is_wide = screen.width >= WIDE_SCREEN
    groups = tuple(Group) if is_wide else (Group.COMPLETED,)
    shown = table("#id", "file", "state", "#rows", "", *(f"#{group}" for group in groups))
    latest, earlier = report.files[:SHOWN_FILES], report.files[SHOWN_FILES:]
    for line in latest:
        name = shortened(line.file.name, WIDE_NAME if is_wide else NARROW_NAME)
        cells = _cells(coloured(line.file.state), line.tally, NARROWEST_BAR, groups)
        shown.add_row(str(line.file.id), plain(name), *cells)
    if earlier:
        tally = Tally.sum(line.tally for line in earlier)
        cells = _cells("", tally, NARROWEST_BAR, groups)
        shown.add_row("", many(len(earlier), "earlier file"), *cells)
    screen.print(shown)


def _show_launches(screen: Console, report: Report) -> None:
    if not report.launches:
        return
    shown = table("#file", "campaign at the vendor", "status", "#contacts", "the vendor's counts")
    shown.columns[-1].overflow = "fold"
    name_signs = WIDE_NAME if screen.width >= WIDE_SCREEN else NARROW_NAME
    latest, earlier = report.launches[:SHOWN_LAUNCHES], report.launches[SHOWN_LAUNCHES:]
    for file, launch in latest:
        name = shortened(launch.name, name_signs)
        status = shortened(launch.status or "-", STATUS_SIGNS)
        counts = shortened(counts_in_words(launch.counts) or "-", COUNTS_SIGNS)
        contacts = f"{launch.recipients:,}"
        shown.add_row(str(file.id), plain(name), plain(status), contacts, plain(counts))
    if earlier:
        shown.add_row("", many(len(earlier), "earlier campaign"))
    screen.print(shown)


def _show_reasons(screen: Console, tally: Tally) -> None:
    if not tally.codes:
        return
    shown = table("rows that were not called", "code", "#rows")
    for code, number in tally.commonest_codes():
        words = (shortened(reason_in_words(code), 60), shortened(code, 40))
        shown.add_row(*(plain(word) for word in words), f"{number:,}")
    screen.print(shown)


def _cells(
    first: str, tally: Tally, length: int, groups: Sequence[Group] = tuple(Group)
) -> list[str | Text]:
    numbers = [f"{tally.of_group(group):,}" if tally.of_group(group) else "-" for group in groups]
    return [first, f"{tally.total:,}", _bar(tally, length), *numbers]


def _bar(tally: Tally, length: int) -> Text:
    """A bar of so many signs; what is there has one at least, as far as there is room."""
    bar = Text()
    for group, signs in zip(Group, _signs(tally, length), strict=True):
        bar.append(TONES[group][0] * signs, TONES[group][1])
    return bar


def _signs(tally: Tally, length: int) -> list[int]:
    """How the signs of a bar are shared out: the largest groups round to make up the length."""
    exact = [length * tally.of_group(group) / tally.total if tally.total else 0 for group in Group]
    signs = [max(1, round(part)) if part else 0 for part in exact]
    while sum(signs) > max(length, sum(part > 0 for part in exact)):
        signs[signs.index(max(signs))] -= 1
    return signs


def _print_with_key(screen: Console, shown: Table) -> None:
    screen.print(shown)
    key = "   ".join(f"[{colour}]{sign}[/] {group}" for group, (sign, colour) in TONES.items())
    screen.print(f"  {key}")


def _bar_width(screen: Console) -> int:
    return min(WIDEST_BAR, max(NARROWEST_BAR, screen.width - BESIDE_BAR))
