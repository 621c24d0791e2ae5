"""Through a real pcscd and vpcd, where they run on this machine: the whole tap beside the same commands sent raw.

Both sides hold a badge into a slot of the virtual reader of their own. A tap begins when pcscd first asks the card for
its answer to reset: before that the virtual reader has not been looked at, which it is every 0.4 s, by either side.
Raw is this project's driver without thread and event loop: plain calls of PC/SC, one after the other.
"""

import asyncio
import threading
from pathlib import Path
from time import perf_counter_ns

from access.bench.report import NotBuilt, Result, result
from access.bench.tap.badge import issued_card, make_same_card, recorded
from access.bench.tap.desk import Desk
from emulators.cards.card import VirtualCard
from emulators.vpcd import FIRST_PORT, VpcdSlot
from readers.journal import Durability
from readers.transports.pcsc import PcscDriver, PcscTransport

_SUBJECTS_READER, _YARDSTICKS_READER = "Virtual PCD 00 00", "Virtual PCD 00 01"
_WITHIN_S = 5.0
_WARM_UP = 2
_NS_PER_S = 1_000_000_000


async def measure(directory: Path, seconds: float) -> dict[str, Result]:
    """Return both sides' times, tap about tap; raise `NotBuilt` where no virtual reader is there."""
    slots = VpcdSlot(port=FIRST_PORT), VpcdSlot(port=FIRST_PORT + 1)
    try:
        for slot in slots:
            await slot.insert(make_same_card())
            await slot.remove()
    except OSError as fault:
        raise NotBuilt("no pcscd with vpcd is running here") from fault
    transport = PcscTransport(_SUBJECTS_READER, asyncio.get_running_loop())
    desk, raw = Desk(directory, Durability.BUFFERED, transport), _Raw()
    await desk.start()
    times: dict[str, list[int]] = {"pcsc": [], "pcsc.raw": []}
    end = perf_counter_ns() + int(seconds * _NS_PER_S)
    try:
        while perf_counter_ns() < end or len(times["pcsc"]) <= _WARM_UP:
            times["pcsc"].append(await _tap(slots[0], issued_card(), desk.released))
            times["pcsc.raw"].append(await _tap(slots[1], make_same_card(), raw.answered))
    finally:
        await desk.stop()
        await transport.close()
        await raw.stop()
    return {name: result(each[_WARM_UP:]) for name, each in times.items()}


async def _tap(slot: VpcdSlot, card: VirtualCard, done: "asyncio.Queue[int]") -> int:
    """Hold the card into the slot until it is done; return the nanoseconds since pcscd woke it."""
    stamped = _Stamped(card)
    await slot.insert(stamped)
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await done.get() - stamped.woken_at
    finally:
        await slot.remove()


class _Stamped:
    """A card that notes when it was woken."""

    def __init__(self, card: VirtualCard) -> None:
        self._card = card
        self.woken_at = 0

    @property
    def atr(self) -> bytes:
        self.woken_at = self.woken_at or perf_counter_ns()
        return self._card.atr

    def process(self, apdu: bytes) -> bytes:
        return self._card.process(apdu)

    def reset(self) -> None:
        self._card.reset()


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
