"""The life of a badge as a table: each verb, the states that it may be said in, and the one it leads to.

A badge that was revoked or replaced never opens again. One that is found is kept at the desk, suspended, until its
holder has it back and it is activated.
"""

from enum import Enum

import msgspec

from access.errors import Conflict
from access.store.badges import BadgeRecord
from policies.ids import BadgeId
from policies.roster import BadgeStatus


class BadgeVerb(Enum):
    """What can be done to a badge."""

    SUSPEND = "suspend"
    ACTIVATE = "activate"
    REPORT_LOST = "report-lost"
    REPORT_STOLEN = "report-stolen"
    REPORT_DAMAGED = "report-damaged"
    REPORT_FOUND = "report-found"
    REVOKE = "revoke"


DEAD = frozenset({BadgeStatus.REVOKED, BadgeStatus.REPLACED})
_ALIVE = frozenset(BadgeStatus) - DEAD
_MISSING = frozenset({BadgeStatus.LOST, BadgeStatus.STOLEN})

_TRANSITIONS = {
    BadgeVerb.SUSPEND: (_ALIVE - _MISSING, BadgeStatus.SUSPENDED),
    BadgeVerb.ACTIVATE: (_ALIVE, BadgeStatus.ACTIVE),
    BadgeVerb.REPORT_LOST: (_ALIVE - {BadgeStatus.STOLEN}, BadgeStatus.LOST),
    BadgeVerb.REPORT_STOLEN: (_ALIVE, BadgeStatus.STOLEN),
    BadgeVerb.REPORT_DAMAGED: (_ALIVE - _MISSING, BadgeStatus.DAMAGED),
    BadgeVerb.REPORT_FOUND: (_MISSING | {BadgeStatus.SUSPENDED}, BadgeStatus.SUSPENDED),
    BadgeVerb.REVOKE: (frozenset(BadgeStatus) - {BadgeStatus.REPLACED}, BadgeStatus.REVOKED),
}


def said(badge: BadgeRecord, verb: BadgeVerb) -> BadgeRecord:
    """Return the badge after a verb; raise `Conflict` where its state does not allow it."""
    allowed, becomes = _TRANSITIONS[verb]
    if badge.status not in allowed:
        raise Conflict(f"badge {badge.id}: it is {badge.status.value}, so it cannot {verb.value}")
    return msgspec.structs.replace(badge, status=becomes)


def replaced(badge: BadgeRecord, by: BadgeId) -> BadgeRecord:
    """Return the badge as dead, with its successor; raise `Conflict` if it was dead before."""
    if badge.status in DEAD:
        raise Conflict(f"badge {badge.id}: it is {badge.status.value}, so it cannot be replaced")
    return msgspec.structs.replace(badge, status=BadgeStatus.REPLACED, replaced_by=by)
