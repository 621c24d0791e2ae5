"""Cards made from their kind and a file of keys."""

import msgspec
import pytest

from emulators.cards.desfire import DesfireCard
from emulators.cards.kinds import CardKeys, Kind, make_card
from readers.credentials.desfire import ev2
from readers.credentials.desfire.framing import Instruction, Line
from readers.credentials.uid import GET_UID
from tests.readers.credentials.driving import Driver, seeded

UID = bytes.fromhex("04a1b2c3d4e5f6")


@pytest.mark.parametrize(
    ("kind", "keys", "complaint"),
    [
        (Kind.DESFIRE_EV2, CardKeys(picc="00"), "key 0 of picc: expected 16 bytes in hex"),
        (Kind.DESFIRE_EV1, CardKeys(applications={"4f": ["00" * 16]}), "application: expected 3 bytes"),
        (Kind.DESFIRE_EV1, CardKeys(applications={"4f4d54": []}), "no keys"),
        (Kind.NTAG424, CardKeys(applications={"4f4d54": []}), "expected d2760000850101 with 5 keys"),
        (Kind.PKOC, CardKeys(private="secret"), "private: expected 32 bytes"),
        (Kind.PKOC, CardKeys(certificate="x"), "certificate: expected some bytes"),
    ],
)
def test_keys_that_do_not_fit_are_told_without_showing_them(kind, keys, complaint):
    with pytest.raises(ValueError, match=complaint) as told:
        make_card(kind, UID, keys)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("kind", [Kind.DESFIRE_EV1, Kind.DESFIRE_EV2, Kind.NTAG424])
def test_a_number_of_another_size_is_told(kind):
    with pytest.raises(ValueError, match="expected 7"):
        make_card(kind, UID[:4], CardKeys())


def test_the_file_of_keys_is_the_contracts():
    text = b'{"picc": "000102030405060708090a0b0c0d0e0f", "applications": {"4f4d54": ["%s"]}}' % (b"ab" * 16)
    keys = msgspec.json.decode(text, type=CardKeys)
    shown, card = make_card(Kind.DESFIRE_EV2, UID, keys)
    assert shown == UID.hex()
    driver = Driver(card)
    assert driver.run(Line().send(Instruction.SELECT_APPLICATION, bytes.fromhex("4f4d54"))).is_ok
    opened = driver.run(ev2.authenticate(Line(), 0, b"\xab" * 16, seeded(1)))
    assert isinstance(opened, ev2.Ev2Channel)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_card_of_every_kind_answers_the_reader_and_whatever_else(kind):
    shown, card = make_card(kind, UID, CardKeys())
    assert len(shown) == (64 if kind is Kind.PKOC else 14)
    assert card.process(GET_UID)[-2:] == b"\x90\x00"
    assert len(card.process(b"\x00")) >= 1
    assert isinstance(card, DesfireCard) == kind.value.startswith("desfire")
