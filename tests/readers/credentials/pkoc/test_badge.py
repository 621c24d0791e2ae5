"""PKOC: the published signature and flow, both versions, and no way round validated mode."""

from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from hypothesis import given
from hypothesis import strategies as st

from emulators.cards.pkoc import PkocCard
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Identified, Rejected, unproven
from readers.credentials.pkoc import tlv
from readers.credentials.pkoc.badge import identify_by_pkoc
from readers.credentials.pkoc.cvc import encode_date, issue, parse_certificate, parse_date
from readers.credentials.pkoc.signature import is_signed, point_of, sign
from readers.credentials.schemes import Pkoc, Scheme
from readers.credentials.session import identify
from tests.readers.credentials.driving import TODAY, Driver, fixed, replay, seeded
from tests.readers.credentials.published import VECTORS, unhex

SIGNED, FLOW, FLOW_2 = VECTORS["pkoc-sig-1"], VECTORS["pkoc-apdu"], VECTORS["pkoc-se-v2-apdu"]
CARD_KEY, ISSUER_KEY, OTHER_KEY = (derive_private_key(number, SECP256R1()) for number in (7, 8, 9))
ISSUER, SUBJECT = "FRKM00ISSUER0001", "00000000000SUBJ1"
SINCE, UNTIL = date(2026, 1, 1), date(2027, 12, 31)
POINT = point_of(CARD_KEY.public_key())
STANDARD = Pkoc()
VALIDATED = Pkoc(issuers={ISSUER: point_of(ISSUER_KEY.public_key())})
PROVEN = Identified(BadgeId(POINT[1:33].hex()), Assurance.AUTHENTICATED)


def certificate(key=ISSUER_KEY, point=POINT, since=SINCE, until=UNTIL, issuer=ISSUER) -> bytes:
    return issue(issuer, key, SUBJECT, point, since, until)


def visit(card, scheme, day=TODAY) -> Identified | Rejected:
    return Driver(card).run(identify(card.atr, Scheme(pkoc=scheme), seeded(3), day))


def test_the_published_signature_is_right_and_any_other_is_not():
    point, message, signature = (
        unhex(SIGNED[name]) for name in ("public_key", "transaction_id", "signature")
    )
    assert is_signed(point, message, signature)
    assert not is_signed(point, message[:-1] + b"\x00", signature)
    assert not is_signed(point, message, signature[:-1] + b"\x00")
    assert not is_signed(point, message, bytes(64))
    assert not is_signed(b"\x04" + bytes(64), message, signature), "no point of the curve"


def test_the_elements_of_the_published_osdp_messages_are_read_and_written():
    """The bodies after message code and part numbers; a head that speaks PKOC itself has the same elements."""
    message = VECTORS["pkoc-osdp-messages"]
    present, request = unhex(message["card_present"])[1:], unhex(message["auth_request"])[3:]
    elements = tlv.parse(present)
    assert elements is not None
    assert tlv.values(elements[0].value) == {0x5C: b"\x01\x00", 0xFB: b"\xfd\x03"}
    fields = {0x5C: b"\x01\x00", 0x4D: bytes(range(32)), 0x4C: bytes(range(16))}
    written = b"".join(tlv.encode(tag, value) for tag, value in fields.items())
    assert request.startswith(written)
    assert tlv.values(written) == fields


def test_the_public_key_of_the_published_reader_is_computed_and_its_signatures_are_right():
    pair = VECTORS["aliro-test-reader-key"]
    private = derive_private_key(int(pair["reader_private"], 16), SECP256R1())
    point = point_of(private.public_key())
    assert point[1:33] == unhex(pair["reader_public_x"])
    assert is_signed(point, unhex(pair["reader_id"]), sign(private, unhex(pair["reader_id"])))


def test_version_1_is_spoken_as_published():
    transaction = unhex(SIGNED["transaction_id"])
    command = (
        bytes.fromhex("80800001385c0201004c10") + transaction + bytes.fromhex("4d20") + bytes(32) + b"\x00"
    )
    answer = (
        b"\x9e\x40" + unhex(SIGNED["signature"]) + b"\x5a\x41" + unhex(SIGNED["public_key"]) + b"\x90\x00"
    )
    outcome = replay(
        identify_by_pkoc(STANDARD, TODAY, fixed(transaction)),
        [(unhex(FLOW["select"]), unhex(FLOW["select_response"])), (command, answer)],
    )
    assert outcome == Identified(BadgeId(SIGNED["public_key"][2:66]), Assurance.AUTHENTICATED)


def test_version_2_is_spoken_as_published():
    driver = Driver(PkocCard(CARD_KEY, certificate(), speaks_version_1=False, draw=seeded(1)))
    driver.run(identify_by_pkoc(VALIDATED, TODAY, seeded(3)))
    asked = [apdu.hex() for apdu, _ in driver.trace]
    assert asked[:3] == [
        FLOW["select"].lower(),
        FLOW_2["get_data_info"].lower(),
        FLOW_2["get_data_cvc"].lower(),
    ]
    assert asked[3].startswith("0088000020")
    assert len(asked[3]) == 2 * (5 + 32 + 1)
    assert driver.trace[1][1].hex() == FLOW_2["info_response"].lower()


@pytest.mark.parametrize("has_certificate", [False, True])
def test_a_card_of_version_1_is_identified_by_its_public_key(has_certificate):
    card = PkocCard(CARD_KEY, certificate() if has_certificate else None, draw=seeded(1))
    assert visit(card, STANDARD) == PROVEN


def test_a_card_whose_issuer_vouches_for_it_is_identified():
    assert visit(PkocCard(CARD_KEY, certificate(), draw=seeded(1)), VALIDATED) == PROVEN


@pytest.mark.parametrize(
    ("why", "made", "day"),
    [
        ("another signed it", certificate(OTHER_KEY), TODAY),
        ("another issuer", certificate(issuer="FRKM00ISSUER0002"), TODAY),
        ("not yet", certificate(since=date(2026, 9, 16)), TODAY),
        ("not any more", certificate(until=date(2026, 9, 14)), TODAY),
        ("changed", certificate().replace(SUBJECT.encode(), b"00000000000SUBJ2"), TODAY),
        ("cut", certificate()[:-1], TODAY),
    ],
)
def test_a_certificate_that_is_not_trusted_is_refused_without_falling_back(why, made, day):
    card = PkocCard(CARD_KEY, made, draw=seeded(1))
    assert visit(card, STANDARD) == PROVEN, "version 1 would have let it in"
    assert visit(card, VALIDATED, day) == unproven("pkoc-untrusted"), why


def test_a_card_without_a_certificate_is_refused_in_validated_mode():
    assert visit(PkocCard(CARD_KEY, draw=seeded(1)), VALIDATED) == unproven("pkoc-not-validated")


def test_anothers_certificate_does_not_help_without_its_key():
    stolen = certificate(point=point_of(OTHER_KEY.public_key()))
    assert visit(PkocCard(CARD_KEY, stolen, draw=seeded(1)), VALIDATED) == unproven("pkoc-wrong-signature")


@pytest.mark.parametrize("day", [SINCE, UNTIL])
def test_a_certificate_is_valid_on_its_first_and_last_day(day):
    assert visit(PkocCard(CARD_KEY, certificate(), draw=seeded(1)), VALIDATED, day) == PROVEN


@given(st.binary(max_size=60))
def test_elements_are_whole_or_nothing(data):
    found = tlv.parse(data)
    assert found is None or b"".join(element.raw for element in found) == data


@given(st.sampled_from([0x5C, 0x9E, 0x5F37, 0x7F21]), st.binary(max_size=300))
def test_an_element_is_parsed_as_it_was_encoded(tag, value):
    raw = tlv.encode(tag, value)
    assert tlv.parse(raw) == (tlv.Tlv(tag, value, raw),)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_day_is_read_as_it_was_written(day):
    assert parse_date(encode_date(day)) == day


@given(st.binary(min_size=6, max_size=6))
def test_whatever_is_no_day_is_nothing(digits):
    assert parse_date(digits) is None or all(digit < 10 for digit in digits)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_certificate_with_any_byte_changed_is_not_by_its_issuer(position, change):
    made = bytearray(certificate())
    made[position % len(made)] ^= change
    parsed = parse_certificate(bytes(made))
    assert parsed is None or not parsed.is_by(point_of(ISSUER_KEY.public_key()))


@pytest.mark.parametrize("issuers", [{"short": POINT}, {ISSUER: POINT[1:]}])
def test_an_issuer_of_another_shape_is_refused_where_it_is_named(issuers):
    with pytest.raises(ValueError, match="16 characters"):
        Pkoc(issuers=issuers)
