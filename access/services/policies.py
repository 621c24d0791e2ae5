"""Policies as a resource: proposed with their files, examined, activated, rolled back.

A policy takes force only if it loads, its scenarios and invariants hold, and nobody holds a tier that it does not
know. Doors get it in new snapshots at once. Neither the building nor the wall's time is changed under a running
server, whose counts are kept by them: files with others than those in force are refused, until it is started with them.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound
from access.services.examination import Examination, Read, examine, read
from access.services.outbox import Outbox, RightsChanged
from access.services.rulebook import Rulebook
from access.store import audit, publications, site
from access.store import policies as stored
from access.store.database import Database
from access.store.listing import NEWEST, Listing
from access.store.policies import Activation, PolicyRecord
from policies.building import Building
from policies.loader import BUILDING, CALENDAR, Site
from policies.policy import Policy

__all__ = ["Activation", "Policies", "PolicyRecord"]

_log = logging.getLogger(__name__)

_MOST = 1_000


class Policies:
    """The use cases around policies. `actor` is who does it, for the record; `at` is when."""

    def __init__(
        self, database: Database, building: Building, rulebook: Rulebook, outbox: Outbox[RightsChanged]
    ) -> None:
        self._database, self._building = database, building
        self._rulebook, self._outbox = rulebook, outbox

    def begin(self, files: Mapping[str, str], at: datetime, actor: str = "start") -> None:
        """Take up what is in force when the server starts with these files, which were read and are in force.

        Files that were never seen are what somebody put there on purpose: they take force. Files that were seen
        before are overruled by what was activated since, unless that fits this building no longer.
        """
        try:
            self._begin(files, at, actor)
        except Invalid as error:
            _log.error("policy-not-taken-up", extra={"fault": str(error)})

    def propose(self, files: Mapping[str, str], note: str, actor: str, at: datetime) -> PolicyRecord:
        """Keep new files, the others as they are in force; raise `Invalid` with every finding of the check.

        The same files again are the same policy.
        """
        with self._database.reading() as session:
            whole = {**self._files_in_force(session), **files}
        found = self._fitting(read(whole))
        with self._database.writing() as session:
            site.locked(session)
            known = stored.with_files(session, whole)
            return known or self._add(session, found, whole, note, actor, at)

    def get(self, seq: int) -> PolicyRecord:
        """Return one policy; raise `NotFound`."""
        with self._database.reading() as session:
            return _known(session, seq)

    def page(self, listing: Listing = NEWEST) -> list[PolicyRecord]:
        """Return a piece of the list of policies, the newest first if not asked for the other way."""
        with self._database.reading() as session:
            return stored.page(session, listing)

    def activations(self, limit: int = _MOST) -> list[Activation]:
        """Return which policy was in force from when on, the newest first."""
        with self._database.reading() as session:
            return stored.activations(session, limit)

    def examine(self, seq: int, at: datetime) -> Examination:
        """Put a policy to its tests, and say in words what it would change for whom."""
        with self._database.reading() as session:
            policy, tiers = _known(session, seq), stored.tiers_in_use(session)
        return examine(self._fitting(read(policy.files)), self._in_force(), tiers, at)

    def activate(self, seq: int, actor: str, at: datetime) -> Examination:
        """Let a policy take force at every door; raise `Conflict` if it does not pass, or another did meanwhile."""
        before = self._rulebook.policy
        examination = self.examine(seq, at)
        if not examination.passes:
            raise Conflict(f"policy {seq}: it does not pass\n{_reasons(examination)}")
        found = self._fitting(read(self.get(seq).files))
        with self._in_force_if_committed(found.site.policy), self._database.writing() as session:
            site.locked(session)
            if self._rulebook.policy is not before:
                raise Conflict(f"policy {seq}: another policy took force meanwhile; examine it again")
            stored.activate(session, seq, at, actor)
            audit.append(session, at, actor, "policy-activated", [f"{seq}:{examination.version}"])
            version = publications.next_whole_version(session, at)
            self._rulebook.policy = (
                found.site.policy
            )  # before the commit: no snapshot of that version without it
        self._outbox.tell(RightsChanged(version))
        return examination

    def roll_back(self, actor: str, at: datetime) -> Examination:
        """Let the policy take force again that was before this one; raise `Conflict` if there was none."""
        past = self.activations()
        earlier = [each.policy for each in past if each.policy != past[0].policy]
        if not earlier:
            raise Conflict("policies: there was none in force before this one")
        return self.activate(earlier[0], actor, at)

    def catch_up(self) -> None:
        """Take up the policy that another program let take force; one that does not fit this building is left alone."""
        with self._database.reading() as session:
            files = self._files_in_force(session)
        if not files:
            return
        try:
            policy = self._fitting(read(files)).site.policy
        except Invalid as error:
            _log.error("policy-not-taken-up", extra={"fault": str(error)})
            return
        if policy.version != self._rulebook.policy.version:
            self._rulebook.policy = policy

    @contextmanager
    def _in_force_if_committed(self, policy: Policy) -> Iterator[None]:
        """Put back the rules that were in force if a transaction that lets `policy` take it fails."""
        before = self._rulebook.policy
        try:
            yield
        except BaseException:
            if self._rulebook.policy is policy:
                self._rulebook.policy = before
            raise

    def _begin(self, files: Mapping[str, str], at: datetime, actor: str) -> None:
        with self._database.writing() as session:
            site.locked(session)  # programs of one site may start at the same moment
            known, newest = stored.with_files(session, files), stored.activations(session, 1)
            in_force = stored.get(session, newest[0].policy) if newest else None
            if known is None or in_force is None:
                fresh = known or self._add(session, read(files), files, "from the server's files", actor, at)
                stored.activate(session, fresh.seq, at, actor)
                return
        if in_force != known:
            self._rulebook.policy = self._fitting(read(in_force.files)).site.policy

    def _add(
        self,
        session: Session,
        found: Read,
        files: Mapping[str, str],
        note: str,
        actor: str,
        at: datetime,
    ) -> PolicyRecord:
        version = found.site.policy.version
        record = stored.add(session, PolicyRecord(0, version, files, " ".join(note.split()), actor, at))
        audit.append(session, at, actor, "policy-proposed", [f"{record.seq}:{version}"])
        return record

    def _fitting(self, found: Read) -> Read:
        if found.site.building != self._building:
            raise Invalid(
                f"{BUILDING}: it is another building than the one in force; start the server with these files"
            )
        here, there = self._rulebook.policy.calendar, found.site.policy.calendar
        if (there.timezone, there.changes) != (here.timezone, here.changes):
            raise Invalid(
                f"{CALENDAR}: [calendar]: another time zone or other years than those in force ({here.timezone}); "
                "start the server with these files"
            )
        return found

    def _files_in_force(self, session: Session) -> Mapping[str, str]:
        newest = stored.activations(session, 1)
        return _known(session, newest[0].policy).files if newest else {}

    def _in_force(self) -> Site:
        return Site(self._building, self._rulebook.policy)


def _known(session: Session, seq: int) -> PolicyRecord:
    found = stored.get(session, seq)
    if found is None:
        raise NotFound(f"policy {seq}: there is no policy with this number")
    return found


def _reasons(examination: Examination) -> str:
    missing = (f"tier {tier}: {count} people hold it" for tier, count in examination.missing.items())
    return "\n".join((*examination.failures, *examination.broken, *missing))
