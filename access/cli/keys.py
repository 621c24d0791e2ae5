"""`totem keys create|add|list|copy|drop`: sealed files of master keys, made and kept (docs/readers.md, key ceremony).

No key is ever printed: a key is known by its check value, the first three bytes of what it makes of a block of zeros.
"""

import argparse
import os
import re
import secrets
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import msgspec

from access.errors import Conflict, Invalid, NotFound, TotemError
from readers.credentials.ciphers import AES_BLOCK, AES_KEY, Cipher, xor
from readers.credentials.keys import KeyRef
from readers.errors import KeyStoreFault
from readers.keystores import sealed

SUMMARY = "Make and keep the sealed files of master keys."

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CHECK_VALUE = 3
_NEWEST = 255


class KeysRefused(TotemError):
    """The home of keys cannot be opened or written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = _action(
        actions, "create", "make an empty sealed file, and the key that unlocks it where there is none"
    )
    add = _action(
        actions, "add", "add a key, drawn or put together from components, as the newest of its name"
    )
    add.add_argument("name", metavar="NAME")
    add.add_argument(
        "--component",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="32 hex digits; two or more are added up, so that nobody who holds one knows the key",
    )
    listing = _action(actions, "list", "list names, versions and check values")
    copy = _action(
        actions, "copy", "copy keys into another home: what one door computer needs, and nothing else"
    )
    copy.add_argument("name", metavar="NAME", nargs="+")
    copy.add_argument("--to", type=Path, metavar="FILE", help="a sealed file; made where there is none")
    copy.add_argument("--to-unlock", type=Path, metavar="FILE", help="the key that unlocks it")
    copy.add_argument("--to-module", type=Path, metavar="LIBRARY", help="or a PKCS#11 module")
    copy.add_argument("--to-token", metavar="LABEL", help="its token")
    copy.add_argument("--to-pin", type=Path, metavar="FILE", help="the file that holds the token's PIN")
    drop = _action(actions, "drop", "drop a version of a key, once no card has it any more")
    drop.add_argument("name", metavar="NAME")
    drop.add_argument("--version", type=int, required=True)
    for action in (create, add, listing, copy, drop):
        action.add_argument("--json", action="store_true", help="print what the file holds as JSON")


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=help_)
    action.add_argument("file", type=Path, metavar="FILE", help="the sealed file")
    action.add_argument("--unlock", type=Path, required=True, metavar="FILE", help="the key that unlocks it")
    return action


def run(arguments: argparse.Namespace) -> int:
    """Do it, then print what the file holds."""
    try:
        held = _ACTIONS[arguments.action](arguments)
    except KeyStoreFault as error:
        raise KeysRefused(str(error)) from error
    except OSError as error:
        raise KeysRefused(f"{error.filename}: {error.strerror}") from error
    rows = [
        {"name": key.name, "version": key.version, "check": check_value(held[key])}
        for key in sorted(held, key=lambda key: (key.name, key.version))
    ]
    if arguments.json:
        print(msgspec.json.encode(rows).decode())
    else:
        print("\n".join(f"{row['name']:20} {row['version']:>3}  {row['check']}" for row in rows) or "no keys")
    return 0


def check_value(key: bytes) -> str:
    """Return what a key is compared by."""
    return Cipher.aes(key).encrypt(bytes(AES_BLOCK))[:_CHECK_VALUE].hex()


_Held = dict[KeyRef, bytes]


def _create(arguments: argparse.Namespace) -> _Held:
    if arguments.file.exists():
        raise Conflict(f"{arguments.file}: it exists")
    _make_unlock(arguments.unlock)
    sealed.write(arguments.file, arguments.unlock, {})
    return {}


def _add(arguments: argparse.Namespace) -> _Held:
    held = sealed.read(arguments.file, arguments.unlock)
    if not _NAME.fullmatch(arguments.name):
        raise Invalid(f"key {arguments.name!r}: expected lower-case letters, digits and hyphens")
    version = max((key.version for key in held if key.name == arguments.name), default=0) + 1
    if version > _NEWEST:
        raise Conflict(f"key {arguments.name}: version {_NEWEST} is the last there can be")
    held[KeyRef(arguments.name, version)] = _put_together(arguments.component)
    sealed.write(arguments.file, arguments.unlock, held)
    return held


def _list(arguments: argparse.Namespace) -> _Held:
    return sealed.read(arguments.file, arguments.unlock)


def _copy(arguments: argparse.Namespace) -> _Held:
    held = sealed.read(arguments.file, arguments.unlock)
    wanted = {key: value for key, value in held.items() if key.name in arguments.name}
    if missing := set(arguments.name) - {key.name for key in wanted}:
        raise NotFound(f"keys {arguments.file}: there is no key {', '.join(sorted(missing))}")
    if arguments.to is not None and arguments.to_unlock is not None:
        _make_unlock(arguments.to_unlock)
        sealed.write(arguments.to, arguments.to_unlock, wanted)
        return wanted
    if None in (arguments.to_module, arguments.to_token, arguments.to_pin):
        raise Invalid("copy: expected --to and --to-unlock, or --to-module, --to-token and --to-pin")
    from readers.keystores.pkcs11 import put

    pin = arguments.to_pin.read_text("utf-8").rstrip("\n")
    put(arguments.to_module, arguments.to_token, pin, wanted)
    return wanted


def _drop(arguments: argparse.Namespace) -> _Held:
    held = sealed.read(arguments.file, arguments.unlock)
    if held.pop(KeyRef(arguments.name, arguments.version), None) is None:
        raise NotFound(f"keys {arguments.file}: there is no {arguments.name}, version {arguments.version}")
    sealed.write(arguments.file, arguments.unlock, held)
    return held


_ACTIONS: dict[str, Callable[[argparse.Namespace], _Held]] = {
    "create": _create,
    "add": _add,
    "list": _list,
    "copy": _copy,
    "drop": _drop,
}


def _make_unlock(path: Path) -> None:
    """Make a key-encryption key, where there is none."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 (the mode)
            file.write(secrets.token_bytes(sealed.UNLOCK_BYTES))


def _put_together(components: list[Path]) -> bytes:
    if not components:
        return secrets.token_bytes(AES_KEY)
    if len(components) == 1:
        raise Invalid("components: one alone is the key itself; expected two or more")
    return reduce(xor, map(_component, components))


def _component(path: Path) -> bytes:
    try:
        value = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        value = b""
    if len(value) != AES_KEY:
        raise Invalid(f"component {path}: expected {2 * AES_KEY} hex digits")
    return value
