"""PINs that controllers send: asked for, compared beside the path, locked out; and taps that are asked about again."""

import asyncio
from contextlib import closing
from datetime import timedelta

import pytest
from msgspec.structs import replace

from access.authorize.authorizer import Authorizer
from access.authorize.retries import REMEMBERED, Retries
from access.errors import Invalid
from access.services.decisions import Answer
from policies.decision import Effect, Flag, Reason, message
from policies.ids import DoorId, PersonId, ReaderId
from readers.wire.events import EventType, parse
from tests.access.authorize.two_doors import (
    BY_ROOM,
    BY_SIDE,
    MOMENT,
    TWO_DOORS,
    open_journal,
    site,
    tap,
)
from tests.small_site import NOON

ROOM = DoorId("room")
WITH_PIN = replace(TWO_DOORS, doors=TWO_DOORS.doors | {ROOM: replace(TWO_DOORS.doors[ROOM], pin=True)})
RIGHT, DURESS, WRONG = "2580", "2581", "1234"


@pytest.fixture
def services(tmp_path):
    opened = site(tmp_path, WITH_PIN)
    for who in ("ada", "bob"):
        opened.pins.set(PersonId(who), RIGHT, "test", NOON)
    yield opened
    opened.close()


@pytest.fixture
def authorizer(services, journal):
    with closing(Authorizer(services, journal)) as opened:
        yield opened


def entered(who, pin, reader=BY_ROOM, name=None):
    return replace(tap(who, reader), pin=pin, id=name)


def ask(authorizer, question, at=NOON):
    return asyncio.run(authorizer.decide(question, at))


def decisions(journal):
    events = [parse(line) for line in journal.pending(1000)]
    return [event for event in events if event.type is EventType.DECISION]


def test_a_door_that_wants_a_pin_asks_for_it_and_opens_to_the_right_one(authorizer, journal):
    asked = ask(authorizer, entered("ada", None))
    opened = ask(authorizer, entered("ada", RIGHT))
    assert (asked.effect, asked.reason) == (Effect.PENDING, Reason.VERIFICATION_REQUIRED)
    assert opened.effect is Effect.GRANT
    assert [event.inputs.pin_ok for event in decisions(journal)] == [False, True]


def test_a_wrong_pin_opens_nothing_and_the_third_locks_the_badge_out_for_a_while(authorizer):
    told = [ask(authorizer, entered("ada", WRONG)).reason for _ in range(3)]
    assert told == [Reason.INCORRECT_FACTOR, Reason.INCORRECT_FACTOR, Reason.MAX_ATTEMPTS]
    assert ask(authorizer, entered("ada", RIGHT), NOON + MOMENT).reason is Reason.LOCKOUT
    assert ask(authorizer, entered("ada", RIGHT), NOON + timedelta(seconds=31)).effect is Effect.GRANT


def test_one_badge_that_is_locked_out_locks_no_other_out(authorizer):
    for _ in range(3):
        ask(authorizer, entered("ada", WRONG))
    assert ask(authorizer, entered("bob", RIGHT)).effect is Effect.GRANT


def test_guesses_that_come_at_once_are_not_all_free(authorizer):
    async def scene():
        pins = [WRONG] * 6 + [RIGHT]
        asked = [authorizer.decide(entered("ada", pin), NOON) for pin in pins]
        return [answer.reason for answer in await asyncio.gather(*asked)]

    assert asyncio.run(scene())[3:] == [Reason.LOCKOUT] * 4


def test_more_pins_at_once_than_can_be_compared_soon_are_refused_as_too_late(authorizer):
    async def scene():
        asked = [authorizer.decide(entered("bob", RIGHT), NOON) for _ in range(20)]
        return [answer.reason for answer in await asyncio.gather(*asked)]

    assert asyncio.run(scene())[16:] == [Reason.VERIFICATION_TIMEOUT] * 4


def test_nobody_waits_for_the_comparison_of_anothers_pin(authorizer):
    async def scene():
        done = []

        async def one(name, question):
            await authorizer.decide(question, NOON)
            done.append(name)

        await asyncio.gather(one("pin", entered("ada", WRONG)), one("plain", tap("bob", BY_SIDE)))
        return done

    assert asyncio.run(scene()) == ["plain", "pin"]


def test_somebody_without_a_pin_has_no_right_one(authorizer):
    assert ask(authorizer, entered("cyd", RIGHT)).reason is Reason.INCORRECT_FACTOR


def test_a_pin_that_no_door_asked_for_shows_nothing_and_is_not_counted(authorizer, journal):
    for _ in range(4):
        assert ask(authorizer, entered("ada", WRONG, BY_SIDE)).effect is Effect.GRANT
    assert not any(event.inputs.pin_ok for event in decisions(journal))


def test_under_duress_the_door_opens_as_ever_and_the_record_alone_tells(authorizer, journal):
    opened = ask(authorizer, entered("ada", DURESS))
    assert (opened.effect, opened.reason) == (Effect.GRANT, Reason.GRANTED)
    assert decisions(journal)[-1].flags == (Flag.DURESS,)


def test_lock_outs_come_through_a_restart(services, tmp_path):
    with open_journal(tmp_path) as journal, closing(Authorizer(services, journal)) as authorizer:
        for _ in range(3):
            ask(authorizer, entered("ada", WRONG))
    with open_journal(tmp_path) as journal, closing(Authorizer(services, journal)) as authorizer:
        assert ask(authorizer, entered("ada", RIGHT), NOON + MOMENT).reason is Reason.LOCKOUT


# ---- asked again


def test_a_tap_that_is_asked_about_again_has_the_same_answer_and_one_record(authorizer, journal):
    question = replace(tap("ada", BY_SIDE), id="tap-1")
    first, again = ask(authorizer, question), ask(authorizer, question, NOON + MOMENT)
    assert first == again
    assert [event.id for event in decisions(journal)] == [first.event]


def test_asked_twice_at_once_it_is_decided_once_though_a_pin_is_compared_meanwhile(authorizer, journal):
    async def scene():
        asked = (authorizer.decide(entered("ada", RIGHT, name="tap-1"), NOON) for _ in range(3))
        return await asyncio.gather(*asked)

    answers = asyncio.run(scene())
    assert {answer.event for answer in answers} == {decisions(journal)[0].id}
    assert len(decisions(journal)) == 1


def test_an_id_is_one_readers_and_one_badges_own(authorizer):
    ask(authorizer, replace(tap("ada", BY_SIDE), id="tap-1"))
    elsewhere = replace(tap("ada", ReaderId("front-in")), id="tap-1")
    assert ask(authorizer, elsewhere).event != ask(authorizer, replace(elsewhere, reader=BY_SIDE)).event
    with pytest.raises(Invalid, match="id: it was used for another badge"):
        ask(authorizer, replace(tap("bob", BY_SIDE), id="tap-1"))


def test_after_a_minute_an_id_is_forgotten(authorizer, journal):
    question = replace(tap("ada", BY_SIDE), id="tap-1")
    ask(authorizer, question)
    ask(authorizer, replace(question, id="tap-2"), NOON + REMEMBERED)
    ask(authorizer, question, NOON + REMEMBERED)
    assert len(decisions(journal)) == 3


def test_a_tap_that_could_not_be_decided_leaves_nobody_waiting_and_may_be_asked_anew(authorizer):
    question = entered("ada", RIGHT, name="tap-1")

    async def scene():
        first, again = (asyncio.create_task(authorizer.decide(question, NOON)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        async with asyncio.timeout(1):
            with pytest.raises(RuntimeError, match="tap-1: it could not be decided"):
                await again
        return await authorizer.decide(question, NOON)

    assert asyncio.run(scene()).effect is Effect.GRANT


def test_whoever_asked_again_is_answered_though_a_clock_was_set_forward_meanwhile():
    retries, question = Retries(), replace(tap("ada", BY_SIDE), id="tap-1")
    answer = Answer(Effect.GRANT, Reason.GRANTED, (), 5000, message(Reason.GRANTED), "authorizer:1:1")

    async def scene():
        retries.begin(question, NOON)
        again = asyncio.create_task(retries.answer(question))
        await asyncio.sleep(0)
        retries.begin(replace(question, id="tap-2"), NOON + timedelta(hours=1))
        retries.settle(question, answer)
        async with asyncio.timeout(1):
            return await again

    assert asyncio.run(scene()) == answer


def test_a_clock_that_was_set_back_does_not_fill_the_memory_with_ids(monkeypatch):
    monkeypatch.setattr("access.authorize.retries.MOST_REMEMBERED", 10)
    retries, question = Retries(), tap("ada", BY_SIDE)
    for number in range(30):
        asked = replace(question, id=f"tap-{number}")
        retries.begin(asked, NOON - timedelta(hours=number))
        retries.settle(
            asked, Answer(Effect.DENY, Reason.OTHER, (), 0, message(Reason.OTHER), f"event-{number}")
        )
    known = [number for number in range(30) if retries.knows(replace(question, id=f"tap-{number}"))]
    assert known == [*range(20, 30)]


def test_the_answer_is_the_same_after_a_restart(services, tmp_path):
    question = replace(tap("ada", BY_SIDE), id="tap-1")
    with open_journal(tmp_path) as journal, closing(Authorizer(services, journal)) as authorizer:
        first = ask(authorizer, question)
    with open_journal(tmp_path) as journal, closing(Authorizer(services, journal)) as authorizer:
        again = ask(authorizer, question, NOON + MOMENT)
        assert replace(again, epoch=0) == replace(first, epoch=0)
        assert len(decisions(journal)) == 1


def test_what_was_taken_back_opens_no_second_time_after_a_restart(services, tmp_path):
    class OneTurn:
        epoch, left = 7, 1

        def may_answer(self):
            self.left -= 1
            return self.left >= 0

        may_answer_plain = may_answer

    question = replace(tap("ada", BY_SIDE), id="tap-1")

    async def scene(authorizer):
        answer = await authorizer.decide(question, NOON)
        await asyncio.sleep(0)
        return answer

    with open_journal(tmp_path) as journal, closing(Authorizer(services, journal, OneTurn())) as authorizer:
        assert asyncio.run(scene(authorizer)).effect is Effect.DENY
    with open_journal(tmp_path) as journal, closing(Authorizer(services, journal)) as authorizer:
        assert ask(authorizer, question, NOON + MOMENT).reason is Reason.VERIFICATION_TIMEOUT
