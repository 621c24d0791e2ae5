"""Conversations driven by hand: with answers prepared, or with an emulated card and keys."""

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TypeVar

from emulators.cards.card import VirtualCard
from readers.credentials.ciphers import Cipher
from readers.credentials.exchange import (
    Advance,
    Conversation,
    Derive,
    Found,
    Progress,
    Step,
    Transmit,
    carry_out,
    say,
)
from readers.credentials.keys import KeyRef, diversify
from readers.ports import Card

T = TypeVar("T")
TODAY = date(2026, 9, 15)


class Driver:
    """Obeys a conversation over a card, with keys and counters in memory; remembers what went over the air."""

    def __init__(self, card: VirtualCard, keys: Mapping[KeyRef, bytes] | None = None) -> None:
        self.card, self.keys = card, dict(keys or {})
        self.counts: dict[str, int] = {}
        self.told: list[str] = []
        self.trace: list[tuple[bytes, bytes]] = []

    def run(self, conversation: Conversation[T]) -> T:
        return carry_out(conversation, self.answer)

    def answer(self, step: Step) -> bytes:
        match step:
            case Transmit(apdu):
                self.trace.append((apdu, self.card.process(apdu)))
                return self.trace[-1][1]
            case Derive(key, identity):
                master = self.keys.get(key)
                return b"" if master is None else diversify(Cipher.aes(master).encrypt, identity)
            case Advance(card, count):
                if count <= self.counts.get(card, -1):
                    return b""
                self.counts[card] = count
                return b"\x01"
            case Progress(what):
                self.told.append(what)
                return b""
            case Found():
                return b""


async def transmit(card: Card, apdu: bytes) -> bytes:
    """Send one command to a card in a reader's field and return its answer."""

    def nothing(step: Step) -> bytes:
        raise AssertionError(f"{step} is no command")

    return await card.hold(say(apdu), nothing)


def replay(conversation: Conversation[T], exchanges: Iterable[tuple[bytes, bytes]]) -> T:
    """Drive a conversation with a recorded card: each command must be the recorded one."""
    recorded = iter(exchanges)

    def answer(step: Step) -> bytes:
        assert isinstance(step, Transmit)
        command, said = next(recorded)
        assert step.apdu.hex() == command.hex()
        return said

    outcome = carry_out(conversation, answer)
    assert next(recorded, None) is None, "less was sent than was recorded"
    return outcome


def fixed(*values: bytes) -> Callable[[int], bytes]:
    """Return a source that draws these values, in order."""
    waiting = iter(values)

    def draw(size: int) -> bytes:
        value = next(waiting)
        assert len(value) == size
        return value

    return draw


def seeded(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes
