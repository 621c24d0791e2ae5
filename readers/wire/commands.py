"""Commands to one door, signed by the site: each with its id, who gave it, why, and until when it may be obeyed.

`unlock` and `rearm` happen once, and travel unretained: a late or a second one does nothing. `orders` is the
door's register of modes (orders.py), retained, so that a door that comes back takes up what holds now.

On the wire (signed.py): 8 bytes `TOTEM-C1`, the signature, then the body (JSON).
"""

from datetime import datetime
from enum import Enum

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies.ids import DoorId
from readers.errors import WireError
from readers.wire.events import VERSION, Instant, decode
from readers.wire.orders import Orders
from readers.wire.signed import Form

_FORM = Form("command", b"TOTEM-C1", b"totem command v1\n")


class Verb(Enum):
    """What a door is told to do."""

    UNLOCK = "unlock"
    ORDERS = "orders"
    REARM = "rearm"


class Refusal(Enum):
    """Why a door does not obey. `superseded` orders are older than those it has."""

    FORGED = "forged"
    STALE = "stale"
    AHEAD = "ahead"
    REPLAYED = "replayed"
    SUPERSEDED = "superseded"
    RELEASED = "released"
    NOT_RELEASED = "not-released"
    LOCKDOWN = "lockdown"
    INTERLOCK = "interlock"
    UNKNOWN_DOOR = "unknown-door"
    JOURNAL = "journal"


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """One command to `door`, to be obeyed before `expires_at`."""

    id: str
    door: DoorId
    verb: Verb
    actor: str
    reason: str
    issued_at: Instant
    expires_at: Instant
    orders: Orders | None = None
    v: int = VERSION

    def is_late(self, at: datetime) -> bool:
        """Return whether its time is over."""
        return at >= self.expires_at


def sign(command: Command, key: Ed25519PrivateKey) -> bytes:
    """Return the command as it travels."""
    return _FORM.sign(msgspec.json.encode(command), key)


def read(payload: bytes, key: Ed25519PublicKey) -> Command:
    """Verify and decode; raise `WireError` if the bytes are not exactly what the holder of the key signed."""
    command = decode(_DECODER, _FORM.open(payload, key), "a command")
    if command.v != VERSION:
        raise WireError(f"command {command.id}: version {command.v}, expected {VERSION}")
    if (command.verb is Verb.ORDERS) is (command.orders is None):
        raise WireError(f"command {command.id}: expected orders with the verb orders, and with no other")
    if command.orders is not None and (misfit := command.orders.misfit()) is not None:
        raise WireError(f"command {command.id}: {misfit}")
    return command


_DECODER = msgspec.json.Decoder(Command)
