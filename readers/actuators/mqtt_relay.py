"""Doors on relays behind a message bus: one line for all of a computer's, one door for each.

Nothing is queued: an order that cannot go out now is not given, so that none comes late. The relay's own answer counts,
never the broker's. When the line is down the relays fall back by their own timers, where they have one.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from itertools import count

from policies.ids import ReaderId
from readers.actuators.bolt import PACE, Pace, RemoteBolt
from readers.actuators.convention import Convention, Heard, Proof
from readers.actuators.wires import Wires
from readers.errors import HardwareFault
from readers.ports import Feedback, Input
from readers.wire.bus import Bus, BusDown, Connection, Message

_log = logging.getLogger(__name__)

CONNECT_AGAIN_S = 1.0


class RelayLine:
    """The connection that the relays of one computer share, opened again whenever it breaks."""

    def __init__(self, bus: Bus, name: str) -> None:
        self._bus, self._name = bus, name
        self._doors: list[MqttDoor] = []
        self._connection: Connection | None = None
        self._living: asyncio.Task[None] | None = None

    def join(self, door: "MqttDoor") -> None:
        """Take a door on, before `open`."""
        self._doors.append(door)

    def open(self) -> None:
        """Connect, on the running loop."""
        self._living = asyncio.get_running_loop().create_task(self._live(), name=self._name)

    async def close(self) -> None:
        """Hang up."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.wait([self._living])

    async def publish(self, message: Message) -> None:
        """Send now; raise `HardwareFault` if that may not have been possible."""
        if self._connection is None:
            raise HardwareFault("the broker is not reached")
        try:
            await self._connection.publish(message)
        except BusDown as down:
            raise HardwareFault(str(down)) from down

    async def _live(self) -> None:
        topics = sorted({topic for door in self._doors for topic in door.convention.topics})
        while True:
            try:
                async with self._bus.connect(self._name, topics) as self._connection:
                    await self._serve(self._connection)
            except BusDown as down:
                self._connection = None
                for door in self._doors:
                    door.lose(str(down))
            finally:
                self._connection = None
            await asyncio.sleep(CONNECT_AGAIN_S)

    async def _serve(self, connection: Connection) -> None:
        for door in self._doors:
            door.find()
        while True:
            message = await connection.receive()
            for door in self._doors:
                for heard in door.convention.hear(message):
                    door.hear(heard)


class MqttDoor:
    """A door on a relay of some convention. Make it before its line is opened."""

    def __init__(self, name: str, convention: Convention, line: RelayLine, pace: Pace = PACE) -> None:
        self.convention = convention
        self._name, self._line, self._pace = name, line, pace
        self._wires = Wires()
        self._bolt = RemoteBolt(name, self._switch, self._wires, pace)
        self._numbers = count(1)
        self._freed_at = -math.inf
        self._relay: bool | None = None
        self._leaf: bool | None = None
        self._awaited: tuple[int, bool, asyncio.Future[None]] | None = None
        self._asking: asyncio.Task[None] | None = None
        line.join(self)

    def unlock(self) -> None:
        self._bolt.order(free=True)

    def lock(self) -> None:
        self._bolt.order(free=False)

    def show(self, feedback: Feedback, at: ReaderId | None = None) -> None:
        """Do nothing: a relay has no lamp; the reader beside the door shows its own."""

    def listen(self, on_input: Callable[[Input], None]) -> None:
        self._wires.listen(on_input)

    def senses(self) -> frozenset[Input]:
        return self._wires.senses()

    async def close(self) -> None:
        """Engage the strike, as far as the relay answers."""
        if self._asking is not None:
            self._asking.cancel()
        await self._bolt.close()

    def find(self) -> None:
        """Take the line up: order, and ask for everything."""
        self._bolt.again()
        self._asking = asyncio.get_running_loop().create_task(self._ask())

    def lose(self, why: str) -> None:
        """Take the line down: what the contact does is not known any more."""
        self._bolt.fail(HardwareFault(why))
        self._forget_contact()

    def hear(self, heard: Heard) -> None:
        """Take what a message told."""
        if heard.is_there is not None:
            self._appear(is_there=heard.is_there)
        if heard.contact_is_there is False:
            self._forget_contact()
        elif heard.contact_is_there and self._leaf is not None:
            self._wires.contact(is_open=self._leaf)
        self._hear_relay(heard)
        if heard.is_open is not None:
            self._leaf = heard.is_open
            self._wires.contact(is_open=heard.is_open)
        if heard.exit is not None:
            self._wires.exit(active=heard.exit)
        if heard.tamper is not None:
            self._wires.tamper(active=heard.tamper)
        if heard.release is not None:
            self._wires.release(active=heard.release)

    def _appear(self, *, is_there: bool) -> None:
        if is_there:
            self.find()
        else:
            self.lose("the relay is offline")

    def _forget_contact(self) -> None:
        if {Input.CONTACT_OPEN, Input.CONTACT_CLOSED} & self._wires.senses():
            self._wires.contact(is_open=None)

    def _hear_relay(self, heard: Heard) -> None:
        if self._awaited is not None:
            number, free, answer = self._awaited
            by_number = self.convention.proof is Proof.NUMBER
            is_it = heard.answers == number if by_number else heard.relay is free
            if is_it and not answer.done():
                answer.set_result(None)
        if heard.relay is None:
            return
        before, self._relay = self._relay, heard.relay
        if heard.relay and before is False and not self._bolt.is_free and not self._may_be_an_echo():
            # Its own button or another program: somebody may be leaving, so it is not worked against at once.
            _log.warning("door-relay-switched", extra={"fault": f"{self._name}: not by an order"})
            self._bolt.postpone()

    def _may_be_an_echo(self) -> bool:
        """Return whether an order of before may only now have been answered."""
        return asyncio.get_running_loop().time() < self._freed_at + self._pace.answer_s

    async def _switch(self, free: bool) -> None:  # noqa: FBT001  (the shape of `bolt.Send`)
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._awaited = number, free, answer
        if free:
            self._freed_at = asyncio.get_running_loop().time()
        await self._line.publish(self.convention.order(number, free=free, hold_s=self._pace.hold_s))
        if self._relay is free and self.convention.proof is Proof.CHANGE:
            return
        await answer

    async def _ask(self) -> None:
        for message in self.convention.ask(next(self._numbers)):
            try:
                await self._line.publish(message)
            except HardwareFault:
                return
