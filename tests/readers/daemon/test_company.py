"""A tap that is asked for somebody else: a second person, or the host of a visitor."""

from pathlib import Path

import msgspec

from policies.ids import BadgeId, PersonId, RuleId, SpaceId
from policies.policy import Rule, RuleEffect
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from readers.wire.snapshot import Snapshot
from tests.readers.daemon.asking import (
    ADA,
    BOB_CARD,
    CYD_CARD,
    EVE2_CARD,
    EVE_CARD,
    LAB_BACK,
    SERIALS,
    live,
    made,
    reasons,
    show,
    with_a_back_entry,
)
from tests.readers.daemon.desk import ADA_CARD, LAB_OUT, Desk
from tests.readers.daemon.mantrap import Mantrap, trapped


def test_two_persons_within_the_time_open_and_both_pass(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        assert not at.door.push()
        await at.clock.sleep(5)
        await show(at, BOB_CARD)
        assert at.door.push()
        assert reasons(at) == ["authorization-delayed", "granted", "granted"]
        passed = [event.person for event in at.events() if event.type.value == "passage"]
        assert sorted(filter(None, passed)) == ["ada", "bob"]

    live(tmp_path, act, made(two_person=True))


def test_one_person_twice_or_a_second_one_too_late_open_nothing(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        await show(at, ADA_CARD)
        assert not at.door.push()
        await at.clock.sleep(11)
        await show(at, BOB_CARD)
        assert not at.door.push()
        assert reasons(at)[-2:] == ["denied-verification-timeout", "authorization-delayed"]

    live(tmp_path, act, made(two_person=True))


def test_two_persons_at_two_readers_of_one_door_open_it_together(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD, LAB_BACK)
        assert not at.door.push()
        await show(at, BOB_CARD)
        assert at.door.push()
        assert reasons(at) == ["authorization-delayed", "granted", "granted"]

    live(tmp_path, act, with_a_back_entry(made(two_person=True)))


def test_whoever_leaves_is_the_second_person_of_nobody(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        await show(at, BOB_CARD, LAB_OUT)
        await at.clock.sleep(11)
        assert reasons(at) == ["authorization-delayed", "granted", "denied-verification-timeout"]

    live(tmp_path, act, made(two_person=True))


def test_two_persons_at_two_doors_are_each_alone_whatever_lies_behind(tmp_path: Path) -> None:
    async def act(trap: Mantrap) -> None:
        await trap.tap("outer", ADA_CARD)
        await trap.tap("inner", BOB_CARD)
        await trap.clock.sleep(11)
        said = [event.reason.value for event in trap.events() if event.reason]
        assert said == ["authorization-delayed"] * 2 + ["denied-verification-timeout"] * 2

    trapped(tmp_path, act, two_person=True)


def test_whoever_went_in_with_a_second_person_is_not_the_second_person_of_a_third(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        await show(at, BOB_CARD)
        assert at.door.push()
        await at.clock.sleep(5)
        await show(at, ADA_CARD)
        assert not at.door.push()

    live(tmp_path, act, made(two_person=True))


def hosted(*, accompanied: bool = False) -> Snapshot:
    """Return rights of makers, and of visitors of Ada who enter beside her alone."""
    rights = made()
    maker = msgspec.structs.replace(rights.policy.rules[0], accompanied=accompanied)
    visitors = Rule(
        RuleId("visitors"),
        RuleEffect.PERMIT,
        (ResidentType.VISITOR,),
        spaces=(SpaceId("site"),),
        escorted=True,
    )
    people = [Person(PersonId(f"eve{card}"), ResidentType.VISITOR, host=ADA) for card in "12"]
    people.append(Person(PersonId("cyd"), ResidentType.MAKER))
    badges = [
        Badge(BadgeId(serial), BadgeKind.UID, who.id) for serial, who in zip(SERIALS, people, strict=True)
    ]
    roster = Roster.of([*rights.roster.people.values(), *people], [*rights.roster.badges.values(), *badges])
    policy = msgspec.structs.replace(rights.policy, rules=(maker, visitors))
    return msgspec.structs.replace(rights, roster=roster, policy=policy)


def test_a_host_brings_in_two_visitors_also_with_a_colleague_between_them(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        for card in (ADA_CARD, EVE_CARD, BOB_CARD, EVE2_CARD):
            await show(at, card)
        assert reasons(at) == ["granted"] * 4
        await at.clock.sleep(10)
        await show(at, EVE_CARD)
        assert reasons(at)[-1] == "denied-no-accompaniment"

    live(tmp_path, act, hosted())


def test_where_the_permit_asks_for_two_a_couple_is_the_second_person_of_nobody(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        for card in (ADA_CARD, BOB_CARD, CYD_CARD):
            await show(at, card)
        assert reasons(at) == ["authorization-delayed", "granted", "granted", "authorization-delayed"]

    live(tmp_path, act, hosted(accompanied=True))
