"""Changes to a campaign at Talkover, from the command line or a file: read, and every problem told
at once, before anything is asked of the vendor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sftp_sync.config.problems import ConfigProblems, did_you_mean
from sftp_sync.config.tree import read_tree, read_value
from sftp_sync.config.vendor_fields import FIELDS
from sftp_sync.errors import UsageError

NOT_HERE = {
    "status": "is changed by: sftp-sync campaign activate, pause, complete or cancel.",
    "earliest_call_time": 'is set as call_time_ranges, such as ["09:00-17:00"].',
    "latest_call_time": 'is set as call_time_ranges, such as ["09:00-17:00"].',
    "campaign_id": "stands in the configuration.",
}
EXAMPLE = "It holds keys such as `max_retries: 2`."
END_NOT_AFTER_START = "{end} is not after start_date, {start}. Write null for no end."


def changes_from(settings: Sequence[str], path: Path | None) -> dict[str, object]:
    """What `--from FILE` and `--set KEY=VALUE` say; where both name a key, `--set` counts."""
    changes = {} if path is None else _of_file(path)
    changes |= _of_command_line(settings)
    if not changes:
        raise UsageError(
            "There is nothing to change.",
            fix="Type: --set max_retries=2 (more than once if need be), or: --from FILE.yaml",
        )
    return changes


def require_end_after_start(changes: Mapping[str, object], present: Mapping[str, object]) -> None:
    """What only shows together with what the vendor has."""
    if not {"start_date", "end_date"} & changes.keys():
        return
    merged = {**present, **changes}
    start, end = str(merged.get("start_date") or "")[:10], str(merged.get("end_date") or "")[:10]
    if start and end and end <= start:
        message = END_NOT_AFTER_START.format(start=start, end=end)
        raise UsageError(f"end_date: {message}")


def _of_file(path: Path) -> dict[str, object]:
    tree = read_tree(path, EXAMPLE)
    written = tree.value if isinstance(tree.value, dict) else {}
    changes = {}
    for name, value in written.items():
        try:
            changes[name] = _read(name, value)
        except ValueError as error:
            tree.complain((name,), str(error))
    if tree.problems:
        raise ConfigProblems(path, tree.problems)
    return changes


def _of_command_line(settings: Sequence[str]) -> dict[str, object]:
    changes: dict[str, object] = {}
    problems = []
    for setting in settings:
        name = setting.partition("=")[0].strip()
        try:
            changes[name] = _read(name, _value_of(setting))
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise UsageError("\n  ".join([f"--set has {count}; nothing was sent", *problems]))
    return changes


def _value_of(setting: str) -> object:
    _, equals, text = setting.partition("=")
    if not equals:
        raise ValueError("write it as KEY=VALUE, such as max_retries=2.")
    return read_value(text)


def _read(name: str, value: object) -> object:
    reader = FIELDS.get(name)
    if reader is not None:
        return reader(value)
    if name in NOT_HERE:
        raise ValueError(NOT_HERE[name])
    meant = did_you_mean(name, FIELDS) or f" Known: {', '.join(FIELDS)}."
    raise ValueError(f"unknown.{meant}")
