"""Master keys in a sealed file: AES-256-GCM under a key-encryption key that lies elsewhere.

The key-encryption key is 32 bytes in a file that the daemon alone reads, best a systemd credential, which the machine
seals to itself (`systemd-creds encrypt`). On disk: 8 bytes `TOTEM-K1`, 12 bytes nonce, then the sealed JSON
`{name: {version: hex}}`. Neither repr nor error of anything here holds a key.
"""

import secrets
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from readers import durable
from readers.credentials.ciphers import AES_KEY, Cipher
from readers.credentials.keys import KeyRef, diversify
from readers.errors import KeyStoreFault

_MAGIC = b"TOTEM-K1"
_NONCE = 12
UNLOCK_BYTES = 32
_VERSIONS = range(1, 256)
_TOO_OPEN = stat.S_IRWXG | stat.S_IRWXO

_Stored = dict[str, dict[int, str]]


class SealedKeys:
    """The keys of one file, opened. `KeyStore` for a daemon; the desk adds keys by `write`."""

    __slots__ = ("_keys", "_turn")

    def __init__(self, keys: Mapping[KeyRef, bytes]) -> None:
        self._keys = {key: Cipher.aes(value) for key, value in keys.items()}
        self._turn = threading.Lock()  # a cipher serves one reader's thread at a time

    @classmethod
    def open(cls, path: Path, unlock: Path) -> Self:
        """Open a file by the key-encryption key in another; raise `KeyStoreFault` naming the file."""
        return cls(read(path, unlock))

    def versions(self, name: str) -> tuple[int, ...]:
        return tuple(sorted((key.version for key in self._keys if key.name == name), reverse=True))

    def derive(self, key: KeyRef, identity: bytes) -> bytes | None:
        cipher = self._keys.get(key)
        if cipher is None:
            return None
        with self._turn:
            return diversify(cipher.encrypt, identity)


def read(path: Path, unlock: Path) -> dict[KeyRef, bytes]:
    """Return what a sealed file holds; raise `KeyStoreFault`. For the daemon's start and the key ceremony alone."""
    payload = _content(path)
    if not payload.startswith(_MAGIC):
        raise KeyStoreFault(f"keys {path}: not a sealed file: it does not begin with TOTEM-K1")
    nonce, sealed = payload[len(_MAGIC) :][:_NONCE], payload[len(_MAGIC) + _NONCE :]
    try:
        stored = msgspec.json.decode(_gcm(unlock).decrypt(nonce, sealed, _MAGIC), type=_Stored)
    except (InvalidTag, ValueError):
        # What failed may hold keys: nothing of it is passed on.
        raise KeyStoreFault(f"keys {path}: damaged, or sealed by another key than {unlock}") from None
    return {
        KeyRef(name, version): _key(path, name, version, text)
        for name, versions in stored.items()
        for version, text in versions.items()
    }


def write(path: Path, unlock: Path, keys: Mapping[KeyRef, bytes]) -> None:
    """Seal keys into a file, in the place of what it held; readable by its owner alone."""
    stored: _Stored = {}
    for key, value in keys.items():
        stored.setdefault(key.name, {})[key.version] = value.hex()
    nonce = secrets.token_bytes(_NONCE)
    sealed = _gcm(unlock).encrypt(nonce, msgspec.json.encode(stored), _MAGIC)
    durable.replace(path, _MAGIC + nonce + sealed)


def _gcm(unlock: Path) -> AESGCM:
    try:
        mode = unlock.stat().st_mode
    except OSError as error:
        raise KeyStoreFault(f"key-encryption key {unlock}: {error.strerror}") from error
    if mode & _TOO_OPEN:
        raise KeyStoreFault(f"key-encryption key {unlock}: readable by others; expected mode 0400 or 0600")
    key = _content(unlock)
    if len(key) != UNLOCK_BYTES:
        raise KeyStoreFault(f"key-encryption key {unlock}: {len(key)} bytes; expected {UNLOCK_BYTES}")
    return AESGCM(key)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyStoreFault(f"{path}: cannot be read: {error.strerror}") from error


def _key(path: Path, name: str, version: int, text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != AES_KEY or version not in _VERSIONS:
        raise KeyStoreFault(
            f"keys {path}: {name} version {version}: expected 16 bytes and a version of 1 to 255"
        )
    return key
