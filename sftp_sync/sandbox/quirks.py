"""What partners' servers do to us, as switches: a rehearsal turns them on one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal[
    "banner",
    "key_exchange",
    "sign_in",
    "channel",
    "greeting",
    "listing",
    "look",
    "download",
    "upload",
    "rename",
    "remove",
]
"""Where a server can fall silent."""


@dataclass(frozen=True)
class Quirks:
    """All off: a server as it should be."""

    posix_rename: bool = True
    """The extension that renames over an existing file."""
    rename_overwrites: bool = False
    """Plain rename replaces what is there, as on servers for Windows."""
    setstat: bool = True
    """Modes and times can be set."""
    read_only_folders: tuple[str, ...] = ()
    """Nothing can be written, renamed or removed in these (`/inbox`)."""
    drop_boxes: tuple[str, ...] = ()
    """What lies in these cannot be read."""
    tells_size: bool = True
    tells_time: bool = True
    tells_mode: bool = True
    takes_uploads: bool = False
    """A finished upload is taken away in the same instant."""
    swallows_uploads: bool = False
    """Writing is said to succeed, and nothing is stored."""
    disk_full_at: int | None = None
    """Writing fails from this byte of a file on."""
    stores_only: int | None = None
    """Writing is said to succeed, and nothing is stored from this byte of a file on."""
    renames_fail: bool = False
    """No file gets another name."""
    rename_lies: bool = False
    """A rename is done and then called a failure."""
    hides_files: bool = False
    """Nobody may ask what lies at a path: a letter box."""
    appends_to_uploads: bool = False
    """Something behind the server changes a file once it has its final name."""
    bytes_per_second: int | None = None
    silent_at: Stage | None = None
    silent_from_byte: int = 0
    """For downloads and uploads: how much still passes."""
    disconnect_download_at: int | None = None
    disconnect_upload_at: int | None = None
    grows_at: Literal["listing", "download"] | None = None
    """Files gain a line after each listing, or while they are read, and keep their old time."""
    old_times: int | None = None
    """Uploaded files show this time (epoch seconds)."""
    clock_offset_seconds: int = 0
    """All times are told in another zone."""
    legacy_only: bool = False
    """Only algorithms that are off by default."""
    old_signatures: bool = False
    """Otherwise current, but RSA keys of users must sign with SHA-1."""
    keyboard_interactive_only: bool = False
    """The password is asked for in a dialogue."""


GROWTH = b"+12125550199,late\r\n"
