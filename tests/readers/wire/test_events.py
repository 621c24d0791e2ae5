"""Events on the wire: sealed, parsed, erased, and everything that is not one refused."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.decision import Effect, Flag, Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SourceId, SpaceId
from policies.request import Assurance
from readers.errors import WireError
from readers.wire.events import GENESIS, Draft, EventType, Inputs, digest, parse, place, seal, sealed_part

EDGE = SourceId("edge-1")
AT = datetime(2026, 9, 15, 9, 20, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
drafts = st.builds(
    Draft,
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(EventType),
    st.none() | texts.map(DoorId),
    st.none() | texts.map(ReaderId),
    st.none() | texts.map(SpaceId),
    effect=st.none() | st.sampled_from(Effect),
    reason=st.none() | st.sampled_from(Reason),
    rules=st.lists(texts.map(RuleId), max_size=3).map(tuple),
    flags=st.lists(st.sampled_from(Flag), max_size=2).map(tuple),
    inputs=st.none() | st.builds(Inputs, st.sampled_from(Assurance), st.booleans()),
    person=st.none() | texts.map(PersonId),
    badge=st.none() | texts.map(BadgeId),
)


def tap(person: str = "p-1") -> Draft:
    return Draft(
        AT,
        EventType.DECISION,
        DoorId("agora"),
        effect=Effect.GRANT,
        reason=Reason.GRANTED,
        person=PersonId(person),
        badge=BadgeId("04A1"),
    )


@given(drafts, st.integers(1, 2**40), st.integers(1, 2**40))
def test_what_was_sealed_is_what_is_parsed(draft, epoch, seq):
    sealed = seal(draft, EDGE, epoch, seq, GENESIS, "salt")
    event = parse(sealed.line)
    for field in Draft.__struct_fields__:
        assert getattr(event, field) == getattr(draft, field)
    assert (event.id, event.source, event.epoch, event.seq) == (sealed.id, EDGE, epoch, seq)
    assert place(sealed.line) == (epoch, seq)
    assert b"\n" not in sealed.line


@given(drafts)
def test_an_erased_record_keeps_the_chain_and_loses_the_person(draft):
    sealed = seal(draft, EDGE, 1, 1, GENESIS, "salt")
    erased = sealed_part(sealed.line)
    event = parse(erased)
    assert (event.person, event.badge, event.salt) == (None, None, None)
    assert digest(erased) == digest(sealed.line) == sealed.digest


@given(drafts)
def test_the_salt_alone_ties_the_commitment_to_the_person(draft):
    one, two = (seal(draft, EDGE, 1, 1, GENESIS, salt) for salt in ("one", "two"))
    had_person = draft.person is not None or draft.badge is not None
    assert (parse(one.line).commitment != parse(two.line).commitment) is had_person


def test_another_person_in_a_record_is_refused():
    line = seal(tap("p-1"), EDGE, 1, 1, GENESIS, "salt").line
    with pytest.raises(WireError, match="edge-1:1:1: its personal part"):
        parse(line.replace(b'"person":"p-1"', b'"person":"p-2"'))


def test_a_person_outside_the_part_that_can_be_erased_is_refused():
    sealed = json.loads(sealed_part(seal(tap(), EDGE, 1, 1, GENESIS, "salt").line))
    with pytest.raises(WireError, match="edge-1:1:1: names a person outside"):
        parse(json.dumps({**sealed, "person": "p-2"}).encode())
    with pytest.raises(WireError, match="edge-1:1:1: names a person outside"):
        parse(json.dumps({**sealed, "salt": "salt", "badge": "04A1"}, indent=1).encode())


def test_a_field_that_a_later_version_adds_changes_nothing():
    line = seal(tap(), EDGE, 1, 1, GENESIS, "salt").line
    newer = b'{"humidity":{"%":40},' + line[1:]
    assert parse(newer) == parse(line)
    assert digest(newer) == hashlib.sha256(sealed_part(newer)).hexdigest() != digest(line)


def test_an_event_of_another_time_zone_is_the_same_instant():
    paris = AT.astimezone(timezone(timedelta(hours=2)))
    draft = msgspec.structs.replace(tap(), at=paris)
    assert parse(seal(draft, EDGE, 1, 1, GENESIS, "salt").line).at == AT


WHOLE = seal(tap(), EDGE, 1, 1, GENESIS, "salt").line


def numbered(seq: int) -> bytes:
    return seal(tap(), EDGE, 1, seq, GENESIS, "salt").line


@pytest.mark.parametrize(
    "wrong",
    [
        WHOLE.replace(b'"v":1', b'"v":2'),
        WHOLE.replace(b'"id":"edge-1:1:1"', b'"id":"edge-1:1:2"'),
        WHOLE.replace(b"09:20:00Z", b"09:20:00"),
        numbered(-1),
        numbered(0),
        numbered(2**63),
        WHOLE.replace(b'"door":"agora"', b'"door":"ago\\u0000ra"'),
        WHOLE.replace(b'"door":"agora"', b'"door":"ago\xffra"'),
        WHOLE.replace(b'"door":"agora"', b'"door":"\\ud800"'),
        b'{"later":' + b"[" * 100_000 + b"]" * 100_000 + b"," + WHOLE[1:],
        WHOLE + b"\n" + WHOLE,
        WHOLE[:-1],
        b"",
        b"null",
        b"[]",
    ],
    ids=lambda wrong: repr(wrong[:20]),
)
def test_a_line_that_is_not_of_the_contract_is_refused(wrong):
    with pytest.raises(WireError):
        parse(wrong)


@given(st.binary(max_size=200))
@example(b"{}")
def test_garbage_is_refused_and_nothing_else_happens(garbage):
    with pytest.raises(WireError):
        parse(garbage)
    with pytest.raises(WireError):
        place(garbage)


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=3))
def test_a_damaged_event_is_refused_or_no_longer_fits_the_chain(position, damage):
    damaged = WHOLE[:position] + damage + WHOLE[position + len(damage) :]
    try:
        event = parse(damaged)
    except WireError:
        return
    assert event == parse(WHOLE) or digest(damaged) != digest(WHOLE)
