"""Whoever is cancelled while the broker comes or goes ends, whatever else happens in that moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import aiomqtt
import pytest

from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker, BusDown, Message


class WatchedBus(MqttBus):
    """A bus whose library's client can be looked at."""

    client: aiomqtt.Client

    def _client(self, name: str, will: Message | None) -> aiomqtt.Client:
        self.client = super()._client(name, will)
        return self.client


class SilentBroker(asyncio.Protocol):
    """Somebody who takes a connection and says nothing; `asked` is set once they were asked for it."""

    transport: asyncio.BaseTransport

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, _data: bytes) -> None:
        self.asked.set()


@pytest.fixture
async def broker() -> AsyncIterator[SilentBroker]:
    silent = SilentBroker()
    server = await asyncio.get_running_loop().create_server(lambda: silent, "127.0.0.1", 0)
    silent.port = server.sockets[0].getsockname()[1]
    yield silent
    silent.transport.close()
    server.close()
    await asyncio.sleep(0)


@pytest.mark.parametrize("fault", [None, aiomqtt.MqttError("lost")], ids=["comes", "goes"])
async def test_a_cancellation_that_comes_with_the_line_or_its_loss_is_heeded(
    broker: SilentBroker, fault: aiomqtt.MqttError | None
) -> None:
    bus = WatchedBus(Broker(port=broker.port))
    went_on = False

    async def stay() -> None:
        nonlocal went_on
        with suppress(BusDown):
            async with bus.connect("edge"):
                went_on = True
        went_on = True

    staying = asyncio.create_task(stay())
    async with asyncio.timeout(10):
        await broker.asked.wait()
        if fault is None:
            bus.client._connected.set_result(None)  # noqa: SLF001  (as its answer would)
        else:
            bus.client._connected.set_exception(fault)  # noqa: SLF001  (as its loss would)
        staying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await staying
    assert not went_on
