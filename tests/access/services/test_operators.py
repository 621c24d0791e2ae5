"""Operators and keys: always an administrator, rights that hold in one place only, and out at once when removed."""

from datetime import timedelta

import msgspec
import pytest

from access.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn, Outdated
from access.services.keys import KeyRecord, expect_no_more_than_own
from access.services.organisations import OrganisationRecord
from access.services.rights import EVERYWHERE, SCOPES, Actor, Reach, Role, Scope, scopes_of
from access.store import audit
from policies.ids import OrganisationId, SpaceId
from tests.small_site import NOON

GOOD = "a long enough one"
ACME = OrganisationId("acme")
AT_ACME = Reach(organisation=ACME)
IN_THE_ROOM = Reach(space=SpaceId("room"))


@pytest.fixture(autouse=True)
def acme(services):
    services.organisations.add([OrganisationRecord(ACME, "Acme")], "test", NOON)


@pytest.fixture
def settled(operators, sessions):
    """Return a function that makes an operator who has chosen their password, and returns their session."""

    def make(name, role=Role.ADMINISTRATOR, reach=EVERYWHERE):
        once = operators.create(name, role, "test", NOON, reach).password
        return sessions.set_password(sessions.sign_in(name, once, NOON).token, GOOD, NOON)

    return make


def test_the_first_administrator_is_made_once(operators):
    assert operators.first_administrator(NOON)
    assert operators.first_administrator(NOON) is None


def test_a_name_is_given_once_even_after_its_operator_is_gone(operators):
    operators.create("grace", Role.VIEWER, "test", NOON)
    for _ in range(2):
        with pytest.raises(Conflict):
            operators.create("grace", Role.ADMINISTRATOR, "test", NOON)
        if operators.page():
            operators.remove("grace", "test", NOON)
    assert operators.page() == []


@pytest.mark.parametrize("name", ["", "key:0123", "command line", "x" * 65, "a\nb", "-x"])
def test_a_name_that_the_audit_could_misread_is_refused(operators, name):
    with pytest.raises(Invalid, match="operator"):
        operators.create(name, Role.VIEWER, "test", NOON)


def test_a_removed_operator_is_out_at_once_with_their_keys(operators, sessions, settled, services):
    settled("first")
    signed_in = settled("grace")
    key = services.keys.create("relay", ("building:read",), "grace", NOON)
    other = services.keys.create("door", ("building:read",), "first", NOON)
    gone: list[str] = []
    services.departures.listen(gone.append)
    operators.remove("grace", "first", NOON)
    with pytest.raises(NotSignedIn):
        sessions.of_session(signed_in.token, NOON)
    with pytest.raises(NotSignedIn):
        sessions.sign_in("grace", GOOD, NOON)
    with pytest.raises(NotSignedIn):
        services.keys.of(key, NOON)
    assert services.keys.of(other, NOON).may("building:read")
    assert gone[0] == "grace"
    assert gone[1].startswith("key:")
    with pytest.raises(NotFound):
        operators.get("grace")


def test_keys_of_somebody_removed_live_on_where_that_is_asked_for(operators, settled, services):
    settled("first")
    settled("grace")
    key = services.keys.create("relay", ("building:read",), "grace", NOON)
    operators.remove("grace", "first", NOON, keep_keys=True)
    assert services.keys.of(key, NOON).may("building:read")


@pytest.fixture
def chain(settled, services):
    """Grace's key, one made with it, and one made with that; returns a function that tells which are alive."""
    settled("first")
    settled("grace")
    made: list[KeyRecord] = []
    for scopes in (("keys:write", "people:write"), ("keys:write", "people:read"), ("building:read",)):
        maker = f"key:{made[-1].id}" if made else "grace"
        made.append(services.keys.issue("link", scopes, maker, NOON)[0])
    reader = services.keys.issue("door", ("reader:front",), "grace", NOON)[0]

    def alive():
        return [services.keys.get(key.id).revoked_at is None for key in (*made, reader)]

    return made, alive


def test_keys_made_with_the_keys_of_somebody_removed_end_too(operators, services, chain):
    made, alive = chain
    services.keys.revoke(made[0].id, "first", NOON, keep_keys=True)
    assert alive() == [False, True, True, True]
    gone: list[str] = []
    services.departures.listen(gone.append)
    operators.remove("grace", "first", NOON)
    assert alive() == [False] * 4
    assert {f"key:{key.id}" for key in made[1:]} <= set(gone)


def test_a_key_that_is_revoked_ends_those_made_with_it(services, chain):
    made, alive = chain
    services.keys.revoke(made[1].id, "first", NOON)
    assert alive() == [True, False, False, True]
    services.keys.revoke(made[0].id, "first", NOON)
    assert alive() == [False, False, False, True]


@pytest.mark.parametrize(
    ("changes", "living"),
    [
        ({"role": "manager"}, [False, False, True, True]),
        ({"role": "viewer", "organisation": ACME}, [False, False, True, True]),
        ({"disabled": True}, [False, False, False, True]),
        ({"role": "administrator"}, [True, True, True, True]),
    ],
)
def test_keys_for_more_than_their_maker_may_since_a_change_end(operators, chain, changes, living):
    operators.change("grace", lambda was: msgspec.structs.replace(was, **changes), "first", NOON)
    assert chain[1]() == living


@pytest.mark.parametrize("how", ["remove", "demote", "disable"])
def test_the_last_administrator_stays(operators, sessions, settled, how):
    token = settled("grace").token
    operators.create("never-signed-in", Role.ADMINISTRATOR, "test", NOON)

    def go():
        if how == "remove":
            operators.remove("grace", "test", NOON)
        else:
            changes = {"role": "viewer"} if how == "demote" else {"disabled": True}
            operators.change("grace", lambda was: msgspec.structs.replace(was, **changes), "test", NOON)

    with pytest.raises(Conflict, match="last administrator"):
        go()
    assert sessions.of_session(token, NOON).may(Scope.OPERATORS_WRITE)
    settled("ada")
    go()


def test_another_role_holds_from_the_next_request_on(operators, sessions, settled):
    settled("first")
    token = settled("grace").token
    operators.change("grace", lambda was: msgspec.structs.replace(was, role="viewer"), "first", NOON, 1)
    assert not sessions.of_session(token, NOON).may(Scope.PEOPLE_READ)
    with pytest.raises(Outdated):
        operators.change("grace", lambda was: was, "first", NOON, 1)


def test_a_disabled_operator_is_out_and_comes_back_when_enabled(operators, sessions, settled):
    token = settled("grace", Role.VIEWER).token
    operators.change("grace", lambda was: msgspec.structs.replace(was, disabled=True), "test", NOON)
    with pytest.raises(NotSignedIn):
        sessions.of_session(token, NOON)
    with pytest.raises(NotSignedIn):
        sessions.sign_in("grace", GOOD, NOON)
    operators.change("grace", lambda was: msgspec.structs.replace(was, disabled=False), "test", NOON)
    assert sessions.sign_in("grace", GOOD, NOON).actor.name == "grace"


def test_a_reset_ends_the_old_password_and_its_sessions(operators, sessions, settled):
    token = settled("grace", Role.VIEWER).token
    once = operators.reset("grace", "test", NOON).password
    with pytest.raises(NotSignedIn):
        sessions.of_session(token, NOON)
    with pytest.raises(NotSignedIn):
        sessions.sign_in("grace", GOOD, NOON)
    assert sessions.sign_in("grace", once, NOON).actor.must_set_password


def test_what_is_told_with_a_one_time_password_is_the_operator_as_they_are(operators):
    made = operators.create("grace", Role.VIEWER, "test", NOON)
    assert made.operator == operators.get("grace")
    again = operators.reset("grace", "test", NOON)
    assert again.operator == operators.get("grace")
    assert again.password != made.password


def test_nothing_but_the_password_rights_and_place_of_an_operator_can_be_edited(operators, settled):
    settled("first")
    settled("grace")
    after = operators.change(
        "grace", lambda was: msgspec.structs.replace(was, name="first", password_hash="x"), "test", NOON
    )
    assert (after.name, after.password_hash[:7]) == ("grace", "$argon2")


def test_everything_done_to_operators_and_keys_is_in_the_audit(operators, settled, services):
    settled("first")
    settled("grace")
    services.keys.create("relay", ("building:read",), "grace", NOON)
    operators.reset("grace", "first", NOON)
    operators.remove("grace", "first", NOON)
    with services.database.reading() as session:
        noted = [(entry.actor, entry.action) for entry in audit.page(session, 0, 100)]
    for expected in (
        ("test", "operator-created"),
        ("grace", "password-set"),
        ("grace", "key-created"),
        ("first", "operator-password-reset"),
        ("first", "operator-removed"),
        ("first", "key-revoked"),
    ):
        assert expected in noted


# ------------------------------------------------------------------------------------------------- reach


def test_a_right_for_one_organisation_opens_only_what_looks_at_the_reach(settled):
    grace = settled("grace", Role.MANAGER, AT_ACME).actor
    assert grace.may_within(Scope.PEOPLE_WRITE)
    assert not grace.may(Scope.PEOPLE_WRITE)
    assert grace.may(Scope.BUILDING_READ)
    assert grace.may_within(Scope.OCCUPANCY_READ)  # counts as they are disclosed
    assert not grace.may(Scope.OCCUPANCY_READ)
    with pytest.raises(NotAllowed):
        grace.require(Scope.PEOPLE_READ)


@pytest.mark.parametrize("role", list(Role))
def test_no_role_for_one_organisation_reads_passages_or_who_is_inside(role):
    held = scopes_of(role, AT_ACME)
    assert held & {"events:read", "rollcall:read", "audit:read", "operators:write", "keys:write"} == set()


@pytest.mark.parametrize("role", list(Role))
def test_no_role_for_one_space_reads_people(role):
    held = scopes_of(role, IN_THE_ROOM)
    assert held & {"people:read", "badges:read", "events:read", "organisations:write"} == set()


@pytest.mark.parametrize(
    ("role", "reach"),
    [
        (Role.ADMINISTRATOR, AT_ACME),
        (Role.AUDITOR, IN_THE_ROOM),
        (Role.WARDEN, AT_ACME),
        (Role.RECEPTIONIST, IN_THE_ROOM),
        (Role.MANAGER, Reach(OrganisationId("no-such"))),
        (Role.WARDEN, Reach(space=SpaceId("no-such"))),
        (Role.VIEWER, Reach(ACME, SpaceId("room"))),
    ],
)
def test_a_reach_that_means_nothing_for_the_role_is_refused(operators, role, reach):
    with pytest.raises(Invalid):
        operators.create("grace", role, "test", NOON, reach)


def test_only_security_and_auditors_read_what_people_did():
    assert {role for role in Role if Scope.EVENTS_READ in SCOPES[role]} == {Role.SECURITY, Role.AUDITOR}


# -------------------------------------------------------------------------------------------------- keys


def test_a_key_has_its_scopes_until_it_ends(services):
    keys = services.keys
    secret = keys.create("relay", ("reader:front",), "test", NOON, NOON + timedelta(days=1))
    actor = keys.of(secret, NOON)
    actor.require("reader:front")
    with pytest.raises(NotAllowed):
        actor.require("reader:room")
    with pytest.raises(NotSignedIn):
        keys.of(secret, NOON + timedelta(days=1))
    keys.revoke(actor.name.removeprefix("key:"), "test", NOON)
    with pytest.raises(NotSignedIn):
        keys.of(secret, NOON)
    with pytest.raises(Conflict):
        keys.revoke(actor.name.removeprefix("key:"), "test", NOON)


def test_a_key_for_one_organisation_has_its_reach(services):
    actor = services.keys.of(services.keys.create("hr", ("people:write",), "test", NOON, None, ACME), NOON)
    assert actor.reach == AT_ACME
    assert not actor.may("people:write")
    assert actor.may_within("people:write")


def test_a_key_that_cannot_be_is_refused(services):
    for scope in ("everything", "reader:no-such-door", "reader:"):
        with pytest.raises(Invalid, match="scope"):
            services.keys.create("relay", (scope,), "test", NOON)
    with pytest.raises(Invalid, match="at least one"):
        services.keys.create("relay", (), "test", NOON)
    with pytest.raises(Invalid, match="ended"):
        services.keys.create("relay", ("building:read",), "test", NOON, NOON)
    for scope in ("events:read", "reader:front"):
        with pytest.raises(Invalid, match="one organisation"):
            services.keys.create("hr", (scope,), "test", NOON, None, ACME)


def test_nobody_becomes_more_by_making_a_key():
    grace = Actor("grace", scopes_of(Role.ADMINISTRATOR))
    expect_no_more_than_own(grace, ("people:write", "reader:front"))
    with pytest.raises(NotAllowed, match="events:read"):
        expect_no_more_than_own(grace, ("events:read",))
