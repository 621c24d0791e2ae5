"""From a card in the field to the bolt and the journal: what one door computer does alone."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from emulators.clock import run_virtually
from emulators.faults import ContactBounce, RelayFault
from policies.roster import BadgeStatus
from readers.journal import verify
from readers.ports import Feedback
from tests.readers.daemon.desk import (
    ADA_CARD,
    LAB,
    LAB_IN,
    LAB_OUT,
    START,
    STRANGER_CARD,
    Desk,
    building,
    signed,
    snapshot,
)
from tests.readers.daemon.living import PASSED, live


def test_a_known_badge_opens_and_the_journal_tells_the_whole_passage(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap()
        assert at.said() == PASSED
        decision, _, passage, _ = at.events()[1:]
        assert (passage.decision, passage.person, passage.origin, passage.space) == (
            decision.id,
            "ada",
            "street",
            "lab",
        )
        assert (decision.rules, decision.policy_version, decision.badge) == (
            ("makers",),
            "p1",
            "04a1b2c3d4e5f6",
        )

    live(tmp_path, act)


def test_an_unknown_badge_is_refused_with_its_reason_and_the_leaf_stays_shut(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert not await at.tap(STRANGER_CARD)
        assert at.said() == [("decision", "denied-unknown-credential")]
        assert at.door.lamp is Feedback.REFUSED

    live(tmp_path, act)


def test_a_card_torn_away_half_read_is_refused_and_the_reader_reads_on(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        presented = at.antennas[LAB_IN].present(ADA_CARD)
        presented.leave()
        await at.clock.sleep(1)
        at.antennas[LAB_IN].remove()
        assert at.said() == [("decision", "denied-authentication-factor-error")]
        assert await at.tap()

    live(tmp_path, act)


def test_a_card_that_stays_in_the_field_is_one_tap(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].present(ADA_CARD)
        await at.clock.sleep(60)
        assert [said for said in at.said() if said[0] == "decision"] == [("decision", "granted")]

    live(tmp_path, act)


def test_a_permit_that_is_not_used_ends_as_no_entry(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.tap(push=False)
        assert at.said() == [("decision", "granted"), ("no-entry", None)]
        assert not at.door.push()

    live(tmp_path, act)


def test_an_exit_tap_of_a_revoked_badge_opens_and_is_flagged(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap(reader=LAB_OUT)
        decision = at.events()[1]
        assert [flag.value for flag in decision.flags] == ["refused-inwards"]
        assert decision.inwards is not None
        assert decision.inwards.value == "denied-credential-disabled"

    live(tmp_path, act, signed(snapshot(status=BadgeStatus.REVOKED)))


def test_a_dead_relay_opens_nothing_and_is_told_apart_from_an_entry(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.door.faults.relay = RelayFault.NO_ANSWER
        assert not await at.tap()
        assert at.said() == [("decision", "granted"), ("door-fault", None), ("no-entry", None)]
        assert b'"alarms":["strike"]' in at.uplink.door_states[LAB]
        at.door.faults.relay = None
        await at.clock.sleep(2)
        assert at.said()[-1] == ("alarm-cleared", None)
        assert b"alarms" not in at.uplink.door_states[LAB]

    live(tmp_path, act)


def test_a_forced_door_is_reported_and_shown_until_it_is_shut(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.door.force()
        assert b'"forced"' in at.uplink.door_states[LAB]
        await at.clock.sleep(10)
        assert at.said() == [("door-forced", None), ("door-closed", None), ("alarm-cleared", None)]
        assert b'"locked"' in at.uplink.door_states[LAB]

    live(tmp_path, act)


def test_a_reader_that_is_unplugged_serves_again_once_it_is_back(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].unplug()
        await at.clock.sleep(30)
        at.antennas[LAB_IN].plug()
        await at.clock.sleep(2)
        assert await at.tap()

    live(tmp_path, act)


def test_a_door_whose_properties_changed_is_served_by_its_new_ones_alone(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.daemon.take_snapshot(signed(snapshot(2, built=building(held_after_s=2.0))))
        at.antennas[LAB_IN].present(ADA_CARD)
        await at.clock.sleep(0.5)
        at.door.push()
        at.door.hold(8)
        await at.clock.sleep(20)
        assert at.said() == [*PASSED[:3], ("door-held", None), PASSED[3], ("alarm-cleared", None)]

    live(tmp_path, act)


def test_what_a_day_of_taps_leaves_behind_is_one_unbroken_chain(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        for _ in range(20):
            await at.tap()
        assert at.clock.now() > START

    live(tmp_path, act)
    (journal,) = (tmp_path / "journal").glob("*.journal")
    verification = verify(journal)
    assert (verification.fault, verification.records) == (None, 81)


def test_a_bolt_that_did_not_answer_is_locked_as_soon_as_it_does(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].present(ADA_CARD)
        await at.clock.sleep(0.5)
        at.door.faults.relay = RelayFault.NO_ANSWER
        await at.clock.sleep(60)
        assert at.door.is_released
        at.door.faults.relay = None
        await at.clock.sleep(2)
        assert not at.door.is_released

    live(tmp_path, act)


@pytest.mark.parametrize("seed", range(5))
def test_a_contact_that_chatters_raises_no_alarm(tmp_path: Path, seed: int) -> None:
    async def act(at: Desk) -> None:
        at.door.faults.bounce = ContactBounce(seed)
        assert await at.tap()
        assert at.said() == PASSED

    live(tmp_path, act)


def test_a_decision_that_waits_for_more_opens_nothing(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said() == [("decision", "verification-required")]
        assert at.door.lamp is Feedback.ENTER_PIN

    live(tmp_path, act, signed(snapshot(built=building(pin=True))))


def test_the_door_stays_released_longer_for_whom_that_is_due(tmp_path: Path) -> None:
    made = snapshot()
    people = {
        name: msgspec.structs.replace(person, extended_opening=True)
        for name, person in made.roster.people.items()
    }
    made = msgspec.structs.replace(made, roster=msgspec.structs.replace(made.roster, people=people))

    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].present(ADA_CARD)
        await at.clock.sleep(made.building.doors[LAB].strike_time_s + 2)
        assert at.door.push()

    live(tmp_path, act, signed(made))


def test_a_computer_that_starts_locks_what_it_finds_released_and_leaves_nothing_released(
    tmp_path: Path,
) -> None:
    async def first(at: Desk) -> None:
        at.antennas[LAB_IN].present(ADA_CARD)
        await at.clock.sleep(0.5)
        assert at.door.is_released
        at.daemon.take_snapshot(signed(snapshot(2, built=building(held_after_s=2.0))))
        assert not at.door.is_released

    async def second() -> None:
        at = Desk(tmp_path, building())
        at.door.unlock()
        task = asyncio.create_task(at.daemon.run())
        await at.clock.sleep(1)
        assert not at.door.is_released
        at.antennas[LAB_IN].present(ADA_CARD)
        await at.clock.sleep(0.5)
        assert at.door.is_released
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not at.door.is_released
        at.journal.close()

    live(tmp_path, first)
    run_virtually(second())
