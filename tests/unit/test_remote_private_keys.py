from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ed448
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sftp_sync.errors import RemoteRefused
from sftp_sync.remote.sftp.private_keys import read_private_key
from tests.support.ssh_keys import Kind, make_key

PPK = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\n"


def problem(text: str, passphrase: str | None = None) -> RemoteRefused:
    with pytest.raises(RemoteRefused) as caught:
        read_private_key(text, passphrase)
    assert caught.value.step == "sign_in"
    assert caught.value.who == "you"
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ecdsa384", "ecdsa521", "ed25519"])
@pytest.mark.parametrize("form", ["openssh", "pem", "pkcs8"])
@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_every_form_of_every_kind_is_read(kind: Kind, form: str, passphrase: str | None) -> None:
    if (kind, form) == ("ed25519", "pem"):
        form = "pkcs8"
    pair = make_key(kind, form, passphrase)
    key = read_private_key(pair.private, passphrase)
    assert f"{key.get_name()} {key.get_base64()}" == pair.public
    assert key.can_sign()


@pytest.mark.parametrize("form", ["openssh", "pem", "pkcs8"])
class TestPassphrases:
    def test_that_are_missing_are_asked_for(self, form: str) -> None:
        caught = problem(make_key("ecdsa", form, "secret").private)
        assert "no passphrase is given" in caught.message
        assert "private_key_passphrase" in caught.fix

    def test_that_are_wrong_are_called_so_and_not_shown(self, form: str) -> None:
        caught = problem(make_key("ecdsa", form, "secret").private, "a wrong one")
        assert "does not open with this passphrase" in caught.message
        assert "a wrong one" not in str(caught)

    def test_that_are_not_needed_do_no_harm(self, form: str) -> None:
        assert read_private_key(make_key("ecdsa", form).private, "not needed").can_sign()


def test_line_ends_of_windows_and_spaces_around_do_no_harm() -> None:
    text = make_key("ed25519").private
    assert read_private_key("\n  " + text.replace("\n", "\r\n") + "\r\n", None).can_sign()


def test_a_public_key_is_recognised() -> None:
    caught = problem(make_key("ed25519").public)
    assert "public key" in caught.message
    assert ".pub" in caught.fix


def test_a_putty_key_comes_with_the_line_that_converts_it() -> None:
    assert "puttygen key.ppk -O private-openssh -o key" in problem(PPK).fix


def test_a_dsa_key_is_refused_in_both_forms() -> None:
    key = dsa.generate_private_key(2048)
    for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
        text = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        assert "DSA" in problem(text).message


def test_a_kind_that_ssh_does_not_know_is_refused() -> None:
    key = ed448.Ed448PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert "not one of rsa, ecdsa, ed25519" in problem(text).message


@pytest.mark.parametrize("text", ["", "hunter2", "/etc/sftp-sync/id_ed25519", "-----BEGIN X-----"])
def test_what_is_no_key_is_not_taken_for_one(text: str) -> None:
    caught = problem(text)
    assert "not a private key" in caught.message
    assert text == "" or text not in caught.message


@pytest.mark.parametrize("form", ["openssh", "pem", "pkcs8"])
def test_a_key_that_was_cut_short_is_called_damaged(form: str) -> None:
    lines = make_key("rsa", form).private.splitlines()
    assert "damaged" in problem("\n".join([*lines[:5], lines[-1]])).message
