"""Importing people: compare the file with the database, tell every fault, and apply all of it in one transaction.

Applied twice, a file changes nothing the second time. Whoever is missing from it is told of, and stays: their rights
end only where that is asked for with their exact number, so that a cut-off file does not lock a school out.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, NotAllowed
from access.services.delegation import expect_delegated, is_theirs
from access.services.imports.diff import Difference, compare
from access.services.imports.rows import Fault, Wanted
from access.services.imports.under_way import Board, UnderWay
from access.services.outbox import Outbox, RightsChanged
from access.services.rights import EVERYWHERE, Reach
from access.services.rulebook import Rulebook
from access.store import audit, changes, organisations, site
from access.store import imports as stored
from access.store import people as people_stored
from access.store.database import Database
from access.store.imports import ImportRecord
from access.store.listing import FIRST, Listing
from access.store.people import PersonRecord
from policies.ids import PersonId

__all__ = ["ImportRecord", "Imports", "Outcome", "UnderWay"]

_AT_ONCE = 500
_FOR_SOMEBODY_NEW = ("name", "type")


class Outcome(msgspec.Struct, frozen=True):
    """What became of a file: what it changes, what is wrong with it, and the record of it if it was applied."""

    difference: Difference
    faults: tuple[Fault, ...] = ()
    applied: ImportRecord | None = None


class Imports:
    """The use cases around files of people."""

    def __init__(
        self,
        database: Database,
        rulebook: Rulebook,
        outbox: Outbox[RightsChanged],
        reach: Reach = EVERYWHERE,
        board: Board | None = None,
    ) -> None:
        self._database, self._rulebook, self._outbox, self._reach = database, rulebook, outbox, reach
        self._board = board if board is not None else Board()

    def within(self, reach: Reach) -> "Imports":
        """Return the same use cases for whoever's rights hold only there: the file speaks of nobody else."""
        return Imports(self._database, self._rulebook, self._outbox, reach, self._board)

    def under_way(self) -> UnderWay | None:
        """Return the import that is being written now, and how far it has come."""
        return self._board.entry_of(self._reach.organisation)

    def propose(self, wanted: Sequence[Wanted], faults: Sequence[Fault], at: datetime) -> Outcome:
        """Return what the file would change, and everything that is wrong with it. Nothing is changed."""
        with self._database.reading() as session:
            difference, wrong = self._compared(session, wanted, at)
        return Outcome(difference, _in_turn(faults, wrong))

    def apply(
        self,
        wanted: Sequence[Wanted],
        faults: Sequence[Fault],
        content: bytes,
        actor: str,
        at: datetime,
        *,
        end: int | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Outcome:
        """Apply the file, all of it or nothing; with faults nothing. `end` ends the rights of so many missing people.

        Raise `Conflict` if another number of people is missing. `progress` is told how many people were written.
        """
        with self._database.reading() as session:
            seen = site.read(session).audit_seq
            difference, wrong = self._compared(session, wanted, at)
        if faults or wrong:
            return Outcome(difference, _in_turn(faults, wrong))
        with self._database.writing() as session:
            # Where something was written since, it may be about these people.
            if site.locked(session).audit_seq != seen:
                difference, wrong = self._compared(session, wanted, at)
            if wrong:
                return Outcome(difference, _in_turn(wrong))
            if end is not None and end != len(difference.ended):
                raise Conflict(f"end: {len(difference.ended)} people are missing from the file, not {end}")
            entry = UnderWay(actor, at, self._reach.organisation, difference.size(is_ending=end is not None))
            with self._board.entry(entry) as written:
                record, version = self._write(
                    session, difference, (content, actor, at), (written, progress), is_ending=end is not None
                )
        if version is not None:
            self._outbox.tell(RightsChanged(version))
        return Outcome(difference, (), record)

    def page(self, listing: Listing = FIRST) -> list[ImportRecord]:
        """Return a piece of the list of imports."""
        with self._database.reading() as session:
            return stored.page(session, listing, self._reach.organisation)

    def _compared(
        self, session: Session, wanted: Sequence[Wanted], at: datetime
    ) -> tuple[Difference, list[Fault]]:
        wanted = [self._placed(want) for want in wanted]
        holders = people_stored.by_external(session, (want.external_id for want in wanted))
        known = self._known(session, wanted, holders)
        spoken_of = {
            want.organisation if "organisation" in want.given else known[want.line].organisation
            for want in wanted
            if "organisation" in want.given or want.line in known
        }
        theirs = {one for one in spoken_of if one is not None and is_theirs(self._reach, one)}
        difference = compare(wanted, known, people_stored.of_organisations(session, theirs), at)
        faults = chain(
            self._faults(session, wanted, known),
            _faults_of_ids(wanted, known, holders),
            self._faults_of_people(session, wanted, known, difference),
        )
        return difference, list(faults)

    def _known(
        self, session: Session, wanted: Sequence[Wanted], holders: Mapping[str, PersonRecord]
    ) -> dict[int, PersonRecord]:
        """Return whom each line is about, of those who are known and theirs: by our own id, or by the external one."""
        by_id = {one.id: one for one in people_stored.some(session, (want.id for want in wanted if want.id))}
        meant = {
            want.line: by_id.get(want.id) if want.id else holders.get(want.external_id) for want in wanted
        }
        return {
            line: person
            for line, person in meant.items()
            if person is not None and is_theirs(self._reach, person.organisation)
        }

    def _placed(self, want: Wanted) -> Wanted:
        """Return the row with the organisation that the file need not name."""
        if self._reach.organisation is None or "organisation" in want.given:
            return want
        given = want.given | {"organisation"}
        return msgspec.structs.replace(want, organisation=self._reach.organisation, given=given)

    def _faults(
        self, session: Session, wanted: Sequence[Wanted], known: Mapping[int, PersonRecord]
    ) -> Iterator[Fault]:
        organised = organisations.ids(session)
        for want in wanted:
            if want.organisation is not None and want.organisation not in organised:
                yield Fault(want.line, "organisation", f"there is no organisation {want.organisation}")
            for tier in want.tiers:
                if tier not in self._rulebook.policy.tiers:
                    yield Fault(want.line, "tiers", f"there is no tier {tier}")
            yield from _faults_of_kept(want, known.get(want.line))

    def _faults_of_people(
        self,
        session: Session,
        wanted: Sequence[Wanted],
        known: Mapping[int, PersonRecord],
        difference: Difference,
    ) -> Iterator[Fault]:
        named = {want.external_id: want.line for want in wanted}
        line = {person.id: place for place, person in known.items()}
        edits: list[tuple[PersonRecord | None, PersonRecord]] = [(None, new) for new in difference.added]
        edits += [(change.before, change.after) for change in difference.changed]
        own = organisations.get(session, self._reach.organisation) if self._reach.organisation else None
        for before, after in edits:
            place = line[after.id] if before is not None else named[after.external_id or ""]
            if after.valid_from and after.valid_until and after.valid_from >= after.valid_until:
                yield Fault(place, "valid_until", "expected a time after valid_from")
            if not self._reach.is_everywhere:
                try:
                    expect_delegated(own, before, after)
                except NotAllowed as error:
                    yield Fault(place, None, str(error).partition(": ")[2])

    def _write(
        self,
        session: Session,
        difference: Difference,
        said: tuple[bytes, str, datetime],
        told: Sequence[Callable[[int], None]],
        *,
        is_ending: bool,
    ) -> tuple[ImportRecord, int | None]:
        content, actor, at = said
        added, changed = difference.added, [change.after for change in difference.changed]
        ended = [_ended(person, at) for person in difference.ended] if is_ending else []
        record = ImportRecord(
            secrets.token_hex(6),
            at,
            actor,
            hashlib.sha256(content).hexdigest(),
            self._reach.organisation,
            len(added),
            len(changed),
            len(ended),
            difference.unchanged,
        )
        audit.append(session, at, actor, "import-applied", [record.id], reason=f"sha256 {record.digest}")
        stored.add(session, record)
        for action, people, write in (
            ("person-added", added, partial(people_stored.add, actor=actor, at=at)),
            ("person-changed", changed, people_stored.rewrite),
            ("person-ended", ended, people_stored.rewrite),
        ):
            for start in range(0, len(people), _AT_ONCE):
                chunk = people[start : start + _AT_ONCE]
                audit.append(session, at, actor, action, (person.id for person in chunk))
                write(session, chunk)
                for tell in told:
                    tell(len(chunk))
        touched = [person.id for person in (*added, *changed, *ended)]
        return record, changes.record(session, at, people=touched) if touched else None


def _faults_of_ids(
    wanted: Sequence[Wanted], known: Mapping[int, PersonRecord], holders: Mapping[str, PersonRecord]
) -> Iterator[Fault]:
    """Yield what is wrong with whom rows are about: nobody, somebody twice, or one by the id of another."""
    lines = dict[PersonId, int]()
    for want in wanted:
        person, holder = known.get(want.line), holders.get(want.external_id)
        if want.id is not None and person is None:
            yield Fault(want.line, "id", "there is nobody with this id")
        elif person is not None and lines.setdefault(person.id, want.line) != want.line:
            yield Fault(want.line, "id", f"the same as in line {lines[person.id]}")
        if holder is not None and (person is None or holder.id != person.id):
            yield Fault(want.line, "external_id", "in use elsewhere")
        elif person is not None and person.external_id and not want.external_id:
            yield Fault(want.line, "external_id", f"expected {person.external_id}, as it is")
        elif person is None and want.id is None:
            for name in _FOR_SOMEBODY_NEW:
                if name not in want.given:
                    yield Fault(want.line, name, "expected this column for somebody new")


def _faults_of_kept(want: Wanted, before: PersonRecord | None) -> Iterator[Fault]:
    """Yield where a row would have something else that a file does not change."""
    is_suspended, host = (before.suspended, before.host) if before is not None else (False, None)
    if want.suspended not in (None, is_suspended):
        yield Fault(want.line, "suspended", "expected as it is: no file changes it")
    if "host" in want.given and want.host != host:
        yield Fault(want.line, "host", "expected as it is: no file changes it")


def _in_turn(*faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return faults from the top of the file to its end, however they were found."""
    return tuple(sorted(chain.from_iterable(faults), key=attrgetter("line")))


def _ended(person: PersonRecord, at: datetime) -> PersonRecord:
    """Return a person whose rights end now; they are not erased."""
    since = person.valid_from if person.valid_from is not None and person.valid_from < at else None
    return msgspec.structs.replace(person, valid_from=since, valid_until=at, version=person.version + 1)
