"""The nouns: frozen values that cross every border."""

from sftp_sync.model.boot_time import BootTime, Instant, wait_left
from sftp_sync.model.calls import Claim, Doubt, FilePlan, Idle, Settled
from sftp_sync.model.campaign import (
    Campaign,
    ContactRules,
    FileRules,
    HoldRules,
    Limits,
    ResultRules,
    Suppression,
)
from sftp_sync.model.files import Delivery, RemoteFile, StagedFile, Understanding, shown
from sftp_sync.model.launches import (
    LAUNCH_TRANSITIONS,
    Contact,
    Launch,
    LaunchState,
    PinnedRow,
    Stale,
    Start,
    Terms,
)
from sftp_sync.model.outcomes import (
    Accepted,
    AlreadyQueued,
    Blocked,
    NotNow,
    Outcome,
    Refused,
    Uncertain,
)
from sftp_sync.model.records import (
    CampaignRecord,
    FileRecord,
    NewDelivery,
    Notice,
    ReadFile,
    RowRecord,
)
from sftp_sync.model.results import CallNews, OpenCall, ResultRow
from sftp_sync.model.rows import Batch, ClassifiedBatch, Table
from sftp_sync.model.runs import PLANNED_STEPS, Holding, PlannedStep, RunRecord
from sftp_sync.model.states import (
    BRINGS_NO_ROWS,
    FILE_TRANSITIONS,
    ROW_TRANSITIONS,
    Code,
    FileState,
    RowState,
)
from sftp_sync.model.suppression import ListSource, SuppressedNumber, SuppressionList
from sftp_sync.model.wording import many

__all__ = [
    "BRINGS_NO_ROWS",
    "FILE_TRANSITIONS",
    "LAUNCH_TRANSITIONS",
    "PLANNED_STEPS",
    "ROW_TRANSITIONS",
    "Accepted",
    "AlreadyQueued",
    "Batch",
    "Blocked",
    "BootTime",
    "CallNews",
    "Campaign",
    "CampaignRecord",
    "Claim",
    "ClassifiedBatch",
    "Code",
    "Contact",
    "ContactRules",
    "Delivery",
    "Doubt",
    "FilePlan",
    "FileRecord",
    "FileRules",
    "FileState",
    "HoldRules",
    "Holding",
    "Idle",
    "Instant",
    "Launch",
    "LaunchState",
    "Limits",
    "ListSource",
    "NewDelivery",
    "NotNow",
    "Notice",
    "OpenCall",
    "Outcome",
    "PinnedRow",
    "PlannedStep",
    "ReadFile",
    "Refused",
    "RemoteFile",
    "ResultRow",
    "ResultRules",
    "RowRecord",
    "RowState",
    "RunRecord",
    "Settled",
    "StagedFile",
    "Stale",
    "Start",
    "SuppressedNumber",
    "Suppression",
    "SuppressionList",
    "Table",
    "Terms",
    "Uncertain",
    "Understanding",
    "many",
    "shown",
    "wait_left",
]
