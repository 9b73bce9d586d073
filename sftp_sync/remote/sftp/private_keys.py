"""A private key from its text, whatever form it has; or the sentence that says what is wrong.

`cryptography` reads every form (OpenSSH, PKCS#1, SEC1, PKCS#8); paramiko only some of them.
"""

from __future__ import annotations

import io
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from paramiko import ECDSAKey, Ed25519Key, PKey, SSHException

from sftp_sync.errors import RemoteRefused
from sftp_sync.remote.sftp.algorithms import Sha1RsaKey

PRIVATE_BEGIN = re.compile(r"-----BEGIN (?P<label>[A-Z0-9 ]*)PRIVATE KEY-----")
PUBLIC_TEXT = re.compile(
    r"^(ssh-|ecdsa-sha2-|sk-)\S+ AAAA|-----BEGIN (RSA )?PUBLIC KEY|---- BEGIN SSH2 PUBLIC"
)


def read_private_key(text: str, passphrase: str | None) -> PKey:
    """The key, ready to sign; `RemoteRefused` with what to change otherwise."""
    text = text.strip().replace("\r\n", "\n").replace("\r", "\n") + "\n"
    label = _label_of(text)
    try:
        return _for_signing(_loaded(text, label, passphrase))
    except UnsupportedAlgorithm as error:
        raise _unusable(f"its kind is not supported ({error}).") from error
    except SSHException as error:
        raise _unusable(f"it cannot be used ({error}).") from error


def _label_of(text: str) -> str:
    if text.startswith("PuTTY-User-Key-File-"):
        raise _unusable(
            "it is a PuTTY key (.ppk).",
            "Convert it: `puttygen key.ppk -O private-openssh -o key`, or in PuTTYgen: "
            "Conversions → Export OpenSSH key.",
        )
    if PUBLIC_TEXT.search(text):
        raise _unusable(
            "it is a public key.", "Give the private half: the file of that name without .pub."
        )
    found = PRIVATE_BEGIN.search(text)
    if found is None:
        raise _unusable(
            "it is not a private key.",
            "It begins with `-----BEGIN … PRIVATE KEY-----` and goes on for several lines.",
        )
    if found["label"] == "DSA ":
        raise _dsa()
    return found["label"].strip()


def _loaded(text: str, label: str, passphrase: str | None) -> object:
    load = load_ssh_private_key if label == "OPENSSH" else load_pem_private_key
    is_encrypted = _is_encrypted(text, label)
    if is_encrypted and not passphrase:
        raise _unusable(
            "it is encrypted, and no passphrase is given.", "Set sftp.private_key_passphrase."
        )
    # A passphrase given for a key that has none is no reason to fail.
    password = passphrase.encode() if passphrase and is_encrypted else None
    try:
        return load(text.encode(), password)
    except (ValueError, TypeError) as error:
        if is_encrypted:
            raise _unusable(
                "it does not open with this passphrase.", "Correct sftp.private_key_passphrase."
            ) from error
        raise _unusable(
            "its text is damaged.",
            "Copy the whole file again, with its first and last line and every line break.",
        ) from error


def _is_encrypted(text: str, label: str) -> bool:
    if label == "OPENSSH":
        try:
            load_ssh_private_key(text.encode(), None)
        except TypeError:
            return True
        except ValueError as error:
            return "password" in str(error).lower()
        return False
    return label == "ENCRYPTED" or "Proc-Type: 4,ENCRYPTED" in text


def _for_signing(key: object) -> PKey:
    if isinstance(key, dsa.DSAPrivateKey):
        raise _dsa()
    if isinstance(key, rsa.RSAPrivateKey):
        return Sha1RsaKey(key=key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        openssh = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        return Ed25519Key.from_private_key(io.StringIO(openssh.decode()))
    raise _unusable(f"its kind ({type(key).__name__}) is not one of rsa, ecdsa, ed25519.")


def _dsa() -> RemoteRefused:
    return _unusable(
        "DSA keys are no longer supported by any current SSH software.",
        "Make a new key with `ssh-keygen -t ed25519` and send its .pub file to the partner.",
    )


def _unusable(problem: str, fix: str = "Make one with `ssh-keygen -t ed25519`.") -> RemoteRefused:
    return RemoteRefused(
        f"sftp.private_key cannot be used: {problem}", fix=fix, who="you", step="sign_in"
    )
