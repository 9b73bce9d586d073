"""The blocks of one campaign: what the steps use extends `sftp_sync.model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, with_config

from sftp_sync.config.accounts import STRICT, Sftp
from sftp_sync.config.countries import region_code
from sftp_sync.config.kathan import KathanSettings
from sftp_sync.config.schedule import ExpectField, Schedule, ScheduleField
from sftp_sync.config.templates import Templates, context_templates, payload_rules
from sftp_sync.config.values import (
    Count,
    Duration,
    Lasting,
    Positive,
    Seconds,
    Share,
    Text,
    Texts,
    Whole,
    clock_time,
    delimiter_character,
    empty_block,
    encoding_name,
    local_path,
    name_pattern,
    one_or_more,
    remote_path,
    sheet_choice,
    zone_name,
)
from sftp_sync.model import ContactRules, FileRules, HoldRules, Limits, ResultRules, Suppression

MOST_BYTES = 2**40
RemotePath = Annotated[Text, AfterValidator(remote_path)]
Pattern = Annotated[Text, AfterValidator(name_pattern)]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(one_or_more)]


@with_config(STRICT)
@dataclass(frozen=True)
class FileSettings(FileRules):
    """Which files are lists."""

    pattern: Annotated[Patterns, Field(min_length=1)] = FileRules.pattern
    ignore: Patterns = FileRules.ignore
    settle_seconds: Seconds = FileRules.settle_seconds
    ready_marker: Text | None = None
    archive_path: RemotePath | None = None
    max_bytes: Annotated[Whole, Field(gt=0, le=MOST_BYTES)] = FileRules.max_bytes
    max_rows: Positive = FileRules.max_rows
    max_files_per_run: Positive = FileRules.max_files_per_run
    sheet: Annotated[str | int | None, PlainValidator(sheet_choice)] = None
    encoding: Annotated[Text, AfterValidator(encoding_name)] = FileRules.encoding
    delimiter: Annotated[Text, AfterValidator(delimiter_character)] = FileRules.delimiter


@with_config(STRICT)
@dataclass(frozen=True)
class ContactSettings(ContactRules):
    """How a row becomes a contact."""

    phone: Texts = ()
    region: Annotated[Text, AfterValidator(region_code)] | None = None
    region_column: Text | None = None
    payload: Annotated[
        Literal["all"] | tuple[str, ...] | Mapping[str, str], PlainValidator(payload_rules)
    ] = "all"
    context: Annotated[Templates, PlainValidator(context_templates)] = field(default_factory=dict)


@with_config(STRICT)
@dataclass(frozen=True)
class HoldSettings(HoldRules):
    """What makes a file wait for a person."""

    reject_ratio_above: Share | None = HoldRules.reject_ratio_above
    seen_before_above: Share | None = HoldRules.seen_before_above
    first_run_older_than: Duration | None = HoldRules.first_run_older_than
    rows_above: Count | None = None
    rows_below: Count | None = None


@with_config(STRICT)
@dataclass(frozen=True)
class LimitSettings(Limits):
    """How many calls a day and a file may cause."""

    calls_per_day: Count | None = None
    calls_per_file: Count | None = None


@with_config(STRICT)
@dataclass(frozen=True)
class SuppressionSettings(Suppression):
    """Where do-not-call lists lie."""

    path: Annotated[RemotePath, Field(description="In which folder are the do-not-call lists?")]
    pattern: Text = Suppression.pattern
    max_age: Lasting | None = None


@with_config(STRICT)
@dataclass(frozen=True)
class ResultSettings(ResultRules):
    """How results go back, and when (None: as lists are imported)."""

    final_after: Duration = ResultRules.final_after
    schedule: ScheduleField | None = None


@with_config(STRICT)
@dataclass(frozen=True)
class CampaignSettings:
    """A campaign as it is written. `folder` is a directory of this machine in place of `sftp`."""

    account: Annotated[Text, Field(description="Which of `accounts` makes the calls?")]
    import_path: Annotated[RemotePath, Field(description="Where do the contact files arrive?")]
    export_path: Annotated[RemotePath, Field(description="Where do receipts and results go?")]
    enabled: bool = True
    campaign_id: Text | None = None
    kathan: KathanSettings | None = None
    sftp: Sftp | None = None
    folder: Annotated[Path, PlainValidator(local_path)] | None = None
    import_schedule: ScheduleField = field(default_factory=Schedule)
    daily_at: Annotated[time, PlainValidator(clock_time)] = time(6, 0)
    timezone: Annotated[Text, AfterValidator(zone_name)] = "UTC"
    expect: ExpectField = None
    files: Annotated[FileSettings, BeforeValidator(empty_block)] = field(
        default_factory=FileSettings,
    )
    contacts: Annotated[ContactSettings, BeforeValidator(empty_block)] = field(
        default_factory=ContactSettings,
    )
    allow_duplicates: bool = False
    repeat_after: Duration = timedelta(hours=24)
    is_testing: bool = False
    hold: Annotated[HoldSettings, BeforeValidator(empty_block)] = field(
        default_factory=HoldSettings,
    )
    limits: Annotated[LimitSettings, BeforeValidator(empty_block)] = field(
        default_factory=LimitSettings,
    )
    expires_after: Lasting | None = None
    suppression: SuppressionSettings | None = None
    results: Annotated[ResultSettings, BeforeValidator(empty_block)] = field(
        default_factory=ResultSettings,
    )
