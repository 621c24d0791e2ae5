"""One card's visit: what it is, by its answer to reset and the applications on it, and the strongest protocol for it.

A card that has the site's application proves itself by it or is rejected: its serial number is no way round. Whatever
the bytes, an exchange ends in `Identified` or `Rejected`, after `MOST_EXCHANGES` commands at the latest.
"""

from collections.abc import Callable

from readers.credentials.atr import Technology, recognise
from readers.credentials.desfire.badge import identify_by_desfire
from readers.credentials.exchange import (
    UNREADABLE,
    Conversation,
    Exchange,
    Identified,
    Rejected,
    T,
    Transmit,
    unproven,
)
from readers.credentials.schemes import DESFIRE_UID, Scheme
from readers.credentials.uid import ask_uid, judge_uid

MOST_EXCHANGES = 40
"""Commands to one card. The longest honest visit, all protocols and two generations of keys, has fewer than 30."""


def identify(atr: bytes, scheme: Scheme, draw: Callable[[int], bytes]) -> Exchange:
    """Find out whose badge the card with this answer to reset is.

    `draw` gives as many random bytes as it is asked for, fit for challenges.
    """
    technology = recognise(atr)
    if technology is None:
        return UNREADABLE
    outcome = yield from _bounded(_visit(technology, scheme, draw), MOST_EXCHANGES)
    return unproven("endless") if outcome is None else outcome


def _visit(technology: Technology, scheme: Scheme, draw: Callable[[int], bytes]) -> Exchange:
    uid = yield from ask_uid()
    if technology is Technology.PROCESSOR:
        proven = yield from _prove(uid, scheme, draw)
        if proven is not None:
            return proven
    return judge_uid(uid) if scheme.uid else UNREADABLE


def _prove(
    uid: bytes | None, scheme: Scheme, draw: Callable[[int], bytes]
) -> Conversation[Identified | Rejected | None]:
    """Try the site's protocols; None where the card has none of their applications."""
    if scheme.desfire is not None and uid is not None and len(uid) == DESFIRE_UID:
        return (yield from identify_by_desfire(scheme.desfire, uid, draw))
    return None


def _bounded(conversation: Conversation[T], most: int) -> Conversation[T | None]:
    """Carry a conversation out; None where it would take more than `most` commands."""
    answer, sent = b"", 0
    try:
        step = next(conversation)
        while True:
            sent += isinstance(step, Transmit)
            if sent > most:
                return None
            answer = yield step
            step = conversation.send(answer)
    except StopIteration as end:
        outcome: T = end.value
        return outcome
    finally:
        conversation.close()
