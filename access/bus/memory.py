"""The bus inside one process: MQTT's meaning without a broker. The whole simulation runs over it.

Delivery is in the order of publishing, to connections in the order of their connecting. `down`, `up` and `sever`
are the faults of a real line, for tests and simulation. Nothing survives the process.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from access.bus.filters import covers
from readers.wire.bus import MOST_WAITING, BusDown, Message, too_many_wait


class MemoryBus:
    """A `readers.wire.bus.Bus` for all who hold this object; `readers.uplink.mqtt` is the one through a broker."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._connections: dict[str, MemoryConnection] = {}
        self._retained: dict[str, Message] = {}
        self._routes: dict[str, list[MemoryConnection]] = {}
        self._is_up = True

    @asynccontextmanager
    async def connect(
        self, name: str, topics: Sequence[str] = (), will: Message | None = None
    ) -> AsyncIterator["MemoryConnection"]:
        """Connect; a client of the same name loses its connection, as with any broker."""
        if not self._is_up:
            raise BusDown(f"{name}: the memory bus is down")
        self.sever(name)
        connection = MemoryConnection(self, name, topics, will, self._most_waiting)
        self._connections[name] = connection
        self._routes.clear()
        for message in self._retained.values():
            if connection.wants(message.topic):
                connection.deliver(message)
        try:
            yield connection
        finally:
            self._drop(connection)

    def take(self, message: Message) -> None:
        """Hand a message to every subscriber and retain it where it asks for that."""
        if message.retain:
            if message.payload:
                self._retained[message.topic] = message
            else:
                self._retained.pop(message.topic, None)
            message = Message(message.topic, message.payload)
        for connection in self._route(message.topic):
            connection.deliver(message)
            if not connection.is_live:
                self._drop(connection)

    def _route(self, topic: str) -> "list[MemoryConnection]":
        route = self._routes.get(topic)
        if route is None:
            route = [connection for connection in self._connections.values() if connection.wants(topic)]
            self._routes[topic] = route
        return route

    def sever(self, name: str) -> None:
        """Break the connection of one client as a pulled cable does: its last will is published."""
        connection = self._connections.get(name)
        if connection is not None:
            self._drop(connection)
            if connection.will is not None:
                self.take(connection.will)

    def down(self) -> None:
        """Stop the broker: every connection breaks and none can be made. Retained messages stay."""
        self._is_up = False
        for connection in list(self._connections.values()):
            self._drop(connection)

    def up(self) -> None:
        """Start the broker again."""
        self._is_up = True

    def _drop(self, connection: "MemoryConnection") -> None:
        connection.lose(f"{connection.name}: the connection is lost")
        if self._connections.get(connection.name) is connection:
            del self._connections[connection.name]
            self._routes.clear()


class MemoryConnection:
    """One client's connection: its subscriptions and the messages that wait for it."""

    def __init__(
        self, bus: MemoryBus, name: str, topics: Sequence[str], will: Message | None, most_waiting: int
    ) -> None:
        self.name, self.will, self._most_waiting = name, will, most_waiting
        self._bus, self._topics = bus, tuple(topics)
        self._waiting: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._lost: str | None = None

    @property
    def is_live(self) -> bool:
        """Return whether messages are taken and handed over."""
        return self._lost is None

    def wants(self, topic: str) -> bool:
        """Return whether a subscription covers `topic`."""
        return any(covers(topic_filter, topic) for topic_filter in self._topics)

    def deliver(self, message: Message) -> None:
        """Put a message at the end of what waits; lose the connection if too much waits already."""
        if len(self._waiting) >= self._most_waiting:
            self.lose(too_many_wait(self.name, self._most_waiting))
            return
        self._waiting.append(message)
        self._changed.set()

    def lose(self, fault: str) -> None:
        """End the connection, with what waits in it; the first fault is the one that is told."""
        self._lost = self._lost or fault
        self._waiting.clear()
        self._changed.set()

    async def publish(self, message: Message) -> None:
        if self._lost is not None:
            raise BusDown(self._lost)
        self._bus.take(message)

    async def receive(self) -> Message:
        while not self._waiting:
            if self._lost is not None:
                raise BusDown(self._lost)
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()
