"""Reads a configuration: text to tree, tree to types, and every problem on the way at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sftp_sync.config.advice import advice
from sftp_sync.config.campaigns import CampaignSettings
from sftp_sync.config.database import ledger_address
from sftp_sync.config.folders import colliding_folders
from sftp_sync.config.form import CampaignConfig, Config, Form
from sftp_sync.config.identity import connection, destination, door, takes_lists, voice
from sftp_sync.config.problems import ConfigProblems, Where, dotted
from sftp_sync.config.rules import Finding, broken_rules
from sftp_sync.config.secret import Place, Secret
from sftp_sync.config.tree import Tree, read_tree
from sftp_sync.config.values import Surroundings
from sftp_sync.config.wording import findings, meant
from sftp_sync.model import Campaign


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """The configuration, or `ConfigProblems` with all that is wrong with it.

    `environment` serves the ledger's address alone; every other secret waits for `resolve`.
    """
    digest = digest_of(path)
    tree = read_tree(path)
    form = _form(tree, path)
    if form is None or tree.problems:
        raise ConfigProblems(path, tree.problems)
    secrets = dict(secrets_in(form))
    _place(secrets, tree, path)
    return Config(
        path=path,
        state_dir=form.state_dir,
        database=ledger_address(form.database, form.state_dir, environment),
        accounts=form.accounts,
        campaigns={
            name: CampaignConfig(
                _campaign(name, settings, form), form.accounts[settings.account], settings
            )
            for name, settings in form.campaigns.items()
        },
        web=form.web,
        notify=form.notify,
        keep_days=form.keep_days,
        warnings=tuple(advice(form, secrets, tree, path)),
        secrets=tuple(secrets.values()),
        digest=digest,
    )


def digest_of(path: Path) -> str:
    """What a file says, in short; nothing where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@cache
def _reader() -> TypeAdapter[Form]:
    # Built when a file is read, and once: a daemon reads its file again and again.
    return TypeAdapter(Form)


def _form(tree: Tree, path: Path) -> Form | None:
    """What the tree says, typed; its problems are noted in the tree, one for each place."""
    written = tree.value if isinstance(tree.value, dict) else {}
    written = {key: value for key, value in written.items() if not key.startswith("x-")}
    form: Form | None = None
    found: list[Finding] = []
    misspelt: set[Where] = set()
    try:
        surroundings = Surroundings(path.absolute().parent)
        form = _reader().validate_python(written, context=surroundings)
    except ValidationError as error:
        found = list(findings(error, Form))
        misspelt = set(meant(error, Form))
    found += [*broken_rules(written), *colliding_folders(written)]
    seen: set[Where] = set()
    for where, message in found:
        # A key that was misspelt is not missing as well.
        if where not in seen and not (where in misspelt and message.startswith("missing")):
            tree.complain(where, message)
        seen.add(where)
    return form


def secrets_in(value: object, where: Where = ()) -> Iterator[tuple[Where, Secret]]:
    """Every secret of a configuration, with its place."""
    if isinstance(value, Secret):
        yield where, value
    elif is_dataclass(value):
        for part in fields(value):
            yield from secrets_in(getattr(value, part.name), (*where, part.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secrets_in(inner, (*where, key))
    elif isinstance(value, tuple):
        for position, inner in enumerate(value):
            yield from secrets_in(inner, (*where, position))


def _place(secrets: Mapping[Where, Secret], tree: Tree, path: Path) -> None:
    credentials = [one.reference for one in secrets.values() if one.source == "credential"]
    for where, secret in secrets.items():
        secret.place = Place(
            path, tree.line(where), dotted(where), tuple(dict.fromkeys(credentials))
        )


def _campaign(name: str, settings: CampaignSettings, form: Form) -> Campaign:
    """The part of a campaign that the steps work from."""
    account = form.accounts[settings.account]
    return Campaign(
        name=name,
        account=settings.account,
        destination=destination(name, settings, account),
        takes_lists=takes_lists(account),
        connection=connection(settings),
        door=door(settings),
        voice=voice(settings, account),
        beside=frozenset(form.campaigns),
        host=settings.sftp.host if settings.sftp else "",
        import_path=settings.import_path,
        export_path=settings.export_path,
        timezone=settings.timezone,
        files=settings.files,
        contacts=settings.contacts,
        overrides=settings.kathan.assistant_overrides if settings.kathan else {},
        hold=settings.hold,
        limits=settings.limits,
        results=settings.results,
        suppression=settings.suppression,
        allow_duplicates=settings.allow_duplicates,
        repeat_after=settings.repeat_after,
        expires_after=settings.expires_after,
        is_testing=settings.is_testing,
        file_mode=settings.sftp.file_mode if settings.sftp else None,
    )
