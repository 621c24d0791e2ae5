"""What a card protocol asks for and ends in.

A protocol is a generator: it yields a `Step`, is sent the answer as bytes, and returns who the card is or why it
cannot say. It performs nothing itself and holds no master key, so one protocol runs over every transport and every
home of keys. `carry_out` drives it in a thread, `converse` on an event loop; both close it when the card leaves.
"""

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import TypeAlias, TypeVar

import msgspec

from policies.decision import Reason
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.apdu import Command, Malformed, Response, parse_response
from readers.credentials.keys import KeyRef


class Transmit(msgspec.Struct, frozen=True):
    """Send these bytes to the card and come back with its whole answer, status word included."""

    apdu: bytes


class Derive(msgspec.Struct, frozen=True):
    """Come back with what this master key makes of `identity` (AN10922), or with nothing where it is not held."""

    key: KeyRef
    identity: bytes


class Advance(msgspec.Struct, frozen=True):
    """Keep `count` as the last one of this card and come back with 01; with nothing if it is not higher than the last.

    It is kept before the answer: a count that may have been kept is spent.
    """

    card: str
    count: int


class Progress(msgspec.Struct, frozen=True):
    """Tell whoever waits at the desk what is being done, and come back with anything."""

    what: str


class Found(msgspec.Struct, frozen=True):
    """Tell what lies at the desk before it is written to; come back with nothing, or with why it is to be left alone.

    `badge` is what it holds under the site's own keys, if that is known; `is_blank`: it takes the factory's key.
    """

    uid: bytes
    badge: BadgeId | None
    is_blank: bool


class Identified(msgspec.Struct, frozen=True):
    """The card has said who it is, and this is how well it proved it."""

    badge: BadgeId
    assurance: Assurance


class Rejected(msgspec.Struct, frozen=True):
    """The card cannot be taken for anyone's badge. `why` is for the log: constant words, nothing of the card."""

    reason: Reason
    why: str = ""


Step = Transmit | Derive | Advance | Progress | Found
T = TypeVar("T")
Conversation: TypeAlias = Generator[Step, bytes, T]
"""A part of a protocol that comes to a T."""

Exchange = Conversation[Identified | Rejected]

Answer: TypeAlias = Callable[[Step], bytes]
"""Whoever answers the steps of a conversation."""

NO_ANSWER = Response(b"", 0)

UNREADABLE = Rejected(Reason.AUTHENTICATION_FACTOR_ERROR)
"""The card answered nothing that identifies it."""


def send(command: Command) -> Conversation[Response]:
    """Send one command and return its answer; what is no answer comes back as an empty one with status 0."""
    raw = yield Transmit(command.encode())
    response = parse_response(raw)
    return NO_ANSWER if isinstance(response, Malformed) else response


def say(apdu: bytes) -> Conversation[bytes]:
    """Send one command as it is and return the whole answer, whatever it is."""
    return (yield Transmit(apdu))


def carry_out(conversation: Conversation[T], answer: Answer) -> T:
    """Carry a conversation out to its end; whatever `answer` raises ends it."""
    resume: Callable[[], Step] = partial(next, conversation)
    try:
        while True:
            try:
                step = resume()
            except StopIteration as end:
                outcome: T = end.value
                return outcome
            resume = partial(conversation.send, answer(step))
    finally:
        conversation.close()


async def converse(
    conversation: Conversation[T], transmit: Callable[[bytes], Awaitable[bytes]], answer: Answer
) -> T:
    """Carry a conversation out with a card that is spoken to on the event loop; `answer` has all other steps."""
    resume: Callable[[], Step] = partial(next, conversation)
    try:
        while True:
            try:
                step = resume()
            except StopIteration as end:
                outcome: T = end.value
                return outcome
            said = await transmit(step.apdu) if isinstance(step, Transmit) else answer(step)
            resume = partial(conversation.send, said)
    finally:
        conversation.close()


def unproven(why: str) -> Rejected:
    """Refuse a card that began a protocol and did not prove itself."""
    return Rejected(Reason.AUTHENTICATION_FACTOR_ERROR, why)
