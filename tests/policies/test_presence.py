"""The presence fold: the order of arrival never matters, and counts are honest about people nobody named."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.building import Building, Door, Space, SpaceKind
from policies.ids import DoorId, PersonId, SiteId, SourceId, SpaceId
from policies.presence import Cause, Passage, Presence, fold
from tests.policies import strategies as some

OUTSIDE, HALL, LAB = SpaceId("outside"), SpaceId("hall"), SpaceId("lab")
LEVEL, SITE = SpaceId("north"), SpaceId("site")
ADA, BOB = some.PEOPLE[:2]

HOUSE = Building.of(
    SiteId("house"),
    [
        Space(OUTSIDE, some.NAME, SpaceKind.OUTSIDE),
        Space(SITE, some.NAME, SpaceKind.SITE),
        Space(LEVEL, some.NAME, SpaceKind.LEVEL, SITE),
        Space(HALL, some.NAME, parent=LEVEL),
        Space(LAB, some.NAME, parent=LEVEL),
    ],
    [Door(DoorId("front"), some.NAME, OUTSIDE, HALL), Door(DoorId("lab"), some.NAME, HALL, LAB)],
    [],
)
FRONT, LAB_DOOR = DoorId("front"), DoorId("lab")


class Day:
    """A log of passages, a minute apart, from one source."""

    def __init__(self) -> None:
        self.log: list[Passage] = []

    def went(self, person: PersonId | None, origin: SpaceId, target: SpaceId) -> "Day":
        door = FRONT if OUTSIDE in (origin, target) else LAB_DOOR
        at = some.EPOCH + timedelta(minutes=len(self.log))
        self.log.append(Passage(at, SourceId("edge"), 1, len(self.log), door, origin, target, person))
        return self

    def counts(self) -> dict[SpaceId, int]:
        return {space: number for space, number in fold(HOUSE, self.log).counts().items() if number}


few = settings(max_examples=40)
WORLD = some.buildings().flatmap(lambda building: st.tuples(st.just(building), some.passages(building)))


def answer(presence):
    return presence.inside, presence.counts()


@few
@given(WORLD, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_answer(world, random):
    building, log = world
    shuffled = list(log)
    random.shuffle(shuffled)
    presence = Presence(building)
    for passage in shuffled:
        presence.add([passage])
    assert answer(presence) == answer(fold(building, log))


@few
@given(WORLD)
def test_passages_that_arrive_twice_count_once(world):
    building, log = world
    presence = fold(building, log)
    before = answer(presence)
    presence.add(log)
    presence.add(reversed(log))
    assert answer(presence) == before
    assert answer(fold(building, [*log, *log])) == before


@few
@given(WORLD, st.data())
def test_a_batch_that_arrives_late_finds_its_place(world, data):
    building, log = world
    late = data.draw(st.lists(st.sampled_from(log), unique=True) if log else st.just([]))
    presence = fold(building, [passage for passage in log if passage not in late])
    presence.add(late)
    assert answer(presence) == answer(fold(building, log))


@few
@given(WORLD)
def test_counts_are_never_negative_and_roll_up_the_tree(world):
    building, log = world
    counts = fold(building, log).counts()
    assert set(counts) == set(building.spaces)
    assert min(counts.values()) >= 0
    assert counts[OUTSIDE] == 0
    for space in building.spaces:
        below = building.children(space)
        if below:
            assert counts[space] == sum(counts[child.id] for child in below)


@few
@given(WORLD)
def test_everybody_inside_is_where_their_last_passage_took_them(world):
    building, log = world
    last = {passage.person: passage.target for passage in sorted(log) if passage.person is not None}
    assert fold(building, log).inside == {person: space for person, space in last.items() if space != OUTSIDE}


def test_somebody_who_enters_and_leaves_is_counted_and_then_not():
    day = Day().went(ADA, OUTSIDE, HALL)
    assert day.counts() == {HALL: 1, LEVEL: 1, SITE: 1}
    assert day.went(ADA, HALL, OUTSIDE).counts() == {}


def test_a_nameless_way_out_lowers_the_count_while_the_roll_call_still_lists_everyone():
    day = Day().went(ADA, OUTSIDE, HALL).went(BOB, OUTSIDE, HALL).went(None, HALL, OUTSIDE)
    assert day.counts()[HALL] == 1
    assert set(fold(HOUSE, day.log).inside) == {ADA, BOB}


def test_a_nameless_way_out_of_a_room_is_explained_when_its_person_shows_up_elsewhere():
    day = Day().went(ADA, OUTSIDE, HALL).went(ADA, HALL, LAB).went(None, LAB, HALL)
    assert day.counts() == {HALL: 1, LEVEL: 1, SITE: 1}
    day.went(ADA, HALL, OUTSIDE)
    assert day.counts() == {}


def test_a_nameless_passage_is_explained_once_only():
    day = Day().went(ADA, OUTSIDE, HALL).went(ADA, HALL, LAB).went(BOB, OUTSIDE, HALL).went(BOB, HALL, LAB)
    day.went(None, LAB, HALL).went(None, LAB, HALL).went(ADA, HALL, LAB)
    assert day.counts() == {HALL: 1, LAB: 1, LEVEL: 2, SITE: 2}


def test_an_explanation_that_comes_late_changes_the_past_as_if_it_had_been_there():
    day = Day().went(ADA, OUTSIDE, HALL).went(ADA, HALL, LAB).went(None, LAB, HALL).went(ADA, HALL, LAB)
    presence = fold(HOUSE, [day.log[0], day.log[1], day.log[3]])
    presence.add([day.log[2]])
    assert presence.counts() == fold(HOUSE, day.log).counts()
    assert presence.counts()[LAB] == 1


def test_a_room_that_more_left_than_entered_is_empty_and_who_left_it_had_come_in_behind_somebody():
    day = Day().went(ADA, OUTSIDE, HALL).went(None, LAB, HALL)
    assert day.counts() == {HALL: 1, LEVEL: 1, SITE: 1}
    presence = fold(HOUSE, day.log)
    assert presence.state.hidden == {(HALL, LAB): 1}
    assert [found.cause for found in presence.inferences] == [Cause.MORE_LEFT_THAN_CAME]
