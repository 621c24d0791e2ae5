"""Who gave a command that an event tells of, and why. The audit says so; how it is written there is written here."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy.orm import Session

from access.store import audit
from policies.ids import DoorId
from readers.wire.events import Event

_STANDS_AT_MOST = timedelta(days=31)
"""How long before a door's event its command may have been given and still be looked for: a mode that stood below."""

_CLOCKS_APART = timedelta(days=1)
"""How long after a door's event, by the door's clock, its command may have been given by the server's."""


class Given(msgspec.Struct, frozen=True):
    """Who gave a command, and the reason in their words."""

    actor: str
    reason: str


def subject(door: DoorId, command: str, reason: str) -> str:
    """Return what stands in the audit as the subject of a command to a door."""
    return f"{door}: {command}: {reason}"


def given(session: Session, events: Sequence[Event]) -> dict[str, Given]:
    """Return who gave the commands that these events name, by the command; without those that the audit let go."""
    wanted = {event.command: event.at for event in events if event.command is not None}
    if not wanted:
        return {}
    told: dict[str, Given] = {}
    since, until = min(wanted.values()) - _STANDS_AT_MOST, max(wanted.values()) + _CLOCKS_APART
    for actor, about in audit.of_doors(session, since, until):
        _, command, reason = about.split(": ", 2)
        if command in wanted:
            told[command] = Given(actor, reason)
    return told
