"""Counts written down: minute by minute, corrected when something comes late, the same again after a restart."""

from datetime import date, timedelta

import pytest

from access.occupancy.history import UNKNOWN, Recorder
from access.occupancy.live import KEEP, LiveBuilding
from access.occupancy.visits import FEWEST, lengths, quartiles
from policies.ids import DoorId, PersonId, SourceId, SpaceId
from policies.presence import Expiry, Passage
from policies.schedule import Calendar
from readers.wire.events import Event, EventType
from readers.wire.signals import OFFLINE
from tests.access.occupancy.conftest import small_building
from tests.live_events import NINE, event, passage

PARIS = Calendar("Europe/Paris", (0,), (7200,), ())
TODAY = date(2026, 9, 15)
HALL, HOUSE = SpaceId("hall"), SpaceId("house")


class Written:
    def __init__(self) -> None:
        building = small_building()
        self.recorder = Recorder(building, PARIS)
        self.live = LiveBuilding(building, Expiry(PARIS), self.recorder, KEEP)

    def counts(self, space: SpaceId, day: date = TODAY) -> dict[str, int]:
        page = self.recorder.page(space, day)
        return {
            f"{minute // 60:02}:{minute % 60:02}": count
            for minute, count in enumerate(page.counts)
            if count != UNKNOWN
        }


@pytest.fixture
def written() -> Written:
    return Written()


def came(seq: int, minutes: float, person: str, **more) -> Event:
    return passage(seq, person, "main", "outside", "hall", at=NINE + timedelta(minutes=minutes), **more)


def test_every_minute_of_the_wall_has_its_count(written: Written):
    written.live.take([came(1, 0.5, "ada"), came(2, 2.5, "bob")])
    written.live.advance(NINE + timedelta(minutes=4))
    assert written.counts(HALL) == {"09:01": 1, "09:02": 1, "09:03": 2, "09:04": 2}
    assert written.counts(HOUSE) == written.counts(HALL)
    written.live.take([passage(3, "ada", "main", "hall", "outside", at=NINE + timedelta(minutes=4.5))])
    written.live.advance(NINE + timedelta(hours=1))
    page = written.recorder.page(HALL, TODAY)
    assert page.means()[36] == pytest.approx((1 + 1 + 2 + 2 + 10 * 1) / 14)
    assert page.lows[36] <= 1
    assert page.highs[36] >= 2
    assert (page.entries[9], page.exits[9]) == (2, 1)
    summary = page.summary()
    assert (summary.peak, summary.peak_minute, summary.entries, summary.exits) == (2, 9 * 60 + 3, 2, 1)


def test_a_door_back_after_a_day_corrects_the_past_and_raises_no_old_alarm_again(written: Written):
    day = timedelta(days=1)
    written.live.take([came(1, 0.5, "ada"), came(1, 1, "zoe", source="edge-9")])
    written.live.source_status(SourceId("edge-9"), OFFLINE)
    for hour in range(25):
        written.live.advance(NINE + timedelta(hours=hour))
    assert written.counts(HALL)["10:00"] == 2
    before = written.live.feed(1)
    late = [came(seq, 10, f"late-{seq}", source="edge-9") for seq in range(2, 5)]
    held = event(5, EventType.DOOR_HELD, "back", "edge-9", at=NINE + timedelta(minutes=20))
    written.live.take(
        [*late, held, event(6, EventType.DOOR_CLOSED, "back", "edge-9", at=NINE + timedelta(minutes=21))]
    )
    written.live.source_status(SourceId("edge-9"), b'{"state":"online","at":"2026-09-16T07:00:00Z"}')
    written.live.advance(NINE + day)
    assert written.counts(HALL)["10:00"] == 5
    assert written.live.too_late == 0
    touched = {page.day for page in written.recorder.touched()}
    assert touched == {TODAY, TODAY + day}
    # The past alarm is in the feed at its own time, and no door stands in alarm for it.
    assert written.live.doors()[DoorId("back")].state.value == "locked"
    assert written.live.feed(1) == before or written.live.feed(1)[0].at == NINE + timedelta(minutes=20)


def test_a_count_is_the_same_whether_it_was_written_at_once_or_after_a_delay():
    prompt, delayed = Written(), Written()
    events = [came(seq, seq * 1.7, f"p{seq}", source=f"edge-{seq % 3}") for seq in range(1, 120)]
    for one in events:
        prompt.live.take([one])
        prompt.live.advance(one.at)
    delayed.live.take([one for one in events if one.source != "edge-1"])
    delayed.live.advance(NINE + timedelta(hours=4))
    delayed.live.take([one for one in events if one.source == "edge-1"])
    for each in (prompt, delayed):
        each.live.advance(NINE + timedelta(hours=5))
    assert prompt.counts(HALL) == delayed.counts(HALL)
    assert prompt.recorder.page(HALL, TODAY).entries == delayed.recorder.page(HALL, TODAY).entries


def test_an_event_from_the_future_waits_for_its_time_and_is_not_lost(written: Written):
    written.live.advance(NINE)
    written.live.take([came(1, 60, "ada"), came(2, -1, "bob")])
    assert (written.live.ahead, written.live.counts()[HALL].count) == (1, 1)
    written.live.advance(NINE + timedelta(minutes=59))
    assert (written.live.ahead, written.live.counts()[HALL].count) == (0, 2)


def test_lengths_of_visits_are_told_by_kind_and_never_of_a_few():
    entries = []
    for number in range(FEWEST):
        person, begin = PersonId(f"p{number}"), NINE + timedelta(minutes=number)
        for seq, (at, ways) in enumerate(
            [(begin, ("outside", "hall")), (begin + timedelta(hours=1 + number / 4), ("hall", "outside"))]
        ):
            origin, target = map(SpaceId, ways)
            place = (at, SourceId(f"edge-{number}"), 1, seq)
            entries.append(Passage(*place, DoorId("main"), origin, target, person))
    entries.sort()
    kinds = {PersonId(f"p{number}"): "student" for number in range(FEWEST)}
    found = lengths(
        entries, NINE, NINE + timedelta(days=1), {SpaceId("outside")}, lambda one: kinds.get(one, "x")
    )
    told = quartiles(found | {"visitor": [3] + [0] * 95})
    assert [(one.kind, one.visits) for one in told] == [("student", FEWEST), ("visitor", None)]
    assert told[0].quartiles == (97, 142, 187)
    assert told[1].quartiles is None


def test_pages_name_no_person(written: Written):
    written.live.take([came(1, 0.5, "ada")])
    written.live.advance(NINE + timedelta(minutes=20))
    pages = written.recorder.touched()
    assert pages
    assert all("ada" not in repr(page) for page in pages)
    assert written.recorder.touched() == []


def test_the_last_hours_are_read_back_by_steps_also_over_midnight(written: Written):
    written.live.take([came(1, 0.5, "ada"), came(2, 10.5, "bob")])
    written.live.advance(NINE + timedelta(minutes=17))
    assert written.live.trail(HALL, NINE + timedelta(minutes=17), 20, 5) == [UNKNOWN, UNKNOWN, 1, 1, 2]
    night = NINE.replace(hour=22, minute=10)  # ten past midnight on the wall
    written.live.take([came(3, 14 * 60 + 55, "zoe")])  # five to midnight; the others were not heard all day
    written.live.advance(night)
    assert written.live.trail(HALL, night, 20, 10) == [0, 1, 1]
    assert LiveBuilding(small_building()).trail(HALL, night, 20, 10) == []
