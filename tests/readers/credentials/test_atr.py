"""Answers to reset of contactless cards: built by the book, and told apart."""

from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.credentials.atr import Technology, processor_card_atr, recognise, storage_card_atr

MIFARE_CLASSIC = "3b8f8001804f0ca000000306030001000000006a"
DESFIRE = "3b8180018080"
FELICA = "3b8f8001804f0ca0000003061100000000000078"
ISO_15693 = "3b8f8001804f0ca0000003060b00140000000077"
EMV_CONTACT = "3b6500002063cb6800"


def test_a_processor_card_has_the_answer_to_reset_of_a_desfire():
    assert processor_card_atr(b"\x80").hex() == "3b8180018080"


@given(st.binary(max_size=15))
def test_the_check_byte_closes_every_answer_to_reset(historical):
    assert reduce(xor, processor_card_atr(historical)[1:]) == 0


def test_more_historical_bytes_than_fit_are_refused():
    with pytest.raises(ValueError, match="16 historical bytes"):
        processor_card_atr(bytes(16))


def test_standard_and_name_stand_in_a_storage_cards_answer_to_reset():
    assert storage_card_atr(standard=0x07, name=0x1234)[12:15].hex() == "071234"


@pytest.mark.parametrize(
    ("atr", "technology"),
    [
        (MIFARE_CLASSIC, Technology.STORAGE),
        (DESFIRE, Technology.PROCESSOR),
        ("3b80800101", Technology.PROCESSOR),
        (FELICA, None),
        (ISO_15693, None),
        (EMV_CONTACT, None),
        ("", None),
    ],
)
def test_the_answer_to_reset_tells_the_technology(atr, technology):
    assert recognise(bytes.fromhex(atr)) is technology
