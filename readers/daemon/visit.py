"""One card's visit at a reader: its protocol obeyed over the card, the keys and the counters. Decides nothing.

Whatever the card does, and whatever fails, a visit ends in `Identified` or `Rejected` within `VISIT_S`.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime

import msgspec

from readers.credentials.exchange import (
    UNREADABLE,
    Advance,
    Conversation,
    Derive,
    Identified,
    Progress,
    Rejected,
    Step,
    T,
    Transmit,
    unproven,
)
from readers.credentials.schemes import Scheme
from readers.credentials.session import identify
from readers.errors import CardGone, CounterFault, KeyStoreFault
from readers.ports import Card, Counters, KeyStore

_log = logging.getLogger(__name__)

VISIT_S = 2.0
"""Longer than any honest card takes over the slowest reader; a person holds a card for about as long."""

_KEPT = b"\x01"


class NoKeys:
    """A door computer that was given no keys: it proves nothing."""

    def versions(self, name: str) -> tuple[int, ...]:
        del name
        return ()

    async def derive(self, key: object, identity: bytes) -> bytes | None:
        del key, identity
        return None


class NoCounters:
    """A door computer that keeps no counters: no proof by a count is taken."""

    def advance(self, card: str, count: int) -> bool:
        del card, count
        return False


class Credentials(msgspec.Struct, frozen=True):
    """What badges are read and issued with: their look, the home of their keys and counts, a source of challenges.

    `tell` hears what is being done while a badge is issued.
    """

    scheme: Scheme = Scheme()
    keys: KeyStore = NoKeys()
    counters: Counters = NoCounters()
    draw: Callable[[int], bytes] = secrets.token_bytes
    tell: Callable[[str], None] = _log.debug


async def read(card: Card, credentials: Credentials, at: datetime) -> Identified | Rejected:
    """Find out whose badge a card is; `at` is now. A card torn away is an unreadable one."""
    try:
        async with asyncio.timeout(VISIT_S):
            conversation = identify(card.atr, credentials.scheme, credentials.draw, at.date())
            return await converse(conversation, card, credentials)
    except CardGone:
        return UNREADABLE
    except TimeoutError:
        return unproven("too-slow")
    except (KeyStoreFault, CounterFault) as fault:
        _log.error("keys-fault", extra={"fault": str(fault)})
        return unproven("keys-fault")
    except Exception as fault:  # noqa: BLE001  (whatever a card or a library comes up with, the reader goes on)
        # By its kind alone: what it says, and the frames of its trace, may quote a key.
        _log.error("visit-fault", extra={"fault": type(fault).__name__})
        return unproven("fault")


async def converse(conversation: Conversation[T], card: Card, credentials: Credentials) -> T:
    """Carry a conversation with a card out; raise `CardGone`, `KeyStoreFault` or `CounterFault`."""
    try:
        step = next(conversation)
        while True:
            step = conversation.send(await _obey(step, card, credentials))
    except StopIteration as done:
        outcome: T = done.value
        return outcome
    finally:
        conversation.close()


async def _obey(step: Step, card: Card, credentials: Credentials) -> bytes:
    match step:
        case Transmit(apdu):
            return await card.transmit(apdu)
        case Derive(key, identity):
            return await credentials.keys.derive(key, identity) or b""
        case Advance(tag, count):
            return _KEPT if credentials.counters.advance(tag, count) else b""
        case Progress(what):
            credentials.tell(what)
            return b""
