"""What other programs did on the same database: `totem import`, `totem admin`, a second `totem serve`.

Each commits there and can tell nobody here. So the site's row is looked at several times a second, and what is new is
told in this process as if it had been done here: rights that have to go out, whoever lost theirs, rules and lockdowns
in force.
"""

import logging

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from access.log import Lasting
from access.services.clock import Clock
from access.services.offload import Offload
from access.services.outbox import RightsChanged
from access.services.services import Services
from access.store import audit, site

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
"""One row by its key: some hundred microseconds. A door knows of an import within this and a delta's way."""

_LOST = {
    "operator-changed": "",
    "operator-removed": "",
    "operator-password-reset": "",
    "key-revoked": "key:",
}
"""What the audit calls the loss of rights, and what stands before the subject in the name that streams know."""

_ACTIVATED = "policy-activated"
_LOCKDOWNS = frozenset({"lockdown", "lockdown-ended"})


class _Seen(msgspec.Struct, frozen=True):
    """How far the rights and the audit go, and whether a delta from this process can bring doors there.

    Where only snapshots can, the server that made them is sending them: two that did would make them anew for ever.
    """

    rights: int
    audit: int
    is_delta: bool


class Neighbours:
    """Looks for what others committed after it was made. `run` it as a task."""

    def __init__(self, services: Services, clock: Clock, offload: Offload) -> None:
        self._services, self._clock, self._offload = services, clock, offload
        self._told = 0
        self._away = Lasting(_log, "neighbours-not-read", "neighbours-read-again", logging.ERROR)
        services.rights.listen(self._note)
        self._seen = self._read()
        services.doors.standing.refresh()  # those of between the opening of the services and now

    async def run(self) -> None:
        """Look until cancelled; a database that is away is looked at again."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            try:
                await self._offload(self.look)
                self._away.note(None)
            except (SQLAlchemyError, OSError) as error:  # rules are read by way of a file
                self._away.note(type(error).__name__)

    def look(self) -> None:
        """Tell what is new; it blocks, so call it away from the event loop."""
        before, now = self._seen, self._read()
        if now == before:
            return
        if now.audit != before.audit:
            self._hear_of(before.audit)
        if now.rights > max(before.rights, self._told):
            self._services.rights.tell(RightsChanged(now.rights, goes_out=now.is_delta))
        self._seen = now

    def _hear_of(self, after: int) -> None:
        with self._services.database.reading() as session:
            acts = audit.acts(session, after, (*_LOST, _ACTIVATED, *sorted(_LOCKDOWNS)))
        if any(action == _ACTIVATED for action, _ in acts):
            # Before the rights are told: what goes out then is made by the rules in force.
            self._services.policies.catch_up()
        if any(action in _LOCKDOWNS for action, _ in acts):
            self._services.doors.standing.refresh()
        for action, subject in acts:
            if action in _LOST:
                self._services.departures.tell(f"{_LOST[action]}{subject}")

    def _note(self, news: RightsChanged) -> None:
        self._told = max(self._told, news.version)

    def _read(self) -> _Seen:
        with self._services.database.reading() as session:
            row = site.read(session)
            return _Seen(row.publication, row.audit_seq, row.published >= row.deltas_from)
