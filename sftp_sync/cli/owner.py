"""Commands act as the owner of the state directory: nothing is left there that the service could
not read or write afterwards.
"""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from pathlib import Path

from sftp_sync.errors import UsageError


def act_as_owner(state_dir: Path) -> None:
    """Be the owner of the state directory, or say what to type."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UsageError(
            f"The state directory {state_dir} is a file.",
            fix="Name a folder under state_dir in the configuration.",
        ) from error
    except OSError as error:
        raise UsageError(
            f"The state directory {state_dir} cannot be made: {error.strerror}.",
            fix="Make it, and give it to the service's user.",
        ) from error
    owner = state_dir.stat().st_uid
    if owner == os.geteuid():
        return
    name = _name(owner)
    if os.geteuid() != 0:
        words = shlex.join(["sftp-sync", *sys.argv[1:]])
        raise UsageError(
            f"The state directory {state_dir} belongs to {name}; you are {_name(os.geteuid())}.",
            fix=f"Type: sudo -u {name} {words}",
        )
    group = pwd.getpwuid(owner).pw_gid
    os.initgroups(name, group)
    os.setgid(group)
    os.setuid(owner)


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"
