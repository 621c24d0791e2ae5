"""The bus as both of its ends see it: publish, subscribe, retain, last will. MQTT 3.1.1 fits it, and so does memory.

A `Connection` lives as long as the line does; when it breaks, every call on it raises `BusDown` and the owner
connects again. Nothing is queued here: what must survive is in a journal or a store. An end that does not receive
loses its connection before what waits for it fills the memory.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

MOST_WAITING = 50_000
"""Messages that may wait to be received on one connection, unless told otherwise. A city's 10,000 doors and as many
computers hand over 20,000 retained states at once, and each has one batch of events under way."""


class BusDown(Exception):
    """The broker cannot be reached, or the connection was lost. Wait and connect again."""


class Broker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the broker is. Beyond this machine it must be reached by TLS: `ca_file` is then the authority's."""

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None


class Message(msgspec.Struct, frozen=True):
    """A payload on a topic. A retained one is handed to every later subscriber; an empty one clears it."""

    topic: str
    payload: bytes
    retain: bool = False


def too_many_wait(client: str, most_waiting: int) -> str:
    """Return what ended the connection of a client that did not receive."""
    return f"{client}: more than {most_waiting} messages wait unreceived"


class Connection(Protocol):
    """One live connection with its subscriptions."""

    async def publish(self, message: Message) -> None:
        """Publish at least once; return when the bus has taken it; raise `BusDown` if it may not have."""
        ...

    async def receive(self) -> Message:
        """Return the next message of the subscriptions; raise `BusDown` when the connection is lost.

        It is lost, with all that waits, once too much of that waits.
        """
        ...


class Bus(Protocol):
    """Where connections come from."""

    def connect(
        self, name: str, topics: Sequence[str] = (), will: Message | None = None
    ) -> AbstractAsyncContextManager[Connection]:
        """Connect as the client `name`, subscribed to the `topics` filters (`+` and `#` as in MQTT).

        The bus publishes `will` if the connection breaks without being closed. Raise `BusDown` if there is no broker.
        """
        ...
