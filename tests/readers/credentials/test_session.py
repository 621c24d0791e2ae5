"""A card's visit, from its answer to reset to a badge or a refusal. Whatever the bytes, it ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.decision import Reason
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Exchange, Identified, Rejected, Transmit
from readers.credentials.schemes import Pkoc, Scheme
from readers.credentials.session import identify
from tests.readers.credentials import site
from tests.readers.credentials.driving import TODAY, Driver, seeded
from tests.readers.credentials.published import VECTORS

MIFARE_CLASSIC = "3b8f8001804f0ca000000306030001000000006a"  # as ACS and HID print it for a 1K card
DESFIRE = "3b8180018080"
EMV_CONTACT = "3b6500002063cb6800"

UNREADABLE = Rejected(Reason.AUTHENTICATION_FACTOR_ERROR)


def visit(atr: bytes) -> Exchange:
    return identify(atr, Scheme(), seeded(1), TODAY)


def answer_with(exchange: Exchange, answers: list[bytes]) -> tuple[list[bytes], Identified | Rejected]:
    """Drive an exchange with prepared answers; give what was asked and what came of it."""
    asked: list[bytes] = []
    waiting = iter(answers)
    try:
        request = next(exchange)
        while True:
            assert isinstance(request, Transmit)
            asked.append(request.apdu)
            request = exchange.send(next(waiting))
    except StopIteration as end:
        return asked, end.value


@pytest.mark.parametrize("atr", [MIFARE_CLASSIC, DESFIRE])
@pytest.mark.parametrize("uid", ["04a1b2c3", "04a1b2c3d4e5f6", "04a1b2c3d4e5f6010203", "08a1b2c3d4e5f6"])
def test_a_fixed_serial_number_identifies_a_badge_by_uid_alone(atr, uid):
    asked, outcome = answer_with(visit(bytes.fromhex(atr)), [bytes.fromhex(uid) + b"\x90\x00"])
    assert asked == [bytes.fromhex("ffca000000")]
    assert outcome == Identified(BadgeId(uid), Assurance.UID)


@pytest.mark.parametrize(
    ("why", "answer"),
    [
        ("random", "08a1b2c39000"),
        ("the cascade tag of a half-read longer number", "8804a1b29000"),
        ("too short", "04a1b29000"),
        ("between the sizes", "04a1b2c3d49000"),
        ("a vicinity card's eight bytes", "e00401001122334455"[:16] + "9000"),
        ("no number", "9000"),
        ("cut short by the reader", "04a1b2c36282"),
        ("not supported", "6a81"),
        ("garbage", "ff"),
        ("silence", ""),
    ],
)
def test_what_is_not_one_cards_own_number_is_never_a_badge(why, answer):
    _, outcome = answer_with(visit(bytes.fromhex(MIFARE_CLASSIC)), [bytes.fromhex(answer)])
    assert outcome == UNREADABLE, why


def test_a_card_that_is_not_contactless_is_refused_without_a_word():
    assert answer_with(visit(bytes.fromhex(EMV_CONTACT)), []) == ([], UNREADABLE)


class AliroPhone:
    """A phone that knows Aliro's application and no other; its number is random, as phones' numbers are."""

    atr = bytes.fromhex(DESFIRE)

    def process(self, apdu: bytes) -> bytes:
        if apdu.startswith(b"\xff\xca"):
            return bytes.fromhex("08b1c2d39000")
        is_select = apdu[5:].startswith(bytes.fromhex(VECTORS["aliro-constants"]["aid_expedited"]))
        return bytes.fromhex("6f009000" if is_select else "6a82")

    def reset(self) -> None:
        """Forget nothing."""


def test_a_phone_that_speaks_aliro_alone_shows_no_badge_yet():
    driver = Driver(AliroPhone())
    scheme = Scheme(site.DESFIRE, site.NTAG, Pkoc())
    assert driver.run(identify(AliroPhone.atr, scheme, seeded(1), TODAY)) == UNREADABLE
    assert all(
        VECTORS["aliro-constants"]["aid_expedited"] not in apdu.hex().upper() for apdu, _ in driver.trace
    )


contactless = st.binary(max_size=20).map(lambda tail: bytes.fromhex("3b8f8001") + tail)
likely = st.tuples(st.binary(max_size=11), st.sampled_from([b"\x90\x00", b"\x6a\x81", b""])).map(b"".join)


@given(
    st.binary(max_size=40) | contactless, st.lists(st.binary(max_size=300) | likely, min_size=5, max_size=5)
)
def test_any_card_whatever_ends_identified_or_rejected(atr, answers):
    _, outcome = answer_with(visit(atr), answers)
    if isinstance(outcome, Identified):
        assert len(outcome.badge) in (8, 14, 20)
        assert outcome.badge == outcome.badge.lower()
        assert outcome.assurance is Assurance.UID
    else:
        assert outcome == UNREADABLE
