"""A door that asks for authentication: what proves less is refused with the reason, and told what would do."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from emulators.cards.card import VirtualCard
from emulators.cards.uid import UidCard
from emulators.clock import run_virtually
from policies.analysis.explanation.near import NearMiss, near_misses
from policies.analysis.needs import Kind, Need
from policies.ids import BadgeId, PersonId
from policies.request import NO_VIEW, AccessRequest, Assurance
from policies.roster import Badge, BadgeKind
from readers.counters import FileCounters
from readers.credentials.schemes import Scheme
from readers.daemon import Credentials
from readers.wire.events import EventType
from readers.wire.snapshot import Snapshot
from tests.readers.credentials.site import NTAG, SUN, UID, Keys, issued_tag
from tests.readers.daemon.desk import LAB_IN, START, Desk, building, desk, signed, snapshot

WARY = building(proof=Assurance.AUTHENTICATED)
TOO_WEAK = "denied-proof-too-weak"
BY_NUMBER = Badge(BadgeId(UID.hex()), BadgeKind.UID, PersonId("ada"))
TAG = Badge(BadgeId(UID.hex()), BadgeKind.NTAG424, PersonId("ada"))


def rights(badge: Badge) -> Snapshot:
    return snapshot(built=WARY, badge=badge)


def live(folder: Path, badge: Badge, scheme: Scheme, act: Callable[[Desk], Awaitable[None]]) -> None:
    counters = FileCounters(folder / "counters")
    credentials = Credentials(scheme, Keys(), counters)

    async def scene() -> None:
        async with desk(folder, [signed(rights(badge))], built=WARY, credentials=credentials) as at:
            await act(at)

    run_virtually(scene())
    counters.close()


def reasons(at: Desk) -> list[str]:
    return [event.reason.value for event in at.events() if event.type is EventType.DECISION and event.reason]


WEAK = {
    "by its serial number": (BY_NUMBER, Scheme(), UidCard(UID), Assurance.UID),
    "by its SUN message": (TAG, Scheme(ntag424=SUN), issued_tag(), Assurance.SUN),
    "a tag by its serial number": (TAG, Scheme(), UidCard(UID), Assurance.UID),
}


@pytest.mark.parametrize(("badge", "scheme", "card", "given"), WEAK.values(), ids=list(WEAK))
def test_a_badge_that_proves_less_than_its_door_asks_for_is_refused_with_the_reason(
    tmp_path: Path, badge: Badge, scheme: Scheme, card: VirtualCard, given: Assurance
) -> None:
    async def act(at: Desk) -> None:
        assert not await at.tap(card)
        assert reasons(at) == [TOO_WEAK]
        [decided] = [event for event in at.events() if event.type is EventType.DECISION]
        assert decided.inputs is not None
        assert decided.inputs.assurance is given

    live(tmp_path, badge, scheme, act)


@pytest.mark.parametrize(("badge", "scheme", "card", "given"), WEAK.values(), ids=list(WEAK))
def test_the_near_miss_is_the_proof(
    badge: Badge, scheme: Scheme, card: VirtualCard, given: Assurance
) -> None:
    del scheme, card
    made = rights(badge)
    request = AccessRequest(START, LAB_IN, badge.id, given)
    missed = near_misses(made.policy, made.building, made.roster, request, NO_VIEW)
    assert missed == (NearMiss((Need(Kind.PROOF, "authenticated"),), (made.policy.rules[0].id,)),)


def test_the_same_tag_opens_where_the_door_can_authenticate_it(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap(issued_tag())
        assert reasons(at) == ["granted"]

    live(tmp_path, TAG, Scheme(ntag424=NTAG), act)
