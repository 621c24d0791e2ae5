"""What a card protocol asks for and ends in.

A protocol is a generator: it yields `Transmit`, is sent the card's whole answer, and returns who the card is or why it
cannot say. It performs nothing itself, so one protocol runs over every transport. Whoever drives it closes it when
the card leaves.
"""

from collections.abc import Generator

import msgspec

from policies.decision import Reason
from policies.ids import BadgeId
from policies.request import Assurance


class Transmit(msgspec.Struct, frozen=True):
    """Send these bytes to the card and come back with its whole answer, status word included."""

    apdu: bytes


class Identified(msgspec.Struct, frozen=True):
    """The card has said who it is, and this is how well it proved it."""

    badge: BadgeId
    assurance: Assurance


class Rejected(msgspec.Struct, frozen=True):
    """The card cannot be taken for anyone's badge."""

    reason: Reason


Exchange = Generator[Transmit, bytes, Identified | Rejected]

UNREADABLE = Rejected(Reason.AUTHENTICATION_FACTOR_ERROR)
"""The card answered nothing that identifies it."""
