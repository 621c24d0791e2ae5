"""Emulated cards with a serial number: what a PC/SC reader shows of them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.cards.uid import RandomUidCard, UidCard
from readers.credentials.uid import GET_UID

UID = bytes.fromhex("04a1b2c3d4e5f6")


@pytest.mark.parametrize(
    ("uid", "atr"),
    [
        ("04a1b2c3", "3b8f8001804f0ca000000306030001000000006a"),  # MIFARE Classic 1K
        ("04a1b2c3d4e5f6", "3b8f8001804f0ca0000003060300030000000068"),  # MIFARE Ultralight
    ],
)
def test_a_storage_card_has_the_answer_to_reset_that_readers_in_the_field_give(uid, atr):
    assert UidCard(bytes.fromhex(uid)).atr.hex() == atr


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("ffca000000", "04a1b2c3d4e5f69000"),
        ("ffca000007", "04a1b2c3d4e5f69000"),
        ("ffca000004", "6c07"),
        ("ffca000010", "04a1b2c3d4e5f66282"),
        ("ffca0000", "6700"),
        ("ffca000001aa00", "6700"),
        ("ffca010000", "6a81"),
        ("ffb0000010", "6d00"),
        ("00a4040000", "6e00"),
        ("9060000000", "6e00"),
        ("ffca", "6700"),
        ("", "6700"),
    ],
)
def test_the_card_answers_or_refuses_by_the_book(apdu, answer):
    assert UidCard(UID).process(bytes.fromhex(apdu)).hex() == answer


@given(st.binary(max_size=300))
def test_any_command_whatever_gets_a_status_word(apdu):
    assert len(UidCard(UID).process(apdu)) >= 2


def test_a_fixed_number_survives_every_reset():
    card = UidCard(UID)
    card.reset()
    assert card.process(GET_UID) == UID + b"\x90\x00"


def test_a_random_number_changes_with_every_reset_and_begins_with_08():
    card = RandomUidCard(random.Random(7))
    seen = set()
    for _ in range(20):
        uid = card.process(GET_UID)
        assert uid == card.process(GET_UID)
        assert (len(uid), uid[0], uid[-2:]) == (6, 0x08, b"\x90\x00")
        seen.add(uid)
        card.reset()
    assert len(seen) == 20


def test_a_number_of_no_size_is_refused_at_once():
    with pytest.raises(ValueError, match="a UID of 5 bytes"):
        UidCard(bytes(5))
