"""What the authorizer writes down: the decision, an entry that no contact reports, a permit that was taken back."""

from datetime import datetime

from access.authorize.pins import Shown
from access.services.decisions import Question
from policies.building import Building
from policies.decision import Decision
from policies.ids import BadgeId, PersonId, ReaderId
from readers.wire import events
from readers.wire.events import Draft, EventType, Inputs
from readers.wire.reservations import Reserve


def decided(question: Question, decision: Decision, at: datetime, policy_version: str, shown: Shown) -> Draft:
    """Return the record of a decision."""
    inputs = Inputs(question.proven, shown.pin_ok, request=question.id)
    return events.decided(at, question.reader, decision, policy_version, inputs, question.badge)


def reserved(
    building: Building, asked: Reserve, decision: Decision, at: datetime, policy_version: str
) -> Draft:
    """Return the record of a verdict for a door computer, which journals the decision itself."""
    return Draft(
        at,
        EventType.RESERVED,
        building.readers[asked.reader].door,
        asked.reader,
        decision.space,
        effect=decision.effect,
        reason=decision.reason,
        rules=decision.rules,
        policy_version=policy_version,
        inputs=Inputs(asked.assurance, asked.pin_ok),
        person=decision.person,
        badge=asked.badge,
    )


def passed(
    building: Building, reader: ReaderId, badge: BadgeId | None, told_by: str, at: datetime, person: PersonId
) -> Draft:
    """Return the record of an entry by a door without a contact: the decision is all that there is to go by."""
    return _followed(EventType.PASSAGE, building, reader, badge, told_by, at, person)


def not_passed(
    building: Building, reader: ReaderId, badge: BadgeId | None, told_by: str, at: datetime, person: PersonId
) -> Draft:
    """Return the record of a permit that came too late for its asker: nobody was let in by it."""
    return _followed(EventType.NO_ENTRY, building, reader, badge, told_by, at, person)


def _followed(
    kind: EventType,
    building: Building,
    reader: ReaderId,
    badge: BadgeId | None,
    told_by: str,
    at: datetime,
    person: PersonId,
) -> Draft:
    origin, target = building.passage(reader)
    door = building.readers[reader].door
    return Draft(at, kind, door, reader, target, origin, told_by, person=person, badge=badge)
