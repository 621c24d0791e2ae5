"""What the host asks Cedar about one tap inwards: who, where, and the context that the host evaluates beforehand."""

from datetime import datetime

from policies.conditions import Situation, is_whole
from policies.ids import ScheduleId
from policies.policy import Policy
from policies.roster import Person, within
from policies.rules import Entry
from policies.schedule import is_open

Question = dict[str, object]
"""`{"principal", "action", "resource", "context"}` as cedarpy and Cedar's own JSON take them."""


def open_schedules(policy: Policy, at: datetime) -> list[ScheduleId]:
    """Return the schedules that are open at the aware instant `at`; none that cannot be evaluated."""
    return [
        name
        for name, schedule in policy.schedules.items()
        if is_whole(schedule, policy) and is_open(schedule, policy.calendar, at)
    ]


def question(
    situation: Situation, person: Person, opened: list[ScheduleId], *, accompanied: bool
) -> Question:
    """Return the question whether `person` may enter.

    `opened` is `open_schedules` of the tap's quarter-hour. `accompanied` says whether the
    host found a second person beside them who may enter too.
    """
    return {
        "principal": {"type": "Person", "id": person.id},
        "action": {"type": "Action", "id": "enter"},
        "resource": {"type": "Door", "id": situation.door.id},
        "context": {
            "open": opened,
            "certified": [
                held.id for held in person.certifications if within(situation.request.at, None, held.until)
            ],
            "proof": int(situation.request.assurance),
            "mode": situation.mode.value,
            "full": situation.is_full(),
            "escorted": Entry(situation).is_escorted(person),
            "accompanied": accompanied,
        },
    }
