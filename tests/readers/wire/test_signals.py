"""Acknowledgements and statuses: read back as said, and everything else refused."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.ids import ReaderId
from readers.errors import WireError
from readers.wire.signals import OFFLINE, Ack, Line, ReaderStatus, Status, read_ack, read_status


def test_the_acknowledgement_has_the_form_that_the_contract_gives():
    assert read_ack(b'{"v":1,"epoch":1789457400000,"seq":42}') == Ack(1789457400000, 42)
    assert msgspec.json.decode(msgspec.json.encode(Ack(7, 42))) == {"v": 1, "epoch": 7, "seq": 42}


def test_the_last_will_says_only_that_the_source_is_offline():
    assert OFFLINE == b'{"state":"offline"}'
    assert read_status(OFFLINE) == Status(Line.OFFLINE)


def test_a_status_is_read_back_as_it_was_said():
    at = datetime(2026, 9, 15, tzinfo=UTC)
    lost = ReaderStatus(Line.OFFLINE, at, "unplugged")
    status = Status(Line.ONLINE, at, "0.1.0", 3, {ReaderId("lab-in"): lost})
    assert read_status(msgspec.json.encode(status)) == status


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"v":2,"epoch":1,"seq":1}',
        b'{"v":1,"epoch":0,"seq":1}',
        b'{"v":1,"epoch":1,"seq":-1}',
        b'{"v":1,"epoch":1,"seq":9223372036854775808}',
        b'{"v":1,"epoch":1,"seq":true}',
        b'{"v":1,"epoch":1}',
        b'{"v":1,"epoch":1,"seq":1,"later":' + b"[" * 100_000,
    ],
    ids=lambda wrong: repr(wrong[:40]),
)
def test_a_wrong_acknowledgement_is_refused(wrong):
    with pytest.raises(WireError):
        read_ack(wrong)


@given(st.binary(max_size=60))
def test_garbage_is_neither_an_acknowledgement_nor_a_status(garbage):
    with pytest.raises(WireError):
        read_ack(garbage)
    with pytest.raises(WireError):
        read_status(garbage)
