"""Late passages: the fold goes back no further than it must, and its answer stays that of the whole fold."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from policies.building import Building, Door, Label, Space, SpaceKind
from policies.ids import DoorId, PersonId, SiteId, SourceId, SpaceId
from policies.presence import Entry, Passage, Presence, fold

NINE = datetime(2026, 9, 15, 7, 0, tzinfo=UTC)
WAYS = [
    ("main", "outside", "hall"),
    ("main", "hall", "outside"),
    ("lab", "hall", "lab"),
    ("lab", "lab", "hall"),
]


@pytest.fixture
def building() -> Building:
    label = Label("", "")
    rooms = [Space(SpaceId(name), label) for name in ("hall", "lab")]
    doors = [
        Door(DoorId("main"), label, SpaceId("outside"), SpaceId("hall")),
        Door(DoorId("lab"), label, SpaceId("hall"), SpaceId("lab")),
    ]
    outside = Space(SpaceId("outside"), label, SpaceKind.OUTSIDE)
    return Building.of(SiteId("small"), [outside, *rooms], doors, [])


def passages(random: Random, number: int) -> list[Passage]:
    made = []
    for seq in range(number):
        door, origin, target = random.choice(WAYS)
        person = random.choice([None, *(PersonId(f"p{n}") for n in range(20))])
        at = NINE + timedelta(seconds=seq // 3)
        source = SourceId(f"edge-{seq % 3}")
        made.append(Passage(at, source, 1, seq, DoorId(door), SpaceId(origin), SpaceId(target), person))
    return made


@pytest.mark.parametrize("seed", [7])
@pytest.mark.parametrize("delay", [2, 300, 5000])
def test_a_late_passage_anywhere_in_a_long_day_gives_the_answer_of_the_whole_fold(building, delay, seed):
    random = Random(seed)
    day = passages(random, 6000)
    arriving = sorted(day, key=lambda passage: passage.seq + random.random() * delay)
    presence = Presence(building)
    for start in range(0, len(arriving), 97):
        presence.add(arriving[start : start + 97])
    whole = fold(building, day)
    assert (presence.inside, presence.counts()) == (whole.inside, whole.counts())


class _Counted(Presence):
    applied = 0

    def _step(self, entry: Entry) -> None:
        self.applied += 1
        super()._step(entry)


def test_a_passage_that_comes_a_little_late_does_not_fold_the_day_again(building):
    day = passages(Random(7), 6000)
    presence = _Counted(building)
    presence.add(day[:5990] + day[5991:])
    before = presence.applied
    presence.add([day[5990]])
    assert 10 <= presence.applied - before < 300
