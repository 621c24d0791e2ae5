"""A relay that answers later, in virtual time: what it is told, how often, and what is said when it does not answer."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from emulators.clock import run_virtually
from readers.actuators.bolt import PACE, RemoteBolt
from readers.actuators.wires import Wires
from readers.errors import HardwareFault
from readers.ports import Input

FAILED, RESTORED = Input.OUTPUT_FAILED, Input.OUTPUT_RESTORED


class Relay:
    """A relay at the other end of a line: it answers after `delay_s`, never, or refuses."""

    def __init__(self) -> None:
        self.delay_s: float | None = 0.0
        self.refuses = self.is_deaf_to_cancellation = False
        self.orders: list[tuple[float, bool]] = []
        self.told: list[Input] = []
        wires = Wires()
        wires.listen(self.told.append)
        self.bolt = RemoteBolt("door agora", self.send, wires)

    async def send(self, free: bool) -> None:
        self.orders.append((round(asyncio.get_running_loop().time(), 3), free))
        if self.refuses:
            raise HardwareFault("not-capable")
        try:
            await (asyncio.sleep(self.delay_s) if self.delay_s is not None else asyncio.Event().wait())
        except asyncio.CancelledError:
            if not self.is_deaf_to_cancellation:
                raise


def with_a_relay(play: Callable[[Relay], Awaitable[None]]) -> None:
    async def scene() -> None:
        relay = Relay()
        await play(relay)
        relay.delay_s, relay.refuses = 0.0, False
        await relay.bolt.close()
        assert relay.orders[-1][1] is False

    run_virtually(scene())


def test_a_free_door_is_ordered_free_well_before_its_time_is_over():
    async def play(relay: Relay) -> None:
        relay.bolt.order(free=True)
        await asyncio.sleep(10 * PACE.renew_s)
        times = [at for at, free in relay.orders if free]
        assert len(times) >= 10
        assert max(b - a for a, b in itertools.pairwise(times)) < PACE.hold_s / 2

    with_a_relay(play)


def test_a_locked_door_is_ordered_locked_now_and_then_so_that_a_dead_relay_is_known():
    async def play(relay: Relay) -> None:
        relay.bolt.order(free=False)
        await asyncio.sleep(1)
        relay.delay_s = None
        await asyncio.sleep(PACE.check_s + PACE.answer_s)
        assert relay.told == [FAILED]
        with pytest.raises(HardwareFault, match="door agora: no answer within 2 s, expected it to switch"):
            relay.bolt.order(free=True)

    with_a_relay(play)


def test_an_order_does_not_wait_for_the_answer_to_the_one_before():
    async def play(relay: Relay) -> None:
        relay.delay_s = None
        relay.bolt.order(free=True)
        await asyncio.sleep(0.1)
        relay.bolt.order(free=False)
        await asyncio.sleep(0.1)
        assert relay.orders == [(0.0, True), (0.1, False)]

    with_a_relay(play)


def test_a_relay_that_answers_again_hears_the_present_order_and_no_late_one():
    async def play(relay: Relay) -> None:
        relay.bolt.order(free=False)
        await asyncio.sleep(1)
        relay.refuses = True
        relay.bolt.order(free=True)
        await asyncio.sleep(0.1)
        assert relay.told == [FAILED]
        with pytest.raises(HardwareFault, match="not-capable"):
            relay.bolt.order(free=False)
        relay.orders.clear()
        relay.refuses = False
        await asyncio.sleep(2 * PACE.retry_s)
        assert relay.told == [FAILED, RESTORED]
        assert {free for _, free in relay.orders} == {False}

    with_a_relay(play)


def test_a_line_that_swallows_its_cancellation_gives_no_order_of_before():
    async def play(relay: Relay) -> None:
        relay.delay_s, relay.is_deaf_to_cancellation = 0.5, True
        relay.bolt.order(free=True)
        await asyncio.sleep(0.1)
        relay.bolt.order(free=False)
        await asyncio.sleep(2 * PACE.check_s)
        assert [free for _, free in relay.orders] == [True, False, False]

    with_a_relay(play)


def test_a_relay_that_needs_a_moment_at_the_start_has_not_failed_and_one_that_stays_silent_has():
    async def play(relay: Relay) -> None:
        relay.refuses = True
        relay.bolt.order(free=False)
        await asyncio.sleep(PACE.start_s / 2)
        assert relay.told == []
        relay.refuses = False
        await asyncio.sleep(PACE.retry_s)
        assert relay.told == []

    async def silent(relay: Relay) -> None:
        relay.refuses = True
        relay.bolt.order(free=False)
        await asyncio.sleep(PACE.start_s + PACE.retry_s)
        assert relay.told == [FAILED]

    with_a_relay(play)
    with_a_relay(silent)
