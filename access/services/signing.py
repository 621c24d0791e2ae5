"""The site's signing key: an Ed25519 key in one file that only the server may read, made at the first start.

It signs snapshots; every door computer holds its public half. Losing it means visiting every door.
"""

import hashlib
import logging
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from access.errors import SettingsError

_log = logging.getLogger(__name__)

_OWNER_ONLY = 0o600
_OTHERS_WRITE = 0o022
_OTHERS_READ = 0o007


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read the key; raise `SettingsError` if it is missing, no Ed25519 key, or others can put one in its place."""
    try:
        mode = path.stat().st_mode
        if mode & _OTHERS_WRITE:
            raise SettingsError(f"signing key {path}: others may write it, expected mode 0600")
        if mode & _OTHERS_READ:
            # Not refused: container runtimes hand secrets over like this, in a folder that is closed.
            _log.warning("signing-key-readable-by-others", extra={"file": str(path)})
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise SettingsError(f"signing key {path}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"signing key {path}: expected an Ed25519 key")
    return key


def create_key(path: Path) -> Ed25519PrivateKey:
    """Make a new key and keep it at `path`; raise `SettingsError` if there is one already."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SettingsError(f"signing key {path}: {error}") from error
    return key


def fingerprint(key: Ed25519PrivateKey) -> str:
    """Return the SHA-256 of the public half, in hex."""
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()
