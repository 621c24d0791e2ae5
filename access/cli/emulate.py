"""`totem emulate`: the hardware's other side, for programs that are not ours."""

import argparse
import asyncio
import secrets
import sys
from pathlib import Path

import msgspec

from access.errors import SettingsError, TotemError
from emulators.cards.card import VirtualCard
from emulators.cards.kinds import CardKeys, Kind, make_card
from emulators.udp import UdpField
from emulators.vpcd import FIRST_PORT, VpcdSlot

SUMMARY = "Emulate hardware: a card in a virtual reader."

_UID_SIZES = (4, 7, 10)
_MANUFACTURER = 0x04  # NXP, whose numbers of seven bytes most cards have (ISO/IEC 7816-6)
_HIGHEST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    kinds = parser.add_subparsers(dest="thing", required=True, metavar="THING")
    card = kinds.add_parser("card", help="a card, as any PC/SC program sees it")
    names = [kind.value for kind in Kind]
    card.add_argument("kind", choices=names, metavar="KIND", help=f"what the card can do: {', '.join(names)}")
    card.add_argument(
        "--id", type=_uid, metavar="HEX", help="its number, 4, 7 or 10 bytes; made up where not given"
    )
    card.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help='JSON {"picc": hex, "applications": {"aid hex": ["key hex", ...]}}; blank from the factory without it',
    )
    where = card.add_mutually_exclusive_group()
    where.add_argument(
        "--vpcd",
        type=_address,
        default=("127.0.0.1", FIRST_PORT),
        metavar="HOST:PORT",
        help=f"the slot of the virtual reader (default 127.0.0.1:{FIRST_PORT})",
    )
    where.add_argument(
        "--udp",
        type=_address,
        metavar="HOST:PORT",
        help="or where nfcpy's reader `udp:HOST:PORT` looks for a card",
    )
    card.add_argument("--trace", action="store_true", help="print every command and answer to stderr")


def run(arguments: argparse.Namespace) -> int:
    """Hold the card in the slot until interrupted, or until the reader is gone; print its number first."""
    uid = arguments.id or bytes((_MANUFACTURER,)) + secrets.token_bytes(6)
    identifier, card = _make(Kind(arguments.kind), uid, arguments.keys)
    host, port = arguments.udp or arguments.vpcd
    held: VirtualCard = _Traced(card) if arguments.trace else card
    print(identifier, flush=True)
    try:
        asyncio.run(_hold(held, host, port) if arguments.udp is None else _lie_in_field(held, host, port))
    except KeyboardInterrupt:
        return 0
    raise _Unreachable(f"the virtual reader at {host}:{port} has let go of the card")


def _make(kind: Kind, uid: bytes, file: Path | None) -> tuple[str, VirtualCard]:
    try:
        keys = CardKeys() if file is None else msgspec.json.decode(file.read_bytes(), type=CardKeys)
        return make_card(kind, uid, keys)
    except OSError as error:
        raise SettingsError(f"keys {file}: {error.strerror}") from error
    except ValueError as error:  # msgspec's errors too
        raise SettingsError(f"card {kind.value}: {error}") from error


class _Unreachable(TotemError):
    """The virtual reader is not there, or not any more. Start pcscd with vpcd."""


async def _hold(card: VirtualCard, host: str, port: int) -> None:
    slot = VpcdSlot(host, port)
    try:
        await slot.insert(card)
    except OSError as fault:
        raise _Unreachable(
            f"no virtual reader at {host}:{port}: {fault.strerror}; is pcscd running with vpcd?"
        ) from fault
    try:
        await slot.released()
    finally:
        await slot.remove()


async def _lie_in_field(card: VirtualCard, host: str, port: int) -> None:
    """Lie in the field of nfcpy's link until interrupted: it tells nobody that its reader has gone."""
    try:
        async with UdpField(host, port) as field:
            field.insert(card)
            await asyncio.Event().wait()
    except OSError as fault:
        raise _Unreachable(f"{host}:{port} cannot be listened at: {fault.strerror}") from fault


class _Traced:
    """A card whose words are printed."""

    def __init__(self, card: VirtualCard) -> None:
        self._card = card

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, apdu: bytes) -> bytes:
        answer = self._card.process(apdu)
        print(f"> {apdu.hex(' ')}\n< {answer.hex(' ')}", file=sys.stderr, flush=True)
        return answer

    def reset(self) -> None:
        self._card.reset()


def _uid(text: str) -> bytes:
    try:
        uid = bytes.fromhex(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not hexadecimal") from None
    if len(uid) not in _UID_SIZES:
        raise argparse.ArgumentTypeError(f"{len(uid)} bytes; expected 4, 7 or 10")
    return uid


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r}; expected HOST:PORT")
    return host, int(port)
