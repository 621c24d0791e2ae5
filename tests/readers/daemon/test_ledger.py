"""What is owed while the journal cannot keep it: made up for in order, and counted where even memory has no room."""

import os
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from emulators.clock import run_virtually
from policies.ids import DoorId
from readers.daemon.ledger import UNRECORDED, Ledger
from readers.journal import FileJournal
from readers.wire.events import Draft, EventType, parse
from tests.disk import full_disk
from tests.readers.daemon.desk import ADA_CARD, LAB, LAB_OUT, SCOPE, Desk, building, desk, signed, snapshot

YARD = DoorId("yard")


def drained(journal: FileJournal) -> list[int | None]:
    """Return the numbers of all events that the server does not have, and let it have them."""
    told: list[int | None] = []
    while lines := journal.pending(1000):
        told += [parse(line).number for line in lines]
        journal.acknowledge(journal.position[0], len(told))
    return told


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


def test_a_thousand_owed_events_are_made_up_for_in_order_by_a_few_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        at = Desk(tmp_path, building())
        journal = FileJournal(tmp_path / "synced", SCOPE, at.clock.now)
        ledger = Ledger(journal, at.uplink, at.rights)
        began = at.clock.now()
        with full_disk():
            for number in range(1100):
                ledger.note(Draft(began, EventType.DOOR_FORCED, LAB, number=number))
        writes: list[int] = []
        write = os.write

        def counted(fd: int, data: bytes) -> int:
            writes.append(fd)
            return write(fd, data)

        monkeypatch.setattr(os, "write", counted)
        ledger.keep(Draft(began, EventType.DOOR_CLOSED, LAB, number=1100))
        assert len(writes) == 4, (
            "the first, a thousand, the rest, the new one: with one each a door waits for long"
        )
        assert drained(journal) == list(range(1101))
        journal.close()
        at.journal.close()

    run_virtually(scene())


def test_a_disk_that_is_full_again_midway_loses_and_doubles_none_of_what_is_owed(tmp_path: Path) -> None:
    async def scene() -> None:
        at = Desk(tmp_path, building())
        ledger = Ledger(at.journal, at.uplink, at.rights)
        drafts = [Draft(at.clock.now(), EventType.DOOR_FORCED, LAB, number=number) for number in range(1500)]
        with full_disk():
            for draft in drafts:
                ledger.note(draft)
        with full_disk(room_bytes=300_000):
            ledger.note(msgspec.structs.replace(drafts[0], number=1500))
        assert 0 < at.journal.position[1] < 1500
        ledger.note(msgspec.structs.replace(drafts[0], number=1501))
        assert drained(at.journal) == list(range(1502))
        at.journal.close()

    run_virtually(scene())


def test_whoever_leaves_pays_for_a_full_disk_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with desk(tmp_path, [signed(snapshot())]) as at:
            with full_disk():
                at.antennas[LAB_OUT].present(ADA_CARD)
                await at.clock.sleep(0.5)
                assert at.door.push()
            faults = [each for each in caplog.records if each.msg == "journal-fault"]
            assert [getattr(each, "event", None) for each in faults[:2]] == ["decision", "door-opened"]

    run_virtually(scene())
