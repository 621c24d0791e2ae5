"""Readers that are lost and come back: told to the server, journaled once, and never in the way of a tap."""

from pathlib import Path

from emulators.cards.uid import UidCard
from readers.daemon.roll import STAYS_S
from readers.ports import Feedback
from readers.wire.signals import Line
from tests.readers.daemon.desk import LAB_IN, LAB_OUT, Desk
from tests.readers.daemon.living import live


def test_the_status_tells_which_readers_are_there(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert {reader: told.state for reader, told in at.daemon.status().readers.items()} == {
            LAB_IN: Line.ONLINE,
            LAB_OUT: Line.ONLINE,
        }
        told = at.uplink.told
        await at.clock.sleep(60)
        at.antennas[LAB_IN].unplug()
        lost = at.daemon.status().readers[LAB_IN]
        assert (lost.state, lost.fault) == (Line.OFFLINE, "the antenna is unplugged")
        assert lost.since == at.clock.now()
        at.antennas[LAB_IN].plug()
        assert at.daemon.status().readers[LAB_IN].fault is None
        assert at.uplink.told == told + 2

    live(tmp_path, act)


def test_an_outage_is_journaled_with_its_reader_and_its_end(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].unplug()
        await at.clock.sleep(60)
        at.antennas[LAB_IN].plug()
        await at.clock.sleep(STAYS_S)
        lost, back = at.events()[1:]
        assert (lost.type.value, lost.reader, lost.door) == ("reader-offline", LAB_IN, "lab")
        assert (back.type.value, back.reader, back.door) == ("reader-online", LAB_IN, "lab")
        assert (back.at - lost.at).total_seconds() == 60 + STAYS_S
        assert await at.tap()

    live(tmp_path, act)


def test_a_reader_on_a_bad_plug_is_one_outage_and_reads_whenever_it_is_there(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        for _ in range(50):
            at.antennas[LAB_IN].unplug()
            await at.clock.sleep(1)
            at.antennas[LAB_IN].plug()
            await at.clock.sleep(STAYS_S / 2)
        assert await at.tap()
        assert [kind for kind, _ in at.said()].count("reader-offline") == 1
        assert [kind for kind, _ in at.said()].count("reader-online") == 1

    live(tmp_path, act)


def test_two_cards_at_once_are_refused_with_a_reason_and_a_lamp(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].present(UidCard(bytes.fromhex("04a1b2c3d4e5f6")))
        at.antennas[LAB_IN].present(UidCard(bytes.fromhex("04000000000001")))
        await at.clock.sleep(1)
        assert at.said() == [("decision", "denied-authentication-factor-error")]
        assert at.door.lamp is Feedback.REFUSED
        at.antennas[LAB_IN].remove()
        assert await at.tap()

    live(tmp_path, act)
