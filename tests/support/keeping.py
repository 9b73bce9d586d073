"""How things were, to be put back as often as a test asks for."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from tests.support.postgresql import postgresql


@dataclass(frozen=True)
class Keeping:
    """Folders, and a PostgreSQL database where there is one."""

    store: Path
    folders: tuple[Path, ...]
    database: str | None = None

    def keep(self) -> None:
        """As it is now."""
        for number, folder in enumerate(self.folders):
            shutil.copytree(folder, self.store / str(number))
        if self._name is not None:
            postgresql().copy(self._name, f"{self._name}_kept")

    def put_back(self) -> None:
        """As it was then."""
        for number, folder in enumerate(self.folders):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self.store / str(number), folder)
        if self._name is not None:
            postgresql().copy(f"{self._name}_kept", self._name)

    @property
    def _name(self) -> str | None:
        return None if self.database is None else make_url(self.database).database
