"""Days of everything that people, cards and cables do to a door computer: it opens for badges alone, and goes on.

In virtual time, with the air time of every frame, so that cards leave in the middle of them; from a seed.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.cards.card import VirtualCard
from emulators.cards.desfire import Generation
from emulators.cards.hostile import Babbling, Downgraded, Replaying, Truncated
from emulators.cards.uid import RandomUidCard, UidCard
from emulators.clock import run_virtually
from policies.ids import BadgeId, PersonId
from policies.request import Assurance
from policies.roster import Badge, BadgeKind
from readers.credentials.keys import KeyRef
from readers.daemon import Credentials
from readers.errors import KeyStoreFault
from readers.wire.events import Event, EventType, parse
from tests.handles import open_handles
from tests.readers.credentials.site import (
    BADGE,
    SCHEME,
    UID,
    Keys,
    card_with_other_keys,
    issued_card,
    issued_tag,
)
from tests.readers.daemon.desk import LAB_IN, LAB_OUT, Desk, desk, signed, snapshot
from tests.soak import soaked

pytestmark = pytest.mark.soak

TAPS = soaked(400, 20_000)
ADAS = Badge(BadgeId(BADGE.hex()), BadgeKind.DESFIRE, PersonId("ada"))
LEAST_VISIT_S = 0.03  # in the air alone: five commands of a DESFire at 106 kbit/s take longer


class MoodyKeys(Keys):
    """The site's keys in a home that is away now and then."""

    is_away = False

    def derive(self, key: KeyRef, identity: bytes) -> bytes | None:
        if self.is_away:
            raise KeyStoreFault("the token is unplugged")
        return super().derive(key, identity)


def copied() -> Replaying:
    copy = Replaying(issued_card())
    copy.is_copy = True
    return copy


HOSTILE: tuple[Callable[[], VirtualCard], ...] = (
    card_with_other_keys,
    copied,
    lambda: UidCard(UID),
    lambda: UidCard(UID[:4]),
    lambda: UidCard(BADGE + b"\x00\x00"),
    lambda: RandomUidCard(random.Random(1)),
    lambda: Babbling(issued_card()),
    lambda: Truncated(issued_card(), 8),
    lambda: Downgraded(issued_card()),
    lambda: issued_card(Generation.EV1),
    lambda: issued_card(badge=bytes(8)),
    issued_tag,
)


class Day:
    """What happens at one door computer, and what it made of it."""

    def __init__(self, at: Desk, keys: MoodyKeys) -> None:
        self._at, self._keys, self._random = at, keys, random.Random(4)
        self.decided: list[Event] = []
        self.happened: Counter[str] = Counter()
        self.may_open = False

    async def live(self, taps: int) -> None:
        for _ in range(taps):
            reader = self._random.choice((LAB_IN, LAB_OUT))
            antenna = self._at.antennas[reader]
            act = self._random.choice((self._honest, self._hostile, self._torn, self._stack, self._outage))
            self.happened[act.__name__] += 1
            self.may_open = act in (self._honest, self._torn)
            before = len(self.decided)
            await act(antenna)
            antenna.remove()
            await self._at.clock.sleep(self._random.uniform(1, 60))
            self._collect()
            granted = [
                event for event in self.decided[before:] if event.reason and event.reason.value == "granted"
            ]
            assert not granted or self.may_open, act.__name__

    async def _honest(self, antenna) -> None:
        antenna.present(issued_card())
        await self._at.clock.sleep(0.5)

    async def _hostile(self, antenna) -> None:
        antenna.present(self._random.choice(HOSTILE)())
        await self._at.clock.sleep(self._random.uniform(0, 3))

    async def _torn(self, antenna) -> None:
        antenna.present(issued_card())
        await self._at.clock.sleep(self._random.uniform(0, LEAST_VISIT_S))

    async def _stack(self, antenna) -> None:
        antenna.present(UidCard(UID))
        antenna.present(card_with_other_keys())
        await self._at.clock.sleep(0.5)

    async def _outage(self, antenna) -> None:
        self._keys.is_away = self._random.random() < 0.5
        self.may_open = False
        if not self._keys.is_away:
            antenna.unplug()
        antenna.present(copied())
        await self._at.clock.sleep(self._random.uniform(0, 5))
        antenna.remove()
        self._keys.is_away = False
        antenna.plug()

    def _collect(self) -> None:
        lines = self._at.journal.pending(1000)
        events = [parse(line) for line in lines]
        self.decided += [event for event in events if event.type is EventType.DECISION]
        if events:
            _, epoch, seq = events[-1].id.rsplit(":", 2)
            self._at.journal.acknowledge(int(epoch), int(seq))


def test_a_door_computer_outlives_a_day_of_everything_and_opens_for_badges_alone(tmp_path: Path) -> None:
    keys = MoodyKeys()

    async def act() -> tuple[Day, set[int]]:
        async with desk(tmp_path, credentials=Credentials(SCHEME, keys)) as at:
            for antenna in at.antennas.values():
                antenna.rf_timing = True
            day, tasks = Day(at, keys), set[int]()
            handles = open_handles()
            for version in range(1, 11):
                rights = snapshot(version, issued_at=at.clock.now(), badge=ADAS)
                assert at.daemon.take_snapshot(signed(rights))
                await day.live(TAPS // 10)
                tasks.add(len(asyncio.all_tasks()))
            assert open_handles() == handles
            assert await at.tap(issued_card()), "it still reads"
            assert await at.tap(issued_card(), LAB_OUT)
            return day, tasks

    day, tasks = run_virtually(act())
    print(dict(day.happened), Counter(event.reason.value for event in day.decided if event.reason))
    assert len(tasks) == 1, "no task is left behind"
    granted = [event for event in day.decided if event.reason and event.reason.value == "granted"]
    assert len(granted) >= day.happened["_honest"]
    assert all(event.badge == ADAS.id for event in granted)
    assert all(event.inputs and event.inputs.assurance is Assurance.AUTHENTICATED for event in granted)
