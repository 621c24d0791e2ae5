"""What every bus keeps to, in memory or through a broker (`readers.wire.bus`)."""

import asyncio

import pytest

from readers.wire.bus import BusDown, Connection, Message
from tests.ports.conftest import MOST_WAITING

WITHIN_S = 10


async def drop(connection: Connection) -> None:
    """Receive until the connection is lost."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            await connection.receive()


async def say_until_cut_off(connection: Connection) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            await connection.publish(Message("elsewhere", b""))


async def heard(connection: Connection, count: int) -> list[Message]:
    async with asyncio.timeout(WITHIN_S):
        return [await connection.receive() for _ in range(count)]


async def test_messages_arrive_in_the_order_of_their_publishing(line):
    async with line.bus.connect("hears", ["t/events"]) as hears, line.bus.connect("says") as says:
        sent = [Message("t/events", b"%d" % number) for number in range(200)]
        for message in sent:
            await says.publish(message)
        assert await heard(hears, 200) == sent


FILTERS = {
    "a/b": {"a/b"},
    "a/+": {"a/b", "a/"},
    "+/b": {"a/b"},
    "a/#": {"a", "a/b", "a/b/c", "a/"},
    "+": {"a"},
    "+/+": {"a/b", "a/", "/a"},
    "/+": {"/a"},
    "a/+/c": {"a/b/c"},
    "#": {"a", "a/b", "a/b/c", "a/", "/a"},
}
TOPICS = ["a", "a/b", "a/b/c", "a/", "/a"]


@pytest.mark.parametrize("topic_filter", FILTERS)
async def test_a_filter_covers_what_mqtt_says(line, topic_filter):
    async with line.bus.connect("hears", [topic_filter, "end"]) as hears, line.bus.connect("says") as says:
        for topic in [*TOPICS, "end"]:
            await says.publish(Message(topic, b"x"))
        topics = []
        while "end" not in topics:
            topics += [message.topic for message in await heard(hears, 1)]
        assert set(topics) - {"end"} == FILTERS[topic_filter]


async def test_overlapping_filters_deliver_once(line):
    async with line.bus.connect("hears", ["a/#", "a/+", "a/b", "end"]) as hears:
        await hears.publish(Message("a/b", b"x"))
        await hears.publish(Message("end", b""))
        assert [message.topic for message in await heard(hears, 2)] == ["a/b", "end"]


@pytest.mark.parametrize("payload", [b"", b"\x00\xff", b"x" * 300_000], ids=len)
async def test_any_bytes_arrive_as_they_were(line, payload):
    async with line.bus.connect("both", ["t"]) as both:
        await both.publish(Message("t", payload))
        assert await heard(both, 1) == [Message("t", payload)]


async def test_a_retained_message_is_handed_to_later_subscribers_and_marked(line):
    async with line.bus.connect("says", ["t/+"]) as says:
        await says.publish(Message("t/1", b"old", retain=True))
        await says.publish(Message("t/1", b"new", retain=True))
        await says.publish(Message("t/2", b"passing"))
        assert [message.retain for message in await heard(says, 3)] == [False, False, False]
    async with line.bus.connect("later", ["t/+"]) as later:
        assert await heard(later, 1) == [Message("t/1", b"new", retain=True)]


async def test_an_empty_payload_clears_what_was_retained(line):
    async with line.bus.connect("says") as says:
        await says.publish(Message("t", b"x", retain=True))
        await says.publish(Message("t", b"", retain=True))
    async with line.bus.connect("later", ["t", "end"]) as later:
        await later.publish(Message("end", b""))
        assert await heard(later, 1) == [Message("end", b"")]


async def test_the_last_will_is_published_when_the_cable_is_pulled(line):
    will = Message("status/edge", b"offline", retain=True)
    async with (
        line.bus.connect("watches", ["status/+"]) as watches,
        line.bus_on_cable.connect("edge", will=will) as edge,
    ):
        await edge.publish(Message("status/edge", b"online", retain=True))
        await line.pull_cable_of("edge")
        assert [message.payload for message in await heard(watches, 2)] == [b"online", b"offline"]
        with pytest.raises(BusDown):
            await drop(edge)
        with pytest.raises(BusDown):
            await edge.publish(Message("t", b"too late"))
    async with line.bus.connect("later", ["status/+"]) as later:
        assert await heard(later, 1) == [will]


async def test_who_says_goodbye_leaves_no_will(line):
    async with line.bus.connect("watches", ["status/+", "end"]) as watches:
        async with line.bus.connect("edge", will=Message("status/edge", b"offline")):
            pass
        await watches.publish(Message("end", b""))
        assert await heard(watches, 1) == [Message("end", b"")]


async def test_a_broker_that_stops_breaks_every_connection_and_takes_none(line):
    async with line.bus.connect("edge", ["t"]) as edge:
        waiting = asyncio.create_task(drop(edge))
        await asyncio.sleep(0)
        await line.stop()
        with pytest.raises(BusDown):
            await waiting
        with pytest.raises(BusDown):
            await edge.publish(Message("t", b"x"))
    with pytest.raises(BusDown, match="edge"):
        async with line.bus.connect("edge"):
            pytest.fail("connected to a broker that is not there")
    await line.start()
    async with line.bus.connect("edge", ["t"]) as edge:
        await edge.publish(Message("t", b"again"))
        assert await heard(edge, 1) == [Message("t", b"again")]


async def test_a_second_client_of_the_same_name_takes_the_place_of_the_first(line):
    async with line.bus.connect("edge", ["t"]) as first, line.bus.connect("edge", ["t"]) as second:
        with pytest.raises(BusDown):
            await drop(first)
        await second.publish(Message("t", b"x"))
        assert await heard(second, 1) == [Message("t", b"x")]


async def test_who_stops_waiting_loses_no_message(line):
    async with line.bus.connect("hears", ["t"]) as hears, line.bus.connect("says") as says:
        for _ in range(5):
            waiting = asyncio.create_task(hears.receive())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        await says.publish(Message("t", b"x"))
        assert await heard(hears, 1) == [Message("t", b"x")]


async def test_as_many_as_may_wait_are_all_received(line):
    async with line.bus.connect("slow", ["t"]) as slow, line.bus.connect("says") as says:
        sent = [Message("t", b"%d" % number) for number in range(MOST_WAITING)]
        for message in sent:
            await says.publish(message)
        assert await heard(slow, MOST_WAITING) == sent


async def test_who_does_not_receive_loses_the_connection_and_its_neighbour_nothing(line):
    async with line.bus.connect("neighbour", ["t", "end"]) as neighbour, line.bus.connect("says") as says:
        async with line.bus.connect("deaf", ["t"]) as deaf:
            for _ in range(MOST_WAITING + 1):
                await says.publish(Message("t", b"x"))
                await heard(neighbour, 1)
            with pytest.raises(BusDown):
                await say_until_cut_off(deaf)
            with pytest.raises(BusDown, match=f"deaf: more than {MOST_WAITING}"):
                await drop(deaf)
        await says.publish(Message("end", b""))
        assert (await heard(neighbour, 1))[0].topic == "end"
    async with line.bus.connect("deaf", ["t"]) as again:
        await again.publish(Message("t", b"x"))
        assert await heard(again, 1) == [Message("t", b"x")]
