"""The building now, brought up from what is stored: after a restart, screens show what they showed before."""

from itertools import chain

from access.occupancy.live import LiveBuilding
from access.store import events
from access.store.database import Database
from policies.building import Building
from readers.wire.events import EventType

_LATEST = 500
"""How many of the newest events of any kind are taken up beside all passages: enough for feeds and doors."""


def open_live(database: Database, building: Building) -> LiveBuilding:
    """Return the live view after every passage that is stored, whatever order they came in."""
    live = LiveBuilding(building)
    with database.reading() as session:
        latest = events.newest(session, events.Filter(), None, _LATEST)
        live.take(chain(events.oldest_first(session, (EventType.PASSAGE,)), reversed(latest)))
    return live
