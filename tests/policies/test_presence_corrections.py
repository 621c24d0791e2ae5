"""Corrections: what expires, what operators say, what is inferred; one answer, and nobody lost to the roll-call."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.building import Building, Door, Label, Reader, Space, SpaceKind
from policies.ids import DoorId, PersonId, ReaderId, SiteId, SourceId, SpaceId
from policies.presence import Act, Cause, Correction, Expiry, Passage, Presence, fold, stream
from policies.presence.state import DEAD_AFTER
from policies.request import Direction
from policies.schedule import Calendar

OUTSIDE, HALL, LAB, CLUSTER, SITE = map(SpaceId, ("outside", "hall", "lab", "cluster", "site"))
ADA, BOB, EVE = map(PersonId, ("ada", "bob", "eve"))
MORNING = datetime(2026, 9, 15, 7, 0, tzinfo=UTC)
NAME = Label("", "")
DOORS = {
    "front": (OUTSIDE, HALL),
    "lab": (HALL, LAB),
    "cluster": (HALL, CLUSTER),
}
HOUSE = Building.of(
    SiteId("house"),
    [
        Space(OUTSIDE, NAME, SpaceKind.OUTSIDE),
        Space(SITE, NAME, SpaceKind.SITE),
        Space(HALL, NAME, parent=SITE),
        Space(LAB, NAME, parent=SITE),
        Space(CLUSTER, NAME, parent=SITE, always_open=True),
    ],
    [Door(DoorId(name), NAME, *sides) for name, sides in DOORS.items()],
    [Reader(ReaderId(f"{name}-in"), DoorId(name), Direction.ENTRY) for name in DOORS],
)
SUMMER = Calendar("Europe/Paris", (0,), (7200,), ())
EXPIRY = Expiry(SUMMER, limit_of=lambda person: timedelta(hours=10 if person == EVE else 14))
THREE_AT_NIGHT = datetime(2026, 9, 16, 1, 0, tzinfo=UTC)


class Day:
    """A log in order; times are given in hours after the morning."""

    def __init__(self) -> None:
        self.log: list[Passage | Correction] = []

    def went(self, hours: float, person: PersonId | None, door: str, *, out=False, taken=True) -> "Day":
        origin, target = reversed(DOORS[door]) if out else DOORS[door]
        at, seq = MORNING + timedelta(hours=hours), len(self.log)
        self.log.append(Passage(at, SourceId("edge"), 1, seq, DoorId(door), origin, target, person, taken))
        return self

    def said(self, hours: float, act: Act, **what) -> "Day":
        at = MORNING + timedelta(hours=hours)
        self.log.append(Correction(at, SourceId("server"), 1, len(self.log), act, **what))
        return self

    def after(self, hours: float) -> Presence:
        presence = fold(HOUSE, self.log, EXPIRY)
        presence.advance(MORNING + timedelta(hours=hours))
        return presence


def counts(presence: Presence) -> dict[SpaceId, int]:
    return {space: number for space, number in presence.counts().items() if number}


def test_the_quiet_hour_empties_rooms_but_keeps_people_on_the_roll_call_until_they_are_seen():
    day = Day().went(7, ADA, "front").went(8, ADA, "lab")
    night = day.after(18)
    assert counts(night) == {}
    assert night.doubts[ADA].cause is Cause.QUIET_HOUR
    assert night.doubts[ADA].since == THREE_AT_NIGHT
    back = day.went(25, ADA, "front").after(26)
    assert counts(back) == {HALL: 1, SITE: 1}
    assert not back.doubts


def test_the_quiet_hour_leaves_alone_a_space_that_never_closes_and_whoever_was_just_heard():
    day = Day().went(6, ADA, "front").went(7, ADA, "cluster").went(17, BOB, "front")
    assert counts(day.after(18.5)) == {CLUSTER: 1, HALL: 1, SITE: 2}


def test_somebody_who_dwells_longer_than_their_kind_may_is_no_longer_counted_there():
    day = (
        Day()
        .went(0, ADA, "front")
        .went(0.1, ADA, "cluster")
        .went(0.2, EVE, "front")
        .went(0.3, EVE, "cluster")
    )
    assert counts(day.after(10.2))[CLUSTER] == 2
    assert counts(day.after(10.6))[CLUSTER] == 1
    assert counts(day.after(14.5)) == {}
    assert {person: doubt.cause for person, doubt in day.after(14.5).doubts.items()} == dict.fromkeys(
        (ADA, EVE), Cause.DWELT_TOO_LONG
    )


def test_nothing_expires_during_an_alarm_and_all_of_it_after():
    day = Day().went(6, ADA, "front").said(17, Act.ALARM_BEGAN)
    assert counts(day.after(20)) == {HALL: 1, SITE: 1}
    assert counts(day.said(20, Act.ALARM_ENDED).after(20.5)) == {}


def test_an_operator_sets_a_count_and_it_holds_from_there_on():
    day = Day().went(0, ADA, "front").went(1, BOB, "front").said(2, Act.COUNT_SET, space=HALL, number=5)
    assert counts(day.after(2)) == {HALL: 5, SITE: 5}
    assert counts(day.went(3, ADA, "lab").after(3)) == {HALL: 4, LAB: 1, SITE: 5}
    assert counts(day.said(4, Act.COUNT_SET, space=HALL, number=1).after(4)) == {HALL: 1, LAB: 1, SITE: 2}


def test_a_count_set_to_nobody_makes_doubts_of_everybody_named_there():
    presence = Day().went(0, ADA, "front").said(2, Act.COUNT_SET, space=HALL, number=0).after(2)
    assert counts(presence) == {}
    assert presence.doubts[ADA].cause is Cause.COUNT_SET


def test_a_person_removed_is_gone_from_count_and_roll_call():
    day = Day().went(0, ADA, "front").went(1, BOB, "front").said(2, Act.PERSON_REMOVED, person=ADA)
    assert counts(day.after(2)) == {HALL: 1, SITE: 1}
    presence = day.said(19, Act.PERSON_REMOVED, person=BOB).after(20)
    assert not presence.inside
    assert not presence.doubts


def test_whoever_is_seen_elsewhere_must_have_gone_unseen_and_the_way_is_tallied():
    presence = Day().went(0, ADA, "front").went(1, ADA, "lab").went(2, ADA, "front").after(2)
    assert counts(presence) == {HALL: 1, SITE: 1}
    assert presence.state.hidden == {(LAB, HALL): 1, (HALL, OUTSIDE): 1}
    assert [(found.cause, found.space) for found in presence.inferences] == [(Cause.SEEN_ELSEWHERE, LAB)]


def test_whoever_badges_inside_without_having_entered_came_in_behind_somebody():
    presence = Day().went(0, ADA, "lab").after(0)
    assert counts(presence) == {LAB: 1, SITE: 1}
    assert presence.state.hidden == {(OUTSIDE, HALL): 1}
    assert presence.inferences[0].cause is Cause.CAME_UNSEEN


def test_permits_count_as_entries_once_a_contact_must_be_dead_and_no_longer_when_it_speaks():
    day = Day()
    people = [PersonId(f"p{number}") for number in range(DEAD_AFTER + 2)]
    for number, person in enumerate(people):
        day.went(number / 60, person, "front", taken=False)
    assert counts(day.after(1))[HALL] == 3
    day.went(1.1, ADA, "front").went(1.2, BOB, "front", taken=False)
    assert counts(day.after(2))[HALL] == 4


def test_a_tally_holds_what_passed_and_what_was_hidden_between_two_quiet_hours():
    day = Day().went(0, ADA, "front").went(0.2, BOB, "lab")
    day.went(24, ADA, "front").went(24.5, None, "front", out=True)
    first, second = day.after(48).tallies
    assert (first.is_whole, second.is_whole) == (False, True)
    assert first.hidden == {(OUTSIDE, HALL): 1, (HALL, OUTSIDE): 2, (LAB, HALL): 1}
    assert second.seen == {(DoorId("front"), HALL, 7): 1, (DoorId("front"), OUTSIDE, 7): 1}
    assert second.hidden == {}


HOURS = st.integers(0, 300).map(lambda number: number / 4)
WENT = st.tuples(
    st.just("went"),
    HOURS,
    st.sampled_from((None, ADA, BOB, EVE)),
    st.sampled_from(sorted(DOORS)),
    st.booleans(),
    st.sampled_from((True, True, True, False)),
)
SAID = st.one_of(
    st.tuples(st.just("set"), HOURS, st.sampled_from((HALL, LAB, CLUSTER)), st.integers(0, 4)),
    st.tuples(st.just("gone"), HOURS, st.sampled_from((ADA, BOB, EVE))),
    st.tuples(st.just("alarm"), HOURS, st.booleans()),
)


def written(things) -> list[Passage | Correction]:
    day = Day()
    for kind, hours, *what in things:
        if kind == "went":
            person, door, out, taken = what
            day.went(hours, person, door, out=out, taken=taken)
        elif kind == "set":
            day.said(hours, Act.COUNT_SET, space=what[0], number=what[1])
        elif kind == "gone":
            day.said(hours, Act.PERSON_REMOVED, person=what[0])
        else:
            day.said(hours, Act.ALARM_BEGAN if what[0] else Act.ALARM_ENDED)
    return day.log


def answer(presence: Presence):
    state = presence.state
    return (
        dict(presence.stays),
        dict(presence.doubts),
        presence.counts(),
        presence.tallies,
        presence.inferences,
        dict(state.flows),
        dict(state.hidden),
        dict(state.seen),
        state.marks,
    )


@settings(max_examples=150)
@given(st.lists(WENT | SAID, max_size=40), st.data())
def test_any_order_doubling_delay_and_looking_in_between_gives_the_answer_of_one_straight_fold(things, data):
    log = written(things)
    arriving = data.draw(
        st.permutations(log + data.draw(st.lists(st.sampled_from(log)) if log else st.just([])))
    )
    end = MORNING + timedelta(hours=80)
    presence = Presence(HOUSE, EXPIRY)
    while arriving:
        size = data.draw(st.integers(1, len(arriving)))
        presence.add(arriving[:size])
        presence.advance(MORNING + timedelta(hours=data.draw(st.integers(0, 80))))
        arriving = arriving[size:]
    presence.advance(end)
    straight = fold(HOUSE, log, EXPIRY)
    straight.advance(end)
    assert answer(presence) == answer(straight)
    state = stream(HOUSE, sorted(log, key=lambda entry: entry.place), EXPIRY)
    state.advance(end)
    assert (state.inside, state.flows, state.hidden) == (
        straight.state.inside,
        straight.state.flows,
        straight.state.hidden,
    )


@settings(max_examples=100)
@given(st.lists(WENT | SAID, max_size=40))
def test_counts_are_never_negative_and_children_sum_to_their_parent(things):
    presence = fold(HOUSE, written(things), EXPIRY)
    for hours in range(0, 80, 8):
        presence.advance(MORNING + timedelta(hours=hours))
        now = presence.counts()
        assert min(now.values()) >= 0
        assert now[SITE] == now[HALL] + now[LAB] + now[CLUSTER]
        assert now[OUTSIDE] == 0


@settings(max_examples=60)
@given(st.lists(WENT, min_size=5, max_size=40), st.data())
def test_the_minutes_that_were_watched_are_those_of_a_straight_fold_whatever_came_late(things, data):
    log = written(things)

    def minutes(batches) -> dict[datetime, dict[SpaceId, int]]:
        seen: dict[datetime, dict[SpaceId, int]] = {}

        def look(at, state) -> None:
            seen[at] = dict(state.named) | {"flows": dict(state.flows)}

        presence = Presence(HOUSE, EXPIRY, watch=look)
        for batch in batches:
            presence.add(batch)
            presence.advance(max(entry.at for entry in log))
        first = min(entry.at for entry in log)
        return {at: what for at, what in seen.items() if at > first}

    late = data.draw(st.lists(st.sampled_from(log), unique_by=lambda entry: entry.place))
    on_time = [entry for entry in log if entry not in late]
    assert minutes([on_time, late]) == minutes([sorted(log)])


def test_entries_older_than_what_is_kept_are_told_as_too_late_and_change_nothing():
    day = Day()
    for number in range(10_000):
        day.went(number / 60, PersonId(f"p{number % 50}"), "front", out=number % 2 == 1)
    presence = Presence(HOUSE, EXPIRY, keep=timedelta(hours=36))
    for start in range(0, 10_000, 500):
        presence.add(day.log[start : start + 500])
    assert answer(presence) == answer(fold(HOUSE, day.log, EXPIRY))
    before = answer(presence)
    presence.add([Passage(MORNING, SourceId("edge-9"), 1, 1, DoorId("front"), OUTSIDE, HALL, ADA)])
    assert presence.too_late == 1
    assert answer(presence) == before
    yesterday = day.log[-1].at - timedelta(hours=30)
    presence.add([Passage(yesterday, SourceId("edge-9"), 1, 2, DoorId("front"), OUTSIDE, HALL, ADA)])
    whole = [*day.log, Passage(yesterday, SourceId("edge-9"), 1, 2, DoorId("front"), OUTSIDE, HALL, ADA)]
    assert presence.counts() == fold(HOUSE, whole, EXPIRY).counts()


def test_a_new_life_goes_on_with_the_days_and_the_doubts_of_the_one_before():
    day = Day().went(1, ADA, "front").went(24, BOB, "front").went(25, BOB, "lab").went(49, EVE, "front")
    whole = day.after(70)
    again = Presence(HOUSE, EXPIRY)
    last = whole.tallies[-1].until
    again.restore(whole.tallies, whole.doubts)
    again.add([entry for entry in day.log if entry.at > last - timedelta(hours=36)])
    again.advance(MORNING + timedelta(hours=70))
    assert again.tallies == whole.tallies
    assert set(again.doubts) == set(whole.doubts) == {ADA, BOB, EVE}
    assert again.counts() == whole.counts()
