"""Key pairs in every form that a partner may send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

Kind = Literal["rsa", "ecdsa", "ecdsa384", "ecdsa521", "ed25519"]
FORMS = {
    "openssh": PrivateFormat.OpenSSH,
    "pem": PrivateFormat.TraditionalOpenSSL,
    "pkcs8": PrivateFormat.PKCS8,
}
CURVES: dict[str, ec.EllipticCurve] = {
    "ecdsa": ec.SECP256R1(),
    "ecdsa384": ec.SECP384R1(),
    "ecdsa521": ec.SECP521R1(),
}
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class KeyPair:
    """Both halves as text."""

    private: str = field(repr=False)
    public: str
    passphrase: str | None = None


def make_key(kind: Kind, form: str = "openssh", passphrase: str | None = None) -> KeyPair:
    key = _generated(kind)
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        encryption = BestAvailableEncryption(passphrase.encode())
    private = key.private_bytes(Encoding.PEM, FORMS[form], encryption).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return KeyPair(private, public, passphrase)


def _generated(kind: Kind) -> Private:
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(CURVES[kind])
