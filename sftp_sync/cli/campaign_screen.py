"""A vendor's campaign as a person and as a script read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from sftp_sync.cli.screen import console, plain, table
from sftp_sync.wiring.owned import VendorCampaign

APART = ("id", "name", "status", "agent", "files", "stats", "success", "calls")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOT_SHOWN = "not shown by the vendor"


@dataclass(frozen=True)
class Difference:
    """One setting that is to be another."""

    name: str
    old: object
    new: object
    is_old_known: bool = True


def differences(
    changes: Mapping[str, object], present: Mapping[str, object]
) -> tuple[Difference, ...]:
    """What would change. What the vendor does not show under its name is taken for changed."""
    found = []
    for name, new in changes.items():
        if name in present:
            if present[name] != new:
                found.append(Difference(name, present[name], new))
        else:
            old = _outer_window(present) if name == "call_time_ranges" else None
            found.append(Difference(name, old, new, is_old_known=old is not None))
    return tuple(found)


def _outer_window(present: Mapping[str, object]) -> object:
    """Windows are set as ranges, and shown as the earliest and the latest time."""
    ends = [str(present.get(name) or "")[:5] for name in ("earliest_call_time", "latest_call_time")]
    return [{"start": ends[0], "end": ends[1]}] if all(ends) else None


def differences_document(campaign: str, found: Sequence[Difference]) -> dict[str, object]:
    """An update as a script reads it."""
    return {"name": campaign, "changed": bool(found), "changes": [asdict(one) for one in found]}


def show_differences(found: Sequence[Difference]) -> None:
    """Old and new, side by side."""
    shown = table("setting", "old", "new")
    for one in found:
        old = _worded(one.name, one.old) if one.is_old_known else NOT_SHOWN
        shown.add_row(plain(one.name), plain(old), plain(_worded(one.name, one.new)))
    if found:
        console().print(shown)


def campaign_document(name: str, found: VendorCampaign) -> dict[str, object]:
    """A campaign as a script reads it: what the vendor says of it, without its calls."""
    return {"name": name, "calls_listed": len(found.calls), "campaign": dict(found.fields)}


def show_campaign(name: str, found: VendorCampaign) -> None:
    """Settings, agent, files and figures."""
    screen = console()
    screen.print(f"[bold]{plain(name)}[/]  {plain(found.name)}, {plain(found.status)}")
    settings = table("setting", "at the vendor")
    for field, value in found.fields.items():
        if field not in APART:
            settings.add_row(plain(field), plain(_worded(field, value)))
    screen.print(settings)
    agent = found.fields.get("agent")
    if isinstance(agent, Mapping):
        words = (str(agent.get(key) or "") for key in ("name", "label", "id"))
        screen.print(f"agent: {plain(', '.join(word for word in words if word))}")
    _show_rows("files", found.fields.get("files"))
    _show_rows("figures", found.fields.get("stats"))


def show_hosted(
    name: str, found: Mapping[str, object] | None, jobs: Sequence[Mapping[str, object]]
) -> None:
    """The vendor's own SFTP integration."""
    screen = console()
    if found is None:
        screen.print(f"[bold]{plain(name)}[/]  the vendor has no SFTP integration of it")
        screen.print(f"To set one up, type: sftp-sync campaign hosted-sftp create {plain(name)}")
        return
    state = "enabled" if found.get("is_enabled") is True else "disabled"
    screen.print(f"[bold]{plain(name)}[/]  the vendor's own SFTP integration, {state}")
    settings = table("setting", "at the vendor")
    for field, value in found.items():
        settings.add_row(plain(field), plain(_worded(field, value)))
    screen.print(settings)
    _show_rows("latest jobs", list(jobs))


def _show_rows(title: str, rows: object) -> None:
    """A list of objects, or one object, as a table; nothing where there is nothing."""
    listed = list(_objects(rows))
    if not listed:
        return
    columns = list(dict.fromkeys(key for one in listed for key in one))
    shown = table(*(plain(column) for column in columns), title=title)
    for one in listed:
        shown.add_row(*(plain(_worded(column, one.get(column))) for column in columns))
    console().print(shown)


def _objects(rows: object) -> Iterator[Mapping[str, object]]:
    if isinstance(rows, Mapping):
        yield rows
    elif isinstance(rows, list):
        yield from (one for one in rows if isinstance(one, Mapping))


def _worded(name: str, value: object) -> str:
    """A value as it would be written."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() if name == "days_of_week":
            return ", ".join(_day(one) for one in value) or "-"
        case list():
            return ", ".join(_worded(name, one) for one in value) or "-"
        case {"start": start, "end": end}:
            return f"{start}-{end}"
        case _:
            return str(value)


def _day(number: object) -> str:
    is_day = isinstance(number, int) and 1 <= number <= len(DAYS)
    return DAYS[int(str(number)) - 1] if is_day else str(number)
