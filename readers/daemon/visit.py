"""One card's visit at a reader: its protocol held with the card, the keys and the counters. Decides nothing.

Whatever the card does, and whatever fails, a visit ends in `Identified` or `Rejected` within `VISIT_S`.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime

import msgspec

from readers.credentials.exchange import (
    Advance,
    Derive,
    Exchange,
    Found,
    Identified,
    Progress,
    Rejected,
    Step,
    Transmit,
    unproven,
)
from readers.credentials.schemes import Scheme
from readers.credentials.session import identify
from readers.errors import CardGone, CounterFault, KeyStoreFault
from readers.ports import Card, CardTransport, Counters, KeyStore

_log = logging.getLogger(__name__)

VISIT_S = 2.0
"""Longer than any honest card takes over the slowest reader; a person holds a card for about as long."""

TORN = unproven("torn")
"""The card was gone before it had said who it is."""

_KEPT = b"\x01"


class NoKeys:
    """A door computer that was given no keys: it proves nothing."""

    def versions(self, name: str) -> tuple[int, ...]:
        del name
        return ()

    def derive(self, key: object, identity: bytes) -> bytes | None:
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

    def answer(self, step: Step) -> bytes:
        """Answer a step that is not for the card; raise `KeyStoreFault` or `CounterFault`."""
        match step:
            case Derive(key, identity):
                return self.keys.derive(key, identity) or b""
            case Advance(tag, count):
                return _KEPT if self.counters.advance(tag, count) else b""
            case Progress(what):
                self.tell(what)
                return b""
            case Found():
                return b""  # whoever issues looks itself
            case Transmit():
                raise TypeError("a command is for the card")


def greet(transport: CardTransport, credentials: Credentials, now: Callable[[], datetime]) -> None:
    """Have a reader ask each card that comes from now on whose badge it is."""

    def greeting(atr: bytes) -> Exchange:
        return identify(atr, credentials.scheme, credentials.draw, now().date())

    transport.greet(greeting, credentials.answer)


async def read(card: Card, within_s: float = VISIT_S) -> Identified | Rejected:
    """Find out whose badge a card is that was greeted; `TORN` where it is gone before that."""
    try:
        async with asyncio.timeout(within_s):
            return await card.greeted()
    except CardGone:
        return TORN
    except TimeoutError:
        return unproven("too-slow")
    except (KeyStoreFault, CounterFault) as fault:
        _log.error("keys-fault", extra={"fault": str(fault)})
        return unproven("keys-fault")
    except Exception as fault:  # noqa: BLE001  (whatever a card or a library comes up with, the reader goes on)
        # By its kind alone: what it says, and the frames of its trace, may quote a key.
        _log.error("visit-fault", extra={"fault": type(fault).__name__})
        return unproven("fault")
