"""What comes of work at a desk on a card: issued, wiped, or failed and why; and the words that the work shares.

A card may be torn away at any command. Every step first looks at what the card holds, changes it only where needed, and
leaves keys that are either the card's old ones or the site's own, derived from its number: beginning again goes on.
Under a factory key the site's can be read by whoever plays the card: what lies there is shown before it gets any.
"""

from collections.abc import Callable, Iterable

import msgspec

from policies.ids import BadgeId
from policies.roster import BadgeKind
from readers.credentials.desfire.framing import Answer
from readers.credentials.exchange import Conversation, Derive, Found, T
from readers.credentials.keys import KeyRef
from readers.credentials.schemes import NXP_UID
from readers.credentials.uid import ask_uid

Draw = Callable[[int], bytes]
FACTORY_KEY = bytes(16)


class Issued(msgspec.Struct, frozen=True):
    """The card is the site's, holds this badge, and was read as a door would. `is_new`: nobody had it before."""

    badge: BadgeId
    kind: BadgeKind
    uid: bytes
    is_new: bool


class Wiped(msgspec.Struct, frozen=True):
    """The card is as it was before the site took it. `badge` is what it held, None where that is gone already.

    One that `was_blank` took the factory's key and held no badge: nothing was written.
    """

    uid: bytes
    badge: BadgeId | None
    was_blank: bool = False


class Failed(msgspec.Struct, frozen=True):
    """It did not come to that; `why` is for the person at the desk. What was begun is gone on with at the next try."""

    why: str


class Stopped(Exception):
    """Work that cannot go on; inside a conversation only, which ends in `Failed`."""


def stop(why: str) -> Stopped:
    """Say why work cannot go on."""
    return Stopped(why)


def finish(work: Conversation[T]) -> Conversation[T | Failed]:
    """Carry work out; what stops it is a value."""
    try:
        return (yield from work)
    except Stopped as stopped:
        return Failed(str(stopped))


def fixed_number() -> Conversation[bytes]:
    """Return the card's serial number of 7 bytes, by which its keys are derived."""
    uid = yield from ask_uid()
    if uid is None or len(uid) != NXP_UID:
        raise stop("the card shows no fixed number of 7 bytes")
    return uid


def done(asked: Conversation[Answer], what: str) -> Conversation[Answer]:
    """Return the answer to a command that must succeed."""
    answer = yield from asked
    if not answer.is_ok:
        raise stop(f"could not {what}: the card answered {answer.status:02x}")
    return answer


def show(found: Found) -> Conversation[None]:
    """Show the desk what lies there; stop where it is to be left alone."""
    why = yield found
    if why:
        raise stop(why.decode(errors="replace"))


def derive(key: KeyRef, identity: bytes) -> Conversation[bytes]:
    """Return a card's own key; the desk must hold its master key."""
    made = yield Derive(key, identity)
    if not made:
        raise stop(f"this desk does not hold the key {key.name}, version {key.version}")
    return made


class Slot(msgspec.Struct, frozen=True):
    """A key's place on a card: its generations, the newest first, and what they are derived by on this card."""

    keys: tuple[KeyRef, ...]
    identity: bytes

    @property
    def newest(self) -> KeyRef:
        """Return the generation that is to be there."""
        return self.keys[0]

    def make(self) -> Conversation[bytes]:
        """Return the newest key for this card."""
        return (yield from derive(self.newest, self.identity))

    def with_version(self, version: int) -> Conversation[bytes]:
        """Return the key that a version on the card stands for; version 0 is the factory's."""
        if version == 0:
            return FACTORY_KEY
        for key in self.keys:
            if key.version == version:
                return (yield from derive(key, self.identity))
        raise stop(f"the card has version {version} of {self.newest.name}, which this desk does not hold")

    def candidates(self) -> Conversation[list[tuple[bytes, bool]]]:
        """Return what may be there, likeliest first, each with whether it is the newest of the site's own."""
        found = []
        for key in self.keys:
            made = yield from derive(key, self.identity)
            found.append((made, key == self.newest))
        return [*found, (FACTORY_KEY, False)]


def expect_keys(names: Iterable[tuple[str, tuple[KeyRef, ...]]]) -> None:
    """Raise ValueError where a key that work needs is not held in any generation."""
    for name, keys in names:
        if not keys:
            raise ValueError(f"issuing needs the key {name}, and this desk does not hold it")
