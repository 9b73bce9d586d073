"""The fields of Kathan's create request, as documented, with their ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, with_config

from sftp_sync.config.accounts import STRICT
from sftp_sync.config.scalars import Number
from sftp_sync.config.templates import Templates, templates
from sftp_sync.config.values import Count, Positive, Text, Whole

FREE_BLOCK_HINT = "must be a block of keys; it is passed to Kathan as it stands."


def free_block(written: object) -> Mapping[str, object]:
    """An untyped object of the vendor's."""
    if not isinstance(written, Mapping):
        raise ValueError(FREE_BLOCK_HINT)
    return {str(key): _plain(value) for key, value in written.items()}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Number) and not isfinite(value):
        raise ValueError(f"holds {value.written}, a number that JSON cannot carry.")
    return float(value) if isinstance(value, Number) else value


FreeBlock = Annotated[Mapping[str, Any], PlainValidator(free_block)]


@with_config(STRICT)
@dataclass(frozen=True)
class KathanSettings:
    """Each contact file becomes one campaign there, created with these. `schedule_*` are sent in
    the spelling Kathan wants.
    """

    assistant_id: Annotated[Text, Field(description="Which of Kathan's assistants calls?")]
    phone_number_id: Annotated[Text, Field(description="From which of Kathan's numbers?")]
    channel: Literal["twilio", "vobiz"] = "twilio"
    schedule_start_time: Text | None = None
    schedule_end_time: Text | None = None
    max_concurrency: Annotated[Whole, Field(gt=0, le=200)] = 5
    retry_policy: FreeBlock | None = None
    speech_settings: FreeBlock | None = None
    campaign_context: Text | None = None
    opening_message_template: Text | None = None
    use_returning_greeting: bool = False
    use_short_term_summaries: bool = False
    short_term_summaries_limit: Count | None = None
    machine_detection_timeout_seconds: Annotated[Whole, Field(ge=3, le=60)] | None = None
    assistant_overrides: Annotated[Templates, PlainValidator(templates)] = field(
        default_factory=dict,
    )
    recipient_list_above: Positive = 1000
