"""Every operation × every role, from one table: what is not granted there is refused, and what is, is not."""

import re

import pytest

from access.services.badges import BadgeRecord
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.rights import SCOPES, Reach, Role, Scope
from policies.ids import BadgeId, OrganisationId, PersonId
from policies.roster import BadgeKind, ResidentType
from tests.access.api.matrix import BOUNDED, ELSEWHERE, HAS, NEEDS, OPEN, READER, SESSION, SIGNED_IN
from tests.small_site import NOON

NEEDED = {operation: right for right, operations in NEEDS.items() for operation in operations}
FOREIGN = {"person": "foreign", "badge": "04aabbdd", "organisation": "zeta", "verb": "suspend"}
MARK = "Someone Else’s"


@pytest.fixture(autouse=True)
def site(services):
    services.organisations.add(
        [
            OrganisationRecord(OrganisationId("acme"), "Acme"),
            OrganisationRecord(OrganisationId("zeta"), MARK),
        ],
        "test",
        NOON,
    )
    zeta = OrganisationId("zeta")
    foreign = PersonRecord(
        PersonId("foreign"), ResidentType.STUDENT, zeta, name=MARK, external_id=f"X {MARK}"
    )
    services.people.add([foreign], "test", NOON)
    services.badges.add([BadgeRecord(BadgeId("04aabbdd"), BadgeKind.UID, foreign.id)], "test", NOON)


def described(app):
    paths = app.openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def operations(app):
    return [operation for operation in described(app) if operation in NEEDED]


def ask(client, operation, values=None):
    method, path = operation.split(" ")
    filled = re.sub(r"\{(\w+)\}", lambda found: (values or {}).get(found[1], "none"), path)
    return client.request(method, filled)


def is_refused(answer, right):
    return answer.status_code == 403 and f"this needs the right {right}" in answer.json()["detail"]


def test_an_operation_that_is_not_in_the_table_is_closed_to_a_key_without_rights(app, keyed):
    client = keyed("reader:front")
    assert len(operations(app)) > 70
    for operation in described(app):
        if operation not in NEEDED:
            assert ask(client, operation).status_code in {401, 403}, f"{operation}: say in matrix.py who may"


def test_every_right_is_in_the_table():
    known = {scope.value for scope in Scope}
    assert {role: known & rights for role, rights in HAS.items()} == {
        role: {scope.value for scope in scopes} for role, scopes in SCOPES.items()
    }


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_table_says_and_nothing_else(app, keyed, role):
    client = keyed(*(scope.value for scope in SCOPES[role]))
    for operation in operations(app):
        right, answer = NEEDED[operation], ask(client, operation)
        assert answer.status_code < 500, (operation, answer.text)
        if right in HAS[role] or right in {OPEN, SIGNED_IN}:
            assert answer.status_code not in {401, 403}, (operation, answer.text)
        elif right == SESSION:
            assert answer.status_code in {401, 422}, (operation, answer.text)
        elif right not in {READER, ELSEWHERE}:
            assert is_refused(answer, right), (operation, answer.text)


@pytest.mark.parametrize(("role", "reach"), list(BOUNDED))
def test_rights_in_one_place_open_what_the_table_says_and_show_nobody_else(app, signed_in, role, reach):
    client = signed_in("grace", role, reach)
    opened = BOUNDED[role, reach]
    for operation in operations(app):
        right = NEEDED[operation]
        if right in {OPEN, SIGNED_IN, SESSION, READER, ELSEWHERE}:
            continue
        answer = ask(client, operation, FOREIGN if reach.organisation else None)
        assert answer.status_code < 500, (operation, answer.text)
        assert is_refused(answer, right) is (operation not in opened), (operation, answer.text)
        assert MARK not in answer.text, operation
    if reach.organisation:
        assert client.get("/v1/badges", params={"person": "foreign"}).json()["items"] == []


def test_a_key_without_rights_may_nothing(app, keyed):
    client = keyed("reader:front")
    for operation in operations(app):
        if NEEDED[operation] not in {OPEN, SIGNED_IN, SESSION, READER, ELSEWHERE}:
            assert is_refused(ask(client, operation), NEEDED[operation]), operation


def test_a_one_time_password_opens_nothing_but_the_session(app, services):
    from access.api.desk import SESSION_COOKIE, csrf_token
    from tests.asgi_client import Client

    services.operators.create("grace", Role.ADMINISTRATOR, "test", NOON, Reach())
    token = services.sessions.admit("grace", NOON).token
    client = Client(app, {"X-CSRF-Token": csrf_token(token)})
    client.cookies.set(SESSION_COOKIE, token)
    for operation in operations(app):
        if NEEDED[operation] not in {OPEN, SESSION, ELSEWHERE}:
            answer = ask(client, operation)
            assert answer.status_code in {403, 422}, (operation, answer.text)
            assert "new password" in answer.text or answer.status_code == 422, operation
    assert client.get("/v1/session").status_code == 200
