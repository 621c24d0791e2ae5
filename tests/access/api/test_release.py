"""The roll-call over HTTP while the building's own wiring has released a door."""

from datetime import datetime, timedelta

import pytest

from access.services.ingest import Batch
from access.services.people import PersonRecord
from policies.ids import DoorId, PersonId, SpaceId
from policies.roster import ResidentType
from readers.wire.events import GENESIS, Draft, EventType, seal
from tests.small_site import BUILDING, EDGE, NOON

MINUTE = timedelta(minutes=1)
OUTSIDE, HALL = SpaceId("outside"), SpaceId("hall")
FRONT = next(door.id for door in BUILDING.doors.values() if (door.outer, door.inner) == (OUTSIDE, HALL))


class Told:
    """A door computer's events, stored and shown as they come."""

    def __init__(self, services) -> None:
        self._services, self._seq, self._prev = services, 0, GENESIS

    def tell(self, minutes: int, kind: EventType, **what) -> None:
        at = NOON + minutes * MINUTE
        self._seq += 1
        sealed = seal(Draft(at, kind, DoorId(FRONT), **what), EDGE, 1, self._seq, self._prev, "5a" * 16)
        self._prev = sealed.digest
        taken = self._services.ingest.take([Batch(EDGE, sealed.line)], at)
        self._services.news.tell(taken.events)

    def went(self, minutes: int, person: str, *, out: bool = False) -> None:
        origin, space = (HALL, OUTSIDE) if out else (OUTSIDE, HALL)
        self.tell(minutes, EventType.PASSAGE, origin=origin, space=space, person=PersonId(person))


@pytest.fixture
def told(services):
    staff = [
        PersonRecord(PersonId(who), ResidentType.STAFF, name=who.title()) for who in ("ada", "bob", "eve")
    ]
    services.people.add(staff, "test", NOON)
    told = Told(services)
    told.went(-30, "ada")
    told.went(-29, "bob")
    told.tell(-20, EventType.DOOR_RELEASED, cause="released")
    told.went(-19, "bob", out=True)
    return told


def states(people) -> dict[str, tuple[bool, str | None]]:
    return {one["person"]: (one["inside_at"] is not None, one["left_by"]) for one in people}


def test_the_list_is_that_of_the_release_and_says_who_left(told, keyed):
    client = keyed("rollcall:read")
    release = client.get("/v1/rollcall/release").json()
    assert (datetime.fromisoformat(release["since"]), release["doors"]) == (NOON - 20 * MINUTE, [FRONT])
    listed = client.get("/v1/rollcall?reason=alarm").json()
    assert states(listed) == {"ada": (True, None), "bob": (True, FRONT)}
    sheet = client.get("/v1/rollcall/now.csv?reason=alarm").text.splitlines()
    assert sheet[0].startswith("space,name,person")
    assert len(sheet) == 3
    assert client.get("/v1/rollcall/now.csv").status_code == 422
    told.tell(-10, EventType.ALARM_CLEARED, cause="released")
    assert states(client.get("/v1/rollcall?reason=over").json()) == {"ada": (False, None)}
    assert client.get("/v1/rollcall/release").json() is None


def test_a_roll_call_opened_late_has_who_was_inside_at_the_release_and_follows_who_leaves(told, keyed):
    client = keyed("rollcall:read", "rollcall:write")
    opened = client.post("/v1/rollcall", json={}).json()
    path = f"/v1/rollcall/{opened['id']}"
    assert states(opened["people"]) == {"ada": (True, None), "bob": (True, FRONT)}
    assert opened["accounted_s"] is None
    told.went(1, "ada", out=True)
    assert states(client.get(path).json()["people"])["ada"] == (True, FRONT)
    told.went(2, "ada")
    back = client.get(path).json()["people"]
    assert states(back)["ada"] == (True, None), "somebody who went back in is inside"
    marked = client.post(f"{path}/safe", json={"people": ["ada"]}).json()
    assert marked["accounted_s"] is not None, "one safe, one gone"
    sheet = client.get(f"{path}/people.csv").text.splitlines()
    assert sheet[0].endswith("safe_at,safe_by")
    assert len(sheet) == 3
    closed = client.post(f"{path}/close", json={}).json()
    assert states(closed["people"]) == {"ada": (True, None), "bob": (True, FRONT)}
    assert client.get(path).json() == closed, "what is closed stands still"
    assert states(client.get("/v1/rollcall?reason=alarm").json()) == {
        "ada": (True, None),
        "bob": (True, FRONT),
    }
