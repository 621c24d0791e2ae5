"""Signing in: nothing opens with a default, a one-time password opens only a new one, guessing gets slower."""

from datetime import timedelta
from functools import partial

import pytest
from argon2 import PasswordHasher

from access.errors import Invalid, NotAllowed, NotSignedIn
from access.services.passwords import Passwords
from access.services.rights import Role, Scope
from access.services.sessions import FREE_FAILURES, SESSION_LASTS, Sessions
from tests.small_site import NOON

GOOD = "a long enough one"


@pytest.fixture
def grace(operators, sessions):
    once = operators.create("grace", Role.SECURITY, "test", NOON).password
    return sessions.set_password(sessions.sign_in("grace", once, NOON).token, GOOD, NOON)


def test_a_one_time_password_opens_nothing_but_a_new_password(operators, sessions):
    once = operators.first_administrator(NOON)
    signed_in = sessions.sign_in("admin", once, NOON)
    with pytest.raises(NotAllowed, match="new password"):
        signed_in.actor.require(Scope.PEOPLE_READ)
    sessions.set_password(signed_in.token, GOOD, NOON).actor.require(Scope.PEOPLE_READ)
    sessions.sign_in("admin", GOOD, NOON).actor.require(Scope.PEOPLE_READ)
    with pytest.raises(NotSignedIn):
        sessions.sign_in("admin", once, NOON)


@pytest.mark.parametrize(
    "bad",
    [
        "short",
        "password1234",
        "azertyuiop12",
        "123456789012",
        "gracegracegrace",
        "totem-grace-1",
        "grace@MILL-2026",
        "a" * 999,
    ],
)
def test_a_new_password_must_be_long_and_hard_to_guess(operators, sessions, bad):
    once = operators.create("grace", Role.VIEWER, "test", NOON).password
    token = sessions.sign_in("grace", once, NOON).token
    with pytest.raises(Invalid, match="new password"):
        sessions.set_password(token, bad, NOON)


def test_a_new_password_must_be_another(operators, sessions):
    once = operators.first_administrator(NOON)
    with pytest.raises(Invalid, match="another"):
        sessions.set_password(sessions.sign_in("admin", once, NOON).token, once, NOON)


def test_an_open_browser_is_not_enough_to_change_a_password_chosen_before(sessions, grace):
    for current in (None, "guess"):
        with pytest.raises(NotSignedIn):
            sessions.set_password(grace.token, GOOD + "!", NOON, current)
    assert sessions.sign_in("grace", GOOD, NOON).actor.name == "grace"


def test_whoever_was_proven_by_other_means_is_admitted_unless_they_are_gone(operators, sessions, grace):
    assert sessions.admit("grace", NOON).actor == grace.actor
    operators.remove("grace", "test", NOON)
    for name in ("grace", "nobody"):
        with pytest.raises(NotSignedIn):
            sessions.admit(name, NOON)


def test_a_session_ends_in_time_and_on_signing_out_and_on_a_new_password(sessions, grace):
    assert sessions.of_session(grace.token, NOON).name == "grace"
    with pytest.raises(NotSignedIn):
        sessions.of_session(grace.token, NOON + SESSION_LASTS)
    again = sessions.sign_in("grace", GOOD, NOON)
    sessions.sign_out(again.token)
    with pytest.raises(NotSignedIn):
        sessions.of_session(again.token, NOON)
    fresh = sessions.set_password(grace.token, GOOD + "!", NOON, current=GOOD)
    assert sessions.of_session(fresh.token, NOON).name == "grace"
    with pytest.raises(NotSignedIn):
        sessions.of_session(grace.token, NOON)


def test_no_secret_is_kept(services, grace):
    key = services.keys.create("relay", ("building:read",), "test", NOON)
    with services.database.engine.connect() as connection:
        kept = "".join(connection.connection.driver_connection.iterdump())
    assert all(secret not in kept for secret in (grace.token, GOOD, key))


@pytest.mark.usefixtures("grace")
def test_guessing_locks_the_sign_in_for_longer_and_longer(sessions):
    at = NOON
    for _ in range(FREE_FAILURES):
        with pytest.raises(NotSignedIn):
            sessions.sign_in("grace", "guess", at)
    with pytest.raises(NotSignedIn):
        sessions.sign_in("grace", GOOD, at + timedelta(seconds=1))
    at += timedelta(seconds=2)
    with pytest.raises(NotSignedIn):
        sessions.sign_in("grace", "guess", at)
    with pytest.raises(NotSignedIn):
        sessions.sign_in("grace", GOOD, at + timedelta(seconds=3))
    assert sessions.sign_in("grace", GOOD, at + timedelta(seconds=4)).actor.name == "grace"


@pytest.mark.usefixtures("grace")
def test_unknown_wrong_and_locked_are_refused_alike_after_the_same_work(services):
    compared = []

    class Watched(Passwords):
        def verify(self, hashed, password):
            compared.append(password)
            return super().verify(hashed, password)

    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    sessions = Sessions(services.database, Watched(quick), "km0")
    answers = set()
    for name in ("nobody", "grace"):
        for number in range(FREE_FAILURES + 2):
            with pytest.raises(NotSignedIn) as refused:
                sessions.sign_in(name, f"guess-{number}", NOON)
            answers.add(str(refused.value))
    assert len(answers) == 1
    assert len(compared) == 2 * (FREE_FAILURES + 2)


def test_signing_in_again_ends_the_session_that_the_browser_held_but_not_those_of_others(sessions, grace):
    elsewhere = sessions.sign_in("grace", GOOD, NOON)
    with pytest.raises(NotSignedIn):
        sessions.sign_in("grace", "guess", NOON, instead_of=grace.token)
    assert sessions.of_session(grace.token, NOON).name == "grace"
    again = sessions.sign_in("grace", GOOD, NOON, instead_of=grace.token)
    with pytest.raises(NotSignedIn):
        sessions.of_session(grace.token, NOON)
    assert all(sessions.of_session(each.token, NOON).name == "grace" for each in (elsewhere, again))


class Meanwhile(Passwords):
    """Passwords that are compared, or hashed, while something else is done."""

    def __init__(self, done):
        super().__init__(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self._done = done

    def hash(self, password):
        self._done()
        return super().hash(password)

    def verify(self, hashed, password):
        self._done()
        return super().verify(hashed, password)


@pytest.mark.usefixtures("grace")
def test_an_old_password_that_is_reset_while_it_is_compared_opens_nothing(services, operators):
    reset = partial(operators.reset, "grace", "test", NOON)
    with pytest.raises(NotSignedIn):
        Sessions(services.database, Meanwhile(reset), "mill").sign_in("grace", GOOD, NOON)


def test_a_session_that_ends_while_its_new_password_is_hashed_sets_none(services, operators, sessions):
    once = operators.create("grace", Role.VIEWER, "test", NOON).password
    stolen = sessions.sign_in("grace", once, NOON)
    reset = partial(operators.reset, "grace", "test", NOON)
    with pytest.raises(NotSignedIn, match="ended"):
        Sessions(services.database, Meanwhile(reset), "mill").set_password(stolen.token, GOOD, NOON)
    assert operators.get("grace").one_time
