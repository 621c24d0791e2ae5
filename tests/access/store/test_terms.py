"""Terms on a real PostgreSQL: one is taken only from nobody, from a dead life of one's own, or when it is over."""

from contextlib import closing
from datetime import timedelta
from random import Random

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from access.store import terms
from access.store.database import open_database
from access.store.terms import impatient
from policies.ids import SourceId
from tests.access.authorize.term_row import Row

LONG, OVER = timedelta(minutes=5), timedelta(seconds=-1)
SOURCE = SourceId("authorizer")


@pytest.fixture
def database(database_url):
    with closing(open_database(database_url)) as patient, closing(impatient(patient)) as opened:
        yield opened


# `database_url` is asked for PostgreSQL alone: SQLite's terms do not end by themselves.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def take(database, seen, holder, lasts=LONG):
    with database.writing() as session:
        return terms.take(session, seen, holder, SOURCE, lasts)


def epoch_of(won):
    assert won is not None
    return won.epoch


def renew(database, holder, epoch, lasts=LONG):
    with database.writing() as session:
        return terms.renew(session, holder, epoch, lasts)


def give_up(database, holder, epoch):
    with database.writing() as session:
        terms.give_up(session, holder, epoch)


def look(database):
    with database.reading() as session:
        return terms.read(session)


def test_a_new_database_has_nobody_to_wait_for(database):
    assert look(database).is_given_up
    assert epoch_of(take(database, look(database), "a")) > 1_700_000_000_000


def test_a_term_that_runs_is_nobody_elses(database):
    take(database, look(database), "a")
    assert take(database, look(database), "b") is None
    assert not look(database).is_over


def test_a_term_that_is_over_goes_to_the_first_who_saw_it_untouched(database):
    first = epoch_of(take(database, look(database), "a", OVER))
    seen = look(database)
    assert seen.is_over
    second = epoch_of(take(database, seen, "b", OVER))
    assert second > first
    assert take(database, seen, "c") is None


def test_a_renewal_keeps_whoever_looked_before_it_away(database):
    epoch = epoch_of(take(database, look(database), "a", OVER))
    seen = look(database)
    assert renew(database, "a", epoch, OVER)
    assert look(database).is_over
    assert take(database, seen, "b") is None


def test_nobody_renews_a_term_that_another_followed(database):
    epoch = epoch_of(take(database, look(database), "a", OVER))
    take(database, look(database), "b")
    assert not renew(database, "a", epoch)


def test_a_dead_life_of_ones_own_is_followed_at_once(database):
    epoch = epoch_of(take(database, look(database), "a"))
    assert epoch_of(take(database, look(database), "a")) > epoch
    assert not renew(database, "a", epoch)


def test_a_term_that_is_given_up_is_free_at_once_and_its_giver_has_none(database):
    epoch = epoch_of(take(database, look(database), "a"))
    give_up(database, "a", epoch)
    assert look(database).is_given_up
    assert epoch_of(take(database, look(database), "b")) > epoch
    give_up(database, "a", epoch)
    assert not look(database).is_given_up


def test_epochs_grow_though_the_databases_clock_was_far_ahead_once(database):
    with database.writing() as session:
        session.execute(text("UPDATE authorizer_terms SET epoch = 99999999999999"))
    assert epoch_of(take(database, look(database), "a")) == 100_000_000_000_000


def test_the_row_keeps_since_when_nobody_elses_term_came_between_and_whoever_takes_it_is_told(database):
    assert take(database, look(database), "a", OVER).held_since == look(database).held_since == 0
    first, since = take(database, look(database), "b", OVER)
    assert since == first
    again = take(database, look(database), "b", OVER)
    assert again.epoch > first == again.held_since == look(database).held_since
    last = take(database, look(database), "a", OVER)
    assert last.epoch == last.held_since == look(database).held_since


@pytest.mark.parametrize("seed", range(2))
def test_the_row_of_the_search_for_a_leases_faults_is_this_one(database, seed):
    drawn, row = Random(seed), Row()
    seen, same = [(look(database), row.term())], {0: 0}
    for _ in range(60):
        row.now += 1.0
        who, lasts = drawn.choice("abc"), drawn.choice((LONG, OVER))
        (real, drawn_up), act = drawn.choice(seen[-3:]), drawn.choice(("take", "take", "renew", "give up"))
        if act == "take":
            won, expected = take(database, real, who, lasts), row.take(who, drawn_up, lasts)
            assert (won is None) is (expected is None)
            if won is not None:
                assert won.epoch > max(same)
                same[won.epoch] = expected.epoch
                assert same[won.held_since] == expected.held_since
        elif act == "renew":
            assert renew(database, who, real.epoch, lasts) is row.renew(who, drawn_up.epoch, lasts)
        else:
            give_up(database, who, real.epoch)
            row.give_up(who, drawn_up.epoch)
        is_now = look(database)
        told = replace(is_now, epoch=same[is_now.epoch], held_since=same[is_now.held_since])
        assert told == row.term()
        seen.append((is_now, row.term()))
