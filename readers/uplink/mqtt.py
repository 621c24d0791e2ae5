"""The bus through a broker: MQTT 3.1.1 through aiomqtt, the one place that knows it, at the edge and in the server.

Sessions are clean and every publication waits for the broker's PUBACK: what must not be lost stays in the journal.
It lies with the edge, which installs without the server; the server's parts are handed it as a `readers.wire.bus.Bus`.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Self

import aiomqtt

from readers.wire.bus import MOST_WAITING, Broker, BusDown, Message, too_many_wait

_AT_LEAST_ONCE = 1

_KEEPALIVE_S = 20
"""A line that died without a word is known after 30 s, and the broker publishes the last will."""

_NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Without it, and without its like in the broker, every QoS 1 round trip stalls for a delayed acknowledgement."""


class MqttBus:
    """A `readers.wire.bus.Bus` through a broker."""

    def __init__(self, broker: Broker, most_waiting: int = MOST_WAITING) -> None:
        self._broker, self._most_waiting = broker, most_waiting

    @asynccontextmanager
    async def connect(
        self, name: str, topics: Sequence[str] = (), will: Message | None = None
    ) -> AsyncIterator["MqttConnection"]:
        stack = AsyncExitStack()
        try:
            with _heeding_cancellation():
                try:
                    client = await stack.enter_async_context(self._client(name, will))
                    connection = await stack.enter_async_context(
                        MqttConnection(client, name, self._most_waiting)
                    )
                    if topics:
                        await client.subscribe([(topic, _AT_LEAST_ONCE) for topic in topics])
                except (aiomqtt.MqttError, OSError) as error:
                    raise BusDown(f"{name} at {self._broker.host}:{self._broker.port}: {error}") from error
            yield connection
        finally:
            # It may end without a goodbye; what led here is what the owner hears of.
            with _heeding_cancellation(), suppress(aiomqtt.MqttError):
                await stack.aclose()

    def _client(self, name: str, will: Message | None) -> aiomqtt.Client:
        broker = self._broker
        return aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=Path(broker.password_file).read_text("utf-8").strip() if broker.password_file else None,
            identifier=name,
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=True,
            will=aiomqtt.Will(will.topic, will.payload, _AT_LEAST_ONCE, will.retain) if will else None,
            keepalive=_KEEPALIVE_S,
            tls_context=ssl.create_default_context(cafile=broker.ca_file) if broker.ca_file else None,
            socket_options=[_NO_DELAY],
            max_queued_incoming_messages=self._most_waiting + 1,  # the library drops what comes past it
        )


@contextmanager
def _heeding_cancellation() -> Iterator[None]:
    """Raise CancelledError in the end if the task was cancelled in between, whatever else happened.

    The library waits by `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that comes with what it
    waits for: a program told to end while its broker comes or goes would go on.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    try:
        yield
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError


class MqttConnection:
    """One connection. It listens all the time, so that a lost line ends every wait on it at once."""

    def __init__(self, client: aiomqtt.Client, name: str, most_waiting: int) -> None:
        self._client, self._name, self._most_waiting = client, name, most_waiting
        self._waiting: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._lost: str | None = None

    async def __aenter__(self) -> Self:
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.cancel()
        await asyncio.wait([self._listener])

    async def _listen(self) -> None:
        try:
            async for message in self._client.messages:
                # The library's own queue counts: it is never full, and dropping, without being too long here.
                if len(self._waiting) + len(self._client.messages) >= self._most_waiting:
                    self._waiting.clear()
                    self._lose(too_many_wait(self._name, self._most_waiting))
                    return
                self._waiting.append(Message(message.topic.value, message.payload, message.retain))
                self._changed.set()
        except aiomqtt.MqttError as error:
            self._lose(str(error))

    def _lose(self, fault: str) -> None:
        self._lost = fault
        self._changed.set()

    async def publish(self, message: Message) -> None:
        sending = asyncio.ensure_future(
            self._client.publish(message.topic, message.payload, qos=_AT_LEAST_ONCE, retain=message.retain)
        )
        try:
            await asyncio.wait([sending, self._listener], return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise BusDown(f"{message.topic}: the connection was lost before the broker took the message")
            sending.result()
        except aiomqtt.MqttError as error:
            raise BusDown(f"{message.topic}: not published: {error}") from error
        finally:
            sending.cancel()

    async def receive(self) -> Message:
        while not self._waiting:
            if self._lost is not None:
                raise BusDown(self._lost)
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()
