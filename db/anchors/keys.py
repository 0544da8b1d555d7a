"""The keys that sign heads of the record: Ed25519, read from PEM, never shown."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from models.domain.errors import BadInput
from models.domain.record_spec import AnchorSpec

KEY_VARIABLE = "NIGHTBEAM_SIGNING_KEY"
"""Environment variable that holds the private key as PEM text, where no file does."""
KEY_PLACE = "record.anchors.key_file"
OTHERS = 0o077
"""Permissions of group and others."""
LONGEST_PEM_BYTES = 16_384
MAKE_KEY = "Make one with: openssl genpkey -algorithm ed25519 -out key.pem"
MAKE_PUBLIC = "Make it with: openssl pkey -in key.pem -pubout -out public.pem"


class Signer:
    """Signs texts with a private key that it never shows."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Take the private key."""
        self._key = key

    def __repr__(self) -> str:
        """Show the public key alone."""
        return f"Signer({self.public_key})"

    @property
    def public_key(self) -> str:
        """The public key, 64 hexadecimal digits."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        """Signature of a text in UTF-8 (RFC 8032), 128 hexadecimal digits."""
        return self._key.sign(text.encode()).hex()


def load_signer(spec: AnchorSpec, environ: Mapping[str, str], home: Path) -> Signer | None:
    """The key that signs a campaign's heads: that of its file, else that of the environment.

    Parameters
    ----------
    spec
        Where heads are published.
    environ
        The environment's variables.
    home
        The campaign file's folder, where a relative `key_file` starts.

    Returns
    -------
    Signer or None
        None when neither names a key: heads stay unsigned.

    Raises
    ------
    BadInput
        When the key cannot be read, is no Ed25519 private key, or is within others' reach.
    """
    if spec.key_file is not None:
        path = home / spec.key_file
        return Signer(_private_key(_read_secret(path), f"{KEY_PLACE}: {path}"))
    text = environ.get(KEY_VARIABLE, "").strip()
    if not text:
        return None
    # Files of environment variables hold one line a variable, so people write the line ends as \n.
    return Signer(_private_key(text.replace("\\n", "\n").encode(), KEY_VARIABLE))


def load_public_key(path: Path) -> str:
    """The public key in a PEM file, 64 hexadecimal digits.

    Raises
    ------
    BadInput
        When the file cannot be read, or holds no Ed25519 public key.
    """
    where = f"--key {path}"
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise BadInput(where, f"cannot be read ({error.strerror})", "Name the public key's file") from error
    if b"PRIVATE KEY" in pem:
        raise BadInput(
            where, "holds a private key, which only the agent may have", f"Give the public key. {MAKE_PUBLIC}"
        )
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadInput(where, "holds no public key in PEM", MAKE_PUBLIC) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(where, "holds a public key that is not Ed25519", MAKE_PUBLIC)
    return key.public_bytes_raw().hex()


def is_signed_by(public_key: str, signature: str, text: str) -> bool:
    """True when the signature of a text was made with the private half of that key; both in hexadecimal."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(signature), text.encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _read_secret(path: Path) -> bytes:
    """Read a private key's file, once it is certain that nobody else can."""
    where = f"{KEY_PLACE}: {path}"
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())  # of the very file that is read, not of one put in its place
            mode = stat.S_IMODE(found.st_mode)
            if not stat.S_ISREG(found.st_mode):
                raise BadInput(where, "is not a file", MAKE_KEY)
            if mode & OTHERS:
                raise BadInput(
                    where, f"has mode {mode:04o}, so others can reach it; must be 0600", f"chmod 600 {path}"
                )
            if found.st_uid not in (os.geteuid(), 0):
                raise BadInput(
                    where,
                    f"belongs to user {found.st_uid}, must belong to user {os.geteuid()} or root",
                    f"chown {os.geteuid()} {path}",
                )
            return file.read(LONGEST_PEM_BYTES)
    except OSError as error:
        raise BadInput(where, f"cannot be read ({error.strerror})", MAKE_KEY) from error


def _private_key(pem: bytes, where: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        # What the library says is left out here and below: it may quote the key.
        raise BadInput(
            where, "holds a key with a password", "Remove it: openssl pkey -in key.pem -out open.pem"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(where, "holds no private key in PEM", MAKE_KEY) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(where, "holds a key that is not Ed25519", MAKE_KEY)
    return key
