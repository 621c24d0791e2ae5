"""A UHPPOTE board on the network: 64-byte datagrams, little-endian numbers, dates in BCD, nobody asked who they are.

Written from the protocol as the uhppoted project documents it. It speaks of four doors and has one door wired to it.
Its relay lets go for the door's delay at each order and at each press of its own button.
"""

import asyncio
import struct
from datetime import UTC, datetime
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Self, cast

from emulators.strike import EmulatedDoor
from readers.ports import Input

SERIAL = 405419896
_SOM = 0x17
_SIZE = 64
_DOOR_EVENT = 2
_BUTTON, _OPENED, _CLOSED = 20, 23, 24
_CONTROLLED = 3


class Function(IntEnum):
    """The codes of the requests that this board follows; an event has that of the state."""

    STATUS = 0x20
    OPEN = 0x40
    SET_DOOR = 0x80
    RECORD_SPECIAL = 0x8E
    SET_LISTENER = 0x90


class EmulatedBoard:
    """One board at a free port of the loopback; `address` is where. Door 1 is `door`.

    `set_up` has the functions of the requests that changed it. One that `loses_events` sends none that arrives.
    """

    def __init__(self, door: EmulatedDoor) -> None:
        self.is_dead = self.loses_events = False
        self.set_up: list[int] = []
        self.address = ""
        self._door = door
        self._link = _Link(self)
        self._delay_s, self._mode = 5.0, _CONTROLLED
        self._tells_doors = False
        self._listener: tuple[str, int] | None = None
        self._falls: asyncio.TimerHandle | None = None
        self._events = 0
        self._last = bytes(20)
        self._is_open = self._is_fire = self._is_free = False

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self._link, ("127.0.0.1", 0))
        host, port = transport.get_extra_info("sockname")
        self.address = f"{host}:{port}"
        self._door.listen(self._follow)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._falls is not None:
            self._falls.cancel()
        self._link.transport.close()
        await self._link.closed.wait()

    def answer(self, request: bytes) -> bytes | None:
        """Answer one request; None for what is not for this board."""
        if self.is_dead or len(request) != _SIZE or request[0] != _SOM:
            return None
        if int.from_bytes(request[4:8], "little") != SERIAL:
            return None
        if request[1] not in (Function.STATUS, Function.OPEN):
            self.set_up.append(request[1])
        body = self._obey(request[1], request[8:])
        return None if body is None else _packet(request[1], body)

    def _obey(self, function: int, body: bytes) -> bytes | None:
        match function:
            case Function.STATUS:
                return self._state()
            case Function.OPEN:
                self._let_go()
                return b"\x01"
            case Function.SET_DOOR:
                self._mode, self._delay_s = body[1], float(body[2])
                return body[:3]
            case Function.RECORD_SPECIAL:
                self._tells_doors = bool(body[0])
                return b"\x01"
            case Function.SET_LISTENER:
                self._listener = str(IPv4Address(body[:4])), int.from_bytes(body[4:6], "little")
                return b"\x01"
            case _:
                return None

    def _let_go(self) -> None:
        if self._falls is not None:
            self._falls.cancel()
        self._is_free = True
        self._door.unlock()
        self._falls = asyncio.get_running_loop().call_later(self._delay_s, self._fall)

    def _fall(self) -> None:
        self._is_free = False
        self._door.lock()

    def _follow(self, told: Input) -> None:
        match told:
            case Input.CONTACT_OPEN | Input.CONTACT_CLOSED:
                self._is_open = told is Input.CONTACT_OPEN
                self._tell(_OPENED if self._is_open else _CLOSED)
            case Input.EXIT_REQUESTED:
                self._let_go()
                self._tell(_BUTTON)
            case Input.RELEASED | Input.REARMED:
                self._is_fire = told is Input.RELEASED

    def _tell(self, reason: int) -> None:
        """Send an event, as often as the network lets it arrive."""
        if not self._tells_doors:
            return
        self._events += 1
        self._last = struct.pack(
            "<IBBBBI7sB", self._events, _DOOR_EVENT, 1, 1, 1, 0, _bcd("%Y%m%d%H%M%S"), reason
        )
        if self._listener is not None and not self.is_dead and not self.loses_events:
            self._link.transport.sendto(_packet(Function.STATUS, self._state()), self._listener)

    def _state(self) -> bytes:
        """Return the body of a status answer and of an event, from byte 8 on."""
        body = bytearray(_SIZE - 8)
        body[0:20] = self._last
        body[20] = self._is_open
        body[29:32] = _bcd("%H%M%S")
        body[32:36] = self._events.to_bytes(4, "little")
        body[41], body[42] = int(self._is_free), int(self._is_fire)
        body[43:46] = _bcd("%y%m%d")
        return bytes(body)


class _Link(asyncio.DatagramProtocol):
    def __init__(self, board: EmulatedBoard) -> None:
        self._board = board
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        self.closed.set()

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        answer = self._board.answer(data)
        if answer is not None:
            self.transport.sendto(answer, sender)


def _packet(function: int, body: bytes) -> bytes:
    return (struct.pack("<BBHI", _SOM, function, 0, SERIAL) + body).ljust(_SIZE, b"\x00")


def _bcd(form: str) -> bytes:
    return bytes.fromhex(datetime.now(UTC).strftime(form))
