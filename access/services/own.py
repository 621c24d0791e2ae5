"""The server's own events: what operators said and what the server inferred, in a chain like every source's.

They are appended in the transaction of the act itself, so that an act and its event are there together or not at all.
Nobody can send them: ingest listens to no source of this name. An epoch is new with every start.
"""

import secrets
from collections.abc import Sequence
from threading import Lock

from sqlalchemy.orm import Session

from access.services.outbox import Outbox
from access.store import events as stored
from access.store import sources
from access.store.sources import Reach
from policies.ids import SourceId
from readers.wire.events import Draft, Event, Record, read, seal

SERVER = SourceId("server")
_SALT_BYTES = 16


class OwnEvents:
    """The chain of one life of the server; `epoch` is higher than that of every life before."""

    def __init__(self, epoch: int, news: Outbox[Sequence[Event]]) -> None:
        self._epoch, self._news = epoch, news
        self._lock = Lock()

    def append(self, session: Session, drafts: Sequence[Draft]) -> list[Event]:
        """Write events at the end of the chain, in the session's transaction."""
        if not drafts:
            return []
        epoch = (SERVER, self._epoch)
        with self._lock:
            reach = sources.locked(session, [epoch])[epoch]
            kept: list[Record] = []
            for draft in drafts:
                sealed = seal(
                    draft, SERVER, self._epoch, reach.seq + 1, reach.digest, secrets.token_hex(_SALT_BYTES)
                )
                kept.append(read(sealed.line))
                reach = Reach(reach.seq + 1, sealed.digest)
            stored.add(session, kept)
            sources.advance(session, {epoch: reach})
        return [each.event for each in kept]

    def tell(self, events: Sequence[Event]) -> None:
        """Hand events to whoever follows the news, once they are committed."""
        if events:
            self._news.tell(events)
