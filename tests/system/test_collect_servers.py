"""One whole day of a list on servers of every make."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from sftp_sync.sandbox.quirks import Quirks
from tests.support.daily_life import House, counts
from tests.support.openssh import authorize, sshd
from tests.support.sftp_servers import SftpServer, asyncssh_sftp, sandbox_sftp
from tests.support.ssh_keys import make_key

WITH_REJECTS = b"phone,name\n2125550123,Ann\n12,No\n"
Start = Callable[[Path], AbstractContextManager[SftpServer]]


def quirky(quirks: Quirks) -> Start:
    return lambda root: sandbox_sftp(root, quirks)


SERVERS: dict[str, Start] = {
    "sandbox": sandbox_sftp,
    "asyncssh": asyncssh_sftp,
    "openssh": sshd,
    "tells nothing": quirky(Quirks(tells_mode=False, tells_size=False, tells_time=False)),
    "no posix-rename": quirky(Quirks(posix_rename=False)),
    "rename overwrites": quirky(Quirks(rename_overwrites=True)),
    "takes uploads at once": quirky(Quirks(takes_uploads=True)),
}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_list_goes_in_and_its_receipt_comes_back(tmp_path: Path, kind: str) -> None:
    with SERVERS[kind](tmp_path / "partner") as server:
        house = House(tmp_path)
        partner = house.served(
            server,
            import_path=server.path("/inbox"),
            export_path=server.path("/outbox"),
            files={"after_import": "move", "archive_path": server.path("/inbox/archive")},
            hold={"first_run_older_than": None},
        )
        partner.drop("list.csv", WITH_REJECTS)
        partner.drop("refused.csv", b"name\nAnn\n")
        first, second = house.sync(), house.sync()
    # What cannot be read is said for as long as it lies there.
    assert (first.code, second.code) == (1, 1), first.said + second.said
    assert counts(house.file("list.csv")) == {"pending": 1, "invalid": 1}
    assert len(house.files()) == 2
    assert partner.waiting() == ["archive", "refused.csv"]
    assert (partner.inbox / "archive" / "list.csv").read_bytes() == WITH_REJECTS
    assert len(partner.found()) == (0 if kind == "takes uploads at once" else 3)
    assert house.spooled() == []


@pytest.mark.parametrize(
    ("kind", "form", "passphrase"),
    [
        ("rsa", "pem", None),
        ("ecdsa", "pkcs8", "open sesame"),
        ("ed25519", "openssh", "open sesame"),
    ],
)
def test_each_kind_of_key_lets_us_in(
    tmp_path: Path, kind: str, form: str, passphrase: str | None
) -> None:
    key = make_key(kind, form, passphrase)  # type: ignore[arg-type]  # one of the literals
    written = tmp_path / "key"
    written.touch(0o600)
    written.write_text(key.private)
    with sshd(tmp_path / "partner") as server:
        authorize(server, key)
        house = House(tmp_path)
        sftp: dict[str, object] = {"private_key": {"file": str(written)}}
        if passphrase is not None:
            sftp["private_key_passphrase"] = passphrase
        partner = house.served(
            server,
            import_path=server.path("/inbox"),
            export_path=server.path("/outbox"),
            sftp=sftp,
        )
        partner.drop("list.csv")
        said = house.sync()
    assert said.code == 0, said.said
    assert len(partner.found()) == 1
