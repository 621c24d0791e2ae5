"""Through a real pcscd and vpcd, where they run on this machine: the whole tap beside the same commands sent raw.

Both sides hold a badge into a slot of the virtual reader of their own, by turns, and the first of a pair is the second
of the next. A tap begins when pcscd first asks the card for its answer to reset: before that the virtual reader has not
been looked at, which it is every 0.4 s, by either side, so that a pair takes 0.8 s. Raw is this project's driver
without thread and event loop: plain calls of PC/SC, one after the other.
"""

import asyncio
import threading
from enum import Enum
from pathlib import Path
from time import perf_counter_ns
from typing import TypeAlias

import msgspec

from access.bench.report import NotBuilt
from access.bench.tap.badge import recorded
from access.bench.tap.desk import Desk
from access.bench.tap.hand import SUBJECTS_SLOT, YARDSTICKS_SLOT, Hand
from readers.journal import Durability
from readers.transports.pcsc import PcscDriver, PcscTransport

_SUBJECTS_READER, _YARDSTICKS_READER = "Virtual PCD 00 00", "Virtual PCD 00 01"
_WITHIN_S = 5.0
_NS_PER_S = 1_000_000_000

_Sides: TypeAlias = tuple[tuple[int, "asyncio.Queue[int]"], tuple[int, "asyncio.Queue[int]"]]
"""The subject's and the yardstick's slot, and where their marks come."""


class Paced(Enum):
    """How a badge answers, and what its figures are called."""

    AT_ONCE = "pcsc"
    AS_IN_THE_AIR = "pcsc.air"


class Pairs(msgspec.Struct, frozen=True):
    """The times of both sides in ns, tap for tap."""

    subject: list[int]
    raw: list[int]

    def quarters(self) -> tuple[float, ...]:
        """Return the quartiles of the ratio of a pair."""
        ratios = sorted(tap / raw for tap, raw in zip(self.subject, self.raw, strict=True))
        return tuple(ratios[len(ratios) * quarter // 4] for quarter in (1, 2, 3))


async def measure(directory: Path, seconds: float) -> dict[Paced, Pairs]:
    """Return the times of each pace, half of the seconds each; raise `NotBuilt` where no virtual reader is there."""
    with Hand() as hand:
        try:
            for slot in (SUBJECTS_SLOT, YARDSTICKS_SLOT):
                hand.insert(slot)
        except OSError as fault:
            raise NotBuilt("no pcscd with vpcd is running here") from fault
        return await _measure(hand, directory, seconds)


async def _measure(hand: Hand, directory: Path, seconds: float) -> dict[Paced, Pairs]:
    """Tap by turns; the badges that are held in already are the first, and do not count."""
    transport = PcscTransport(_SUBJECTS_READER, asyncio.get_running_loop())
    desk, raw = Desk(directory, Durability.BUFFERED, transport), _Raw()
    await desk.start()
    sides: _Sides = (SUBJECTS_SLOT, desk.released), (YARDSTICKS_SLOT, raw.answered)
    try:
        for side in sides:
            await _end(hand, *side)
        return {pace: await _taps(hand, sides, pace, seconds / len(Paced)) for pace in Paced}
    finally:
        await desk.stop()
        await transport.close()
        await raw.stop()


async def _taps(hand: Hand, sides: _Sides, pace: Paced, seconds: float) -> Pairs:
    times: tuple[list[int], list[int]] = ([], [])
    end = perf_counter_ns() + int(seconds * _NS_PER_S)
    order = [0, 1]
    while perf_counter_ns() < end or not times[0]:
        for side in order:
            slot, done = sides[side]
            hand.insert(slot, is_paced=pace is Paced.AS_IN_THE_AIR)
            times[side].append(await _end(hand, slot, done))
        order.reverse()
    return Pairs(*times)


async def _end(hand: Hand, slot: int, done: "asyncio.Queue[int]") -> int:
    """Take the badge away once it is done; return the nanoseconds since pcscd woke it."""
    async with asyncio.timeout(_WITHIN_S):
        ended = await done.get()
    return ended - hand.remove(slot)


class _Raw:
    """A thread that sends the recorded commands to every card; `answered` has the marks."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._recorded = recorded()
        self._driver = PcscDriver(_YARDSTICKS_READER)
        self._closing = threading.Event()
        self.answered: asyncio.Queue[int] = asyncio.Queue()
        self._thread = asyncio.create_task(asyncio.to_thread(self._exchange))

    async def stop(self) -> None:
        self._closing.set()
        while not self._thread.done():
            self._driver.interrupt()
            await asyncio.wait((self._thread,), timeout=0.02)
        await self._thread

    def _exchange(self) -> None:
        self._driver.open()
        while not self._closing.is_set():
            link = self._driver.wait_for_card()
            if link is None:
                continue
            for command, expected in self._recorded:
                if link.exchange(command) != expected:
                    raise ValueError("the yardstick's card answers otherwise than recorded")
            self._loop.call_soon_threadsafe(self.answered.put_nowait, perf_counter_ns())
            while link.is_there():
                self._closing.wait(0.02)
            link.release()
        self._driver.close()
