"""Preview: what a run would do with the rows that are due and the files that are there now,
changing nothing anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sftp_sync.around import Connect, Surroundings
from sftp_sync.errors import FileRefused, RemoteRefused
from sftp_sync.intake.entry import OUR_OWN
from sftp_sync.intake.fetch import fetch, make_room
from sftp_sync.intake.holds import age_at_first_run, reasons_to_hold
from sftp_sync.intake.look import new_lists
from sftp_sync.intake.reading import opened
from sftp_sync.intake.recognise import Known, New, Ours, Repeat, recognise
from sftp_sync.intake.suppression import without_suppressed
from sftp_sync.intake.tally import Tally
from sftp_sync.ledger.forecast import DueFile
from sftp_sync.model import Campaign, Code, FileState, RemoteFile, RowState, StagedFile
from sftp_sync.remote.base import Remote
from sftp_sync.sending.forecast import Forecast, Wait

CODES = {RowState.DUPLICATE: Code.CALLED_RECENTLY, RowState.SUPPRESSED: Code.SUPPRESSED}


@dataclass(frozen=True)
class Waiting:
    """Rows that are due and would not be sent, and why."""

    cause: Wait
    rows: int
    why: str


@dataclass(frozen=True)
class Previewed:
    """What would become of one file: how many of its rows would be called, and which would wait.
    One that is in the ledger has an id, and only its rows that are due are looked at.
    """

    name: str
    state: FileState
    reason: str | None = None
    tally: Tally | None = None
    file_id: int | None = None
    calls: int = 0
    waits: tuple[Waiting, ...] = ()


@dataclass(frozen=True)
class Desk:
    """One campaign's preview. `read` are the bytes that would be imported, by name."""

    campaign: Campaign
    around: Surroundings
    forecast: Forecast
    read: dict[str, str] = field(default_factory=dict)


def preview_due(forecast: Forecast, around: Surroundings) -> Iterator[Previewed]:
    """What would become of the rows that are due already: they go first."""
    for file in forecast.due_files():
        around.wait(0)
        phones = around.ledger.forecast.numbers(forecast.campaign, file)
        tally = Tally(Counter({RowState.PENDING: len(phones)}))
        yield _foretold(file, tally, phones, forecast)


def preview_new(
    campaign: Campaign, connect: Connect, around: Surroundings, forecast: Forecast
) -> Iterator[Previewed]:
    """Classify every row of every new file."""
    desk = Desk(campaign, around, forecast)
    with connect() as remote:
        for source in new_lists(campaign, remote, around)[: campaign.files.max_files_per_run]:
            around.wait(0)
            previewed = _look_into(desk, remote, source)
            if previewed is not None:
                yield previewed


def _look_into(desk: Desk, remote: Remote, source: RemoteFile) -> Previewed | None:
    campaign, around = desk.campaign, desk.around
    place = around.spool.place(campaign.name, "previews")
    name, max_bytes = source.shown_name, campaign.files.max_bytes
    try:
        with around.spool.room():
            make_room(around.spool, source, max_bytes)
            with around.watch(f"fetching {name}", source.size) as advance:
                limits = (max_bytes, advance)
                staged = fetch(remote, campaign.import_path, source, place, limits)
        return None if staged is None else _judge(desk, staged)
    except (FileRefused, RemoteRefused) as error:
        return Previewed(name, FileState.UNREADABLE, str(error))
    finally:
        place.unlink(missing_ok=True)


def _judge(desk: Desk, staged: StagedFile) -> Previewed | None:
    name = staged.source.shown_name
    match recognise(staged, desk.campaign, desk.around.ledger):
        case New():
            if (first_name := desk.read.get(staged.sha256)) is not None:
                return Previewed(name, FileState.REPEATED, f"the same bytes as {first_name}")
            previewed = _read(desk, staged)
            desk.read[staged.sha256] = name
            return previewed
        case Repeat(first):
            return Previewed(name, FileState.REPEATED, f"imported as file {first.id}, {first.name}")
        case Ours():
            return Previewed(name, FileState.UNREADABLE, OUR_OWN)
        case Known():
            return None


def _read(desk: Desk, staged: StagedFile) -> Previewed:
    campaign, around, name = desk.campaign, desk.around, staged.source.shown_name
    ledger, tally, due = around.ledger, Tally(), list[str]()
    with (
        opened(staged, campaign, around) as contact_list,
        around.watch(f"reading {name}", None) as advance,
    ):
        for read in contact_list.batches:
            batch = without_suppressed(read, campaign, around)
            tally.count(batch)
            tally.seen_before += ledger.rows.called_before(campaign.destination, batch.numbers)
            due += [
                phone
                for phone, state in zip(batch.phones, batch.states, strict=True)
                if phone is not None and state == RowState.PENDING
            ]
            advance(len(batch))
    is_first_run = ledger.campaigns.get(campaign.name).collected_at is None
    age = age_at_first_run(staged.source, around.now()) if is_first_run else None
    held = reasons_to_hold(tally, campaign, contact_list.understanding, age)
    if held:
        return Previewed(name, FileState.HELD, held, tally)
    file = DueFile(None, name, campaign.limits.calls_per_file)
    return _foretold(file, tally, due, desk.forecast)


def _foretold(file: DueFile, tally: Tally, due: list[str], forecast: Forecast) -> Previewed:
    fate = forecast.fate(file, due)
    for state, number in fate.settled.items():
        tally.states[RowState.PENDING] -= number
        tally.states[state] += number
        if state in CODES:
            tally.codes[CODES[state]] += number
    is_held = bool(fate.waits[Wait.FILE_LIMIT])
    return Previewed(
        name=file.name,
        state=FileState.HELD if is_held else FileState.DISPATCHING,
        reason=forecast.why(Wait.FILE_LIMIT) if is_held else None,
        tally=tally,
        file_id=file.id,
        calls=fate.calls,
        waits=tuple(
            Waiting(cause, fate.waits[cause], forecast.why(cause))
            for cause in Wait
            if fate.waits[cause]
        ),
    )
