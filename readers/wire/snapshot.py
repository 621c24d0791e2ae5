"""Snapshots: what a door computer needs to decide alone, signed over the exact bytes it travels as.

A snapshot holds no names and only what its scope's doors need. Its version never goes back; an edge keeps the last
one it accepted and refuses an older one, one for another scope, or one with a wrong signature. Between two snapshots
deltas bring what changed (`delta.py`).

On the wire (`signed.py`): 8 bytes `TOTEM-S1`, the signature, then the body (JSON).
"""

from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import UNSET

from policies.building import Building
from policies.conditions import permit_covers
from policies.ids import SourceId
from policies.policy import Policy
from policies.roster import Person, Roster
from readers.errors import WireError
from readers.wire.signed import Form

_FORM = Form("snapshot", b"TOTEM-S1", b"totem snapshot v1\n")


class Snapshot(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that the doors of `scope` decide from. `version` is higher with every publication of the site.

    `authorizer_epoch` is the newest epoch of the site's authorizers: who answers under an older one was replaced.
    """

    scope: SourceId
    version: int
    issued_at: datetime
    building: Building
    policy: Policy
    roster: Roster
    authorizer_epoch: int = 0


def sign(snapshot: Snapshot, key: Ed25519PrivateKey) -> bytes:
    """Return the snapshot as it travels."""
    return _FORM.sign(msgspec.json.encode(snapshot), key)


def read(payload: bytes, key: Ed25519PublicKey) -> Snapshot:
    """Verify and decode; raise `WireError` if the bytes are not exactly what the holder of the key signed."""
    try:
        return _DECODER.decode(_FORM.open(payload, key))
    except msgspec.DecodeError as error:
        raise WireError(f"snapshot: {error}") from error


def at_doors(person: Person, building: Building) -> Person:
    """Return a person as the doors of `building` need them.

    Of temporary grants only those that reach one of these doors, and a PIN only where one asks for it.
    """
    if person.pin is not UNSET and not any(door.asks_for_pin for door in building.doors.values()):
        person = msgspec.structs.replace(person, pin=UNSET)
    if not person.grants:
        return person
    reaching = tuple(
        grant
        for grant in person.grants
        if any(permit_covers(grant.doors, grant.spaces, building, door) for door in building.doors)
    )
    return msgspec.structs.replace(person, grants=reaching)


_DECODER = msgspec.json.Decoder(Snapshot)
