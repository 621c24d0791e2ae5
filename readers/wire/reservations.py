"""What a door computer asks the site's authorizer, and its verdict: over rules that need to know who is where.

The door computer has decided already, from its own rights, but for what only the site knows (an enforced capacity,
hard anti-passback). The authorizer decides again with the site's view and takes the seat with the same step. A verdict
that comes too late counts as none, and so does one of an authorizer that another has followed (`epoch`).
"""

from typing import Annotated

import msgspec

from policies.decision import Effect, Reason
from policies.ids import BadgeId, PersonId, ReaderId, RuleId
from policies.request import Assurance
from readers.wire.events import Count, decode

MOST_COMPANIONS = 16
"""So many people beside somebody are told to the site at most."""

PATH = "/v1/reservations"


class AuthorizerAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the site's authorizer is, and the file with a key that may ask for this computer's doors.

    Beyond this machine it is reached by TLS: `ca_file` is then the authority's. `standby` are others, as `HOST:PORT`,
    that may answer in its place, with the same key and authority.
    """

    host: str
    port: int
    key_file: str
    ca_file: str | None = None
    standby: tuple[Annotated[str, msgspec.Meta(pattern=r"^\S+:[0-9]{1,5}$")], ...] = ()

    def in_their_order(self) -> list[tuple[str, int]]:
        """Return host and port of all, the first to be asked at first."""
        others = (each.rpartition(":") for each in self.standby)
        return [(self.host, self.port), *((host.strip("[]"), int(port)) for host, _, port in others)]


class Reserve(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tap that a door computer would grant."""

    reader: Annotated[ReaderId, msgspec.Meta(min_length=1, max_length=64)]
    badge: Annotated[BadgeId, msgspec.Meta(min_length=1, max_length=128)]
    assurance: Assurance
    pin_ok: bool = False
    companions: Annotated[tuple[PersonId, ...], msgspec.Meta(max_length=MOST_COMPANIONS)] = ()


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The site's answer. `reservation` is the id of the event by which the seat is held; `epoch` only grows."""

    effect: Effect
    reason: Reason
    epoch: Count
    rules: tuple[RuleId, ...] = ()
    reservation: str | None = None


def read_reserve(payload: bytes) -> Reserve:
    """Read what is asked; raise `WireError` if it is nothing of the kind."""
    return decode(_RESERVE, payload, "a reservation")


def read_verdict(payload: bytes) -> Verdict:
    """Read a verdict; raise `WireError` if it is none."""
    return decode(_VERDICT, payload, "a verdict")


_RESERVE = msgspec.json.Decoder(Reserve)
_VERDICT = msgspec.json.Decoder(Verdict)
