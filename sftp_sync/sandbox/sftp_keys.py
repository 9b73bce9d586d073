"""The sandbox's own host keys: made on first use, kept where asked."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko import Ed25519Key, PKey, RSAKey

RSA_BITS = 2048


def host_key(folder: Path | None, *, is_legacy: bool) -> PKey:
    """The key of this sandbox; with a folder, the same one next time."""
    path = None if folder is None else folder / ("host_key_rsa" if is_legacy else "host_key")
    if path is not None and path.exists():
        return _loaded(path.read_text(), is_legacy=is_legacy)
    text = _made(is_legacy=is_legacy)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
            kept.write(text)
    return _loaded(text, is_legacy=is_legacy)


def fingerprint(key: PKey) -> str:
    """As OpenSSH prints it."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest())
    return "SHA256:" + digest.decode().rstrip("=")


def _made(*, is_legacy: bool) -> str:
    key = (
        rsa.generate_private_key(65537, RSA_BITS)
        if is_legacy
        else ed25519.Ed25519PrivateKey.generate()
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def _loaded(text: str, *, is_legacy: bool) -> PKey:
    kind = RSAKey if is_legacy else Ed25519Key
    return kind.from_private_key(io.StringIO(text))
