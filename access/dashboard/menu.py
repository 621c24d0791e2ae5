"""The pages that somebody may open, in the order of the menu. What is not in it for them is refused to them, too."""

import msgspec

from access.dashboard.ports import Actor


class Entry(msgspec.Struct, frozen=True):
    """A page, its name among the words, and the right it asks for: everywhere, or within their reach at least."""

    address: str
    word: str
    scope: str
    within_reach: bool = False


_COUNTS = "occupancy:read"
_NOW = Entry("/", "nav-now", _COUNTS)
_DISCLOSED = Entry("/spaces", "nav-now", _COUNTS, within_reach=True)
_OTHERS = (
    Entry("/history", "nav-history", _COUNTS, within_reach=True),
    Entry("/events", "nav-events", _COUNTS),
    Entry("/desk", "nav-desk", "people:read", within_reach=True),
    Entry("/visits", "nav-visits", "people:read", within_reach=True),
    Entry("/rollcall", "nav-rollcall", "rollcall:read", within_reach=True),
    Entry("/lockdown", "nav-lockdown", "lockdown:write"),
    Entry("/kiosk", "nav-kiosk", _COUNTS),
)


def menu(actor: Actor) -> list[Entry]:
    """Return the entries for whoever is signed in."""
    first = _DISCLOSED if actor.reach.sees_disclosed_only else _NOW
    return [one for one in (first, *_OTHERS) if _may(actor, one)]


def _may(actor: Actor, entry: Entry) -> bool:
    return actor.may_within(entry.scope) if entry.within_reach else actor.may(entry.scope)
