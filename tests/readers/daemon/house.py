"""One door that outlives its computer: the door goes on as physics while the computer dies and comes up again.

The daemon, its journal and its files are the real ones, in virtual time; the wires between computer and door are cut
with the computer's power, and tell of every order that the bolt is given.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from emulators.cards.card import VirtualCard
from emulators.clock import BuildingLoop, LoopClock
from emulators.field import Antenna
from emulators.strike import EmulatedDoor
from policies.building import Building
from policies.ids import ReaderId
from readers.daemon import Daemon, Rights
from readers.errors import HardwareFault, JournalError
from readers.journal import Durability, Fault, FileJournal, walk
from readers.ports import Feedback, Input
from readers.wire.commands import Refusal
from readers.wire.events import Draft, Event, Sealed
from readers.wire.signals import DoorStatus, read_door
from tests.disk import full_disk
from tests.readers.daemon.desk import LAB, SCOPE, SITE_KEY, START, QuietUplink, signed, snapshot

T = TypeVar("T")

_SETTLES_S = 0.3
"""A card is read and a contact has come to rest."""


class Paper(FileJournal):
    """A journal whose computer may lose its power: nothing is written from then on."""

    is_cut = False

    def stage(self, draft: Draft) -> Sealed:
        if self.is_cut:
            raise JournalError("the power is cut")
        return super().stage(draft)


class Wires:
    """What one life of the computer orders and hears: `readers.ports.DoorHardware` until `cut`."""

    def __init__(
        self, door: EmulatedDoor, on_order: Callable[[bool], None], on_input: Callable[[Input], None]
    ) -> None:
        self._door, self._on_order, self._on_input = door, on_order, on_input
        self.is_cut = False

    def unlock(self) -> None:
        self._order(self._door.unlock, free=True)

    def lock(self) -> None:
        self._order(self._door.lock, free=False)

    def show(self, feedback: Feedback, at: ReaderId | None = None) -> None:
        if not self.is_cut:
            self._door.show(feedback, at)

    def listen(self, on_input: Callable[[Input], None]) -> None:
        def hear(heard: Input) -> None:
            if not self.is_cut:
                self._on_input(heard)
                on_input(heard)

        self._door.listen(hear)

    def senses(self) -> frozenset[Input]:
        return self._door.senses()

    def _order(self, order: Callable[[], None], *, free: bool) -> None:
        if not self.is_cut:
            self._on_order(free)
            order()


class House:
    """The door, the people at it and its computer. What the loop could not handle is in `mishaps`."""

    def __init__(self, directory: Path, built: Building, *, supervised: bool) -> None:
        self._directory, self._built = directory, built
        self._runner = asyncio.Runner(loop_factory=BuildingLoop)
        loop = self._runner.get_loop()
        self.mishaps: list[str] = []
        loop.set_exception_handler(self._note_mishap)
        self.clock = LoopClock(loop, START)
        self.door = EmulatedDoor(built.doors[LAB], self.clock, supervised=supervised)
        self.is_ordered_free = self.is_disk_full = False
        self.on_order: Callable[[bool], None] = print
        self.on_input: Callable[[Input], None] = print
        self.daemon: Daemon | None = None

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def start(self) -> None:
        """Power the computer up."""
        self._run(self._start())

    def stop(self) -> None:
        """End its program, as an update does."""
        self._run(self._end())

    def kill(self) -> None:
        """Cut the computer's power: nothing is written any more, and its outputs fall."""
        self._wires.is_cut = self._journal.is_cut = True
        self.is_ordered_free = False
        with suppress(HardwareFault):
            self.door.lock()
        self._run(self._end())

    def close(self) -> None:
        """Stop everything."""
        self.is_disk_full = False
        if self.daemon is not None:
            self.stop()
        self._runner.close()

    def pass_time(self, seconds: float = _SETTLES_S) -> None:
        """Let time go by."""
        self._run(self.clock.sleep(seconds))

    def tap(self, card: VirtualCard, reader: ReaderId) -> None:
        """Hold a card to a reader, and take it away."""
        antenna = self._antennas[reader]
        self.do(lambda: antenna.present(card))
        self.do(antenna.remove)

    def command(self, payload: bytes) -> Refusal | None:
        """Let the bus bring a command."""
        assert self.daemon is not None
        daemon = self.daemon
        return self.do(lambda: daemon.take_command(payload))

    def do(self, act: Callable[[], T]) -> T:
        """Do something to the door or its computer, and let both come to rest."""
        return self._run(self._done(act))

    def status(self) -> DoorStatus:
        """Return what the computer says of the door."""
        return read_door(self._uplink.door_states[LAB])

    def events(self) -> list[Event]:
        """Return everything journaled by all lives, each file's chain checked."""
        found: list[Event] = []
        for file in sorted(self._directory.glob("journal/*.journal"), key=lambda each: int(each.stem)):
            for step in walk(file, SCOPE):
                assert not isinstance(step, Fault), step
                found.append(step.event)
        return found

    # ---- how

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        with full_disk() if self.is_disk_full else nullcontext():
            return self._runner.run(work)

    async def _start(self) -> None:
        self._journal = Paper(self._directory / "journal", SCOPE, self.clock.now, Durability.BUFFERED)
        self._antennas = {reader: Antenna(self.clock) for reader in self._built.readers}
        self._uplink = QuietUplink()
        self._wires = Wires(self.door, self._ordered, self._heard)
        rights = Rights(SCOPE, SITE_KEY.public_key(), self._directory / "snapshot")
        self.daemon = Daemon(
            rights, self._antennas, {LAB: self._wires}, self._journal, self._uplink, self.clock
        )
        self._task = asyncio.create_task(self.daemon.run())
        await asyncio.sleep(0)
        self.daemon.take_snapshot(signed(snapshot(1, issued_at=START, built=self._built)))
        await self.clock.sleep(_SETTLES_S)

    async def _end(self) -> None:
        self._task.cancel()
        (ended,) = await asyncio.gather(self._task, return_exceptions=True)
        if not isinstance(ended, asyncio.CancelledError):
            self.mishaps.append(repr(ended))
        self._wires.is_cut = True
        self._journal.close()
        self.daemon = None
        await self.clock.sleep(_SETTLES_S)

    async def _done(self, act: Callable[[], T]) -> T:
        done = act()
        await self.clock.sleep(_SETTLES_S)
        return done

    def _ordered(self, free: bool) -> None:
        self.is_ordered_free = free
        self.on_order(free)

    def _heard(self, heard: Input) -> None:
        self.on_input(heard)

    def _note_mishap(self, loop: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        del loop
        self.mishaps.append(repr(told.get("exception") or told["message"]))
