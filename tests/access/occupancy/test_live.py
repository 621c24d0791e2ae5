"""The building now: the same answer whatever the order, and garbage that changes nothing."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.occupancy.doors import DoorState, DoorView
from access.occupancy.feed import FEED_ENTRIES
from access.occupancy.live import LiveBuilding
from policies.building import Building
from policies.decision import Effect, Reason
from policies.ids import DoorId, SourceId, SpaceId
from policies.request import DoorMode
from readers.wire.events import Event, EventType
from readers.wire.orders import ModeSource
from readers.wire.signals import OFFLINE, Line
from tests.live_events import NINE, event, passage


def test_an_entry_raises_the_count_of_its_space_and_of_all_above_it(building: Building):
    live = LiveBuilding(building)
    live.take([passage(1, "ada", "main", "outside", "hall"), passage(2, "bob", "main", "outside", "hall")])
    live.take([passage(3, "ada", "lab", "hall", "lab")])
    counts = live.counts()
    assert {name: counts[SpaceId(name)].count for name in ("hall", "lab", "ground", "house", "office")} == {
        "hall": 1,
        "lab": 1,
        "ground": 2,
        "house": 2,
        "office": 0,
    }
    assert counts[SpaceId("lab")].utilisation == 0.25
    assert counts[SpaceId("landing")].utilisation is None
    assert SpaceId("outside") not in counts


def test_a_count_says_how_fresh_it_is_and_when_it_last_changed(building: Building):
    live = LiveBuilding(building)
    assert live.counts()[SpaceId("hall")].as_of is None
    live.take([passage(1, "ada", "main", "outside", "hall"), event(9, EventType.DOOR_CLOSED, "main")])
    hall, lab = live.counts()[SpaceId("hall")], live.counts()[SpaceId("lab")]
    assert (hall.as_of, hall.changed_at) == (NINE + timedelta(seconds=9), NINE + timedelta(seconds=1))
    assert (lab.as_of, lab.changed_at) == (NINE + timedelta(seconds=9), None)


def test_arrivals_and_departures_count_the_perimeter_in_the_hour_of_the_events(building: Building):
    live = LiveBuilding(building)
    live.take(
        [
            passage(1, "ada", "main", "outside", "hall", at=NINE - timedelta(minutes=70)),
            passage(2, "bob", "main", "outside", "hall", at=NINE - timedelta(minutes=20)),
            passage(3, "bob", "lab", "hall", "lab", at=NINE - timedelta(minutes=10)),
            passage(4, "ada", "main", "hall", "outside", at=NINE),
        ]
    )
    flow = live.flow()
    assert (flow.arrivals, flow.departures, flow.until) == (1, 1, NINE)
    assert live.flow(NINE + timedelta(minutes=50)).arrivals == 0


def test_the_feed_shows_decisions_and_alarms_newest_first_and_never_a_person(building: Building):
    live = LiveBuilding(building)
    live.take(
        [
            event(
                1, EventType.DECISION, "lab", effect=Effect.DENY, reason=Reason.NO_ACCESS_RIGHTS, person="ada"
            ),
            event(2, EventType.DOOR_OPENED, "lab"),
            event(3, EventType.DOOR_FORCED, "lab"),
        ]
    )
    feed = live.feed()
    assert [entry.type for entry in feed] == [EventType.DOOR_FORCED, EventType.DECISION]
    assert feed[1].reason is Reason.NO_ACCESS_RIGHTS
    assert b"ada" not in msgspec.json.encode(feed)
    assert live.feed(1) == feed[:1]
    assert live.feed(0) == ()


def test_the_feed_keeps_only_its_newest_entries(building: Building):
    live = LiveBuilding(building)
    live.take(event(seq, EventType.DOOR_HELD, "main") for seq in range(FEED_ENTRIES + 50, 0, -1))
    kept = [entry.id for entry in live.feed(10_000)]
    assert kept == [f"edge-1:1:{seq}" for seq in range(FEED_ENTRIES + 50, 50, -1)]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (EventType.DOOR_OPENED, DoorState.OPEN),
        (EventType.DOOR_CLOSED, DoorState.LOCKED),
        (EventType.DOOR_HELD, DoorState.HELD),
        (EventType.DOOR_FORCED, DoorState.FORCED),
    ],
)
def test_a_door_shows_the_state_its_newest_event_tells(building: Building, kind: EventType, state: DoorState):
    live = LiveBuilding(building)
    live.take([event(2, kind, "main"), event(1, EventType.DOOR_OPENED, "main")])
    assert live.doors()[DoorId("main")] == DoorView(state, NINE + timedelta(seconds=2))
    assert live.doors()[DoorId("lab")] == DoorView(DoorState.LOCKED)


def test_a_retained_state_tells_what_events_cannot_and_gives_way_to_a_newer_event(building: Building):
    live = LiveBuilding(building)
    live.take([event(1, EventType.DOOR_CLOSED, "main")])
    live.door_state(
        DoorId("main"),
        b'{"state":"unlocked","at":"2026-09-15T07:00:01Z","mode":"free","by":"schedule"}',
    )
    view = live.doors()[DoorId("main")]
    assert view.state is DoorState.UNLOCKED
    assert view.told is not None
    assert (view.told.mode, view.told.by) == (DoorMode.FREE, ModeSource.SCHEDULE)
    live.take([event(2, EventType.DOOR_OPENED, "main")])
    assert live.doors()[DoorId("main")].state is DoorState.OPEN


def test_the_doors_of_a_source_that_went_silent_are_offline_until_it_is_back(building: Building):
    live = LiveBuilding(building)
    live.take([event(1, EventType.DOOR_OPENED, "main"), event(1, EventType.DOOR_OPENED, "lab", "edge-2")])
    live.source_status(SourceId("edge-1"), OFFLINE)
    assert live.doors()[DoorId("main")].state is DoorState.OFFLINE
    assert live.doors()[DoorId("lab")].state is DoorState.OPEN
    assert live.sources()[SourceId("edge-1")].line is Line.OFFLINE
    live.source_status(SourceId("edge-1"), b'{"state":"online","at":"2026-09-15T08:00:00Z"}')
    assert live.doors()[DoorId("main")].state is DoorState.OPEN


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'"open"',
        b'{"state":"ajar"}',
        b'{"state":"open","at":7}',
        b'{"state":"open","at":"2026-09-15T07:00:00"}',
        b'{"status":1}',
    ],
)
def test_garbage_is_counted_and_changes_nothing(building: Building, payload: bytes):
    live = LiveBuilding(building)
    live.door_state(DoorId("main"), payload)
    live.source_status(SourceId("edge-1"), payload)
    assert live.ignored == 2
    assert live.doors()[DoorId("main")] == DoorView(DoorState.LOCKED)
    assert not live.sources()


def test_events_of_another_building_are_counted_and_change_nothing(building: Building):
    live = LiveBuilding(building)
    live.take(
        [
            event(1, EventType.DOOR_FORCED, "elsewhere"),
            passage(2, "ada", "main", "outside", "cellar"),
            event(3, EventType.PASSAGE, "main", person="ada"),
        ]
    )
    live.door_state(DoorId("elsewhere"), b'{"state":"open","at":"2026-09-15T07:00:01Z"}')
    assert live.ignored == 4
    assert live.as_of is None
    assert not live.feed()
    assert sum(count.count for count in live.counts().values()) == 0


WAYS = [
    ("main", "outside", "hall"),
    ("main", "hall", "outside"),
    ("back", "outside", "hall"),
    ("lab", "hall", "lab"),
    ("lab", "lab", "hall"),
    ("stairs", "hall", "landing"),
]


@st.composite
def day(draw) -> list[Event]:
    events = []
    for seq in range(draw(st.integers(1, 25))):
        source = draw(st.sampled_from(["edge-1", "edge-2"]))
        at = NINE + timedelta(minutes=draw(st.integers(0, 500)))
        door, origin, space = draw(st.sampled_from(WAYS))
        kind = draw(st.sampled_from(list(EventType)))
        if kind is EventType.PASSAGE:
            person = draw(st.sampled_from([None, "ada", "bob"]))
            events.append(passage(seq, person, door, origin, space, source=source, at=at))
        else:
            events.append(event(seq, kind, door, source, at=at))
    return events


def _answers(live: LiveBuilding) -> tuple[object, ...]:
    return live.counts(), live.doors(), live.sources(), live.feed(), live.flow(), live.as_of


@given(day(), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the building is frozen
def test_any_order_doubling_and_delay_of_the_same_events_gives_the_same_building(building, events, data):
    straight = LiveBuilding(building)
    straight.take(events)
    shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=10))))
    mixed = LiveBuilding(building)
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        mixed.take(shuffled[:size])
        shuffled = shuffled[size:]
    assert _answers(mixed) == _answers(straight)
