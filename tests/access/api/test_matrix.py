"""Every operation × every role, from one table: what is not granted there is refused, and what is, is not."""

import asyncio
import re
from datetime import timedelta

import pytest

from access.services.badges import BadgeRecord
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.rights import SCOPES, Reach, Role, Scope
from access.services.visits import VisitRecord
from access.site.web import Web
from policies.ids import BadgeId, CertificationId, DoorId, GrantId, OrganisationId, PersonId
from policies.roster import BadgeKind, Certification, Grant, ResidentType
from tests.access.api.matrix import BOUNDED, HAS, NEEDS, OPEN, READER, SESSION, SIGNED_IN, STREAMS
from tests.asgi_client import Client
from tests.small_site import NOON

NEEDED = {operation: right for right, operations in NEEDS.items() for operation in operations}
"""Every operation with its right: all that are described and no other, which is tested first."""

HOUR = timedelta(hours=1)
FOREIGN = {
    "person": "foreign", "badge": "04aabbdd", "organisation": "zeta", "verb": "suspend", "grant": "g", "visit": "v",
    "certification": "laser",
}  # fmt: skip  # a table
BODIES = {
    "POST /v1/authorize": {
        "reader": "front-in",
        "badge": {"kind": "uid", "id": "04aabbdd"},
        "assurance": "uid",
    },
    "POST /v1/reservations": {"reader": "front-in", "badge": "04aabbdd", "assurance": 1},
}
"""What is refused for its body before anything is known of who asks needs a good one."""
MARK = "Someone Else’s"


@pytest.fixture(autouse=True)
def site(services):
    acme, zeta = OrganisationId("acme"), OrganisationId("zeta")
    services.organisations.add(
        [OrganisationRecord(acme, "Acme"), OrganisationRecord(zeta, MARK)], "test", NOON
    )
    ours = PersonRecord(PersonId("ours"), ResidentType.STUDENT, acme, name="Ours")
    foreign = PersonRecord(
        PersonId("foreign"),
        ResidentType.STUDENT,
        zeta,
        certifications=(Certification(CertificationId("laser")),),
        grants=(Grant(GrantId("g"), NOON, NOON + HOUR, (DoorId("room"),)),),
        name=MARK,
        external_id=f"X {MARK}",
    )
    services.people.add([ours, foreign], "test", NOON)
    services.badges.add([BadgeRecord(BadgeId("04aabbdd"), BadgeKind.UID, foreign.id)], "test", NOON)
    visit = VisitRecord("v", PersonId("guest"), foreign.id, NOON, NOON + HOUR, (DoorId("room"),))
    services.visits.expect(visit, MARK, "test", NOON)


def described(app):
    paths = app.openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def ask(client, operation, values=None):
    method, path = operation.split(" ")
    filled = re.sub(r"\{(\w+)\}", lambda found: (values or {}).get(found[1], "none"), path)
    return client.request(method, filled, json=BODIES.get(operation))


def is_of_somebody(operation):
    return any(f"{{{name}}}" in operation for name in FOREIGN)


def is_refused(answer, right):
    return answer.status_code == 403 and f"this needs the right {right}" in answer.json()["detail"]


def test_the_table_holds_every_operation_and_no_other(app):
    assert len(described(app)) > 90
    assert sorted(NEEDED) == sorted(described(app)), "say in matrix.py who may"


def test_the_application_as_it_is_served_has_the_streams_beside_and_closes_them_to_who_may_not(
    services, keyed
):
    async def opened():
        return Web(services, lambda: NOON, None, lambda: True).app

    served = asyncio.run(opened())
    assert sorted({*described(served)} - NEEDED.keys()) == sorted(STREAMS)
    for role in Role:
        key = keyed(*(scope.value for scope in SCOPES[role]))
        for operation, right in STREAMS.items():
            if right not in HAS[role]:
                assert is_refused(ask(Client(served, dict(key.headers)), operation), right), (role, operation)


def test_every_right_is_in_the_table():
    known = {scope.value for scope in Scope}
    assert {role: known & rights for role, rights in HAS.items()} == {
        role: {scope.value for scope in scopes} for role, scopes in SCOPES.items()
    }


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_table_says_and_nothing_else(keyed, role):
    client = keyed(*(scope.value for scope in SCOPES[role]))
    for operation, right in NEEDED.items():
        answer = ask(client, operation)
        assert answer.status_code < 500, (operation, answer.text)
        if right in HAS[role] or right in {OPEN, SIGNED_IN}:
            assert answer.status_code not in {401, 403}, (operation, answer.text)
        elif right == SESSION:
            assert answer.status_code in {401, 422}, (operation, answer.text)
        else:
            assert is_refused(answer, "reader:front" if right == READER else right), (operation, answer.text)


@pytest.mark.parametrize(("role", "reach"), list(BOUNDED))
def test_rights_in_one_place_open_what_the_table_says_and_show_nobody_else(signed_in, role, reach):
    client = signed_in("grace", role, reach)
    opened = BOUNDED[role, reach]
    for operation, right in NEEDED.items():
        if right in {OPEN, SIGNED_IN, SESSION, READER}:
            continue
        answer = ask(client, operation, FOREIGN if reach.organisation else None)
        assert answer.status_code < 500, (operation, answer.text)
        assert is_refused(answer, right) is (operation not in opened), (operation, answer.text)
        assert MARK not in answer.text, operation
        if (
            reach.organisation
            and operation in opened
            and operation.startswith("GET")
            and is_of_somebody(operation)
        ):
            assert answer.status_code == 404, (operation, answer.text)
    if reach.organisation:
        for noun in ("badges", "grants", "certifications", "visits?host=foreign&"):
            path, parameter = noun.split("?")[0], "host" if "?" in noun else "person"
            assert client.get(f"/v1/{path}", params={parameter: "foreign"}).json()["items"] == []


def test_a_machine_asks_for_decisions_at_its_own_door_and_no_other(keyed):
    for operation in NEEDS[READER]:
        assert ask(keyed("reader:front"), operation).status_code == 200, operation
        assert is_refused(ask(keyed("reader:room"), operation), "reader:front"), operation


def test_a_key_without_rights_may_nothing(keyed):
    client = keyed("reader:front")
    for operation, right in NEEDED.items():
        if right not in {OPEN, SIGNED_IN, SESSION, READER}:
            assert is_refused(ask(client, operation), right), operation


def test_a_one_time_password_opens_nothing_but_the_session(app, services):
    from access.api.desk import SESSION_COOKIE, csrf_token

    services.operators.create("grace", Role.ADMINISTRATOR, "test", NOON, Reach())
    token = services.sessions.admit("grace", NOON).token
    client = Client(app, {"X-CSRF-Token": csrf_token(token)})
    client.cookies.set(SESSION_COOKIE, token)
    for operation, right in NEEDED.items():
        if right not in {OPEN, SESSION}:
            answer = ask(client, operation)
            assert answer.status_code in {403, 422}, (operation, answer.text)
            assert "new password" in answer.text or answer.status_code == 422, operation
    assert client.get("/v1/session").status_code == 200
