"""Snapshots: what a door computer needs to decide alone, signed over the exact bytes it travels as.

A snapshot holds no names and only what its scope's doors need. Its version never goes back; an edge keeps the last
one it accepted and refuses an older one, one for another scope, or one with a wrong signature.

On the wire: 8 bytes `TOTEM-S1`, 64 bytes Ed25519 signature over a context string and the body, then the body (JSON).
"""

from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies.building import Building
from policies.ids import SourceId
from policies.policy import Policy
from policies.roster import Roster
from readers.errors import WireError

_MAGIC = b"TOTEM-S1"
_CONTEXT = b"totem snapshot v1\n"
"""Signed in front of the body, so that a signature made for anything else never fits a snapshot."""

_SIGNATURE_BYTES = 64


class Snapshot(msgspec.Struct, frozen=True):
    """Everything that the doors of `scope` decide from. `version` is higher with every publication of the site."""

    scope: SourceId
    version: int
    issued_at: datetime
    building: Building
    policy: Policy
    roster: Roster


def sign(snapshot: Snapshot, key: Ed25519PrivateKey) -> bytes:
    """Return the snapshot as it travels."""
    body = msgspec.json.encode(snapshot)
    return _MAGIC + key.sign(_CONTEXT + body) + body


def read(payload: bytes, key: Ed25519PublicKey) -> Snapshot:
    """Verify and decode; raise `WireError` if the bytes are not exactly what the holder of the key signed."""
    signature = payload[len(_MAGIC) : len(_MAGIC) + _SIGNATURE_BYTES]
    body = payload[len(_MAGIC) + _SIGNATURE_BYTES :]
    if not payload.startswith(_MAGIC):
        raise WireError("not a snapshot: it does not begin with TOTEM-S1")
    try:
        key.verify(signature, _CONTEXT + body)
        return _DECODER.decode(body)
    except InvalidSignature as error:
        raise WireError("snapshot: the signature is not by this site's key") from error
    except msgspec.DecodeError as error:
        raise WireError(f"snapshot: {error}") from error


_DECODER = msgspec.json.Decoder(Snapshot)
