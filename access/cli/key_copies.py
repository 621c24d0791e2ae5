"""Keys copied from one sealed file into another, which keeps what it holds (docs/readers.md, key ceremony)."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from access.cli.components import check_value
from access.errors import Conflict, Invalid
from readers import durable
from readers.credentials.keys import KeyRef
from readers.keystores import sealed


def into_file(source: Path, target: Path, unlock: Path, keys: Mapping[KeyRef, bytes]) -> dict[KeyRef, bytes]:
    """Add keys to a sealed file, made where there is none, and return what it then holds.

    Raise `Invalid` where it is the source itself, `Conflict` where it holds another key by a name and version.
    """
    if target.exists() and target.samefile(source):
        raise Invalid(f"--to {target}: the file that is copied from; expected another")
    if not target.exists():
        make_unlock(unlock)
    held = sealed.read(target, unlock) if target.exists() else {}
    for key, value in keys.items():
        if held.get(key, value) != value:
            raise Conflict(
                f"keys {target}: {key.name}, version {key.version}, is {check_value(held[key])} there, and "
                f"{check_value(value)} in {source}; nothing was copied"
            )
    held |= keys
    sealed.write(target, unlock, held)
    return held


def make_unlock(path: Path) -> None:
    """Make a key-encryption key, where there is none."""
    if not path.exists():
        durable.replace(path, secrets.token_bytes(sealed.UNLOCK_BYTES))
