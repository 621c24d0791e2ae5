"""Commands on the wire: whatever is not exactly what the site signed is none."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from policies.ids import DoorId
from policies.request import DoorMode
from readers.errors import WireError
from readers.wire.commands import Command, Verb, read, sign
from readers.wire.orders import Order, Orders
from tests.readers.wire.vectors import COMMAND, KEY, command

AT = datetime(2026, 9, 15, 8, tzinfo=UTC)


def test_a_command_of_version_1_is_read_as_it_was_meant_and_signed_to_the_same_bytes() -> None:
    assert read(COMMAND.read_bytes(), KEY.public_key()) == command()
    assert sign(command(), KEY) == COMMAND.read_bytes()


@given(place=st.integers(0, len(sign(command(), KEY)) - 1), bit=st.integers(0, 7))
def test_a_command_with_any_bit_changed_is_refused(place: int, bit: int) -> None:
    payload = bytearray(sign(command(), KEY))
    payload[place] ^= 1 << bit
    with pytest.raises(WireError):
        read(bytes(payload), KEY.public_key())


@given(size=st.integers(0, len(sign(command(), KEY)) - 1))
def test_a_command_cut_short_is_refused(size: int) -> None:
    with pytest.raises(WireError):
        read(sign(command(), KEY)[:size], KEY.public_key())


def test_a_command_signed_by_another_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(WireError, match="not by this site's key"):
        read(sign(command(), other), KEY.public_key())


@pytest.mark.parametrize(
    ("verb", "orders"),
    [(Verb.ORDERS, None), (Verb.UNLOCK, Orders(1, operator=Order("c-1", AT, DoorMode.FREE)))],
    ids=["orders without a register", "an unlocking with one"],
)
def test_a_command_whose_parts_do_not_fit_is_refused(verb: Verb, orders: Orders | None) -> None:
    late = AT + timedelta(seconds=5)
    odd = Command("c-1", DoorId("lab"), verb, "anna", "delivery", AT, late, orders)
    with pytest.raises(WireError, match="c-1"):
        read(sign(odd, KEY), KEY.public_key())
