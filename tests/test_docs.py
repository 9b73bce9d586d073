"""The documents are held to the code: what can be typed or written is described."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from sftp_sync.cli.app import app
from sftp_sync.config import load
from sftp_sync.config.form import Form
from sftp_sync.config.tree import read_tree

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = ROOT / "config.example.yaml"
FROM_TYPER = {"--install-completion", "--show-completion", "--help", "-h"}


@dataclass(frozen=True)
class Command:
    """A command as it is typed, and what its help says of it and of its options."""

    words: str
    help: str
    options: Mapping[str, str]


def commands(group: Any, before: str = "") -> Iterator[Command]:
    """Every command that can be typed, and the program itself."""
    options = {
        max(parameter.opts, key=len): getattr(parameter, "help", None) or ""
        for parameter in group.params
        if parameter.param_type_name == "option"
    }
    mine = {option: text for option, text in options.items() if option not in FROM_TYPER}
    yield Command(before, group.help or "", mine)
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{before} {name}".strip())


COMMANDS = list(commands(get_command(app)))
OPTIONS = [(command.words, option) for command in COMMANDS for option in command.options]


def blocks(hint: Any, written: object) -> Iterator[tuple[type, Mapping[str, object]]]:
    """Every block of a configuration with the class that describes it."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated or NoneType in inside:
        yield from blocks(inside[0], written)
    elif origin is tuple and isinstance(written, list):
        for one in written:
            yield from blocks(inside[0], one)
    elif origin in {dict, Mapping} and isinstance(written, Mapping):
        for one in written.values():
            yield from blocks(inside[1], one)
    elif is_dataclass(hint) and isinstance(hint, type) and isinstance(written, Mapping):
        yield hint, written
        hints = get_type_hints(hint, include_extras=True)
        for key in hints.keys() & written.keys():
            yield from blocks(hints[key], written[key])


def test_the_example_configuration_loads() -> None:
    config = load(EXAMPLE, {})
    assert {account.provider for account in config.accounts.values()} == {"talkover", "kathan"}


def test_every_configuration_key_is_in_the_example() -> None:
    written: dict[type, set[str]] = {}
    for block, keys in blocks(Form, read_tree(EXAMPLE).value):
        written.setdefault(block, set()).update(keys)
    missing = {
        f"{block.__name__}.{field.name}"
        for block, keys in written.items()
        for field in fields(block)
        if field.name not in keys
    }
    assert len(written) >= 13
    assert missing == set()


def test_a_value_that_the_example_does_not_choose_is_the_default() -> None:
    chosen = {
        *("auth_type", "after_import", "archive_path", "import_schedule", "daily_at", "timezone"),
        *("expect", "phone", "region", "region_column", "context", "suppression", "max_age"),
        *("schedule", "speech_settings", "host_keys", "campaign_id", "private_key", "password"),
        *("private_key_passphrase", "days", "kind"),
    }
    config = load(EXAMPLE, {})
    roots = [
        config.campaigns["renewals"].settings,
        config.campaigns["surveys"].settings.kathan,
        config.accounts["talkover"],
        config.web,
    ]
    compared = [
        (f"{type(block).__name__}.{field.name}", getattr(block, field.name), field.default)
        for root in roots
        for block in loaded_blocks(root)
        for field in fields(block)
        if field.name not in chosen and field.default is not MISSING
    ]
    shown = [one for one in compared if not is_dataclass(one[1])]
    assert len(shown) > 40
    assert [name for name, value, default in shown if value != default] == []


def loaded_blocks(block: Any) -> Iterator[Any]:
    yield block
    for field in fields(block):
        value = getattr(block, field.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from loaded_blocks(value)


@pytest.mark.parametrize("group", ["", "campaign", "campaign hosted-sftp", "suppress"])
def test_what_each_command_does_fits_into_the_list_of_commands(group: str) -> None:
    said = CliRunner().invoke(app, [*group.split(), "--help"]).stdout.partition("Commands:")[2]
    assert said
    assert "..." not in said


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.words)
def test_every_command_and_option_says_what_it_does(command: Command) -> None:
    assert command.help
    assert [option for option, text in command.options.items() if not text] == []


@pytest.mark.parametrize("words", [command.words for command in COMMANDS if command.words])
def test_every_command_is_in_the_readme(words: str) -> None:
    assert re.search(rf"(?:sftp-sync |`){re.escape(words)}(?![\w-])", README)


@pytest.mark.parametrize(("words", "option"), OPTIONS)
def test_every_option_is_in_the_readme(words: str, option: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", README), f"{words} {option}"


def test_the_walk_sees_commands_options_and_keys() -> None:
    seen = {command.words: command.options for command in COMMANDS}
    assert "--config" in seen["check-config"]
    assert "--dry-run" in seen["sync"]
