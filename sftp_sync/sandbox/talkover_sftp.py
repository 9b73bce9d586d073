"""The vendor's own SFTP integration, as far as its documentation describes it. Nothing is imported
here: what its endpoints say is what matters.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sftp_sync.sandbox.talkover_faults import TalkoverFaults
from sftp_sync.sandbox.talkover_state import Campaign, HostedSftp, TalkoverState, stamp
from sftp_sync.sandbox.talkover_words import INVALID, Asked, FieldErrors, Said, object_of, refusal

SECRETS = ("password", "private_key", "private_key_passphrase")
DOOR = ("host", "port", "username", "auth_type", *SECRETS, "import_path", "export_path")
TEXTS = ("host", "username", *SECRETS, "import_path", "export_path")
SCHEDULES = ("manual", "hourly", "daily")
LARGEST_PORT, PER_PAGE, MOST_PER_PAGE = 65_535, 25, 100
NOT_THERE = "SFTP configuration not found"


def show(
    _asked: Asked, _state: TalkoverState, campaign: Campaign, _faults: TalkoverFaults, _now: float
) -> Said:
    """GET /sftp: everything but the secrets."""
    hosted = campaign.hosted
    if hosted is None:
        return refusal(404, NOT_THERE)
    shown = {name: value for name, value in hosted.settings.items() if name not in SECRETS}
    tested = hosted.last_test_at
    document = {
        "id": hosted.id,
        "campaign_id": campaign.settings.id,
        **shown,
        "is_enabled": hosted.is_enabled,
        "last_test_at": None if tested is None else stamp(tested, whole_seconds=True),
        "last_test_success": hosted.last_test_success,
        "created_at": stamp(hosted.created_at, whole_seconds=True),
        "updated_at": stamp(hosted.updated_at, whole_seconds=True),
    }
    return Said(200, {"success": True, "data": document})


def create(
    asked: Asked, _state: TalkoverState, campaign: Campaign, _faults: TalkoverFaults, now: float
) -> Said:
    """POST /sftp: always disabled at first."""
    body = object_of(asked.body) or {}
    if errors := _errors(body, body):
        return refusal(422, INVALID, errors=errors)
    if campaign.hosted is not None:
        return refusal(409, "SFTP configuration already exists")
    settings = {"port": 22, "import_schedule": "manual", **body}
    campaign.hosted = HostedSftp(now, now, settings)
    document = {
        "id": campaign.hosted.id,
        "campaign_id": campaign.settings.id,
        "host": body["host"],
        "is_enabled": False,
        "created_at": stamp(now, whole_seconds=True),
    }
    return Said(201, {"success": True, "data": document})


def update(
    asked: Asked, _state: TalkoverState, campaign: Campaign, _faults: TalkoverFaults, now: float
) -> Said:
    """PUT /sftp: enabling needs a test that has passed on the present settings."""
    hosted, body = campaign.hosted, object_of(asked.body) or {}
    if hosted is None:
        return refusal(404, NOT_THERE)
    changes = {name: value for name, value in body.items() if name != "is_enabled"}
    errors = _errors(changes, {**hosted.settings, **changes})
    if not isinstance(body.get("is_enabled", False), bool):
        errors["is_enabled"] = ["The is enabled field must be true or false."]
    if errors:
        return refusal(422, INVALID, errors=errors)
    is_other_door = any(hosted.settings.get(name) != changes[name] for name in changes)
    is_tested = bool(hosted.last_test_success) and not is_other_door
    if body.get("is_enabled") and not is_tested:
        words = "Run a successful test connection before enabling SFTP"
        return refusal(422, words, code="SFTP_TEST_REQUIRED")
    if is_other_door and any(name in DOOR for name in changes):
        hosted.last_test_success = None
    hosted.settings |= changes
    hosted.is_enabled = body.get("is_enabled", hosted.is_enabled)
    hosted.updated_at = now
    document = {
        "id": hosted.id,
        "import_schedule": hosted.settings["import_schedule"],
        "is_enabled": hosted.is_enabled,
        "updated_at": stamp(now, whole_seconds=True),
    }
    return Said(200, {"success": True, "data": document})


def connect(
    _asked: Asked, _state: TalkoverState, campaign: Campaign, faults: TalkoverFaults, now: float
) -> Said:
    """POST /sftp/test-connection: passes unless ordered otherwise."""
    hosted = campaign.hosted
    if hosted is None:
        return refusal(404, NOT_THERE)
    hosted.last_test_at = now
    hosted.last_test_success = faults.hosted_test_fails_with is None
    tested: dict[str, object] = {"tested_at": stamp(now, whole_seconds=True)}
    if faults.hosted_test_fails_with is not None:
        failed = {**tested, "error": "Authentication failed"}
        document = {"success": False, "message": "SFTP connection failed", "data": failed}
        return Said(faults.hosted_test_fails_with, document)
    tested |= {"import_path_accessible": True, "export_path_accessible": True}
    document = {"success": True, "message": "SFTP connection successful", "data": tested}
    return Said(200, document)


def trigger_import(
    _asked: Asked, _state: TalkoverState, campaign: Campaign, faults: TalkoverFaults, now: float
) -> Said:
    """POST /sftp/trigger-import: one at a time for each campaign."""
    hosted = campaign.hosted
    if hosted is None:
        return refusal(404, NOT_THERE)
    if now < hosted.busy_until:
        words = "An SFTP import is already in progress"
        return refusal(409, words, code="SFTP_IMPORT_IN_PROGRESS")
    hosted.busy_until = now + faults.hosted_import_seconds
    job, queued_at = str(uuid.uuid4()), stamp(now, whole_seconds=True)
    log = {"id": job, "type": "import", "started_at": queued_at, "ends_at": hosted.busy_until}
    hosted.logs.insert(0, log)
    queued = {"job_id": job, "queued_at": queued_at}
    return Said(200, {"success": True, "message": "SFTP import queued", "data": queued})


def logs(
    asked: Asked, _state: TalkoverState, campaign: Campaign, _faults: TalkoverFaults, now: float
) -> Said:
    """GET /sftp/logs, newest first."""
    hosted = campaign.hosted
    if hosted is None:
        return refusal(404, NOT_THERE)
    asked_for = {name: asked.query.get(name, "1") for name in ("page", "per_page")}
    if not all(value.isdecimal() and int(value) >= 1 for value in asked_for.values()):
        return refusal(422, INVALID, errors={"page": ["The page is out of range."]})
    page, per_page = int(asked_for["page"]), int(asked.query.get("per_page", PER_PAGE))
    if per_page > MOST_PER_PAGE:
        return refusal(422, INVALID, errors={"per_page": ["The per_page is out of range."]})
    rows = [_log(one, now) for one in hosted.logs[(page - 1) * per_page : page * per_page]]
    pagination = {"current_page": page, "per_page": per_page, "total": len(hosted.logs)}
    return Said(200, {"success": True, "data": rows, "pagination": pagination})


def _log(kept: Mapping[str, Any], now: float) -> dict[str, Any]:
    row = {name: value for name, value in kept.items() if name != "ends_at"}
    if now < kept["ends_at"]:
        return row | {"status": "running"}
    ended = {"completed_at": stamp(kept["ends_at"], whole_seconds=True)}
    return row | {"status": "succeeded", "files_processed": 0, "rows_processed": 0, **ended}


def _errors(body: Mapping[str, Any], merged: Mapping[str, Any]) -> FieldErrors:
    """What is wrong with the settings; `merged` are those that it would come to."""
    errors: FieldErrors = {}
    for name in body.keys() - {*TEXTS, "port", "auth_type", "import_schedule"}:
        errors[name] = [f"The {name} field is not known."]
    for name in TEXTS:
        if name in body and (not isinstance(body[name], str) or not body[name]):
            errors[name] = [f"The {name} must be a string."]
    port = body.get("port", 22)
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= LARGEST_PORT:
        errors["port"] = ["The port must be between 1 and 65535."]
    if merged.get("auth_type", "password") not in ("password", "private_key"):
        errors["auth_type"] = ["The selected auth type is invalid."]
    if body.get("import_schedule", "manual") not in SCHEDULES:
        errors["import_schedule"] = ["The selected import schedule is invalid."]
    for name in ("host", "username", "auth_type", merged.get("auth_type", "password")):
        if not merged.get(name):
            errors.setdefault(name, [f"The {name} field is required."])
    return errors
