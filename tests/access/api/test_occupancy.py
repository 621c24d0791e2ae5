"""Counts over HTTP: now with how sure they are, the past by steps and as CSV, corrections with their reason."""

import csv
from datetime import date, timedelta

import pytest

from access.services import open_services
from access.services.ingest import Batch
from access.services.people import PersonRecord
from access.store import audit, occupancy
from policies.decision import Effect, Reason
from policies.ids import DoorId, PersonId, ReaderId, SpaceId
from policies.roster import ResidentType
from readers.wire.events import GENESIS, Draft, EventType, seal
from tests.small_site import BUILDING, DESK, EDGE, NOON, POLICY, SCOPES, sealed_events

HALL = SpaceId("hall")


@pytest.fixture
def lived(services):
    """Somebody came in a moment ago, and the last half hour is written down."""
    services.people.add([PersonRecord(PersonId("ada"), ResidentType.STAFF, name="Ada")], "test", NOON)
    line = sealed_events(1)[0].line
    taken = services.ingest.take([Batch(EDGE, line)], NOON)
    services.live.advance(NOON)
    services.news.tell(taken.events)
    services.live.advance(NOON + timedelta(minutes=30))
    services.counting.write(services.chronicle.recorder.touched())
    return services


@pytest.mark.usefixtures("lived")
def test_a_count_says_how_sure_it_is(keyed):
    client = keyed("occupancy:read")
    hall = next(one for one in client.get("/v1/occupancy").json() if one["space"] == "hall")
    assert (hall["count"], hall["low"], hall["high"], hall["limit"], hall["why"]) == (1, 1, 1, 0, "nothing")
    assert client.get("/v1/occupancy/hall").json()["count"] == 1
    assert client.get("/v1/occupancy/cellar").status_code == 404


def test_an_operator_s_count_holds_and_says_who_and_why_in_the_audit(lived, keyed):
    client = keyed("occupancy:read", "occupancy:write")
    said = client.post("/v1/spaces/hall/count", json={"count": 7, "reason": "counted by hand"})
    assert said.status_code == 201
    assert client.get("/v1/occupancy/hall").json()["count"] == 7
    with lived.database.reading() as session:
        entries = audit.page(session, 0, 100)
    assert [one.subject for one in entries if one.action == "count-set"] == ["hall: 7: counted by hand"]
    assert client.post("/v1/spaces/site/count", json={"count": 7, "reason": "x"}).status_code == 422
    assert client.post("/v1/spaces/cellar/count", json={"count": 7, "reason": "x"}).status_code == 404
    assert client.post("/v1/spaces/hall/count", json={"count": 7}).status_code == 422
    assert (
        keyed("occupancy:read").post("/v1/spaces/hall/count", json={"count": 7, "reason": "x"}).status_code
        == 403
    )


def test_a_person_who_left_is_no_longer_counted_nor_on_the_roll_call(lived, keyed):
    client = keyed("occupancy:read", "occupancy:write", "rollcall:read")
    assert [one["person"] for one in client.get("/v1/rollcall?reason=drill").json()] == ["ada"]
    assert client.get("/v1/rollcall").status_code == 422
    assert client.post("/v1/people/ada/out", json={"reason": "seen outside"}).status_code == 201
    assert client.get("/v1/rollcall?reason=drill").json() == []
    assert client.get("/v1/occupancy/hall").json()["count"] == 0
    assert client.post("/v1/people/zoe/out", json={"reason": "x"}).status_code == 404
    with lived.database.reading() as session:
        assert "roll-call-read" in {one.action for one in audit.page(session, 0, 100)}


@pytest.mark.usefixtures("lived")
def test_a_roll_call_stands_still_is_shared_by_wardens_and_ends_with_everybody_out(keyed):
    client = keyed("rollcall:read", "rollcall:write", "occupancy:read")
    opened = client.post("/v1/rollcall", json={"is_drill": True}).json()
    assert [(one["person"], one["name"], one["confirmed"]) for one in opened["people"]] == [
        ("ada", "Ada", True)
    ]
    path = f"/v1/rollcall/{opened['id']}"
    assert client.post(f"{path}/safe", json={"people": ["zoe"]}).status_code == 404
    first = client.post(f"{path}/safe", json={"people": ["ada"]}).json()
    again = client.post(f"{path}/safe", json={"people": ["ada"]}).json()
    assert len(first["safe"]) == len(again["safe"]) == 1
    assert again["accounted_s"] == 0.0
    assert client.post(f"{path}/close", json={}).json()["closed_at"] is not None
    assert client.get("/v1/occupancy/hall").json()["count"] == 0
    assert client.post(f"{path}/safe", json={"people": ["ada"]}).status_code == 422
    assert client.get("/v1/rollcall/none").status_code == 404


@pytest.mark.usefixtures("lived")
def test_a_roll_call_tells_who_is_counted_without_a_name_in_every_form_and_stands_still(keyed):
    client = keyed("rollcall:read", "rollcall:write", "occupancy:write")
    assert {one["count"] for one in client.get("/v1/rollcall/unnamed").json()} == {0}
    assert len(client.get("/v1/rollcall/now.csv?reason=drill").text.splitlines()) == 2
    client.post("/v1/spaces/hall/count", json={"count": 7, "reason": "counted by hand"})
    client.post("/v1/spaces/room/count", json={"count": 2, "reason": "counted by hand"})
    found = client.get("/v1/rollcall/unnamed").json()
    assert {one["space"]: one["count"] for one in found} == {"site": 8, "hall": 6, "room": 2}
    assert all(0 <= one["low"] <= one["count"] <= one["high"] for one in found)
    opened = client.post("/v1/rollcall", json={}).json()
    assert opened["unnamed"] == found
    client.post("/v1/spaces/hall/count", json={"count": 0, "reason": "counted by hand"})
    assert client.get(f"/v1/rollcall/{opened['id']}").json()["unnamed"] == found, "the list stands still"
    for path, spaces in (
        ("now.csv?reason=drill", ["room", "site"]),
        (f"{opened['id']}/people.csv", ["hall", "room", "site"]),
    ):
        heads, *rows = csv.reader(client.get(f"/v1/rollcall/{path}").text.splitlines())
        assert {len(row) for row in rows} == {len(heads)}
        more = heads.index("unnamed")
        assert [row[0] for row in rows if row[more]] == spaces


@pytest.mark.usefixtures("lived")
def test_the_past_comes_by_quarter_hour_hour_and_minute_and_as_csv(keyed):
    client = keyed("occupancy:read")
    day = "from=2026-09-15&to=2026-09-15"
    quarters = client.get(f"/v1/occupancy/hall/history?{day}").json()[0]["quarters"]
    known = [one for one in quarters if one["mean"] is not None]
    assert [(one["start"], one["mean"]) for one in known] == [("12:00", 1.0), ("12:15", 1.0), ("12:30", 1.0)]
    hours = client.get(f"/v1/occupancy/hall/history?{day}&step=1h").json()[0]["hours"]
    assert hours[12]["mean"] == 1.0
    minutes = client.get(f"/v1/occupancy/hall/history?{day}&step=1m").json()[0]["minutes"]
    assert sum(count is not None for count in minutes) == 30
    sheet = client.get(f"/v1/occupancy/hall/history.csv?{day}")
    assert sheet.text.splitlines()[1] == "hall,2026-09-15,12:00,1.0,1,1,0"
    steps = {step: client.get(f"/v1/occupancy/hall/history.csv?{day}&step={step}") for step in ("1m", "1h")}
    minutes = steps["1m"].text.splitlines()
    assert (minutes[:2], len(minutes)) == (["space,day,time,count", "hall,2026-09-15,12:01,1"], 31)
    assert steps["1h"].text.splitlines() == [
        "space,day,time,mean,entries,exits",
        f"hall,2026-09-15,12:00,1.0,{hours[12]['entries']},{hours[12]['exits']}",
    ]
    wrong = client.get(f"/v1/occupancy/hall/history.csv?{day}&step=1d")
    assert wrong.status_code == 422
    assert "'1m', '15m' or '1h'" in wrong.text
    assert client.get("/v1/occupancy/hall/history?from=2026-09-15&to=2026-09-14").status_code == 422
    assert client.get("/v1/occupancy/hall/history?from=2016-09-15&to=2026-09-14").status_code == 422
    assert client.get(f"/v1/occupancy/outside/history?{day}").status_code == 404


@pytest.mark.usefixtures("lived")
def test_the_figures_of_some_days_are_peaks_means_and_shares_of_the_capacity(keyed):
    client = keyed("occupancy:read")
    rows = client.get("/v1/occupancy/kpis?from=2026-09-01&to=2026-09-30").json()
    hall = next(one for one in rows if one["space"] == "hall")
    assert (hall["days"], hall["peak"], hall["peak_day"], hall["mean"]) == (1, 1, "2026-09-15", 1.0)
    assert (hall["capacity"], hall["utilisation"], hall["peak_utilisation"]) == (10, 0.1, 0.1)
    assert client.get("/v1/occupancy/visits?from=2026-09-01&to=2026-09-30").json() == []


def test_a_restart_goes_on_with_the_day_that_was_written(lived, tmp_path):
    with lived.database.reading() as session:
        before = occupancy.kept(session, date(2026, 9, 15))
    assert {one.space for one in before} == {"site", "hall", "room"}
    again = open_services(lived.database, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    again.live.advance(NOON + timedelta(minutes=45))
    again.counting.write(again.chronicle.recorder.touched())
    with lived.database.reading() as session:
        after = occupancy.kept(session, date(2026, 9, 15))
    for one, other in zip(before, after, strict=True):
        assert other.counts[12 * 60 : 12 * 60 + 31] == one.counts[12 * 60 : 12 * 60 + 31]
    assert lived.counting.bounds() == (date(2026, 9, 15), date(2026, 9, 15))


@pytest.mark.usefixtures("lived")
def test_how_well_some_days_went_is_told_by_rates(lived, keyed):
    client = keyed("occupancy:read")
    decided = [
        Draft(NOON, EventType.DECISION, DoorId("room"), ReaderId("room-in"), effect=effect, reason=reason)
        for effect, reason in [(Effect.GRANT, Reason.GRANTED)] * 3 + [(Effect.DENY, Reason.NO_ACCESS_RIGHTS)]
    ]
    lines, prev = [], GENESIS
    for seq, draft in enumerate([*decided, Draft(NOON, EventType.DOOR_HELD, DoorId("room"))], 1):
        sealed = seal(draft, DESK, 1, seq, prev, f"salt-{seq}")
        lines.append(sealed.line)
        prev = sealed.digest
    lived.ingest.take([Batch(DESK, b"\n".join(lines))], NOON)
    found = client.get("/v1/occupancy/quality?from=2026-09-15&to=2026-09-15").json()
    assert (found["taps"], found["refused"], found["refusal_rate"]) == (4, 1, 0.25)
    assert (found["passages"], found["corrected"], found["correction_rate"]) == (1, 0, 0.0)
    assert (found["held"], found["forced"]) == (1, 0)
    assert found["kept_since"] == NOON.isoformat().replace("+00:00", "Z")
    empty = client.get("/v1/occupancy/quality?from=2026-09-16&to=2026-09-16").json()
    assert (empty["taps"], empty["refusal_rate"], empty["correction_rate"]) == (0, None, None)
    assert client.get("/v1/occupancy/quality?from=2026-01-01&to=2026-09-16").status_code == 422


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("path", ["kpis", "quality", "visits", "hall/history", "hall/history.csv"])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=15/09/2026&to=2026-09-15", "query.from: Value error, expected a day such as 2026-09-15"),
        ("from=2026-09-15&to=", "query.to: Value error, expected a day such as 2026-09-15"),
        ("from=2026-09-15&to=2026-02-30", "query.to: Value error, expected a day such as 2026-09-15"),
        ("from=2026-09-15&to=2026-09-14", "to 2026-09-14: expected a day not before 2026-09-15"),
    ],
)
def test_days_that_will_not_do_are_refused_with_what_is_expected(keyed, path, query, said):
    answer = keyed("occupancy:read").get(f"/v1/occupancy/{path}?{query}")
    assert (answer.status_code, answer.json()["detail"]) == (422, said)
