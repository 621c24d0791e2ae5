"""One card's visit: what it is, by its answer to reset and the applications on it, and the strongest protocol for it.

A card that has the site's application proves itself by it or is rejected: its serial number is no way round. Whatever
the bytes, an exchange ends in `Identified` or `Rejected`, after `MOST_EXCHANGES` commands at the latest.
"""

from collections.abc import Callable, Iterator
from datetime import date

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
from readers.credentials.ntag424.badge import identify_by_ntag424
from readers.credentials.pkoc.badge import identify_by_pkoc
from readers.credentials.schemes import NXP_UID, Scheme
from readers.credentials.uid import ask_uid, judge_uid

MOST_EXCHANGES = 40
"""Commands to one card. The longest honest visit, all protocols and two generations of keys, has fewer than 30."""


def identify(atr: bytes, scheme: Scheme, draw: Callable[[int], bytes], day: date) -> Exchange:
    """Find out whose badge the card with this answer to reset is.

    `draw` gives as many random bytes as it is asked for, fit for challenges; `day` is today, for certificates.
    """
    technology = recognise(atr)
    if technology is None:
        return UNREADABLE
    outcome = yield from _bounded(_visit(technology, scheme, draw, day), MOST_EXCHANGES)
    return unproven("endless") if outcome is None else outcome


def _visit(technology: Technology, scheme: Scheme, draw: Callable[[int], bytes], day: date) -> Exchange:
    uid = yield from ask_uid()
    if technology is Technology.PROCESSOR:
        for conversation in _protocols(uid, scheme, draw, day):
            proven = yield from conversation
            if proven is not None:
                return proven
    return judge_uid(uid) if scheme.uid else UNREADABLE


def _protocols(
    uid: bytes | None, scheme: Scheme, draw: Callable[[int], bytes], day: date
) -> Iterator[Conversation[Identified | Rejected | None]]:
    """Give the site's protocols in turn; each comes to None where the card has not its application."""
    if uid is not None and len(uid) == NXP_UID:
        if scheme.desfire is not None:
            yield identify_by_desfire(scheme.desfire, uid, draw)
        if scheme.ntag424 is not None:
            yield identify_by_ntag424(scheme.ntag424, uid, draw)
    if scheme.pkoc is not None:
        yield identify_by_pkoc(scheme.pkoc, day, draw)


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
