"""What the memory bus adds to the conformance suite (tests/ports/test_bus.py): filters one by one, and its order."""

import asyncio

import pytest

from access.bus.filters import covers
from access.bus.memory import MemoryBus
from readers.wire.bus import Message


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        # the examples of MQTT 3.1.1, section 4.7
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/#", "sport", True),
        ("#", "anything/at/all", True),
        ("sport/tennis/+", "sport/tennis/player1", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/monitor/Clients", False),
        ("+/monitor/Clients", "$SYS/monitor/Clients", False),
        ("$SYS/#", "$SYS/monitor/Clients", True),
        ("$SYS/monitor/+", "$SYS/monitor/Clients", True),
        ("ACCOUNTS", "Accounts", False),
        ("a/b", "a", False),
        ("a", "a/b", False),
    ],
)
def test_filters_cover_what_the_standard_says(topic_filter, topic, expected):
    assert covers(topic_filter, topic) is expected


async def test_subscribers_are_served_in_the_order_of_their_connecting():
    bus, order = MemoryBus(), []

    async def hear(name):
        async with bus.connect(name, ["t"]) as line:
            await line.receive()
            order.append(name)

    hearers = []
    for name in ("c", "a", "b"):
        hearers.append(asyncio.create_task(hear(name)))
        await asyncio.sleep(0)
    async with bus.connect("says") as says:
        await says.publish(Message("t", b"x"))
    await asyncio.gather(*hearers)
    assert order == ["c", "a", "b"]


async def test_several_may_wait_on_one_connection():
    bus = MemoryBus()
    async with bus.connect("hears", ["t"]) as hears, bus.connect("says") as says:
        waiting = [asyncio.create_task(hears.receive()) for _ in range(2)]
        await asyncio.sleep(0)
        for payload in (b"1", b"2"):
            await says.publish(Message("t", payload))
        assert [message.payload for message in await asyncio.gather(*waiting)] == [b"1", b"2"]


async def test_breaking_the_line_of_nobody_does_nothing():
    bus = MemoryBus()
    bus.sever("nobody")
    async with bus.connect("edge", ["t"]) as edge:
        await edge.publish(Message("t", b"x"))
        assert (await edge.receive()).payload == b"x"
