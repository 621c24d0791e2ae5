"""Anti-passback of a door computer that nobody answers: by what its own doors saw, and never for long."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from emulators.clock import run_virtually
from policies.building import Passback
from policies.ids import PersonId, TierId
from policies.policy import Tier
from policies.request import DoorMode
from policies.roster import Person, ResidentType, Roster
from readers.daemon.whereabouts import FORGIVEN_AFTER
from readers.wire.commands import Command, Verb, sign
from readers.wire.events import EventType
from readers.wire.orders import Order, Orders
from readers.wire.reservations import Reserve, Verdict
from readers.wire.snapshot import Snapshot
from tests.readers.daemon.desk import ADA_CARD, LAB, LAB_OUT, SITE_KEY, Desk, building, desk, signed, snapshot

ADA = PersonId("ada")


class Silent:
    """An authorizer that does not answer in time."""

    def __init__(self) -> None:
        self.asked: list[Reserve] = []
        self.epoch = 0

    async def reserve(self, asked: Reserve) -> Verdict | None:
        self.asked.append(asked)
        await asyncio.sleep(0)
        return None

    def expect(self, epoch: int) -> None:
        self.epoch = epoch


def rights(kind: Passback, *, alone: bool = True, tier: Tier | None = None) -> Snapshot:
    made = snapshot(
        built=building(
            passback=kind, passback_alone=alone, passback_s=600, exit_button=False, release_input=True
        )
    )
    if tier is None:
        return made
    ada = Person(ADA, ResidentType.MAKER, tiers=(tier.id,))
    roster = Roster.of([ada], made.roster.badges.values())
    policy = msgspec.structs.replace(made.policy, tiers={tier.id: tier})
    return msgspec.structs.replace(made, roster=roster, policy=policy)


def live(directory: Path, made: Snapshot, act: Callable[[Desk], Awaitable[None]]) -> None:
    async def scene() -> None:
        async with desk(directory, [signed(made)], made.building) as at:
            await act(at)

    run_virtually(scene())


def told(at: Desk) -> list[str | None]:
    return [event.reason.value for event in at.events() if event.type is EventType.DECISION and event.reason]


@pytest.mark.parametrize("kind", [Passback.HARD, Passback.TIMED])
def test_a_second_entry_is_refused_until_somebody_has_gone_out(tmp_path: Path, kind: Passback) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap(), "the first is as ever"
        assert not await at.tap(), "and marked: nobody else was asked"
        assert await at.tap(reader=LAB_OUT), "leaving is never refused"
        assert await at.tap()
        assert told(at) == ["granted", "denied-passback", "granted", "granted"]
        flags = [[flag.value for flag in event.flags] for event in at.events() if event.effect]
        assert flags[0] == ["degraded"]

    live(tmp_path, rights(kind), act)


def test_a_tap_that_went_through_no_door_is_no_entry(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.tap(push=False)
        assert await at.tap()

    live(tmp_path, rights(Passback.HARD), act)


def test_a_timed_one_ends_by_itself_and_a_hard_one_over_night(tmp_path: Path) -> None:
    async def timed(at: Desk) -> None:
        await at.tap()
        await at.clock.sleep(600)
        assert await at.tap()

    async def hard(at: Desk) -> None:
        await at.tap()
        await at.clock.sleep(600)
        assert not await at.tap()
        await at.clock.sleep(FORGIVEN_AFTER / timedelta(seconds=1))
        assert await at.tap()

    live(tmp_path / "timed", rights(Passback.TIMED), timed)
    live(tmp_path / "hard", rights(Passback.HARD), hard)


def test_everybody_is_forgiven_by_a_release_and_by_a_free_period(tmp_path: Path) -> None:
    async def fire(at: Desk) -> None:
        await at.tap()
        at.door.release()
        await at.clock.sleep(1)
        at.door.rearm()
        command = Command(
            "c1", LAB, Verb.REARM, "wally", "over", at.clock.now(), at.clock.now() + timedelta(seconds=5)
        )
        assert at.daemon.take_command(sign(command, SITE_KEY)) is None
        await at.clock.sleep(20)
        assert await at.tap()

    async def free(at: Desk) -> None:
        await at.tap()
        now = at.clock.now()
        order = Order("c1", now, DoorMode.FREE, now + timedelta(minutes=5))
        command = Command(
            "c1",
            LAB,
            Verb.ORDERS,
            "wally",
            "open day",
            now,
            now + timedelta(hours=1),
            Orders(1, operator=order),
        )
        assert at.daemon.take_command(sign(command, SITE_KEY)) is None
        await at.clock.sleep(10)
        await at.tap()
        await at.clock.sleep(400)
        assert await at.tap(), "whoever went in while it was free may have left unseen"
        assert not await at.tap()

    live(tmp_path / "fire", rights(Passback.HARD), fire)
    live(tmp_path / "free", rights(Passback.HARD), free)


def test_a_restart_forgives_everybody(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap()

    for _ in range(2):
        live(tmp_path, rights(Passback.HARD), act)


def test_an_exempt_person_and_a_responder_enter_as_often_as_they_like(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap()
        assert await at.tap()

    exempt = Tier(TierId("guards"), passback_exempt=True)
    live(tmp_path / "exempt", rights(Passback.HARD, tier=exempt), act)
    live(tmp_path / "responder", rights(Passback.HARD, tier=Tier(TierId("fire"), responder=True)), act)


def test_a_door_that_does_not_declare_it_lets_pass_and_marks_the_event(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap()
        assert await at.tap()
        assert told(at) == ["granted", "granted"]

    live(tmp_path, rights(Passback.HARD, alone=False), act)


def test_the_site_is_asked_first_and_its_silence_leaves_it_to_the_door(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        silent = Silent()
        at.daemon.consult(silent)
        assert await at.tap(ADA_CARD)
        assert not await at.tap(ADA_CARD)
        assert len(silent.asked) == 2

    live(tmp_path, rights(Passback.HARD), act)
