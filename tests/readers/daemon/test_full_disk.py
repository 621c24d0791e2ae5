"""A disk that is full: nobody enters without a record, nobody is kept in, and what happened is made up for."""

import asyncio
from pathlib import Path

from emulators.clock import run_virtually
from readers.ports import Feedback
from readers.wire.events import parse
from tests.disk import full_disk
from tests.readers.daemon.desk import ADA_CARD, LAB_IN, LAB_OUT, STRANGER_CARD, Desk, building
from tests.readers.daemon.living import PASSED, live


def test_when_the_journal_cannot_keep_the_decision_nothing_opens(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        with full_disk():
            assert not await at.tap()
        assert at.door.lamp is Feedback.REFUSED
        assert at.said() == []
        assert await at.tap()
        assert at.said() == PASSED

    live(tmp_path, act)


def test_whoever_leaves_by_badge_is_kept_in_by_no_full_disk_and_the_record_is_made_up_for(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        with full_disk():
            assert await at.tap(reader=LAB_OUT)
            assert at.door.lamp is Feedback.GRANTED
        assert at.said() == []
        assert await at.tap(STRANGER_CARD) is False
        assert at.said() == [*PASSED, ("decision", "denied-unknown-credential")]

    live(tmp_path, act)


def test_what_happened_at_a_door_while_the_disk_was_full_is_kept_once_there_is_room(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].present(ADA_CARD)
        await at.clock.sleep(0.5)
        at.antennas[LAB_IN].remove()
        with full_disk():
            assert at.door.push()
            await at.clock.sleep(10)
        await at.tap(STRANGER_CARD)
        assert at.said() == [*PASSED, ("decision", "denied-unknown-credential")]

    live(tmp_path, act)


def test_a_full_disk_at_the_start_leaves_the_way_out_open(tmp_path: Path) -> None:
    async def first(at: Desk) -> None:
        assert await at.tap()

    async def scene() -> None:
        at = Desk(tmp_path, building())
        with full_disk():
            task = asyncio.create_task(at.daemon.run())
            await at.clock.sleep(1)
            at.door.leave()
            await at.clock.sleep(10)
        assert await at.tap(STRANGER_CARD) is False
        newest = max((tmp_path / "journal").glob("*.journal"))
        assert [parse(line).type.value for line in newest.read_bytes().splitlines()] == [
            "source-started",
            "door-opened",
            "passage",
            "door-closed",
            "decision",
        ]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        at.journal.close()

    live(tmp_path, first)
    run_virtually(scene())
