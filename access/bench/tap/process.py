"""In one process: the field is emulated and takes no air time, so that what is left is the software of both sides."""

import asyncio
import gc
from pathlib import Path
from time import perf_counter_ns
from typing import Protocol

from access.bench.report import Result, result
from access.bench.rounds import ROUNDS, median_of
from access.bench.tap.badge import issued_card, make_same_card, recorded
from access.bench.tap.desk import Desk
from emulators.field import Antenna
from readers.clock import SystemClock
from readers.credentials.exchange import Conversation, Step, Transmit
from readers.journal import Durability

_WARM_UP = 50
_NS_PER_S = 1_000_000_000


class _Contestant(Protocol):
    async def start(self) -> None: ...

    async def tap(self) -> int:
        """Present the card, wait for the mark, take it away; return the nanoseconds from card to mark."""
        ...

    async def stop(self) -> None: ...


async def measure(directory: Path, seconds: float) -> dict[str, Result]:
    """Return the medians of the rounds: the daemon with each durability, and the raw exchange."""
    contestants: dict[str, _Contestant] = {
        "tap": _Tapped(directory / "buffered", Durability.BUFFERED),
        "synced": _Tapped(directory / "synced", Durability.SYNCED),
        "raw": _Raw(),
    }
    share_ns = int(seconds / ROUNDS / len(contestants) * _NS_PER_S)
    rounds: dict[str, list[Result]] = {name: [] for name in contestants}
    for contestant in contestants.values():
        await contestant.start()
        for _ in range(_WARM_UP):
            await contestant.tap()
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            rounds[name].append(await _round(contestant, share_ns))
    gc.unfreeze()
    for contestant in contestants.values():
        await contestant.stop()
    return {name: median_of(each) for name, each in rounds.items()}


async def _round(contestant: _Contestant, share_ns: int) -> Result:
    times: list[int] = []
    end = perf_counter_ns() + share_ns
    while perf_counter_ns() < end:
        times.append(await contestant.tap())
    return result(times)


class _Tapped:
    """A badge at the emulated reader of a whole door computer."""

    def __init__(self, directory: Path, durability: Durability) -> None:
        self._field = Antenna(SystemClock())
        self._desk = Desk(directory, durability, self._field)

    async def start(self) -> None:
        await self._desk.start()

    async def tap(self) -> int:
        card = issued_card()
        began = perf_counter_ns()
        self._field.present(card)
        ended = await self._desk.released.get()
        self._field.remove()
        await asyncio.sleep(0)
        return ended - began

    async def stop(self) -> None:
        await self._desk.stop()


class _Raw:
    """The same commands at a like reader, sent by nobody but a loop."""

    def __init__(self) -> None:
        self._field = Antenna(SystemClock())
        self._recorded = recorded()

    async def start(self) -> None:
        self._answered: asyncio.Queue[int] = asyncio.Queue()
        self._loop = asyncio.create_task(self._exchange())

    async def _exchange(self) -> None:
        while True:
            card = await self._field.next_card()
            await card.hold(self._recite(), _nothing)
            self._answered.put_nowait(perf_counter_ns())
            await card.removed()

    def _recite(self) -> Conversation[None]:
        for command, expected in self._recorded:
            if (yield Transmit(command)) != expected:
                raise ValueError("the yardstick's card answers otherwise than recorded")

    async def tap(self) -> int:
        card = make_same_card()
        began = perf_counter_ns()
        self._field.present(card)
        ended = await self._answered.get()
        self._field.remove()
        await asyncio.sleep(0)
        return ended - began

    async def stop(self) -> None:
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)


def _nothing(step: Step) -> bytes:
    raise TypeError(f"{step}: the recording has commands only")
