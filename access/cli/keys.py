"""`totem keys create|add|list|copy|drop`: sealed files of master keys, made and kept (docs/readers.md, key ceremony).

No key is ever printed: a key is known by its check value, the first three bytes of what it makes of a block of zeros.
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from access.cli.components import check_value, expected_check_value, is_guessable, put_together
from access.cli.key_copies import into_file, make_unlock
from access.errors import Conflict, Invalid, NotFound, TotemError
from policies.toml.words import meant
from readers.badges import DesfireBadges, Masters, Ntag424Badges
from readers.credentials.keys import KeyRef
from readers.errors import KeyStoreFault
from readers.keystores import sealed

SUMMARY = "Make and keep the sealed files of master keys."

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NEWEST = 255
_NO_KEYS = frozenset({"aid", "system", "url"})
_USES = tuple(
    str(field.default)
    for settings in (DesfireBadges, Ntag424Badges, Masters)
    for field in msgspec.structs.fields(settings)
    if field.type is str and field.name not in _NO_KEYS
)
"""What settings call the keys unless they say otherwise: the table of docs/readers.md."""


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
    add.add_argument("name", metavar="NAME", help=f"its one use: {', '.join(_USES)}")
    add.add_argument(
        "--other-name",
        action="store_true",
        help="take another name, which settings give to a key of their own",
    )
    add.add_argument(
        "--kcv",
        metavar="HEX",
        help="the check value on paper: what has another is refused, and nothing added",
    )
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
    copy.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="a sealed file, which keeps what it holds; made where there is none",
    )
    copy.add_argument("--to-unlock", type=Path, metavar="FILE", help="the key that unlocks it")
    copy.add_argument("--to-module", type=Path, metavar="LIBRARY", help="or a PKCS#11 module")
    copy.add_argument("--to-token", metavar="LABEL", help="its token")
    copy.add_argument("--to-pin", type=Path, metavar="FILE", help="the file that holds the token's PIN")
    drop = _action(actions, "drop", "drop a version of a key, once no card has it any more")
    drop.add_argument("name", metavar="NAME")
    drop.add_argument("--version", type=int, required=True)
    drop.add_argument(
        "--newest",
        action="store_true",
        help="drop it though it is the newest, whose number is then given again",
    )
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


_Held = dict[KeyRef, bytes]


def _create(arguments: argparse.Namespace) -> _Held:
    if arguments.file.exists():
        raise Conflict(f"{arguments.file}: it exists")
    make_unlock(arguments.unlock)
    sealed.write(arguments.file, arguments.unlock, {})
    return {}


def _add(arguments: argparse.Namespace) -> _Held:
    held = sealed.read(arguments.file, arguments.unlock)
    _check_name(arguments.name, others=arguments.other_name)
    version = _newest(held, arguments.name) + 1
    if version > _NEWEST:
        raise Conflict(f"key {arguments.name}: version {_NEWEST} is the last there can be")
    value = put_together(arguments.component)
    expected_check_value(arguments.kcv, value, arguments.component)
    for key in held:
        if held[key] == value:
            raise Conflict(
                f"key {arguments.name}: the components give {check_value(value)}, which is {key.name}, "
                f"version {key.version}, already; to check envelopes use a file made for that, and --kcv"
            )
    held[KeyRef(arguments.name, version)] = value
    sealed.write(arguments.file, arguments.unlock, held)
    return held


def _newest(held: _Held, name: str) -> int:
    return max((key.version for key in held if key.name == name), default=0)


def _check_name(name: str, *, others: bool) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(f"key {name!r}: expected lower-case letters, digits and hyphens")
    if name not in _USES and not others:
        raise Invalid(
            f"key {name}: no use of a key{meant(name, _USES)}; expected one of {', '.join(_USES)}, "
            "or --other-name where settings give a key another name"
        )


def _list(arguments: argparse.Namespace) -> _Held:
    return sealed.read(arguments.file, arguments.unlock)


def _copy(arguments: argparse.Namespace) -> _Held:
    held = sealed.read(arguments.file, arguments.unlock)
    wanted = {key: value for key, value in held.items() if key.name in arguments.name}
    if missing := set(arguments.name) - {key.name for key in wanted}:
        raise NotFound(f"keys {arguments.file}: there is no key {', '.join(sorted(missing))}")
    for key, value in wanted.items():
        if is_guessable(value):
            raise Invalid(
                f"key {key.name}, version {key.version}: all its bytes are alike; make a new version and drop it"
            )
    if arguments.to is not None and arguments.to_unlock is not None:
        return into_file(arguments.file, arguments.to, arguments.to_unlock, wanted)
    if None in (arguments.to_module, arguments.to_token, arguments.to_pin):
        raise Invalid("copy: expected --to and --to-unlock, or --to-module, --to-token and --to-pin")
    from readers.keystores.pkcs11 import put

    pin = arguments.to_pin.read_text("utf-8").rstrip("\n")
    put(arguments.to_module, arguments.to_token, pin, wanted)
    return wanted


def _drop(arguments: argparse.Namespace) -> _Held:
    held = sealed.read(arguments.file, arguments.unlock)
    dropped = KeyRef(arguments.name, arguments.version)
    if dropped not in held:
        raise NotFound(f"keys {arguments.file}: there is no {dropped.name}, version {dropped.version}")
    if dropped.version == _newest(held, dropped.name) and not arguments.newest:
        raise Conflict(
            f"key {dropped.name}, version {dropped.version}: the newest; `add` would give its number again, to "
            "another key than cards may have by it: add a newer one first, or say --newest"
        )
    del held[dropped]
    sealed.write(arguments.file, arguments.unlock, held)
    return held


_ACTIONS: dict[str, Callable[[argparse.Namespace], _Held]] = {
    "create": _create,
    "add": _add,
    "list": _list,
    "copy": _copy,
    "drop": _drop,
}
