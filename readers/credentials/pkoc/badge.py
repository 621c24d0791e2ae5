"""PKOC over NFC: a card or phone that signs the reader's challenge with a key of its own (PSIA PKOC 1.1 and 2.0.1).

The badge's identifier is the X coordinate of the public key, which the roster knows. Version 1 shows its key to any
reader. In version 2 an issuer vouches for the key; where the site names issuers (validated mode), that is required, and
what fails it is rejected: version 1 is no way round.
"""

from collections.abc import Callable
from datetime import date

from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials import iso
from readers.credentials.apdu import Command, Status
from readers.credentials.exchange import Conversation, Identified, Rejected, send, unproven
from readers.credentials.pkoc import tlv
from readers.credentials.pkoc.cvc import Certificate, parse_certificate
from readers.credentials.pkoc.signature import POINT, is_signed
from readers.credentials.schemes import Pkoc

APPLICATION = bytes.fromhex("a000000898000001")
VERSION, TRANSACTION, READER, KEY, SIGNATURE, INFORMATION = 0x5C, 0x4C, 0x4D, 0x5A, 0x9E, 0x7F63
VERSION_1, VERSION_2 = b"\x01\x00", b"\x02\x00"
_CHALLENGE_1, _CHALLENGE_2 = 16, 32
_X = slice(1, 33)
_GET_INFORMATION = Command(0x00, 0xCA, 0x7F, 0x63, expected=256)
_GET_CERTIFICATE = Command(0x00, 0xCA, 0x7F, 0x21, expected=256)


def identify_by_pkoc(
    scheme: Pkoc, day: date, draw: Callable[[int], bytes]
) -> Conversation[Identified | Rejected | None]:
    """Read a badge; None where the card has no such application."""
    selected = yield from iso.select_application(APPLICATION)
    if selected.status != Status.OK:
        return None
    if scheme.issuers:
        return (yield from _identify_validated(scheme, day, draw))
    fields = tlv.values(selected.data)
    if fields is None or fields.get(VERSION) != VERSION_1:
        return unproven("pkoc-other-version")
    return (yield from _identify_standard(scheme, draw))


def _identify_standard(scheme: Pkoc, draw: Callable[[int], bytes]) -> Conversation[Identified | Rejected]:
    """Version 1: the signature is over the transaction identifier alone (NFC Card Specification 1.1)."""
    transaction = draw(_CHALLENGE_1)
    data = tlv.encode(VERSION, VERSION_1) + tlv.encode(TRANSACTION, transaction)
    data += tlv.encode(READER, scheme.reader)
    answer = yield from send(Command(0x80, 0x80, 0x00, 0x01, data, expected=256))
    fields = tlv.values(answer.data) if answer.status == Status.OK else None
    if fields is None or len(fields.get(KEY, b"")) != POINT:
        return unproven("pkoc-garbled")
    return _judge(fields[KEY], transaction, fields.get(SIGNATURE, b""))


def _identify_validated(
    scheme: Pkoc, day: date, draw: Callable[[int], bytes]
) -> Conversation[Identified | Rejected]:
    """Version 2 in validated mode: certificate first, then the signature (NFC Transport Profile 2.0.1, section 8)."""
    information = yield from send(_GET_INFORMATION)
    outer = tlv.values(information.data) if information.status == Status.OK else None
    inner = tlv.values(outer.get(INFORMATION, b"")) if outer is not None else None
    if inner is None or inner.get(VERSION) != VERSION_2:
        return unproven("pkoc-not-validated")
    fetched = yield from iso.send_whole(_GET_CERTIFICATE)
    certificate = parse_certificate(fetched.data) if fetched.status == Status.OK else None
    if certificate is None or not _is_trusted(certificate, scheme, day):
        return unproven("pkoc-untrusted")
    challenge = draw(_CHALLENGE_2)
    answer = yield from send(Command(0x00, 0x88, 0x00, 0x00, challenge, expected=256))
    fields = tlv.values(answer.data) if answer.status == Status.OK else None
    return _judge(certificate.point, challenge, fields.get(SIGNATURE, b"") if fields else b"")


def _is_trusted(certificate: Certificate, scheme: Pkoc, day: date) -> bool:
    issuer = scheme.issuers.get(certificate.issuer.decode("ascii", "replace"))
    return issuer is not None and certificate.is_by(issuer) and certificate.is_valid_on(day)


def _judge(point: bytes, challenge: bytes, signature: bytes) -> Identified | Rejected:
    if not is_signed(point, challenge, signature):
        return unproven("pkoc-wrong-signature")
    return Identified(BadgeId(point[_X].hex()), Assurance.AUTHENTICATED)
