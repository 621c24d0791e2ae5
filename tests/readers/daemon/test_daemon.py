"""From a card in the field to the bolt and the journal: what one door computer does alone."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emulators.clock import run_virtually
from emulators.faults import ContactBounce, RelayFault
from policies.ids import ScheduleId, SourceId
from policies.roster import BadgeStatus
from policies.schedule import Calendar, Schedule, Weekday, Window
from readers.journal import verify
from readers.ports import Feedback
from readers.wire.events import parse
from tests.disk import full_disk
from tests.readers.daemon.desk import (
    ADA_CARD,
    LAB,
    LAB_IN,
    LAB_OUT,
    START,
    STRANGER_CARD,
    Desk,
    building,
    desk,
    signed,
    snapshot,
)

PASSED = [
    ("decision", "granted"),
    ("door-opened", None),
    ("passage", None),
    ("door-closed", None),
]


def live(directory: Path, act: Callable[[Desk], Awaitable[None]], *payloads: bytes) -> None:
    """Run a door computer and do `act` at it, in virtual time."""

    async def scene() -> None:
        async with desk(directory, payloads or (signed(snapshot()),)) as running:
            await act(running)

    run_virtually(scene())


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


def test_a_newer_snapshot_takes_effect_at_the_next_tap_and_an_older_one_never(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap()
        assert at.daemon.take_snapshot(signed(snapshot(3, status=BadgeStatus.STOLEN)))
        assert not at.daemon.take_snapshot(signed(snapshot(2)))
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-authentication-factor-stolen")

    live(tmp_path, act)


@pytest.mark.parametrize(
    "payload",
    [
        signed(snapshot(9), Ed25519PrivateKey.from_private_bytes(bytes(32))),
        signed(snapshot(9, scope=SourceId("edge-2"))),
        signed(snapshot(9))[:-1],
        signed(snapshot(9)).replace(b'"p1"', b'"p2"'),
        b"",
        b"TOTEM-S1",
    ],
    ids=["another key", "another computer", "cut short", "altered", "empty", "no body"],
)
def test_a_snapshot_that_is_not_the_sites_for_this_computer_changes_nothing(
    tmp_path: Path, payload: bytes
) -> None:
    async def act(at: Desk) -> None:
        assert not at.daemon.take_snapshot(payload)
        assert at.rights.snapshot is not None
        assert at.rights.snapshot.version == 1
        assert await at.tap()

    live(tmp_path, act)


def test_without_any_snapshot_every_entry_is_refused_as_stale_and_the_handle_still_opens(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said() == [("decision", "denied-stale-rights")]
        at.door.leave()
        assert at.door.is_open

    live(tmp_path, act, b"")


def test_a_snapshot_past_its_age_limit_refuses_those_without_a_degraded_tier(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.clock.sleep(timedelta(hours=71, minutes=59).total_seconds())
        assert await at.tap()
        await at.clock.sleep(60)
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-stale-rights")
        assert await at.tap(reader=LAB_OUT)

    live(tmp_path, act)


def test_a_restarted_computer_decides_from_the_snapshot_it_kept(tmp_path: Path) -> None:
    async def first(at: Desk) -> None:
        assert await at.tap()

    async def second(at: Desk) -> None:
        assert await at.tap()

    live(tmp_path, first)
    live(tmp_path, second, b"")


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


def test_a_policy_that_cannot_be_evaluated_refuses_and_says_so(tmp_path: Path) -> None:
    made = snapshot()
    hours = Schedule(ScheduleId("hours"), (Window(tuple(Weekday), 0, 1440),))
    rule = msgspec.structs.replace(made.policy.rules[0], schedule=hours.id)
    timeless = Calendar("Europe/Paris", (), (), ())
    policy = msgspec.structs.replace(
        made.policy, rules=(rule,), schedules={hours.id: hours}, calendar=timeless
    )
    broken = msgspec.structs.replace(made, policy=policy)

    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said() == [("decision", "denied-other")]

    live(tmp_path, act, signed(broken))


def test_rights_issued_in_the_future_of_this_clock_are_as_good_as_none(tmp_path: Path) -> None:
    """A clock that lost its battery is behind the server's word: no hour and no expiry can be judged by it."""

    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-stale-rights")
        assert await at.tap(reader=LAB_OUT)

    live(tmp_path, act, signed(snapshot(issued_at=START + timedelta(days=365))))


def test_clocks_may_differ_a_little(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap()

    live(tmp_path, act, signed(snapshot(issued_at=START + timedelta(minutes=10))))


def test_a_badge_of_nobody_leaves_on_rights_however_old(tmp_path: Path) -> None:
    made = snapshot(issued_at=START - timedelta(days=30))
    badges = {name: msgspec.structs.replace(badge, person=None) for name, badge in made.roster.badges.items()}
    made = msgspec.structs.replace(made, roster=msgspec.structs.replace(made.roster, badges=badges))

    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert await at.tap(reader=LAB_OUT)

    live(tmp_path, act, signed(made))


def test_a_snapshot_whose_parts_do_not_fit_is_refused_and_not_kept(tmp_path: Path) -> None:
    made = snapshot(2)
    readerless = msgspec.structs.replace(made.building, doors={})
    broken = msgspec.structs.replace(made, building=readerless)

    async def first(at: Desk) -> None:
        assert not at.daemon.take_snapshot(signed(broken))
        assert await at.tap()

    async def second(at: Desk) -> None:
        assert await at.tap()

    live(tmp_path, first)
    live(tmp_path, second, b"")


def test_a_snapshot_that_cannot_be_kept_still_takes_effect(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        with full_disk():
            assert at.daemon.take_snapshot(signed(snapshot(2, status=BadgeStatus.STOLEN)))
        assert not await at.tap()

    live(tmp_path, act)


def test_a_kept_snapshot_that_cannot_be_read_leaves_the_computer_running(tmp_path: Path) -> None:
    (tmp_path / "snapshot").mkdir()

    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said() == [("decision", "denied-stale-rights")]

    live(tmp_path, act, b"")


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
