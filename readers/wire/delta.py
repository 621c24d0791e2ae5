"""Deltas: who and which badges changed since an earlier version, signed by the site, for every door computer alike.

A delta brings whoever has any version from `after` up to its own `version` with everybody and every badge that it
names as they are then; taken twice, or over a part of itself, it says the same. Whoever is older than `after` lacks
something, takes nothing, and says so in its status (`lacks`): the server then sends what is missing. Rules and doors
change by snapshots only. It holds no names.

On the wire (`signed.py`): 8 bytes `TOTEM-D1`, the signature, then the body (JSON).
"""

from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies.ids import BadgeId, PersonId, SiteId
from policies.roster import Badge, Person
from readers.errors import WireError
from readers.wire.signed import Form

_FORM = Form("delta", b"TOTEM-D1", b"totem delta v1\n")


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed after `after` up to `version`. `people` and `badges` are put as they are, the gone are forgotten.

    One without any change says that nothing did: rights are as young as `issued_at`. `authorizer_epoch` is as in a
    snapshot.
    """

    site: SiteId
    after: int
    version: int
    issued_at: datetime
    people: tuple[Person, ...] = ()
    badges: tuple[Badge, ...] = ()
    gone_people: tuple[PersonId, ...] = ()
    gone_badges: tuple[BadgeId, ...] = ()
    authorizer_epoch: int = 0


def is_delta(payload: bytes) -> bool:
    """Return whether a payload claims to be a delta, not a snapshot."""
    return _FORM.fits(payload)


def sign(delta: Delta, key: Ed25519PrivateKey) -> bytes:
    """Return the delta as it travels."""
    return _FORM.sign(_ENCODER.encode(delta), key)


def read(payload: bytes, key: Ed25519PublicKey) -> Delta:
    """Verify and decode; raise `WireError` if the bytes are not exactly what the holder of the key signed."""
    try:
        delta = _decode(_FORM.open(payload, key))
    except msgspec.DecodeError as error:
        raise WireError(f"delta: {error}") from error
    if delta.after > delta.version:
        raise WireError(f"delta {delta.version}: it is after {delta.after}, expected an earlier version")
    return delta


def _decode(body: bytes) -> Delta:
    """Decode person by person: one call for ten thousand would hold the interpreter, and every tap, until its end."""
    parts = _PARTS.decode(body)
    people = tuple([_PERSON.decode(each) for each in parts.people])
    badges = tuple([_BADGE.decode(each) for each in parts.badges])
    return Delta(
        parts.site,
        parts.after,
        parts.version,
        parts.issued_at,
        people,
        badges,
        parts.gone_people,
        parts.gone_badges,
        parts.authorizer_epoch,
    )


class _Parts(msgspec.Struct, frozen=True):
    """A delta whose people and badges are not looked at yet."""

    site: SiteId
    after: int
    version: int
    issued_at: datetime
    people: tuple[msgspec.Raw, ...] = ()
    badges: tuple[msgspec.Raw, ...] = ()
    gone_people: tuple[PersonId, ...] = ()
    gone_badges: tuple[BadgeId, ...] = ()
    authorizer_epoch: int = 0


_ENCODER = msgspec.json.Encoder()
_PARTS = msgspec.json.Decoder(_Parts)
_PERSON, _BADGE = msgspec.json.Decoder(Person), msgspec.json.Decoder(Badge)
