"""The uplink in virtual time: nothing lost, nothing out of order, whatever becomes of the bus."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from access.bus.memory import MemoryBus
from emulators.clock import BuildingLoop, run_virtually
from policies.ids import DoorId
from readers.uplink.backoff import FIRST_S, LONGEST_S, Backoff
from readers.uplink.uplink import ACK_WITHIN_S
from readers.wire.bus import Message
from readers.wire.events import Draft, EventType
from readers.wire.signals import OFFLINE, Line, read_status
from tests.readers.uplink.scene import EDGE, TOPICS, Scene, running

A_DAY_S = 86_400
DOOR = DoorId("agora")


def play(
    story: Callable[[Scene, MemoryBus], Awaitable[None]], loop_factory: type[BuildingLoop] = BuildingLoop
) -> None:
    """Tell a story in virtual time with the server and the uplink running."""

    async def tell(folder: Path) -> None:
        bus = MemoryBus()
        scene = Scene(bus, folder)
        try:
            async with running(scene.server.run(), scene.uplink.run(scene.take_snapshot)):
                await story(scene, bus)
        finally:
            scene.journal.close()

    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(tell(Path(folder)))


def test_events_arrive_in_order_once_and_are_let_go_of():
    async def story(scene, _bus):
        for _ in range(50):
            scene.record(3)
            await asyncio.sleep(1)
        assert scene.arrived == list(range(1, 151))
        assert scene.journal.acknowledged == scene.journal.position
        assert scene.journal.pending(10) == []
        assert scene.uplink.resent == 0

    play(story)


def test_after_a_day_without_a_broker_everything_arrives_in_order():
    async def story(scene, bus):
        scene.record()
        await asyncio.sleep(1)
        bus.down()
        for _ in range(1440):
            scene.record(3)
            await asyncio.sleep(A_DAY_S / 1440)
        assert len(scene.arrived) == 1
        bus.up()
        await asyncio.sleep(2 * LONGEST_S)
        assert scene.arrived == list(range(1, 4322))
        assert scene.server.deliveries < 40
        assert scene.journal.pending(1) == []

    play(story)


def test_a_server_that_is_away_gets_what_it_missed():
    async def story(scene, _bus):
        scene.server.answers = False
        scene.record(500)
        await asyncio.sleep(3600)
        assert scene.uplink.resent == pytest.approx(3600 / ACK_WITHIN_S, abs=2)
        scene.server.answers = True
        await asyncio.sleep(2 * ACK_WITHIN_S)
        assert scene.arrived == list(range(1, 501))

    play(story)


def test_an_acknowledgement_that_got_lost_doubles_nothing():
    async def story(scene, bus):
        scene.server.answers = False
        scene.record(10)
        await asyncio.sleep(ACK_WITHIN_S * 1.5)
        scene.record(10)
        scene.server.answers = True
        await asyncio.sleep(ACK_WITHIN_S)
        bus.sever(TOPICS.client(EDGE))
        await asyncio.sleep(LONGEST_S)
        assert scene.arrived == list(range(1, 21))

    play(story)


def test_the_events_of_earlier_epochs_go_first():
    async def tell(folder):
        bus = MemoryBus()
        for _ in range(3):
            earlier = Scene(bus, folder)
            earlier.record(5)
            earlier.journal.close()
            await asyncio.sleep(1)
        scene = Scene(bus, folder)
        scene.record(5)
        async with running(scene.server.run(), scene.uplink.run(scene.take_snapshot)):
            await asyncio.sleep(60)
        places = list(scene.server.stored)
        assert places == sorted(places)
        assert len(places) == 20
        assert len({epoch for epoch, _ in places}) == 4
        assert scene.journal.acknowledged == scene.journal.position
        scene.journal.close()

    with tempfile.TemporaryDirectory() as folder:
        run_virtually(tell(Path(folder)))


def test_large_backlogs_travel_in_batches_of_bounded_size():
    async def story(scene, bus):
        sizes: list[tuple[int, int]] = []
        async with bus.connect("scales", [TOPICS.events("+")]) as scales:
            bus.sever(TOPICS.client(EDGE))
            for _ in range(300):
                scene.journal.append(Draft(scene.clock.now(), EventType.DOOR_OPENED, DoorId("d" * 1000)))
            scene.journal.append(Draft(scene.clock.now(), EventType.DOOR_OPENED, DoorId("d" * 100_000)))
            scene.journal.append(Draft(scene.clock.now(), EventType.DOOR_OPENED, DOOR))
            await asyncio.sleep(60)
            while sum(count for count, _ in sizes) < 302:
                batch = (await scales.receive()).payload
                sizes.append((batch.count(b"\n") + 1, len(batch)))
        assert all(count <= 200 and (size <= 65536 or count == 1) for count, size in sizes)
        assert scene.journal.pending(1) == []

    play(story)


def test_the_status_is_retained_and_the_last_will_takes_it_back():
    async def story(scene, bus):
        await asyncio.sleep(1)
        online = read_status(scene.server.statuses[-1])
        assert (online.state, online.software, online.snapshot) == (Line.ONLINE, "0.1.0", 0)
        bus.sever(TOPICS.client(EDGE))
        await asyncio.sleep(0.5)
        assert scene.server.statuses[-1] == OFFLINE
        await asyncio.sleep(LONGEST_S)
        assert read_status(scene.server.statuses[-1]).state is Line.ONLINE

    play(story)


def test_a_snapshot_is_handed_on_and_the_status_tells_of_it():
    async def story(scene, bus):
        async with bus.connect("publisher") as publisher:
            await publisher.publish(Message(TOPICS.snapshot(EDGE), b"signed", retain=True))
        await asyncio.sleep(1)
        assert scene.snapshots == [b"signed"]
        assert read_status(scene.server.statuses[-1]).snapshot == 1

    play(story)


def test_door_states_are_retained_and_only_the_last_of_an_outage_goes_out():
    async def story(scene, bus):
        async with bus.connect("screen", [TOPICS.door_state("+")]) as screen:
            scene.uplink.publish_door_state(DOOR, b"open")
            assert await screen.receive() == Message(TOPICS.door_state(DOOR), b"open")
        bus.down()
        for state in (b"closed", b"open", b"held"):
            scene.uplink.publish_door_state(DOOR, state)
            await asyncio.sleep(1)
        bus.up()
        await asyncio.sleep(LONGEST_S)
        async with bus.connect("screen", [TOPICS.door_state("+")]) as screen:
            assert await screen.receive() == Message(TOPICS.door_state(DOOR), b"held", retain=True)

    play(story)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["ack", "snapshot"]), st.binary(max_size=40)), max_size=5))
@example([("ack", b'{"v":1,"epoch":1789452000000,"seq":9000000000000000000}')])
@example([("ack", b'{"v":1,"epoch":9000000000000000000,"seq":3}'), ("ack", b"")])
def test_garbage_from_the_bus_loses_nothing(garbage):
    async def story(scene, bus):
        scene.server.answers = False
        scene.record(5)
        await asyncio.sleep(1)
        async with bus.connect("vandal") as vandal:
            for kind, payload in garbage:
                topic = TOPICS.ack(EDGE) if kind == "ack" else TOPICS.snapshot(EDGE)
                await vandal.publish(Message(topic, payload))
        await asyncio.sleep(1)
        scene.record(5)
        held_back = len(scene.journal.pending(100))
        scene.server.answers = True
        await asyncio.sleep(2 * ACK_WITHIN_S)
        assert sorted(scene.arrived) == list(range(1, 11))
        assert held_back >= 5, "what was never sent was let go of"

    play(story)


def test_a_refused_snapshot_is_counted_and_the_line_stays():
    async def story(scene, bus):
        await asyncio.sleep(1)
        async with bus.connect("vandal") as vandal:
            for payload in (b"", b"{}", b"\xff", b'{"v":1,"epoch":0,"seq":1}'):
                await vandal.publish(Message(TOPICS.ack(EDGE), payload))
        await asyncio.sleep(1)
        assert scene.uplink.refused == 4
        scene.record()
        await asyncio.sleep(1)
        assert scene.arrived == [1]
        assert len(scene.server.statuses) == 1, "the line was made anew"

    play(story)


class CountingLoop(BuildingLoop):
    """Counts what anybody asks the loop to call."""

    calls = 0

    def call_soon(self, callback, *args, context=None):  # type: ignore[override]  # it only counts
        self.calls += 1
        return super().call_soon(callback, *args, context=context)


def test_an_idle_uplink_sleeps():
    async def story(scene, _bus):
        scene.record(3)
        await asyncio.sleep(1)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, CountingLoop)
        before = loop.calls
        await asyncio.sleep(A_DAY_S)
        assert loop.calls - before <= 3  # the test's own waking

    play(story, CountingLoop)


@given(st.integers(0, 2**32))
def test_waits_grow_to_their_bound_and_never_beyond(seed):
    backoff = Backoff(Random(seed))
    waits = [backoff.next_s() for _ in range(20)]
    assert waits[0] == FIRST_S
    assert all(FIRST_S <= wait <= LONGEST_S for wait in waits)
    assert len(set(waits[5:])) > 10
    backoff.reset()
    assert backoff.next_s() == FIRST_S


@pytest.mark.parametrize("kept", [0, 3])
def test_a_server_that_was_restored_from_a_copy_gets_again_what_it_lost(kept):
    async def story(scene, _bus):
        scene.record(20)
        await asyncio.sleep(1)
        scene.server.forget_after(kept)
        scene.record(5)
        await asyncio.sleep(2 * ACK_WITHIN_S)
        assert sorted(scene.arrived) == list(range(1, 26))
        assert scene.journal.pending(1) == []

    play(story)
