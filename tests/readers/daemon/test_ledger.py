"""What is owed while the journal cannot keep it: made up for in order, and counted where even memory has no room."""

from datetime import timedelta
from pathlib import Path

from emulators.clock import run_virtually
from policies.ids import DoorId
from readers.daemon.ledger import UNRECORDED, Ledger
from readers.wire.events import Draft, EventType, parse
from tests.disk import full_disk
from tests.readers.daemon.desk import LAB, Desk, building

YARD = DoorId("yard")


def test_what_was_dropped_is_counted_at_its_door_once_the_disk_takes_events_again(tmp_path: Path) -> None:
    async def scene() -> None:
        at = Desk(tmp_path, building())
        ledger = Ledger(at.journal, at.uplink, at.rights, most_owed=3)
        began = at.clock.now()
        with full_disk():
            for number, door in enumerate([LAB, LAB, YARD, LAB, LAB, YARD]):
                ledger.note(Draft(began + timedelta(seconds=number), EventType.DOOR_FORCED, door))
        ledger.note(Draft(began + timedelta(minutes=1), EventType.DOOR_CLOSED, LAB))
        ledger.note(Draft(began + timedelta(minutes=2), EventType.DOOR_CLOSED, YARD))
        told = [parse(line) for line in at.journal.pending(100)]
        assert [(event.type, event.door, event.number, event.cause) for event in told] == [
            (EventType.DOOR_FAULT, LAB, 2, UNRECORDED),
            (EventType.DOOR_FAULT, YARD, 1, UNRECORDED),
            (EventType.DOOR_FORCED, LAB, None, None),
            (EventType.DOOR_FORCED, LAB, None, None),
            (EventType.DOOR_FORCED, YARD, None, None),
            (EventType.DOOR_CLOSED, LAB, None, None),
            (EventType.DOOR_CLOSED, YARD, None, None),
        ]
        assert told[0].at == began + timedelta(minutes=1)
        at.journal.close()

    run_virtually(scene())
