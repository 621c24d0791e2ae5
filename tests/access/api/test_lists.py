"""Lists as a desk asks for them: filtered, sorted, page by page, and whole as a table."""

import csv
import io
import itertools
import random
from collections import Counter
from datetime import timedelta
from functools import partial

import msgspec
import pytest

from access.api import create_app
from access.services import open_services
from access.services.audit import AuditFilter
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.grants import GrantRecord
from access.services.ingest import Batch
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.visits import VisitRecord
from policies.ids import BadgeId, GrantId, OrganisationId, PersonId, SpaceId, TierId
from policies.roster import BadgeKind, ResidentType
from tests.access.api.test_problems import is_problem
from tests.asgi_client import Client
from tests.small_site import BUILDING, EDGE, NOON, POLICY, SCOPES, sealed_events

DAY = timedelta(days=1)
NAMES = ("Zoe", "ada", "Émile Martin", "=cmd|' /C calc'!A0", "Bob", "Bob", "under_score")
"""Of `p-0`, `p-1` and so on."""


@pytest.fixture
def site(database_url, tmp_path):
    opened = open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    opened.organisations.add([OrganisationRecord(OrganisationId("acme"), "Acme")], "test", NOON)
    people = [
        PersonRecord(
            PersonId(f"p-{number}"),
            ResidentType.STAFF if number % 2 else ResidentType.STUDENT,
            OrganisationId("acme") if number < 3 else None,
            (TierId("staff"),) if number < 2 else (),
            valid_until=NOON + number * DAY if number else None,
            suspended=number == 4,
            name=name,
        )
        for number, name in enumerate(NAMES)
    ]
    opened.people.add(people, "test", NOON)
    yield opened
    opened.close()


@pytest.fixture
def desk(site):
    """Return a client that may read everything there is a list of."""
    scopes = ("people:read", "badges:read", "events:read")
    secret = site.keys.create("desk", scopes, "test", NOON)
    return Client(create_app(site, lambda: NOON), {"Authorization": f"Bearer {secret}"})


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def walked(desk, address):
    """Return the ids of a list in pages of two, following the links."""
    found = []
    while address:
        answer = desk.get(address)
        found += ids(answer)
        address = answer.json()["next"]
    return found


def table(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


CHOSEN = {
    "organisation=acme": {0, 1, 2},
    "type=student": {0, 2, 4, 6},
    "tier=staff": {0, 1},
    "suspended=true": {4},
    "suspended=false&type=student": {0, 2, 6},
    "name=BO": {4, 5},
    "name=%C3%A9mile": {2},
    "name=%C3%89MIL": {2},
    "name=EMI": {2},
    "name=emile martin": {2},
    "name=martin, %C3%89m": {2},
    "name=mile": set(),
    "name=emile bob": set(),
    "name=score under": {6},
    "name=%25": set(),
    "name=_": set(),
    "organisation=nowhere": set(),
}


def test_people_are_chosen_by_what_a_desk_knows_of_them(desk):
    for asked, expected in CHOSEN.items():
        found = ids(desk.get(f"/v1/people?{asked}"))
        assert found == [f"p-{number}" for number in sorted(expected)], asked


@pytest.mark.parametrize("text", ["émile", "emile", "ÉMI", "martin emile", "mar  E\u0301mi", "P-2", "-2"])
def test_a_desk_finds_somebody_by_words_of_their_name_in_any_order_without_accents_or_by_their_id(site, text):
    assert [one.person.id for one in site.reception.find(text)] == ["p-2"]


def test_names_are_sorted_by_their_words_whatever_accents_and_capitals_they_have(desk):
    by_name = [NAMES[int(one.removeprefix("p-"))] for one in walked(desk, "/v1/people?limit=2&sort=name")]
    assert by_name == ["ada", "Bob", "Bob", "=cmd|' /C calc'!A0", "Émile Martin", "under_score", "Zoe"]


def test_every_order_walks_through_everybody_once_and_backwards_is_the_other_way(desk):
    for sort in ("id", "name", "organisation", "valid_until"):
        forwards = walked(desk, f"/v1/people?limit=2&sort={sort}")
        assert sorted(forwards) == [f"p-{number}" for number in range(len(NAMES))]
        assert walked(desk, f"/v1/people?limit=2&sort=-{sort}") == forwards[::-1]


def test_people_without_an_end_come_before_those_with_one(desk):
    assert walked(desk, "/v1/people?limit=2&sort=valid_until") == [f"p-{number}" for number in range(7)]


def test_people_of_one_name_are_in_the_order_of_their_ids(desk):
    assert ids(desk.get("/v1/people?sort=name&name=bob")) == ["p-4", "p-5"]


WRONG = ("sort=password_hash", "sort=--name", "type=king", "suspended=perhaps", "name=", "name=%00", "tier=")


def test_an_order_or_a_choice_that_there_is_not_is_told(desk):
    for wrong in WRONG:
        is_problem(desk.get(f"/v1/people?{wrong}"), 422, "invalid")
        is_problem(desk.get(f"/v1/people.csv?{wrong}"), 422, "invalid")


def test_a_cursor_of_another_order_is_told(desk):
    for sort in ("name", "valid_until"):
        for after in ("p-1", "bm9uc2Vuc2U", "WzEsMl0", "WyJhXHUwMDAwIiwieCJd", "é"):
            is_problem(desk.get("/v1/people", params={"sort": sort, "after": after}), 422, "invalid")
    is_problem(desk.get("/v1/people?after=%00"), 422, "invalid")


def test_badges_are_chosen_by_state_and_kind_and_sorted_by_their_end(desk, site):
    site.badges.add(
        [
            BadgeRecord(
                BadgeId(f"0400000{number}"), BadgeKind.UID, PersonId("p-1"), valid_until=NOON - number * DAY
            )
            for number in range(5)
        ],
        "test",
        NOON,
    )
    site.badges.say(BadgeId("04000002"), BadgeVerb.SUSPEND, "test", NOON)
    assert ids(desk.get("/v1/badges?status=suspended&kind=uid&person=p-1")) == ["04000002"]
    assert ids(desk.get("/v1/badges?kind=desfire")) == []
    by_end = walked(desk, "/v1/badges?limit=2&sort=valid_until")
    assert by_end == [f"0400000{number}" for number in range(4, -1, -1)]
    assert walked(desk, "/v1/badges?limit=2&sort=-last_used")[-1] == "04000000"
    assert [row["id"] for row in table(desk.get("/v1/badges.csv?sort=-valid_until&status=active"))] == [
        "04000000",
        "04000001",
        "04000003",
        "04000004",
    ]


def test_visits_and_grants_are_sorted_by_their_beginning_and_downloaded(desk, site):
    for number in range(3):
        begin = NOON + (3 - number) * DAY
        visit = VisitRecord(
            f"v-{number}", PersonId("p-0"), PersonId("p-1"), begin, begin + DAY, escorted=True
        )
        site.visits.expect(visit, None, "test", NOON)
        grant = GrantRecord(
            GrantId(f"g-{number}"),
            begin,
            begin + DAY,
            spaces=(SpaceId("hall"), SpaceId("room")),
            person=PersonId("p-1"),
            reason="-1+1",
            most_uses=number + 1,
        )
        site.grants.give(grant, "test", NOON)
    assert walked(desk, "/v1/visits?limit=2&sort=valid_from") == ["v-2", "v-1", "v-0"]
    assert [row["id"] for row in table(desk.get("/v1/visits.csv?sort=-valid_from&host=p-1"))] == [
        "v-0",
        "v-1",
        "v-2",
    ]
    names = [(row["visitor_name"], row["host_name"]) for row in table(desk.get("/v1/visits.csv"))]
    assert names == [("Zoe", "ada")] * 3
    assert walked(desk, "/v1/grants?limit=1&sort=valid_from") == ["g-2", "g-1", "g-0"]
    rows = table(desk.get("/v1/grants.csv"))
    assert [(row["spaces"], row["reason"], row["most_uses"]) for row in rows] == [
        ("hall room", "'-1+1", str(number)) for number in (1, 2, 3)
    ]


def test_people_are_downloaded_as_they_are_chosen_and_no_name_is_a_formula(desk):
    rows = table(desk.get("/v1/people.csv?sort=name&type=staff"))
    assert sorted(row["id"] for row in rows) == ["p-1", "p-3", "p-5"]
    assert {row["name"] for row in rows} == {"ada", "'=cmd|' /C calc'!A0", "Bob"}


def test_a_list_by_name_misses_nobody_who_keeps_their_name_while_others_are_renamed_and_enrolled(desk, site):
    letters = random.Random(26)
    stay = {f"p-{number}" for number in range(5)}
    found, address = [], "/v1/people?limit=1&sort=name"
    for turn in itertools.count():
        answer = desk.get(address)
        found += ids(answer)
        if not (address := answer.json()["next"]):
            break
        name = "".join(letters.choices("aÉzŒ m", k=9)) + "x"
        new = PersonRecord(PersonId(f"new-{turn}"), ResidentType.STAFF, name=name)
        if turn < 20:
            site.people.add([new], "test", NOON)
        for one in ("p-5", "p-6"):
            renamed = partial(msgspec.structs.replace, name=name[::-1] + str(turn))
            site.people.change(PersonId(one), renamed, "test", NOON)
    assert stay <= set(found)
    assert not [one for one, number in Counter(found).items() if number > 1 and one in stay]


def test_events_are_downloaded_whole_and_people_in_them_only_for_a_purpose(desk, site, monkeypatch):
    monkeypatch.setattr("access.services.events._AT_ONCE", 4)
    lines = [each.line for each in sealed_events(9)]
    site.ingest.take([Batch(EDGE, b"\n".join(lines))], NOON)
    rows = table(desk.get("/v1/events.csv"))
    assert [int(row["seq"]) for row in rows] == list(range(9, 0, -1))
    assert {row["person"] for row in rows} == {""}
    assert (
        len(table(desk.get("/v1/passages.csv", params={"since": (NOON + timedelta(seconds=7)).isoformat()})))
        == 2
    )
    opened = table(desk.get("/v1/passages.csv?person=ada&purpose=incident&why=a+theft"))
    assert {row["person"] for row in opened} == {"ada"}
    assert len(site.audit.page(AuditFilter(action="events-opened"))) == 1
    is_problem(desk.get("/v1/events.csv?person=ada"), 422, "invalid")


def test_a_table_of_many_people_is_read_piece_by_piece(desk, monkeypatch):
    monkeypatch.setattr("access.store.listing._AT_ONCE", 2)
    assert [row["id"] for row in table(desk.get("/v1/people.csv"))] == [f"p-{number}" for number in range(7)]
    by_end = table(desk.get("/v1/people.csv?sort=-valid_until"))
    assert [row["id"] for row in by_end] == [f"p-{number}" for number in range(6, -1, -1)]
