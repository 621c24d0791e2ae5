"""What the page says: every space with its count, twice; every door's state; names escaped; nobody named."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from access.dashboard.plan import levels
from access.dashboard.render import Glimpse, Renderer, fill_step, look
from access.dashboard.words import Language, Words
from access.occupancy.live import LiveBuilding
from policies.building import Building, Door, Label, Plan, Space, SpaceKind, Spot
from policies.decision import Effect, Reason
from policies.ids import DoorId, SiteId, SourceId, SpaceId
from readers.wire.events import EventType
from readers.wire.signals import OFFLINE
from tests.access.dashboard.conftest import PARIS
from tests.live_events import NINE, event, passage

SVG = "{http://www.w3.org/2000/svg}"


def glimpse(live: LiveBuilding, now: datetime = NINE + timedelta(minutes=5)) -> Glimpse:
    return look(live, now)


def drawing(pieces: Mapping[str, str], kind: str = "space") -> ET.Element:
    """Return all pieces of one kind as one drawing: each is well-formed."""
    inside = "".join(text for name, text in pieces.items() if name.startswith(f"{kind}:"))
    return ET.fromstring(f'<svg xmlns="{SVG[1:-1]}">{inside}</svg>')  # noqa: S314  (our own)


def rows(pieces: Mapping[str, str], kind: str) -> str:
    return "".join(text for name, text in pieces.items() if name.startswith(f"{kind}-row:"))


def words_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.fixture
def english(building: Building) -> Renderer:
    return Renderer(building, Language.EN, PARIS)


@pytest.fixture
def french(building: Building) -> Renderer:
    return Renderer(building, Language.FR, PARIS)


@pytest.mark.parametrize("language", Language)
def test_every_leaf_is_on_its_plan_with_name_count_and_capacity_and_in_the_table(building, live, language):
    live.take([passage(n, f"p{n}", "main-b23", "outside", "b23-0-hall") for n in range(3)])
    live.take([passage(9, "p1", "cnam-1", "b23-0-hall", "cnam-1")])
    renderer = Renderer(building, language, PARIS)
    fragments = renderer.fragments(glimpse(live))
    counts = live.counts()
    drawn, listed = {}, {}
    for space in drawing(fragments).iter(f"{SVG}a"):
        name = space.get("data-space") or ""
        assert (space.get("id"), space.get("href")) == (f"space:{name}", f"/spaces/{name}")
        drawn[name] = [words_of(text) for text in space.iter(f"{SVG}text")]
    for row in re.findall(r'<tr id="space-row:\S+" data-space="(.+?)">(.+?)</tr>', rows(fragments, "space")):
        listed[row[0]] = re.findall(r"<t[hd][^>]*>(.+?)</t[hd]>", row[1])
    for leaf in building.leaves():
        count, label = counts[leaf.id], renderer.words.pick(leaf.name)
        assert drawn[leaf.id][1] == f"{count.count} / {leaf.capacity}"
        assert drawn[leaf.id][0].replace(" ", "") in label.replace(" ", "")
        link = f'<a href="/spaces/{leaf.id}">{label}</a>'
        between = renderer.words.between(count.low, count.high)
        assert listed[leaf.id][:4] == [link, str(count.count), between, str(leaf.capacity)]
    assert drawn["b23-0-hall"][1].startswith("2 /")
    assert drawn["cnam-1"][1].startswith("1 /")


def test_every_door_is_in_a_table_and_every_door_with_a_spot_on_a_plan(building, live, english):
    live.take([event(1, EventType.DOOR_HELD, "courtyard")])
    fragments = english.fragments(glimpse(live))
    tables = rows(fragments, "door")
    plans = "".join(text for name, text in fragments.items() if name.startswith("door:"))
    for door in building.doors.values():
        assert f'<tr id="door-row:{door.id}" data-door="{door.id}">' in tables
        assert f'data-door="{door.id}" href="/doors/{door.id}"><title>' in plans
    assert "<title>Courtyard entrance: held open</title>" in plans
    assert 'href="#door-held"' in plans
    row = tables[tables.index('data-door="courtyard"') :]
    assert "<td>held open</td><td>09:00:01</td>" in row[: row.index("</tr>")]


def test_every_room_and_door_of_a_plan_is_a_link_that_says_its_name_and_state_in_its_title(english, live):
    live.take([passage(1, "p1", "main-b23", "outside", "b23-0-hall")])
    pieces = english.fragments(glimpse(live))
    titles = [link.findtext(f"{SVG}title") for kind in ("space", "door") for link in drawing(pieces, kind)]
    assert all(titles)
    hall = next(title for title in titles if title and title.startswith("Hall: 1 of 80, under 25%"))
    assert hall.endswith("last passage at 09:00:01")


@pytest.mark.parametrize(
    ("count", "capacity", "step"),
    [
        (0, 30, 0),
        (5, None, 0),
        (1, 30, 1),
        (7, 28, 2),
        (14, 28, 3),
        (21, 28, 4),
        (27, 28, 4),
        (28, 28, 5),
        (40, 28, 5),
    ],
)
def test_the_tint_has_a_step_for_every_quarter_the_alert_and_the_ceiling(count, capacity, step):
    assert fill_step(count, capacity) == step


def test_a_full_space_differs_by_shape_and_words_not_only_by_colour(live, english):
    live.take([passage(n, f"p{n}", "seminar-a", "agora", "seminar-a") for n in range(30)])
    fragments = english.fragments(glimpse(live))
    space = next(part for part in drawing(fragments) if part.get("data-space") == "seminar-a")
    assert any(part.get("fill") == "url(#hatch)" for part in space)
    assert "■" in words_of(space)
    assert "full" in (space.findtext(f"{SVG}title") or "")
    assert "full · 100%" in fragments["space-row:seminar-a"]


def test_the_summary_tells_people_flow_wall_time_and_age(live, french, english):
    live.take([passage(n, f"p{n}", "main-b23", "outside", "b23-0-hall") for n in range(2)])
    live.take([passage(8, "p1", "main-b23", "b23-0-hall", "outside")])
    text = french.fragments(glimpse(live))["summary"]
    assert "<dd>1</dd>" in text
    assert "</i>2</dd>" in text
    assert "</i>1</dd>" in text
    assert "<dt>mardi 15 septembre</dt><dd>09:05</dd>" in text
    assert "au 09:00:08" in text
    assert "interrompu depuis 09:00:08" in text
    assert "as of 09:00:08" in english.fragments(glimpse(live))["summary"]


def test_the_summary_says_when_nothing_came_and_when_a_door_computer_is_silent(live, english):
    assert "no event received yet" in english.fragments(glimpse(live))["summary"]
    live.source_status(SourceId("edge-1"), OFFLINE)
    assert "1 door computer not heard" in english.fragments(glimpse(live))["summary"]


def test_the_feed_tells_door_effect_and_reason_in_the_page_s_language_and_no_person(live, french, english):
    late = Reason.OUT_OF_TIME_RANGE
    refused = event(1, EventType.DECISION, "cnam-1", effect=Effect.DENY, reason=late, person="ada-lovelace")
    live.take([refused, event(2, EventType.DOOR_FORCED, "agora")])
    feed = french.fragments(glimpse(live))["feed"]
    assert "Pas à cette heure-ci." in feed
    assert "refusé" in feed
    assert "La porte a été forcée." in feed
    assert "Not at this hour." in english.fragments(glimpse(live))["feed"]
    assert all("ada" not in text for text in english.fragments(glimpse(live)).values())


def test_the_feed_tells_events_that_could_not_be_recorded_apart_from_a_part_that_does_not_answer(
    live, french, english
):
    live.take([event(1, EventType.DOOR_FAULT, "agora", cause="unrecorded", number=3)])
    assert (
        "Des événements n’ont pas pu être écrits (disque plein)." in french.fragments(glimpse(live))["feed"]
    )
    assert "does not answer" not in english.fragments(glimpse(live))["feed"]
    live.take([event(2, EventType.DOOR_FAULT, "agora", cause="strike")])
    assert "A part of the door does not answer." in english.fragments(glimpse(live))["feed"]


def test_the_feed_tells_of_a_limit_that_is_reached_as_an_alarm_and_of_its_end_as_none(live, french, english):
    limit = {"space": "seminar-a", "source": "server", "cause": "75-percent"}
    live.take(
        [
            event(1, EventType.LIMIT_REACHED, number=23, **limit),
            event(2, EventType.LIMIT_CLEARED, number=20, **limit),
        ]
    )
    ended, reached = english.fragments(glimpse(live))["feed"].split("<li")[1:][0:2]
    assert 'class="alarm"' in reached
    assert "Seminar room A" in reached
    assert "75% of the capacity reached: 23 people." in reached
    assert 'class="over"' in ended
    assert "De nouveau sous 75 % de la capacité : 20 personnes." in french.fragments(glimpse(live))["feed"]
    live.take([event(3, EventType.LIMIT_REACHED, number=2, **limit | {"space": "a-room-of-before"})])
    assert live.ignored == 1


def test_doors_that_need_a_look_are_listed_and_quiet_ones_are_not(live, english):
    assert "Doors are quiet, no space is full." in english.fragments(glimpse(live))["alarms"]
    live.take([event(1, EventType.DOOR_FORCED, "escape-b24-south"), event(2, EventType.DOOR_OPENED, "agora")])
    alarms = english.fragments(glimpse(live))["alarms"]
    assert "Escape door B24, south" in alarms
    assert "forced" in alarms
    assert alarms.count("<li") == 1


def test_a_space_that_reaches_a_limit_is_listed_after_the_doors_and_the_fullest_first(live, english):
    live.take([passage(n, f"p{n}", "seminar-a", "agora", "seminar-a") for n in range(46)])
    live.take([passage(100 + n, f"q{n}", "seminar-b", "agora", "seminar-b") for n in range(23)])
    live.take([event(1, EventType.DOOR_FORCED, "agora")])
    alarms = english.fragments(glimpse(live))["alarms"]
    places = [alarms.index(text) for text in ("/doors/agora", "/spaces/seminar-a", "/spaces/seminar-b")]
    assert places == sorted(places)
    assert "46 / 30" in alarms
    assert "far over capacity" in alarms
    assert "nearly full" in alarms


def test_the_last_hours_are_drawn_where_they_are_known_and_where_there_is_room(building, live, english):
    known = {SpaceId("epitech-lab"): "M0 100L0 50L100 0L100 100Z", SpaceId("b24-0"): "M0 100L0 9L100 0Z"}
    pieces = english.fragments(look(live, NINE, known))
    assert known[SpaceId("epitech-lab")] in pieces["space:epitech-lab"]
    assert known[SpaceId("b24-0")] in pieces["levels"]
    assert "spark" not in pieces["space:cnam-1"]
    assert set(english.sparked) <= set(building.spaces)


def test_what_did_not_change_is_not_drawn_again(live, english):
    before = english.fragments(glimpse(live))
    live.take([passage(1, "p1", "main-b23", "outside", "b23-0-hall")])
    after = english.fragments(glimpse(live))
    changed = {name for name in after if after[name] is not before[name]}
    hall = {"space:b23-0-hall", "space-row:b23-0-hall"}
    assert changed == {"summary", "levels", "total:b23-0", *hall}


HOSTILE = "\"><script>alert(1)</script><b x='"


def hostile_building() -> Building:
    label = Label(HOSTILE, HOSTILE)
    return Building.of(
        SiteId("x"),
        [
            Space(SpaceId("outside"), label, SpaceKind.OUTSIDE),
            Space(SpaceId("level"), label, SpaceKind.LEVEL, plan=Plan(0, 0, 50, 20)),
            Space(SpaceId("room"), label, parent=SpaceId("level"), capacity=1, plan=Plan(0, 0, 50, 20)),
            Space(SpaceId("undrawn"), label, parent=SpaceId("level")),
            Space(SpaceId("shed"), label),
        ],
        [Door(DoorId("door"), label, SpaceId("outside"), SpaceId("room"), spot=Spot(0, 3))],
        [],
    )


def test_hostile_names_are_text_everywhere():
    live = LiveBuilding(hostile_building())
    live.take([passage(1, HOSTILE, "door", "outside", "room"), event(2, EventType.DOOR_HELD, "door")])
    renderer = Renderer(live.building, Language.FR, PARIS)
    fragments = renderer.fragments(glimpse(live))
    for text in fragments.values():
        assert "<script" not in text
        assert "<b x" not in text
    assert "&lt;script&gt;" in fragments["space:room"]
    drawing(fragments)
    drawing(fragments, "door")


def test_a_space_without_a_plan_or_a_level_is_shown_in_a_table_all_the_same():
    live = LiveBuilding(hostile_building())
    fragments = Renderer(live.building, Language.EN, PARIS).fragments(glimpse(live))
    assert 'data-space="undrawn">' in fragments["space-row:undrawn"]
    assert 'data-space="shed">' in fragments["space-row:shed"]
    assert "no limit" in fragments["space-row:shed"]
    assert "space:shed" not in fragments


@pytest.mark.parametrize("language", Language)
def test_names_and_counts_of_km0_stay_inside_their_rooms(building, language):
    for level in levels(building, Words(language)):
        for room in level.rooms:
            right = room.box.x + room.box.width
            for line in room.lines:
                assert "…" not in line.text, room.space
                assert line.x + len(line.text) * room.name_size * 0.56 <= right, room.space
            assert max(line.y for line in room.lines) <= room.count_y
            assert room.count_y < room.gauge.y < room.box.y + room.box.height, room.space


def test_a_name_that_never_fits_is_cut_visibly():
    building = hostile_building()
    tiny = Space(
        SpaceId("room"),
        Label("x" * 90, "Anticonstitutionnellement " * 9),
        parent=SpaceId("level"),
        plan=Plan(0, 0, 4, 9),
    )
    spaces = {**building.spaces, tiny.id: tiny}
    small = Building.of(building.site, spaces.values(), building.doors.values(), [])
    for language in Language:
        (room,) = levels(small, Words(language))[0].rooms
        assert room.lines[-1].text.endswith("…")
        assert len(room.lines) <= 3


def test_midnight_and_summer_time_are_the_building_s(english):
    assert english.time(datetime(2026, 1, 15, 23, 0, tzinfo=UTC)) == "00:00:00"
    assert english.time(datetime(2026, 7, 15, 22, 0, tzinfo=UTC)) == "00:00:00"


def test_what_stands_for_ever_is_shown_and_not_reckoned_with(english):
    ever = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert (english.time(ever), english.wall(ever)) == ("23:59:59", "9999-12-31T23:59")
    assert "9999" in english.moment(ever)
