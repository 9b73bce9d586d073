"""The numbers of a snapshot as Prometheus reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sftp_sync.model import FileState, RowState
from sftp_sync.web.snapshot import CampaignNow, Snapshot

Samples = Iterable[tuple[tuple[str, ...], float]]
SHOWN_FILE_STATES = [state for state in FileState if state != FileState.ENTERING]
AT_THE_PARTNER = {"partner_unreachable", "host_key_changed", "sign_in_refused"}
STEP_NAMES = {"collect": "collect", "follow": "follow", "wind_up": "publish"}


@dataclass(frozen=True)
class Family:
    """A number of every campaign: its name, what it is, its further labels, and where it is."""

    name: str
    said: str
    labels: tuple[str, ...]
    samples: Callable[[CampaignNow], Samples]

    def metric(self, campaigns: Iterable[CampaignNow]) -> Metric:
        """Of all of them."""
        kind = CounterMetricFamily if self.name.endswith("_accepted") else GaugeMetricFamily
        metric = kind(f"sftp_sync_{self.name}", self.said, labels=("campaign", *self.labels))
        for now in campaigns:
            for values, number in self.samples(now):
                metric.add_metric([now.name, *values], number)
        return metric


def one(number: Callable[[CampaignNow], float]) -> Callable[[CampaignNow], Samples]:
    """A single number without further labels."""
    return lambda now: [((), float(number(now)))]


def _partner_failures(now: CampaignNow) -> int:
    is_theirs = any(concern.cause in AT_THE_PARTNER for concern in now.concerns)
    return max((run.failures for run in now.runs.values()), default=0) if is_theirs else 0


OF_CAMPAIGNS = (
    Family(
        "rows",
        "Rows of all contact files, by their state.",
        ("state",),
        lambda now: [((state,), now.summary.rows.get(state, 0)) for state in RowState],
    ),
    Family(
        "files",
        "Contact files, by their state.",
        ("state",),
        lambda now: [
            ((state,), now.summary.file_states.get(state, 0)) for state in SHOWN_FILE_STATES
        ],
    ),
    Family(
        "balance_missing_rows",
        "Rows that came in and are in no state: anything but 0 is damage.",
        (),
        one(lambda now: now.summary.lost_rows),
    ),
    Family(
        "calls_accepted",
        "Rows whose call the vendor has accepted, over all time.",
        (),
        one(lambda now: now.summary.rows.get(RowState.ACCEPTED, 0)),
    ),
    Family(
        "rows_needing_a_person",
        "Rows in doubt that nothing but a person can settle.",
        (),
        one(lambda now: sum(now.summary.for_a_person.values())),
    ),
    Family(
        "deliveries_due",
        "Files that the partner should have and has not.",
        (),
        one(lambda now: now.summary.due.number if now.summary.due else 0),
    ),
    Family(
        "last_success_timestamp_seconds",
        "When a step last ended well.",
        ("step",),
        lambda now: [
            ((STEP_NAMES[step],), run.succeeded_at.timestamp())
            for step, run in now.runs.items()
            if run.succeeded_at is not None
        ],
    ),
    Family(
        "failures_in_a_row",
        "How often a step has failed since it last ended well.",
        ("step",),
        lambda now: [((STEP_NAMES[step],), run.failures) for step, run in now.runs.items()],
    ),
    Family(
        "next_run_timestamp_seconds",
        "When a step is due next.",
        ("step",),
        lambda now: [
            ((STEP_NAMES[step],), moment.timestamp()) for step, moment in now.next_runs.items()
        ],
    ),
    Family(
        "partner_failures",
        "How many runs in a row have failed at the partner's.",
        (),
        one(_partner_failures),
    ),
    Family(
        "partner_refusals",
        "How often the partner has refused our sign-in since it last worked.",
        (),
        one(lambda now: now.summary.known.refused_sign_ins),
    ),
    Family(
        "campaign_ready",
        "Whether a campaign that is meant to run could run now.",
        (),
        lambda now: [((), float(not now.reasons))] if now.is_enabled else [],
    ),
    Family(
        "campaign_paused",
        "Whether a person has paused a campaign.",
        (),
        one(lambda now: now.summary.known.paused),
    ),
)


class Gauges(Collector):
    """Told from a snapshot, or from none where the ledger does not answer."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Everything."""
        snapshot = self._snapshot
        info = GaugeMetricFamily("sftp_sync_info", "The version.", labels=["version"])
        info.add_metric([version("sftp-sync")], 1)
        yield info
        said = "Whether the ledger could be read; without it there are no numbers of campaigns."
        yield GaugeMetricFamily("sftp_sync_ledger_up", said, float(snapshot is not None))
        if snapshot is not None:
            yield from (family.metric(snapshot.campaigns) for family in OF_CAMPAIGNS)
            yield from _of_concerns(snapshot)
            yield from _of_this_machine(snapshot)


def exposition(registry: CollectorRegistry, snapshot: Snapshot | None) -> bytes:
    """All numbers as text: what was counted while we run, then what a look has shown."""
    looked_up = CollectorRegistry()
    looked_up.register(Gauges(snapshot))
    return generate_latest(registry) + generate_latest(looked_up)


def _of_concerns(snapshot: Snapshot) -> Iterator[Metric]:
    loud = [concern for concern in snapshot.concerns if not concern.is_quiet]
    attention = GaugeMetricFamily(
        "sftp_sync_attention",
        "Things that a person must do, by their cause.",
        labels=["scope", "cause"],
    )
    counted = Counter((concern.scope, concern.cause) for concern in loud)
    for (scope, cause), number in sorted(counted.items()):
        attention.add_metric([scope, cause], number)
    yield attention
    said = "All things that a person must do."
    yield GaugeMetricFamily("sftp_sync_attention_count", said, len(loud))


def _of_this_machine(snapshot: Snapshot) -> Iterator[Metric]:
    numbers = {
        "spool_bytes": ("Bytes in the spool.", snapshot.spool_bytes),
        "ledger_bytes": ("Bytes of the ledger's files.", snapshot.ledger_bytes),
        "disk_free_bytes": ("Room left on the disk of state_dir.", snapshot.free_bytes),
        "snapshot_timestamp_seconds": (
            "When these numbers were looked up.",
            snapshot.made_at.timestamp(),
        ),
    }
    for name, (said, number) in numbers.items():
        if number is not None:
            yield GaugeMetricFamily(f"sftp_sync_{name}", said, number)
