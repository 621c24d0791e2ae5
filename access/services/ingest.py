"""Events on their way in: each is stored once, in its source's order, or refused with a finding.

A source sends its journal's lines, the oldest first, until they are acknowledged. What is stored of an epoch is
always the records 1 … n without a gap, their hashes chained; so one number acknowledges all. Whatever does not
continue the chain is left for the source to send again. Only what is new is handed on, after the commit.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum

import msgspec
from sqlalchemy.exc import DataError, DBAPIError, StatementError
from sqlalchemy.orm import Session

from access.services.usage import Usage
from access.store import events as stored
from access.store import sources
from access.store.database import Database
from access.store.events import Finding
from access.store.sources import Epoch, Reach
from policies.ids import SourceId
from readers.errors import WireError
from readers.wire.events import Event, Record, read


class Batch(msgspec.Struct, frozen=True):
    """What came on one source's topic: lines of events."""

    source: SourceId
    payload: bytes


class FindingKind(Enum):
    """What can be wrong with a line."""

    GARBAGE = "garbage"
    WRONG_SOURCE = "wrong-source"
    BROKEN_CHAIN = "broken-chain"
    REWRITTEN = "rewritten"
    UNSTORABLE = "unstorable"


class Taken(msgspec.Struct, frozen=True):
    """What became of batches: the events stored for the first time, how far each epoch reaches, what was refused."""

    events: tuple[Event, ...] = ()
    reached: dict[Epoch, int] = {}
    findings: tuple[Finding, ...] = ()


class Ingest:
    """Takes batches. Only `known` sources are listened to."""

    def __init__(self, database: Database, known: Sequence[SourceId], usage: Usage) -> None:
        self._database, self._known, self._usage = database, frozenset(known), usage

    def take(self, batches: Sequence[Batch], at: datetime) -> Taken:
        """Store what is new in one transaction; if the database refuses a value, batch by batch."""
        try:
            return self._take(batches, at)
        except (StatementError, ValueError, OverflowError) as error:
            if isinstance(error, DBAPIError) and not isinstance(error, DataError):
                raise  # the database is at fault, not a value: everything is to be sent again
            if len(batches) > 1:
                return _joined([self.take([batch], at) for batch in batches])
            return self._refuse(batches[0], str(getattr(error, "orig", None) or error), at)

    def _take(self, batches: Sequence[Batch], at: datetime) -> Taken:
        findings: list[Finding] = []
        records = [record for batch in batches for record in self._read(batch, at, findings)]
        epochs = {(record.event.source, record.event.epoch) for record in records}
        if not epochs:
            self._note(findings)
            return Taken(findings=tuple(findings))
        with self._database.writing() as session:
            reached = sources.locked(session, epochs)
            new, advanced = _continue(session, records, reached, at, findings)
            stored.add(session, new)
            sources.advance(session, advanced)
            stored.note(session, findings)
            self._usage.note(session, (each.event for each in new), at)
        self._usage.settle()
        reach = {epoch: advanced.get(epoch, before).seq for epoch, before in reached.items()}
        return Taken(tuple(each.event for each in new), reach, tuple(findings))

    def _read(self, batch: Batch, at: datetime, findings: list[Finding]) -> Iterator[Record]:
        """Yield the lines up to the first that is no event of this source; what follows it cannot continue."""
        if batch.source not in self._known:
            return
        for number, line in enumerate(batch.payload.splitlines()):
            try:
                record = read(line)
            except WireError as error:
                findings.append(
                    _finding(batch.source, 0, 0, FindingKind.GARBAGE, at, f"line {number}: {error}")
                )
                return
            if record.event.source != batch.source:
                detail = f"line {number}: an event of {record.event.source}, expected {batch.source}"
                findings.append(_finding(batch.source, 0, 0, FindingKind.WRONG_SOURCE, at, detail))
                return
            yield record

    def _refuse(self, batch: Batch, detail: str, at: datetime) -> Taken:
        finding = _finding(batch.source, 0, 0, FindingKind.UNSTORABLE, at, detail[:500])
        self._note([finding])
        return Taken(findings=(finding,))

    def _note(self, findings: Sequence[Finding]) -> None:
        if findings:
            with self._database.writing() as session:
                stored.note(session, findings)


def _continue(
    session: Session,
    records: Sequence[Record],
    reached: dict[Epoch, Reach],
    at: datetime,
    findings: list[Finding],
) -> tuple[list[Record], dict[Epoch, Reach]]:
    """Return what continues each epoch from where it is, and how far each that moved reaches then."""
    new: list[Record] = []
    advanced: dict[Epoch, Reach] = {}
    again: list[Record] = []
    for record in records:
        event = record.event
        epoch = (event.source, event.epoch)
        reach = advanced.get(epoch) or reached[epoch]
        if event.seq <= reach.seq:
            again.append(record)
        elif event.seq == reach.seq + 1:
            if event.prev != reach.digest:
                findings.append(_broken(event, reach, at))
                continue
            new.append(record)
            advanced[epoch] = Reach(event.seq, record.digest)
    if again:
        findings.extend(_rewritten(session, again, new, at))
    return new, advanced


def _rewritten(
    session: Session, again: Sequence[Record], new: Sequence[Record], at: datetime
) -> Iterator[Finding]:
    """Find events whose id is stored already with other content: the same id must be the same event."""
    known = {each.event.id: each.digest for each in new}
    spans: dict[Epoch, list[int]] = {}
    for record in again:
        event = record.event
        spans.setdefault((event.source, event.epoch), []).append(event.seq)
    for (source, epoch), numbers in spans.items():
        found = stored.digests(session, source, epoch, min(numbers), max(numbers))
        known.update({f"{source}:{epoch}:{seq}": hashed for seq, hashed in found.items()})
    for record in again:
        event, hashed = record.event, record.digest
        kept = known.get(event.id)
        if kept is not None and hashed != kept:
            detail = f"sent with the hash {hashed}, stored with {kept}"
            yield _finding(event.source, event.epoch, event.seq, FindingKind.REWRITTEN, at, detail)


def _broken(event: Event, reach: Reach, at: datetime) -> Finding:
    detail = f"prev {event.prev}, expected {reach.digest}"
    return _finding(event.source, event.epoch, event.seq, FindingKind.BROKEN_CHAIN, at, detail)


def _finding(source: SourceId, epoch: int, seq: int, kind: FindingKind, at: datetime, detail: str) -> Finding:
    return Finding(source, epoch, seq, kind.value, at, detail)


def _joined(parts: Sequence[Taken]) -> Taken:
    reached: dict[Epoch, int] = {}
    for part in parts:
        reached.update(part.reached)
    return Taken(
        tuple(event for part in parts for event in part.events),
        reached,
        tuple(finding for part in parts for finding in part.findings),
    )
