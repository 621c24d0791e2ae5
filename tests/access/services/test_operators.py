"""Operators: nothing opens with a default, a one-time password opens only a new one, guessing gets slower."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from access.errors import Conflict, Invalid, NotAllowed, NotSignedIn
from access.services.operators import FREE_FAILURES, SESSION_LASTS, Operators
from access.services.passwords import Passwords
from access.services.rights import SCOPES, Role, Scope
from tests.small_site import BUILDING, NOON

GOOD = "a long enough one"


@pytest.fixture
def operators(services):
    # As cheap as argon2 goes: these tests hash often.
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return Operators(services.database, BUILDING, cheap)


@pytest.fixture
def grace(operators):
    once = operators.create("grace", Role.SECURITY, "test", NOON)
    return operators.set_password(operators.sign_in("grace", once, NOON).token, GOOD, NOON)


def test_the_first_administrator_is_made_once(operators):
    assert operators.first_administrator(NOON)
    assert operators.first_administrator(NOON) is None


def test_a_one_time_password_opens_nothing_but_a_new_password(operators):
    once = operators.first_administrator(NOON)
    signed_in = operators.sign_in("admin", once, NOON)
    with pytest.raises(NotAllowed, match="new password"):
        signed_in.actor.require(Scope.PEOPLE_READ)
    operators.set_password(signed_in.token, GOOD, NOON).actor.require(Scope.PEOPLE_READ)
    operators.sign_in("admin", GOOD, NOON).actor.require(Scope.PEOPLE_READ)
    with pytest.raises(NotSignedIn):
        operators.sign_in("admin", once, NOON)


def test_a_new_password_must_be_long_and_another(operators):
    once = operators.first_administrator(NOON)
    token = operators.sign_in("admin", once, NOON).token
    for bad in ("short", once):
        with pytest.raises(Invalid):
            operators.set_password(token, bad, NOON)


def test_a_name_is_given_once(operators):
    operators.create("grace", Role.VIEWER, "test", NOON)
    with pytest.raises(Conflict):
        operators.create("grace", Role.ADMINISTRATOR, "test", NOON)


def test_a_session_ends_in_time_and_on_signing_out_and_on_a_new_password(operators, grace):
    assert operators.of_session(grace.token, NOON).name == "grace"
    with pytest.raises(NotSignedIn):
        operators.of_session(grace.token, NOON + SESSION_LASTS)
    again = operators.sign_in("grace", GOOD, NOON)
    operators.sign_out(again.token)
    with pytest.raises(NotSignedIn):
        operators.of_session(again.token, NOON)
    fresh = operators.set_password(grace.token, GOOD + "!", NOON)
    assert operators.of_session(fresh.token, NOON).name == "grace"
    with pytest.raises(NotSignedIn):
        operators.of_session(grace.token, NOON)


def test_no_secret_is_kept(operators, grace, services):
    key = operators.create_key("relay", ("building:read",), "test", NOON)
    with services.database.engine.connect() as connection:
        kept = "".join(connection.connection.driver_connection.iterdump())
    assert all(secret not in kept for secret in (grace.token, GOOD, key))


@pytest.mark.usefixtures("grace")
def test_guessing_locks_the_sign_in_for_longer_and_longer(operators):
    at = NOON
    for _ in range(FREE_FAILURES):
        with pytest.raises(NotSignedIn, match="wrong"):
            operators.sign_in("grace", "guess", at)
    with pytest.raises(NotSignedIn, match="locked until"):
        operators.sign_in("grace", GOOD, at)
    at += timedelta(seconds=2)
    with pytest.raises(NotSignedIn, match="wrong"):
        operators.sign_in("grace", "guess", at)
    with pytest.raises(NotSignedIn, match="locked until"):
        operators.sign_in("grace", GOOD, at + timedelta(seconds=3))
    assert operators.sign_in("grace", GOOD, at + timedelta(seconds=4)).actor.name == "grace"


def test_an_unknown_name_is_refused_like_a_wrong_password(operators):
    with pytest.raises(NotSignedIn, match="the name or the password is wrong"):
        operators.sign_in("nobody", "guess", NOON)


def test_a_key_has_its_scopes_until_it_ends(operators):
    secret = operators.create_key("relay", ("reader:front",), "test", NOON, NOON + timedelta(days=1))
    actor = operators.of_key(secret, NOON)
    actor.require("reader:front")
    with pytest.raises(NotAllowed):
        actor.require("reader:room")
    with pytest.raises(NotSignedIn):
        operators.of_key(secret, NOON + timedelta(days=1))
    operators.revoke_key(actor.name.removeprefix("key:"), "test", NOON)
    with pytest.raises(NotSignedIn):
        operators.of_key(secret, NOON)


def test_a_scope_that_does_not_exist_is_refused(operators):
    for scope in ("everything", "reader:no-such-door", "reader:"):
        with pytest.raises(Invalid, match="scope"):
            operators.create_key("relay", (scope,), "test", NOON)


def test_only_security_and_auditors_read_what_people_did():
    assert {role for role in Role if Scope.EVENTS_READ in SCOPES[role]} == {Role.SECURITY, Role.AUDITOR}
