"""The building, its counts and its events over HTTP."""

from access.services.ingest import Batch
from tests.access.api.test_problems import is_problem
from tests.small_site import EDGE, NOON, sealed_events


def take(services, number):
    payload = b"\n".join(each.line for each in sealed_events(number))
    services.news.tell(services.ingest.take([Batch(EDGE, payload)], NOON).events)


def test_spaces_doors_and_readers_are_listed_as_configured(keyed):
    viewer = keyed("building:read")
    assert [space["id"] for space in viewer.get("/v1/spaces").json()] == ["outside", "site", "hall", "room"]
    front = viewer.get("/v1/doors/front").json()
    assert (front["readers"], front["state"]) == (["front-in", "front-out"], "locked")
    assert viewer.get("/v1/doors").json()[0] == front
    reader = viewer.get("/v1/readers/room-in").json()
    assert (reader["id"], reader["door"], reader["direction"]) == ("room-in", "room", "entry")
    assert (reader["state"], reader["computer"]["id"], reader["computer"]["rights"]) == (None, "edge-2", None)
    assert viewer.get("/v1/spaces/hall").json()["capacity"] == 10
    assert len(viewer.get("/v1/readers").json()) == 3


def test_counts_carry_capacity_and_age(keyed, services):
    take(services, 3)
    counts = {count["space"]: count for count in keyed("occupancy:read").get("/v1/occupancy").json()}
    assert (counts["hall"]["count"], counts["hall"]["capacity"], counts["room"]["count"]) == (1, 10, 0)
    assert counts["hall"]["as_of"] == "2026-09-15T10:00:02Z"
    assert counts["hall"]["age_s"] == 0
    assert keyed("occupancy:read").get("/v1/occupancy/site").json()["count"] == 1


def test_events_are_listed_newest_first_in_pages(keyed, services):
    take(services, 5)
    auditor = keyed("events:read")
    seen, url = [], "/v1/events?limit=2"
    while url:
        answer = auditor.get(url).json()
        seen += [event["seq"] for event in answer["items"]]
        url = answer["next"]
    assert seen == [5, 4, 3, 2, 1]


def test_events_are_chosen_by_time_space_person_and_type(keyed, services):
    take(services, 5)
    auditor = keyed("events:read")

    def seqs(query):
        return [event["seq"] for event in auditor.get(f"/v1/events?{query}").json()["items"]]

    assert seqs("since=2026-09-15T10:00:01Z&until=2026-09-15T10:00:03Z") == [3, 2]
    assert seqs("person=ada&door=front&limit=1&purpose=incident&why=x") == [5]
    assert seqs("person=eve&purpose=incident&why=x") == []
    assert seqs("space=room") == []
    assert seqs("type=decision") == []
    assert seqs("type=passage&type=decision") == [5, 4, 3, 2, 1]
    assert len(auditor.get("/v1/passages").json()["items"]) == 5


def test_a_cursor_that_is_none_is_refused(keyed):
    for cursor in ("x", "AAAA", "%00"):
        is_problem(keyed("events:read").get(f"/v1/events?after={cursor}"), 422, "invalid")


def test_health_is_open_and_readiness_tells_what_is_missing(nobody, keyed, services):
    assert nobody.get("/healthz").json() == {"status": "ok"}
    viewer = keyed("building:read")
    assert viewer.get("/readyz").json() == {"database": True, "bus": True, "holds": True, "answers": True}
    with services.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    answer = viewer.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, False)


def test_the_interface_describes_itself(keyed):
    reader = keyed("building:read")
    described = reader.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert "/v1/badges/{badge}/{verb}" in described["paths"]
    assert "/v1/authorize" in reader.get("/docs").text
