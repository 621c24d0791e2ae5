"""Doors of UHPPOTE boards: the one file that imports `uhppoted`. Remote open, and the board's events.

A board lets go by itself for a few seconds at each order, and by its own exit button whether this computer lives or
not. It cannot be told to lock earlier, so it is told to let go for short, again and again. Events come by UDP and may
be lost: the board is also asked for its state. The protocol has no authentication: a board belongs on a network of its
own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address
from typing import Protocol

from uhppoted.structs import Event, GetStatusResponse
from uhppoted.uhppote_async import UhppoteAsync

from readers.actuators.bolt import Pace, RemoteBolt
from readers.actuators.wires import Wires
from readers.errors import HardwareFault
from readers.hardware import Uhppote, UhppoteBoard
from readers.ports import Feedback, Input

_log = logging.getLogger(__name__)

PACE = Pace(hold_s=3, renew_s=1.0, check_s=2.0, answer_s=1.0)
"""A board lets go for whole seconds; a strike falls that late after an order to lock."""

DOORS = (1, 2, 3, 4)
_CONTROLLED = 3  # door mode: by card, button and order; 1 is always open, 2 always shut
_BUTTON = 20  # event reason: exit button pressed
_FIRE = 0x01  # of the board's inputs


class _State(Protocol):
    """What an event and an answer have in common."""

    inputs: int


class Board:
    """One board with up to four doors. Ask for the doors that are wired, then `open` it on the loop it serves."""

    def __init__(self, wiring: UhppoteBoard, pace: Pace = PACE) -> None:
        self._pace = pace
        self._name = f"uhppote {wiring.serial} at {wiring.address}"
        self._wiring = wiring
        self._target = (wiring.serial, wiring.address, "udp")
        self._api = UhppoteAsync(listen=wiring.listen)
        self._doors: dict[int, UhppoteDoor] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closing = False

    def door(self, device: Uhppote) -> "UhppoteDoor":
        """Return one of its doors, before `open`."""
        door = UhppoteDoor(device, self._name, self, self._pace)
        self._doors[device.door] = door
        return door

    def open(self) -> None:
        """Begin to listen and to ask."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._listen()), loop.create_task(self._watch())]

    async def close(self) -> None:
        """Let its strikes fall, and let go of it."""
        self._is_closing = True
        for door in self._doors.values():
            await door.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def let_go(self, number: int) -> None:
        """Open a door for the board's delay; raise `HardwareFault` if the board does not say that it did."""
        answer = await self._asked(self._api.open_door(self._target, number, timeout=self._pace.answer_s))
        if not getattr(answer, "opened", False):
            raise HardwareFault("the board refused to open the door")

    async def look(self) -> None:
        """Take the board's state; raise `HardwareFault` if it does not tell."""
        state = await self._asked(self._api.get_status(self._target, timeout=self._pace.answer_s))
        if not isinstance(state, GetStatusResponse) or state.controller != self._wiring.serial:
            raise HardwareFault(f"another board answered, expected {self._wiring.serial}")
        self._take(state)

    async def set_up(self) -> None:
        """Have the board send its events here, doors and buttons included, and let go for its delay."""
        host, _, port = self._wiring.tell.rpartition(":")
        api, target, answer_s = self._api, self._target, self._pace.answer_s
        await self._asked(api.record_special_events(target, enable=True, timeout=answer_s))
        await self._asked(api.set_listener(target, IPv4Address(host), int(port), timeout=answer_s))
        delay_s = int(self._pace.hold_s)
        for number in self._doors:
            asking = api.set_door_control(target, number, _CONTROLLED, delay_s, timeout=answer_s)
            await self._asked(asking)

    async def _asked(self, asking: Awaitable[object]) -> object:
        try:
            return await asking
        except (TimeoutError, OSError, ValueError) as fault:
            raise HardwareFault(f"no good answer: {fault}") from fault

    async def _watch(self) -> None:
        """Set the board up, and again after every outage: it may have been reset or replaced meanwhile."""
        is_set_up = False
        while not self._is_closing:  # the library may swallow a cancellation
            try:
                if not is_set_up:
                    await self.set_up()
                await self.look()
                is_set_up = True
            except HardwareFault as fault:
                is_set_up = False
                for door in self._doors.values():
                    door.lose(fault)
            await asyncio.sleep(self._pace.check_s)

    async def _listen(self) -> None:
        """Hear events; where the port is taken the doors are still known, as often as the board is asked."""
        try:
            await self._api.listen(self._hear, on_error=self._doubt)
        except OSError as fault:
            _log.error(
                "board-events-unheard", extra={"fault": f"{self._name}: {self._wiring.listen}: {fault}"}
            )

    def _hear(self, event: Event) -> None:
        if event.controller != self._wiring.serial:
            return
        if event.event_reason == _BUTTON and event.event_door in self._doors:
            self._doors[event.event_door].press()
        self._take(event)

    def _doubt(self, fault: BaseException) -> None:
        _log.warning("board-event-unreadable", extra={"fault": f"{self._name}: {type(fault).__name__}"})

    def _take(self, state: _State) -> None:
        for number, door in self._doors.items():
            door.take(
                is_open=getattr(state, f"door_{number}_open"),
                is_released=bool(state.inputs & _FIRE),
            )


class UhppoteDoor:
    """One door of a board."""

    def __init__(self, device: Uhppote, place: str, board: Board, pace: Pace) -> None:
        self._device, self._board = device, board
        self._wires = Wires()
        name = f"door {device.id}: {place}, its door {device.door}"
        self._bolt = RemoteBolt(name, self._switch, self._wires, pace)

    def unlock(self) -> None:
        self._bolt.order(free=True)

    def lock(self) -> None:
        self._bolt.order(free=False)

    def show(self, feedback: Feedback) -> None:
        """Do nothing: the board lights its readers' lamps by itself."""

    def listen(self, on_input: Callable[[Input], None]) -> None:
        self._wires.listen(on_input)

    def senses(self) -> frozenset[Input]:
        return self._wires.senses()

    async def close(self) -> None:
        """Let the strike fall."""
        await self._bolt.close()

    def press(self) -> None:
        """Take a press of the exit button; the board has opened the door already."""
        self._wires.exit(active=True)
        self._wires.exit(active=False)

    def take(self, *, is_open: bool, is_released: bool) -> None:
        """Take the state of the door's inputs."""
        if self._device.release:
            self._wires.release(active=is_released)
        if self._device.contact:
            self._wires.contact(is_open=is_open)

    def lose(self, fault: HardwareFault) -> None:
        """Note that the board does not answer: what the contact does is not known."""
        self._bolt.fail(fault)
        if {Input.CONTACT_OPEN, Input.CONTACT_CLOSED} & self._wires.senses():
            self._wires.contact(is_open=None)

    async def _switch(self, free: bool) -> None:  # noqa: FBT001  (the shape of `bolt.Send`)
        if free:
            await self._board.let_go(self._device.door)
        else:
            await self._board.look()
