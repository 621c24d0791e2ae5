"""The hand that holds badges into the virtual reader, with their badges, in a process of its own.

What an emulated card computes is then nobody's whom the bench measures: in one process with the daemon it would take
turns with it. Both sides of the bench hold their badges with the same hand. A badge answers at once, or, paced, after
the time that its answer would be under way at a real reader.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from time import perf_counter_ns
from typing import Self

import msgspec

from access.bench.tap.badge import issued_card, make_same_card
from emulators.cards.card import VirtualCard
from emulators.field import BYTE_S, CARD_WORK_S, FRAME_BYTES
from emulators.vpcd import FIRST_PORT, VpcdSlot
from readers.credentials.uid import GET_UID

SUBJECTS_SLOT, YARDSTICKS_SLOT = 0, 1
_BADGES: tuple[Callable[[], VirtualCard], ...] = (issued_card, make_same_card)


class _Order(msgspec.Struct, frozen=True):
    """Hold a badge into a slot, or take it away."""

    slot: int
    is_insertion: bool
    is_paced: bool = False


class Hand:
    """Holds one badge at a time into each slot. What goes wrong in the other process is raised here."""

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._process.join()

    def insert(self, slot: int, *, is_paced: bool = False) -> None:
        """Hold a slot's badge into it; raise `OSError` where no vpcd listens."""
        self._ask(_Order(slot, is_insertion=True, is_paced=is_paced))

    def remove(self, slot: int) -> int:
        """Take it away; return when pcscd had woken it, in nanoseconds of the performance counter, or 0."""
        return self._ask(_Order(slot, is_insertion=False))

    def _ask(self, order: _Order) -> int:
        self._line.send(order)
        answer: int | OSError = self._line.recv()
        if isinstance(answer, OSError):
            raise answer
        return answer


def _serve(line: Connection) -> None:
    asyncio.run(_obey(line))


async def _obey(line: Connection) -> None:
    """Do what is asked until the other end closes."""
    slots = tuple(VpcdSlot(port=FIRST_PORT + slot) for slot in range(len(_BADGES)))
    held = [_Stamped(make(), is_paced=False) for make in _BADGES]
    orders: asyncio.Queue[_Order | None] = asyncio.Queue()
    asyncio.get_running_loop().add_reader(line, _hear, line, orders)
    while (order := await orders.get()) is not None:
        try:
            if order.is_insertion:
                held[order.slot] = _Stamped(_BADGES[order.slot](), is_paced=order.is_paced)
                await slots[order.slot].insert(held[order.slot])
            else:
                await slots[order.slot].remove()
            line.send(held[order.slot].woken_at)
        except OSError as fault:
            line.send(fault)


def _hear(line: Connection, orders: "asyncio.Queue[_Order | None]") -> None:
    try:
        orders.put_nowait(line.recv())
    except EOFError:
        asyncio.get_running_loop().remove_reader(line)
        orders.put_nowait(None)


class _Stamped:
    """A card that notes when it was woken, and takes its time if it is paced."""

    def __init__(self, card: VirtualCard, *, is_paced: bool) -> None:
        self._card, self._is_paced = card, is_paced
        self.woken_at = 0

    @property
    def atr(self) -> bytes:
        self.woken_at = self.woken_at or perf_counter_ns()
        return self._card.atr

    def process(self, apdu: bytes) -> bytes:
        answer = self._card.process(apdu)
        if self._is_paced and apdu != GET_UID:  # which a reader knows from the anticollision
            time.sleep(CARD_WORK_S + BYTE_S * (len(apdu) + len(answer) + 2 * FRAME_BYTES))
        return answer

    def reset(self) -> None:
        self._card.reset()
