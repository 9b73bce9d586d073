"""Faces whose parts are loaded when they are asked for.

A package shows in its face what others may use of it. Were all of it imported there, whoever
wants one name would load everything: to compose a request is to read no workbook, and a run that
finds no new list needs no phone number's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def on_demand(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a face: `homes` names each module, and what of it is shown."""
    found = {name: module for module, names in homes.items() for name in names.split()}

    def shown(name: str) -> Any:  # noqa: ANN401 - whatever it is
        if name not in found:
            raise AttributeError(f"{package} shows no {name}")
        part = getattr(import_module(f"{package}.{found[name]}"), name)
        # Asked for once: from now on it is there like any other.
        setattr(import_module(package), name, part)
        return part

    return shown
