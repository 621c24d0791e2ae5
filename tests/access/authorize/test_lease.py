"""One answers at a time, whatever clocks, pauses and lost words do to the candidates; and soon after a death one does.

The adversary decides when each word is sent, obeyed by the database and heard, when clocks are set, and who dies. A
pause is nothing else than a candidate that is not served for a while: its clock goes on.
"""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from access.authorize.lease import TABLE, Ask, Effect, Lease, Standing, Timing, Turn
from tests.access.authorize.term_row import Row
from tests.soak import soaked

TIMING = Timing()
LASTS = timedelta(seconds=TIMING.lasts_s)
NAMES = ("mill-1", "mill-2", "mill-3")
MEMBER = st.sampled_from(NAMES)
DRIFT = st.floats(0.95, 1.05)


class Candidate:
    """A lease, its own clock, and the one word that is on its way."""

    def __init__(self, name, rate, kind):
        self.name, self.rate, self.kind = name, rate, kind
        self.begin()

    def begin(self):
        self.lease, self.asked, self.answer = self.kind(self.name, TIMING), None, None

    def now(self, true):
        return 1000.0 + self.rate * true

    def send(self, true, *, is_fed):
        if self.asked is None:
            sent = self.now(true)
            self.lease.tick(sent)
            self.asked = (self.lease.ask(sent, is_fed=is_fed), sent, self.lease.seen, self.lease.epoch)
            self.answer = None

    def obeyed(self, row):
        if self.asked is None or self.answer is not None:
            return
        ask, _, seen, epoch = self.asked
        if ask is Ask.LOOK:
            self.answer = (row.term(),)
        elif ask is Ask.TAKE:
            self.answer = (row.take(self.name, seen, LASTS),)
        else:
            self.answer = (row.renew(self.name, epoch, LASTS),)

    def hear(self, true):
        if self.asked is None or self.answer is None:
            return
        (ask, sent, _, _), (answer,), now = self.asked, self.answer, self.now(true)
        self.asked = self.answer = None
        if ask is Ask.LOOK:
            self.lease.looked(answer, now)
        elif ask is Ask.TAKE:
            self.lease.took(answer, sent, now)
        else:
            self.lease.renewed(sent, now, is_ours=answer)

    def catch_up(self, true):
        for standing, turn in ((Standing.TAKING, Turn.READ), (Standing.PARTLY, Turn.HEARD)):
            if self.lease.standing is standing:
                self.lease.caught_up(turn, self.lease.epoch, self.now(true))


class Adversary(RuleBasedStateMachine):
    kind = Lease

    @initialize(rates=st.tuples(DRIFT, DRIFT, DRIFT))
    def begin(self, rates):
        self.true, self.row = 0.0, Row()
        self.all = {name: Candidate(name, rate, self.kind) for name, rate in zip(NAMES, rates, strict=True)}
        self.known = set()

    @rule(seconds=st.sampled_from((0.01, 0.25, 0.6, 1.3, 2.4, 3.1, 5.5, 60.0)))
    def time_passes(self, seconds):
        self.true += seconds
        self.row.now += seconds

    @rule(seconds=st.sampled_from((-3600.0, -3.0, 3.0, 3600.0)))
    def the_databases_clock_is_set(self, seconds):
        self.row.now += seconds

    @rule(who=MEMBER, is_fed=st.booleans())
    def a_word_is_sent(self, who, is_fed):
        self.all[who].send(self.true, is_fed=is_fed)

    @rule(who=MEMBER)
    def the_database_obeys(self, who):
        self.all[who].obeyed(self.row)

    @rule(who=MEMBER)
    def the_answer_is_heard(self, who):
        self.all[who].hear(self.true)

    @rule(who=MEMBER, is_fed=st.booleans())
    def all_goes_well_for_one(self, who, is_fed):
        one = self.all[who]
        for _ in range(3):
            one.send(self.true, is_fed=is_fed)
            one.obeyed(self.row)
            one.hear(self.true)
        one.catch_up(self.true)

    @rule(who=MEMBER)
    def a_word_is_lost(self, who):
        self.all[who].asked = self.all[who].answer = None

    @rule(who=MEMBER)
    def one_dies_and_comes_back(self, who):
        self.all[who].begin()

    @rule(who=MEMBER)
    def one_has_caught_up(self, who):
        self.all[who].catch_up(self.true)

    @invariant()
    def at_most_one_may_answer(self):
        may = [one for one in self.all.values() if one.lease.may_answer_plain(one.now(self.true))]
        assert len(may) <= 1, [one.name for one in may]
        for one in may:  # and nobody before it had its epoch
            assert one.lease.epoch == self.row.epoch


class Trusting(Lease):
    """Believes the database's clock alone."""

    def _may_take(self, now, *, is_fed):
        del now, is_fed
        return self.seen is not None and self.seen.is_over


class Late(Lease):
    """Counts its term from when the answer came."""

    def took(self, epoch, sent, now):
        del sent
        return super().took(epoch, now, now)

    def renewed(self, sent, now, *, is_ours):
        del sent
        return super().renewed(now, now, is_ours=is_ours)


class Careless(Lease):
    """Goes on until somebody says otherwise."""

    def may_answer_plain(self, now):
        del now
        return self.standing in {Standing.PARTLY, Standing.ANSWERING}


def search(kind, examples, phases=tuple(Phase)):
    class Search(Adversary):
        pass

    Search.kind = kind
    chosen = settings(
        max_examples=examples, stateful_step_count=40, phases=phases, report_multiple_bugs=False
    )
    run_state_machine_as_test(Search, settings=chosen)


@pytest.mark.soak
def test_never_two_answer_whatever_clocks_pauses_and_lost_words_do():
    search(Lease, soaked(100, 20_000))


@pytest.mark.parametrize("kind", [Trusting, Careless])
def test_the_search_finds_a_lease_that_is_not_safe(kind):
    with pytest.raises(AssertionError):
        search(kind, 2_000, [Phase.generate])


def answers_come_late(kind):
    """Let a renewal be heard long after it was sent, and somebody else wait out the term that it began."""
    row, first, second = Row(), Candidate("mill-1", 1.0, kind), Candidate("mill-2", 1.0, kind)
    for true in (0.0, 0.1):
        one_turn(first, row, true)
    first.catch_up(0.1)
    first.send(0.2, is_fed=True)
    first.obeyed(row)
    one_turn(second, row, 0.2)
    first.hear(2.0)
    row.now = 3.3
    for true in (3.3, 3.4):
        one_turn(second, row, true)
    second.catch_up(3.4)
    return [one.name for one in (first, second) if one.lease.may_answer(one.now(3.4))]


def test_a_term_counts_from_when_it_was_asked_for_not_from_when_that_was_heard():
    assert answers_come_late(Lease) == ["mill-2"]
    assert answers_come_late(Late) == ["mill-1", "mill-2"]


def one_turn(one, row, true, *, is_fed=True):
    one.send(true, is_fed=is_fed)
    one.obeyed(row)
    one.hear(true)


def answering_after(active_dies_at, *, is_fed, rate=1.0):
    """Return when a standby may answer all taps, in true seconds after the death of the active."""
    row, first, second = Row(), Candidate("mill-1", 1.0, Lease), Candidate("mill-2", rate, Lease)
    step, true = TIMING.look_every_s / 5, 0.0
    looked = renewed = -1.0
    while not second.lease.may_answer(second.now(true)):
        true += step
        row.now += step
        if true < active_dies_at and true - renewed >= TIMING.renew_every_s:
            one_turn(first, row, true)
            first.catch_up(true)
            renewed = true
        if first.lease.epoch and true - looked >= TIMING.look_every_s:
            one_turn(second, row, true, is_fed=is_fed)
            second.catch_up(true)
            looked = true
        assert true < active_dies_at + 60
    return true - active_dies_at


@pytest.mark.parametrize("dies_at", [10.0, 10.1, 10.24, 10.4, 10.49])
def test_a_standby_answers_within_four_seconds_of_the_death(dies_at):
    assert answering_after(dies_at, is_fed=True) < 4.0


def test_one_that_does_not_hear_the_bus_lets_another_come_first():
    assert answering_after(10.0, is_fed=False) > answering_after(10.0, is_fed=True) + TIMING.unfed_s / 2


def test_one_who_restarts_need_not_wait_for_their_own_term():
    row, one = Row(), Candidate("mill-1", 1.0, Lease)
    for true in (0.0, 0.1):
        one_turn(one, row, true)
    first = one.lease.epoch
    one.begin()
    for true in (0.2, 0.3):
        one_turn(one, row, true)
    assert one.lease.epoch > first > 0
    assert one.lease.alone_s == one.lease.epoch / 1000


def test_who_restarts_soon_after_following_another_has_not_been_alone_for_longer_than_that():
    row, first, second = Row(), Candidate("mill-1", 1.0, Lease), Candidate("mill-2", 1.0, Lease)
    row.now = 100.0
    for true in (0.0, 0.1):
        one_turn(first, row, true)
    row.now = 110.0
    for true in (10.0, 14.0, 14.1):
        one_turn(second, row, true)
    assert second.lease.alone_s == 0.0
    for row.now in (111.0, 113.0):
        second.begin()
        for true in (row.now - 100.0, row.now - 99.9):
            one_turn(second, row, true)
    assert second.lease.alone_s == 3.0


def test_who_is_cut_off_from_the_database_stops_before_the_term_is_over():
    row, one = Row(), Candidate("mill-1", 1.0, Lease)
    for true in (0.0, 0.1):
        one_turn(one, row, true)
    one.catch_up(0.1)
    stops = 0.1 + TIMING.lasts_s - TIMING.margin_s
    assert one.lease.may_answer(one.now(stops - 0.01))
    assert not one.lease.may_answer(one.now(stops))
    assert one.lease.tick(one.now(stops)) == (Effect.FALL_SILENT,)


def test_catching_up_for_a_term_that_is_over_means_nothing():
    row, one = Row(), Candidate("mill-1", 1.0, Lease)
    for true in (0.0, 0.1):
        one_turn(one, row, true)
    earlier = one.lease.epoch
    one.lease.tick(one.now(10.0))
    for true in (10.0, 10.1):
        one_turn(one, row, true)
    one.lease.caught_up(Turn.READ, earlier, one.now(10.1))
    assert one.lease.standing is Standing.TAKING


def test_every_holder_has_a_row_for_what_can_befall_it():
    holders = set(Standing) - {Standing.WATCHING}
    assert {(each, turn) for each in holders for turn in (Turn.LOST, Turn.LAPSED)} <= set(TABLE)
    order = [Standing.WATCHING, Standing.TAKING, Standing.PARTLY, Standing.ANSWERING]
    steps = zip(pairwise(order), (Turn.WON, Turn.READ, Turn.HEARD), strict=True)
    assert all(TABLE[old, turn][0] is new for (old, new), turn in steps)


def test_the_times_leave_room_for_lost_words():
    assert TIMING.lasts_s - TIMING.margin_s > 3 * TIMING.renew_every_s
    assert timedelta(seconds=TIMING.lasts_s + 2 * TIMING.look_every_s) < timedelta(seconds=5)
